//! The daily schedule: when a company's run is due, by its own clock, and asking for it once. What a run does is not its concern.

use std::collections::HashSet;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use diesel::QueryResult;

use super::ask::enqueue_run;
use crate::app::App;
use crate::db::jobs::{self, Lane, Priority};
use crate::db::quarantines::{self, Owner};
use crate::db::{Conn, DbError, companies};
use crate::model::{Mode, Side};

/// Who asked for a run of the schedule, as the history says it.
pub const SCHEDULE: &str = "schedule";
/// Companies without a time of their own run within so many minutes …
const NIGHT_MINUTES: u64 = 300;
/// … from this hour and minute on, by their own clock.
const NIGHT_BEGINS: (u32, u32) = (0, 30);

/// No daily run is asked for before it is due, but for what the clocks of two computers are apart: else the clock was wrong then.
const FURTHEST: TimeDelta = TimeDelta::minutes(10);

/// When the daily run of a company is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timetable {
    time: NaiveTime,
    zone: Tz,
}

impl Timetable {
    /// The timetable of a company: its own time, or one that its row id spreads over the night, so that no PSA is flooded. A
    /// zone that nobody knows counts as UTC.
    pub fn new(company: i64, schedule: Option<&str>, zone: &str) -> Self {
        let own = schedule.and_then(|text| NaiveTime::parse_from_str(text, "%H:%M").ok());
        Self {
            time: own.unwrap_or_else(|| spread(company)),
            zone: zone.parse().unwrap_or(Tz::UTC),
        }
    }

    /// The latest due moment that is not after `now`.
    pub fn last_due(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.around(now).filter(|due| *due <= now).max()
    }

    /// The first due moment after `now`.
    pub fn next_due(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.around(now).filter(|due| *due > now).min()
    }

    /// The due moments of the days about now. Zones differ from UTC by less than a day, and a zone may leave a day out.
    fn around(&self, now: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
        let today = now.with_timezone(&self.zone).date_naive();
        let days = (0..=6)
            .filter_map(move |day| (today - TimeDelta::days(3)).checked_add_days(Days::new(day)));
        days.filter_map(|day| self.moment(day))
    }

    /// The moment of a day: where clocks are set back and it comes twice, the first; where they are set forward over it, the first
    /// moment after the gap.
    fn moment(&self, day: NaiveDate) -> Option<DateTime<Utc>> {
        let wanted = day.and_time(self.time);
        (0..=1_440)
            .find_map(|minutes| {
                let local = wanted.checked_add_signed(TimeDelta::minutes(minutes))?;
                self.zone.from_local_datetime(&local).earliest()
            })
            .map(|at| at.with_timezone(&Utc))
    }
}

/// A time of the night for a company: the same every night, and even over all of them.
fn spread(company: i64) -> NaiveTime {
    // Fibonacci hashing: neighbouring ids lie far apart.
    let mixed = (company.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15)) >> 32;
    let minutes = u32::try_from((mixed * NIGHT_MINUTES) >> 32).unwrap_or_default();
    let (hour, minute) = NIGHT_BEGINS;
    let at = hour * 60 + minute + minutes;
    NaiveTime::from_hms_opt(at / 60 % 24, at % 60, 0).unwrap_or_default()
}

/// Asks for what is due by itself: the daily runs, and for each connection in quarantine that is to be tried again a run that
/// tries it; how many.
///
/// # Errors
/// Where the database fails.
pub async fn tick(app: &App) -> Result<usize, DbError> {
    let asked = daily(app).await? + trials(app).await?;
    if asked > 0 {
        app.jobs().wake();
    }
    Ok(asked)
}

/// Asks for a run for each connection in quarantine that is to be tried again, unless one waits: it may have failed in a run
/// that was no job, or its job was cancelled.
async fn trials(app: &App) -> Result<usize, DbError> {
    let now = app.clock().now();
    let due = app.db().read(move |conn| untried(conn, now)).await?;
    if due.is_empty() {
        return Ok(0);
    }
    let asked = due.len();
    app.db()
        .write(move |conn| {
            for company in due {
                enqueue_run(conn, company, Mode::Update, Priority::Night, SCHEDULE, now)?;
            }
            Ok(())
        })
        .await?;
    Ok(asked)
}

/// The companies, one for each connection that is to be tried, whose run would try it: of a PSA connection's, the one whose run
/// was asked for longest ago, since a run can fail by something of its company before it has tried the connection.
fn untried(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<Vec<i64>> {
    let all = quarantines::all(conn)?;
    let (held, due): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| one.holds(now));
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let held: HashSet<Owner> = held.into_iter().map(|one| one.owner).collect();
    let companies = companies::list(conn)?;
    let mut companies_to_try = Vec::new();
    for one in due {
        let concerned: Vec<i64> = companies
            .iter()
            .filter(|company| company.sync_contacts)
            .filter(|company| match one.owner.side {
                Side::Tenant => company.id == one.owner.id,
                // What its tenant's quarantine holds tries nothing for hours.
                Side::Psa => {
                    company.psa_id == one.owner.id && !held.contains(&Owner::tenant(company.id))
                }
            })
            .map(|company| company.id)
            .collect();
        let mut waits = false;
        for company in &concerned {
            waits = waits || jobs::has_run(conn, *company)?;
        }
        if !waits {
            companies_to_try.extend(asked_longest_ago(conn, concerned)?);
        }
    }
    Ok(companies_to_try)
}

/// The company whose run was asked for longest ago, or never; the first of several.
fn asked_longest_ago(conn: &mut Conn, companies: Vec<i64>) -> QueryResult<Option<i64>> {
    let mut asked = Vec::new();
    for company in companies {
        let last = jobs::latest_of(conn, company, Lane::Run)?;
        asked.push((last.map(|job| job.created_at), company));
    }
    let first = asked.into_iter().min_by_key(|(at, _)| *at);
    Ok(first.map(|(_, company)| company))
}

/// Asks for the daily run of every company for which one is due; how many. A day that was missed is made up once. A company that
/// the schedule sees for the first time begins with its next due moment, since a save has a run of its own.
async fn daily(app: &App) -> Result<usize, DbError> {
    let now = app.clock().now();
    let mut all = app.db().read(companies::scheduled).await?;
    let latest = now + FURTHEST;
    let unlikely = |day: &DateTime<Utc>| *day > latest;
    if all
        .iter()
        .any(|one| one.scheduled_for.as_ref().is_some_and(unlikely))
    {
        tracing::warn!("The clock was set back: the daily runs begin anew");
        app.db()
            .write(move |conn| companies::forget_days(conn, latest))
            .await?;
        for one in &mut all {
            one.scheduled_for = one.scheduled_for.filter(|day| !unlikely(day));
        }
    }
    let due: Vec<(i64, DateTime<Utc>, bool)> = all
        .into_iter()
        .filter_map(|one| {
            let table = Timetable::new(one.id, one.schedule.as_deref(), &one.timezone);
            let due = table.last_due(now)?;
            let is_new = one.scheduled_for.is_none_or(|last| last < due);
            is_new.then_some((one.id, due, one.scheduled_for.is_some()))
        })
        .collect();
    if due.is_empty() {
        return Ok(0);
    }
    app.db()
        .write(move |conn| {
            let mut asked = 0;
            for (company, due, seen) in due {
                // Another process may have asked already.
                if companies::take_day(conn, company, due)? && seen {
                    enqueue_run(conn, company, Mode::Update, Priority::Night, SCHEDULE, now)?;
                    asked += 1;
                }
            }
            Ok(asked)
        })
        .await
}
