//! Which companies need a person, and what leads.

use super::*;
use crate::model::RunFailure;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_769_826_600, 0).expect("a time")
}

fn company(id: i64, name: &str) -> Brief {
    Brief {
        id,
        name: name.into(),
        psa_id: 1,
        sync_contacts: true,
        schedule: None,
        timezone: "UTC".into(),
        created_at: now(),
        connected: true,
    }
}

fn run(hours: i64, error: Option<(&str, &str)>) -> LastRun {
    LastRun {
        id: format!("run-{hours}"),
        started_at: now() - TimeDelta::hours(hours),
        status: Some(
            if error.is_some() {
                "failed"
            } else {
                "succeeded"
            }
            .into(),
        ),
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
    assert_eq!(causes[0].button, "", "each company has its own cure");
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

#[test]
fn people_in_sync_are_counted_without_who_failed_or_left() {
    assert_eq!(in_sync(&run(1, None)), Some(42));
    let mut nothing = run(1, None);
    nothing.counts = serde_json::json!({});
    assert_eq!(in_sync(&nothing), None);
}
