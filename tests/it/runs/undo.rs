//! Runs that put a run back: field by field, only what is still as the run wrote it, once, and not done again by the next run.

use rollcall::db::undos;
use rollcall::model::{Action, Field, Mode, Outcome, Status, Undo, UserId};
use rollcall::sync::Options;
use rollcall::sync::report::Report;

use crate::stage::{Plain, Stage, contact, each_vendor, everywhere, line, user};

everywhere!(
    a_run_is_put_back_to_what_was_there_before,
    fields_changed_since_are_named_and_left_alone,
    the_undo_of_an_undo_brings_everything_forward_again,
);
each_vendor!(
    a_contact_that_was_made_is_deactivated_and_left_alone,
    unless_told_otherwise_the_next_run_does_it_again,
    one_person_is_put_back_alone,
    blanks_are_put_back,
    an_address_that_was_there_before_is_not_lost,
    only_what_was_shown_is_put_back,
);

pub fn id(name: &str) -> UserId {
    UserId::new(&user(name).0.id)
}

pub fn whole(run: &str) -> Undo {
    Undo {
        run: run.to_owned(),
        user: None,
        ignoring: true,
        shown: None,
    }
}

pub(super) async fn undo(stage: &Stage, undo: Undo) -> Report {
    stage.run(Options::undoing(undo, false)).await.report
}

pub(super) fn stored(stage: &Stage, id: &str) -> Plain {
    let mut all = stage.psa.look();
    all.retain(|contact| contact.id == id);
    all.remove(0)
}

pub(super) async fn ignored(stage: &Stage) -> Vec<String> {
    stage.company().await.ignored
}

/// Anna is linked and in step; then her title changes, Bert leaves, and Carl comes.
pub(super) async fn a_day(stage: &Stage) -> (Vec<Plain>, Report) {
    stage.users([user("anna").title("Engineer"), user("bert")]);
    assert_eq!(stage.sync().await.counts.create, 2);
    let before = stage.psa.look();
    stage.edit("anna", |user| user.job_title = Some("Lead".into()));
    stage.edit("bert", |user| user.account_enabled = Some(false));
    stage.users([user("carl")]);
    let report = stage.sync().await;
    let counts = report.counts;
    assert_eq!(
        (counts.update, counts.deactivate, counts.create),
        (1, 1, 1),
        "{report:?}"
    );
    (before, report)
}

async fn a_run_is_put_back_to_what_was_there_before(stage: Stage) {
    crate::crashes::world::make(&stage).await;
    let before = stage.psa.look();
    let run = stage.sync().await;
    assert_eq!(run.status, Status::Succeeded, "{run:?}");
    let after = stage.psa.look();
    let report = undo(&stage, whole(&run.run)).await;
    assert_eq!(report.status, Status::Succeeded, "{report:?}");
    assert_eq!((report.mode, report.calls.graph), (Mode::Undo, 0));
    let now = stage.psa.look();
    for contact in &now {
        let was = before.iter().find(|one| one.id == contact.id);
        let then = after.iter().find(|one| one.id == contact.id).unwrap();
        let Some(was) = was else {
            let made = Plain {
                active: false,
                ..then.clone()
            };
            assert_eq!(*contact, made, "made by the run");
            continue;
        };
        // What stays: contact types, the address that came beside the old one, and in ConnectWise a site where there was none.
        let mut others = was.other_emails.clone();
        if contact.other_emails != others {
            others.extend(then.email.clone());
        }
        others.sort();
        let mut expected = Plain {
            types: then.types.clone(),
            other_emails: others,
            site: if stage.psa.is_connectwise() {
                was.site.clone().or(then.site.clone())
            } else {
                was.site.clone()
            },
            ..was.clone()
        };
        let mut contact = contact.clone();
        contact.other_emails.sort();
        expected.types.sort();
        assert_eq!(contact, expected);
    }
    let kept = report.people.iter().filter(|line| {
        let stays = "stays among the others";
        line.reason.contains(stays)
    });
    assert_eq!(kept.count(), 3, "{:?}", report.people);
    assert!(report.people.iter().all(|line| {
        line.outcome
            == if line.action == Action::Unchanged {
                Outcome::None
            } else {
                Outcome::Applied
            }
    }));

    let writes = stage.psa.writes();
    let again = undo(&stage, whole(&run.run)).await;
    assert_eq!(again.status, Status::Succeeded, "{again:?}");
    assert_eq!(stage.psa.writes(), writes, "nothing is left to put back");
    let next = stage.sync().await;
    assert_eq!(next.status, Status::Succeeded, "{next:?}");
    assert_eq!(stage.psa.writes(), writes, "what was undone is not redone");
    let rows = stage.runs().await;
    assert_eq!(rows[rows.len() - 3].mode, Mode::Undo);
    let (undone, by) = stage
        .read({
            let (undo, run) = (report.run.clone(), run.run.clone());
            move |conn| Ok((undos::of_run(conn, &undo)?, undos::by(conn, &run)?))
        })
        .await;
    assert_eq!(undone.unwrap().run, run.run);
    assert_eq!(by.len(), 2);
    assert_eq!(by[1].run, report.run);
}

