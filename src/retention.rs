//! How long the history is kept: by the setting of the installation, for ever where there is none.

use std::time::Duration;

use chrono::{DateTime, Months};

use crate::app::App;
use crate::db::DbError;
use crate::db::{history, settings};

/// So many runs go at once.
const PIECE: usize = 50;
/// Whoever else writes comes in between.
const BREATH: Duration = Duration::from_millis(200);

/// Removes what is older than the setting says, piece by piece, until nothing is left of it or the program is asked to end; gives how many
/// runs that was.
///
/// # Errors
/// Where the database fails; what is left is removed the next time.
pub async fn forget_old(app: &App) -> Result<usize, DbError> {
    let Some(months) = app.db().read(settings::history_months).await? else {
        return Ok(0);
    };
    let Some(before) = app.clock().now().checked_sub_months(Months::new(months)) else {
        return Ok(0);
    };
    let mut removed = 0;
    let mut mark = Some((DateTime::UNIX_EPOCH.naive_utc(), String::new()));
    while let Some(from) = mark.take() {
        if app.stop().asked() {
            return Ok(removed);
        }
        let piece = app
            .db()
            .write(move |conn| history::remove_before(conn, before, &from, PIECE));
        let (gone, next) = piece.await?;
        removed += gone;
        mark = next;
        app.clock().sleep(BREATH).await;
    }
    app.db()
        .write(move |conn| history::remove_holds_before(conn, before))
        .await?;
    if removed > 0 {
        tracing::info!(runs = removed, months, "Old history was removed");
    }
    Ok(removed)
}
