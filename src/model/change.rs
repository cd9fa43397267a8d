//! What a plan does to a contact.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::contact::Contact;
use super::ids::{ContactTypeId, PsaCompanyId, SiteId};

/// What is done for one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A contact is made.
    Create,
    /// A contact is remembered as the user's; nothing is written to the PSA.
    Link,
    /// Differing fields are written.
    Update,
    /// An inactive contact is made active, and differing fields are written.
    Reactivate,
    /// The contact is made inactive.
    Deactivate,
    /// Nothing is done.
    Unchanged,
    /// Hands off: excluded, taken by no filter, or ignored.
    OutOfScope,
    /// A person has to decide.
    Conflict,
}

impl Action {
    /// All of them, in the order of the report's counts.
    pub const ALL: [Self; 8] = [
        Self::Create,
        Self::Link,
        Self::Update,
        Self::Reactivate,
        Self::Deactivate,
        Self::Unchanged,
        Self::OutOfScope,
        Self::Conflict,
    ];

    /// The word of the report.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Link => "link",
            Self::Update => "update",
            Self::Reactivate => "reactivate",
            Self::Deactivate => "deactivate",
            Self::Unchanged => "unchanged",
            Self::OutOfScope => "out_of_scope",
            Self::Conflict => "conflict",
        }
    }

    /// Whether it writes to the PSA.
    pub const fn writes(self) -> bool {
        matches!(
            self,
            Self::Create | Self::Update | Self::Reactivate | Self::Deactivate
        )
    }
}

/// The word of the plan and the history for a leaver who has no licence that counts.
pub const LICENCE_REMOVED: &str = "licence removed";

/// A reason of the plan and the history as people read it. Nobody may have removed a licence: the list of those that do not count
/// may have become longer.
pub fn reason_for_people(reason: &str) -> Cow<'_, str> {
    match reason.strip_prefix(LICENCE_REMOVED) {
        Some(rest) => Cow::Owned(format!("no licence that counts{rest}")),
        None => Cow::Borrowed(reason),
    }
}

/// A field of a contact that Rollcall keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Whether the contact is active.
    Active,
    /// First name.
    FirstName,
    /// Last name.
    LastName,
    /// Title.
    Title,
    /// Phone.
    Phone,
    /// Mobile phone.
    Mobile,
    /// Default email.
    Email,
    /// Site.
    Site,
    /// A contact type that is added.
    ContactType,
}

impl Field {
    /// The word of the report.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::Title => "title",
            Self::Phone => "phone",
            Self::Mobile => "mobile",
            Self::Email => "email",
            Self::Site => "site",
            Self::ContactType => "contact_type",
        }
    }
}

/// A field's value before or after a change.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldValue {
    /// Nothing there.
    Blank,
    /// Text, as written.
    Text(String),
    /// Active or not.
    Flag(bool),
    /// A site; the name is empty where nobody knows it.
    Site(SiteId, String),
    /// A contact type.
    ContactType(ContactTypeId, String),
}

/// Shows no text: it may name people.
impl std::fmt::Debug for FieldValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Blank => f.write_str("Blank"),
            Self::Text(_) => f.write_str("Text"),
            Self::Flag(flag) => write!(f, "Flag({flag})"),
            Self::Site(id, _) => write!(f, "Site({id})"),
            Self::ContactType(id, _) => write!(f, "ContactType({id})"),
        }
    }
}

/// One field and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The field.
    pub field: Field,
    /// What the contact has.
    pub from: FieldValue,
    /// What it is to have.
    pub to: FieldValue,
}

/// A change of one contact, for a PSA client to put into words.
#[derive(Clone, Copy)]
pub struct Change<'a> {
    /// The company in the PSA.
    pub company: &'a PsaCompanyId,
    /// The contact as read; `None`: it is to be made.
    pub contact: Option<&'a Contact>,
    /// The fields to write. A contact that is made gets exactly these, and is active.
    pub fields: &'a [FieldChange],
    /// The user's own addresses, folded: an old email among them is kept where it gives way (`behaviour.md` section 7).
    pub own_addresses: &'a [String],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_no_licence_that_counts_where_the_history_says_licence_removed() {
        for (kept, read) in [
            ("licence removed", "no licence that counts"),
            (
                "licence removed, but the contact is inactive already",
                "no licence that counts, but the contact is inactive already",
            ),
            ("sign-in blocked", "sign-in blocked"),
        ] {
            assert_eq!(reason_for_people(kept), read);
        }
    }
}
