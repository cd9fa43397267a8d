//! The words of Rollcall, as plain data: users, contacts, companies, filters, changes. Pure: no I/O, no clock, no
//! randomness, no wire types and no rows.

pub mod change;
pub mod company;
pub mod contact;
pub mod filter;
pub mod ids;
pub mod link;
pub mod psa;
pub mod run;
pub mod text;
pub mod user;

pub use change::{Action, Change, Field, FieldChange, FieldValue};
pub use company::{Cloud, Company, Guard, TenantConnection};
pub use contact::Contact;
pub use filter::{Condition, DirectoryField, Filter, Target, Test};
pub use ids::{ContactId, ContactTypeId, GroupId, PsaCompanyId, SiteId, SkuId, TenantId, UserId};
pub use link::{Link, LinkMade};
pub use psa::{ContactType, Limits, PhoneType, PsaCompany, PsaConnection, Site, Vocabulary};
pub use run::{Calls, Finding, Mode, Outcome, RunFailure, Status};
pub use user::{Sku, User};
