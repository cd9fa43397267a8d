//! What somebody searches for. Addresses carry ids only, so the text stays in the session, under a number of its own, and the
//! address of the list has that number. Whoever else opens such an address sees the list without the search.

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use crate::web::gate::is_ours;
use crate::web::listing::address;
use crate::web::routes::{Entry, routes};
use crate::web::{Visit, WebError};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Post Act "/search" Reader search;
};

/// Under this name a session has its searches.
const SEARCHES: &str = "searches";
/// The name of the number in an address.
pub const NUMBER: &str = "s";
/// A session remembers so many; the oldest goes first.
const KEPT: usize = 20;
/// A search has so many characters at most.
const LONGEST: usize = 200;
/// Another part of a search's form, such as a chosen state, has so many bytes at most.
const LONGEST_PART: usize = 100;

/// One search of a session.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Search {
    number: u32,
    text: String,
}

fn all(visit: &Visit) -> Vec<Search> {
    visit
        .session()
        .get(SEARCHES)
        .ok()
        .flatten()
        .unwrap_or_default()
}

/// What was searched for under this number; empty where this session knows none.
pub fn text(visit: &Visit, number: &str) -> String {
    let Ok(number) = number.parse::<u32>() else {
        return String::new();
    };
    let found = all(visit).into_iter().find(|one| one.number == number);
    found.map(|one| one.text).unwrap_or_default()
}

/// Keeps a search, and gives its number; empty where nothing is searched for.
fn keep(visit: &Visit, text: &str) -> Result<String, WebError> {
    let text: String = text.trim().chars().take(LONGEST).collect();
    if text.is_empty() {
        return Ok(String::new());
    }
    let mut searches = all(visit);
    if let Some(known) = searches.iter().find(|one| one.text == text) {
        return Ok(known.number.to_string());
    }
    let last = searches.iter().map(|one| one.number).max();
    let number = last.unwrap_or_default().wrapping_add(1);
    searches.push(Search { number, text });
    let old = searches.len().saturating_sub(KEPT);
    searches.drain(..old);
    visit
        .session()
        .insert(SEARCHES, searches)
        .map_err(|error| WebError::Internal(anyhow::anyhow!("{error}")))?;
    Ok(number.to_string())
}

/// Keeps what is searched for and leads back to the list, with the other choices of its form. `to` is the list's path and
/// `search` the text.
async fn search(visit: Visit, body: Bytes) -> Result<HttpResponse, WebError> {
    let (mut to, mut at, mut typed) = (String::new(), String::new(), String::new());
    let mut query = Vec::new();
    for (name, value) in form_urlencoded::parse(&body) {
        match &*name {
            "csrf" => {}
            "to" => to = value.into_owned(),
            "at" => at = value.into_owned(),
            "search" => typed = value.into_owned(),
            _ if name.len() + value.len() <= LONGEST_PART => {
                query.push((name.into_owned(), value.into_owned()));
            }
            _ => {}
        }
    }
    // Both become part of a header, which takes neither blanks nor control characters.
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'?' && byte != b'#';
    let plain = |text: &str| text.bytes().all(is_plain);
    if !is_ours(&to) || !plain(&to) || !plain(&at) {
        return Err(WebError::NotFound);
    }
    let number = keep(&visit, &typed)?;
    let mut pairs: Vec<(&str, &str)> = query
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    pairs.push((NUMBER, &number));
    let mut to = address(&to, &pairs);
    if !at.is_empty() {
        to = format!("{to}#{at}");
    }
    Ok(visit.lead(&to))
}
