//! A contact of the PSA, as far as Rollcall looks at it.

use serde::{Deserialize, Serialize};

use super::ids::{ContactId, ContactTypeId, SiteId};

/// A contact record of the company in the PSA.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// Its id in the PSA.
    pub id: ContactId,
    /// Whether it is active.
    pub active: bool,
    /// First name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Job title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The number that Rollcall keeps as the phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The number that Rollcall keeps as the mobile phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile: Option<String>,
    /// The default email.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Its other emails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_emails: Vec<String>,
    /// Where it belongs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteId>,
    /// The contact types it carries (ConnectWise only).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<ContactTypeId>,
    /// Whether the PSA has it as the company's main contact.
    #[serde(default)]
    pub main: bool,
    /// Whether the PSA has it as the company's billing contact.
    #[serde(default)]
    pub billing: bool,
    /// What the vendor's client needs to word a change (such as the ids of communication items); nobody else reads it.
    #[serde(default)]
    pub handle: serde_json::Value,
}

crate::model::debug_by!(Contact, id, active);
