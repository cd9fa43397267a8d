//! Connections in quarantine: they failed by a mistake that a person has to mend, and are tried again at growing intervals. A
//! row is there exactly while that is so. Which failure is such a mistake, others know.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::prelude::*;

use super::schema::companies;
use super::schema::quarantines::{self, dsl};
use super::types::{Word, stamp};
use super::{Conn, events};
use crate::model::{RunFailure, Side};

/// A connection is tried again so many hours after its first, second … failure; after the last, each time.
const HOURS: [i64; 6] = [1, 2, 4, 8, 16, 24];
/// The longest pause.
pub const LONGEST: TimeDelta = TimeDelta::hours(24);
/// Who does it, in the events.
const BY: &str = "Rollcall";

/// A connection: of a PSA by its row id, of a tenant by its company's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Owner {
    /// Which kind of connection.
    pub side: Side,
    /// The row id of the PSA connection, or of the tenant's company.
    pub id: i64,
}

impl Owner {
    /// A PSA connection.
    pub const fn psa(id: i64) -> Self {
        Self {
            side: Side::Psa,
            id,
        }
    }

    /// The tenant connection of a company.
    pub const fn tenant(company: i64) -> Self {
        Self {
            side: Side::Tenant,
            id: company,
        }
    }

    /// The company that it concerns alone.
    const fn company(self) -> Option<i64> {
        match self.side {
            Side::Psa => None,
            Side::Tenant => Some(self.id),
        }
    }
}

/// A connection in quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantine {
    /// Which connection.
    pub owner: Owner,
    /// Its last failure: a word that programs can branch on.
    pub kind: String,
    /// What happened, in one sentence.
    pub message: String,
    /// What to do about it.
    pub advice: String,
    /// When it first failed.
    pub since: DateTime<Utc>,
    /// When it last failed.
    pub failed_at: DateTime<Utc>,
    /// How often it failed since then, or since it was last changed, when it was to be tried.
    pub failures: i64,
    /// No run begins by itself before.
    pub next_try: DateTime<Utc>,
}

impl Quarantine {
    /// Whether no run begins by itself now. A next try that is further away than any pause was set by a clock that was wrong.
    pub fn holds(&self, now: DateTime<Utc>) -> bool {
        self.next_try > now && self.next_try - now <= LONGEST
    }

    /// Whose it is and why, as a sentence for people.
    pub fn sentence(&self) -> String {
        format!("{}: {}", self.brief(), self.message)
    }

    /// Whose it is, for a place where why stands besides.
    pub const fn brief(&self) -> &'static str {
        match self.owner.side {
            Side::Tenant => "The tenant connection is in quarantine",
            Side::Psa => "The PSA connection is in quarantine",
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = quarantines)]
struct Row {
    owner_kind: Word<Side>,
    owner_id: i64,
    kind: String,
    message: String,
    advice: String,
    since: NaiveDateTime,
    failed_at: NaiveDateTime,
    failures: i64,
    next_try: NaiveDateTime,
}

impl From<Row> for Quarantine {
    fn from(row: Row) -> Self {
        Self {
            owner: Owner {
                side: row.owner_kind.0,
                id: row.owner_id,
            },
            kind: row.kind,
            message: row.message,
            advice: row.advice,
            since: row.since.and_utc(),
            failed_at: row.failed_at.and_utc(),
            failures: row.failures,
            next_try: row.next_try.and_utc(),
        }
    }
}

#[diesel::dsl::auto_type(no_type_alias)]
fn of(owner: Owner) -> _ {
    let word: &'static str = owner.side.as_str();
    let id: i64 = owner.id;
    dsl::quarantines.filter(dsl::owner_kind.eq(word).and(dsl::owner_id.eq(id)))
}

/// The quarantine of a connection; `None` where it is in none.
pub fn get(conn: &mut Conn, owner: Owner) -> QueryResult<Option<Quarantine>> {
    let row = of(owner).select(Row::as_select()).first(conn).optional()?;
    Ok(row.map(Into::into))
}

