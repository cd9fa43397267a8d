//! `rollcall admin-link`: prints a link that makes an administrator, for the first one and for who is locked out.

use super::DONE;
use super::output::say;
use crate::app::App;
use crate::auth;

/// Makes and prints a link.
pub async fn run(app: &App) -> anyhow::Result<u8> {
    let token = auth::make_link(app, None).await?;
    say(&format!("{}/welcome/{token}", app.config().portal_url()));
    say(
        "This link works once, within 15 minutes, for a new administrator or for one who is locked out.",
    );
    Ok(DONE)
}
