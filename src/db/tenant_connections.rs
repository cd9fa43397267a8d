//! How each company's tenant is read, without the secret.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;

use super::schema::tenant_connections::{self, dsl};
use super::types::Word;
use super::{Conn, links};
use crate::model::{Cloud, TenantConnection, TenantId};

#[derive(Queryable, Selectable)]
#[diesel(table_name = tenant_connections)]
struct Row {
    tenant_id: String,
    client_id: String,
    certificate: bool,
    expires: Option<NaiveDate>,
    cloud: Word<Cloud>,
}

impl From<Row> for TenantConnection {
    fn from(row: Row) -> Self {
        Self {
            tenant_id: row.tenant_id.into(),
            client_id: row.client_id,
            certificate: row.certificate,
            expires: row.expires,
            cloud: row.cloud.0,
        }
    }
}

/// The tenant connection of a company.
pub fn get(conn: &mut Conn, company: i64) -> QueryResult<Option<TenantConnection>> {
    let row = dsl::tenant_connections
        .find(company)
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Into::into))
}

/// Sets the tenant connection of a company.
///
/// A company with another tenant loses its links: they belong to one tenant (`behaviour.md` section 4).
pub fn put(
    conn: &mut Conn,
    company: i64,
    tenant: &TenantConnection,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let before = get(conn, company)?;
    let content = (
        dsl::tenant_id.eq(tenant.tenant_id.as_str()),
        dsl::client_id.eq(&tenant.client_id),
        dsl::certificate.eq(tenant.certificate),
        dsl::expires.eq(tenant.expires),
        dsl::cloud.eq(tenant.cloud.as_str()),
    );
    // `each!`: an upsert.
    each!(conn => diesel::insert_into(dsl::tenant_connections)
        .values((dsl::company_id.eq(company), content))
        .on_conflict(dsl::company_id)
        .do_update()
        .set(content)
        .execute(conn))?;
    if before.is_some_and(|before| before.tenant_id != tenant.tenant_id) {
        links::retire_all(conn, company, "tenant changed", now)?;
    }
    Ok(())
}

/// Forgets the tenant connection of a company; whether it had one. Its links are retired elsewhere.
pub fn delete(conn: &mut Conn, company: i64) -> QueryResult<bool> {
    Ok(diesel::delete(dsl::tenant_connections.find(company)).execute(conn)? == 1)
}

/// The row ids of the companies whose tenant is read through the app of this (client) id.
pub fn of_client(conn: &mut Conn, client_id: &str) -> QueryResult<Vec<i64>> {
    dsl::tenant_connections
        .filter(dsl::client_id.eq(client_id))
        .select(dsl::company_id)
        .order(dsl::company_id)
        .load(conn)
}

/// The row ids of the companies that have this tenant.
pub fn of_tenant(conn: &mut Conn, tenant: &TenantId) -> QueryResult<Vec<i64>> {
    dsl::tenant_connections
        .filter(dsl::tenant_id.eq(tenant.as_str()))
        .select(dsl::company_id)
        .order(dsl::company_id)
        .load(conn)
}

/// The tenant connections whose secret or certificate ends by that day: the company's row id, the last day, whether it is a
/// certificate.
pub fn ending(conn: &mut Conn, until: NaiveDate) -> QueryResult<Vec<(i64, NaiveDate, bool)>> {
    let rows: Vec<(i64, Option<NaiveDate>, bool)> = dsl::tenant_connections
        .filter(dsl::expires.le(until))
        .select((dsl::company_id, dsl::expires, dsl::certificate))
        .order(dsl::company_id)
        .load(conn)?;
    let ending = rows.into_iter();
    Ok(ending
        .filter_map(|(company, day, certificate)| Some((company, day?, certificate)))
        .collect())
}
