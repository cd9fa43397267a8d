//! What the page of the filters knows of a company without asking a cloud: its settings, the last reading, and the names of
//! what the filters point at. What the pickers need besides is asked for when a filter is opened.

use std::collections::HashMap;
use std::sync::Arc;

use crate::db::{companies, psa_connections};
use crate::directory::sku_name;
use crate::model::filter::Named;
use crate::model::{
    Company, ContactType, ContactTypeId, GroupId, Site, SiteId, SkuId, Target, Test,
};
use crate::pickers::{self, Licence};
use crate::psa::vendor;
use crate::sync::failure::RunError;
use crate::sync::last::Last;
use crate::web::setup::{Setup, SetupStep};
use crate::web::{Visit, WebError, words};

/// A company and what is known around it.
pub(super) struct Known {
    pub company: Company,
    pub version: i64,
    /// Whether its PSA has contact types.
    pub contact_types: bool,
    pub last: Option<Arc<Last>>,
    pub sites: Vec<Site>,
    pub types: Vec<ContactType>,
    pub groups: HashMap<GroupId, String>,
    pub licences: Vec<Licence>,
    /// How far the set-up is.
    pub setup: Option<Setup>,
}

impl Known {
    /// Reads what the database has.
    pub async fn load(visit: &Visit, id: i64) -> Result<Self, WebError> {
        let app = visit.app();
        let found = app.db().read(move |conn| {
            let Some(company) = companies::get(conn, id)? else {
                return Ok(None);
            };
            let version = companies::version(conn, id)?.unwrap_or_default();
            let connection = psa_connections::get(conn, company.psa_id)?;
            let setup = Setup::of(conn, &company, SetupStep::Filters)?;
            Ok(Some((company, version, connection, setup)))
        });
        let (company, version, connection, setup) = found.await?.ok_or(WebError::NotFound)?;
        let vendor = connection.and_then(|connection| vendor(&connection.kind));
        let last = app.last(&company).await?;
        let rules = last.as_ref().map(|last| &last.snapshot.rules);
        let mut known = Self {
            version,
            contact_types: vendor.is_some_and(|vendor| vendor.contact_types),
            sites: rules.map(|rules| rules.sites.clone()).unwrap_or_default(),
            types: rules
                .and_then(|rules| rules.contact_types.clone())
                .unwrap_or_default(),
            groups: pickers::remembered_names(app, &company).await?,
            licences: Vec::new(),
            setup,
            company,
            last,
        };
        known.add_saved_names();
        Ok(known)
    }

    /// What a saved filter points at is known, even where it is gone from the PSA.
    fn add_saved_names(&mut self) {
        let targets = self.company.filters.iter().map(|filter| &filter.target);
        let places = targets.filter_map(|target| match target {
            Target::Place { site, contact_type } => Some((site.as_ref(), contact_type.as_ref())),
            Target::Exclude => None,
        });
        let default = (self.company.default_site.as_ref(), None);
        for (site, kind) in places.chain([default]) {
            if let Some(site) = site
                && !self.sites.iter().any(|known| known.id == site.id)
            {
                self.sites.push(Site {
                    id: site.id.clone(),
                    name: site.name.clone(),
                    // Where nothing was read, nothing says that it is closed.
                    active: self.last.is_none(),
                });
            }
            if let Some(kind) = kind
                && !self.types.iter().any(|known| known.id == kind.id)
            {
                self.types.push(ContactType {
                    id: kind.id.clone(),
                    name: kind.name.clone(),
                });
            }
        }
    }

    /// Asks Microsoft for the names of groups that are not remembered, and does not wait long.
    pub async fn ask_names(&mut self, visit: &Visit) -> Result<(), WebError> {
        self.groups = pickers::names_soon(visit.app(), &self.company).await?;
        Ok(())
    }

    /// What the pickers of an open filter offer. What does not answer is a sentence.
    pub async fn ask_choices(&mut self, visit: &Visit) -> Vec<String> {
        let (app, company) = (visit.app(), &self.company);
        let types = async {
            if self.contact_types {
                pickers::contact_types(app, company.psa_id, false).await
            } else {
                Ok(None)
            }
        };
        let (sites, types, licences) = futures_util::join!(
            pickers::sites(app, company, false),
            types,
            pickers::licences(app, company, false)
        );
        let mut failed = Vec::new();
        if let Some(sites) = answered(sites, "The sites", &mut failed) {
            self.sites = sites;
        }
        if let Some(types) = answered(types, "The contact types", &mut failed).flatten() {
            self.types = types;
        }
        if let Some(licences) = answered(licences, "The licences", &mut failed) {
            self.licences = licences;
        }
        self.add_saved_names();
        failed
    }

    /// Asks the PSA for its sites where the form names one that is not known.
    pub async fn ask_sites(&mut self, visit: &Visit, wanted: &[&str]) {
        let unknown = |site: &&&str| !site.trim().is_empty() && self.site(site).is_none();
        if wanted.iter().any(|site| unknown(&site)) {
            self.ask_choices(visit).await;
        }
    }

    /// A site by its id, with its name.
    pub fn site(&self, id: &str) -> Option<Named<SiteId>> {
        let site = self.sites.iter().find(|site| site.id.as_str() == id)?;
        Some(Named {
            id: site.id.clone(),
            name: site.name.clone(),
        })
    }

    /// Whether the PSA had no such site when it was read, or only an inactive one.
    pub fn is_gone(&self, id: &SiteId) -> bool {
        let mut sites = self.sites.iter();
        self.last.is_some() && sites.any(|site| site.id == *id && !site.active)
    }

    /// A contact type by its id, with its name.
    pub fn contact_type(&self, id: &str) -> Option<Named<ContactTypeId>> {
        let kind = self.types.iter().find(|kind| kind.id.as_str() == id)?;
        Some(Named {
            id: kind.id.clone(),
            name: kind.name.clone(),
        })
    }

    /// How a licence is called that a condition names by id or part number.
    pub fn licence(&self, name: &str) -> String {
        let skus = self.last.iter().flat_map(|last| &last.snapshot.skus);
        let wanted = SkuId::new(name.trim());
        let by_part = skus
            .filter(|sku| sku.part_number.eq_ignore_ascii_case(name.trim()))
            .find_map(|sku| sku_name(&sku.id));
        sku_name(&wanted)
            .or(by_part)
            .map_or_else(|| name.to_owned(), str::to_owned)
    }

    /// How a group is called, as far as anybody knows.
    pub fn group<'a>(&'a self, id: &'a str, label: &'a str) -> &'a str {
        match self.groups.get(&GroupId::new(id)) {
            Some(name) => name,
            None if label.trim().is_empty() => id,
            None => label,
        }
    }

    /// Whether everything that these filters look at was read.
    pub fn is_read(&self, filters: &[crate::model::Filter]) -> bool {
        let Some(last) = &self.last else { return false };
        let tests = filters.iter().filter(|filter| filter.enabled);
        let mut tests = tests.flat_map(|filter| &filter.when);
        tests.all(|condition| match &condition.test {
            Test::Group(group) => last.snapshot.groups.contains_key(group),
            _ => true,
        })
    }
}

fn answered<T>(asked: Result<T, RunError>, what: &str, failed: &mut Vec<String>) -> Option<T> {
    match asked {
        Ok(answer) => Some(answer),
        Err(error) => {
            failed.push(format!(
                "{what} cannot be read now. {}",
                words::told(&error)
            ));
            None
        }
    }
}
