//! Autotask as a server with state: the zone look-up and the REST API of one zone, for the demo, the
//! tests and the benches. As strict as the vendor is known to be; what its documents leave open is in
//! [`Switches`]. It shares no type with the client: two opinions of one vendor, not one twice.

mod contacts;
mod data;
mod errors;
mod fields;
mod pages;
mod query;
mod route;
mod screens;
mod state;

use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Map, Value};

pub use data::{CompanyData, ContactData, LocationData};
pub use state::{Switches, Unauthorized};

use crate::simulator::kit::{Cloud, Reply, Request, lock};
use fields::Entity;
use state::State;

/// Whom the database knows, and where it lives.
#[derive(Clone)]
pub struct Settings {
    /// User name of the API user.
    pub user: String,
    /// Its secret.
    pub secret: String,
    /// The integration code (tracking identifier).
    pub integration_code: String,
    /// First part of the path of the zone's API, e.g. `zone14`.
    pub zone: String,
    /// Name of the provider's own company, whose id is 0.
    pub own_company: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            user: "api@msp.example".into(),
            secret: "simulated-secret".into(),
            integration_code: "SIMULATEDINTEGRATIONCODE".into(),
            zone: "zone14".into(),
            own_company: "Example MSP".into(),
        }
    }
}

/// One Autotask database with its API.
pub struct Autotask {
    state: Mutex<State>,
}

impl Autotask {
    /// A database with nothing but the provider's own company (id 0).
    pub fn new(settings: Settings) -> Self {
        let own = CompanyData {
            id: 0,
            company_name: settings.own_company.clone(),
            is_active: true,
            other: Map::new(),
        };
        let mut state = State::new(settings);
        state.put(Entity::Company, data::to_values(&own));
        Self {
            state: Mutex::new(state),
        }
    }

    /// The credentials and the zone it was made with.
    pub fn settings(&self) -> Settings {
        lock(&self.state).settings.clone()
    }

    /// Adds a company and returns its id. An id that is taken is overwritten.
    pub fn add_company(&self, company: &CompanyData) -> i64 {
        lock(&self.state).put(Entity::Company, data::to_values(company))
    }

    /// Adds a location and returns its id. An id that is taken is overwritten.
    pub fn add_location(&self, location: &LocationData) -> i64 {
        lock(&self.state).put(Entity::Location, data::to_values(location))
    }

    /// Adds a contact, unchecked, and returns its id. An id that is taken is overwritten.
    pub fn add_contact(&self, contact: &ContactData) -> i64 {
        lock(&self.state).put(Entity::Contact, data::to_values(contact))
    }

    /// The companies by id, the provider's own (id 0) first.
    pub fn companies(&self) -> Vec<CompanyData> {
        self.snapshot(Entity::Company, None)
    }

    /// The locations of a company by id.
    pub fn locations(&self, company: i64) -> Vec<LocationData> {
        self.snapshot(Entity::Location, Some(company))
    }

    /// The contacts of a company by id, without their time stamps.
    pub fn contacts(&self, company: i64) -> Vec<ContactData> {
        self.snapshot(Entity::Contact, Some(company))
    }

    /// One contact, without its time stamps.
    pub fn contact(&self, id: i64) -> Option<ContactData> {
        let state = lock(&self.state);
        state.rows(Entity::Contact).get(&id).map(visible)
    }

    fn snapshot<T>(&self, entity: Entity, company: Option<i64>) -> Vec<T>
    where
        T: serde::de::DeserializeOwned + Default,
    {
        let state = lock(&self.state);
        let rows = state.rows(entity).values();
        rows.filter(|row| company.is_none_or(|company| row.company == company))
            .map(visible)
            .collect()
    }

    /// Edits a company by hand, as a technician would; false where there is none.
    pub fn edit_company(&self, id: i64, edit: impl FnOnce(&mut CompanyData)) -> bool {
        self.edit(Entity::Company, id, edit)
    }

    /// Edits a location by hand; false where there is none.
    pub fn edit_location(&self, id: i64, edit: impl FnOnce(&mut LocationData)) -> bool {
        self.edit(Entity::Location, id, edit)
    }

