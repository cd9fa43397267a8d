//! Secrets at rest.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rollcall::seal::{KeyError, Keyring, SealError};
use secrecy::ExposeSecret;

fn key(byte: u8) -> String {
    BASE64_STANDARD.encode([byte; 32])
}

#[test]
fn a_secret_is_opened_as_it_was_sealed() {
    let ring = Keyring::parse(&key(1)).unwrap();
    for secret in [&b"hunter2"[..], b"", &[0, 159, 255, 10, 0]] {
        let sealed = ring.seal("company", 3, "client_secret", secret);
        let opened = ring.open("company", 3, "client_secret", &sealed).unwrap();
        assert_eq!(opened.expose_secret(), secret);
        assert_eq!(sealed.key_id, ring.newest_id());
    }
    let sealed = ring.seal("company", 3, "client_secret", b"hunter2");
    let again = ring.seal("company", 3, "client_secret", b"hunter2");
    assert_ne!(sealed, again, "each has a nonce of its own");
    let text = ring.open_text("company", 3, "client_secret", &sealed);
    assert_eq!(text.unwrap().expose_secret(), "hunter2");
}

#[test]
fn a_secret_cannot_be_opened_in_another_place_or_when_it_was_changed() {
    let ring = Keyring::parse(&key(1)).unwrap();
    let sealed = ring.seal("company", 3, "client_secret", b"hunter2");
    for (kind, id, name) in [
        ("company", 4, "client_secret"),
        ("psa", 3, "client_secret"),
        ("company", 3, "certificate"),
    ] {
        let error = ring.open(kind, id, name, &sealed).unwrap_err();
        assert!(matches!(error, SealError::Damaged { .. }));
        assert!(error.to_string().contains("enter it anew"), "{error}");
    }
    let mut changed = sealed.clone();
    changed.ciphertext[0] ^= 1;
    assert!(ring.open("company", 3, "client_secret", &changed).is_err());
    let mut changed = sealed;
    changed.nonce.pop();
    assert!(ring.open("company", 3, "client_secret", &changed).is_err());
}

#[test]
fn the_newest_key_seals_and_the_older_ones_still_open() {
    let old = Keyring::parse(&key(1)).unwrap();
    let sealed = old.seal("psa", 1, "private_key", b"hunter2");
    let both = Keyring::parse(&format!("\n{}\n\n  {}  \r\n", key(2), key(1))).unwrap();
    assert!(both.open("psa", 1, "private_key", &sealed).is_ok());
    assert!(both.knows(&sealed));
    assert_ne!(both.newest_id(), sealed.key_id);
    let anew = both.seal("psa", 1, "private_key", b"hunter2");
    assert_eq!(anew.key_id, Keyring::parse(&key(2)).unwrap().newest_id());
}

#[test]
fn a_secret_of_an_unknown_key_is_named_by_its_key() {
    let sealed = Keyring::parse(&key(1)).unwrap().seal("psa", 1, "a", b"x");
    let other = Keyring::parse(&key(2)).unwrap();
    assert!(!other.knows(&sealed));
    let error = other.open("psa", 1, "a", &sealed).unwrap_err();
    assert!(error.to_string().contains(&sealed.key_id), "{error}");
    assert!(
        error.to_string().contains("is not among the keys"),
        "{error}"
    );
    assert_eq!(sealed.key_id.len(), 16);
}

#[test]
fn keys_that_are_no_keys_are_refused_by_their_line() {
    assert_eq!(Keyring::parse(" \n\n").unwrap_err(), KeyError::Empty);
    let short = BASE64_STANDARD.encode([1; 31]);
    for (text, line) in [
        (format!("{}\nhunter2!", key(1)), 2),
        (short, 1),
        (format!("\n{}{}", key(1), key(1)), 2),
    ] {
        let error = Keyring::parse(&text).unwrap_err();
        assert_eq!(error, KeyError::Line { line });
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
    let unpadded = key(7).trim_end_matches('=').to_owned();
    assert!(Keyring::parse(&unpadded).is_ok());
}

#[test]
fn a_generated_key_can_be_read_again_and_no_debug_shows_it() {
    let (ring, text) = Keyring::generate();
    let again = Keyring::parse(text.expose_secret()).unwrap();
    assert_eq!(ring.newest_id(), again.newest_id());
    let (other, _) = Keyring::generate();
    assert_ne!(ring.newest_id(), other.newest_id());
    let sealed = ring.seal("psa", 1, "a", b"hunter2");
    let shown = format!("{ring:?} {sealed:?} {text:?}");
    assert!(shown.contains(ring.newest_id()));
    assert!(!shown.contains(text.expose_secret().trim()), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn bytes_that_are_no_text_are_not_given_as_text() {
    let (ring, _) = Keyring::generate();
    let sealed = ring.seal("company", 3, "certificate", &[0xff, 0xfe]);
    let error = ring
        .open_text("company", 3, "certificate", &sealed)
        .unwrap_err();
    assert!(error.to_string().contains("is not text"), "{error}");
}
