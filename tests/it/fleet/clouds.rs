//! Files applied with real look-ups: against simulated clouds over HTTP.

use std::ffi::OsString;
use std::sync::Arc;

use rollcall::app::App;
use rollcall::clock::Clock;
use rollcall::config::Config;
use rollcall::fleet::{Clouds, Plan, State, Stop, SystemSecrets, apply, check, export, parse};
use rollcall::simulator::connectwise::{CompanyData, ConnectWise, ContactTypeData, SiteData};
use rollcall::simulator::graph::{
    AppData, Graph, GroupData, Login, Microsoft, SkuData, TenantData,
};
use rollcall::simulator::kit::{Running, start};
use rollcall::sync::stop::stop;

use super::world::{CLIENT, GROUP, TENANT};

struct Scene {
    app: App,
    folder: tempfile::TempDir,
    text: String,
    /// They end when they are dropped.
    _running: [Running; 3],
}

impl Scene {
    async fn apply(&self, text: &str, only_check: bool) -> Result<Plan, Stop> {
        let (db, keys) = (self.app.db(), self.app.keyring());
        let state = State::load(db, Some(keys.clone())).await.unwrap();
        let secrets = SystemSecrets::beside(&self.folder.path().join("fleet.toml"));
        let parsed = parse(text, &state.known_psa(), &secrets);
        let now = self.app.clock().now();
        let plan = check(&parsed, &state, &Clouds::new(self.app.clone()), now).await?;
        if !only_check {
            apply(db, keys, &plan, &state, self.app.clock().now())
                .await
                .unwrap();
        }
        Ok(plan)
    }

    async fn stop(&self, text: &str) -> Stop {
        self.apply(text, false)
            .await
            .expect_err("it cannot be applied")
    }

    async fn export(&self) -> String {
        export(&State::load(self.app.db(), None).await.unwrap())
    }
}

async fn scene() -> Scene {
    let cloud = Arc::new(ConnectWise::default());
    let company_id = cloud.add_company(CompanyData {
        identifier: "Contoso".into(),
        name: "Contoso Ltd".into(),
        ..CompanyData::default()
    });
    for name in ["Main", "New Site"] {
        cloud.add_site(SiteData {
            company_id,
            name: name.into(),
            ..SiteData::default()
        });
    }
    cloud.add_contact_type(ContactTypeData {
        description: "End User".into(),
        ..ContactTypeData::default()
    });
    let settings = cloud.edit(|state| state.settings.clone());
    let connectwise = start(cloud).await.unwrap();
    let microsoft = Microsoft::new();
    microsoft.add_tenant(TenantData {
        id: TENANT.into(),
        display_name: "Contoso".into(),
        default_domain: "contoso.example".into(),
        apps: [(CLIENT.to_owned(), AppData::reader("tenant-1"))].into(),
        skus: vec![SkuData {
            sku_id: "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46".into(),
            sku_part_number: "SPB".into(),
            ..SkuData::default()
        }],
        groups: vec![GroupData {
            id: GROUP.into(),
            display_name: "Management".into(),
            ..GroupData::default()
        }],
        ..TenantData::default()
    });
    let login = start(Arc::new(Login(microsoft.clone()))).await.unwrap();
    let graph = start(Arc::new(Graph(microsoft))).await.unwrap();

    let folder = tempfile::tempdir().unwrap();
    for (name, secret) in [
        ("public", &settings.public_key),
        ("private", &settings.private_key),
        ("client", &settings.client_id),
        ("tenant", &"tenant-1\n".to_owned()),
    ] {
        std::fs::write(folder.path().join(name), secret).unwrap();
    }
    let text = format!(
        r#"[[psa]]
name = "CW"
kind = "connectwise"
url = "{}"
company_id = "{}"
public_key = {{ file = "public" }}
private_key = {{ file = "private" }}
client_id = {{ file = "client" }}
default_contact_type = "End User"

[[company]]
name = "Contoso"
psa = "CW"
psa_company_id = {company_id}
sync_contacts = true
default_site = "Main"
  [company.tenant]
  tenant_id = "{TENANT}"
  client_id = "{CLIENT}"
  client_secret = {{ file = "tenant" }}
  [[company.filter]]
  when = [{{ group = "{GROUP}" }}, {{ licence = "SPB" }}]
  site = "New Site"
"#,
        connectwise.url, settings.company_id
    );
    let data = folder.path().join("data");
    let config = Config::from_env(|name| match name {
        "ROLLCALL_DATA_DIR" => Some(data.clone().into()),
        "ROLLCALL_LOGIN_URL" => Some(OsString::from(&login.url)),
        "ROLLCALL_GRAPH_URL" => Some(OsString::from(&graph.url)),
        _ => None,
    });
    let clock = Clock::set_at("2026-01-31T02:30:00Z".parse().unwrap());
    let app = App::open(config.unwrap(), clock, stop().1).await.unwrap();
    Scene {
        app,
        folder,
        text,
        _running: [login, graph, connectwise],
    }
}

