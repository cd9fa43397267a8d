//! Saving companies, tenants, PSA connections and the Microsoft app.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rollcall::app::{OF_COMPANY, OF_PSA};
use rollcall::connections::{
    MicrosoftForm, PsaForm, before_saving_psa, before_saving_tenant, microsoft_app,
    of_microsoft_app, save_company, save_microsoft_app, save_psa, save_tenant,
};
use rollcall::db::{Conn, links, settings, tenant_connections};
use rollcall::fleet::{Clouds, State, SystemSecrets, check, export, parse};
use rollcall::model::{Company, Condition, Filter, Target, Test};
use rollcall::runs;

use super::*;
use crate::stage::user;

const PFX: &[u8] = include_bytes!("../data/app.pfx");
const OTHER_APP: &str = "8c1d0000-0000-4000-8000-000000000002";

#[expect(
    clippy::unnecessary_wraps,
    reason = "what follows a save may fail in the database"
)]
fn nothing(_: &mut Conn, _: i64) -> QueryResult<()> {
    Ok(())
}

fn certificate(pfx: &[u8], password: &str) -> NewSecret {
    NewSecret::Certificate {
        pfx: STANDARD.encode(pfx).into(),
        password: Some(password.to_owned().into()),
    }
}

async fn tenant(stage: &Stage) -> rollcall::model::TenantConnection {
    let id = stage.company_id;
    let found = stage
        .read(move |conn| tenant_connections::get(conn, id))
        .await;
    found.unwrap()
}

#[tokio::test]
async fn a_company_is_saved_with_its_event_and_what_follows_or_not_at_all() {
    on_both(|stage| async move {
        let mut company = stage.company().await;
        company.name = "  Contoso Ltd ".into();
        let version = stage.version().await;
        let followed = Arc::new(AtomicI64::new(0));
        let then = {
            let followed = followed.clone();
            move |_: &mut Conn, id| {
                followed.store(id, Ordering::SeqCst);
                Ok(())
            }
        };
        let saved = save_company(&stage.app, &company, version, "Ann", then).await;
        let (id, next) = (company.id, version + 1);
        assert_eq!(saved.unwrap(), Saving::Saved { id, version: next });
        assert_eq!(followed.load(Ordering::SeqCst), id);
        assert_eq!(stage.company().await.name, "Contoso Ltd");

        let stale = save_company(&stage.app, &company, version, "Bob", nothing).await;
        assert_eq!(stale.unwrap(), Saving::Stale { now: next });

        let fails = |_: &mut Conn, _| Err(diesel::result::Error::NotFound);
        company.name = "Never".into();
        let failed = save_company(&stage.app, &company, next, "Ann", fails).await;
        assert!(failed.is_err());
        assert_eq!(stage.company().await.name, "Contoso Ltd");
        assert_eq!(stage.version().await, next);
        let events = stage.events().await;
        assert_eq!(events, [("Ann".into(), "company_saved".into())]);
    })
    .await;
}

#[tokio::test]
async fn a_name_and_a_place_in_the_psa_are_taken_once() {
    on_both(|stage| async move {
        let mut other = stage.company().await;
        (other.id, other.sync_contacts) = (0, false);
        other.name = "CONTOSO".into();
        let saved = save_company(&stage.app, &other, 0, "Ann", nothing).await;
        assert_eq!(saved.unwrap(), Saving::NameTaken);
        other.name = "Fabrikam".into();
        let saved = save_company(&stage.app, &other, 0, "Ann", nothing).await;
        let by = "Contoso".into();
        assert_eq!(saved.unwrap(), Saving::PlaceTaken { by });
        other.psa_company_id = "251".into();
        let saved = save_company(&stage.app, &other, 0, "Ann", nothing).await;
        assert!(matches!(saved.unwrap(), Saving::Saved { version: 1, .. }));
    })
    .await;
}

