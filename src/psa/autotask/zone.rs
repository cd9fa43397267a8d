//! Where an API user's database lives: the look-up of its zone, and the memory of it. It sends no
//! credentials.
//!
//! `GET /v1.0/zoneInformation?user=…` answers the base address of the zone, without the version.
//! Databases move between zones; the old zone then answers 401. Source: the vendor's Swagger;
//! observed by several public clients.

use std::sync::{Arc, PoisonError, RwLock};

use reqwest::Url;
use serde_json::{Value, json};

use super::judge::judge;
use crate::http::{ApiError, Ask, Http, Kind, Repeat, Service};

const DEFAULT_LOOKUP: &str = "https://webservices.autotask.net/atservicesrest";
const ACTION: &str = "find the zone of the API user";

/// One zone's addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Zone {
    /// The REST API without its version, a slash at the end.
    pub(super) url: Url,
    /// The website, a slash at the end.
    web_url: Option<Url>,
}

impl Zone {
    fn new(url: &str, web_url: Option<&str>, official: bool) -> Option<Self> {
        Some(Self {
            url: address(url, official)?,
            web_url: web_url.and_then(|url| address(url, official)),
        })
    }

    /// The address of a route, e.g. `Contacts/query`.
    pub(super) fn route(&self, path: &str) -> Option<Url> {
        self.url.join(&format!("v1.0/{path}")).ok()
    }

    /// The address of a next page where the secret may go there: same scheme, host and port, and
    /// under the zone's own path. Paths compare with case ignored, as the vendor prints the version
    /// as `v1.0` and as `V1.0`.
    pub(super) fn own_page(&self, url: &str) -> Option<Url> {
        let page = Url::parse(url).ok()?;
        let path = self.url.path().to_ascii_lowercase();
        let own = page.origin() == self.url.origin()
            && page.username().is_empty()
            && page.password().is_none()
            && page.path().to_ascii_lowercase().starts_with(&path);
        own.then_some(page)
    }

    /// What is remembered of it.
    pub(super) fn remembered(&self) -> Value {
        let web_url = self.web_url.as_ref().map(Url::as_str);
        json!({ "url": self.url.as_str(), "web_url": web_url })
    }
}

/// An address that secrets may go to: https, or http on this computer; with the vendor's own
/// look-up only the vendor's hosts.
fn address(text: &str, official: bool) -> Option<Url> {
    let slash = if text.trim().ends_with('/') { "" } else { "/" };
    let url = Url::parse(&format!("{}{slash}", text.trim())).ok()?;
    let host = url.host_str()?;
    let vendors = host == "autotask.net" || host.ends_with(".autotask.net");
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    (safe(&url) && plain && (vendors || !official)).then_some(url)
}

/// Whether it is https, or http for a loopback address.
fn safe(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && loopback)
}

/// A zone as it was known at some point.
#[derive(Clone, Debug)]
pub(super) struct Located {
    pub(super) zone: Arc<Zone>,
    /// How often the zone had been looked up by then.
    look_ups: u64,
}

#[derive(Debug, Default)]
struct Known {
    zone: Option<Arc<Zone>>,
    look_ups: u64,
}

/// The zone of one API user; looked up once for all requests.
pub(super) struct Zones {
    http: Http,
    lookup: Url,
    official: bool,
    known: RwLock<Known>,
    /// Held while it is looked up, so that requests share one look-up.
    looking: tokio::sync::Mutex<()>,
}

impl Zones {
    /// The zone of this user; sends nothing. What is remembered and would not pass as an answer is
    /// forgotten.
    ///
    /// # Errors
    /// Where the look-up's address is none, or is plain http of another computer.
    pub(super) fn new(
        http: Http,
        lookup_url: Option<&str>,
        user: &str,
        remembered: Option<&Value>,
    ) -> Result<Self, String> {
        let base = lookup_url.unwrap_or(DEFAULT_LOOKUP).trim_end_matches('/');
        let mut lookup = Url::parse(&format!("{base}/v1.0/zoneInformation"))
            .ok()
            .filter(safe)
            .ok_or(
                "the address of Autotask's zone look-up must be https, or http for a loopback \
                 address",
            )?;
        lookup.query_pairs_mut().append_pair("user", user);
        let official = lookup_url.is_none();
        let text = |key: &str| remembered?.get(key)?.as_str();
        let zone = text("url").and_then(|url| Zone::new(url, text("web_url"), official));
        Ok(Self {
            http,
            lookup,
            official,
            known: RwLock::new(Known {
                zone: zone.map(Arc::new),
                look_ups: 0,
            }),
            looking: tokio::sync::Mutex::new(()),
        })
    }

