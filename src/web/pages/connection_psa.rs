//! Gives a company another place in the PSA: says first how many links retire, and asks for a confirmation.

use actix_web::HttpResponse;
use actix_web::web::{Path, Query};
use serde::{Deserialize, Serialize};

use super::company_search::{self, Choice, Found, Search};
use super::connection::{address, stale};
use super::new_company::{Chosen, GONE};
use super::searches;
use crate::connections::{self, Saving};
use crate::db::{companies, links};
use crate::model::{Company, PsaCompanyId, Target};
use crate::web::deciding::{self, WAITS};
use crate::web::routes::{Entry, routes};
use crate::web::{
    CompanyHead, Form, Mistakes, Page, Part, Place, Samples, Tab, Visit, WebError, words,
};
use crate::{jobs, pickers};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/companies/{company:\\d+}/connection/psa" Technician show;
    Post Act "/companies/{company:\\d+}/connection/psa" Technician save;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<PlacePage>();
}

/// Another place in the PSA.
#[derive(Clone, Debug, Serialize)]
pub struct PlacePage {
    head: CompanyHead,
    version: i64,
    connections: Vec<Choice>,
    psa: i64,
    q: String,
    found: Option<Found>,
    chosen: Option<Chosen>,
    /// So many links retire.
    links: i64,
    /// Whether sites were chosen, which another company does not have.
    sites: bool,
    mistakes: Mistakes,
}

impl Page for PlacePage {
    const TEMPLATE: &'static str = "pages/connection_psa.html";

    fn title(&self) -> String {
        format!("Company in the PSA: {}", self.head.name)
    }

    fn place(&self) -> Place {
        Place::Fleet
    }

    fn company(&self) -> Option<CompanyHead> {
        Some(self.head.clone())
    }

