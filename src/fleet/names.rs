//! Finds in the real systems what a fleet file names: sites, contact types and phone types by name, groups and licences.
//! Writes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::check::{CompanyWrite, Found, PsaWrite};
use super::company::{CompanyDraft, conditions};
use super::diff::{Difference, PsaDraft};
use super::look::{Lookup, PsaTarget, TenantTarget, Unreachable};
use super::place::{Mistake, Spanned, did_you_mean};
use crate::model::filter::Named;
use crate::model::text::folded;
use crate::model::{
    Company, ContactType, ContactTypeId, Filter, PsaConnection, Site, SiteId, Target, Test,
};

pub(super) type Targets = BTreeMap<String, Option<PsaTarget>>;
pub(super) type Types = BTreeMap<String, Result<Vec<ContactType>, Unreachable>>;

/// Says which new or changed connections no client can be made of; nothing is looked up through them.
pub(super) fn unusable(
    difference: &mut Difference<'_>,
    lookup: &dyn Lookup,
    mistakes: &mut Vec<Mistake>,
) {
    for draft in &difference.psa {
        if let Some(target) = difference.targets.get_mut(&draft.entry.name.value)
            && let Some(Err(why)) = target.as_ref().map(|target| lookup.usable(target))
        {
            *target = None;
            mistakes.push(Mistake::new(draft.entry.place, why));
        }
    }
}

