//! Microsoft Graph and its login as servers with state. One [`Microsoft`] holds the tenants; [`Login`] and [`Graph`] are its
//! two faces, each on its own port. It answers as strictly as Microsoft does and refuses what it does not simulate; it
//! shares no type with the clients.

mod batch;
mod certificate;
mod consent;
mod data;
mod filter;
mod groups;
mod login;
mod odata;
mod organization;
mod refusal;
mod screens;
mod users;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

use chrono::{DateTime, TimeDelta, Utc};

pub use data::{AppData, GroupData, MemberData, SecretData, SkuData, TenantData, UserData};

use super::kit::{Cloud, Reply, Request, lock};
use odata::Call;
use refusal::{Refusal, Trace};

/// What can be set about Microsoft as a whole. What its documents leave open is here, so that tests run both ways.
#[derive(Clone, Debug)]
pub struct Switches {
    /// Nobody's `accountEnabled` comes, as where the app may not read it.
    pub leave_out_account_enabled: bool,
    /// Nobody's `assignedLicenses` come.
    pub leave_out_assigned_licenses: bool,
    /// A property that does not come is null instead of left out.
    pub unset_as_null: bool,
    /// The host, or scheme and host, of every `@odata.nextLink` instead of the right one.
    pub next_link_other_host: Option<String>,
    /// `GET /organization` answers for this tenant, whatever the token says.
    pub wrong_organization: Option<String>,
    /// `error_description` of the login has line breaks (`\r\n`), as until 2023; else spaces. On by default.
    pub escaped_login_errors: bool,
    /// The first page of every list is empty and has a next link.
    pub empty_page_with_next_link: bool,
    /// Errors carry `innererror` instead of `innerError`.
    pub lowercase_inner_error: bool,
    /// So many items of batches are answered with 429 from now on; counts down.
    pub throttle_batch_items: usize,
    /// The `Retry-After` of such an item; `None`: none.
    pub batch_retry_after: Option<String>,
    /// The time that Microsoft thinks it is; `None`: the machine's.
    pub now: Option<DateTime<Utc>>,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            leave_out_account_enabled: false,
            leave_out_assigned_licenses: false,
            unset_as_null: false,
            next_link_other_host: None,
            wrong_organization: None,
            escaped_login_errors: true,
            empty_page_with_next_link: false,
            lowercase_inner_error: false,
            throttle_batch_items: 0,
            batch_retry_after: None,
            now: None,
        }
    }
}

struct Token {
    tenant: String,
    client: String,
    expires: DateTime<Utc>,
}

#[derive(Default)]
struct State {
    tenants: BTreeMap<String, TenantData>,
    /// The apps that tenants may consent to, by client id (lower case).
    registered: BTreeMap<String, consent::Registered>,
    tokens: HashMap<String, Token>,
    issued: u64,
    switches: Switches,
}

impl State {
    fn now(&self) -> DateTime<Utc> {
        self.switches.now.unwrap_or_else(machine_time)
    }

    /// The tenant of this id or verified domain.
    fn tenant(&self, name: &str) -> Option<&TenantData> {
        let same = |domain: &String| domain.eq_ignore_ascii_case(name);
        self.tenants.get(&name.to_lowercase()).or_else(|| {
            self.tenants.values().find(|tenant| {
                same(&tenant.default_domain) || tenant.other_domains.iter().any(same)
            })
        })
    }

    fn issue(&mut self, tenant: &str, client: &str) -> String {
        self.issued += 1;
        let token = format!("sim.{tenant}.{client}.{}", self.issued);
        let entry = Token {
            tenant: tenant.into(),
            client: client.into(),
            expires: self.now() + TimeDelta::seconds(i64::from(login::EXPIRES_IN)),
        };
        self.tokens.insert(token.clone(), entry);
        token
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a simulated vendor has a clock of its own"
)]
fn machine_time() -> DateTime<Utc> {
    Utc::now()
}

/// Microsoft with its tenants.
#[derive(Default)]
pub struct Microsoft {
    state: Mutex<State>,
}

impl Microsoft {
    /// Microsoft without tenants.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Adds a tenant, or puts it in the place of the one with its id.
    pub fn add_tenant(&self, tenant: TenantData) {
        self.state()
            .tenants
            .insert(tenant.id.to_lowercase(), tenant);
    }

    /// Registers a multi-tenant app: a tenant that consents gets `app` under this client id, and the answer goes to one of these
    /// addresses. It takes the place of the one with its client id.
    pub fn register_app(&self, client_id: &str, app: AppData, redirect_uris: Vec<String>) {
        let app = consent::Registered { app, redirect_uris };
        self.state()
            .registered
            .insert(client_id.to_lowercase(), app);
    }

    /// Removes a tenant; whether it was there.
    pub fn remove_tenant(&self, id: &str) -> bool {
        self.state().tenants.remove(&id.to_lowercase()).is_some()
    }

    /// The ids of all tenants.
    pub fn tenant_ids(&self) -> Vec<String> {
        self.state().tenants.keys().cloned().collect()
    }

    /// Reads or edits a tenant. No request is answered meanwhile.
    ///
    /// # Panics
    /// Where there is no tenant of this id: a mistake of the test or the world.
    pub fn tenant<T>(&self, id: &str, edit: impl FnOnce(&mut TenantData) -> T) -> T {
        let mut state = self.state();
        let tenant = state.tenants.get_mut(&id.to_lowercase());
        edit(tenant.expect("a tenant that was added"))
    }

