//! All integration tests, in one binary.
#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

mod auth;
mod browser;
mod commands;
mod conformance;
mod connections;
mod crashes;
mod db;
mod decisions;
mod demo;
mod desk;
mod directory;
mod engine;
mod fleet;
mod jobs;
mod notices;
mod operating;
mod postgres;
mod psa_autotask;
mod psa_connectwise;
mod requests;
mod runs;
mod seal;
mod sim_autotask;
mod sim_connectwise;
mod sim_graph;
mod stage;
mod web;
mod weeks;
mod world;
