//! Autotask as a server with state.
