//! The portal: pages that the server draws, small scripts on top. A handler parses, calls one function, and renders or
//! redirects; every route stands in [`routes`], with the role that it needs. Decides nothing about people, and reaches a vendor
//! only through the rooms below.

pub mod assets;
pub mod changed;
pub mod csv;
mod deciding;
mod disconnected;
mod doubt;
mod error;
pub mod everyone;
mod form;
mod frame;
mod gate;
mod holders;
pub mod listing;
pub mod live;
mod page;
pub mod pages;
mod portal;
mod portrait;
pub mod progress;
mod quarantined;
pub mod routes;
mod serve;
pub mod session;
pub mod setup;
pub mod templates;
mod vendor_links;
pub(crate) mod visit;
mod words;
pub(crate) mod zones;

pub use disconnected::Disconnected;
pub use doubt::{NewTenant, TenantDoubt};
pub use error::WebError;
pub use form::{Form, Mistakes};
pub use page::{At, CompanyHead, Page, Part, Place, Sample, Samples, Tab};
pub use portal::Portal;
pub use serve::{bind, serve};
pub use vendor_links::VendorLinks;
pub use visit::{Notice, Shell, Visit};
