//! A company's settings: what a save does, what is refused, and turning contact sync on.

mod reading;
mod turning_on;

use rollcall::db::jobs::{self, Job, Priority, Work};
use rollcall::db::tenant_connections;
use rollcall::model::{Mode, Role, Target, Test};
use rollcall::simulator::kit::{Fault, FaultKind};

use super::visitor::{Site, Visitor};
use crate::stage::{Stage, Store, Vendor, filter, user};

async fn stage() -> Stage {
    Stage::new(Vendor::ConnectWise, Store::Sqlite).await
}

fn page(stage: &Stage) -> String {
    format!("/companies/{}/contact-sync", stage.company_id)
}

async fn waiting(stage: &Stage) -> Vec<Job> {
    let id = stage.company_id;
    stage.read(move |conn| jobs::waiting(conn, id)).await
}

/// Sends the form as it would be with these fields changed; a tick box that is not named is off.
async fn save(
    stage: &Stage,
    visitor: &Visitor,
    version: i64,
    changed: &[(&str, &str)],
) -> super::visitor::Answer {
    let version = version.to_string();
    let mut fields = vec![
        ("version", version.as_str()),
        ("action", "save"),
        ("name", "Contoso"),
        ("timezone", "UTC"),
        ("guard_floor", "3"),
        ("guard_percent", "20"),
        ("default_site", ""),
        ("schedule", ""),
    ];
    fields.retain(|(name, _)| changed.iter().all(|(other, _)| other != name));
    fields.extend_from_slice(changed);
    visitor.post(&page(stage), &fields).await
}

#[tokio::test]
async fn a_save_changes_the_company_and_a_run_follows_within_five_minutes() {
    let stage = stage().await;
    let new_site = stage.psa.site("New Site");
    stage
        .set(|company| {
            company.filters = vec![filter(vec![Test::Licensed], Target::Exclude)];
        })
        .await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let shown = visitor.get(&page(&stage)).await.text;
    assert!(shown.contains("New Site</option>"), "{shown}");
    assert!(shown.contains("All licensed users"), "{shown}");
    assert!(
        shown.contains("With 40 linked contacts, more than 8 deactivations at once wait for you."),
        "{shown}"
    );
    let saved = save(
        &stage,
        &visitor,
        stage.version().await,
        &[
            ("name", " Contoso Ltd "),
            ("sync_contacts", "true"),
            ("use_email", "true"),
            ("default_site", new_site.id.as_str()),
            ("schedule", "2:30"),
            ("timezone", "Europe/London"),
            ("guard_floor", "5"),
            ("guard_percent", "10"),
        ],
    )
    .await;
    assert_eq!((saved.status, saved.location), (303, Some(page(&stage))));
    let company = stage.company().await;
    assert_eq!(company.name, "Contoso Ltd");
    assert!(company.sync_contacts && company.use_email && !company.update_existing);
    assert_eq!(company.default_site, Some(new_site));
    assert_eq!(company.schedule.as_deref(), Some("02:30"));
    assert_eq!(company.timezone, "Europe/London");
    assert_eq!((company.guard.floor, company.guard.percent), (5, 10));
    assert_eq!(company.filters.len(), 1, "the filters stay");
    let jobs = waiting(&stage).await;
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0].priority, Priority::Save);
    assert!(matches!(&jobs[0].work, Work::Run(run) if run.mode == Mode::Update));
    assert!(jobs[0].run_at - stage.clock.now() <= chrono::TimeDelta::minutes(5));
    let said = visitor.get(&page(&stage)).await.text;
    assert!(
        said.contains("Saved. A run starts within five minutes."),
        "{said}"
    );
}

#[tokio::test]
async fn a_time_zone_is_chosen_by_its_city() {
    let stage = stage().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let shown = visitor.get(&page(&stage)).await.text;
    assert!(shown.contains("<option value=\"America/New_York\">New York</option>"));
    for (typed, zone) in [
        ("london", "Europe/London"),
        ("New York", "America/New_York"),
    ] {
        let at = stage.version().await;
        let saved = save(&stage, &visitor, at, &[("timezone", typed)]).await;
        assert_eq!(saved.status, 303, "{}", saved.text);
        assert_eq!(stage.company().await.timezone, zone);
    }
    let at = stage.version().await;
    let wrong = save(&stage, &visitor, at, &[("timezone", "Lond")]).await;
    assert_eq!(wrong.status, 422);
    assert!(
        wrong
            .text
            .contains("Choose one time zone, such as Europe/London.")
    );
    assert!(
        wrong.text.contains("value=\"Lond\""),
        "what was typed stays"
    );
}

