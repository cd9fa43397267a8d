//! The fleet that the portal is measured with: a company of each kind comes from real runs against the simulated clouds, and all
//! others are their copies.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use diesel::connection::SimpleConnection;
use rollcall::app::{App, OF_COMPANY, OF_PSA};
use rollcall::clock::Clock;
use rollcall::config::Config;
use rollcall::db::jobs::Priority;
use rollcall::db::{companies, psa_connections, secrets, tenant_connections};
use rollcall::jobs;
use rollcall::model::filter::Named;
use rollcall::model::{
    Cloud, Company, Condition, DirectoryField, Filter, Guard, Mode, PsaConnection, Target,
    TenantConnection, Test,
};
use rollcall::simulator::connectwise::{self, ConnectWise};
use rollcall::simulator::graph::{AppData, Graph, Login, Microsoft};
use rollcall::simulator::kit::{Running, start};
use rollcall::simulator::world::{
    Customer, Day, Happening, Options, Psa, load_connectwise, load_graph,
};
use rollcall::sync::stop::{Stopper, stop};

use crate::copies;
use crate::visitor::NAME;

pub const COMPANIES: i64 = 500;
/// So many people most companies have.
const PEOPLE: usize = 190;
/// So many the largest has.
const MANY: usize = 5_000;
/// So many runs of each company stand in the history.
pub const RUNS: i64 = 30;

const CLIENT: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const SECRET: &str = "a-secret-of-the-bench";

pub struct Clouds {
    microsoft: Arc<Microsoft>,
    connectwise: Arc<ConnectWise>,
    login: Running,
    graph: Running,
    psa: Running,
}

impl Clouds {
    pub async fn start() -> anyhow::Result<Self> {
        let microsoft = Microsoft::new();
        let connectwise = Arc::new(ConnectWise::new(connectwise::Settings::default()));
        Ok(Self {
            login: start(Arc::new(Login(microsoft.clone()))).await?,
            graph: start(Arc::new(Graph(microsoft.clone()))).await?,
            psa: start(connectwise.clone()).await?,
            microsoft,
            connectwise,
        })
    }
}

pub async fn open(folder: &Path, clouds: &Clouds) -> anyhow::Result<(Stopper, App)> {
    let settings = [
        ("ROLLCALL_DATA_DIR", folder.display().to_string()),
        (
            "ROLLCALL_DATABASE_URL",
            format!("sqlite://{}", folder.join("rollcall.db").display()),
        ),
        ("ROLLCALL_LOGIN_URL", clouds.login.url.clone()),
        ("ROLLCALL_GRAPH_URL", clouds.graph.url.clone()),
    ];
    let config = Config::from_env(|name| {
        let mut known = settings.iter().filter(|(known, _)| *known == name);
        known.next().map(|(_, value)| value.into())
    });
    let config = config.map_err(|problems| anyhow::anyhow!("{problems:?}"))?;
    let (stopper, asked) = stop();
    Ok((stopper, App::open(config, Clock::real(), asked).await?))
}

/// What a company is like. Each kind is made by real runs against the simulated clouds; the other companies are its copies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Conflicts,
    Held,
    Failing,
    Large,
}

/// Each kind, and how many companies are like it.
const KINDS: [(Kind, i64); 5] = [
    (Kind::Plain, COMPANIES - 51),
    (Kind::Conflicts, 20),
    (Kind::Held, 20),
    (Kind::Failing, 10),
    (Kind::Large, 1),
];

pub struct Fleet {
    pub people: usize,
    /// The row id of the first company of each kind, in their order.
    ids: Vec<i64>,
    /// A run of each of them that did something.
    runs: Vec<String>,
    /// A user of each of them.
    users: Vec<String>,
}

