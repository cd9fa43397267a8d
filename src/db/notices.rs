//! What needs a person and was seen: open from when it was first seen until it was gone. Decides nothing about telling.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::Conn;
use super::schema::notices::{self, dsl};
use super::types::{Json, json, stamp};

/// A notice as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Row id.
    pub id: i64,
    /// The word of its kind.
    pub cause: String,
    /// The thing concerned.
    pub about: String,
    /// Its title when it was told last.
    pub topic: String,
    /// What was told of it so far.
    pub told: Vec<String>,
    /// When it was first seen.
    pub opened_at: DateTime<Utc>,
    /// When it was told last.
    pub told_at: Option<DateTime<Utc>>,
    /// When it was gone.
    pub closed_at: Option<DateTime<Utc>>,
    /// When that it is over was told, or was found not worth telling.
    pub over_at: Option<DateTime<Utc>>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = notices)]
struct Row {
    id: i64,
    cause: String,
    about: String,
    topic: String,
    told: Json<Vec<String>>,
    opened_at: NaiveDateTime,
    told_at: Option<NaiveDateTime>,
    closed_at: Option<NaiveDateTime>,
    over_at: Option<NaiveDateTime>,
}

impl From<Row> for Notice {
    fn from(row: Row) -> Self {
        let utc = |at: NaiveDateTime| at.and_utc();
        Self {
            id: row.id,
            cause: row.cause,
            about: row.about,
            topic: row.topic,
            told: row.told.0,
            opened_at: row.opened_at.and_utc(),
            told_at: row.told_at.map(utc),
            closed_at: row.closed_at.map(utc),
            over_at: row.over_at.map(utc),
        }
    }
}

/// Those that are open, that were told and whose end was not, and that were told or closed since then: oldest first.
pub fn current(conn: &mut Conn, since: DateTime<Utc>) -> QueryResult<Vec<Notice>> {
    let since = stamp(since);
    let rows = dsl::notices
        .filter(
            dsl::closed_at
                .is_null()
                .or(dsl::over_at.is_null())
                .or(dsl::told_at.ge(since))
                .or(dsl::over_at.ge(since)),
        )
        .select(Row::as_select())
        .order(dsl::id)
        .load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Opens a notice and gives its row id.
///
/// # Errors
/// Also where one of this cause is open about the same thing.
pub fn open(
    conn: &mut Conn,
    (cause, about): (&str, &str),
    topic: &str,
    now: DateTime<Utc>,
) -> QueryResult<i64> {
    diesel::insert_into(dsl::notices)
        .values((
            dsl::cause.eq(cause),
            dsl::about.eq(about),
            dsl::topic.eq(topic),
            dsl::told.eq("[]"),
            dsl::opened_at.eq(stamp(now)),
        ))
        .returning(dsl::id)
        .get_result(conn)
}

/// Writes down what was told of it; whether it is open.
pub fn tell(
    conn: &mut Conn,
    id: i64,
    (topic, told): (&str, &[String]),
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let open = dsl::notices.filter(dsl::id.eq(id).and(dsl::closed_at.is_null()));
    let changed = diesel::update(open)
        .set((
            dsl::topic.eq(topic),
            dsl::told.eq(json(told)?),
            dsl::told_at.eq(stamp(now)),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Closes a notice; `over` where there is nothing to tell of its end.
pub fn close(conn: &mut Conn, id: i64, over: bool, now: DateTime<Utc>) -> QueryResult<bool> {
    let open = dsl::notices.filter(dsl::id.eq(id).and(dsl::closed_at.is_null()));
    let changed = diesel::update(open)
        .set((
            dsl::closed_at.eq(stamp(now)),
            dsl::over_at.eq(over.then(|| stamp(now))),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Writes down that the end of it was told, or is not worth telling.
pub fn set_over(conn: &mut Conn, id: i64, now: DateTime<Utc>) -> QueryResult<bool> {
    let left = dsl::notices.filter(
        dsl::id
            .eq(id)
            .and(dsl::closed_at.is_not_null())
            .and(dsl::over_at.is_null()),
    );
    let changed = diesel::update(left)
        .set(dsl::over_at.eq(stamp(now)))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Whether some were over before then.
pub fn any_before(conn: &mut Conn, before: DateTime<Utc>) -> QueryResult<bool> {
    let old = dsl::notices.filter(dsl::over_at.lt(stamp(before)));
    diesel::select(diesel::dsl::exists(old)).get_result(conn)
}

/// Forgets those that were over before then; how many.
pub fn forget(conn: &mut Conn, before: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(dsl::notices.filter(dsl::over_at.lt(stamp(before)))).execute(conn)
}
