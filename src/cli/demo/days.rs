//! What a day brought a company, in a few lines.

use super::super::output::{capital, faint, say, say_wrapped};
use super::tell::company;
use crate::simulator::world::{Event, What};

/// So many events of a company are told.
const TOLD: usize = 3;

/// Prints what happened to a company's people; one of each kind first.
pub(super) fn print(name: &str, events: &[Event]) {
    company(name);
    if events.is_empty() {
        say("    nothing happened");
    }
    let mut told: Vec<&Event> = Vec::new();
    for event in events {
        if !told.iter().any(|one| kind(one) == kind(event)) {
            told.push(event);
        }
    }
    for event in events {
        if !told.contains(&event) {
            told.push(event);
        }
    }
    for event in told.iter().take(TOLD) {
        say_wrapped(&capital(&event.sentence()), 4, 2);
    }
    if told.len() > TOLD {
        let more = format!("    and {} more", told.len() - TOLD);
        say(&faint(&more));
    }
}

/// Leavers are of one kind, whatever they lost.
fn kind(event: &Event) -> u8 {
    match &event.what {
        What::Joined { .. } => 0,
        What::Blocked | What::LicenceRemoved | What::Deleted => 1,
        What::Renamed { .. } => 2,
        What::Moved { .. } => 3,
        What::Edited { .. } => 4,
    }
}
