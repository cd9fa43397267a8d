//! What a company's overview shows, with samples.

use serde::Serialize;

use super::overview_state::{State, Tiles};
use crate::web::live::{Live, Stage};
use crate::web::progress::{Dot, sample_strip};
use crate::web::quarantined::InQuarantine;
use crate::web::setup::{Setup, SetupStep};
use crate::web::{At, CompanyHead, Disconnected, Page, Place, Tab, TenantDoubt};

/// How a company does.
#[derive(Clone, Debug, Serialize)]
pub struct OverviewPage {
    pub(super) head: CompanyHead,
    pub(super) setup: Option<Setup>,
    pub(super) state: State,
    pub(super) doubt: Option<TenantDoubt>,
    pub(super) disconnected: Option<Disconnected>,
    pub(super) live: Live,
    pub(super) tiles: Option<Tiles>,
    pub(super) counted_at: Option<At>,
    /// The last good run.
    pub(super) counted_by: Option<String>,
    pub(super) last: Option<Last>,
    pub(super) next: Next,
    pub(super) dots: Vec<Dot>,
    pub(super) settings: Settings,
}

/// The last run.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Last {
    pub(super) id: String,
    pub(super) mode: &'static str,
    pub(super) status: &'static str,
    pub(super) at: At,
    pub(super) who: String,
}

/// When the next run begins.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Next {
    pub(super) at: Option<At>,
    pub(super) words: String,
}

/// The settings in short.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Settings {
    pub(super) psa: String,
    pub(super) update_existing: bool,
    pub(super) use_email: bool,
    pub(super) default_site: String,
    pub(super) filters: usize,
    pub(super) filters_off: usize,
    pub(super) schedule: String,
    pub(super) floor: u32,
    pub(super) percent: u32,
    pub(super) ignored: usize,
}

impl Page for OverviewPage {
    const TEMPLATE: &'static str = "pages/overview.html";

    fn title(&self) -> String {
        self.head.name.clone()
    }

    fn place(&self) -> Place {
        Place::Fleet
    }

    fn company(&self) -> Option<CompanyHead> {
        Some(self.head.clone())
    }

    fn samples() -> Vec<Self> {
        samples_of_page()
    }
}

fn samples_of_page() -> Vec<OverviewPage> {
    let hostile = "\"><script>alert(1)</script> \u{202e}abc 😀";
    let head = CompanyHead::sample(Tab::Overview);
    let empty = OverviewPage {
        head: CompanyHead {
            sync_contacts: false,
            ..head.clone()
        },
        setup: Some(Setup::sample(SetupStep::Company)),
        state: State {
            kind: "info",
            sentence: "This company is not set up yet.".into(),
            detail: String::new(),
            advice: "First let Rollcall read its tenant.".into(),
            button: Some(("Connect tenant", "/companies/7/connection".into())),
            quarantine: None,
        },
        doubt: None,
        disconnected: None,
        live: Live::default(),
        tiles: None,
        counted_at: None,
        counted_by: None,
        last: None,
        next: Next::default(),
        dots: Vec::new(),
        settings: Settings::default(),
    };
    let disconnected = OverviewPage {
        setup: None,
        state: State {
            kind: "off",
            sentence: "The tenant of this company is disconnected.".into(),
            button: Some(("Connect the tenant again", "/companies/7/connection".into())),
            ..State::default()
        },
        disconnected: Some(Disconnected::sample()),
        ..empty.clone()
    };
    let full = OverviewPage {
        setup: None,
        state: State {
            kind: "ok",
            sentence: "All is well: 40 people are in sync.".into(),
            ..State::default()
        },
        doubt: Some(TenantDoubt::sample()),
        disconnected: None,
        head,
        live: Live {
            company: 7,
            job: 3,
            stage: Stage::Writing,
            every: 2,
            mode: "update",
            done: 12,
            planned: 40,
            ..Live::default()
        },
        tiles: Some(Tiles {
            in_sync: 40,
            not_updated: 6,
            changed: 2,
            will_change: 6,
            held: 5,
            conflicts: 1,
            out_of_scope: 3,
            ignored: 2,
            kept: 1,
            leavers: 4,
        }),
        counted_at: Some(At::sample()),
        counted_by: Some("0193aaaa-0000-7000-8000-000000000000".into()),
        last: Some(Last {
            id: "0193aaaa-0000-7000-8000-000000000000".into(),
            mode: "update",
            status: "succeeded",
            at: At::sample(),
            who: hostile.into(),
        }),
        next: Next {
            at: Some(At::sample()),
            words: String::new(),
        },
        dots: sample_strip(),
        settings: Settings {
            psa: hostile.into(),
            update_existing: true,
            use_email: true,
            default_site: "x".repeat(256),
            filters: 3,
            filters_off: 1,
            schedule: "02:30, Europe/London".into(),
            floor: 3,
            percent: 20,
            ignored: 2,
        },
    };
    let one = OverviewPage {
        next: Next {
            at: None,
            words: "When somebody presses Sync".into(),
        },
        settings: Settings {
            filters: 1,
            ignored: 1,
            ..full.settings.clone()
        },
        live: Live::default(),
        ..full.clone()
    };
    let quarantined = OverviewPage {
        state: State {
            kind: "bad",
            sentence: "The tenant connection is in quarantine.".into(),
            detail: format!("Microsoft's login could not sign in: {hostile}"),
            advice: "Check the secret.".into(),
            button: None,
            quarantine: Some(InQuarantine::sample()),
        },
        ..one.clone()
    };
    let now = OverviewPage {
        state: State {
            quarantine: Some(InQuarantine {
                again: None,
                ..InQuarantine::sample()
            }),
            ..quarantined.state.clone()
        },
        ..quarantined.clone()
    };
    vec![empty, disconnected, full, one, quarantined, now]
}
