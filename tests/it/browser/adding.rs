//! Adding a company, from the fleet to its first finished run: through Microsoft's consent, and with an app of the customer's.

use std::ffi::OsString;

use rollcall::app::App;
use rollcall::clock::Clock;
use rollcall::config::Config;
use rollcall::connections::{MicrosoftForm, NewSecret, save_microsoft_app};
use rollcall::db::companies;
use rollcall::db::runs;
use rollcall::model::{Role, Target};
use rollcall::simulator::graph::{AppData, SkuData, TenantData, UserData};
use rollcall::sync::stop::{Stopper, stop};

use super::seat::{Seat, Worker};
use crate::stage::{Plain, SPB, Stage, Store, Vendor, user};
use crate::web::visitor::Site;

const TENANT: &str = "6f0c7b1e-0000-4000-8000-0000000000fa";
const SHARED: &str = "bbbbbbbb-0000-4000-8000-000000000001";
const OWN: &str = "bbbbbbbb-0000-4000-8000-000000000002";
const SECRET: &str = "the-right-secret";
/// The company in the PSA that is to be added.
const COMPANY: i64 = 300;

/// Somebody of Fabrikam.
fn at_fabrikam(name: &str, department: &str) -> UserData {
    let made = user(name).title("Engineer").with(|user| {
        let address = format!("{name}@fabrikam.example");
        user.user_principal_name.clone_from(&address);
        user.mail = Some(address.clone());
        user.proxy_addresses = vec![format!("SMTP:{address}")];
        user.department = Some(department.into());
    });
    made.0
}

/// A stage with a second company in the PSA and a tenant that belongs to it; Rollcall knows neither.
async fn stage() -> Stage {
    let stage = Stage::with_clock(Vendor::ConnectWise, Store::Sqlite, Clock::real()).await;
    stage.psa.add_company(COMPANY, "Fabrikam East");
    let old = Plain::named("Bert", "Doe", "bert@fabrikam.example");
    stage.psa.put_in(
        COMPANY,
        &Plain {
            title: Some("Apprentice".into()),
            ..old
        },
    );
    stage.microsoft.add_tenant(TenantData {
        id: TENANT.into(),
        display_name: "Fabrikam".into(),
        default_domain: "fabrikam.example".into(),
        apps: [(OWN.to_owned(), AppData::reader(SECRET))].into(),
        skus: vec![SkuData {
            sku_id: SPB.into(),
            sku_part_number: "SPB".into(),
            enabled_units: 100,
            ..SkuData::default()
        }],
        users: vec![
            at_fabrikam("anna", "IT"),
            at_fabrikam("bert", "Sales"),
            at_fabrikam("carl", "Sales"),
        ],
        ..TenantData::default()
    });
    stage
}

/// A portal that knows its own address, so that Microsoft's answer finds it. Microsoft's page stands on another site,
/// as the real one does: `localhost` is not `127.0.0.1` to a browser.
async fn portal(stage: &Stage) -> (Site, Stopper) {
    let listener = rollcall::web::bind(([127, 0, 0, 1], 0).into()).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut environment = stage.environment();
    for (name, value) in &mut environment {
        if *name == "ROLLCALL_LOGIN_URL" {
            *value = value.replace("127.0.0.1", "localhost");
        }
    }
    environment.push(("ROLLCALL_PUBLIC_URL", url.clone()));
    let config = Config::from_env(|name| {
        let mut found = environment.iter().filter(|(known, _)| *known == name);
        found.next().map(|(_, value)| OsString::from(value))
    });
    let (stopper, asked) = stop();
    let app = App::open(config.unwrap(), Clock::real(), asked)
        .await
        .unwrap();
    let back = format!("{url}/consent");
    stage
        .microsoft
        .register_app(SHARED, AppData::reader("shared"), vec![back]);
    let form = MicrosoftForm {
        client_id: SHARED.into(),
        secret: NewSecret::Secret("shared".to_owned().into()),
        expires: None,
    };
    save_microsoft_app(&app, &form, 0, "Ann").await.unwrap();
    tokio::spawn(rollcall::web::serve(app.clone(), listener));
    (Site { url, app }, stopper)
}

