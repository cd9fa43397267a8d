//! The samples of a run's page: nothing, much, hostile and long text.

use super::run::{FieldRow, PersonRow, RunPage, Tile, Trouble};
use super::run_undone::{self, Undone};
use crate::web::listing::{Pager, choices};
use crate::web::live::Live;
use crate::web::{At, CompanyHead, Part, Tab};

pub(super) fn all() -> Vec<RunPage> {
    let person = PersonRow {
        page: "/companies/7/people/0193".into(),
        name: "<script>alert(1)</script> \u{202e}\"Jane\" 👩".into(),
        upn: "jane@contoso.example".into(),
        action: "update".into(),
        reason: "title differs".into(),
        filter: "Management".into(),
        site: "New Site".into(),
        outcome: "failed".into(),
        changes: vec![FieldRow {
            field: "title".into(),
            from: "nothing".into(),
            to: "Lead ".repeat(60),
        }],
        unwritten: vec!["Title".into()],
        error: "title: <b>too long</b>".into(),
        contact_id: "1001".into(),
        contact_link: "https://psa.msp.example/contact/1001".into(),
        user_link: "https://entra.microsoft.com/".into(),
        undo: "/runs/0193aaaa-0000-7000-8000-000000000000/undo?user=0193".into(),
        undone: None,
    };
    let plain = PersonRow {
        name: String::new(),
        filter: String::new(),
        site: String::new(),
        outcome: "applied".into(),
        changes: Vec::new(),
        unwritten: Vec::new(),
        error: String::new(),
        contact_link: String::new(),
        user_link: String::new(),
        undo: String::new(),
        undone: Some(("0193bbbb-0000-7000-8000-000000000000".into(), At::sample())),
        ..person.clone()
    };
    let none = PersonRow {
        contact_id: String::new(),
        undone: None,
        ..plain.clone()
    };
    let tile = |value, link: &str| Tile {
        value,
        name: "Created".into(),
        link: link.into(),
    };
    let empty = RunPage {
        id: "0193aaaa-0000-7000-8000-000000000000".into(),
        company_id: 7,
        company: "Contoso".into(),
        head: Some(CompanyHead::sample(Tab::Runs)),
        mode: "update".into(),
        preview: false,
        status: "succeeded".into(),
        began: At::sample(),
        duration: "4 s".into(),
        asked_by: String::new(),
        progress: None,
        tiles: vec![tile(0, "")],
        requests: vec![("Microsoft Graph".into(), 3)],
        error: None,
        came: String::new(),
        findings: Vec::new(),
        undone: Undone::default(),
        lines: 0,
        people: Vec::new(),
        psa: "ConnectWise".into(),
        search: String::new(),
        action: Vec::new(),
        outcome: Vec::new(),
        pager: Pager::default(),
    };
    let failed = RunPage {
        head: None,
        company: "<script>alert(1)</script>".into(),
        preview: true,
        status: "failed".into(),
        asked_by: "Robin".into(),
        tiles: vec![tile(2, "/runs/x?outcome=failed")],
        error: Some(Trouble {
            what: "Client secret expired".into(),
            message: "<script>alert(1)</script>".into(),
            advice: "Add a new one".into(),
        }),
        came: "Until then 3 of 60 people were reached: 2 created, 1 failed.".into(),
        findings: vec!["Filter 3 names the licence <SPB>".into()],
        lines: 3,
        people: vec![person, plain, none],
        search: "\"><script>alert(1)</script>".into(),
        action: choices([("", "All"), ("update", "Update")], "update"),
        outcome: choices([("", "All"), ("failed", "Failed")], "failed"),
        pager: Pager {
            from: 1,
            to: 3,
            total: 3,
            previous: "/runs/x".into(),
            next: "/runs/x?page=3".into(),
        },
        ..empty.clone()
    };
    let sought = RunPage {
        lines: 3,
        ..empty.clone()
    };
    let going = RunPage {
        status: "running".into(),
        duration: String::new(),
        progress: Live::samples()
            .into_iter()
            .find(|live| !live.of_run.is_empty()),
        ..empty.clone()
    };
    let interrupted = RunPage {
        status: "interrupted".into(),
        duration: String::new(),
        came: "Nothing was written.".into(),
        tiles: Vec::new(),
        ..empty.clone()
    };
    let linked = RunPage {
        lines: 1,
        people: failed.people[2..]
            .iter()
            .map(|one| PersonRow {
                action: "link".into(),
                ..one.clone()
            })
            .collect(),
        ..empty.clone()
    };
    let [kept, forgotten] = run_undone::samples();
    let undone = RunPage {
        undone: kept,
        ..failed.clone()
    };
    let here = RunPage {
        head: empty.head.clone(),
        ..undone.clone()
    };
    let forgotten = RunPage {
        undone: forgotten,
        ..here.clone()
    };
    vec![
        empty,
        failed,
        sought,
        going,
        interrupted,
        linked,
        undone,
        here,
        forgotten,
    ]
}
