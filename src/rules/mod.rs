//! What settings must look like, whoever gives them: the fleet file and the portal. Looks at texts alone; asks neither the
//! database nor another system, but for the addresses that a host's name has.

pub mod address;
pub mod company;

use uuid::Uuid;

use crate::model::text::folded;

/// What a GUID is, for people.
pub const GUID: &str = "a GUID such as \"6f0c7b1e-0000-4000-8000-000000000000\"";
/// What a time of day is, for people.
pub const TIME: &str = "a time such as \"02:30\"";
/// What a time zone is, for people.
pub const ZONE: &str = "a time zone such as \"Europe/London\"";
/// What the domain of a user principal name is, for people.
pub const DOMAIN: &str = "a domain such as \"contoso.example\"";
/// What an entry of the ignore list is, for people.
pub const USERS: &str = "user principal names or object ids (GUIDs)";
/// The largest percentage of the guard.
pub const MOST_PERCENT: u32 = 100;
/// So many filters a company has at most, and so many conditions a filter.
pub const MOST_ENTRIES: usize = 200;
/// So many users a company ignores at most.
pub const MOST_IGNORED: usize = 10_000;

/// How many characters a text of this key has at most.
pub fn most(key: &str) -> usize {
    match key {
        "name" | "psa" => 100,
        "url" | "equals" => 500,
        // A path of the operating system.
        "file" => 4_096,
        // What a vendor or Microsoft names: no name there is longer than 256.
        _ => 256,
    }
}

/// The most characters of the key, where the text has more.
pub fn too_long(key: &str, text: &str) -> Option<usize> {
    let most = most(key);
    text.chars().nth(most).map(|_| most)
}

/// Says that a text is too long.
pub fn too_long_said(key: &str, most: usize) -> String {
    format!("{key} is too long: {most} characters are the most")
}

/// A GUID with hyphens, in lower case.
pub fn guid(text: &str) -> Option<String> {
    let guid = Uuid::try_parse(text).ok()?;
    (text.len() == 36).then(|| guid.hyphenated().to_string())
}

/// A time of day: `HH:MM`.
pub fn time(text: &str) -> Option<String> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |text: &str, below: u32| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits && text.parse::<u32>().is_ok_and(|number| number < below)
    };
    (number(hours, 24) && number(minutes, 60)).then(|| text.to_owned())
}

/// A time zone of the IANA database.
pub fn zone(text: &str) -> Option<chrono_tz::Tz> {
    text.parse().ok()
}

/// A domain, as a filter compares it.
pub fn domain(text: &str) -> Option<String> {
    let odd = |c: char| c == '@' || c.is_whitespace();
    (!text.is_empty() && !text.contains(odd)).then(|| text.to_owned())
}

/// A user to leave alone: an object id in lower case, or a user principal name as written.
pub fn user(text: &str) -> Option<String> {
    let upn = text.contains('@') && !text.contains(char::is_whitespace);
    guid(text).or_else(|| upn.then(|| text.to_owned()))
}

/// Whether two texts name the same user or licence.
pub fn same(one: &str, other: &str) -> bool {
    folded(one) == folded(other)
}

/// Whether a company of a PSA can have this id.
pub fn psa_company_id(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u32>().is_ok()
}

/// A mistake of a form, with the key of the field beside which it is shown; an empty key is for the form as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The field's key, such as `name` or `filters.2.site`, counted from 0.
    pub field: String,
    /// What is wrong and what is expected, in one sentence.
    pub message: String,
}

impl Mistake {
    /// A mistake of a field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }
}

/// A text that must be there, trimmed, and not too long; `said` is what people call it.
pub fn text(field: &str, said: &str, value: &str) -> Result<String, Mistake> {
    let value = value.trim();
    if value.is_empty() {
        return Err(Mistake::new(field, format!("{said} must not be empty")));
    }
    let key = field.rsplit('.').next().unwrap_or(field);
    match too_long(key, value) {
        Some(most) => Err(Mistake::new(field, too_long_said(said, most))),
        None if value.contains(char::is_control) => Err(Mistake::new(
            field,
            format!("{said} must be one line of plain text"),
        )),
        None => Ok(value.to_owned()),
    }
}
