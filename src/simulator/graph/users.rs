//! `/users`. Reads only: Rollcall never writes to a tenant.

use serde_json::{Map, Value, json};

use super::Switches;
use super::data::UserData;
use super::filter::Filter;
use super::odata::{Call, Options, object, page};
use super::refusal::Refusal;
use crate::simulator::kit::Reply;

/// What comes without `$select`: <https://learn.microsoft.com/graph/api/user-list>.
pub(super) const DEFAULT: &[&str] = &[
    "businessPhones",
    "displayName",
    "givenName",
    "id",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
];

/// Single values of the type `microsoft.graph.user` (v1.0 metadata).
pub(super) const SINGLE: &[&str] = &[
    "id",
    "deletedDateTime",
    "accountEnabled",
    "ageGroup",
    "city",
    "companyName",
    "consentProvidedForMinor",
    "country",
    "createdDateTime",
    "creationType",
    "department",
    "displayName",
    "employeeHireDate",
    "employeeId",
    "employeeLeaveDateTime",
    "employeeOrgData",
    "employeeType",
    "externalUserState",
    "externalUserStateChangeDateTime",
    "faxNumber",
    "givenName",
    "isManagementRestricted",
    "isResourceAccount",
    "jobTitle",
    "lastPasswordChangeDateTime",
    "legalAgeGroupClassification",
    "mail",
    "mailNickname",
    "mobilePhone",
    "officeLocation",
    "onPremisesDistinguishedName",
    "onPremisesDomainName",
    "onPremisesExtensionAttributes",
    "onPremisesImmutableId",
    "onPremisesLastSyncDateTime",
    "onPremisesSamAccountName",
    "onPremisesSecurityIdentifier",
    "onPremisesSyncEnabled",
    "onPremisesUserPrincipalName",
    "passwordPolicies",
    "postalCode",
    "preferredDataLocation",
    "preferredLanguage",
    "securityIdentifier",
    "showInAddressList",
    "signInActivity",
    "signInSessionsValidFromDateTime",
    "state",
    "streetAddress",
    "surname",
    "usageLocation",
    "userPrincipalName",
    "userType",
];

/// Collections of the type `microsoft.graph.user`.
pub(super) const LISTS: &[&str] = &[
    "assignedLicenses",
    "assignedPlans",
    "businessPhones",
    "identities",
    "imAddresses",
    "licenseAssignmentStates",
    "onPremisesProvisioningErrors",
    "otherMails",
    "provisionedPlans",
    "proxyAddresses",
    "serviceProvisioningErrors",
];

/// Properties kept outside the directory; a list of users cannot have them.
const ELSEWHERE: &[&str] = &[
    "aboutMe",
    "birthday",
    "hireDate",
    "interests",
    "mailboxSettings",
    "mySite",
    "pastProjects",
    "preferredName",
    "responsibilities",
    "schools",
    "skills",
];

const FILTERABLE: &[&str] = &[
    "accountEnabled",
    "city",
    "country",
    "department",
    "displayName",
    "givenName",
    "id",
    "jobTitle",
    "mail",
    "mailNickname",
    "state",
    "surname",
    "usageLocation",
    "userPrincipalName",
    "userType",
];

pub(super) const PERMISSIONS: &[&str] = &["User.Read.All", "User.ReadWrite.All"];

/// `None`: no such path.
pub(super) fn answer(call: &Call, path: &[&str]) -> Result<Option<Reply>, Refusal> {
    match path {
        [] => list(call).map(Some),
        ["$count"] => count(call).map(Some),
        ["delta" | "delta()"] => Ok(None),
        [key] => one(call, key).map(Some),
        _ => Ok(None),
    }
}

fn list(call: &Call) -> Result<Reply, Refusal> {
    call.only_get()?;
    call.require(PERMISSIONS)?;
    let options = Options::read(
        call,
        &[
            "$select",
            "$top",
            "$count",
            "$filter",
            "$search",
            "$skiptoken",
        ],
    )?;
    check(&options)?;
    let filters = Filter::read(call, &options, "User", FILTERABLE)?;
    let names = options.names(DEFAULT);
    let users = call
        .tenant
        .users
        .iter()
        .filter(|user| {
            filters
                .iter()
                .all(|filter| filter.holds(|name| property(user, name, call.switches())))
        })
        .map(|user| (user.id.as_str(), user))
        .collect();
    let context = call.context("users", &options, false);
    page(call, &options, &context, users, |user| {
        Value::Object(render(user, &names, call.switches()))
    })
}

