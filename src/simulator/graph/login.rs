//! The token endpoint for client credentials, and its AADSTS errors:
//! <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::data::{AppData, TenantData};
use super::refusal::{Refusal, Trace};
use super::{State, Switches, certificate};
use crate::simulator::kit::{Reply, Request};

/// Seconds that a token lives.
pub(super) const EXPIRES_IN: u32 = 3599;

/// The `.default` scopes of the national clouds' Graph:
/// <https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud>.
const SCOPES: &[&str] = &[
    "https://graph.microsoft.com/.default",
    "https://graph.microsoft.us/.default",
    "https://dod-graph.microsoft.us/.default",
    "https://microsoftgraph.chinacloudapi.cn/.default",
];

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

pub(super) fn answer(state: &mut State, request: &Request) -> Result<Reply, Refusal> {
    let tenant = match request.segments().as_slice() {
        [tenant, "oauth2", "v2.0", "token"] => (*tenant).to_owned(),
        _ => return Ok(Reply::empty(404)),
    };
    if request.method != "POST" {
        return Err(refuse(
            900_561,
            &format!(
                "The endpoint only accepts POST requests. Received a {} request.",
                request.method
            ),
        ));
    }
    let form = form(request)?;
    match field(&form, "grant_type")? {
        "client_credentials" => {}
        other => {
            return Err(refuse(
                70_003,
                &format!("The app requested an unsupported grant type '{other}'."),
            ));
        }
    }
    let id = check_tenant(state, &tenant)?;
    let client = field(&form, "client_id")?.to_lowercase();
    check_scope(field(&form, "scope")?)?;
    let known = state.tenants.get(&id).and_then(|tenant| {
        let app = tenant.apps.get(&client)?;
        Some((tenant, app))
    });
    let Some((tenant, app)) = known else {
        return Err(refuse(
            700_016,
            &format!(
                "Application with identifier '{client}' was not found in the directory '{tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant."
            ),
        ));
    };
    if app.disabled {
        return Err(refuse(
            7_000_112,
            &format!("Application '{client}'(Rollcall) is disabled."),
        ));
    }
    check_credential(state, tenant, &client, app, &form)?;
    let token = state.issue(&id, &client);
    Ok(Reply::json(
        200,
        &json!({
            "token_type": "Bearer",
            "expires_in": EXPIRES_IN,
            "ext_expires_in": EXPIRES_IN,
            "access_token": token,
        }),
    )
    .with("cache-control", "no-store, no-cache"))
}

/// A body that is no form has no parameters.
fn form(request: &Request) -> Result<HashMap<String, String>, Refusal> {
    let content_type = request.header("content-type").unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Ok(HashMap::new());
    }
    let mut form = HashMap::new();
    for (name, value) in request.form() {
        if form.insert(name.clone(), value).is_some() {
            return Err(refuse(
                90_014,
                &format!("The parameter '{name}' is in the request more than once."),
            ));
        }
    }
    Ok(form)
}

fn field<'a>(form: &'a HashMap<String, String>, name: &str) -> Result<&'a str, Refusal> {
    form.get(name)
        .map(String::as_str)
        .filter(|value| !value.is_empty())
        .ok_or_else(|| {
            refuse(
                900_144,
                &format!("The request body must contain the following parameter: '{name}'."),
            )
        })
}

fn check_tenant(state: &State, name: &str) -> Result<String, Refusal> {
    match name.to_lowercase().as_str() {
        "common" | "consumers" => {
            return Err(refuse(
                9_001_023,
                "The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint.",
            ));
        }
        "organizations" => {
            return Err(refuse(
                50_059,
                "No tenant-identifying information found in either the request or implied by any provided credentials.",
            ));
        }
        _ => {}
    }
    if uuid::Uuid::parse_str(name).is_err() && !name.contains('.') {
        return Err(refuse(
            900_023,
            &format!(
                "Specified tenant identifier '{name}' is neither a valid DNS name, nor a valid external domain."
            ),
        ));
    }
    match state.tenant(name) {
        Some(tenant) if tenant.other_cloud => Err(refuse(
            900_382,
            "Confidential Client is not supported in Cross Cloud request.",
        )),
        Some(tenant) => Ok(tenant.id.to_lowercase()),
        None => Err(refuse(
            90_002,
            &format!(
                "Tenant '{name}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant."
            ),
        )),
    }
}