#[tokio::test]
async fn every_mistake_of_a_company_stands_beside_its_field() {
    let stage = Stage::new(Vendor::Autotask, Store::Sqlite).await;
    let filter = |name: &str, tests: Vec<Test>| Filter {
        name: Some(name.into()),
        enabled: true,
        when: tests
            .into_iter()
            .map(|test| Condition {
                negated: false,
                test,
            })
            .collect(),
        target: Target::Place {
            site: None,
            contact_type: Some(rollcall::model::filter::Named {
                id: "7".into(),
                name: "End User".into(),
            }),
        },
    };
    let wrong = Company {
        name: "x".repeat(101),
        psa_company_id: "abc".into(),
        schedule: Some("24:00".into()),
        timezone: "Mars/Olympus".into(),
        guard: rollcall::model::Guard {
            floor: 3,
            percent: 101,
        },
        ignored: vec!["ok@contoso.example".into(), "<script>".into()],
        filters: vec![
            filter("One", Vec::new()),
            filter(
                "ONE",
                vec![
                    Test::Group("x".into()),
                    Test::UpnDomain("a@b".into()),
                    Test::Licence(" ".into()),
                ],
            ),
        ],
        ..stage.company().await
    };
    let version = stage.version().await;
    let saved = save_company(&stage.app, &wrong, version, "Ann", nothing).await;
    let saved = saved.unwrap();
    assert_eq!(
        fields(&saved),
        [
            "name",
            "psa_company_id",
            "schedule",
            "timezone",
            "guard_percent",
            "ignored.1",
            "filters.0.contact_type",
            "filters.0.when",
            "filters.1.contact_type",
            "filters.1.when.0",
            "filters.1.when.1",
            "filters.1.when.2",
            "filters.1.name",
        ]
    );
    let mut new = stage.company().await;
    (new.id, new.name, new.psa_company_id) = (0, "Fabrikam".into(), "251".into());
    let saved = save_company(&stage.app, &new, 0, "Ann", nothing).await;
    assert_eq!(only(saved.unwrap()).field, "sync_contacts");
}

#[tokio::test]
async fn another_place_in_the_psa_retires_the_links() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    stage.users([user("Jane Doe")]);
    stage.sync().await;
    let mut company = stage.company().await;
    company.psa_company_id = "251".into();
    let version = stage.version().await;
    save_company(&stage.app, &company, version, "Ann", nothing)
        .await
        .unwrap();
    let id = company.id;
    assert_eq!(stage.read(move |conn| links::count(conn, id)).await, 0);
}

#[tokio::test]
async fn a_secret_is_replaced_in_place_and_another_tenant_retires_the_links() {
    on_both(|stage| async move {
        stage.users([user("Jane Doe")]);
        stage.sync().await;
        let id = stage.company_id;
        let version = stage.version().await;
        let form = tenant_form(NewSecret::Secret(SECRET.to_owned().into()));
        let saved = save_tenant(&stage.app, id, &form, version, "Ann", nothing).await;
        let version = version + 1;
        assert_eq!(saved.unwrap(), Saving::Saved { id, version });
        assert_eq!(stage.read(move |conn| links::count(conn, id)).await, 1);
        let company = stage.company().await;
        let (_, directory) = stage.app.directory(&company).await.unwrap();
        assert_eq!(directory.confirm_tenant().await.unwrap(), "Contoso");

        let mut other = tenant_form(NewSecret::Keep);
        other.tenant_id = "6f0c7b1e-0000-4000-8000-00000000000F".into();
        let tenant_id = other.tenant_id.clone();
        let links_go = stage.read(move |conn| before_saving_tenant(conn, id, &tenant_id));
        assert_eq!(links_go.await, 1);
        let saved = save_tenant(&stage.app, id, &other, version, "Ann", nothing).await;
        assert!(matches!(saved.unwrap(), Saving::Saved { .. }));
        assert_eq!(stage.read(move |conn| links::count(conn, id)).await, 0);
        assert!(tenant(&stage).await.tenant_id.as_str().ends_with("00f"));
    })
    .await;
}

