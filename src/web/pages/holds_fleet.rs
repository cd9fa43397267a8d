//! The companies whose deactivations are held. It decides nothing: a company's own page does.

use std::collections::HashMap;

use actix_web::HttpResponse;
use actix_web::web::Query;
use serde::{Deserialize, Serialize};

use super::conflicts::{Named, somebody};
use super::holds::HOSTILE;
use super::person;
use crate::db::companies;
use crate::db::holds::{self, Hold};
use crate::model::text::called;
use crate::web::listing::Pager;
use crate::web::routes::{Entry, routes};
use crate::web::{At, Page, Place, Samples, Visit, WebError, words};

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

/// The open holds of the fleet.
#[derive(Clone, Debug, Serialize)]
pub struct FleetHolds {
    holds: Vec<Waiting>,
    pager: Pager,
}

/// A company whose deactivations wait.
#[derive(Clone, Debug, Serialize)]
struct Waiting {
    company: i64,
    name: String,
    since: At,
    count: usize,
    /// Some of those who wait, and why each does.
    people: Vec<(Named, String)>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    page: String,
}

async fn fleet(visit: Visit, asked: Query<Asked>) -> Result<HttpResponse, WebError> {
    let read = visit.app().db().read(|conn| {
        let zones = companies::zones(conn)?;
        Ok((companies::labels(conn)?, zones, holds::list_open(conn)?))
    });
    let (companies, zones, mut open) = read.await?;
    let now = visit.now();
    let names: HashMap<i64, String> = companies.into_iter().collect();
    open.retain(|hold| names.contains_key(&hold.company_id));
    let pager = Pager::new(&asked.page, open.len(), "/holds", &[]);
    let row = |hold: Hold| {
        let first = hold.people.iter().take(NAMED);
        Some(Waiting {
            company: hold.company_id,
            name: names.get(&hold.company_id)?.clone(),
            since: At::there(hold.opened_at, now, zones.get(&hold.company_id)?),
            count: hold.people.len(),
            people: first
                .map(|one| {
                    let who = Named {
                        page: person::address(hold.company_id, &one.user_id),
                        name: called(&one.name, &one.upn).to_owned(),
                    };
                    (who, words::why(&one.reason))
                })
                .collect(),
        })
    };
    let holds = pager.part(open).filter_map(row).collect();
    visit.page(&FleetHolds { holds, pager })
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
            people: vec![
                (somebody(), "sign-in blocked".into()),
                (
                    Named {
                        name: "long ".repeat(80),
                        ..somebody()
                    },
                    HOSTILE.into(),
                ),
            ],
        };
        let none = Self {
            holds: Vec::new(),
            pager: Pager::default(),
        };
        let many = Self {
            holds: vec![one.clone(), Waiting { count: 2, ..one }],
            pager: Pager::new("2", 120, "/holds", &[]),
        };
        vec![none, many]
    }
}
