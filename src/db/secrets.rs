//! Sealed secrets of PSA connections and tenant connections. Never sees one open.

use std::collections::HashSet;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::Conn;
use super::schema::secrets::{self, dsl};
use crate::seal::Sealed;

/// A secret as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSecret {
    /// What kind of thing it belongs to, such as `psa` or `company`.
    pub owner_kind: String,
    /// That thing's row id.
    pub owner_id: i64,
    /// Its name there, such as `client_secret`.
    pub name: String,
    /// The sealed secret.
    pub sealed: Sealed,
    /// When it ends, where somebody said.
    pub expires: Option<NaiveDate>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = secrets)]
struct Row {
    owner_kind: String,
    owner_id: i64,
    name: String,
    key_id: String,
    nonce: Vec<u8>,
    ciphertext: Vec<u8>,
    expires: Option<NaiveDate>,
}

impl From<Row> for StoredSecret {
    fn from(row: Row) -> Self {
        Self {
            owner_kind: row.owner_kind,
            owner_id: row.owner_id,
            name: row.name,
            sealed: Sealed {
                key_id: row.key_id,
                nonce: row.nonce,
                ciphertext: row.ciphertext,
            },
            expires: row.expires,
        }
    }
}

/// Keeps a secret in place of the one of the same owner and name.
pub fn put(
    conn: &mut Conn,
    owner_kind: &str,
    owner_id: i64,
    name: &str,
    sealed: &Sealed,
    expires: Option<NaiveDate>,
) -> QueryResult<()> {
    let content = (
        dsl::key_id.eq(&sealed.key_id),
        dsl::nonce.eq(&sealed.nonce),
        dsl::ciphertext.eq(&sealed.ciphertext),
        dsl::expires.eq(expires),
    );
    // `each!`: an upsert.
    each!(conn => diesel::insert_into(dsl::secrets)
        .values((
            dsl::owner_kind.eq(owner_kind),
            dsl::owner_id.eq(owner_id),
            dsl::name.eq(name),
            content,
        ))
        .on_conflict((dsl::owner_kind, dsl::owner_id, dsl::name))
        .do_update()
        .set(content)
        .execute(conn))
    .map(drop)
}

/// Keeps a secret as it is sealed anew; `false` where it was replaced or forgotten meanwhile.
pub fn reseal(conn: &mut Conn, stored: &StoredSecret, sealed: &Sealed) -> QueryResult<bool> {
    let unchanged = dsl::secrets
        .find((&stored.owner_kind, stored.owner_id, &stored.name))
        .filter(dsl::nonce.eq(&stored.sealed.nonce));
    let changed = diesel::update(unchanged)
        .set((
            dsl::key_id.eq(&sealed.key_id),
            dsl::nonce.eq(&sealed.nonce),
            dsl::ciphertext.eq(&sealed.ciphertext),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// The secret of this owner and name.
pub fn get(
    conn: &mut Conn,
    owner_kind: &str,
    owner_id: i64,
    name: &str,
) -> QueryResult<Option<StoredSecret>> {
    let row = dsl::secrets
        .find((owner_kind, owner_id, name))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Into::into))
}

/// What changes with each new secret of an owner and tells nothing of them: their nonces, by name.
pub fn marks(conn: &mut Conn, owner_kind: &str, owner_id: i64) -> QueryResult<Vec<Vec<u8>>> {
    dsl::secrets
        .filter(dsl::owner_kind.eq(owner_kind))
        .filter(dsl::owner_id.eq(owner_id))
        .order(dsl::name)
        .select(dsl::nonce)
        .load(conn)
}

/// The names of an owner's secrets, in order.
pub fn names(conn: &mut Conn, owner_kind: &str, owner_id: i64) -> QueryResult<Vec<String>> {
    dsl::secrets
        .filter(
            dsl::owner_kind
                .eq(owner_kind)
                .and(dsl::owner_id.eq(owner_id)),
        )
        .select(dsl::name)
        .order(dsl::name)
        .load(conn)
}

/// The owners of this kind that have a secret, by row id.
pub fn owners(conn: &mut Conn, owner_kind: &str) -> QueryResult<HashSet<i64>> {
    let ids: Vec<i64> = dsl::secrets
        .filter(dsl::owner_kind.eq(owner_kind))
        .select(dsl::owner_id)
        .distinct()
        .load(conn)?;
    Ok(ids.into_iter().collect())
}

/// The secrets that end by that day: owner kind and id, name, last day.
pub fn ending(
    conn: &mut Conn,
    until: NaiveDate,
) -> QueryResult<Vec<(String, i64, String, NaiveDate)>> {
    let rows: Vec<(String, i64, String, Option<NaiveDate>)> = dsl::secrets
        .filter(dsl::expires.le(until))
        .select((dsl::owner_kind, dsl::owner_id, dsl::name, dsl::expires))
        .order((dsl::owner_kind, dsl::owner_id, dsl::name))
        .load(conn)?;
    let ending = rows.into_iter();
    Ok(ending
        .filter_map(|(kind, id, name, day)| Some((kind, id, name, day?)))
        .collect())
}

/// Forgets a secret; whether there was one.
pub fn delete(conn: &mut Conn, owner_kind: &str, owner_id: i64, name: &str) -> QueryResult<bool> {
    Ok(diesel::delete(dsl::secrets.find((owner_kind, owner_id, name))).execute(conn)? == 1)
}

/// Forgets all secrets of an owner and gives their number.
pub fn delete_all(conn: &mut Conn, owner_kind: &str, owner_id: i64) -> QueryResult<usize> {
    let these = dsl::secrets.filter(
        dsl::owner_kind
            .eq(owner_kind)
            .and(dsl::owner_id.eq(owner_id)),
    );
    diesel::delete(these).execute(conn)
}

/// Whether the database holds any sealed secret.
pub fn any(conn: &mut Conn) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(dsl::secrets.select(dsl::name))).get_result(conn)
}

/// All secrets, for sealing them anew with another key.
pub fn all(conn: &mut Conn) -> QueryResult<Vec<StoredSecret>> {
    let rows = dsl::secrets
        .select(Row::as_select())
        .order((dsl::owner_kind, dsl::owner_id, dsl::name))
        .load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}
