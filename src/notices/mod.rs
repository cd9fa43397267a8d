//! People hear of what needs them: by mail and by webhook, once for each cause. [`tick`] compares what needs a person now with
//! what was told (`telling`), writes what is to leave in the same transaction (`writing`), sees to the weekly summaries
//! (`weekly`), and sends what is due (`sending`). Nothing here decides what needs a person: `attention` does.

pub mod letters;
mod routes;
pub mod saving;
pub mod sending;
pub mod settings;
mod telling;
mod webhook;
mod weekly;
mod writing;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;

use crate::app::App;
use crate::attention::{self, Fleet};
use crate::db::deliveries::NewDelivery;
use crate::db::holds::Hold;
use crate::db::notices::Notice;
use crate::db::{Conn, DbError, company_notices, deliveries, holds, notices};
use crate::mail;
use letters::Letters;
use routes::Routes;
use telling::{Item, Look, TOGETHER};
use writing::Desk;

pub use routes::portal;
pub use webhook::signature;

/// The word for what leaves by mail.
pub const MAIL_WAY: &str = "mail";
/// The word for what leaves by webhook.
pub const WEBHOOK_WAY: &str = "webhook";
/// The word for what somebody tries a way out with.
pub const TEST: &str = "test";
/// One process at a time looks and sends.
const CLAIM: &str = "notices";
/// A process that hangs is overtaken after this.
const LEASE: Duration = Duration::from_mins(10);
/// So often it is looked.
const LOOK_AGAIN: Duration = Duration::from_mins(1);
/// What has left is kept for so long.
const KEPT: TimeDelta = TimeDelta::days(30);

/// Looks and sends until the program is asked to end.
pub async fn work(app: &App) {
    while !app.stop().asked() {
        // The log has a panic; the next look begins anew.
        let looked = AssertUnwindSafe(tick(app)).catch_unwind().await;
        if let Ok(Err(error)) = looked {
            tracing::error!(%error, "Could not see to the notices");
        }
        tokio::select! {
            () = app.clock().sleep(LOOK_AGAIN) => {}
            () = app.stop().wait() => {}
        }
    }
}

/// Looks once, where no other process does, and sends what is due. A part that fails keeps no other from its turn.
///
/// # Errors
/// Where the database fails, or a template and its context do not fit: of each part that failed.
pub async fn tick(app: &App) -> anyhow::Result<()> {
    if !app.db().try_claim(CLAIM, LEASE).await? {
        return Ok(());
    }
    let parts = [
        ("what needs a person", look(app).await),
        ("the weekly summaries", weekly::look(app).await),
        ("sending", sending::send_due(app).await.map_err(Into::into)),
        ("forgetting", forget(app).await.map_err(Into::into)),
    ];
    let failed: Vec<String> = parts
        .into_iter()
        .filter_map(|(part, done)| Some(format!("{part}: {:#}", done.err()?)))
        .collect();
    anyhow::ensure!(failed.is_empty(), "{}", failed.join("; "));
    Ok(())
}

/// What one look reads.
struct Seen {
    fleet: Fleet,
    holds: HashMap<i64, Hold>,
    notices: Vec<Notice>,
    routes: Routes,
}

fn read(conn: &mut Conn, now: DateTime<Utc>) -> diesel::QueryResult<Seen> {
    let open = holds::list_open(conn)?.into_iter();
    Ok(Seen {
        fleet: attention::read(conn, now)?,
        holds: open.map(|hold| (hold.company_id, hold)).collect(),
        notices: notices::current(conn, now - TOGETHER)?,
        routes: routes(conn)?,
    })
}

/// The ways out; the portal's address is not in the database.
fn routes(conn: &mut Conn) -> diesel::QueryResult<Routes> {
    let (_, webhook, _) = settings::stored(conn)?;
    let server = settings::mail(conn)?;
    Ok(Routes {
        domain: server.map(|set| mail::domain(&set.from)),
        webhook,
        audience: settings::audience(conn)?,
        own: company_notices::all(conn)?,
        portal: None,
    })
}

/// Compares what needs a person with what was told, and writes what is to leave.
async fn look(app: &App) -> anyhow::Result<()> {
    let now = app.clock().now();
    let mut seen = app.db().read(move |conn| read(conn, now)).await?;
    seen.routes.portal = routes::portal(app.config());
    let needs = attention::needs(&seen.fleet, now);
    let look = telling::look(&seen.fleet, &needs, &seen.holds, &seen.notices, now);
    let Some(change) = write(&seen, look, now)? else {
        return Ok(());
    };
    let told = change.leave.len();
    let done = app.db().write(move |conn| change.carry_out(conn, now));
    match done.await {
        Ok(()) => {}
        // Another process opened the same in this moment: the next look finds it.
        Err(error) if error.is_taken() => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    if told > 0 {
        tracing::info!(deliveries = told, "Notices are to leave");
    }
    Ok(())
}

/// What a look changes, all at once.
struct Change {
    look: Look,
    /// Of each topic, the items that somebody hears of.
    told: Vec<Item>,
    leave: Vec<NewDelivery>,
}

fn write(seen: &Seen, look: Look, now: DateTime<Utc>) -> anyhow::Result<Option<Change>> {
    let idle = look.open.is_empty() && look.close.is_empty() && look.silent.is_empty();
    if idle && look.tell.is_empty() && look.over.is_empty() {
        return Ok(None);
    }
    let letters = Letters::load()?;
    let desk = Desk {
        letters: &letters,
        fleet: &seen.fleet,
        holds: &seen.holds,
        routes: &seen.routes,
        now,
    };
    let mut change = Change {
        told: Vec::new(),
        leave: desk.over(&look.over)?,
        look,
    };
    for topic in &change.look.tell {
        let (leave, covered) = desk.topic(topic)?;
        change.leave.extend(leave);
        change
            .told
            .extend(covered.into_iter().map(|at| topic[at].clone()));
    }
    let nothing = idle && change.told.is_empty() && change.look.over.is_empty();
    Ok((!nothing).then_some(change))
}

impl Change {
    fn carry_out(self, conn: &mut Conn, now: DateTime<Utc>) -> diesel::QueryResult<()> {
        let mut opened = HashMap::new();
        for (cause, about, title) in &self.look.open {
            let id = notices::open(conn, (cause, &about.to_string()), title, now)?;
            opened.insert((*cause, *about), id);
        }
        for item in &self.told {
            let of = telling::word(item.need.what).map(|cause| (cause, item.need.about));
            let id = item.notice.or_else(|| opened.get(&of?).copied());
            if let Some(id) = id {
                notices::tell(conn, id, (&item.need.title, &item.told), now)?;
            }
        }
        for (id, over) in &self.look.close {
            notices::close(conn, *id, *over, now)?;
        }
        let over = self.look.over.iter().map(|one| one.notice);
        for id in over.chain(self.look.silent.iter().copied()) {
            notices::set_over(conn, id, now)?;
        }
        for new in &self.leave {
            deliveries::put(conn, new, now)?;
        }
        Ok(())
    }
}

/// Forgets what has left long ago, since it names people, and what was over long ago.
async fn forget(app: &App) -> Result<(), DbError> {
    let before = app.clock().now() - KEPT;
    let old = app.db().read(move |conn| {
        Ok(deliveries::any_before(conn, before)? || notices::any_before(conn, before)?)
    });
    if !old.await? {
        return Ok(());
    }
    app.db()
        .write(move |conn| {
            deliveries::forget(conn, before)?;
            notices::forget(conn, before)
        })
        .await
        .map(drop)
}
