//! One person in words: both sides beside each other, the steps of the explanation, and the history of all runs. It decides
//! nothing: what differs was compared by the engine's own rules.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{At, pages, words};
use crate::db::changes::ChangeRecord;
use crate::db::events::Event;
use crate::db::links::PastLink;
use crate::db::undos::PutBack;
use crate::model::{Action, Contact, ContactId, Field, LinkMade, User, text};
use crate::sync::explain::Explanation;
use crate::sync::plan::Person;
use crate::sync::select::{self, Activity};
use crate::sync::snapshot::{Licences, Snapshot};
use crate::sync::{fields, report};

/// One field of both sides.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The field's word.
    pub field: String,
    /// What Microsoft 365 says.
    pub user: String,
    /// What the contact has.
    pub contact: String,
    /// Whether they differ for Rollcall.
    pub differs: bool,
}

/// Both sides, field by field.
pub fn sides(
    snapshot: &Snapshot,
    user: Option<&User>,
    contact: Option<&Contact>,
    person: Option<&Person>,
) -> Vec<Row> {
    let rules = &snapshot.rules;
    let (site, kind) = match person {
        Some(person) => (person.site.as_ref(), person.contact_type.as_ref()),
        None => (None, None),
    };
    let mut differing: Vec<Field> = match (user, contact) {
        (Some(user), Some(contact)) => fields::differing(user, contact, rules, site, kind)
            .into_iter()
            .map(|change| change.field)
            .collect(),
        _ => Vec::new(),
    };
    let active = user.map(|user| is_active(snapshot, user));
    if let (Some(active), Some(contact)) = (active, contact)
        && active != contact.active
    {
        differing.push(Field::Active);
    }
    let ours = |text: Option<&String>| text.cloned().unwrap_or_default();
    let theirs = |text: Option<&Option<String>>| text.cloned().flatten().unwrap_or_default();
    let row = |field: Field, user: String, contact: String| Row {
        field: field.as_str().into(),
        user,
        contact,
        differs: differing.contains(&field),
    };
    let address = user.map(|user| user.address_as_written(rules.use_email).to_owned());
    let own = address.clone().unwrap_or_default();
    let email = theirs(contact.map(|one| &one.email));
    let flag = |active: Option<bool>| match active {
        Some(true) => "Active".to_owned(),
        Some(false) => "Not active".to_owned(),
        None => String::new(),
    };
    let type_names: Vec<&str> = contact
        .iter()
        .flat_map(|contact| &contact.types)
        .filter_map(|id| {
            let mut known = rules.contact_types.iter().flatten();
            Some(known.find(|one| one.id == *id)?.name.as_str())
        })
        .collect();
    let mut rows = vec![
        row(
            Field::Active,
            flag(active),
            flag(contact.map(|one| one.active)),
        ),
        row(
            Field::FirstName,
            ours(user.and_then(|one| one.given_name.as_ref())),
            theirs(contact.map(|one| &one.first_name)),
        ),
        row(
            Field::LastName,
            ours(user.and_then(|one| one.surname.as_ref())),
            theirs(contact.map(|one| &one.last_name)),
        ),
        row(
            Field::Title,
            ours(user.and_then(|one| one.job_title.as_ref())),
            theirs(contact.map(|one| &one.title)),
        ),
        row(
            Field::Phone,
            ours(user.and_then(|one| one.business_phone.as_ref())),
            theirs(contact.map(|one| &one.phone)),
        ),
        row(
            Field::Mobile,
            ours(user.and_then(|one| one.mobile_phone.as_ref())),
            theirs(contact.map(|one| &one.mobile)),
        ),
        row(
            Field::Email,
            address.unwrap_or_default(),
            theirs(contact.map(|one| &one.email)),
        ),
        Row {
            field: "other_emails".into(),
            user: others(user.map_or(&[], |user| &user.aliases), &own),
            contact: others(contact.map_or(&[], |one| &one.other_emails), &email),
            differs: false,
        },
        row(
            Field::Site,
            site.map(|site| site.name.clone()).unwrap_or_default(),
            contact
                .and_then(|one| one.site.as_ref())
                .map(|id| rules.site_name(id))
                .unwrap_or_default(),
        ),
    ];
    if rules.contact_types.is_some() {
        let wanted = kind.map(|kind| kind.name.clone()).unwrap_or_default();
        rows.push(row(Field::ContactType, wanted, type_names.join(", ")));
    }
    rows
}

