//! Rollcall keeps the contacts of a PSA in step with Microsoft 365.

pub mod simulator;
