//! What people decide: links by hand and their end, ignoring, dismissing and approving exactly what was shown, and that it is
//! written down.

mod unlinking;

use diesel::prelude::*;
use rollcall::db::dismissals;
use rollcall::db::holds as hold_rows;
use rollcall::db::holds::Signed;
use rollcall::db::schema::{events, holds, jobs};
use rollcall::decisions::{self, Decider, Linking, Next};
use rollcall::model::{Action, ContactId, Outcome, Status, UserId};
use rollcall::runs;

use crate::stage::{Stage, contact, each_vendor, everywhere, line, user};

everywhere!(
    a_dismissal_is_of_exactly_those_shown_and_signed,
    an_approval_is_of_exactly_those_shown_and_signed,
    a_dismissal_is_taken_back_and_the_next_run_plans_the_deactivation_again,
    a_user_is_ignored_and_looked_at_again,
    a_decision_that_a_run_follows_asks_for_it_with_what_it_stores,
);
each_vendor!(
    an_ignored_user_named_by_principal_name_is_looked_at_again,
    a_link_by_hand_is_written_down_with_who_made_it,
);

const NAMES: [&str; 6] = ["anna", "bert", "carl", "dora", "emil", "fred"];

fn id(name: &str) -> UserId {
    UserId::new(&user(name).0.id)
}

fn signed() -> Signed {
    Signed {
        staff: "Ann".into(),
        note: Some("they left in May".into()),
    }
}

/// Who did what to how many users, in the order in which it was done.
async fn events(stage: &Stage) -> Vec<(String, String, Option<String>, String)> {
    stage
        .read(|conn| {
            events::table
                .select((events::staff, events::kind, events::user_id, events::detail))
                .order(events::id)
                .load(conn)
        })
        .await
}

/// How the holds were closed, by whom, and their note.
async fn closed(stage: &Stage) -> Vec<(Option<String>, Option<String>, Option<String>)> {
    stage
        .read(|conn| {
            holds::table
                .select((holds::closed_how, holds::closed_by, holds::note))
                .order(holds::id)
                .load(conn)
        })
        .await
}

/// A company whose hold has four people; a fifth joined it since it was shown to somebody.
async fn holding(stage: &Stage) -> Vec<UserId> {
    stage.users(NAMES.map(user));
    stage.sync().await;
    for name in &NAMES[..4] {
        stage.edit(name, |user| user.account_enabled = Some(false));
    }
    assert_eq!(stage.sync().await.status, Status::Held);
    let shown = stage.held_ids().await;
    stage.edit("emil", |user| user.account_enabled = Some(false));
    stage.sync().await;
    assert_eq!(stage.held_ids().await.len(), 5);
    shown
}

async fn a_dismissal_is_of_exactly_those_shown_and_signed(stage: Stage) {
    let shown = holding(&stage).await;
    let (app, company, signed) = (&stage.app, stage.company().await, signed());
    let watch = |_: &str, _| ();
    let done = decisions::dismiss(app, &company, &shown, &signed, &watch).await;
    let done = done.unwrap().unwrap();
    assert_eq!((done.hold.people.len(), done.left), (4, 1));
    assert_eq!(stage.held_ids().await, [id("emil")]);
    assert_eq!(closed(&stage).await, [(None, None, None)], "still open");
    let again = decisions::dismiss(app, &company, &shown, &signed, &watch).await;
    assert_eq!(again.unwrap(), None);
    let rest = [id("emil")];
    let done = decisions::dismiss(app, &company, &rest, &signed, &watch).await;
    assert_eq!(done.unwrap().unwrap().left, 0);
    let by = (
        Some("dismissed".to_owned()),
        Some("Ann".to_owned()),
        Some("they left in May".to_owned()),
    );
    assert_eq!(closed(&stage).await, [by]);
    let events = events(&stage).await;
    assert_eq!(events.len(), 5);
    for (staff, kind, user, detail) in &events {
        assert_eq!(
            (staff.as_str(), kind.as_str(), detail.as_str()),
            ("Ann", "dismissed", "they left in May")
        );
        assert!(user.is_some());
    }
    assert_eq!(stage.sync().await.status, Status::Succeeded);
}

