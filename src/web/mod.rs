//! The portal: what browsers see.

pub mod session;
