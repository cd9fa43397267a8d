//! Conflicts: the candidates, and how they are settled.

use rollcall::model::Role;

use super::people::{id, stage};
use super::visitor::Site;
use crate::stage::{Stage, contact, user};

fn page(stage: &Stage) -> String {
    format!("/companies/{}/conflicts", stage.company_id)
}

/// Carl and Dora each fit two contacts; the ids of Carl's.
pub async fn two_in_conflict(stage: &Stage) -> (String, String) {
    stage.users([user("anna"), user("carl"), user("dora")]);
    let first = stage.psa.put(&contact("carl"));
    let second = stage.psa.put(&contact("carl"));
    stage.psa.put(&contact("dora"));
    stage.psa.put(&contact("dora"));
    stage.sync().await;
    (first, second)
}

#[tokio::test]
async fn nobody_in_conflict_is_a_calm_page() {
    let stage = stage().await;
    let site = Site::start(&stage.app);
    let reader = site.signed_in(Role::Reader).await;
    assert!(reader.get("/conflicts").await.text.contains("No conflicts"));
    assert!(
        reader
            .get(&page(&stage))
            .await
            .text
            .contains("Not read yet")
    );
    stage.users([user("anna")]);
    stage.sync().await;
    assert!(
        reader
            .get(&page(&stage))
            .await
            .text
            .contains("No conflicts")
    );
}

#[tokio::test]
async fn a_conflict_is_settled_by_a_link_and_shows_so_at_once() {
    let stage = stage().await;
    let (first, second) = two_in_conflict(&stage).await;
    let site = Site::start(&stage.app);
    let reader = site.signed_in(Role::Reader).await;
    let html = reader.get(&page(&stage)).await.text;
    assert!(html.contains("Several contacts fit") && html.contains("carl@contoso.example"));
    assert!(!html.contains("Link this one"), "a reader only looks");
    let technician = site.signed_in(Role::Technician).await;
    let html = technician.get(&page(&stage)).await.text;
    assert_eq!(html.matches("Link this one<").count(), 4);
    assert!(html.contains(&format!("{first} in ConnectWise")), "{html}");
    let fleet = technician.get("/conflicts").await.text;
    assert!(fleet.contains("Carl Doe") && fleet.contains(&page(&stage)));
    let link = format!(
        "/companies/{}/people/{}/link/{second}",
        stage.company_id,
        id("carl")
    );
    assert!(html.contains(&link));
    assert_eq!(reader.post(&link, &[]).await.status, 403);
    let done = technician.post(&link, &[("back", "conflicts")]).await;
    assert_eq!(done.location, Some(page(&stage)));
    let html = technician.get(&page(&stage)).await.text;
    assert!(
        html.contains("is linked to contact") && html.contains("A run follows"),
        "{html}"
    );
    assert!(html.contains("Settled, takes effect at the next run"));
    assert_eq!(html.matches("Link this one<").count(), 2);
    let fleet = technician.get("/conflicts").await.text;
    assert!(
        fleet.contains("1 settled, takes effect at the next run"),
        "{fleet}"
    );
    stage.sync().await;
    let html = technician.get(&page(&stage)).await.text;
    assert!(
        !html.contains("Settled") && !html.contains("carl@contoso.example"),
        "{html}"
    );
}

#[tokio::test]
async fn what_microsoft_365_says_stands_beside_the_candidates_who_agree_with_it() {
    let stage = stage().await;
    stage.users([user("carl").title("Chief of sales")]);
    stage.psa.put(&contact("carl"));
    stage.psa.put(&contact("carl"));
    stage.sync().await;
    let site = Site::start(&stage.app);
    let reader = site.signed_in(Role::Reader).await;
    let html = reader.get(&page(&stage)).await.text;
    assert!(html.contains(">Microsoft 365</span>") && html.contains("Chief of sales"));
    let email = "<dd><bdi class=\"wrap\">carl@contoso.example</bdi> <span class=\"same\"";
    assert_eq!(html.matches(email).count(), 2, "{html}");
    assert!(!html.contains("say which one it is"), "a reader only looks");
}

