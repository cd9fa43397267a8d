//! The companies in which people are in conflict. It settles nothing: a company's own page does.

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::conflicts::{
    HOSTILE, Named, both, in_conflict, named_person, page_of, settled, somebody,
};
use super::people::aside;
use crate::attention::counts_of;
use crate::db::fleet::{self, Brief};
use crate::db::plans;
use crate::model::{Company, UserId};
use crate::sync::last::Last;
use crate::web::listing::Pager;
use crate::web::routes::{Entry, routes};
use crate::web::{At, Page, Place, Samples, Visit, WebError};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/conflicts" Reader show;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<FleetConflicts>();
}

/// So many companies stand on a page.
const COMPANIES_ON_A_PAGE: usize = 20;
/// So many people of each are named.
const NAMED: usize = 5;

/// The companies that have conflicts.
#[derive(Clone, Debug, Serialize)]
pub struct FleetConflicts {
    companies: Vec<Concerned>,
    pager: Pager,
}

/// A company that has conflicts.
#[derive(Clone, Debug, Serialize)]
struct Concerned {
    id: i64,
    name: String,
    count: usize,
    /// Some of them.
    people: Vec<Named>,
    /// So many were settled since the last run.
    settled: usize,
    read_at: Option<At>,
}

async fn show(visit: Visit, request: HttpRequest) -> Result<HttpResponse, WebError> {
    let number = page_of(&request)?;
    let read = visit.app().db().read(|conn| {
        let (mut companies, good) = (fleet::companies(conn)?, fleet::last_good_runs(conn)?);
        companies.retain(|company| {
            let counts = good.get(&company.id).and_then(counts_of);
            counts.unwrap_or_default().conflict > 0
        });
        let ids: Vec<i64> = companies.iter().map(|company| company.id).collect();
        let then = plans::were_in_conflict(conn, &ids)?;
        // Nobody of theirs waits, and nobody is settled.
        let concerned = |company: &Brief| match then.get(&company.id) {
            Some(Some(people)) => !people.is_empty(),
            Some(None) => true,
            None => false,
        };
        companies.retain(concerned);
        Ok(companies)
    });
    let mut companies = read.await?;
    companies.sort_by_cached_key(|company| company.name.to_lowercase());
    let pager = Pager::of(
        (&number, COMPANIES_ON_A_PAGE),
        companies.len(),
        "/conflicts",
        &[],
    );
    let mut page = FleetConflicts {
        companies: Vec::new(),
        pager,
    };
    let shown: Vec<Brief> = page.pager.part(companies).collect();
    for company in shown {
        let company = visit.company(company.id).await?;
        let (last, then) = both(&visit, &company).await?;
        if let Some(last) = last {
            let now = visit.now();
            let one = aside(move || Concerned::of(&company, &last, &then, now)).await?;
            if one.count + one.settled > 0 {
                page.companies.push(one);
            }
        }
    }
    visit.page(&page)
}

impl Concerned {
    fn of(
        company: &Company,
        last: &Last,
        then: &[UserId],
        now: chrono::DateTime<chrono::Utc>,
    ) -> Self {
        let plan = last.plan();
        let people = in_conflict(plan).take(NAMED);
        Self {
            id: company.id,
            name: company.name.clone(),
            count: in_conflict(plan).count(),
            people: people
                .map(|(person, _)| named_person(company.id, person))
                .collect(),
            settled: settled(company.id, then, plan).len(),
            read_at: Some(At::there(last.read_at, now, &company.timezone)),
        }
    }
}

impl Page for FleetConflicts {
    const TEMPLATE: &'static str = "pages/conflicts_fleet.html";

    fn title(&self) -> String {
        "Conflicts".into()
    }

    fn place(&self) -> Place {
        Place::Conflicts
    }

    fn samples() -> Vec<Self> {
        let none = Self {
            companies: Vec::new(),
            pager: Pager::default(),
        };
        let open = Concerned {
            id: 7,
            name: HOSTILE.into(),
            count: 12,
            people: vec![somebody()],
            settled: 1,
            read_at: Some(At::sample()),
        };
        let settled = Concerned {
            name: "long ".repeat(80),
            count: 0,
            people: Vec::new(),
            read_at: None,
            ..open.clone()
        };
        let many = Self {
            companies: vec![open, settled],
            pager: Pager::of(("2", COMPANIES_ON_A_PAGE), 50, "/conflicts", &[]),
        };
        vec![none, many]
    }
}
