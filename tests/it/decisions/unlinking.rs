//! The end of a link by hand: what is written down, and that the next run does what was said beforehand.

use rollcall::db::jobs;
use rollcall::decisions::{self, Again, Decider, Unlinking, after_unlinking};
use rollcall::model::{Action, ContactId, Target, Test};
use rollcall::sync::pair::Step;

use super::{events, id};
use crate::stage::{Stage, Store, Vendor, contact, each_vendor, filter, line, user};

each_vendor!(
    a_link_that_ends_by_hand_is_written_down_and_nothing_is_written_to_the_psa,
    who_is_unlinked_and_ignored_stays_so,
    only_the_link_that_was_shown_ends,
);

fn upn(name: &str) -> String {
    format!("{name}@contoso.example")
}

/// The contact to which a user is linked.
async fn linked(stage: &Stage, name: &str) -> Option<ContactId> {
    let links = stage.links().await;
    let found = links.into_iter().find(|(one, ..)| *one == upn(name));
    found.map(|(_, contact, _)| ContactId::new(&contact))
}

async fn unlink(stage: &Stage, name: &str, contact: &ContactId, ignoring: bool) -> Unlinking {
    let (company, user) = (stage.company().await, id(name));
    let who = Decider::followed("Ann", &company);
    let pair = (&user, contact);
    let done = decisions::unlink(&stage.app, &company, pair, ignoring, &who, &|_, _| ());
    done.await.unwrap()
}

async fn a_link_that_ends_by_hand_is_written_down_and_nothing_is_written_to_the_psa(stage: Stage) {
    stage.users(["anna", "bert"].map(user));
    stage.sync().await;
    let contact = linked(&stage, "anna").await.unwrap();
    let before = (stage.psa.writes(), stage.version().await);
    let done = unlink(&stage, "anna", &contact, false).await;
    assert_eq!(done, Unlinking::Ended { ignored: false });
    assert_eq!((stage.psa.writes(), stage.version().await), before);
    assert_eq!(linked(&stage, "anna").await, None);
    assert!(linked(&stage, "bert").await.is_some());
    let expected = (
        "Ann".to_owned(),
        "unlinked".to_owned(),
        Some(id("anna").to_string()),
        format!("from contact {contact}"),
    );
    assert_eq!(events(&stage).await, [expected]);
    let company = stage.company_id;
    let waiting = stage.read(move |conn| jobs::waiting(conn, company)).await;
    assert_eq!(waiting.len(), 1, "the run that follows");
    assert_eq!(waiting[0].requested_by.as_deref(), Some("Ann"));
}

async fn who_is_unlinked_and_ignored_stays_so(stage: Stage) {
    stage.users(["anna", "bert"].map(user));
    stage.sync().await;
    let contact = linked(&stage, "anna").await.unwrap();
    let version = stage.version().await;
    let done = unlink(&stage, "anna", &contact, true).await;
    assert_eq!(done, Unlinking::Ended { ignored: true });
    assert_eq!(stage.company().await.ignored, [id("anna").as_str()]);
    assert_eq!(
        stage.version().await,
        version + 1,
        "as every save of settings"
    );
    let kinds: Vec<String> = events(&stage).await.into_iter().map(|one| one.1).collect();
    assert_eq!(kinds, ["unlinked", "ignored"]);
    let writes = stage.psa.writes();
    for _ in 0..2 {
        let report = stage.sync().await;
        assert_eq!(line(&report, "anna").action, Action::OutOfScope);
    }
    assert_eq!(stage.psa.writes(), writes);
    assert_eq!(linked(&stage, "anna").await, None);
}

async fn only_the_link_that_was_shown_ends(stage: Stage) {
    stage.users(["anna", "bert"].map(user));
    stage.sync().await;
    let [anna, bert] = [linked(&stage, "anna").await, linked(&stage, "bert").await];
    let (anna, bert) = (anna.unwrap(), bert.unwrap());
    assert_eq!(unlink(&stage, "anna", &bert, true).await, Unlinking::Not);
    assert!(stage.company().await.ignored.is_empty());
    assert_eq!(events(&stage).await, []);
    unlink(&stage, "anna", &anna, false).await;
    assert_eq!(unlink(&stage, "anna", &anna, false).await, Unlinking::Not);
    let gone = rollcall::model::Company {
        id: 4711,
        ..stage.company().await
    };
    let (user, who) = (id("anna"), Decider::alone("Ann"));
    let pair = (&user, &anna);
    let error = decisions::unlink(&stage.app, &gone, pair, false, &who, &|_, _| ()).await;
    assert_eq!(error.unwrap_err().kind, "not_set_up");
}

