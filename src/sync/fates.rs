//! What becomes of each field of a run that is put back, and how that is said. Decides nothing. Pure.

use super::report;
use crate::model::{Field, FieldChange, FieldValue};

/// What becomes of one person's line.
#[derive(Clone, PartialEq)]
pub struct Told {
    /// The row id of the line.
    pub change: i64,
    /// Whether the run made the contact.
    pub made: bool,
    /// Why nothing at all is put back.
    pub nothing: Option<Nothing>,
    /// What becomes of each field.
    pub parts: Vec<Part>,
    /// An address that the run brought and that stays among the others.
    pub stays: Option<String>,
    /// Whether something that was shown to be put back is as it was before already: by another try, or by somebody's hand.
    pub forestalled: bool,
}

crate::model::debug_by!(Told, change, made, nothing, parts);

/// Why nothing of a line is put back.
#[derive(Clone, PartialEq, Eq)]
pub enum Nothing {
    /// The contact is gone from the company.
    Gone,
    /// The contact is linked to another user (UPN) by now.
    Theirs(String),
    /// The contact is not linked to the user any more, or anew.
    NotLinked,
}

/// Shows no user.
impl std::fmt::Debug for Nothing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Gone => "Gone",
            Self::Theirs(_) => "Theirs",
            Self::NotLinked => "NotLinked",
        })
    }
}

/// One field.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The field.
    pub field: Field,
    /// What the contact has now.
    pub now: FieldValue,
    /// What it had before the run.
    pub before: FieldValue,
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is put back.
    PutBack,
    /// It is as it was before already.
    Already,
    /// It was changed since, and is left alone.
    Changed,
    /// A contact type that was added stays.
    Stays,
    /// It would be put back, but that was not shown.
    NotShown,
    /// It cannot be put back, for this reason.
    Cannot(Why),
}

/// Why a field cannot be put back.
#[derive(Clone, PartialEq, Eq)]
pub enum Why {
    /// The PSA does not let it be blank.
    Needed,
    /// The PSA has no way to empty it.
    NoWay,
    /// The site is gone or inactive.
    SiteGone,
    /// The contact would lose this address, which it had before.
    LosesAddress(String),
}

/// Shows no address.
impl std::fmt::Debug for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Needed => "Needed",
            Self::NoWay => "NoWay",
            Self::SiteGone => "SiteGone",
            Self::LosesAddress(_) => "LosesAddress",
        })
    }
}

impl Part {
    /// What is written.
    pub fn change(&self) -> FieldChange {
        FieldChange {
            field: self.field,
            from: self.now.clone(),
            to: self.before.clone(),
        }
    }

    /// Why it stays as it is, in words; `None` where there is nothing to be said.
    pub fn note(&self) -> Option<String> {
        let name = match self.field {
            Field::Active => "the contact",
            field => report::field_words(field),
        };
        let (now, before) = (said(&self.now), said(&self.before));
        let why = match &self.fate {
            Fate::PutBack | Fate::Already => return None,
            Fate::Stays => return Some(format!("the contact type {now}, which was added, stays")),
            Fate::Changed => "was changed since",
            Fate::NotShown => "is not as it was when this was looked at",
            Fate::Cannot(Why::Needed) => "which the PSA does not take any more",
            Fate::Cannot(Why::NoWay) => "which the PSA offers no way to put back",
            Fate::Cannot(Why::SiteGone) => "which does not exist any more or is inactive",
            Fate::Cannot(Why::LosesAddress(address)) => {
                return Some(format!(
                    "{name} was {before} before the run and stays {now}, as the contact would lose the address {address} otherwise"
                ));
            }
        };
        Some(format!(
            "{name} was {before} before the run, {why}, and stays {now}"
        ))
    }
}

/// A value within a sentence.
fn said(value: &FieldValue) -> String {
    match (value, report::value(value)) {
        (FieldValue::Flag(true), _) => "active".into(),
        (FieldValue::Flag(false), _) => "inactive".into(),
        (_, serde_json::Value::String(text)) => text,
        _ => "blank".into(),
    }
}

impl Told {
    /// Whether something was as it was before already.
    pub fn is_back_already(&self) -> bool {
        let already = |part: &Part| part.field != Field::ContactType && part.fate == Fate::Already;
        self.parts.iter().any(already)
    }

    /// What stays as it is, in words.
    pub fn notes(&self) -> Vec<String> {
        let nothing = self.nothing.as_ref().map(|nothing| match nothing {
            Nothing::Gone => "the contact is gone".to_owned(),
            Nothing::Theirs(upn) => format!("the contact is linked to {upn} by now"),
            Nothing::NotLinked => "the contact is not linked as it was then".to_owned(),
        });
        let stays = self.stays.as_ref();
        let stays = stays.map(|one| format!("the address {one} stays among the others"));
        let parts = self.parts.iter().filter_map(Part::note);
        nothing.into_iter().chain(parts).chain(stays).collect()
    }
}
