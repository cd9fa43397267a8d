//! Secrets at rest: sealed with XChaCha20-Poly1305 by keys that are kept outside the database. Reads and writes neither files
//! nor tables, and shows no secret in a message or a `Debug`.

use std::fmt;

use aws_lc_rs::hkdf;
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use secrecy::{SecretSlice, SecretString};
use sha2::{Digest, Sha256};
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a key.
const KEY: usize = 32;
/// Bytes of a key made from another, enough for one to sign with and one to encrypt with.
const DERIVED: usize = 64;
/// Bytes of a nonce: so many that a random one is never used twice.
const NONCE: usize = 24;

/// Keys come from people and programs that write the padding or leave it out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why keys are no keys.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// There is no key.
    #[error(
        "the secret key is empty: give 32 random bytes in base64, for example from `openssl rand -base64 32`"
    )]
    Empty,
    /// A line is not a key.
    #[error(
        "line {line} of the secret key is not 32 bytes in base64: give one key a line, newest first, \
         for example from `openssl rand -base64 32`"
    )]
    Line {
        /// Counted from 1.
        line: usize,
    },
}

/// Why a secret cannot be sealed or opened.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SealError {
    /// None of the keys has sealed it.
    #[error(
        "the secrets in the database are sealed with key {key_id}, which is not among the keys given: \
         add that key as a line of ROLLCALL_SECRET_KEY or of the key file, or enter the secrets anew"
    )]
    UnknownKey {
        /// The id of the key that is missing.
        key_id: String,
    },
    /// The key is right, and what it is to open is not what was sealed.
    #[error(
        "the secret {name} of {owner_kind} {owner_id} is damaged in the database: enter it anew"
    )]
    Damaged {
        /// What kind of thing it belongs to.
        owner_kind: String,
        /// That thing's row id.
        owner_id: i64,
        /// Its name there.
        name: String,
    },
    /// The secret was sealed as bytes that are no text.
    #[error("the secret {name} of {owner_kind} {owner_id} is not text: enter it anew")]
    NotText {
        /// What kind of thing it belongs to.
        owner_kind: String,
        /// That thing's row id.
        owner_id: i64,
        /// Its name there.
        name: String,
    },
}

/// A sealed secret. Its content is of no use without the key; a `Debug` shows the key's id alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The id of the key that sealed it.
    pub key_id: String,
    /// The nonce, 24 bytes.
    pub nonce: Vec<u8>,
    /// The ciphertext with its tag.
    pub ciphertext: Vec<u8>,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({})", self.key_id)
    }
}

struct Key {
    id: String,
    bytes: Zeroizing<[u8; KEY]>,
}

impl Key {
    fn new(bytes: Zeroizing<[u8; KEY]>) -> Self {
        let digest: [u8; 32] = Sha256::digest(bytes.as_slice()).into();
        let first = digest.first_chunk().copied().unwrap_or_default();
        let id = format!("{:016x}", u64::from_be_bytes(first));
        Self { id, bytes }
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(
            self.bytes
                .as_slice()
                .try_into()
                .expect("a key has 32 bytes"),
        )
    }
}

/// The keys, newest first. The newest seals; each opens what it has sealed.
pub struct Keyring {
    newest: Key,
    older: Vec<Key>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.keys().map(|key| &key.id))
            .finish()
    }
}

