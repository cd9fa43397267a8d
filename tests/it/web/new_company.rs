//! Adding a company: finding it in the PSA, naming it, and the steps that follow.

use rollcall::db::companies;
use rollcall::model::{Company, Role};
use rollcall::simulator::kit::{Fault, FaultKind};

use super::visitor::{Answer, Site, Visitor};
use crate::stage::{Stage, Store, Vendor};

/// Opens a page and sends a form with the token that stands on it, as a browser does.
pub async fn send(visitor: &Visitor, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    let page = visitor.get(page).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let token = hidden(&page.text, "csrf");
    let mut all = vec![("csrf", token.as_str())];
    all.extend_from_slice(fields);
    visitor.post_bare(path, &all).await
}

/// The value of a hidden field.
pub fn hidden(text: &str, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let at = text
        .find(&mark)
        .unwrap_or_else(|| panic!("no {name}: {text}"))
        + mark.len();
    text[at..].split('"').next().unwrap().to_owned()
}

async fn add(stage: &Stage, visitor: &Visitor, id: i64, name: &str) -> Answer {
    let (psa, id) = (stage.psa_id.to_string(), id.to_string());
    let fields = [
        ("psa", psa.as_str()),
        ("psa_company_id", &id),
        ("name", name),
    ];
    send(visitor, "/companies/new", "/companies/new", &fields).await
}

async fn all(stage: &Stage) -> Vec<Company> {
    stage.read(companies::list).await
}

#[tokio::test]
async fn a_company_is_found_by_typing_named_and_led_to_its_tenant() {
    for vendor in [Vendor::ConnectWise, Vendor::Autotask] {
        let stage = Stage::new(vendor, Store::Sqlite).await;
        stage.psa.add_company(300, "Fabrikam \"East\" & Co");
        let site = Site::start(&stage.app);
        let visitor = site.signed_in(Role::Technician).await;
        // The only PSA connection is chosen already, and what is in Rollcall is not to be chosen again.
        let page = visitor.get("/companies/new").await;
        assert_eq!(page.status, 200, "{}", page.text);
        let known = format!(
            "href=\"/companies/{}\">Already in Rollcall as Contoso",
            stage.company_id
        );
        assert!(page.text.contains(&known), "{}", page.text);
        assert!(!page.text.contains("chosen=250"));
        assert!(page.text.contains("aria-current=\"step\""));
        let part = visitor
            .post(
                "/psa-companies",
                &[("psa", &stage.psa_id.to_string()), ("search", "fabri")],
            )
            .await;
        assert!(
            part.text.contains("Fabrikam &quot;East&quot; &amp; Co"),
            "{}",
            part.text
        );
        assert!(!part.text.contains("Contoso"));
        let href = format!("/companies/new?psa={}&chosen=300", stage.psa_id);
        assert!(
            part.text.contains(&href.replace('&', "&amp;")),
            "{}",
            part.text
        );
        let chosen = visitor.get(&href).await;
        assert!(
            chosen
                .text
                .contains("value=\"Fabrikam &quot;East&quot; &amp; Co\""),
            "{}",
            chosen.text
        );
        assert_eq!(hidden(&chosen.text, "psa_company_id"), "300");

        let answer = add(&stage, &visitor, 300, " Fabrikam ").await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        let added = all(&stage)
            .await
            .into_iter()
            .find(|one| one.name == "Fabrikam")
            .unwrap();
        assert!(
            !added.sync_contacts,
            "nothing is synced before it is turned on"
        );
        let to = format!("/companies/{}/connection", added.id);
        assert_eq!(answer.location.as_deref(), Some(to.as_str()));
        let page = visitor.get(&to).await;
        assert!(page.text.contains("Fabrikam is added."), "{}", page.text);
        assert!(page.text.contains("Next, connect the company"));
    }
}

