//! What happened, counted over all worlds.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Mutex;

/// Counts by name; shared by all threads.
#[derive(Default)]
pub struct Tally(Mutex<BTreeMap<String, usize>>);

impl Tally {
    pub fn add(&self, what: impl Into<String>, number: usize) {
        *self.0.lock().unwrap().entry(what.into()).or_default() += number;
    }

    pub fn of(&self, what: &str) -> usize {
        self.0
            .lock()
            .unwrap()
            .get(what)
            .copied()
            .unwrap_or_default()
    }

    /// One line each.
    pub fn table(&self) -> String {
        let mut table = String::new();
        for (name, number) in self.0.lock().unwrap().iter() {
            let _ = writeln!(table, "{number:>9}  {name}");
        }
        table
    }
}
