//! One run for one company: read both sides, plan, guard, apply, record.

pub mod fields;
pub mod guard;
pub mod pair;
pub mod plan;
pub mod route;
pub mod select;
pub mod snapshot;
pub mod ties;
