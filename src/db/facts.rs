//! Slow-changing facts of the clouds, remembered for some days (`behaviour.md` section 9). How long is the reader's to say.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;

use super::Conn;
use super::schema::facts::dsl;
use super::types::{AT_ONCE, Json, json, stamp};
use crate::model::TenantId;

/// The name of the fact which sites a company has.
pub const SITES: &str = "sites";
/// The name of the fact which contact types a PSA has.
pub const CONTACT_TYPES: &str = "contact_types";

/// The name of the fact how the last test of a company's tenant ended: why it failed; empty: saved and not tested yet. A test
/// that succeeds, and every save, forgets it.
pub const TENANT_TRIAL: &str = "tenant_trial";

/// The scope of facts about a PSA connection.
pub fn psa_scope(id: i64) -> String {
    format!("psa:{id}")
}

/// The scope of facts about a company in the PSA.
pub fn company_scope(id: i64) -> String {
    format!("company:{id}")
}

/// The scope of facts about a tenant.
pub fn tenant_scope(id: &TenantId) -> String {
    format!("tenant:{id}")
}

/// A fact and when it was read.
pub fn get(
    conn: &mut Conn,
    scope: &str,
    name: &str,
) -> QueryResult<Option<(Value, DateTime<Utc>)>> {
    let found: Option<(Json<Value>, NaiveDateTime)> = dsl::facts
        .find((scope, name))
        .select((dsl::value, dsl::read_at))
        .first(conn)
        .optional()?;
    Ok(found.map(|(value, read_at)| (value.0, read_at.and_utc())))
}

/// Remembers a fact.
pub fn put(
    conn: &mut Conn,
    scope: &str,
    name: &str,
    value: &Value,
    read_at: DateTime<Utc>,
) -> QueryResult<()> {
    let text = json(value)?;
    let content = (dsl::value.eq(&text), dsl::read_at.eq(stamp(read_at)));
    // `each!`: an upsert.
    each!(conn => diesel::insert_into(dsl::facts)
        .values((dsl::scope.eq(scope), dsl::name.eq(name), content))
        .on_conflict((dsl::scope, dsl::name))
        .do_update()
        .set(content)
        .execute(conn))
    .map(drop)
}

/// Forgets all facts of exactly this scope.
pub fn forget(conn: &mut Conn, scope: &str) -> QueryResult<()> {
    diesel::delete(dsl::facts.filter(dsl::scope.eq(scope)))
        .execute(conn)
        .map(drop)
}

/// Forgets one fact.
pub fn forget_one(conn: &mut Conn, scope: &str, name: &str) -> QueryResult<()> {
    diesel::delete(dsl::facts.find((scope, name)))
        .execute(conn)
        .map(drop)
}

/// Forgets all facts of the scopes that begin with `prefix`, letter for letter.
pub fn forget_prefix(conn: &mut Conn, prefix: &str) -> QueryResult<()> {
    // Chosen here, since LIKE ignores case on SQLite alone.
    let mut scopes: Vec<String> = dsl::facts.select(dsl::scope).distinct().load(conn)?;
    scopes.retain(|scope| scope.starts_with(prefix));
    for scopes in scopes.chunks(AT_ONCE) {
        diesel::delete(dsl::facts.filter(dsl::scope.eq_any(scopes))).execute(conn)?;
    }
    Ok(())
}
