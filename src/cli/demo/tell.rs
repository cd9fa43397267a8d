//! How the demo's story looks. It prints; it decides nothing.

use std::path::Path;

use chrono::TimeDelta;
use comfy_table::Cell;

use super::super::output::{
    capital, faint, good, numbers_after, quoted, say, say_table, say_wrapped, strong, table,
};
use super::super::show;
use super::super::tally::Short;
use super::clouds::Placed;
use super::files::psa_name;
use crate::model::text::and;
use crate::model::{Action, Outcome, reason_for_people};
use crate::simulator::world::{CastCondition, CastFilter};
use crate::sync::Finished;
use crate::sync::explain::{Names, explain};
use crate::sync::pair::{Conflict, Doubt};
use crate::sync::plan::Reason;
use crate::sync::report::{Line, Report};

/// So many changes of a company are shown.
const SHOWN: usize = 3;

/// Begins a step.
pub(super) fn step(number: usize, title: &str) {
    say("");
    say(&strong(&format!("{number}. {title}")));
    say("");
}

/// A command to copy.
pub(super) fn command(text: &str) {
    say(&format!("    {}", good(text)));
}

/// A company's name above its lines.
pub(super) fn company(name: &str) {
    say(&format!("  {}", strong(name)));
}

/// Seconds with a decimal.
pub(super) fn seconds(time: TimeDelta) -> String {
    let tenths = time.num_milliseconds().max(0) / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// The companies, their PSAs, and how many people and contacts they have.
pub(super) fn cast(companies: &[Placed]) {
    let mut all = table(["Company", "PSA", "People", "Contacts so far", "Filters"]);
    for placed in companies {
        let customer = &placed.member.customer;
        // Guests, mailboxes and rooms have no title.
        let people = customer.tenant.users.iter();
        let people = people.filter(|user| user.job_title.is_some()).count();
        let filters = match placed.member.filters.len() {
            0 => faint("none"),
            number => number.to_string(),
        };
        all.add_row([
            Cell::new(placed.name()),
            Cell::new(psa_name(placed.member.kind)),
            Cell::new(people),
            Cell::new(customer.contacts.len()),
            Cell::new(filters),
        ]);
    }
    numbers_after(&mut all, 2);
    say_table(&all);
}

/// The filters of a company, highest first.
pub(super) fn filters(filters: &[CastFilter]) {
    let mut all = table(["", "Filter", "Takes", "Site"]);
    for (at, filter) in filters.iter().enumerate() {
        let when: Vec<String> = filter.when.iter().map(condition).collect();
        let when: Vec<&str> = when.iter().map(String::as_str).collect();
        all.add_row([
            Cell::new(at + 1),
            Cell::new(filter.name),
            Cell::new(and(&when)),
            Cell::new(filter.site.unwrap_or("excluded")),
        ]);
    }
    say_table(&all);
}

fn condition(condition: &CastCondition) -> String {
    match condition {
        CastCondition::Licensed => "all licensed users".into(),
        CastCondition::Group(name) => format!("members of the group {name}"),
        CastCondition::Field(field, value) => format!("{field} is {value}"),
        CastCondition::UpnDomain(domain) => format!("user names that end in @{domain}"),
        CastCondition::Licence(part) => format!("the licence {part}"),
        CastCondition::Not(inner) => format!("not: {}", self::condition(inner)),
    }
}

/// Where each person of a company lands, by which filter, and what becomes of their contact.
pub(super) fn landing(finished: &Finished) {
    let report = &finished.report;
    let mut people = table(["Person", "Site", "Filter", "Contact"]);
    for line in &report.people {
        people.add_row([
            Cell::new(&line.name),
            Cell::new(line.site.as_deref().unwrap_or("")),
            Cell::new(line.filter.as_deref().unwrap_or("")),
            Cell::new(format!(
                "{}: {}",
                show::action(line),
                reason_for_people(&line.reason)
            )),
        ]);
    }
    say_table(&people);
    let Some((snapshot, plan)) = &finished.seen else {
        return;
    };
    let others: Vec<String> = snapshot
        .users
        .iter()
        .filter(|user| report.people.iter().all(|line| line.user_id != user.id))
        .filter_map(|user| {
            let no_names = Names {
                licence: &|_| None,
                group: &|_| None,
            };
            let id = user.id.as_str();
            let explained = explain(&report.company, snapshot, plan, id, &no_names)?;
            let why = &explained.steps.get(1)?.detail;
            let name = user.display_name.as_deref().unwrap_or(&user.upn);
            Some(format!("{name}: {why}."))
        })
        .collect();
    if !others.is_empty() {
        say("");
        say_wrapped(
            "Not active, and without a link, so that nobody touches them:",
            2,
            0,
        );
        for other in others {
            say_wrapped(&other, 4, 2);
        }
    }
}

/// A fleet's reports, moved in.
pub(super) fn fleet(reports: &[Report]) {
    let short: Vec<Short> = reports.iter().cloned().map(Short::of).collect();
    show::fleet(&short);
}

/// What the runs did, in one sentence without a full stop.
pub(super) fn totals(reports: &[Report]) -> String {
    let sum = |action| -> usize { reports.iter().map(|one| one.counts.by(action)).sum() };
    let held: usize = reports.iter().map(|one| one.counts.held).sum();
    let parts: Vec<String> = [
        (sum(Action::Create), "created"),
        (sum(Action::Link), "linked"),
        (sum(Action::Update), "updated"),
        (sum(Action::Reactivate), "reactivated"),
        (sum(Action::Deactivate) - held, "deactivated"),
        (held, "held"),
        (sum(Action::Unchanged), "unchanged"),
        (sum(Action::OutOfScope), "out of scope"),
        (sum(Action::Conflict), "in conflict"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, word)| format!("{number} {word}"))
    .collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    capital(&and(&parts))
}

/// Some of what was changed, company by company: one of each kind first.
pub(super) fn changes(reports: &[&Report]) {
    for report in reports {
        let changed: Vec<&Line> = report
            .people
            .iter()
            .filter(|line| show::is_shown(line) && line.action != Action::Conflict)
            .filter(|line| line.outcome != Outcome::Held)
            .collect();
        if changed.is_empty() {
            continue;
        }
        let mut first: Vec<&Line> = Vec::new();
        for line in &changed {
            let alike =
                |one: &&Line| (one.action, one.fields.len()) == (line.action, line.fields.len());
            if !first.iter().any(alike) {
                first.push(line);
            }
        }
        for line in &changed {
            if !first.iter().any(|one| one.user_id == line.user_id) {
                first.push(line);
            }
        }
        company(&report.company);
        for line in first.iter().take(SHOWN) {
            say_wrapped(
                &format!(
                    "{} {}: {}",
                    show::action(line),
                    if line.name.is_empty() {
                        &line.upn
                    } else {
                        &line.name
                    },
                    show::what_and_why(line)
                ),
                4,
                2,
            );
        }
        if first.len() > SHOWN {
            say(&faint(&format!("    and {} more", first.len() - SHOWN)));
        }
    }
}

/// Commands to copy.
pub(super) fn next(fleet: &Path, companies: &[Placed], held: Option<&str>, last: &[Finished]) {
    let held = held.map(quoted).unwrap_or_default();
    let Some(first) = companies.first() else {
        return;
    };
    let name = quoted(first.name());
    offer(
        "Who is held, and why; then decide",
        &[
            "rollcall holds".to_owned(),
            format!("rollcall holds approve --company {held}"),
        ],
    );
    offer(
        "Everything once more, for people and for programs",
        &[
            "rollcall sync --all".to_owned(),
            format!("rollcall sync --company {name} --preview --json --full"),
        ],
    );
    let explained = &first.member.explain;
    offer(
        "Somebody whom all five filters would take",
        &[format!(
            "rollcall explain --company {name} --user {explained}"
        )],
    );
    if let Some((company, upn, contact)) = conflict(last) {
        let company = quoted(company);
        offer(
            "A conflict: who might be whose, and one of them chosen",
            &[
                format!("rollcall sync --company {company} --preview"),
                format!("rollcall link --company {company} --user {upn} --contact {contact}"),
            ],
        );
    }
    offer(
        "Every connection, and the fleet as a file",
        &[
            "rollcall check".to_owned(),
            "rollcall fleet export".to_owned(),
        ],
    );
    offer(
        "What docs/OPERATING.md says: a copy, put back in another folder with its key, and a new key",
        &[
            "rollcall backup \"$ROLLCALL_DATA_DIR/copy.db\"".to_owned(),
            "mkdir \"$ROLLCALL_DATA_DIR/second\" && cp \"$ROLLCALL_DATA_DIR/secret.key\" \"$ROLLCALL_DATA_DIR/second/\""
                .to_owned(),
            "ROLLCALL_DATA_DIR=\"$ROLLCALL_DATA_DIR/second\" rollcall restore \"$ROLLCALL_DATA_DIR/copy.db\"".to_owned(),
            "rollcall keys rotate".to_owned(),
        ],
    );
    offer(
        "What monitors ask for",
        &[
            "curl \"http://$ROLLCALL_LISTEN/health/ready\"".to_owned(),
            "curl \"http://$ROLLCALL_LISTEN/metrics\"".to_owned(),
        ],
    );
    let file = fleet.display();
    offer(
        "Whom it moves when Exchange Online and Business Premium change places in the file",
        &[
            format!("${{EDITOR:-nano}} {file}"),
            format!("rollcall fleet apply {file}"),
            format!("rollcall sync --company {name} --preview"),
        ],
    );
}

fn offer(why: &str, commands: &[String]) {
    say("");
    say(&format!("  {why}:"));
    for one in commands {
        command(one);
    }
}

/// Somebody for whom several contacts fit, and one of these.
fn conflict(last: &[Finished]) -> Option<(&str, &str, &str)> {
    last.iter().find_map(|finished| {
        let (_, plan) = finished.seen.as_ref()?;
        plan.people.iter().find_map(|person| match &person.reason {
            Reason::Conflict(Conflict {
                why: Doubt::SeveralContacts,
                contacts,
                ..
            }) => Some((
                finished.report.company.as_str(),
                person.upn.as_str(),
                contacts.first()?.as_str(),
            )),
            _ => None,
        })
    })
}
