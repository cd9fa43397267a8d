//! The context of the page that shows what putting a run back would do, with its samples.

use serde::Serialize;

use super::holds::HOSTILE;
use super::run_undone::{self, By};
use crate::web::listing::Pager;
use crate::web::{At, CompanyHead, Mistakes, Page, Place, Tab};

/// What putting a run back would do.
#[derive(Clone, Debug, Serialize)]
pub struct UndoPage {
    pub(super) head: CompanyHead,
    /// The run's id.
    pub(super) run: String,
    /// The word of its mode.
    pub(super) mode: String,
    pub(super) began: At,
    /// The one user whose change it is about; empty: everybody's.
    pub(super) user: String,
    pub(super) psa: String,
    /// When the contacts were read.
    pub(super) read_at: Option<At>,
    /// Why it cannot be put back.
    pub(super) refused: Option<Refused>,
    /// Whether it was asked for already.
    pub(super) on_its_way: bool,
    /// Whether the company is inactive in the PSA.
    pub(super) inactive: bool,
    /// Whether nothing is left to be done.
    pub(super) nothing: bool,
    /// So many people's contacts are written.
    pub(super) people_written: usize,
    /// So many links stay.
    pub(super) links: usize,
    pub(super) rows: Vec<Row>,
    pub(super) pager: Pager,
    /// The runs that put it back already.
    pub(super) by: Vec<By>,
    /// So many people are left alone from then on, if that is wanted.
    pub(super) to_ignore: usize,
    /// So many people are looked at again, if that is wanted.
    pub(super) to_stop_ignoring: usize,
    /// What the tick box says.
    pub(super) choice: String,
    pub(super) ignoring: bool,
    pub(super) digest: String,
    pub(super) mistakes: Mistakes,
}

/// Why a run cannot be put back.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Refused {
    pub(super) message: String,
    pub(super) advice: String,
}

/// One person of the run.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    pub(super) page: String,
    pub(super) name: String,
    pub(super) upn: String,
    /// What is done; empty: nothing.
    pub(super) action: String,
    /// Whether the run made the contact.
    pub(super) made: bool,
    pub(super) fields: Vec<FieldRow>,
    /// What stays as it is.
    pub(super) notes: Vec<String>,
    /// Whether runs leave them alone from then on, if that is wanted.
    pub(super) left_alone: bool,
    pub(super) contact: String,
    pub(super) link: String,
}

/// A field that is put back.
#[derive(Clone, Debug, Serialize)]
pub(super) struct FieldRow {
    pub(super) field: String,
    pub(super) now: String,
    pub(super) before: String,
}

impl UndoPage {
    /// The page of a run before anything is known of it.
    pub(super) fn bare(head: CompanyHead, (run, mode): (&str, &str), began: At) -> Self {
        Self {
            head,
            run: run.to_owned(),
            mode: mode.to_owned(),
            began,
            user: String::new(),
            psa: String::new(),
            read_at: None,
            refused: None,
            on_its_way: false,
            inactive: false,
            nothing: false,
            people_written: 0,
            links: 0,
            rows: Vec::new(),
            pager: Pager::default(),
            by: Vec::new(),
            to_ignore: 0,
            to_stop_ignoring: 0,
            choice: String::new(),
            ignoring: true,
            digest: String::new(),
            mistakes: Mistakes::default(),
        }
    }
}

impl Page for UndoPage {
    const TEMPLATE: &'static str = "pages/undo.html";

    fn title(&self) -> String {
        format!("Undo the run of {}, {}", self.head.name, self.began.text)
    }

    fn place(&self) -> Place {
        Place::Fleet
    }

    fn company(&self) -> Option<CompanyHead> {
        Some(self.head.clone())
    }

    fn samples() -> Vec<Self> {
        let bare = Self {
            psa: "ConnectWise".into(),
            ..Self::bare(
                CompanyHead::sample(Tab::Runs),
                ("0193aaaa-0000-7000-8000-000000000000", "update"),
                At::sample(),
            )
        };
        let refused = Self {
            refused: Some(Refused {
                message: HOSTILE.into(),
                advice: "Change the contacts in the PSA by hand".into(),
            }),
            ..bare.clone()
        };
        let nothing = Self {
            read_at: Some(At::sample()),
            nothing: true,
            links: 3,
            on_its_way: true,
            by: run_undone::by_samples(),
            ..bare.clone()
        };
        let row = Row {
            page: "/companies/7/people/0193".into(),
            name: HOSTILE.into(),
            upn: "jane@contoso.example".into(),
            action: "update".into(),
            made: false,
            fields: vec![FieldRow {
                field: "title".into(),
                now: HOSTILE.into(),
                before: "long ".repeat(80),
            }],
            notes: vec![
                "Phone was 99 before the run, was changed since, and stays 100.".into(),
                HOSTILE.into(),
            ],
            left_alone: true,
            contact: "1001".into(),
            link: "https://psa.msp.example/contact/1001".into(),
        };
        let made = Row {
            name: String::new(),
            upn: "long".repeat(100),
            action: "deactivate".into(),
            made: true,
            notes: Vec::new(),
            link: String::new(),
            ..row.clone()
        };
        let left = Row {
            action: String::new(),
            fields: Vec::new(),
            left_alone: false,
            contact: String::new(),
            ..row.clone()
        };
        let already = Row {
            notes: Vec::new(),
            ..left.clone()
        };
        let one = Self {
            read_at: Some(At::sample()),
            user: "0193".into(),
            people_written: 1,
            to_ignore: 1,
            choice: "Leave this person alone from now on".into(),
            rows: vec![row.clone()],
            digest: "abc".into(),
            ..bare.clone()
        };
        let many = Self {
            user: String::new(),
            people_written: 2,
            links: 1,
            to_ignore: 2,
            ignoring: false,
            rows: vec![row, made, left, already],
            pager: Pager {
                from: 1,
                to: 4,
                total: 120,
                previous: String::new(),
                next: "/runs/x/undo?page=2".into(),
            },
            mistakes: [("form", "What would be put back has changed.")]
                .into_iter()
                .collect(),
            ..one.clone()
        };
        let of_undo = Self {
            mode: "undo".into(),
            to_ignore: 0,
            to_stop_ignoring: 12,
            ..one.clone()
        };
        let inactive = Self {
            inactive: true,
            nothing: true,
            ..one.clone()
        };
        vec![refused, nothing, one, many, of_undo, inactive]
    }
}
