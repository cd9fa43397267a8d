//! Communication items: addresses and numbers of a contact, and which of them count. It sends nothing.

use serde::{Deserialize, Serialize};

use super::wire::Reference;
use crate::model::{Contact, PhoneType, Vocabulary, text};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ItemRow {
    #[serde(default)]
    pub id: i64,
    #[serde(rename = "type")]
    of: Option<Reference>,
    value: Option<String>,
    default_flag: Option<bool>,
    communication_type: Option<String>,
}

/// What a communication item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ItemKind {
    Email,
    Phone,
    Fax,
}

impl ItemKind {
    /// The word that stands in `communicationType`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Email => "Email",
            Self::Phone => "Phone",
            Self::Fax => "Fax",
        }
    }

    fn of(word: &str) -> Option<Self> {
        [Self::Email, Self::Phone, Self::Fax]
            .into_iter()
            .find(|kind| kind.word().eq_ignore_ascii_case(word))
    }

    /// Whether two values are the same: numbers by their digits, addresses with case ignored.
    pub fn same(self, one: &str, other: &str) -> bool {
        match self {
            Self::Phone => text::same_digits(one, other),
            Self::Email | Self::Fax => text::folded(one) == text::folded(other),
        }
    }
}

/// A communication item as kept in a contact's handle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Item {
    pub id: i64,
    #[serde(rename = "type")]
    pub type_id: String,
    pub value: String,
    pub default: bool,
    pub kind: ItemKind,
}

impl Item {
    /// The value; `None` where it is blank.
    pub fn value(&self) -> Option<&str> {
        Some(self.value.trim()).filter(|value| !value.is_empty())
    }
}

impl ItemRow {
    /// Whether it is an Email item with this address.
    pub fn is_address(&self, address: &str) -> bool {
        let kind = self.communication_type.as_deref().and_then(ItemKind::of);
        let value = self.value.as_deref().unwrap_or_default();
        kind == Some(ItemKind::Email) && ItemKind::Email.same(value, address)
    }

    /// Whether it has this value and, as an address, this flag.
    pub fn has(&self, value: &str, kind: ItemKind, default: bool) -> bool {
        let held = self.value.as_deref().unwrap_or_default();
        let flag = self.default_flag == Some(true);
        kind.same(held, value) && (kind != ItemKind::Email || flag == default)
    }

    /// `None`: of no kind that is known.
    pub fn item(self) -> Option<Item> {
        Some(Item {
            id: self.id,
            type_id: self
                .of
                .and_then(|of| of.id)
                .map_or_else(String::new, |id| id.to_string()),
            value: self.value.unwrap_or_default(),
            default: self.default_flag == Some(true),
            kind: ItemKind::of(self.communication_type.as_deref()?)?,
        })
    }
}

/// The item among several that counts: the default one, else the one with the lowest id.
pub(super) fn chosen<'a>(items: impl Iterator<Item = &'a Item>) -> Option<&'a Item> {
    items.min_by_key(|item| (!item.default, item.id))
}

/// The item that holds the number of this phone type.
pub(super) fn phone_item<'a>(items: &'a [Item], type_id: &str) -> Option<&'a Item> {
    chosen(
        items
            .iter()
            .filter(|item| item.kind == ItemKind::Phone && item.type_id == type_id),
    )
}

/// The Email item that holds the contact's own address: the default one.
pub(super) fn email_item(items: &[Item]) -> Option<&Item> {
    chosen(
        items
            .iter()
            .filter(|item| item.kind == ItemKind::Email && item.default),
    )
}

/// The phone type of this name, trimmed and case ignored; it must be for phone numbers.
pub(super) fn phone_type<'a>(vocabulary: &'a Vocabulary, name: &str) -> Option<&'a PhoneType> {
    let name = text::folded(name);
    vocabulary
        .phone_types
        .iter()
        .filter(|of| of.phone && text::folded(&of.name) == name)
        .min_by_key(|of| of.id.parse::<i64>().unwrap_or(i64::MAX))
}

/// The email type that new addresses get: the default one, else the one with the lowest id.
pub(super) fn email_type(vocabulary: &Vocabulary) -> Option<&PhoneType> {
    vocabulary
        .phone_types
        .iter()
        .filter(|of| of.email)
        .min_by_key(|of| (!of.default, of.id.parse::<i64>().unwrap_or(i64::MAX)))
}

/// The items that `ContactRow::contact` put into the handle.
pub(super) fn items_of(contact: &Contact) -> Vec<Item> {
    let items = contact.handle.get("items").cloned().unwrap_or_default();
    serde_json::from_value(items).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(id: &str, name: &str, phone: bool, default: bool) -> PhoneType {
        PhoneType {
            id: id.to_owned(),
            name: name.to_owned(),
            phone,
            email: !phone,
            default,
        }
    }

    #[test]
    fn types_are_found_by_name_and_default() {
        let vocabulary = Vocabulary {
            contact_types: None,
            phone_types: vec![
                of("9", "direct ", true, false),
                of("5", "Direct", false, false),
                of("10", "Work", false, true),
            ],
            limits: super::super::reading::LIMITS,
        };
        assert_eq!(
            phone_type(&vocabulary, "Direct").map(|of| of.id.as_str()),
            Some("9")
        );
        assert_eq!(email_type(&vocabulary).map(|of| of.id.as_str()), Some("10"));
        assert!(phone_type(&vocabulary, "Cell").is_none());
    }
}
