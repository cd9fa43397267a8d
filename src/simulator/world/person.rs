//! One tidy user of a tenant: what a careful administrator would have entered. The mess comes later.

use std::collections::BTreeSet;

use super::names::{self, Name, Pool};
use super::rng::Rng;
use super::words;
use crate::simulator::graph::UserData;

/// Makes users of one domain, each with an address of their own.
pub(super) struct Maker {
    pub(super) domain: String,
    taken: BTreeSet<String>,
}

impl Maker {
    /// For a domain where these users have their addresses already.
    pub(super) fn new(domain: &str, users: &[UserData]) -> Self {
        let mut taken = BTreeSet::new();
        for user in users {
            let addresses = user.proxy_addresses.iter().map(|entry| bare(entry));
            for address in addresses.chain([user.user_principal_name.as_str()]) {
                taken.insert(local(address));
            }
        }
        Self {
            domain: domain.into(),
            taken,
        }
    }

    /// A free address that begins like this.
    pub(super) fn address(&mut self, wanted: &str) -> String {
        let mut free = wanted.to_owned();
        let mut number = 2;
        while !self.taken.insert(free.to_lowercase()) {
            free = format!("{wanted}{number}");
            number += 1;
        }
        format!("{free}@{}", self.domain)
    }

    /// A licensed person with everything filled in.
    pub(super) fn person(&mut self, rng: &mut Rng) -> UserData {
        let pool = names::pool(rng);
        self.person_of(rng, pool)
    }

    /// The same with a name of this pool.
    pub(super) fn person_of(&mut self, rng: &mut Rng, pool: &Pool) -> UserData {
        let (first, last) = names::full(rng, pool);
        let address = self.address(&local_part(&first, &last));
        let (department, title) = words::job(rng);
        let (city, country, usage) = words::place(rng);
        UserData {
            id: rng.guid(),
            display_name: Some(format!("{} {}", first.native, last.native)),
            given_name: Some(first.native),
            surname: Some(last.native),
            mail: Some(address.clone()),
            mail_nickname: Some(local(&address)),
            proxy_addresses: vec![format!("SMTP:{address}")],
            user_principal_name: address,
            job_title: Some(title.into()),
            department: Some(department.into()),
            business_phones: vec![words::phone(rng)],
            mobile_phone: rng.percent(60).then(|| words::mobile(rng)),
            office_location: rng.percent(50).then(|| format!("{city} office")),
            city: Some(city.into()),
            country: Some(country.into()),
            usage_location: Some(usage.into()),
            user_type: Some("Member".into()),
            account_enabled: Some(true),
            assigned_licenses: Some(words::licences(rng, department)),
            ..UserData::default()
        }
    }
}

/// Gives a user a new primary address; the old one stays as an alias.
pub(super) fn readdress(user: &mut UserData, address: &str) {
    for entry in &mut user.proxy_addresses {
        if let Some(old) = entry.strip_prefix("SMTP:") {
            *entry = format!("smtp:{old}");
        }
    }
    user.proxy_addresses.insert(0, format!("SMTP:{address}"));
    user.mail = Some(address.into());
}

/// Whether the contract would call this user active: enabled, with a licence that counts.
pub(super) fn is_active(user: &UserData) -> bool {
    let licences = user.assigned_licenses.iter().flatten();
    user.account_enabled == Some(true) && licences.into_iter().any(|sku| words::counts(sku))
}

/// Whether this is a person of the company: guests, mailboxes, rooms and services have no job.
pub(super) fn is_person(user: &UserData) -> bool {
    user.job_title.is_some() && user.user_type.as_deref() != Some("Guest")
}

/// A proxy address without its kind.
pub(super) fn bare(entry: &str) -> &str {
    entry.split_once(':').map_or(entry, |(_, address)| address)
}

/// What stands before the `@`, in lower case.
pub(super) fn local(address: &str) -> String {
    let local = address.split_once('@').map_or(address, |(local, _)| local);
    local.to_lowercase()
}

/// The department as a person would say it.
pub(super) fn department(user: &UserData) -> &str {
    user.department.as_deref().unwrap_or_default().trim()
}

fn local_part(first: &Name, last: &Name) -> String {
    let parts = [first.latin.as_str(), last.latin.as_str()];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    // a user name has at most 64 characters
    let mut local = parts.join(".");
    local.truncate(48);
    if local.is_empty() {
        "user".into()
    } else {
        local
    }
}
