//! Which companies need a person, and what leads.

use super::*;
use crate::model::{RunFailure, Side};

pub(super) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_769_826_600, 0).expect("a time")
}

pub(super) fn company(id: i64, name: &str) -> Brief {
    Brief {
        id,
        name: name.into(),
        psa_id: 1,
        sync_contacts: true,
        schedule: None,
        timezone: "UTC".into(),
        created_at: now(),
        connected: true,
        disconnected: false,
    }
}

pub(super) fn run(hours: i64, error: Option<(&str, &str)>) -> LastRun {
    LastRun {
        id: format!("run-{hours}"),
        started_at: now() - TimeDelta::hours(hours),
        status: Some(error.map_or("succeeded", |_| "failed").into()),
        process: String::new(),
        error: error.map(|(kind, advice)| RunFailure {
            kind: kind.into(),
            message: "It failed".into(),
            advice: advice.into(),
            side: None,
        }),
        counts: serde_json::json!({
            "create": 1, "link": 0, "update": 2, "reactivate": 0, "deactivate": 3, "unchanged": 40,
            "out_of_scope": 3, "conflict": 0, "held": 3, "failed": 1
        }),
    }
}

#[test]
fn the_same_failure_of_several_companies_is_one_cause() {
    let expired = Some(("secret_expired", "Add a new secret"));
    let fleet = Fleet {
        companies: vec![
            company(1, "Contoso"),
            company(2, "Fabrikam"),
            company(3, "Woodgrove"),
        ],
        last: [
            (1, run(1, expired)),
            (2, run(2, expired)),
            (3, run(1, None)),
        ]
        .into(),
        good: [(3, run(1, None))].into(),
        ..Fleet::default()
    };
    let (causes, needy) = judge(&fleet, now());
    assert_eq!(causes.len(), 1, "{causes:?}");
    assert_eq!(causes[0].title, "Client secret expired");
    assert_eq!(causes[0].companies.len(), 2);
    assert_eq!(causes[0].companies[1].link, "/companies/2/connection");
    assert_eq!(causes[0].button, "Show these 2 companies");
    assert_eq!(
        causes[0].link,
        causes[0].list(),
        "each company has its own cure"
    );
    assert_eq!(needy, [1, 2].into());
}

#[test]
fn a_failure_that_is_tried_again_needs_nobody() {
    let mut fleet = Fleet {
        companies: vec![company(1, "Contoso")],
        last: [(1, run(1, Some(("throttled", "Run again later"))))].into(),
        next: [(1, now())].into(),
        ..Fleet::default()
    };
    assert_eq!(judge(&fleet, now()).0, []);
    fleet.next.clear();
    let (causes, _) = judge(&fleet, now());
    assert_eq!(
        causes[0].link, "/runs/run-1",
        "nothing to mend in a connection"
    );
}

#[test]
fn a_company_is_stale_after_36_hours_without_a_good_run() {
    let mut old = company(1, "Contoso");
    old.created_at = now() - TimeDelta::days(30);
    let mut fleet = Fleet {
        companies: vec![old],
        good: [(1, run(36, None))].into(),
        ..Fleet::default()
    };
    assert_eq!(judge(&fleet, now()).0, []);
    fleet.good = [(1, run(37, None))].into();
    let (causes, _) = judge(&fleet, now());
    assert_eq!(causes[0].button, "Open Contoso");
    fleet.companies[0].sync_contacts = false;
    assert_eq!(judge(&fleet, now()).0, [], "nobody expects a run");
}

#[test]
fn what_is_worse_comes_first() {
    let mut bare = company(4, "Bare");
    bare.connected = false;
    let fleet = Fleet {
        companies: vec![company(1, "Contoso"), company(2, "Fabrikam"), bare],
        last: [(2, run(1, Some(("consent", "Grant it"))))].into(),
        held: [(1, 12)].into(),
        ..Fleet::default()
    };
    let (causes, needy) = judge(&fleet, now());
    let titles: Vec<&str> = causes.iter().map(|cause| cause.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "Admin consent missing",
            "12 deactivations wait at 1 company",
            "Set-up is not finished"
        ]
    );
    assert_eq!(causes[1].link, "/companies/1/hold");
    assert_eq!(needy.len(), 3);
}

#[test]
fn a_job_that_could_not_begin_its_run_is_told() {
    let job = FailedJob {
        run_id: Some("never".into()),
        error: "The client secret is missing".into(),
        finished_at: now(),
    };
    let mut fleet = Fleet {
        companies: vec![company(1, "Contoso")],
        failed: [(1, job.clone())].into(),
        ..Fleet::default()
    };
    assert_eq!(judge(&fleet, now()).0[0].title, "The run could not begin");
    fleet.last = [(1, run(-1, None))].into();
    assert_eq!(judge(&fleet, now()).0, [], "a later run went well");
}

