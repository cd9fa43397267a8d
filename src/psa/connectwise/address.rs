//! The parts of an address and of a signature: text escaped as `ConnectWise` asks, the code base, and the headers made from
//! the keys. It sends nothing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;
use serde::{Deserialize, Serialize};

/// The headers that sign a request.
pub(super) struct Keys {
    pub authorization: HeaderValue,
    pub client_id: HeaderValue,
}

impl Keys {
    /// Makes the headers, or says which key cannot be sent.
    pub fn new(
        company: &str,
        public: &str,
        private: &str,
        client_id: &str,
    ) -> Result<Self, String> {
        let encoded = STANDARD.encode(format!("{company}+{public}:{private}"));
        let header = |text: &str, what: &str| {
            let mut value = HeaderValue::from_str(text)
                .map_err(|_| format!("the {what} holds characters that no key has"))?;
            value.set_sensitive(true);
            Ok::<_, String>(value)
        };
        Ok(Self {
            authorization: header(&format!("Basic {encoded}"), "API key")?,
            client_id: header(client_id, "client ID")?,
        })
    }
}

/// Where the API was found, as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Found {
    /// Such as `v2026_4/`.
    #[serde(rename = "codebase")]
    pub code_base: String,
    /// Whether it says that it is the vendor's cloud.
    #[serde(default)]
    pub cloud: bool,
}

/// Text for a path or a query. A space is `%20` and an asterisk is escaped too, as the vendor asks ("PSA API Requests").
pub(super) fn encoded(text: &str) -> String {
    let escaped: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    escaped.replace('+', "%20").replace('*', "%2A")
}

/// A code base with a slash at its end; `None` where it cannot be one.
pub(super) fn tidy(code_base: &str) -> Option<String> {
    let name = code_base.trim().trim_matches('/');
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    (!name.is_empty() && name.chars().all(plain) && !name.contains(".."))
        .then(|| format!("{name}/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_as_the_vendor_asks() {
        assert_eq!(encoded("a b+c*'\"&%;"), "a%20b%2Bc%2A%27%22%26%25%3B");
    }

    #[test]
    fn a_code_base_is_a_name_and_a_slash() {
        assert_eq!(tidy("v2026_4/").as_deref(), Some("v2026_4/"));
        assert_eq!(tidy("/v4_6_release").as_deref(), Some("v4_6_release/"));
        for wrong in ["", "/", "../x", "a?b", "https://evil.example/"] {
            assert_eq!(tidy(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_key_with_a_line_break_is_refused() {
        assert!(Keys::new("msp", "public", "private", "a\nb").is_err());
        let keys = Keys::new("msp", "public", "private", "id").unwrap();
        assert_eq!(keys.authorization, "Basic bXNwK3B1YmxpYzpwcml2YXRl");
    }
}
