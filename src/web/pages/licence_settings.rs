//! The licences that do not count: who has only these is a leaver.

use actix_web::HttpResponse;
use actix_web::web::Query;
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use serde::{Deserialize, Serialize};

use super::searches;
use crate::db::jobs::Priority;
use crate::db::{Conn, companies, events, holds, settings};
use crate::jobs;
use crate::model::Mode;
use crate::pickers;
use crate::rules::{self, Mistake};
use crate::web::routes::{Entry, routes};
use crate::web::{Form, Mistakes, Page, Part, Place, Samples, Visit, WebError};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/settings/licences" Administrator show;
    Post Part "/settings/licences/found" Administrator find;
    Post Act "/settings/licences/add" Administrator add;
    Post Act "/settings/licences/remove" Administrator remove;
    Post Act "/settings/licences/standard" Administrator standard;
};

pub(super) const HERE: &str = "/settings/licences";
/// So many suggestions are shown.
const SUGGESTED: usize = 20;
/// So many licences are on the list at most.
pub(super) const MOST: usize = 150;

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<LicencesPage>();
    all.part::<Found>();
}

/// The list, and what can be added.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LicencesPage {
    list: Vec<Line>,
    /// Nobody has changed it.
    standard: bool,
    found: Found,
    mistakes: Mistakes,
}

/// What is known by a name and not on the list yet.
#[derive(Clone, Debug, Default, Serialize)]
struct Found {
    /// What is looked for.
    q: String,
    lines: Vec<Line>,
}

#[derive(Clone, Debug, Serialize)]
struct Line {
    entry: String,
    name: String,
}

impl Page for LicencesPage {
    const TEMPLATE: &'static str = "pages/licence_settings.html";

    fn title(&self) -> String {
        "Licences that do not count".into()
    }

    fn place(&self) -> Place {
        Place::Settings
    }

    fn samples() -> Vec<Self> {
        let line = |entry: &str, name: &str| Line {
            entry: entry.into(),
            name: name.into(),
        };
        let hostile = "\"'><script>alert(1)</script>\u{202e}\u{1f600}";
        let many = Self {
            list: (0..300)
                .map(|at| line(&format!("PART_{at}"), "A product with a name"))
                .collect(),
            standard: true,
            ..Self::default()
        };
        let searched = Self {
            list: vec![line(hostile, ""), line("FLOW_FREE", "Power Automate Free")],
            found: Found::hostile(),
            mistakes: [("licence", "The licence must not be empty.")]
                .into_iter()
                .collect(),
            ..Self::default()
        };
        let nothing = Self {
            found: Found::nothing(),
            ..Self::default()
        };
        vec![Self::default(), many, searched, nothing]
    }
}

impl Found {
    fn hostile() -> Self {
        let hostile = "\"'><script>alert(1)</script>\u{202e}\u{1f600}";
        let line = |entry: &str, name: &str| Line {
            entry: entry.into(),
            name: name.into(),
        };
        Self {
            q: hostile.into(),
            lines: vec![
                line("SPB", "Microsoft 365 Business Premium"),
                line(hostile, hostile),
            ],
        }
    }

    fn nothing() -> Self {
        Self {
            q: "x".repeat(400),
            lines: Vec::new(),
        }
    }
}

impl Part for Found {
    const TEMPLATE: &'static str = "parts/licences_found.html";

