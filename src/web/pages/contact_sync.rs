//! A company's settings: what is synced and when, where contacts go by default, when deactivations wait, and its filters in
//! short. Turning contact sync on has a page of its own, which shows first what would happen.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use diesel::QueryResult;

use super::connection;
use super::contact_sync_effect;
use super::contact_sync_form::{SettingsForm, guard_words};
use super::contact_sync_page::{ContactSyncPage, Stale};
use super::filters::saved_items;
use super::filters_effect::EffectView;
use super::filters_known;
use super::preview;
use super::preview_live::Back;
use crate::connections::{Saving, save_company};
use crate::db::{Conn, companies, links, tenant_connections};
use crate::jobs;
use crate::model::{Company, Site};
use crate::pickers;
use crate::sync::failure::RunError;
use crate::web::routes::{Entry, routes};
use crate::web::setup::{Setup, SetupStep};
use crate::web::{At, CompanyHead, Form, Mistakes, Samples, Tab, Visit, WebError, zones};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/companies/{company:\\d+}/contact-sync" Reader show;
    Post Act "/companies/{company:\\d+}/contact-sync" Technician save;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<ContactSyncPage>();
}

/// Where no contact is linked yet, the guard is explained with so many.
const EXAMPLE: usize = 40;

/// What the database knows of the company.
struct Known {
    company: Company,
    version: i64,
    tenant: bool,
    linked: usize,
    setup: Option<Setup>,
}

fn read(conn: &mut Conn, id: i64) -> QueryResult<Option<Known>> {
    let Some(company) = companies::get(conn, id)? else {
        return Ok(None);
    };
    let linked = links::count(conn, id)?;
    Ok(Some(Known {
        setup: Setup::of(conn, &company, SetupStep::Options)?,
        company,
        version: companies::version(conn, id)?.unwrap_or_default(),
        tenant: tenant_connections::get(conn, id)?.is_some(),
        linked: usize::try_from(linked).unwrap_or_default(),
    }))
}

async fn known(visit: &Visit, id: i64) -> Result<Known, WebError> {
    let found = visit.app().db().read(move |conn| read(conn, id)).await?;
    found.ok_or(WebError::NotFound)
}

type Sites = Result<Vec<Site>, RunError>;

/// What is shown besides the settings themselves.
#[derive(Default)]
struct Shown {
    mistakes: Mistakes,
    stale: Option<Stale>,
    fresh: bool,
    effect: Option<EffectView>,
}

async fn page(
    visit: &Visit,
    known: &Known,
    (form, sites): (SettingsForm, Sites),
    shown: Shown,
) -> Result<ContactSyncPage, WebError> {
    let (company, now) = (&known.company, visit.now());
    let mut about = filters_known::Known::load(visit, company.id).await?;
    about.ask_names(visit).await?;
    let (filters, nobody) = saved_items(&about);
    let read_at = about
        .last
        .as_ref()
        .map(|last| At::there(last.read_at, now, &company.timezone));
    let linked = match known.linked {
        0 => EXAMPLE,
        linked => linked,
    };
    let (typed, wrong) = form.company(company, &sites);
    let nonsense = typed.guard.percent > 100
        || ["guard_floor", "guard_percent"]
            .iter()
            .any(|field| wrong.get(field).is_some());
    Ok(ContactSyncPage {
        head: CompanyHead::new(company, Tab::ContactSync),
        setup: Setup::for_visitor(visit, known.setup.clone()),
        sites: form.choices(company, &sites),
        problem: sites.err(),
        // Of numbers that are none nothing can be said.
        guard: if nonsense {
            String::new()
        } else {
            guard_words(typed.guard, linked, visit.who_decides())
        },
        filters,
        nobody,
        read_at,
        form,
        mistakes: shown.mistakes,
        stale: shown.stale,
        fresh: shown.fresh,
        effect: shown.effect,
        tenant: known.tenant,
        zones: zones::all(),
    })
}

async fn show(visit: Visit, id: Path<i64>) -> Result<HttpResponse, WebError> {
    let known = known(&visit, *id).await?;
    let sites = pickers::sites(visit.app(), &known.company, false).await;
    let form = SettingsForm::of(&known.company, known.version);
    visit.page(&page(&visit, &known, (form, sites), Shown::default()).await?)
}

