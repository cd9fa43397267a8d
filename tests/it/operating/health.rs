//! What a monitor sees: whether the process lives, whether it is fit to work, and its numbers.

use std::collections::BTreeMap;
use std::time::Duration;

use rollcall::db::{facts, settings};
use rollcall::model::{Role, Status};
use rollcall::sync::scene::BUDGET;

use super::ask;
use crate::stage::{Stage, Store, Vendor, contact, everywhere, user};
use crate::web::visitor::{Answer, Site, Visitor};

everywhere!(@on sqlite ConnectWise Sqlite; the_numbers_are_those_of_the_database);
everywhere!(@on postgres Autotask Postgres; the_numbers_are_those_of_the_database);
everywhere!(@on health_sqlite Autotask Sqlite; a_process_is_ready_while_its_jobs_turn);
everywhere!(@on health_postgres ConnectWise Postgres; a_process_is_ready_while_its_jobs_turn);

const TOKEN: &str = "0123456789abcdefghijklmnop";

async fn a_process_is_ready_while_its_jobs_turn(stage: Stage) {
    let site = Site::start(&stage.app);
    let visitor = site.visitor();
    let ask = async |path: &str| {
        let answer = visitor.get(path).await;
        (answer.status, answer.text)
    };
    assert_eq!(ask("/health/live").await, (200, "alive\n".into()));
    let still = (503, "The jobs stand still: the log says why.\n".to_owned());
    assert_eq!(ask("/health/ready").await, still, "nobody does jobs yet");
    stage.app.jobs().turn(stage.clock.now());
    assert_eq!(ask("/health/ready").await, (200, "ready\n".into()));
    stage.clock.advance(Duration::from_secs(59));
    assert_eq!(ask("/health/ready").await.0, 200);
    stage.clock.advance(Duration::from_secs(2));
    assert_eq!(ask("/health/ready").await, still);
    stage.app.jobs().turn(stage.clock.now());
    // A newer version has changed the tables.
    stage
        .write(|conn| {
            use diesel::RunQueryDsl;
            let query =
                "INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')";
            let query = diesel::sql_query(query);
            match conn {
                rollcall::db::Conn::Sqlite(conn) => query.execute(conn),
                rollcall::db::Conn::Postgres(conn) => query.execute(conn),
            }
        })
        .await;
    let (status, said) = ask("/health/ready").await;
    assert_eq!(status, 503);
    assert!(said.contains("another version"), "{said}");
    assert_eq!(
        ask("/health/live").await.0,
        200,
        "starting it anew does not help"
    );
    assert_eq!(visitor.cookie(), None, "whoever watches has no session");
}

/// The numbers by name and labels.
fn numbers(answer: &Answer) -> BTreeMap<String, f64> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer
        .text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