/// All connections in quarantine, those that have been longest first.
pub fn all(conn: &mut Conn) -> QueryResult<Vec<Quarantine>> {
    let rows = dsl::quarantines
        .select(Row::as_select())
        .order((dsl::since, dsl::owner_kind, dsl::owner_id))
        .load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// What concerns a company of this PSA connection: its own tenant connection's quarantine first, then the PSA connection's.
pub fn of_company(conn: &mut Conn, company: i64, psa: i64) -> QueryResult<Vec<Quarantine>> {
    let mut found = Vec::new();
    for owner in [Owner::tenant(company), Owner::psa(psa)] {
        found.extend(get(conn, owner)?);
    }
    Ok(found)
}

/// Whether a company's tenant or PSA connection is in quarantine.
pub fn concern(conn: &mut Conn, company: i64) -> QueryResult<bool> {
    let Some(psa) = psa_of(conn, company)? else {
        return Ok(false);
    };
    Ok(!of_company(conn, company, psa)?.is_empty())
}

fn psa_of(conn: &mut Conn, company: i64) -> QueryResult<Option<i64>> {
    companies::table
        .find(company)
        .select(companies::psa_id)
        .first(conn)
        .optional()
}

/// What keeps a company's runs from beginning by themselves now, with the latest next try; `None`: nothing does.
pub fn holding(
    conn: &mut Conn,
    company: i64,
    now: DateTime<Utc>,
) -> QueryResult<Option<Quarantine>> {
    let mut all = all(conn)?;
    all.retain(|one| one.holds(now));
    if all.is_empty() {
        return Ok(None);
    }
    let psa = psa_of(conn, company)?;
    let of_company = |owner: Owner| match owner.side {
        Side::Tenant => owner.id == company,
        Side::Psa => Some(owner.id) == psa,
    };
    all.retain(|one| of_company(one.owner));
    Ok(all.into_iter().max_by_key(|one| one.next_try))
}

/// A run that began at `began` failed by this connection: it enters quarantine, or stays in it for longer. A run that began
/// before the connection was to be tried again (one that was under way, or that somebody asked for meanwhile) does not make the
/// pause longer.
pub fn fail(
    conn: &mut Conn,
    owner: Owner,
    failure: &RunFailure,
    began: DateTime<Utc>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let Some(known) = get(conn, owner)? else {
        let values = (
            dsl::owner_kind.eq(owner.side.as_str()),
            dsl::owner_id.eq(owner.id),
            dsl::kind.eq(&failure.kind),
            dsl::message.eq(&failure.message),
            dsl::advice.eq(&failure.advice),
            dsl::since.eq(stamp(now)),
            dsl::failed_at.eq(stamp(now)),
            dsl::failures.eq(1_i64),
            dsl::next_try.eq(stamp(now + pause(1))),
        );
        // `each!`: an insert that gives way to another process's.
        let entered = each!(conn => diesel::insert_into(dsl::quarantines)
            .values(values)
            .on_conflict_do_nothing()
            .execute(conn))?;
        if entered == 1 {
            let detail = format!("In quarantine: {}", failure.message);
            events::note(conn, (BY, "quarantine"), owner.company(), &detail, now)?;
        }
        return Ok(());
    };
    let (failures, next_try) = if began < known.next_try {
        (known.failures, known.next_try)
    } else {
        (known.failures + 1, now + pause(known.failures + 1))
    };
    diesel::update(of(owner))
        .set((
            dsl::kind.eq(&failure.kind),
            dsl::message.eq(&failure.message),
            dsl::advice.eq(&failure.advice),
            dsl::failed_at.eq(stamp(now)),
            dsl::failures.eq(failures),
            dsl::next_try.eq(stamp(next_try)),
        ))
        .execute(conn)
        .map(drop)
}

/// So long nothing begins by itself after so many failures.
fn pause(failures: i64) -> TimeDelta {
    let last = HOURS.len() - 1;
    let place = usize::try_from(failures - 1).unwrap_or_default().min(last);
    TimeDelta::hours(HOURS[place])
}

/// A run that began at `began` found the connection in order: its quarantine ends; whether there was one. A run that had begun
/// before the last failure proves nothing.
pub fn lift(
    conn: &mut Conn,
    owner: Owner,
    began: DateTime<Utc>,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let ended = diesel::delete(of(owner).filter(dsl::failed_at.le(stamp(began)))).execute(conn)?;
    if ended == 1 {
        let by = (BY, "quarantine_lifted");
        events::note(
            conn,
            by,
            owner.company(),
            "Out of quarantine: it works again",
            now,
        )?;
    }
    Ok(ended == 1)
}

/// A run that began at `began` was to try the connection and proved nothing of it: it is tried again after the same pause.
pub fn not_proved(
    conn: &mut Conn,
    owner: Owner,
    began: DateTime<Utc>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let Some(known) = get(conn, owner)? else {
        return Ok(());
    };
    let clock_was_wrong = known.next_try - now > LONGEST;
    if began < known.next_try && !clock_was_wrong {
        return Ok(());
    }
    diesel::update(of(owner))
        .set(dsl::next_try.eq(stamp(now + pause(known.failures))))
        .execute(conn)
        .map(drop)
}

/// Lets the connection be tried at once, since a person changed it; the pauses begin anew.
pub fn try_now(conn: &mut Conn, owner: Owner, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(of(owner))
        .set((dsl::next_try.eq(stamp(now)), dsl::failures.eq(0_i64)))
        .execute(conn)
        .map(drop)
}

/// Ends the quarantines of connections that no run tries any more, since no company that uses them has its contact sync on.
pub(super) fn forget_unused(conn: &mut Conn) -> QueryResult<()> {
    let all = all(conn)?;
    if all.is_empty() {
        return Ok(());
    }
    let synced: Vec<(i64, i64)> = companies::table
        .filter(companies::removed_at.is_null())
        .filter(companies::sync_contacts.eq(true))
        .select((companies::id, companies::psa_id))
        .load(conn)?;
    for owner in all.into_iter().map(|one| one.owner) {
        let uses = |&(company, psa): &(i64, i64)| match owner.side {
            Side::Tenant => company == owner.id,
            Side::Psa => psa == owner.id,
        };
        if !synced.iter().any(uses) {
            forget(conn, owner)?;
        }
    }
    Ok(())
}

/// Ends the quarantine of a connection that is removed.
pub fn forget(conn: &mut Conn, owner: Owner) -> QueryResult<()> {
    diesel::delete(of(owner)).execute(conn).map(drop)
}

/// Ends all of them: the next run of each connection shows how it is.
pub fn forget_all(conn: &mut Conn) -> QueryResult<usize> {
    diesel::delete(dsl::quarantines).execute(conn)
}
