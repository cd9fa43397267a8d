//! What every Graph request has in common: permissions, query options and pages. Nothing about one resource.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::data::{AppData, TenantData};
use super::refusal::Refusal;
use super::{State, Switches};
use crate::simulator::kit::{Reply, Request};

/// An authenticated request.
pub(super) struct Call<'a> {
    pub(super) state: &'a State,
    pub(super) tenant: &'a TenantData,
    pub(super) app: &'a AppData,
    pub(super) request: &'a Request,
}

impl Call<'_> {
    pub(super) fn switches(&self) -> &Switches {
        &self.state.switches
    }

    /// Whether the app holds one of these permissions; `Directory.Read.All` covers all.
    pub(super) fn may(&self, permissions: &[&str]) -> bool {
        self.app.consented
            && (self.app.permissions.contains("Directory.Read.All")
                || permissions
                    .iter()
                    .any(|name| self.app.permissions.contains(*name)))
    }

    pub(super) fn require(&self, permissions: &[&str]) -> Result<(), Refusal> {
        if self.may(permissions) {
            return Ok(());
        }
        Err(Refusal::new(
            403,
            "Authorization_RequestDenied",
            "Insufficient privileges to complete the operation.",
        ))
    }

    pub(super) fn only_get(&self) -> Result<(), Refusal> {
        if self.request.method == "GET" {
            return Ok(());
        }
        Err(Refusal::new(
            405,
            "Request_BadRequest",
            "Specified HTTP method is not allowed for the request target.",
        ))
    }

    pub(super) fn eventual(&self) -> bool {
        self.request
            .header("consistencylevel")
            .is_some_and(|level| level.eq_ignore_ascii_case("eventual"))
    }

    fn base(&self) -> String {
        let host = self.request.header("host").unwrap_or("graph.microsoft.com");
        format!("http://{host}")
    }

    /// The absolute address of the metadata, with what this answer holds.
    pub(super) fn context(&self, what: &str, options: &Options, one: bool) -> String {
        let mut context = format!("{}/v1.0/$metadata#{what}", self.base());
        if let Some(select) = &options.select {
            let _ = write!(context, "({})", select.join(","));
        }
        if one {
            context.push_str("/$entity");
        }
        context
    }
}

/// The query options of a request, checked as far as they do not depend on the resource.
#[derive(Default)]
pub(super) struct Options {
    pub(super) select: Option<Vec<String>>,
    pub(super) top: Option<usize>,
    pub(super) count: bool,
    pub(super) filter: Option<String>,
    pub(super) search: Option<String>,
    skip_token: Option<String>,
}

impl Options {
    /// Reads them; `allowed` are those that the resource knows.
    pub(super) fn read(call: &Call, allowed: &[&str]) -> Result<Self, Refusal> {
        let mut options = Self::default();
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in &call.request.query {
            if seen.contains(&name.as_str()) {
                return Err(Refusal::bad_request(&format!(
                    "Query option '{name}' was specified more than once, but it must be specified at most once."
                )));
            }
            seen.push(name);
            if !allowed.contains(&name.as_str()) {
                return Err(unknown_option(name));
            }
            match name.as_str() {
                "$select" => {
                    options.select = Some(
                        value
                            .split(',')
                            .map(|part| part.trim().to_owned())
                            .collect(),
                    );
                }
                "$top" => options.top = Some(page_size(value)?),
                "$count" => {
                    options.count = match value.as_str() {
                        "true" => true,
                        "false" => false,
                        _ => {
                            return Err(Refusal::bad_request(&format!(
                                "Invalid value '{value}' for $count query option found. Valid values are 'true', 'false'."
                            )));
                        }
                    };
                }
                "$filter" => options.filter = Some(value.clone()),
                "$search" => options.search = Some(value.clone()),
                _ => options.skip_token = Some(value.clone()),
            }
        }
        if options.count && !call.eventual() {
            return Err(Refusal::unsupported(
                "Request with $count query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'",
            ));
        }
        if options.search.is_some() && !call.eventual() {
            return Err(Refusal::unsupported(
                "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'",
            ));
        }
        Ok(options)
    }

    /// Refuses a `$select` of what the type does not have.
    pub(super) fn check_select(&self, type_name: &str, known: &[&[&str]]) -> Result<(), Refusal> {
        for name in self.select.iter().flatten() {
            if !known.iter().any(|list| list.contains(&name.as_str())) {
                return Err(Refusal::bad_request(&format!(
                    "Parsing OData Select and Expand failed: Could not find a property named '{name}' on type '{type_name}'."
                )));
            }
        }
        Ok(())
    }

