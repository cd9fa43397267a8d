//! A company's filters in short: what each asks for, where it leads, and how many people it takes. Changes nothing.

use std::collections::HashMap;

use serde::Serialize;

use crate::directory::sku_name;
use crate::model::{Company, Condition, DirectoryField, Filter, GroupId, SkuId, Target, Test};
use crate::sync::effect::Takes;

/// One filter in short.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FilterLine {
    /// Its name, or its number.
    pub name: String,
    /// Its conditions in words.
    pub when: String,
    /// Where it leads.
    pub to: String,
    /// Whether it is switched off.
    pub off: bool,
    /// How many people it takes; `None`: nothing was read yet.
    pub takes: Option<usize>,
}

/// The company's filters in their order.
pub fn lines(
    company: &Company,
    takes: Option<&Takes>,
    groups: &HashMap<GroupId, String>,
) -> Vec<FilterLine> {
    let all = company.filters.iter().enumerate();
    all.map(|(at, filter)| FilterLine {
        name: filter.label(at),
        when: when(filter, groups),
        to: to(filter, company),
        off: !filter.enabled,
        takes: takes.and_then(|takes| takes.filters.get(at)).map(Vec::len),
    })
    .collect()
}

fn when(filter: &Filter, groups: &HashMap<GroupId, String>) -> String {
    let words = filter.when.iter().map(|one| condition(one, groups));
    words.collect::<Vec<_>>().join(" and ")
}

fn to(filter: &Filter, company: &Company) -> String {
    let Target::Place { site, contact_type } = &filter.target else {
        return "Left alone".into();
    };
    let default = company.default_site.as_ref();
    let site = match (site, default) {
        (Some(site), _) => site.name.clone(),
        (None, Some(site)) => format!("{} (the default site)", site.name),
        (None, None) => "The site stays as it is".into(),
    };
    match contact_type {
        Some(kind) => format!("{site}, as {}", kind.name),
        None => site,
    }
}

fn condition(condition: &Condition, groups: &HashMap<GroupId, String>) -> String {
    let not = condition.negated;
    match &condition.test {
        Test::Licensed if not => "nobody with a licence".into(),
        Test::Licensed => "everybody with a licence".into(),
        Test::Group(group) => {
            let verb = if not { "not a member of" } else { "member of" };
            match groups.get(group) {
                Some(name) => format!("{verb} {name}"),
                None => format!("{verb} the group {group}"),
            }
        }
        Test::Field { field, equals } => {
            let verb = if not { "is not" } else { "is" };
            format!("{} {verb} {equals}", field_name(*field))
        }
        Test::UpnDomain(domain) => {
            let verb = if not { "does not end" } else { "ends" };
            format!("the user principal name {verb} in @{domain}")
        }
        Test::Licence(licence) => {
            let name = sku_name(&SkuId::new(licence)).unwrap_or(licence);
            let verb = if not { "does not have" } else { "has" };
            format!("{verb} the licence {name}")
        }
    }
}

fn field_name(field: DirectoryField) -> String {
    match field {
        DirectoryField::Department => "department".into(),
        DirectoryField::JobTitle => "job title".into(),
        DirectoryField::OfficeLocation => "office".into(),
        DirectoryField::CompanyName => "company name".into(),
        DirectoryField::City => "city".into(),
        DirectoryField::State => "state".into(),
        DirectoryField::Country => "country".into(),
        DirectoryField::UsageLocation => "usage location".into(),
        DirectoryField::EmployeeType => "employee type".into(),
        DirectoryField::EmployeeId => "employee id".into(),
        DirectoryField::UserType => "user type".into(),
        DirectoryField::ExtensionAttribute(number) => format!("extension attribute {number}"),
    }
}
