//! `rollcall serve`: the portal, and the jobs behind it.

use super::output::say;
use super::{DONE, FAILED};
use crate::app::App;
use crate::{auth, jobs, web};

/// Serves until the program is asked to end.
pub async fn run(app: &App) -> anyhow::Result<u8> {
    let listener = web::bind(app.config().listen)?;
    let url = app.config().portal_url();
    say(&format!("The portal is at {url}"));
    if let Some(token) = auth::first_link(app).await? {
        say("");
        say(
            "Nobody can sign in yet. This link makes the first administrator; it works once, for 15 minutes:",
        );
        say(&format!("  {url}/welcome/{token}"));
    }
    let background = tokio::spawn({
        let app = app.clone();
        async move { jobs::work(&app).await }
    });
    web::serve(app.clone(), listener).await?;
    // The jobs in hand end before the program does.
    Ok(if background.await.is_ok() {
        DONE
    } else {
        FAILED
    })
}
