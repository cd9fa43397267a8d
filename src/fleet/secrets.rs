//! How the file's secrets are found: `{ env = "NAME" }` or `{ file = "PATH" }`. No value ever stands in a message.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::SecretString;
use zeroize::Zeroizing;

/// Finds what the file's secrets name.
pub trait Secrets {
    /// The value of an environment variable; `None` where it is not set.
    fn env(&self, name: &str) -> Option<SecretString>;
    /// What a file holds; a relative path is relative to the fleet file. The error says why it cannot be read.
    fn file(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>, String>;
}

/// The secrets of this computer.
pub struct SystemSecrets {
    folder: PathBuf,
}

impl SystemSecrets {
    /// Of a fleet file.
    pub fn beside(fleet_file: &Path) -> Self {
        let folder = fleet_file.parent().map(Path::to_owned).unwrap_or_default();
        Self { folder }
    }
}

impl Secrets for SystemSecrets {
    fn env(&self, name: &str) -> Option<SecretString> {
        std::env::var(name).ok().map(SecretString::from)
    }

    fn file(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
        std::fs::read(self.folder.join(path))
            .map(Zeroizing::new)
            .map_err(|error| error.to_string())
    }
}

/// What a secret holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// A text; white space at its ends is not part of it.
    Text,
    /// A PFX file; kept in base64. A variable holds it in base64 already.
    Pfx,
}

impl Holds {
    /// The bytes of a file as the secret is kept. The error says what is expected.
    pub(super) fn of_file(self, bytes: &[u8]) -> Result<SecretString, &'static str> {
        match self {
            Self::Pfx if bytes.is_empty() => Err("is empty"),
            Self::Pfx => Ok(BASE64_STANDARD.encode(bytes).into()),
            Self::Text => match std::str::from_utf8(bytes) {
                Ok(text) => self.of_text(text),
                Err(_) => Err("is no text in UTF-8"),
            },
        }
    }

    /// A variable's value as the secret is kept. The error says what is expected.
    pub(super) fn of_text(self, text: &str) -> Result<SecretString, &'static str> {
        let text = text.trim();
        if text.is_empty() {
            return Err("is empty");
        }
        if self == Self::Text {
            return Ok(text.into());
        }
        let bare: Zeroizing<String> = Zeroizing::new(text.split_whitespace().collect());
        match BASE64_STANDARD.decode(bare.as_bytes()) {
            Ok(_) => Ok(bare.as_str().into()),
            Err(_) => Err("holds no PFX file in base64"),
        }
    }
}
