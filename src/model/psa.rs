//! What Rollcall knows of a PSA besides contacts.

use serde::{Deserialize, Serialize};

use super::filter::Named;
use super::ids::{ContactTypeId, PsaCompanyId, SiteId};

/// How Rollcall reaches one PSA; its secrets are kept apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PsaConnection {
    /// Row id.
    pub id: i64,
    /// The name that people gave it.
    pub name: String,
    /// The vendor's id: `connectwise` or `autotask`.
    pub kind: String,
    /// The vendor's fields that are no secrets, by key.
    pub fields: std::collections::BTreeMap<String, String>,
    /// The contact type that a contact gets where the filter names none.
    pub default_contact_type: Option<Named<ContactTypeId>>,
}

/// A company of the PSA.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PsaCompany {
    /// Its id in the PSA.
    pub id: PsaCompanyId,
    /// Its name.
    pub name: String,
    /// Whether it is active.
    pub active: bool,
}

/// A site (ConnectWise) or location (Autotask) of a company.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// Its id in the PSA.
    pub id: SiteId,
    /// Its name.
    pub name: String,
    /// An inactive site counts as gone.
    pub active: bool,
}

/// A contact type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactType {
    /// Its id in the PSA.
    pub id: ContactTypeId,
    /// Its name.
    pub name: String,
}

/// A kind of phone or email item of a contact (ConnectWise: communication type).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneType {
    /// Its id in the PSA.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it is for phone numbers.
    pub phone: bool,
    /// Whether it is for email addresses.
    pub email: bool,
    /// Whether it is the default of its kind.
    pub default: bool,
}

/// How long the PSA's fields may be, in UTF-16 units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// First name.
    pub first_name: usize,
    /// Last name.
    pub last_name: usize,
    /// Title.
    pub title: usize,
    /// Phone.
    pub phone: usize,
    /// Mobile.
    pub mobile: usize,
    /// Email.
    pub email: usize,
    /// Whether a contact cannot be made without a last name.
    pub last_name_required: bool,
}

/// The connection-wide words and limits of a PSA.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vocabulary {
    /// Contact types; `None` where the PSA has no such thing.
    pub contact_types: Option<Vec<ContactType>>,
    /// Phone and email types; empty where the PSA has fixed fields.
    pub phone_types: Vec<PhoneType>,
    /// Field lengths.
    pub limits: Limits,
}