#[tokio::test]
async fn a_file_is_checked_then_applied_then_printed_and_then_changes_nothing() {
    let scene = scene().await;
    assert_eq!(
        scene.apply(&scene.text, true).await.unwrap().changes.len(),
        2
    );
    assert!(!scene.export().await.contains("Contoso"));
    assert_eq!(
        scene.apply(&scene.text, false).await.unwrap().changes.len(),
        2
    );
    let printed = scene.export().await;
    assert_eq!(scene.apply(&printed, false).await.unwrap().changes, []);
    assert_eq!(scene.apply(&scene.text, false).await.unwrap().changes, []);
}

#[tokio::test]
async fn real_sites_types_and_groups_are_missed_with_their_places() {
    let scene = scene().await;
    let text = scene
        .text
        .replace("\"New Site\"", "\"Site 3\"")
        .replace("\"End User\"", "\"Boss\"")
        .replace(GROUP, CLIENT)
        .replace("url =", "phone_type = \"Nowhere\"\nurl =");
    let stop = scene.stop(&text).await;
    assert_eq!(stop.unreachable, []);
    let told: Vec<String> = stop.mistakes.iter().map(ToString::to_string).collect();
    assert!(
        told[0].starts_with("line 4, column 14: there is no phone type \"Nowhere\". There is: ")
    );
    assert_eq!(
        told[1..],
        [
            "line 10, column 24: there is no contact type \"Boss\". There is: End User".to_owned(),
            format!("line 23, column 21: the tenant of \"Contoso\" has no group {CLIENT}"),
            "line 24, column 10: there is no site \"Site 3\". There is: Main, New Site".to_owned(),
        ]
    );
}

#[tokio::test]
async fn wrong_credentials_stop_everything_and_are_told_once_for_each_system() {
    let scene = scene().await;
    for (secret, connection) in [("private", "CW"), ("tenant", "Contoso")] {
        let path = scene.folder.path().join(secret);
        let right = std::fs::read(&path).unwrap();
        std::fs::write(&path, "wrong").unwrap();
        let stop = scene.stop(&scene.text).await;
        assert_eq!((stop.mistakes.len(), stop.unreachable.len()), (0, 1));
        assert_eq!(stop.unreachable[0].connection, connection);
        std::fs::write(&path, right).unwrap();
    }
    let gone = scene
        .stop(&scene.text.replace("\"private\"", "\"no.key\""))
        .await;
    assert_eq!(
        gone.mistakes[0].to_string(),
        "line 7, column 24: the file no.key cannot be read: No such file or directory (os error 2)"
    );
    assert!(!scene.export().await.contains("Contoso"));
}

#[tokio::test]
async fn a_changed_secret_is_tried_with_a_real_read_before_it_is_applied() {
    let scene = scene().await;
    // Without anything that would have to be looked up by name.
    let (head, _) = scene.text.split_once("  [[company.filter]]").unwrap();
    let text = head
        .replace("default_contact_type = \"End User\"\n", "")
        .replace("default_site = \"Main\"\n", "");
    scene.apply(&text, false).await.unwrap();
    for (secret, connection) in [("private", "CW"), ("tenant", "Contoso")] {
        let path = scene.folder.path().join(secret);
        let right = std::fs::read(&path).unwrap();
        std::fs::write(&path, "wrong").unwrap();
        let stop = scene.stop(&text).await;
        assert_eq!((stop.mistakes.len(), stop.unreachable.len()), (0, 1));
        assert_eq!(stop.unreachable[0].connection, connection);
        std::fs::write(&path, right).unwrap();
        assert_eq!(scene.apply(&text, false).await.unwrap().changes, []);
    }
}
