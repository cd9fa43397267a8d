//! A company's overview: how it does, and the button that syncs its contacts.

use chrono::TimeDelta;
use rollcall::connections::{MicrosoftForm, NewSecret, Saving, save_microsoft_app};
use rollcall::db::jobs::{self, JobState, Lane, Work};
use rollcall::db::{companies, tenant_connections};
use rollcall::model::{Mode, Role, Side};
use rollcall::simulator::kit::FaultKind;

use super::visitor::Site;
use crate::stage::{CLIENT, SECRET, Stage, Store, TENANT, Vendor, user};

async fn stage() -> Stage {
    Stage::new(Vendor::ConnectWise, Store::Sqlite).await
}

fn overview(stage: &Stage) -> String {
    format!("/companies/{}", stage.company_id)
}

async fn waiting(stage: &Stage) -> Vec<jobs::Job> {
    let id = stage.company_id;
    stage.read(move |conn| jobs::waiting(conn, id)).await
}

async fn step(stage: &Stage) {
    assert!(rollcall::jobs::step(&stage.app).await.unwrap());
}

#[tokio::test]
async fn a_double_click_on_sync_makes_one_run_and_the_page_follows_it_to_its_end() {
    let stage = stage().await;
    stage.users([user("anna"), user("bert")]);
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let to = format!("{}/sync", overview(&stage));
    let first = visitor.post(&to, &[("mode", "update")]).await;
    let second = visitor.post(&to, &[("mode", "update")]).await;
    assert_eq!((first.status, &first.location), (303, &second.location));
    let jobs = waiting(&stage).await;
    assert_eq!(jobs.len(), 1);
    assert_eq!(
        jobs[0].requested_by.as_deref(),
        Some(Role::Technician.label())
    );
    let page = first.location.unwrap();
    assert_eq!(page, format!("{}?watch={}", overview(&stage), jobs[0].id));
    let shown = visitor.get(&page).await;
    assert!(shown.text.contains("waiting in line"), "{}", shown.text);
    let part = format!("{}/live?watch={}", overview(&stage), jobs[0].id);
    assert!(visitor.get(&part).await.text.contains("every 2s"));
    step(&stage).await;
    let third = visitor.post(&to, &[("mode", "update")]).await;
    assert_eq!(
        third.location.as_deref(),
        Some(&*page),
        "still the same click"
    );
    assert!(!rollcall::jobs::step(&stage.app).await.unwrap());
    let runs = stage.runs().await;
    assert_eq!(runs.len(), 1);
    let over = visitor.get(&part).await.text;
    assert!(over.contains("The run is over: Succeeded"), "{over}");
    assert!(over.contains(&format!("/runs/{}", runs[0].id)), "{over}");
    assert!(!over.contains("every 2s"), "{over}");
    let after = visitor.get(&overview(&stage)).await.text;
    assert!(
        after.contains("All is well: 2 people are in sync."),
        "{after}"
    );
}

#[tokio::test]
async fn a_resync_that_is_chosen_is_a_resync_and_another_word_is_refused() {
    let stage = stage().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let to = format!("{}/sync", overview(&stage));
    assert_eq!(visitor.post(&to, &[("mode", "undo")]).await.status, 400);
    assert!(waiting(&stage).await.is_empty());
    visitor.post(&to, &[("mode", "resync")]).await;
    let jobs = waiting(&stage).await;
    assert!(matches!(&jobs[0].work, Work::Run(run) if run.mode == Mode::Resync));
    assert_eq!(jobs[0].lane, Lane::Run);
}

#[tokio::test]
async fn a_company_whose_contact_sync_is_off_has_no_button_and_starts_nothing() {
    let stage = stage().await;
    stage.set(|company| company.sync_contacts = false).await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let page = visitor.get(&overview(&stage)).await.text;
    assert!(!page.contains("Sync contacts to PSA</button>"), "{page}");
    let answer = visitor
        .post(&format!("{}/sync", overview(&stage)), &[])
        .await;
    assert_eq!(answer.location, Some(overview(&stage)));
    let said = visitor.get(&overview(&stage)).await.text;
    assert!(said.contains("nothing was started"), "{said}");
    assert!(waiting(&stage).await.is_empty());
}

