//! Graph's answers as they stand on the wire, and what they are as words of `model`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::{DirectoryField, SkuId, User, UserId};

/// What is read of every user.
const SELECT: [&str; 12] = [
    "id",
    "userPrincipalName",
    "mail",
    "displayName",
    "givenName",
    "surname",
    "jobTitle",
    "businessPhones",
    "mobilePhone",
    "accountEnabled",
    "assignedLicenses",
    "proxyAddresses",
];

/// The `$select` of users: what is always read, and every field that filters may look at, whether or not one does: a filter
/// is tried out on what was read before it was saved.
pub(super) fn select() -> String {
    let mut names: Vec<String> = SELECT.map(Into::into).into();
    for field in DirectoryField::all() {
        let name = match field {
            DirectoryField::ExtensionAttribute(_) => "onPremisesExtensionAttributes".to_owned(),
            other => other.to_string(),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(",")
}

/// One page of a list.
#[derive(Deserialize)]
pub(super) struct Page<T> {
    #[serde(default = "Option::default")]
    pub(super) value: Option<Vec<T>>,
    #[serde(rename = "@odata.nextLink", default)]
    pub(super) next: Option<String>,
}

/// An object with a name: a group, an organization.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Named {
    pub(super) id: String,
    display_name: Option<String>,
}

impl Named {
    /// The display name; where it is blank, the id.
    pub(super) fn into_name(self) -> String {
        present(self.display_name).unwrap_or(self.id)
    }
}

/// What a tenant says of itself.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Organization {
    #[serde(flatten)]
    pub(super) named: Named,
    verified_domains: Option<Vec<Domain>>,
}

#[derive(Deserialize)]
struct Domain {
    name: Option<String>,
}

impl Organization {
    /// The names of its verified domains.
    pub(super) fn domains(&self) -> Vec<String> {
        let domains = self.verified_domains.iter().flatten();
        domains.filter_map(|one| one.name.clone()).collect()
    }
}

/// A member of a group.
#[derive(Deserialize)]
pub(super) struct WireMember {
    #[serde(rename = "@odata.type")]
    kind: Option<String>,
    id: String,
}

impl WireMember {
    /// Its id, where it is a user. An answer without types is taken as users: another object's id is no user's.
    pub(super) fn user(self) -> Option<UserId> {
        let user = self
            .kind
            .is_none_or(|kind| kind.eq_ignore_ascii_case("#microsoft.graph.user"));
        user.then(|| UserId::new(&self.id))
    }
}

/// A subscribed SKU.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireSku {
    pub(super) sku_id: String,
    pub(super) sku_part_number: String,
}

/// A user; every property but the id may be missing or null.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireUser {
    pub(super) id: String,
    user_principal_name: Option<String>,
    mail: Option<String>,
    display_name: Option<String>,
    given_name: Option<String>,
    surname: Option<String>,
    job_title: Option<String>,
    business_phones: Option<Vec<Option<String>>>,
    mobile_phone: Option<String>,
    account_enabled: Option<bool>,
    assigned_licenses: Option<Vec<WireLicence>>,
    proxy_addresses: Option<Vec<Option<String>>>,
    department: Option<String>,
    office_location: Option<String>,
    company_name: Option<String>,
    city: Option<String>,
    state: Option<String>,
    country: Option<String>,
    usage_location: Option<String>,
    employee_type: Option<String>,
    employee_id: Option<String>,
    user_type: Option<String>,
    on_premises_extension_attributes: Option<BTreeMap<String, Option<String>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireLicence {
    sku_id: String,
}

impl WireUser {
    /// The user with all directory fields that are not blank.
    pub(super) fn into_user(self) -> User {
        let fields = DirectoryField::all()
            .filter_map(|field| Some((field, present(self.field(field).cloned())?)))
            .collect();
        User {
            id: UserId::new(&self.id),
            upn: self.user_principal_name.unwrap_or_default(),
            mail: present(self.mail),
            display_name: present(self.display_name),
            given_name: present(self.given_name),
            surname: present(self.surname),
            job_title: present(self.job_title),
            business_phone: self
                .business_phones
                .and_then(|phones| phones.into_iter().next().flatten())
                .and_then(|phone| present(Some(phone))),
            mobile_phone: present(self.mobile_phone),
            enabled: self.account_enabled,
            licences: self.assigned_licenses.map(|licences| {
                licences
                    .into_iter()
                    .map(|licence| SkuId::new(&licence.sku_id))
                    .collect()
            }),
            aliases: self
                .proxy_addresses
                .unwrap_or_default()
                .into_iter()
                .flatten()
                .filter_map(|entry| smtp(&entry))
                .collect(),
            fields,
        }
    }

    fn field(&self, field: DirectoryField) -> Option<&String> {
        match field {
            DirectoryField::Department => self.department.as_ref(),
            DirectoryField::JobTitle => self.job_title.as_ref(),
            DirectoryField::OfficeLocation => self.office_location.as_ref(),
            DirectoryField::CompanyName => self.company_name.as_ref(),
            DirectoryField::City => self.city.as_ref(),
            DirectoryField::State => self.state.as_ref(),
            DirectoryField::Country => self.country.as_ref(),
            DirectoryField::UsageLocation => self.usage_location.as_ref(),
            DirectoryField::EmployeeType => self.employee_type.as_ref(),
            DirectoryField::EmployeeId => self.employee_id.as_ref(),
            DirectoryField::UserType => self.user_type.as_ref(),
            DirectoryField::ExtensionAttribute(_) => self
                .on_premises_extension_attributes
                .as_ref()?
                .get(&field.to_string())?
                .as_ref(),
        }
    }
}

/// The text as it is, unless it is blank.
fn present(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

/// The address of an entry of `proxyAddresses`: `SMTP:` marks the primary one, `smtp:` an alias; others are no mail.
fn smtp(entry: &str) -> Option<String> {
    let (kind, address) = entry.trim().split_once(':')?;
    let address = address.trim();
    (kind.eq_ignore_ascii_case("smtp") && !address.is_empty()).then(|| address.to_owned())
}
