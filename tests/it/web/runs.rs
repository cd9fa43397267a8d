//! The history: lists of runs, a run's page, and a run that goes on.

use chrono::TimeDelta;
use rollcall::db::changes::{self, NewChange};
use rollcall::db::companies;
use rollcall::db::runs::{self as rows, NewRun, RunEnd};
use rollcall::model::{Action, Calls, Finding, Mode, Outcome, Role, Status};
use rollcall::simulator::kit::FaultKind;

use super::visitor::{Site, Visitor};
use crate::stage::{Stage, Store, Vendor, an_update, contact, each_vendor, user};

each_vendor!(a_run_is_told_with_changes_reasons_and_the_psas_own_words);

async fn stage() -> Stage {
    Stage::new(Vendor::ConnectWise, Store::Sqlite).await
}

/// A run of the stage's company that goes on in the stage's process.
async fn going(stage: &Stage, id: &'static str, process: Option<&str>) {
    let (company, now) = (stage.company_id, stage.clock.now());
    let process = process.unwrap_or(stage.app.db().process_id()).to_owned();
    stage
        .write(move |conn| {
            let new = NewRun {
                mode: Mode::Resync,
                process: &process,
                requested_by: Some("Robin <b>"),
                ..an_update(id, company, now)
            };
            rows::start(conn, &new)
        })
        .await;
}

async fn over(stage: &Stage, id: &'static str, status: Status) {
    let now = stage.clock.now();
    stage
        .write(move |conn| {
            let end = RunEnd {
                status,
                finished_at: now + TimeDelta::seconds(65),
                counts: serde_json::json!({}),
                calls: Calls {
                    login: 1,
                    graph: 3,
                    psa: 6,
                },
                error: None,
                findings: vec![Finding {
                    kind: "unknown_licence".into(),
                    message: "Filter 3 names the licence <SPB>".into(),
                }],
            };
            rows::finish(conn, id, &end)
        })
        .await;
}

async fn reader(stage: &Stage) -> Visitor {
    Site::start(&stage.app).signed_in(Role::Reader).await
}

async fn a_run_is_told_with_changes_reasons_and_the_psas_own_words(stage: Stage) {
    for name in ["anna", "bert"] {
        stage.users([user(name).title("Boss")]);
        stage.psa.put(&contact(name));
    }
    stage.users([user("newcomer")]);
    let (status, body) = if stage.psa.is_connectwise() {
        let body = r#"{"code":"InvalidObject","message":"contact object is invalid","errors":[
            {"code":"InvalidField","message":"The title is <b>out of fashion","resource":"contact","field":"title"}]}"#;
        (400, body)
    } else {
        (500, r#"{"errors":["The title is <b>out of fashion"]}"#)
    };
    let body = body.to_owned();
    let fault = FaultKind::Answer { status, body };
    stage.psa.fault_on_change(fault, 0, 1);
    let report = stage.sync().await;
    assert_eq!(report.status, Status::Partial);
    let visitor = reader(&stage).await;
    let page = visitor.get(&format!("/runs/{}", report.run)).await;
    assert_eq!(page.status, 200, "{}", page.text);
    for words in [
        "Some failed",
        "out of fashion",
        "<ins>Boss</ins>",
        "Title differs.",
        "Not written: Title.",
        "No contact found.",
        "target=\"_blank\" rel=\"noopener\"",
        "#view/Microsoft_AAD_UsersAndTenants/UserProfileMenuBlade/",
        &format!("/companies/{}/people/", stage.company_id),
        "1 to 3 of 3",
    ] {
        assert!(page.text.contains(words), "{words}\n{}", page.text);
    }
    assert!(!page.text.contains("<b>out"), "a vendor's words are text");
    let failed = format!("/runs/{}?outcome=failed", report.run);
    let found = visitor.found(&failed, "ANNA").await.text;
    let other = visitor.found(&failed, "bert").await.text;
    let hits = |text: &str| text.contains("1 to 1 of 1");
    assert!(hits(&found) != hits(&other), "one of the two failed");
    let file = visitor
        .get(&format!("/runs/{}/changes.csv", report.run))
        .await;
    assert!(file.text.contains("title differs"), "{}", file.text);
    assert!(file.text.contains("Title,,Boss,no,Failed"), "{}", file.text);
    assert!(!file.text.contains("nothing,"), "{}", file.text);
    let number = stage.stored("anna@contoso.example").id;
    let cells = format!("anna@contoso.example,Anna Doe,{number},Update,");
    assert!(file.text.contains(&cells), "{}", file.text);
    let day = stage.clock.now().format("%Y-%m-%d");
    assert_eq!(
        file.headers["content-disposition"],
        format!("attachment; filename=\"run-contoso-{day}.csv\"")
    );
    let list = visitor.get("/runs").await.text;
    assert!(
        list.contains("1 created,</span> <span class=\"line\">1 updated,</span>")
            && list.contains(">1 failed</span>"),
        "{list}"
    );
}

