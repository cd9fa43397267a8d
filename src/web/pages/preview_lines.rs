//! The people of a preview as its page shows them: grouped by what would be done, searched, a page at a time, and as a file.

use serde::Serialize;

use super::person::address;
use crate::model::{Action, Field, Outcome, text};
use crate::sync::report::{Counts, FieldLine, Line, Report};
use crate::web::listing::Pager;
use crate::web::words;

/// The groups that are listed, in their order. Who is held stands there, not among the deactivations.
pub const GROUPS: [&str; 7] = [
    "create",
    "update",
    "reactivate",
    "deactivate",
    "held",
    "link",
    "conflict",
];

/// Somebody of whom something would become.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PersonLine {
    /// The address of the person's page; empty in a file.
    pub page: String,
    /// Name as displayed; may be empty.
    pub name: String,
    /// User principal name.
    pub upn: String,
    /// The contact; empty: there is none yet.
    pub contact: String,
    /// Why.
    pub reason: String,
    /// The filter that decided; may be empty.
    pub filter: String,
    /// Where the contact belongs; may be empty.
    pub site: String,
    /// What is written.
    pub fields: Vec<Written>,
    /// Of a contact that would be new, in short: name and title; the fields are folded beneath. Empty: they stand open.
    pub short: String,
}

/// One field's old and new value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Written {
    /// The field's word.
    pub field: &'static str,
    /// Before.
    pub from: String,
    /// After.
    pub to: String,
}

/// People of one group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Group {
    /// Its word.
    pub key: &'static str,
    /// What it is called.
    pub name: String,
    /// How many there are in all.
    pub count: usize,
    /// Those of this page.
    pub people: Vec<PersonLine>,
}

/// A group to choose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// Its word.
    pub key: &'static str,
    /// What it is called.
    pub name: String,
    /// How many people it has.
    pub count: usize,
}

/// A page of people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// The groups with people on this page.
    pub groups: Vec<Group>,
    /// Which part of those who were found they are.
    pub pager: Pager,
}

/// The group of a line; `None`: nothing would be done, or nothing is written at all, as for a company that is inactive in the PSA.
pub fn group(line: &Line) -> Option<&'static str> {
    match line.action {
        Action::Unchanged | Action::OutOfScope => None,
        _ if line.outcome == Outcome::Skipped => None,
        _ if line.outcome == Outcome::Held => Some("held"),
        action => Some(action.as_str()),
    }
}

/// Whether a run would do something for the person of a line now.
pub fn acts(line: &Line) -> bool {
    let acts = line.action.writes() || line.action == Action::Link;
    acts && !matches!(line.outcome, Outcome::Held | Outcome::Skipped)
}

/// Whether nothing is written, though both sides differ: the company is inactive in the PSA.
pub fn is_skipped(report: &Report) -> bool {
    let mut lines = report.people.iter();
    lines.any(|line| line.outcome == Outcome::Skipped)
}

/// The counts of what a run would do.
pub fn counts(report: &Report) -> Counts {
    if !is_skipped(report) {
        return report.counts;
    }
    Counts {
        create: 0,
        link: 0,
        update: 0,
        reactivate: 0,
        deactivate: 0,
        ..report.counts
    }
}

/// What a group is called.
pub fn group_name(key: &str) -> String {
    match key {
        "held" => words::outcome(key),
        key => words::action(key),
    }
}

/// The groups that have people.
pub fn choices(report: &Report) -> Vec<Choice> {
    let count = |key| {
        let lines = report.people.iter();
        lines.filter(|line| group(line) == Some(key)).count()
    };
    GROUPS
        .into_iter()
        .map(|key| Choice {
            key,
            name: group_name(key),
            count: count(key),
        })
        .filter(|choice| choice.count > 0)
        .collect()
}

/// The lines that fit a search and a group, in the groups' order.
pub fn fitting<'a>(report: &'a Report, search: &str, wanted: &str) -> Vec<&'a Line> {
    let search = text::folded(search);
    let search = search.trim();
    let holds = |text: &str| text::folded(text).contains(search);
    let fits = |line: &&Line| {
        search.is_empty()
            || [&line.upn, &line.name].into_iter().any(|text| holds(text))
            || [&line.contact_id, &line.site, &line.filter]
                .into_iter()
                .flatten()
                .any(|text| holds(text))
    };
    let mut found = Vec::new();
    for key in GROUPS {
        if wanted.is_empty() || wanted == key {
            let lines = report.people.iter();
            found.extend(lines.filter(|line| group(line) == Some(key)).filter(fits));
        }
    }
    found
}

/// One page of what was found of a company.
pub fn list(company: i64, found: &[&Line], pager: Pager) -> Listed {
    let mut groups: Vec<Group> = Vec::new();
    for line in pager.part(found) {
        let Some(key) = group(line) else { continue };
        if groups.last().is_none_or(|last| last.key != key) {
            groups.push(Group {
                key,
                name: group_name(key),
                count: found.iter().filter(|line| group(line) == Some(key)).count(),
                people: Vec::new(),
            });
        }
        if let Some(last) = groups.last_mut() {
            last.people.push(PersonLine {
                page: address(company, &line.user_id),
                ..person(line)
            });
        }
    }
    Listed { groups, pager }
}

fn person(line: &Line) -> PersonLine {
    PersonLine {
        page: String::new(),
        name: line.name.clone(),
        upn: line.upn.clone(),
        contact: line.contact_id.clone().unwrap_or_default(),
        reason: words::reason_for_people(&line.reason).into_owned(),
        filter: line.filter.clone().unwrap_or_default(),
        // A contact that is linked as it is stays where it is.
        site: match line.action {
            Action::Link => String::new(),
            _ => line.site.clone().unwrap_or_default(),
        },
        fields: line.fields.iter().map(written).collect(),
        short: if line.action == Action::Create {
            short(&line.fields)
        } else {
            String::new()
        },
    }
}

/// "Jane Doe, Engineer".
fn short(fields: &[FieldLine]) -> String {
    let of = |wanted: Field| {
        let mut fields = fields.iter();
        let found = fields.find(|line| line.field == wanted);
        found.map(|line| words::value(&line.to)).unwrap_or_default()
    };
    let names = [of(Field::FirstName), of(Field::LastName)];
    let name = names.join(" ").trim().to_owned();
    let parts = [name, of(Field::Title)];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        "New contact".to_owned()
    } else {
        parts.join(", ")
    }
}

/// A field in words.
pub fn written(line: &FieldLine) -> Written {
    Written {
        field: line.field.as_str(),
        from: words::value(&line.from),
        to: words::value(&line.to),
    }
}

/// The heads of the file.
pub const HEADS: [&str; 9] = [
    "Action", "Name", "User", "Contact", "Reason", "Filter", "Site", "Changes", "User id",
];

/// The lines of the file.
pub fn rows(found: &[&Line]) -> Vec<Vec<String>> {
    let row = |line: &&Line| {
        let person = person(line);
        let changes = person.fields.iter().map(|one| {
            let field = words::field(one.field);
            format!("{field}: {} → {}", one.from, one.to)
        });
        let changes = changes.collect::<Vec<_>>().join("; ");
        vec![
            group_name(group(line).unwrap_or_default()),
            person.name,
            person.upn,
            person.contact,
            person.reason,
            person.filter,
            person.site,
            changes,
            line.user_id.to_string(),
        ]
    };
    found.iter().map(row).collect()
}
