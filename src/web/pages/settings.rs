//! Where the settings begin: a card for each kind with its state in a sentence.

use actix_web::HttpResponse;
use serde::Serialize;

use crate::config::Database;
use crate::connections;
use crate::db::{deliveries, jobs, psa_connections, settings, staff};
use crate::notices;
use crate::web::routes::{Entry, routes};
use crate::web::{Page, Place, Samples, Visit, WebError};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/settings" Administrator show;
};

/// So many days before its end a secret is worth a warning.
const SOON: i64 = 30;
/// So many names stand in a sentence.
const NAMED: usize = 5;
/// So many jobs that failed are counted.
const COUNTED: i64 = 100;

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<SettingsPage>();
}

/// The cards.
#[derive(Clone, Debug, Serialize)]
pub struct SettingsPage {
    cards: Vec<Card>,
}

#[derive(Clone, Debug, Serialize)]
struct Card {
    href: String,
    title: String,
    sentence: String,
    /// What needs a person; empty: nothing.
    warning: String,
}

impl Card {
    fn new(href: &str, title: &str, sentence: impl Into<String>) -> Self {
        Self {
            href: href.into(),
            title: title.into(),
            sentence: sentence.into(),
            warning: String::new(),
        }
    }
}

impl Page for SettingsPage {
    const TEMPLATE: &'static str = "pages/settings.html";

    fn title(&self) -> String {
        "Settings".into()
    }

    fn place(&self) -> Place {
        Place::Settings
    }

    fn samples() -> Vec<Self> {
        let calm = Card::new(
            "/settings/psa",
            "PSA connections",
            "No PSA is connected yet.",
        );
        let hostile = Card {
            sentence: format!(
                "1 connection: <script>\"'\u{202e}\u{1f600} {}",
                "x".repeat(500)
            ),
            warning: "The client secret has ended.".into(),
            ..calm.clone()
        };
        vec![
            Self {
                cards: vec![calm.clone()],
            },
            Self {
                cards: vec![calm, hostile],
            },
        ]
    }
}

/// "3 connections: A, B, C", or what is said of none.
pub(super) fn counted(names: &[String], one: &str, many: &str, none: &str) -> String {
    if names.is_empty() {
        return none.to_owned();
    }
    let first = names
        .iter()
        .take(NAMED)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    let more = names.len().saturating_sub(NAMED);
    let kind = if names.len() == 1 { one } else { many };
    if more == 0 {
        format!("{} {kind}: {first}.", names.len())
    } else {
        format!("{} {kind}: {first} and {more} more.", names.len())
    }
}

fn number(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let app = visit.app();
    let (psas, licences, people, failed) = app
        .db()
        .read(|conn| {
            Ok((
                psa_connections::labels(conn)?,
                settings::ignored_licences(conn)?,
                staff::list(conn)?,
                jobs::list_failed(conn, COUNTED)?.len(),
            ))
        })
        .await?;
    let names: Vec<String> = psas.into_iter().map(|(_, name)| name).collect();
    let psa = Card::new(
        "/settings/psa",
        "PSA connections",
        counted(
            &names,
            "connection",
            "connections",
            "No PSA is connected yet.",
        ),
    );
    let licences = Card::new(
        "/settings/licences",
        "Licences that do not count",
        match &licences {
            Some(own) => format!(
                "{} on your own list.",
                number(own.len(), "licence", "licences")
            ),
            None => "The standard list: free, viral and trial licences.".to_owned(),
        },
    );
    let waiting = people.iter().filter(|person| !person.has_password).count();
    let staff = Card::new(
        "/settings/staff",
        "Staff",
        match waiting {
            0 => format!("{}.", number(people.len(), "person", "people")),
            waiting => format!(
                "{}, {waiting} of them without a password yet.",
                number(people.len(), "person", "people")
            ),
        },
    );
    let jobs = Card::new(
        "/settings/jobs",
        "Jobs",
        match failed {
            0 => "What runs, what waits, and when. None has failed.".to_owned(),
            failed => format!(
                "What runs, what waits, and when. {} failed.",
                number(failed, "job has", "jobs have")
            ),
        },
    );
    let installation = Card::new(
        "/settings/installation",
        "Installation",
        format!("Rollcall {} on {}.", VERSION, database(&visit)),
    );
    let cards = vec![
        psa,
        licences,
        microsoft(&visit).await?,
        notices_card(&visit).await?,
        staff,
        jobs,
        installation,
    ];
    visit.page(&SettingsPage { cards })
}

async fn microsoft(visit: &Visit) -> Result<Card, WebError> {
    let mut card = Card::new(
        "/settings/microsoft",
        "Microsoft app",
        "Not set up. With an app of your own, a customer connects by one consent.",
    );
    let Some(app) = connections::microsoft_app(visit.app()).await? else {
        return Ok(card);
    };
    let with = if app.certificate {
        "certificate"
    } else {
        "client secret"
    };
    card.sentence = match app.expires {
        Some(end) => format!(
            "Set up with a {with} that ends on {}.",
            end.format("%-d %b %Y")
        ),
        None => format!("Set up with a {with}; its end date is not known."),
    };
    let left = app
        .expires
        .map(|end| (end - visit.now().date_naive()).num_days());
    match left {
        Some(..0) => card.warning = format!("The {with} has ended: replace it."),
        Some(..SOON) => card.warning = format!("The {with} ends soon: replace it."),
        _ => {}
    }
    Ok(card)
}

async fn notices_card(visit: &Visit) -> Result<Card, WebError> {
    let read = |conn: &mut crate::db::Conn| {
        Ok((
            notices::settings::mail(conn)?.is_some(),
            notices::settings::stored(conn)?,
            notices::settings::audience(conn)?.everybody.len(),
            deliveries::failed(conn)?,
        ))
    };
    let (mail, (_, webhook, _), people, failed) = visit.app().db().read(read).await?;
    let sentence = match (mail, webhook) {
        (false, false) => {
            "Not set up. By mail or webhook, people hear when something needs them.".to_owned()
        }
        (true, webhook) => format!(
            "By mail to {}{}.",
            number(people, "address", "addresses"),
            if webhook { ", and by webhook" } else { "" }
        ),
        (false, true) => "By webhook.".to_owned(),
    };
    let mut card = Card::new("/settings/notices", "Notices", sentence);
    if failed > 0 {
        let failed = usize::try_from(failed).unwrap_or(usize::MAX);
        let what = number(failed, "notice", "notices");
        card.warning = format!("{what} could not leave: see why.");
    }
    Ok(card)
}

pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(super) fn database(visit: &Visit) -> &'static str {
    match visit.app().config().database {
        Database::Sqlite(_) => "SQLite",
        Database::Postgres(_) => "PostgreSQL",
    }
}