async fn the_numbers_are_those_of_the_database(stage: Stage) {
    stage.users([user("anna"), user("bert"), user("carl")]);
    stage.psa.put(&contact("carl"));
    stage.psa.put(&contact("carl"));
    assert_eq!(stage.sync().await.status, Status::Succeeded);
    ask(&stage).await;
    let (psa_id, now) = (stage.psa_id, stage.clock.now());
    let budget = serde_json::json!({"allowed": 10_000, "used": 2_300});
    stage
        .write(move |conn| facts::put(conn, &facts::psa_scope(psa_id), BUDGET, &budget, now))
        .await;
    stage.clock.advance(Duration::from_hours(2));
    let site = Site::start(&stage.app);
    let visitor = site.visitor();
    let answer = visitor.get("/metrics").await;
    let kind = answer.headers["content-type"].to_str().unwrap();
    assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
    let seen = numbers(&answer);
    let company = stage.company_id;
    let psa = if stage.psa.is_connectwise() {
        "connectwise"
    } else {
        "autotask"
    };
    for (name, value) in [
        (
            "rollcall_runs_last_day{mode=\"update\",result=\"succeeded\"}".to_owned(),
            1.0,
        ),
        (
            "rollcall_changes_last_day{action=\"create\",outcome=\"applied\"}".to_owned(),
            2.0,
        ),
        ("rollcall_jobs{state=\"waiting\"}".to_owned(), 1.0),
        ("rollcall_jobs{state=\"running\"}".to_owned(), 0.0),
        ("rollcall_job_oldest_waiting_seconds".to_owned(), 7200.0),
        ("rollcall_held_people".to_owned(), 0.0),
        (
            format!("rollcall_psa_budget_used{{psa_id=\"{psa_id}\",psa=\"Main PSA\"}}"),
            2300.0,
        ),
        (
            format!("rollcall_psa_budget_left{{psa_id=\"{psa_id}\",psa=\"Main PSA\"}}"),
            6500.0,
        ),
        ("rollcall_open_conflicts".to_owned(), 1.0),
        (
            "rollcall_quarantined_connections{kind=\"psa\"}".to_owned(),
            0.0,
        ),
        (
            "rollcall_api_calls_total{service=\"login\",status=\"200\"}".to_owned(),
            1.0,
        ),
        (
            format!(
                "rollcall_hours_since_last_good_run{{company_id=\"{company}\",company=\"Contoso\"}}"
            ),
            2.0,
        ),
    ] {
        let found = seen.get(&name).copied();
        let near = found.is_some_and(|found| (found - value).abs() < 1.0);
        assert!(near, "{name}: {found:?}, not {value}\n{}", answer.text);
    }
    assert!(
        answer.text.contains(&format!("service=\"{psa}\"")),
        "{}",
        answer.text
    );
    assert!(
        answer.text.contains("# HELP rollcall_jobs "),
        "{}",
        answer.text
    );
    for secret in ["contoso.example", "Anna", "anna"] {
        assert!(!answer.text.contains(secret), "nobody is named: {secret}");
    }
}

async fn asked(visitor: &Visitor, header: Option<(&'static str, &'static str)>) -> u16 {
    let answer = visitor.get_as("/metrics", header).await;
    if answer.status == 401 {
        let wrong = answer
            .text
            .contains("This is not the token that was chosen");
        let bearer = header.is_some_and(|(name, _)| name == "authorization");
        assert_eq!(wrong, bearer, "{}", answer.text);
    }
    answer.status
}

#[tokio::test]
async fn the_numbers_are_for_this_machine_or_for_who_has_the_token() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let visitor = site.visitor();
    assert_eq!(asked(&visitor, None).await, 200);
    for header in ["x-forwarded-for", "forwarded"] {
        let through = asked(&visitor, Some((header, "for=192.0.2.1"))).await;
        assert_eq!(through, 401, "a proxy asks for somebody: {header}");
    }
    let admin = site.signed_in(Role::Administrator).await;
    let set = async |token: &str| {
        let form = [("token", token)];
        admin.post("/settings/installation/metrics", &form).await
    };
    let short = set("short").await;
    assert!(
        short.text.contains("Choose a token of 24 letters"),
        "{}",
        short.text
    );
    assert_eq!(set(TOKEN).await.status, 303);
    let kept = stage.read(settings::metrics_token).await.unwrap();
    assert!(!kept.contains(TOKEN), "only a hash is kept");
    assert_eq!(asked(&visitor, None).await, 401);
    let given = ("authorization", "Bearer 0123456789abcdefghijklmnop");
    assert_eq!(asked(&visitor, Some(given)).await, 200);
    let wrong = ("authorization", "Bearer 0123456789abcdefghijklmnoq");
    assert_eq!(asked(&visitor, Some(wrong)).await, 401);
    let removed = admin
        .post("/settings/installation/metrics/remove", &[])
        .await;
    assert_eq!(removed.status, 303);
    assert_eq!(asked(&visitor, None).await, 200);
}
