//! Turning contact sync on, once its effect was seen.

use super::*;

#[tokio::test]
async fn contact_sync_is_turned_on_only_after_its_effect_was_seen() {
    let stage = stage().await;
    stage.users([user("anna"), user("bert")]);
    stage.set(|company| company.sync_contacts = false).await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let answer = save(
        &stage,
        &visitor,
        stage.version().await,
        &[("sync_contacts", "true"), ("update_existing", "true")],
    )
    .await;
    assert_eq!(answer.status, 303);
    let confirm = answer.location.unwrap();
    assert!(
        confirm.starts_with(&format!("{}/turn-on?watch=", page(&stage))),
        "{confirm}"
    );
    assert!(!stage.company().await.sync_contacts);
    let waits = visitor.get(&confirm).await.text;
    assert!(waits.contains("The preview waits in line"), "{waits}");
    let turn_on = format!("{}/turn-on", page(&stage));
    let seen = stage.version().await.to_string();
    let early = visitor.post(&turn_on, &[("version", &seen)]).await;
    assert_eq!(early.status, 303);
    assert!(!stage.company().await.sync_contacts);
    assert!(rollcall::jobs::step(&stage.app).await.unwrap());
    let ready = visitor.get(&turn_on).await.text;
    assert!(
        ready.contains("This will create 2, update 0, deactivate 0"),
        "{ready}"
    );
    assert!(ready.contains("The first run starts at once."), "{ready}");
    let mark = "name=\"digest\" value=\"";
    let at = ready.find(mark).unwrap() + mark.len();
    let digest = ready[at..].split('"').next().unwrap();
    let fields = [("version", seen.as_str()), ("digest", digest)];
    let on = visitor.post(&turn_on, &fields).await;
    assert_eq!(
        on.location,
        Some(format!("/companies/{}", stage.company_id))
    );
    assert!(stage.company().await.sync_contacts);
    assert_eq!(waiting(&stage).await.len(), 1);
    let said = visitor.get(&on.location.unwrap()).await.text;
    assert!(
        said.contains("Contact sync is on. The first run does just what was shown."),
        "{said}"
    );
    assert_eq!(stage.psa.writes(), 0);
}

#[tokio::test]
async fn settings_that_were_changed_after_the_preview_are_not_turned_on() {
    let stage = stage().await;
    stage.set(|company| company.sync_contacts = false).await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let to = format!("/companies/{}/preview", stage.company_id);
    visitor.post(&to, &[("back", "turn_on")]).await;
    assert!(rollcall::jobs::step(&stage.app).await.unwrap());
    let seen = stage.version().await;
    stage.clock.advance(std::time::Duration::from_mins(1));
    save(&stage, &visitor, seen, &[("guard_floor", "8")]).await;
    let turn_on = format!("{}/turn-on", page(&stage));
    let shown = visitor.get(&turn_on).await.text;
    assert!(shown.contains("See what it would do"), "{shown}");
    let old = seen.to_string();
    let answer = visitor.post(&turn_on, &[("version", &old)]).await;
    assert_eq!(answer.status, 303);
    let said = visitor.get(&turn_on).await.text;
    assert!(
        said.contains("changed this company") && said.contains("still off"),
        "{said}"
    );
    assert!(!stage.company().await.sync_contacts);
}

#[tokio::test]
async fn contact_sync_needs_a_tenant() {
    let stage = stage().await;
    let id = stage.company_id;
    stage.set(|company| company.sync_contacts = false).await;
    stage
        .write(move |conn| tenant_connections::delete(conn, id))
        .await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let answer = save(
        &stage,
        &visitor,
        stage.version().await,
        &[("sync_contacts", "true")],
    )
    .await;
    assert_eq!(answer.status, 422);
    assert!(answer.text.contains("tenant first."), "{}", answer.text);
    assert!(
        answer.text.contains("Connect tenant</a>"),
        "{}",
        answer.text
    );
    let turn_on = visitor.get(&format!("{}/turn-on", page(&stage))).await;
    assert!(turn_on.text.contains("The tenant is not connected yet"));
}

#[tokio::test]
async fn before_an_inactive_company_is_turned_on_it_is_said_that_nothing_is_written() {
    let stage = stage().await;
    stage.users([user("anna"), user("bert")]);
    stage.set(|company| company.sync_contacts = false).await;
    stage.psa.close_company();
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let to = format!("/companies/{}/preview", stage.company_id);
    visitor.post(&to, &[("back", "turn_on")]).await;
    assert!(rollcall::jobs::step(&stage.app).await.unwrap());
    let shown = visitor.get(&format!("{}/turn-on", page(&stage))).await.text;
    assert!(
        shown.contains("This will create 0, update 0, deactivate 0"),
        "{shown}"
    );
    assert!(
        shown.contains("The company is inactive in the PSA: nothing is written for it."),
        "{shown}"
    );
}
