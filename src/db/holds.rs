//! Holds: deactivations that wait for a technician (`behaviour.md` section 8).

use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::Conn;
use super::schema::{companies, hold_people, holds};
use super::types::{AT_ONCE, stamp};
use crate::model::{ContactId, UserId, text};

/// A person who waits.
#[derive(Clone, PartialEq, Eq)]
pub struct HoldPerson {
    /// The user.
    pub user_id: UserId,
    /// The user's principal name.
    pub upn: String,
    /// The user's name as displayed.
    pub name: String,
    /// The contact that is to be made inactive.
    pub contact_id: ContactId,
    /// Why the user left.
    pub reason: String,
}

crate::model::debug_by!(HoldPerson, user_id, contact_id, reason);

/// A hold that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Row id.
    pub id: i64,
    /// The company's row id.
    pub company_id: i64,
    /// The run that opened it.
    pub run_id: String,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// Those who have not left it, by user principal name.
    pub people: Vec<HoldPerson>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = hold_people)]
struct PersonRow {
    hold_id: i64,
    user_id: String,
    upn: String,
    name: String,
    contact_id: String,
    reason: String,
}

impl From<PersonRow> for HoldPerson {
    fn from(row: PersonRow) -> Self {
        Self {
            user_id: row.user_id.into(),
            upn: row.upn,
            name: row.name,
            contact_id: row.contact_id.into(),
            reason: row.reason,
        }
    }
}

type HoldRow = (i64, i64, String, NaiveDateTime);

const COLUMNS: (
    holds::id,
    holds::company_id,
    holds::run_id,
    holds::opened_at,
) = (
    holds::id,
    holds::company_id,
    holds::run_id,
    holds::opened_at,
);

/// The open hold of a company.
pub fn open_of(conn: &mut Conn, company: i64) -> QueryResult<Option<Hold>> {
    let rows: Vec<HoldRow> = holds::table
        .filter(
            holds::company_id
                .eq(company)
                .and(holds::closed_at.is_null()),
        )
        .select(COLUMNS)
        .load(conn)?;
    Ok(with_people(conn, rows)?.pop())
}

/// All open holds of companies that are not removed, oldest first.
pub fn list_open(conn: &mut Conn) -> QueryResult<Vec<Hold>> {
    let here = companies::table
        .filter(companies::removed_at.is_null())
        .select(companies::id);
    let rows: Vec<HoldRow> = holds::table
        .filter(holds::closed_at.is_null())
        .filter(holds::company_id.eq_any(here))
        .select(COLUMNS)
        .order((holds::opened_at, holds::id))
        .load(conn)?;
    with_people(conn, rows)
}

fn with_people(conn: &mut Conn, rows: Vec<HoldRow>) -> QueryResult<Vec<Hold>> {
    let ids: Vec<i64> = rows.iter().map(|(id, ..)| *id).collect();
    let mut people: HashMap<i64, Vec<HoldPerson>> = HashMap::new();
    for ids in ids.chunks(AT_ONCE) {
        let found = hold_people::table
            .filter(
                hold_people::hold_id
                    .eq_any(ids)
                    .and(hold_people::left_at.is_null()),
            )
            .select(PersonRow::as_select())
            .order((hold_people::upn, hold_people::user_id))
            .load(conn)?;
        for person in found {
            people
                .entry(person.hold_id)
                .or_default()
                .push(person.into());
        }
    }
    Ok(rows
        .into_iter()
        .map(|(id, company_id, run_id, opened_at)| Hold {
            id,
            company_id,
            run_id,
            opened_at: opened_at.and_utc(),
            people: people.remove(&id).unwrap_or_default(),
        })
        .collect())
}

/// Opens a hold and gives its row id. Fails where the company has an open one.
pub fn open(
    conn: &mut Conn,
    company: i64,
    run: &str,
    people: &[HoldPerson],
    now: DateTime<Utc>,
) -> QueryResult<i64> {
    let id = diesel::insert_into(holds::table)
        .values((
            holds::company_id.eq(company),
            holds::run_id.eq(run),
            holds::opened_at.eq(stamp(now)),
        ))
        .returning(holds::id)
        .get_result(conn)?;
    add_people(conn, id, people)?;
    Ok(id)
}

/// Puts people into a hold. Who is in it already, or has left it, waits with what is known now.
pub fn add_people(conn: &mut Conn, hold: i64, people: &[HoldPerson]) -> QueryResult<()> {
    for person in people {
        let content = (
            hold_people::upn.eq(&person.upn),
            hold_people::name.eq(&person.name),
            hold_people::contact_id.eq(person.contact_id.as_str()),
            hold_people::reason.eq(&person.reason),
            hold_people::left_at.eq(None::<NaiveDateTime>),
            hold_people::left_how.eq(None::<&str>),
        );
        // `each!`: an upsert.
        each!(conn => diesel::insert_into(hold_people::table)
            .values((
                hold_people::hold_id.eq(hold),
                hold_people::user_id.eq(person.user_id.as_str()),
                content,
            ))
            .on_conflict((hold_people::hold_id, hold_people::user_id))
            .do_update()
            .set(content)
            .execute(conn))?;
    }
    Ok(())
}

/// Lets people leave a hold, which stays open even if it is empty then.
pub fn leave(
    conn: &mut Conn,
    hold: i64,
    users: &[UserId],
    how: &str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    for users in users.chunks(AT_ONCE) {
        let users = users.iter().map(UserId::as_str);
        let these = hold_people::table.filter(
            hold_people::hold_id
                .eq(hold)
                .and(hold_people::user_id.eq_any(users))
                .and(hold_people::left_at.is_null()),
        );
        diesel::update(these)
            .set((
                hold_people::left_at.eq(stamp(now)),
                hold_people::left_how.eq(how),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Who decides about a hold, and what they say about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// Who.
    pub staff: String,
    /// Their note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Signed {
    /// Adds what the same person said later.
    pub fn add(&mut self, note: Option<&str>) {
        let said = |note: &&str| {
            let mut notes = self.note.iter().flat_map(|all| all.split("; "));
            notes.any(|one| one == *note)
        };
        let Some(note) = note.filter(|note| !said(note)) else {
            return;
        };
        self.note = Some(match &self.note {
            Some(before) => format!("{before}; {note}"),
            None => note.to_owned(),
        });
    }

    /// What several people decided together, as one: "Ann and Bob", with whose note is whose.
    pub fn together(all: &[Self]) -> Self {
        let names: Vec<&str> = all.iter().map(|one| one.staff.as_str()).collect();
        let notes = all.iter().filter_map(|one| {
            let note = one.note.as_ref()?;
            Some(match all {
                [_] => note.clone(),
                _ => format!("{}: {note}", one.staff),
            })
        });
        let notes: Vec<String> = notes.collect();
        Self {
            staff: text::and(&names),
            note: (!notes.is_empty()).then(|| notes.join("; ")),
        }
    }
}

/// Closes a hold; whether it was open. Who is still in it stays written down as having waited. `signed`: the person who closes
/// it, where one does.
pub fn close(
    conn: &mut Conn,
    hold: i64,
    how: &str,
    signed: Option<&Signed>,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let open = holds::table.filter(holds::id.eq(hold).and(holds::closed_at.is_null()));
    let changed = diesel::update(open)
        .set((
            holds::closed_at.eq(stamp(now)),
            holds::closed_how.eq(how),
            holds::note.eq(signed.and_then(|signed| signed.note.as_deref())),
            holds::closed_by.eq(signed.map(|signed| signed.staff.as_str())),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}
