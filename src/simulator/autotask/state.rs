//! The simulated database: records, switches, the zone and the hour's requests. It knows no HTTP.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use super::Settings;
use super::fields::Entity;

/// How a refused sign-in is answered; the vendor's body is not documented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unauthorized {
    /// Without a body.
    #[default]
    Empty,
    /// `{"errors":["Unauthorized"]}`.
    Errors,
    /// `{"Message":…}`.
    Message,
    /// An HTML page.
    Html,
}

/// What the vendor's documents leave open, and what an administrator can set.
#[derive(Clone, Debug)]
pub struct Switches {
    /// Longest first and last name of a contact: 20 (help pages, the default) or 50 (live metadata).
    pub name_length: usize,
    /// `GET /{Entity}/{id}` of a missing record answers 404, and not 200 with `{"item":null}`.
    pub missing_is_404: bool,
    /// A null in a PATCH is refused, and does not clear the field.
    pub null_in_patch_refused: bool,
    /// A contact whose location is inactive cannot be written, nor one be given such a location.
    pub inactive_location_refused: bool,
    /// Contacts of an inactive company cannot be written.
    pub inactive_company_refused: bool,
    /// A query without a filter, or with an empty one, means all records.
    pub filter_may_be_empty: bool,
    /// More than 500 conditions in an `or`, or values in an `in`, are refused.
    pub or_limited: bool,
    /// Text fields without a value are printed as empty text, and not as null.
    pub blank_text_is_empty: bool,
    /// Rows of a query leave out fields without a value.
    pub rows_are_lean: bool,
    /// Wire names of fields that a write seems to accept and does not store.
    pub silently_ignored: Vec<String>,
    /// The API user may query.
    pub may_query: bool,
    /// The API user may create and update contacts.
    pub may_write: bool,
    /// How a refused sign-in is answered.
    pub unauthorized: Unauthorized,
    /// Status of a request above three at once: 429 or 500.
    pub threads_status: u16,
    /// Status of a request above the hour's threshold: 429 or 500.
    pub hourly_status: u16,
    /// Requests an hour that the database allows.
    pub hourly_threshold: usize,
    /// Most rows of a page, whatever was asked; at most 500.
    pub page_cap: usize,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            name_length: 20,
            missing_is_404: false,
            null_in_patch_refused: false,
            inactive_location_refused: false,
            inactive_company_refused: false,
            filter_may_be_empty: false,
            or_limited: true,
            blank_text_is_empty: false,
            rows_are_lean: false,
            silently_ignored: Vec::new(),
            may_query: true,
            may_write: true,
            unauthorized: Unauthorized::Empty,
            threads_status: 429,
            hourly_status: 429,
            hourly_threshold: 10_000,
            page_cap: 500,
        }
    }
}

/// One record; only fields with a value are kept.
#[derive(Clone)]
pub(super) struct Row {
    /// The company it belongs to (a company belongs to itself).
    pub(super) company: i64,
    pub(super) values: Map<String, Value>,
}

impl Row {
    /// An integer field's value.
    pub(super) fn int(&self, field: &str) -> Option<i64> {
        self.values.get(field).and_then(Value::as_i64)
    }

    /// Whether `isActive` says so, as a boolean or as 1.
    pub(super) fn is_active(&self) -> bool {
        match self.values.get("isActive") {
            Some(Value::Bool(active)) => *active,
            Some(value) => value.as_i64() == Some(1),
            None => false,
        }
    }
}

const HOUR: Duration = Duration::from_hours(1);
const FIRST_FREE: i64 = 30_000_001;
/// 2025-01-06T08:00:00Z.
const DATABASE_EPOCH: i64 = 1_736_150_400;

pub(super) struct State {
    pub(super) settings: Settings,
    pub(super) switches: Switches,
    /// The path under which the zone's API answers now.
    pub(super) zone: String,
    companies: BTreeMap<i64, Row>,
    locations: BTreeMap<i64, Row>,
    contacts: BTreeMap<i64, Row>,
    next_id: i64,
    edits: i64,
    /// Requests of the last hour by other integrations.
    pub(super) used_by_others: usize,
    own_requests: VecDeque<Duration>,
    started: Instant,
    /// How far time was moved on by hand.
    pub(super) moved_on: Duration,
}

