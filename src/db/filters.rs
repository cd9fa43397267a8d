//! The filters of companies. Written with their company.

use diesel::prelude::*;

use super::Conn;
use super::schema::filters::{self, dsl};
use super::types::{Json, json, named};
use crate::model::{Condition, Filter, Target};

#[derive(Queryable, Selectable)]
#[diesel(table_name = filters)]
struct Row {
    company_id: i64,
    name: Option<String>,
    enabled: bool,
    conditions: Json<Vec<Condition>>,
    exclude: bool,
    site_id: Option<String>,
    site_name: Option<String>,
    contact_type_id: Option<String>,
    contact_type_name: Option<String>,
}

impl From<Row> for Filter {
    fn from(row: Row) -> Self {
        Self {
            name: row.name,
            enabled: row.enabled,
            when: row.conditions.0,
            target: if row.exclude {
                Target::Exclude
            } else {
                Target::Place {
                    site: named(row.site_id, row.site_name),
                    contact_type: named(row.contact_type_id, row.contact_type_name),
                }
            },
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = filters, treat_none_as_default_value = false)]
struct Values<'a> {
    company_id: i64,
    position: i64,
    name: Option<&'a str>,
    enabled: bool,
    conditions: String,
    exclude: bool,
    site_id: Option<&'a str>,
    site_name: Option<&'a str>,
    contact_type_id: Option<&'a str>,
    contact_type_name: Option<&'a str>,
}

/// A company's filters, highest priority first.
pub fn of_company(conn: &mut Conn, company: i64) -> QueryResult<Vec<Filter>> {
    let rows = dsl::filters
        .filter(dsl::company_id.eq(company))
        .select(Row::as_select())
        .order(dsl::position)
        .load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The filters of all companies with the company's row id, each company's highest priority first.
pub(super) fn all(conn: &mut Conn) -> QueryResult<Vec<(i64, Filter)>> {
    let rows = dsl::filters
        .select(Row::as_select())
        .order((dsl::company_id, dsl::position))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|row| (row.company_id, row.into()))
        .collect())
}

/// Replaces a company's filters.
pub(super) fn replace(conn: &mut Conn, company: i64, list: &[Filter]) -> QueryResult<()> {
    diesel::delete(dsl::filters.filter(dsl::company_id.eq(company))).execute(conn)?;
    for (position, filter) in (0..).zip(list) {
        let (exclude, site, contact_type) = match &filter.target {
            Target::Exclude => (true, None, None),
            Target::Place { site, contact_type } => (false, site.as_ref(), contact_type.as_ref()),
        };
        diesel::insert_into(dsl::filters)
            .values(Values {
                company_id: company,
                position,
                name: filter.name.as_deref(),
                enabled: filter.enabled,
                conditions: json(&filter.when)?,
                exclude,
                site_id: site.map(|site| site.id.as_str()),
                site_name: site.map(|site| site.name.as_str()),
                contact_type_id: contact_type.map(|kind| kind.id.as_str()),
                contact_type_name: contact_type.map(|kind| kind.name.as_str()),
            })
            .execute(conn)?;
    }
    Ok(())
}