    /// The zone, where it is known.
    pub(super) fn known(&self) -> Option<Located> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        Some(Located {
            zone: known.zone.clone()?,
            look_ups: known.look_ups,
        })
    }

    /// Forgets it.
    pub(super) fn forget(&self) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.zone = None;
    }

    /// The zone, looked up where it is not known.
    pub(super) async fn current(&self) -> Result<Located, ApiError> {
        if let Some(known) = self.known() {
            return Ok(known);
        }
        let _turn = self.looking.lock().await;
        match self.known() {
            Some(known) => Ok(known),
            None => self.look_up().await,
        }
    }

    /// The zone after a request to `before` was refused with 401: `None` where the database has not
    /// moved.
    pub(super) async fn moved(&self, before: &Located) -> Result<Option<Located>, ApiError> {
        let _turn = self.looking.lock().await;
        let now = match self.known() {
            // Another request that was refused has looked it up since.
            Some(known) if known.look_ups > before.look_ups => known,
            _ => self.look_up().await?,
        };
        Ok((now.zone.url != before.zone.url).then_some(now))
    }

    async fn look_up(&self) -> Result<Located, ApiError> {
        let unexpected =
            |detail: &str| ApiError::new(Service::Autotask, ACTION, Kind::Unexpected, detail);
        let request = self.http.client().get(self.lookup.clone()).build();
        let request = request.map_err(|_| unexpected("the request could not be made"))?;
        let ask = Ask {
            service: Service::Autotask,
            action: ACTION,
            request,
            repeat: Repeat::Freely,
            // The thread limit does not count it. Source: the vendor's help, "Thread limiting".
            lane: None,
            judge: &judge,
        };
        let answer = self
            .http
            .send(ask)
            .await
            .map_err(|refused| match refused.kind {
                // It says nothing of a record: whatever answers there is not the look-up.
                Kind::NotFound | Kind::Refused => ApiError {
                    kind: Kind::Unexpected,
                    ..refused
                },
                _ => refused,
            })?;
        let json = answer.json().unwrap_or_default();
        let text = |key: &str| json.get(key).and_then(Value::as_str);
        let url = text("url").ok_or_else(|| unexpected("the answer names no zone"))?;
        let zone = Zone::new(url, text("webUrl"), self.official)
            .ok_or_else(|| unexpected("the zone's address is not one that secrets may go to"))?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let zone = Arc::new(zone);
        known.zone = Some(zone.clone());
        known.look_ups += 1;
        Ok(Located {
            zone,
            look_ups: known.look_ups,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_to_the_vendors_hosts_or_to_this_computer() {
        let official = |url| address(url, true).is_some();
        assert!(official(
            "https://webservices14.autotask.net/atservicesrest/"
        ));
        assert!(!official(
            "http://webservices14.autotask.net/atservicesrest/"
        ));
        assert!(!official("https://autotask.net.evil.example/"));
        assert!(!official("https://evilautotask.net/"));
        assert!(!official("https://user@webservices14.autotask.net/"));
        assert!(!official("http://127.0.0.1:80/"));
        let other = |url| address(url, false).is_some();
        assert!(other("https://at.example/zone"));
        assert!(other("http://127.0.0.1:8123/zone"));
        assert!(other("http://[::1]:8123/zone"));
        assert!(other("http://localhost/"));
        assert!(!other("http://at.example/"));
        assert!(!other("http://localhost.example/"));
        assert!(!other("ftp://127.0.0.1/"));
        assert!(!other("not an address"));
    }

    #[test]
    fn a_next_page_stays_under_the_zones_own_address() {
        let zone = Zone::new(
            "https://webservices14.autotask.net/atservicesrest",
            None,
            true,
        );
        let zone = zone.unwrap();
        let own = |url: &str| zone.own_page(url).is_some();
        let host = "webservices14.autotask.net";
        assert!(own(&format!(
            "https://{host}/atservicesrest/v1.0/Contacts/query/next?paging=x"
        )));
        assert!(own(&format!(
            "https://{host}:443/ATServicesRest/V1.0/Contacts/query/next"
        )));
        assert!(!own(&format!("http://{host}/atservicesrest/v1.0/x")));
        assert!(!own(&format!("https://{host}:8443/atservicesrest/v1.0/x")));
        assert!(!own(&format!("https://{host}/other/v1.0/x")));
        assert!(!own(&format!("https://{host}/atservicesrest/../other/x")));
        assert!(!own(&format!(
            "https://{host}/atservicesrest/%2e%2e/other/x"
        )));
        assert!(!own(&format!("https://u:p@{host}/atservicesrest/v1.0/x")));
        assert!(!own("https://webservices15.autotask.net/atservicesrest/x"));
        assert!(!own("/atservicesrest/v1.0/x"));
    }
}
