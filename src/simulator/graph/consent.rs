//! The page on which an administrator consents to a multi-tenant app, and its answer:
//! <https://learn.microsoft.com/entra/identity-platform/v2-admin-consent>. Nobody signs in here: the page lists the tenants of
//! the simulator, and whoever looks at it is the administrator of all of them.

use std::fmt::Write as _;

use super::data::{AppData, TenantData};
use super::{State, machine_time};
use crate::simulator::kit::{Reply, Request, escaped, screen};

/// An app that tenants other than its own may consent to.
#[derive(Clone, Default)]
pub(super) struct Registered {
    /// What a tenant gets when it consents.
    pub(super) app: AppData,
    /// The addresses to which answers may go, each whole.
    pub(super) redirect_uris: Vec<String>,
}

/// Answers where the path is that of the page; `None` where it is another.
pub(super) fn answer(state: &mut State, request: &Request) -> Option<Reply> {
    match (request.method.as_str(), request.segments().as_slice()) {
        ("GET", [tenant, "v2.0", "adminconsent"]) => Some(page(state, request, tenant)),
        ("POST", [tenant, "v2.0", "adminconsent"]) => Some(decision(state, request, tenant)),
        _ => None,
    }
}

/// What the question says, once it is found to be well formed.
struct Question {
    client_id: String,
    redirect_uri: String,
    state: String,
    scope: String,
}

fn question(state: &State, request: &Request, tenant: &str) -> Result<Question, Reply> {
    let given = |name: &str| request.param(name).unwrap_or_default().to_owned();
    let question = Question {
        client_id: given("client_id").to_lowercase(),
        redirect_uri: given("redirect_uri"),
        state: given("state"),
        scope: given("scope"),
    };
    for (name, value) in [
        ("client_id", &question.client_id),
        ("redirect_uri", &question.redirect_uri),
        ("scope", &question.scope),
    ] {
        if value.is_empty() {
            let message =
                format!("The request body must contain the following parameter: '{name}'.");
            return Err(refused(900_144, &message));
        }
    }
    let Some(known) = state.registered.get(&question.client_id) else {
        let message = format!(
            "Application with identifier '{}' was not found in the directory '{tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.",
            question.client_id
        );
        return Err(refused(700_016, &message));
    };
    if !known.redirect_uris.contains(&question.redirect_uri) {
        let message = format!(
            "The redirect URI '{}' specified in the request does not match the redirect URIs configured for the application '{}'.",
            question.redirect_uri, question.client_id
        );
        return Err(refused(50_011, &message));
    }
    if tenants(state, tenant).next().is_none() {
        let message = format!("Tenant '{tenant}' not found.");
        return Err(refused(90_002, &message));
    }
    Ok(question)
}

/// The tenants that the path's name stands for.
fn tenants<'a>(state: &'a State, name: &str) -> impl Iterator<Item = &'a TenantData> {
    let any = ["organizations", "common"].contains(&name.to_lowercase().as_str());
    let one = state.tenant(name).map(|tenant| &tenant.id);
    let here = state.tenants.values().filter(|tenant| !tenant.other_cloud);
    here.filter(move |tenant| any || Some(&tenant.id) == one)
}

fn page(state: &State, request: &Request, tenant: &str) -> Reply {
    let question = match question(state, request, tenant) {
        Ok(question) => question,
        Err(refused) => return refused,
    };
    let mut rows = String::new();
    for tenant in tenants(state, tenant) {
        let has = tenant.apps.get(&question.client_id);
        let note = if has.is_some_and(|app| app.consented) {
            " (has accepted before)"
        } else {
            ""
        };
        let (id, name) = (escaped(&tenant.id), escaped(&tenant.display_name));
        // The form goes to the address of the page, query included.
        write!(
            rows,
            "<li><form method=\"post\"><h2>{name}</h2><p>{}{note}</p>\
             <button name=\"accept\" value=\"{id}\" aria-label=\"Accept for {name}\">Accept</button> \
             <button name=\"cancel\" value=\"{id}\" aria-label=\"Cancel for {name}\">Cancel</button></form></li>",
            escaped(&tenant.default_domain)
        )
        .expect("writing to a string cannot fail");
    }
    screen(
        200,
        "Permissions requested",
        &format!(
            "<p>Review for your organization. The app <code>{}</code> would like to read users, groups and licences.</p>\
             <p>You are the administrator of each of these organizations.</p><ul>{rows}</ul>",
            escaped(&question.client_id)
        ),
    )
}

fn decision(state: &mut State, request: &Request, tenant: &str) -> Reply {
    let question = match question(state, request, tenant) {
        Ok(question) => question,
        Err(refused) => return refused,
    };
    let form = request.form();
    let accepted = form.iter().find(|(name, _)| name == "accept");
    let mut pairs: Vec<(&str, String)> = Vec::new();
    if let Some((_, id)) = accepted {
        let known = tenants(state, tenant).find(|tenant| tenant.id.eq_ignore_ascii_case(id));
        let Some(id) = known.map(|tenant| tenant.id.to_lowercase()) else {
            return refused(90_002, &format!("Tenant '{id}' not found."));
        };
        let app = state.registered.get(&question.client_id);
        let app = app.map(|known| known.app.clone()).unwrap_or_default();
        if let Some(tenant) = state.tenants.get_mut(&id) {
            tenant.apps.insert(question.client_id, app);
        }
        pairs.push(("admin_consent", "True".into()));
        pairs.push(("tenant", id));
        pairs.push(("state", question.state));
        pairs.push(("scope", question.scope));
    } else {
        let message = "AADSTS65004: User declined to consent to access the app.";
        pairs.push(("error", "access_denied".into()));
        pairs.push(("error_description", message.into()));
        pairs.push(("state", question.state));
    }
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    let joint = if question.redirect_uri.contains('?') {
        '&'
    } else {
        '?'
    };
    // 303: the browser asks for the address with GET.
    let address = format!("{}{joint}{}", question.redirect_uri, query.finish());
    Reply::empty(303).with("Location", &address)
}

/// A refusal as the login shows it to people: a page with the AADSTS number.
fn refused(number: u32, message: &str) -> Reply {
    let time = machine_time().format("%Y-%m-%d %H:%M:%SZ");
    screen(
        400,
        "Sorry, but we're having trouble signing you in.",
        &format!(
            "<p>AADSTS{number}: {}</p><p>Timestamp: {time}</p>",
            escaped(message)
        ),
    )
}
