//! The journal: one row for each request that writes to a PSA, written down before it leaves (`behaviour.md` section 9).

use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::changes::AppliedField;
use super::schema::{changes, writes};
use super::types::{Json, Word, json, stamp};
use super::{Conn, runs};
use crate::model::{Action, Contact, ContactId, Outcome, UserId};

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteState {
    /// It may have left; nobody knows what came of it.
    Sent,
    /// The PSA did it.
    Applied,
    /// The PSA refused it.
    Refused,
    /// It did not happen.
    Void,
    /// Several things may be its effect: a person decides.
    Conflict,
}

impl WriteState {
    /// The word stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Applied => "applied",
            Self::Refused => "refused",
            Self::Void => "void",
            Self::Conflict => "conflict",
        }
    }
}

/// The states of a request of which nobody knows what came of it. A conflict stays open until a technician's link, or what the
/// PSA has by then, settles it.
const OPEN: [&str; 2] = [WriteState::Sent.as_str(), WriteState::Conflict.as_str()];

/// A request that is about to leave.
#[derive(Clone, Debug)]
pub struct NewWrite<'a> {
    /// The line of the history that it belongs to.
    pub change_id: i64,
    /// The run.
    pub run_id: &'a str,
    /// The company's row id.
    pub company_id: i64,
    /// Its place among the line's requests.
    pub seq: i64,
    /// The request, as the PSA's client words it.
    pub step: &'a Value,
    /// When it leaves.
    pub sent_at: DateTime<Utc>,
}

/// A request and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct WriteRecord {
    /// Row id.
    pub id: i64,
    /// The line of the history that it belongs to.
    pub change_id: i64,
    /// Its place among the line's requests.
    pub seq: i64,
    /// The request.
    pub step: Value,
    /// What became of it.
    pub state: WriteState,
    /// When it left.
    pub sent_at: DateTime<Utc>,
    /// When its end was known.
    pub settled_at: Option<DateTime<Utc>>,
    /// The PSA's refusal.
    pub error: Option<String>,
}

/// A request of which nobody knows what came of it, with what is needed to find out.
#[derive(Clone, PartialEq)]
pub struct LeftSent {
    /// Row id.
    pub write_id: i64,
    /// The line of the history that it belongs to.
    pub change_id: i64,
    /// The run.
    pub run_id: String,
    /// Its place among the line's requests.
    pub seq: i64,
    /// The user.
    pub user_id: UserId,
    /// The user's principal name.
    pub upn: String,
    /// The user's name as displayed.
    pub name: String,
    /// The contact; `None` for one that was to be made.
    pub contact_id: Option<ContactId>,
    /// What was done.
    pub action: Action,
    /// What came of the line so far.
    pub outcome: Outcome,
    /// Why it failed so far.
    pub error: Option<String>,
    /// The line's fields.
    pub fields: Vec<AppliedField>,
    /// The contact as it was read.
    pub before: Option<Contact>,
    /// The request.
    pub step: Value,
    /// When it left.
    pub sent_at: DateTime<Utc>,
    /// The contacts in the reading that the run planned from.
    pub known_contacts: Option<Vec<ContactId>>,
}

crate::model::debug_by!(LeftSent, write_id, change_id, user_id, contact_id, action);

#[derive(Queryable, Selectable)]
#[diesel(table_name = writes)]
struct Row {
    id: i64,
    change_id: i64,
    run_id: String,
    seq: i64,
    step: Json<Value>,
    state: Word<WriteState>,
    sent_at: NaiveDateTime,
    settled_at: Option<NaiveDateTime>,
    error: Option<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = changes)]
struct Line {
    user_id: String,
    upn: String,
    name: String,
    contact_id: Option<String>,
    action: Word<Action>,
    outcome: Word<Outcome>,
    error: Option<String>,
    fields: Json<Vec<AppliedField>>,
    before: Option<Json<Contact>>,
}

/// Writes a request down as sent, before it leaves, and gives its row id.
pub fn insert_sent(conn: &mut Conn, write: &NewWrite<'_>) -> QueryResult<i64> {
    diesel::insert_into(writes::table)
        .values((
            writes::change_id.eq(write.change_id),
            writes::run_id.eq(write.run_id),
            writes::company_id.eq(write.company_id),
            writes::seq.eq(write.seq),
            writes::step.eq(json(write.step)?),
            writes::state.eq(WriteState::Sent.as_str()),
            writes::sent_at.eq(stamp(write.sent_at)),
        ))
        .returning(writes::id)
        .get_result(conn)
}

/// Writes down what became of a request; `false` where that is known already, and then nothing changes.
pub fn settle(
    conn: &mut Conn,
    id: i64,
    state: WriteState,
    error: Option<&str>,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let open = writes::table.filter(writes::id.eq(id).and(writes::state.eq_any(OPEN)));
    let changed = diesel::update(open)
        .set((
            writes::state.eq(state.as_str()),
            writes::settled_at.eq(stamp(now)),
            writes::error.eq(error),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Gives up to find out what became of a company's requests.
pub fn void_sent(conn: &mut Conn, company: i64, now: DateTime<Utc>) -> QueryResult<()> {
    let of_company = writes::company_id.eq(company);
    let open = writes::table.filter(of_company.and(writes::state.eq_any(OPEN)));
    diesel::update(open)
        .set((
            writes::state.eq(WriteState::Void.as_str()),
            writes::settled_at.eq(stamp(now)),
        ))
        .execute(conn)?;
    Ok(())
}

/// A company's requests of which nobody knows what came of them, conflicts among them, in the order sent.
pub fn left_sent(conn: &mut Conn, company: i64) -> QueryResult<Vec<LeftSent>> {
    let rows: Vec<(Row, Line)> = writes::table
        .inner_join(changes::table)
        .filter(
            writes::company_id
                .eq(company)
                .and(writes::state.eq_any(OPEN)),
        )
        .select((Row::as_select(), Line::as_select()))
        .order(writes::id)
        .load(conn)?;
    let mut known: HashMap<String, Option<Vec<ContactId>>> = HashMap::new();
    for (row, _) in &rows {
        if !known.contains_key(&row.run_id) {
            known.insert(row.run_id.clone(), runs::known_contacts(conn, &row.run_id)?);
        }
    }
    Ok(rows
        .into_iter()
        .map(|(row, line)| LeftSent {
            write_id: row.id,
            change_id: row.change_id,
            known_contacts: known.get(&row.run_id).cloned().flatten(),
            run_id: row.run_id,
            seq: row.seq,
            user_id: line.user_id.into(),
            upn: line.upn,
            name: line.name,
            contact_id: line.contact_id.map(Into::into),
            action: line.action.0,
            outcome: line.outcome.0,
            error: line.error,
            fields: line.fields.0,
            before: line.before.map(|before| before.0),
            step: row.step.0,
            sent_at: row.sent_at.and_utc(),
        })
        .collect())
}

/// A run's requests in the order sent.
pub fn of_run(conn: &mut Conn, run: &str) -> QueryResult<Vec<WriteRecord>> {
    let rows = writes::table
        .filter(writes::run_id.eq(run))
        .select(Row::as_select())
        .order(writes::id)
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|row| WriteRecord {
            id: row.id,
            change_id: row.change_id,
            seq: row.seq,
            step: row.step.0,
            state: row.state.0,
            sent_at: row.sent_at.and_utc(),
            settled_at: row.settled_at.map(|at| at.and_utc()),
            error: row.error,
        })
        .collect())
}
