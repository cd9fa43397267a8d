//! A person's page: each kind of person, hostile names, and what a technician does there.

use std::time::Duration;

use rollcall::decisions::{self, Decider};
use rollcall::model::{Role, UserId};
use rollcall::runs;

use super::people::{id, stage};
use super::visitor::{Site, Visitor};
use crate::stage::{Plain, Stage, Store, Vendor, contact, user};

fn page(stage: &Stage, name: &str) -> String {
    format!("/companies/{}/people/{}", stage.company_id, id(name))
}

#[tokio::test]
async fn a_page_shows_both_sides_every_step_and_the_history() {
    let stage = stage().await;
    stage.users([user("anna").title("Chief")]);
    stage.sync().await;
    stage.edit("anna", |user| user.job_title = Some("Boss".into()));
    stage.sync().await;
    let site = Site::start(&stage.app);
    let reader = site.signed_in(Role::Reader).await;
    let html = reader.get(&page(&stage, "anna")).await.text;
    for text in [
        "Anna Doe",
        "anna@contoso.example",
        "Both sides",
        "Microsoft 365 Business Premium",
        "What the next run does",
        "<del>Chief</del>",
        "<ins>Boss</ins>",
        "Create: contact ",
        "#view/Microsoft_AAD_UsersAndTenants/UserProfileMenuBlade/",
        "rel=\"noopener\"",
        "Done",
        "openrecord.rails",
    ] {
        assert!(html.contains(text), "{text}: {html}");
    }
    assert!(!html.contains("Ignore this person"), "a reader only looks");
    // What the run wrote is counted in: nothing differs any more.
    assert!(html.contains(">In sync<") && !html.contains(">Differs<"));
}

/// The addresses outside the portal that a page leads to.
fn outward(html: &str) -> Vec<String> {
    let links = html.split("href=\"http").skip(1);
    links
        .map(|rest| {
            let end = rest.split('"').next().unwrap();
            format!("http{end}")
                .replace("&amp;", "&")
                .replace("&#x27;", "'")
        })
        .collect()
}

#[tokio::test]
async fn links_to_simulated_vendors_lead_to_the_records_there() {
    for vendor in [Vendor::ConnectWise, Vendor::Autotask] {
        let stage = Stage::new(vendor, Store::Sqlite).await;
        stage.users([user("anna").title("Chief")]);
        stage.sync().await;
        let site = Site::start(&stage.app);
        let reader = site.signed_in(Role::Reader).await;
        let person = reader.get(&page(&stage, "anna")).await.text;
        let connection = format!("/companies/{}/connection", stage.company_id);
        let connection = reader.get(&connection).await.text;
        let links = [outward(&person), outward(&connection)].concat();
        assert!(links.len() >= 4, "{links:?}");
        let nobody = Visitor::of("");
        for link in links {
            let found = nobody.get(&link).await;
            assert_eq!(found.status, 200, "{link}: {}", found.text);
            assert!(found.text.contains("This is a simulated page"), "{link}");
            // What the browser looks for behind the # is there.
            if let Some((_, fragment)) = link.split_once('#') {
                assert!(found.text.contains(&format!("id=\"{fragment}\"")), "{link}");
            }
            let of_anna = found.text.contains("Anna Doe") && found.text.contains("Chief");
            assert!(of_anna || found.text.contains("Contoso"), "{}", found.text);
        }
        let base = stage.psa.running.url.clone();
        for gone in [
            "/v4_6_release/services/system_io/router/openrecord.rails?recordType=ContactFV&recid=999",
            "/x/Autotask/AutotaskExtend/ExecuteCommand.aspx?Code=OpenContact&ContactID=999",
        ] {
            assert_eq!(nobody.get(&format!("{base}{gone}")).await.status, 404);
        }
    }
}

#[tokio::test]
async fn who_is_gone_long_since_still_has_a_page_and_who_never_was_has_none() {
    let stage = stage().await;
    stage.users([user("anna"), user("bert")]);
    stage.sync().await;
    stage.delete("anna");
    stage.sync().await;
    let company = stage.company_id;
    stage
        .write(move |conn| {
            use rollcall::db::links;
            links::retire_all(conn, company, "test", chrono::DateTime::UNIX_EPOCH).map(drop)
        })
        .await;
    let site = Site::start(&stage.app);
    let technician = site.signed_in(Role::Technician).await;
    let answer = technician.get(&page(&stage, "anna")).await;
    assert_eq!(answer.status, 200);
    assert!(answer.text.contains("Not in the last reading"));
    assert!(answer.text.contains("Anna Doe") || answer.text.contains("anna@contoso.example"));
    assert!(
        answer.text.contains("Deactivate contact"),
        "{}",
        answer.text
    );
    assert!(!answer.text.contains("Link to a contact by hand"));
    assert_eq!(technician.get(&page(&stage, "never")).await.status, 404);
    let ignore = format!("{}/ignore", page(&stage, "never"));
    assert_eq!(technician.post(&ignore, &[]).await.status, 404);
    let link = format!("{}/link/1", page(&stage, "never"));
    assert_eq!(technician.get(&link).await.status, 404);
}

