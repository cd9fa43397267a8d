//! The simulated clouds of the demo: Microsoft's login and Graph, one ConnectWise and one Autotask, with the cast in them,
//! each on a free loopback port. It fills the clouds and lets a day pass; it tells nobody.

use std::sync::Arc;

use uuid::Uuid;

use crate::simulator::autotask::{self, Autotask};
use crate::simulator::connectwise::{self, ConnectWise};
use crate::simulator::graph::{AppData, Graph, Login, Microsoft};
use crate::simulator::kit::{self, Running};
use crate::simulator::world::{
    CastMember, Customer, Day, Event, Kind, Options, Psa, cast, load_graph,
};

/// Gives every demo the same day.
const SEED: u64 = 1;

/// The running clouds; they end when this is dropped.
pub(super) struct Clouds {
    microsoft: Arc<Microsoft>,
    connectwise: Arc<ConnectWise>,
    autotask: Arc<Autotask>,
    login: Running,
    graph: Running,
    connectwise_api: Running,
    autotask_api: Running,
    /// The keys of the ConnectWise connection.
    pub(super) connectwise_keys: connectwise::Settings,
    /// The keys of the Autotask connection.
    pub(super) autotask_keys: autotask::Settings,
    /// The companies, the worked example first.
    pub(super) companies: Vec<Placed>,
    /// A company that Rollcall does not know yet.
    pub(super) newcomer: Newcomer,
    /// The app that the MSP registered for all its customers; no tenant has it yet.
    pub(super) shared_app: SharedApp,
}

/// A company of the `ConnectWise` whose tenant has no app: somebody adds it in the portal.
pub(super) struct Newcomer {
    /// Its name.
    pub(super) name: String,
}

/// A multi-tenant app.
pub(super) struct SharedApp {
    /// Its (client) id.
    pub(super) client_id: String,
    /// Its secret.
    pub(super) client_secret: String,
}

/// A company and where it came to stand.
pub(super) struct Placed {
    /// The company as the world has it.
    pub(super) member: CastMember,
    /// Its id in its PSA.
    pub(super) psa_company_id: i64,
    /// Its tenant.
    pub(super) tenant_id: String,
    /// The app by which its tenant is read.
    pub(super) client_id: String,
    /// The app's secret.
    pub(super) client_secret: String,
}

impl Placed {
    /// The company's name.
    pub(super) fn name(&self) -> &str {
        &self.member.customer.name
    }
}

impl Clouds {
    /// Fills the clouds with the cast, under new keys, and starts them.
    pub(super) async fn start() -> std::io::Result<Self> {
        let connectwise_keys = connectwise::Settings {
            public_key: new_secret(),
            private_key: new_secret(),
            ..connectwise::Settings::default()
        };
        let autotask_keys = autotask::Settings {
            secret: new_secret(),
            ..autotask::Settings::default()
        };
        let microsoft = Microsoft::new();
        let connectwise = Arc::new(ConnectWise::new(connectwise_keys.clone()));
        let autotask = Arc::new(Autotask::new(autotask_keys.clone()));
        let mut companies = Vec::new();
        for member in cast() {
            let psa = psa(member.kind, &connectwise, &autotask);
            let psa_company_id = psa.load(&member.customer).company_id;
            let (client_id, client_secret) = (Uuid::new_v4().to_string(), new_secret());
            let app = AppData::reader(&client_secret);
            let tenant_id = load_graph(&microsoft, &member.customer, &client_id, app);
            companies.push(Placed {
                member,
                psa_company_id,
                tenant_id,
                client_id,
                client_secret,
            });
        }
        let newcomer = newcomer(&microsoft, &connectwise);
        let shared_app = SharedApp {
            client_id: Uuid::new_v4().to_string(),
            client_secret: new_secret(),
        };
        Ok(Self {
            newcomer,
            shared_app,
            login: kit::start(Arc::new(Login(microsoft.clone()))).await?,
            graph: kit::start(Arc::new(Graph(microsoft.clone()))).await?,
            connectwise_api: kit::start(connectwise.clone()).await?,
            autotask_api: kit::start(autotask.clone()).await?,
            microsoft,
            connectwise,
            autotask,
            connectwise_keys,
            autotask_keys,
            companies,
        })
    }

    /// Registers the multi-tenant app, whose answers may go to this address.
    pub(super) fn register_shared_app(&self, redirect_uri: &str) {
        let SharedApp {
            client_id,
            client_secret,
        } = &self.shared_app;
        let app = AppData::reader(client_secret);
        self.microsoft
            .register_app(client_id, app, vec![redirect_uri.to_owned()]);
    }

    /// The address of Microsoft's login.
    pub(super) fn login_url(&self) -> &str {
        &self.login.url
    }

    /// The address of Microsoft Graph.
    pub(super) fn graph_url(&self) -> &str {
        &self.graph.url
    }

    /// The address of ConnectWise.
    pub(super) fn connectwise_url(&self) -> &str {
        &self.connectwise_api.url
    }

    /// The address of Autotask.
    pub(super) fn autotask_url(&self) -> &str {
        &self.autotask_api.url
    }

    /// How many requests asked a PSA for a change so far, by the PSAs' own logs.
    pub(super) fn writes(&self) -> usize {
        self.connectwise_api.controls.writes() + self.autotask_api.controls.writes()
    }

    /// How many requests all clouds got so far, by their own logs.
    pub(super) fn requests(&self) -> usize {
        [
            &self.login,
            &self.graph,
            &self.connectwise_api,
            &self.autotask_api,
        ]
        .iter()
        .map(|cloud| cloud.controls.requests())
        .sum()
    }

    /// Lets a day pass: what happened, company by company, in their order.
    pub(super) fn pass_a_day(&self) -> Vec<Vec<Event>> {
        let day_of = |placed: &Placed| {
            let psa = psa(placed.member.kind, &self.connectwise, &self.autotask);
            let mut day = Day::new(SEED, &self.microsoft, &placed.tenant_id);
            day.spare(&placed.member.explain);
            let happenings = placed.member.day.iter();
            happenings
                .flat_map(|happening| day.happen(happening, psa, placed.psa_company_id))
                .collect()
        };
        self.companies.iter().map(day_of).collect()
    }

    /// How many contacts of the company are active in its PSA.
    pub(super) fn active_contacts(&self, placed: &Placed) -> usize {
        let psa = psa(placed.member.kind, &self.connectwise, &self.autotask);
        let contacts = psa.contacts(placed.psa_company_id);
        contacts.iter().filter(|(_, one)| one.active).count()
    }
}

/// A tenant with about 25 users and three groups, and its company in `ConnectWise`.
fn newcomer(microsoft: &Arc<Microsoft>, connectwise: &Arc<ConnectWise>) -> Newcomer {
    let mut customer = Customer::generate(SEED, "Proseware", 25, &Options::default());
    let kept = ["Management", "Board", "Field staff"];
    let groups = &mut customer.tenant.groups;
    groups.retain(|group| kept.contains(&group.display_name.as_str()));
    let tenant_id = load_graph(microsoft, &customer, "", AppData::default());
    microsoft.tenant(&tenant_id, |tenant| tenant.apps.clear());
    Psa::ConnectWise(connectwise).load(&customer);
    Newcomer {
        name: customer.name,
    }
}

fn psa<'a>(kind: Kind, connectwise: &'a ConnectWise, autotask: &'a Autotask) -> Psa<'a> {
    match kind {
        Kind::ConnectWise => Psa::ConnectWise(connectwise),
        Kind::Autotask => Psa::Autotask(autotask),
    }
}

fn new_secret() -> String {
    Uuid::new_v4().simple().to_string()
}