/// The addresses besides the email.
fn others(all: &[String], email: &str) -> String {
    let all = all.iter().map(|one| one.trim());
    let others = all.filter(|one| text::folded(one) != text::folded(email));
    others.collect::<Vec<_>>().join(", ")
}

fn is_active(snapshot: &Snapshot, user: &User) -> bool {
    let licences = Licences::new(&snapshot.skus, &snapshot.rules.ignored_licences);
    matches!(select::select(user, &licences), Activity::Active(_))
}

/// One step of an explanation.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// Which step.
    pub name: String,
    /// The result in a word or two.
    pub result: String,
    /// Why.
    pub lines: Vec<String>,
}

/// The steps of an explanation.
pub fn steps(explanation: &Explanation) -> Vec<Step> {
    let steps = explanation.steps.iter();
    steps
        .map(|step| Step {
            name: match step.step.as_str() {
                "directory" => "Microsoft 365",
                "active" => "Active",
                "filter" => "Filter",
                "contact" => "Contact",
                _ => "Next run",
            }
            .into(),
            result: words::sentence(&step.result).trim_end_matches('.').into(),
            lines: step
                .lines
                .iter()
                .map(|line| words::sentence(line))
                .collect(),
        })
        .collect()
}

/// Something that happened to a person.
#[derive(Clone, Debug, Serialize)]
pub struct Moment {
    /// When.
    pub at: At,
    /// What.
    pub title: String,
    /// Who did it; empty: a run.
    pub staff: String,
    /// Why, or what was said about it.
    pub detail: String,
    /// What came of it; empty where that is no question.
    pub outcome: String,
    /// The fields, before and after.
    pub fields: Vec<Changed>,
    /// The PSA's own words where it failed.
    pub error: String,
    /// The run; empty where it was none.
    pub run: String,
    /// Where it can be put back; empty: nothing was written.
    pub undo: String,
    /// The run that put it back, and when.
    pub undone: Option<(String, At)>,
    /// The run that it put back, and when that one began; none where the history does not keep it any more.
    pub undoes: Option<(String, At)>,
}

/// A field of a change.
#[derive(Clone, Debug, Serialize)]
pub struct Changed {
    /// The field's word.
    pub field: String,
    /// Before.
    pub from: String,
    /// After.
    pub to: String,
}

/// What became of the lines of the history that were put back.
pub type Undone = HashMap<i64, PutBack>;
/// Which runs the lines of undos put back, and when those began.
pub type Undoes = HashMap<i64, (String, DateTime<Utc>)>;

/// What happened to a person, newest first, as it is told by this time in the company's zone.
pub fn history(
    (changes, undone, undoes): (Vec<ChangeRecord>, &Undone, &Undoes),
    links: Vec<PastLink>,
    events: Vec<Event>,
    (now, zone): (DateTime<Utc>, &str),
) -> Vec<Moment> {
    let when = |at| At::there(at, now, zone);
    let mut all: Vec<(DateTime<Utc>, Moment)> = Vec::new();
    // Which line tells what a run did to a contact.
    let mut told: HashMap<(String, ContactId), (usize, Action)> = HashMap::new();
    for record in changes {
        let (at, line) = (record.change.created_at, record.id);
        if let Some(contact) = &record.change.contact_id {
            let of = (record.change.run_id.clone(), contact.clone());
            told.insert(of, (all.len(), record.change.action));
        }
        let mut moment = of_change(record, undone, &when);
        if let Some((run, began)) = undoes.get(&line) {
            moment.detail = without_the_run(&moment.detail, *began);
            moment.undoes = Some((run.clone(), when(*began)));
        }
        all.push((at, moment));
    }
    let plain = |at, title: String, detail: String| {
        let moment = Moment {
            at: when(at),
            title,
            staff: String::new(),
            detail,
            outcome: String::new(),
            fields: Vec::new(),
            error: String::new(),
            run: String::new(),
            undo: String::new(),
            undone: None,
            undoes: None,
        };
        (at, moment)
    };
    for link in links {
        let contact = &link.contact_id;
        let run = link.made_run.unwrap_or_default();
        let made = words::made(link.made.as_str());
        match told.get(&(run.clone(), contact.clone())) {
            // What a person did is told by their event, and what a run did by its line: one event is told once.
            _ if link.made == LinkMade::Hand => {}
            Some((_, Action::Create | Action::Link)) => {}
            Some((line, _)) => {
                let detail = &mut all[*line].1.detail;
                *detail = format!("{detail} The contact was linked, {made}.");
            }
            None => {
                let title = format!("Linked to contact {contact}");
                let (at, mut moment) = plain(link.made_at, title, words::sentence(&made));
                moment.run = run;
                all.push((at, moment));
            }
        }
        let by_event = |at| {
            events
                .iter()
                .any(|one| one.at == at && ends_a_link(&one.kind))
        };
        if let Some(at) = link.retired_at.filter(|at| !by_event(*at)) {
            let why = words::sentence(&link.retired_why.unwrap_or_default());
            all.push(plain(at, format!("Link to contact {contact} ended"), why));
        }
    }
    for event in events {
        let (at, mut moment) = plain(
            event.at,
            words::event(&event.kind),
            words::sentence(&event.detail),
        );
        moment.staff = event.staff;
        all.push((at, moment));
    }
    all.sort_by(|(one, _), (other, _)| other.cmp(one));
    all.into_iter().map(|(_, moment)| moment).collect()
}

