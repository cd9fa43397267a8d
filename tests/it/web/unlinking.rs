//! Links that end by hand, links that are made from a contact's page, and that the history tells each of them once.

use rollcall::model::{Role, Target, Test};

use super::people::{id, stage};
use super::visitor::Site;
use crate::stage::{Plain, Stage, contact, filter, user};

fn page(stage: &Stage, name: &str) -> String {
    format!("/companies/{}/people/{}", stage.company_id, id(name))
}

fn of_contact(stage: &Stage, contact: &str) -> String {
    format!("/companies/{}/contacts/{contact}", stage.company_id)
}

#[tokio::test]
async fn a_link_that_the_next_run_would_make_again_ends_together_with_ignoring() {
    let stage = stage().await;
    stage.users([user("anna"), user("bert")]);
    stage.sync().await;
    let contact = stage.stored("anna@contoso.example").id;
    let site = Site::start(&stage.app);
    let reader = site.signed_in(Role::Reader).await;
    let technician = site.signed_in(Role::Technician).await;
    let path = page(&stage, "anna");
    let unlink = format!("{path}/unlink");
    assert!(!reader.get(&path).await.text.contains(&unlink));
    assert_eq!(reader.get(&unlink).await.status, 403);
    assert_eq!(reader.post(&unlink, &[]).await.status, 403);
    let html = technician.get(&path).await.text;
    assert!(html.contains(&format!("href=\"{unlink}\"")), "{html}");
    let html = technician.get(&unlink).await.text;
    let said = "The next run finds the same contact, by its default email, and links it again.";
    assert!(html.contains(said), "{html}");
    assert!(!html.contains(">Unlink</button>"), "{html}");
    assert!(html.contains(">Unlink and ignore</button>"), "{html}");
    let other = stage.stored("bert@contoso.example").id;
    for wrong in [&*other, ""] {
        technician.post(&unlink, &[("contact", wrong)]).await;
        let html = technician.get(&path).await.text;
        assert!(html.contains("any more, so nothing was done"), "{html}");
    }
    assert_eq!(stage.links().await.len(), 2);
    let form = [("contact", &*contact), ("ignore", "true")];
    let done = technician.post(&unlink, &form).await;
    assert_eq!(done.location.as_deref(), Some(path.as_str()));
    let html = technician.get(&path).await.text;
    for text in [
        "which stays as it is. The user is ignored from now on.",
        "A run follows",
        "Unlinked by hand",
        "From contact",
        "Stop ignoring",
    ] {
        assert!(html.contains(text), "{text}: {html}");
    }
    assert!(!html.contains(&unlink), "there is no link any more");
    assert_eq!(stage.company().await.ignored, [id("anna")]);
    assert_eq!(stage.links().await.len(), 1);
    let html = technician.get(&unlink).await.text;
    assert!(html.contains("This user is linked to no contact"), "{html}");
    stage.sync().await;
    assert_eq!(stage.links().await.len(), 1, "it lasts");
}

#[tokio::test]
async fn a_link_that_nobody_would_make_again_may_end_alone() {
    let stage = stage().await;
    stage.users([user("anna")]);
    stage.sync().await;
    stage
        .set(|company| company.filters = vec![filter(vec![Test::Licensed], Target::Exclude)])
        .await;
    stage.sync().await;
    let contact = stage.stored("anna@contoso.example").id;
    let site = Site::start(&stage.app);
    let technician = site.signed_in(Role::Technician).await;
    let unlink = format!("{}/unlink", page(&stage, "anna"));
    let html = technician.get(&unlink).await.text;
    assert!(
        html.contains("Runs leave this user alone (excluded by this filter)."),
        "{html}"
    );
    assert!(html.contains(">Unlink</button>"), "{html}");
    technician.post(&unlink, &[("contact", &contact)]).await;
    assert!(stage.links().await.is_empty());
    assert!(stage.company().await.ignored.is_empty());
}

