//! The records of the simulated database as world generators and tests see them. Field names on the
//! wire are camelCase with `ID` in capitals. Nothing here validates.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// A company. Id 0 is the provider's own company.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CompanyData {
    /// Record number; 0 when added: the next free one.
    pub id: i64,
    /// Its name.
    pub company_name: String,
    /// Whether it is active.
    pub is_active: bool,
    /// Other fields by their wire names, e.g. `phone`.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A location of a company.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LocationData {
    /// Record number; 0 when added: the next free one.
    pub id: i64,
    /// The company.
    #[serde(rename = "companyID")]
    pub company_id: i64,
    /// Its name.
    pub name: String,
    /// Whether it is active.
    pub is_active: bool,
    /// Whether it is the company's primary location.
    pub is_primary: bool,
    /// Other fields by their wire names, e.g. `city`.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A contact. A text field without a value is `None`, never an empty text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ContactData {
    /// Record number; 0 when added: the next free one.
    pub id: i64,
    /// The company.
    #[serde(rename = "companyID")]
    pub company_id: i64,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// 1 or 0: a contact's activity is a number, unlike a company's.
    pub is_active: i64,
    /// Job title.
    pub title: Option<String>,
    /// First address.
    pub email_address: Option<String>,
    /// Second address.
    pub email_address2: Option<String>,
    /// Third address.
    pub email_address3: Option<String>,
    /// Phone.
    pub phone: Option<String>,
    /// Mobile phone.
    pub mobile_phone: Option<String>,
    /// Another phone.
    pub alternate_phone: Option<String>,
    /// Extension of the phone.
    pub extension: Option<String>,
    /// A location of the company.
    #[serde(rename = "companyLocationID")]
    pub company_location_id: Option<i64>,
    /// A key of another system.
    #[serde(rename = "externalID")]
    pub external_id: Option<String>,
    /// Whether this is the company's primary contact.
    pub primary_contact: bool,
    /// Whether this is the company's billing contact.
    pub billing_contact: bool,
    /// A note.
    pub note: Option<String>,
    /// Other fields by their wire names, e.g. `city`.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl ContactData {
    /// An active contact with a name and nothing else.
    pub fn named(company_id: i64, first_name: &str, last_name: &str) -> Self {
        Self {
            company_id,
            first_name: first_name.into(),
            last_name: last_name.into(),
            is_active: 1,
            ..Self::default()
        }
    }
}

/// The record's wire fields that have a value: blank text is no value.
pub(super) fn to_values<T: Serialize>(data: &T) -> Map<String, Value> {
    match serde_json::to_value(data) {
        Ok(Value::Object(mut values)) => {
            values.retain(|_, value| !is_blank(value));
            values
        }
        _ => Map::new(),
    }
}

/// The record of these wire fields.
pub(super) fn from_values<T: DeserializeOwned + Default>(values: &Map<String, Value>) -> T {
    serde_json::from_value(Value::Object(values.clone())).unwrap_or_default()
}

/// Whether a field with this value counts as without a value.
pub(super) fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}
