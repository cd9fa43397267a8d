//! A company before a run that is to die, and trials with copies of it.

use std::ffi::OsString;
use std::path::Path;

use rollcall::app::App;
use rollcall::clock::Clock;
use rollcall::config::Config;
use rollcall::db::{Db, companies, facts, psa_connections};
use rollcall::simulator::kit::{Fault, Running};
use rollcall::sync::stop::stop;
use tempfile::TempDir;

use super::{End, world};
use crate::stage::{Plain, PsaCloud, Stage, Store, Vendor, program};

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
    _microsoft: [Running; 2],
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
    pub async fn holding(vendor: Vendor, store: Store) -> Self {
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
    pub url: String,
    pub company_id: i64,
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
    pub async fn run(&self, arguments: &[&str], fault: Option<Fault>) -> Option<i32> {
        self.psa.controls().clear_faults();
        if let Some(fault) = fault {
            self.psa.controls().fault(fault);
        }
        let child = program(self.environment.clone(), arguments)
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
