//! The records of the simulated ConnectWise as plain data, for world generators and tests. They
//! check nothing.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

/// A customer company.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CompanyData {
    /// Record id; 0 when added: the next free one.
    pub id: i64,
    /// The short name, unique.
    pub identifier: String,
    /// The full name.
    pub name: String,
    /// Name of its status (see [`StatusData`]); empty when added: `Active`.
    pub status: String,
    /// Whether it was deleted; it is still answered, with `deletedFlag`.
    pub deleted: bool,
}

/// A status that companies can have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatusData {
    /// Record id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Whether companies of this status count as inactive.
    pub inactive: bool,
}

/// A site of a company.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SiteData {
    /// Record id; 0 when added: the next free one.
    pub id: i64,
    /// The company it belongs to.
    pub company_id: i64,
    /// Its name.
    pub name: String,
    /// `inactiveFlag`.
    pub inactive: bool,
    /// `primaryAddressFlag`.
    pub primary: bool,
    /// `phoneNumber`; a contact without a phone of its own shows it as its default phone.
    pub phone: Option<String>,
}

/// A contact type; it has a description and no name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContactTypeData {
    /// Record id; 0 when added: the next free one.
    pub id: i64,
    /// `description`.
    pub description: String,
}

/// What a communication item is, derived from its type's flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ItemKind {
    /// `Email`.
    Email,
    /// `Phone`.
    #[default]
    Phone,
    /// `Fax`.
    Fax,
}

impl ItemKind {
    /// The word that stands in `communicationType`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Email => "Email",
            Self::Phone => "Phone",
            Self::Fax => "Fax",
        }
    }

    /// The kind of exactly this word.
    pub fn of(word: &str) -> Option<Self> {
        [Self::Email, Self::Phone, Self::Fax]
            .into_iter()
            .find(|kind| kind.word() == word)
    }
}

/// A communication type such as `Direct`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CommunicationTypeData {
    /// Record id; 0 when added: the next free one.
    pub id: i64,
    /// `description`.
    pub description: String,
    /// `phoneFlag`.
    pub phone: bool,
    /// `faxFlag`.
    pub fax: bool,
    /// `emailFlag`.
    pub email: bool,
    /// `defaultFlag`: the type offered first for its kind.
    pub default: bool,
}

impl CommunicationTypeData {
    /// Whether items of this type may be of this kind.
    pub fn fits(&self, kind: ItemKind) -> bool {
        match kind {
            ItemKind::Email => self.email,
            ItemKind::Phone => self.phone,
            ItemKind::Fax => self.fax,
        }
    }

    /// The kind of an item that names none.
    pub fn kind(&self) -> ItemKind {
        [ItemKind::Email, ItemKind::Phone, ItemKind::Fax]
            .into_iter()
            .find(|kind| self.fits(*kind))
            .unwrap_or_default()
    }
}

/// One communication item of a contact.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ItemData {
    /// Record id, unique over all contacts; 0 when added: the next free one.
    pub id: i64,
    /// Its communication type.
    pub type_id: i64,
    /// What it is; corrected when added if the type does not fit it.
    pub kind: ItemKind,
    /// The address or number.
    pub value: String,
    /// `extension`.
    pub extension: Option<String>,
    /// `defaultFlag`: one a kind.
    pub default: bool,
}

/// One contact type of a contact.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AssociationData {
    /// The association's own record id; 0 when added: the next free one.
    pub id: i64,
    /// The contact type.
    pub type_id: i64,
}

/// A contact.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContactData {
    /// Record id; 0 when added: the next free one.
    pub id: i64,
    /// `firstName`.
    pub first_name: String,
    /// `lastName`.
    pub last_name: Option<String>,
    /// `title`.
    pub title: Option<String>,
    /// Its company; a contact without one exists.
    pub company_id: Option<i64>,
    /// Its site.
    pub site_id: Option<i64>,
    /// `inactiveFlag`.
    pub inactive: bool,
    /// `defaultFlag`: the default contact of its company.
    pub default: bool,
    /// `defaultBillingFlag`.
    pub default_billing: bool,
    /// Communication items in their order.
    pub items: Vec<ItemData>,
    /// Contact types in the order they were given.
    pub types: Vec<AssociationData>,
    /// Other members as they were written, by their JSON name.
    pub other: Map<String, Value>,
    /// When it was last written; set by `State`.
    pub last_updated: DateTime<Utc>,
    /// Who wrote it last; set by `State`.
    pub updated_by: String,
}

impl ContactData {
    /// The value of the default item of this kind.
    pub fn default_value(&self, kind: ItemKind) -> Option<&str> {
        self.items
            .iter()
            .find(|item| item.kind == kind && item.default)
            .map(|item| item.value.as_str())
    }

    /// The item with this id.
    pub fn item(&self, id: i64) -> Option<&ItemData> {
        self.items.iter().find(|item| item.id == id)
    }

    /// The ids of its contact types.
    pub fn type_ids(&self) -> Vec<i64> {
        self.types.iter().map(|each| each.type_id).collect()
    }

    /// Makes one item the default of its kind, alone.
    pub fn make_default(&mut self, id: i64) {
        let Some(kind) = self.item(id).map(|item| item.kind) else {
            return;
        };
        for item in self.items.iter_mut().filter(|item| item.kind == kind) {
            item.default = item.id == id;
        }
    }
}
