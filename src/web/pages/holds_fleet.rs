//! The companies whose deactivations are held. It decides nothing: a company's own page does.

use actix_web::HttpResponse;
use serde::Serialize;

use super::holds::HOSTILE;
use crate::db::companies;
use crate::db::holds::{self, Hold};
use crate::web::routes::{Entry, routes};
use crate::web::{At, Page, Place, Samples, Visit, WebError};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/holds" Reader fleet;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<FleetHolds>();
}

/// So many people of each company are named.
const NAMED: usize = 5;
/// So many companies stand on the page.
const COMPANIES: usize = 100;

/// The open holds of the fleet.
#[derive(Clone, Debug, Serialize)]
pub struct FleetHolds {
    holds: Vec<Waiting>,
    /// So many companies more have one.
    more: usize,
}

/// A company whose deactivations wait.
#[derive(Clone, Debug, Serialize)]
struct Waiting {
    company: i64,
    name: String,
    since: At,
    count: usize,
    people: Vec<String>,
}

async fn fleet(visit: Visit) -> Result<HttpResponse, WebError> {
    let read = visit
        .app()
        .db()
        .read(|conn| Ok((companies::list(conn)?, holds::list_open(conn)?)));
    let (companies, open) = read.await?;
    let now = visit.now();
    let more = open.len().saturating_sub(COMPANIES);
    let row = |hold: Hold| {
        let mut companies = companies.iter();
        let company = companies.find(|company| company.id == hold.company_id)?;
        let named = hold.people.iter().take(NAMED);
        Some(Waiting {
            company: company.id,
            name: company.name.clone(),
            since: At::new(hold.opened_at, now),
            count: hold.people.len(),
            people: named
                .map(|person| {
                    let name = person.name.trim();
                    if name.is_empty() { &person.upn } else { name }.to_owned()
                })
                .collect(),
        })
    };
    let holds = open.into_iter().take(COMPANIES).filter_map(row).collect();
    visit.page(&FleetHolds { holds, more })
}

impl Page for FleetHolds {
    const TEMPLATE: &'static str = "pages/holds_fleet.html";

    fn title(&self) -> String {
        "Holds".into()
    }

    fn place(&self) -> Place {
        Place::Holds
    }

    fn samples() -> Vec<Self> {
        let one = Waiting {
            company: 7,
            name: HOSTILE.into(),
            since: At::sample(),
            count: 12,
            people: vec![HOSTILE.into(), "long ".repeat(80)],
        };
        let none = Self {
            holds: Vec::new(),
            more: 0,
        };
        let many = Self {
            holds: vec![one.clone(), Waiting { count: 2, ..one }],
            more: 3,
        };
        vec![none, many]
    }
}
