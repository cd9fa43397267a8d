//! The portal: pages through a browser without scripts; who may see and do what.

mod account;
pub mod filters;
mod gates;
mod hostile;
mod psa_settings;
mod conflicts;
mod holds;
mod people;
mod person;
mod contact_sync;
mod overview;
mod preview;
mod fleet;
mod jobs;
mod runs;
mod connection;
mod consent;
mod new_company;
mod parting;
mod samples;
mod settings;
mod sign_in;
mod staff;
pub mod visitor;
