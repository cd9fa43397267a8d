//! What a fleet file changes, worked out from the file and the database alone. Pure: what must be looked up in other
//! systems is only noted here.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::change::{Changes, FleetChange, Subject};
use super::file::{CompanyEntry, FilterEntry, FleetFile, PsaEntry, TenantEntry};
use super::look::PsaTarget;
use super::parse::taken;
use super::place::{Mistake, Spanned};
use super::state::{SecretMap, State, StoredCompany, StoredPsa, merged, new_secrets};
use crate::model::filter::Named;
use crate::model::text::folded;
use crate::model::{Condition, Filter, Guard, Target, TenantConnection};
use crate::psa::{Vendor, vendor};

/// The difference before anything is looked up.
pub(super) struct Difference<'f> {
    pub(super) psa: Vec<PsaDraft<'f>>,
    pub(super) companies: Vec<CompanyDraft<'f>>,
    pub(super) ignored_licences: Option<Vec<String>>,
    pub(super) settings: Vec<FleetChange>,
    /// Every PSA connection as it will be; `None` where its secrets are not all there.
    pub(super) targets: BTreeMap<String, Option<PsaTarget>>,
    pub(super) mistakes: Vec<Mistake>,
}

/// A PSA connection of the file that is new or changed.
pub(super) struct PsaDraft<'f> {
    pub(super) entry: &'f PsaEntry,
    pub(super) stored: Option<&'f StoredPsa>,
    pub(super) fields: BTreeMap<String, String>,
    pub(super) new_secrets: BTreeMap<&'static str, SecretString>,
    pub(super) changes: Vec<FleetChange>,
}

/// A company of the file that is new or changed.
pub(super) struct CompanyDraft<'f> {
    pub(super) entry: &'f CompanyEntry,
    pub(super) stored: Option<&'f StoredCompany>,
    pub(super) tenant: Option<TenantConnection>,
    pub(super) secrets: SecretMap,
    pub(super) new_secrets: BTreeMap<&'static str, SecretString>,
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

pub(super) fn difference<'f>(file: &'f FleetFile, state: &'f State) -> Difference<'f> {
    let mut mistakes = Vec::new();
    let mut targets = BTreeMap::new();
    for stored in &state.psa {
        if let Some(vendor) = vendor(&stored.connection.kind) {
            let target = PsaTarget {
                name: stored.connection.name.clone(),
                vendor,
                fields: stored.connection.fields.clone(),
                secrets: stored.secrets.clone(),
            };
            targets.insert(target.name.clone(), Some(target));
        }
    }
    let mut psa = Vec::new();
    for entry in &file.psa {
        let (draft, target) = psa_draft(entry, state, &mut mistakes);
        targets.insert(entry.name.value.clone(), target);
        psa.extend(draft);
    }
    let companies = file
        .companies
        .iter()
        .filter_map(|entry| {
            foreign_company(entry, file, state, &mut mistakes);
            company_draft(entry, state, &mut mistakes)
        })
        .collect();
    let mut settings = Changes::of(Subject::Settings, None);
    let ignored_licences = file.ignored_licences.as_ref().and_then(|wanted| {
        let to = &wanted.value;
        match &state.ignored_licences {
            Some(from) => settings.list("ignored_licences", from, to),
            None => settings.word(
                "ignored_licences",
                Some("as Rollcall starts".to_owned()),
                Some(to.len().to_string()),
            ),
        }
        settings.any().then(|| wanted.value.clone())
    });
    Difference {
        psa,
        companies,
        ignored_licences,
        settings: settings.list,
        targets,
        mistakes,
    }
}

/// A company of the database that the file does not name may hold the PSA company already.
fn foreign_company(
    entry: &CompanyEntry,
    file: &FleetFile,
    state: &State,
    mistakes: &mut Vec<Mistake>,
) {
    let Some(psa) = state.psa(&entry.psa.value) else {
        return;
    };
    let other = state.companies.iter().find(|other| {
        other.company.psa_id == psa.connection.id
            && other.company.psa_company_id == entry.psa_company_id.value
            && !file
                .companies
                .iter()
                .any(|named| named.name.value == other.company.name)
    });
    if let Some(other) = other {
        let message = taken(entry, &other.company.name);
        mistakes.push(Mistake::new(entry.psa_company_id.place, message));
    }
}

