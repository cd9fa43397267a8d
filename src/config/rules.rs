//! What a key and a database address look like, said before either is opened. No value is shown in a message.

use std::path::PathBuf;

use url::Url;

use super::Database;
use crate::seal::Keyring;

/// Checks that a text is 32 bytes in base64, or several such lines. The error says what is expected.
pub(super) fn key_lines(text: &str) -> Result<(), String> {
    Keyring::parse(text)
        .map(drop)
        .map_err(|error| error.to_string())
}

/// Understands a database's address. The error says what is expected.
pub(super) fn database(url: String) -> Result<Database, &'static str> {
    if let Some(path) = url.strip_prefix("sqlite://") {
        // Every connection to `:memory:` would see a database of its own.
        if path.trim().is_empty() || path == ":memory:" {
            return Err(EXPECTED);
        }
        if path.contains(['?', '\0']) {
            return Err("expected sqlite://PATH without options: a path has no ? in it");
        }
        return Ok(Database::Sqlite(PathBuf::from(path)));
    }
    if url.len() == POSTGRES.len() || !url.starts_with(POSTGRES) {
        return Err(EXPECTED);
    }
    let whole = Url::parse(&url).is_ok_and(|url| url.fragment().is_none());
    // libpq reads an address with a stray `@`, `#` or `/` in another way.
    if !whole || url.matches('@').count() > 1 || url.contains('\0') {
        return Err(
            "expected postgres://USER:PASSWORD@HOST/NAME, where @, #, / and ? of a password are written as %40, %23, %2F and %3F",
        );
    }
    Ok(Database::Postgres(url.into()))
}

const POSTGRES: &str = "postgres://";
const EXPECTED: &str = "expected sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME";
