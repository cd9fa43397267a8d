//! Conflicts as a technician settles them: each contact that may be the user's, and the command that links it. It decides
//! nothing.

use super::output::{faint, quoted, say, say_line, sentence};
use crate::sync::Finished;
use crate::sync::explain::candidates;
use crate::sync::plan::Reason;
use crate::sync::report::reason;

/// So many people in conflict are shown; the rest is counted.
const SHOWN: usize = 20;

/// Prints the candidates of everybody in conflict; `full`: of all of them.
pub fn show(finished: &Finished, full: bool) {
    let Some((snapshot, plan)) = &finished.seen else {
        return;
    };
    let conflicts = plan
        .people
        .iter()
        .filter_map(|person| match &person.reason {
            Reason::Conflict(conflict) if !conflict.contacts.is_empty() => Some((person, conflict)),
            _ => None,
        });
    let most = if full { usize::MAX } else { SHOWN };
    let (mut shown, mut more) = (0, 0);
    for (person, conflict) in conflicts {
        if shown == most {
            more += 1;
            continue;
        }
        shown += 1;
        say("");
        let name = if person.name.is_empty() {
            String::new()
        } else {
            format!(" ({})", person.name)
        };
        let why = sentence(&reason(&person.reason));
        say_line(&format!("{}{name}: {why}", person.upn), 2, 2);
        for contact in candidates(snapshot, &conflict.contacts) {
            say_line(&contact, 4, 2);
        }
        for contact in &conflict.contacts {
            command(&finished.report.company, &person.upn, contact.as_str());
        }
    }
    if more > 0 {
        let company = quoted(&finished.report.company);
        say(&faint(&format!(
            "  … and {more} more in conflict; all of them:"
        )));
        say(&format!(
            "    rollcall sync --company {company} --preview --full"
        ));
    }
}

/// Prints the command that links one contact.
pub fn command(company: &str, user: &str, contact: &str) {
    say(&format!(
        "    rollcall link --company {} --user {} --contact {}",
        quoted(company),
        quoted(user),
        quoted(contact)
    ));
}
