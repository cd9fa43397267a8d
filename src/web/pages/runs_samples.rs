//! The samples of a list of runs: nothing, much, hostile and long text.

use super::runs::{RunRow, RunsPage, status_choices};
use crate::web::listing::choices;
use crate::web::{At, CompanyHead, Tab};

pub(super) fn all() -> Vec<RunsPage> {
    let row = RunRow {
        id: "0193aaaa-0000-7000-8000-000000000000".into(),
        company_id: 7,
        company: "<script>alert(1)</script> \u{202e}Co\" 🏢".into(),
        removed: true,
        at: At::sample(),
        mode: "update".into(),
        preview: false,
        status: "succeeded".into(),
        failure: String::new(),
        done: vec!["2 created".into(), "1 updated".into()],
        duration: "4 s".into(),
        requests: 12,
        asked_by: "Robin 'the' <b>".into(),
    };
    let quiet = RunRow {
        company: "Contoso".into(),
        removed: false,
        preview: true,
        status: "running".into(),
        done: Vec::new(),
        duration: String::new(),
        asked_by: String::new(),
        ..row.clone()
    };
    let empty = RunsPage {
        head: None,
        live: None,
        runs: Vec::new(),
        status: status_choices(""),
        companies: Vec::new(),
        filtered: false,
        newest: true,
        older: String::new(),
        path: "/runs".into(),
        file: "/runs.csv".into(),
    };
    let long = RunRow {
        company: "Long ".repeat(50),
        failure: "Nothing comes to an end here ".repeat(20),
        done: vec!["12,345 reactivated".into(); 5],
        status: "failed".into(),
        ..quiet.clone()
    };
    let one = RunsPage {
        head: Some(CompanyHead::sample(Tab::Runs)),
        runs: vec![row.clone()],
        ..empty.clone()
    };
    let many = RunsPage {
        runs: vec![row, quiet, long],
        status: status_choices("failed"),
        companies: choices(
            [
                ("", "All companies"),
                ("7", "<b>Contoso</b>"),
                ("8", "Fabrikam"),
            ],
            "7",
        ),
        filtered: true,
        newest: false,
        older: "/runs?status=failed&before=x".into(),
        ..empty.clone()
    };
    let filtered = RunsPage {
        filtered: true,
        ..empty.clone()
    };
    vec![empty, one, many, filtered]
}
