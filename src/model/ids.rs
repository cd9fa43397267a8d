//! Identifiers, each a type of its own so that one cannot stand where another belongs. Cheap to clone.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $normalise:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Makes the identifier from its text.
            pub fn new(text: &str) -> Self {
                let normalise: fn(&str) -> Arc<str> = $normalise;
                Self(normalise(text))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self("".into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::new(&text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.as_str().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

fn guid(text: &str) -> Arc<str> {
    let text = text.trim();
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        text.to_ascii_lowercase().into()
    } else {
        text.into()
    }
}

fn plain(text: &str) -> Arc<str> {
    text.trim().into()
}

text_id!(
    /// An Entra ID user's object id, in lower case.
    UserId, guid
);
text_id!(
    /// An Entra ID group's object id, in lower case.
    GroupId, guid
);
text_id!(
    /// A licence's SKU id, in lower case.
    SkuId, guid
);
text_id!(
    /// A Microsoft 365 tenant's id, in lower case.
    TenantId, guid
);
text_id!(
    /// A contact's id in the PSA.
    ContactId, plain
);
text_id!(
    /// A site's (ConnectWise) or location's (Autotask) id in the PSA.
    SiteId, plain
);
text_id!(
    /// A contact type's id in the PSA.
    ContactTypeId, plain
);
text_id!(
    /// A company's id in the PSA.
    PsaCompanyId, plain
);
