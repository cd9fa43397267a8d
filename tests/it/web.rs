//! The portal: pages through a browser without scripts; who may see and do what.

mod connection;
mod consent;
mod gates;
mod new_company;
mod parting;
mod samples;
pub mod visitor;
