//! A user of the tenant, as far as Rollcall looks at it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::filter::DirectoryField;
use super::ids::{SkuId, UserId};
use super::text;

/// An Entra ID user object. Blank values may be missing, empty or white space.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Object id.
    pub id: UserId,
    /// User principal name.
    pub upn: String,
    /// Primary mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
    /// Name as displayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// First name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surname: Option<String>,
    /// Job title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_title: Option<String>,
    /// The first business phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_phone: Option<String>,
    /// Mobile phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile_phone: Option<String>,
    /// Whether sign-in is enabled; `None` where Graph did not say.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// The licences assigned; `None` where Graph did not say.
    #[serde(default)]
    pub licences: Option<Vec<SkuId>>,
    /// The `smtp:` entries of `proxyAddresses` (primary and aliases) without their prefix.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// The directory fields that filters may look at; blank ones are left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<DirectoryField, String>,
}

crate::model::debug_by!(User, id, enabled);

impl User {
    /// The user's address (`behaviour.md` section 2), folded; empty where the user has none.
    pub fn address(&self, use_email: bool) -> Cow<'_, str> {
        text::folded(self.address_as_written(use_email))
    }

    /// The user's address (`behaviour.md` section 2) trimmed, as it is written to a contact.
    pub fn address_as_written(&self, use_email: bool) -> &str {
        let mail = if use_email {
            self.mail.as_deref().map(str::trim)
        } else {
            None
        };
        mail.filter(|mail| !mail.is_empty())
            .unwrap_or_else(|| self.upn.trim())
    }

    /// What the user is called in lists: the name as displayed, or the UPN.
    pub fn called(&self) -> &str {
        text::called(self.display_name.as_deref().unwrap_or_default(), &self.upn)
    }

    /// Every address of the user: UPN, `mail` and `smtp:` entries; folded, without blanks, some perhaps twice.
    pub fn addresses(&self) -> impl Iterator<Item = Cow<'_, str>> {
        std::iter::once(self.upn.as_str())
            .chain(self.mail.as_deref())
            .chain(self.aliases.iter().map(String::as_str))
            .map(text::folded)
            .filter(|address| !address.is_empty())
    }
}

/// A licence that the tenant has (a subscribed SKU).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sku {
    /// SKU id.
    pub id: SkuId,
    /// SKU part number, such as `SPB`.
    pub part_number: String,
}
