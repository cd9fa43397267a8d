//! Microsoft Graph: tokens, users, groups and licences of a tenant, as words of `model`. Wire types end here. Never decides
//! who is active, what changes or whether an empty answer is believed.

mod batch;
mod certificate;
pub mod consent;
mod graph;
mod licences;
mod login;
mod token;
mod wire;

use std::collections::HashSet;
use std::fmt;

use secrecy::{ExposeSecret, SecretSlice, SecretString};

use crate::http::{ApiError, Http, Kind, Service};
use crate::model::{Cloud, GroupId, Sku, SkuId, TenantConnection, TenantId, User, UserId};
use graph::{Graph, Read};

pub use licences::{FREE_SKUS, products, sku_name};

/// Requests at once for one tenant, unless set otherwise.
pub const AT_ONCE: usize = 4;

/// Other addresses than the cloud's own, each without a slash at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// In place of Microsoft's login: `{login}/{tenant}/oauth2/v2.0/token`.
    pub login: Option<String>,
    /// In place of Microsoft Graph: `{graph}/v1.0/users`.
    pub graph: Option<String>,
}

/// What the app signs in with. `Debug` shows none of it.
#[derive(Clone, Debug)]
pub enum Credential {
    /// A client secret.
    Secret(SecretString),
    /// A certificate with its RSA key.
    Certificate {
        /// The PFX file (PKCS#12), whole.
        pfx: SecretSlice<u8>,
        /// Its password; `None`: none.
        password: Option<SecretString>,
    },
}

/// Checks a certificate before it is kept, and gives the last day on which it is good; `None` where it does not say.
///
/// # Errors
/// What is wrong with it, and what to do, in one sentence each.
pub fn certificate_end(
    pfx: &SecretSlice<u8>,
    password: Option<&SecretString>,
) -> Result<Option<chrono::NaiveDate>, (&'static str, &'static str)> {
    let password = password.map_or("", ExposeSecret::expose_secret);
    certificate::Certificate::read(pfx.expose_secret(), password)
        .map(|certificate| certificate.end())
}

/// What a tenant says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its tenant id.
    pub id: TenantId,
    /// Its display name.
    pub name: String,
    /// Its verified domains.
    pub domains: Vec<String>,
}

/// One tenant, read through its app. A read is complete, or it is an error.
pub struct Directory {
    tenant: TenantId,
    graph: Graph,
}

impl Directory {
    /// Prepares the connection. Sends nothing.
    ///
    /// # Errors
    /// [`Kind::Credentials`] for an empty or unreadable secret or certificate, [`Kind::Tenant`] for a tenant id that cannot
    /// be one, [`Kind::Unreachable`] for an address that is none.
    pub fn connect(
        tenant: &TenantConnection,
        credential: Credential,
        endpoints: &Endpoints,
        at_once: Option<usize>,
        http: Http,
    ) -> Result<Self, ApiError> {
        let sign_in =
            token::SignIn::new(tenant, credential, endpoints.login.as_deref(), http.clone())?;
        let base = endpoints
            .graph
            .as_deref()
            .unwrap_or(tenant.cloud.graph_url());
        Ok(Self {
            tenant: tenant.tenant_id.clone(),
            graph: Graph::new(http, base, sign_in, at_once.unwrap_or(AT_ONCE))?,
        })
    }

    /// Every user of the tenant, guests and blocked ones too, with all directory fields that filters may look at.
    ///
    /// # Errors
    /// Any [`ApiError`]; never a part of the list.
    pub async fn users(&self) -> Result<Vec<User>, ApiError> {
        let query = format!("users?$select={}&$top=999", wire::select());
        let users: Vec<wire::WireUser> = self.graph.list(Read::USERS, &query).await?;
        let mut seen = HashSet::with_capacity(users.len());
        let mut whole = Vec::with_capacity(users.len());
        for user in users {
            let user = user.into_user();
            if seen.insert(user.id.clone()) {
                whole.push(user);
            }
        }
        Ok(whole)
    }

    /// The users that are members of the group, directly or through nested groups. Members that are no users are passed over.
    ///
    /// # Errors
    /// [`Kind::NotFound`] where the group does not exist; any other [`ApiError`].
    pub async fn members(&self, group: &GroupId) -> Result<Vec<UserId>, ApiError> {
        // without the cast to users, which is an advanced query and reads an index that may lag
        let query = format!(
            "groups/{}/transitiveMembers?$select=id&$top=999",
            graph::encoded(group.as_str())
        );
        let members: Vec<wire::WireMember> = self.graph.list(Read::MEMBERS, &query).await?;
        let mut seen = HashSet::with_capacity(members.len());
        Ok(members
            .into_iter()
            .filter_map(wire::WireMember::user)
            .filter(|user| seen.insert(user.clone()))
            .collect())
    }

