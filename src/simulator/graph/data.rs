//! What a simulated tenant holds, as plain data that world generators and tests edit. No behaviour here beyond what a
//! property looks like when nobody set it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A tenant of Microsoft Entra.
#[derive(Clone, Default)]
pub struct TenantData {
    /// Tenant id: a GUID in lower case.
    pub id: String,
    /// The organization's name.
    pub display_name: String,
    /// The verified domain that is the default one; a token may be asked for by it.
    pub default_domain: String,
    /// Further verified domains.
    pub other_domains: Vec<String>,
    /// The tenant lives in another national cloud: no token here.
    pub other_cloud: bool,
    /// The apps of this tenant by client id (lower case).
    pub apps: BTreeMap<String, AppData>,
    /// The users; Graph lists them in the order of their ids.
    pub users: Vec<UserData>,
    /// The groups; Graph lists them in the order of their ids.
    pub groups: Vec<GroupData>,
    /// The licences that the tenant has.
    pub skus: Vec<SkuData>,
}

/// An app as one tenant knows it.
#[derive(Clone, Default)]
pub struct AppData {
    /// Its client secrets.
    pub secrets: Vec<SecretData>,
    /// Its certificates, each in DER or PEM. A PS256 assertion signed with the key of one of them is accepted.
    pub certificates: Vec<Vec<u8>>,
    /// An administrator has disabled it: no token.
    pub disabled: bool,
    /// An administrator has consented. Without, there is a token and Graph answers 403.
    pub consented: bool,
    /// Application permissions such as `User.Read.All`.
    pub permissions: BTreeSet<String>,
}

impl AppData {
    /// A consented app with this secret and the least permissions for users, groups and licences.
    pub fn reader(secret: &str) -> Self {
        Self {
            secrets: vec![SecretData {
                value: secret.into(),
                expired: false,
            }],
            consented: true,
            permissions: [
                "User.Read.All",
                "GroupMember.Read.All",
                "LicenseAssignment.Read.All",
            ]
            .map(Into::into)
            .into(),
            ..Self::default()
        }
    }
}

/// A client secret.
#[derive(Clone, Default)]
pub struct SecretData {
    /// The secret's value.
    pub value: String,
    /// Its end date has passed.
    pub expired: bool,
}

/// A user. `None` is null on the wire, except where a field says otherwise.
#[derive(Clone, Default)]
pub struct UserData {
    /// Object id: a GUID in lower case.
    pub id: String,
    /// `userPrincipalName`.
    pub user_principal_name: String,
    /// `displayName`.
    pub display_name: Option<String>,
    /// `givenName`.
    pub given_name: Option<String>,
    /// `surname`.
    pub surname: Option<String>,
    /// `mail`.
    pub mail: Option<String>,
    /// `mailNickname`.
    pub mail_nickname: Option<String>,
    /// `jobTitle`.
    pub job_title: Option<String>,
    /// `businessPhones`; the vendor allows one number.
    pub business_phones: Vec<String>,
    /// `mobilePhone`.
    pub mobile_phone: Option<String>,
    /// `faxNumber`.
    pub fax_number: Option<String>,
    /// `officeLocation`.
    pub office_location: Option<String>,
    /// `preferredLanguage`.
    pub preferred_language: Option<String>,
    /// `department`.
    pub department: Option<String>,
    /// `companyName`.
    pub company_name: Option<String>,
    /// `streetAddress`.
    pub street_address: Option<String>,
    /// `city`.
    pub city: Option<String>,
    /// `state`.
    pub state: Option<String>,
    /// `postalCode`.
    pub postal_code: Option<String>,
    /// `country`.
    pub country: Option<String>,
    /// `usageLocation`: two letters.
    pub usage_location: Option<String>,
    /// `userType`: `Member`, `Guest`, or null on some old users.
    pub user_type: Option<String>,
    /// `employeeId`.
    pub employee_id: Option<String>,
    /// `employeeType`.
    pub employee_type: Option<String>,
    /// `accountEnabled`; `None` is left out of the answer, or null with
    /// [`Switches::unset_as_null`](super::Switches::unset_as_null).
    pub account_enabled: Option<bool>,
    /// The SKU ids of `assignedLicenses`; `None` is left out or null like [`UserData::account_enabled`].
    pub assigned_licenses: Option<Vec<String>>,
    /// `proxyAddresses`, with `SMTP:` for the primary one and `smtp:` for aliases.
    pub proxy_addresses: Vec<String>,
    /// `otherMails`.
    pub other_mails: Vec<String>,
    /// `onPremisesExtensionAttributes`: `extensionAttribute1` first.
    pub extension_attributes: [Option<String>; 15],
    /// Any other property by its name on the wire.
    pub more: BTreeMap<String, Value>,
}

/// A direct member of a group. A member whose object is gone is not listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberData {
    /// A user by object id.
    User(String),
    /// A nested group by object id.
    Group(String),
    /// Another object, such as a device.
    Other {
        /// Its type without `#microsoft.graph.`: `device`, `orgContact`, `servicePrincipal`.
        kind: String,
        /// Its object id.
        id: String,
    },
}

/// A group.
#[derive(Clone, Default)]
pub struct GroupData {
    /// Object id: a GUID in lower case.
    pub id: String,
    /// `displayName`.
    pub display_name: String,
    /// `description`.
    pub description: Option<String>,
    /// `groupTypes`: `Unified` for a Microsoft 365 group, `DynamicMembership` for one with a rule.
    pub group_types: Vec<String>,
    /// `securityEnabled`.
    pub security_enabled: bool,
    /// `mailEnabled`.
    pub mail_enabled: bool,
    /// `mail`.
    pub mail: Option<String>,
    /// `membershipRule`.
    pub membership_rule: Option<String>,
    /// Direct members.
    pub members: Vec<MemberData>,
    /// Any other property by its name on the wire.
    pub more: BTreeMap<String, Value>,
}

/// A licence that the tenant has.
#[derive(Clone)]
pub struct SkuData {
    /// `skuId`: a GUID in lower case.
    pub sku_id: String,
    /// `skuPartNumber`.
    pub sku_part_number: String,
    /// `capabilityStatus`: `Enabled`, `Warning`, `Suspended`, `Deleted` or `LockedOut`.
    pub capability_status: String,
    /// `appliesTo`: `User` or `Company`.
    pub applies_to: String,
    /// `prepaidUnits.enabled`.
    pub enabled_units: u32,
    /// `consumedUnits`; `None`: counted from the users.
    pub consumed_units: Option<u32>,
}

impl Default for SkuData {
    fn default() -> Self {
        Self {
            sku_id: String::new(),
            sku_part_number: String::new(),
            capability_status: "Enabled".into(),
            applies_to: "User".into(),
            enabled_units: 0,
            consumed_units: None,
        }
    }
}
