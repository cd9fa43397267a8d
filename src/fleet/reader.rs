//! Reads single values out of parsed TOML and collects what is wrong with them. It knows no key of the fleet file.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use toml::de::{DeTable, DeValue};

use super::place::{Lines, Mistake, Place, Spanned, did_you_mean};
use super::secrets::{Holds, Secrets};
use crate::rules;

/// The file while it is read.
pub(super) struct Reader<'a> {
    lines: Lines<'a>,
    secrets: &'a dyn Secrets,
    mistakes: Vec<Mistake>,
    /// Lines whose TOML is broken: what was made of them is a guess, and nothing is said about it.
    broken: Vec<usize>,
    /// Whether a table's header is broken, so that keys may have landed in another table.
    headers_broken: bool,
}

/// A table while it is read: which keys it may have comes from which were asked for.
pub(super) struct Table<'t> {
    entries: &'t DeTable<'t>,
    /// Where it begins.
    pub(super) place: Place,
    /// What it is, for people: `[[company]]`.
    what: &'static str,
    asked: Vec<&'static str>,
}

/// A value in the file.
pub(super) type Value<'t> = Spanned<&'t DeValue<'t>>;

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, secrets: &'a dyn Secrets) -> Self {
        Self {
            lines: Lines::new(text),
            secrets,
            mistakes: Vec::new(),
            broken: Vec::new(),
            headers_broken: false,
        }
    }

    /// Notes a mistake of the TOML itself; the first of a line, for the others follow from it.
    pub(super) fn syntax(&mut self, error: &toml::de::Error) {
        let place = self.place(error.span().map_or(0, |span| span.start));
        if !self.broken.contains(&place.line) {
            let header = self.lines.line(place.line).trim_start().starts_with('[');
            self.headers_broken |= header;
            self.broken.push(place.line);
            self.mistakes.push(Mistake::new(place, error.message()));
        }
    }

    /// Whether the TOML itself is broken, so that something may be missing which is there.
    pub(super) fn guessing(&self) -> bool {
        !self.broken.is_empty()
    }

    pub(super) fn mistake(&mut self, place: Place, message: impl Into<String>) {
        if !self.broken.contains(&place.line) {
            self.mistakes.push(Mistake::new(place, message));
        }
    }

    /// Everything that is wrong, in the file's order.
    pub(super) fn into_mistakes(mut self) -> Vec<Mistake> {
        self.mistakes.sort();
        self.mistakes.dedup();
        self.mistakes
    }

    pub(super) fn place(&self, offset: usize) -> Place {
        self.lines.place(offset)
    }

    pub(super) fn table<'t>(&mut self, what: &'static str, value: &Value<'t>) -> Option<Table<'t>> {
        if let DeValue::Table(entries) = value.value {
            return Some(Table::new(entries, value.place, what));
        }
        let message = format!("{what} must be a table, not {}", kind(value.value));
        self.mistake(value.place, message);
        None
    }

    /// A key's value. The key counts as known from now on.
    pub(super) fn take<'t>(&self, table: &mut Table<'t>, key: &'static str) -> Option<Value<'t>> {
        table.asked.push(key);
        table.entries.get(key).map(|value| Spanned {
            place: self.place(value.span().start),
            value: value.get_ref(),
        })
    }

    /// Says which keys were not asked for.
    pub(super) fn finish(&mut self, table: &Table<'_>) {
        if self.headers_broken {
            return;
        }
        for key in table.entries.keys() {
            let name = key.get_ref().as_ref();
            if !table.asked.contains(&name) {
                let message = format!(
                    "unknown key {name:?} in {}{}",
                    table.what,
                    did_you_mean(name, table.asked.iter().copied())
                );
                self.mistake(self.place(key.span().start), message);
            }
        }
    }

    /// Where a key stands that is there.
    pub(super) fn key_place(&self, table: &Table<'_>, key: &str) -> Option<Place> {
        table
            .entries
            .get_key_value(key)
            .map(|(key, _)| self.place(key.span().start))
    }

    /// Says that a key is missing.
    pub(super) fn missing(&mut self, table: &Table<'_>, key: &str) {
        if !self.guessing() {
            let message = format!("{key} is missing in this {}", table.what);
            self.mistake(table.place, message);
        }
    }

    /// Insists on a key: says so where it is not there at all.
    pub(super) fn insist<T>(
        &mut self,
        table: &Table<'_>,
        key: &str,
        value: Option<T>,
    ) -> Option<T> {
        if value.is_none() && !table.entries.contains_key(key) {
            self.missing(table, key);
        }
        value
    }

    fn wrong(&mut self, key: &str, want: &str, value: &Value<'_>) {
        let message = format!("{key} must be {want}, not {}", kind(value.value));
        self.mistake(value.place, message);
    }

    /// A text, trimmed; a blank one is a mistake.
    pub(super) fn text(
        &mut self,
        table: &mut Table<'_>,
        key: &'static str,
    ) -> Option<Spanned<String>> {
        let value = self.take(table, key)?;
        self.text_of(key, &value)
    }

    pub(super) fn text_of(&mut self, key: &str, value: &Value<'_>) -> Option<Spanned<String>> {
        let DeValue::String(text) = value.value else {
            self.wrong(key, "a text in quotes", value);
            return None;
        };
        let text = text.trim();
        if text.is_empty() {
            self.mistake(value.place, format!("{key} must not be empty"));
            return None;
        }
        if let Some(most) = rules::too_long(key, text) {
            self.mistake(value.place, rules::too_long_said(key, most));
            return None;
        }
        Some(Spanned {
            place: value.place,
            value: text.to_owned(),
        })
    }

    /// A text of a certain form; `want` describes it.
    pub(super) fn formed<T>(
        &mut self,
        table: &mut Table<'_>,
        key: &'static str,
        want: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<Spanned<T>> {
        let text = self.text(table, key)?;
        let found = read(&text.value);
        if found.is_none() {
            let message = format!("{key} must be {want}, not {:?}", text.value);
            self.mistake(text.place, message);
        }
        found.map(|value| Spanned {
            place: text.place,
            value,
        })
    }

    /// `true` or `false`; `None` where it is left out.
    pub(super) fn flag(&mut self, table: &mut Table<'_>, key: &'static str) -> Option<bool> {
        let value = self.take(table, key)?;
        if let DeValue::Boolean(flag) = value.value {
            return Some(*flag);
        }
        self.wrong(key, "true or false", &value);
        None
    }

    /// A whole number within limits.
    pub(super) fn number(
        &mut self,
        table: &mut Table<'_>,
        key: &'static str,
        limits: std::ops::RangeInclusive<u64>,
    ) -> Option<Spanned<u64>> {
        let value = self.take(table, key)?;
        let want = if *limits.end() == u64::from(u32::MAX) {
            "a whole number, 0 or more".to_owned()
        } else {
            format!("a whole number from {} to {}", limits.start(), limits.end())
        };
        let DeValue::Integer(number) = value.value else {
            self.wrong(key, &want, &value);
            return None;
        };
        let read = u64::from_str_radix(number.as_str(), number.radix());
        let read = read.ok().filter(|number| limits.contains(number));
        if read.is_none() {
            self.mistake(value.place, format!("{key} must be {want}, not {number}"));
        }
        read.map(|number| Spanned {
            place: value.place,
            value: number,
        })
    }

    /// A list's values; empty where the key is left out.
    pub(super) fn list<'t>(
        &mut self,
        table: &mut Table<'t>,
        key: &'static str,
        want: &str,
    ) -> Option<Spanned<Vec<Value<'t>>>> {
        let value = self.take(table, key)?;
        let DeValue::Array(array) = value.value else {
            self.wrong(key, want, &value);
            return None;
        };
        let values = array.iter().map(|item| Spanned {
            place: self.place(item.span().start),
            value: item.get_ref(),
        });
        Some(Spanned {
            place: value.place,
            value: values.collect(),
        })
    }

    /// A secret that the file names. What stands there instead is never repeated.
    pub(super) fn secret(
        &mut self,
        table: &mut Table<'_>,
        key: &'static str,
        holds: Holds,
    ) -> Option<SecretString> {
        let value = self.take(table, key)?;
        let DeValue::Table(entries) = value.value else {
            let message =
                format!("{key} is a secret: write {{ env = \"NAME\" }} or {{ file = \"PATH\" }}");
            self.mistake(value.place, message);
            return None;
        };
        let mut inner = Table::new(entries, value.place, "secret");
        let (env, file) = (self.text(&mut inner, "env"), self.text(&mut inner, "file"));
        self.finish(&inner);
        let (place, found) = match (env, file) {
            (Some(name), None) if !is_variable(&name.value) => {
                let message = format!(
                    "{key}: env takes the name of an environment variable (letters, digits and _), which this is not; \
                     it is not shown, for it may be the secret itself"
                );
                (name.place, Err(message))
            }
            (Some(name), None) => {
                let found = self
                    .secrets
                    .env(&name.value)
                    .ok_or("is not set")
                    .and_then(|text| holds.of_text(text.expose_secret()))
                    .map_err(|why| match shown(&name.value) {
                        Some(name) => format!("the environment variable {name} {why}"),
                        None => format!("{key}: the environment variable of this name {why}"),
                    });
                (name.place, found)
            }
            (None, Some(path)) => {
                let found = match self.secrets.file(Path::new(&path.value)) {
                    Err(why) => Err(format!("the file {} cannot be read: {why}", path.value)),
                    Ok(bytes) => holds
                        .of_file(&bytes)
                        .map_err(|why| format!("the file {} {why}", path.value)),
                };
                (path.place, found)
            }
            (Some(_), Some(_)) => {
                let message = format!("{key} has env and file: one of them is enough");
                (value.place, Err(message))
            }
            (None, None) if entries.contains_key("env") || entries.contains_key("file") => {
                return None;
            }
            (None, None) => {
                let message = format!("{key} needs env = \"NAME\" or file = \"PATH\"");
                (value.place, Err(message))
            }
        };
        found.map_err(|message| self.mistake(place, message)).ok()
    }
}

impl<'t> Table<'t> {
    pub(super) fn new(entries: &'t DeTable<'t>, place: Place, what: &'static str) -> Self {
        Self {
            entries,
            place,
            what,
            asked: Vec::new(),
        }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }
}

/// Whether a text can be the name of an environment variable.
fn is_variable(name: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.chars().all(word) && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// A variable's name, unless it may be a pasted key: those of ConnectWise are letters and digits of both cases.
fn shown(name: &str) -> Option<&str> {
    let mixed = name.contains(|c: char| c.is_ascii_lowercase())
        && name.contains(|c: char| c.is_ascii_uppercase());
    (!mixed || name.contains('_')).then_some(name)
}

/// What a value is, for people.
pub(super) fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
