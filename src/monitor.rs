//! What a monitor is told: whether this process is fit to work, and numbers for Prometheus. What must outlive a restart is
//! counted from the database when it is asked for; what this process alone knows begins with it. Names companies and
//! connections, never people.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::QueryResult;
use metrics::{counter, describe_counter, describe_gauge, gauge};
use metrics_exporter_prometheus::PrometheusBuilder;

use crate::app::App;
use crate::db::fleet::{self, Brief, LastRun};
use crate::db::monitor::{self as counts, Counted, Queue};
use crate::db::{Conn, DbError, facts, psa_connections};
use crate::psa::Budget;
use crate::sync::report::Counts;
use crate::sync::scene::BUDGET;

/// The loop that does the jobs turns once a second; one that did not for so long hangs.
const STILL: TimeDelta = TimeDelta::minutes(1);
/// A database that takes longer does not answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Runs and changes are counted over so long.
const WINDOW: TimeDelta = TimeDelta::hours(24);

/// Whether this process is fit to work. The error says in a sentence why it is not.
///
/// # Errors
/// Where the database does not answer or is not this version's, the jobs stand still, or the program ends.
pub async fn ready(app: &App) -> Result<(), &'static str> {
    if app.stop().asked() {
        return Err("The program is ending.");
    }
    // A matter of real time, also where a test sets the clock.
    match tokio::time::timeout(PATIENCE, app.db().is_current()).await {
        Ok(Ok(true)) => {}
        Ok(Ok(false)) => return Err("The database is that of another version of Rollcall."),
        Ok(Err(_)) | Err(_) => return Err("The database does not answer."),
    }
    if lives(app) {
        Ok(())
    } else {
        Err("The jobs stand still: the log says why.")
    }
}

/// Whether the loop that does the jobs turns.
pub fn lives(app: &App) -> bool {
    let turned = app.jobs().turned();
    turned.is_some_and(|at| app.clock().now() - at < STILL)
}

/// What is counted in the database.
struct Seen {
    runs: Vec<Counted>,
    changes: Vec<Counted>,
    queue: Queue,
    companies: Vec<Brief>,
    good: std::collections::HashMap<i64, LastRun>,
    held: i64,
    quarantines: Vec<(String, i64)>,
    budgets: Vec<(i64, String, Budget)>,
}