async fn a_dismissal_is_taken_back_and_the_next_run_plans_the_deactivation_again(stage: Stage) {
    let shown = holding(&stage).await;
    let (app, company, watch) = (&stage.app, stage.company().await, |_: &str, _| ());
    let all = [shown, vec![id("emil")]].concat();
    let dismissed = decisions::dismiss(app, &company, &all, &signed(), &watch).await;
    assert_eq!(dismissed.unwrap().unwrap().left, 0);
    let (anna, bert) = (id("anna"), id("bert"));
    let ann = Decider::alone("Ann");
    let taken_back = async |user: UserId| {
        decisions::deactivate_after_all(app, &company, &user, &ann, &watch).await
    };
    assert!(taken_back(anna.clone()).await.unwrap());
    assert!(!taken_back(anna.clone()).await.unwrap(), "already");
    assert!(!taken_back(id("fred")).await.unwrap(), "never dismissed");
    let event = events(&stage).await.pop().unwrap();
    let anna = Some(anna.to_string());
    assert_eq!(
        event,
        (
            "Ann".into(),
            "dismissal taken back".into(),
            anna,
            String::new()
        )
    );
    let report = stage.sync().await;
    assert_eq!(line(&report, "anna").outcome, Outcome::Applied);
    assert_eq!(line(&report, "bert").action, Action::Unchanged);
    assert!(!stage.stored("anna@contoso.example").active);
    // The guard judges them like any others: these are too many at once.
    for user in [bert, id("carl"), id("dora"), id("emil")] {
        assert!(taken_back(user).await.unwrap());
    }
    assert_eq!(stage.sync().await.status, Status::Held);
    assert_eq!(stage.held_ids().await.len(), 4);
    assert!(stage.stored("bert@contoso.example").active);
}

async fn an_approval_is_of_exactly_those_shown_and_signed(stage: Stage) {
    let shown = holding(&stage).await;
    let (app, company, signed) = (&stage.app, stage.company().await, signed());
    let watch = |_: &str, _| ();
    let nobody = runs::approve(app, &company, &[id("fred")], &signed, &watch).await;
    assert!(nobody.is_none(), "fred does not wait");
    let finished = runs::approve(app, &company, &shown, &signed, &watch).await;
    let report = finished.unwrap().report;
    assert_eq!(report.people.len(), 4);
    assert!(
        report
            .people
            .iter()
            .all(|line| line.outcome == Outcome::Applied)
    );
    assert_eq!(stage.held_ids().await, [id("emil")], "nobody saw emil");
    assert!(stage.stored("emil@contoso.example").active);
    assert_eq!(closed(&stage).await, [(None, None, None)]);
    let rest = [id("emil")];
    runs::approve(app, &company, &rest, &signed, &watch)
        .await
        .unwrap();
    let by = (
        Some("approved".to_owned()),
        Some("Ann".to_owned()),
        Some("they left in May".to_owned()),
    );
    assert_eq!(closed(&stage).await, [by]);
    let events = events(&stage).await;
    assert_eq!(events.len(), 5);
    assert!(events.iter().all(|event| event.1 == "approved"));
    let open = stage
        .read(move |conn| hold_rows::open_of(conn, company.id))
        .await;
    assert_eq!(open, None);
}

async fn a_user_is_ignored_and_looked_at_again(stage: Stage) {
    stage.users(["anna", "bert"].map(user));
    stage.sync().await;
    let (app, company, watch) = (&stage.app, stage.company().await, |_: &str, _| ());
    let before = stage.version().await;
    let (anna, staff) = (id("anna"), &Decider::alone("Ann"));
    let new = decisions::ignore(app, &company, &anna, staff, &watch).await;
    assert!(new.unwrap());
    let new = decisions::ignore(app, &company, &anna, staff, &watch).await;
    assert!(!new.unwrap(), "already");
    assert_eq!(stage.version().await, before + 1);
    assert_eq!(stage.company().await.ignored, [anna.as_str()]);
    let report = stage.sync().await;
    assert_eq!(line(&report, "anna").action, Action::OutOfScope);
    let company = stage.company().await;
    let was = decisions::stop_ignoring(app, &company, &anna, staff, &watch).await;
    assert!(was.unwrap());
    let was = decisions::stop_ignoring(app, &company, &anna, staff, &watch).await;
    assert!(!was.unwrap());
    assert_eq!(stage.version().await, before + 2);
    let report = stage.sync().await;
    assert_eq!(line(&report, "anna").action, Action::Unchanged);
    let kinds: Vec<_> = events(&stage).await;
    let kinds: Vec<_> = kinds
        .iter()
        .map(|event| (event.0.as_str(), event.1.as_str(), event.3.as_str()))
        .collect();
    let upn = "anna@contoso.example";
    assert_eq!(
        kinds,
        [("Ann", "ignored", upn), ("Ann", "stopped ignoring", upn)]
    );
}