    /// Reads or sets the switches.
    pub fn switches<T>(&self, edit: impl FnOnce(&mut Switches) -> T) -> T {
        edit(&mut self.state().switches)
    }

    /// Makes every token issued so far invalid, with 401 from then on.
    pub fn expire_tokens(&self) {
        self.state().tokens.clear();
    }

    /// Number of tokens issued so far.
    pub fn tokens_issued(&self) -> u64 {
        self.state().issued
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// The login: `POST /{tenant}/oauth2/v2.0/token`, and for people the page `/{tenant}/v2.0/adminconsent` and, at `/{tenant}/`, what
/// the admin centre shows of a user.
pub struct Login(pub Arc<Microsoft>);

impl Cloud for Login {
    fn name(&self) -> &'static str {
        "login"
    }

    fn answer(&self, request: &Request) -> Reply {
        let mut state = self.0.state();
        if let Some(page) = consent::answer(&mut state, request) {
            return page;
        }
        if let Some(page) = screens::answer(&state, request) {
            return page;
        }
        let trace = Trace::new(Some(request), &state);
        login::answer(&mut state, request)
            .unwrap_or_else(|refusal| refusal.reply(&state.switches, &trace))
    }

    fn throttled(&self, retry_after: Option<&str>) -> Reply {
        let state = self.0.state();
        let reply = login::throttled().reply(&state.switches, &Trace::new(None, &state));
        match retry_after {
            Some(wait) => reply.with("Retry-After", wait),
            None => reply,
        }
    }

    fn broken(&self, status: u16) -> Reply {
        let state = self.0.state();
        login::broken(status).reply(&state.switches, &Trace::new(None, &state))
    }

    fn writes(&self, _request: &Request) -> bool {
        false
    }
}

/// Graph: the paths under `/v1.0`.
pub struct Graph(pub Arc<Microsoft>);

impl Cloud for Graph {
    fn name(&self) -> &'static str {
        "graph"
    }

    fn answer(&self, request: &Request) -> Reply {
        let mut state = self.0.state();
        let trace = Trace::new(Some(request), &state);
        let reply = if request.segments() == ["v1.0", "$batch"] {
            batch::answer(&mut state, request)
        } else {
            handle(&state, request)
        };
        trace.stamp(reply.unwrap_or_else(|refusal| refusal.reply(&state.switches, &trace)))
    }

    fn throttled(&self, retry_after: Option<&str>) -> Reply {
        let state = self.0.state();
        let trace = Trace::new(None, &state);
        let reply = Refusal::throttled(retry_after).reply(&state.switches, &trace);
        trace.stamp(reply)
    }

    fn broken(&self, status: u16) -> Reply {
        let state = self.0.state();
        let trace = Trace::new(None, &state);
        trace.stamp(Refusal::broken(status).reply(&state.switches, &trace))
    }

    fn lane(&self, request: &Request) -> Option<String> {
        let token = request.header("authorization")?.strip_prefix("Bearer ")?;
        Some(token.split('.').nth(1)?.to_owned())
    }

    fn writes(&self, _request: &Request) -> bool {
        false
    }
}

/// Answers everything but batches: their items too.
fn handle(state: &State, request: &Request) -> Result<Reply, Refusal> {
    let call = authenticate(state, request)?;
    let mut path = Vec::new();
    for segment in request.segments() {
        match segment
            .split_once("('")
            .map(|(name, key)| (name, key.strip_suffix("')")))
        {
            // OData's other spelling of a key, needed for names that begin with `$`
            Some((name, Some(key))) => path.extend([name, key]),
            _ => path.push(segment),
        }
    }
    let (version, path) = path
        .split_first()
        .ok_or_else(|| Refusal::bad_request("Invalid version: "))?;
    if *version != "v1.0" {
        return Err(Refusal::bad_request(&format!("Invalid version: {version}")));
    }
    let answer = match path {
        ["users", rest @ ..] => users::answer(&call, rest),
        ["groups", rest @ ..] => groups::answer(&call, rest),
        ["subscribedSkus"] => organization::skus(&call),
        ["organization", rest @ ..] => organization::answer(&call, rest),
        _ => Ok(None),
    };
    answer?.ok_or_else(|| Refusal::no_segment(path))
}

/// The token's tenant and app.
fn authenticate<'a>(state: &'a State, request: &'a Request) -> Result<Call<'a>, Refusal> {
    let header = request.header("authorization").unwrap_or_default();
    let token = match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => return Err(Refusal::token("Access token is empty.")),
    };
    let Some(known) = state.tokens.get(token) else {
        return Err(Refusal::token(if token.starts_with("sim.") {
            "Lifetime validation failed, the token is expired."
        } else {
            "IDX14100: JWT is not well formed, there are no dots (.)."
        }));
    };
    if state.now() >= known.expires {
        return Err(Refusal::token(
            "Lifetime validation failed, the token is expired.",
        ));
    }
    let nobody = || {
        Refusal::new(
            403,
            "Authorization_IdentityNotFound",
            "The identity of the calling application could not be established.",
        )
    };
    let tenant = state.tenants.get(&known.tenant).ok_or_else(nobody)?;
    let app = tenant.apps.get(&known.client).ok_or_else(nobody)?;
    Ok(Call {
        state,
        tenant,
        app,
        request,
    })
}
