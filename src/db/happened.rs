//! What went through at a company in some time, for people to read: history without undos and what they put back.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::changes::{AppliedField, through};
use super::schema::changes::dsl;
use super::schema::runs;
use super::types::{Json, Word, stamp};
use super::{Conn, undos};
use crate::model::{Action, Field, Mode, Outcome, UserId};

/// What was done for somebody and went through.
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    /// The user.
    pub user_id: UserId,
    /// The user's principal name.
    pub upn: String,
    /// The user's name as displayed.
    pub name: String,
    /// What was done.
    pub action: Action,
    /// Why, in words.
    pub reason: String,
    /// The fields that went through.
    pub fields: Vec<Field>,
}

crate::model::debug_by!(Event, user_id, action);

/// What went through at a company from one moment until before another, in the order written down: without undos, and without
/// what they put back.
pub fn events(
    conn: &mut Conn,
    company: i64,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> QueryResult<Vec<Event>> {
    type Row = (
        i64,
        String,
        String,
        String,
        Word<Action>,
        String,
        Json<Vec<AppliedField>>,
    );
    let of_undos = runs::table
        .filter(
            runs::company_id
                .eq(company)
                .and(runs::mode.eq(Mode::Undo.as_str())),
        )
        .select(runs::id);
    let rows: Vec<Row> = dsl::changes
        .filter(dsl::company_id.eq(company))
        .filter(dsl::outcome.eq(Outcome::Applied.as_str()))
        .filter(dsl::run_id.ne_all(of_undos))
        .filter(
            dsl::created_at
                .ge(stamp(from))
                .and(dsl::created_at.lt(stamp(until))),
        )
        .select((
            dsl::id,
            dsl::user_id,
            dsl::upn,
            dsl::name,
            dsl::action,
            dsl::reason,
            dsl::fields,
        ))
        .order(dsl::id)
        .load(conn)?;
    let ids: Vec<i64> = rows.iter().map(|row| row.0).collect();
    let put_back = undos::of_changes(conn, &ids)?;
    let event = |(id, user_id, upn, name, action, reason, fields): Row| {
        let back = put_back.get(&id).filter(|back| back.in_force);
        let mut fields = through(fields.0);
        fields.retain(|field| back.is_none_or(|back| !back.fields.contains(field)));
        // Somebody stays changed by what was not put back.
        let stands = back.is_none() || action.0 == Action::Update && !fields.is_empty();
        stands.then(|| Event {
            user_id: user_id.into(),
            upn,
            name,
            action: action.0,
            reason,
            fields,
        })
    };
    Ok(rows.into_iter().filter_map(event).collect())
}