#[tokio::test]
async fn a_conflict_is_settled_by_ignoring() {
    let stage = stage().await;
    two_in_conflict(&stage).await;
    let site = Site::start(&stage.app);
    let technician = site.signed_in(Role::Technician).await;
    for name in ["carl", "dora"] {
        let path = format!("/companies/{}/people/{}/ignore", stage.company_id, id(name));
        technician.post(&path, &[("back", "conflicts")]).await;
    }
    let html = technician.get(&page(&stage)).await.text;
    assert!(
        html.contains("Settled, takes effect at the next run") && html.contains("No conflicts")
    );
    stage.sync().await;
    assert!(
        technician
            .get("/conflicts")
            .await
            .text
            .contains("No conflicts")
    );
}

#[tokio::test]
async fn who_is_settled_is_told_alike_until_a_run_has_brought_it_about() {
    let stage = stage().await;
    let (_, second) = two_in_conflict(&stage).await;
    let site = Site::start(&stage.app);
    let technician = site.signed_in(Role::Technician).await;
    let person = |name| format!("/companies/{}/people/{}", stage.company_id, id(name));
    let link = format!("{}/link/{second}", person("carl"));
    technician.post(&link, &[("back", "conflicts")]).await;
    // A preview plans what was decided already.
    let preview = format!("/companies/{}/preview", stage.company_id);
    stage.clock.advance(std::time::Duration::from_mins(1));
    technician.post(&preview, &[]).await;
    assert!(rollcall::jobs::step(&stage.app).await.unwrap());
    let ignore = format!("{}/ignore", person("dora"));
    technician.post(&ignore, &[("back", "conflicts")]).await;
    let html = technician.get(&page(&stage)).await.text;
    let said =
        "dora@contoso.example is ignored from now on: runs leave user and contact as they are.";
    assert!(html.contains(said), "{html}");
    for _ in 0..2 {
        let html = technician.get(&page(&stage)).await.text;
        assert!(
            html.contains("Settled, takes effect at the next run"),
            "{html}"
        );
        for name in ["carl", "dora"] {
            assert!(
                html.contains(&format!("href=\"{}\"", person(name))),
                "{html}"
            );
        }
        let fleet = technician.get("/conflicts").await.text;
        assert!(
            fleet.contains("2 settled, takes effect at the next run"),
            "{fleet}"
        );
        technician.post(&preview, &[]).await;
        assert!(rollcall::jobs::step(&stage.app).await.unwrap());
    }
    stage.sync().await;
    let html = technician.get(&page(&stage)).await.text;
    assert!(!html.contains("Settled"), "{html}");
    let fleet = technician.get("/conflicts").await.text;
    assert!(fleet.contains("No conflicts"), "{fleet}");
}

#[tokio::test]
async fn a_company_of_which_nobody_is_in_conflict_any_more_is_not_listed() {
    let stage = stage().await;
    let (first, _) = two_in_conflict(&stage).await;
    let site = Site::start(&stage.app);
    let technician = site.signed_in(Role::Technician).await;
    assert!(
        technician
            .get("/conflicts")
            .await
            .text
            .contains(&page(&stage))
    );
    // Somebody settles it in the PSA, and a preview has seen that.
    for contact in stage.psa.look() {
        let spare = contact.id == first || contact.email.as_deref() == Some("dora@contoso.example");
        if spare {
            stage
                .psa
                .edit(&contact.id, |contact| contact.active = false);
        }
    }
    let dora = stage.psa.put(&contact("dora"));
    let preview = format!("/companies/{}/preview", stage.company_id);
    stage.clock.advance(std::time::Duration::from_mins(1));
    technician.post(&preview, &[]).await;
    assert!(rollcall::jobs::step(&stage.app).await.unwrap());
    let fleet = technician.get("/conflicts").await.text;
    assert!(fleet.contains("No conflicts"), "{dora}: {fleet}");
}