async fn fields_changed_since_are_named_and_left_alone(stage: Stage) {
    let whole_user =
        |title: &str, phone: &str, mobile: &str| user("anna").title(title).phones(phone, mobile);
    stage.users([whole_user("Engineer", "100", "200")]);
    stage.sync().await;
    stage.users([whole_user("Lead", "101", "201")]);
    let run = stage.sync().await;
    let id = line(&run, "anna").contact_id.clone().unwrap();
    stage.psa.edit(&id, |contact| {
        contact.title = Some("Boss <b>".into());
        // The same number in other words is the same number.
        contact.phone = Some("(10) 1".into());
    });
    let report = undo(&stage, whole(&run.run)).await;
    let anna = line(&report, "anna");
    assert_eq!(
        (anna.action, anna.outcome),
        (Action::Update, Outcome::Applied),
        "{report:?}"
    );
    let fields: Vec<Field> = anna.fields.iter().map(|one| one.field).collect();
    assert_eq!(fields, [Field::Phone, Field::Mobile]);
    let said = "title was Engineer before the run, was changed since, and stays Boss <b>";
    assert!(anna.reason.contains(said), "{}", anna.reason);
    let now = stored(&stage, &id);
    assert_eq!(now.title.as_deref(), Some("Boss <b>"));
    assert_eq!(
        (now.phone.as_deref(), now.mobile.as_deref()),
        (Some("100"), Some("200"))
    );
    let kept = stage.history().await.pop().unwrap().change;
    assert!(kept.reason.contains(said), "the history names it");
}

async fn the_undo_of_an_undo_brings_everything_forward_again(stage: Stage) {
    let (before, run) = a_day(&stage).await;
    let after = stage.psa.look();
    let first = undo(&stage, whole(&run.run)).await;
    assert_eq!(stage.psa.look()[..2], before);
    assert_eq!(ignored(&stage).await.len(), 3);
    let second = undo(&stage, whole(&first.run)).await;
    assert_eq!(second.status, Status::Succeeded, "{second:?}");
    assert_eq!(stage.psa.look(), after);
    assert_eq!(ignored(&stage).await, Vec::<String>::new());
    let writes = stage.psa.writes();
    assert_eq!(stage.sync().await.counts.out_of_scope, 0);
    assert_eq!(stage.psa.writes(), writes, "all is as it should be");
}

async fn a_contact_that_was_made_is_deactivated_and_left_alone(stage: Stage) {
    stage.users([user("anna").title("Engineer")]);
    let run = stage.sync().await;
    let report = undo(&stage, whole(&run.run)).await;
    let anna = line(&report, "anna");
    assert_eq!(
        (anna.action, anna.outcome),
        (Action::Deactivate, Outcome::Applied)
    );
    assert_eq!(anna.reason, "undo of the run of 31 Jan 2026, 02:30 UTC");
    let now = stage.stored("anna@contoso.example");
    assert_eq!(
        (now.active, now.title.as_deref()),
        (false, Some("Engineer"))
    );
    assert_eq!(stage.links().await.len(), 1, "the link stays");
    let writes = stage.psa.writes();
    let next = stage.sync().await;
    assert_eq!(line(&next, "anna").reason, "ignored by a technician");
    assert_eq!(stage.psa.writes(), writes);
}

async fn unless_told_otherwise_the_next_run_does_it_again(stage: Stage) {
    let (before, run) = a_day(&stage).await;
    let after = stage.psa.look();
    let open = Undo {
        ignoring: false,
        ..whole(&run.run)
    };
    undo(&stage, open).await;
    assert_eq!(stage.psa.look()[..2], before);
    assert_eq!(ignored(&stage).await, Vec::<String>::new());
    let next = stage.sync().await;
    let counts = next.counts;
    assert_eq!(
        (counts.update, counts.deactivate, counts.reactivate),
        (1, 1, 1)
    );
    assert_eq!(stage.psa.look(), after);
}

