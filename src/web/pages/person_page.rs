//! What the page of one user shows, with samples.

use serde::Serialize;

use super::contact_choices::{self, ContactChoices};
use crate::web::portrait::{Moment, Row, Step};
use crate::web::{At, CompanyHead, Page, Place, Tab};

/// One user.
#[derive(Clone, Debug, Serialize)]
pub struct PersonPage {
    pub(super) head: CompanyHead,
    /// The address of this page.
    pub(super) page: String,
    pub(super) user_id: String,
    pub(super) name: String,
    pub(super) upn: String,
    /// How they stand; empty where the last reading does not have them.
    pub(super) standing: String,
    pub(super) read_at: Option<At>,
    pub(super) ignored: bool,
    /// Whether they left and a technician dismissed the deactivation.
    pub(super) dismissed: bool,
    /// The addresses at the vendors; empty where they are not known.
    pub(super) entra: String,
    pub(super) psa: String,
    pub(super) psa_link: String,
    pub(super) contact: String,
    /// The contact to which they are linked; empty: none.
    pub(super) linked: String,
    /// How that link came about.
    pub(super) linked_how: String,
    pub(super) rows: Vec<Row>,
    pub(super) steps: Vec<Step>,
    /// What the next run does.
    pub(super) next: Vec<String>,
    /// What can be linked; none where the tenant has no such user.
    pub(super) choices: Option<ContactChoices>,
    pub(super) history: Vec<Moment>,
    pub(super) earlier: Option<usize>,
    pub(super) later: Option<usize>,
}

impl PersonPage {
    /// Nobody of this company.
    pub(super) fn of(head: CompanyHead) -> Self {
        Self {
            head,
            page: String::new(),
            user_id: String::new(),
            psa: String::new(),
            name: String::new(),
            upn: String::new(),
            standing: String::new(),
            read_at: None,
            ignored: false,
            dismissed: false,
            entra: String::new(),
            psa_link: String::new(),
            contact: String::new(),
            linked: String::new(),
            linked_how: String::new(),
            rows: Vec::new(),
            steps: Vec::new(),
            next: Vec::new(),
            choices: None,
            history: Vec::new(),
            earlier: None,
            later: None,
        }
    }
}

impl Page for PersonPage {
    const TEMPLATE: &'static str = "pages/person.html";

    fn title(&self) -> String {
        if self.name.is_empty() {
            "A person".into()
        } else {
            self.name.clone()
        }
    }

    fn place(&self) -> Place {
        Place::Fleet
    }

    fn company(&self) -> Option<CompanyHead> {
        Some(self.head.clone())
    }

    fn samples() -> Vec<Self> {
        let gone = Self {
            page: "/companies/7/people/0193".into(),
            user_id: "00000000-0000-4000-8000-000000000001".into(),
            psa: "ConnectWise".into(),
            ..Self::of(CompanyHead::sample(Tab::People))
        };
        let hostile = "<script>\"' \u{202e}evil\u{202c} 🙂";
        let row = |text: &str, differs| Row {
            field: "title".into(),
            user: text.into(),
            contact: String::new(),
            differs,
        };
        let step = Step {
            name: "Filter".into(),
            result: "Taken".into(),
            lines: vec![hostile.into(), "long ".repeat(80)],
        };
        let full = Self {
            name: hostile.into(),
            upn: "jane@contoso.example".into(),
            standing: "will_change".into(),
            read_at: Some(At::sample()),
            entra: "https://entra.microsoft.com/".into(),
            psa_link: "https://psa.example/".into(),
            contact: "Jane Doe (7)".into(),
            linked: "Jane Doe (7)".into(),
            linked_how: "Found by its default email.".into(),
            rows: vec![row(hostile, true), row(&"long ".repeat(80), false)],
            steps: vec![step],
            next: vec!["Update.".into(), hostile.into()],
            choices: Some(contact_choices::sample()),
            history: Moment::samples(),
            earlier: Some(3),
            later: Some(1),
            ..gone.clone()
        };
        let ignored = Self {
            ignored: true,
            standing: "ignored".into(),
            name: "long ".repeat(80),
            ..full.clone()
        };
        let kept = Self {
            dismissed: true,
            standing: "kept".into(),
            ..full.clone()
        };
        vec![gone, full, ignored, kept]
    }
}