#[tokio::test]
async fn wrong_values_stand_beside_their_fields_and_what_was_typed_stays() {
    let stage = stage().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let before = stage.company().await;
    let answer = save(
        &stage,
        &visitor,
        stage.version().await,
        &[
            ("sync_contacts", "true"),
            ("name", "  "),
            ("schedule", "25:99"),
            ("timezone", "Mars/Olympus"),
            ("guard_floor", "many"),
            ("guard_percent", "400"),
            ("default_site", "987654"),
        ],
    )
    .await;
    assert_eq!(answer.status, 422);
    for field in [
        "name",
        "schedule",
        "timezone",
        "guard_floor",
        "guard_percent",
        "default_site",
    ] {
        let mistake = format!("id=\"{field}-mistake\"");
        assert!(answer.text.contains(&mistake), "{field}: {}", answer.text);
    }
    let guard = "linked contacts, ";
    assert!(
        !answer.text.contains(guard),
        "nothing is said of numbers that are none"
    );
    assert!(visitor.get(&page(&stage)).await.text.contains(guard));
    for typed in ["25:99", "Mars/Olympus", "many", "400"] {
        assert!(
            answer.text.contains(&format!("value=\"{typed}\"")),
            "{typed}"
        );
    }
    assert_eq!(stage.company().await, before);
    assert!(waiting(&stage).await.is_empty());
}

#[tokio::test]
async fn an_old_form_keeps_what_was_typed_says_who_changed_what_and_can_be_saved_over_it() {
    let stage = stage().await;
    let site = Site::start(&stage.app);
    let (first, second) = (
        site.signed_in(Role::Technician).await,
        site.signed_in(Role::Administrator).await,
    );
    let seen = stage.version().await;
    save(
        &stage,
        &second,
        seen,
        &[("sync_contacts", "true"), ("guard_floor", "7")],
    )
    .await;
    let mine = [("sync_contacts", "true"), ("guard_floor", "9")];
    let outdated = save(&stage, &first, seen, &mine).await;
    assert_eq!(outdated.status, 409);
    let who = format!("{} changed this company", Role::Administrator.label());
    assert!(outdated.text.contains(&who), "{}", outdated.text);
    assert!(
        outdated.text.contains("saved is “7”, you typed “9”"),
        "{}",
        outdated.text
    );
    assert!(outdated.text.contains("value=\"9\""), "{}", outdated.text);
    assert_eq!(stage.company().await.guard.floor, 7);
    let now = stage.version().await;
    let hidden = format!("name=\"version\" value=\"{now}\"");
    assert!(outdated.text.contains(&hidden), "{}", outdated.text);
    assert_eq!(save(&stage, &first, now, &mine).await.status, 303);
    assert_eq!(stage.company().await.guard.floor, 9);
}

#[tokio::test]
async fn a_name_that_another_company_has_is_refused() {
    let stage = stage().await;
    stage.add_bare_company("Fabrikam", "4711").await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let answer = save(
        &stage,
        &visitor,
        stage.version().await,
        &[("name", "FABRIKAM")],
    )
    .await;
    assert_eq!(answer.status, 422);
    assert!(
        answer
            .text
            .contains("Another company in Rollcall has this name.")
    );
    assert_eq!(stage.company().await.name, "Contoso");
}

#[tokio::test]
async fn a_psa_that_does_not_answer_is_a_notice_and_the_rest_can_be_saved() {
    let stage = stage().await;
    let new_site = stage.psa.site("New Site");
    let kept = new_site.clone();
    stage.set(|company| company.default_site = Some(kept)).await;
    stage
        .psa
        .controls()
        .fault(Fault::always(FaultKind::Status(401)));
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let shown = visitor.get(&page(&stage)).await;
    assert_eq!(shown.status, 200);
    assert!(
        shown.text.contains("The sites cannot be read now."),
        "{}",
        shown.text
    );
    let seen = stage.version().await;
    let same = [
        ("default_site", new_site.id.as_str()),
        ("guard_floor", "4"),
        ("sync_contacts", "true"),
    ];
    assert_eq!(save(&stage, &visitor, seen, &same).await.status, 303);
    let company = stage.company().await;
    assert_eq!(
        (company.default_site, company.guard.floor),
        (Some(new_site), 4)
    );
    let other = save(&stage, &visitor, seen + 1, &[("default_site", "1")]).await;
    assert_eq!(other.status, 422);
    assert!(
        other
            .text
            .contains("The sites cannot be read now, so this one cannot be chosen.")
    );
}

