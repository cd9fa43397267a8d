//! The fleet's page: what needs a person, every company, and how fast that is.

use std::time::Instant;

use chrono::TimeDelta;
use rollcall::db::holds::{self, HoldPerson};
use rollcall::db::runs;
use rollcall::db::tallies::{self as db_tallies, Tally};
use rollcall::db::{companies, events, settings};
use rollcall::model::{Company, Role};
use rollcall::tallies;

use super::visitor::Site;
use crate::stage::{Stage, Store, Vendor, an_update, counts, everywhere, user, went_well};

everywhere!(@on sqlite ConnectWise Sqlite; what_needs_a_person_stands_on_top_with_its_cure);
everywhere!(@on postgres ConnectWise Postgres; what_needs_a_person_stands_on_top_with_its_cure);

/// A moment ago.
const MOMENTS: TimeDelta = TimeDelta::minutes(5);

async fn stage() -> Stage {
    Stage::new(Vendor::ConnectWise, Store::Sqlite).await
}

async fn what_needs_a_person_stands_on_top_with_its_cure(stage: Stage) {
    let contoso = stage.company_id;
    let fabrikam = stage.neighbour("Fabrikam", true).await;
    let bare = stage.neighbour("Bare <b>", false).await;
    let held = stage.neighbour("Held", true).await;
    let torn = stage.neighbour("Torn", true).await;
    for broken in [contoso, fabrikam] {
        stage
            .past_run(broken, MOMENTS, Err(("secret_expired", None)))
            .await;
    }
    let run = stage.past_run(held, MOMENTS, Ok(counts(40, 0))).await;
    stage.past_run(torn, MOMENTS, Ok(counts(7, 2))).await;
    let now = stage.clock.now();
    stage
        .write(move |conn| {
            let people: Vec<HoldPerson> = (0..3)
                .map(|number| HoldPerson {
                    user_id: format!("user-{number}").into(),
                    upn: format!("{number}@contoso.example"),
                    name: String::new(),
                    contact_id: "1".into(),
                    reason: "left".into(),
                })
                .collect();
            holds::open(conn, held, &run, &people, now)
        })
        .await;
    let site = Site::start(&stage.app);
    let page = site.signed_in(Role::Reader).await.get("/").await;
    assert_eq!(page.status, 200, "{}", page.text);
    let places = [
        "Client secret expired",
        &format!("href=\"/companies/{contoso}/connection\">Contoso</a>"),
        &format!("href=\"/companies/{fabrikam}/connection\">Fabrikam</a>"),
        "Add a new client secret in Entra.",
        "3 deactivations wait at 1 company",
        &format!("href=\"/companies/{held}/hold\""),
        "2 people fit no single contact at 1 company",
        &format!("href=\"/companies/{torn}/conflicts\""),
        "Set-up is not finished",
        &format!("href=\"/companies/{bare}/connection\">Bare &lt;b&gt;</a>"),
        "Companies",
    ];
    let mut at = 0;
    for place in places {
        let found = page.text[at..].find(place);
        at += found.unwrap_or_else(|| panic!("{place} after {at}\n{}", page.text));
    }
    assert!(!page.text.contains("Add company"), "a reader only looks");
    assert!(
        page.text.contains("Failed, 5 minutes ago"),
        "the strip speaks"
    );
    let technician = site.signed_in(Role::Technician).await;
    let needy = technician.get("/?show=person&sort=people").await.text;
    assert!(needy.contains("Add company"));
    let at = |name: &str| needy.rfind(&format!("{name}</a>")).unwrap();
    assert!(at("Held") < at("Torn"), "40 people before 7");
    assert!(needy.contains("1 to 5 of 5"), "all five need a person");
}

#[tokio::test]
async fn nothing_to_do_is_one_calm_sentence() {
    let stage = stage().await;
    stage
        .past_run(stage.company_id, TimeDelta::minutes(60), Ok(counts(40, 0)))
        .await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Reader).await;
    let page = visitor.get("/").await.text;
    assert!(page.contains("Nothing needs a person now."));
    assert!(!page.contains("<h3>"));
    stage.clock.advance(TimeDelta::hours(36).to_std().unwrap());
    let page = site.signed_in(Role::Technician).await.get("/").await.text;
    assert!(page.contains("No good run for 36 hours"), "stale by now");
    assert!(page.contains("Open Contoso"));
}

#[tokio::test]
async fn an_empty_fleet_says_what_to_do_first() {
    let stage = stage().await;
    let (id, now) = (stage.company_id, stage.clock.now());
    stage
        .write(move |conn| companies::remove(conn, id, 1, now))
        .await;
    let site = Site::start(&stage.app);
    let page = site.signed_in(Role::Technician).await.get("/").await.text;
    assert!(page.contains("No companies yet") && page.contains("href=\"/companies/new\""));
}

#[tokio::test]
async fn companies_are_found_by_name_in_any_case_and_the_rest_is_paged() {
    let stage = stage().await;
    for number in 0..60 {
        stage.neighbour(&format!("Ölwerk {number:02}"), true).await;
    }
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Reader).await;
    let first = visitor.get("/").await.text;
    assert!(first.contains("1 to 50 of 61") && first.contains("href=\"/?page=2\""));
    let second = visitor.get("/?page=2").await.text;
    assert!(second.contains("51 to 61 of 61"));
    let sought = visitor.found("/", "öLWERK 07").await.text;
    assert!(sought.contains("1 to 1 of 1") && sought.contains("Ölwerk 07"));
    let none = visitor.found("/?page=x&psa=y", "<script>").await;
    assert_eq!(none.status, 200);
    assert!(none.text.contains("No such company") && !none.text.contains("<script>"));
    let off = visitor.get("/?show=off").await.text;
    assert!(off.contains("No such company"));
}