#[tokio::test]
async fn hostile_names_are_only_text() {
    let stage = stage().await;
    let name = format!(
        "<script>alert('x')</script>\"' \u{202e}live\u{202c} 🙂{}",
        "x".repeat(400)
    );
    let named = name.clone();
    stage.users([user("anna").with(|user| user.display_name = Some(named))]);
    stage
        .psa
        .put(&Plain::named("<b>Psa</b>", "\"'", "b@psa.example"));
    stage.sync().await;
    let site = Site::start(&stage.app);
    let technician = site.signed_in(Role::Technician).await;
    let company = stage.company_id;
    for path in [page(&stage, "anna"), format!("/companies/{company}/people")] {
        let html = technician.found(&path, "psa").await.text;
        assert!(
            !html.contains("<script>") && !html.contains("<b>"),
            "{path}"
        );
        assert!(html.contains("&lt;"), "{path}: {html}");
    }
}

#[tokio::test]
async fn who_is_ignored_is_left_alone_until_that_ends() {
    let stage = stage().await;
    stage.users([user("anna")]);
    stage.sync().await;
    let site = Site::start(&stage.app);
    let reader = site.signed_in(Role::Reader).await;
    let technician = site.signed_in(Role::Technician).await;
    let path = page(&stage, "anna");
    let refused = reader.post(&format!("{path}/ignore"), &[]).await;
    assert_eq!(refused.status, 403);
    let done = technician.post(&format!("{path}/ignore"), &[]).await;
    assert_eq!(done.location.as_deref(), Some(path.as_str()));
    let html = technician.get(&path).await.text;
    let said =
        "anna@contoso.example is ignored from now on: runs leave user and contact as they are.";
    assert!(
        html.contains(said) && html.contains("A run follows"),
        "{html}"
    );
    assert!(html.contains("Ignored by a technician."), "{html}");
    assert!(
        !html.contains("ut of scope"),
        "one word for one thing: {html}"
    );
    assert!(html.contains(">Ignored<") && html.contains("Stop ignoring"));
    assert_eq!(stage.company().await.ignored, [id("anna")]);
    let company = stage.company_id;
    let jobs = stage
        .read(move |conn| rollcall::db::jobs::waiting(conn, company))
        .await;
    assert_eq!(jobs.len(), 1, "the run that follows");
    let html = reader.get(&path).await.text;
    assert!(html.contains("Technician"), "who did it");
    technician.post(&format!("{path}/stop-ignoring"), &[]).await;
    assert!(stage.company().await.ignored.is_empty());
    let html = technician.get(&path).await.text;
    assert!(html.contains("anna@contoso.example is not ignored any more."));
}

#[tokio::test]
async fn a_dismissal_by_mistake_is_taken_back_on_the_persons_page() {
    let stage = super::holds::held().await;
    let company = stage.company().await;
    let dismissed = [UserId::new(&id("anna"))];
    let signed = rollcall::db::holds::Signed::default();
    decisions::dismiss(&stage.app, &company, &dismissed, &signed, &|_, _| ())
        .await
        .unwrap();
    let site = Site::start(&stage.app);
    let technician = site.signed_in(Role::Technician).await;
    let people = format!("/companies/{}/people?state=kept", stage.company_id);
    let html = technician.get(&people).await.text;
    assert!(
        html.contains("Anna Doe") && html.contains(">Leaver, kept<"),
        "{html}"
    );
    assert!(!html.contains("Bert Doe"), "{html}");
    let path = page(&stage, "anna");
    let after_all = format!("{path}/deactivate-after-all");
    let reader = site.signed_in(Role::Reader).await;
    let html = reader.get(&path).await.text;
    assert!(html.contains(">Leaver, kept<") && !html.contains("deactivate-after-all"));
    assert_eq!(reader.post(&after_all, &[]).await.status, 403);
    let bare = technician.post_bare(&after_all, &[]).await;
    assert_eq!(bare.status, 400, "without the token");
    let html = technician.get(&path).await.text;
    assert!(
        html.contains(&after_all) && html.contains("Deactivate after all"),
        "{html}"
    );
    let done = technician.post(&after_all, &[]).await;
    assert_eq!(done.location.as_deref(), Some(path.as_str()));
    let html = technician.get(&path).await.text;
    for text in [
        "the contact of anna@contoso.example is to be deactivated after all",
        "A run follows within five minutes.",
        "Took the dismissal back, to deactivate after all",
        // Until a run has put them among those who wait, they wait for nobody.
        ">Will change<",
        "A technician has to approve it first",
    ] {
        assert!(html.contains(text), "{text}: {html}");
    }
    assert!(!html.contains(&after_all), "{html}");
    let company = stage.company_id;
    let jobs = stage
        .read(move |conn| rollcall::db::jobs::waiting(conn, company))
        .await;
    assert_eq!(jobs.len(), 1, "the run that follows");
    technician.post(&after_all, &[]).await;
    let html = technician.get(&path).await.text;
    assert!(html.contains("is not dismissed any more"), "{html}");
}