impl Seen {
    fn load(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<Self> {
        Ok(Self {
            runs: counts::runs(conn, now - WINDOW)?,
            changes: counts::changes(conn, now - WINDOW)?,
            queue: counts::queue(conn, now)?,
            companies: fleet::companies(conn)?,
            good: fleet::last_good_runs(conn)?,
            held: fleet::held(conn)?.into_values().sum(),
            quarantines: counts::quarantines(conn)?,
            budgets: budgets(conn)?,
        })
    }
}

/// The budgets as they were last read, with the row ids and names of their PSA connections.
fn budgets(conn: &mut Conn) -> QueryResult<Vec<(i64, String, Budget)>> {
    let mut found = Vec::new();
    for (id, name) in psa_connections::labels(conn)? {
        let known = facts::get(conn, &facts::psa_scope(id), BUDGET)?;
        let budget = known.and_then(|(value, _)| serde_json::from_value(value).ok());
        found.extend(budget.map(|budget| (id, name, budget)));
    }
    Ok(found)
}

/// The numbers, as Prometheus reads them.
///
/// # Errors
/// Where the database fails.
pub async fn numbers(app: &App) -> Result<String, DbError> {
    let now = app.clock().now();
    let seen = app.db().read(move |conn| Seen::load(conn, now)).await?;
    let recorder = PrometheusBuilder::new().build_recorder();
    metrics::with_local_recorder(&recorder, || {
        of_the_process(app, now);
        of_the_database(&seen, now);
    });
    Ok(recorder.handle().render())
}

fn of_the_process(app: &App, now: DateTime<Utc>) {
    describe_gauge!("rollcall_build_info", "Always 1; the version is its label.");
    gauge!("rollcall_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1);
    describe_gauge!("rollcall_uptime_seconds", "Since this process began.");
    gauge!("rollcall_uptime_seconds").set(seconds(now - app.began()));
    describe_counter!(
        "rollcall_api_calls_total",
        "Requests that this process sent, retries included, by service and HTTP status; none: there was no answer."
    );
    for ((service, status), count) in app.http().answers() {
        let status = status.map_or_else(|| "none".to_owned(), |status| status.to_string());
        counter!("rollcall_api_calls_total", "service" => service, "status" => status)
            .absolute(count);
    }
}

fn of_the_database(seen: &Seen, now: DateTime<Utc>) {
    describe_gauge!(
        "rollcall_runs_last_day",
        "Runs that began in the last 24 hours, by mode and result."
    );
    for (mode, result, count) in &seen.runs {
        gauge!("rollcall_runs_last_day", "mode" => mode.clone(), "result" => result.clone())
            .set(number(*count));
    }
    describe_gauge!(
        "rollcall_changes_last_day",
        "Changes to contacts by the runs of the last 24 hours, by action and outcome."
    );
    for (action, outcome, count) in &seen.changes {
        gauge!("rollcall_changes_last_day", "action" => action.clone(), "outcome" => outcome.clone())
            .set(number(*count));
    }
    describe_gauge!(
        "rollcall_jobs",
        "Jobs: waiting (due, for a free hand), scheduled (not due yet) and running."
    );
    let queue = seen.queue;
    for (state, count) in [
        ("waiting", queue.waiting),
        ("scheduled", queue.scheduled),
        ("running", queue.running),
    ] {
        gauge!("rollcall_jobs", "state" => state).set(number(count));
    }
    describe_gauge!(
        "rollcall_job_oldest_waiting_seconds",
        "How long the job has been due that waits longest; 0: none waits."
    );
    let oldest = queue.oldest.map_or(0.0, |at| seconds(now - at));
    gauge!("rollcall_job_oldest_waiting_seconds").set(oldest);
    describe_gauge!(
        "rollcall_held_people",
        "People whose deactivation waits for a technician."
    );
    gauge!("rollcall_held_people").set(number(seen.held));
    describe_gauge!(
        "rollcall_quarantined_connections",
        "Connections that failed by a mistake that a person has to mend, by kind."
    );
    for kind in ["psa", "tenant"] {
        let found = seen.quarantines.iter().find(|(known, _)| known == kind);
        gauge!("rollcall_quarantined_connections", "kind" => kind)
            .set(number(found.map_or(0, |(_, count)| *count)));
    }
    of_the_budgets(seen);
    of_the_companies(seen, now);
}

fn of_the_budgets(seen: &Seen) {
    describe_gauge!(
        "rollcall_psa_budget_allowed",
        "Requests that the PSA allows in an hour, to all its programs together."
    );
    describe_gauge!(
        "rollcall_psa_budget_used",
        "How many of them were used, by all programs together, when that was last read."
    );
    describe_gauge!(
        "rollcall_psa_budget_left",
        "How many of them Rollcall had left then before it stops, which it does before all are used."
    );
    for (id, name, budget) in &seen.budgets {
        let labels = [("psa_id", id.to_string()), ("psa", name.clone())];
        gauge!("rollcall_psa_budget_allowed", &labels).set(number(whole(budget.allowed)));
        gauge!("rollcall_psa_budget_used", &labels).set(number(whole(budget.used)));
        gauge!("rollcall_psa_budget_left", &labels).set(number(whole(budget.left())));
    }
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn of_the_companies(seen: &Seen, now: DateTime<Utc>) {
    describe_gauge!(
        "rollcall_hours_since_last_good_run",
        "Of each company whose contact sync is on; since it was added, where it has had none."
    );
    let mut conflicts = 0;
    for company in seen.companies.iter().filter(|one| one.sync_contacts) {
        let good = seen.good.get(&company.id);
        let since = good.map_or(company.created_at, |run| run.started_at);
        gauge!(
            "rollcall_hours_since_last_good_run",
            "company_id" => company.id.to_string(), "company" => company.name.clone()
        )
        .set(seconds(now - since) / 3600.0);
        let counts: Option<Counts> =
            good.and_then(|run| serde::Deserialize::deserialize(&run.counts).ok());
        conflicts += counts.map_or(0, |counts| counts.conflict);
    }
    describe_gauge!(
        "rollcall_open_conflicts",
        "People who fit no single contact, as the last good run of each company counted them."
    );
    gauge!("rollcall_open_conflicts").set(number(i64::try_from(conflicts).unwrap_or(i64::MAX)));
}

fn seconds(time: TimeDelta) -> f64 {
    time.as_seconds_f64()
}

/// No count here is so large that it would lose its last digits.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn number(count: i64) -> f64 {
    count as f64
}
