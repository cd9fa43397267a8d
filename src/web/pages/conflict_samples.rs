//! Samples of the page of a company's conflicts.

use super::conflicts::{Candidate, Case, ConflictsPage, HOSTILE, Line, somebody};
use crate::web::listing::Pager;
use crate::web::{At, CompanyHead, Tab};

/// Nothing read, nobody in conflict, and many.
pub fn samples() -> Vec<ConflictsPage> {
    let unread = ConflictsPage {
        head: CompanyHead::sample(Tab::People),
        psa: "ConnectWise".into(),
        read_at: None,
        cases: Vec::new(),
        settled: Vec::new(),
        pager: Pager::default(),
    };
    let value = |field: &str, value: &str, same| Line {
        field: field.into(),
        value: value.into(),
        same,
    };
    let free = Candidate {
        id: "7".into(),
        segment: "7".into(),
        name: HOSTILE.into(),
        values: vec![
            value("email", "jane@contoso.example", true),
            value("other_emails", &"long ".repeat(80), false),
            value("site", HOSTILE, false),
        ],
        active: true,
        linked: String::new(),
        link: "https://psa.example/".into(),
    };
    let taken = Candidate {
        name: "long".repeat(100),
        values: Vec::new(),
        active: false,
        linked: "bob@contoso.example".into(),
        link: String::new(),
        ..free.clone()
    };
    let case = Case {
        user: "0193".into(),
        page: "/companies/7/people/0193".into(),
        name: HOSTILE.into(),
        upn: "jane@contoso.example".into(),
        why: "Several contacts fit: 7 and 8.".into(),
        others: vec![somebody()],
        user_side: vec![
            value("email", "jane@contoso.example", false),
            value("department", HOSTILE, false),
        ],
        candidates: vec![free, taken],
    };
    let shared = Case {
        others: Vec::new(),
        user_side: Vec::new(),
        candidates: Vec::new(),
        ..case.clone()
    };
    let many = ConflictsPage {
        read_at: Some(At::sample()),
        cases: vec![case, shared],
        settled: vec![somebody()],
        pager: Pager::of(("2", 20), 42, "/companies/7/conflicts", &[]),
        ..unread.clone()
    };
    let none = ConflictsPage {
        read_at: Some(At::sample()),
        ..unread.clone()
    };
    vec![unread, none, many]
}