#[tokio::test]
async fn a_certificate_is_checked_and_tells_its_own_end() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let (id, version) = (stage.company_id, stage.version().await);
    let wrong = tenant_form(certificate(PFX, "wrong"));
    let saved = save_tenant(&stage.app, id, &wrong, version, "Ann", nothing).await;
    let mistake = only(saved.unwrap());
    assert_eq!(mistake.field, "certificate");
    assert!(mistake.message.contains("the password does not open"));
    let no_file = tenant_form(certificate(b"no certificate", ""));
    let saved = save_tenant(&stage.app, id, &no_file, version, "Ann", nothing).await;
    assert_eq!(only(saved.unwrap()).field, "certificate");
    let right = tenant_form(certificate(PFX, "test-password"));
    let saved = save_tenant(&stage.app, id, &right, version, "Ann", nothing).await;
    assert!(matches!(saved.unwrap(), Saving::Saved { .. }));
    let kept = tenant(&stage).await;
    assert!(kept.certificate);
    assert_eq!(kept.expires, Some("2126-10-30".parse().unwrap()));
    let names = stage.secret_names(OF_COMPANY, id).await;
    assert_eq!(names, ["certificate", "certificate_password"]);
}

#[tokio::test]
async fn another_app_needs_a_secret_of_its_own() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let (id, version) = (stage.company_id, stage.version().await);
    let mut form = tenant_form(NewSecret::Keep);
    form.client_id = OTHER_APP.into();
    let saved = save_tenant(&stage.app, id, &form, version, "Ann", nothing).await;
    assert_eq!(only(saved.unwrap()).field, "client_secret");
    form.client_id = "no guid".into();
    let saved = save_tenant(&stage.app, id, &form, version, "Ann", nothing).await;
    assert_eq!(fields(&saved.unwrap())[0], "client_id");
}

#[tokio::test]
async fn a_psa_connection_keeps_the_secrets_that_are_not_given() {
    on_both(|stage| async move {
        let id = stage.psa_id;
        let (connection, _) = stage.app.psa(id).await.unwrap();
        let version = stage.psa_version().await;
        let names = stage.secret_names(OF_PSA, id).await;
        let mut form = PsaForm {
            connection,
            secrets: [("private_key".to_owned(), " new-key ".to_owned().into())].into(),
        };
        form.connection.name = "Renamed".into();
        let saved = save_psa(&stage.app, &form, version, "Ann").await.unwrap();
        let next = version + 1;
        assert_eq!(saved, Saving::Saved { id, version: next });
        assert_eq!(stage.secret_names(OF_PSA, id).await, names);
        let (connection, _) = stage.app.psa(id).await.unwrap();
        assert_eq!(connection.name, "Renamed");
        let stale = save_psa(&stage.app, &form, version, "Bob").await.unwrap();
        assert_eq!(stale, Saving::Stale { now: next });

        form.connection.id = 0;
        let mistakes = save_psa(&stage.app, &form, 0, "Ann").await.unwrap();
        assert_eq!(fields(&mistakes), ["public_key", "client_id"]);
    })
    .await;
}

#[tokio::test]
async fn a_psa_address_in_a_private_network_needs_the_setting() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    stage.users([user("Jane Doe")]);
    stage.sync().await;
    let id = stage.psa_id;
    let (connection, _) = stage.app.psa(id).await.unwrap();
    let mut form = PsaForm {
        connection,
        secrets: [].into(),
    };
    let address = "https://192.168.1.5".to_owned();
    form.connection.fields.insert("url".into(), address);
    let version = stage.psa_version().await;
    // Stored keys are sent to no other place.
    let saved = save_psa(&stage.app, &form, version, "Ann").await.unwrap();
    assert_eq!(fields(&saved), ["public_key", "private_key", "client_id"]);
    let keys = stage.psa.connection().1.into_iter();
    form.secrets = keys
        .map(|(key, value)| (key.to_owned(), value.into()))
        .collect();
    let saved = save_psa(&stage.app, &form, version, "Ann").await.unwrap();
    assert_eq!(only(saved).field, "url");
    stage
        .write(|conn| settings::allow_private_psa_addresses(conn, true))
        .await;
    let connection = form.connection.clone();
    let links_go = stage.read(move |conn| before_saving_psa(conn, &connection));
    assert_eq!(links_go.await, 1);
    let saved = save_psa(&stage.app, &form, version, "Ann").await.unwrap();
    assert!(matches!(saved, Saving::Saved { .. }), "{saved:?}");
    let company = stage.company_id;
    assert_eq!(stage.read(move |conn| links::count(conn, company)).await, 0);
    let stopped = !stage.company().await.sync_contacts;
    assert!(stopped, "the company's number may be somebody else's there");
}

