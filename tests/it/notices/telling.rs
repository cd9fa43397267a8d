//! What is told, and how often.

use chrono::TimeDelta;
use rollcall::app::OF_COMPANY;
use rollcall::db::company_notices::{self, CompanyNotices};
use rollcall::db::quarantines::{self, Owner};
use rollcall::db::tenant_connections;
use rollcall::model::{RunFailure, Side};

use super::{OPS, after, look, on_both, ran, with_mail};
use crate::stage::{SECRET, Stage, put_secret, user};

on_both!(
    ten_failing_nights_are_one_mail_and_one_when_they_are_over,
    companies_that_fail_together_are_one_mail_and_those_that_follow_another,
    held_people_are_named_with_reason_and_link_and_told_again_only_with_the_new_ones,
    an_end_is_told_30_7_and_1_days_before_and_once_each,
    who_hears_of_one_company_hears_of_no_other,
    a_psa_connection_in_quarantine_is_one_mail_for_all_its_companies,
);

async fn secret(stage: &Stage, secret: &str) {
    put_secret(
        &stage.app,
        OF_COMPANY,
        stage.company_id,
        "client_secret",
        secret,
    )
    .await;
    stage.app.forget_clients();
}

async fn ten_failing_nights_are_one_mail_and_one_when_they_are_over(stage: Stage) {
    let post = with_mail(&stage).await;
    stage.users([user("anna")]);
    stage.sync().await;
    look(&stage).await;
    assert_eq!(post.visits(), 0, "nothing to tell");
    secret(&stage, "a-wrong-secret").await;
    for _ in 0..10 {
        after(&stage, TimeDelta::hours(24)).await;
        stage.sync().await;
        look(&stage).await;
        look(&stage).await;
    }
    let mails = post.fresh();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(
        mails[0].subject(),
        "Rollcall: Microsoft 365: sign-in refused at Contoso"
    );
    assert_eq!(
        (mails[0].from.as_str(), mails[0].to.as_slice()),
        ("rollcall@msp.example", &[OPS.to_owned()][..])
    );
    let link = format!(
        "{}/companies/{}/connection",
        stage.app.config().portal_url(),
        stage.company_id
    );
    assert!(mails[0].text().contains(&link), "{}", mails[0].text());
    assert!(mails[0].html().contains(&format!("href=\"{link}\"")));
    assert!(mails[0].text().contains("What to do: "));
    secret(&stage, SECRET).await;
    look(&stage).await;
    assert_eq!(post.taken().len(), 0, "nothing is proved yet");
    stage.sync().await;
    for _ in 0..3 {
        look(&stage).await;
    }
    let mails = post.fresh();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(mails[0].subject(), "Rollcall: In order again: Contoso");
    assert!(mails[0].text().contains("sign-in refused"));
    after(&stage, TimeDelta::hours(30)).await;
    assert_eq!(post.taken().len(), 0);
}

async fn companies_that_fail_together_are_one_mail_and_those_that_follow_another(stage: Stage) {
    let post = with_mail(&stage).await;
    let contoso = stage.company_id;
    let fabrikam = stage.neighbour("Fabrikam", true).await;
    let late = [
        stage.neighbour("Late", true).await,
        stage.neighbour("Later", true).await,
    ];
    for id in [contoso, fabrikam] {
        ran(&stage, id, Err("secret_expired")).await;
    }
    look(&stage).await;
    let mails = post.fresh();
    assert_eq!(mails.len(), 1);
    assert_eq!(
        mails[0].subject(),
        "Rollcall: Client secret expired at 2 companies"
    );
    let text = mails[0].text();
    assert!(
        text.contains("- Contoso\n") && text.contains("- Fabrikam\n"),
        "{text}"
    );
    assert_eq!(text.matches("What to do: ").count(), 1, "{text}");
    for id in late {
        look(&stage).await;
        ran(&stage, id, Err("secret_expired")).await;
        look(&stage).await;
    }
    assert_eq!(
        post.taken().len(),
        0,
        "they come together, when the hour is over"
    );
    after(&stage, TimeDelta::hours(1)).await;
    let mails = post.fresh();
    assert_eq!(mails.len(), 1);
    let text = mails[0].text();
    assert!(
        text.contains("- Late\n") && text.contains("- Later\n"),
        "{text}"
    );
    assert!(!text.contains("- Contoso\n"), "told before: {text}");
}

async fn held_people_are_named_with_reason_and_link_and_told_again_only_with_the_new_ones(
    stage: Stage,
) {
    let post = with_mail(&stage).await;
    let names = ["anna", "bert", "carl", "dora", "emil", "fred"];
    stage.users(names.map(user));
    stage.sync().await;
    for name in &names[..4] {
        stage.edit(name, |user| user.account_enabled = Some(false));
    }
    stage.sync().await;
    look(&stage).await;
    let mails = post.fresh();
    assert_eq!(mails.len(), 1);
    assert_eq!(
        mails[0].subject(),
        "Rollcall: Deactivations are held at Contoso"
    );
    let text = mails[0].text();
    assert!(text.contains("4 deactivations are held"), "{text}");
    for name in &names[..4] {
        let line = format!("{name}@contoso.example): sign-in blocked");
        assert!(text.contains(&line), "{text}");
    }
    assert!(!text.contains("emil@"), "{text}");
    let link = format!(
        "{}/companies/{}/hold",
        stage.app.config().portal_url(),
        stage.company_id
    );
    assert!(text.contains(&link), "{text}");
    stage.sync().await;
    after(&stage, TimeDelta::hours(24)).await;
    assert_eq!(post.taken().len(), 0, "the same people");
    stage.edit("emil", |user| user.account_enabled = Some(false));
    stage.sync().await;
    look(&stage).await;
    let mails = post.fresh();
    assert_eq!(mails.len(), 1);
    let text = mails[0].text();
    assert!(
        text.contains("1 more deactivation is held, 5 in all"),
        "{text}"
    );
    assert!(text.contains("emil@") && !text.contains("anna@"), "{text}");
    stage.approve().await;
    look(&stage).await;
    assert_eq!(post.taken().len(), 0, "who decided knows it");
}

