//! What a fleet file changes, worked out from the file and the database alone. Pure: what must be looked up in other
//! systems is only noted here.

use std::borrow::Cow;
use std::collections::BTreeMap;

use secrecy::SecretString;

use super::change::{Changes, FleetChange, Subject};
use super::company::{CompanyDraft, MADE_ANEW, company_draft};
use super::file::{CompanyEntry, FleetFile, PsaEntry};
use super::look::PsaTarget;
use super::parse::taken;
use super::place::{Mistake, Spanned};
use super::remembered::Remembered;
use super::state::{SecretMap, State, StoredPsa, merged, new_secrets};
use super::unnamed;
use crate::model::filter::Named;
use crate::model::text::folded;
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
    /// Whether it may lead to another PSA than the stored one does.
    pub(super) elsewhere: bool,
    pub(super) fields: BTreeMap<String, String>,
    pub(super) new_secrets: BTreeMap<&'static str, SecretString>,
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
    let names = state.psa.iter().map(|stored| &stored.connection.name);
    for entry in &file.psa {
        other_case("PSA connection", &entry.name, names.clone(), &mut mistakes);
        let (draft, target) = psa_draft(entry, state, &mut mistakes);
        targets.insert(entry.name.value.clone(), target);
        psa.extend(draft);
    }
    let elsewhere: BTreeMap<i64, &PsaEntry> = psa
        .iter()
        .filter(|draft: &&PsaDraft<'_>| draft.elsewhere)
        .filter_map(|draft| Some((draft.stored?.connection.id, draft.entry)))
        .collect();
    let mut companies = Vec::new();
    let names = state.companies.iter().map(|stored| &stored.company.name);
    for entry in &file.companies {
        other_case("company", &entry.name, names.clone(), &mut mistakes);
        foreign_company(entry, file, state, &mut mistakes);
        let stored = state.company(&entry.name.value);
        let led = stored.is_some_and(|stored| elsewhere.contains_key(&stored.company.psa_id));
        companies.extend(company_draft(
            Cow::Borrowed(entry),
            state,
            led,
            &mut mistakes,
        ));
    }
    for stored in &state.companies {
        if let Some(psa) = elsewhere.get(&stored.company.psa_id)
            && !file.names(&stored.company.name)
        {
            let entry = unnamed::entry(stored, &psa.name.value, psa.place);
            companies.extend(company_draft(Cow::Owned(entry), state, true, &mut mistakes));
        }
    }
    let mut settings = Changes::of(Subject::Settings, None);
    let ignored_licences = file.ignored_licences.as_ref().and_then(|wanted| {
        let to = &wanted.value;
        match &state.ignored_licences {
            Some(from) => settings.entries("ignored_licences", from, to),
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

/// Two names that differ in their case only are one for people.
fn other_case<'n>(
    what: &str,
    name: &Spanned<String>,
    mut stored: impl Iterator<Item = &'n String> + Clone,
    mistakes: &mut Vec<Mistake>,
) {
    if stored.clone().any(|stored| *stored == name.value) {
        return;
    }
    if let Some(stored) = stored.find(|stored| folded(stored) == folded(&name.value)) {
        let message = format!(
            "a {what} of the database is called {stored:?} already: write its name in the same way"
        );
        mistakes.push(Mistake::new(name.place, message));
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
            && !file.names(&other.company.name)
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
            let message = if stored.is_some_and(|stored| stored.lost.contains(field.key)) {
                lost(field.key)
            } else {
                format!(
                    "{} is missing in this [[psa]], and no such secret is stored yet",
                    field.key
                )
            };
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
    let mut elsewhere = false;
    if let Some(stored) = stored {
        for field in kind.fields.iter().filter(|field| !field.secret) {
            let from = effective(kind, &stored.connection.fields, field.key);
            let to = effective(kind, &fields, field.key);
            // What must be given says which PSA it is and who signs in there.
            let folds =
                |value: &Option<String>| value.as_deref().map(|text| folded(text).into_owned());
            elsewhere |= field.default.is_none() && folds(&from) != folds(&to);
            changes.word(field.key, from, to);
        }
        secret_notes(&mut changes, &stored.secrets, &new_secrets);
        let from = stored.connection.default_contact_type.as_ref();
        named(
            &mut changes,
            "default_contact_type",
            from,
            entry.default_contact_type.as_ref(),
        );
        if same_name(from, entry.default_contact_type.as_ref())
            && Remembered::of_psa(stored).lacks_type(from)
        {
            changes.note("default_contact_type", MADE_ANEW);
        }
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
        elsewhere,
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

/// Says that a secret is stored in vain.
pub(super) fn lost(name: &str) -> String {
    format!(
        "the stored {name} cannot be opened (another key sealed it, or it is damaged): give it here anew, or give Rollcall the \
         key that sealed it"
    )
}

pub(super) fn secret_notes(
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
pub(super) fn named<Id>(
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
