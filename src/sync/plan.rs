//! Everything that one run would do, decided before anything is written: `behaviour.md` sections 5 to 7. Pure: a plan is data.

use std::fmt::Write;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::guard::Verdict;
use super::pair::{self, Conflict, Step};
use super::planner::Planner;
use super::route::{Route, Router};
use super::select::{self, Activity, LeaverReason, Silence};
use super::snapshot::{Licences, Snapshot};
use super::ties::Ties;
use crate::model::filter::Named;
use crate::model::{
    Action, ContactId, ContactTypeId, Field, FieldChange, FieldValue, LinkMade, SiteId, UserId,
};

/// What a run would do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// One line a person, ordered by user principal name and id.
    pub people: Vec<Person>,
    /// What the guard says of the deactivations.
    pub guard: Verdict,
    /// What a person should know.
    pub findings: Vec<Note>,
    /// Row ids of links whose contact is gone.
    pub forgotten: Vec<i64>,
    /// Dismissed people who are active again.
    pub active_again: Vec<UserId>,
    /// Whether the PSA's company is inactive, so that nothing may be written.
    pub company_inactive: bool,
    /// Users of the tenant, by what they are: active, leavers, no answer.
    pub read: Read,
}

impl Plan {
    /// What identifies what would be done: of everybody who is written or linked, or waits for a technician, the user, the
    /// contact, the action and the fields. Two plans with one digest do the same. It does not look at the order of people or
    /// fields, at how anything was decided, at the names of sites and contact types, or at row ids.
    pub fn digest(&self) -> String {
        let acts = |person: &&Person| person.action.writes() || person.action == Action::Link;
        // Nothing is written for a company that is inactive in the PSA.
        let people = self.people.iter().filter(|_| !self.company_inactive);
        let mut lines: Vec<serde_json::Value> = people.filter(acts).map(person_line).collect();
        lines.sort_by_cached_key(ToString::to_string);
        hashed(&serde_json::Value::Array(lines))
    }
}

/// What identifies a value: its SHA-256, in hexadecimal digits.
pub(super) fn hashed(value: &serde_json::Value) -> String {
    let hash = Sha256::digest(value.to_string().as_bytes());
    hash.iter().fold(String::new(), |mut hex, byte| {
        // A string takes everything.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn person_line(person: &Person) -> serde_json::Value {
    let fields = person.fields.iter();
    let mut fields: Vec<_> = fields
        .map(|change| json!([change.field, bare(&change.from), bare(&change.to)]))
        .collect();
    fields.sort_by_cached_key(ToString::to_string);
    json!([
        person.user_id,
        person.contact,
        person.action,
        fields,
        person.held
    ])
}

/// A value as it is written: a name that only people read is no part of it.
pub(super) fn bare(value: &FieldValue) -> serde_json::Value {
    match value {
        FieldValue::Blank => serde_json::Value::Null,
        FieldValue::Text(text) => json!(text),
        FieldValue::Flag(flag) => json!(flag),
        FieldValue::Site(id, _) => json!(id),
        FieldValue::ContactType(id, _) => json!(id),
    }
}

/// How many were read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// Active users.
    pub active: usize,
    /// Users of the list who are leavers.
    pub leavers: usize,
    /// Contacts of the company.
    pub contacts: usize,
}

/// One person's line.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// The user.
    pub user_id: UserId,
    /// User principal name.
    pub upn: String,
    /// Name as displayed; empty where nobody knows it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The contact concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<ContactId>,
    /// What is done.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// The label of the filter that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Where the contact belongs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<Named<SiteId>>,
    /// The type that the contact gets, where the PSA has types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_type: Option<Named<ContactTypeId>>,
    /// The fields that are written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldChange>,
    /// What becomes of the link.
    pub link: Tie,
    /// Whether the guard holds it.
    #[serde(default)]
    pub held: bool,
    /// How it was decided.
    pub trace: Trace,
}

crate::model::debug_by!(
    Person, user_id, contact, action, reason, filter, fields, link, held
);

/// What is asked of a plan that is kept as text: the rest of it is passed over, since it may be long.
#[derive(Clone, Debug, Deserialize)]
pub struct Kept {
    people: Vec<KeptPerson>,
}

/// Somebody of a plan that is kept.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct KeptPerson {
    /// The user.
    pub user_id: UserId,
    /// The name as displayed.
    pub name: String,
    /// The user principal name.
    pub upn: String,
    /// What was to be done.
    pub action: Action,
}

crate::model::debug_by!(KeptPerson, user_id, action);

impl Kept {
    /// Reads it; `None` where the text is none of a plan.
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Everybody who was in conflict.
    pub fn in_conflict(self) -> impl Iterator<Item = KeptPerson> {
        let people = self.people.into_iter();
        people.filter(|one| one.action == Action::Conflict)
    }
}

