//! Settings that belong to no company.

use diesel::prelude::*;

use super::Conn;
use super::schema::settings;
use super::types::json;

/// The licences that do not count.
const IGNORED_LICENCES: &str = "ignored_licences";

/// The value of a setting, as text.
pub fn get(conn: &mut Conn, key: &str) -> QueryResult<Option<String>> {
    settings::table
        .find(key)
        .select(settings::value)
        .first(conn)
        .optional()
}

/// Sets a setting.
pub fn put(conn: &mut Conn, key: &str, value: &str) -> QueryResult<()> {
    // `each!`: an upsert.
    each!(conn => diesel::insert_into(settings::table)
        .values((settings::key.eq(key), settings::value.eq(value)))
        .on_conflict(settings::key)
        .do_update()
        .set(settings::value.eq(value))
        .execute(conn))
    .map(drop)
}

/// The licences that do not count (`behaviour.md` section 1), by SKU id or part number; `None`: nobody has set them.
pub fn ignored_licences(conn: &mut Conn) -> QueryResult<Option<Vec<String>>> {
    let Some(text) = get(conn, IGNORED_LICENCES)? else {
        return Ok(None);
    };
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)))
}

/// Sets the licences that do not count.
pub fn set_ignored_licences(conn: &mut Conn, licences: &[String]) -> QueryResult<()> {
    put(conn, IGNORED_LICENCES, &json(licences)?)
}
