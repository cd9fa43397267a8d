//! The PSA connections: which there are, who uses them, how their last runs went; and removing one.

use actix_web::HttpResponse;
use actix_web::web::Path;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::QueryResult;
use serde::{Deserialize, Serialize};

use crate::app::OF_PSA;
use crate::connections::{self, Parted};
use crate::db::quarantines::{self, Owner};
use crate::db::{Conn, companies, facts, psa_connections, runs, secrets};
use crate::model::Status;
use crate::psa::{Budget, vendor};
use crate::sync::scene::BUDGET;
use crate::web::routes::{Entry, routes};
use crate::web::{At, Form, Page, Place, Samples, Visit, WebError, changed, words};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/settings/psa" Administrator list;
    Get Page "/settings/psa/{psa:\\d+}/remove" Administrator before_removing;
    Post Act "/settings/psa/{psa:\\d+}/remove" Administrator remove;
};

const HERE: &str = "/settings/psa";
/// So many names are shown at once.
const NAMED: usize = 8;

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<ListPage>();
    all.page::<RemovalPage>();
}

/// All connections.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ListPage {
    connections: Vec<Line>,
}

#[derive(Clone, Debug, Serialize)]
struct Line {
    id: i64,
    name: String,
    vendor: String,
    companies: Vec<String>,
    more: usize,
    /// A secret that its vendor needs is not stored.
    incomplete: bool,
    /// So many of its companies' last runs failed.
    failing: usize,
    /// Since when it is in quarantine.
    quarantine: Option<At>,
    budget: Option<BudgetLine>,
}

/// What was read of an hourly budget.
#[derive(Clone, Debug, Serialize)]
struct BudgetLine {
    /// Requests that were used, by everybody.
    used: String,
    /// Requests that are allowed in an hour.
    allowed: String,
    /// Requests that are left before Rollcall stops; empty: that was read longer than an hour ago, and is no more.
    left: String,
    /// When it was read.
    read: At,
}

impl Page for ListPage {
    const TEMPLATE: &'static str = "pages/psa_settings.html";

    fn title(&self) -> String {
        "PSA connections".into()
    }

    fn place(&self) -> Place {
        Place::Settings
    }

    fn samples() -> Vec<Self> {
        let line = |id: i64, name: &str| Line {
            id,
            name: name.into(),
            vendor: "A PSA".into(),
            companies: vec!["Contoso".into(), name.into()],
            more: usize::try_from(id).unwrap_or_default() % 3,
            incomplete: id == 3,
            failing: usize::try_from(id).unwrap_or_default() % 2,
            quarantine: (id == 4).then(At::sample),
            budget: (id % 2 == 0).then(|| BudgetLine {
                used: "2,300".into(),
                allowed: "10,000".into(),
                left: if id % 4 == 0 { "6,500" } else { "" }.into(),
                read: At::sample(),
            }),
        };
        let alone = Line {
            companies: Vec::new(),
            more: 0,
            ..line(2, "Main PSA")
        };
        let hostile = "\"'><script>alert(1)</script>\u{202e}\u{1f600}";
        vec![
            Self::default(),
            Self {
                connections: vec![alone],
            },
            Self {
                connections: (1..40).map(|id| line(id, hostile)).collect(),
            },
        ]
    }
}

/// The budget of a connection, as it was last read.
fn budget(conn: &mut Conn, psa: i64, now: DateTime<Utc>) -> QueryResult<Option<BudgetLine>> {
    let found = facts::get(conn, &facts::psa_scope(psa), BUDGET)?;
    Ok(found.and_then(|(value, at)| {
        let budget: Budget = serde_json::from_value(value).ok()?;
        let holds = now - at < TimeDelta::hours(1);
        Some(BudgetLine {
            used: words::number(budget.used),
            allowed: words::number(budget.allowed),
            left: if holds {
                words::number(budget.left())
            } else {
                String::new()
            },
            read: At::new(at, now),
        })
    }))
}