    /// The names to answer with.
    pub(super) fn names<'a>(&'a self, default: &[&'a str]) -> Vec<&'a str> {
        match &self.select {
            Some(names) => names.iter().map(String::as_str).collect(),
            None => default.to_vec(),
        }
    }
}

fn unknown_option(name: &str) -> Refusal {
    match name {
        "$skip" => Refusal::directory("'$skip' is not supported by the service."),
        "$orderby" => Refusal::unsupported("Sorting not supported for current query."),
        "$expand" | "$search" | "$filter" | "$count" | "$top" => {
            Refusal::directory(&format!("This operation does not support '{name}'."))
        }
        _ => Refusal::bad_request(&format!("The query parameter '{name}' is not supported.")),
    }
}

/// 1 to 999: <https://learn.microsoft.com/graph/api/user-list>.
fn page_size(value: &str) -> Result<usize, Refusal> {
    let size: i64 = value.parse().map_err(|_| {
        Refusal::bad_request(&format!(
            "Invalid value '{value}' for $top query option found. The $top query option requires a non-negative integer value."
        ))
    })?;
    match usize::try_from(size) {
        Ok(size @ 1..=999) => Ok(size),
        _ => Err(Refusal::directory(&format!(
            "Invalid page size specified: '{value}'. Must be between 1 and 999 inclusive."
        ))),
    }
}

/// The properties of this name as an object. A property without a value is left out.
pub(super) fn object(
    names: &[&str],
    property: impl Fn(&str) -> Option<Value>,
) -> Map<String, Value> {
    names
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), property(name)?)))
        .collect()
}

/// One page of a list. The order is that of the ids, so that a next page is right also where objects came or went since.
pub(super) fn page<T>(
    call: &Call,
    options: &Options,
    context: &str,
    mut items: Vec<(&str, T)>,
    render: impl Fn(T) -> Value,
) -> Result<Reply, Refusal> {
    items.sort_by(|a, b| a.0.cmp(b.0));
    let after = match &options.skip_token {
        Some(token) => Some(position(call, token)?),
        None => None,
    };
    let mut body = Map::new();
    body.insert("@odata.context".into(), context.into());
    if options.count && after.is_none() {
        body.insert("@odata.count".into(), items.len().into());
    }
    let empty = call.switches().empty_page_with_next_link && after.is_none();
    let size = if empty { 0 } else { options.top.unwrap_or(100) };
    let after = after.unwrap_or_default();
    let start = items.partition_point(|(id, _)| *id <= after.as_str());
    let more = empty || items.len() > start + size;
    let mut last = after;
    let mut value = Vec::new();
    for (id, item) in items.into_iter().skip(start).take(size) {
        id.clone_into(&mut last);
        value.push(render(item));
    }
    if more {
        body.insert("@odata.nextLink".into(), next_link(call, &last).into());
    }
    body.insert("value".into(), value.into());
    Ok(Reply::json(200, &Value::Object(body)))
}

fn next_link(call: &Call, last: &str) -> String {
    let (path, query) = match call.request.target.split_once('?') {
        Some((path, query)) => (path, query),
        None => (call.request.target.as_str(), ""),
    };
    let base = match &call.switches().next_link_other_host {
        Some(other) if other.contains("://") => other.clone(),
        Some(other) => format!("https://{other}"),
        None => call.base(),
    };
    let mut link = format!("{base}{path}?");
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let name = url::form_urlencoded::parse(pair.as_bytes()).next();
        if name.is_some_and(|(name, _)| name != "$skiptoken") {
            let _ = write!(link, "{pair}&");
        }
    }
    let _ = write!(link, "$skiptoken={}", skip_token(call, last));
    link
}

/// Opaque to the client; tied to the tenant and the list, so that a token from elsewhere is refused.
fn skip_token(call: &Call, last: &str) -> String {
    let mut bytes = Sha256::digest(token_text(call, last))[..12].to_vec();
    bytes.extend_from_slice(last.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn token_text(call: &Call, last: &str) -> String {
    format!(
        "{} {} {last}",
        call.tenant.id,
        call.request.path.to_lowercase()
    )
}

fn position(call: &Call, token: &str) -> Result<String, Refusal> {
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| {
            let last = String::from_utf8(bytes.get(12..)?.to_vec()).ok()?;
            let right = Sha256::digest(token_text(call, &last));
            (bytes[..12] == right[..12]).then_some(last)
        })
        .ok_or_else(|| Refusal::directory("Invalid page token was specified."))
}
