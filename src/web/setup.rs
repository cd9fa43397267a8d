//! The guided set-up of a new company: how far it is, and what is next. It is read from the database, so that an abandoned
//! set-up goes on where it was left. Stands on top of a company's pages, for who may change it, until its contact sync is on or was run.

use diesel::QueryResult;
use serde::Serialize;

use super::Visit;
use super::changed;
use crate::db::{Conn, events, previews, runs, tenant_connections};
use crate::model::{Company, Role};

/// What the history calls it that somebody passed the step of the filters.
pub const FILTERS_CHOSEN: &str = "filters_chosen";

/// The steps, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SetupStep {
    /// The company in the PSA.
    Company,
    /// Its Microsoft 365 tenant.
    Tenant,
    /// How contacts are written.
    Options,
    /// Who is synced and where to.
    Filters,
    /// What would happen.
    Preview,
    /// The tick box that begins it.
    TurnOn,
}

/// How far the set-up of a company is; drawn by the component `setup_steps`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setup {
    /// The steps.
    pub steps: Vec<Step>,
    /// What is next, in one sentence.
    pub sentence: String,
    /// Where the next step is; `None` where it is on this page.
    pub next: Option<Next>,
}

/// One step as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// Its page; empty: not yet.
    pub href: String,
    /// Whether it is done.
    pub done: bool,
    /// Whether its page is open.
    pub here: bool,
}

/// The button that leads on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Next {
    /// What it says.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// The id of the page's form that it sends, so that what was typed is saved on the way; empty: it is a link.
    pub form: String,
}

/// What is known of a company's set-up.
#[derive(Clone, Copy)]
struct Known {
    company: i64,
    connected: bool,
    /// Whether the options were saved, or are other than those of a new company.
    options: bool,
    /// Whether there are filters, or somebody went on without.
    filters: bool,
    /// Whether a preview was made since the last change.
    previewed: bool,
}

impl Setup {
    /// The first step, before there is a company.
    pub fn first() -> Self {
        Self {
            steps: steps(None, SetupStep::Company),
            sentence:
                "Nothing is written anywhere before you turn contact sync on in the last step."
                    .into(),
            next: None,
        }
    }

    /// How far the company is, seen from the page of a step; `None` where its contact sync is on or was run.
    ///
    /// # Errors
    /// Where the database fails.
    pub fn of(conn: &mut Conn, company: &Company, here: SetupStep) -> QueryResult<Option<Self>> {
        if company.sync_contacts || runs::has_run(conn, company.id)? {
            return Ok(None);
        }
        let preview = previews::get(conn, company.id)?;
        let saved = changed::of_company(conn, company.id)?;
        let known = Known {
            company: company.id,
            connected: tenant_connections::get(conn, company.id)?.is_some(),
            options: company.default_site.is_some()
                || company.update_existing
                || company.use_email
                || events::was(conn, company.id, "company_saved")?,
            filters: !company.filters.is_empty() || events::was(conn, company.id, FILTERS_CHOSEN)?,
            // A preview that failed has no digest.
            previewed: preview.is_some_and(|preview| {
                let current = saved.is_none_or(|saved| preview.made_at >= saved.at);
                !preview.digest.is_empty() && current
            }),
        };
        Ok(Some(Self::from(known, here)))
    }

    /// The set-up for who may do it; a reader sees none.
    pub fn for_visitor(visit: &Visit, setup: Option<Self>) -> Option<Self> {
        setup.filter(|_| visit.may(Role::Technician))
    }

    /// For the samples of a page.
    pub fn sample(here: SetupStep) -> Self {
        let known = Known {
            company: 7,
            connected: here > SetupStep::Tenant,
            options: here > SetupStep::Options,
            filters: here > SetupStep::Filters,
            previewed: here > SetupStep::Preview,
        };
        Self::from(known, here)
    }

    fn from(known: Known, here: SetupStep) -> Self {
        let (sentence, next) = what_next(known, here);
        Self {
            steps: steps(Some(known), here),
            sentence: sentence.into(),
            next: next.map(|(label, step)| Next {
                label: label.into(),
                href: href(known.company, step),
                form: match here {
                    SetupStep::Options if known.connected => "options-form".into(),
                    SetupStep::Filters if known.connected => "filters-form".into(),
                    _ => String::new(),
                },
            }),
        }
    }
}

fn href(company: i64, step: SetupStep) -> String {
    let page = match step {
        SetupStep::Company => "",
        SetupStep::Tenant => "/connection",
        SetupStep::Options => "/contact-sync",
        SetupStep::Filters => "/filters",
        SetupStep::Preview => "/preview",
        SetupStep::TurnOn => "/contact-sync/turn-on",
    };
    format!("/companies/{company}{page}")
}

fn steps(known: Option<Known>, here: SetupStep) -> Vec<Step> {
    use SetupStep::{Company, Filters, Options, Preview, Tenant, TurnOn};
    [
        (Company, "Company", known.is_some()),
        (Tenant, "Tenant", known.is_some_and(|known| known.connected)),
        (Options, "Options", known.is_some_and(|known| known.options)),
        (
            Filters,
            "Filters (optional)",
            known.is_some_and(|known| known.filters),
        ),
        (
            Preview,
            "Preview",
            known.is_some_and(|known| known.previewed),
        ),
        (TurnOn, "Turn on", false),
    ]
    .into_iter()
    .map(|(step, name, done)| Step {
        name: name.into(),
        href: known
            // What comes after the tenant needs one.
            .filter(|known| step != Company && (step == Tenant || known.connected))
            .map(|known| href(known.company, step))
            .unwrap_or_default(),
        done,
        here: step == here,
    })
    .collect()
}

fn what_next(known: Known, here: SetupStep) -> (&'static str, Option<(&'static str, SetupStep)>) {
    if !known.connected {
        return (
            "Next, connect the company's Microsoft 365 tenant.",
            (here != SetupStep::Tenant).then_some(("Next: connect the tenant", SetupStep::Tenant)),
        );
    }
    match here {
        SetupStep::Company if known.previewed => (
            "You have seen what would happen. Next, turn contact sync on.",
            Some(("Next: turn it on", SetupStep::TurnOn)),
        ),
        SetupStep::Company if known.options && known.filters => (
            "Options and filters are chosen. Next, see what would happen; nothing is written.",
            Some(("Next: preview", SetupStep::Preview)),
        ),
        SetupStep::Company if known.options => (
            "The options are saved. Next, choose who is synced, and to which site.",
            Some(("Next: filters", SetupStep::Filters)),
        ),
        SetupStep::Company | SetupStep::Tenant => (
            "The tenant is connected. Next, choose how contacts are written.",
            Some(("Next: options", SetupStep::Options)),
        ),
        SetupStep::Options => (
            "Choose how contacts are written. Contact sync itself is turned on in the last step. Next saves what you chose.",
            Some(("Next: filters", SetupStep::Filters)),
        ),
        SetupStep::Filters => (
            "Filters are optional: they choose who is synced, and to which site. Next saves them and shows what would happen; nothing is written.",
            Some(("Next: preview", SetupStep::Preview)),
        ),
        SetupStep::Preview if !known.previewed => (
            "Make a preview: it shows everything that would happen, and writes nothing.",
            None,
        ),
        SetupStep::Preview | SetupStep::TurnOn => (
            "Is this what should happen? Then turn contact sync on.",
            (here == SetupStep::Preview).then_some(("Next: turn it on", SetupStep::TurnOn)),
        ),
    }
}
