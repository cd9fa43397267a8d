//! The samples of the fleet's page: nothing, much, hostile and long text.

use super::fleet::{CompanyRow, FleetPage, LastSeen, SHOW, SORT};
use crate::attention::{Cause, Concerned};
use crate::web::At;
use crate::web::listing::{Pager, choices};
use crate::web::progress::sample_strip;

pub(super) fn all() -> Vec<FleetPage> {
    let row = CompanyRow {
        id: 7,
        name: "<script>alert(1)</script> \u{202e}\"Contoso\" 🏢".into(),
        psa: "Our <b>PSA</b>".into(),
        sync_contacts: true,
        needy: true,
        connected: true,
        disconnected: false,
        people: Some(1200),
        will_change: 46,
        dots: sample_strip(),
        last: Some(LastSeen {
            id: "0193aaaa-0000-7000-8000-000000000000".into(),
            at: At::sample(),
            status: "failed".into(),
            process: String::new(),
        }),
        next: Some(At::sample()),
    };
    let new = CompanyRow {
        name: "Fabrikam ".repeat(30),
        sync_contacts: false,
        needy: false,
        connected: false,
        people: None,
        will_change: 0,
        dots: Vec::new(),
        last: None,
        next: None,
        ..row.clone()
    };
    let bare = CompanyRow {
        disconnected: true,
        ..new.clone()
    };
    let several = Cause {
        key: "0123456789ab".into(),
        ids: vec![7, 8],
        kind: "bad".into(),
        title: "Client secret expired".into(),
        quarantine:
            "In quarantine since 31 Jan 2026, 02:30 UTC, tried again 31 Jan 2026, 03:30 UTC".into(),
        advice: "Add a new one in Entra, then paste it here".into(),
        companies: vec![
            Concerned {
                name: "<script>alert(1)</script>".into(),
                link: "/companies/7/connection".into(),
            },
            Concerned {
                name: "Fabrikam".into(),
                link: "/companies/8/connection".into(),
            },
        ],
        more: 3,
        button: "Show these companies".into(),
        link: "/?cause=0123456789ab".into(),
    };
    let one = Cause {
        kind: "warn".into(),
        quarantine: String::new(),
        advice: String::new(),
        more: 0,
        button: "Look at the held deactivations".into(),
        link: "/holds".into(),
        ..several.clone()
    };
    let empty = FleetPage {
        causes: Vec::new(),
        jobs_failed: false,
        total: 0,
        has_psa: false,
        of_cause: String::new(),
        cause: String::new(),
        search: String::new(),
        show: choices(SHOW, ""),
        psa: Vec::new(),
        sort: choices(SORT, ""),
        companies: Vec::new(),
        pager: Pager::default(),
        file: "/fleet.csv".into(),
    };
    let calm = FleetPage {
        total: 1,
        has_psa: true,
        companies: vec![row.clone()],
        ..empty.clone()
    };
    let many = FleetPage {
        causes: vec![several, one],
        jobs_failed: true,
        total: 120,
        search: "\"><script>alert(1)</script>".into(),
        psa: choices([("", "All"), ("1", "Our PSA")], "1"),
        companies: vec![row, new, bare],
        pager: Pager::new("2", 120, "/", &[]),
        ..calm.clone()
    };
    let sought = FleetPage {
        companies: Vec::new(),
        of_cause: "<script>alert(1)</script> ".repeat(20),
        cause: "0123456789ab".into(),
        ..many.clone()
    };
    let with_psa = FleetPage {
        has_psa: true,
        ..empty.clone()
    };
    vec![empty, with_psa, calm, many, sought]
}
