//! Mails and calls that are to leave, and what became of them. Written in the transaction of what they tell of; knows nothing
//! of how they are sent.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::Conn;
use super::schema::deliveries::{self, dsl};
use super::types::stamp;

/// Something that is to leave.
#[derive(Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// `mail` or `webhook`.
    pub way: &'static str,
    /// What it tells of, a word.
    pub kind: &'static str,
    /// The address of a mail; empty for the webhook.
    pub recipient: String,
    /// Stays the same from try to try.
    pub message_id: String,
    /// The subject of a mail, the title of a call.
    pub subject: String,
    /// The text of a mail, or the JSON of a call.
    pub body: String,
    /// The same in HTML; empty for the webhook.
    pub html: String,
}

crate::model::debug_by!(NewDelivery, way, kind, message_id);

/// Something that is to leave or has left.
#[derive(Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Row id.
    pub id: i64,
    /// `mail` or `webhook`.
    pub way: String,
    /// What it tells of, a word.
    pub kind: String,
    /// The address of a mail; empty for the webhook.
    pub recipient: String,
    /// Stays the same from try to try.
    pub message_id: String,
    /// The subject of a mail, the title of a call.
    pub subject: String,
    /// The text of a mail, or the JSON of a call.
    pub body: String,
    /// The same in HTML.
    pub html: String,
    /// `waiting`, `sent` or `failed`.
    pub state: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next.
    pub next_at: DateTime<Utc>,
    /// Why it did not go through the last time.
    pub error: Option<String>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it was sent or given up.
    pub done_at: Option<DateTime<Utc>>,
}

crate::model::debug_by!(Delivery, id, way, kind, state, attempts);

#[derive(Queryable, Selectable)]
#[diesel(table_name = deliveries)]
struct Row {
    id: i64,
    way: String,
    kind: String,
    recipient: String,
    message_id: String,
    subject: String,
    body: String,
    html: String,
    state: String,
    attempts: i64,
    next_at: NaiveDateTime,
    error: Option<String>,
    created_at: NaiveDateTime,
    done_at: Option<NaiveDateTime>,
}

impl From<Row> for Delivery {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            way: row.way,
            kind: row.kind,
            recipient: row.recipient,
            message_id: row.message_id,
            subject: row.subject,
            body: row.body,
            html: row.html,
            state: row.state,
            attempts: row.attempts,
            next_at: row.next_at.and_utc(),
            error: row.error,
            created_at: row.created_at.and_utc(),
            done_at: row.done_at.map(|at| at.and_utc()),
        }
    }
}

/// Keeps what is to leave.
pub fn put(conn: &mut Conn, new: &NewDelivery, now: DateTime<Utc>) -> QueryResult<i64> {
    diesel::insert_into(dsl::deliveries)
        .values((
            dsl::way.eq(new.way),
            dsl::kind.eq(new.kind),
            dsl::recipient.eq(&new.recipient),
            dsl::message_id.eq(&new.message_id),
            dsl::subject.eq(&new.subject),
            dsl::body.eq(&new.body),
            dsl::html.eq(&new.html),
            dsl::state.eq("waiting"),
            dsl::attempts.eq(0_i64),
            dsl::next_at.eq(stamp(now)),
            dsl::created_at.eq(stamp(now)),
        ))
        .returning(dsl::id)
        .get_result(conn)
}