#[tokio::test]
async fn a_default_site_that_is_gone_is_marked_and_the_sites_can_be_read_anew() {
    let stage = stage().await;
    let new_site = stage.psa.site("New Site");
    stage
        .set(|company| company.default_site = Some(new_site))
        .await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    visitor.get(&page(&stage)).await;
    stage.psa.remove_site("New Site");
    let seen = stage.version().await;
    let typed = [
        ("action", "refresh"),
        ("guard_floor", "17"),
        ("default_site", ""),
    ];
    let anew = save(&stage, &visitor, seen, &typed).await;
    assert_eq!(anew.status, 200);
    assert!(
        anew.text.contains("The sites were read just now."),
        "{}",
        anew.text
    );
    assert!(
        anew.text.contains("New Site (gone from the PSA)"),
        "{}",
        anew.text
    );
    assert!(
        anew.text.contains("value=\"17\""),
        "what was typed: {}",
        anew.text
    );
    assert_eq!(stage.version().await, seen, "nothing is saved");
}

#[tokio::test]
async fn hostile_text_is_kept_as_typed_and_shown_as_text() {
    let stage = stage().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let hostile = "\"><script>alert(1)</script> \u{202e}😀";
    let answer = save(
        &stage,
        &visitor,
        stage.version().await,
        &[("name", hostile), ("schedule", hostile)],
    )
    .await;
    assert_eq!(answer.status, 422);
    assert!(!answer.text.contains("<script>alert"), "{}", answer.text);
    let long = "x".repeat(5_000);
    let answer = save(&stage, &visitor, stage.version().await, &[("name", &long)]).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text.contains("name-mistake"));
    assert_eq!(stage.company().await.name, "Contoso");
}

#[tokio::test]
async fn who_saved_meanwhile_is_named_and_whoever_saved_before_the_form_was_opened_is_not() {
    let stage = stage().await;
    let site = Site::start(&stage.app);
    let (first, second) = (
        site.signed_in(Role::Technician).await,
        site.signed_in(Role::Administrator).await,
    );
    let (mine, theirs) = ([("guard_floor", "9")], [("guard_floor", "7")]);
    save(&stage, &second, stage.version().await, &theirs).await;
    let seen = stage.version().await;
    save(&stage, &first, seen, &[("guard_floor", "8")]).await;
    let outdated = save(&stage, &first, seen, &mine).await;
    let said = "You changed this company in another window";
    assert!(outdated.text.contains(said), "{}", outdated.text);
    let administrator = format!("{} changed", Role::Administrator.label());
    assert!(!outdated.text.contains(&administrator), "{}", outdated.text);
    save(&stage, &second, stage.version().await, &theirs).await;
    let outdated = save(&stage, &first, seen, &mine).await;
    assert!(outdated.text.contains(&administrator), "{}", outdated.text);
}

#[tokio::test]
async fn what_other_options_would_do_is_shown_before_they_are_saved() {
    let stage = stage().await;
    stage.users(["anna", "bert"].map(user));
    stage.sync().await;
    stage.set(|company| company.update_existing = false).await;
    stage.edit("anna", |user| user.job_title = Some("Lead".into()));
    stage.edit("bert", |user| user.account_enabled = Some(false));
    stage.sync().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let seen = stage.version().await;
    let options = [
        ("name", "Contoso"),
        ("sync_contacts", "true"),
        ("update_existing", "true"),
        ("timezone", "UTC"),
        ("guard_floor", "3"),
        ("guard_percent", "20"),
    ];
    let asked = save(&stage, &visitor, seen, &options).await;
    assert_eq!(asked.status, 422, "{}", asked.text);
    for words in [
        "Nothing is saved yet",
        "1 person is updated, 1 is deactivated.",
        "id=\"update_existing\" name=\"update_existing\" value=\"true\" checked",
    ] {
        assert!(asked.text.contains(words), "{words}: {}", asked.text);
    }
    assert!(!stage.company().await.update_existing);
    assert_eq!(waiting(&stage).await.len(), 0);
    let confirmed = [&options[..], &[("action", "confirmed")]].concat();
    let saved = save(&stage, &visitor, seen, &confirmed).await;
    assert_eq!(saved.status, 303, "{}", saved.text);
    assert!(stage.company().await.update_existing);
}
