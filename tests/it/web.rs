//! The portal: pages through a browser without scripts; who may see and do what.

mod account;
mod conflicts;
mod connection;
mod consent;
mod contact_sync;
pub mod filters;
mod fleet;
mod gates;
mod holds;
mod hostile;
mod jobs;
mod new_company;
mod overview;
mod parting;
mod people;
mod person;
mod preview;
mod psa_settings;
mod runs;
mod samples;
mod settings;
mod sign_in;
mod staff;
pub mod visitor;
