//! The portal: pages through a browser without scripts; who may see and do what.

mod contact_sync;
mod gates;
mod overview;
mod preview;
mod samples;
pub mod visitor;
