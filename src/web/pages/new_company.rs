//! Adds a company: finds it in the PSA by typing, and names it. Its contact sync is off at first, so that an abandoned set-up
//! does nothing and loses nothing.

use actix_web::HttpResponse;
use actix_web::web::Query;
use serde::{Deserialize, Serialize};

use super::company_search::{self, Choice, Found, Search};
use super::searches;
use crate::connections::{self, Saving};
use crate::model::{Company, Guard, PsaCompany};
use crate::pickers;
use crate::web::routes::{Entry, routes};
use crate::web::setup::Setup;
use crate::web::{Form, Mistakes, Page, Part, Place, Samples, Visit, WebError, words};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/companies/new" Technician show;
    Post Act "/companies/new" Technician add;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<NewCompanyPage>();
}

/// Where the company is in the PSA, and what it is called.
#[derive(Clone, Debug, Serialize)]
pub struct NewCompanyPage {
    setup: Setup,
    connections: Vec<Choice>,
    /// The row id of the PSA connection; 0: all are searched.
    psa: i64,
    psa_name: String,
    q: String,
    /// What the search found; `None` once a company is chosen.
    found: Option<Found>,
    /// The company that was chosen.
    chosen: Option<Chosen>,
    name: String,
    mistakes: Mistakes,
}

/// A company of the PSA that was chosen.
#[derive(Clone, Debug, Serialize)]
pub struct Chosen {
    /// Its id in the PSA.
    pub id: String,
    /// Its name there.
    pub name: String,
    /// Whether it is active there.
    pub active: bool,
}

impl From<PsaCompany> for Chosen {
    fn from(company: PsaCompany) -> Self {
        Self {
            id: company.id.to_string(),
            name: company.name,
            active: company.active,
        }
    }
}

impl Page for NewCompanyPage {
    const TEMPLATE: &'static str = "pages/new_company.html";

    fn title(&self) -> String {
        "Add a company".into()
    }

    fn place(&self) -> Place {
        Place::Fleet
    }

    fn samples() -> Vec<Self> {
        let choice = |id, name: &str| Choice {
            id,
            name: name.into(),
        };
        let none = Self {
            setup: Setup::first(),
            connections: Vec::new(),
            psa: 0,
            psa_name: String::new(),
            q: String::new(),
            found: None,
            chosen: None,
            name: String::new(),
            mistakes: Mistakes::default(),
        };
        let mut samples = vec![none.clone()];
        samples.extend(Found::samples().into_iter().map(|found| Self {
            connections: vec![choice(1, "ConnectWise"), choice(2, "<script>\"")],
            psa: 2,
            q: "\"><script>alert(1)</script>".into(),
            found: Some(found),
            ..none.clone()
        }));
        samples.push(Self {
            connections: vec![choice(1, "ConnectWise")],
            psa: 1,
            psa_name: "ConnectWise".into(),
            chosen: Some(Chosen {
                id: "250".into(),
                name: "<script>alert(1)</script> \u{202e}txet".into(),
                active: false,
            }),
            name: "Long name ".repeat(40),
            mistakes: [("name", "Another company in Rollcall has this name.")]
                .into_iter()
                .collect(),
            ..none
        });
        samples
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    psa: i64,
    /// The number of the search.
    s: String,
    chosen: String,
}

async fn show(visit: Visit, asked: Query<Asked>) -> Result<HttpResponse, WebError> {
    let mut page = page(&visit, asked.psa).await?;
    page.q = searches::text(&visit, &asked.s);
    if page.connections.is_empty() {
        return visit.page(&page);
    }
    let chosen = company_search::psa_company_id(&asked.chosen);
    if let Some(id) = chosen.filter(|_| page.psa != 0) {
        match pickers::psa_company(visit.app(), page.psa, &id).await {
            Ok(Some(company)) => {
                page.name.clone_from(&company.name);
                page.chosen = Some(company.into());
                return visit.page(&page);
            }
            Ok(None) => page.mistakes.add("form", GONE),
            Err(error) => page.mistakes.add("form", words::told(&error)),
        }
    }
    let search = Search {
        psa: page.psa,
        search: page.q.clone(),
        company: 0,
    };
    page.found = Some(company_search::find(&visit, &search).await?);
    visit.page(&page)
}

/// What is said of a company that is not in the PSA.
pub const GONE: &str = "The PSA has no such company, or not any more. Choose another one.";

async fn page(visit: &Visit, psa: i64) -> Result<NewCompanyPage, WebError> {
    let connections = company_search::connections(visit).await?;
    let psa = match connections.as_slice() {
        [only] => only.id,
        all if all.iter().any(|choice| choice.id == psa) => psa,
        // Whoever adds a company need not know which PSA it is in.
        _ => 0,
    };
    let psa_name = connections.iter().find(|choice| choice.id == psa);
    let psa_name = psa_name
        .map(|choice| choice.name.clone())
        .unwrap_or_default();
    Ok(NewCompanyPage {
        setup: Setup::first(),
        connections,
        psa,
        psa_name,
        q: String::new(),
        found: None,
        chosen: None,
        name: String::new(),
        mistakes: Mistakes::default(),
    })
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct NewCompany {
    psa: i64,
    psa_company_id: String,
    name: String,
}

async fn add(visit: Visit, form: Form<NewCompany>) -> Result<HttpResponse, WebError> {
    let form = form.0;
    let mut page = page(&visit, form.psa).await?;
    page.name.clone_from(&form.name);
    let known = page.psa != 0 && page.psa == form.psa;
    let id = company_search::psa_company_id(&form.psa_company_id).filter(|_| known);
    let Some(id) = id else {
        page.mistakes
            .add("form", "Choose the company in the PSA first.");
        return visit.again(&page);
    };
    match pickers::psa_company(visit.app(), page.psa, &id).await {
        Ok(Some(company)) => page.chosen = Some(company.into()),
        Ok(None) => {
            page.mistakes.add("form", GONE);
            return visit.again(&page);
        }
        Err(error) => {
            page.mistakes.add("form", words::told(&error));
            return visit.again(&page);
        }
    }
    let company = Company {
        id: 0,
        name: form.name,
        psa_id: page.psa,
        psa_company_id: id,
        sync_contacts: false,
        update_existing: false,
        use_email: false,
        default_site: None,
        schedule: None,
        timezone: "UTC".into(),
        guard: Guard::default(),
        filters: Vec::new(),
        ignored: Vec::new(),
    };
    let staff = visit.name();
    let saved = connections::save_company(visit.app(), &company, 0, &staff, |_, _| Ok(())).await?;
    match saved {
        Saving::Saved { id, .. } => Ok(visit.done(
            &format!("/companies/{id}/connection"),
            format!("{} is added. Its contact sync is off.", company.name.trim()),
        )),
        Saving::NameTaken => {
            page.mistakes.add(
                "name",
                "Another company in Rollcall has this name. Choose another name.",
            );
            visit.again(&page)
        }
        Saving::PlaceTaken { by } => {
            let sentence = format!("This company is in Rollcall already, as {by}.");
            page.mistakes.add("form", sentence);
            visit.again(&page)
        }
        Saving::Mistakes(mistakes) => {
            for mistake in mistakes {
                let field = if mistake.field == "name" {
                    "name"
                } else {
                    "form"
                };
                page.mistakes.add(field, mistake.message);
            }
            visit.again(&page)
        }
        // A new company has no version, and cannot be gone.
        Saving::Stale { .. } | Saving::Gone => Err(WebError::NotFound),
    }
}