#[tokio::test]
async fn a_save_that_would_wait_for_a_run_too_long_saves_nothing() {
    on_both(|stage| async move {
        let going = stage.going(stage.company_id).await;
        let (app, id, version) = (&stage.app, stage.company_id, stage.version().await);
        let mut form = tenant_form(NewSecret::Secret(SECRET.to_owned().into()));
        form.tenant_id = "6f0c7b1e-0000-4000-8000-000000000009".into();
        let save = || {
            let saving = save_tenant(app, id, &form, version, "Ann", nothing);
            runs::within(Duration::from_millis(20), saving)
        };
        assert_eq!(save().await.unwrap_err().kind, runs::BUSY);
        assert_eq!(stage.version().await, version, "nothing was saved");
        going.give_back().await.unwrap();
        assert!(matches!(save().await.unwrap(), Saving::Saved { .. }));
    })
    .await;
}

#[tokio::test]
async fn a_tenant_is_read_through_the_microsoft_app_and_the_fleet_file_agrees() {
    on_both(|stage| async move {
        let app = &stage.app;
        let id = stage.company_id;
        let end = Some("2027-03-31".parse().unwrap());
        let mut form = MicrosoftForm {
            client_id: CLIENT.into(),
            secret: NewSecret::Keep,
            expires: end,
        };
        let missing = save_microsoft_app(app, &form, 0, "Ann").await;
        assert_eq!(only(missing.unwrap()).field, "client_secret");
        form.secret = NewSecret::Secret(SECRET.to_owned().into());
        let saved = save_microsoft_app(app, &form, 0, "Ann").await;
        assert_eq!(saved.unwrap(), Saving::Saved { id: 0, version: 1 });
        // Whoever began before that is told, and changes nothing.
        let old = save_microsoft_app(app, &form, 0, "Bob").await;
        assert_eq!(old.unwrap(), Saving::Stale { now: 1 });
        let both = tokio::join!(
            save_microsoft_app(app, &form, 1, "Ann"),
            save_microsoft_app(app, &form, 1, "Bob")
        );
        let both = [both.0.unwrap(), both.1.unwrap()];
        assert!(
            both.contains(&Saving::Saved { id: 0, version: 2 }),
            "{both:?}"
        );
        assert!(both.contains(&Saving::Stale { now: 2 }), "{both:?}");
        let stored = microsoft_app(app).await.unwrap().unwrap();
        assert_eq!((stored.certificate, stored.expires), (false, end));

        let form = tenant_form(NewSecret::MicrosoftApp);
        let version = stage.version().await;
        let saved = save_tenant(app, id, &form, version, "Ann", nothing).await;
        assert!(matches!(saved.unwrap(), Saving::Saved { .. }));
        assert!(stage.secret_names(OF_COMPANY, id).await.is_empty());
        assert_eq!(stage.read(of_microsoft_app).await, ["Contoso"]);
        stage.users([user("Jane Doe")]);
        let report = stage.sync().await;
        assert!(report.error.is_none(), "{:?}", report.error);

        let state = State::load(app.db(), Some(app.keyring())).await.unwrap();
        let text = export(&state);
        let secrets = SystemSecrets::beside(stage.folder.path());
        let look = Clouds::new(app.clone());
        let now = stage.clock.now();
        let parsed = parse(&text, &state.known_psa(), &secrets);
        let plan = check(&parsed, &state, &look, now).await.unwrap();
        assert!(plan.changes.is_empty(), "{:?}", plan.changes);
        // A change is looked up through the app, too.
        let text = format!(
            "{text}\n  [[company.filter]]\n  when = [{{ licence = \"SPB\" }}]\n  exclude = true\n"
        );
        let parsed = parse(&text, &state.known_psa(), &secrets);
        let plan = check(&parsed, &state, &look, now).await.unwrap();
        assert_eq!(plan.changes.len(), 1);
    })
    .await;
}
