//! What undoes what: runs that put another run back, and lines of the history that put another line back.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::Conn;
use super::changes::{AppliedField, through};
use super::schema::{changes, runs};
use super::types::{AT_ONCE, Json, Word, json};
use crate::model::{Field, Outcome, Status, Undo, UserId};

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

/// The undo of the whole run that put back all that could be, where it was not put back itself since.
pub fn in_force(conn: &mut Conn, run: &str) -> QueryResult<Option<Undoing>> {
    for one in by(conn, run)? {
        let whole = one.user.is_none() && one.status == Some(Status::Succeeded);
        if whole && in_force(conn, &one.run)?.is_none() {
            return Ok(Some(one));
        }
    }
    Ok(None)
}

/// What became of a line of the history that was put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutBack {
    /// The run that did it.
    pub run: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether all that it was to put back went through, and it was not put back itself since.
    pub in_force: bool,
    /// The fields that are back since; none where it is not in force.
    pub fields: Vec<Field>,
}

/// Which of these lines of the history were put back, wholly or in part.
pub fn of_changes(conn: &mut Conn, ids: &[i64]) -> QueryResult<HashMap<i64, PutBack>> {
    type Row = (
        i64,
        Option<i64>,
        String,
        NaiveDateTime,
        Word<Outcome>,
        Json<Vec<AppliedField>>,
    );
    let mut rows: Vec<Row> = Vec::new();
    let mut asked = ids.to_vec();
    // Those that put back one of these, then those that put back one of those, and so on.
    while !asked.is_empty() {
        let mut found: Vec<Row> = Vec::new();
        for some in asked.chunks(AT_ONCE) {
            let undoing = changes::table.filter(changes::undoes.eq_any(some)).select((
                changes::id,
                changes::undoes,
                changes::run_id,
                changes::created_at,
                changes::outcome,
                changes::fields,
            ));
            found.extend(undoing.load::<Row>(conn)?);
        }
        asked = found.iter().map(|row| row.0).collect();
        rows.append(&mut found);
    }
    rows.sort_by_key(|row| row.0);
    let mut back: HashMap<i64, PutBack> = HashMap::new();
    // From the last on: of a line that puts another one back it is known by then whether it was put back itself.
    for (id, undone, run, at, outcome, fields) in rows.into_iter().rev() {
        let went_through = fields.0.iter().any(|field| field.applied);
        let Some(undone) = undone.filter(|_| went_through) else {
            continue;
        };
        let stands =
            outcome.0 == Outcome::Applied && !back.get(&id).is_some_and(|one| one.in_force);
        let known = back.entry(undone).or_insert(PutBack {
            run: run.clone(),
            at: at.and_utc(),
            in_force: false,
            fields: Vec::new(),
        });
        if !stands {
            continue;
        }
        if !known.in_force {
            (known.run, known.at, known.in_force) = (run, at.and_utc(), true);
        }
        known.fields.extend(through(fields.0));
    }
    back.retain(|id, _| ids.contains(id));
    Ok(back)
}

/// Of which runs, and when they began, these lines put back something: by line; nothing of a run that the history does not keep.
pub fn undone_by(
    conn: &mut Conn,
    ids: &[i64],
) -> QueryResult<HashMap<i64, (String, DateTime<Utc>)>> {
    let mut found = HashMap::new();
    for some in ids.chunks(AT_ONCE) {
        let lines: Vec<(i64, Option<i64>)> = changes::table
            .filter(changes::id.eq_any(some).and(changes::undoes.is_not_null()))
            .select((changes::id, changes::undoes))
            .load(conn)?;
        let undone: Vec<i64> = lines.iter().filter_map(|line| line.1).collect();
        let runs: Vec<(i64, String, NaiveDateTime)> = changes::table
            .inner_join(runs::table)
            .filter(changes::id.eq_any(&undone))
            .select((changes::id, runs::id, runs::started_at))
            .load(conn)?;
        let runs: HashMap<i64, (String, NaiveDateTime)> = runs
            .into_iter()
            .map(|(id, run, at)| (id, (run, at)))
            .collect();
        found.extend(lines.into_iter().filter_map(|(line, undone)| {
            let (run, at) = runs.get(&undone?)?;
            Some((line, (run.clone(), at.and_utc())))
        }));
    }
    Ok(found)
}

/// Whom runs leave alone because of an undo, or of another one of the same that was interrupted.
pub fn left_alone(conn: &mut Conn, undone: &Undone) -> QueryResult<Vec<UserId>> {
    type Row = (Option<String>, Option<Json<Vec<UserId>>>);
    let rows: Vec<Row> = runs::table
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
