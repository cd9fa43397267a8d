//! Everyone of a company's tenant and PSA in one table, from the last reading. It sends no request to a cloud.

use actix_web::web::{self, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};

use super::searches;
use crate::model::{Company, ContactId};
use crate::sync::last::Last;
use crate::sync::standing::Standing;
use crate::web::everyone::{Everyone, Line};
use crate::web::listing::{Pager, address};
use crate::web::routes::{Entry, routes};
use crate::web::{
    At, CompanyHead, Disconnected, Page, Place, Samples, Tab, VendorLinks, Visit, WebError, csv,
    form, words,
};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/companies/{company:\\d+}/people" Reader show;
    Get File "/companies/{company:\\d+}/people.csv" Reader file;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<PeoplePage>();
}

/// What is asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Query {
    /// The number of the search.
    s: String,
    #[serde(skip)]
    q: String,
    state: String,
    sort: String,
    /// Position of the filter whose people are wanted, from 1.
    filter: String,
    page: String,
}

impl Query {
    fn of(visit: &Visit, request: &HttpRequest) -> Result<Self, WebError> {
        let mut query: Self = form::read(request.query_string().as_bytes())?;
        query.q = searches::text(visit, &query.s);
        if !Standing::ALL.iter().any(|one| one.as_str() == query.state) {
            query.state.clear();
        }
        let position: Option<u32> = query.filter.parse().ok().filter(|&at| at > 0);
        query.filter = position.map(|at| at.to_string()).unwrap_or_default();
        if query.sort != "state" {
            query.sort.clear();
        }
        Ok(query)
    }

    /// The position of the filter, from 0.
    fn position(&self) -> Option<u32> {
        self.filter.parse::<u32>().ok().map(|at| at - 1)
    }

    /// What is kept of the question where another state is asked for.
    fn kept<'a>(&'a self, state: &'a str) -> [(&'static str, &'a str); 4] {
        [
            (searches::NUMBER, &self.s),
            ("state", state),
            ("filter", &self.filter),
            ("sort", &self.sort),
        ]
    }

    /// The same question with another state, as the query of an address.
    fn with(&self, state: &str) -> String {
        address("", &self.kept(state))
    }
}

/// One of the ways to stand, with how many do.
#[derive(Clone, Debug, Serialize)]
struct Chip {
    /// The word; empty: everyone.
    word: String,
    count: usize,
    query: String,
    current: bool,
}

/// The filter whose people are shown alone.
#[derive(Clone, Debug, Serialize)]
struct FilterChip {
    /// From 1.
    position: String,
    label: String,
    /// The query without it.
    query: String,
}

/// The table.
#[derive(Clone, Debug, Serialize)]
pub struct PeoplePage {
    head: CompanyHead,
    /// When both sides were read; none: never yet.
    read_at: Option<At>,
    /// The tenant is not connected any more.
    disconnected: Option<Disconnected>,
    /// The PSA's company is inactive, so that nothing is written.
    inactive: bool,
    q: String,
    state: String,
    sort: String,
    /// The filter whose people are shown.
    filter: Option<FilterChip>,
    chips: Vec<Chip>,
    people: Vec<Line>,
    pager: Pager,
    /// The query for the file of all that fit.
    file: String,
}

impl PeoplePage {
    fn unread(head: CompanyHead, query: Query) -> Self {
        Self {
            head,
            read_at: None,
            disconnected: None,
            inactive: false,
            q: query.q,
            state: query.state,
            sort: query.sort,
            filter: None,
            chips: Vec::new(),
            people: Vec::new(),
            pager: Pager::default(),
            file: String::new(),
        }
    }

    fn of(
        company: &Company,
        last: &Last,
        query: Query,
        (outward, now): (&VendorLinks, chrono::DateTime<chrono::Utc>),
    ) -> Self {
        let plan = last.plan();
        let mut everyone = Everyone::new(&last.snapshot, plan);
        narrow(&mut everyone, &query);
        let counts = everyone.counts();
        let chip = |word: &str, count| Chip {
            word: word.to_owned(),
            count,
            query: query.with(word),
            current: query.state == word,
        };
        let mut chips = vec![chip("", everyone.all.len())];
        for standing in Standing::ALL {
            let count = counts[standing as usize];
            if count > 0 || query.state == standing.as_str() {
                chips.push(chip(standing.as_str(), count));
            }
        }
        chosen(&mut everyone, &query);
        let path = format!("/companies/{}/people", company.id);
        let kept = query.kept(&query.state);
        let pager = Pager::new(&query.page, everyone.all.len(), &path, &kept);
        let line = |one| {
            let mut line = everyone.line(one);
            if !line.number.is_empty() {
                line.link = outward.contact(&ContactId::new(&line.number));
            }
            line
        };
        let people = pager.part(&everyone.all).map(line).collect();
        Self {
            read_at: Some(At::there(last.read_at, now, &company.timezone)),
            inactive: plan.company_inactive,
            filter: filter_chip(company, &query),
            chips,
            people,
            pager,
            file: query.with(&query.state),
            ..Self::unread(CompanyHead::new(company, Tab::People), query)
        }
    }
}

