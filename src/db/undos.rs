//! What undoes what: runs that put another run back, and lines of the history that put another line back.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::Conn;
use super::schema::{changes, runs};
use super::types::{AT_ONCE, Json, Word, json};
use crate::model::{Outcome, Status, Undo, UserId};

/// What a run put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    /// The run that was put back; the history may not keep it any more.
    pub run: String,
    /// The one person whose change it was about; `None`: everybody's.
    pub user: Option<UserId>,
    /// Whom runs leave alone since, because of it.
    pub left_alone: Vec<UserId>,
}

/// A run that put another one back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undoing {
    /// The run.
    pub run: String,
    /// The one person whose change it was about; `None`: everybody's.
    pub user: Option<UserId>,
    /// How it ended; `None`: it has not.
    pub status: Option<Status>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// Who asked for it.
    pub requested_by: Option<String>,
    /// So many people's lines it put back.
    pub people: i64,
}

/// Writes down what a run puts back.
pub fn note_run(conn: &mut Conn, id: &str, undo: &Undo) -> QueryResult<()> {
    diesel::update(runs::table.find(id))
        .set((
            runs::undoes.eq(&undo.run),
            runs::undoes_user.eq(undo.user.as_ref().map(UserId::as_str)),
        ))
        .execute(conn)
        .map(drop)
}

/// Writes down whom runs leave alone from now on, because of this one.
pub fn note_left_alone(conn: &mut Conn, id: &str, users: &[UserId]) -> QueryResult<()> {
    diesel::update(runs::table.find(id))
        .set(runs::left_alone.eq(json(users)?))
        .execute(conn)
        .map(drop)
}

/// Writes down which line of the history a line puts back.
pub fn note_change(conn: &mut Conn, id: i64, undoes: i64) -> QueryResult<()> {
    diesel::update(changes::table.find(id))
        .set(changes::undoes.eq(undoes))
        .execute(conn)
        .map(drop)
}

/// What a run put back; `None`: it is no undo.
pub fn of_run(conn: &mut Conn, id: &str) -> QueryResult<Option<Undone>> {
    type Row = (Option<String>, Option<String>, Option<Json<Vec<UserId>>>);
    let row: Option<Row> = runs::table
        .find(id)
        .select((runs::undoes, runs::undoes_user, runs::left_alone))
        .first(conn)
        .optional()?;
    Ok(row.and_then(|(run, user, left_alone)| {
        Some(Undone {
            run: run?,
            user: user.map(Into::into),
            left_alone: left_alone.map(|users| users.0).unwrap_or_default(),
        })
    }))
}

/// The runs that put this one back, newest first.
pub fn by(conn: &mut Conn, run: &str) -> QueryResult<Vec<Undoing>> {
    type Row = (
        String,
        Option<String>,
        Option<Word<Status>>,
        NaiveDateTime,
        Option<String>,
    );
    let rows: Vec<Row> = runs::table
        .filter(runs::undoes.eq(run))
        .select((
            runs::id,
            runs::undoes_user,
            runs::status,
            runs::started_at,
            runs::requested_by,
        ))
        .order((runs::started_at.desc(), runs::id.desc()))
        .load(conn)?;
    let undoing = |(run, user, status, started_at, requested_by): Row| {
        let applied = changes::outcome.eq(Outcome::Applied.as_str());
        let people = changes::table.filter(changes::run_id.eq(&run).and(applied));
        Ok(Undoing {
            people: people.count().get_result(conn)?,
            run,
            user: user.map(Into::into),
            status: status.map(|status| status.0),
            started_at: started_at.and_utc(),
            requested_by,
        })
    };
    rows.into_iter().map(undoing).collect()
}

/// Which of these lines of the history were put back, wholly or in part: by which run, and when.
pub fn of_changes(
    conn: &mut Conn,
    ids: &[i64],
) -> QueryResult<HashMap<i64, (String, DateTime<Utc>)>> {
    let mut found = HashMap::new();
    let done = [Outcome::Applied, Outcome::Failed, Outcome::Skipped].map(Outcome::as_str);
    for some in ids.chunks(AT_ONCE) {
        let rows: Vec<(Option<i64>, String, NaiveDateTime)> = changes::table
            .filter(changes::undoes.eq_any(some))
            .filter(changes::outcome.eq_any(done))
            .select((changes::undoes, changes::run_id, changes::created_at))
            .order(changes::id)
            .load(conn)?;
        for (undone, run, at) in rows {
            found.extend(undone.map(|undone| (undone, (run, at.and_utc()))));
        }
    }
    Ok(found)
}

/// Whom runs leave alone because of an undo, or of another one of the same that was interrupted.
pub fn left_alone(conn: &mut Conn, undone: &Undone) -> QueryResult<Vec<UserId>> {
    let rows: Vec<(Option<String>, Option<Json<Vec<UserId>>>)> = runs::table
        .filter(runs::undoes.eq(&undone.run))
        .select((runs::undoes_user, runs::left_alone))
        .order(runs::id)
        .load(conn)?;
    let same = |user: Option<String>| user.map(UserId::from) == undone.user;
    let rows = rows
        .into_iter()
        .filter_map(|(user, left_alone)| same(user).then_some(left_alone?));
    Ok(rows.flat_map(|users| users.0).collect())
}
