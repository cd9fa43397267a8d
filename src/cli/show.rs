//! Reports as people read them in a terminal.

use comfy_table::Cell;

use super::output::{
    bad, count, faint, good, numbers_after, say, say_table, sentence, table, warning,
    whole_but_first,
};
use crate::model::{Action, Field, Outcome, Status};
use crate::sync::report::{self, FieldLine, Line, Report};

/// So many people are listed; the rest is counted.
const LISTED: usize = 40;

/// One company's report.
pub fn report(report: &Report) {
    say(&headline(report));
    say(&format!("  {}", counts(report)));
    if let Some(error) = &report.error {
        say(&format!(
            "  {}",
            bad(&format!("{}.", sentence(&error.message)))
        ));
        say(&format!("  {}.", sentence(&error.advice)));
    }
    for finding in &report.findings {
        say(&format!("  {} {}", warning("!"), finding.message));
    }
    let lines: Vec<&Line> = report.people.iter().filter(|line| is_shown(line)).collect();
    if lines.is_empty() {
        return;
    }
    say("");
    let mut people = table(["Action", "Person", "Contact", "What and why"]);
    for line in lines.iter().take(LISTED) {
        people.add_row([
            Cell::new(action(line)),
            Cell::new(&line.upn),
            Cell::new(line.contact_id.as_deref().unwrap_or("")),
            Cell::new(what_and_why(line)),
        ]);
    }
    say_table(&people);
    if lines.len() > LISTED {
        let more = count(lines.len() - LISTED, "person", "people");
        say(&format!("  … and {more} more; --json lists all"));
    }
}

/// A fleet's reports, one line a company.
pub fn fleet(reports: &[Report]) {
    // A column of nothing but zeros is left out, so that a fleet fits a narrow terminal.
    let counted: Vec<(&str, Action)> = [
        ("New", Action::Create),
        ("Linked", Action::Link),
        ("Changed", Action::Update),
        ("Back", Action::Reactivate),
        ("Gone", Action::Deactivate),
        ("Same", Action::Unchanged),
        ("Out", Action::OutOfScope),
        ("Conflict", Action::Conflict),
    ]
    .into_iter()
    .filter(|(_, action)| reports.iter().any(|one| one.counts.by(*action) > 0))
    .collect();
    let heads = ["Company", "Status"]
        .into_iter()
        .chain(counted.iter().map(|(head, _)| *head))
        .chain(["Requests"]);
    let mut companies = table(heads);
    for report in reports {
        let number = |action| match report.counts.by(action) {
            0 => Cell::new(faint("·")),
            number => Cell::new(number),
        };
        let mut row = vec![Cell::new(&report.company), Cell::new(status(report))];
        row.extend(counted.iter().map(|(_, action)| number(*action)));
        row.push(Cell::new(requests(report)));
        companies.add_row(row);
    }
    whole_but_first(&mut companies);
    numbers_after(&mut companies, 2);
    say_table(&companies);
    for report in reports {
        if let Some(error) = &report.error {
            say("");
            say(&format!(
                "  {}: {}.",
                report.company,
                bad(&sentence(&error.message))
            ));
            say(&format!("  {}.", sentence(&error.advice)));
        }
        if report.counts.held > 0 {
            say("");
            let held = warning(&count(report.counts.held, "deactivation", "deactivations"));
            let name = &report.company;
            let words = match (report.preview, report.counts.held) {
                (true, _) => "would be held for a technician".to_owned(),
                (false, 1) => {
                    format!("waits for a technician: rollcall holds --company \"{name}\"")
                }
                (false, _) => format!("wait for a technician: rollcall holds --company \"{name}\""),
            };
            say(&format!("  {name}: {held} {words}"));
        }
        for line in report
            .people
            .iter()
            .filter(|line| line.outcome == Outcome::Failed)
        {
            let error = line.error.as_deref().unwrap_or("failed");
            say(&format!(
                "  {}: {}: {}",
                report.company,
                line.upn,
                bad(error)
            ));
        }
        for finding in &report.findings {
            say(&format!(
                "  {}: {} {}",
                report.company,
                warning("!"),
                finding.message
            ));
        }
    }
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
    match report.status {
        Status::Succeeded => good(word),
        Status::Held | Status::Partial => warning(word),
        Status::Failed => bad(word),
    }
}

/// How many requests a run sent.
pub fn requests(report: &Report) -> u64 {
    report.calls.login + report.calls.graph + report.calls.psa
}

fn calls(report: &Report) -> String {
    let calls = &report.calls;
    faint(&format!(
        "{} requests ({} login, {} Graph, {} PSA)",
        requests(report),
        calls.login,
        calls.graph,
        calls.psa
    ))
}

fn counts(report: &Report) -> String {
    let counts = &report.counts;
    let will = report.preview;
    let words = [
        (counts.create, if will { "to create" } else { "created" }),
        (counts.link, if will { "to link" } else { "linked" }),
        (counts.update, if will { "to update" } else { "updated" }),
        (
            counts.reactivate,
            if will { "to reactivate" } else { "reactivated" },
        ),
        (
            counts.deactivate,
            if will { "to deactivate" } else { "deactivated" },
        ),
        (counts.unchanged, "unchanged"),
        (counts.out_of_scope, "out of scope"),
        (counts.conflict, "in conflict"),
        (counts.held, "of them held"),
        (counts.failed, "of them failed"),
    ];
    let parts: Vec<String> = words
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    if parts.is_empty() {
        "nobody concerned".to_owned()
    } else {
        parts.join(", ")
    }
}

/// Whether something is to be said of a person.
pub fn is_shown(line: &Line) -> bool {
    line.action.writes() || matches!(line.action, Action::Link | Action::Conflict)
}

/// What is done for a person, and whether it went well.
pub fn action(line: &Line) -> String {
    let word = line.action.as_str();
    match line.outcome {
        Outcome::Held => warning(&format!("{word} (held)")),
        Outcome::Failed => bad(&format!("{word} (failed)")),
        Outcome::Skipped => faint(&format!("{word} (skipped)")),
        _ if line.action == Action::Conflict => warning(word),
        _ => word.to_owned(),
    }
}

/// What a person's line changes, and why.
pub fn what_and_why(line: &Line) -> String {
    let place = match (&line.site, &line.filter) {
        (Some(site), Some(filter)) => format!(" → {site} ({filter})"),
        (Some(site), None) => format!(" → {site}"),
        (None, Some(filter)) => format!(" ({filter})"),
        (None, None) => String::new(),
    };
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
                (_, true) => line.reason.clone(),
                (_, false) => format!("{}; {}", line.reason, changes.join("; ")),
            }
        }
        Action::Create | Action::Link => format!("{}{place}", line.reason),
        _ => line.reason.clone(),
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
    let field = report::field_words(change.field);
    format!("{field}: {} → {}", word(&change.from), word(&change.to))
}
