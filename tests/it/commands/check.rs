//! `rollcall check`.

use std::process::Stdio;

use rollcall::app::{OF_COMPANY, OF_PSA};

use super::{printing, rollcall, stage};
use crate::stage::{Stage, Vendor, each_vendor, put_secret};

each_vendor!(
    every_connection_answers,
    each_wrong_secret_is_found,
    a_site_that_is_gone_is_found,
    an_inactive_company_is_well_and_said,
);

/// The names of connections that failed, and the sentences of all.
async fn checked(stage: &Stage, code: i32) -> (Vec<String>, String) {
    let said = rollcall(stage, &["check", "--json"]).await.ends(code);
    let failed = said.json().into_iter().filter(|one| one["ok"] == false);
    let failed = failed.map(|one| one["connection"].as_str().unwrap().to_owned());
    (failed.collect(), said.out)
}

async fn every_connection_answers(stage: Stage) {
    let (failed, _) = checked(&stage, 0).await;
    assert_eq!(failed, [""; 0]);
    let said = rollcall(&stage, &["check", "--company", "Contoso"]).await;
    said.ends(0)
        .says(&["ok      Main PSA", "Contoso (Microsoft 365)"]);
}

async fn each_wrong_secret_is_found(stage: Stage) {
    let (_, secrets) = stage.psa.connection();
    for (name, right) in &secrets {
        put_secret(&stage.app, OF_PSA, stage.psa_id, name, "wrong").await;
        let (failed, out) = checked(&stage, 5).await;
        assert_eq!(
            failed,
            ["Main PSA", "Contoso (PSA company)"],
            "{name}: {out}"
        );
        put_secret(&stage.app, OF_PSA, stage.psa_id, name, right).await;
    }
    let company = stage.company_id;
    put_secret(&stage.app, OF_COMPANY, company, "client_secret", "wrong").await;
    let (failed, out) = checked(&stage, 5).await;
    assert_eq!(failed, ["Contoso (Microsoft 365)"], "{out}");
    let said = rollcall(&stage, &["check"]).await.ends(5);
    let said = said.says(&["failed  Contoso (Microsoft 365)\n"]);
    assert!(!said.out.contains(".."), "{}", said.out);
}

#[tokio::test]
async fn what_all_connections_lack_is_told_once_with_what_to_do() {
    let stage = stage(Vendor::ConnectWise).await;
    let mut environment = stage.environment();
    for (name, value) in &mut environment {
        if *name == "ROLLCALL_SECRET_KEY" {
            *value = "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=".to_owned();
        }
    }
    let said = printing(environment, &["check"], Stdio::piped()).await;
    let said = said.ends(5).says(&[
        "failed  Main PSA\n        The secrets in the database are sealed with key ",
        "failed  Contoso (PSA company)\n        For the same reason as Main PSA.",
    ]);
    assert_eq!(
        said.out.matches("Add that key as a line of").count(),
        1,
        "{}",
        said.out
    );
}

async fn a_site_that_is_gone_is_found(stage: Stage) {
    let site = stage.psa.site("Main");
    stage.set(|company| company.default_site = Some(site)).await;
    checked(&stage, 0).await;
    stage.psa.close_site("Main");
    let (failed, out) = checked(&stage, 5).await;
    assert_eq!(failed, ["Contoso (PSA company)"]);
    assert!(
        out.contains("the site Main, which is gone or inactive"),
        "{out}"
    );
}

async fn an_inactive_company_is_well_and_said(stage: Stage) {
    stage.psa.close_company();
    let (failed, _) = checked(&stage, 0).await;
    assert_eq!(failed, [""; 0]);
    let said = rollcall(&stage, &["check"]).await.ends(0);
    said.says(&["The company is inactive in the PSA"]);
}

#[tokio::test]
async fn a_phone_type_that_the_psa_does_not_have_is_found() {
    let stage = stage(Vendor::ConnectWise).await;
    stage
        .set_connection(|connection| {
            let wrong = ("phone_type".to_owned(), "Carrier pigeon".to_owned());
            connection.fields.extend([wrong]);
        })
        .await;
    let (failed, out) = checked(&stage, 5).await;
    assert_eq!(failed, ["Main PSA"]);
    assert!(out.contains("Carrier pigeon"), "{out}");
}
