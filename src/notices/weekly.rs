//! The weekly summary of a company: who joined, who left, who changed, on Monday morning by the company's own clock. A week in
//! which nothing changed has none. Where the program was off on Monday it follows as soon as it runs, once, with all the weeks
//! since the last one.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;

use super::letters::{Letters, People, Somebody, WeeklyLetter};
use super::{routes, settings};
use crate::app::App;
use crate::db::company_notices::{self, CompanyNotices};
use crate::db::fleet::{self, Brief};
use crate::db::happened::{self, Event};
use crate::db::{Conn, deliveries};
use crate::jobs::schedule::Timetable;
use crate::mail;
use crate::model::{Action, Field, reason_for_people};

/// The word of a summary among what has left.
pub const WEEKLY: &str = "weekly";
/// It leaves at this time of Monday.
const MORNING: &str = "07:00";
/// So many people are named under each head.
const NAMED: usize = 200;
/// A summary goes back so far at most.
const LONGEST: TimeDelta = TimeDelta::days(31);

/// Writes the summaries that are due.
///
/// # Errors
/// Where the database fails, or a template and its context do not fit.
pub(super) async fn look(app: &App) -> anyhow::Result<()> {
    let now = app.clock().now();
    let read = |conn: &mut Conn| {
        let set = company_notices::all(conn)?;
        let mut on: Vec<(Brief, CompanyNotices)> = Vec::new();
        if set.values().any(|set| set.weekly) {
            let companies = fleet::companies(conn)?.into_iter();
            on.extend(companies.filter_map(|one| {
                let set = set.get(&one.id).filter(|set| set.weekly)?;
                Some((one, set.clone()))
            }));
        }
        Ok((on, settings::mail(conn)?))
    };
    let (on, server) = app.db().read(read).await?;
    // Without a server the week waits: it is made up for once there is one.
    let Some(server) = server else {
        return Ok(());
    };
    for (company, set) in on {
        let Some((week, due)) = last_week(&company, now) else {
            continue;
        };
        match set.weekly_until {
            Some(until) if until >= week => {}
            Some(until) if due <= now => {
                tell(app, &company, &set, (until, week), &server.from).await?;
            }
            Some(_) => {}
            None => {
                let id = company.id;
                let begin = app
                    .db()
                    .write(move |conn| company_notices::take_week(conn, id, None, week));
                begin.await?;
            }
        }
    }
    Ok(())
}

/// The end of the last week whose morning after has come, and that morning.
fn last_week(company: &Brief, now: DateTime<Utc>) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let zone: Tz = company.timezone.parse().unwrap_or(Tz::UTC);
    let table = |time| Timetable::new(company.id, Some(time), &company.timezone);
    let mut due = table(MORNING).last_due(now)?;
    for _ in 0..8 {
        if due.with_timezone(&zone).weekday() == Weekday::Mon {
            let midnight = table("00:00").last_due(due)?;
            return Some((midnight, due));
        }
        due = table(MORNING).last_due(due - TimeDelta::seconds(1))?;
    }
    None
}

async fn tell(
    app: &App,
    company: &Brief,
    set: &CompanyNotices,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
    sender: &str,
) -> anyhow::Result<()> {
    let (id, seen, now) = (company.id, set.weekly_until, app.clock().now());
    let since = from.max(until - LONGEST);
    let events = app
        .db()
        .read(move |conn| happened::events(conn, id, since, until));
    let letter = summary(company, &events.await?, (since, until));
    let mut leave = Vec::new();
    if let Some(letter) = letter {
        let drawn = Letters::load()?.draw(&letter)?;
        let domain = mail::domain(sender);
        let to = set.weekly_recipients.iter();
        leave.extend(to.map(|to| routes::letter(&domain, WEEKLY, to, &drawn)));
    }
    app.db()
        .write(move |conn| {
            if company_notices::take_week(conn, id, seen, until)? {
                for new in &leave {
                    deliveries::put(conn, new, now)?;
                }
            }
            Ok(())
        })
        .await?;
    Ok(())
}

/// What happened in that time; `None`: nothing. Of somebody who joined and left, the last counts.
fn summary(
    company: &Brief,
    events: &[Event],
    (from, until): (DateTime<Utc>, DateTime<Utc>),
) -> Option<WeeklyLetter> {
    let mut came: BTreeMap<&str, &Event> = BTreeMap::new();
    let mut changed: BTreeMap<&str, (&Event, BTreeSet<Field>)> = BTreeMap::new();
    for event in events {
        match event.action {
            Action::Create | Action::Reactivate | Action::Deactivate => {
                came.insert(event.user_id.as_str(), event);
            }
            Action::Update => {
                let known = changed.entry(event.user_id.as_str());
                let (last, fields) = known.or_insert_with(|| (event, BTreeSet::new()));
                *last = event;
                fields.extend(&event.fields);
            }
            _ => {}
        }
    }
    changed.retain(|id, _| !came.contains_key(id));
    let of = |action: fn(Action) -> bool| {
        let some = came.values().filter(|event| action(event.action));
        people(some.map(|event| Somebody {
            name: name(event),
            why: match event.action {
                Action::Deactivate => reason_for_people(&event.reason).into_owned(),
                Action::Reactivate => "is back".into(),
                _ => String::new(),
            },
        }))
    };
    let joined = of(|action| action != Action::Deactivate);
    let left = of(|action| action == Action::Deactivate);
    let changed = people(changed.into_values().map(|(event, fields)| Somebody {
        name: name(event),
        why: fields.into_iter().map(word).collect::<Vec<_>>().join(", "),
    }));
    if joined.number + left.number + changed.number == 0 {
        return None;
    }
    let zone: Tz = company.timezone.parse().unwrap_or(Tz::UTC);
    let day = |at: DateTime<Utc>| at.with_timezone(&zone).format("%-d %b %Y").to_string();
    Some(WeeklyLetter {
        company: company.name.clone(),
        days: format!("{} to {}", day(from), day(until - TimeDelta::seconds(1))),
        joined,
        left,
        changed,
    })
}

fn people(all: impl Iterator<Item = Somebody>) -> People {
    let mut named: Vec<Somebody> = all.collect();
    named.sort_by_cached_key(|one| one.name.to_lowercase());
    let number = named.len();
    named.truncate(NAMED);
    People {
        number,
        more: number - named.len(),
        named,
    }
}

fn name(event: &Event) -> String {
    if event.name.trim().is_empty() {
        event.upn.clone()
    } else {
        event.name.clone()
    }
}

/// A field's word for people.
fn word(field: Field) -> String {
    field.as_str().replace('_', " ")
}
