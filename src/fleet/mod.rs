//! The fleet file (`behaviour.md`, "The fleet file"): a text of all PSA connections and companies that is read, compared
//! with the database, applied and printed. Only [`clouds`] talks to the real systems, behind [`Lookup`]; the secrets that a
//! file names come through [`Secrets`].

pub mod apply;
pub mod change;
pub mod check;
pub mod clouds;
mod company;
mod conditions;
mod diff;
pub mod export;
pub mod file;
mod filters;
pub mod look;
mod names;
pub mod parse;
pub mod place;
mod reader;
mod remembered;
pub mod secrets;
pub mod state;
mod strange;
mod tables;
mod unnamed;

pub use apply::{Applied, StoreError, apply};
pub use change::{FleetChange, Subject};
pub use check::{Plan, Report, Stop, check};
pub use clouds::Clouds;
pub use export::export;
pub use file::FleetFile;
pub use look::{Lookup, PhoneTypes, PsaTarget, TenantTarget, Unreachable};
pub use parse::{KnownPsa, Parsed, parse};
pub use place::{Mistake, Place, Spanned};
pub use secrets::{Secrets, SystemSecrets};
pub use state::{State, StoredApp, StoredCompany, StoredPsa};
