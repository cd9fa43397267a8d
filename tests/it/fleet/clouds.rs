//! The commands whole, against simulated clouds over HTTP.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use rollcall::app::App;
use rollcall::clock::Clock;
use rollcall::config::Config;
use rollcall::fleet::{Failure, apply_file, export_fleet};
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
    /// Login and Graph.
    microsoft: [Running; 2],
    _connectwise: Running,
}

impl Scene {
    fn write(&self, text: &str) -> PathBuf {
        let path = self.folder.path().join("fleet.toml");
        std::fs::write(&path, text).unwrap();
        path
    }

    async fn failure(&self, text: &str) -> Failure {
        let file = self.write(text);
        apply_file(&self.app, &file, false)
            .await
            .expect_err("it cannot be applied")
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
        microsoft: [login, graph],
        _connectwise: connectwise,
    }
}

#[tokio::test]
async fn a_file_is_checked_then_applied_then_printed_and_then_changes_nothing() {
    let scene = scene().await;
    let file = scene.write(&scene.text);
    let plan = apply_file(&scene.app, &file, true).await.unwrap();
    assert_eq!(plan.changes.len(), 2);
    assert!(!export_fleet(&scene.app).await.unwrap().contains("Contoso"));
    let plan = apply_file(&scene.app, &file, false).await.unwrap();
    assert_eq!(plan.changes.len(), 2);
    let printed = scene.write(&export_fleet(&scene.app).await.unwrap());
    let plan = apply_file(&scene.app, &printed, false).await.unwrap();
    assert_eq!(plan.changes, []);
    let file = scene.write(&scene.text);
    assert_eq!(
        apply_file(&scene.app, &file, false).await.unwrap().changes,
        []
    );
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
    let failure = scene.failure(&text).await;
    assert_eq!(failure.exit_status(), 2);
    let told = failure.to_string();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 4, "{told}");
    assert!(
        lines[0].starts_with("line 4, column 14: there is no phone type \"Nowhere\". There is: ")
    );
    assert_eq!(
        lines[1..],
        [
            "line 10, column 24: there is no contact type \"Boss\". There is: End User".to_owned(),
            format!("line 23, column 21: the tenant of \"Contoso\" has no group {CLIENT}"),
            "line 24, column 10: there is no site \"Site 3\". There is: Main, New Site".to_owned(),
        ]
    );
}

#[tokio::test]
async fn wrong_credentials_and_a_file_that_is_not_there_are_told_with_their_exit_status() {
    let scene = scene().await;
    for (secret, connection) in [("private", "CW: "), ("tenant", "Contoso: ")] {
        let path = scene.folder.path().join(secret);
        let right = std::fs::read(&path).unwrap();
        std::fs::write(&path, "wrong").unwrap();
        let failure = scene.failure(&scene.text).await;
        assert_eq!(failure.exit_status(), 5);
        let told = failure.to_string();
        assert!(
            told.starts_with(connection) && !told.contains('\n'),
            "{told}"
        );
        std::fs::write(&path, right).unwrap();
    }
    let missing = scene.folder.path().join("no.toml");
    let failure = apply_file(&scene.app, &missing, false)
        .await
        .expect_err("there is no file");
    assert_eq!(failure.exit_status(), 2);
    let gone = scene
        .failure(&scene.text.replace("\"private\"", "\"no.key\""))
        .await;
    assert_eq!(gone.exit_status(), 2);
    assert_eq!(
        gone.to_string(),
        "line 7, column 24: the file no.key cannot be read: No such file or directory (os error 2)"
    );
    assert!(!export_fleet(&scene.app).await.unwrap().contains("Contoso"));
    assert!(
        scene
            .microsoft
            .iter()
            .all(|running| running.url.starts_with("http://127.0.0.1"))
    );
}
