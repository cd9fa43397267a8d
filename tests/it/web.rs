//! The portal: pages through a browser without scripts; who may see and do what.

mod fleet;
mod gates;
mod jobs;
mod runs;
mod samples;
pub mod visitor;