/// Says what the next run would do once Anna is unlinked, unlinks her, and lets it run: to whom she is linked then.
async fn foretold(stage: &Stage) -> (Again, Option<String>, Option<ContactId>) {
    let contact = linked(stage, "anna").await.expect("Anna is linked");
    let company = stage.company().await;
    let last = stage.app.last(&company).await.unwrap().unwrap();
    let after = after_unlinking(&last.snapshot, (&id("anna"), &contact), false);
    unlink(stage, "anna", &contact, false).await;
    stage.sync().await;
    (after.user, after.taker, linked(stage, "anna").await)
}

async fn new() -> Stage {
    Stage::new(Vendor::ConnectWise, Store::Sqlite).await
}

/// Links Anna to this contact by hand.
async fn by_hand(stage: &Stage, contact: &ContactId) {
    let (company, who) = (stage.company().await, Decider::alone("Ann"));
    let (app, anna) = (&stage.app, upn("anna"));
    let linking = decisions::link_by_hand(app, &company, &anna, contact, &who, &|_, _| ());
    Box::pin(linking).await.unwrap();
}

#[tokio::test]
async fn the_same_contact_is_foretold_where_the_next_run_links_it_again() {
    let stage = new().await;
    stage.users([user("anna")]);
    stage.sync().await;
    let contact = linked(&stage, "anna").await;
    let (user, taker, then) = foretold(&stage).await;
    assert_eq!((user, taker), (Again::Same(Step::Address), None));
    assert_eq!(then, contact);
}

#[tokio::test]
async fn another_contact_is_foretold_where_the_next_run_finds_another() {
    let stage = new().await;
    stage.users([user("anna")]);
    let wrong = ContactId::new(&stage.psa.put(&contact("wrong")));
    stage.sync().await;
    let own = linked(&stage, "anna").await.unwrap();
    by_hand(&stage, &wrong).await;
    let (user, taker, then) = foretold(&stage).await;
    assert_eq!((user, taker), (Again::Other(own.clone()), None));
    assert_eq!(then, Some(own));
}

#[tokio::test]
async fn a_new_contact_is_foretold_with_who_else_gets_the_old_one() {
    let stage = new().await;
    stage.users(["anna", "bert"].map(user));
    let of_bert = ContactId::new(&stage.psa.put(&contact("bert")));
    let bert = id("bert").to_string();
    stage
        .set(|company| {
            company.update_existing = false;
            company.ignored = vec![bert];
        })
        .await;
    by_hand(&stage, &of_bert).await;
    stage.sync().await;
    stage.set(|company| company.ignored.clear()).await;
    let (user, taker, then) = foretold(&stage).await;
    assert_eq!((user, taker), (Again::New, Some(upn("bert"))));
    assert!(then.is_some_and(|contact| contact != of_bert));
    assert_eq!(linked(&stage, "bert").await, Some(of_bert));
}

#[tokio::test]
async fn a_conflict_is_foretold_where_several_contacts_fit() {
    let stage = new().await;
    stage.users([user("anna")]);
    stage.sync().await;
    stage.psa.put(&contact("anna"));
    stage.sync().await;
    let (user, _, then) = foretold(&stage).await;
    assert_eq!((user, then), (Again::Conflict, None));
}

#[tokio::test]
async fn nothing_is_foretold_for_who_left_or_is_out_of_scope() {
    let stage = new().await;
    stage.users([user("anna")]);
    stage.sync().await;
    stage.set(|company| company.update_existing = false).await;
    stage.edit("anna", |user| user.account_enabled = Some(false));
    stage.sync().await;
    let (user_now, _, then) = foretold(&stage).await;
    assert_eq!((user_now, then), (Again::Nothing(None), None));
    assert!(stage.stored(&upn("anna")).active, "nobody deactivates it");

    let stage = new().await;
    stage.users([user("anna")]);
    stage.sync().await;
    stage
        .set(|company| company.filters = vec![filter(vec![Test::Licensed], Target::Exclude)])
        .await;
    stage.sync().await;
    let (user, _, then) = foretold(&stage).await;
    assert!(matches!(user, Again::Nothing(Some(_))), "{user:?}");
    assert_eq!(then, None);
}