#[tokio::test]
async fn mistakes_of_a_new_company_stand_beside_their_field_and_add_nothing() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    stage.psa.add_company(300, "Fabrikam");
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let long = "x".repeat(5_000);
    for (id, name, said) in [
        (300, "CONTOSO", "Another company in Rollcall has this name"),
        (300, "  ", "must not be empty"),
        (300, &*long, "too long"),
        (300, "two\nlines", "one line"),
        (250, "Other", "in Rollcall already, as Contoso"),
        (999, "Ghost", "no such company"),
        (-1, "Ghost", "Choose the company in the PSA"),
    ] {
        let answer = add(&stage, &visitor, id, name).await;
        assert_eq!(answer.status, 422, "{id} {name}");
        assert!(answer.text.contains(said), "{id} {name}: {}", answer.text);
    }
    let hostile = "\"><script>alert(1)</script> \u{202e}🧭";
    let again = add(&stage, &visitor, 250, hostile).await;
    assert!(!again.text.contains("<script>alert"), "{}", again.text);
    assert!(
        again
            .text
            .contains("value=\"&quot;&gt;&lt;script&gt;alert(1)"),
        "what was typed stays"
    );
    assert_eq!(all(&stage).await.len(), 1);
    // A forged connection is nobody's.
    let fields = [("psa", "99"), ("psa_company_id", "300"), ("name", "X")];
    let forged = send(&visitor, "/companies/new", "/companies/new", &fields).await;
    assert_eq!(forged.status, 422);
    // The same name shown harmlessly where it is one.
    let answer = add(&stage, &visitor, 300, hostile).await;
    let page = visitor.get(&answer.location.unwrap()).await;
    assert!(!page.text.contains("<script>alert"), "{}", page.text);
}

#[tokio::test]
async fn a_psa_that_does_not_answer_is_said_and_the_page_works() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    stage
        .psa
        .controls()
        .fault(Fault::always(FaultKind::Status(401)));
    for address in [
        "/companies/new".to_owned(),
        format!("/companies/new?psa={}&chosen=250", stage.psa_id),
    ] {
        let page = visitor.get(&address).await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert!(page.text.contains("notice bad"), "{}", page.text);
    }
}

#[tokio::test]
async fn without_a_psa_connection_the_page_says_who_adds_one() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let (company, psa) = (stage.company_id, stage.psa_id);
    let now = stage.clock.now();
    stage
        .write(move |conn| {
            let version = companies::version(conn, company)?.unwrap();
            companies::remove(conn, company, version, now)?;
            rollcall::db::psa_connections::remove(conn, psa, 1, now)
        })
        .await;
    let site = Site::start(&stage.app);
    let technician = site.signed_in(Role::Technician).await;
    let page = technician.get("/companies/new").await;
    assert!(
        page.text.contains("No PSA is connected yet"),
        "{}",
        page.text
    );
    assert!(page.text.contains("An administrator connects it"));
    let administrator = site.signed_in(Role::Administrator).await;
    let page = administrator.get("/companies/new").await;
    assert!(page.text.contains("Connect a PSA"), "{}", page.text);
    let reader = site.signed_in(Role::Reader).await;
    assert_eq!(reader.get("/companies/new").await.status, 403);
}

#[tokio::test]
async fn with_two_psas_a_company_is_found_without_knowing_which_it_is_in() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let now = stage.clock.now();
    let other = stage
        .write(move |conn| {
            let other = rollcall::model::PsaConnection {
                id: 0,
                name: "Second PSA".into(),
                kind: "autotask".into(),
                fields: [("username".to_owned(), "api".to_owned())].into(),
                default_contact_type: None,
            };
            rollcall::db::psa_connections::insert(conn, &other, now)
        })
        .await;
    stage.psa.add_company(300, "Proseware");
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let page = visitor.found("/companies/new", "prose").await.text;
    assert!(page.contains("All PSAs"), "{page}");
    let href = format!("/companies/new?psa={}&amp;chosen=300", stage.psa_id);
    assert!(page.contains(&href), "{page}");
    // The one that cannot be read is named, and hides nothing of the other.
    assert!(page.contains("Second PSA (Autotask): "), "{page}");
    assert!(!page.contains(&format!("psa={other}&amp;chosen")));
    let chosen = visitor.get(&href.replace("&amp;", "&")).await.text;
    assert!(chosen.contains("Is this the company?"), "{chosen}");
}

