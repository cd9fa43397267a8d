//! Microsoft 365, ConnectWise and Autotask as servers with state, as strict as the vendors: for the demo, the tests and the
//! benches. Nothing here is imported from the rest of the crate: the clients and the simulators are two opinions of one
//! vendor, not one opinion twice. Only `cli/demo.rs`, tests and benches import it.

pub mod autotask;
pub mod connectwise;
pub mod graph;
pub mod kit;
pub mod world;
