//! Forms: read from the request's body, and their mistakes beside their fields. The gate has checked the token before.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::WebError;

/// A form that was sent. Lists are written `order[]=a&order[]=b`, parts `filter[3][name]=IT`.
#[derive(Debug)]
pub struct Form<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = WebError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, WebError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = Bytes::from_request(request, payload);
        Box::pin(async move {
            let bytes = bytes.await.map_err(|_| unreadable())?;
            read(&bytes).map(Self)
        })
    }
}

/// Reads a form from its text.
pub(super) fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, WebError> {
    let config = serde_qs::Config::new().use_form_encoding(true).max_depth(6);
    config.deserialize_bytes(text).map_err(|_| unreadable())
}

fn unreadable() -> WebError {
    WebError::Bad("This form cannot be read. Go back, load the page anew, and try again.".into())
}

/// What is wrong with a form: a sentence by field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mistakes(BTreeMap<String, String>);

impl Mistakes {
    /// Notes a mistake; the first one of a field stays.
    pub fn add(&mut self, field: impl Into<String>, sentence: impl Into<String>) {
        self.0
            .entry(field.into())
            .or_insert_with(|| sentence.into());
    }

    /// What is wrong with a field.
    pub fn get(&self, field: &str) -> Option<&str> {
        self.0.get(field).map(String::as_str)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<F: Into<String>, S: Into<String>> FromIterator<(F, S)> for Mistakes {
    fn from_iter<I: IntoIterator<Item = (F, S)>>(all: I) -> Self {
        let mut mistakes = Self::default();
        for (field, sentence) in all {
            mistakes.add(field, sentence);
        }
        mistakes
    }
}

/// The last day of a secret or certificate as it was typed; `None` where nothing was. Of a new one it cannot be past.
///
/// # Errors
/// What to type instead.
pub fn last_day(
    typed: &str,
    is_new: bool,
    today: NaiveDate,
) -> Result<Option<NaiveDate>, &'static str> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    match NaiveDate::parse_from_str(typed, "%Y-%m-%d") {
        Err(_) => Err("Give the day as year, month and day: 2027-01-31."),
        Ok(day) if is_new && day < today => {
            Err("This day is past. Give the last day that Entra shows, or leave it empty.")
        }
        Ok(day) => Ok(Some(day)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_of_something_new_is_not_past_and_that_of_what_is_stored_can_be_corrected() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let today = day("2026-01-31");
        assert_eq!(last_day(" ", true, today), Ok(None));
        assert_eq!(last_day("2026-01-31", true, today), Ok(Some(today)));
        assert_eq!(
            last_day("2026-01-30", false, today),
            Ok(Some(day("2026-01-30")))
        );
        let past = last_day("2026-01-30", true, today).unwrap_err();
        assert!(past.contains("past"), "{past}");
        let odd = last_day("31.1.2027", true, today).unwrap_err();
        assert!(odd.contains("2027-01-31"), "{odd}");
    }
}
