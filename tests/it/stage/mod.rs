//! Whole runs on a stage: the simulated clouds, a database of either kind, and an [`App`] that knows one company. Scenarios
//! are written once and played on every vendor and database by [`everywhere`] or [`each_vendor`].

mod acts;
pub mod contacts;
mod past;
pub mod people;
mod program;
pub mod psa;

use std::ffi::OsString;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use rollcall::app::{App, OF_COMPANY, OF_PSA};
use rollcall::clock::Clock;
use rollcall::config::Config;
use rollcall::db::{Conn, companies, psa_connections, secrets, tenant_connections};
use rollcall::model::{Cloud, Company, Filter, Guard, PsaConnection, Target, TenantConnection};
use rollcall::simulator::graph::{AppData, Graph, Login, Microsoft, SkuData, TenantData, UserData};
use rollcall::simulator::kit::{self, Running};
use rollcall::sync::report::{Line, Report};
use rollcall::sync::stop::{Stopper, stop};
use tempfile::TempDir;

pub use contacts::{Plain, contact};
pub use past::{an_update, counts, went_well};
pub use people::{SPB, User, user};
pub use program::program;
pub use psa::{PsaCloud, Vendor};

/// The tenant of the stage's company.
pub const TENANT: &str = "6f0c7b1e-0000-4000-8000-000000000001";
/// The app that reads it.
pub const CLIENT: &str = "8c1d0000-0000-4000-8000-000000000001";
/// Its secret.
pub const SECRET: &str = "a-client-secret";

/// Plays scenarios on both vendors and both databases.
macro_rules! everywhere {
    ($($scenario:ident),+ $(,)?) => {
        crate::stage::everywhere!(@on connectwise_sqlite ConnectWise Sqlite; $($scenario),+);
        crate::stage::everywhere!(@on connectwise_postgres ConnectWise Postgres; $($scenario),+);
        crate::stage::everywhere!(@on autotask_sqlite Autotask Sqlite; $($scenario),+);
        crate::stage::everywhere!(@on autotask_postgres Autotask Postgres; $($scenario),+);
    };
    (@on $module:ident $vendor:ident $store:ident; $($scenario:ident),+ $(,)?) => {
        mod $module {
            $(
                #[tokio::test]
                async fn $scenario() {
                    use crate::stage::{Stage, Store, Vendor};
                    super::$scenario(Stage::new(Vendor::$vendor, Store::$store).await).await;
                }
            )+
        }
    };
}
/// Plays scenarios on both vendors, with SQLite.
macro_rules! each_vendor {
    ($($scenario:ident),+ $(,)?) => {
        crate::stage::everywhere!(@on connectwise ConnectWise Sqlite; $($scenario),+);
        crate::stage::everywhere!(@on autotask Autotask Sqlite; $($scenario),+);
    };
}
pub(crate) use {each_vendor, everywhere};

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    Sqlite,
    Postgres,
}

/// The clouds, a database, and a process that works on them.
pub struct Stage {
    pub microsoft: Arc<Microsoft>,
    pub login: Running,
    pub graph: Running,
    pub psa: PsaCloud,
    pub clock: Clock,
    pub app: App,
    pub stopper: Stopper,
    /// The database's address.
    pub url: String,
    /// The row id of the PSA connection.
    pub psa_id: i64,
    /// The row id of the company.
    pub company_id: i64,
    pub folder: TempDir,
}

/// The time at which stages begin.
pub fn beginning() -> DateTime<Utc> {
    DateTime::from_timestamp(1_769_826_600, 0).unwrap()
}

impl Stage {
    /// A stage whose clock is set by hand, so that no run waits.
    pub async fn new(vendor: Vendor, store: Store) -> Self {
        Self::with_clock(vendor, store, Clock::set_at(beginning())).await
    }

