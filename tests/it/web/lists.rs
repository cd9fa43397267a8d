//! Lists and what a look at them costs: no page grows with the data, and looking writes nothing.

use chrono::TimeDelta;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use rollcall::auth;
use rollcall::db::holds::{self, HoldPerson};
use rollcall::db::jobs::Priority;
use rollcall::db::runs;
use rollcall::db::{companies, tenant_connections};
use rollcall::jobs;
use rollcall::model::{Company, Mode, Role};

use super::visitor::Site;
use crate::stage::people::user;
use crate::stage::{Stage, Store, Vendor, an_update, counts, tenant_connection, went_well};

/// More than stand on a page.
const MANY: usize = 60;
/// So many rows stand on a page.
const ROWS: usize = 50;
/// So many people of a hold are decided at once: a form, not a list.
const HELD: usize = 150;

/// The rows of the longest table of a page.
fn rows(page: &str) -> usize {
    page.split("<tbody>")
        .skip(1)
        .map(|table| {
            let table = table.split("</tbody>").next().unwrap();
            table.matches("<tr").count()
        })
        .max()
        .unwrap_or_default()
}

/// A fleet with more of everything than stands on a page.
async fn crowded() -> (Stage, String) {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    stage.users((0..MANY).map(|number| user(&format!("person{number}"))));
    let report = stage.sync().await;
    assert_eq!(report.counts.create, MANY, "{report:?}");
    stage.users((0..MANY).map(|number| user(&format!("person{number}")).title("Boss")));
    let (company, asked_at) = (stage.company_id, stage.clock.now());
    stage
        .write(move |conn| jobs::enqueue_preview(conn, company, "Robin", asked_at))
        .await;
    assert!(jobs::step(&stage.app).await.unwrap());
    let (base, now) = (stage.company().await, stage.clock.now());
    let tenant = tenant_connection();
    let all = stage.write(move |conn| {
        let mut all = vec![base.id];
        for number in 0..MANY {
            let company = Company {
                name: format!("Company {number}"),
                psa_company_id: (1000 + number).to_string().into(),
                ..base.clone()
            };
            let id = companies::insert(conn, &company, now)?;
            tenant_connections::put(conn, id, &tenant, now)?;
            all.push(id);
        }
        for (number, company) in all.iter().enumerate() {
            let runs_of_it = if number == 0 { MANY } else { 1 };
            for run in 0..runs_of_it {
                let id = format!("run-{company}-{run}");
                let began = now - TimeDelta::days(2 + i64::try_from(run).unwrap());
                runs::start(conn, &an_update(&id, *company, began))?;
                runs::finish(conn, &id, &went_well(now, counts(1, 1)))?;
            }
            let people: Vec<HoldPerson> = (0..HELD + 10)
                .map(|number| HoldPerson {
                    user_id: format!("user-{number}").into(),
                    upn: format!("{number}@contoso.example"),
                    name: String::new(),
                    contact_id: number.to_string().into(),
                    reason: "left".into(),
                })
                .collect();
            holds::open(conn, *company, "run", &people, now)?;
            let save = Priority::Save;
            jobs::enqueue_run(conn, *company, Mode::Update, save, "Robin", now)?;
        }
        Ok(all)
    });
    assert_eq!(all.await.len(), MANY + 1);
    for number in 0..MANY {
        let added = auth::add(
            &stage.app,
            "Ann",
            &format!("Somebody {number}"),
            Role::Reader,
        )
        .await;
        added.unwrap().unwrap();
    }
    (stage, report.run)
}

#[tokio::test]
async fn no_list_grows_with_the_data() {
    let (stage, run) = crowded().await;
    let site = Site::start(&stage.app);
    let admin = site.signed_in(Role::Administrator).await;
    let company = format!("/companies/{}", stage.company_id);
    for (path, most, full) in [
        ("/".to_owned(), ROWS, true),
        ("/?sort=people".to_owned(), ROWS, true),
        ("/runs".to_owned(), ROWS, true),
        ("/holds".to_owned(), ROWS, true),
        ("/conflicts".to_owned(), ROWS, false),
        ("/settings/jobs".to_owned(), ROWS, true),
        ("/settings/staff".to_owned(), ROWS, true),
        ("/settings/psa".to_owned(), ROWS, false),
        (format!("{company}/runs"), ROWS, true),
        (format!("{company}/people"), ROWS, true),
        (format!("{company}/preview"), ROWS, true),
        (format!("{company}/conflicts"), ROWS, false),
        (format!("{company}/hold"), HELD, true),
        (format!("/runs/{run}"), ROWS, true),
    ] {
        let page = admin.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        let found = rows(&page.text);
        assert!(found <= most, "{path} has {found} rows");
        assert!(!full || found == most, "{path} has only {found} rows");
    }
    let second = admin.get("/holds?page=2").await.text;
    assert_eq!(rows(&second), MANY + 1 - ROWS);
    let second = admin.get("/settings/staff?page=2").await.text;
    assert_eq!(rows(&second), MANY + 1 - ROWS);
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = BigInt)]
    data_version: i64,
}

/// What `SQLite` says when another connection has committed something since the last time: another number.
fn version(conn: &mut SqliteConnection) -> i64 {
    let query = diesel::sql_query("PRAGMA data_version");
    let found: Version = query.get_result(conn).unwrap();
    found.data_version
}

#[tokio::test]
async fn looking_at_a_page_writes_nothing() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    stage.users(["jane", "bob"].map(user));
    let run = stage.sync().await.run;
    let site = Site::start(&stage.app);
    let admin = site.signed_in(Role::Administrator).await;
    let file = stage.url.strip_prefix("sqlite://").unwrap();
    let mut other = SqliteConnection::establish(file).unwrap();
    let company = format!("/companies/{}", stage.company_id);
    let mut paths: Vec<String> = [
        "/",
        "/fleet.csv",
        "/runs",
        "/holds",
        "/conflicts",
        "/account",
        "/settings",
        "/settings/jobs",
        "/settings/staff",
        "/settings/licences",
        "/settings/psa",
    ]
    .map(str::to_owned)
    .into();
    for tab in [
        "",
        "/people",
        "/preview",
        "/runs",
        "/connection",
        "/contact-sync",
        "/filters",
        "/hold",
        "/conflicts",
    ] {
        paths.push(format!("{company}{tab}"));
    }
    let jane = user("jane").0.id;
    paths.push(format!("{company}/people/{jane}"));
    paths.push(format!("/runs/{run}"));
    for path in &paths {
        // What a page reads of a cloud for the first time is remembered.
        assert_eq!(admin.get(path).await.status, 200, "{path}");
    }
    for path in &paths {
        let before = version(&mut other);
        admin.get(path).await;
        assert_eq!(version(&mut other), before, "a look at {path} wrote");
    }
    // It would be seen: a session that was not used for a minute is noted.
    let before = version(&mut other);
    stage.clock.advance(std::time::Duration::from_mins(1));
    admin.get("/runs").await;
    assert_ne!(version(&mut other), before);
}
