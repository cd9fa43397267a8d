//! How words of the model are kept in columns: times, JSON and enumerations. Both databases keep the same text.

use chrono::{DateTime, NaiveDateTime, SubsecRound, Utc};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::filter::Named;

/// So many values are named in one statement at most; SQLite takes 32,766, PostgreSQL 65,535.
pub(super) const AT_ONCE: usize = 1_000;

/// The time as it is kept: UTC, cut to microseconds, so that it is read back as it was written.
pub(super) fn stamp(at: DateTime<Utc>) -> NaiveDateTime {
    at.naive_utc().trunc_subsecs(6)
}

/// The value as JSON text.
pub(super) fn json<T: Serialize + ?Sized>(value: &T) -> QueryResult<String> {
    serde_json::to_string(value)
        .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))
}

/// A value read from JSON text.
#[derive(Debug, FromSqlRow, AsExpression)]
#[diesel(sql_type = Text)]
pub(super) struct Json<T: std::fmt::Debug>(pub(super) T);

impl<T, DB> FromSql<Text, DB> for Json<T>
where
    T: DeserializeOwned + std::fmt::Debug,
    DB: Backend,
    String: FromSql<Text, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<Text, DB>>::from_sql(bytes)?;
        Ok(Self(serde_json::from_str(&text)?))
    }
}

/// A value of an enumeration read from its word.
#[derive(Debug, FromSqlRow, AsExpression)]
#[diesel(sql_type = Text)]
pub(super) struct Word<T: std::fmt::Debug>(pub(super) T);

impl<T, DB> FromSql<Text, DB> for Word<T>
where
    T: DeserializeOwned + std::fmt::Debug,
    DB: Backend,
    String: FromSql<Text, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let word = <String as FromSql<Text, DB>>::from_sql(bytes)?;
        let value = serde_json::from_value(serde_json::Value::String(word))?;
        Ok(Self(value))
    }
}

/// A thing of the PSA by id and name from its two columns.
pub(super) fn named<Id: From<String>>(
    id: Option<String>,
    name: Option<String>,
) -> Option<Named<Id>> {
    id.map(|id| Named {
        id: id.into(),
        name: name.unwrap_or_default(),
    })
}
