//! Sign-ins to a customer's tenant that Microsoft has not answered yet: each is bound to one browser session and one company,
//! and is answered once. Keeps only hashes of what the browser carries.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::Conn;
use super::schema::consents::dsl;
use super::types::stamp;

/// What was found of an answer's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is this company's, and is used up now.
    Company(i64),
    /// Nobody asked with it, or it was answered already.
    Unknown,
    /// Another session asked with it. It stays, for that session.
    OtherSession,
    /// It was answered too late, and is used up now.
    Expired,
}

/// Keeps the question of a session about a company. Those that nobody can answer any more are forgotten.
pub fn put(
    conn: &mut Conn,
    state_hash: &str,
    (session_hash, company): (&str, i64),
    expires_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::delete(dsl::consents.filter(dsl::expires_at.le(stamp(now)))).execute(conn)?;
    diesel::insert_into(dsl::consents)
        .values((
            dsl::state_hash.eq(state_hash),
            dsl::session_hash.eq(session_hash),
            dsl::company_id.eq(company),
            dsl::expires_at.eq(stamp(expires_at)),
        ))
        .execute(conn)
        .map(drop)
}

/// The company that a question is about, whoever asked it; `None` where there is no such question.
pub fn company_of(conn: &mut Conn, state_hash: &str) -> QueryResult<Option<i64>> {
    dsl::consents
        .find(state_hash)
        .select(dsl::company_id)
        .first(conn)
        .optional()
}

/// Takes the question that an answer belongs to: the second of two answers finds nothing.
pub fn take(
    conn: &mut Conn,
    state_hash: &str,
    session_hash: &str,
    now: DateTime<Utc>,
) -> QueryResult<Taken> {
    let found: Option<(String, i64, NaiveDateTime)> = dsl::consents
        .find(state_hash)
        .select((dsl::session_hash, dsl::company_id, dsl::expires_at))
        .first(conn)
        .optional()?;
    let Some((session, company, expires_at)) = found else {
        return Ok(Taken::Unknown);
    };
    if session != session_hash {
        return Ok(Taken::OtherSession);
    }
    // Two answers at once: the one that deletes the row has it.
    if diesel::delete(dsl::consents.find(state_hash)).execute(conn)? == 0 {
        return Ok(Taken::Unknown);
    }
    if expires_at <= stamp(now) {
        return Ok(Taken::Expired);
    }
    Ok(Taken::Company(company))
}

/// Forgets the questions about a company.
pub fn forget(conn: &mut Conn, company: i64) -> QueryResult<()> {
    diesel::delete(dsl::consents.filter(dsl::company_id.eq(company)))
        .execute(conn)
        .map(drop)
}
