//! Passwords: which are good enough, their hashes (Argon2id), and whether one fits. Keeps none, and logs none.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::db::DbError;
use crate::model::text::{folded, nfc};

/// A password has so many characters at least.
pub const SHORTEST: usize = 12;
/// A password has so many characters at most.
pub const LONGEST: usize = 200;

/// Hashes are made and tried two at once: each takes 19 MiB and a core for tens of milliseconds.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// What a password is tried against where there is none, so that the time of the answer tells nothing.
static NOBODYS: LazyLock<String> = LazyLock::new(|| hash_now("nobody has this password"));

/// Whether this can be the password of somebody of this name. The error is a sentence that says what is wrong with it.
pub fn check(password: &SecretString, name: &str) -> Result<(), String> {
    let password = nfc(password.expose_secret());
    let length = password.chars().count();
    if password.trim().is_empty() {
        Err(format!(
            "Choose a password of {SHORTEST} characters or more; several words make a good one."
        ))
    } else if length < SHORTEST {
        Err(format!(
            "The password is too short: {SHORTEST} characters at least; several words make a good one."
        ))
    } else if length > LONGEST {
        Err(format!(
            "The password is too long: {LONGEST} characters at most."
        ))
    } else if folded(&password) == folded(name) {
        Err("The password is the name: choose something that others do not know.".to_owned())
    } else {
        Ok(())
    }
}

/// The hash of a password, with a random salt, as PHC text.
pub async fn hash(password: &SecretString) -> Result<String, DbError> {
    let password = password.clone();
    in_turn(move || hash_now(&nfc(password.expose_secret()))).await
}

/// Whether the password fits the hash. Takes as long where there is no hash, or the text is none.
pub async fn verify(password: &SecretString, hash: Option<String>) -> Result<bool, DbError> {
    let password = password.clone();
    in_turn(move || {
        let nobodys = &*NOBODYS;
        let password = nfc(password.expose_secret());
        // One that nobody can have chosen is not worth more work than others.
        let long = password.chars().count() > LONGEST;
        let tried = if long { "" } else { password.as_ref() };
        let fits = |hash: &str| {
            let hash = PasswordHash::new(hash).ok()?;
            let fits = Argon2::default().verify_password(tried.as_bytes(), &hash);
            Some(fits.is_ok())
        };
        if let Some(fits) = hash.and_then(|hash| fits(&hash)) {
            fits && !long
        } else {
            fits(nobodys);
            false
        }
    })
    .await
}

fn hash_now(password: &str) -> String {
    let hash: PasswordHash = Argon2::default()
        .hash_password(password.as_bytes())
        .expect("only a computer without random numbers cannot hash a password");
    hash.to_string()
}

/// Runs work that takes memory and a core; it keeps its turn to the end, also where nobody waits for it any more.
async fn in_turn<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, DbError> {
    let turn = AT_ONCE.acquire().await.map_err(|_| DbError::Closed)?;
    let done = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        work()
    });
    done.await.map_err(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_cancelled) => DbError::Closed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(password: &str) -> String {
        check(&password.into(), "Jane Doe of Contoso").unwrap_err()
    }

    #[test]
    fn a_password_has_12_to_200_characters_and_no_other_rules() {
        let fine = |password: &str| check(&password.into(), "Jane Doe of Contoso").is_ok();
        assert!(fine("aaaaaaaaaaaa"));
        assert!(fine("correct horse battery"));
        assert!(fine("äöüäöüäöüäöü"));
        assert!(fine(&"é".repeat(200)));
        assert!(told("aaaaaaaaaaa").contains("too short"));
        // Letter and accent apart are one character.
        assert!(told(&"e\u{301}".repeat(11)).contains("too short"));
        assert!(told(&"é".repeat(201)).contains("too long"));
    }

    #[test]
    fn a_password_is_not_blank_and_not_the_name() {
        assert!(told("").starts_with("Choose a password"));
        assert!(told(&" ".repeat(20)).starts_with("Choose a password"));
        assert!(told(" jane doe OF contoso").contains("is the name"));
    }

    #[tokio::test]
    async fn a_hash_is_argon2id_with_a_salt_of_its_own_and_fits_its_password_alone() {
        let password: SecretString = "Ren\u{e9} likes long walks".into();
        let hash = super::hash(&password).await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert_ne!(super::hash(&password).await.unwrap(), hash);
        assert!(verify(&password, Some(hash.clone())).await.unwrap());
        let composed_otherwise = "Rene\u{301} likes long walks".into();
        assert!(
            verify(&composed_otherwise, Some(hash.clone()))
                .await
                .unwrap()
        );
        let wrong = "Ren\u{e9} likes long walk".into();
        assert!(!verify(&wrong, Some(hash.clone())).await.unwrap());
        assert!(!verify(&password, None).await.unwrap());
        assert!(!verify(&password, Some("no hash".into())).await.unwrap());
        assert!(
            !verify(&"nobody has this password".into(), None)
                .await
                .unwrap()
        );
    }
}