async fn one_person_is_put_back_alone(stage: Stage) {
    let (before, run) = a_day(&stage).await;
    let after = stage.psa.look();
    let anna = Undo {
        user: Some(id("anna")),
        ..whole(&run.run)
    };
    let report = undo(&stage, anna).await;
    assert_eq!(report.people.len(), 1, "{report:?}");
    let now = stage.psa.look();
    assert_eq!((&now[0], &now[1..]), (&before[0], &after[1..]));
    assert_eq!(ignored(&stage).await, [id("anna").to_string()]);
    // The rest can be put back after that.
    let rest = undo(&stage, whole(&run.run)).await;
    assert_eq!((rest.counts.reactivate, rest.counts.deactivate), (1, 1));
}

async fn blanks_are_put_back(stage: Stage) {
    let bare = stage.psa.put(&Plain {
        last_name: Some("Doe".into()),
        site: None,
        ..contact("anna")
    });
    stage.users([user("anna").title("Lead").phones("100", "200")]);
    let main = stage.psa.site("Main");
    stage.set(|company| company.default_site = Some(main)).await;
    let before = stored(&stage, &bare);
    let run = stage.sync().await;
    assert_eq!(line(&run, "anna").fields.len(), 4, "{run:?}");
    let report = undo(&stage, whole(&run.run)).await;
    let now = stored(&stage, &bare);
    if stage.psa.is_connectwise() {
        // There a contact always has a site, as far as is known.
        let site = Some("Main".to_owned());
        assert_eq!(now, Plain { site, ..before });
        let said = "site was blank before the run, which the PSA offers no way to put back, and stays Main";
        let reason = &line(&report, "anna").reason;
        assert!(reason.contains(said), "{reason}");
    } else {
        assert_eq!(now, before);
    }
    let writes = stage.psa.writes();
    undo(&stage, whole(&run.run)).await;
    assert_eq!(stage.psa.writes(), writes);
}

async fn an_address_that_was_there_before_is_not_lost(stage: Stage) {
    // Exchanged by the run, and the old address taken away since.
    let anna = stage.psa.put(&Plain {
        email: Some("team@contoso.example".into()),
        other_emails: vec!["anna@contoso.example".into()],
        ..contact("anna")
    });
    // Replaced by the run.
    let bert = stage.psa.put(&Plain {
        email: Some("desk@contoso.example".into()),
        ..contact("bert")
    });
    stage.users([user("anna"), user("bert").alias("desk@contoso.example")]);
    let before = stored(&stage, &bert);
    let run = stage.sync().await;
    stage
        .psa
        .edit(&anna, |contact| contact.other_emails.clear());
    let report = undo(&stage, whole(&run.run)).await;
    assert_eq!(report.status, Status::Succeeded, "{report:?}");
    let now = stored(&stage, &anna);
    assert_eq!(now.email.as_deref(), Some("anna@contoso.example"));
    let reason = &line(&report, "anna").reason;
    assert!(reason.contains("would lose the address anna@"), "{reason}");
    let now = stored(&stage, &bert);
    let mut held: Vec<&String> = now.email.iter().chain(&now.other_emails).collect();
    held.sort();
    assert_eq!(now.email, before.email);
    assert_eq!(held, ["bert@contoso.example", "desk@contoso.example"]);
}

async fn only_what_was_shown_is_put_back(stage: Stage) {
    let (before, run) = a_day(&stage).await;
    let after = stage.psa.look();
    let nothing = Undo {
        shown: Some([].into()),
        ..whole(&run.run)
    };
    let report = undo(&stage, nothing).await;
    assert_eq!(report.counts.unchanged, 3, "{report:?}");
    let said = "title was Engineer before the run, is not as it was when this was looked at, and stays Lead";
    assert!(line(&report, "anna").reason.contains(said), "{report:?}");
    assert_eq!(stage.psa.look(), after);
    assert_eq!(ignored(&stage).await, Vec::<String>::new());
    assert_eq!(report.findings.len(), 3, "each is named");

    let company = stage.company().await;
    let (scene, last) = (
        stage.app.scene(&company).await.unwrap(),
        stage.app.last(&company).await.unwrap().unwrap(),
    );
    let requests = stage.requests();
    let facts = stage.app.facts();
    let wanted = whole(&run.run);
    let looked = rollcall::sync::undoing::look(&scene, &facts, &last.snapshot, &wanted);
    let back = looked.await.unwrap();
    assert_eq!(stage.requests(), requests, "a look asks nobody");
    let shown = Undo {
        shown: Some(back.keys().into_iter().collect()),
        ..whole(&run.run)
    };
    let report = undo(&stage, shown).await;
    assert_eq!(report.counts.unchanged, 0, "{report:?}");
    assert_eq!(stage.psa.look()[..2], before);
}
