//! What a fleet file changes of one company, worked out from the file and the database alone. Pure.

use std::borrow::Cow;
use std::collections::BTreeMap;

use secrecy::SecretString;

use super::change::{Changes, FleetChange, Subject};
use super::diff::{lost, named, same_name, secret_notes};
use super::file::{CompanyEntry, ConditionEntry, FilterEntry, TenantEntry};
use super::filters::filters;
use super::place::Mistake;
use super::remembered::Remembered;
use super::state::{SecretMap, State, StoredCompany, merged, new_secrets};
use crate::model::{Condition, Guard, TenantConnection};

/// A company that is new or changed.
pub(super) struct CompanyDraft<'f> {
    pub(super) entry: Cow<'f, CompanyEntry>,
    /// Whether the file names it; else only its PSA connection leads elsewhere.
    pub(super) named: bool,
    pub(super) stored: Option<&'f StoredCompany>,
    pub(super) tenant: Option<TenantConnection>,
    pub(super) secrets: SecretMap,
    pub(super) new_secrets: BTreeMap<&'static str, SecretString>,
    /// The secrets of the Microsoft app, where the company is read through it.
    pub(super) shared: Option<SecretMap>,
    /// Secrets of the other way to sign in, which are of no use any more.
    pub(super) dropped: Vec<String>,
    /// Whether its place in the PSA is new or another one.
    pub(super) moved: bool,
    /// Whether its tenant connection is new or another one.
    pub(super) tenant_changed: bool,
    /// Whether its default site or its filters changed.
    pub(super) places_changed: bool,
    /// Why its links are retired.
    pub(super) retire: Option<&'static str>,
    pub(super) changes: Vec<FleetChange>,
}

/// The secret that a certificate may need.
const PASSWORD: &str = "certificate_password";

/// Said of a place that has the same name and another id now.
pub(super) const MADE_ANEW: &str = "not there any more under its id: looked up anew by its name";

/// The company's changes; `None` where there are none. `elsewhere`: its stored PSA connection leads to another PSA now.
pub(super) fn company_draft<'f>(
    entry: Cow<'f, CompanyEntry>,
    state: &'f State,
    elsewhere: bool,
    mistakes: &mut Vec<Mistake>,
) -> Option<CompanyDraft<'f>> {
    let stored = state.company(&entry.name.value);
    let mut changes = Changes::of(Subject::Company, Some(&entry.name.value));
    let named = matches!(entry, Cow::Borrowed(_));
    let mut draft = CompanyDraft {
        entry,
        named,
        stored,
        tenant: None,
        secrets: SecretMap::new(),
        new_secrets: BTreeMap::new(),
        shared: None,
        dropped: Vec::new(),
        moved: stored.is_none(),
        tenant_changed: false,
        places_changed: stored.is_none(),
        retire: None,
        changes: Vec::new(),
    };
    if let Some(stored) = stored {
        company_fields(&mut draft, &mut changes, stored, (state, elsewhere));
    } else {
        changes.created();
    }
    if named {
        tenant(&mut draft, &mut changes, state, mistakes);
    }
    if let Some((stored, why)) = stored
        .zip(draft.retire)
        .filter(|(stored, _)| stored.links > 0)
    {
        let text = format!(
            "{} retired: nobody is deactivated for them ({why})",
            stored.links
        );
        changes.note("links", &text);
    }
    draft.changes = changes.list;
    (!draft.changes.is_empty()).then_some(draft)
}

fn company_fields(
    draft: &mut CompanyDraft<'_>,
    changes: &mut Changes,
    stored: &StoredCompany,
    (state, elsewhere): (&State, bool),
) {
    let (entry, company) = (&draft.entry, &stored.company);
    let psa = state.psa_of(company);
    let remembered = Remembered::of_company(stored, psa);
    changes.word(
        "psa",
        psa.map(|psa| psa.connection.name.clone()),
        Some(entry.psa.value.clone()),
    );
    changes.value(
        "psa_company_id",
        &company.psa_company_id,
        &entry.psa_company_id.value,
    );
    draft.retire = changes.any().then_some("another PSA company");
    if draft.retire.is_none() && elsewhere {
        changes.note(
            "psa",
            "leads elsewhere: sites and contact types are looked up anew",
        );
        draft.retire = Some("another PSA");
    }
    draft.moved = draft.retire.is_some();
    changes.value("sync_contacts", company.sync_contacts, entry.sync_contacts);
    changes.value(
        "update_existing",
        company.update_existing,
        entry.update_existing,
    );
    changes.value("use_email", company.use_email, entry.use_email);
    changes.word("schedule", company.schedule.clone(), entry.schedule.clone());
    changes.value("timezone", &company.timezone, &entry.timezone);
    let guard = |guard: &Guard| format!("floor {}, percent {}", guard.floor, guard.percent);
    changes.value(
        "max_deactivations",
        guard(&company.guard),
        guard(&entry.guard),
    );
    changes.entries("ignore", &company.ignored, &entry.ignored);
    let before = changes.list.len();
    named(
        changes,
        "default_site",
        company.default_site.as_ref(),
        entry.default_site.as_ref(),
    );
    if same_name(company.default_site.as_ref(), entry.default_site.as_ref())
        && remembered.lacks_site(company.default_site.as_ref())
    {
        changes.note("default_site", MADE_ANEW);
    }
    filters(changes, &company.filters, &entry.filters, remembered);
    draft.places_changed = changes.list.len() != before;
}