/// Those that are due by this way, the longest first.
pub fn due(
    conn: &mut Conn,
    way: &str,
    now: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<Delivery>> {
    let waiting = dsl::state.eq("waiting").and(dsl::way.eq(way));
    let rows = dsl::deliveries
        .filter(waiting.and(dsl::next_at.le(stamp(now))))
        .select(Row::as_select())
        .order((dsl::next_at, dsl::id))
        .limit(limit)
        .load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The last ones, newest first.
pub fn list(conn: &mut Conn, limit: i64) -> QueryResult<Vec<Delivery>> {
    let rows = dsl::deliveries
        .select(Row::as_select())
        .order(dsl::id.desc())
        .limit(limit)
        .load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The last one of this kind by this way.
pub fn last_of(conn: &mut Conn, (kind, way): (&str, &str)) -> QueryResult<Option<Delivery>> {
    let row: Option<Row> = dsl::deliveries
        .filter(dsl::kind.eq(kind).and(dsl::way.eq(way)))
        .select(Row::as_select())
        .order(dsl::id.desc())
        .first(conn)
        .optional()?;
    Ok(row.map(Into::into))
}

/// It has left.
pub fn sent(conn: &mut Conn, id: i64, now: DateTime<Utc>) -> QueryResult<bool> {
    let changed = diesel::update(dsl::deliveries.find(id).filter(dsl::state.eq("waiting")))
        .set((
            dsl::state.eq("sent"),
            dsl::attempts.eq(dsl::attempts + 1),
            dsl::error.eq(None::<String>),
            dsl::done_at.eq(stamp(now)),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// It did not go through: it is tried again at `next`, or given up where there is none.
pub fn not_sent(
    conn: &mut Conn,
    id: i64,
    why: &str,
    next: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let state = if next.is_some() { "waiting" } else { "failed" };
    let done = next.is_none().then(|| stamp(now));
    let changed = diesel::update(dsl::deliveries.find(id).filter(dsl::state.eq("waiting")))
        .set((
            dsl::state.eq(state),
            dsl::attempts.eq(dsl::attempts + 1),
            dsl::error.eq(why),
            dsl::next_at.eq(stamp(next.unwrap_or(now))),
            dsl::done_at.eq(done),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Gives up those that wait, and why: by one way or by any, written before a time or ever; how many.
pub fn give_up(
    conn: &mut Conn,
    (way, why): (Option<&str>, &str),
    before: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    let (any_way, ever) = (way.is_none(), before.is_none());
    let by = dsl::way.eq(way.unwrap_or_default());
    let written = dsl::created_at.lt(stamp(before.unwrap_or(now)));
    let waiting = dsl::deliveries
        .filter(dsl::state.eq("waiting"))
        .filter(by.or(any_way.into_sql::<Bool>()))
        .filter(written.or(ever.into_sql::<Bool>()));
    diesel::update(waiting)
        .set((
            dsl::state.eq("failed"),
            dsl::error.eq(why),
            dsl::done_at.eq(stamp(now)),
        ))
        .execute(conn)
}

/// Drops those that wait for a way that nobody uses any more; how many.
pub fn drop_waiting(conn: &mut Conn, way: &str) -> QueryResult<usize> {
    let waiting = dsl::state.eq("waiting").and(dsl::way.eq(way));
    diesel::delete(dsl::deliveries.filter(waiting)).execute(conn)
}

/// Puts off those that are due by a way, since it is closed, and why; none of them was tried. How many.
pub fn put_off(
    conn: &mut Conn,
    (way, why): (&str, &str),
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    let waiting = dsl::state.eq("waiting").and(dsl::way.eq(way));
    let due = dsl::deliveries.filter(waiting.and(dsl::next_at.le(stamp(now))));
    diesel::update(due)
        .set((dsl::next_at.eq(stamp(until)), dsl::error.eq(why)))
        .execute(conn)
}

/// Lets those that wait on this way be tried at once, since a person changed it; how many.
pub fn try_now(conn: &mut Conn, way: &str, now: DateTime<Utc>) -> QueryResult<usize> {
    let waiting = dsl::deliveries.filter(dsl::state.eq("waiting").and(dsl::way.eq(way)));
    diesel::update(waiting)
        .set(dsl::next_at.eq(stamp(now)))
        .execute(conn)
}

/// Tries one that was given up once more; whether there was one.
pub fn again(conn: &mut Conn, id: i64, now: DateTime<Utc>) -> QueryResult<bool> {
    let failed = dsl::deliveries.find(id).filter(dsl::state.eq("failed"));
    let changed = diesel::update(failed)
        .set((
            dsl::state.eq("waiting"),
            dsl::next_at.eq(stamp(now)),
            dsl::created_at.eq(stamp(now)),
            dsl::done_at.eq(None::<NaiveDateTime>),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// How many were given up.
pub fn failed(conn: &mut Conn) -> QueryResult<i64> {
    dsl::deliveries
        .filter(dsl::state.eq("failed"))
        .count()
        .get_result(conn)
}

/// Whether some were done before then.
pub fn any_before(conn: &mut Conn, before: DateTime<Utc>) -> QueryResult<bool> {
    let old = dsl::deliveries.filter(dsl::done_at.lt(stamp(before)));
    diesel::select(diesel::dsl::exists(old)).get_result(conn)
}

/// Forgets those that were done before then: they name people; how many.
pub fn forget(conn: &mut Conn, before: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(dsl::deliveries.filter(dsl::done_at.lt(stamp(before)))).execute(conn)
}