    /// The group's display name; `None` where the group does not exist.
    ///
    /// # Errors
    /// Any [`ApiError`] but [`Kind::NotFound`].
    pub async fn group(&self, group: &GroupId) -> Result<Option<String>, ApiError> {
        let query = format!(
            "groups/{}?$select=id,displayName",
            graph::encoded(group.as_str())
        );
        match self.graph.one::<wire::Named>(Read::GROUP, &query).await {
            Ok(named) => Ok(Some(named.into_name())),
            Err(error) if error.kind == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Groups whose display name has a word that begins like this, by name; the first 100 that Graph gives, for pickers.
    /// A blank search: any groups.
    ///
    /// # Errors
    /// Any [`ApiError`].
    pub async fn groups(&self, search: &str) -> Result<Vec<(GroupId, String)>, ApiError> {
        let query = match search.trim() {
            "" => "groups?$select=id,displayName&$top=100".to_owned(),
            search => {
                let escaped = search.replace('\\', "\\\\").replace('"', "\\\"");
                format!(
                    "groups?$search={}&$select=id,displayName&$top=100",
                    graph::encoded(&format!("\"displayName:{escaped}\""))
                )
            }
        };
        let groups: Vec<wire::Named> = self.graph.first_page(Read::GROUPS, &query).await?;
        let mut groups: Vec<_> = groups
            .into_iter()
            .map(|group| (GroupId::new(&group.id), group.into_name()))
            .collect();
        groups.sort_by_cached_key(|(_, name)| name.to_lowercase());
        Ok(groups)
    }

    /// The licences that the tenant has, whatever their state.
    ///
    /// # Errors
    /// Any [`ApiError`].
    pub async fn skus(&self) -> Result<Vec<Sku>, ApiError> {
        let query = "subscribedSkus?$select=skuId,skuPartNumber";
        let skus: Vec<wire::WireSku> = self.graph.list(Read::SKUS, query).await?;
        let mut seen = HashSet::new();
        Ok(skus
            .into_iter()
            .map(|sku| Sku {
                id: SkuId::new(&sku.sku_id),
                part_number: sku.sku_part_number.trim().to_owned(),
            })
            .filter(|sku| seen.insert(sku.id.clone()))
            .collect())
    }

    /// The display name of the organization, after its id was compared with the tenant's.
    ///
    /// # Errors
    /// [`Kind::WrongTenant`] where another tenant answers; any other [`ApiError`].
    pub async fn confirm_tenant(&self) -> Result<String, ApiError> {
        Ok(self.identity().await?.name)
    }

    /// What the tenant says of itself, after that was compared with the tenant id of the connection, in whose place one of the
    /// tenant's verified domains may stand.
    ///
    /// # Errors
    /// As of [`Self::confirm_tenant`].
    pub async fn identity(&self) -> Result<Identity, ApiError> {
        // An app needs no more permission for its domains: <https://learn.microsoft.com/graph/api/organization-get>.
        let query = "organization?$select=id,displayName,verifiedDomains";
        let tenants: Vec<wire::Organization> = self.graph.list(Read::ORGANIZATION, query).await?;
        let [tenant] = tenants.try_into().map_err(|tenants: Vec<_>| {
            Read::ORGANIZATION.error(
                Kind::Unexpected,
                format!("{} organizations answered instead of one", tenants.len()),
            )
        })?;
        let id = TenantId::new(&tenant.named.id);
        let (domains, name) = (tenant.domains(), tenant.named.into_name());
        let by_domain = |domain: &String| domain.eq_ignore_ascii_case(self.tenant.as_str());
        if id == self.tenant || domains.iter().any(by_domain) {
            return Ok(Identity { id, name, domains });
        }
        let detail = format!(
            "the tenant that answered is {id} ({name}), not {}",
            self.tenant
        );
        Err(Read::ORGANIZATION
            .error(Kind::WrongTenant, detail)
            .advise("Check the tenant id of this connection: the app signed in to another tenant"))
    }

    /// The users with these ids, in their order; `None` only for whom Graph says that they do not exist.
    ///
    /// # Errors
    /// Any [`ApiError`], also where it concerns a single user.
    pub async fn users_by_id(
        &self,
        ids: &[UserId],
    ) -> Result<Vec<(UserId, Option<User>)>, ApiError> {
        batch::users(&self.graph, ids).await
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Directory")
            .field("tenant", &self.tenant)
            .finish_non_exhaustive()
    }
}

/// Where people find the user in Microsoft's admin centre.
/// Source of the path: used by other open-source tools for MSPs; of the hosts: Microsoft's page on national clouds.
/// `simulated`: the address of an admin centre that is simulated, without a slash at the end.
pub fn user_link(
    cloud: Cloud,
    simulated: Option<&str>,
    tenant: &TenantId,
    user: &UserId,
) -> String {
    let real = format!("https://{}", entra(cloud));
    format!(
        "{}/{}/#view/Microsoft_AAD_UsersAndTenants/UserProfileMenuBlade/~/overview/userId/{}",
        simulated.unwrap_or(&real),
        graph::encoded(tenant.as_str()),
        graph::encoded(user.as_str())
    )
}

/// Where people find the secrets and certificates of an app that is registered in the tenant.
/// Source of the path: links in many public repositories. `simulated`: as for [`user_link`].
pub fn app_link(
    cloud: Cloud,
    simulated: Option<&str>,
    tenant: &TenantId,
    client_id: &str,
) -> String {
    let real = format!("https://{}", entra(cloud));
    format!(
        "{}/{}/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/Credentials/appId/{}",
        simulated.unwrap_or(&real),
        graph::encoded(tenant.as_str()),
        graph::encoded(client_id)
    )
}

/// The host of Microsoft's admin centre.
const fn entra(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Global => "entra.microsoft.com",
        Cloud::Usgov | Cloud::UsgovDod => "entra.microsoft.us",
        Cloud::China => "entra.microsoftonline.cn",
    }
}

/// The address parsed, without a slash at the end.
///
/// # Errors
/// [`Kind::Unreachable`] where it is no address, or plain `http` to another computer: tokens and secrets go there.
fn address(service: Service, text: &str) -> Result<url::Url, ApiError> {
    let refused = |why: &str| {
        ApiError::new(service, "be reached", Kind::Unreachable, why)
            .advise(format!("Check the address {text:?}"))
    };
    let url =
        url::Url::parse(text.trim_end_matches('/')).map_err(|error| refused(&error.to_string()))?;
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => return Err(refused("the address names no host")),
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if loopback => Ok(url),
        _ => Err(refused(
            "only https is accepted, and http for loopback addresses",
        )),
    }
}
