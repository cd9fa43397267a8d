//! Companies with their filters and ignored users.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::schema::companies::{self, dsl};
use super::types::{named, stamp};
use super::{Conn, filters, ignored_users, links, quarantines};
use crate::model::{Company, Guard, PsaCompanyId};

#[derive(Queryable, Selectable)]
#[diesel(table_name = companies)]
struct Row {
    id: i64,
    name: String,
    psa_id: i64,
    psa_company_id: String,
    sync_contacts: bool,
    update_existing: bool,
    use_email: bool,
    default_site_id: Option<String>,
    default_site_name: Option<String>,
    schedule: Option<String>,
    timezone: String,
    guard_floor: i64,
    guard_percent: i64,
}

impl From<Row> for Company {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name,
            psa_id: row.psa_id,
            psa_company_id: row.psa_company_id.into(),
            sync_contacts: row.sync_contacts,
            update_existing: row.update_existing,
            use_email: row.use_email,
            default_site: named(row.default_site_id, row.default_site_name),
            schedule: row.schedule,
            timezone: row.timezone,
            guard: Guard {
                floor: u32::try_from(row.guard_floor).unwrap_or(u32::MAX),
                percent: u32::try_from(row.guard_percent).unwrap_or(u32::MAX),
            },
            filters: Vec::new(),
            ignored: Vec::new(),
        }
    }
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = companies, treat_none_as_null = true)]
struct Values<'a> {
    name: &'a str,
    psa_id: i64,
    psa_company_id: &'a str,
    sync_contacts: bool,
    update_existing: bool,
    use_email: bool,
    default_site_id: Option<&'a str>,
    default_site_name: Option<&'a str>,
    schedule: Option<&'a str>,
    timezone: &'a str,
    guard_floor: i64,
    guard_percent: i64,
    updated_at: chrono::NaiveDateTime,
}

fn values(company: &Company, now: DateTime<Utc>) -> Values<'_> {
    let site = company.default_site.as_ref();
    Values {
        name: &company.name,
        psa_id: company.psa_id,
        psa_company_id: company.psa_company_id.as_str(),
        sync_contacts: company.sync_contacts,
        update_existing: company.update_existing,
        use_email: company.use_email,
        default_site_id: site.map(|site| site.id.as_str()),
        default_site_name: site.map(|site| site.name.as_str()),
        schedule: company.schedule.as_deref(),
        timezone: &company.timezone,
        guard_floor: company.guard.floor.into(),
        guard_percent: company.guard.percent.into(),
        updated_at: stamp(now),
    }
}

/// All companies that are not removed, by name.
pub fn list(conn: &mut Conn) -> QueryResult<Vec<Company>> {
    let rows = dsl::companies
        .filter(dsl::removed_at.is_null())
        .select(Row::as_select())
        .order(dsl::name)
        .load(conn)?;
    let mut found: Vec<Company> = rows.into_iter().map(Into::into).collect();
    let at: HashMap<i64, usize> = found
        .iter()
        .enumerate()
        .map(|(at, company)| (company.id, at))
        .collect();
    for (company, filter) in filters::all(conn)? {
        if let Some(at) = at.get(&company) {
            found[*at].filters.push(filter);
        }
    }
    for (company, entry) in ignored_users::all(conn)? {
        if let Some(at) = at.get(&company) {
            found[*at].ignored.push(entry);
        }
    }
    Ok(found)
}

/// The company of this row id, unless it is removed.
pub fn get(conn: &mut Conn, id: i64) -> QueryResult<Option<Company>> {
    let row = dsl::companies
        .find(id)
        .filter(dsl::removed_at.is_null())
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(|row| whole(conn, row)).transpose()
}

/// The company of exactly this name, unless it is removed.
pub fn by_name(conn: &mut Conn, name: &str) -> QueryResult<Option<Company>> {
    let row = dsl::companies
        .filter(dsl::removed_at.is_null())
        .filter(dsl::name.eq(name))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(|row| whole(conn, row)).transpose()
}

fn whole(conn: &mut Conn, row: Row) -> QueryResult<Company> {
    let mut company = Company::from(row);
    company.filters = filters::of_company(conn, company.id)?;
    company.ignored = ignored_users::of_company(conn, company.id)?
        .into_iter()
        .map(|(entry, _)| entry)
        .collect();
    Ok(company)
}

/// Adds a company with its filters and ignored users, whatever its `id` says, and gives its row id.
pub fn insert(conn: &mut Conn, company: &Company, now: DateTime<Utc>) -> QueryResult<i64> {
    let id = diesel::insert_into(dsl::companies)
        .values((values(company, now), dsl::created_at.eq(stamp(now))))
        .returning(dsl::id)
        .get_result(conn)?;
    filters::replace(conn, id, &company.filters)?;
    ignored_users::replace(conn, id, &company.ignored)?;
    Ok(id)
}

