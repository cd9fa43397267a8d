//! The fleet file (`behaviour.md`, "The fleet file"): a text of all PSA connections and companies that is read, compared
//! with the database, applied and printed. It talks to no vendor itself: what must be looked up comes through
//! [`Lookup`](look::Lookup), secrets through [`Secrets`](secrets::Secrets).

mod conditions;
pub mod file;
pub mod parse;
pub mod place;
mod reader;
pub mod secrets;
mod tables;

pub use file::FleetFile;
pub use parse::{KnownPsa, parse};
pub use place::{Mistake, Place, Spanned};