/// From the fleet to the page on which the tenant of the new company is connected.
async fn find_and_add(seat: &Seat) {
    seat.follow("main a[href='/companies/new']", "/companies/new")
        .await;
    seat.browser.type_into("#q", "fabri").await;
    seat.browser.wait_for_text("#found", "Fabrikam East").await;
    let alone = "return !document.querySelector('#found').innerText.includes('Contoso')";
    seat.browser.wait_until(alone, vec![]).await;
    seat.picture("adding-found").await;
    seat.browser.click("#found a[href*='chosen=300']").await;
    seat.reads("Is this the company?").await;
    assert_eq!(seat.value("#name").await, "Fabrikam East");
    seat.browser.type_into("#name", "Fabrikam").await;
    seat.follow(
        "form[action='/companies/new'][method=post] button[type=submit]",
        "/connection",
    )
    .await;
    seat.reads("Fabrikam").await;
    seat.picture("adding-connect").await;
}

/// Options, a filter, the preview with names, turning it on, and the first run to its end.
async fn set_up_and_sync(seat: &Seat, stage: &Stage) {
    let browser = &seat.browser;
    seat.follow("nav.tabs a[href$='/contact-sync']", "/contact-sync")
        .await;
    browser.click("#update_existing").await;
    // The sites are those of the new company, by name.
    seat.choose("#default_site", "Main").await;
    seat.picture("adding-options").await;
    browser
        .click("form[action$='/contact-sync'] .actions button[value=save]")
        .await;
    browser.wait_for("main > .notice.ok").await;
    seat.follow("main a[href$='/filters']", "/filters").await;
    browser
        .click("[hx-target='#filters-list'][hx-swap=beforeend]")
        .await;
    browser.type_into("li.open [id$='-name']", "Office").await;
    browser
        .click("li.open [id$='-c0-kind'] option[value=licensed]")
        .await;
    browser.wait_for("li.open [id$='-c0-negated']").await;
    seat.choose("li.open select[id$='-site']", "New Site").await;
    browser.click(".save-bar button[type=submit]").await;
    seat.reads("The filters are saved.").await;
    seat.is_quiet().await;

    seat.follow("nav.tabs a[href$='/preview']", "/preview")
        .await;
    browser
        .click("form[action$='/preview'] button[type=submit]")
        .await;
    seat.reads("Who is affected").await;
    seat.is_quiet().await;
    let preview = seat.text().await;
    for text in [
        "Anna Doe",
        "Bert Doe",
        "Carl Doe",
        "Apprentice",
        "Engineer",
        "New Site",
        "Office",
    ] {
        assert!(preview.contains(text), "{text}: {preview}");
    }
    seat.picture("adding-preview").await;
    assert_eq!(stage.psa.writes(), 0, "a preview writes nothing");
    seat.follow("main a[href$='/contact-sync/turn-on']", "/turn-on")
        .await;
    seat.picture("adding-turn-on").await;
    browser
        .click("form[action$='/turn-on'] button[type=submit]")
        .await;
    browser.wait_for("main > .notice.ok").await;
    seat.is_quiet().await;
    // Turning it on begins the first run, which does what was shown.
    let overview = browser.path().await;
    let mut looks = 0;
    let run = loop {
        let newest = stage.read(|conn| runs::page(conn, None, None, 1)).await;
        if let Some(run) = newest.into_iter().next()
            && run.status.is_some()
        {
            break run.id;
        }
        looks += 1;
        assert!(looks < 200, "no run ended");
        seat.go(&overview).await;
    };
    seat.go(&overview).await;
    let page = format!("/runs/{run}");
    seat.follow(&format!("main a[href='{page}']"), &page).await;
    seat.reads("Succeeded").await;
    seat.is_quiet().await;
    seat.picture("adding-run").await;
    let run = seat.text().await;
    for text in [
        "Anna Doe",
        "Carl Doe",
        "Apprentice",
        "Engineer",
        "asked for by Technician",
    ] {
        assert!(run.contains(text), "{text}: {run}");
    }
    let contacts = stage.psa.look_in(COMPANY);
    assert_eq!(contacts.len(), 3, "{contacts:?}");
    for contact in contacts {
        assert_eq!(contact.title.as_deref(), Some("Engineer"));
        assert_eq!(contact.site.as_deref(), Some("New Site"));
    }
    seat.follow("header a[href='/']", "/").await;
    seat.reads("Fabrikam").await;
}

