//! Whole runs from the database to the clouds and back: `behaviour.md` sections 1 to 9, over HTTP. After every run the calls
//! of its report are compared with the clouds' own logs.

mod failing;
mod first;
mod holds;
mod incomplete;
mod let_go;
mod lost;
mod memory;
mod missing;
mod silence;
mod turns;
pub mod undo;
mod undo_hindered;