#[tokio::test]
async fn setting_up_shows_one_next_step_at_a_time() {
    let stage = stage().await;
    stage.set(|company| company.sync_contacts = false).await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let has = async |button: &str| {
        let page = visitor.get(&overview(&stage)).await.text;
        let at = page.find("class=\"btn primary push").expect("a button");
        assert!(
            page[at..at + 200].contains(button),
            "{}",
            &page[at..at + 200]
        );
    };
    // This company is not one as it is added: it has options already.
    has("Next: filters").await;
    let form = [
        ("version", "2"),
        ("name", "Contoso"),
        ("timezone", "UTC"),
        ("guard_floor", "3"),
        ("guard_percent", "20"),
    ];
    let to = format!("{}/contact-sync", overview(&stage));
    assert_eq!(visitor.post(&to, &form).await.status, 303);
    has("Next: filters").await;
    visitor
        .post(&format!("{}/preview", overview(&stage)), &[])
        .await;
    step(&stage).await;
    has("Next: turn it on").await;
    let id = stage.company_id;
    stage
        .write(move |conn| tenant_connections::delete(conn, id))
        .await;
    has("Next: connect the tenant").await;
}

#[tokio::test]
async fn a_run_that_failed_is_told_with_its_advice_and_the_way_to_the_cure() {
    let stage = stage().await;
    stage
        .psa
        .fault_on_list(FaultKind::Status(503), 0, usize::MAX);
    assert!(stage.sync().await.error.is_some());
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Reader).await;
    let page = visitor.get(&overview(&stage)).await.text;
    assert!(page.contains("The last run failed"), "{page}");
    assert!(page.contains("See the run"), "{page}");
    assert!(
        !page.contains("Sync contacts to PSA</button>"),
        "a reader: {page}"
    );
}

#[tokio::test]
async fn who_can_mend_the_microsoft_app_is_said_to_who_cannot() {
    let stage = stage().await;
    let form = MicrosoftForm {
        client_id: CLIENT.into(),
        secret: NewSecret::Secret(SECRET.to_owned().into()),
        expires: None,
    };
    let saved = save_microsoft_app(&stage.app, &form, 0, "Ann").await;
    assert!(matches!(saved.unwrap(), Saving::Saved { .. }));
    stage.microsoft.tenant(TENANT, |tenant| {
        tenant.apps.get_mut(CLIENT).unwrap().secrets[0].expired = true;
    });
    assert!(stage.sync().await.error.is_some());
    let site = Site::start(&stage.app);
    let technician = site.signed_in(Role::Technician).await;
    let page = technician.get(&overview(&stage)).await.text;
    assert!(page.contains("An administrator can do that."), "{page}");
    assert!(!page.contains("Mend the"), "{page}");
    let connection = format!("{}/connection", overview(&stage));
    let page = technician.get(&connection).await.text;
    assert!(page.contains("An administrator replaces it"), "{page}");
    assert!(
        page.contains("An administrator changes its address"),
        "{page}"
    );
    assert!(!page.contains("href=\"/settings/"), "{page}");

    let admin = site.signed_in(Role::Administrator).await;
    let page = admin.get(&overview(&stage)).await.text;
    assert!(page.contains("href=\"/settings/microsoft\">Mend the Microsoft app"));
    let page = admin.get(&connection).await.text;
    assert!(page.contains("href=\"/settings/microsoft\">"), "{page}");
    assert!(page.contains(&format!("href=\"/settings/psa/{}\">", stage.psa_id)));
}