#[tokio::test]
async fn a_contact_is_found_compared_and_linked_by_hand() {
    let stage = stage().await;
    stage.users([user("anna"), user("bert")]);
    let other = stage
        .psa
        .put(&Plain::named("Annie", "Doe", "annie@old.example"));
    stage.sync().await;
    let site = Site::start(&stage.app);
    let technician = site.signed_in(Role::Technician).await;
    let path = page(&stage, "anna");
    let part = technician
        .post(&format!("{path}/choices"), &[("search", "ANNIE")])
        .await;
    let link = format!("{path}/link/{other}");
    assert!(part.text.contains(&link), "{}", part.text);
    let found = technician.found(&path, "annie").await.text;
    assert!(found.contains(&link), "it works without scripts");
    let confirm = technician.get(&link).await;
    assert!(confirm.text.contains("annie@old.example") && confirm.text.contains("Link these two"));
    assert!(confirm.text.contains("Until now the user is linked to"));
    let done = technician.post(&link, &[]).await;
    assert_eq!(done.location.as_deref(), Some(path.as_str()));
    let html = technician.get(&path).await.text;
    assert!(
        html.contains("is linked to contact") && html.contains("Linked by hand"),
        "{html}"
    );
    let links = stage.links().await;
    let anna = ("anna@contoso.example".into(), other.clone(), "hand".into());
    assert!(links.contains(&anna), "{links:?}");
    // What cannot be is refused in a sentence.
    let taken = format!("{}/link/{other}", page(&stage, "bert"));
    let confirm = technician.get(&taken).await.text;
    assert!(confirm.contains("This contact is linked to") && !confirm.contains("Link these two"));
    technician.post(&taken, &[]).await;
    let html = technician.get(&page(&stage, "bert")).await.text;
    assert!(
        html.contains("is linked to anna@contoso.example, so nothing was linked"),
        "{html}"
    );
    let gone = format!("{}/link/999999", page(&stage, "bert"));
    technician.post(&gone, &[]).await;
    let html = technician.get(&page(&stage, "bert")).await.text;
    assert!(html.contains("has no contact 999999 in the PSA any more"));
}

#[tokio::test]
async fn a_contact_that_is_nobodys_says_why() {
    let stage = stage().await;
    stage.users([user("anna"), user("carl"), user("left").blocked()]);
    let alone = stage
        .psa
        .put(&Plain::named("Paul", "Psa", "paul@psa.example"));
    let left = stage.psa.put(&contact("left"));
    let one = stage.psa.put(&contact("carl"));
    stage.psa.put(&contact("carl"));
    stage.sync().await;
    let site = Site::start(&stage.app);
    let reader = site.signed_in(Role::Reader).await;
    let at = |contact: &str| format!("/companies/{}/contacts/{contact}", stage.company_id);
    let html = reader.get(&at(&alone)).await.text;
    assert!(html.contains("No user of the tenant has one of its addresses"));
    assert!(html.contains("paul@psa.example"));
    let html = reader.get(&at(&one)).await.text;
    assert!(html.contains("only a person can decide") && html.contains("Carl Doe"));
    let html = reader.get(&at(&left)).await.text;
    assert!(html.contains("not theirs as things stand"), "{html}");
    assert!(html.contains("Not active: Sign-in blocked."), "{html}");
    let anna = stage.stored("anna@contoso.example").id;
    let html = reader.get(&at(&anna)).await.text;
    assert!(
        html.contains("It is the contact of this user"),
        "made by the run that read"
    );
    assert_eq!(reader.get(&at("999999")).await.status, 404);
}

#[tokio::test]
async fn a_decision_waits_for_a_run_only_so_long() {
    let stage = stage().await;
    stage.users([user("anna")]);
    stage.sync().await;
    let company = stage.company().await;
    let going = stage.going(company.id).await;
    let user = UserId::new(&id("anna"));
    let who = Decider::alone("Ann");
    let decide = |patience| {
        let decision = decisions::ignore(&stage.app, &company, &user, &who, &|_, _| ());
        runs::within(patience, decision)
    };
    let refused = decide(Duration::from_millis(20)).await.unwrap_err();
    assert_eq!(refused.kind, runs::BUSY);
    assert_eq!(refused.message, "A run is going");
    assert!(stage.company().await.ignored.is_empty());
    going.give_back().await.unwrap();
    assert!(decide(Duration::from_mins(1)).await.unwrap());
}