fn check_scope(scope: &str) -> Result<(), Refusal> {
    if SCOPES.contains(&scope) {
        return Ok(());
    }
    Err(match scope.strip_suffix("/.default") {
        Some(resource) if !scope.contains(' ') => refuse(
            500_011,
            &format!(
                "The resource principal named {resource} was not found in the tenant. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant."
            ),
        ),
        _ => refuse(
            1_002_012,
            &format!(
                "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)."
            ),
        ),
    })
}

fn check_credential(
    state: &State,
    tenant: &TenantData,
    client: &str,
    app: &AppData,
    form: &HashMap<String, String>,
) -> Result<(), Refusal> {
    if form.contains_key("client_assertion") {
        let assertion = field(form, "client_assertion")?;
        if field(form, "client_assertion_type")? != ASSERTION_TYPE {
            return Err(refuse(
                900_144,
                "The request body must contain the following parameter: 'client_assertion_type'.",
            ));
        }
        return certificate::check(assertion, tenant, client, app, state.now())
            .map_err(|why| refuse(700_027, &format!("Client assertion contains an invalid signature or certificate. [Reason - {why}]")));
    }
    let Some(given) = form
        .get("client_secret")
        .filter(|secret| !secret.is_empty())
    else {
        return Err(refuse(
            7_000_216,
            "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
        ));
    };
    let fitting: Vec<bool> = app
        .secrets
        .iter()
        .filter(|secret| secret.value == *given)
        .map(|secret| secret.expired)
        .collect();
    match fitting.as_slice() {
        [] => Err(refuse(
            7_000_215,
            &format!(
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{client}'."
            ),
        )),
        expired if expired.iter().all(|expired| *expired) => Err(refuse(
            7_000_222,
            &format!(
                "The provided client secret keys for app '{client}' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds."
            ),
        )),
        _ => Ok(()),
    }
}

pub(super) fn throttled() -> Refusal {
    let mut refusal = refuse(90_055, "Tenant was throttled due to too many requests.");
    refusal.status = 429;
    refusal
}

pub(super) fn broken(status: u16) -> Refusal {
    let mut refusal = refuse(90_033, "A transient error has occurred. Please try again.");
    refusal.status = status;
    refusal
}

/// The status and `error` that belong to a number.
fn refuse(number: u32, message: &str) -> Refusal {
    let (status, error) = match number {
        7_000_215 | 7_000_216 | 7_000_222 | 700_027 => (401, "invalid_client"),
        700_016 | 7_000_112 => (400, "unauthorized_client"),
        70_003 => (400, "unsupported_grant_type"),
        1_002_012 => (400, "invalid_scope"),
        500_011 => (400, "invalid_resource"),
        90_033 | 90_055 => (503, "temporarily_unavailable"),
        _ => (400, "invalid_request"),
    };
    let mut refusal = Refusal::new(status, error, message);
    refusal.aadsts = Some(number);
    refusal
}

pub(super) fn error_body(
    refusal: &Refusal,
    number: u32,
    switches: &Switches,
    trace: &Trace,
) -> Value {
    let time = trace.now.format("%Y-%m-%d %H:%M:%SZ").to_string();
    let line = if switches.escaped_login_errors {
        "\r\n"
    } else {
        " "
    };
    json!({
        "error": refusal.code,
        "error_description": format!(
            "AADSTS{number}: {}{line}Trace ID: {}{line}Correlation ID: {}{line}Timestamp: {time}",
            refusal.message, trace.id, trace.client
        ),
        "error_codes": [number],
        "timestamp": time,
        "trace_id": trace.id,
        "correlation_id": trace.client,
        "error_uri": format!("https://login.microsoftonline.com/error?code={number}"),
    })
}
