//! Rollcall keeps the contacts of a PSA in step with Microsoft 365.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod directory;
pub mod fleet;
pub mod http;
pub mod model;
pub mod psa;
pub mod runs;
pub mod seal;
pub mod simulator;
pub mod sync;
pub mod telemetry;
