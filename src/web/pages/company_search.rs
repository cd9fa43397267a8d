//! Finds a company in a PSA by typing: the part that the page of a new company and that of another place share.

use actix_web::HttpResponse;
use serde::{Deserialize, Serialize};

use crate::db::{companies, psa_connections};
use crate::model::PsaCompany;
use crate::model::text::folded;
use crate::pickers;
use crate::psa;
use crate::web::routes::{Entry, routes};
use crate::web::{Form, Part, Samples, Visit, WebError, words};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Post Part "/psa-companies" Technician part;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.part::<Found>();
}

/// So many companies a PSA answers a search with; more may be there.
const MOST: usize = 50;

/// What is searched.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Search {
    /// The PSA connection's row id; 0: all of them.
    pub psa: i64,
    /// What somebody types.
    pub search: String,
    /// The company that looks for another place; 0: a new one.
    pub company: i64,
}

/// The companies that were found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Found {
    /// What was typed.
    q: String,
    rows: Vec<Row>,
    /// There may be more.
    more: bool,
    /// Why there are none; empty: they were read.
    failure: String,
    /// What is said of PSAs that did not answer, beside those that did.
    silent: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    name: String,
    id: String,
    /// Which PSA it is in; empty where only one is searched.
    psa: String,
    active: bool,
    /// The company of Rollcall that is there; empty: none.
    taken: String,
    /// Its page; empty: none.
    taken_at: String,
    /// Where choosing it leads.
    href: String,
}

impl Part for Found {
    const TEMPLATE: &'static str = "parts/company_search.html";

    fn samples() -> Vec<Self> {
        let row = |name: &str, taken: &str, active| Row {
            name: name.into(),
            id: "250".into(),
            psa: taken.into(),
            active,
            taken: taken.into(),
            taken_at: if taken.is_empty() {
                String::new()
            } else {
                "/companies/7".into()
            },
            href: "/companies/new?psa=1&chosen=250".into(),
        };
        vec![
            Self::default(),
            Self {
                q: "zzz \"<script>alert(1)</script>".into(),
                ..Self::default()
            },
            Self {
                failure: "ConnectWise could not be reached. Try again in a minute.".into(),
                ..Self::default()
            },
            Self {
                q: "con".into(),
                rows: vec![
                    row("Contoso", "", true),
                    row("<script>alert(1)</script> \u{202e}txet 🧭", "Contoso", true),
                    row(&"Long name of a company ".repeat(12), "", false),
                ],
                more: true,
                silent: vec!["<b>Autotask</b>: it could not be reached. Try again.".into()],
                ..Self::default()
            },
        ]
    }
}

/// Searches one PSA or all of them; a PSA that does not answer is a sentence on the page.
///
/// # Errors
/// Where the database fails.
pub async fn find(visit: &Visit, search: &Search) -> Result<Found, WebError> {
    let q: String = search.search.trim().chars().take(100).collect();
    let mut found = Found {
        q,
        ..Found::default()
    };
    let all = connections(visit).await?;
    let wanted: Vec<&Choice> = all
        .iter()
        .filter(|choice| search.psa == 0 || choice.id == search.psa)
        .collect();
    let several = wanted.len() > 1;
    let text = &found.q;
    let asked = wanted.iter().map(|choice| async move {
        (
            *choice,
            pickers::companies(visit.app(), choice.id, text).await,
        )
    });
    let answers = futures_util::future::join_all(asked).await;
    let answered = answers.iter().any(|(_, answer)| answer.is_ok());
    let mut listed = Vec::new();
    for (choice, answer) in answers {
        match answer {
            Ok(rows) => {
                found.more |= rows.len() >= MOST;
                listed.extend(rows.into_iter().map(|row| (choice, row)));
            }
            Err(error) => found.silent.push(if several {
                format!("{}: {}", choice.name, words::told(&error))
            } else {
                words::told(&error)
            }),
        }
    }
    if !answered {
        found.failure = std::mem::take(&mut found.silent).join(" ");
    }
    if several {
        listed.sort_by_cached_key(|(_, row)| folded(&row.name).into_owned());
    }
    let places: Vec<_> = listed
        .iter()
        .map(|(psa, row)| (psa.id, row.id.clone()))
        .collect();
    let mut taken = visit
        .app()
        .db()
        .read(move |conn| companies::at_places(conn, &places))
        .await?;
    found.rows = listed
        .into_iter()
        .map(|(psa, company)| {
            let taken = taken.remove(&(psa.id, company.id.clone()));
            Row {
                psa: if several {
                    psa.name.clone()
                } else {
                    String::new()
                },
                ..row((search, psa.id), company, taken)
            }
        })
        .collect();
    Ok(found)
}

fn row((search, psa): (&Search, i64), company: PsaCompany, taken: Option<(i64, String)>) -> Row {
    let base = match search.company {
        0 => "/companies/new".to_owned(),
        id => format!("/companies/{id}/connection/psa"),
    };
    Row {
        href: format!("{base}?psa={psa}&chosen={}", company.id),
        name: company.name,
        id: company.id.to_string(),
        psa: String::new(),
        active: company.active,
        taken_at: taken
            .as_ref()
            .map(|(id, _)| format!("/companies/{id}"))
            .unwrap_or_default(),
        taken: taken.map(|(_, name)| name).unwrap_or_default(),
    }
}

/// A PSA connection to choose.
#[derive(Clone, Debug, Serialize)]
pub struct Choice {
    /// Row id.
    pub id: i64,
    /// Its name, with the vendor's where it says something else.
    pub name: String,
}

/// The PSA connections.
///
/// # Errors
/// Where the database fails.
pub async fn connections(visit: &Visit) -> Result<Vec<Choice>, WebError> {
    let all = visit.app().db().read(psa_connections::list).await?;
    let choices = all.into_iter().map(|connection| {
        let vendor = psa::vendor(&connection.kind).map_or("", |vendor| vendor.name);
        let said = connection
            .name
            .to_lowercase()
            .contains(&vendor.to_lowercase());
        Choice {
            id: connection.id,
            name: if said {
                connection.name
            } else {
                format!("{} ({vendor})", connection.name)
            },
        }
    });
    Ok(choices.collect())
}

/// The id of a company in a PSA, where it can be one.
pub fn psa_company_id(text: &str) -> Option<crate::model::PsaCompanyId> {
    let text = text.trim();
    (!text.is_empty() && crate::rules::psa_company_id(text)).then(|| text.into())
}

async fn part(visit: Visit, search: Form<Search>) -> Result<HttpResponse, WebError> {
    let found = find(&visit, &search.0).await?;
    visit.part(&found)
}
