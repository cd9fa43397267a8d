//! How many people of each company stand how, counted anew in the background whenever a run, a decision or a saved setting may
//! have changed it: by the last reading, without a request. It decides nothing: the plan does.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;

use crate::app::App;
use crate::db::tallies::{self, Stale, Tally};
use crate::db::{DbError, companies};
use crate::sync::standing::{self, Standing};

/// One process at a time counts.
const CLAIM: &str = "tallies";
/// A process that hangs is overtaken after this.
const LEASE: Duration = Duration::from_mins(1);
/// So often it is looked whether there is something to count.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// So many companies are counted before it is looked again who is next.
const AT_ONCE: i64 = 20;

/// Counts until the program is asked to end.
pub async fn work(app: &App) {
    while !app.stop().asked() {
        // The log has a panic; the next look begins anew.
        let looked = AssertUnwindSafe(tick(app)).catch_unwind().await;
        if let Ok(Err(error)) = looked {
            tracing::warn!(%error, "People could not be counted");
        }
        tokio::select! {
            () = app.clock().sleep(LOOK_AGAIN) => {}
            () = app.stop().wait() => {}
        }
    }
}

/// Counts whatever is to be counted, where no other process does.
async fn tick(app: &App) -> Result<(), DbError> {
    while !app.stop().asked() {
        // Only who finds work claims it: a claim is a write.
        let idle = app.db().read(|conn| tallies::stale(conn, 1)).await?;
        if idle.is_empty() || !app.db().try_claim(CLAIM, LEASE).await? || count(app).await? == 0 {
            break;
        }
    }
    Ok(())
}

/// Counts the people of the next companies whose tally is missing or old; how many were counted. One that cannot be counted
/// keeps no other from it, and is tried again at the next look.
///
/// # Errors
/// Where the database fails for all of them.
pub async fn count(app: &App) -> Result<usize, DbError> {
    let stale = app.db().read(|conn| tallies::stale(conn, AT_ONCE)).await?;
    let mut counted = 0;
    for one in stale {
        let company = one.company_id;
        let done = AssertUnwindSafe(keep(app, one)).catch_unwind().await;
        match done {
            Ok(Ok(())) => counted += 1,
            Ok(Err(error)) => {
                tracing::warn!(company.id = company, %error, "People could not be counted");
            }
            // The log has the panic.
            Err(_) => tracing::warn!(company.id = company, "People could not be counted"),
        }
    }
    Ok(counted)
}

async fn keep(app: &App, stale: Stale) -> Result<(), DbError> {
    let tally = tally(app, &stale).await?;
    app.db()
        .write(move |conn| tallies::keep(conn, &stale, tally.as_ref()))
        .await
}

/// The tally of a company as it is now; `None` where nothing was read of it.
async fn tally(app: &App, stale: &Stale) -> Result<Option<Tally>, DbError> {
    let id = stale.company_id;
    let company = app.db().read(move |conn| companies::get(conn, id)).await?;
    let Some(company) = company else {
        return Ok(None);
    };
    let Some(last) = app.last_once(&company).await? else {
        return Ok(None);
    };
    let counted =
        tokio::task::spawn_blocking(move || standing::counts(&last.snapshot, last.plan()));
    let Ok(counts) = counted.await else {
        return Ok(None);
    };
    let words = Standing::ALL.map(|standing| standing.as_str().to_owned());
    let some = words
        .into_iter()
        .zip(counts)
        .filter(|(_, count)| *count > 0);
    Ok(Some(some.collect()))
}
