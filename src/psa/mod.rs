//! The PSAs: reads, words one change as requests, and sends one request. Never compares, decides, journals or retries a POST.
//! Each vendor is a folder with its wire types, its client and a [`Vendor`] value; [`VENDORS`] is the list of them.

pub mod autotask;
pub mod connectwise;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::http::{ApiError, Http, Repeat, Service};
use crate::model::{
    Change, Contact, ContactId, ContactType, Field, Limits, PhoneType, PsaCompany, PsaCompanyId,
    Site, Vocabulary,
};

/// Every PSA that Rollcall knows.
pub const VENDORS: [&Vendor; 2] = [&connectwise::VENDOR, &autotask::VENDOR];

/// The vendor of this id.
pub fn vendor(id: &str) -> Option<&'static Vendor> {
    VENDORS.into_iter().find(|vendor| vendor.id == id)
}

/// What a vendor is and can do.
pub struct Vendor {
    /// Its id: in the database, in the fleet file.
    pub id: &'static str,
    /// Its name, for people.
    pub name: &'static str,
    /// What a connection needs; settings forms and the fleet file are drawn from it.
    pub fields: &'static [CredentialField],
    /// Whether contacts carry contact types.
    pub contact_types: bool,
    /// Makes a client; sends nothing.
    pub connect: fn(Connection) -> Result<Arc<dyn Psa>, String>,
    /// The address at which people see a contact, or `None` where it is not known yet.
    pub contact_link: ContactLink,
    /// The same for a company.
    pub company_link: CompanyLink,
}

/// Makes a contact's address for people from the connection's fields and [`Psa::address`].
pub type ContactLink =
    fn(&BTreeMap<String, String>, Option<&serde_json::Value>, &ContactId) -> Option<String>;

/// Makes a company's address for people from the connection's fields and [`Psa::address`].
pub type CompanyLink =
    fn(&BTreeMap<String, String>, Option<&serde_json::Value>, &PsaCompanyId) -> Option<String>;

/// One thing that a connection needs.
#[derive(Clone, Copy, Debug)]
pub struct CredentialField {
    /// Its key in the fleet file and in the database.
    pub key: &'static str,
    /// Its name, for people.
    pub label: &'static str,
    /// Where to find it.
    pub help: &'static str,
    /// Whether it is a secret.
    pub secret: bool,
    /// Used where nothing is given; `None`: it must be given.
    pub default: Option<&'static str>,
}

/// What a client is made from.
pub struct Connection {
    /// The fields that are no secrets, by key; those left out have their default.
    pub fields: BTreeMap<String, String>,
    /// The secrets, by key.
    pub secrets: BTreeMap<String, SecretString>,
    /// What [`Psa::address`] gave in an earlier process.
    pub remembered: Option<serde_json::Value>,
    /// Another address for the vendor's look-up, without a slash at the end (`ROLLCALL_AUTOTASK_URL`).
    pub lookup_url: Option<String>,
    /// So many requests at once; `None`: the vendor's own number.
    pub at_once: Option<usize>,
    /// The shared client.
    pub http: Http,
}

impl Connection {
    /// The value of a field, or its default, trimmed.
    pub fn field(&self, vendor: &Vendor, key: &str) -> String {
        let default = vendor
            .fields
            .iter()
            .find(|field| field.key == key)
            .and_then(|field| field.default);
        self.fields
            .get(key)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
            .or(default)
            .unwrap_or_default()
            .to_owned()
    }
}

