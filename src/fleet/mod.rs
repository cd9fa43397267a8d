//! The fleet file (`behaviour.md`, "The fleet file"): a text of all PSA connections and companies that is read, compared
//! with the database, applied and printed. It talks to no vendor itself: what must be looked up comes through
//! [`Lookup`], secrets through [`Secrets`].

pub mod apply;
pub mod change;
pub mod check;
mod conditions;
mod diff;
pub mod export;
pub mod file;
pub mod look;
pub mod parse;
pub mod place;
mod reader;
pub mod secrets;
pub mod state;
mod tables;

pub use apply::{Applied, StoreError, apply};
pub use change::{FleetChange, Subject};
pub use check::{Plan, Report, Stop, check};
pub use export::export;
pub use file::FleetFile;
pub use look::{Lookup, PhoneTypes, PsaTarget, TenantTarget, Unreachable};
pub use parse::{KnownPsa, Parsed, parse};
pub use place::{Mistake, Place, Spanned};
pub use secrets::{Secrets, SystemSecrets};
pub use state::{State, StoredCompany, StoredPsa};
