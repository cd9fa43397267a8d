//! One world: simulated clouds with a few companies of both vendors, a database of either kind, and one to three processes
//! that work on it within this one.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rand::RngExt;
use rollcall::app::App;
use rollcall::clock::Clock;
use rollcall::config::Config;
use rollcall::db::{Conn, companies};
use rollcall::model::Company;
use rollcall::model::filter::Named;
use rollcall::simulator::autotask::{self, Autotask};
use rollcall::simulator::connectwise::ConnectWise;
use rollcall::simulator::graph::{Graph, Login, Microsoft, UserData};
use rollcall::simulator::kit::{self, Controls, Running};
use rollcall::sync::stop::stop;
use tempfile::TempDir;

use super::history::Differences;
use super::script::Script;
use super::seen::Cloud;
use super::watch::{Effects, Watched};
use crate::stage::Store;

/// The app that reads every tenant.
pub const CLIENT: &str = "8c1d0000-0000-4000-8000-000000000001";
/// Its secret.
pub const SECRET: &str = "a-client-secret";

/// One PSA connection.
pub struct Psa {
    pub cloud: Cloud,
    pub running: Running,
    pub effects: Effects,
    /// Row id of the connection.
    pub row: i64,
    /// The connection's default contact type.
    pub default_type: Option<String>,
}

/// One company.
pub struct Town {
    /// Its number in the script.
    pub number: usize,
    /// Row id.
    pub row: i64,
    /// Its PSA's place.
    pub psa: usize,
    pub tenant: String,
    /// Its id in the PSA.
    pub company: i64,
    pub sites: BTreeMap<String, i64>,
    pub types: BTreeMap<String, i64>,
    pub domain: String,
    pub groups: Vec<(String, String)>,
    /// Users who were deleted.
    pub gone: Vec<UserData>,
    /// Every user that there ever was.
    pub everybody: BTreeSet<String>,
    /// Contacts that technicians changed, merged away or linked by hand since the last quiet night.
    pub by_hand: BTreeSet<String>,
    /// Users whom a technician linked by hand, ever.
    pub linked_by_hand: BTreeSet<String>,
    /// Where history and PSA differed after the last quiet night, because of what technicians did in between.
    pub differences: RefCell<Differences>,
}

/// Everything.
pub struct World {
    pub script: Script,
    pub night: usize,
    pub microsoft: Arc<Microsoft>,
    pub login: Running,
    pub graph: Running,
    pub psas: Vec<Psa>,
    pub towns: Vec<Town>,
    pub clock: Clock,
    pub environment: Vec<(&'static str, String)>,
    /// The processes.
    pub workers: Vec<App>,
    /// Whether Autotask ever said that it took a title and did not: nothing in its answer shows it.
    pub untitled: Cell<bool>,
    _folder: TempDir,
}

/// Half of a world's companies are big.
pub fn is_big(seed: u64, number: usize) -> bool {
    (number as u64 + seed / 4).is_multiple_of(2)
}

impl World {
    /// Builds the world of a script.
    pub async fn build(script: &Script, clock: Clock) -> Self {
        let store = if script.seed % 4 == 3 {
            Store::Postgres
        } else {
            Store::Sqlite
        };
        Self::build_on(script, clock, store).await
    }

    /// The same on this kind of database.
    pub async fn build_on(script: &Script, clock: Clock, store: Store) -> Self {
        let mut dice = script.dice(9_999, 0);
        let microsoft = Microsoft::new();
        let login = kit::start(Arc::new(Login(microsoft.clone())))
            .await
            .unwrap();
        let graph = kit::start(Arc::new(Graph(microsoft.clone())))
            .await
            .unwrap();
        let connectwise = Arc::new(ConnectWise::default());
        connectwise.switch(|all| all.default_flag_moves = script.seed % 3 != 1);
        let autotask = Arc::new(Autotask::new(autotask::Settings::default()));
        let clouds = [Cloud::ConnectWise(connectwise), Cloud::Autotask(autotask)];
        let mut psas = Vec::new();
        for cloud in clouds {
            let effects = Effects::default();
            let watched = Watched::new(&cloud, &effects);
            psas.push(Psa {
                running: kit::start(Arc::new(watched)).await.unwrap(),
                cloud,
                effects,
                row: 0,
                default_type: None,
            });
        }
        let folder = tempfile::tempdir().unwrap();
        let url = match store {
            Store::Sqlite => format!("sqlite://{}", folder.path().join("rollcall.db").display()),
            Store::Postgres => crate::postgres::database(),
        };
        let environment = vec![
            ("ROLLCALL_DATA_DIR", folder.path().display().to_string()),
            ("ROLLCALL_DATABASE_URL", url),
            ("ROLLCALL_SECRET_KEY", STANDARD.encode([7_u8; 32])),
            ("ROLLCALL_LOGIN_URL", login.url.clone()),
            ("ROLLCALL_GRAPH_URL", graph.url.clone()),
            ("ROLLCALL_AUTOTASK_URL", psas[1].running.url.clone()),
        ];
        let mut world = Self {
            script: script.clone(),
            night: 0,
            microsoft,
            login,
            graph,
            psas,
            towns: Vec::new(),
            clock,
            environment,
            workers: Vec::new(),
            untitled: Cell::new(false),
            _folder: folder,
        };
        let app = world.open().await;
        world.settle(&app, &mut dice).await;
        // The first look at a timetable asks for nothing.
        rollcall::jobs::schedule::tick(&app).await.unwrap();
        world.workers.push(app);
        for _ in 1..dice.random_range(1..=3) {
            let further = world.open().await;
            world.workers.push(further);
        }
        world
    }

    /// A new process.
    pub async fn open(&self) -> App {
        let config = Config::from_env(|name| {
            let mut found = self.environment.iter().filter(|(known, _)| *known == name);
            found.next().map(|(_, value)| OsString::from(value))
        });
        let (stopper, asked) = stop();
        // Whoever drops it asks nobody to stop.
        std::mem::forget(stopper);
        App::open(config.unwrap(), self.clock.clone(), asked)
            .await
            .unwrap()
    }

    pub fn controls(&self) -> impl Iterator<Item = &Controls> {
        let psas = self.psas.iter().map(|psa| &psa.running.controls);
        [&self.login.controls, &self.graph.controls]
            .into_iter()
            .chain(psas)
    }

    pub async fn read<T: Send + 'static>(
        &self,
        queries: impl FnOnce(&mut Conn) -> diesel::QueryResult<T> + Send + 'static,
    ) -> T {
        self.workers[0].db().read(queries).await.unwrap()
    }

    pub async fn write<T: Send + 'static>(
        &self,
        queries: impl FnOnce(&mut Conn) -> diesel::QueryResult<T> + Send + 'static,
    ) -> T {
        self.workers[0].db().write(queries).await.unwrap()
    }

    pub async fn company(&self, town: &Town) -> Company {
        let id = town.row;
        self.read(move |conn| companies::get(conn, id))
            .await
            .unwrap()
    }
}

impl Town {
    /// A site as settings name it.
    pub fn site<Id: From<String>>(&self, name: &str) -> Named<Id> {
        Named {
            id: self.sites[name].to_string().into(),
            name: name.into(),
        }
    }
}
