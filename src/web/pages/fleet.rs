//! The fleet, by exception: what needs a person, then every company.

use actix_web::HttpResponse;
use actix_web::web::Query;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

use super::searches;
use crate::attention::{self, Cause, Fleet, judge};
use crate::db::fleet::{self, Brief, LastRun};
use crate::jobs::schedule::Timetable;
use crate::model::{Role, text};
use crate::sync::standing::Standing;
use crate::web::listing::{Choice, Pager, address, choices};
use crate::web::progress::{self, Dot};
use crate::web::routes::{Entry, routes};
use crate::web::{At, Page, Place, Samples, Visit, WebError, csv, words};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/" Reader show;
    Get File "/fleet.csv" Reader file;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<FleetPage>();
}

/// So many runs stand in a strip.
const DOTS: i64 = 10;

/// The fleet.
#[derive(Clone, Debug, Serialize)]
pub struct FleetPage {
    pub(super) causes: Vec<Cause>,
    /// Whether a job failed for good lately.
    pub(super) jobs_failed: bool,
    /// How many companies there are, whatever the filter.
    pub(super) total: usize,
    /// Whether there is a PSA connection.
    pub(super) has_psa: bool,
    /// The title of the cause whose companies alone are listed; empty: all of them.
    pub(super) of_cause: String,
    /// That cause's key.
    pub(super) cause: String,
    pub(super) search: String,
    pub(super) show: Vec<Choice>,
    pub(super) psa: Vec<Choice>,
    pub(super) sort: Vec<Choice>,
    pub(super) companies: Vec<CompanyRow>,
    pub(super) pager: Pager,
    pub(super) file: String,
}

/// One company.
#[derive(Clone, Debug, Serialize)]
pub(super) struct CompanyRow {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) psa: String,
    pub(super) sync_contacts: bool,
    /// Whether something needs a person.
    pub(super) needy: bool,
    /// Whether its tenant is connected.
    pub(super) connected: bool,
    /// Whether it was, and somebody disconnected it.
    pub(super) disconnected: bool,
    /// How many people are in sync.
    pub(super) people: Option<usize>,
    /// For how many the next run would do something; nobody where contact sync is off.
    pub(super) will_change: usize,
    pub(super) dots: Vec<Dot>,
    pub(super) last: Option<LastSeen>,
    /// When the next run may begin.
    pub(super) next: Option<At>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct LastSeen {
    pub(super) id: String,
    pub(super) at: At,
    pub(super) status: String,
    /// The process that works it.
    #[serde(skip)]
    pub(super) process: String,
}

impl Page for FleetPage {
    const TEMPLATE: &'static str = "pages/fleet.html";

    fn title(&self) -> String {
        "Fleet".into()
    }

    fn place(&self) -> Place {
        Place::Fleet
    }

