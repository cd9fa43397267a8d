//! What the page of a company's preview shows, with samples.

use serde::Serialize;

use super::preview_difference::{Difference, Field, Person};
use super::preview_lines::{Choice, Group, Listed, PersonLine, Written};
use super::preview_live::PreviewLive;
use crate::web::listing::Pager;
use crate::web::setup::{Setup, SetupStep};
use crate::web::{At, CompanyHead, Disconnected, Page, Place, Tab};

/// What a run would do.
#[derive(Clone, Debug, Serialize)]
pub struct PreviewPage {
    pub(super) head: CompanyHead,
    pub(super) setup: Option<Setup>,
    pub(super) tenant: bool,
    /// The tenant is not connected any more.
    pub(super) disconnected: Option<Disconnected>,
    pub(super) live: PreviewLive,
    pub(super) made: Option<Made>,
    pub(super) q: String,
    pub(super) action: String,
    pub(super) choices: Vec<Choice>,
    pub(super) listed: Listed,
    /// The address of the file.
    pub(super) file: String,
    pub(super) difference: Option<Difference>,
    /// Nothing that would be done is different.
    pub(super) same: bool,
}

/// The preview as a whole.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Made {
    pub(super) at: Option<At>,
    pub(super) who_saved: String,
    /// Why it does not hold any more; none: it does, as far as is known.
    pub(super) stale: Option<Stale>,
    pub(super) digest: String,
    /// People for whom something is done.
    pub(super) acts: usize,
    /// Nothing is written, though both sides differ.
    pub(super) skipped: bool,
    /// People who would wait for a technician.
    pub(super) held: usize,
    pub(super) unchanged: usize,
    pub(super) out_of_scope: usize,
    pub(super) ignored: usize,
    pub(super) findings: Vec<String>,
    pub(super) failed: Option<Failed>,
    /// It is of another version of Rollcall.
    pub(super) strange: bool,
}

/// Why a preview does not hold any more: it is not run then, but made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stale {
    /// A run has finished since.
    Ran,
    /// The settings were saved since.
    Saved,
    /// Something else would be done, as a run found or by what was decided since.
    Changed,
}

impl Stale {
    /// The first of these that is so.
    pub(super) fn of(ran: bool, saved: bool, changed: bool) -> Option<Self> {
        let all = [
            (ran, Self::Ran),
            (saved, Self::Saved),
            (changed, Self::Changed),
        ];
        all.into_iter().find(|(so, _)| *so).map(|(_, why)| why)
    }
}

/// Why the preview failed.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Failed {
    pub(super) message: String,
    pub(super) advice: String,
    pub(super) button: Option<(&'static str, String)>,
}

impl Page for PreviewPage {
    const TEMPLATE: &'static str = "pages/preview.html";

    fn title(&self) -> String {
        format!("Preview of {}", self.head.name)
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

fn samples_of_page() -> Vec<PreviewPage> {
    let hostile = "\"><script>alert(1)</script> \u{202e}abc 😀";
    let empty = PreviewPage {
        head: CompanyHead::sample(Tab::Preview),
        setup: Some(Setup::sample(SetupStep::Preview)),
        tenant: false,
        disconnected: None,
        live: PreviewLive::default(),
        made: None,
        q: String::new(),
        action: String::new(),
        choices: Vec::new(),
        listed: Listed::default(),
        file: String::new(),
        difference: None,
        same: false,
    };
    let written = Written {
        field: "title",
        from: hostile.into(),
        to: "x".repeat(256),
    };
    let person = PersonLine {
        page: "/companies/7/people/0193".into(),
        name: hostile.into(),
        upn: "jane@contoso.example".into(),
        contact: "1001".into(),
        reason: "title differs".into(),
        filter: hostile.into(),
        site: "New Site".into(),
        fields: vec![written.clone(), written.clone()],
        short: String::new(),
    };
    let bare = PersonLine {
        page: person.page.clone(),
        upn: hostile.into(),
        short: hostile.into(),
        fields: vec![written.clone()],
        ..PersonLine::default()
    };
    let different = Person {
        page: person.page.clone(),
        name: hostile.into(),
        upn: "jane@contoso.example".into(),
        was: "Update".into(),
        is: "Held".into(),
        fields: vec![
            Field {
                word: "title",
                was: Some(written.clone()),
                is: None,
            },
            Field {
                word: "phone",
                was: None,
                is: Some(written),
            },
        ],
    };
    let full = PreviewPage {
        setup: None,
        tenant: true,
        made: Some(Made {
            at: Some(At::sample()),
            who_saved: hostile.into(),
            stale: None,
            digest: "a".repeat(64),
            acts: 61,
            skipped: false,
            held: 2,
            unchanged: 40,
            out_of_scope: 1,
            ignored: 2,
            findings: vec![hostile.into()],
            failed: None,
            strange: false,
        }),
        q: hostile.into(),
        action: "update".into(),
        choices: vec![Choice {
            key: "update",
            name: "Update".into(),
            count: 61,
        }],
        listed: Listed {
            groups: vec![Group {
                key: "update",
                name: "Update".into(),
                count: 61,
                people: vec![person, bare],
            }],
            pager: Pager::new("1", 61, "/companies/7/preview", &[("action", "update")]),
        },
        file: "/companies/7/preview.csv?action=update".into(),
        difference: Some(Difference {
            added: vec![different.clone()],
            gone: vec![different.clone()],
            changed: vec![different],
            more: 1,
        }),
        same: true,
        ..empty.clone()
    };
    let failed = PreviewPage {
        made: Some(Made {
            failed: Some(Failed {
                message: hostile.into(),
                advice: "Check the keys".into(),
                button: Some(("Mend the connection", "/companies/7/connection".into())),
            }),
            ..Made::default()
        }),
        ..full.clone()
    };
    let inactive = PreviewPage {
        made: Some(Made {
            skipped: true,
            findings: vec![hostile.into()],
            ..Made::default()
        }),
        choices: Vec::new(),
        listed: Listed::default(),
        ..full.clone()
    };
    let off = PreviewPage {
        setup: Some(Setup::sample(SetupStep::TurnOn)),
        head: CompanyHead {
            sync_contacts: false,
            ..CompanyHead::sample(Tab::Preview)
        },
        made: Some(Made {
            strange: true,
            stale: Some(Stale::Ran),
            ..Made::default()
        }),
        ..full.clone()
    };
    let stale = [Stale::Ran, Stale::Saved, Stale::Changed].map(|why| PreviewPage {
        made: full.made.clone().map(|made| Made {
            stale: Some(why),
            ..made
        }),
        difference: None,
        ..full.clone()
    });
    let disconnected = PreviewPage {
        setup: None,
        disconnected: Some(Disconnected::sample()),
        ..empty.clone()
    };
    let unmade = PreviewPage {
        setup: Some(Setup::sample(SetupStep::Preview)),
        ..disconnected.clone()
    };
    let mut all = vec![empty, disconnected, unmade, full, failed, inactive, off];
    all.extend(stale);
    all
}
