//! What a hold's page says: the guard's numbers, and what became of a decision. Words only.

use std::collections::HashSet;

use super::holds::{Decision, SHOWN};
use crate::model::UserId;
use crate::sync::guard::Verdict;

/// The guard's numbers in words; `who` too many wait for.
pub(super) fn why(verdict: &Verdict, who: &str) -> Vec<String> {
    let (count, linked, allowed) = (
        verdict.deactivations,
        verdict.linked_active,
        verdict.allowed,
    );
    let mut why = Vec::new();
    if count == 0 {
        return why;
    }
    let numbers = format!("{count} of {linked} linked contacts would be deactivated");
    if count > allowed {
        why.push(format!("{numbers}; more than {allowed} wait for {who}."));
    } else if count >= 2 && count * 2 >= linked {
        why.push(format!("{numbers}; half of them or more wait for {who}."));
    } else {
        why.push(format!("{numbers}."));
    }
    if verdict.hold_open {
        why.push("While some wait, everybody who follows them waits too.".into());
    }
    why
}

/// What is different from what was shown: who joined, and who waits no longer.
pub(super) fn changed(form: &Decision, waits: &HashSet<UserId>, done: usize) -> String {
    let shown: HashSet<UserId> = form.shown.iter().map(|id| UserId::new(id)).collect();
    let joined = waits.iter().filter(|one| !shown.contains(one)).count();
    let joined = if waits.len() > SHOWN { 0 } else { joined };
    let chosen: HashSet<UserId> = form.chosen().into_iter().collect();
    let joined = match joined {
        0 => String::new(),
        1 => " The list has changed since you looked: 1 more person joined it, and waits still."
            .into(),
        joined => format!(
            " The list has changed since you looked: {joined} more people joined it, and wait still."
        ),
    };
    let left = match chosen.len().saturating_sub(done) {
        0 => String::new(),
        1 => " 1 of those you chose did not wait any more.".into(),
        left => format!(" {left} of those you chose did not wait any more."),
    };
    joined + &left
}

/// Who waits still, as the words of a link.
pub(super) fn still(count: usize) -> String {
    match count {
        1 => "1 person still waits for a decision".into(),
        count => format!("{count} people still wait for a decision"),
    }
}