#[tokio::test]
async fn a_contact_that_is_only_in_the_psa_is_linked_from_its_own_page() {
    let stage = stage().await;
    stage.users([user("anna"), user("zoe").blocked(), user("room").blocked()]);
    let annie = stage
        .psa
        .put(&Plain::named("Annie", "Doe", "annie@old.example"));
    let of_zoe = stage.psa.put(&contact("zoe"));
    stage.sync().await;
    let site = Site::start(&stage.app);
    let reader = site.signed_in(Role::Reader).await;
    let technician = site.signed_in(Role::Technician).await;
    let html = reader.get(&of_contact(&stage, &annie)).await.text;
    assert!(
        !html.contains("Link to a user by hand"),
        "a reader only looks"
    );
    let choices = format!("{}/choices", of_contact(&stage, &annie));
    assert_eq!(reader.post(&choices, &[]).await.status, 403);
    // Who has the contact's address comes first, who is linked is not offered.
    let html = technician.get(&of_contact(&stage, &of_zoe)).await.text;
    let link = |name: &str, contact: &str| format!("{}/link/{contact}", page(&stage, name));
    let at = |name: &str| {
        html.find(&link(name, &of_zoe))
            .unwrap_or_else(|| panic!("{html}"))
    };
    assert!(at("zoe") < at("room"));
    assert!(
        html.contains(">Fits<") && html.contains(">Not active<"),
        "{html}"
    );
    assert!(!html.contains(&link("anna", &of_zoe)), "{html}");
    let part = technician.post(&choices, &[("search", "ROOM@")]).await.text;
    assert!(part.contains(&link("room", &annie)), "{part}");
    assert!(!part.contains(&link("zoe", &annie)), "{part}");
    let found = technician
        .found(&of_contact(&stage, &annie), "anna")
        .await
        .text;
    assert!(found.contains("No user without a link found"), "{found}");
    let found = technician
        .found(&of_contact(&stage, &annie), "zoe")
        .await
        .text;
    let to = format!("{}?from=contact", link("zoe", &annie));
    assert!(found.contains(&to), "{found}");
    // It is the confirmation of the person's page, which leads back to where one came from.
    let html = technician.get(&to).await.text;
    let back = format!("href=\"{}\"", of_contact(&stage, &annie));
    assert_eq!(html.matches(&back).count(), 2, "{html}");
    let said = "the next run would deactivate the contact, if it is active.";
    assert!(html.contains(said), "before it is linked: {html}");
    let done = technician.post(&link("zoe", &annie), &[]).await;
    assert_eq!(done.location, Some(page(&stage, "zoe")));
    let zoe = ("zoe@contoso.example".into(), annie.clone(), "hand".into());
    assert!(stage.links().await.contains(&zoe));
    let html = technician.get(&of_contact(&stage, &annie)).await.text;
    assert!(html.contains("It is the contact of this user"), "{html}");
    assert!(!html.contains("Link to a user by hand"), "{html}");
    let nothing = of_contact(&stage, "999999");
    assert_eq!(
        technician
            .post(&format!("{nothing}/choices"), &[])
            .await
            .status,
        404
    );
}

/// The titles of a person's history, newest first.
fn titles(html: &str) -> Vec<String> {
    let (_, timeline) = html.split_once("<ol class=\"timeline\">").unwrap();
    let titles = timeline
        .split("<p class=\"row\"><span class=\"strong\">")
        .skip(1);
    titles
        .map(|rest| rest.split('<').next().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn the_history_tells_each_link_once_and_every_moment_in_one_format() {
    let stage = stage().await;
    stage.users([user("anna"), user("bert").title("Chief"), user("carl")]);
    stage.psa.put(&contact("bert"));
    stage.psa.put(&contact("carl"));
    let other = stage.psa.put(&contact("other"));
    stage.sync().await;
    let site = Site::start(&stage.app);
    let technician = site.signed_in(Role::Technician).await;
    let of = |name: &str| stage.stored(&format!("{name}@contoso.example")).id;
    let (anna, bert, carl) = (of("anna"), of("bert"), of("carl"));
    let html = async |name: &str| technician.get(&page(&stage, name)).await.text;
    assert_eq!(
        titles(&html("anna").await),
        [format!("Create: contact {anna} is new")]
    );
    let of_bert = html("bert").await;
    assert_eq!(titles(&of_bert), [format!("Update contact {bert}")]);
    let said = "Title differs. The contact was linked, found by its default email.";
    assert!(of_bert.contains(said), "{of_bert}");
    let of_carl = html("carl").await;
    assert_eq!(titles(&of_carl), [format!("Link contact {carl}")]);
    // Each moment of the history is one that the browser can show in its own zone.
    let (_, timeline) = of_carl.split_once("<ol class=\"timeline\">").unwrap();
    let in_titles = timeline.matches(" UTC\"").count();
    let moments = timeline.matches(" UTC").count() - in_titles;
    assert_eq!(
        timeline.matches(" UTC</time>").count(),
        moments,
        "{timeline}"
    );
    // What a person decides is told by their event alone.
    stage.clock.advance(std::time::Duration::from_mins(1));
    technician
        .post(&format!("{}/link/{other}", page(&stage, "carl")), &[])
        .await;
    stage.clock.advance(std::time::Duration::from_mins(1));
    let form = [("contact", &*other), ("ignore", "true")];
    technician
        .post(&format!("{}/unlink", page(&stage, "carl")), &form)
        .await;
    let mut told = titles(&html("carl").await);
    // The two events of one moment, in the order of their words.
    told[..2].sort();
    assert_eq!(
        told,
        [
            "Ignored from now on",
            "Unlinked by hand",
            "Linked by hand",
            &format!("Link contact {carl}")
        ]
    );
}
