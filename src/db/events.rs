//! What people did in the portal or by commands. Never changed.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::Conn;
use super::schema::events::dsl;
use super::types::stamp;
use crate::model::UserId;

/// Something that somebody did.
#[derive(Clone)]
pub struct NewEvent<'a> {
    /// Who: a name, or "command line".
    pub staff: &'a str,
    /// The company's row id.
    pub company_id: Option<i64>,
    /// The user whom it concerns.
    pub user_id: Option<UserId>,
    /// What was done, in one word.
    pub kind: &'a str,
    /// The rest, for people; may be empty.
    pub detail: String,
}

crate::model::debug_by!(NewEvent<'_>, company_id, user_id, kind);

/// Writes an event down.
pub fn append(conn: &mut Conn, event: &NewEvent<'_>, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::insert_into(dsl::events)
        .values((
            dsl::at.eq(stamp(now)),
            dsl::staff.eq(event.staff),
            dsl::company_id.eq(event.company_id),
            dsl::user_id.eq(event.user_id.as_ref().map(UserId::as_str)),
            dsl::kind.eq(event.kind),
            dsl::detail.eq(&event.detail),
        ))
        .execute(conn)
        .map(drop)
}