async fn an_end_is_told_30_7_and_1_days_before_and_once_each(stage: Stage) {
    let post = with_mail(&stage).await;
    let id = stage.company_id;
    let last_day = (stage.clock.now() + TimeDelta::days(40)).date_naive();
    let tenant = stage
        .read(move |conn| tenant_connections::get(conn, id))
        .await
        .unwrap();
    let now = stage.clock.now();
    stage
        .write(move |conn| {
            let ending = rollcall::model::TenantConnection {
                expires: Some(last_day),
                ..tenant
            };
            tenant_connections::put(conn, id, &ending, now)
        })
        .await;
    let mut told = Vec::new();
    for day in 0..45 {
        // Off on the day of the second warning.
        if !(32..=34).contains(&day) {
            ran(&stage, id, Ok(0)).await;
            look(&stage).await;
            look(&stage).await;
            told.extend(
                post.fresh()
                    .into_iter()
                    .map(|mail| (day, mail.subject(), mail.text())),
            );
        }
        after_without_looking(&stage, TimeDelta::hours(24));
    }
    let subjects: Vec<(i32, &str)> = told
        .iter()
        .map(|(day, subject, _)| (*day, subject.as_str()))
        .collect();
    assert_eq!(
        subjects,
        [
            (
                10,
                "Rollcall: A client secret ends within 30 days at Contoso"
            ),
            (
                35,
                "Rollcall: A client secret ends within 7 days at Contoso"
            ),
            (39, "Rollcall: A client secret ends within a day at Contoso"),
            (41, "Rollcall: A client secret has ended at Contoso"),
        ]
    );
    let day = last_day.format("%-d %b %Y").to_string();
    assert!(told[0].2.contains(&day), "{}", told[0].2);
}

fn after_without_looking(stage: &Stage, time: TimeDelta) {
    stage.clock.advance(time.to_std().unwrap());
}

async fn who_hears_of_one_company_hears_of_no_other(stage: Stage) {
    let post = with_mail(&stage).await;
    let fabrikam = stage.neighbour("Fabrikam", true).await;
    let own = CompanyNotices {
        recipients: vec!["fabi@msp.example".into(), OPS.to_uppercase()],
        ..CompanyNotices::default()
    };
    stage
        .write(move |conn| company_notices::put(conn, fabrikam, &own))
        .await;
    for id in [stage.company_id, fabrikam] {
        ran(&stage, id, Err("consent")).await;
    }
    look(&stage).await;
    let mut mails = post.fresh();
    mails.sort_by_key(|mail| mail.to.clone());
    assert_eq!(mails.len(), 2, "{mails:?}");
    assert_eq!(mails[0].to, ["fabi@msp.example"]);
    assert_eq!(
        mails[0].subject(),
        "Rollcall: Admin consent missing at Fabrikam"
    );
    assert!(!mails[0].raw.contains("Contoso") && !mails[0].text().contains("Contoso"));
    assert_eq!(
        mails[1].subject(),
        "Rollcall: Admin consent missing at 2 companies"
    );
}

async fn a_psa_connection_in_quarantine_is_one_mail_for_all_its_companies(stage: Stage) {
    let post = with_mail(&stage).await;
    let (fabrikam, psa, now) = (
        stage.neighbour("Fabrikam", true).await,
        stage.psa_id,
        stage.clock.now(),
    );
    let failure = RunFailure {
        kind: "credentials".into(),
        message: "ConnectWise could not read the contacts (status 401)".into(),
        advice: "Check the keys of this connection".into(),
        side: Some(Side::Psa),
    };
    let failed = failure.clone();
    stage
        .write(move |conn| quarantines::fail(conn, Owner::psa(psa), &failed, now, now))
        .await;
    for night in 0..10 {
        let at = stage.clock.now();
        let failed = RunFailure {
            message: format!("night {night}"),
            ..failure.clone()
        };
        stage
            .write(move |conn| quarantines::fail(conn, Owner::psa(psa), &failed, at, at))
            .await;
        after(&stage, TimeDelta::hours(3)).await;
    }
    let mails = post.fresh();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(mails[0].subject(), "Rollcall: Main PSA: sign-in refused");
    assert!(mails[0].text().contains("Contoso") && mails[0].text().contains("Fabrikam"));
    assert!(mails[0].text().contains(&format!("/settings/psa/{psa}")));
    for id in [stage.company_id, fabrikam] {
        ran(&stage, id, Ok(0)).await;
    }
    stage
        .write(move |conn| quarantines::forget(conn, Owner::psa(psa)))
        .await;
    look(&stage).await;
    let mails = post.fresh();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].subject(), "Rollcall: In order again: 2 companies");
}