fn psa_draft<'f>(
    entry: &'f PsaEntry,
    state: &'f State,
    mistakes: &mut Vec<Mistake>,
) -> (Option<PsaDraft<'f>>, Option<PsaTarget>) {
    let kind = entry.kind.value;
    let name = &entry.name.value;
    let stored = state.psa(name);
    if let Some(stored) = stored.filter(|stored| stored.connection.kind != kind.id) {
        let is =
            vendor(&stored.connection.kind).map_or(stored.connection.kind.as_str(), |v| v.name);
        let message = format!(
            "{name:?} is a connection to {is}, and its kind cannot change: give the new connection another name"
        );
        mistakes.push(Mistake::new(entry.kind.place, message));
        return (None, None);
    }
    let secrets = merged(stored.map(|stored| &stored.secrets), &entry.secrets);
    let mut complete = entry.unread.is_empty();
    for field in kind
        .fields
        .iter()
        .filter(|field| field.secret && field.default.is_none())
    {
        if !secrets.contains_key(field.key) && !entry.unread.contains(&field.key) {
            complete = false;
            let message = format!(
                "{} is missing in this [[psa]], and no such secret is stored yet",
                field.key
            );
            mistakes.push(Mistake::new(entry.place, message));
        }
    }
    let given = |key: &str| entry.fields.get(key).map(|text| text.value.clone());
    let fields: BTreeMap<String, String> = kind
        .fields
        .iter()
        .filter_map(|field| {
            let value = given(field.key).filter(|value| Some(value.as_str()) != field.default);
            Some((field.key.to_owned(), value?))
        })
        .collect();
    let mut changes = Changes::of(Subject::Psa, Some(name));
    let new_secrets = new_secrets(stored.map(|stored| &stored.secrets), &entry.secrets);
    if let Some(stored) = stored {
        for field in kind.fields.iter().filter(|field| !field.secret) {
            let from = effective(kind, &stored.connection.fields, field.key);
            changes.word(field.key, from, effective(kind, &fields, field.key));
        }
        secret_notes(&mut changes, &stored.secrets, &new_secrets);
        let from = stored.connection.default_contact_type.as_ref();
        named(
            &mut changes,
            "default_contact_type",
            from,
            entry.default_contact_type.as_ref(),
        );
    } else {
        changes.created();
    }
    let target = PsaTarget {
        name: name.clone(),
        vendor: kind,
        fields: fields.clone(),
        secrets,
    };
    let draft = changes.any().then_some(PsaDraft {
        entry,
        stored,
        fields,
        new_secrets,
        changes: changes.list,
    });
    (draft, complete.then_some(target))
}

fn effective(vendor: &Vendor, fields: &BTreeMap<String, String>, key: &str) -> Option<String> {
    let default = vendor.fields.iter().find(|field| field.key == key);
    fields
        .get(key)
        .map(|value| value.trim())
        .filter(|value| !value.is_empty())
        .or(default.and_then(|field| field.default))
        .map(str::to_owned)
}

fn secret_notes(
    changes: &mut Changes,
    stored: &SecretMap,
    new: &BTreeMap<&'static str, SecretString>,
) {
    for name in new.keys() {
        let text = if stored.contains_key(*name) {
            "changed"
        } else {
            "stored"
        };
        changes.note(name, text);
    }
}

/// A named thing of the PSA. The name decides whether it is the same; white space and case do not.
fn named<Id>(
    changes: &mut Changes,
    field: &str,
    from: Option<&Named<Id>>,
    to: Option<&Spanned<String>>,
) {
    if !same_name(from, to) {
        let from = from.map(|named| named.name.clone());
        changes.word(field, from, to.map(|name| name.value.clone()));
    }
}

pub(super) fn same_name<Id>(one: Option<&Named<Id>>, other: Option<&Spanned<String>>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => folded(&one.name) == folded(&other.value),
        _ => false,
    }
}

