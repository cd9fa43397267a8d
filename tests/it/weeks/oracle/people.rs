//! Who is active, and which filter takes them: sections 1 to 3.

use std::collections::BTreeSet;

use rollcall::model::{Condition, DirectoryField, Test};
use rollcall::simulator::graph::{MemberData, UserData};
use rollcall::simulator::world::{FLOW_FREE, POWER_BI_STANDARD};
use unicode_normalization::UnicodeNormalization;

use super::{Facts, Place, place};

/// What a user is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Active,
    Leaver,
    /// Graph does not say.
    Silent,
}

/// Section 1. The worlds' tenants have two licences of the list that does not count.
pub fn standing(user: &UserData) -> Standing {
    let (Some(enabled), Some(licences)) = (user.account_enabled, &user.assigned_licenses) else {
        return Standing::Silent;
    };
    let counts = |sku: &String| sku != FLOW_FREE && sku != POWER_BI_STANDARD;
    if enabled && licences.iter().any(counts) {
        Standing::Active
    } else {
        Standing::Leaver
    }
}

/// Trimmed, composed, case ignored.
pub fn folded(text: &str) -> String {
    text.trim().nfc().collect::<String>().to_lowercase()
}

/// Section 2, as written.
pub fn address(user: &UserData, use_email: bool) -> String {
    let mail = user.mail.as_deref().unwrap_or_default().trim();
    if use_email && !mail.is_empty() {
        mail.to_owned()
    } else {
        user.user_principal_name.trim().to_owned()
    }
}

/// Every address of a user.
pub fn addresses(user: &UserData) -> BTreeSet<String> {
    let entries = user.proxy_addresses.iter().filter_map(|entry| {
        let (kind, address) = entry.trim().split_once(':')?;
        kind.eq_ignore_ascii_case("smtp").then_some(address)
    });
    [
        Some(user.user_principal_name.as_str()),
        user.mail.as_deref(),
    ]
    .into_iter()
    .flatten()
    .chain(entries)
    .map(folded)
    .filter(|address| !address.is_empty())
    .collect()
}

/// Section 3: `None` is hands off.
pub fn target(user: &UserData, facts: &Facts) -> Option<Place> {
    let filters = &facts.company.filters;
    if filters.is_empty() {
        return place(None, facts);
    }
    let first = filters
        .iter()
        .find(|filter| filter.enabled && filter.when.iter().all(|one| holds(one, user, facts)))?;
    place(Some(first), facts)
}

fn holds(condition: &Condition, user: &UserData, facts: &Facts) -> bool {
    let holds = match &condition.test {
        Test::Licensed => true,
        Test::Group(id) => is_member(facts, id.as_str(), &user.id, &mut BTreeSet::new()),
        Test::Field { field, equals } => {
            folded(field_of(user, *field).unwrap_or_default()) == folded(equals)
        }
        Test::UpnDomain(domain) => {
            let own = user.user_principal_name.rsplit_once('@');
            own.is_some_and(|(_, own)| folded(own) == folded(domain))
        }
        Test::Licence(name) => {
            let wanted: Vec<&str> = facts
                .skus
                .iter()
                .filter(|sku| {
                    sku.sku_id.eq_ignore_ascii_case(name.trim())
                        || sku.sku_part_number.eq_ignore_ascii_case(name.trim())
                })
                .map(|sku| sku.sku_id.as_str())
                .collect();
            let mut held = user.assigned_licenses.iter().flatten();
            held.any(|sku| wanted.contains(&sku.as_str()))
        }
    };
    holds != condition.negated
}

fn is_member(facts: &Facts, group: &str, user: &str, seen: &mut BTreeSet<String>) -> bool {
    if !seen.insert(group.to_owned()) {
        return false;
    }
    let group = facts
        .groups
        .iter()
        .find(|known| known.id.eq_ignore_ascii_case(group));
    group.is_some_and(|group| {
        group.members.iter().any(|member| match member {
            MemberData::User(id) => id == user,
            MemberData::Group(id) => is_member(facts, id, user, seen),
            MemberData::Other { .. } => false,
        })
    })
}

fn field_of(user: &UserData, field: DirectoryField) -> Option<&str> {
    let value = match field {
        DirectoryField::Department => &user.department,
        DirectoryField::JobTitle => &user.job_title,
        DirectoryField::OfficeLocation => &user.office_location,
        DirectoryField::CompanyName => &user.company_name,
        DirectoryField::City => &user.city,
        DirectoryField::State => &user.state,
        DirectoryField::Country => &user.country,
        DirectoryField::UsageLocation => &user.usage_location,
        DirectoryField::EmployeeType => &user.employee_type,
        DirectoryField::EmployeeId => &user.employee_id,
        DirectoryField::UserType => &user.user_type,
        DirectoryField::ExtensionAttribute(number) => {
            &user.extension_attributes[usize::from(number) - 1]
        }
    };
    value.as_deref()
}
