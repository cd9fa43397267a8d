//! Settings that belong to no company.

use diesel::prelude::*;

use super::Conn;
use super::schema::settings;
use super::types::json;

/// The licences that do not count.
const IGNORED_LICENCES: &str = "ignored_licences";

/// The (client) id of the app that the MSP registered for all its customers.
pub const MICROSOFT_APP: &str = "microsoft_app.client_id";
/// How often that app was saved; two who save it at once are told apart by it.
pub const MICROSOFT_APP_VERSION: &str = "microsoft_app.version";
/// Whether PSA addresses that people enter may lead into private networks: [`ALLOWED`], or anything else.
const PRIVATE_PSA_ADDRESSES: &str = "private_psa_addresses";
/// The word of a setting that allows something.
const ALLOWED: &str = "allowed";

/// The hash of the token that `/metrics` asks for.
const METRICS_TOKEN: &str = "metrics.token";
/// After so many months the history of runs is removed.
const HISTORY_MONTHS: &str = "history.months";

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

/// A setting that counts saves; 0: none yet.
pub fn version(conn: &mut Conn, key: &str) -> QueryResult<i64> {
    let stored = get(conn, key)?;
    Ok(stored
        .and_then(|text| text.parse().ok())
        .unwrap_or_default())
}

/// Counts one save more, of what was seen at `version`; `false`: somebody else saved meanwhile.
pub fn step(conn: &mut Conn, key: &str, version: i64) -> QueryResult<bool> {
    let next = (version + 1).to_string();
    let changed = if version == 0 {
        // `each!`: an upsert.
        each!(conn => diesel::insert_into(settings::table)
            .values((settings::key.eq(key), settings::value.eq(&next)))
            .on_conflict_do_nothing()
            .execute(conn))?
    } else {
        let seen = settings::table
            .find(key)
            .filter(settings::value.eq(version.to_string()));
        diesel::update(seen)
            .set(settings::value.eq(&next))
            .execute(conn)?
    };
    Ok(changed == 1)
}

/// Forgets a setting.
pub fn forget(conn: &mut Conn, key: &str) -> QueryResult<()> {
    diesel::delete(settings::table.find(key))
        .execute(conn)
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

/// Forgets the licences that somebody set, so that the standard list holds again.
pub fn forget_ignored_licences(conn: &mut Conn) -> QueryResult<()> {
    forget(conn, IGNORED_LICENCES)
}

/// Whether PSA addresses that people enter in the portal may lead into private networks (self-hosted `ConnectWise`).
pub fn private_psa_addresses(conn: &mut Conn) -> QueryResult<bool> {
    Ok(get(conn, PRIVATE_PSA_ADDRESSES)?.is_some_and(|value| value.trim() == ALLOWED))
}

/// Sets whether PSA addresses may lead into private networks.
pub fn allow_private_psa_addresses(conn: &mut Conn, allowed: bool) -> QueryResult<()> {
    let word = if allowed { ALLOWED } else { "refused" };
    put(conn, PRIVATE_PSA_ADDRESSES, word)
}

/// The hash of the token that `/metrics` asks for; `None`: nobody has chosen one.
pub fn metrics_token(conn: &mut Conn) -> QueryResult<Option<String>> {
    get(conn, METRICS_TOKEN)
}

/// Sets the hash of the token that `/metrics` asks for, or forgets it.
pub fn set_metrics_token(conn: &mut Conn, hash: Option<&str>) -> QueryResult<()> {
    match hash {
        Some(hash) => put(conn, METRICS_TOKEN, hash),
        None => forget(conn, METRICS_TOKEN),
    }
}

/// After so many months the history of runs is removed; `None`: it is kept.
pub fn history_months(conn: &mut Conn) -> QueryResult<Option<u32>> {
    let text = get(conn, HISTORY_MONTHS)?;
    Ok(text
        .and_then(|text| text.trim().parse().ok())
        .filter(|months| *months > 0))
}

/// Sets after how many months the history of runs is removed; `None`: it is kept.
pub fn set_history_months(conn: &mut Conn, months: Option<u32>) -> QueryResult<()> {
    put(
        conn,
        HISTORY_MONTHS,
        &months.unwrap_or_default().to_string(),
    )
}
