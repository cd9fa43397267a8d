//! One thing that applying a fleet file changes, worded. Never the value of a secret.

use std::fmt;

use serde::Serialize;

/// What a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A PSA connection.
    Psa,
    /// A company.
    Company,
    /// The settings that all companies share.
    Settings,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FleetChange {
    /// What it is about.
    pub subject: Subject,
    /// Its name; `None` for the settings.
    pub name: Option<String>,
    /// What of it changes; `None`: it is created.
    pub field: Option<String>,
    /// What stands there now; `None` where there is nothing, or where it cannot be said in a word.
    pub from: Option<String>,
    /// What will stand there; `None` as above.
    pub to: Option<String>,
    /// The same as one sentence.
    pub message: String,
}

impl fmt::Display for FleetChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The changes of one PSA connection or company.
#[derive(Debug)]
pub(super) struct Changes {
    subject: Subject,
    name: Option<String>,
    pub(super) list: Vec<FleetChange>,
}

impl Changes {
    pub(super) fn of(subject: Subject, name: Option<&str>) -> Self {
        Self {
            subject,
            name: name.map(str::to_owned),
            list: Vec::new(),
        }
    }

    fn push(&mut self, field: Option<&str>, from: Option<String>, to: Option<String>, text: &str) {
        let name = self.name.as_deref().unwrap_or_default();
        let subject = match self.subject {
            Subject::Psa => format!("PSA {name:?}: "),
            Subject::Company => format!("Company {name:?}: "),
            Subject::Settings => String::new(),
        };
        let field_text = field.map_or_else(String::new, |field| format!("{field}: "));
        self.list.push(FleetChange {
            subject: self.subject,
            name: self.name.clone(),
            field: field.map(str::to_owned),
            from,
            to,
            message: format!("{subject}{field_text}{text}"),
        });
    }

    pub(super) fn created(&mut self) {
        self.push(None, None, None, "created");
    }

    /// A field whose values are words.
    pub(super) fn word(&mut self, field: &str, from: Option<String>, to: Option<String>) {
        if from != to {
            let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
            let text = format!("{} → {}", shown(&from), shown(&to));
            self.push(Some(field), from, to, &text);
        }
    }

    /// A field that always has a value.
    pub(super) fn value(&mut self, field: &str, from: impl fmt::Display, to: impl fmt::Display) {
        self.word(field, Some(from.to_string()), Some(to.to_string()));
    }

    /// A list whose entries are told.
    pub(super) fn entries(&mut self, field: &str, from: &[String], to: &[String]) {
        let mut any = false;
        for entry in from.iter().filter(|entry| !to.contains(entry)) {
            self.removed(field, entry);
            any = true;
        }
        for entry in to.iter().filter(|entry| !from.contains(entry)) {
            self.added(field, entry);
            any = true;
        }
        if !any && from != to {
            self.value(field, from.join(", "), to.join(", "));
        }
    }

    /// One thing of several that will be there.
    pub(super) fn added(&mut self, field: &str, what: &str) {
        let text = format!("added: {what}");
        self.push(Some(field), None, Some(what.to_owned()), &text);
    }

    /// One thing of several that will not be there any more.
    pub(super) fn removed(&mut self, field: &str, what: &str) {
        let text = format!("removed: {what}");
        self.push(Some(field), Some(what.to_owned()), None, &text);
    }

    /// A field of which only something is said.
    pub(super) fn note(&mut self, field: &str, text: &str) {
        self.push(Some(field), None, None, text);
    }

    pub(super) fn any(&self) -> bool {
        !self.list.is_empty()
    }
}
