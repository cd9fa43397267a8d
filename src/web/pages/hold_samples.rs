//! The samples of a hold's page: nothing, one, much, hostile and long text, and people who are not to be deactivated any more.

use super::holds::{HOSTILE, Held, HoldPage};
use crate::web::{At, CompanyHead, Mistakes, Tab};

pub(super) fn all() -> Vec<HoldPage> {
    let none = HoldPage {
        head: CompanyHead::sample(Tab::Overview),
        psa: "ConnectWise".into(),
        since: None,
        read_at: None,
        why: Vec::new(),
        people: Vec::new(),
        total: 0,
        not_any_more: 0,
        more: 0,
        approving: 0,
        note: String::new(),
        mistakes: Mistakes::default(),
    };
    let held = Held {
        id: "0193".into(),
        page: "/companies/7/people/0193".into(),
        name: HOSTILE.into(),
        upn: "jane@contoso.example".into(),
        reason: "Sign-in blocked.".into(),
        contact: "7".into(),
        link: "https://psa.example/".into(),
        not_any_more: "",
        ticked: true,
    };
    let bare = Held {
        name: String::new(),
        upn: "long".repeat(100),
        link: String::new(),
        not_any_more: "they are active again",
        ticked: false,
        ..held.clone()
    };
    let one = HoldPage {
        since: Some(At::sample()),
        read_at: Some(At::sample()),
        total: 1,
        why: vec![
            "12 of 40 linked contacts would be deactivated; more than 8 wait for you.".into(),
        ],
        people: vec![held.clone()],
        ..none.clone()
    };
    let wrong = HoldPage {
        people: vec![held, bare.clone()],
        more: 12,
        total: 14,
        not_any_more: 1,
        approving: 3,
        note: HOSTILE.into(),
        mistakes: [
            ("form", "Tick at least one person."),
            ("note", "Use 400 characters or fewer."),
        ]
        .into_iter()
        .collect(),
        ..one.clone()
    };
    let over = HoldPage {
        people: vec![bare.clone()],
        not_any_more: 1,
        ..one.clone()
    };
    let all_over = HoldPage {
        people: vec![bare.clone(), bare],
        total: 2,
        not_any_more: 2,
        ..one.clone()
    };
    let unread = HoldPage {
        read_at: None,
        ..one.clone()
    };
    vec![none, one, wrong, over, all_over, unread]
}
