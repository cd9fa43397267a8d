//! All integration tests, in one binary.

mod sim_autotask;
mod sim_connectwise;
mod sim_graph;
