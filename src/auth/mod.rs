//! Who may sign in to the portal: passwords, links that let somebody choose one, waiting after failures, and the staff.
//! Knows no pages and no cookies, and does not ask what somebody who calls it may do: who calls has checked that.

pub mod passwords;

mod links;
mod sign_in;
mod staff;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

pub use links::{LinkFor, first_link, look_at_link, make_link, use_link};
pub use sign_in::{SignIn, WRONG, how_long, sign_in};
pub use staff::{
    Refusal, add, change_password, get, list, reset, set_enabled, set_role, sign_out_everywhere,
};

use crate::app::App;
use crate::db::{DbError, sessions, sign_in_failures, sign_in_links};

/// So many old rows of failures are forgotten at once.
const CLEANED: i64 = 100;

/// What is wrong with one field of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldMistake {
    /// The field: `name`, `password`, `present`, or `link` for what no field can mend.
    pub field: &'static str,
    /// A sentence for people, without what they typed.
    pub message: String,
}

impl FieldMistake {
    fn new(field: &'static str, message: impl Into<String>) -> Self {
        Self {
            field,
            message: message.into(),
        }
    }
}

/// The form in which a session's key or a link's token is kept: its SHA-256 in base64. They are random, so that nothing
/// slower is needed.
pub fn hashed(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(secret.as_bytes()))
}

/// Forgets sessions, links and failures that are over. They have no effect any more; this frees their room.
pub async fn clean(app: &App) -> Result<(), DbError> {
    let now = app.clock().now();
    app.db()
        .write(move |conn| sign_in_links::clean(conn, now))
        .await?;
    app.db()
        .write(move |conn| sessions::clean(conn, now))
        .await?;
    let old = app
        .db()
        .read(move |conn| sign_in_failures::old(conn, now, CLEANED))
        .await?;
    for subject in old {
        app.db()
            .write(move |conn| sign_in_failures::forget_old(conn, &subject, now))
            .await?;
    }
    Ok(())
}
