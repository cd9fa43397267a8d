//! Runs that die: the simulated PSA kills the program at each of a run's writes, before and after the effect, and the next
//! run ends as if nothing had happened (`behaviour.md` section 9).

mod chaos;
mod drops;
mod undone;
pub mod world;

use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use rollcall::app::App;
use rollcall::clock::Clock;
use rollcall::config::Config;
use rollcall::db::writes::WriteState;
use rollcall::db::{
    Db, changes, companies, facts, links, psa_connections, runs, tenant_connections, writes,
};
use rollcall::model::{Action, Outcome};
use rollcall::simulator::kit::{Fault, FaultKind};
use rollcall::sync::stop::stop;
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::stage::{Plain, PsaCloud, Stage, Store, Vendor};

/// So many trials at once, over all tests: most of a trial's time is spent waiting for the PSA's possible late effect.
static AT_ONCE: Semaphore = Semaphore::const_new(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_run_on_connectwise_and_sqlite_ends_as_if_it_had_not_died() {
    killed_at_each_write(Vendor::ConnectWise, Store::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_run_on_connectwise_and_postgres_ends_as_if_it_had_not_died() {
    killed_at_each_write(Vendor::ConnectWise, Store::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_run_on_autotask_and_sqlite_ends_as_if_it_had_not_died() {
    killed_at_each_write(Vendor::Autotask, Store::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_run_on_autotask_and_postgres_ends_as_if_it_had_not_died() {
    killed_at_each_write(Vendor::Autotask, Store::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_on_connectwise_that_is_killed_twice_ends_as_if_it_had_not_died() {
    killed_twice(Vendor::ConnectWise, Store::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_on_autotask_that_is_killed_twice_ends_as_if_it_had_not_died() {
    killed_twice(Vendor::Autotask, Store::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_approval_on_connectwise_is_carried_on() {
    killed_approval(Vendor::ConnectWise, Store::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_approval_on_autotask_is_carried_on() {
    killed_approval(Vendor::Autotask, Store::Sqlite).await;
}

const SYNC: &[&str] = &["sync", "--company", "Contoso", "--json"];
const APPROVE: &[&str] = &["holds", "approve", "--company", "Contoso", "--json"];

const KINDS: [FaultKind; 2] = [FaultKind::KillBefore, FaultKind::KillAfter];

fn kill(kind: &FaultKind, at: usize) -> Fault {
    Fault::once(kind.clone()).on_writes().after(at)
}

/// Awaits every trial.
async fn all(mut trials: JoinSet<()>) {
    while let Some(done) = trials.join_next().await {
        done.unwrap();
    }
}

/// The run that follows a death dies too, at one of its first writes, and a third one ends.
async fn killed_twice(vendor: Vendor, store: Store) {
    let world = Arc::new(Prepared::new(vendor, store).await);
    let trial = Trial::new(&world).await;
    assert_eq!(trial.run(SYNC, None).await, Some(0));
    let (undisturbed, writes) = (Arc::new(trial.end().await), trial.psa.writes());
    let mut trials = JoinSet::new();
    for at in 0..writes - 8 {
        let (first, second) = (KINDS[at % 2].clone(), KINDS[at / 2 % 2].clone());
        let (world, undisturbed) = (world.clone(), undisturbed.clone());
        trials.spawn(async move {
            let _place = AT_ONCE.acquire().await.unwrap();
            let trial = Trial::new(&world).await;
            assert_eq!(trial.run(SYNC, Some(kill(&first, at))).await, None);
            assert_eq!(trial.run(SYNC, Some(kill(&second, at % 3))).await, None);
            assert_eq!(trial.run(SYNC, None).await, Some(0));
            let end = trial.end().await;
            end.same(
                &undisturbed,
                &format!("{first:?} at write {at}, then {second:?}"),
            );
        });
    }
    all(trials).await;
}

/// A technician approves, the program dies, and the technician approves again.
async fn killed_approval(vendor: Vendor, store: Store) {
    let world = Arc::new(Prepared::holding(vendor, store).await);
    let trial = Trial::new(&world).await;
    assert_eq!(trial.run(SYNC, None).await, Some(3));
    let before = trial.psa.writes();
    assert_eq!(trial.run(APPROVE, None).await, Some(0));
    assert_eq!(trial.psa.writes(), before + 5, "five leavers");
    let undisturbed = Arc::new(trial.end().await);
    let mut trials = JoinSet::new();
    for at in 0..5 {
        for kind in KINDS {
            let (world, undisturbed) = (world.clone(), undisturbed.clone());
            trials.spawn(async move {
                let _place = AT_ONCE.acquire().await.unwrap();
                let trial = Trial::new(&world).await;
                assert_eq!(trial.run(SYNC, None).await, Some(3));
                assert_eq!(trial.run(APPROVE, Some(kill(&kind, at))).await, None);
                assert_eq!(trial.run(APPROVE, None).await, Some(0), "{kind:?} at {at}");
                trial
                    .end()
                    .await
                    .same(&undisturbed, &format!("{kind:?} at {at}"));
                assert_eq!(trial.run(SYNC, None).await, Some(0), "no hold is open");
            });
        }
    }
    all(trials).await;
}

async fn killed_at_each_write(vendor: Vendor, store: Store) {
    let world = Arc::new(Prepared::new(vendor, store).await);
    let trial = Trial::new(&world).await;
    assert_eq!(trial.run(SYNC, None).await, Some(0));
    let undisturbed = Arc::new(trial.end().await);
    let writes = trial.psa.writes();
    assert!(writes >= 40, "{writes} writes");
    assert_eq!(trial.run(SYNC, None).await, Some(0));
    assert_eq!(trial.psa.writes(), writes, "nothing is left to write");

    let mut trials = JoinSet::new();
    for at in 0..writes {
        for kind in KINDS {
            let (world, undisturbed) = (world.clone(), undisturbed.clone());
            trials.spawn(async move {
                let _place = AT_ONCE.acquire().await.unwrap();
                let trial = Trial::new(&world).await;
                let killed = trial.run(SYNC, Some(kill(&kind, at))).await;
                assert_eq!(killed, None, "{kind:?} at write {at}: it was not killed");
                assert_eq!(
                    trial.run(SYNC, None).await,
                    Some(0),
                    "{kind:?} at write {at}"
                );
                trial
                    .end()
                    .await
                    .same(&undisturbed, &format!("{kind:?} at write {at}"));
            });
        }
    }
    all(trials).await;
}

/// A company before the run that is to die.
pub struct Prepared {
    vendor: Vendor,
    store: Store,
    /// The database's address; nobody is connected to it.
    url: String,
    folder: TempDir,
    contacts: Vec<Plain>,
    environment: Vec<(&'static str, String)>,
    psa_id: i64,
    company_id: i64,
    /// Microsoft's two services, which no trial changes.
    _microsoft: [rollcall::simulator::kit::Running; 2],
}

impl Prepared {
    /// Makes the world, and closes its database.
    pub async fn new(vendor: Vendor, store: Store) -> Self {
        let stage = Stage::with_clock(vendor, store, Clock::real()).await;
        world::make(&stage).await;
        let environment = stage.environment();
        let contacts = stage.psa.look();
        let Stage {
            app,
            login,
            graph,
            url,
            folder,
            psa_id,
            company_id,
            ..
        } = stage;
        drop(app);
        Self {
            vendor,
            store,
            url,
            folder,
            contacts,
            environment,
            psa_id,
            company_id,
            _microsoft: [login, graph],
        }
    }

    /// The same with a guard that holds the leavers.
    async fn holding(vendor: Vendor, store: Store) -> Self {
        let world = Self::new(vendor, store).await;
        let id = world.company_id;
        let db = Db::open(&world.url, Clock::real()).await.unwrap();
        db.write(move |conn| {
            let mut company = companies::get(conn, id)?.unwrap();
            company.guard.floor = 1;
            company.guard.percent = 0;
            companies::update(conn, &company, chrono::DateTime::default())
        })
        .await
        .unwrap();
        world
    }

    /// A copy of the database for a trial with this folder.
    fn copy(&self, folder: &Path) -> String {
        if self.store == Store::Postgres {
            return crate::postgres::copy(&self.url);
        }
        for name in ["rollcall.db", "rollcall.db-wal"] {
            let from = self.folder.path().join(name);
            if from.exists() {
                std::fs::copy(from, folder.join(name)).unwrap();
            }
        }
        format!("sqlite://{}", folder.join("rollcall.db").display())
    }
}

/// One run that dies and one that follows, with a PSA and a database of their own.
pub struct Trial {
    pub psa: PsaCloud,
    pub environment: Vec<(&'static str, String)>,
    url: String,
    company_id: i64,
    _folder: TempDir,
}

impl Trial {
    /// Copies the prepared world.
    pub async fn new(world: &Prepared) -> Self {
        let psa = PsaCloud::start(world.vendor).await;
        for contact in &world.contacts {
            psa.put(contact);
        }
        let folder = tempfile::tempdir().unwrap();
        let url = world.copy(folder.path());
        let db = Db::open(&url, Clock::real()).await.unwrap();
        let (id, address) = (world.psa_id, psa.running.url.clone());
        db.write(move |conn| {
            let mut connection = psa_connections::get(conn, id)?.unwrap();
            if let Some(url) = connection.fields.get_mut("url") {
                *url = address;
            }
            psa_connections::update(conn, &connection, chrono::DateTime::default())?;
            facts::forget_one(conn, &format!("psa:{id}"), "address")
        })
        .await
        .unwrap();
        let mut environment = world.environment.clone();
        for (name, value) in &mut environment {
            match *name {
                "ROLLCALL_DATABASE_URL" => value.clone_from(&url),
                "ROLLCALL_DATA_DIR" => *value = folder.path().display().to_string(),
                "ROLLCALL_AUTOTASK_URL" => value.clone_from(&psa.running.url),
                _ => {}
            }
        }
        Self {
            psa,
            environment,
            url,
            company_id: world.company_id,
            _folder: folder,
        }
    }

    /// Runs the program; its exit status, `None` where it was killed.
    async fn run(&self, arguments: &[&str], fault: Option<Fault>) -> Option<i32> {
        self.psa.controls().clear_faults();
        if let Some(fault) = fault {
            self.psa.controls().fault(fault);
        }
        let child = tokio::process::Command::new(env!("CARGO_BIN_EXE_rollcall"))
            .args(arguments)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        self.psa.controls().set_victim(child.id().unwrap());
        let output = child.wait_with_output().await.unwrap();
        let code = output.status.code();
        if code.is_some_and(|code| code != 0 && code != 3) {
            let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            panic!(
                "{code:?}\n{}\n{}",
                said(&output.stdout),
                said(&output.stderr)
            );
        }
        code
    }

    /// A process of the trial within this one, a year later and with a clock that does not wait.
    pub async fn app(&self) -> App {
        let clock = Clock::set_at(crate::stage::beginning());
        clock.advance(std::time::Duration::from_hours(24 * 400));
        self.app_by(clock).await
    }

    /// A process of the trial within this one, with this clock.
    pub async fn app_by(&self, clock: Clock) -> App {
        let config = Config::from_env(|name| {
            let mut found = self.environment.iter().filter(|(known, _)| *known == name);
            found.next().map(|(_, value)| OsString::from(value))
        });
        let (_stopper, asked) = stop();
        App::open(config.unwrap(), clock, asked).await.unwrap()
    }

    /// What everything came to.
    pub async fn end(&self) -> End {
        let db = Db::open(&self.url, Clock::real()).await.unwrap();
        End::of(&db, self.company_id, &self.psa).await
    }
}

/// What must not depend on whether a run died: contacts, links, and the history of what went through, by the contact's
/// address, since ids are given in the order of creation.
pub struct End {
    contacts: Vec<Plain>,
    /// User principal name, contact, how it was made, and whether the user is deleted.
    links: Vec<(String, String, &'static str, bool)>,
    /// User principal name, contact, field, from, to.
    history: Vec<[String; 5]>,
}

impl End {
    /// Asserts that two ends are the same, and shows no more than what differs.
    pub fn same(&self, other: &Self, when: &str) {
        fn apart<T: std::fmt::Debug + PartialEq>(one: &[T], other: &[T], of: &str) -> Vec<String> {
            let only = |these: &[T], those: &[T], sign: &str| {
                let twice = |item: &&T| {
                    let count = |all: &[T]| all.iter().filter(|each| each == item).count();
                    count(these) > count(those)
                };
                let found = these.iter().filter(twice);
                found
                    .map(|item| format!("{sign} {of} {item:?}"))
                    .collect::<Vec<_>>()
            };
            [only(one, other, "+"), only(other, one, "-")].concat()
        }
        let differences = [
            apart(&self.contacts, &other.contacts, "contact"),
            apart(&self.links, &other.links, "link"),
            apart(&self.history, &other.history, "history"),
        ]
        .concat();
        assert!(
            differences.is_empty(),
            "{when}:\n{}",
            differences.join("\n")
        );
    }

    pub async fn of(db: &Db, company: i64, psa: &PsaCloud) -> Self {
        let mut contacts = psa.look();
        let address = |id: &str| {
            let mut contacts = contacts.iter().filter(|contact| contact.id == id);
            contacts
                .next()
                .and_then(|contact| contact.email.clone())
                .unwrap_or_default()
        };
        let psa_company = crate::stage::psa::COMPANY.to_string().into();
        let (linked, changed, states, open) = db
            .read(move |conn| {
                let tenant = tenant_connections::get(conn, company)?.unwrap();
                let found = links::in_force(conn, company, &tenant.tenant_id, &psa_company)?;
                let (mut lines, mut states, mut open) = (Vec::new(), Vec::new(), 0);
                for run in runs::list(conn, company, i64::MAX)? {
                    lines.extend(changes::of_run(conn, &run.id)?);
                    states.extend(writes::of_run(conn, &run.id)?);
                    open += u32::from(run.running);
                }
                Ok((found, lines, states, open))
            })
            .await
            .unwrap();
        assert_eq!(open, 0, "a run that is over is written down as over");
        assert!(
            states.iter().all(|write| write.state != WriteState::Sent),
            "all is settled"
        );
        let mut links: Vec<_> = linked
            .into_iter()
            .map(|link| {
                let contact = address(link.contact_id.as_str());
                (link.upn, contact, link.made.as_str(), link.user_deleted)
            })
            .collect();
        links.sort();
        let mut history = Vec::new();
        for line in changed {
            let line = line.change;
            let contact = line
                .contact_id
                .map(|id| address(id.as_str()))
                .unwrap_or_default();
            if line.action == Action::Link && line.outcome == Outcome::Applied {
                let linked = ["link", "", ""].map(str::to_owned);
                let [field, from, to] = linked;
                history.push([line.upn.clone(), contact.clone(), field, from, to]);
            }
            for field in line.fields.iter().filter(|field| field.applied) {
                let value = |value| rollcall::sync::report::value(value).to_string();
                history.push([
                    line.upn.clone(),
                    contact.clone(),
                    field.field.as_str().to_owned(),
                    value(&field.from),
                    value(&field.to),
                ]);
            }
        }
        history.sort();
        for contact in &mut contacts {
            contact.id.clear();
            contact.other_emails.sort();
        }
        contacts.sort_by(|one, other| one.email.cmp(&other.email));
        Self {
            contacts,
            links,
            history,
        }
    }
}
