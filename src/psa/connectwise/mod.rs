//! ConnectWise PSA as a vendor: what a connection needs, and the client made from it. Nothing outside this folder knows
//! `ConnectWise`'s words. It never compares a contact with a user and never decides what is written.

mod address;
mod client;
mod items;
mod judge;
mod links;
mod reading;
mod sending;
mod steps;
mod taken;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

use secrecy::ExposeSecret;
use url::{Host, Url};

use self::client::Client;
use super::{Connection, CredentialField, Psa, Vendor};
use crate::model::{ContactId, PsaCompanyId, text};

/// `ConnectWise` as a vendor.
pub const VENDOR: Vendor = Vendor {
    id: "connectwise",
    name: "ConnectWise",
    fields: &FIELDS,
    contact_types: true,
    connect,
    contact_link,
    company_link,
};

const FIELDS: [CredentialField; 7] = [
    CredentialField {
        key: "url",
        label: "API address",
        help: "Where the API is: https://api-na.myconnectwise.net (North America), https://api-eu.myconnectwise.net \
               (Europe) or https://api-au.myconnectwise.net (Australia); self-hosted: the address of your own server",
        secret: false,
        default: None,
    },
    CredentialField {
        key: "company_id",
        label: "Login company ID",
        help: "What is typed as the company when signing in to ConnectWise",
        secret: false,
        default: None,
    },
    CredentialField {
        key: "public_key",
        label: "Public key",
        help: "System > Members > API Members > API Keys",
        secret: true,
        default: None,
    },
    CredentialField {
        key: "private_key",
        label: "Private key",
        help: "Shown once, when the API key is made",
        secret: true,
        default: None,
    },
    CredentialField {
        key: "client_id",
        label: "Client ID",
        help: "The GUID of your integration, from developer.connectwise.com",
        secret: true,
        default: None,
    },
    CredentialField {
        key: "phone_type",
        label: "Phone type",
        help: "The communication type that holds the business phone",
        secret: false,
        default: Some("Direct"),
    },
    CredentialField {
        key: "mobile_type",
        label: "Mobile type",
        help: "The communication type that holds the mobile phone",
        secret: false,
        default: Some("Cell"),
    },
];

fn connect(connection: Connection) -> Result<Arc<dyn Psa>, String> {
    let site = site(&connection.field(&VENDOR, "url"))?;
    let company_id = connection.field(&VENDOR, "company_id");
    if company_id.is_empty() {
        return Err("the login company ID is missing".to_owned());
    }
    let phone_type = connection.field(&VENDOR, "phone_type");
    let mobile_type = connection.field(&VENDOR, "mobile_type");
    if text::folded(&phone_type) == text::folded(&mobile_type) {
        return Err(format!(
            "the phone type and the mobile type are both {phone_type}: they must differ"
        ));
    }
    let secret = |key: &str, label: &str| {
        let value = connection.secrets.get(key);
        value
            .map(|value| value.expose_secret().trim())
            .filter(|value| !value.is_empty())
            .ok_or_else(|| format!("the {label} is missing"))
    };
    let keys = address::Keys::new(
        &company_id,
        secret("public_key", "public key")?,
        secret("private_key", "private key")?,
        secret("client_id", "client ID")?,
    )?;
    Ok(Arc::new(Client::new(
        connection.http,
        site,
        company_id,
        keys,
        [phone_type, mobile_type],
        connection.remembered.as_ref(),
        connection.at_once,
    )))
}