impl Keyring {
    /// Reads keys: 32 bytes in base64, one a line, newest first. Empty lines are passed over.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut keys = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            let wrong = KeyError::Line { line: at + 1 };
            let mut decoded = BASE64.decode(line).map_err(|_| wrong.clone())?;
            let bytes = <[u8; KEY]>::try_from(decoded.as_slice()).map(Zeroizing::new);
            decoded.zeroize();
            keys.push(Key::new(bytes.map_err(|_| wrong)?));
        }
        let mut keys = keys.into_iter();
        let newest = keys.next().ok_or(KeyError::Empty)?;
        Ok(Self {
            newest,
            older: keys.collect(),
        })
    }

    /// Makes a new key, and the text to keep it in a file.
    pub fn generate() -> (Self, SecretString) {
        let mut bytes = Zeroizing::new([0; KEY]);
        rand::fill(bytes.as_mut_slice());
        let text = format!("{}\n", BASE64.encode(bytes.as_slice()));
        let ring = Self {
            newest: Key::new(bytes),
            older: Vec::new(),
        };
        (ring, SecretString::from(text))
    }

    /// The id of the key that seals: the first 8 bytes of its SHA-256, in hex.
    pub fn newest_id(&self) -> &str {
        &self.newest.id
    }

    /// The ids of the keys that seal no more, newest first.
    pub fn older_ids(&self) -> impl Iterator<Item = &str> {
        self.older.iter().map(|key| key.id.as_str())
    }

    /// Whether there is the key that sealed this.
    pub fn knows(&self, sealed: &Sealed) -> bool {
        self.keys().any(|key| key.id == sealed.key_id)
    }

    /// Seals a secret for its place: it cannot be opened in another.
    pub fn seal(&self, owner_kind: &str, owner_id: i64, name: &str, plaintext: &[u8]) -> Sealed {
        let mut nonce = [0; NONCE];
        rand::fill(&mut nonce);
        let aad = place(owner_kind, owner_id, name);
        let payload = Payload {
            msg: plaintext,
            aad: aad.as_bytes(),
        };
        let ciphertext = self
            .newest
            .cipher()
            .encrypt(&XNonce::from(nonce), payload)
            .expect("only 256 GiB are too much to seal");
        Sealed {
            key_id: self.newest.id.clone(),
            nonce: nonce.to_vec(),
            ciphertext,
        }
    }

    /// Opens a secret that was sealed for this place.
    pub fn open(
        &self,
        owner_kind: &str,
        owner_id: i64,
        name: &str,
        sealed: &Sealed,
    ) -> Result<SecretSlice<u8>, SealError> {
        let plaintext = self.plaintext(owner_kind, owner_id, name, sealed)?;
        Ok(SecretSlice::from(plaintext))
    }

    /// Opens a secret that is text.
    pub fn open_text(
        &self,
        owner_kind: &str,
        owner_id: i64,
        name: &str,
        sealed: &Sealed,
    ) -> Result<SecretString, SealError> {
        let plaintext = self.plaintext(owner_kind, owner_id, name, sealed)?;
        match String::from_utf8(plaintext) {
            Ok(text) => Ok(SecretString::from(text)),
            Err(error) => {
                error.into_bytes().zeroize();
                Err(SealError::NotText {
                    owner_kind: owner_kind.to_owned(),
                    owner_id,
                    name: name.to_owned(),
                })
            }
        }
    }

    /// A key for another use, always the same for the same newest key and label (HKDF with SHA-256, RFC 5869). Nothing that
    /// is made with it says anything about the key that seals.
    pub fn derive(&self, label: &str) -> Zeroizing<[u8; DERIVED]> {
        struct Length;
        impl hkdf::KeyType for Length {
            fn len(&self) -> usize {
                DERIVED
            }
        }
        let mut derived = Zeroizing::new([0; DERIVED]);
        hkdf::Salt::new(hkdf::HKDF_SHA256, b"rollcall derived key 1")
            .extract(self.newest.bytes.as_slice())
            .expand(&[label.as_bytes()], Length)
            .and_then(|key| key.fill(derived.as_mut_slice()))
            .expect("HKDF with SHA-256 gives up to 8,160 bytes");
        derived
    }

    fn plaintext(
        &self,
        owner_kind: &str,
        owner_id: i64,
        name: &str,
        sealed: &Sealed,
    ) -> Result<Vec<u8>, SealError> {
        let key = self
            .keys()
            .find(|key| key.id == sealed.key_id)
            .ok_or_else(|| SealError::UnknownKey {
                key_id: sealed.key_id.clone(),
            })?;
        let damaged = || SealError::Damaged {
            owner_kind: owner_kind.to_owned(),
            owner_id,
            name: name.to_owned(),
        };
        let nonce = <[u8; NONCE]>::try_from(sealed.nonce.as_slice()).map_err(|_| damaged())?;
        let aad = place(owner_kind, owner_id, name);
        let payload = Payload {
            msg: &sealed.ciphertext,
            aad: aad.as_bytes(),
        };
        key.cipher()
            .decrypt(&XNonce::from(nonce), payload)
            .map_err(|_| damaged())
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.newest).chain(&self.older)
    }
}

/// Where a secret belongs, as associated data. The length keeps kind and name apart.
fn place(owner_kind: &str, owner_id: i64, name: &str) -> String {
    format!(
        "rollcall secret 1\n{}:{owner_kind}\n{owner_id}\n{name}",
        owner_kind.len()
    )
}
