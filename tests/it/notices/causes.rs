//! Causes that come and go, that stand, that are over, and that nobody wants to hear of.

use chrono::TimeDelta;
use rollcall::attention;
use rollcall::db::plans;
use rollcall::decisions::{self, Decider, Linking};
use rollcall::model::{ContactId, UserId};
use rollcall::notices::saving;
use rollcall::notices::settings::{Audience, Kind};

use super::post::{Mail, Post};
use super::{OPS, after, in_conflict, look, new, ran, tell_all, use_server, with_mail};
use crate::stage::{Stage, contact, user};

#[tokio::test]
async fn a_cause_that_comes_and_goes_within_the_hour_is_not_told_anew() {
    let stage = new().await;
    let post = with_mail(&stage).await;
    let id = stage.company_id;
    ran(&stage, id, Err("consent")).await;
    look(&stage).await;
    assert_eq!(post.fresh().len(), 1);
    let mut subjects = Vec::new();
    for _ in 0..5 {
        ran(&stage, id, Ok(0)).await;
        look(&stage).await;
        ran(&stage, id, Err("consent")).await;
        look(&stage).await;
        subjects.extend(post.fresh().into_iter().map(|mail| mail.subject()));
    }
    assert_eq!(subjects, ["Rollcall: In order again: Contoso"]);
    after(&stage, TimeDelta::hours(1)).await;
    let mails = post.fresh();
    assert_eq!(mails.len(), 1, "it stands, and is told");
    assert_eq!(
        mails[0].subject(),
        "Rollcall: Admin consent missing at Contoso"
    );
}

#[tokio::test]
async fn conflicts_are_told_by_number_and_link_and_again_where_somebody_else_is_in_conflict() {
    let stage = new().await;
    let post = with_mail(&stage).await;
    let id = stage.company_id;
    let (anna, bert, carl, dora) = ("anna", "bert", "carl", "dora");
    for (who, mails) in [
        (&[anna, bert][..], 1),
        (&[bert, anna], 0),
        (&[anna], 0),
        (&[anna, bert], 0),
        (&[anna, bert, carl], 1),
        (&[bert, carl], 0),
        // As many as before, of whom one is new.
        (&[bert, carl, dora], 1),
        (&[], 0),
    ] {
        let conflicts = who.len();
        in_conflict(&stage, id, who).await;
        after(&stage, TimeDelta::hours(2)).await;
        let fresh = post.fresh();
        assert_eq!(fresh.len(), mails, "{who:?}");
        for mail in fresh {
            assert_eq!(
                mail.subject(),
                "Rollcall: Conflicts need a decision at Contoso"
            );
            let people = format!("{conflicts} people fit no single contact");
            assert!(mail.text().contains(&people), "{}", mail.text());
            assert!(mail.text().contains(&format!("/companies/{id}/conflicts")));
        }
    }
}

#[tokio::test]
async fn what_is_over_at_one_company_keeps_nothing_of_another_from_being_told() {
    let stage = new().await;
    let post = with_mail(&stage).await;
    let fabrikam = stage.neighbour("Fabrikam", true).await;
    in_conflict(&stage, stage.company_id, &["anna"]).await;
    look(&stage).await;
    assert_eq!(post.fresh().len(), 1);
    after(&stage, TimeDelta::hours(2)).await;
    in_conflict(&stage, stage.company_id, &[]).await;
    look(&stage).await;
    in_conflict(&stage, fabrikam, &["fred"]).await;
    look(&stage).await;
    let subjects: Vec<String> = post.fresh().iter().map(post_subject).collect();
    assert_eq!(
        subjects,
        ["Rollcall: Conflicts need a decision at Fabrikam"]
    );
}

#[tokio::test]
async fn no_good_run_for_36_hours_is_told_once_and_so_is_its_end() {
    let stage = new().await;
    let post = with_mail(&stage).await;
    let id = stage.company_id;
    ran(&stage, id, Ok(0)).await;
    for _ in 0..10 {
        after(&stage, TimeDelta::hours(12)).await;
    }
    let mails = post.fresh();
    assert_eq!(mails.len(), 1);
    assert_eq!(
        mails[0].subject(),
        "Rollcall: No good run for 36 hours at Contoso"
    );
    ran(&stage, id, Ok(0)).await;
    look(&stage).await;
    let subjects: Vec<String> = post.fresh().iter().map(post_subject).collect();
    assert_eq!(subjects, ["Rollcall: In order again: Contoso"]);
}

fn post_subject(mail: &Mail) -> String {
    mail.subject()
}

