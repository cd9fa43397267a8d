//! Both sides as they were read, with links and settings: all that a plan is made from. Pure data.

use std::collections::{HashMap, HashSet};

use crate::model::filter::Named;
use crate::model::{
    Contact, ContactId, ContactType, ContactTypeId, Filter, GroupId, Guard, Limits, Link, Site,
    SiteId, Sku, SkuId, User, UserId,
};

/// What a plan is made from. Both readings are complete: an incomplete one fails the run before it comes here.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Every user of the tenant, and linked users that were asked for by id and exist.
    pub users: Vec<User>,
    /// Linked users that Microsoft Graph does not know any more.
    pub deleted: HashSet<UserId>,
    /// The members, nested ones too, of each group that a filter names.
    pub groups: HashMap<GroupId, HashSet<UserId>>,
    /// The tenant's licences.
    pub skus: Vec<Sku>,
    /// Every contact of the company, active and inactive.
    pub contacts: Vec<Contact>,
    /// The links in force.
    pub links: Vec<Link>,
    /// Users whom a technician ignores.
    pub ignored: HashSet<UserId>,
    /// Leavers whose deactivation a technician dismissed.
    pub dismissed: HashSet<UserId>,
    /// Creates of an earlier run that left several contacts behind: their users are in conflict.
    pub unsettled: HashMap<UserId, Vec<ContactId>>,
    /// The people of the open hold; `None`: no hold is open.
    pub hold: Option<HashSet<UserId>>,
    /// The company's settings.
    pub rules: Rules,
}

/// A company's settings, as far as decisions depend on them.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Whether contacts that exist are changed.
    pub update_existing: bool,
    /// Whether the user's address is `mail`.
    pub use_email: bool,
    /// Highest priority first.
    pub filters: Vec<Filter>,
    /// Where contacts go whose filter names no site.
    pub default_site: Option<Named<SiteId>>,
    /// The type of contacts whose filter names none.
    pub default_type: Option<Named<ContactTypeId>>,
    /// When deactivations are held.
    pub guard: Guard,
    /// Licences that do not make a user licensed: SKU ids or part numbers.
    pub ignored_licences: Vec<String>,
    /// How long the PSA's fields may be.
    pub limits: Limits,
    /// The company's sites.
    pub sites: Vec<Site>,
    /// The PSA's contact types; `None` where it has no such thing.
    pub contact_types: Option<Vec<ContactType>>,
    /// Whether the PSA's company is active; nothing is written for one that is not.
    pub company_active: bool,
}

impl Rules {
    /// The name of a site; empty where nobody knows it.
    pub fn site_name(&self, id: &SiteId) -> String {
        let known = self.sites.iter().find(|site| site.id == *id);
        known.map(|site| site.name.clone()).unwrap_or_default()
    }
}

/// The tenant's licences by id and by part number, and which of them do not count.
#[derive(Clone, Debug, Default)]
pub struct Licences {
    parts: HashMap<String, Vec<SkuId>>,
    known: HashSet<SkuId>,
    ignored: HashSet<SkuId>,
}

impl Licences {
    /// Looks the ignore list up among the tenant's licences.
    pub fn new(skus: &[Sku], ignored: &[String]) -> Self {
        let mut all = Self::default();
        for sku in skus {
            all.known.insert(sku.id.clone());
            all.parts
                .entry(fold(&sku.part_number))
                .or_default()
                .push(sku.id.clone());
        }
        all.ignored = ignored
            .iter()
            .flat_map(|name| {
                all.parts
                    .get(&fold(name))
                    .cloned()
                    .unwrap_or_else(|| vec![SkuId::new(name)])
            })
            .collect();
        all
    }

    /// The SKUs of this GUID or part number that the tenant has; empty where it has none.
    pub fn find(&self, name: &str) -> Vec<SkuId> {
        let id = SkuId::new(name);
        if self.known.contains(&id) {
            vec![id]
        } else {
            self.parts.get(&fold(name)).cloned().unwrap_or_default()
        }
    }

    /// Whether the tenant has this SKU.
    pub fn knows(&self, id: &SkuId) -> bool {
        self.known.contains(id)
    }

    /// Whether this licence makes a user licensed.
    pub fn counts(&self, id: &SkuId) -> bool {
        !self.ignored.contains(id)
    }
}

fn fold(name: &str) -> String {
    name.trim().to_ascii_lowercase()
}
