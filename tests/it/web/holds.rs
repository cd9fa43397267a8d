//! Holds: who waits, and that exactly those are deactivated who were shown and ticked.

use rollcall::db::{events, holds, settings};
use rollcall::model::{Mode, Role, UserId};

use super::people::{id, stage};
use super::visitor::Site;
use crate::stage::{SPB, Stage, user};

const NAMES: [&str; 10] = [
    "anna", "bert", "carl", "dora", "emil", "fred", "gina", "hans", "ines", "jost",
];

fn page(stage: &Stage) -> String {
    format!("/companies/{}/hold", stage.company_id)
}

fn block(stage: &Stage, names: &[&str]) {
    for name in names {
        stage.edit(name, |user| user.account_enabled = Some(false));
    }
}

/// The first five of ten wait.
pub async fn held() -> Stage {
    let stage = stage().await;
    stage.users(NAMES.map(user));
    stage.sync().await;
    block(&stage, &NAMES[..5]);
    stage.sync().await;
    stage
}

/// A form as the page sends it.
fn form(shown: &[&str], ticked: &[&str], note: &str) -> Vec<(String, String)> {
    let shown = shown.iter().map(|name| ("shown[]".to_owned(), id(name)));
    let ticked = ticked.iter().map(|name| ("people[]".to_owned(), id(name)));
    let note = ("note".to_owned(), note.to_owned());
    shown.chain(ticked).chain([note]).collect()
}

fn refs(form: &[(String, String)]) -> Vec<(&str, &str)> {
    form.iter()
        .map(|(name, value)| (&**name, &**value))
        .collect()
}

pub fn is_active(stage: &Stage, name: &str) -> bool {
    stage.stored(&format!("{name}@contoso.example")).active
}

async fn said(stage: &Stage, name: &str) -> Vec<(String, String, String)> {
    let (company, user) = (stage.company_id, UserId::new(&id(name)));
    let events = stage
        .read(move |conn| events::of_user(conn, company, &user))
        .await;
    let events = events.into_iter();
    events
        .map(|one| (one.kind, one.staff, one.detail))
        .collect()
}

#[tokio::test]
async fn nothing_held_is_a_calm_sentence() {
    let stage = stage().await;
    let site = Site::start(&stage.app);
    let reader = site.signed_in(Role::Reader).await;
    assert!(reader.get("/holds").await.text.contains("Nothing is held"));
    assert!(
        reader
            .get(&page(&stage))
            .await
            .text
            .contains("Nothing is held")
    );
}

#[tokio::test]
async fn who_waits_is_shown_with_reasons_and_the_guards_numbers() {
    let stage = held().await;
    let site = Site::start(&stage.app);
    let reader = site.signed_in(Role::Reader).await;
    let html = reader.get(&page(&stage)).await.text;
    for text in [
        "Anna Doe",
        "anna@contoso.example",
        "Sign-in blocked.",
        "5 of 10 linked contacts would be deactivated; more than 3 wait for a technician.",
        "in ConnectWise",
    ] {
        assert!(html.contains(text), "{text}: {html}");
    }
    assert!(!html.contains("Approve"), "a reader only looks");
    for act in ["approve", "dismiss"] {
        let form = form(&NAMES[..5], &NAMES[..5], "");
        let path = format!("{}/{act}", page(&stage));
        assert_eq!(reader.post(&path, &refs(&form)).await.status, 403);
    }
    let fleet = reader.get("/holds").await.text;
    assert!(fleet.contains("Anna Doe") && fleet.contains(&page(&stage)));
    let anna = format!(
        "href=\"/companies/{}/people/{}\"",
        stage.company_id,
        id("anna")
    );
    assert!(fleet.contains(&anna), "{fleet}");
    assert_eq!(fleet.matches(">Sign-in blocked.</span>").count(), 5);
    assert!(!fleet.contains(" more<span"), "all five are named");
    let technician = site.signed_in(Role::Technician).await;
    let html = technician.get(&page(&stage)).await.text;
    assert!(html.contains("Approve these <span data-ticked>5</span> deactivations"));
    assert_eq!(html.matches("name=\"people[]\"").count(), 5);
    assert!(html.contains("are no longer active, and their contacts wait for you"));
    assert_eq!(html.matches(" checked>").count(), 5);
}

#[tokio::test]
async fn who_is_not_named_in_the_list_of_the_fleet_is_one_step_away() {
    let stage = held().await;
    block(&stage, &NAMES[5..8]);
    stage.sync().await;
    let site = Site::start(&stage.app);
    let reader = site.signed_in(Role::Reader).await;
    let fleet = reader.get("/holds").await.text;
    let more = format!("<a href=\"{}\">and 3 more<span", page(&stage));
    assert!(fleet.contains(&more), "{fleet}");
}

