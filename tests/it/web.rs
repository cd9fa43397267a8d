//! The portal: pages through a browser without scripts; who may see and do what.

mod conflicts;
mod gates;
mod holds;
mod people;
mod person;
mod samples;
pub mod visitor;
