//! Reports as people read them in a terminal.

use comfy_table::Cell;

use super::conflicts;
use super::output::{
    bad, count, faint, good, is_wide, numbers_after, quoted, say, say_line, say_table, sentence,
    table, told, warning, whole_but_first,
};
use super::tally::{Short, Tally};
use crate::model::{Action, Field, Mode, Outcome, Status, reason_for_people};
use crate::sync::Finished;
use crate::sync::failure::STOPPED;
use crate::sync::report::{self, FieldLine, Line, Report};

/// So many people are listed; the rest is counted.
const LISTED: usize = 40;

/// The head of the column of those for whom nothing is to be done.
const NO_CHANGE: &str = "No change";

/// One company's run; `full`: with everybody, also those of whom nothing is to be said.
pub fn report(finished: &Finished, full: bool) {
    let report = &finished.report;
    say_line(&headline(report), 0, 2);
    let tally = Tally::of(&report.people);
    // Of a run that failed before it had read everybody there is nothing to count.
    if report.error.is_none() || !report.people.is_empty() {
        say_line(&tally.words(report), 2, 2);
    }
    if let Some(error) = &report.error {
        say_line(&bad(&sentence(&error.message)), 2, 2);
        say_line(&sentence(&error.advice), 2, 2);
    }
    for finding in &report.findings {
        say_line(&format!("{} {}", warning("!"), finding.message), 2, 2);
    }
    list(report, full);
    conflicts::show(finished, full);
    if tally.held > 0 && !report.preview && report.mode != Mode::Approval {
        say("");
        hold_commands(&report.company);
    }
}

/// The commands that end a company's hold.
pub fn hold_commands(company: &str) {
    let name = quoted(company);
    say(&format!(
        "  rollcall holds approve --company {name}   deactivates exactly these"
    ));
    say(&format!(
        "  rollcall holds dismiss --company {name}   leaves them alone"
    ));
}

fn list(report: &Report, full: bool) {
    let listed = |line: &&Line| full || is_listed(line);
    let lines: Vec<&Line> = report.people.iter().filter(listed).collect();
    if lines.is_empty() {
        return;
    }
    say("");
    let named = is_wide();
    let heads = ["Action", "Person", "Name", "Contact", "What and why"];
    let heads = heads.into_iter().filter(|head| named || *head != "Name");
    let mut people = table(heads);
    let most = if full { usize::MAX } else { LISTED };
    for line in lines.iter().take(most) {
        let mut row = vec![Cell::new(action(line)), Cell::new(&line.upn)];
        if named {
            row.push(Cell::new(&line.name));
        }
        row.push(Cell::new(line.contact_id.as_deref().unwrap_or("")));
        row.push(Cell::new(what_and_why(line)));
        people.add_row(row);
    }
    say_table(&people);
    if lines.len() > most {
        let more = count(lines.len() - most, "person", "people");
        say(&format!("  … and {more} more{}", where_all_are(report)));
    }
}

/// Where everybody is listed: what was done is not done again, so that another run would not show it.
fn where_all_are(report: &Report) -> &'static str {
    if report.preview {
        ": --full lists everybody"
    } else {
        ": this run's page in the portal lists everybody"
    }
}

/// A fleet's reports, one line a company.
pub fn fleet(reports: &[Short]) {
    // A column of nothing but zeros is left out, so that a fleet fits a narrow terminal.
    type Number = fn(&Tally) -> usize;
    let columns: [(&str, Number); 11] = [
        ("New", |tally| tally.done(Action::Create)),
        ("Linked", |tally| tally.done(Action::Link)),
        ("Changed", |tally| tally.done(Action::Update)),
        ("Back", |tally| tally.done(Action::Reactivate)),
        ("Gone", |tally| tally.done(Action::Deactivate)),
        (NO_CHANGE, |tally| tally.done(Action::Unchanged)),
        ("Out", |tally| tally.done(Action::OutOfScope)),
        ("Conflict", |tally| tally.done(Action::Conflict)),
        ("Held", |tally| tally.held),
        ("Failed", |tally| tally.failed),
        ("Not reached", |tally| tally.skipped),
    ];
    let counted: Vec<(&str, Number)> = columns
        .into_iter()
        .filter(|(_, number)| reports.iter().any(|one| number(&one.tally) > 0))
        .collect();
    let heads = ["Company", "Status"]
        .into_iter()
        .chain(counted.iter().map(|(head, _)| *head))
        .chain(["Requests"]);
    let mut companies = table(heads);
    for Short { report, tally } in reports {
        let number = |number| match number {
            0 => Cell::new(faint("·")),
            number => Cell::new(number),
        };
        let mut row = vec![Cell::new(&report.company), Cell::new(status(report))];
        row.extend(counted.iter().map(|(_, of)| number(of(tally))));
        row.push(Cell::new(requests(report)));
        companies.add_row(row);
    }
    whole_but_first(&mut companies);
    numbers_after(&mut companies, 2);
    say_table(&companies);
    if counted.iter().any(|(head, _)| *head == NO_CHANGE) {
        let words =
            format!("{NO_CHANGE}: everybody for whom nothing is to be done, also who left before.");
        say_line(&faint(&words), 2, 2);
    }
    for Short { report, tally } in reports {
        below(report, tally);
    }
    stopped(reports);
}