#[tokio::test]
async fn exactly_the_people_shown_and_ticked_are_deactivated() {
    let stage = held().await;
    let site = Site::start(&stage.app);
    let technician = site.signed_in(Role::Technician).await;
    // Fred joins after the page was shown, and Emil is left waiting.
    block(&stage, &["fred"]);
    stage.sync().await;
    let form = form(&NAMES[..5], &NAMES[..4], "  They moved to Fabrikam ");
    let path = format!("{}/approve", page(&stage));
    let done = technician.post(&path, &refs(&form)).await;
    let runs = format!("/companies/{}/runs", stage.company_id);
    assert_eq!(done.location, Some(runs));
    let html = technician.get(&page(&stage)).await.text;
    assert!(html.contains("4 deactivations are approved"), "{html}");
    assert!(
        html.contains("1 more person joined it, and waits still"),
        "{html}"
    );
    assert!(html.contains("4 of them are approved already"), "{html}");
    let still = format!(
        "<a href=\"{}\">2 people still wait for a decision</a>",
        page(&stage)
    );
    assert!(html.contains(&still), "{html}");
    while rollcall::jobs::step(&stage.app).await.unwrap() {}
    for name in &NAMES[..4] {
        assert!(!is_active(&stage, name), "{name}");
        let approved = ("approved", "Technician", "They moved to Fabrikam");
        let approved = (approved.0.into(), approved.1.into(), approved.2.into());
        assert_eq!(said(&stage, name).await, [approved], "{name}");
    }
    for name in ["emil", "fred"] {
        assert!(is_active(&stage, name), "{name} was not approved");
        assert_eq!(said(&stage, name).await, [], "{name}");
    }
    assert_eq!(stage.held().await.unwrap().len(), 2);
    let last = stage.runs().await.pop().unwrap();
    assert_eq!(last.mode, Mode::Approval);
    assert_eq!(last.requested_by.as_deref(), Some("Technician"));
    let person = format!("/companies/{}/people/{}", stage.company_id, id("anna"));
    let html = technician.get(&person).await.text;
    assert!(html.contains("Approved the deactivation") && html.contains("They moved to Fabrikam"));
}

#[tokio::test]
async fn who_left_the_hold_before_the_run_began_is_not_deactivated() {
    let stage = held().await;
    let site = Site::start(&stage.app);
    let technician = site.signed_in(Role::Technician).await;
    let form = form(&NAMES[..5], &NAMES[..5], "");
    let approve = format!("{}/approve", page(&stage));
    technician.post(&approve, &refs(&form)).await;
    let dismiss = self::form(&NAMES[..5], &["anna"], "On leave");
    let path = format!("{}/dismiss", page(&stage));
    technician.post(&path, &refs(&dismiss)).await;
    assert!(rollcall::jobs::step(&stage.app).await.unwrap());
    assert!(is_active(&stage, "anna"), "dismissed after the approval");
    assert!(!is_active(&stage, "bert"));
    assert_eq!(stage.held().await, None);
}

#[tokio::test]
async fn an_approval_closes_the_hold_with_name_and_note_and_a_second_finds_nobody() {
    let stage = held().await;
    let site = Site::start(&stage.app);
    let technician = site.signed_in(Role::Technician).await;
    let form = form(&NAMES[..5], &NAMES[..5], "All left");
    let path = format!("{}/approve", page(&stage));
    for _ in 0..2 {
        // A double click is one wish.
        technician.post(&path, &refs(&form)).await;
    }
    assert_eq!(said(&stage, "anna").await.len(), 1);
    while rollcall::jobs::step(&stage.app).await.unwrap() {}
    let company = stage.company_id;
    let closed = stage
        .read(move |conn| {
            use diesel::prelude::*;
            use rollcall::db::schema::holds::dsl;
            let row: (Option<String>, Option<String>, Option<String>) = dsl::holds
                .filter(dsl::company_id.eq(company))
                .select((dsl::closed_how, dsl::closed_by, dsl::note))
                .first(conn)?;
            Ok(row)
        })
        .await;
    let closed = (closed.0.unwrap(), closed.1.unwrap(), closed.2.unwrap());
    assert_eq!(
        closed,
        ("approved".into(), "Technician".into(), "All left".into())
    );
    stage.app.jobs().wake();
    let again = technician.post(&path, &refs(&form)).await;
    assert_eq!(again.location, Some(page(&stage)));
    let html = technician.get(&page(&stage)).await.text;
    assert!(html.contains("None of these people waits any more"));
}