fn filter_chip(company: &Company, query: &Query) -> Option<FilterChip> {
    let at = usize::try_from(query.position()?).ok()?;
    let label = match company.filters.get(at) {
        Some(filter) => filter.label(at),
        None => format!("Filter {}", query.filter),
    };
    let without = Query {
        filter: String::new(),
        ..query.clone()
    };
    Some(FilterChip {
        position: query.filter.clone(),
        label,
        query: without.with(&query.state),
    })
}

/// Those whom the search and the filter leave.
fn narrow(everyone: &mut Everyone<'_>, query: &Query) {
    everyone.search(&query.q);
    if let Some(position) = query.position() {
        everyone.taken_by(position);
    }
}

/// Those of the state that was asked for, in the order asked for.
fn chosen(everyone: &mut Everyone<'_>, query: &Query) {
    if !query.state.is_empty() {
        everyone
            .all
            .retain(|one| one.standing.as_str() == query.state);
    }
    everyone.sort(query.sort == "state");
}

async fn show(
    visit: Visit,
    company: Path<i64>,
    request: HttpRequest,
) -> Result<HttpResponse, WebError> {
    let company = visit.company(*company).await?;
    let query = Query::of(&visit, &request)?;
    let now = visit.now();
    let Some(last) = visit.app().last(&company).await? else {
        let id = company.id;
        let db = visit.app().db();
        let saved = db.read(move |conn| Disconnected::of(conn, id)).await?;
        let head = CompanyHead::new(&company, Tab::People);
        return visit.page(&PeoplePage {
            disconnected: saved.map(|saved| Disconnected::new(&saved, now)),
            ..PeoplePage::unread(head, query)
        });
    };
    let outward = VendorLinks::load(&visit, &company).await?;
    let page = aside(move || PeoplePage::of(&company, &last, query, (&outward, now))).await?;
    visit.page(&page)
}

async fn file(
    visit: Visit,
    company: Path<i64>,
    request: HttpRequest,
) -> Result<HttpResponse, WebError> {
    let company = visit.company(*company).await?;
    let query = Query::of(&visit, &request)?;
    let last = visit.app().last(&company).await?;
    let bytes = aside(move || table(last.as_deref(), &query)).await??;
    Ok(visit.csv(&format!("people-{}", company.id), bytes))
}

fn table(last: Option<&Last>, query: &Query) -> Result<Vec<u8>, WebError> {
    let heads = [
        "Name", "Address", "State", "Next", "Contact", "Site", "Filter", "Reason",
    ];
    let Some(last) = last else {
        return csv::file(&heads, Vec::<[String; 8]>::new());
    };
    let plan = last.plan();
    let mut everyone = Everyone::new(&last.snapshot, plan);
    narrow(&mut everyone, query);
    chosen(&mut everyone, query);
    let rows = everyone.all.iter().map(|one| {
        let line = everyone.line(one);
        [
            line.name,
            line.address,
            words::standing(&line.standing),
            words::action(&line.action),
            line.contact,
            line.site,
            line.filter,
            line.reason,
        ]
    });
    csv::file(&heads, rows)
}

/// Works on many people without holding up the other requests of this thread.
pub(super) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, WebError> {
    let done = web::block(work).await;
    done.map_err(|error| WebError::Internal(anyhow::Error::new(error)))
}

impl Page for PeoplePage {
    const TEMPLATE: &'static str = "pages/people.html";

    fn title(&self) -> String {
        format!("People of {}", self.head.name)
    }

    fn place(&self) -> Place {
        Place::Fleet
    }

    fn company(&self) -> Option<CompanyHead> {
        Some(self.head.clone())
    }

    fn samples() -> Vec<Self> {
        let unread = Self::unread(CompanyHead::sample(Tab::People), Query::default());
        let chip = |word: &str, current| Chip {
            word: word.into(),
            count: 4,
            query: "?state=held".into(),
            current,
        };
        let nobody = Self {
            read_at: Some(At::sample()),
            q: "\"><script>alert(1)</script>".into(),
            state: "held".into(),
            chips: vec![chip("", false), chip("held", true)],
            ..unread.clone()
        };
        let line = |standing: Standing, name: &str| Line {
            standing: standing.as_str().into(),
            page: "people/0193".into(),
            name: name.into(),
            address: format!("{name}@contoso.example"),
            action: "update".into(),
            contact: format!("{name} Doe"),
            number: "7".into(),
            link: "https://psa.example/".into(),
            site: "Head office".into(),
            filter: "2: IT".into(),
            reason: "title differs".into(),
        };
        let hostile = "<script>\"' \u{202e}evil\u{202c} 🙂";
        let bare = Line {
            standing: "only_in_psa".into(),
            page: "contacts/7".into(),
            ..Line::default()
        };
        let mut people: Vec<Line> = Standing::ALL.map(|one| line(one, "Jane")).into();
        people.extend([
            line(Standing::InSync, hostile),
            line(Standing::Conflict, &"long ".repeat(80)),
            bare,
        ]);
        let many = Self {
            sort: "state".into(),
            filter: Some(FilterChip {
                position: "2".into(),
                label: hostile.into(),
                query: "?state=held".into(),
            }),
            inactive: true,
            people,
            pager: Pager::new("2", 120, "/companies/7/people", &[("state", "held")]),
            ..nobody.clone()
        };
        let disconnected = Self {
            disconnected: Some(Disconnected::sample()),
            ..unread.clone()
        };
        vec![unread, disconnected, nobody, many]
    }
}
