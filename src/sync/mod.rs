//! One run for one company: read both sides, plan, guard, apply, record.

pub mod explain;
pub mod fields;
pub mod guard;
pub mod pair;
pub mod plan;
pub mod report;
pub mod route;
pub mod select;
pub mod settle;
pub mod snapshot;