    /// Edits a contact by hand; false where there is none.
    pub fn edit_contact(&self, id: i64, edit: impl FnOnce(&mut ContactData)) -> bool {
        self.edit(Entity::Contact, id, edit)
    }

    fn edit<T>(&self, entity: Entity, id: i64, edit: impl FnOnce(&mut T)) -> bool
    where
        T: serde::Serialize + serde::de::DeserializeOwned + Default,
    {
        let mut state = lock(&self.state);
        let Some(row) = state.rows(entity).get(&id) else {
            return false;
        };
        let stamps = stamps(&row.values);
        let mut data = visible(row);
        edit(&mut data);
        let mut values = data::to_values(&data);
        values.extend(stamps);
        values.insert("id".into(), id.into());
        // Taken out first, so that the provider's own company gets its number 0 again.
        state.remove(entity, id);
        state.put(entity, values);
        true
    }

    /// Deletes a contact; false where there is none.
    pub fn remove_contact(&self, id: i64) -> bool {
        lock(&self.state).remove(Entity::Contact, id).is_some()
    }

    /// Deletes a location; contacts that refer to it keep the dead reference.
    pub fn remove_location(&self, id: i64) -> bool {
        lock(&self.state).remove(Entity::Location, id).is_some()
    }

    /// Deletes a company with its locations and contacts; false where there is none.
    pub fn remove_company(&self, id: i64) -> bool {
        lock(&self.state).remove_company(id)
    }

    /// Sets switches.
    pub fn switches(&self, set: impl FnOnce(&mut Switches)) {
        set(&mut lock(&self.state).switches);
    }

    /// Replaces the secret, as an administrator does: the old one is refused from now on.
    pub fn set_secret(&self, secret: &str) {
        lock(&self.state).settings.secret = secret.into();
    }

    /// Moves the database to another zone: the old path answers 401 from now on.
    pub fn move_zone(&self, zone: &str) {
        lock(&self.state).zone = zone.into();
    }

    /// The requests of the last 60 minutes by other integrations of the database.
    pub fn set_used_requests(&self, requests: usize) {
        lock(&self.state).used_by_others = requests;
    }

    /// All requests of the last 60 minutes, as `ThresholdInformation` counts them.
    pub fn used_requests(&self) -> usize {
        lock(&self.state).used_requests()
    }

    /// Moves the hour of the request threshold on by hand.
    pub fn pass_time(&self, time: Duration) {
        lock(&self.state).moved_on += time;
    }
}

/// The fields that the database stamps by itself.
const STAMPS: [&str; 3] = [
    "createDate",
    "lastModifiedDate",
    "lastTrackedModifiedDateTime",
];

fn stamps(values: &Map<String, Value>) -> Map<String, Value> {
    let stamps = values
        .iter()
        .filter(|(name, _)| STAMPS.contains(&name.as_str()));
    stamps
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn visible<T: serde::de::DeserializeOwned + Default>(row: &state::Row) -> T {
    let mut values = row.values.clone();
    values.retain(|name, _| !STAMPS.contains(&name.as_str()));
    data::from_values(&values)
}

impl Cloud for Autotask {
    fn name(&self) -> &'static str {
        "autotask"
    }

    fn answer(&self, request: &Request) -> Reply {
        route::answer(&mut lock(&self.state), request)
    }

    fn throttled(&self, retry_after: Option<&str>) -> Reply {
        let threshold = lock(&self.state).switches.hourly_threshold;
        let reply = errors::hourly(429, threshold);
        match retry_after {
            Some(wait) => reply.with("retry-after", wait),
            None => reply,
        }
    }

    fn broken(&self, status: u16) -> Reply {
        errors::page(status)
    }

    fn lane(&self, request: &Request) -> Option<String> {
        route::lane(request)
    }

    fn writes(&self, request: &Request) -> bool {
        let verb = matches!(request.method.as_str(), "POST" | "PUT" | "PATCH" | "DELETE");
        verb && !route::parts(request).iter().any(|part| part == "query")
    }
}
