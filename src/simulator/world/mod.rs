//! Seeded, messy and believable customers for the simulated clouds: a tenant of Microsoft 365, the contacts that technicians
//! entered for it over the years, and what a day changes. The same seed gives the same world, whatever version of a crate
//! is built with. Nothing here talks to a network; it fills the state of simulators.

mod cast;
mod contacts;
mod day;
mod load;
mod mess;
mod names;
mod person;
mod rng;
mod things;
mod words;
mod worked_example;

pub use cast::{CastCondition, CastFilter, CastMember, Kind, cast};
pub use contacts::{KnownContact, Origin, PsaContact};
pub use day::{Day, Event, Happening, What};
pub use load::{Loaded, Psa, load_autotask, load_connectwise, load_graph};
pub use words::{
    AAD_PREMIUM, ENTERPRISEPACK, EXCHANGESTANDARD, FLOW_FREE, POWER_BI_STANDARD, SKUS, SPB,
};
pub use worked_example::{LANDS, worked_example};

use crate::simulator::graph::{MemberData, SkuData, TenantData, UserData};
use person::{Maker, is_active, is_person};
use rng::Rng;

/// The contact types of a generated customer on ConnectWise.
pub const CONTACT_TYPES: [&str; 3] = ["End User", "Technical", "Management"];

/// How a customer is generated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The names of its sites, the main one first. At least one.
    pub sites: Vec<String>,
    /// How many of a hundred people have a contact in the PSA already.
    pub contacts_percent: usize,
    /// With blocked and unlicensed people, odd names, guests, mailboxes, wrong and double contacts; else everybody is licensed
    /// and each contact is just as the tenant has it.
    pub messy: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            sites: ["Main", "New Site", "Site 2", "Site 3"]
                .map(Into::into)
                .into(),
            contacts_percent: 85,
            messy: true,
        }
    }
}

/// A customer: its tenant, and its sites and contacts in whatever PSA it is loaded into.
#[derive(Clone)]
pub struct Customer {
    /// Its name.
    pub name: String,
    /// The default domain of its tenant, such as `contoso.example`.
    pub domain: String,
    /// Its tenant, without apps.
    pub tenant: TenantData,
    /// The names of its sites, the main one first.
    pub sites: Vec<String>,
    /// Its contacts in the PSA.
    pub contacts: Vec<KnownContact>,
}

impl Customer {
    /// A customer of so many people. Guests, mailboxes, rooms and services come on top, about one for each ten people.
    /// Two names give two worlds, also with the same seed.
    pub fn generate(seed: u64, name: &str, people: usize, options: &Options) -> Self {
        let mut rng = Rng::new(seed, name);
        let domain = format!("{}.example", slug(name));
        let mut maker = Maker::new(&domain, &[]);
        let mut users = Vec::new();
        if options.messy {
            users = mess::special_names(&mut rng, &mut maker, people);
        }
        users.truncate(people);
        while users.len() < people {
            users.push(maker.person(&mut rng));
        }
        rng.shuffle(&mut users);
        // However small, a company has somebody who leads it.
        if let Some(head) = users.first_mut() {
            head.department = Some("Management".into());
            head.job_title = Some("Managing Director".into());
        }
        if options.messy {
            mess::mess_up(&mut users, &mut rng, &mut maker);
        }
        let known = contacts::generate(&mut users, &mut rng, &mut maker, options);
        if options.messy {
            users.extend(things::others(&mut rng, &mut maker, people));
        }
        let groups = things::groups(&mut rng, &users);
        let tenant = TenantData {
            id: rng.guid(),
            display_name: name.into(),
            other_domains: vec![format!("old-{domain}"), format!("contractors.{domain}")],
            skus: skus(&users),
            users,
            groups,
            ..tenant_of(&domain)
        };
        Self {
            name: name.into(),
            domain,
            tenant,
            sites: options.sites.clone(),
            contacts: known,
        }
    }

    /// The object id of the group of this name.
    pub fn group_id(&self, name: &str) -> Option<&str> {
        let mut groups = self.tenant.groups.iter();
        let group = groups.find(|group| group.display_name == name)?;
        Some(&group.id)
    }

    /// The user with this user principal name.
    pub fn user(&self, upn: &str) -> Option<&UserData> {
        let mut users = self.tenant.users.iter();
        users.find(|user| user.user_principal_name.eq_ignore_ascii_case(upn))
    }

    /// Number of users that are enabled and hold a licence that is not free.
    pub fn active_users(&self) -> usize {
        self.tenant
            .users
            .iter()
            .filter(|user| is_active(user))
            .count()
    }

    /// The user principal name of somebody whose way is worth explaining: an active member of "Management" in the department
    /// IT, else the active person with the most licences.
    pub fn worth_explaining(&self) -> Option<&str> {
        let listed = |user: &UserData| {
            let member = MemberData::User(user.id.clone());
            let mut groups = self.tenant.groups.iter();
            person::department(user).eq_ignore_ascii_case("IT")
                && groups.any(|group| {
                    ["Management", "Board"].contains(&group.display_name.as_str())
                        && group.members.contains(&member)
                })
        };
        let active = self
            .tenant
            .users
            .iter()
            .filter(|user| is_person(user) && is_active(user));
        let found = active.max_by_key(|user| {
            (
                listed(user),
                user.assigned_licenses.as_ref().map_or(0, Vec::len),
            )
        });
        found.map(|user| user.user_principal_name.as_str())
    }
}

/// The site at which the contacts of a department usually stand: the second one for Management and IT, the third for the
/// Warehouse, the fourth for Support, the first for all others, and where there are fewer sites.
pub fn home_site<'a>(sites: &'a [String], department: &str) -> &'a str {
    let place = match department.trim().to_lowercase().as_str() {
        "management" | "it" => 1,
        "warehouse" => 2,
        "support" => 3,
        _ => 0,
    };
    sites
        .get(place)
        .or(sites.first())
        .map_or("Main", String::as_str)
}

fn tenant_of(domain: &str) -> TenantData {
    TenantData {
        default_domain: domain.into(),
        ..TenantData::default()
    }
}

/// The licences that the tenant bought: as many as are in use, and a few to spare.
fn skus(users: &[UserData]) -> Vec<SkuData> {
    let used = |id: &str| {
        let holders = users.iter().filter(|user| {
            let mut licences = user.assigned_licenses.iter().flatten();
            licences.any(|sku| sku == id)
        });
        u32::try_from(holders.count()).unwrap_or(u32::MAX)
    };
    let sku = |(id, part_number): (&str, &str)| SkuData {
        sku_id: id.into(),
        sku_part_number: part_number.into(),
        enabled_units: used(id).saturating_add(5),
        ..SkuData::default()
    };
    SKUS.map(sku).into()
}

/// `Wide World Importers` becomes `wideworldimporters`.
fn slug(name: &str) -> String {
    let letters = names::latin_letters(name).replace('-', "");
    if letters.is_empty() {
        "company".into()
    } else {
        letters
    }
}
