//! What the page of a company's settings shows, with samples.

use serde::Serialize;

use super::contact_sync_form::{Choice, Difference, SettingsForm};
use super::filters_change::sample_items;
use super::filters_effect::EffectView;
use super::filters_item::Item;
use crate::model::RunFailure;
use crate::web::setup::{Setup, SetupStep};
use crate::web::zones::{self, Zone};
use crate::web::{At, CompanyHead, Mistakes, Page, Place, Tab};

/// A company's settings.
#[derive(Clone, Debug, Serialize)]
pub struct ContactSyncPage {
    pub(super) head: CompanyHead,
    pub(super) setup: Option<Setup>,
    pub(super) form: SettingsForm,
    pub(super) mistakes: Mistakes,
    pub(super) stale: Option<Stale>,
    /// What saving would do, of which somebody is told before it is saved.
    pub(super) effect: Option<EffectView>,
    pub(super) tenant: bool,
    pub(super) sites: Vec<Choice>,
    /// Why the sites could not be read.
    pub(super) problem: Option<RunFailure>,
    /// The sites were read anew just now.
    pub(super) fresh: bool,
    pub(super) zones: Vec<Zone>,
    pub(super) guard: String,
    pub(super) filters: Vec<Item>,
    /// How many active users no filter takes.
    pub(super) nobody: Option<usize>,
    pub(super) read_at: Option<At>,
}

/// Somebody else saved meanwhile.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Stale {
    /// Who changed them, as a sentence.
    pub(super) said: String,
    pub(super) differences: Vec<Difference>,
}

impl Page for ContactSyncPage {
    const TEMPLATE: &'static str = "pages/contact_sync.html";

    fn title(&self) -> String {
        format!("Contact sync of {}", self.head.name)
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

fn samples_of_page() -> Vec<ContactSyncPage> {
    let hostile = "\"><script>alert(1)</script> \u{202e}abc 😀";
    let empty = ContactSyncPage {
        head: CompanyHead::sample(Tab::ContactSync),
        setup: Some(Setup::sample(SetupStep::Options)),
        form: SettingsForm::default(),
        mistakes: Mistakes::default(),
        stale: None,
        effect: None,
        tenant: false,
        sites: Vec::new(),
        problem: Some(RunFailure {
            kind: "unreachable".into(),
            message: format!("The PSA did not answer {hostile}"),
            advice: "Check the network".into(),
            side: None,
        }),
        fresh: false,
        zones: zones::all(),
        guard: "With 40 linked contacts, more than 8 wait for you.".into(),
        filters: Vec::new(),
        nobody: None,
        read_at: None,
    };
    let full = ContactSyncPage {
        setup: None,
        form: SettingsForm {
            name: hostile.into(),
            sync_contacts: true,
            update_existing: true,
            use_email: true,
            default_site: "2".into(),
            schedule: hostile.into(),
            ..SettingsForm::default()
        },
        mistakes: [
            ("name", "The name must not be empty"),
            ("sync_contacts", "Connect the tenant first"),
            ("default_site", "Choose another one"),
            ("guard_floor", "A whole number"),
        ]
        .into_iter()
        .collect(),
        stale: Some(Stale {
            said: format!("{hostile} changed this company 3 minutes ago."),
            differences: vec![Difference {
                name: "Company name",
                theirs: hostile.into(),
                yours: String::new(),
            }],
        }),
        tenant: true,
        sites: vec![Choice {
            id: "2".into(),
            name: format!("{hostile} (gone from the PSA)"),
        }],
        problem: None,
        fresh: true,
        filters: sample_items(),
        nobody: Some(2),
        read_at: Some(At::sample()),
        ..empty.clone()
    };
    let one = ContactSyncPage {
        nobody: Some(1),
        stale: Some(Stale::default()),
        ..full.clone()
    };
    let asked = ContactSyncPage {
        stale: None,
        mistakes: Mistakes::default(),
        effect: Some(EffectView {
            sentence: format!("12 people are updated, 3 are deactivated at {hostile}."),
            read_at: Some(At::sample()),
            ..EffectView::default()
        }),
        ..full.clone()
    };
    vec![empty, full, one, asked]
}
