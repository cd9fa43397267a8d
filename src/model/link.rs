//! The remembered pair user and contact.

use serde::{Deserialize, Serialize};

use super::ids::{ContactId, UserId};

/// A link that is in force: of the company's present tenant and PSA company.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Row id.
    pub id: i64,
    /// The user.
    pub user_id: UserId,
    /// The user's principal name when last seen.
    pub upn: String,
    /// The contact.
    pub contact_id: ContactId,
    /// How it was made.
    pub made: LinkMade,
    /// Whether the user was found deleted and has not been in the list since.
    pub user_deleted: bool,
}

crate::model::debug_by!(Link, id, user_id, contact_id, made, user_deleted);

/// How a link was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkMade {
    /// The contact had the user's address as its default email.
    Address,
    /// The contact had the user's address among its other emails.
    OtherAddress,
    /// The contact had another address of the user.
    Alias,
    /// Rollcall created the contact.
    Created,
    /// A technician linked them.
    Hand,
}

impl LinkMade {
    /// The word stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::OtherAddress => "other_address",
            Self::Alias => "alias",
            Self::Created => "created",
            Self::Hand => "hand",
        }
    }
}