fn company_draft<'f>(
    entry: &'f CompanyEntry,
    state: &'f State,
    mistakes: &mut Vec<Mistake>,
) -> Option<CompanyDraft<'f>> {
    let name = &entry.name.value;
    let stored = state.company(name);
    let mut changes = Changes::of(Subject::Company, Some(name));
    let mut draft = CompanyDraft {
        entry,
        stored,
        tenant: None,
        secrets: SecretMap::new(),
        new_secrets: BTreeMap::new(),
        dropped: Vec::new(),
        moved: stored.is_none(),
        tenant_changed: false,
        places_changed: stored.is_none(),
        retire: None,
        changes: Vec::new(),
    };
    if let Some(stored) = stored {
        company_fields(&mut draft, &mut changes, stored, state);
    } else {
        changes.created();
    }
    tenant(&mut draft, &mut changes, mistakes);
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
    state: &State,
) {
    let (entry, company) = (draft.entry, &stored.company);
    let psa = state
        .psa
        .iter()
        .find(|psa| psa.connection.id == company.psa_id);
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
    if changes.any() {
        draft.moved = true;
        draft.retire = Some("another PSA company");
    }
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
    changes.list("ignore", &company.ignored, &entry.ignored);
    let before = changes.list.len();
    named(
        changes,
        "default_site",
        company.default_site.as_ref(),
        entry.default_site.as_ref(),
    );
    filters(changes, &company.filters, &entry.filters);
    draft.places_changed = changes.list.len() != before;
}

fn filters(changes: &mut Changes, from: &[Filter], to: &[FilterEntry]) {
    if from.len() != to.len() {
        changes.value("filters", from.len(), to.len());
        return;
    }
    let differing: Vec<String> = from
        .iter()
        .zip(to)
        .enumerate()
        .filter(|(_, (from, to))| !same_filter(from, to))
        .map(|(index, (_, to))| {
            to.name
                .clone()
                .unwrap_or_else(|| format!("Filter {}", index + 1))
        })
        .collect();
    if differing.is_empty() {
        return;
    }
    let moved = to
        .iter()
        .all(|to| from.iter().any(|from| same_filter(from, to)));
    if moved {
        changes.note("filters", "in another order");
    } else {
        changes.note("filters", &format!("{} changed", differing.join(", ")));
    }
}

fn same_filter(from: &Filter, to: &FilterEntry) -> bool {
    let name = from
        .name
        .as_deref()
        .map(str::trim)
        .filter(|name| !name.is_empty());
    let target = match &from.target {
        Target::Exclude => to.exclude,
        Target::Place { site, contact_type } => {
            !to.exclude
                && same_name(site.as_ref(), to.site.as_ref())
                && same_name(contact_type.as_ref(), to.contact_type.as_ref())
        }
    };
    name == to.name.as_deref()
        && from.enabled == to.enabled
        && target
        && from.when == conditions(to)
}

/// The conditions of a filter as they are stored.
pub(super) fn conditions(filter: &FilterEntry) -> Vec<Condition> {
    let condition = |entry: &super::file::ConditionEntry| Condition {
        negated: entry.negated,
        test: entry.test.clone(),
    };
    filter.when.iter().map(condition).collect()
}

/// The tenant connection. To leave out `[company.tenant]` of a company that has one is a mistake, not a way to lose it.
fn tenant(draft: &mut CompanyDraft<'_>, changes: &mut Changes, mistakes: &mut Vec<Mistake>) {
    let stored = draft.stored.and_then(|stored| stored.tenant.as_ref());
    let Some(entry) = &draft.entry.tenant else {
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
        ("client_secret", &["certificate", "certificate_password"])
    };
    for name in useless {
        if draft.secrets.remove(*name).is_some() {
            draft.dropped.push((*name).to_owned());
        }
    }
    if !draft.secrets.contains_key(needed) && entry.unread.is_empty() {
        let message = "client_secret or certificate is missing in this [company.tenant], and none is stored yet";
        mistakes.push(Mistake::new(entry.place, message));
    }
    let wanted = TenantConnection {
        tenant_id: entry.tenant_id.clone(),
        client_id: entry.client_id.clone(),
        certificate,
        expires: entry.expires,
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
    draft.tenant_changed = draft.stored.is_none() || changes.list.len() != before;
    draft.tenant = Some(wanted);
}

/// What is given decides; where nothing is, what is stored.
fn signs_with_certificate(entry: &TenantEntry, stored: Option<&TenantConnection>) -> bool {
    let names =
        |name: &'static str| entry.secrets.contains_key(name) || entry.unread.contains(&name);
    names("certificate")
        || (!names("client_secret") && stored.is_some_and(|stored| stored.certificate))
}