async fn a_decision_that_a_run_follows_asks_for_it_with_what_it_stores(stage: Stage) {
    stage.users(["anna", "bert"].map(user));
    stage.sync().await;
    let (app, company, watch) = (&stage.app, stage.company().await, |_: &str, _| ());
    let who = Decider::followed("Ann", &company);
    let other = ContactId::new(&stage.psa.put(&contact("other")));
    // Where the run cannot be asked for, the decision is not stored either.
    let rename = async |sql: &'static str| {
        stage
            .write(move |conn| diesel::sql_query(sql).execute(conn))
            .await
    };
    rename("alter table jobs rename to jobs_aside").await;
    let ignored = decisions::ignore(app, &company, &id("anna"), &who, &watch).await;
    assert_eq!(ignored.unwrap_err().kind, "database");
    let user = "anna@contoso.example";
    let linked = decisions::link_by_hand(app, &company, user, &other, &who, &watch).await;
    assert_eq!(linked.unwrap_err().kind, "database");
    let contact = ContactId::new(&stage.stored(user).id);
    let pair = (&id("anna"), &contact);
    let unlinked = decisions::unlink(app, &company, pair, true, &who, &watch).await;
    assert_eq!(unlinked.unwrap_err().kind, "database");
    let (number, bert) = (company.id, id("bert"));
    let dismissed = vec![bert.clone()];
    let now = stage.clock.now();
    stage
        .write(move |conn| dismissals::add(conn, number, &dismissed, now))
        .await;
    let taken_back = decisions::deactivate_after_all(app, &company, &bert, &who, &watch).await;
    assert_eq!(taken_back.unwrap_err().kind, "database");
    let dismissed = stage.read(move |conn| dismissals::list(conn, number)).await;
    assert_eq!(dismissed, [bert]);
    rename("alter table jobs_aside rename to jobs").await;
    assert!(stage.company().await.ignored.is_empty());
    assert_eq!(events(&stage).await, []);
    assert_eq!(stage.links().await.len(), 2);
    let ignored = decisions::ignore(app, &company, &id("anna"), &who, &watch).await;
    assert!(ignored.unwrap());
    let who_asked = stage
        .read(|conn| {
            jobs::table
                .select(jobs::requested_by)
                .load::<Option<String>>(conn)
        })
        .await;
    assert_eq!(who_asked, [Some("Ann".to_owned())]);
}

async fn an_ignored_user_named_by_principal_name_is_looked_at_again(stage: Stage) {
    stage.users(["anna", "bert"].map(user));
    stage.sync().await;
    let entry = " Anna@contoso.example".to_owned();
    stage.set(|company| company.ignored = vec![entry]).await;
    let (app, company, watch) = (&stage.app, stage.company().await, |_: &str, _| ());
    let was =
        decisions::stop_ignoring(app, &company, &id("anna"), &Decider::alone("Ann"), &watch).await;
    assert!(was.unwrap(), "no run has seen the entry yet");
    assert_eq!(stage.company().await.ignored, [""; 0]);
    let gone = rollcall::model::Company {
        id: 4711,
        ..company
    };
    let error = decisions::ignore(app, &gone, &id("anna"), &Decider::alone("Ann"), &watch).await;
    assert_eq!(error.unwrap_err().kind, "not_set_up");
}

async fn a_link_by_hand_is_written_down_with_who_made_it(stage: Stage) {
    stage.users(["anna", "bert"].map(user));
    stage.sync().await;
    let other = ContactId::new(&stage.psa.put(&contact("other")));
    let old = stage.stored("anna@contoso.example").id;
    let (app, company, watch) = (&stage.app, stage.company().await, |_: &str, _| ());
    let link = async |who: &str, contact: &ContactId| {
        decisions::link_by_hand(app, &company, who, contact, &Decider::alone("Ann"), &watch)
            .await
            .unwrap()
    };
    let anna = "ANNA@contoso.example";
    let Linking::Linked(linked) = link(anna, &other).await else {
        panic!("it is linked");
    };
    assert_eq!(linked.next, Next::InStep);
    assert!(linked.until_now.is_some_and(|words| words.contains(&old)));
    assert!(matches!(link(anna, &other).await, Linking::Already(_)));
    assert!(matches!(link("nobody", &other).await, Linking::NoUser(_)));
    let none = ContactId::new("999999");
    assert!(matches!(link(anna, &none).await, Linking::NoContact));
    let bert = id("bert").to_string();
    assert!(matches!(link(&bert, &other).await, Linking::Taken(_)));
    let detail = format!("to contact {other}, until now contact {old}");
    let expected = (
        "Ann".to_owned(),
        "linked".to_owned(),
        Some(id("anna").to_string()),
        detail,
    );
    assert_eq!(events(&stage).await, [expected]);
}