async fn list(visit: Visit) -> Result<HttpResponse, WebError> {
    let now = visit.now();
    let lines = visit
        .app()
        .db()
        .read(move |conn| {
            let last = runs::recent_of_all(conn, 1)?;
            let mut lines = Vec::new();
            for connection in psa_connections::list(conn)? {
                let used = companies::of_psa(conn, connection.id)?;
                let failed = |id: &i64| {
                    let runs = last.get(id).map_or(&[][..], Vec::as_slice);
                    runs.iter().any(|run| run.status == Some(Status::Failed))
                };
                let failing = used.iter().filter(|(id, _)| failed(id)).count();
                let known = secrets::names(conn, OF_PSA, connection.id)?;
                let vendor = vendor(&connection.kind);
                let mut needed = vendor.map_or(&[][..], |vendor| vendor.fields).iter();
                let incomplete =
                    needed.any(|field| field.secret && !known.iter().any(|name| name == field.key));
                let more = used.len().saturating_sub(NAMED);
                let names = used.into_iter().take(NAMED).map(|(_, name)| name);
                lines.push(Line {
                    id: connection.id,
                    name: connection.name,
                    vendor: vendor.map_or(connection.kind, |vendor| vendor.name.to_owned()),
                    companies: names.collect(),
                    more,
                    incomplete,
                    failing,
                    quarantine: quarantines::get(conn, Owner::psa(connection.id))?
                        .map(|one| At::new(one.since, now)),
                    budget: budget(conn, connection.id, now)?,
                });
            }
            Ok(lines)
        })
        .await?;
    visit.page(&ListPage { connections: lines })
}

/// What stays and what goes.
#[derive(Clone, Debug, Serialize)]
pub struct RemovalPage {
    id: i64,
    name: String,
    version: i64,
    /// They use it, so that it stays.
    companies: Vec<String>,
}

impl Page for RemovalPage {
    const TEMPLATE: &'static str = "pages/psa_removal.html";

    fn title(&self) -> String {
        format!("Remove PSA connection {}", self.name)
    }

    fn place(&self) -> Place {
        Place::Settings
    }

    fn samples() -> Vec<Self> {
        let free = Self {
            id: 1,
            name: "Main PSA".into(),
            version: 3,
            companies: Vec::new(),
        };
        let used = Self {
            name: "<script>\"'\u{202e}\u{1f600}".into(),
            companies: (0..500).map(|at| format!("<script>{at}")).collect(),
            ..free.clone()
        };
        vec![free, used]
    }
}

async fn removal(visit: &Visit, id: i64) -> Result<RemovalPage, WebError> {
    let (connection, version, used) = visit
        .app()
        .db()
        .read(move |conn| {
            Ok((
                psa_connections::get(conn, id)?,
                psa_connections::version(conn, id)?,
                companies::of_psa(conn, id)?,
            ))
        })
        .await?;
    let (Some(connection), Some(version)) = (connection, version) else {
        return Err(WebError::NotFound);
    };
    Ok(RemovalPage {
        id,
        name: connection.name,
        version,
        companies: used.into_iter().map(|(_, name)| name).collect(),
    })
}

async fn before_removing(visit: Visit, id: Path<i64>) -> Result<HttpResponse, WebError> {
    visit.page(&removal(&visit, *id).await?)
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RemovalForm {
    version: String,
}

/// Who changed a connection since it had the version in which a page of it was opened.
///
/// # Errors
/// Where the database fails.
pub(super) async fn stale(
    visit: &Visit,
    name: String,
    versions: (i64, i64),
) -> Result<String, WebError> {
    let saved = visit
        .app()
        .db()
        .read(move |conn| changed::of_psa(conn, &name, versions));
    let me = visit.name();
    let (saved, what) = (saved.await?, "this connection");
    Ok(changed::sentence(&saved, &me, what, visit.now()))
}

async fn remove(
    visit: Visit,
    id: Path<i64>,
    form: Form<RemovalForm>,
) -> Result<HttpResponse, WebError> {
    let page = removal(&visit, *id).await?;
    let version = form.0.version.parse().unwrap_or_default();
    match connections::remove_psa(visit.app(), *id, version, &visit.name()).await? {
        Parted::Done { .. } => Ok(visit.done(HERE, format!("{} is removed.", page.name))),
        Parted::Stale { now } => {
            let who = stale(&visit, page.name, (now, version)).await?;
            Ok(visit.refused(
                &format!("{HERE}/{}/remove", page.id),
                format!("{who} It was not removed. Look again."),
            ))
        }
        Parted::Gone => Err(WebError::NotFound),
        Parted::InUse(companies) => {
            let page = RemovalPage { companies, ..page };
            visit.again(&page)
        }
    }
}