/// Changes the company of this `id` and replaces its filters and ignored users; whether there is one that is not removed.
///
/// A company that is now another one in the PSA loses its links: they belong to one PSA company (`behaviour.md` section 4).
pub fn update(conn: &mut Conn, company: &Company, now: DateTime<Utc>) -> QueryResult<bool> {
    let Some(version) = version(conn, company.id)? else {
        return Ok(false);
    };
    update_from(conn, company, version, now)
}

/// Like [`update`], where the company is still at this version; else it changes nothing and gives `false`.
pub fn update_from(
    conn: &mut Conn,
    company: &Company,
    version: i64,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    // First of all, so that two who save at once wait for each other on PostgreSQL as well.
    if !step(conn, company.id, version)? {
        return Ok(false);
    }
    let (psa_id, psa_company_id): (i64, String) = dsl::companies
        .find(company.id)
        .select((dsl::psa_id, dsl::psa_company_id))
        .first(conn)?;
    diesel::update(dsl::companies.find(company.id))
        .set(values(company, now))
        .execute(conn)?;
    if psa_id != company.psa_id || psa_company_id != company.psa_company_id.as_str() {
        links::retire_all(conn, company.id, "PSA company changed", now)?;
    }
    filters::replace(conn, company.id, &company.filters)?;
    ignored_users::replace(conn, company.id, &company.ignored)?;
    quarantines::forget_unused(conn)?;
    Ok(true)
}

/// Frees the company's place in the PSA until [`update`] gives it another one in the same transaction, which retires its links;
/// this alone is no version.
pub fn move_away(conn: &mut Conn, id: i64) -> QueryResult<()> {
    diesel::update(dsl::companies.find(id))
        .set(dsl::psa_company_id.eq(format!("moving {id}")))
        .execute(conn)
        .map(drop)
}

