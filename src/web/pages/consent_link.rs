//! A tenant whose administrator is somebody else: a link to copy and send to them, and what a technician types once they have
//! accepted. Nothing of the link's answer is used; the tenant is read by what is typed. A tenant that may be another customer's is
//! asked about here before it is connected, whichever way it came.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::{Deserialize, Serialize};

use super::connection::address;
use super::consent;
use crate::connections::{self, Consented};
use crate::db::tenant_connections;
use crate::model::{Company, TenantId};
use crate::web::routes::{Entry, routes};
use crate::web::{
    CompanyHead, Form, Mistakes, NewTenant, Page, Place, Samples, Tab, TenantDoubt, Visit, WebError,
};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/companies/{company:\\d+}/connection/link" Technician show;
    Post Act "/companies/{company:\\d+}/connection/link" Technician find;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<LinkPage>();
}

/// Under this name a session remembers the tenant that is asked about.
const ASKED: &str = "tenant_asked";
/// So many domains of a tenant are shown.
const MOST_DOMAINS: usize = 5;

/// The link, and a field for what its answer does not say; or a question about a tenant.
#[derive(Clone, Debug, Serialize)]
pub struct LinkPage {
    head: CompanyHead,
    /// The address for the administrator.
    link: String,
    /// The tenant that the company has already, which the administrator is of; empty: none.
    stored: String,
    /// Whether the address to which Microsoft leads back may be one of this machine or network alone.
    at_home: bool,
    typed: String,
    question: Option<Question>,
    mistakes: Mistakes,
}

/// A tenant that was read, and may be another customer's.
#[derive(Clone, Debug, Serialize)]
struct Question {
    tenant: Asked,
    /// So many more domains.
    more: usize,
    doubt: TenantDoubt,
}

/// What a session remembers of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Asked {
    company: i64,
    id: String,
    name: String,
    domains: Vec<String>,
}

impl Page for LinkPage {
    const TEMPLATE: &'static str = "pages/consent_link.html";

    fn title(&self) -> String {
        let what = match self.question {
            Some(_) => "Is this the tenant?",
            None => "A link for the administrator",
        };
        format!("{what}: {}", self.head.name)
    }

    fn place(&self) -> Place {
        Place::Fleet
    }

    fn company(&self) -> Option<CompanyHead> {
        Some(self.head.clone())
    }

    fn samples() -> Vec<Self> {
        let hostile = "\"><script>alert(1)</script> \u{202e}txet";
        let new = Self {
            head: CompanyHead::sample(Tab::Connection),
            link: format!("https://login.example/organizations?x={}", "y".repeat(400)),
            stored: String::new(),
            at_home: true,
            typed: String::new(),
            question: None,
            mistakes: Mistakes::default(),
        };
        let mistaken = Self {
            stored: "6f0c7b1e-0000-4000-8000-000000000001".into(),
            typed: hostile.into(),
            mistakes: [("tenant", "This is <script> wrong.")]
                .into_iter()
                .collect(),
            ..new.clone()
        };
        let asked = |domains: usize, more, doubt: &TenantDoubt| Self {
            question: Some(Question {
                tenant: Asked {
                    company: 7,
                    id: "6f0c7b1e-0000-4000-8000-000000000001".into(),
                    name: hostile.into(),
                    domains: vec![format!("{}.example", "long".repeat(40)); domains],
                },
                more,
                doubt: doubt.clone(),
            }),
            ..new.clone()
        };
        let [shared, strange] = TenantDoubt::samples();
        vec![
            asked(MOST_DOMAINS, 3, &TenantDoubt::sample()),
            asked(0, 0, &shared),
            asked(1, 0, &strange),
            mistaken,
            new,
        ]
    }
}

/// Leads to the question about a tenant that was read. It is asked once, and the answer has the tenant read anew.
///
/// # Errors
/// Where the session cannot take it.
pub(super) fn ask(visit: &Visit, read: &Consented) -> Result<HttpResponse, WebError> {
    let tenant = &read.tenant;
    let asked = Asked {
        company: read.company,
        id: tenant.id.to_string(),
        name: tenant.name.clone(),
        domains: tenant.domains.clone(),
    };
    let kept = visit.session().insert(ASKED, asked);
    kept.map_err(|error| WebError::Internal(anyhow::anyhow!("{error}")))?;
    Ok(visit.lead(&here(read.company)))
}

fn here(company: i64) -> String {
    format!("{}/link", address(company))
}

/// The page; where there is no link to send, where to go instead.
async fn page(
    visit: &Visit,
    company: &Company,
) -> Result<Result<LinkPage, HttpResponse>, WebError> {
    let id = company.id;
    let link = connections::consent_link(visit.app(), id, &consent::redirect(visit)).await;
    let link = match link {
        Ok(link) => link,
        Err(refusal) => {
            let why = consent::sentence(&refusal);
            return Ok(Err(visit.refused(&address(id), why)));
        }
    };
    let stored = visit
        .app()
        .db()
        .read(move |conn| tenant_connections::get(conn, id))
        .await?;
    Ok(Ok(LinkPage {
        head: CompanyHead::new(company, Tab::Connection),
        link,
        at_home: visit.app().config().public_url.is_none(),
        stored: stored
            .map(|stored| stored.tenant_id.to_string())
            .unwrap_or_default(),
        typed: String::new(),
        question: None,
        mistakes: Mistakes::default(),
    }))
}

async fn show(visit: Visit, company: Path<i64>) -> Result<HttpResponse, WebError> {
    let company = visit.company(*company).await?;
    let mut page = match page(&visit, &company).await? {
        Ok(page) => page,
        Err(elsewhere) => return Ok(elsewhere),
    };
    page.question = question(&visit, &company).await?;
    visit.page(&page)
}

/// What is to be asked about the tenant that this session has read last.
async fn question(visit: &Visit, company: &Company) -> Result<Option<Question>, WebError> {
    let session = visit.session();
    if !session.contains_key(ASKED) {
        return Ok(None);
    }
    let asked: Option<Asked> = session.remove_as(ASKED).and_then(Result::ok);
    let Some(mut tenant) = asked.filter(|asked| asked.company == company.id) else {
        return Ok(None);
    };
    let new = NewTenant {
        id: &TenantId::new(&tenant.id),
        name: Some(&tenant.name),
        domains: &tenant.domains,
    };
    let doubt = TenantDoubt::before(visit.app(), company, new).await?;
    let more = tenant.domains.len().saturating_sub(MOST_DOMAINS);
    tenant.domains.truncate(MOST_DOMAINS);
    Ok(doubt.map(|doubt| Question {
        tenant,
        more,
        doubt,
    }))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct LinkForm {
    /// The id or a domain of the tenant.
    tenant: String,
    /// The id of the tenant that is to be connected whatever is to be doubted of it.
    accepted: String,
}

async fn find(
    visit: Visit,
    company: Path<i64>,
    form: Form<LinkForm>,
) -> Result<HttpResponse, WebError> {
    let company = visit.company(*company).await?;
    let form = form.0;
    match connections::find_consented(visit.app(), company.id, &form.tenant).await {
        Ok(read) => consent::connect(&visit, read, &form.accepted).await,
        Err(refusal) => {
            let mut page = match page(&visit, &company).await? {
                Ok(page) => page,
                Err(elsewhere) => return Ok(elsewhere),
            };
            page.typed = form.tenant;
            page.mistakes.add("tenant", consent::sentence(&refusal));
            visit.again(&page)
        }
    }
}