/// Whether what somebody did ends a link that there was.
fn ends_a_link(kind: &str) -> bool {
    ["linked", "unlinked"].contains(&kind)
}

/// What a line of an undo says besides which run it put back: that is told with the run's own page.
fn without_the_run(detail: &str, began: DateTime<Utc>) -> String {
    let run = format!("Undo of the run of {}", text::moment(began));
    let rest = detail.strip_prefix(&run).unwrap_or(detail);
    words::sentence(rest.trim_start_matches([';', '.', ' ']))
}

fn of_change(record: ChangeRecord, undone: &Undone, when: &dyn Fn(DateTime<Utc>) -> At) -> Moment {
    let put_back = undone.get(&record.id);
    let undo = if put_back.is_some_and(|one| one.in_force) {
        String::new()
    } else {
        pages::undo_of(&record)
    };
    let change = record.change;
    let contact = match (&change.contact_id, change.action) {
        (Some(contact), Action::Create) => format!(": contact {contact} is new"),
        (Some(contact), _) => format!(" contact {contact}"),
        (None, _) => String::new(),
    };
    let fields = change.fields.iter();
    Moment {
        at: when(change.created_at),
        title: format!("{}{contact}", words::action(change.action.as_str())),
        staff: String::new(),
        detail: words::why(&change.reason),
        outcome: change.outcome.as_str().into(),
        fields: fields
            .map(|field| Changed {
                field: field.field.as_str().into(),
                from: words::value(&report::value(&field.from)),
                to: words::value(&report::value(&field.to)),
            })
            .collect(),
        error: change.error.unwrap_or_default(),
        run: change.run_id,
        undo,
        undone: put_back.map(|one| (one.run.clone(), when(one.at))),
        undoes: None,
    }
}

impl Moment {
    /// For the samples of a page.
    pub fn samples() -> Vec<Self> {
        let hostile = "<script>alert('x')</script> \u{202e}evil\u{202c} 🙂";
        let change = Self {
            at: At::sample(),
            title: "Update contact 7".into(),
            staff: String::new(),
            detail: "Title differs.".into(),
            outcome: "failed".into(),
            fields: vec![Changed {
                field: "title".into(),
                from: hostile.into(),
                to: "long ".repeat(80),
            }],
            error: hostile.into(),
            run: "0193aaaa-0000-7000-8000-000000000000".into(),
            undo: "/runs/0193aaaa-0000-7000-8000-000000000000/undo?user=0193".into(),
            undone: None,
            undoes: Some(("0193cccc-0000-7000-8000-000000000000".into(), At::sample())),
        };
        let put_back = Self {
            undone: Some(("0193bbbb-0000-7000-8000-000000000000".into(), At::sample())),
            ..change.clone()
        };
        let event = Self {
            title: "Dismissed the deactivation".into(),
            staff: hostile.into(),
            detail: hostile.into(),
            outcome: String::new(),
            fields: Vec::new(),
            error: String::new(),
            run: String::new(),
            undo: String::new(),
            undoes: None,
            ..change.clone()
        };
        vec![change, put_back, event]
    }
}