/// The contact types of every connection of which one is named.
pub(super) async fn contact_types(
    companies: &[CompanyDraft<'_>],
    psa: &[PsaDraft<'_>],
    targets: &Targets,
    lookup: &dyn Lookup,
) -> Types {
    let named = psa
        .iter()
        .filter(|draft| draft.entry.default_contact_type.is_some())
        .map(|draft| &draft.entry.name.value);
    let placed = companies
        .iter()
        .filter(|draft| {
            let types = draft
                .entry
                .filters
                .iter()
                .any(|filter| filter.contact_type.is_some());
            types && (draft.places_changed || draft.moved)
        })
        .map(|draft| &draft.entry.psa.value);
    let mut types = Types::new();
    for name in named.chain(placed) {
        if let Some(target) = targets.get(name).and_then(Option::as_ref)
            && target.vendor.contact_types
            && !types.contains_key(name)
        {
            types.insert(name.clone(), lookup.contact_types(target).await);
        }
    }
    types
}

/// What is looked up in.
pub(super) struct Looks<'l> {
    lookup: &'l dyn Lookup,
    targets: &'l Targets,
    types: Types,
    down: Mutex<BTreeSet<String>>,
}

impl<'l> Looks<'l> {
    pub(super) fn new(lookup: &'l dyn Lookup, targets: &'l Targets, types: Types) -> Self {
        let failed = types.iter().filter(|(_, answer)| answer.is_err());
        let down = failed.map(|(name, _)| name.clone()).collect();
        Self {
            lookup,
            targets,
            types,
            down: Mutex::new(down),
        }
    }

    fn down(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.down.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A PSA connection to ask. One that failed is left alone: asked again and again with wrong keys, a PSA locks its user out.
    fn target(&self, name: &str) -> Option<&'l PsaTarget> {
        let target = self.targets.get(name).and_then(Option::as_ref);
        target.filter(|_| !self.down().contains(name))
    }

    /// A PSA's answer; `None` where it could not be asked.
    fn heard<T>(
        &self,
        target: &PsaTarget,
        found: &mut Found,
        answer: Result<T, Unreachable>,
    ) -> Option<T> {
        if answer.is_err() {
            self.down().insert(target.name.clone());
        }
        found.answer(answer)
    }

    pub(super) async fn psa(&self, draft: &PsaDraft<'_>, found: &mut Found) -> PsaWrite {
        let entry = draft.entry;
        // Credentials that are wrong would be found by the next run only.
        if let Some(target) = self.target(&entry.name.value) {
            let answer = self.lookup.reached(target).await;
            self.heard(target, found, answer);
        }
        if let Some(target) = self.target(&entry.name.value)
            && let Some(types) = self.heard(target, found, self.lookup.phone_types(target).await)
        {
            for missing in types.missing {
                let place = entry
                    .fields
                    .values()
                    .find(|field| folded(&field.value) == folded(&missing))
                    .map_or(entry.place, |field| field.place);
                let message = unknown("phone type", &missing, types.there.iter());
                found.mistakes.push(Mistake::new(place, message));
            }
        }
        PsaWrite {
            connection: PsaConnection {
                id: draft.stored.map_or(0, |stored| stored.connection.id),
                name: entry.name.value.clone(),
                kind: entry.kind.value.id.to_owned(),
                fields: draft.fields.clone(),
                default_contact_type: self.contact_type(
                    &entry.name.value,
                    entry.default_contact_type.as_ref(),
                    found,
                ),
            },
            secrets: draft.new_secrets.clone(),
        }
    }

    fn contact_type(
        &self,
        psa: &str,
        name: Option<&Spanned<String>>,
        found: &mut Found,
    ) -> Option<Named<ContactTypeId>> {
        let name = name?;
        let types = found.answer(self.types.get(psa)?.clone())?;
        let known = types
            .iter()
            .map(|kind| (&kind.id, kind.name.as_str(), true));
        pick("contact type", name, &known, found)
    }

    pub(super) async fn company(&self, draft: &CompanyDraft<'_>) -> (CompanyWrite, Found) {
        let mut found = Found::default();
        let entry = &draft.entry;
        let (default_site, filters) = self.places(draft, &mut found).await;
        self.tenant(draft, &mut found).await;
        let company = Company {
            id: draft.stored.map_or(0, |stored| stored.company.id),
            name: entry.name.value.clone(),
            psa_id: 0,
            psa_company_id: entry.psa_company_id.value.clone(),
            sync_contacts: entry.sync_contacts,
            update_existing: entry.update_existing,
            use_email: entry.use_email,
            default_site,
            schedule: entry.schedule.clone(),
            timezone: entry.timezone.clone(),
            guard: entry.guard,
            filters,
            ignored: entry.ignored.clone(),
        };
        let write = CompanyWrite {
            company,
            psa: entry.psa.value.clone(),
            tenant: draft.tenant.clone(),
            secrets: draft.new_secrets.clone(),
            dropped: draft.dropped.clone(),
            moved: draft.moved,
            placed: draft.moved || draft.places_changed,
            tenant_changed: draft.tenant_changed,
            retires: draft.retire.is_some(),
        };
        (write, found)
    }

    /// The default site and the filters, with the ids of what they name.
    async fn places(
        &self,
        draft: &CompanyDraft<'_>,
        found: &mut Found,
    ) -> (Option<Named<SiteId>>, Vec<Filter>) {
        let entry = &draft.entry;
        if let Some(stored) = draft.stored
            && !draft.moved
            && !draft.places_changed
        {
            return (
                stored.company.default_site.clone(),
                stored.company.filters.clone(),
            );
        }
        if let Some(target) = self.target(&entry.psa.value).filter(|_| draft.moved) {
            let id = &entry.psa_company_id;
            let answer = self.lookup.company_exists(target, &id.value).await;
            let exists = self.heard(target, found, answer);
            if exists == Some(false) {
                let message = format!("{:?} has no company {}", target.name, id.value);
                found.mistakes.push(Mistake::new(id.place, message));
                return (None, Vec::new());
            }
        }
        let any = entry.default_site.is_some() || entry.filters.iter().any(|f| f.site.is_some());
        let sites = match self.target(&entry.psa.value).filter(|_| any) {
            Some(target) => {
                let id = &entry.psa_company_id.value;
                let answer = self.lookup.sites(target, id).await;
                self.heard(target, found, answer)
            }
            None => None,
        };
        let site = |name: Option<&Spanned<String>>, found: &mut Found| {
            let known = sites
                .as_ref()?
                .iter()
                .map(|site: &Site| (&site.id, site.name.as_str(), site.active));
            pick("site", name?, &known, found)
        };
        let default_site = site(entry.default_site.as_ref(), found);
        let mut filters = Vec::new();
        for filter in &entry.filters {
            let target = if filter.exclude {
                Target::Exclude
            } else {
                Target::Place {
                    site: site(filter.site.as_ref(), found),
                    contact_type: self.contact_type(
                        &entry.psa.value,
                        filter.contact_type.as_ref(),
                        found,
                    ),
                }
            };
            filters.push(Filter {
                name: filter.name.as_ref().map(|name| name.value.clone()),
                enabled: filter.enabled,
                when: conditions(filter),
                target,
            });
        }
        (default_site, filters)
    }

    /// Tries a new or changed tenant connection, and checks the groups and licences that the filters name.
    async fn tenant(&self, draft: &CompanyDraft<'_>, found: &mut Found) {
        let Some(mut connection) = draft.tenant.clone() else {
            return;
        };
        let secrets = draft.shared.as_ref().unwrap_or(&draft.secrets);
        if draft.shared.is_some() {
            connection.certificate = secrets.contains_key("certificate");
        }
        let entry = &draft.entry;
        let unread = entry
            .tenant
            .as_ref()
            .is_some_and(|tenant| !tenant.unread.is_empty());
        let needed = if connection.certificate {
            "certificate"
        } else {
            "client_secret"
        };
        let complete = !unread && secrets.contains_key(needed);
        if !complete || !(draft.places_changed || draft.tenant_changed) {
            return;
        }
        let name = &entry.name.value;
        let target = TenantTarget {
            company: name.clone(),
            connection,
            secrets: secrets.clone(),
        };
        if draft.tenant_changed && found.answer(self.lookup.confirmed(&target).await).is_none() {
            return;
        }
        let mut groups = BTreeMap::new();
        let mut skus = None;
        for condition in entry.filters.iter().flat_map(|filter| &filter.when) {
            // The tenant could not be asked, and one try is enough.
            if skus == Some(None) || groups.values().any(Option::is_none) {
                return;
            }
            match &condition.test {
                Test::Group(group) => {
                    if !groups.contains_key(group) {
                        let answer = self.lookup.group_exists(&target, group).await;
                        groups.insert(group.clone(), found.answer(answer));
                    }
                    if groups.get(group) == Some(&Some(false)) {
                        let message = format!("the tenant of {name:?} has no group {group}");
                        found.mistakes.push(Mistake::new(condition.place, message));
                    }
                }
                Test::Licence(licence) => {
                    if skus.is_none() {
                        skus = Some(found.answer(self.lookup.skus(&target).await));
                    }
                    if let Some(Some(skus)) = &skus
                        && !skus.iter().any(|sku| {
                            let sku = [sku.id.as_str(), sku.part_number.as_str()];
                            sku.iter().any(|word| folded(word) == folded(licence))
                        })
                    {
                        let known = skus.iter().map(|sku| sku.part_number.as_str());
                        let message = format!(
                            "the tenant of {name:?} does not have the licence {licence}, so the condition holds for nobody{}",
                            did_you_mean(licence, known)
                        );
                        found.warnings.push(Mistake::new(condition.place, message));
                    }
                }
                Test::Licensed | Test::Field { .. } | Test::UpnDomain(_) => {}
            }
        }
    }
}

/// The thing of this name. A name that is spelt exactly so goes before one that only differs in case.
fn pick<'k, Id: Clone + 'k>(
    what: &str,
    name: &Spanned<String>,
    known: &(impl Iterator<Item = (&'k Id, &'k str, bool)> + Clone),
    found: &mut Found,
) -> Option<Named<Id>> {
    let active = known.clone().filter(|(_, _, active)| *active);
    let mut same: Vec<(&Id, &str)> = active
        .clone()
        .filter(|(_, known, _)| folded(known) == folded(&name.value))
        .map(|(id, known, _)| (id, known))
        .collect();
    if same.len() > 1 && same.iter().any(|(_, known)| *known == name.value) {
        same.retain(|(_, known)| *known == name.value);
    }
    let message = match same.as_slice() {
        [(id, known)] => {
            return Some(Named {
                id: (*id).clone(),
                name: (*known).to_owned(),
            });
        }
        [] if known
            .clone()
            .any(|(_, known, _)| folded(known) == folded(&name.value)) =>
        {
            format!("the {what} {:?} is inactive", name.value)
        }
        [] => unknown(what, &name.value, active.map(|(_, known, _)| known)),
        several => format!("{} {what}s are called {:?}", several.len(), name.value),
    };
    found.mistakes.push(Mistake::new(name.place, message));
    None
}

/// That there is no such thing, and what there is.
fn unknown<S: AsRef<str>>(what: &str, name: &str, known: impl Iterator<Item = S>) -> String {
    let mut known: Vec<String> = known.map(|known| known.as_ref().to_owned()).collect();
    known.sort();
    known.dedup();
    let there = if known.is_empty() {
        "There is none".to_owned()
    } else {
        format!("There is: {}", known.join(", "))
    };
    format!("there is no {what} {name:?}. {there}")
}