#[tokio::test]
async fn a_connection_in_quarantine_is_told_with_the_way_to_its_cure_for_whoever_may_go_there() {
    let stage = stage().await;
    stage
        .psa
        .fault_on_list(FaultKind::Status(401), 0, usize::MAX);
    assert!(stage.sync().await.error.is_some());
    let site = Site::start(&stage.app);
    let cure = format!("/settings/psa/{}\">Mend the PSA connection", stage.psa_id);
    for role in [Role::Reader, Role::Technician, Role::Administrator] {
        let page = site.signed_in(role).await.get(&overview(&stage)).await.text;
        assert!(
            page.contains("<p class=\"state bad\">The PSA connection is in quarantine.</p>"),
            "{page}"
        );
        assert_eq!(page.matches("ConnectWise could not").count(), 1, "{page}");
        assert!(
            page.contains(">31 Jan 2026, 02:30 UTC</time>. Tried again <time"),
            "{page}"
        );
        assert!(page.contains(">in 1 hour</time>"), "{page}");
        let may = role == Role::Administrator;
        assert_eq!(page.contains(&cure), may, "{page}");
        assert_eq!(page.contains("An administrator can do that."), !may);
    }
}

/// The number of a tile.
fn tile(page: &str, name: &str) -> String {
    let at = page
        .find(&format!("<span class=\"name\">{name}"))
        .expect(name);
    let tag = page[..at].rfind("<span class=\"value").unwrap();
    let value = &page[tag..at][page[tag..at].find('>').unwrap() + 1..];
    value.split('<').next().unwrap().to_owned()
}

#[tokio::test]
async fn held_deactivations_are_the_first_thing_said_and_the_tiles_count() {
    let stage = stage().await;
    stage.users([user("anna"), user("bert"), user("carl")]);
    stage.sync().await;
    stage.users([user("anna").blocked(), user("bert").blocked()]);
    stage.sync().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Reader).await;
    let page = visitor.get(&overview(&stage)).await.text;
    assert!(
        page.contains("2 deactivations wait for a technician."),
        "{page}"
    );
    assert_eq!(
        (
            tile(&page, "In sync"),
            tile(&page, "Held"),
            tile(&page, "Leavers")
        ),
        ("1".into(), "2".into(), "0".into())
    );
    assert_eq!(page.matches("<li class=\"ok\"").count(), 1);
    assert_eq!(page.matches("<li class=\"warn\"").count(), 1);
}

#[tokio::test]
async fn a_job_that_makes_no_run_says_why() {
    let stage = stage().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let to = visitor
        .post(&format!("{}/sync", overview(&stage)), &[])
        .await;
    stage.set(|company| company.sync_contacts = false).await;
    step(&stage).await;
    let page = visitor.get(&to.location.unwrap()).await.text;
    assert!(
        page.contains("No run was made. Contact sync is switched off"),
        "{page}"
    );
    let id = stage.company_id;
    let job = stage
        .read(move |conn| jobs::latest_of(conn, id, Lane::Run))
        .await;
    assert_eq!(job.unwrap().state, JobState::Cancelled);
}

#[tokio::test]
async fn a_hostile_name_is_shown_as_text_and_an_unknown_company_is_not_found() {
    let stage = stage().await;
    stage
        .set(|company| company.name = "\"><script>alert(1)</script>".into())
        .await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Administrator).await;
    let page = visitor.get(&overview(&stage)).await.text;
    assert!(!page.contains("<script>alert"), "{page}");
    assert!(page.contains("&lt;script&gt;alert(1)"), "{page}");
    assert_eq!(visitor.get("/companies/4711").await.status, 404);
    assert_eq!(visitor.get("/companies/4711/live").await.status, 404);
    let (id, version, now) = (stage.company_id, stage.version().await, stage.clock.now());
    stage
        .write(move |conn| companies::remove(conn, id, version, now))
        .await;
    assert_eq!(visitor.get(&overview(&stage)).await.status, 404);
}