#[tokio::test]
async fn runs_come_newest_first_by_status_and_by_company() {
    let stage = stage().await;
    going(&stage, "first", None).await;
    over(&stage, "first", Status::Succeeded).await;
    stage.clock.advance(std::time::Duration::from_mins(1));
    going(&stage, "second", None).await;
    let visitor = reader(&stage).await;
    let all = visitor.get("/runs").await.text;
    let at = |text: &str, id: &str| text.find(&format!("/runs/{id}\""));
    assert!(at(&all, "second").unwrap() < at(&all, "first").unwrap());
    assert!(
        all.contains("1 min 5 s") && all.contains("Robin &lt;b&gt;"),
        "{all}"
    );
    let title = format!(
        "<th scope=\"row\"><a href=\"/companies/{}\">Contoso</a></th>",
        stage.company_id
    );
    assert!(all.contains(&title), "{all}");
    for (company, there) in [(stage.company_id, true), (stage.company_id + 1, false)] {
        let of_one = visitor.get(&format!("/runs?company={company}")).await.text;
        assert_eq!(at(&of_one, "first").is_some(), there, "{of_one}");
        let file = visitor
            .get(&format!("/runs.csv?company={company}"))
            .await
            .text;
        assert_eq!(file.contains("\nfirst,"), there, "{file}");
    }
    let running = visitor.get("/runs?status=running").await.text;
    assert!(at(&running, "second").is_some() && at(&running, "first").is_none());
    let older = visitor.get("/runs?before=second").await.text;
    assert!(at(&older, "first").is_some() && at(&older, "second").is_none());
    let strange = visitor
        .get("/runs?status=%3Cscript%3E&before=nothing")
        .await;
    assert!(
        at(&strange.text, "second").is_some(),
        "what nobody knows is no filter"
    );
    let own = format!("/companies/{}/runs", stage.company_id);
    let own = visitor.get(&own).await.text;
    assert!(at(&own, "first").is_some() && own.contains("Runs of Contoso"));
    let file = visitor.get("/runs.csv?status=succeeded").await.text;
    assert!(
        file.contains("\nfirst,Contoso,") && !file.contains("second,"),
        "{file}"
    );
    assert!(file.contains(",Resync,Succeeded,"), "{file}");
}

#[tokio::test]
async fn fifty_runs_stand_on_a_page_and_the_older_ones_follow() {
    let stage = stage().await;
    let (company, now) = (stage.company_id, stage.clock.now());
    stage
        .write(move |conn| {
            for number in 0..51 {
                let id = format!("run-{number:02}");
                rows::start(conn, &an_update(&id, company, now))?;
            }
            Ok(())
        })
        .await;
    let visitor = reader(&stage).await;
    let first = visitor.get("/runs").await.text;
    assert!(first.contains("/runs?before=run-01") && !first.contains("/runs/run-00\""));
    assert!(first.contains("Interrupted"), "no process works them");
    let second = visitor.get("/runs?before=run-01").await.text;
    assert!(second.contains("/runs/run-00\"") && second.contains("Newest"));
}

#[tokio::test]
async fn a_run_that_goes_on_says_how_far_it_is_until_it_is_over() {
    let stage = stage().await;
    going(&stage, "now", None).await;
    let visitor = reader(&stage).await;
    let company = format!("/companies/{}/live", stage.company_id);
    let page = visitor.get("/runs/now").await.text;
    assert!(page.contains("reading both sides") && page.contains("hx-trigger=\"every 2s\""));
    let part = visitor.get(&company).await.text;
    assert!(
        part.contains("reading both sides") && !part.contains("<html"),
        "{part}"
    );
    let (id, now) = (stage.company_id, stage.clock.now());
    stage
        .write(move |conn| {
            rows::set_planned(conn, "now", 3)?;
            changes::insert(conn, &change(id, "now", now))
        })
        .await;
    let part = visitor.get("/runs/now/progress").await;
    assert!(part.text.contains("1 of 3 written"), "{}", part.text);
    assert!(part.text.contains("value=\"1\" max=\"3\""), "{}", part.text);
    over(&stage, "now", Status::Succeeded).await;
    let part = visitor.get("/runs/now/progress").await;
    assert_eq!(part.headers["hx-refresh"], "true");
    assert!(!visitor.get(&company).await.text.contains("hx-trigger"));
    let page = visitor.get("/runs/now").await.text;
    assert!(!page.contains("hx-trigger"));
    assert!(page.contains("Filter 3 names the licence &lt;SPB&gt;."));
    assert!(page.contains("3 requests to Microsoft Graph"));
}