#[tokio::test]
async fn the_dismissed_are_left_alone_and_the_note_is_kept() {
    let stage = held().await;
    let site = Site::start(&stage.app);
    let technician = site.signed_in(Role::Technician).await;
    let form = form(&NAMES[..5], &NAMES[..3], "Parental <leave>");
    let path = format!("{}/dismiss", page(&stage));
    let done = technician.post(&path, &refs(&form)).await;
    assert_eq!(done.location, Some(page(&stage)));
    let html = technician.get(&page(&stage)).await.text;
    assert!(html.contains("3 deactivations are dismissed") && html.contains("2 people wait still"));
    assert!(!html.contains("anna@contoso.example"));
    let dismissed = ("dismissed", "Technician", "Parental <leave>");
    let dismissed = (dismissed.0.into(), dismissed.1.into(), dismissed.2.into());
    assert_eq!(said(&stage, "anna").await, [dismissed]);
    let person = format!("/companies/{}/people/{}", stage.company_id, id("anna"));
    let html = technician.get(&person).await.text;
    assert!(html.contains("Parental &lt;leave&gt;"), "{html}");
    stage.sync().await;
    assert!(is_active(&stage, "anna"));
    let company = stage.company_id;
    let hold = stage.read(move |conn| holds::open_of(conn, company)).await;
    assert_eq!(hold.unwrap().people.len(), 2);
}

#[tokio::test]
async fn nobody_ticked_or_a_long_note_is_a_mistake_that_keeps_what_was_typed() {
    let stage = held().await;
    let site = Site::start(&stage.app);
    let technician = site.signed_in(Role::Technician).await;
    for act in ["approve", "dismiss"] {
        let path = format!("{}/{act}", page(&stage));
        let nobody = form(&NAMES[..5], &[], "kept note");
        let answer = technician.post(&path, &refs(&nobody)).await;
        assert_eq!(answer.status, 422);
        assert!(
            answer.text.contains("Tick at least one person") && answer.text.contains("kept note")
        );
        assert_eq!(answer.text.matches(" checked>").count(), 0);
        let long = form(&NAMES[..5], &NAMES[..2], &"x".repeat(401));
        let answer = technician.post(&path, &refs(&long)).await;
        assert_eq!(answer.status, 422);
        assert!(answer.text.contains("400 characters or fewer"));
        assert_eq!(answer.text.matches(" checked>").count(), 2);
    }
    stage.set(|company| company.sync_contacts = false).await;
    let path = format!("{}/approve", page(&stage));
    let all = form(&NAMES[..5], &NAMES[..5], "");
    technician.post(&path, &refs(&all)).await;
    let html = technician.get(&page(&stage)).await.text;
    assert!(html.contains("Contact sync is off for this company. Switch it on to approve"));
    assert!(!rollcall::jobs::step(&stage.app).await.unwrap(), "no job");
    assert_eq!(stage.held().await.unwrap().len(), 5);
}

#[tokio::test]
async fn a_hold_that_is_not_true_any_more_says_so_and_its_approval_says_why_nothing_was_done() {
    let stage = stage().await;
    stage.users(NAMES.map(user));
    stage.sync().await;
    let no_licence = [SPB.to_owned()];
    stage
        .write(move |conn| settings::set_ignored_licences(conn, &no_licence))
        .await;
    stage.sync().await;
    let site = Site::start(&stage.app);
    let technician = site.signed_in(Role::Technician).await;
    let html = technician.get(&page(&stage)).await.text;
    assert_eq!(
        html.matches("No licence that counts.").count(),
        10,
        "{html}"
    );
    assert!(
        !html.contains("icence removed"),
        "nobody removed any: {html}"
    );
    assert!(html.contains("As read <"), "{html}");
    // One has another licence; then the list of those that do not count is as before.
    stage
        .set(|company| company.ignored = vec![id("anna")])
        .await;
    let html = technician.get(&page(&stage)).await.text;
    for text in [
        "9 of these 10 contacts would still be made inactive",
        "Not any more: a technician ignores them.",
    ] {
        assert!(html.contains(text), "{text}: {html}");
    }
    stage.write(settings::forget_ignored_licences).await;
    let requests = stage.requests();
    let html = technician.get(&page(&stage)).await.text;
    assert_eq!(stage.requests(), requests, "the page asks nobody");
    assert!(
        html.contains("None of these contacts would be deactivated any more"),
        "{html}"
    );
    assert!(!html.contains("no longer active"), "{html}");
    let again = "Not any more: they are active again.";
    assert_eq!(html.matches(again).count(), 9, "{html}");
    let form = form(&NAMES, &NAMES, "");
    technician
        .post(&format!("{}/approve", page(&stage)), &refs(&form))
        .await;
    assert!(rollcall::jobs::step(&stage.app).await.unwrap());
    let run = stage.runs().await.pop().unwrap();
    assert_eq!(run.mode, Mode::Approval);
    let html = technician.get(&format!("/runs/{}", run.id)).await.text;
    for text in [
        "9 people approved were not deactivated: they are active again.",
        "1 person approved was not deactivated: a technician ignores them.",
    ] {
        assert!(html.contains(text), "{text}: {html}");
    }
    assert_eq!(stage.held().await, None);
    assert!(NAMES.iter().all(|name| is_active(&stage, name)));
}