    fn samples() -> Vec<Self> {
        vec![Self::default(), Self::hostile(), Self::nothing()]
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Search {
    /// The number of the search.
    s: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Typed {
    search: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Licence {
    licence: String,
}

/// The list as it is, and whether it is the standard one.
pub(super) async fn list(visit: &Visit) -> Result<(Vec<String>, bool), WebError> {
    let set = visit.app().db().read(settings::ignored_licences).await?;
    let standard = set.is_none();
    Ok((set.unwrap_or_else(pickers::standard_list), standard))
}

/// The page again, with what is wrong about the licence that was typed.
pub(super) async fn refused(
    visit: &Visit,
    typed: &str,
    mistake: &Mistake,
) -> Result<HttpResponse, WebError> {
    let mut page = page(visit, typed).await?;
    page.mistakes
        .add(mistake.field.clone(), format!("{}.", mistake.message));
    visit.again(&page)
}

/// What is known by this name and not on the list.
async fn found(visit: &Visit, q: &str, entries: &[String]) -> Result<Found, WebError> {
    let q: String = q.trim().chars().take(400).collect();
    if q.is_empty() {
        return Ok(Found::default());
    }
    let mut found = pickers::products(visit.app(), &q, SUGGESTED + entries.len()).await?;
    found.retain(|one| {
        !entries
            .iter()
            .any(|entry| rules::same(entry, &one.part_number))
    });
    let lines = found.into_iter().take(SUGGESTED).map(|one| Line {
        entry: one.part_number,
        name: one.name,
    });
    Ok(Found {
        q,
        lines: lines.collect(),
    })
}

async fn page(visit: &Visit, q: &str) -> Result<LicencesPage, WebError> {
    let (entries, standard) = list(visit).await?;
    let found = found(visit, q, &entries).await?;
    let mut list: Vec<Line> = pickers::told(&entries)
        .into_iter()
        .map(|(entry, name)| Line {
            name: name.unwrap_or_default().to_owned(),
            entry,
        })
        .collect();
    list.sort_by_cached_key(|line| {
        let shown = if line.name.is_empty() {
            &line.entry
        } else {
            &line.name
        };
        shown.to_lowercase()
    });
    Ok(LicencesPage {
        list,
        standard,
        found,
        mistakes: Mistakes::default(),
    })
}

async fn show(visit: Visit, query: Query<Search>) -> Result<HttpResponse, WebError> {
    let sought = searches::text(&visit, &query.s);
    visit.page(&page(&visit, &sought).await?)
}

/// What is found by what somebody types, before they search for it.
async fn find(visit: Visit, typed: Form<Typed>) -> Result<HttpResponse, WebError> {
    let (entries, _) = list(&visit).await?;
    visit.part(&found(&visit, &typed.0.search, &entries).await?)
}

/// Changes the list in one transaction, so that two who do so at once lose nothing. The answer says whether it is another now.
async fn change(
    visit: &Visit,
    what: String,
    work: impl FnOnce(&mut Vec<String>) -> bool + Send + 'static,
) -> Result<bool, WebError> {
    let (staff, now) = (visit.name(), visit.now());
    let write = visit.app().db().write(move |conn| {
        let set = settings::ignored_licences(conn)?;
        let mut entries = set.unwrap_or_else(pickers::standard_list);
        let changed = work(&mut entries);
        if changed {
            settings::set_ignored_licences(conn, &entries)?;
            events::note(conn, (&staff, "licences_saved"), None, &what, now)?;
            look_at_holds(conn, &staff, now)?;
        }
        Ok(changed)
    });
    Ok(write.await?)
}

async fn add(visit: Visit, form: Form<Licence>) -> Result<HttpResponse, WebError> {
    let entry = match rules::text("licence", "The licence", &form.0.licence) {
        Ok(entry) => rules::guid(&entry).unwrap_or(entry),
        Err(mistake) => return refused(&visit, &form.0.licence, &mistake).await,
    };
    let (what, said) = (
        format!("Licence {entry} does not count any more"),
        format!("{entry} does not count from now on. The next run of each company goes by it."),
    );
    let added = change(&visit, what, move |entries| {
        let known = entries.iter().any(|known| rules::same(known, &entry));
        if !known && entries.len() < MOST {
            entries.push(entry);
            return true;
        }
        false
    });
    if added.await? {
        Ok(visit.done(HERE, said))
    } else {
        visit.say("info", "The list has this licence already, or is full.");
        Ok(visit.lead(HERE))
    }
}

async fn remove(visit: Visit, form: Form<Licence>) -> Result<HttpResponse, WebError> {
    let entry = form.0.licence;
    let shown: String = entry.chars().take(256).collect();
    let what = format!("Licence {shown} counts again");
    let removed = change(&visit, what, move |entries| {
        let before = entries.len();
        entries.retain(|known| !rules::same(known, &entry));
        entries.len() < before
    });
    if removed.await? {
        Ok(visit.done(HERE, format!("{shown} counts again.")))
    } else {
        visit.say("info", "This licence is not on the list any more.");
        Ok(visit.lead(HERE))
    }
}

/// Who waits for a technician may be no leaver any more: a run of each company with an open hold lets those people go.
fn look_at_holds(conn: &mut Conn, staff: &str, now: DateTime<Utc>) -> QueryResult<()> {
    for hold in holds::list_open(conn)? {
        let company = companies::get(conn, hold.company_id)?;
        if company.is_some_and(|company| company.sync_contacts) {
            let (id, save) = (hold.company_id, Priority::Save);
            jobs::enqueue_run(conn, id, Mode::Update, save, staff, now)?;
        }
    }
    Ok(())
}

async fn standard(visit: Visit) -> Result<HttpResponse, WebError> {
    let (staff, now) = (visit.name(), visit.now());
    visit
        .app()
        .db()
        .write(move |conn| {
            settings::forget_ignored_licences(conn)?;
            let what = "The standard list of licences that do not count is back";
            events::note(conn, (&staff, "licences_saved"), None, what, now)?;
            look_at_holds(conn, &staff, now)
        })
        .await?;
    Ok(visit.done(HERE, "The standard list is back."))
}