impl Fleet {
    pub async fn seed(app: &App, clouds: &Clouds) -> anyhow::Result<Self> {
        let psa_id = add_psa(app, clouds).await?;
        let mut fleet = Self {
            people: 0,
            ids: Vec::new(),
            runs: Vec::new(),
            users: Vec::new(),
        };
        for (number, (kind, copies)) in KINDS.into_iter().enumerate() {
            let options = Options {
                contacts_percent: 90,
                messy: matches!(kind, Kind::Conflicts | Kind::Large),
                ..Options::default()
            };
            let people = if kind == Kind::Large { MANY } else { PEOPLE };
            let customer = Customer::generate(7, &format!("Customer {number}"), people, &options);
            fleet.people += customer.tenant.users.len() * usize::try_from(copies)?;
            let id = add_company(app, clouds, psa_id, &customer).await?;
            let runs = nights(app, clouds, kind, (id, &customer)).await?;
            fleet.ids.push(id);
            fleet.runs.push(runs);
            let user = customer.tenant.users.first().context("no user")?;
            fleet.users.push(user.id.clone());
        }
        let mut sql = String::new();
        sql.push_str("CREATE TABLE copies (source BIGINT, run TEXT, copy BIGINT PRIMARY KEY);");
        let mut next = 1_000;
        for ((_, copies), (id, run)) in KINDS.iter().zip(fleet.ids.iter().zip(&fleet.runs)) {
            for _ in 1..*copies {
                next += 1;
                writeln!(sql, "INSERT INTO copies VALUES ({id}, '{run}', {next});")?;
            }
            writeln!(sql, "{}", copies::earlier_runs(*id, run))?;
        }
        app.db()
            .write(move |conn| {
                conn.batch_execute(&sql)?;
                copies::copy(conn)?;
                conn.batch_execute("DROP TABLE copies;")
            })
            .await
            .context("the copies")?;
        let now = app.clock().now();
        app.db()
            .write(move |conn| {
                for company in companies::list(conn)? {
                    let (night, name) = (Priority::Night, "schedule");
                    jobs::enqueue_run(conn, company.id, Mode::Update, night, name, now)?;
                }
                Ok(())
            })
            .await?;
        Ok(fleet)
    }

    fn id(&self, kind: Kind) -> i64 {
        let place = KINDS.iter().position(|(known, _)| *known == kind);
        self.ids[place.unwrap_or_default()]
    }

    /// The pages, and whether each is a list.
    pub fn pages(&self) -> Vec<(bool, String)> {
        let plain = self.id(Kind::Plain);
        let large = self.id(Kind::Large);
        let mut pages: Vec<(bool, String)> = [
            "/",
            "/?sort=last",
            "/?sort=people",
            "/?show=person",
            "/?s=1&page=5",
            "/runs",
            "/runs?status=failed",
            "/holds",
            "/conflicts",
            "/settings",
            "/settings/jobs",
            "/settings/staff",
            "/settings/licences",
            "/settings/psa",
        ]
        .map(|path| (true, path.to_owned()))
        .into();
        for (kind, id) in [(Kind::Plain, plain), (Kind::Large, large)] {
            for tab in [
                "",
                "/people",
                "/people?sort=state",
                "/people?s=2&page=3",
                "/preview",
                "/contact-sync",
                "/filters",
                "/runs",
                "/connection",
            ] {
                pages.push((true, format!("/companies/{id}{tab}")));
            }
            let place = usize::from(kind == Kind::Large) * (KINDS.len() - 1);
            let user = &self.users[place];
            pages.push((true, format!("/companies/{id}/people/{user}")));
            pages.push((true, format!("/runs/{}", self.runs[place])));
        }
        for id in [self.id(Kind::Conflicts), large] {
            pages.push((true, format!("/companies/{id}/conflicts")));
        }
        pages.push((true, format!("/companies/{}/hold", self.id(Kind::Held))));
        pages.push((false, "/fleet.csv".into()));
        pages.push((false, format!("/companies/{large}/people.csv")));
        pages
    }
}

async fn add_psa(app: &App, clouds: &Clouds) -> anyhow::Result<i64> {
    let now = app.clock().now();
    let settings = clouds.connectwise.edit(|state| state.settings.clone());
    let connection = PsaConnection {
        id: 0,
        name: "ConnectWise".into(),
        kind: "connectwise".into(),
        fields: BTreeMap::from([
            ("url".into(), clouds.psa.url.clone()),
            ("company_id".into(), settings.company_id),
        ]),
        default_contact_type: None,
    };
    let id = app
        .db()
        .write(move |conn| psa_connections::insert(conn, &connection, now))
        .await?;
    for (name, value) in [
        ("public_key", settings.public_key),
        ("private_key", settings.private_key),
        ("client_id", settings.client_id),
    ] {
        put_secret(app, OF_PSA, (id, name), &value).await?;
    }
    Ok(id)
}