/// Counts a change of the company's settings that was made beside it; whether there is the company.
pub fn touch(conn: &mut Conn, id: i64, now: DateTime<Utc>) -> QueryResult<bool> {
    let there = dsl::companies.find(id).filter(dsl::removed_at.is_null());
    let changed = diesel::update(there)
        .set((
            dsl::version.eq(dsl::version + 1),
            dsl::updated_at.eq(stamp(now)),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Makes the next version of the company, where it is still at this one; whether it was.
pub fn step(conn: &mut Conn, id: i64, version: i64) -> QueryResult<bool> {
    let this = dsl::companies
        .find(id)
        .filter(dsl::removed_at.is_null())
        .filter(dsl::version.eq(version));
    let changed = diesel::update(this)
        .set(dsl::version.eq(dsl::version + 1))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Removes the company, where it is still at this version; whether it was. Its row stays, for the history, with its contact
/// sync off; its name and its place in the PSA are free.
pub fn remove(conn: &mut Conn, id: i64, version: i64, now: DateTime<Utc>) -> QueryResult<bool> {
    if !step(conn, id, version)? {
        return Ok(false);
    }
    let changed = diesel::update(dsl::companies.find(id))
        .set((
            dsl::sync_contacts.eq(false),
            dsl::removed_at.eq(stamp(now)),
            dsl::updated_at.eq(stamp(now)),
        ))
        .execute(conn)?;
    quarantines::forget_unused(conn)?;
    Ok(changed == 1)
}

/// Switches the contact sync of a company off.
pub fn stop_sync(conn: &mut Conn, id: i64, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(dsl::companies.find(id))
        .set((dsl::sync_contacts.eq(false), dsl::updated_at.eq(stamp(now))))
        .execute(conn)?;
    quarantines::forget_unused(conn)
}

/// The row ids and names of the companies that are not removed, by name.
pub fn labels(conn: &mut Conn) -> QueryResult<Vec<(i64, String)>> {
    dsl::companies
        .filter(dsl::removed_at.is_null())
        .select((dsl::id, dsl::name))
        .order(dsl::name)
        .load(conn)
}

/// The companies of a PSA connection that are not removed: row id and name, by name.
pub fn of_psa(conn: &mut Conn, psa: i64) -> QueryResult<Vec<(i64, String)>> {
    dsl::companies
        .filter(dsl::removed_at.is_null())
        .filter(dsl::psa_id.eq(psa))
        .select((dsl::id, dsl::name))
        .order(dsl::name)
        .load(conn)
}

/// The row id and name of the company that has this place in the PSA, unless it is removed.
pub fn at_place(
    conn: &mut Conn,
    psa: i64,
    psa_company: &PsaCompanyId,
) -> QueryResult<Option<(i64, String)>> {
    dsl::companies
        .filter(dsl::removed_at.is_null())
        .filter(dsl::psa_id.eq(psa))
        .filter(dsl::psa_company_id.eq(psa_company.as_str()))
        .select((dsl::id, dsl::name))
        .first(conn)
        .optional()
}

/// The same of many places at once.
pub fn at_places(
    conn: &mut Conn,
    places: &[(i64, PsaCompanyId)],
) -> QueryResult<HashMap<(i64, PsaCompanyId), (i64, String)>> {
    let wanted: HashSet<&(i64, PsaCompanyId)> = places.iter().collect();
    let psas: HashSet<i64> = places.iter().map(|place| place.0).collect();
    let ids: HashSet<&str> = places.iter().map(|place| place.1.as_str()).collect();
    let rows: Vec<(i64, String, i64, String)> = dsl::companies
        .filter(dsl::removed_at.is_null())
        .filter(dsl::psa_id.eq_any(psas))
        .filter(dsl::psa_company_id.eq_any(ids))
        .select((dsl::psa_id, dsl::psa_company_id, dsl::id, dsl::name))
        .load(conn)?;
    let taken = rows
        .into_iter()
        .map(|(psa, at, id, name)| ((psa, at.into()), (id, name)));
    // The same id in another of these PSAs is another company.
    Ok(taken.filter(|(place, _)| wanted.contains(place)).collect())
}

/// How often the company's settings or filters were changed, from 1 on: who saves what they saw at another version would
/// undo somebody else's work. `None` where there is no such company.
pub fn version(conn: &mut Conn, id: i64) -> QueryResult<Option<i64>> {
    dsl::companies
        .find(id)
        .filter(dsl::removed_at.is_null())
        .select(dsl::version)
        .first(conn)
        .optional()
}

/// The names of all companies by row id, of those that are removed too: the history knows them.
pub fn names(conn: &mut Conn) -> QueryResult<HashMap<i64, String>> {
    let found: Vec<(i64, String)> = dsl::companies.select((dsl::id, dsl::name)).load(conn)?;
    Ok(found.into_iter().collect())
}

/// The IANA time zone of every company, removed ones too, by row id.
pub fn zones(conn: &mut Conn) -> QueryResult<HashMap<i64, String>> {
    let found: Vec<(i64, String)> = dsl::companies.select((dsl::id, dsl::timezone)).load(conn)?;
    Ok(found.into_iter().collect())
}

/// A company's timetable, and for which due moment its daily run was asked for last.
pub struct Scheduled {
    /// Row id.
    pub id: i64,
    /// Local time of the daily run, `HH:MM`; `None`: spread over the night.
    pub schedule: Option<String>,
    /// IANA zone of the schedule.
    pub timezone: String,
    /// The due moment; `None`: the schedule has not seen the company yet.
    pub scheduled_for: Option<DateTime<Utc>>,
}

/// The timetables of the companies whose contacts are synced.
pub fn scheduled(conn: &mut Conn) -> QueryResult<Vec<Scheduled>> {
    let rows: Vec<(i64, Option<String>, String, Option<chrono::NaiveDateTime>)> = dsl::companies
        .filter(dsl::removed_at.is_null().and(dsl::sync_contacts))
        .select((dsl::id, dsl::schedule, dsl::timezone, dsl::scheduled_for))
        .load(conn)?;
    let scheduled =
        |(id, schedule, timezone, last): (i64, _, _, Option<chrono::NaiveDateTime>)| Scheduled {
            id,
            schedule,
            timezone,
            scheduled_for: last.map(|last| last.and_utc()),
        };
    Ok(rows.into_iter().map(scheduled).collect())
}

/// Forgets the due moments after this one, as if these companies were seen for the first time.
pub fn forget_days(conn: &mut Conn, after: DateTime<Utc>) -> QueryResult<usize> {
    diesel::update(dsl::companies.filter(dsl::scheduled_for.gt(stamp(after))))
        .set(dsl::scheduled_for.eq(None::<chrono::NaiveDateTime>))
        .execute(conn)
}

/// Makes up for no daily run that was due before `now`.
pub fn skip_days(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<usize> {
    diesel::update(dsl::companies.filter(dsl::scheduled_for.lt(stamp(now))))
        .set(dsl::scheduled_for.eq(stamp(now)))
        .execute(conn)
}

/// Notes that the daily run of this due moment is asked for; `false`: it has been already, or a later one.
pub fn take_day(conn: &mut Conn, id: i64, due: DateTime<Utc>) -> QueryResult<bool> {
    let this = dsl::companies.find(id).filter(
        dsl::scheduled_for
            .is_null()
            .or(dsl::scheduled_for.lt(stamp(due))),
    );
    let changed = diesel::update(this)
        .set(dsl::scheduled_for.eq(stamp(due)))
        .execute(conn)?;
    Ok(changed == 1)
}
