//! Signing in by name and password, and waiting after failures. The answer does not tell whether the name, the password or
//! the account is at fault.

use std::net::{IpAddr, Ipv6Addr};

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::passwords;
use crate::app::App;
use crate::db::sign_in_failures::{self, Try};
use crate::db::{DbError, staff};
use crate::model::Staff;
use crate::model::staff::checked_name;
use crate::model::text::folded;
use crate::seal::Keyring;

/// What everybody hears who is not signed in, whatever the cause.
pub const WRONG: &str = "Name or password is wrong, or the account is disabled.";

/// A name may fail so many times in a row before it waits.
const OF_A_NAME: i64 = 5;
/// An address may fail so many times before it waits: many people may share it.
const OF_AN_ADDRESS: i64 = 30;

/// What came of a try to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// It is them.
    Welcome(Staff),
    /// Name, password or account are wrong: [`WRONG`].
    Wrong,
    /// There were too many failures. Nothing was tried, and nothing is before this time.
    LockedUntil(DateTime<Utc>),
}

/// How long there is to wait, rounded up, so that who comes back then need not wait again: "40 seconds", "3 minutes".
pub fn how_long(until: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let wait = u64::try_from((until - now).num_milliseconds()).unwrap_or_default();
    let seconds = wait.max(1).div_ceil(1_000);
    match (seconds, seconds.div_ceil(60)) {
        (1, _) => "1 second".to_owned(),
        (..=90, _) => format!("{seconds} seconds"),
        (_, minutes) => format!("{minutes} minutes"),
    }
}

/// Tries a name and a password, from an address where it is known.
pub async fn sign_in(
    app: &App,
    name: &str,
    password: &SecretString,
    address: Option<IpAddr>,
) -> Result<SignIn, DbError> {
    let now = app.clock().now();
    let by_name = name_subject(&app.keyring(), name);
    let by_address = address.map(|address| address_subject(&app.keyring(), address));
    let (subject, other) = (by_name.clone(), by_address.clone());
    let tried = app
        .db()
        .write(move |conn| {
            // Always the address first: two transactions that hold both never wait for each other.
            if let Some(address) = &other {
                let tried = sign_in_failures::take_try(conn, address, OF_AN_ADDRESS, now)?;
                if tried != Try::Taken {
                    return Ok(tried);
                }
            }
            let tried = sign_in_failures::take_try(conn, &subject, OF_A_NAME, now)?;
            if let (Try::LockedUntil(_), Some(address)) = (tried, &other) {
                sign_in_failures::give_back(conn, address, now)?;
            }
            Ok(tried)
        })
        .await?;
    if let Try::LockedUntil(until) = tried {
        return Ok(SignIn::LockedUntil(until));
    }
    // What can be nobody's name is not looked up: PostgreSQL refuses text with a zero in it.
    let found = match checked_name(name) {
        Ok(name) => {
            let found = app.db().read(move |conn| staff::by_name(conn, &name));
            found.await?
        }
        Err(_) => None,
    };
    let (person, hash) = found.map_or((None, None), |(person, hash)| (Some(person), hash));
    let fits = passwords::verify(password, hash.clone()).await?;
    let (Some(person), Some(hash), true) = (person, hash, fits) else {
        return Ok(SignIn::Wrong);
    };
    let welcome = app
        .db()
        .write(move |conn| {
            if !staff::signed_in(conn, person.id, &hash, now)? {
                return Ok(None);
            }
            if let Some(address) = &by_address {
                sign_in_failures::give_back(conn, address, now)?;
            }
            sign_in_failures::clear(conn, &by_name)?;
            staff::get(conn, person.id)
        })
        .await?;
    let Some(welcome) = welcome else {
        return Ok(SignIn::Wrong);
    };
    Ok(SignIn::Welcome(welcome))
}

/// Counts a try of somebody's present password; it is taken back by forgetting all failures of [`name_subject`].
pub(super) async fn take_try(app: &App, name: &str) -> Result<Try, DbError> {
    let now = app.clock().now();
    let subject = name_subject(&app.keyring(), name);
    app.db()
        .write(move |conn| sign_in_failures::take_try(conn, &subject, OF_A_NAME, now))
        .await
}

/// Under what the failures of a name are counted, whether or not somebody has it.
pub(super) fn name_subject(keyring: &Keyring, name: &str) -> String {
    subject(keyring, "name", folded(name).as_bytes())
}

/// Under what the failures of an address are counted. A network of IPv6 counts as one: a computer has as many addresses
/// of its /64 as it likes.
fn address_subject(keyring: &Keyring, address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => subject(keyring, "address", &address.octets()),
        IpAddr::V6(address) => {
            let network = address.to_bits() & (u128::MAX << 64);
            subject(keyring, "address", &Ipv6Addr::from_bits(network).octets())
        }
    }
}

/// A hash that nobody can make or try out who does not have the key.
fn subject(keyring: &Keyring, kind: &str, value: &[u8]) -> String {
    let key = keyring.derive("sign-in failures");
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_slice());
    let mut hash = hmac::Context::with_key(&key);
    hash.update(kind.as_bytes());
    hash.update(b"\n");
    hash.update(value);
    URL_SAFE_NO_PAD.encode(hash.sign())
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn how_long_there_is_to_wait_is_rounded_up() {
        let now = DateTime::UNIX_EPOCH;
        for (milliseconds, words) in [
            (-5, "1 second"),
            (1_000, "1 second"),
            (1_001, "2 seconds"),
            (60_000, "60 seconds"),
            (90_001, "2 minutes"),
            (120_001, "3 minutes"),
        ] {
            assert_eq!(
                how_long(now + TimeDelta::milliseconds(milliseconds), now),
                words
            );
        }
    }
}
