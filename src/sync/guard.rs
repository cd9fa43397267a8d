//! When deactivations wait for a technician: `behaviour.md` section 8. Pure.

use std::collections::HashSet;
use std::hash::BuildHasher;

use serde::{Deserialize, Serialize};

use crate::model::{Guard, UserId};

/// What the guard says of a plan's deactivations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether all of them wait.
    pub held: bool,
    /// How many the plan has.
    pub deactivations: usize,
    /// Linked active contacts, as read at the start.
    pub linked_active: usize,
    /// The most that would not be held for their number.
    pub allowed: usize,
    /// Whether they wait only because a hold is open already.
    pub hold_open: bool,
    /// People of the open hold who leave it, because section 6 does not hold for them any more.
    pub leaving: Vec<UserId>,
    /// Whether the open hold is empty after that, and closes.
    pub hold_closes: bool,
}

/// Judges the deactivations of a plan: `going` are its users, `hold` the people of the open hold.
pub fn judge<S: BuildHasher>(
    guard: Guard,
    going: &HashSet<UserId, S>,
    linked_active: usize,
    hold: Option<&HashSet<UserId, S>>,
) -> Verdict {
    let mut leaving: Vec<UserId> = hold
        .into_iter()
        .flatten()
        .filter(|user| !going.contains(user))
        .cloned()
        .collect();
    leaving.sort();
    let hold_open = hold.is_some_and(|people| people.len() > leaving.len());
    let count = going.len();
    let allowed = (guard.floor as usize).max(linked_active * guard.percent as usize / 100);
    let too_many = count > allowed || (count >= 2 && count * 2 >= linked_active);
    Verdict {
        held: count > 0 && (hold_open || too_many),
        deactivations: count,
        linked_active,
        allowed,
        hold_open,
        leaving,
        hold_closes: hold.is_some() && !hold_open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(count: usize) -> HashSet<UserId> {
        (0..count)
            .map(|number| UserId::new(&format!("user-{number}")))
            .collect()
    }

    fn held(floor: u32, percent: u32, going: usize, linked: usize) -> bool {
        judge(Guard { floor, percent }, &people(going), linked, None).held
    }

    #[test]
    fn more_than_the_floor_and_the_percentage_are_held() {
        for (floor, percent, going, linked, expected) in [
            (3, 20, 3, 100, false),
            (3, 20, 20, 100, false),
            (3, 20, 21, 100, true),
            (3, 20, 4, 10, true),
            (3, 20, 3, 10, false),
            (3, 20, 4, 24, false),
            (3, 20, 5, 24, true),
            (0, 0, 1, 100, true),
            (0, 0, 0, 100, false),
            (50, 20, 50, 101, false),
        ] {
            assert_eq!(
                held(floor, percent, going, linked),
                expected,
                "{going} of {linked}"
            );
        }
    }

    #[test]
    fn half_of_a_company_and_at_least_two_are_held_whatever_the_floor() {
        assert!(held(3, 20, 2, 4));
        assert!(held(3, 20, 2, 3));
        assert!(held(10, 100, 3, 6));
        assert!(!held(3, 20, 2, 5));
        assert!(!held(3, 20, 1, 1));
        assert!(!held(3, 20, 1, 2));
    }

    #[test]
    fn while_a_hold_is_open_every_deactivation_is_in_it() {
        let hold = people(1);
        let verdict = judge(Guard::default(), &people(2), 100, Some(&hold));
        assert!(verdict.held && verdict.hold_open && !verdict.hold_closes);
    }

    #[test]
    fn a_hold_that_everybody_left_closes_and_the_guard_decides_anew() {
        let hold: HashSet<UserId> = [UserId::new("somebody")].into();
        let verdict = judge(Guard::default(), &people(2), 100, Some(&hold));
        assert!(!verdict.held && verdict.hold_closes);
        assert_eq!(verdict.leaving, [UserId::new("somebody")]);
    }
}
