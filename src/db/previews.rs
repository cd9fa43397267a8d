//! The last preview of each company, whole, as text that this module does not look into.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::Conn;
use super::schema::previews::dsl;
use super::types::stamp;

/// A preview as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredPreview {
    /// The company's row id.
    pub company_id: i64,
    /// The id of the run that only planned.
    pub run_id: String,
    /// When.
    pub made_at: DateTime<Utc>,
    /// What identifies what would be done; empty where the preview failed.
    pub digest: String,
    /// The report, JSON text.
    pub report: String,
}

/// Without the people in it.
impl std::fmt::Debug for StoredPreview {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredPreview")
            .field("company_id", &self.company_id)
            .field("run_id", &self.run_id)
            .field("made_at", &self.made_at)
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}

/// Remembers a preview in place of the company's last one.
pub fn put(conn: &mut Conn, preview: &StoredPreview) -> QueryResult<()> {
    let content = (
        dsl::run_id.eq(&preview.run_id),
        dsl::made_at.eq(stamp(preview.made_at)),
        dsl::digest.eq(&preview.digest),
        dsl::report.eq(&preview.report),
    );
    // `each!`: an upsert.
    each!(conn => diesel::insert_into(dsl::previews)
        .values((dsl::company_id.eq(preview.company_id), content))
        .on_conflict(dsl::company_id)
        .do_update()
        .set(content)
        .execute(conn))
    .map(drop)
}

/// The digest of the last preview of a company.
pub fn digest(conn: &mut Conn, company: i64) -> QueryResult<Option<String>> {
    dsl::previews
        .find(company)
        .select(dsl::digest)
        .first(conn)
        .optional()
}

/// The last preview of a company.
pub fn get(conn: &mut Conn, company: i64) -> QueryResult<Option<StoredPreview>> {
    type Row = (i64, String, NaiveDateTime, String, String);
    let row: Option<Row> = dsl::previews.find(company).first(conn).optional()?;
    Ok(row.map(
        |(company_id, run_id, made_at, digest, report)| StoredPreview {
            company_id,
            run_id,
            made_at: made_at.and_utc(),
            digest,
            report,
        },
    ))
}

/// Forgets the preview of a company, which is of no use any more.
pub fn forget(conn: &mut Conn, company: i64) -> QueryResult<()> {
    diesel::delete(dsl::previews.find(company))
        .execute(conn)
        .map(drop)
}