#[tokio::test]
async fn after_a_save_the_overview_says_that_a_run_follows_before_it_says_that_all_is_well() {
    let stage = stage().await;
    stage.users([user("anna")]);
    stage.sync().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let page = visitor.get(&overview(&stage)).await.text;
    assert!(page.contains("All is well: 1 person is in sync."), "{page}");
    let (id, now) = (stage.company_id, stage.clock.now());
    stage
        .write(move |conn| {
            rollcall::jobs::enqueue_run(conn, id, Mode::Update, jobs::Priority::Save, "Robin", now)
        })
        .await;
    let page = visitor.get(&overview(&stage)).await.text;
    assert!(!page.contains("All is well"), "{page}");
    assert!(
        page.contains("A change is saved. Until its run 1 person is in sync."),
        "{page}"
    );
    assert!(page.contains("A run follows <time "), "{page}");
}

#[tokio::test]
async fn who_was_skipped_for_an_inactive_company_was_not_changed_last_time() {
    let stage = stage().await;
    stage.users([user("anna"), user("bert")]);
    stage.psa.close_company();
    stage.sync().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Reader).await;
    let page = visitor.get(&overview(&stage)).await.text;
    assert_eq!(tile(&page, "Changed last time"), "0", "{page}");
}

#[tokio::test]
async fn a_run_that_ended_early_and_needs_nobody_hides_no_hold() {
    let stage = stage().await;
    stage.users([user("anna"), user("bert"), user("carl")]);
    stage.sync().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Reader).await;
    let page = async |kind| {
        stage.clock.advance(std::time::Duration::from_mins(1));
        let end = Err((kind, None));
        stage
            .past_run(stage.company_id, TimeDelta::zero(), end)
            .await;
        visitor.get(&overview(&stage)).await.text
    };
    let calm = page("stopped").await;
    assert!(
        calm.contains("<p class=\"state info\">The last run ended early.</p>"),
        "{calm}"
    );
    assert!(!calm.contains("All is well"), "{calm}");
    // A preview that did not hold any more was run in vain, and what was so before is so still.
    let vain = page("plan_changed").await;
    assert!(!vain.contains("What would be done has changed"), "{vain}");
    stage.users([user("anna").blocked(), user("bert").blocked()]);
    stage.sync().await;
    for kind in [
        "stopped",
        "interrupted",
        "overtaken",
        "settings_changed",
        "plan_changed",
    ] {
        let page = page(kind).await;
        assert!(
            page.contains("2 deactivations wait for a technician."),
            "{kind}: {page}"
        );
        assert!(!page.contains("class=\"state bad\""), "{kind}: {page}");
    }
}

#[tokio::test]
async fn a_failure_that_is_tried_again_by_itself_needs_nobody_here_as_in_the_fleet() {
    let stage = stage().await;
    stage.users([user("anna")]);
    stage.sync().await;
    stage.clock.advance(std::time::Duration::from_mins(1));
    let end = Err(("unreachable", Some(Side::Psa)));
    stage
        .past_run(stage.company_id, TimeDelta::zero(), end)
        .await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Reader).await;
    let page = visitor.get(&overview(&stage)).await.text;
    assert!(page.contains("state bad\">The last run failed"), "{page}");
    let (id, now) = (stage.company_id, stage.clock.now());
    stage
        .write(move |conn| {
            rollcall::jobs::enqueue_run(conn, id, Mode::Update, jobs::Priority::Night, "Robin", now)
        })
        .await;
    let page = visitor.get(&overview(&stage)).await.text;
    assert!(
        page.contains("Nothing needs to be done: the next run tries again."),
        "{page}"
    );
    assert!(!page.contains("class=\"state bad\""), "{page}");
    let fleet = visitor.get("/?show=person").await.text;
    assert!(!fleet.contains(">Contoso</a>"), "{fleet}");
}