/// What becomes of a person's link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tie {
    /// There is none, and none is made.
    None,
    /// It stays: its row id.
    Kept(i64),
    /// It is made when the person's turn comes.
    New(LinkMade),
    /// A deleted user's link (row id) moves to this user.
    TakenOver(i64, LinkMade),
}

/// Why an action was chosen; `report` has the words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No contact was found.
    NoContact,
    /// The contact was found and nothing else is to be done.
    Found(Step),
    /// These fields differ.
    Differs(Vec<Field>),
    /// The contact is inactive and the user is active.
    Inactive,
    /// Nothing differs.
    Same,
    /// Fields differ, but existing contacts are not changed.
    NotUpdating,
    /// The user left.
    Left(LeaverReason),
    /// The user left, and nothing is done about it.
    LeftAlone(LeaverReason, Because),
    /// Graph did not say what decides.
    NoAnswer(Silence),
    /// A technician ignores the user.
    Ignored,
    /// A filter excludes the user.
    Excluded,
    /// No filter takes the user.
    NoFilter,
    /// Nobody but a person can decide.
    Conflict(Conflict),
    /// The run that began then is put back; what stays as it is, and why, in words.
    PutBack(DateTime<Utc>, Notes),
}

/// Sentences that may name people.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notes(pub Vec<String>);

/// Shows how many there are.
impl std::fmt::Debug for Notes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} notes", self.0.len())
    }
}

/// Why nothing is done about a leaver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// The contact is inactive already.
    ContactInactive,
    /// The contact is contested.
    Contested,
    /// Existing contacts are not changed.
    NotUpdating,
    /// A technician dismissed it.
    Dismissed,
}

/// How a person's line was decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// What the user is.
    pub activity: Activity,
    /// Which filter took them; `None` where no filter was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<Route>,
    /// By which step the contact was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
}

/// A finding as data; `report` has the words.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// A filter (label) names a licence that the tenant does not have.
    UnknownLicence(String, String),
    /// Graph did not say what decides about this user (UPN).
    NoAnswer(String, Silence),
    /// The deactivated contact of this user (UPN) is the company's main contact.
    MainContact(String, ContactId),
    /// The deactivated contact of this user (UPN) is the company's billing contact.
    BillingContact(String, ContactId),
    /// The company is inactive in the PSA.
    CompanyInactive,
    /// Nothing of what a run did for this user (UPN) is put back, for this reason.
    NotPutBack(String, String),
    /// So many links stay that a run made without writing anything.
    LinksStay(usize),
    /// So many of the people approved are not deactivated, for this reason.
    NotDeactivated(usize, String),
}

/// Shows no user.
impl std::fmt::Debug for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnknownLicence(filter, licence) => {
                write!(f, "UnknownLicence({filter}, {licence})")
            }
            Self::NoAnswer(_, silence) => write!(f, "NoAnswer({silence:?})"),
            Self::MainContact(_, contact) => write!(f, "MainContact({contact})"),
            Self::BillingContact(_, contact) => write!(f, "BillingContact({contact})"),
            Self::CompanyInactive => f.write_str("CompanyInactive"),
            Self::NotPutBack(..) => f.write_str("NotPutBack"),
            Self::LinksStay(count) => write!(f, "LinksStay({count})"),
            Self::NotDeactivated(count, _) => write!(f, "NotDeactivated({count})"),
        }
    }
}

/// Decides everything.
pub fn plan(snapshot: &Snapshot) -> Plan {
    let licences = Licences::new(&snapshot.skus, &snapshot.rules.ignored_licences);
    let router = Router::new(snapshot, &licences);
    let judged: Vec<Judged> = snapshot
        .users
        .iter()
        .map(|user| {
            let activity = select::select(user, &licences);
            let ignored = snapshot.ignored.contains(&user.id);
            let asked = !ignored && matches!(activity, Activity::Active(_));
            Judged {
                activity,
                ignored,
                route: asked.then(|| router.route(user)),
            }
        })
        .collect();
    let scope: Vec<usize> = (0..judged.len())
        .filter(|&at| judged[at].in_scope())
        .collect();
    let ties = Ties::new(snapshot);
    let pairs = pair::pair(snapshot, &ties, &scope);
    let mut planner = Planner::new(snapshot, &pairs, &ties);
    let mut pairings = pairs.users.iter();
    planner.count(&judged);
    for (at, judged) in judged.into_iter().enumerate() {
        if judged.in_scope() {
            if let Some(pairing) = pairings.next() {
                planner.in_scope(at, judged, pairing);
            }
        } else {
            planner.aside(at, judged);
        }
    }
    planner.not_in_the_list();
    planner.unknown_licences(&licences);
    planner.finish()
}

/// What is known of a user before contacts are looked at.
pub(super) struct Judged {
    pub(super) activity: Activity,
    pub(super) ignored: bool,
    pub(super) route: Option<Route>,
}

impl Judged {
    pub(super) fn in_scope(&self) -> bool {
        self.route.as_ref().is_some_and(|route| route.to.in_scope())
    }
}