/// One PSA, as one connection reaches it. Shared by all runs of the connection.
#[async_trait]
pub trait Psa: Send + Sync {
    /// Which service it asks.
    fn service(&self) -> Service;
    /// Companies whose name contains the text, at most 50, for pickers.
    async fn companies(&self, search: &str) -> Result<Vec<PsaCompany>, ApiError>;
    /// The company; `None` where it is gone (deleted or never there).
    async fn company(&self, company: &PsaCompanyId) -> Result<Option<PsaCompany>, ApiError>;
    /// The company's sites, inactive ones too.
    async fn sites(&self, company: &PsaCompanyId) -> Result<Vec<Site>, ApiError>;
    /// The contact types; `None` (without a request) where the PSA has none.
    async fn contact_types(&self) -> Result<Option<Vec<ContactType>>, ApiError>;
    /// The phone and email types; empty (without a request) where the PSA has fixed fields.
    async fn phone_types(&self) -> Result<Vec<PhoneType>, ApiError>;
    /// How long fields may be.
    async fn limits(&self) -> Result<Limits, ApiError>;
    /// Every contact of the company, active and inactive. Complete, or an error.
    async fn contacts(
        &self,
        company: &PsaCompanyId,
        vocabulary: &Vocabulary,
    ) -> Result<Vec<Contact>, ApiError>;
    /// The names of phone types that the connection uses and that the vocabulary lacks. Pure.
    fn missing_phone_types(&self, vocabulary: &Vocabulary) -> Vec<String>;
    /// A change as requests, in the order in which they are sent. Pure.
    fn steps(&self, change: &Change<'_>, vocabulary: &Vocabulary) -> Vec<Step>;
    /// Sends one request. A POST that adds something and whose answer is lost is an error of kind `Lost`.
    async fn send(&self, step: &Step) -> Result<Sent, ApiError>;
    /// What a step that adds something left in the PSA: for a create, every contact of the company that holds the address
    /// it was sent with; for an item or a type, the contact where it is there. Empty: nothing of it is there.
    async fn happened(&self, step: &Step) -> Result<Vec<Sent>, ApiError>;
    /// How much of the vendor's hourly budget is used; `None` (without a request) where there is none.
    async fn budget(&self) -> Result<Option<Budget>, ApiError>;
    /// The budget as it was last read, and when; `None`: not yet, or there is none. Sends nothing.
    fn known_budget(&self) -> Option<(Budget, DateTime<Utc>)> {
        None
    }
    /// Where the API was found (zone, code base), to be remembered; `None`: not looked up yet.
    fn address(&self) -> Option<serde_json::Value>;
    /// Forgets where the API was found, so that the next request looks it up.
    fn forget_address(&self);
}

/// One request of a change. It can be stored and sent by another process.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Whether it may be repeated when its answer is lost.
    pub adds: Adds,
    /// The vendor's own wording of the request.
    pub request: serde_json::Value,
    /// The fields that are through when it is.
    pub settles: Vec<Field>,
}

crate::model::debug_by!(Step, adds, settles);

/// What a step adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adds {
    /// Nothing: it sets absolute values and may be repeated.
    Nothing,
    /// A contact.
    Contact,
    /// A communication item.
    Item,
    /// A contact type.
    Type,
}

impl Step {
    /// How the HTTP client may treat it.
    pub fn repeat(&self) -> Repeat {
        if self.adds == Adds::Nothing {
            Repeat::Freely
        } else {
            Repeat::NotBlindly
        }
    }
}

/// What a step did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sent {
    /// The contact concerned; the new one after a create.
    pub contact: Option<ContactId>,
    /// Requests that turned out to be needed after all, to be journaled and sent next; their fields are then not through yet.
    pub then: Vec<Step>,
    /// Fields that did not change although the PSA answered that all went well.
    pub untaken: Vec<Field>,
}

/// How much of an hourly budget is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Requests allowed in the time frame.
    pub allowed: u64,
    /// Requests used in the time frame, by everybody.
    pub used: u64,
}

impl Budget {
    /// From here on Rollcall sends none, in percent: before 90 %, with room for requests that are on their way.
    pub const STOP: u64 = 88;

    /// Whether so many percent are used.
    pub fn reaches(self, percent: u64) -> bool {
        u128::from(self.used) * 100 >= u128::from(self.allowed) * u128::from(percent)
    }

    /// So many requests are left before Rollcall stops.
    pub fn left(self) -> u64 {
        let stop = (u128::from(self.allowed) * u128::from(Self::STOP)).div_ceil(100);
        let left = stop.saturating_sub(u128::from(self.used));
        u64::try_from(left).unwrap_or(u64::MAX)
    }
}