/// The address without a slash at the end, or why it cannot be used.
///
/// Left out, the prefix `api-` makes the cloud answer "SSL is required." (Developer Guide); sandbox hosts have none.
fn site(text: &str) -> Result<String, String> {
    const EXAMPLE: &str = "such as https://api-na.myconnectwise.net";
    if text.is_empty() {
        return Err(format!("the API address is missing: give one {EXAMPLE}"));
    }
    let not_an_address =
        || format!("the API address {text} is not a whole web address: give one {EXAMPLE}");
    let url = Url::parse(text).map_err(|_| not_an_address())?;
    let Some(host) = url.host() else {
        return Err(not_an_address());
    };
    let loopback = match &host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    };
    if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
        return Err(format!(
            "the API address {text} must begin with https://, because keys are sent to it"
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the API address must not hold a user name or password".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() || url.path().contains("/apis/3.0") {
        return Err(format!(
            "the API address {text} says too much: give the server alone, {EXAMPLE}"
        ));
    }
    if let Host::Domain(name) = host
        && is_cloud(name)
        && !["api-", "sandbox-", "staging."]
            .iter()
            .any(|start| name.starts_with(start))
    {
        return Err(format!(
            "the API of ConnectWise's cloud is at its own address: use https://api-{name}"
        ));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

fn is_cloud(host: &str) -> bool {
    host.ends_with(".myconnectwise.net")
}

/// Several public repositories open a contact by this address; the vendor does not document it.
fn contact_link(
    fields: &BTreeMap<String, String>,
    address: Option<&serde_json::Value>,
    contact: &ContactId,
) -> Option<String> {
    record_link(fields, address, ("ContactFV", contact.as_str()))
}

/// The same for a company; source: several public repositories too.
fn company_link(
    fields: &BTreeMap<String, String>,
    address: Option<&serde_json::Value>,
    company: &PsaCompanyId,
) -> Option<String> {
    record_link(fields, address, ("CompanyFV", company.as_str()))
}

fn record_link(
    fields: &BTreeMap<String, String>,
    address: Option<&serde_json::Value>,
    (kind, id): (&str, &str),
) -> Option<String> {
    let mut url = Url::parse(fields.get("url")?.trim()).ok()?;
    let host = url.host_str()?.to_owned();
    let site = host.strip_prefix("api-").unwrap_or(&host);
    let cloud = is_cloud(&host) || address.is_some_and(|address| address["cloud"] == true);
    url.set_host(Some(site)).ok()?;
    url.set_path("/v4_6_release/services/system_io/router/openrecord.rails");
    url.query_pairs_mut()
        .clear()
        .append_pair("locale", "en_US")
        .append_pair("recordType", kind)
        .append_pair("recid", id);
    if cloud {
        let company = fields.get("company_id")?.trim();
        url.query_pairs_mut().append_pair("companyName", company);
    }
    Some(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_taken_without_its_last_slash() {
        for (given, taken) in [
            (
                "https://api-na.myconnectwise.net/",
                "https://api-na.myconnectwise.net",
            ),
            ("https://psa.msp.example", "https://psa.msp.example"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://localhost:8080/", "http://localhost:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            (
                "https://sandbox-na.myconnectwise.net",
                "https://sandbox-na.myconnectwise.net",
            ),
        ] {
            assert_eq!(site(given).as_deref(), Ok(taken));
        }
    }

    #[test]
    fn a_wrong_site_is_refused_with_one_sentence() {
        for (given, words) in [
            ("", "is missing"),
            ("api-na.myconnectwise.net", "not a whole web address"),
            ("/apis", "not a whole web address"),
            ("http://psa.msp.example", "must begin with https://"),
            ("http://localhost.evil.example", "must begin with https://"),
            ("ftp://127.0.0.1", "must begin with https://"),
            ("https://a:b@psa.msp.example", "user name or password"),
            (
                "https://api-na.myconnectwise.net/v4_6_release/apis/3.0",
                "says too much",
            ),
            ("https://psa.msp.example/?a=b", "says too much"),
            (
                "https://na.myconnectwise.net",
                "use https://api-na.myconnectwise.net",
            ),
        ] {
            let refused = site(given).unwrap_err();
            assert!(refused.contains(words), "{given}: {refused}");
        }
    }

    #[test]
    fn a_contact_is_linked_at_the_site_of_people() {
        let fields = |url: &str| {
            BTreeMap::from([
                ("url".to_owned(), url.to_owned()),
                ("company_id".to_owned(), "mymsp".to_owned()),
            ])
        };
        let cloud = contact_link(
            &fields("https://api-na.myconnectwise.net"),
            None,
            &"1001".into(),
        );
        assert_eq!(
            cloud.as_deref(),
            Some(
                "https://na.myconnectwise.net/v4_6_release/services/system_io/router/openrecord.rails\
                 ?locale=en_US&recordType=ContactFV&recid=1001&companyName=mymsp"
            )
        );
        let own = contact_link(&fields("https://psa.msp.example"), None, &"7".into()).unwrap();
        assert!(own.starts_with("https://psa.msp.example/v4_6_release/"));
        assert!(own.ends_with("recid=7"));
        let company = company_link(&fields("https://psa.msp.example"), None, &"250".into());
        assert!(company.is_some_and(|link| link.ends_with("recordType=CompanyFV&recid=250")));
    }
}