    fn samples() -> Vec<Self> {
        super::fleet_samples::all()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// The number of the search.
    s: String,
    #[serde(skip)]
    search: String,
    show: String,
    psa: String,
    sort: String,
    page: String,
    cause: String,
}

pub(super) const SHOW: [(&str, &str); 3] = [
    ("", "All companies"),
    ("person", "Needs a person"),
    ("off", "Contact sync off"),
];
pub(super) const SORT: [(&str, &str); 3] = [
    ("", "Name"),
    ("last", "Last run"),
    ("people", "People in sync"),
];

/// When the next run of a company may begin: one that waits, else the daily one.
fn next_run(fleet: &Fleet, company: &Brief, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let waiting = fleet.next.get(&company.id).copied();
    waiting.or_else(|| {
        let daily = Timetable::new(company.id, company.schedule.as_deref(), &company.timezone);
        let runs = company.sync_contacts && company.connected;
        runs.then(|| daily.next_due(now)).flatten()
    })
}

async fn show(visit: Visit, asked: Query<Asked>) -> Result<HttpResponse, WebError> {
    let now = visit.now();
    let mut asked = asked.into_inner();
    asked.search = searches::text(&visit, &asked.s);
    let admin = visit.may(Role::Administrator);
    let page = visit.app().db().read(move |conn| {
        let found = attention::read(conn, now)?;
        let mut page = draw(&found, &asked, (now, admin));
        let ids: Vec<i64> = page.companies.iter().map(|row| row.id).collect();
        let mut strips = fleet::strips(conn, &ids, DOTS)?;
        for row in &mut page.companies {
            let runs = strips.remove(&row.id).unwrap_or_default();
            row.dots = runs
                .iter()
                .rev()
                .map(|(at, status)| progress::dot(status, *at, now))
                .collect();
        }
        Ok(page)
    });
    let mut page = page.await?;
    note_dead(&visit, &mut page.companies).await?;
    visit.page(&page)
}

/// A run whose process is gone is not running any more.
async fn note_dead(visit: &Visit, rows: &mut [CompanyRow]) -> Result<(), WebError> {
    let last = rows.iter().filter_map(|row| row.last.as_ref());
    let running = last.filter(|last| last.status == "running");
    let processes: Vec<String> = running.map(|last| last.process.clone()).collect();
    let living = progress::living(visit.app(), processes).await?;
    for row in rows {
        let Some(last) = row.last.as_mut().filter(|last| last.status == "running") else {
            continue;
        };
        if !living.contains(&last.process) {
            last.status = "interrupted".into();
            if let Some(dot) = row.dots.last_mut() {
                *dot = progress::dot_of("interrupted", &last.at.ago);
            }
        }
    }
    Ok(())
}

fn draw(fleet: &Fleet, asked: &Asked, (now, admin): (DateTime<Utc>, bool)) -> FleetPage {
    let (mut causes, needy) = judge(fleet, now);
    if !admin {
        causes = causes.into_iter().map(Cause::without_settings).collect();
    }
    let mut known = causes.iter();
    let only = known.find(|cause| !asked.cause.is_empty() && cause.key == asked.cause);
    let search = text::folded(&asked.search);
    let psa: Option<i64> = asked.psa.parse().ok();
    let mut fits: Vec<&Brief> = fleet
        .companies
        .iter()
        .filter(|one| search.is_empty() || text::folded(&one.name).contains(&*search))
        .filter(|one| psa.is_none_or(|psa| one.psa_id == psa))
        .filter(|one| match asked.show.as_str() {
            "person" => needy.contains(&one.id),
            "off" => !one.sync_contacts,
            _ => true,
        })
        .filter(|one| only.is_none_or(|cause| cause.ids.contains(&one.id)))
        .collect();
    let people = |one: &Brief| fleet.people(one.id, Standing::InSync);
    match asked.sort.as_str() {
        "last" => {
            fits.sort_by_key(|one| Reverse(fleet.last.get(&one.id).map(|run| run.started_at)));
        }
        "people" => fits.sort_by_key(|one| Reverse(people(one))),
        _ => fits.sort_by_key(|one| text::folded(&one.name).into_owned()),
    }
    let kept = [
        (searches::NUMBER, asked.s.as_str()),
        ("show", &asked.show),
        ("psa", &asked.psa),
        ("sort", &asked.sort),
        ("cause", only.map_or("", |cause| &cause.key)),
    ];
    let pager = Pager::new(&asked.page, fits.len(), "/", &kept);
    let shown = pager.part(&fits);
    let rows = shown.map(|one| CompanyRow {
        id: one.id,
        name: one.name.clone(),
        psa: fleet.psas.get(&one.psa_id).cloned().unwrap_or_default(),
        sync_contacts: one.sync_contacts,
        needy: needy.contains(&one.id),
        connected: one.connected,
        disconnected: one.disconnected,
        people: people(one),
        will_change: fleet
            .people(one.id, Standing::WillChange)
            .filter(|_| one.sync_contacts)
            .unwrap_or_default(),
        dots: Vec::new(),
        last: fleet.last.get(&one.id).map(|run| LastSeen {
            id: run.id.clone(),
            at: At::there(run.started_at, now, &one.timezone),
            status: status(run).into(),
            process: run.process.clone(),
        }),
        next: next_run(fleet, one, now).map(|at| At::there(at.max(now), now, &one.timezone)),
    });
    let mut psas: Vec<(&i64, &String)> = fleet.psas.iter().collect();
    psas.sort_by_key(|(_, name)| text::folded(name).into_owned());
    let psa_names = psas
        .into_iter()
        .map(|(id, name)| (id.to_string(), name.clone()));
    FleetPage {
        jobs_failed: !fleet.failed.is_empty(),
        total: fleet.companies.len(),
        has_psa: !fleet.psas.is_empty(),
        of_cause: only.map(|cause| cause.title.clone()).unwrap_or_default(),
        cause: only.map(|cause| cause.key.clone()).unwrap_or_default(),
        search: asked.search.clone(),
        show: choices(SHOW, &asked.show),
        psa: choices(
            std::iter::once((String::new(), "All".to_owned())).chain(psa_names),
            &asked.psa,
        ),
        sort: choices(SORT, &asked.sort),
        companies: rows.collect(),
        file: address("/fleet.csv", &[]),
        causes,
        pager,
    }
}

fn status(run: &LastRun) -> &str {
    run.status.as_deref().unwrap_or("running")
}

const HEAD: [&str; 15] = [
    "Company",
    "PSA connection",
    "Contact sync",
    "Tenant connected",
    "Needs a person",
    "People in sync",
    "People who will change",
    "Conflicts",
    "Held deactivations",
    "Last run",
    "Last run began",
    "Last error",
    "What to do",
    "Last good run began",
    "Next run",
];

/// Every company of the fleet.
async fn file(visit: Visit) -> Result<HttpResponse, WebError> {
    let now = visit.now();
    let read = move |conn: &mut crate::db::Conn| attention::read(conn, now);
    let fleet = &visit.app().db().read(read).await?;
    let (_, needy) = judge(fleet, now);
    let word = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let stamp = |at: DateTime<Utc>| At::new(at, now).iso;
    let rows = fleet.companies.iter().map(|one| {
        let last = fleet.last.get(&one.id);
        let good = fleet.good.get(&one.id);
        let error = last.and_then(|run| run.error.as_ref());
        let next = next_run(fleet, one, now).map(stamp);
        let people = |standing| fleet.people(one.id, standing);
        let number =
            |count: Option<usize>| count.map(|count| count.to_string()).unwrap_or_default();
        [
            one.name.clone(),
            fleet.psas.get(&one.psa_id).cloned().unwrap_or_default(),
            if one.sync_contacts { "on" } else { "off" }.to_owned(),
            word(one.connected),
            word(needy.contains(&one.id)),
            number(people(Standing::InSync)),
            number(people(Standing::WillChange)),
            number(people(Standing::Conflict)),
            fleet
                .held
                .get(&one.id)
                .copied()
                .unwrap_or_default()
                .to_string(),
            last.map(|run| words::status(status(run)))
                .unwrap_or_default(),
            last.map(|run| stamp(run.started_at)).unwrap_or_default(),
            error.map(|error| error.message.clone()).unwrap_or_default(),
            error.map(|error| error.advice.clone()).unwrap_or_default(),
            good.map(|run| stamp(run.started_at)).unwrap_or_default(),
            next.unwrap_or_default(),
        ]
    });
    Ok(visit.csv("fleet", csv::file(&HEAD, rows)?))
}