fn by(run: LastRun, side: Side) -> LastRun {
    let error = run.error.map(|error| error.by(side));
    LastRun { error, ..run }
}

fn quarantine(owner: crate::db::quarantines::Owner) -> Quarantine {
    Quarantine {
        owner,
        kind: "credentials".into(),
        message: "ConnectWise could not read the contacts".into(),
        advice: "Check the keys".into(),
        since: now(),
        failed_at: now(),
        failures: 1,
        next_try: now(),
    }
}

#[test]
fn a_company_that_is_switched_off_does_not_fail_by_its_tenant() {
    let mut fleet = Fleet {
        companies: vec![company(1, "Contoso")],
        last: [(1, run(2, None))].into(),
        good: [(1, run(2, None))].into(),
        quarantines: vec![quarantine(crate::db::quarantines::Owner::tenant(1))],
        ..Fleet::default()
    };
    assert_eq!(judge(&fleet, now()).0.len(), 1);
    fleet.companies[0].sync_contacts = false;
    assert_eq!(judge(&fleet, now()).0, []);
}

#[test]
fn the_last_failed_run_of_a_company_of_which_no_run_is_expected_needs_nobody() {
    let fleet = |change: fn(&mut Brief)| {
        let mut company = company(1, "Contoso");
        change(&mut company);
        Fleet {
            companies: vec![company],
            last: [(1, run(2, Some(("consent", "Grant it"))))].into(),
            ..Fleet::default()
        }
    };
    let titles = |fleet: Fleet| -> Vec<String> {
        let (causes, _) = judge(&fleet, now());
        causes.into_iter().map(|cause| cause.title).collect()
    };
    assert_eq!(titles(fleet(|_| ())), ["Admin consent missing"]);
    assert_eq!(titles(fleet(|one| one.sync_contacts = false)), [""; 0]);
    let open = titles(fleet(|one| one.connected = false));
    assert_eq!(open, ["Set-up is not finished"]);
}

#[test]
fn a_failure_stays_one_while_its_company_runs_again() {
    let failed = run(2, Some(("consent", "Grant it")));
    let running = LastRun {
        status: None,
        ..run(0, None)
    };
    let mut fleet = Fleet {
        companies: vec![company(1, "Contoso")],
        last: [(1, running)].into(),
        over: [(1, failed)].into(),
        ..Fleet::default()
    };
    assert_eq!(judge(&fleet, now()).0.len(), 1);
    assert!(!is_well(&fleet, 1));
    fleet.last = [(1, run(0, None))].into();
    assert_eq!(judge(&fleet, now()).0, []);
    assert!(is_well(&fleet, 1));
}

#[test]
fn the_button_of_a_shared_connection_leads_to_it_and_of_an_administrators_page_to_the_list() {
    let refused = || by(run(1, Some(("credentials", "Check the keys"))), Side::Psa);
    let mut fleet = Fleet {
        companies: vec![company(1, "Contoso"), company(2, "Fabrikam")],
        last: [(1, refused()), (2, refused())].into(),
        ..Fleet::default()
    };
    let cause = judge(&fleet, now()).0.remove(0);
    assert_eq!(cause.link, "/settings/psa/1");
    let cause = cause.without_settings();
    assert_eq!(cause.link, cause.list());
    fleet.companies[1].psa_id = 2;
    let cause = judge(&fleet, now()).0.remove(0);
    assert_eq!(cause.link, cause.list(), "two connections");
    let expired = || by(run(1, Some(("secret_expired", "Add one"))), Side::Tenant);
    fleet.last = [(1, expired()), (2, expired())].into();
    assert_eq!(judge(&fleet, now()).0[0].button, "Show these 2 companies");
    fleet.of_app = [1, 2].into();
    assert_eq!(judge(&fleet, now()).0[0].link, "/settings/microsoft");
}

#[test]
fn a_connection_in_quarantine_is_one_need_whatever_its_companies_did() {
    use crate::db::quarantines::Owner;
    let refused = || by(run(1, Some(("credentials", "Check the keys"))), Side::Psa);
    let mut fleet = Fleet {
        companies: vec![company(1, "Contoso"), company(2, "Fabrikam")],
        last: [(1, refused()), (2, run(1, None))].into(),
        quarantines: vec![quarantine(Owner::psa(1))],
        psas: [(1, "Main PSA".to_owned())].into(),
        ..Fleet::default()
    };
    let (causes, needy) = judge(&fleet, now());
    assert_eq!(causes.len(), 1, "{causes:?}");
    assert_eq!(causes[0].title, "Main PSA: sign-in refused");
    assert_eq!(
        (causes[0].link.as_str(), needy.len()),
        ("/settings/psa/1", 2)
    );
    fleet.quarantines = vec![quarantine(Owner::tenant(2))];
    let all = needs(&fleet, now());
    assert_eq!(all.len(), 2, "{all:?}");
    assert_eq!(all[0].about, About::Company(2));
}