async fn put_secret(
    app: &App,
    kind: &'static str,
    (id, name): (i64, &'static str),
    value: &str,
) -> anyhow::Result<()> {
    let sealed = app.keyring().seal(kind, id, name, value.as_bytes());
    app.db()
        .write(move |conn| secrets::put(conn, kind, id, name, &sealed, None))
        .await?;
    Ok(())
}

async fn add_company(
    app: &App,
    clouds: &Clouds,
    psa_id: i64,
    customer: &Customer,
) -> anyhow::Result<i64> {
    let tenant_id = load_graph(&clouds.microsoft, customer, CLIENT, AppData::reader(SECRET));
    let loaded = load_connectwise(&clouds.connectwise, customer);
    let filter = |department: &str, site: &str| Filter {
        name: Some(department.to_owned()),
        enabled: true,
        when: vec![Condition {
            negated: false,
            test: Test::Field {
                field: DirectoryField::Department,
                equals: department.to_owned(),
            },
        }],
        target: Target::Place {
            site: loaded.sites.get(site).map(|id| Named {
                id: id.to_string().into(),
                name: site.to_owned(),
            }),
            contact_type: None,
        },
    };
    let mut filters = vec![filter("IT", "New Site"), filter("Warehouse", "Site 2")];
    filters.push(Filter {
        name: Some("Everybody".into()),
        when: vec![Condition {
            negated: false,
            test: Test::Licensed,
        }],
        ..filter("", "Main")
    });
    let company = Company {
        id: 0,
        name: customer.name.clone(),
        psa_id,
        psa_company_id: loaded.company_id.to_string().into(),
        sync_contacts: true,
        update_existing: true,
        use_email: true,
        default_site: None,
        schedule: Some("02:00".into()),
        timezone: "Europe/London".into(),
        guard: Guard::default(),
        filters,
        ignored: Vec::new(),
    };
    let tenant = TenantConnection {
        tenant_id: tenant_id.as_str().into(),
        client_id: CLIENT.into(),
        certificate: false,
        expires: None,
        cloud: Cloud::Global,
    };
    let now = app.clock().now();
    let id = app
        .db()
        .write(move |conn| {
            let id = companies::insert(conn, &company, now)?;
            tenant_connections::put(conn, id, &tenant, now)?;
            Ok(id)
        })
        .await?;
    put_secret(app, OF_COMPANY, (id, "client_secret"), SECRET).await?;
    Ok(id)
}

/// Two nights and a preview; gives the first run that was like all others.
async fn nights(
    app: &App,
    clouds: &Clouds,
    kind: Kind,
    (id, customer): (i64, &Customer),
) -> anyhow::Result<String> {
    work(app, id, false).await?;
    let mut day = Day::new(7, &clouds.microsoft, &customer.tenant.id);
    let psa = Psa::ConnectWise(&clouds.connectwise);
    day.happen(&Happening::Renames(3), psa, 0);
    day.happen(&Happening::Joiners(1), psa, 0);
    let run = work(app, id, false).await?;
    match kind {
        Kind::Held => {
            day.happen(&Happening::LosesAThird, psa, 0);
            work(app, id, false).await?;
        }
        Kind::Failing => {
            put_secret(app, OF_COMPANY, (id, "client_secret"), "an old one").await?;
            app.forget_clients();
            work(app, id, false).await?;
        }
        _ => {
            day.happen(&Happening::Renames(3), psa, 0);
        }
    }
    work(app, id, true).await?;
    Ok(run)
}

/// Does a run, or a preview, as a job; gives its id.
async fn work(app: &App, company: i64, preview: bool) -> anyhow::Result<String> {
    let now = app.clock().now();
    let asked = app.db().write(move |conn| {
        if preview {
            jobs::enqueue_preview(conn, company, NAME, now)
        } else {
            jobs::enqueue_run(conn, company, Mode::Update, Priority::Night, NAME, now)
        }
    });
    let job = asked.await?.id();
    anyhow::ensure!(jobs::step(app).await?, "no job was due");
    let done = app
        .db()
        .read(move |conn| rollcall::db::jobs::get(conn, job))
        .await?;
    done.and_then(|job| job.run_id).context("no run began")
}
