//! Who may call: the look-up of a login company, the code base, the keys, the client id and the
//! member's role.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::errors::{forbidden, no_endpoint, refused};
use super::state::{Settings, State};
use super::switches::BadCredentials;
use crate::simulator::kit::{Reply, Request};

/// The code base that a cloud host routes to the present release.
const CURRENT: &str = "v4_6_release";

/// `GET /login/companyinfo/{companyId}`, which needs no keys.
pub(super) fn company_info(state: &State, company: &str) -> Reply {
    let settings = &state.settings;
    if company != settings.company_id {
        return if state.switches.unknown_company_is_404 {
            Reply::empty(404)
        } else {
            Reply::json(200, &Value::Null)
        };
    }
    let version = version(settings);
    Reply::json(
        200,
        &json!({
            "CompanyName": "Example MSP",
            "Codebase": settings.code_base,
            "VersionCode": format!("v{version}"),
            "VersionNumber": format!("v{version}.1"),
            "CompanyID": settings.company_id,
            "IsCloud": "True",
        }),
    )
}

/// The release as `2026.4`, from the code base.
pub(super) fn version(settings: &Settings) -> String {
    let release = settings.code_base.trim_matches(['v', '/']);
    release.replace('_', ".")
}

/// Whether the first segment of a path leads to this instance.
pub(super) fn route(state: &State, code_base: &str) -> Result<(), Reply> {
    if code_base == CURRENT || code_base == state.settings.code_base.trim_end_matches('/') {
        return Ok(());
    }
    Err(if state.switches.stale_code_base_is_400 {
        let text = "Cannot route. Codebase/company is invalid";
        Reply::text(400, "text/plain; charset=utf-8", text)
    } else {
        let page = "<html><body><h1>404 Not Found</h1></body></html>";
        Reply::text(404, "text/html", page)
    })
}

/// Whether the caller's keys and client id are right.
pub(super) fn caller(state: &State, request: &Request) -> Result<(), Reply> {
    let Settings {
        company_id,
        public_key,
        private_key,
        client_id,
        ..
    } = &state.settings;
    let wanted = format!("{company_id}+{public_key}:{private_key}");
    let given = request
        .header("authorization")
        .and_then(|header| header.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
        .and_then(|(_, text)| STANDARD.decode(text.trim()).ok());
    if given.as_deref() != Some(wanted.as_bytes()) {
        return Err(match state.switches.bad_credentials {
            BadCredentials::NotFound => no_endpoint(),
            BadCredentials::UserNotAuthenticated => refused(401, "UserNotAuthenticated"),
            BadCredentials::Unauthorized => Reply::json(
                401,
                &json!({"code": "Unauthorized", "message": "Incorrect public/private key"}),
            ),
        });
    }
    if request.header("clientid") != Some(client_id) {
        let message = "The clientId header is missing or invalid.";
        return Err(refused(state.switches.client_id_status, message));
    }
    Ok(())
}

/// Whether the member's role allows it.
pub(super) fn role(state: &State, writes: bool) -> Result<(), Reply> {
    let may = if writes {
        state.switches.may_write
    } else {
        state.switches.may_read
    };
    if may { Ok(()) } else { Err(forbidden()) }
}