#[test]
fn an_end_is_told_from_thirty_days_before_and_is_one_cause_with_the_failure_that_follows() {
    let mut fleet = Fleet {
        companies: vec![company(1, "Contoso")],
        last: [(1, run(1, None))].into(),
        good: [(1, run(1, None))].into(),
        ..Fleet::default()
    };
    let mut in_days = |days: i64| {
        fleet.endings = vec![Ending {
            about: About::Company(1),
            last_day: now().date_naive() + TimeDelta::days(days),
            certificate: false,
        }];
        let mut causes = judge(&fleet, now()).0;
        causes.pop().map(|cause| (cause.title, cause.kind))
    };
    let told = |text: &str, kind: &str| Some((text.to_owned(), kind.to_owned()));
    assert_eq!(in_days(31), None);
    assert_eq!(
        in_days(30),
        told("A client secret ends within 30 days", "info")
    );
    assert_eq!(
        in_days(8),
        told("A client secret ends within 30 days", "info")
    );
    assert_eq!(
        in_days(7),
        told("A client secret ends within 7 days", "warn")
    );
    assert_eq!(
        in_days(0),
        told("A client secret ends within a day", "warn")
    );
    assert_eq!(in_days(-1), told("A client secret has ended", "bad"));
    // Runs went well long after the day that somebody noted.
    assert_eq!(
        in_days(-2),
        told(
            "The last day noted for a client secret is past, and it works still",
            "warn"
        )
    );
    fleet.last = [(1, run(1, Some(("secret_expired", "Add one"))))].into();
    assert_eq!(judge(&fleet, now()).0.len(), 1);
}

#[test]
fn a_run_that_would_do_something_else_than_was_looked_at_needs_nobody() {
    let fleet = Fleet {
        companies: vec![company(1, "Contoso")],
        last: [(1, run(1, Some(("plan_changed", "Look at the new preview"))))].into(),
        ..Fleet::default()
    };
    assert_eq!(judge(&fleet, now()).0, []);
}

#[test]
fn whatever_was_wrong_with_a_psa_connection_is_mended_for_all_once_one_company_proved_it() {
    let good = run(1, None);
    for kind in [
        "credentials",
        "permission",
        "not_set_up",
        "secret_key",
        "unreachable",
    ] {
        let mut failed = by(run(2, Some((kind, "Mend it"))), Side::Psa);
        failed.counts = serde_json::to_value(Counts::default()).expect("JSON");
        let mut fleet = Fleet {
            companies: vec![company(1, "Contoso"), company(2, "Fabrikam")],
            last: [(1, failed), (2, good.clone())].into(),
            ..Fleet::default()
        };
        assert_eq!(judge(&fleet, now()).0.len(), 1, "{kind}");
        fleet.good = [(2, good.clone())].into();
        assert_eq!(judge(&fleet, now()).0, [], "{kind}");
    }
}

#[test]
fn a_write_that_was_refused_is_not_mended_by_others_who_could_read() {
    let refused = by(run(2, Some(("permission", "Allow it"))), Side::Psa);
    let fleet = Fleet {
        companies: vec![company(1, "Contoso"), company(2, "Fabrikam")],
        last: [(1, refused), (2, run(1, None))].into(),
        good: [(2, run(1, None))].into(),
        ..Fleet::default()
    };
    assert_eq!(judge(&fleet, now()).0.len(), 1);
}

#[test]
fn a_quarantine_says_since_when_and_when_it_is_tried_next() {
    use crate::db::quarantines::Owner;
    let hours = TimeDelta::hours;
    let of = |company, since, next| Quarantine {
        since: now() - hours(since),
        next_try: now() + hours(next),
        ..quarantine(Owner::tenant(company))
    };
    let mut fleet = Fleet {
        companies: vec![company(1, "Contoso"), company(2, "Fabrikam")],
        quarantines: vec![of(1, 3, 2)],
        ..Fleet::default()
    };
    let said = |fleet: &Fleet| judge(fleet, now()).0.remove(0).quarantine;
    assert_eq!(
        said(&fleet),
        "In quarantine since 30 Jan 2026, 23:30 UTC, tried again 31 Jan 2026, 04:30 UTC"
    );
    fleet.quarantines = vec![of(1, 3, 2), of(2, 1, 1)];
    assert_eq!(
        said(&fleet),
        "In quarantine, the first since 30 Jan 2026, 23:30 UTC; the first is tried again 31 Jan 2026, 03:30 UTC"
    );
    fleet.quarantines = vec![of(1, 3, -1)];
    assert_eq!(
        said(&fleet),
        "In quarantine since 30 Jan 2026, 23:30 UTC, tried again now"
    );
}