async fn save(
    visit: Visit,
    id: Path<i64>,
    form: Form<SettingsForm>,
) -> Result<HttpResponse, WebError> {
    let (known, form) = (known(&visit, *id).await?, form.0);
    let refresh = form.action == "refresh";
    let sites = pickers::sites(visit.app(), &known.company, refresh).await;
    if refresh {
        let shown = Shown {
            fresh: sites.is_ok(),
            ..Shown::default()
        };
        return visit.page(&page(&visit, &known, (form, sites), shown).await?);
    }
    let (mut company, mut mistakes) = form.company(&known.company, &sites);
    if form.version != known.version {
        return stale(&visit, &known, (form, sites)).await;
    }
    let turns_on = company.sync_contacts && !known.company.sync_contacts;
    if turns_on && !known.tenant {
        mistakes.add(
            "sync_contacts",
            "Connect the company's Microsoft 365 tenant first.",
        );
    }
    if !mistakes.is_empty() {
        // What the rules say besides is said at once, not after this is mended.
        if let Err(more) = crate::rules::company::tidy(&company, true) {
            for mistake in more {
                mistakes.add(field_of(&mistake.field), sentence(&mistake.message));
            }
        }
        return again(&visit, &known, (form, sites), mistakes).await;
    }
    if form.action != "confirmed"
        && let Some(effect) = contact_sync_effect::of(&visit, &known.company, &company).await?
    {
        let shown = Shown {
            effect: Some(effect),
            ..Shown::default()
        };
        return visit.again(&page(&visit, &known, (form, sites), shown).await?);
    }
    // Before it is turned on, somebody sees what that does.
    company.sync_contacts &= !turns_on;
    let who = visit.name();
    let then = jobs::follow_a_save(&who, visit.now());
    match save_company(visit.app(), &company, form.version, &who, then).await? {
        Saving::Saved { id, .. } if form.action == "next" => Ok(visit.done(
            &format!("/companies/{id}/filters"),
            if turns_on {
                "The options are saved. Contact sync itself is turned on in the last step."
            } else {
                "The options are saved."
            },
        )),
        Saving::Saved { id, .. } => saved(&visit, (id, &company), turns_on).await,
        Saving::Stale { .. } => {
            let known = self::known(&visit, known.company.id).await?;
            stale(&visit, &known, (form, sites)).await
        }
        Saving::Gone => Err(WebError::NotFound),
        Saving::NameTaken => {
            mistakes.add("name", "Another company in Rollcall has this name.");
            again(&visit, &known, (form, sites), mistakes).await
        }
        Saving::PlaceTaken { by } => {
            mistakes.add("form", format!("{by} has this place in the PSA."));
            again(&visit, &known, (form, sites), mistakes).await
        }
        Saving::Mistakes(found) => {
            for mistake in found {
                mistakes.add(field_of(&mistake.field), sentence(&mistake.message));
            }
            again(&visit, &known, (form, sites), mistakes).await
        }
    }
}

/// Leads on after a save: to the page that turns contact sync on, or back with what follows.
async fn saved(
    visit: &Visit,
    (id, company): (i64, &Company),
    turns_on: bool,
) -> Result<HttpResponse, WebError> {
    let here = format!("/companies/{id}/contact-sync");
    if turns_on {
        return preview::begin(visit, id, Back::TurnOn)
            .await
            .map(|to| visit.lead(&to));
    }
    if company.sync_contacts {
        visit.app().jobs().wake();
        return Ok(visit.done(&here, "Saved. A run starts within five minutes."));
    }
    Ok(visit.done(
        &here,
        "Saved. Contact sync is off, so nothing is written to the PSA.",
    ))
}

async fn again(
    visit: &Visit,
    known: &Known,
    typed: (SettingsForm, Sites),
    mistakes: Mistakes,
) -> Result<HttpResponse, WebError> {
    let shown = Shown {
        mistakes,
        ..Shown::default()
    };
    visit.again(&page(visit, known, typed, shown).await?)
}

/// Somebody else saved meanwhile: shows what was typed, what is stored, and lets the visitor choose.
async fn stale(
    visit: &Visit,
    known: &Known,
    (mut form, sites): (SettingsForm, Sites),
) -> Result<HttpResponse, WebError> {
    let stored = SettingsForm::of(&known.company, known.version);
    let choices = form.choices(&known.company, &sites);
    let differences = form.differences(&stored, &choices);
    let seen = (known.company.id, form.version);
    let said = connection::stale(visit, seen, "this company").await?;
    form.version = known.version;
    let shown = Shown {
        stale: Some(Stale { said, differences }),
        ..Shown::default()
    };
    let page = page(visit, known, (form, sites), shown).await?;
    visit.page_with(StatusCode::CONFLICT, &page)
}

/// The field of the form beside which a mistake stands.
fn field_of(field: &str) -> &str {
    match field {
        "name" | "schedule" | "timezone" | "guard_percent" | "default_site" | "sync_contacts" => {
            field
        }
        _ => "form",
    }
}

fn sentence(text: &str) -> String {
    crate::web::words::sentence(text)
}
