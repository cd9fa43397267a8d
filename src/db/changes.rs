//! What runs did for each person: the history, with what stood there before.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::Conn;
use super::schema::changes::{self, dsl};
use super::types::{AT_ONCE, Json, Word, json, stamp};
use crate::model::{Action, Contact, ContactId, Field, FieldValue, Outcome, UserId};

/// One field of a change, and whether it went through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedField {
    /// The field.
    pub field: Field,
    /// What the contact had.
    pub from: FieldValue,
    /// What it was to have.
    pub to: FieldValue,
    /// Whether the PSA took it.
    pub applied: bool,
}

/// The fields that went through.
pub(super) fn through(fields: Vec<AppliedField>) -> Vec<Field> {
    let through = fields.into_iter().filter(|field| field.applied);
    through.map(|field| field.field).collect()
}

/// One person's line of a run, to be written down.
#[derive(Clone, PartialEq)]
pub struct NewChange {
    /// The run.
    pub run_id: String,
    /// The company's row id.
    pub company_id: i64,
    /// The user.
    pub user_id: UserId,
    /// The user's principal name.
    pub upn: String,
    /// The user's name as displayed.
    pub name: String,
    /// The contact; `None` where there is none, or not yet.
    pub contact_id: Option<ContactId>,
    /// What is done.
    pub action: Action,
    /// Why, in words.
    pub reason: String,
    /// The filter that took the user.
    pub filter: Option<String>,
    /// The site's name.
    pub site: Option<String>,
    /// The fields that differ.
    pub fields: Vec<AppliedField>,
    /// The contact as it was read.
    pub before: Option<Contact>,
    /// What came of it so far.
    pub outcome: Outcome,
    /// Why it failed.
    pub error: Option<String>,
    /// When it was written down.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

crate::model::debug_by!(NewChange, run_id, user_id, contact_id, action, outcome);

/// One person's line of a run, as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeRecord {
    /// Row id.
    pub id: i64,
    /// The line.
    pub change: NewChange,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = changes)]
struct Row {
    id: i64,
    run_id: String,
    company_id: i64,
    user_id: String,
    upn: String,
    name: String,
    contact_id: Option<String>,
    action: Word<Action>,
    reason: String,
    filter: Option<String>,
    site: Option<String>,
    fields: Json<Vec<AppliedField>>,
    before: Option<Json<Contact>>,
    outcome: Word<Outcome>,
    error: Option<String>,
    created_at: NaiveDateTime,
    finished_at: Option<NaiveDateTime>,
}

impl From<Row> for ChangeRecord {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            change: NewChange {
                run_id: row.run_id,
                company_id: row.company_id,
                user_id: row.user_id.into(),
                upn: row.upn,
                name: row.name,
                contact_id: row.contact_id.map(Into::into),
                action: row.action.0,
                reason: row.reason,
                filter: row.filter,
                site: row.site,
                fields: row.fields.0,
                before: row.before.map(|before| before.0),
                outcome: row.outcome.0,
                error: row.error,
                created_at: row.created_at.and_utc(),
                finished_at: row.finished_at.map(|at| at.and_utc()),
            },
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = changes, treat_none_as_default_value = false)]
struct Values<'a> {
    run_id: &'a str,
    company_id: i64,
    user_id: &'a str,
    upn: &'a str,
    name: &'a str,
    contact_id: Option<&'a str>,
    action: &'static str,
    reason: &'a str,
    filter: Option<&'a str>,
    site: Option<&'a str>,
    fields: String,
    before: Option<String>,
    outcome: &'static str,
    error: Option<&'a str>,
    created_at: NaiveDateTime,
    finished_at: Option<NaiveDateTime>,
}

fn values(change: &NewChange) -> QueryResult<Values<'_>> {
    Ok(Values {
        run_id: &change.run_id,
        company_id: change.company_id,
        user_id: change.user_id.as_str(),
        upn: &change.upn,
        name: &change.name,
        contact_id: change.contact_id.as_ref().map(ContactId::as_str),
        action: change.action.as_str(),
        reason: &change.reason,
        filter: change.filter.as_deref(),
        site: change.site.as_deref(),
        fields: json(&change.fields)?,
        before: change.before.as_ref().map(json).transpose()?,
        outcome: change.outcome.as_str(),
        error: change.error.as_deref(),
        created_at: stamp(change.created_at),
        finished_at: change.finished_at.map(stamp),
    })
}

/// Writes one line down and gives its row id.
pub fn insert(conn: &mut Conn, change: &NewChange) -> QueryResult<i64> {
    diesel::insert_into(dsl::changes)
        .values(values(change)?)
        .returning(dsl::id)
        .get_result(conn)
}

/// Writes many lines down at once.
pub fn insert_many(conn: &mut Conn, changes: &[NewChange]) -> QueryResult<()> {
    for some in changes.chunks(AT_ONCE) {
        let rows = some.iter().map(values).collect::<QueryResult<Vec<_>>>()?;
        // `each!`: a batch.
        each!(conn => diesel::insert_into(dsl::changes).values(rows).execute(conn))?;
    }
    Ok(())
}