fn count(call: &Call) -> Result<Reply, Refusal> {
    call.only_get()?;
    call.require(PERMISSIONS)?;
    if !call.eventual() {
        return Err(Refusal::directory("$count is not currently supported."));
    }
    Options::read(call, &[])?;
    let number = call.tenant.users.len().to_string();
    Ok(Reply::text(200, "text/plain", &number))
}

fn one(call: &Call, key: &str) -> Result<Reply, Refusal> {
    call.only_get()?;
    call.require(PERMISSIONS)?;
    let options = Options::read(call, &["$select"])?;
    check(&options)?;
    let user = call
        .tenant
        .users
        .iter()
        .find(|user| {
            user.id.eq_ignore_ascii_case(key) || user.user_principal_name.eq_ignore_ascii_case(key)
        })
        .ok_or_else(|| Refusal::not_found(key))?;
    let mut body = Map::new();
    let context = call.context("users", &options, true);
    body.insert("@odata.context".into(), context.into());
    body.extend(render(user, &options.names(DEFAULT), call.switches()));
    Ok(Reply::json(200, &Value::Object(body)))
}

fn check(options: &Options) -> Result<(), Refusal> {
    let selected = |list: &[&str]| {
        let names = options.select.iter().flatten();
        names.into_iter().any(|name| list.contains(&name.as_str()))
    };
    if selected(ELSEWHERE) {
        return Err(Refusal::new(501, "NotImplemented", "Not Implemented"));
    }
    options.check_select("microsoft.graph.user", &[SINGLE, LISTS])?;
    if selected(&["signInActivity"]) {
        return Err(Refusal::new(
            403,
            "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
            "Neither tenant is B2C or tenant doesn't have premium license",
        ));
    }
    Ok(())
}

/// The user with these properties.
pub(super) fn render(user: &UserData, names: &[&str], switches: &Switches) -> Map<String, Value> {
    object(names, |name| property(user, name, switches))
}

/// `None` is left out of the answer.
fn property(user: &UserData, name: &str, switches: &Switches) -> Option<Value> {
    let unset = || switches.unset_as_null.then_some(Value::Null);
    let text = |value: &Option<String>| Some(json!(value));
    match name {
        "id" => Some(json!(user.id)),
        "userPrincipalName" => Some(json!(user.user_principal_name)),
        "accountEnabled" => match user.account_enabled {
            Some(enabled) if !switches.leave_out_account_enabled => Some(json!(enabled)),
            _ => unset(),
        },
        "assignedLicenses" => match &user.assigned_licenses {
            Some(skus) if !switches.leave_out_assigned_licenses => Some(
                skus.iter()
                    .map(|sku| json!({"disabledPlans": [], "skuId": sku.to_lowercase()}))
                    .collect(),
            ),
            _ => unset(),
        },
        "displayName" => text(&user.display_name),
        "givenName" => text(&user.given_name),
        "surname" => text(&user.surname),
        "mail" => text(&user.mail),
        "mailNickname" => text(&user.mail_nickname),
        "jobTitle" => text(&user.job_title),
        "businessPhones" => Some(json!(user.business_phones)),
        "mobilePhone" => text(&user.mobile_phone),
        "faxNumber" => text(&user.fax_number),
        "officeLocation" => text(&user.office_location),
        "preferredLanguage" => text(&user.preferred_language),
        "department" => text(&user.department),
        "companyName" => text(&user.company_name),
        "streetAddress" => text(&user.street_address),
        "city" => text(&user.city),
        "state" => text(&user.state),
        "postalCode" => text(&user.postal_code),
        "country" => text(&user.country),
        "usageLocation" => text(&user.usage_location),
        "userType" => text(&user.user_type),
        "employeeId" => text(&user.employee_id),
        "employeeType" => text(&user.employee_type),
        "proxyAddresses" => Some(json!(user.proxy_addresses)),
        "otherMails" => Some(json!(user.other_mails)),
        "onPremisesExtensionAttributes" => Some(
            user.extension_attributes
                .iter()
                .zip(1..)
                .map(|(value, number)| (format!("extensionAttribute{number}"), json!(value)))
                .collect::<Map<_, _>>()
                .into(),
        ),
        _ => Some(user.more.get(name).cloned().unwrap_or_else(|| {
            if LISTS.contains(&name) {
                json!([])
            } else {
                Value::Null
            }
        })),
    }
}
