//! Where an administrator of a customer consents to the MSP's own app, and how Microsoft answers. Sends nothing, and believes
//! nothing of an answer.
//!
//! Source: <https://learn.microsoft.com/entra/identity-platform/v2-admin-consent>: the address is
//! `{login}/{tenant}/v2.0/adminconsent` with `client_id`, `scope`, `redirect_uri` and `state`; `organizations` (never `common`)
//! stands for a tenant that is not known yet; application permissions need the scope `.default`. The answer carries
//! `admin_consent`, `tenant`, `state` and `scope`, or `error` and `error_description` - with `admin_consent=True` as well, so that
//! `error` is to be looked at first. Anybody can make up an answer.

use crate::model::{Cloud, TenantId};

/// The address at which an administrator of the tenant (`None`: of any organization) consents. `login_url` has no slash at the
/// end. Opened in a browser.
pub fn consent_address(
    (login_url, cloud): (&str, Cloud),
    tenant: Option<&TenantId>,
    client_id: &str,
    redirect_uri: &str,
    state: &str,
) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", client_id)
        .append_pair("scope", &format!("{}/.default", cloud.graph_url()))
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("state", state)
        .finish();
    let tenant = tenant.map_or("organizations", TenantId::as_str);
    format!(
        "{login_url}/{}/v2.0/adminconsent?{query}",
        super::graph::encoded(tenant)
    )
}

/// What Microsoft's answer says; nothing of it is known to be true.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// What was sent along with the question.
    pub state: String,
    /// The tenant in which somebody consented.
    pub tenant: Option<String>,
    /// Why nobody consented, as Microsoft's word.
    pub error: Option<String>,
    /// Whether it says that somebody consented.
    pub consented: bool,
}

impl Answer {
    /// Reads the query of the address to which Microsoft sent the browser, without its `?`.
    pub fn parse(query: &str) -> Self {
        let mut answer = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "state" => answer.state = value.into_owned(),
                "tenant" => answer.tenant = Some(value.into_owned()),
                "error" => answer.error = Some(value.into_owned()),
                "admin_consent" => answer.consented = value.eq_ignore_ascii_case("true"),
                _ => {}
            }
        }
        answer
    }
}
