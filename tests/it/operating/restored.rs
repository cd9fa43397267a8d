//! What is restored stands still: nothing of an old state goes on or begins by itself before people could look.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use rollcall::db::company_notices::{self, CompanyNotices};
use rollcall::db::deliveries::{self, NewDelivery};
use rollcall::db::jobs::JobState;
use rollcall::db::quarantines::{self, Owner};
use rollcall::db::{Conn, backup, jobs, sessions, sign_in_links};
use rollcall::jobs::schedule;
use rollcall::model::{RunFailure, Side, Status};

use super::{ask, job};
use crate::stage::{Stage, Store, Vendor, user};

const DAY: Duration = Duration::from_hours(24);
const DOCUMENT: &str = include_str!("../../../docs/OPERATING.md");

/// A company that runs every night, and much that waits; the jobs' row ids.
async fn busy(stage: &Stage) -> [i64; 2] {
    stage.users([user("anna")]);
    assert_eq!(schedule::tick(&stage.app).await.unwrap(), 0);
    assert_eq!(stage.sync().await.status, Status::Succeeded);
    // Who is new since would be made by the first run.
    stage.users([user("bert")]);
    let (company, now) = (stage.company_id, stage.clock.now());
    let begun = ask(stage).await;
    stage
        .write(move |conn| {
            let dead = ("dead", "0193-run");
            jobs::claim(conn, begun, dead, now + TimeDelta::minutes(5), now).map(drop)
        })
        .await;
    let waiting = ask(stage).await;
    stage
        .write(move |conn| {
            let weekly = CompanyNotices {
                weekly: true,
                weekly_recipients: vec!["boss@contoso.example".into()],
                ..CompanyNotices::default()
            };
            company_notices::put(conn, company, &weekly)?;
            company_notices::take_week(conn, company, None, now)?;
            let letter = NewDelivery {
                way: "mail",
                kind: "held",
                recipient: "desk@msp.example".into(),
                message_id: "<1@msp.example>".into(),
                subject: "Deactivations are held".into(),
                body: "Look".into(),
                html: String::new(),
            };
            deliveries::put(conn, &letter, now)?;
            sessions::insert(conn, "session", None, "{}", now)?;
            sign_in_links::put(conn, "link", None, now + TimeDelta::days(30))?;
            let failure = RunFailure {
                kind: "credentials".into(),
                message: "The PSA refuses the key".into(),
                advice: "Enter it anew".into(),
                side: Some(Side::Tenant),
            };
            let owner = Owner {
                side: Side::Tenant,
                id: company,
            };
            quarantines::fail(conn, owner, &failure, now, now)
        })
        .await;
    [begun, waiting]
}

async fn stands_still(stage: &Stage, ids: [i64; 2], restored: DateTime<Utc>) {
    let company = stage.company_id;
    let writes = stage.psa.writes();
    assert_eq!(
        schedule::tick(&stage.app).await.unwrap(),
        0,
        "no missed day"
    );
    assert!(!rollcall::jobs::step(&stage.app).await.unwrap(), "no job");
    for id in ids {
        let job = job(stage, id).await;
        assert_eq!((job.state, job.lease_until), (JobState::Cancelled, None));
        assert!(job.error.unwrap().contains("restored"));
    }
    assert_eq!(stage.read(jobs::count_unfinished).await, 0);
    let now = stage.clock.now();
    let due = stage
        .read(move |conn| deliveries::due(conn, "mail", now, 10))
        .await;
    assert_eq!(due.len(), 0, "no letter");
    assert_eq!(stage.read(deliveries::failed).await, 1);
    let session = stage.read(move |conn| sessions::state(conn, "session", restored));
    assert!(session.await.is_none(), "nobody is signed in");
    let link = stage.read(move |conn| sign_in_links::look(conn, "link", restored));
    assert!(link.await.is_none(), "no link lets anybody in");
    assert!(stage.read(quarantines::all).await.is_empty());
    let set = stage
        .read(move |conn| company_notices::get(conn, company))
        .await;
    assert_eq!((set.weekly, set.weekly_until), (true, Some(restored)));
    assert_eq!(stage.psa.writes(), writes);
    // The days go on from here.
    stage.clock.advance(DAY);
    assert_eq!(schedule::tick(&stage.app).await.unwrap(), 1);
    assert!(rollcall::jobs::step(&stage.app).await.unwrap());
    assert_eq!(stage.psa.look().len(), 2);
}

#[tokio::test]
async fn a_restored_copy_begins_nothing_by_itself_before_the_next_night() {
    let mut stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let ids = busy(&stage).await;
    let path = |name: &str| stage.folder.path().join(name);
    let (copy, database) = (path("copy.db"), path("restored.db"));
    backup::save(&path("rollcall.db"), &copy).unwrap();
    stage.clock.advance(3 * DAY);
    let now = stage.clock.now();
    backup::restore(&database, &copy, now).unwrap();
    stage.url = format!("sqlite://{}", database.display());
    stage.restart().await;
    stands_still(&stage, ids, now).await;
}

/// The statements that the document has for PostgreSQL.
fn statements() -> String {
    let lines = DOCUMENT.lines().map(str::trim);
    let from_begin = lines.skip_while(|line| *line != "begin;");
    let mut all: Vec<&str> = from_begin
        .take_while(|line| *line != "commit;")
        .skip(1)
        .collect();
    all.retain(|line| !line.is_empty());
    all.join("\n")
}

#[tokio::test]
async fn the_statements_for_a_restored_postgres_begin_nothing_by_itself_before_the_next_night() {
    let mut stage = Stage::new(Vendor::ConnectWise, Store::Postgres).await;
    let ids = busy(&stage).await;
    stage.clock.advance(3 * DAY);
    let now = stage.clock.now();
    let then = format!("timestamp '{}'", now.format("%Y-%m-%d %H:%M:%S%.6f"));
    let statements = statements().replace("now() at time zone 'utc'", &then);
    assert!(statements.contains(&then), "{statements}");
    stage
        .write(move |conn| match conn {
            Conn::Postgres(conn) => conn.batch_execute(&statements),
            Conn::Sqlite(_) => unreachable!("a stage on PostgreSQL"),
        })
        .await;
    stage.restart().await;
    stands_still(&stage, ids, now).await;
}