    fn samples() -> Vec<Self> {
        let first = Self {
            head: CompanyHead::sample(Tab::Connection),
            version: 1,
            connections: vec![Choice {
                id: 1,
                name: "ConnectWise".into(),
            }],
            psa: 1,
            q: String::new(),
            found: None,
            chosen: None,
            links: 0,
            sites: false,
            mistakes: Mistakes::default(),
        };
        let mut samples: Vec<Self> = Found::samples()
            .into_iter()
            .map(|found| Self {
                found: Some(found),
                connections: ["ConnectWise", "\"><script>alert(1)</script>"]
                    .into_iter()
                    .zip(1..)
                    .map(|(name, id)| Choice {
                        id,
                        name: name.into(),
                    })
                    .collect(),
                q: "\"><script>alert(1)</script>".into(),
                ..first.clone()
            })
            .collect();
        for (links, active) in [(0, true), (1, false), (128, true)] {
            samples.push(Self {
                chosen: Some(Chosen {
                    id: "300".into(),
                    name: "<script>alert(1)</script> \u{202e}txet".into(),
                    active,
                }),
                links,
                sites: links > 1,
                mistakes: [("confirm", "Tick here that the links may retire.")]
                    .into_iter()
                    .filter(|_| links > 0)
                    .collect(),
                ..first.clone()
            });
        }
        samples.push(first);
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

async fn show(
    visit: Visit,
    company: Path<i64>,
    asked: Query<Asked>,
) -> Result<HttpResponse, WebError> {
    let company = visit.company(*company).await?;
    let mut page = page(&visit, &company, asked.psa).await?;
    page.q = searches::text(&visit, &asked.s);
    if let Some(id) = company_search::psa_company_id(&asked.chosen)
        && choose(&visit, &mut page, &id).await
    {
        return visit.page(&page);
    }
    let search = Search {
        psa: page.psa,
        search: page.q.clone(),
        company: company.id,
    };
    page.found = Some(company_search::find(&visit, &search).await?);
    visit.page(&page)
}

/// Reads the company that was chosen; false: the page says why not.
async fn choose(visit: &Visit, page: &mut PlacePage, id: &PsaCompanyId) -> bool {
    match pickers::psa_company(visit.app(), page.psa, id).await {
        Ok(Some(company)) => {
            page.chosen = Some(company.into());
            return true;
        }
        Ok(None) => page.mistakes.add("form", GONE),
        Err(error) => page.mistakes.add("form", words::told(&error)),
    }
    false
}

async fn page(visit: &Visit, company: &Company, psa: i64) -> Result<PlacePage, WebError> {
    let connections = company_search::connections(visit).await?;
    let known = connections.iter().any(|choice| choice.id == psa);
    let id = company.id;
    let (links, version) = visit
        .app()
        .db()
        .read(move |conn| Ok((links::count(conn, id)?, companies::version(conn, id)?)))
        .await?;
    let named = company
        .filters
        .iter()
        .any(|filter| matches!(filter.target, Target::Place { site: Some(_), .. }));
    Ok(PlacePage {
        head: CompanyHead::new(company, Tab::Connection),
        version: version.unwrap_or_default(),
        connections,
        psa: if known { psa } else { company.psa_id },
        q: String::new(),
        found: None,
        chosen: None,
        links,
        sites: named || company.default_site.is_some(),
        mistakes: Mistakes::default(),
    })
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct NewPlace {
    version: i64,
    psa: i64,
    psa_company_id: String,
    confirm: bool,
}

async fn save(
    visit: Visit,
    company: Path<i64>,
    form: Form<NewPlace>,
) -> Result<HttpResponse, WebError> {
    let form = form.0;
    let mut company = visit.company(*company).await?;
    let mut page = page(&visit, &company, form.psa).await?;
    let id = company_search::psa_company_id(&form.psa_company_id).filter(|_| page.psa == form.psa);
    let Some(id) = id else {
        page.mistakes
            .add("form", "Choose the company in the PSA first.");
        return visit.again(&page);
    };
    if !choose(&visit, &mut page, &id).await {
        return visit.again(&page);
    }
    let same = company.psa_id == page.psa && company.psa_company_id == id;
    if page.links > 0 && !same && !form.confirm {
        page.mistakes
            .add("confirm", "Tick here that the links may retire.");
        return visit.again(&page);
    }
    company.psa_id = page.psa;
    company.psa_company_id = id;
    // Another company may have other sites: nothing is written before a person has looked.
    company.sync_contacts &= same;
    let staff = visit.name();
    let then = jobs::follow_a_save(&staff, visit.now());
    let (app, wanted, version) = (visit.app().clone(), company.clone(), form.version);
    let saved = deciding::saved(async move {
        connections::save_company(&app, &wanted, version, &staff, then).await
    });
    let Some(saved) = saved.await? else {
        page.mistakes.add("form", WAITS);
        return visit.again(&page);
    };
    match saved {
        Saving::Saved { id, .. } => {
            visit.app().jobs().wake();
            let retired = if same { 0 } else { page.links };
            Ok(visit.done(&address(id), done(&page, retired)))
        }
        Saving::Stale { now } => {
            page.version = now;
            let who = stale(&visit, (company.id, form.version), "this company").await?;
            page.mistakes.add(
                "form",
                format!(
                    "{who} Nothing was saved. Look whether this is still right, and press the button again."
                ),
            );
            visit.again(&page)
        }
        Saving::PlaceTaken { by } => {
            page.mistakes.add(
                "form",
                format!("This company of the PSA is {by} in Rollcall already. Choose another one."),
            );
            visit.again(&page)
        }
        Saving::Mistakes(mistakes) => {
            for mistake in mistakes {
                page.mistakes.add("form", words::sentence(&mistake.message));
            }
            visit.again(&page)
        }
        Saving::NameTaken | Saving::Gone => Err(WebError::NotFound),
    }
}

fn done(page: &PlacePage, retired: i64) -> String {
    let name = page.chosen.as_ref().map_or("", |chosen| &chosen.name);
    let links = match retired {
        0 => String::new(),
        1 => " 1 link was retired.".to_owned(),
        retired => format!(" {retired} links were retired."),
    };
    let sites = if page.sites {
        " Check the sites in the options and filters."
    } else {
        ""
    };
    format!(
        "The company in the PSA is {name} now.{links}{sites} Look at the preview before contact sync goes on."
    )
}