fn change(company: i64, run: &str, now: chrono::DateTime<chrono::Utc>) -> NewChange {
    NewChange {
        run_id: run.into(),
        company_id: company,
        user_id: "6f0c7b1e-0000-4000-8000-00000000000a".into(),
        upn: "jane@contoso.example".into(),
        name: "<script>alert('\u{202e}👩')</script>".into(),
        contact_id: None,
        action: Action::Create,
        reason: "no contact found".into(),
        filter: Some("\"><img src=x>".into()),
        site: None,
        fields: Vec::new(),
        before: None,
        outcome: Outcome::Applied,
        error: None,
        created_at: now,
        finished_at: Some(now),
    }
}

#[tokio::test]
async fn a_run_whose_process_is_gone_is_called_interrupted_and_not_watched() {
    let stage = stage().await;
    going(&stage, "lost", Some("0193aaaa-0000-7000-8000-000000000000")).await;
    let visitor = reader(&stage).await;
    let page = visitor.get("/runs/lost").await.text;
    assert!(page.contains("Interrupted") && !page.contains("hx-trigger"));
    assert!(
        page.contains("The program ended in the middle of this run. Nothing was written."),
        "{page}"
    );
    assert!(!page.contains("class=\"stats\""), "{page}");
    assert!(
        visitor
            .get("/")
            .await
            .text
            .contains("Interrupted, just now")
    );
}

#[tokio::test]
async fn the_runs_of_a_removed_company_stay_readable_and_hostile_names_are_text() {
    let stage = stage().await;
    going(&stage, "old", None).await;
    let (id, now) = (stage.company_id, stage.clock.now());
    stage
        .write(move |conn| {
            changes::insert(conn, &change(id, "old", now))?;
            companies::remove(conn, id, 1, now)
        })
        .await;
    over(&stage, "old", Status::Succeeded).await;
    let visitor = reader(&stage).await;
    for path in ["/runs", "/runs/old"] {
        let page = visitor.get(path).await;
        assert_eq!(page.status, 200);
        assert!(
            page.text.contains("Contoso") && page.text.contains("removed"),
            "{path}"
        );
        assert!(
            !page.text.contains(&format!("href=\"/companies/{id}")),
            "{path}"
        );
        assert!(
            !page.text.contains("<script>") && !page.text.contains("<img src=x"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_run_that_nobody_knows_is_not_there() {
    let stage = stage().await;
    let visitor = reader(&stage).await;
    for path in [
        "/runs/x",
        "/runs/x/progress",
        "/runs/x/changes.csv",
        "/companies/99/runs",
    ] {
        assert_eq!(visitor.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn who_needed_nothing_is_unchanged_and_a_flag_is_active_or_inactive() {
    let stage = stage().await;
    stage.users([user("anna"), user("bert")]);
    stage.sync().await;
    stage.users([user("bert").blocked()]);
    let gone = stage.sync().await.run;
    let last = stage.sync().await.run;
    let visitor = reader(&stage).await;
    let page = visitor.get(&format!("/runs/{gone}")).await.text;
    assert!(page.contains("<del>active</del>"), "{page}");
    assert!(page.contains("<ins>inactive</ins>"), "{page}");
    let file = visitor.get(&format!("/runs/{gone}/changes.csv")).await.text;
    assert!(file.contains("Active,active,inactive,yes"), "{file}");
    // A leaver is among them, who is not in sync.
    let page = visitor.get(&format!("/runs/{last}")).await.text;
    assert!(
        page.contains("<span class=\"value\">2</span><span class=\"name\">Unchanged</span>"),
        "{page}"
    );
    assert!(!page.contains("n sync"), "{page}");
    let file = visitor.get("/runs.csv").await.text;
    assert!(
        file.contains(",Deactivate,Unchanged,Out of scope,"),
        "{file}"
    );
}

#[tokio::test]
async fn the_file_of_runs_has_all_of_them_however_many_there_are() {
    let stage = stage().await;
    let (id, now) = (stage.company_id, stage.clock.now());
    stage
        .write(move |conn| {
            // All began at one moment, and more of them than were ever read at once.
            for number in 0..10_001 {
                rows::start(conn, &an_update(&format!("run-{number:05}"), id, now))?;
            }
            Ok(())
        })
        .await;
    let visitor = reader(&stage).await;
    let file = visitor.get("/runs.csv").await.text;
    let runs: std::collections::HashSet<&str> = file
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').next())
        .collect();
    assert_eq!((file.lines().count(), runs.len()), (10_002, 10_001));
    assert!(file.contains("run-00000,Contoso,") && file.contains(",Interrupted,"));
}
