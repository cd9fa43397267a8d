//! PSA connections, without their secrets.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::Conn;
use super::schema::psa_connections::{self, dsl};
use super::types::{Json, json, named, stamp};
use crate::model::PsaConnection;

#[derive(Queryable, Selectable)]
#[diesel(table_name = psa_connections)]
struct Row {
    id: i64,
    name: String,
    kind: String,
    fields: Json<BTreeMap<String, String>>,
    default_contact_type_id: Option<String>,
    default_contact_type_name: Option<String>,
}

impl From<Row> for PsaConnection {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name,
            kind: row.kind,
            fields: row.fields.0,
            default_contact_type: named(row.default_contact_type_id, row.default_contact_type_name),
        }
    }
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = psa_connections, treat_none_as_null = true)]
struct Values<'a> {
    name: &'a str,
    kind: &'a str,
    fields: String,
    default_contact_type_id: Option<&'a str>,
    default_contact_type_name: Option<&'a str>,
    updated_at: chrono::NaiveDateTime,
}

fn values(psa: &PsaConnection, now: DateTime<Utc>) -> QueryResult<Values<'_>> {
    let default = psa.default_contact_type.as_ref();
    Ok(Values {
        name: &psa.name,
        kind: &psa.kind,
        fields: json(&psa.fields)?,
        default_contact_type_id: default.map(|default| default.id.as_str()),
        default_contact_type_name: default.map(|default| default.name.as_str()),
        updated_at: stamp(now),
    })
}

/// All PSA connections that are not removed, by name.
pub fn list(conn: &mut Conn) -> QueryResult<Vec<PsaConnection>> {
    let rows = dsl::psa_connections
        .filter(dsl::removed_at.is_null())
        .select(Row::as_select())
        .order(dsl::name)
        .load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The PSA connection of this row id, unless it is removed.
pub fn get(conn: &mut Conn, id: i64) -> QueryResult<Option<PsaConnection>> {
    let row = dsl::psa_connections
        .find(id)
        .filter(dsl::removed_at.is_null())
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Into::into))
}

/// The PSA connection of exactly this name, unless it is removed.
pub fn by_name(conn: &mut Conn, name: &str) -> QueryResult<Option<PsaConnection>> {
    let row = dsl::psa_connections
        .filter(dsl::removed_at.is_null())
        .filter(dsl::name.eq(name))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Into::into))
}

/// Adds a PSA connection, whatever its `id` says, and gives its row id.
pub fn insert(conn: &mut Conn, psa: &PsaConnection, now: DateTime<Utc>) -> QueryResult<i64> {
    diesel::insert_into(dsl::psa_connections)
        .values((values(psa, now)?, dsl::created_at.eq(stamp(now))))
        .returning(dsl::id)
        .get_result(conn)
}

/// Changes the PSA connection of this `id`; whether there is one that is not removed.
pub fn update(conn: &mut Conn, psa: &PsaConnection, now: DateTime<Utc>) -> QueryResult<bool> {
    let Some(version) = version(conn, psa.id)? else {
        return Ok(false);
    };
    update_from(conn, psa, version, now)
}

/// Like [`update`], where the connection is still at this version; else it changes nothing and gives `false`.
pub fn update_from(
    conn: &mut Conn,
    psa: &PsaConnection,
    version: i64,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let this = dsl::psa_connections
        .find(psa.id)
        .filter(dsl::removed_at.is_null())
        .filter(dsl::version.eq(version));
    let changed = diesel::update(this)
        .set((values(psa, now)?, dsl::version.eq(dsl::version + 1)))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Removes the connection, where it is still at this version; whether it was. Its row stays, for the history, and its name is
/// free.
pub fn remove(conn: &mut Conn, id: i64, version: i64, now: DateTime<Utc>) -> QueryResult<bool> {
    let this = dsl::psa_connections
        .find(id)
        .filter(dsl::removed_at.is_null())
        .filter(dsl::version.eq(version));
    let changed = diesel::update(this)
        .set((
            dsl::version.eq(dsl::version + 1),
            dsl::removed_at.eq(stamp(now)),
            dsl::updated_at.eq(stamp(now)),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// The row ids and names of the connections that are not removed, by name.
pub fn labels(conn: &mut Conn) -> QueryResult<Vec<(i64, String)>> {
    dsl::psa_connections
        .filter(dsl::removed_at.is_null())
        .select((dsl::id, dsl::name))
        .order(dsl::name)
        .load(conn)
}

/// How often the connection was changed, from 1 on; `None` where there is no such connection.
pub fn version(conn: &mut Conn, id: i64) -> QueryResult<Option<i64>> {
    dsl::psa_connections
        .find(id)
        .filter(dsl::removed_at.is_null())
        .select(dsl::version)
        .first(conn)
        .optional()
}