    /// A stage with another clock.
    pub async fn with_clock(vendor: Vendor, store: Store, clock: Clock) -> Self {
        let microsoft = Microsoft::new();
        let client = AppData::reader(SECRET);
        microsoft.add_tenant(TenantData {
            id: TENANT.into(),
            display_name: "Contoso".into(),
            default_domain: "contoso.example".into(),
            apps: [(CLIENT.to_owned(), client)].into(),
            skus: vec![SkuData {
                sku_id: SPB.into(),
                sku_part_number: "SPB".into(),
                enabled_units: 1000,
                ..SkuData::default()
            }],
            ..TenantData::default()
        });
        let login = kit::start(Arc::new(Login(microsoft.clone())))
            .await
            .unwrap();
        let graph = kit::start(Arc::new(Graph(microsoft.clone())))
            .await
            .unwrap();
        let psa = PsaCloud::start(vendor).await;
        let folder = tempfile::tempdir().unwrap();
        let url = match store {
            Store::Sqlite => format!("sqlite://{}", folder.path().join("rollcall.db").display()),
            Store::Postgres => crate::postgres::database(),
        };
        let (stopper, asked) = stop();
        let settings = Settings {
            url: url.clone(),
            folder: folder.path().display().to_string(),
            login: login.url.clone(),
            graph: graph.url.clone(),
            psa: psa.running.url.clone(),
        };
        let app = App::open(settings.config(), clock.clone(), asked)
            .await
            .unwrap();
        let (psa_id, company_id) = set_up(&app, &psa).await;
        Self {
            microsoft,
            login,
            graph,
            psa,
            clock,
            app,
            stopper,
            url,
            psa_id,
            company_id,
            folder,
        }
    }

    fn settings(&self) -> Settings {
        Settings {
            url: self.url.clone(),
            folder: self.folder.path().display().to_string(),
            login: self.login.url.clone(),
            graph: self.graph.url.clone(),
            psa: self.psa.running.url.clone(),
        }
    }

    /// The environment of a process that works on this stage.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        self.settings().environment()
    }

    /// Another process on the same database and clouds, with what asks it to end.
    pub async fn another(&self) -> (App, Stopper) {
        let (stopper, asked) = stop();
        let app = App::open(self.settings().config(), self.clock.clone(), asked)
            .await
            .unwrap();
        (app, stopper)
    }

    /// A new process takes the place of the old one.
    pub async fn restart(&mut self) {
        (self.app, self.stopper) = self.another().await;
    }

    /// Reads the database.
    pub async fn read<T: Send + 'static>(
        &self,
        queries: impl FnOnce(&mut Conn) -> diesel::QueryResult<T> + Send + 'static,
    ) -> T {
        self.app.db().read(queries).await.unwrap()
    }

    /// Writes to the database.
    pub async fn write<T: Send + 'static>(
        &self,
        queries: impl FnOnce(&mut Conn) -> diesel::QueryResult<T> + Send + 'static,
    ) -> T {
        self.app.db().write(queries).await.unwrap()
    }

    /// The company as it is saved.
    pub async fn company(&self) -> Company {
        let id = self.company_id;
        self.read(move |conn| companies::get(conn, id))
            .await
            .unwrap()
    }

    /// The version of the company's settings.
    pub async fn version(&self) -> i64 {
        let id = self.company_id;
        self.read(move |conn| companies::version(conn, id))
            .await
            .unwrap()
    }

    /// Changes the company's settings.
    pub async fn set(&self, change: impl FnOnce(&mut Company)) {
        let mut company = self.company().await;
        change(&mut company);
        let now = self.clock.now();
        assert!(
            self.write(move |conn| companies::update(conn, &company, now))
                .await
        );
    }

    /// Changes the PSA connection.
    pub async fn set_connection(&self, change: impl FnOnce(&mut PsaConnection)) {
        let id = self.psa_id;
        let found = self.read(move |conn| psa_connections::get(conn, id)).await;
        let mut connection = found.unwrap();
        change(&mut connection);
        let now = self.clock.now();
        assert!(
            self.write(move |conn| psa_connections::update(conn, &connection, now))
                .await
        );
        self.app.forget_clients();
    }

    /// Puts users into the tenant, each in the place of the one with its id.
    pub fn users(&self, users: impl IntoIterator<Item = User>) {
        self.microsoft.tenant(TENANT, |tenant| {
            for user in users {
                let user = user.0;
                tenant.users.retain(|known| known.id != user.id);
                tenant.users.push(user);
            }
        });
    }

    /// Changes a user of the tenant by the name it was made with.
    pub fn edit(&self, name: &str, change: impl FnOnce(&mut UserData)) {
        let id = user(name).0.id;
        self.microsoft.tenant(TENANT, |tenant| {
            let mut users = tenant.users.iter_mut();
            change(users.find(|user| user.id == id).unwrap());
        });
    }

    /// Deletes a user of the tenant.
    pub fn delete(&self, name: &str) {
        let id = user(name).0.id;
        self.microsoft
            .tenant(TENANT, |tenant| tenant.users.retain(|user| user.id != id));
    }
}

