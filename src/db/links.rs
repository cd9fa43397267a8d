//! Links between users and contacts. A link is retired, never deleted: the history keeps it.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::Conn;
use super::schema::links::{self, dsl};
use super::types::{AT_ONCE, Word, json, stamp};
use super::writes;
use crate::model::{ContactId, Link, LinkMade, PsaCompanyId, TenantId, UserId};

#[derive(Queryable, Selectable)]
#[diesel(table_name = links)]
struct Row {
    id: i64,
    user_id: String,
    upn: String,
    contact_id: String,
    made: Word<LinkMade>,
    user_deleted: bool,
}

impl From<Row> for Link {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id.into(),
            upn: row.upn,
            contact_id: row.contact_id.into(),
            made: row.made.0,
            user_deleted: row.user_deleted,
        }
    }
}

/// A link that is made.
#[derive(Clone, Debug)]
pub struct NewLink<'a> {
    /// The company's row id.
    pub company_id: i64,
    /// The company's tenant.
    pub tenant_id: &'a TenantId,
    /// The company's id in the PSA.
    pub psa_company_id: &'a PsaCompanyId,
    /// The user.
    pub user_id: &'a UserId,
    /// The user's principal name.
    pub upn: &'a str,
    /// The contact.
    pub contact_id: &'a ContactId,
    /// How it is made.
    pub made: LinkMade,
    /// The run that makes it; `None`: a technician outside a run.
    pub made_run: Option<&'a str>,
    /// When it is made.
    pub made_at: DateTime<Utc>,
}

/// A company's links that belong to this tenant and this PSA company and are not retired, oldest first.
pub fn in_force(
    conn: &mut Conn,
    company: i64,
    tenant: &TenantId,
    psa_company: &PsaCompanyId,
) -> QueryResult<Vec<Link>> {
    let rows = dsl::links
        .filter(
            dsl::company_id
                .eq(company)
                .and(dsl::tenant_id.eq(tenant.as_str()))
                .and(dsl::psa_company_id.eq(psa_company.as_str()))
                .and(dsl::retired_at.is_null()),
        )
        .select(Row::as_select())
        .order(dsl::id)
        .load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// A link as the history shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastLink {
    /// The contact.
    pub contact_id: ContactId,
    /// How it was made.
    pub made: LinkMade,
    /// The run that made it.
    pub made_run: Option<String>,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// When it was retired; `None`: it is in force.
    pub retired_at: Option<DateTime<Utc>>,
    /// Why it was retired.
    pub retired_why: Option<String>,
}

/// Every link that a user of a company ever had, newest first.
pub fn of_user(conn: &mut Conn, company: i64, user: &UserId) -> QueryResult<Vec<PastLink>> {
    type Past = (
        String,
        Word<LinkMade>,
        Option<String>,
        NaiveDateTime,
        Option<NaiveDateTime>,
        Option<String>,
    );
    let rows: Vec<Past> = dsl::links
        .filter(dsl::company_id.eq(company))
        .filter(dsl::user_id.eq(user.as_str()))
        .select((
            dsl::contact_id,
            dsl::made,
            dsl::made_run,
            dsl::made_at,
            dsl::retired_at,
            dsl::retired_why,
        ))
        .order(dsl::id.desc())
        .load(conn)?;
    let past = |(contact, made, made_run, made_at, retired_at, retired_why): Past| PastLink {
        contact_id: contact.into(),
        made: made.0,
        made_run,
        made_at: made_at.and_utc(),
        retired_at: retired_at.map(|at| at.and_utc()),
        retired_why,
    };
    Ok(rows.into_iter().map(past).collect())
}

/// Makes a link and gives its row id. Fails where the user or the contact has a link already that is not retired.
pub fn insert(conn: &mut Conn, link: &NewLink<'_>) -> QueryResult<i64> {
    diesel::insert_into(dsl::links)
        .values((
            dsl::company_id.eq(link.company_id),
            dsl::tenant_id.eq(link.tenant_id.as_str()),
            dsl::psa_company_id.eq(link.psa_company_id.as_str()),
            dsl::user_id.eq(link.user_id.as_str()),
            dsl::upn.eq(link.upn),
            dsl::contact_id.eq(link.contact_id.as_str()),
            dsl::made.eq(link.made.as_str()),
            dsl::made_run.eq(link.made_run),
            dsl::made_at.eq(stamp(link.made_at)),
            dsl::user_deleted.eq(false),
        ))
        .returning(dsl::id)
        .get_result(conn)
}

