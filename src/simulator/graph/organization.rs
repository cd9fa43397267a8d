//! What a tenant says about itself: `/organization` and `/subscribedSkus`.

use serde_json::{Map, Value, json};

use super::data::{SkuData, TenantData};
use super::odata::{Call, Options, object, page};
use super::refusal::Refusal;
use crate::simulator::kit::Reply;

const SKU_PROPERTIES: &[&str] = &[
    "accountId",
    "accountName",
    "appliesTo",
    "capabilityStatus",
    "consumedUnits",
    "id",
    "prepaidUnits",
    "servicePlans",
    "skuId",
    "skuPartNumber",
    "subscriptionIds",
];

const SINGLE: &[&str] = &[
    "id",
    "deletedDateTime",
    "city",
    "country",
    "countryLetterCode",
    "createdDateTime",
    "defaultUsageLocation",
    "displayName",
    "mobileDeviceManagementAuthority",
    "onPremisesLastSyncDateTime",
    "onPremisesSyncEnabled",
    "partnerTenantType",
    "postalCode",
    "preferredLanguage",
    "state",
    "street",
    "tenantType",
];

const LISTS: &[&str] = &[
    "assignedPlans",
    "businessPhones",
    "marketingNotificationEmails",
    "provisionedPlans",
    "securityComplianceNotificationMails",
    "securityComplianceNotificationPhones",
    "technicalNotificationMails",
    "verifiedDomains",
];

/// `GET /subscribedSkus`: only `$select`, and one page whatever the number.
pub(super) fn skus(call: &Call) -> Result<Option<Reply>, Refusal> {
    call.only_get()?;
    call.require(&["LicenseAssignment.Read.All", "Organization.Read.All"])?;
    let options = Options::read(call, &["$select"])?;
    options.check_select("microsoft.graph.subscribedSku", &[SKU_PROPERTIES])?;
    let names = options.names(SKU_PROPERTIES);
    let value: Vec<Value> = call
        .tenant
        .skus
        .iter()
        .map(|sku| {
            Value::Object(object(&names, |name| {
                Some(sku_property(call.tenant, sku, name))
            }))
        })
        .collect();
    let body = json!({
        "@odata.context": call.context("subscribedSkus", &options, false),
        "value": value,
    });
    Ok(Some(Reply::json(200, &body)))
}

fn sku_property(tenant: &TenantData, sku: &SkuData, name: &str) -> Value {
    match name {
        "id" => json!(format!("{}_{}", tenant.id, sku.sku_id)),
        "accountId" => json!(tenant.id),
        "accountName" => json!(tenant.display_name),
        "appliesTo" => json!(sku.applies_to),
        "capabilityStatus" => json!(sku.capability_status),
        "consumedUnits" => match sku.consumed_units {
            Some(units) => json!(units),
            None => json!(holders(tenant, &sku.sku_id)),
        },
        "prepaidUnits" => json!({
            "enabled": sku.enabled_units, "suspended": 0, "warning": 0, "lockedOut": 0,
        }),
        "skuId" => json!(sku.sku_id),
        "skuPartNumber" => json!(sku.sku_part_number),
        _ => json!([]),
    }
}

fn holders(tenant: &TenantData, sku: &str) -> usize {
    let holds = |skus: &Vec<String>| skus.iter().any(|id| id.eq_ignore_ascii_case(sku));
    tenant
        .users
        .iter()
        .filter(|user| user.assigned_licenses.as_ref().is_some_and(holds))
        .count()
}

/// `GET /organization` and `/organization/{id}`. `None`: no such path.
pub(super) fn answer(call: &Call, path: &[&str]) -> Result<Option<Reply>, Refusal> {
    if path.len() > 1 {
        return Ok(None);
    }
    call.only_get()?;
    call.require(&[
        "User.Read.All",
        "User.ReadWrite.All",
        "Organization.Read.All",
    ])?;
    let (id, tenant) = match &call.switches().wrong_organization {
        Some(id) => (
            id.as_str(),
            call.state.tenants.get(id).unwrap_or(call.tenant),
        ),
        None => (call.tenant.id.as_str(), call.tenant),
    };
    let allowed: &[&str] = match path {
        [] => &["$select", "$top", "$skiptoken"],
        _ => &["$select"],
    };
    let options = Options::read(call, allowed)?;
    options.check_select("microsoft.graph.organization", &[SINGLE, LISTS])?;
    let default = [SINGLE, LISTS].concat();
    let names = options.names(&default);
    let body = object(&names, |name| Some(property(id, tenant, name)));
    let context = call.context("organization", &options, !path.is_empty());
    match path.first() {
        None => page(call, &options, &context, vec![(id, body)], Value::Object).map(Some),
        Some(key) if key.eq_ignore_ascii_case(id) => {
            let mut whole = Map::new();
            whole.insert("@odata.context".into(), context.into());
            whole.extend(body);
            Ok(Some(Reply::json(200, &Value::Object(whole))))
        }
        Some(key) => Err(Refusal::not_found(key)),
    }
}

fn property(id: &str, tenant: &TenantData, name: &str) -> Value {
    match name {
        "id" => json!(id),
        "displayName" => json!(tenant.display_name),
        "tenantType" => json!("AAD"),
        "verifiedDomains" => std::iter::once(&tenant.default_domain)
            .chain(&tenant.other_domains)
            .enumerate()
            .map(|(index, domain)| {
                json!({
                    "capabilities": "Email, OfficeCommunicationsOnline",
                    "isDefault": index == 0,
                    "isInitial": domain.ends_with(".onmicrosoft.com"),
                    "name": domain,
                    "type": "Managed",
                })
            })
            .collect(),
        _ if LISTS.contains(&name) => json!([]),
        _ => Value::Null,
    }
}