impl State {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            zone: settings.zone.clone(),
            settings,
            switches: Switches::default(),
            companies: BTreeMap::new(),
            locations: BTreeMap::new(),
            contacts: BTreeMap::new(),
            next_id: FIRST_FREE,
            edits: 0,
            used_by_others: 0,
            own_requests: VecDeque::new(),
            started: Instant::now(),
            moved_on: Duration::ZERO,
        }
    }

    /// The records of an entity by their numbers.
    pub(super) fn rows(&self, entity: Entity) -> &BTreeMap<i64, Row> {
        match entity {
            Entity::Company => &self.companies,
            Entity::Location => &self.locations,
            Entity::Contact => &self.contacts,
        }
    }

    fn rows_mut(&mut self, entity: Entity) -> &mut BTreeMap<i64, Row> {
        match entity {
            Entity::Company => &mut self.companies,
            Entity::Location => &mut self.locations,
            Entity::Contact => &mut self.contacts,
        }
    }

    /// Stores a record, under a new number where it has none, and stamps it.
    pub(super) fn put(&mut self, entity: Entity, mut values: Map<String, Value>) -> i64 {
        let given = values.get("id").and_then(Value::as_i64).unwrap_or(0);
        // Number 0 means "none yet", but for the provider's own company.
        let own = entity == Entity::Company && !self.companies.contains_key(&0);
        let id = if given == 0 && !own {
            self.next_id
        } else {
            given
        };
        self.next_id = self.next_id.max(id + 1);
        self.edits += 1;
        let now = self.moment();
        values.insert("id".into(), id.into());
        values
            .entry("createDate")
            .or_insert_with(|| now.clone().into());
        let stamp = match entity {
            Entity::Company => "lastTrackedModifiedDateTime",
            _ => "lastModifiedDate",
        };
        values.insert(stamp.into(), now.into());
        let company = match entity {
            Entity::Company => id,
            _ => values.get("companyID").and_then(Value::as_i64).unwrap_or(0),
        };
        if entity == Entity::Contact && values.get("primaryContact") == Some(&Value::Bool(true)) {
            // A company has one primary contact: the new one takes over.
            for row in self.contacts.values_mut() {
                if row.company == company {
                    row.values.insert("primaryContact".into(), false.into());
                }
            }
        }
        self.rows_mut(entity).insert(id, Row { company, values });
        id
    }

    /// Takes a record out.
    pub(super) fn remove(&mut self, entity: Entity, id: i64) -> Option<Row> {
        self.rows_mut(entity).remove(&id)
    }

    /// Takes a company out with all that belongs to it.
    pub(super) fn remove_company(&mut self, id: i64) -> bool {
        self.contacts.retain(|_, row| row.company != id);
        self.locations.retain(|_, row| row.company != id);
        self.companies.remove(&id).is_some()
    }

    /// The database's time: a second later with every edit, so that nothing depends on the clock.
    fn moment(&self) -> String {
        chrono::DateTime::from_timestamp(DATABASE_EPOCH + self.edits, 0)
            .unwrap_or_default()
            .format("%Y-%m-%dT%H:%M:%S.000Z")
            .to_string()
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed() + self.moved_on
    }

    /// Requests of the last 60 minutes, by everyone.
    pub(super) fn used_requests(&mut self) -> usize {
        let now = self.elapsed();
        while self
            .own_requests
            .front()
            .is_some_and(|at| *at + HOUR <= now)
        {
            self.own_requests.pop_front();
        }
        self.used_by_others + self.own_requests.len()
    }

    /// Counts a request; false where the hour's threshold is reached already.
    pub(super) fn count_request(&mut self) -> bool {
        if self.used_requests() >= self.switches.hourly_threshold {
            return false;
        }
        let now = self.elapsed();
        self.own_requests.push_back(now);
        true
    }
}