#[tokio::test]
async fn the_file_has_every_company_and_no_formula() {
    let stage = stage().await;
    stage.neighbour("=1+1", true).await;
    stage
        .past_run(stage.company_id, MOMENTS, Ok(counts(40, 1)))
        .await;
    let counted = [("conflict", 1), ("in_sync", 40), ("will_change", 2)];
    let tally: Tally = counted.map(|(word, count)| (word.to_owned(), count)).into();
    let old = stage.read(|conn| db_tallies::stale(conn, 9)).await;
    let contoso = old
        .into_iter()
        .find(|one| one.company_id == stage.company_id);
    let contoso = contoso.unwrap();
    stage
        .write(move |conn| db_tallies::keep(conn, &contoso, Some(&tally)))
        .await;
    let site = Site::start(&stage.app);
    let file = site.signed_in(Role::Reader).await.get("/fleet.csv").await;
    assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
    assert!(file.text.contains("\n'=1+1,"), "{}", file.text);
    let line = file
        .text
        .lines()
        .find(|line| line.starts_with("Contoso"))
        .unwrap();
    assert!(line.contains("on,yes,yes,40,2,1,0,Succeeded"), "{line}");
}

/// A debug build takes several times as long as a release build, which has 50 ms.
#[tokio::test]
async fn five_hundred_companies_with_thirty_runs_each_are_drawn_quickly() {
    let stage = stage().await;
    let (base, now) = (stage.company().await, stage.clock.now());
    stage
        .write(move |conn| {
            for number in 0..500 {
                let company = Company {
                    name: format!("Company {number}"),
                    psa_company_id: format!("c{number}").into(),
                    ..base.clone()
                };
                let id = companies::insert(conn, &company, now)?;
                for run in 0..30 {
                    let at = now - TimeDelta::hours(run);
                    let row = format!("{number}-{run}");
                    runs::start(conn, &an_update(&row, id, at))?;
                    runs::finish(conn, &row, &went_well(at, counts(200, 0)))?;
                }
            }
            Ok(())
        })
        .await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Reader).await;
    visitor.get("/").await;
    for path in ["/", "/?sort=people&page=5", "/runs"] {
        let mut best = u128::MAX;
        for _ in 0..5 {
            let began = Instant::now();
            let page = visitor.get(path).await;
            best = best.min(began.elapsed().as_millis());
            assert_eq!(page.status, 200);
            assert!(
                page.text.len() < 150_000,
                "{path}: {} bytes",
                page.text.len()
            );
        }
        println!("{path}: {best} ms in this build");
        assert!(best < 1000, "{path}: {best} ms");
    }
}

#[tokio::test]
async fn people_in_sync_are_counted_as_on_the_companys_overview() {
    let stage = stage().await;
    stage.users([user("anna"), user("bert"), user("carl"), user("dora")]);
    stage.sync().await;
    // One leaves and is deactivated, and is a leaver from then on.
    stage.users([user("anna").blocked()]);
    stage.sync().await;
    stage.sync().await;
    // One differs and is not updated any more.
    stage.set(|company| company.update_existing = false).await;
    stage.users([user("bert").title("Baker")]);
    stage.sync().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Reader).await;
    let overview = format!("/companies/{}", stage.company_id);
    let in_sync = "data-label=\"People in sync\" class=\"num\">";
    assert_eq!(tallies::count(&stage.app).await.unwrap(), 1);
    assert_eq!(tallies::count(&stage.app).await.unwrap(), 0, "nothing new");
    let said = visitor.get(&overview).await.text;
    assert!(
        said.contains("2 people are in sync, 1 person is linked and not updated."),
        "{said}"
    );
    let fleet = visitor.get("/").await.text;
    assert!(fleet.contains(&format!("{in_sync}2<")), "{fleet}");

    // A list that counts otherwise, saved by somebody: the next run would deactivate them, and nothing is well.
    stage.set(|company| company.update_existing = true).await;
    let now = stage.clock.now();
    stage
        .app
        .db()
        .write(move |conn| {
            settings::set_ignored_licences(conn, &["SPB".to_owned()])?;
            events::note(conn, ("Robin", "licences_saved"), None, "Saved", now)
        })
        .await
        .unwrap();
    assert_eq!(tallies::count(&stage.app).await.unwrap(), 1);
    let said = visitor.get(&overview).await.text;
    assert!(
        said.contains("The next run would do something for 3 people."),
        "{said}"
    );
    let fleet = visitor.get("/").await.text;
    assert!(fleet.contains(&format!("{in_sync}0<")), "{fleet}");
    assert!(fleet.contains("3 will change"), "{fleet}");
}

#[tokio::test]
async fn of_a_company_that_is_inactive_in_the_psa_nobody_is_said_to_change() {
    let stage = stage().await;
    stage.users([user("anna")]);
    stage.sync().await;
    stage.psa.close_company();
    stage.users([user("anna").title("Baker"), user("bert")]);
    stage.sync().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Reader).await;
    let overview = format!("/companies/{}", stage.company_id);
    let said = visitor.get(&overview).await.text;
    assert!(
        said.contains("The company is inactive in the PSA: nothing is written for it."),
        "{said}"
    );
    assert!(!said.contains("would do something"), "{said}");
    assert_eq!(tallies::count(&stage.app).await.unwrap(), 1);
    let fleet = visitor.get("/").await.text;
    assert!(!fleet.contains("will change"), "{fleet}");
}