/// Retires links, with the reason that the history shows. Those retired before stay as they are.
pub fn retire(conn: &mut Conn, ids: &[i64], why: &str, now: DateTime<Utc>) -> QueryResult<()> {
    for ids in ids.chunks(AT_ONCE) {
        let these = dsl::links.filter(dsl::id.eq_any(ids).and(dsl::retired_at.is_null()));
        diesel::update(these)
            .set((dsl::retired_at.eq(stamp(now)), dsl::retired_why.eq(why)))
            .execute(conn)?;
    }
    Ok(())
}

/// Retires all links of a company and gives their number. What a run left *sent* went to the same tenant and PSA company: it
/// is not looked for among other people.
pub fn retire_all(
    conn: &mut Conn,
    company: i64,
    why: &str,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    writes::void_sent(conn, company, now)?;
    let these = dsl::links.filter(dsl::company_id.eq(company).and(dsl::retired_at.is_null()));
    diesel::update(these)
        .set((dsl::retired_at.eq(stamp(now)), dsl::retired_why.eq(why)))
        .execute(conn)
}

/// Remembers what was last written to the contact of a user, with the link that is in force.
pub fn set_written(
    conn: &mut Conn,
    company: i64,
    user: &UserId,
    written: &serde_json::Value,
) -> QueryResult<()> {
    let these = dsl::links
        .filter(dsl::company_id.eq(company))
        .filter(dsl::user_id.eq(user.as_str()))
        .filter(dsl::retired_at.is_null());
    diesel::update(these)
        .set(dsl::written.eq(json(written)?))
        .execute(conn)
        .map(drop)
}

/// Retires links in force that belong to another tenant or PSA company than the company's present ones: a run that was under
/// way while the settings changed may have made some.
pub fn retire_others(
    conn: &mut Conn,
    company: i64,
    tenant: &TenantId,
    psa_company: &PsaCompanyId,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    let others = dsl::links
        .filter(dsl::company_id.eq(company))
        .filter(dsl::retired_at.is_null())
        .filter(
            dsl::tenant_id
                .ne(tenant.as_str())
                .or(dsl::psa_company_id.ne(psa_company.as_str())),
        );
    diesel::update(others)
        .set((
            dsl::retired_at.eq(stamp(now)),
            dsl::retired_why.eq("another tenant or PSA company"),
        ))
        .execute(conn)
}

/// Remembers whether the users of these links were found deleted.
pub fn set_deleted(conn: &mut Conn, ids: &[i64], deleted: bool) -> QueryResult<()> {
    for ids in ids.chunks(AT_ONCE) {
        diesel::update(dsl::links.filter(dsl::id.eq_any(ids)))
            .set(dsl::user_deleted.eq(deleted))
            .execute(conn)?;
    }
    Ok(())
}

/// Remembers the user's principal name as seen now.
pub fn set_upn(conn: &mut Conn, id: i64, upn: &str) -> QueryResult<()> {
    diesel::update(dsl::links.find(id))
        .set(dsl::upn.eq(upn))
        .execute(conn)
        .map(drop)
}

/// How many links of a company are not retired, whatever tenant and PSA company they belong to.
pub fn count(conn: &mut Conn, company: i64) -> QueryResult<i64> {
    dsl::links
        .filter(dsl::company_id.eq(company).and(dsl::retired_at.is_null()))
        .count()
        .get_result(conn)
}

/// Of a company's links in force, the row ids of those that were there when a run ended, or that it made.
pub fn there_after(
    conn: &mut Conn,
    company: i64,
    run: &str,
    ended_at: DateTime<Utc>,
) -> QueryResult<Vec<i64>> {
    let then = dsl::made_at.le(stamp(ended_at));
    dsl::links
        .filter(dsl::company_id.eq(company).and(dsl::retired_at.is_null()))
        .filter(then.or(dsl::made_run.eq(run).assume_not_null()))
        .select(dsl::id)
        .load(conn)
}

/// Why a single link is retired; for every other reason all links of a company are.
const SINGLE: [&str; 4] = [
    "contact gone",
    "taken over",
    "linked by hand",
    "unlinked by hand",
];

/// Whether all links of a company were retired after this moment, because it was connected elsewhere.
pub fn retired_together(conn: &mut Conn, company: i64, since: DateTime<Utc>) -> QueryResult<bool> {
    let since = dsl::retired_at.gt(stamp(since)).assume_not_null();
    let together = dsl::retired_why.ne_all(SINGLE).assume_not_null();
    let found = dsl::links.filter(dsl::company_id.eq(company).and(since).and(together));
    diesel::select(diesel::dsl::exists(found)).get_result(conn)
}
