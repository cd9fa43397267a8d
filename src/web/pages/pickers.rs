//! What pages search while somebody types: the groups of a tenant. Where the tenant does not answer, the part says so and the
//! page around it works.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::{Deserialize, Serialize};

use crate::pickers;
use crate::web::routes::{Entry, routes};
use crate::web::{Form, Part, Samples, Visit, WebError, words};

/// So many groups are offered; who wants another types more.
const MOST: usize = 20;
/// A search is cut after so many characters.
const LONGEST: usize = 120;

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Post Part "/companies/{company:\\d+}/groups" Technician groups;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.part::<GroupsPart>();
}

/// Groups to choose from.
#[derive(Clone, Debug, Default, Serialize)]
struct GroupsPart {
    /// What was typed; empty: nothing yet.
    search: String,
    groups: Vec<Found>,
    more: bool,
    /// Why the tenant cannot be asked.
    failure: String,
}

#[derive(Clone, Debug, Serialize)]
struct Found {
    id: String,
    name: String,
}

impl Part for GroupsPart {
    const TEMPLATE: &'static str = "parts/filter_groups.html";

    fn samples() -> Vec<Self> {
        let found = |name: &str| Found {
            id: "2d9b0000-0000-4000-8000-000000000001".into(),
            name: name.into(),
        };
        let one = Self {
            search: "\"><script>".into(),
            groups: vec![found("<script>alert(1)</script>")],
            ..Self::default()
        };
        let many = Self {
            groups: vec![found("Management"), found(&"x".repeat(256))],
            more: true,
            ..one.clone()
        };
        let none = Self {
            groups: Vec::new(),
            ..one.clone()
        };
        let failed = Self {
            failure: "Microsoft does not answer. <script>".into(),
            ..none.clone()
        };
        vec![Self::default(), none, one, many, failed]
    }
}

#[derive(Deserialize)]
struct Typed {
    #[serde(default)]
    search: String,
}

async fn groups(
    visit: Visit,
    company: Path<i64>,
    typed: Form<Typed>,
) -> Result<HttpResponse, WebError> {
    let company = visit.company(*company).await?;
    let search: String = typed.0.search.trim().chars().take(LONGEST).collect();
    let mut part = GroupsPart {
        search: search.clone(),
        ..GroupsPart::default()
    };
    if search.is_empty() {
        return visit.part(&part);
    }
    match pickers::groups(visit.app(), &company, &search).await {
        Ok(found) => {
            part.more = found.len() > MOST;
            let found = found.into_iter().take(MOST);
            part.groups = found
                .map(|(id, name)| Found {
                    id: id.to_string(),
                    name,
                })
                .collect();
        }
        Err(error) => part.failure = words::told(&error),
    }
    visit.part(&part)
}