#[tokio::test]
async fn while_a_company_is_set_up_a_step_is_done_only_when_it_was_done() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    stage.users([crate::stage::user("anna")]);
    stage.set(|company| company.sync_contacts = false).await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let base = format!("/companies/{}", stage.company_id);
    let save = async |page: &str, fields: &[(&str, &str)]| {
        let at = stage.version().await.to_string();
        let options = [
            ("version", at.as_str()),
            ("name", "Contoso"),
            ("timezone", "UTC"),
            ("guard_floor", "3"),
            ("guard_percent", "20"),
        ];
        let fields = [&options, fields].concat();
        let saved = visitor.post(&format!("{base}/{page}"), &fields).await;
        saved.location.expect("it is saved")
    };
    let done = async |step: &str| {
        let page = visitor
            .get(&format!("{base}/contact-sync/turn-on"))
            .await
            .text;
        let set_up = page
            .split("aria-label=\"Set-up\"")
            .nth(1)
            .expect("a set-up");
        let mut steps = set_up.split("<li").skip(1);
        let line = steps.find(|line| line.contains(step)).expect("a step");
        line.contains(", done")
    };
    let on = [("sync_contacts", "true"), ("action", "next")];
    assert_eq!(save("contact-sync", &on).await, format!("{base}/filters"));
    assert!(!stage.company().await.sync_contacts, "it is the last step");
    assert!(done("Options").await);
    let overview = visitor.get(&base).await.text;
    assert!(overview.contains(">Next: filters<"), "{overview}");
    assert!(!done("Filters").await && !done("Preview").await);
    save("filters", &[("action", "next")]).await;
    assert!(done("Filters").await, "passed on purpose");
    assert!(!done("Preview").await);
    rollcall::jobs::step(&stage.app).await.unwrap();
    assert!(done("Preview").await);
    stage.clock.advance(std::time::Duration::from_secs(61));
    save("contact-sync", &[("action", "save")]).await;
    assert!(!done("Preview").await, "it is older than the settings");
}

#[tokio::test]
async fn every_step_of_the_set_up_leads_to_the_next_until_contact_sync_is_on() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    stage.users([crate::stage::user("anna")]);
    stage.set(|company| company.sync_contacts = false).await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let base = format!("/companies/{}", stage.company_id);
    let version = async || stage.version().await.to_string();
    let tenant = visitor.get(&format!("{base}/connection")).await.text;
    assert!(tenant.contains("Next: options"), "{tenant}");
    let options = visitor.get(&format!("{base}/contact-sync")).await.text;
    assert!(options.contains("form=\"options-form\" name=\"action\" value=\"next\""));
    let at = version().await;
    let form = [
        ("version", at.as_str()),
        ("action", "next"),
        ("name", "Contoso"),
        ("update_existing", "true"),
        ("timezone", "UTC"),
        ("guard_floor", "3"),
        ("guard_percent", "20"),
    ];
    let saved = visitor.post(&format!("{base}/contact-sync"), &form).await;
    assert_eq!(saved.location, Some(format!("{base}/filters")));
    let filters = visitor.get(&format!("{base}/filters")).await.text;
    assert!(filters.contains("form=\"filters-form\" name=\"action\" value=\"next\""));
    assert!(filters.contains("nothing was read of this company yet"));
    let at = version().await;
    let form = [("version", at.as_str()), ("action", "next")];
    let saved = visitor.post(&format!("{base}/filters"), &form).await;
    let to = saved.location.expect("the preview");
    assert!(to.starts_with(&format!("{base}/preview?watch=")), "{to}");
    assert!(rollcall::jobs::step(&stage.app).await.unwrap());
    let preview = visitor.get(&format!("{base}/preview")).await.text;
    assert!(preview.contains("Next: turn it on"), "{preview}");
    let people = visitor.get(&format!("{base}/people")).await.text;
    assert!(people.contains("anna"), "{people}");
    let filters = visitor.get(&format!("{base}/filters")).await.text;
    assert!(!filters.contains("nothing was read of this company yet"));
    let turn_on = visitor.get(&format!("{base}/contact-sync/turn-on")).await;
    assert!(
        turn_on.text.contains("This will create 1"),
        "{}",
        turn_on.text
    );
    let reader = site.signed_in(Role::Reader).await;
    let seen = reader.get(&format!("{base}/preview")).await.text;
    assert!(!seen.contains("aria-label=\"Set-up\""), "{seen}");
}