#[tokio::test]
async fn what_nobody_wants_to_hear_of_is_not_told_and_what_stands_is_told_once_somebody_does() {
    let stage = new().await;
    let post = Post::start().await;
    ran(&stage, stage.company_id, Err("consent")).await;
    look(&stage).await;
    use_server(&stage.app, &post, "none", "").await;
    look(&stage).await;
    assert_eq!(post.visits(), 0, "nobody to tell");
    let audience = Audience {
        everybody: vec![OPS.into()],
        silent: [Kind::Failing].into(),
    };
    saving::save_audience(&stage.app, audience, "Ann")
        .await
        .unwrap();
    look(&stage).await;
    assert_eq!(post.visits(), 0, "not wanted");
    tell_all(&stage.app, &[OPS]).await;
    look(&stage).await;
    assert_eq!(post.fresh().len(), 1);
}

#[tokio::test]
async fn of_two_processes_one_tells() {
    let stage = new().await;
    let post = with_mail(&stage).await;
    let (other, _stopper) = stage.another().await;
    ran(&stage, stage.company_id, Err("consent")).await;
    let one = rollcall::notices::tick(&stage.app);
    let two = rollcall::notices::tick(&other);
    let (one, two) = tokio::join!(one, two);
    one.unwrap();
    two.unwrap();
    look(&stage).await;
    rollcall::notices::tick(&other).await.unwrap();
    assert_eq!(post.fresh().len(), 1);
}

#[tokio::test]
async fn a_company_that_is_switched_off_fails_no_more_and_nothing_is_told_of_it() {
    let stage = new().await;
    let post = with_mail(&stage).await;
    stage.set(|company| company.sync_contacts = false).await;
    ran(&stage, stage.company_id, Err("consent")).await;
    look(&stage).await;
    assert_eq!(post.visits(), 0, "it failed as it was switched off");
    stage.set(|company| company.sync_contacts = true).await;
    look(&stage).await;
    assert_eq!(post.fresh().len(), 1, "it fails still");
    stage.set(|company| company.sync_contacts = false).await;
    after(&stage, TimeDelta::hours(2)).await;
    assert_eq!(post.fresh().len(), 0, "its end is no good news");
}

/// Who waits in conflict at the company of the stage.
async fn waiting(stage: &Stage) -> Vec<String> {
    let (id, now) = (stage.company_id, stage.clock.now());
    let fleet = stage.read(move |conn| attention::read(conn, now)).await;
    let waiting = fleet.conflicts.get(&id).into_iter().flatten();
    waiting.map(ToString::to_string).collect()
}

#[tokio::test]
async fn who_is_linked_or_ignored_since_the_last_run_needs_no_decision_any_more() {
    let stage = new().await;
    let post = with_mail(&stage).await;
    stage.users(["anna", "bert"].map(user));
    let (anna, bert) = (user("anna").0.id, user("bert").0.id);
    in_conflict(&stage, stage.company_id, &[&anna, &bert, "carl"]).await;
    assert_eq!(waiting(&stage).await, [anna.as_str(), &bert, "carl"]);
    let (app, company) = (&stage.app, stage.company().await);
    let who = Decider::alone("Ann");
    let ignored = decisions::ignore(app, &company, &UserId::new(&bert), &who, &|_, _| ()).await;
    assert!(ignored.unwrap());
    let other = ContactId::new(&stage.psa.put(&contact("other")));
    stage.clock.advance(std::time::Duration::from_secs(1));
    let upn = "anna@contoso.example";
    let linked = decisions::link_by_hand(app, &company, upn, &other, &who, &|_, _| ()).await;
    assert!(matches!(linked.unwrap(), Linking::Linked(_)));
    assert_eq!(waiting(&stage).await, ["carl"]);
    look(&stage).await;
    let told = post.fresh();
    assert_eq!(told.len(), 1);
    assert!(
        told[0].text().contains("1 person fits no single contact"),
        "{}",
        told[0].text()
    );
}

#[tokio::test]
async fn who_is_in_conflict_by_a_plan_of_an_older_version_is_read_from_the_plan() {
    let stage = new().await;
    let id = stage.company_id;
    in_conflict(&stage, id, &["anna"]).await;
    let kept = stage.read(move |conn| plans::get(conn, id)).await.unwrap();
    let older = plans::StoredPlan {
        in_conflict: None,
        ..kept
    };
    stage.write(move |conn| plans::put(conn, &older)).await;
    assert_eq!(waiting(&stage).await, ["anna"]);
}
