//! Rollcall keeps the contacts of a PSA in step with Microsoft 365.
//!
//! Observe both sides whole, decide in pure code, act at the edge, remember what was done. The rooms, and who may use whom
//! (`tests/tidy` holds the whole table; `docs/ARCHITECTURE.md` walks through a run):
//!
//! ```text
//! cli -> web, jobs, fleet, decisions, checks, pickers, runs -> app -> sync -> directory, psa -> http
//!                                                                   sync -> db -> seal
//!                                                                   sync's pure files -> model, and nothing else
//! ```
//!
//! Open [`sync`] first (what a run does), then [`model`] (the words) and [`psa`] (what a vendor must do). [`simulator`] imports
//! nothing of the rest.

pub mod app;
pub mod attention;
pub mod auth;
pub mod checks;
pub mod cli;
pub mod clock;
pub mod config;
pub mod connections;
pub mod db;
pub mod decisions;
pub mod directory;
pub mod fleet;
pub mod http;
pub mod jobs;
pub mod keys;
pub mod mail;
pub mod model;
pub mod monitor;
pub mod notices;
pub mod pickers;
pub mod psa;
pub mod retention;
pub mod rules;
pub mod runs;
pub mod seal;
pub mod simulator;
pub mod sync;
pub mod tallies;
pub mod telemetry;
pub mod web;