/// What is said of a company below the table.
fn below(report: &Report, tally: &Tally) {
    let name = &report.company;
    if let Some(error) = report.error.as_ref().filter(|error| error.kind != STOPPED) {
        say("");
        say_line(&format!("{name}: {}", bad(&told(error))), 2, 2);
    }
    // Commands are never broken, so that they can be copied.
    if tally.held > 0 {
        say("");
        let held = warning(&count(tally.held, "deactivation", "deactivations"));
        let words = match (report.preview, tally.held) {
            (true, _) => "would be held for a technician",
            (false, 1) => "waits for a technician:",
            (false, _) => "wait for a technician:",
        };
        say_line(&format!("{name}: {held} {words}"), 2, 2);
        if !report.preview {
            say(&format!("    rollcall holds --company {}", quoted(name)));
        }
    }
    let conflicts = tally.done(Action::Conflict);
    if conflicts > 0 {
        say("");
        let people = warning(&count(conflicts, "person is", "people are"));
        say_line(
            &format!("{name}: {people} in conflict; who, and how to settle it:"),
            2,
            2,
        );
        say(&format!(
            "    rollcall sync --company {} --preview",
            quoted(name)
        ));
    }
    let failed = report.people.iter();
    for line in failed.filter(|line| line.outcome == Outcome::Failed) {
        let error = line.error.as_deref().unwrap_or("failed");
        say_line(&format!("{name}: {}: {}", line.upn, bad(error)), 2, 2);
    }
    for finding in &report.findings {
        let words = format!("{name}: {} {}", warning("!"), finding.message);
        say_line(&words, 2, 2);
    }
}

/// A stop concerns many companies at once; it is said once.
fn stopped(reports: &[Short]) {
    let errors = reports.iter().filter_map(|one| one.report.error.as_ref());
    let errors: Vec<_> = errors.filter(|error| error.kind == STOPPED).collect();
    let Some(first) = errors.first() else {
        return;
    };
    let runs = count(
        errors.len(),
        "run was stopped before its end",
        "runs were stopped before their end",
    );
    say("");
    say_line(
        &format!("{}. {}", bad(&runs), sentence(&first.advice)),
        2,
        2,
    );
}

fn headline(report: &Report) -> String {
    let kind = if report.preview {
        "preview"
    } else {
        report.mode.as_str()
    };
    format!(
        "{} · {kind} · {} · {}",
        report.company,
        status(report),
        calls(report)
    )
}

fn status(report: &Report) -> String {
    let word = report.status.as_str();
    // For programs it failed; a person asked for it.
    if report
        .error
        .as_ref()
        .is_some_and(|error| error.kind == STOPPED)
    {
        return warning("interrupted");
    }
    match report.status {
        Status::Succeeded => good(word),
        Status::Held | Status::Partial => warning(word),
        Status::Failed => bad(word),
    }
}

/// How many requests a run sent.
pub fn requests(report: &Report) -> u64 {
    report.calls.total()
}

fn calls(report: &Report) -> String {
    let calls = &report.calls;
    let all = usize::try_from(requests(report)).unwrap_or(usize::MAX);
    faint(&format!(
        "{} ({} login, {} Graph, {} PSA)",
        count(all, "request", "requests"),
        calls.login,
        calls.graph,
        calls.psa
    ))
}

/// Whether something is to be said of a person.
pub fn is_shown(line: &Line) -> bool {
    line.action.writes() || matches!(line.action, Action::Link | Action::Conflict)
}

/// Whether a person is listed: also who is left alone by the rules and has a contact nevertheless.
fn is_listed(line: &Line) -> bool {
    is_shown(line) || line.action == Action::OutOfScope && line.contact_id.is_some()
}

/// What is done for a person, and whether it went well.
pub fn action(line: &Line) -> String {
    let word = spaced(line.action.as_str());
    match line.outcome {
        Outcome::Held => warning(&format!("{word} (held)")),
        Outcome::Failed => bad(&format!("{word} (failed)")),
        Outcome::Skipped => faint(&format!("{word} (skipped)")),
        _ if line.action == Action::Conflict => warning(&word),
        _ => word,
    }
}

/// A word of the report as people write it.
pub fn spaced(word: &str) -> String {
    word.replace('_', " ")
}

/// What a person's line changes, and why.
pub fn what_and_why(line: &Line) -> String {
    let place = match (&line.site, &line.filter) {
        (Some(site), Some(filter)) => format!(" → {site} ({filter})"),
        (Some(site), None) => format!(" → {site}"),
        (None, Some(filter)) => format!(" ({filter})"),
        (None, None) => String::new(),
    };
    let reason = reason_for_people(&line.reason);
    let mut words = match line.action {
        Action::Update | Action::Reactivate => {
            let changes: Vec<String> = line
                .fields
                .iter()
                .filter(|change| change.field != Field::Active)
                .map(change)
                .collect();
            match (line.action, changes.is_empty()) {
                (Action::Update, _) => changes.join("; "),
                (_, true) => reason.into_owned(),
                (_, false) => format!("{reason}; {}", changes.join("; ")),
            }
        }
        Action::Create | Action::Link => format!("{reason}{place}"),
        _ => reason.into_owned(),
    };
    if let Some(error) = &line.error {
        words = format!("{words}: {error}");
    }
    words
}

fn change(change: &FieldLine) -> String {
    let word = |value: &serde_json::Value| match value {
        serde_json::Value::Null => "nothing".to_owned(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let (field, to) = (report::field_words(change.field), word(&change.to));
    match change.field {
        // The others that the contact has stay.
        Field::ContactType => format!("{field}: {to} is added"),
        _ => format!("{field}: {} → {to}", word(&change.from)),
    }
}