/// The conditions of a filter as they are stored.
pub(super) fn conditions(filter: &FilterEntry) -> Vec<Condition> {
    let condition = |entry: &ConditionEntry| Condition {
        negated: entry.negated,
        test: entry.test.clone(),
    };
    filter.when.iter().map(condition).collect()
}

/// The tenant connection. To leave out `[company.tenant]` of a company that has one is a mistake, not a way to lose it.
fn tenant(
    draft: &mut CompanyDraft<'_>,
    changes: &mut Changes,
    state: &State,
    mistakes: &mut Vec<Mistake>,
) {
    let stored = draft.stored.and_then(|stored| stored.tenant.as_ref());
    let file = draft.entry.clone();
    let Some(entry) = &file.tenant else {
        // Said already where the company syncs.
        if stored.is_some() && !draft.entry.sync_contacts {
            let message = format!(
                "[company.tenant] is missing in this [[company]], and {:?} has a tenant connection",
                draft.entry.name.value
            );
            mistakes.push(Mistake::new(draft.entry.place, message));
        }
        return;
    };
    let stored_secrets = draft.stored.map(|stored| &stored.secrets);
    let certificate = signs_with_certificate(entry, stored);
    draft.secrets = merged(stored_secrets, &entry.secrets);
    draft.new_secrets = new_secrets(stored_secrets, &entry.secrets);
    let (needed, useless): (&str, &[&str]) = if certificate {
        ("certificate", &["client_secret"])
    } else {
        ("client_secret", &["certificate", PASSWORD])
    };
    for name in useless {
        if draft.secrets.remove(*name).is_some() {
            draft.dropped.push((*name).to_owned());
        }
    }
    lost_secrets(draft, entry, useless);
    let is_lost = |name: &str| {
        draft
            .stored
            .is_some_and(|stored| stored.lost.contains(name))
    };
    let shared = state.shared_app(&entry.client_id);
    if let Some(app) = shared.filter(|_| !draft.secrets.contains_key(needed) && !is_lost(needed)) {
        // The company is read through the MSP's own app, which has the secret.
        draft.shared = Some(app.secrets.clone());
    } else if !draft.secrets.contains_key(needed) && entry.unread.is_empty() {
        let message = if is_lost(needed) {
            lost(needed)
        } else {
            "client_secret or certificate is missing in this [company.tenant], and none is stored yet".to_owned()
        };
        mistakes.push(Mistake::new(entry.place, message));
    } else if certificate
        && is_lost(PASSWORD)
        && !draft.secrets.contains_key(PASSWORD)
        && !draft.dropped.iter().any(|name| name == PASSWORD)
        && entry.unread.is_empty()
    {
        mistakes.push(Mistake::new(entry.place, lost(PASSWORD)));
    }
    let wanted = TenantConnection {
        tenant_id: entry.tenant_id.clone(),
        client_id: entry.client_id.clone(),
        certificate,
        expires: entry.expires.as_ref().map(|date| date.value),
        cloud: entry.cloud,
    };
    let before = changes.list.len();
    if let Some(stored) = stored {
        changes.value("tenant_id", &stored.tenant_id, &wanted.tenant_id);
        if stored.tenant_id != wanted.tenant_id {
            draft.retire = Some("another tenant");
        }
        changes.value("client_id", &stored.client_id, &wanted.client_id);
        let way = |certificate| {
            if certificate {
                "certificate"
            } else {
                "client secret"
            }
        };
        changes.value("sign-in", way(stored.certificate), way(certificate));
        let date = |date: Option<chrono::NaiveDate>| date.map(|date| date.to_string());
        changes.word("expires", date(stored.expires), date(wanted.expires));
        changes.value("cloud", stored.cloud.as_str(), wanted.cloud.as_str());
    } else if draft.stored.is_some() {
        changes.word("tenant", None, Some(wanted.tenant_id.to_string()));
    }
    if let Some(secrets) = stored_secrets {
        secret_notes(changes, secrets, &draft.new_secrets);
    }
    // Another end date is another word about the same connection.
    let more = &changes.list[before..];
    let more = more
        .iter()
        .any(|change| change.field.as_deref() != Some("expires"));
    draft.tenant_changed = draft.stored.is_none() || more;
    draft.tenant = Some(wanted);
}

/// Drops stored secrets that cannot be opened and are of no use: those of the other way to sign in, and the password of a
/// certificate in whose place another one comes.
fn lost_secrets(draft: &mut CompanyDraft<'_>, entry: &TenantEntry, useless: &[&str]) {
    let replaced =
        entry.secrets.contains_key("certificate") && !entry.secrets.contains_key(PASSWORD);
    for name in draft.stored.iter().flat_map(|stored| &stored.lost) {
        if useless.contains(&name.as_str()) || (replaced && name == PASSWORD) {
            draft.dropped.push(name.clone());
        }
    }
}

/// What is given decides; where nothing is, what is stored.
fn signs_with_certificate(entry: &TenantEntry, stored: Option<&TenantConnection>) -> bool {
    let names =
        |name: &'static str| entry.secrets.contains_key(name) || entry.unread.contains(&name);
    names("certificate")
        || (!names("client_secret") && stored.is_some_and(|stored| stored.certificate))
}
