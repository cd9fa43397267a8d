//! The people of the service provider who may sign in to the portal, and what each may do there.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::text;

/// A name has so many characters at most.
pub const LONGEST_NAME: usize = 100;

/// What somebody may do in the portal. Each may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks, never writes.
    Reader,
    /// Companies, filters, runs and holds.
    Technician,
    /// Everything.
    Administrator,
}

impl Role {
    /// All roles, the one that may do least first.
    pub const ALL: [Self; 3] = [Self::Reader, Self::Technician, Self::Administrator];

    /// The word stored and sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Technician => "technician",
            Self::Administrator => "administrator",
        }
    }

    /// The role of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// Its name for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Reader => "Reader",
            Self::Technician => "Technician",
            Self::Administrator => "Administrator",
        }
    }
}

/// Somebody who may sign in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staff {
    /// Row id.
    pub id: i64,
    /// The name that they sign in with.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they may sign in at all.
    pub enabled: bool,
    /// When they signed in last.
    pub signed_in_at: Option<DateTime<Utc>>,
    /// When they were added.
    pub created_at: DateTime<Utc>,
    /// Whether they have chosen a password.
    pub has_password: bool,
}

super::debug_by!(Staff, id, role, enabled, has_password);

/// The name as it is kept: trimmed, in Unicode NFC. The error is a sentence that says what is wrong with it.
pub fn checked_name(name: &str) -> Result<String, String> {
    let name = text::nfc(name.trim()).into_owned();
    if name.is_empty() {
        Err("Enter a name.".to_owned())
    } else if name.chars().count() > LONGEST_NAME {
        Err(format!(
            "The name is too long: {LONGEST_NAME} characters at most."
        ))
    } else if name.chars().any(char::is_control) {
        Err(
            "The name has a line break or another control character in it: leave it out."
                .to_owned(),
        )
    } else {
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_do_what_those_before_it_may() {
        assert!(Role::Reader < Role::Technician && Role::Technician < Role::Administrator);
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
            assert_eq!(serde_json::json!(role), role.as_str());
        }
        assert_eq!(Role::parse("Administrator"), None);
    }

    #[test]
    fn a_name_has_1_to_100_characters_on_one_line() {
        assert_eq!(checked_name("  Rene\u{301} ").as_deref(), Ok("Ren\u{e9}"));
        assert!(checked_name(&"\u{e9}".repeat(100)).is_ok());
        for wrong in ["", " \t ", "Ann\nOther", "Ann\u{7}", &"x".repeat(101)] {
            assert!(checked_name(wrong).is_err(), "{wrong:?}");
        }
    }
}
