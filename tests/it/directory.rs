//! The directory over real HTTP against simulated Microsoft 365 tenants.

mod batch;
mod certificate;
mod groups;
mod login;
mod paging;
mod sign_in;
mod switches;
mod users;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rollcall::clock::Clock;
use rollcall::directory::{Credential, Directory, Endpoints};
use rollcall::http::{ApiError, Http};
use rollcall::model::{Cloud, GroupId, TenantConnection, TenantId, UserId};
use rollcall::simulator::graph::{
    AppData, Graph, GroupData, Login, MemberData, Microsoft, SkuData, TenantData, UserData,
};
use rollcall::simulator::kit::{Fault, FaultKind, Running, start};

const TENANT: &str = "11111111-1111-4111-8111-111111111111";
const OTHER: &str = "22222222-2222-4222-8222-222222222222";
const APP: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const SECRET: &str = "the-client-secret";
const SPB: &str = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46";

struct World {
    microsoft: Arc<Microsoft>,
    login: Running,
    graph: Running,
    clock: Clock,
}

/// A tenant with these users, no groups and one licence.
async fn world(users: Vec<UserData>) -> World {
    let microsoft = Microsoft::new();
    microsoft.add_tenant(TenantData {
        id: TENANT.into(),
        display_name: "Contoso".into(),
        default_domain: "contoso.example".into(),
        apps: [(APP.to_owned(), AppData::reader(SECRET))].into(),
        users,
        skus: vec![SkuData {
            sku_id: SPB.to_uppercase(),
            sku_part_number: "SPB".into(),
            ..SkuData::default()
        }],
        ..TenantData::default()
    });
    let login = start(Arc::new(Login(microsoft.clone()))).await;
    let graph = start(Arc::new(Graph(microsoft.clone()))).await;
    World {
        microsoft,
        login: login.expect("a port"),
        graph: graph.expect("a port"),
        clock: Clock::set_at(noon()),
    }
}

fn noon() -> DateTime<Utc> {
    let noon = DateTime::parse_from_rfc3339("2026-01-31T12:00:00Z");
    noon.expect("a time").to_utc()
}

fn connection() -> TenantConnection {
    TenantConnection {
        tenant_id: TenantId::new(TENANT),
        client_id: APP.into(),
        certificate: false,
        expires: None,
        cloud: Cloud::Global,
    }
}

fn secret(text: &str) -> Credential {
    Credential::Secret(text.to_owned().into())
}

impl World {
    fn endpoints(&self) -> Endpoints {
        Endpoints {
            login: Some(self.login.url.clone()),
            graph: Some(self.graph.url.clone()),
        }
    }

    fn http(&self) -> Http {
        Http::new(self.clock.clone()).expect("a client")
    }

    fn connect(
        &self,
        tenant: &TenantConnection,
        credential: Credential,
    ) -> Result<Directory, ApiError> {
        Directory::connect(tenant, credential, &self.endpoints(), None, self.http())
    }

    fn directory(&self) -> Directory {
        let directory = self.connect(&connection(), secret(SECRET));
        directory.expect("a connection that can be made")
    }

    /// Milliseconds that were waited since noon.
    fn waited_ms(&self) -> i64 {
        (self.clock.now() - noon()).num_milliseconds()
    }

    fn graph_answers(&self, status: u16, body: &str) {
        self.graph
            .controls
            .fault(Fault::always(answer(status, body)));
    }
}

fn answer(status: u16, body: &str) -> FaultKind {
    FaultKind::Answer {
        status,
        body: body.to_owned(),
    }
}

fn user_id(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

fn group_id(number: usize) -> GroupId {
    GroupId::new(&format!("99999999-0000-4000-8000-{number:012}"))
}

fn user(number: usize) -> UserData {
    UserData {
        id: user_id(number),
        user_principal_name: format!("user{number}@contoso.example"),
        display_name: Some(format!("User {number}")),
        account_enabled: Some(true),
        assigned_licenses: Some(vec![SPB.into()]),
        ..UserData::default()
    }
}

fn users(count: usize) -> Vec<UserData> {
    (0..count).map(user).collect()
}

fn ids(numbers: impl IntoIterator<Item = usize>) -> Vec<UserId> {
    let ids = numbers.into_iter().map(user_id);
    ids.map(|id| UserId::new(&id)).collect()
}

fn group(number: usize, name: &str, members: Vec<MemberData>) -> GroupData {
    GroupData {
        id: group_id(number).as_str().to_owned(),
        display_name: name.into(),
        security_enabled: true,
        members,
        ..GroupData::default()
    }
}