/// Writes down what came of a line; `None` as the contact leaves the contact as it is. Whether there is the line.
pub fn finish(
    conn: &mut Conn,
    id: i64,
    outcome: Outcome,
    fields: &[AppliedField],
    contact: Option<&ContactId>,
    error: Option<&str>,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let changed = diesel::update(dsl::changes.find(id))
        .set((
            dsl::outcome.eq(outcome.as_str()),
            dsl::fields.eq(json(fields)?),
            contact.map(|contact| dsl::contact_id.eq(contact.as_str())),
            dsl::error.eq(error),
            dsl::finished_at.eq(stamp(now)),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Writes down which fields of a line went through so far. Whether there is the line.
pub fn set_fields(conn: &mut Conn, id: i64, fields: &[AppliedField]) -> QueryResult<bool> {
    let changed = diesel::update(dsl::changes.find(id))
        .set(dsl::fields.eq(json(fields)?))
        .execute(conn)?;
    Ok(changed == 1)
}

/// A run's lines in the order written.
pub fn of_run(conn: &mut Conn, run: &str) -> QueryResult<Vec<ChangeRecord>> {
    let rows = dsl::changes
        .filter(dsl::run_id.eq(run))
        .select(Row::as_select())
        .order(dsl::id)
        .load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// What a line did to its contact.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The contact.
    pub contact_id: ContactId,
    /// What was done.
    pub action: Action,
    /// The fields that differed.
    pub fields: Vec<AppliedField>,
}

/// What a run did to contacts, in the order written down.
pub fn written_by(conn: &mut Conn, run: &str) -> QueryResult<Vec<Written>> {
    type Row = (Option<String>, Word<Action>, Json<Vec<AppliedField>>);
    let rows: Vec<Row> = dsl::changes
        .filter(dsl::run_id.eq(run).and(dsl::contact_id.is_not_null()))
        .select((dsl::contact_id, dsl::action, dsl::fields))
        .order(dsl::id)
        .load(conn)?;
    let written = |(contact, action, fields): Row| {
        Some(Written {
            contact_id: contact?.into(),
            action: action.0,
            fields: fields.0,
        })
    };
    Ok(rows.into_iter().filter_map(written).collect())
}

/// One person's line of a run in short: enough to find and to count it.
#[derive(Clone, PartialEq, Eq)]
pub struct Short {
    /// Row id.
    pub id: i64,
    /// The run.
    pub run_id: String,
    /// The user's principal name.
    pub upn: String,
    /// The user's name as displayed.
    pub name: String,
    /// What is done.
    pub action: Action,
    /// What came of it so far.
    pub outcome: Outcome,
}

crate::model::debug_by!(Short, id, run_id, action, outcome);

/// The lines of these runs in short, in the order written.
pub fn short_of_runs(conn: &mut Conn, all: &[String]) -> QueryResult<Vec<Short>> {
    type Row = (i64, String, String, String, Word<Action>, Word<Outcome>);
    let mut found = Vec::new();
    for some in all.chunks(AT_ONCE) {
        let rows: Vec<Row> = dsl::changes
            .filter(dsl::run_id.eq_any(some))
            .select((
                dsl::id,
                dsl::run_id,
                dsl::upn,
                dsl::name,
                dsl::action,
                dsl::outcome,
            ))
            .order(dsl::id)
            .load(conn)?;
        let short = |(id, run_id, upn, name, action, outcome): Row| Short {
            id,
            run_id,
            upn,
            name,
            action: action.0,
            outcome: outcome.0,
        };
        found.extend(rows.into_iter().map(short));
    }
    Ok(found)
}

/// The users for whom what these runs were to do failed, run by run.
pub fn failed_in(conn: &mut Conn, runs: &[String]) -> QueryResult<Vec<(String, UserId)>> {
    let rows: Vec<(String, String)> = dsl::changes
        .filter(dsl::run_id.eq_any(runs))
        .filter(dsl::outcome.eq(Outcome::Failed.as_str()))
        .select((dsl::run_id, dsl::user_id))
        .order(dsl::id)
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(run, user)| (run, user.into()))
        .collect())
}

/// The lines of these row ids, in the order written.
pub fn by_ids(conn: &mut Conn, ids: &[i64]) -> QueryResult<Vec<ChangeRecord>> {
    let mut found = Vec::new();
    for some in ids.chunks(AT_ONCE) {
        let rows = dsl::changes
            .filter(dsl::id.eq_any(some))
            .select(Row::as_select())
            .order(dsl::id)
            .load(conn)?;
        found.extend(rows.into_iter().map(ChangeRecord::from));
    }
    Ok(found)
}

/// What was done for a user of a company, newest first.
pub fn of_user(conn: &mut Conn, company: i64, user: &UserId) -> QueryResult<Vec<ChangeRecord>> {
    let rows = dsl::changes
        .filter(
            dsl::company_id
                .eq(company)
                .and(dsl::user_id.eq(user.as_str())),
        )
        .select(Row::as_select())
        .order(dsl::id.desc())
        .load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}
