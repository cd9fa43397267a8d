//! What a run that is over says of its two connections: one that a person has to mend enters quarantine, or stays in it, and
//! one that worked leaves it. Decides nothing about when the next run begins.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::db::quarantines::{self, Owner};
use crate::model::{Company, Mode, Side};
use crate::sync::Finished;
use crate::sync::failure::SETTINGS_CHANGED;

/// Notes what a run that began at `began` found. A database that fails here is no reason to fail the run.
pub(super) async fn note(app: &App, company: &Company, finished: &Finished, began: DateTime<Utc>) {
    let failure = finished.report.error.clone();
    let side = finished.broken();
    // Both sides were read whole; by an undo, the PSA alone.
    let both_read = finished.seen.is_some();
    let undo = finished.report.mode == Mode::Undo;
    // A run that did not even try, or was cut short by the program's end, is made up for soon.
    let changed = failure
        .as_ref()
        .is_some_and(|failure| failure.kind == SETTINGS_CHANGED);
    let tried = !changed && !app.stop().asked();
    let (id, psa) = (company.id, company.psa_id);
    if side.is_none() {
        let known = app
            .db()
            .read(move |conn| quarantines::of_company(conn, id, psa));
        match known.await {
            Ok(known) if known.is_empty() => return,
            Ok(_) => {}
            Err(error) => return tell(&error),
        }
    }
    let now = app.clock().now();
    let noted = app.db().write(move |conn| {
        let mut lifted = false;
        for owner in [Owner::tenant(id), Owner::psa(psa)] {
            match &failure {
                Some(failure) if side == Some(owner.side) => {
                    quarantines::fail(conn, owner, failure, began, now)?;
                }
                _ if undo && owner.side == Side::Tenant => {}
                _ if both_read => lifted |= quarantines::lift(conn, owner, began, now)?,
                _ if tried => quarantines::not_proved(conn, owner, began, now)?,
                _ => {}
            }
        }
        Ok(lifted)
    });
    match noted.await {
        Ok(lifted) => {
            if let Some(side) = side {
                tracing::warn!(
                    company.id = id,
                    psa.id = psa,
                    "The {} connection is in quarantine",
                    match side {
                        Side::Tenant => "tenant",
                        Side::Psa => "PSA",
                    }
                );
            }
            if lifted {
                tracing::info!(company.id = id, psa.id = psa, "Out of quarantine");
                // Others waited for this.
                app.jobs().wake();
            }
        }
        Err(error) => tell(&error),
    }
}

fn tell(error: &crate::db::DbError) {
    tracing::warn!(%error, "Could not note what a run says of its connections");
}