#[tokio::test]
async fn a_company_is_added_by_microsofts_consent_and_synced() {
    let stage = stage().await;
    let (site, _stopper) = portal(&stage).await;
    let _worker = Worker::start(&site.app);
    let seat = Seat::of(&site, Role::Technician).await;
    find_and_add(&seat).await;
    seat.browser
        .click("form[action$='/connection/consent'] button")
        .await;
    seat.browser
        .wait_for("button[aria-label='Accept for Fabrikam']")
        .await;
    let host = seat.browser.run("return location.hostname", vec![]).await;
    assert_eq!(host, "localhost", "Microsoft's page is on another site");
    seat.picture("adding-consent").await;
    seat.follow("button[aria-label='Accept for Fabrikam']", "/connection")
        .await;
    seat.reads("tenant is connected: 3 users were read").await;
    seat.picture("adding-connected").await;
    set_up_and_sync(&seat, &stage).await;
    let added = site.app.db().read(companies::list).await.unwrap();
    let added = added
        .into_iter()
        .find(|one| one.name == "Fabrikam")
        .unwrap();
    assert!(added.sync_contacts && added.update_existing);
    assert_eq!(added.default_site.unwrap().name, "Main");
    let Target::Place {
        site: Some(place), ..
    } = &added.filters[0].target
    else {
        panic!("{:?}", added.filters)
    };
    assert_eq!(place.name, "New Site");
}

#[tokio::test]
async fn a_wrong_secret_of_an_own_app_is_said_beside_its_field_and_the_rest_stays_typed() {
    let stage = stage().await;
    let (site, _stopper) = portal(&stage).await;
    let seat = Seat::of(&site, Role::Technician).await;
    find_and_add(&seat).await;
    seat.follow("main a[href$='/connection/app']", "/connection/app")
        .await;
    seat.browser.type_into("#tenant_id", TENANT).await;
    seat.browser.type_into("#client_id", OWN).await;
    seat.browser.click("#way-secret").await;
    seat.browser
        .type_into("#client_secret", "a-wrong-secret")
        .await;
    seat.browser.click("main .actions button.primary").await;
    seat.browser.wait_for("#m-client_secret .mistake").await;
    seat.is_quiet().await;
    seat.picture("adding-wrong-secret").await;
    assert_eq!(seat.value("#tenant_id").await, TENANT);
    assert_eq!(seat.value("#client_id").await, OWN);
    // It stays in its field; the server never sends it back.
    assert_eq!(seat.value("#client_secret").await, "a-wrong-secret");
    let described =
        "return document.querySelector('#client_secret').getAttribute('aria-describedby')";
    let described = seat.browser.run(described, vec![]).await;
    assert!(
        described.as_str().unwrap().contains("m-client_secret"),
        "{described}"
    );
    seat.browser.type_into("#client_secret", SECRET).await;
    seat.follow("main .actions button.primary", "/connection")
        .await;
    seat.reads("Fabrikam").await;
    seat.reads("Connected").await;
    let text = seat.text().await;
    assert!(text.contains("3 users"), "{text}");
    assert!(text.contains(OWN), "{text}");
}