/// The report's line of a user, by the name it was made with.
pub fn line<'a>(report: &'a Report, name: &str) -> &'a Line {
    let id = user(name).0.id;
    let mut lines = report.people.iter();
    let found = lines.find(|line| line.user_id.as_str() == id);
    found.unwrap_or_else(|| panic!("no line for {name}: {:?}", report.people))
}

/// A filter without a name.
pub fn filter(when: Vec<rollcall::model::Test>, target: Target) -> Filter {
    let condition = |test| rollcall::model::Condition {
        negated: false,
        test,
    };
    Filter {
        name: None,
        enabled: true,
        when: when.into_iter().map(condition).collect(),
        target,
    }
}

/// Where everything is.
struct Settings {
    url: String,
    folder: String,
    login: String,
    graph: String,
    psa: String,
}

impl Settings {
    fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("ROLLCALL_DATA_DIR", self.folder.clone()),
            ("ROLLCALL_DATABASE_URL", self.url.clone()),
            ("ROLLCALL_SECRET_KEY", STANDARD.encode([7_u8; 32])),
            ("ROLLCALL_LOGIN_URL", self.login.clone()),
            ("ROLLCALL_GRAPH_URL", self.graph.clone()),
            ("ROLLCALL_AUTOTASK_URL", self.psa.clone()),
        ]
    }

    fn config(&self) -> Config {
        let environment = self.environment();
        Config::from_env(|name| {
            let mut found = environment.iter().filter(|(known, _)| *known == name);
            found.next().map(|(_, value)| OsString::from(value))
        })
        .unwrap()
    }
}

/// How the stage's tenant is read.
pub fn tenant_connection() -> TenantConnection {
    TenantConnection {
        tenant_id: TENANT.into(),
        client_id: CLIENT.into(),
        certificate: false,
        expires: None,
        cloud: Cloud::Global,
    }
}

/// Puts the connection, the company and their secrets into the database.
async fn set_up(app: &App, psa: &PsaCloud) -> (i64, i64) {
    let now = app.clock().now();
    let (connection, psa_secrets) = psa.connection();
    let tenant = tenant_connection();
    let psa_company_id = psa::COMPANY.to_string().into();
    let (psa_id, company_id) = app
        .db()
        .write(move |conn| {
            let psa_id = psa_connections::insert(conn, &connection, now)?;
            let company = Company {
                id: 0,
                name: "Contoso".into(),
                psa_id,
                psa_company_id,
                sync_contacts: true,
                update_existing: true,
                use_email: false,
                default_site: None,
                schedule: None,
                timezone: "UTC".into(),
                guard: Guard::default(),
                filters: Vec::new(),
                ignored: Vec::new(),
            };
            let id = companies::insert(conn, &company, now)?;
            tenant_connections::put(conn, id, &tenant, now)?;
            Ok((psa_id, id))
        })
        .await
        .unwrap();
    for (name, secret) in &psa_secrets {
        put_secret(app, OF_PSA, psa_id, name, secret).await;
    }
    put_secret(app, OF_COMPANY, company_id, "client_secret", SECRET).await;
    (psa_id, company_id)
}

/// Seals a secret and puts it into the database.
pub async fn put_secret(app: &App, kind: &'static str, id: i64, name: &str, secret: &str) {
    let sealed = app.keyring().seal(kind, id, name, secret.as_bytes());
    let name = name.to_owned();
    app.db()
        .write(move |conn| secrets::put(conn, kind, id, &name, &sealed, None))
        .await
        .unwrap();
}
