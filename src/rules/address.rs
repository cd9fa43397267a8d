//! Where the address of a PSA or a webhook may lead. An address that somebody types is a way into the network that Rollcall runs in, so that
//! only public addresses are taken, unless the installation allows others.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::config::service_url;

/// What is said of an address that is none.
const EXPECTED: &str = "Give an address such as https://api-na.myconnectwise.net: https, without a user name, password, ? or #";
/// What is said of a webhook's address that is none.
const EXPECTED_WEBHOOK: &str =
    "Give an address that begins with https://, without a user name, password or #";
/// So many characters the address of a webhook has at most.
const LONGEST_WEBHOOK: usize = 2_000;
/// What is said of an address in a private network.
const PRIVATE: &str = "This address is not on the public internet. For a system in your own network, an administrator must allow private \
                       addresses for this installation";
/// So long the name of a host is looked up.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// The address of a PSA, by its text alone. With `private_allowed` any host is taken, and plain http for loopback addresses.
///
/// # Errors
/// One sentence that says what is expected; it does not show the text, which may hold a password.
pub fn psa_address(text: &str, private_allowed: bool) -> Result<Url, String> {
    if super::too_long("url", text.trim()).is_some() {
        return Err(super::too_long_said("The address", super::most("url")));
    }
    let url = service_url(text).map_err(|_| EXPECTED.to_owned())?;
    let url = Url::parse(&url).map_err(|_| EXPECTED.to_owned())?;
    judged(url, private_allowed, EXPECTED)
}

/// Refuses what is not on the public internet, unless that is allowed.
fn judged(url: Url, private_allowed: bool, expected: &str) -> Result<Url, String> {
    if private_allowed {
        return Ok(url);
    }
    if url.scheme() != "https" {
        return Err(expected.to_owned());
    }
    let public = match url.host() {
        Some(Host::Domain(name)) => is_public_name(name),
        Some(Host::Ipv4(address)) => is_public(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => is_public(IpAddr::V6(address)),
        None => return Err(expected.to_owned()),
    };
    if public {
        Ok(url)
    } else {
        Err(PRIVATE.to_owned())
    }
}

/// The address of a webhook, by the same rules; it may have a part after `?`, which is often a key. Looks up which addresses
/// the host's name has.
///
/// # Errors
/// One sentence that says what is wrong; it does not show the text.
pub async fn webhook_address(text: &str, private_allowed: bool) -> Result<Url, String> {
    let expected = || EXPECTED_WEBHOOK.to_owned();
    if text.trim().chars().count() > LONGEST_WEBHOOK {
        return Err(super::too_long_said("The address", LONGEST_WEBHOOK));
    }
    let url = Url::parse(text.trim()).map_err(|_| expected())?;
    let mut bare = url.clone();
    bare.set_query(None);
    service_url(bare.as_str()).map_err(|_| expected())?;
    looked_up(
        judged(url, private_allowed, EXPECTED_WEBHOOK)?,
        private_allowed,
    )
    .await
}

/// Like [`psa_address`], and looks up which addresses the host's name has: all of them must be public.
///
/// A name may be given other addresses later; the look-up is a hindrance, not a wall.
///
/// # Errors
/// One sentence that says what is wrong.
pub async fn psa_address_looked_up(text: &str, private_allowed: bool) -> Result<Url, String> {
    looked_up(psa_address(text, private_allowed)?, private_allowed).await
}

async fn looked_up(url: Url, private_allowed: bool) -> Result<Url, String> {
    let Some(Host::Domain(name)) = url.host() else {
        return Ok(url);
    };
    if private_allowed {
        return Ok(url);
    }
    let port = url.port_or_known_default().unwrap_or(443);
    let unknown = || {
        format!("No address is known for {name}: check the spelling, and the DNS of this computer")
    };
    let found = tokio::time::timeout(PATIENCE, tokio::net::lookup_host((name, port)))
        .await
        .map_err(|_| unknown())?
        .map_err(|_| unknown())?;
    let found: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    if found.is_empty() {
        return Err(unknown());
    }
    if found.into_iter().all(is_public) {
        Ok(url)
    } else {
        Err(PRIVATE.to_owned())
    }
}

/// Whether a name can be one of the public internet: it has a dot, and no ending that is kept for private use.
fn is_public_name(name: &str) -> bool {
    const PRIVATE_ENDS: [&str; 5] = ["localhost", "local", "localdomain", "internal", "home.arpa"];
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let ends = |end: &&str| {
        name.strip_suffix(*end)
            .is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    name.contains('.') && !PRIVATE_ENDS.iter().any(ends)
}

/// Whether an address is one of the public internet.
/// Source of the ranges: IANA's special-purpose address registries for IPv4 and IPv6.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224.., _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            | (192, 0, 0 | 2)
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // Ways to write or to reach an IPv4 address: mapped, compatible, translated (NAT64) and 6to4.
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            v4(high, low)
        }
        [0x2002, high, low, ..] => v4(high, low),
        // Teredo, documentation, and other special parts of the global range.
        [0x2001, 0..=0x1ff | 0xdb8, ..] => false,
        // What is assigned for the public internet: 2000::/3.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}
