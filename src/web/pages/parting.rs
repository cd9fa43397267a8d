//! Removing a company and disconnecting its tenant: says first what stays and what goes.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::{Deserialize, Serialize};

use super::connection::{address, stale};
use crate::connections::{self, Parted, Parting};
use crate::model::Company;
use crate::rules;
use crate::web::deciding::{self, WAITS};
use crate::web::routes::{Entry, routes};
use crate::web::{CompanyHead, Form, Mistakes, Page, Place, Samples, Tab, Visit, WebError};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/companies/{company:\\d+}/remove" Administrator show_remove;
    Post Act "/companies/{company:\\d+}/remove" Administrator remove;
    Get Page "/companies/{company:\\d+}/disconnect" Technician show_disconnect;
    Post Act "/companies/{company:\\d+}/disconnect" Technician disconnect;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<PartingPage>();
}

/// So many names of people who wait are shown.
const NAMED: usize = 10;

/// What stays and what goes.
#[derive(Clone, Debug, Serialize)]
pub struct PartingPage {
    head: CompanyHead,
    /// The company goes (else its tenant alone is disconnected).
    whole: bool,
    version: i64,
    links: i64,
    runs: i64,
    connected: bool,
    /// Contact sync is on, and ends.
    syncing: bool,
    held: usize,
    held_names: Vec<String>,
    typed: String,
    mistakes: Mistakes,
}

impl Page for PartingPage {
    const TEMPLATE: &'static str = "pages/parting.html";

    fn title(&self) -> String {
        let what = if self.whole { "Remove" } else { "Disconnect" };
        format!("{what}: {}", self.head.name)
    }

    fn place(&self) -> Place {
        Place::Fleet
    }

    fn company(&self) -> Option<CompanyHead> {
        Some(self.head.clone())
    }

    fn samples() -> Vec<Self> {
        let bare = Self {
            head: CompanyHead::sample(Tab::Connection),
            whole: true,
            version: 1,
            links: 0,
            runs: 0,
            connected: false,
            syncing: false,
            held: 0,
            held_names: Vec::new(),
            typed: String::new(),
            mistakes: Mistakes::default(),
        };
        let one = Self {
            links: 1,
            runs: 1,
            connected: true,
            syncing: true,
            held: 1,
            held_names: vec!["<script>alert(1)</script> \u{202e}txet".into()],
            typed: "\"><script>alert(1)</script>".into(),
            mistakes: [("name", "This is not the company's name.")]
                .into_iter()
                .collect(),
            ..bare.clone()
        };
        let many = Self {
            links: 128,
            runs: 1_000,
            held: 40,
            held_names: vec!["A long name of a person ".repeat(8); NAMED],
            ..one.clone()
        };
        let disconnect = |page: &Self| Self {
            whole: false,
            mistakes: Mistakes::default(),
            ..page.clone()
        };
        vec![disconnect(&bare), disconnect(&many), bare, one, many]
    }
}

fn page(company: &Company, parting: &Parting, whole: bool) -> PartingPage {
    let named = parting.held.iter().take(NAMED);
    PartingPage {
        head: CompanyHead::new(company, Tab::Connection),
        whole,
        version: parting.version,
        links: parting.links,
        runs: parting.runs,
        connected: parting.connected,
        syncing: company.sync_contacts,
        held: parting.held.len(),
        held_names: named.map(|person| person.name.clone()).collect(),
        typed: String::new(),
        mistakes: Mistakes::default(),
    }
}

async fn read(visit: &Visit, id: i64, whole: bool) -> Result<PartingPage, WebError> {
    let company = visit.company(id).await?;
    let parting = visit
        .app()
        .db()
        .read(move |conn| connections::before_removing_company(conn, id))
        .await?;
    let parting = parting.ok_or(WebError::NotFound)?;
    Ok(page(&company, &parting, whole))
}

async fn show_remove(visit: Visit, company: Path<i64>) -> Result<HttpResponse, WebError> {
    visit.page(&read(&visit, *company, true).await?)
}

async fn show_disconnect(visit: Visit, company: Path<i64>) -> Result<HttpResponse, WebError> {
    let page = read(&visit, *company, false).await?;
    if !page.connected {
        return Ok(visit.lead(&address(*company)));
    }
    visit.page(&page)
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct PartingForm {
    version: i64,
    name: String,
}

async fn remove(
    visit: Visit,
    company: Path<i64>,
    form: Form<PartingForm>,
) -> Result<HttpResponse, WebError> {
    let form = form.0;
    let mut page = read(&visit, *company, true).await?;
    page.typed.clone_from(&form.name);
    if !rules::same(form.name.trim(), &page.head.name) {
        let sentence = "This is not the company's name. Type it as it stands above.";
        page.mistakes.add("name", sentence);
        return visit.again(&page);
    }
    let (app, id, staff) = (visit.app().clone(), *company, visit.name());
    let parted = deciding::saved(async move {
        connections::remove_company(&app, id, form.version, &staff).await
    });
    let parted = parted.await?;
    let name = page.head.name.clone();
    end(&visit, page, (form.version, parted), |links| {
        let text = format!(
            "{name} is removed{links}. Its contacts in the PSA stay as they are, and its history stays."
        );
        visit.done("/", text)
    })
    .await
}

async fn disconnect(
    visit: Visit,
    company: Path<i64>,
    form: Form<PartingForm>,
) -> Result<HttpResponse, WebError> {
    let page = read(&visit, *company, false).await?;
    if !page.connected {
        return Ok(visit.lead(&address(*company)));
    }
    let (app, id, staff) = (visit.app().clone(), *company, visit.name());
    let version = form.0.version;
    let parted =
        deciding::saved(
            async move { connections::disconnect_tenant(&app, id, version, &staff).await },
        );
    let parted = parted.await?;
    let to = address(*company);
    end(&visit, page, (version, parted), |links| {
        let text = format!(
            "The tenant is disconnected{links}. Contacts in the PSA stay as they are; contact sync is off."
        );
        visit.done(&to, text)
    })
    .await
}

/// Answers what came of it, to somebody who saw the company at `version`.
async fn end(
    visit: &Visit,
    mut page: PartingPage,
    (version, parted): (i64, Option<Parted>),
    done: impl FnOnce(String) -> HttpResponse,
) -> Result<HttpResponse, WebError> {
    let Some(parted) = parted else {
        page.mistakes.add("form", WAITS);
        return visit.again(&page);
    };
    match parted {
        Parted::Done { links } => Ok(done(match links {
            0 => String::new(),
            1 => ", and 1 link was retired".to_owned(),
            links => format!(", and {links} links were retired"),
        })),
        Parted::Stale { now } => {
            let seen = (page.head.id, version);
            page.version = now;
            let who = stale(visit, seen, "this company").await?;
            page.mistakes.add(
                "form",
                format!(
                    "{who} Nothing was done. Look at the numbers again, and press the button once more."
                ),
            );
            visit.again(&page)
        }
        Parted::Gone | Parted::InUse(_) => Err(WebError::NotFound),
    }
}
