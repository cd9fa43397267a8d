//! `rollcall serve`: the portal, and the jobs behind it.

use std::net::TcpListener;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use anyhow::bail;
use futures_util::FutureExt;
use sd_notify::NotifyState;

use super::output::say;
use super::{DONE, FAILED};
use crate::app::App;
use crate::{auth, jobs, monitor, notices, retention, tallies, web};

/// Ended sessions are cleaned up so often.
const CLEANING: Duration = Duration::from_hours(1);
/// So long a letter in hand may take once the program is asked to end: as long as writes in hand.
const LETTER_IN_HAND: Duration = Duration::from_secs(30);

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
    Ok(if serve(app, listener).await? {
        DONE
    } else {
        FAILED
    })
}

/// Serves the portal and does the jobs until the program is asked to end; whether the jobs ended well.
///
/// # Errors
/// Where either ends by itself.
pub(super) async fn serve(app: &App, listener: TcpListener) -> anyhow::Result<bool> {
    let mut background = tokio::spawn({
        let app = app.clone();
        async move { jobs::work(&app).await }
    });
    tokio::spawn(clean(app.clone()));
    tokio::spawn(tell_the_system(app.clone()));
    tokio::spawn({
        let app = app.clone();
        async move { tallies::work(&app).await }
    });
    let telling = tokio::spawn({
        let app = app.clone();
        async move { tell(&app).await }
    });
    let serving = web::serve(app.clone(), listener);
    tokio::pin!(serving);
    let ended = tokio::select! {
        served = &mut serving => {
            served?;
            // The jobs in hand end before the program does.
            background.await
        }
        ended = &mut background => {
            if !app.stop().asked() {
                bail!("the work in the background ended by itself: the log says why; start the program again");
            }
            serving.await?;
            ended
        }
    };
    Ok(telling.await.is_ok() && ended.is_ok())
}

/// Tells of what needs people. A letter in hand is written down as sent before the program ends: else it would leave again.
async fn tell(app: &App) {
    let too_long = async {
        app.stop().wait().await;
        app.clock().sleep(LETTER_IN_HAND).await;
    };
    tokio::select! {
        () = notices::work(app) => {}
        () = too_long => tracing::warn!("A notice takes too long and is left: it may leave once more"),
    }
}

/// Forgets ended sessions, links and failures, and old history, now and then.
async fn clean(app: App) {
    while !app.stop().asked() {
        let cleaning = async {
            if let Err(error) = auth::clean(&app).await {
                tracing::warn!(%error, "Ended sessions could not be cleaned up");
            }
            if let Err(error) = retention::forget_old(&app).await {
                tracing::warn!(%error, "Old history could not be removed");
            }
        };
        // The log has a panic; the next time begins anew.
        let _ = AssertUnwindSafe(cleaning).catch_unwind().await;
        app.clock().sleep(CLEANING).await;
    }
}

/// Tells systemd, where that started the program: that it serves, that it lives, and that it ends.
async fn tell_the_system(app: App) {
    let tell = |state: NotifyState<'_>| {
        if let Err(error) = sd_notify::notify(&[state]) {
            tracing::warn!(%error, "systemd cannot be told how this program is");
        }
    };
    tell(NotifyState::Ready);
    let watched = sd_notify::watchdog_enabled();
    loop {
        // Twice in the time after which systemd would think that it hangs.
        let pause = watched.map_or(Duration::MAX, |within| within / 2);
        tokio::select! {
            () = app.clock().sleep(pause) => {}
            () = app.stop().wait() => return tell(NotifyState::Stopping),
        }
        if monitor::lives(&app) {
            tell(NotifyState::Watchdog);
        }
    }
}
