//! The PSA's hourly budget: read before a connection is worked, and remembered for the pages. How fast a client may go by it
//! is the client's own to know.

use std::sync::Arc;

use chrono::TimeDelta;

use crate::app::App;
use crate::db::facts::psa_scope;
use crate::db::{DbError, facts};
use crate::http::{Counter, counted};
use crate::model::Calls;
use crate::psa::Psa;
use crate::sync::scene::BUDGET;

/// A reading of the last minutes does for another beginning.
const FRESH: TimeDelta = TimeDelta::minutes(5);

/// Reads the budget of a PSA connection that is going to be worked, so that its client slows down and stops in time; the
/// requests that it took.
pub async fn read_budget(app: &App, psa: i64) -> Calls {
    // A budget that cannot be read is no reason not to run: what is wrong with the connection shows in the runs.
    let Ok((_, client)) = app.psa(psa).await else {
        return Calls::default();
    };
    let counter = Arc::new(Counter::default());
    counted(counter.clone(), async {
        if let Err(error) = client.budget().await {
            tracing::warn!(psa.id = psa, "Could not read the hourly budget: {error}");
        }
    })
    .await;
    remember(app, psa, client.as_ref()).await;
    counter.calls()
}

/// The same, unless it was read in the last minutes: in the night runs begin one after the other.
pub async fn refresh_budget(app: &App, psa: i64) {
    let now = app.clock().now();
    let fresh = |(_, at)| at <= now && now - at < FRESH;
    match app.psa(psa).await {
        Ok((_, client)) if client.known_budget().is_some_and(fresh) => {}
        _ => drop(read_budget(app, psa).await),
    }
}

/// Keeps what the client of a PSA connection knows of its budget, where that is news.
pub(super) async fn remember(app: &App, psa: i64, client: &dyn Psa) {
    let Some((budget, read_at)) = client.known_budget() else {
        return;
    };
    let kept: Result<(), DbError> = async {
        let scope = psa_scope(psa);
        let known = app
            .db()
            .read(move |conn| facts::get(conn, &scope, BUDGET))
            .await?;
        if known.is_some_and(|(_, at)| at.timestamp_micros() >= read_at.timestamp_micros()) {
            return Ok(());
        }
        let (scope, value) = (psa_scope(psa), serde_json::json!(budget));
        app.db()
            .write(move |conn| facts::put(conn, &scope, BUDGET, &value, read_at))
            .await
    }
    .await;
    if let Err(error) = kept {
        tracing::warn!(%error, psa.id = psa, "Could not keep the hourly budget");
    }
}
