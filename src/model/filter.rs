//! Filters: `behaviour.md` section 3.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::{ContactTypeId, GroupId, SiteId};

/// One line of a company's ordered list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// The name that a technician gave it.
    pub name: Option<String>,
    /// A filter that is switched off takes nobody and still counts as a filter.
    pub enabled: bool,
    /// Conditions that must all hold.
    pub when: Vec<Condition>,
    /// What happens to those it takes.
    pub target: Target,
}

impl Filter {
    /// The name by which people know it: its own, or `Filter 3` for the third of the list.
    pub fn label(&self, index: usize) -> String {
        match self.name.as_deref().map(str::trim) {
            Some(name) if !name.is_empty() => name.to_owned(),
            _ => format!("Filter {}", index + 1),
        }
    }
}

/// What a filter does with a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Hands off.
    Exclude,
    /// A contact at this site, with this contact type.
    Place {
        /// `None`: the company's default site.
        site: Option<Named<SiteId>>,
        /// `None`: the connection's default type. ConnectWise only.
        contact_type: Option<Named<ContactTypeId>>,
    },
}

/// A thing of the PSA by id, with the name that it had when it was chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named<Id> {
    /// Its id, by which it is found.
    pub id: Id,
    /// Its name, for people.
    pub name: String,
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Whether it holds when the test does not.
    #[serde(default)]
    pub negated: bool,
    /// What is tested.
    pub test: Test,
}

/// What a condition tests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// All licensed users: always holds.
    Licensed,
    /// The user is a member of the group, directly or through nested groups.
    Group(GroupId),
    /// The directory field equals the value: trimmed, case ignored.
    Field {
        /// The field.
        field: DirectoryField,
        /// The value.
        equals: String,
    },
    /// The part after `@` of the user principal name equals this, case ignored.
    UpnDomain(String),
    /// The user holds the licence: SKU GUID or part number.
    Licence(String),
}

/// A directory field that filters may look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DirectoryField {
    /// `department`
    Department,
    /// `jobTitle`
    JobTitle,
    /// `officeLocation`
    OfficeLocation,
    /// `companyName`
    CompanyName,
    /// `city`
    City,
    /// `state`
    State,
    /// `country`
    Country,
    /// `usageLocation`
    UsageLocation,
    /// `employeeType`
    EmployeeType,
    /// `employeeId`
    EmployeeId,
    /// `userType`
    UserType,
    /// `extensionAttribute1` to `extensionAttribute15`
    ExtensionAttribute(u8),
}

/// The fields with a name of their own.
const NAMED: [(DirectoryField, &str); 11] = [
    (DirectoryField::Department, "department"),
    (DirectoryField::JobTitle, "jobTitle"),
    (DirectoryField::OfficeLocation, "officeLocation"),
    (DirectoryField::CompanyName, "companyName"),
    (DirectoryField::City, "city"),
    (DirectoryField::State, "state"),
    (DirectoryField::Country, "country"),
    (DirectoryField::UsageLocation, "usageLocation"),
    (DirectoryField::EmployeeType, "employeeType"),
    (DirectoryField::EmployeeId, "employeeId"),
    (DirectoryField::UserType, "userType"),
];

impl DirectoryField {
    /// Every field that there is.
    pub fn all() -> impl Iterator<Item = Self> {
        let named = NAMED.iter().map(|(field, _)| *field);
        named.chain((1..=15).map(Self::ExtensionAttribute))
    }

    /// The field of this name, exactly as Microsoft Graph spells it; `None` where there is none.
    pub fn parse(name: &str) -> Option<Self> {
        if let Some((field, _)) = NAMED.iter().find(|(_, known)| *known == name) {
            return Some(*field);
        }
        let number: u8 = name.strip_prefix("extensionAttribute")?.parse().ok()?;
        let field = Self::ExtensionAttribute(number);
        ((1..=15).contains(&number) && field.to_string() == name).then_some(field)
    }
}

impl fmt::Display for DirectoryField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMED.iter().find(|(field, _)| field == self) {
            Some((_, name)) => f.write_str(name),
            None => match self {
                Self::ExtensionAttribute(number) => write!(f, "extensionAttribute{number}"),
                _ => Err(fmt::Error),
            },
        }
    }
}

impl TryFrom<String> for DirectoryField {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::parse(&name).ok_or_else(|| format!("unknown directory field {name}"))
    }
}

impl From<DirectoryField> for String {
    fn from(field: DirectoryField) -> Self {
        field.to_string()
    }
}
