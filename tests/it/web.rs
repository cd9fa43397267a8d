//! The portal: pages through a browser without scripts; who may see and do what.

pub mod filters;
mod gates;
mod samples;
pub mod visitor;
