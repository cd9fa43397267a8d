//! All integration tests, in one binary.

mod conformance;
mod db;
mod directory;
mod fleet;
mod psa_autotask;
mod psa_connectwise;
mod seal;
mod sim_autotask;
mod sim_connectwise;
mod sim_graph;
mod world;
