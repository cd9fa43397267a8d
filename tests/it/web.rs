//! The portal: pages through a browser without scripts; who may see and do what.

mod account;
pub mod conflicts;
mod connection;
mod consent;
mod contact_sync;
pub mod filters;
mod fleet;
mod gates;
pub mod holds;
mod hostile;
mod jobs;
mod links;
mod lists;
mod new_company;
mod overview;
mod parting;
pub mod people;
mod person;
mod preview;
mod psa_settings;
mod runs;
mod samples;
mod searches;
mod settings;
mod sign_in;
mod staff;
pub mod visitor;
