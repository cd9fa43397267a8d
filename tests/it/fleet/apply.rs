//! Files applied to a database, and printed again.

use rollcall::db::jobs::{self, Priority};
use rollcall::fleet::{Applied, StoreError, apply};
use rollcall::model::Target;
use secrecy::ExposeSecret;

use super::stage::{Fleet, now};
use super::world::{CLIENT, GROUP, TENANT, example};

#[tokio::test]
async fn what_the_example_says_is_in_the_database_with_its_secrets_sealed() {
    let fleet = Fleet::of_the_example().await;
    let state = fleet.state().await;
    assert_eq!(state.ignored_licences.as_deref().unwrap().len(), 2);
    assert_eq!(
        state.psa[0].secrets["private_key"].expose_secret(),
        "private-1"
    );
    assert_eq!(
        state.psa[0]
            .connection
            .default_contact_type
            .as_ref()
            .unwrap()
            .id
            .as_str(),
        "0"
    );
    let contoso = &state.companies[0];
    assert_eq!(contoso.secrets["client_secret"].expose_secret(), "tenant-1");
    assert_eq!(
        contoso.company.default_site.as_ref().unwrap().id.as_str(),
        "250-0"
    );
    assert_eq!(contoso.tenant.as_ref().unwrap().tenant_id.as_str(), TENANT);
    let Target::Place { site, contact_type } = &contoso.company.filters[1].target else {
        panic!("the second filter names a site");
    };
    assert_eq!(site.as_ref().unwrap().id.as_str(), "250-1");
    assert_eq!(contact_type.as_ref().unwrap().id.as_str(), "1");
    assert_eq!(contoso.company.filters[2].target, Target::Exclude);
}

#[tokio::test]
async fn applying_the_same_file_again_changes_nothing_and_asks_nobody() {
    let fleet = Fleet::of_the_example().await;
    let (plan, applied) = fleet.apply(&example()).await.unwrap();
    assert_eq!(plan.text(true), "Nothing changes.\n");
    assert_eq!(applied, Applied::default());
    assert_eq!(fleet.clouds.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn applying_a_change_asks_for_the_runs_of_the_companies_concerned() {
    let fleet = Fleet::of_the_example().await;
    let asked = || async {
        let all = fleet.db.read(|conn| jobs::recent(conn, 9)).await.unwrap();
        let seen = |job: &jobs::Job| {
            (
                (job.run_at - now()).num_minutes(),
                job.priority,
                job.requested_by.clone(),
            )
        };
        all.iter().map(seen).collect::<Vec<_>>()
    };
    let one = [(2, Priority::Save, Some("fleet file".to_owned()))];
    assert_eq!(asked().await, one);
    fleet.apply(&example()).await.unwrap();
    assert_eq!(asked().await, one, "nothing changed");
    let renamed = example().replace("sync_contacts = true", "sync_contacts = false");
    let fleet = Fleet::empty().await;
    fleet.apply(&renamed).await.unwrap();
    let all = fleet.db.read(|conn| jobs::recent(conn, 9)).await.unwrap();
    assert_eq!(all, [], "nobody syncs it");
}

#[tokio::test]
async fn an_export_is_for_people_and_applying_it_changes_nothing() {
    let fleet = Fleet::of_the_example().await;
    let printed = fleet.export().await;
    let expected = format!(
        r#"# Secrets are left out: applying this file keeps those that are stored.

ignored_licences = ["FLOW_FREE", "POWER_BI_STANDARD"]

[[psa]]
name = "Main PSA"
kind = "connectwise"
url = "https://api-na.myconnectwise.net"
company_id = "mymsp"
default_contact_type = "End User"

[[psa]]
name = "Second PSA"
kind = "autotask"
username = "api@mymsp.example"

[[company]]
name = "Contoso"
psa = "Main PSA"
psa_company_id = 250
sync_contacts = true
update_existing = true
default_site = "Main"
schedule = "02:30"
timezone = "Europe/London"
ignore = ["ceo@contoso.example"]

  [company.tenant]
  tenant_id = "{TENANT}"
  client_id = "{CLIENT}"
  expires = "2027-03-31"

  [[company.filter]]
  name = "Management"
  when = [{{ group = "{GROUP}" }}]
  site = "New Site"

  [[company.filter]]
  when = [{{ field = "department", equals = "IT" }}, {{ not = {{ upn_domain = "contractors.example" }} }}]
  site = "New Site"
  contact_type = "Technical"

  [[company.filter]]
  when = [{{ licence = "SPB" }}]
  exclude = true
  enabled = false

  [[company.filter]]
  when = [{{ licensed = true }}]
  site = "Site 3"
"#
    );
    assert_eq!(printed, expected);
    assert_eq!(fleet.changes(&printed).await, Vec::<String>::new());
    assert_eq!(fleet.clouds.asked(), Vec::<String>::new());
    assert_eq!(fleet.export().await, expected);
}

#[tokio::test]
async fn names_with_quotes_and_from_all_over_the_world_survive_an_export() {
    let fleet = Fleet::empty().await;
    let odd = r#"Zoë's \"Büro\" \\ 株式会社 \u0007\u007f\t😀"#;
    let text = example()
        .replace("\"Contoso\"", &format!("\"{odd}\""))
        .replace("\"Main PSA\"", "'''C:\\PSA \"one\" # no comment'''")
        .replace(
            "default_site = \"Main\"",
            r#"default_site = "Zoë's \"Büro\"""#,
        )
        .replace("\"Management\"", r#""\"\"\" [[psa]]""#)
        .replace("equals = \"IT\"", r#"equals = "R&D = \"R\"""#);
    fleet.apply(&text).await.unwrap();
    let printed = fleet.export().await;
    assert_eq!(fleet.changes(&printed).await, Vec::<String>::new());
    assert_eq!(fleet.changes(&text).await, Vec::<String>::new());
    assert_eq!(
        fleet.state().await.companies[0]
            .company
            .default_site
            .as_ref()
            .unwrap()
            .name,
        "Zoë's \"Büro\""
    );
}

#[tokio::test]
async fn what_is_left_out_gets_its_default_and_secrets_stay() {
    let fleet = Fleet::of_the_example().await;
    let text = format!(
        "[[company]]\nname = \"Contoso\"\npsa = \"Main PSA\"\npsa_company_id = 250\n\
         max_deactivations = {{ percent = 50 }}\n[company.tenant]\ntenant_id = \"{TENANT}\"\nclient_id = \"{CLIENT}\"\n"
    );
    assert_eq!(
        fleet.changes(&text).await,
        [
            "Company \"Contoso\": sync_contacts: true → false",
            "Company \"Contoso\": update_existing: true → false",
            "Company \"Contoso\": schedule: 02:30 → none",
            "Company \"Contoso\": timezone: Europe/London → UTC",
            "Company \"Contoso\": max_deactivations: floor 3, percent 20 → floor 3, percent 50",
            "Company \"Contoso\": ignore: removed: ceo@contoso.example",
            "Company \"Contoso\": default_site: Main → none",
            &format!(
                "Company \"Contoso\": filter \"Management\": removed: when [{{ group = \"{GROUP}\" }}], site New Site"
            ),
            "Company \"Contoso\": filter 2: removed: when [{ field = \"department\", equals = \"IT\" }, \
             { not = { upn_domain = \"contractors.example\" } }], site New Site, contact_type Technical",
            "Company \"Contoso\": filter 3: removed: when [{ licence = \"SPB\" }], exclude true, enabled false",
            "Company \"Contoso\": filter 4: removed: when [{ licensed = true }], site Site 3",
            "Company \"Contoso\": expires: 2027-03-31 → none",
        ]
    );
    let state = fleet.state().await;
    assert_eq!(state.psa.len(), 2);
    assert_eq!(
        state.companies[0].secrets["client_secret"].expose_secret(),
        "tenant-1"
    );
    assert_eq!(fleet.changes(&text).await, Vec::<String>::new());
}

#[tokio::test]
async fn only_a_secret_with_another_value_is_a_change_and_its_value_is_not_told() {
    let mut fleet = Fleet::of_the_example().await;
    fleet.secrets.0.insert("CW_PRIVATE_KEY", "private-2");
    fleet.secrets.0.insert("CONTOSO_SECRET", "tenant-2");
    assert_eq!(
        fleet.changes(&example()).await,
        [
            "PSA \"Main PSA\": private_key: changed",
            "Company \"Contoso\": client_secret: changed",
        ]
    );
    let state = fleet.state().await;
    assert_eq!(
        state.psa[0].secrets["private_key"].expose_secret(),
        "private-2"
    );
    assert_eq!(
        state.companies[0].secrets["client_secret"].expose_secret(),
        "tenant-2"
    );
}

#[tokio::test]
async fn a_certificate_takes_the_place_of_a_client_secret() {
    let fleet = Fleet::of_the_example().await;
    let text = example().replace(
        "client_secret = { env = \"CONTOSO_SECRET\" }",
        "certificate = { file = \"contoso.pfx\" }",
    );
    assert_eq!(
        fleet.changes(&text).await,
        [
            "Company \"Contoso\": sign-in: client secret → certificate",
            "Company \"Contoso\": certificate: stored",
        ]
    );
    let stored = &fleet.state().await.companies[0];
    assert_eq!(stored.secrets.keys().collect::<Vec<_>>(), ["certificate"]);
    assert!(stored.tenant.as_ref().unwrap().certificate);
    let printed = fleet.export().await;
    assert_eq!(fleet.changes(&printed).await, Vec::<String>::new());
}

#[tokio::test]
async fn another_tenant_or_psa_company_retires_the_links_and_says_how_many() {
    let fleet = Fleet::of_the_example().await;
    fleet.link().await;
    let text = example().replace("= 250", "= 251");
    let (plan, applied) = fleet.apply(&text).await.unwrap();
    let told: Vec<String> = plan.changes.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "Company \"Contoso\": psa_company_id: 250 → 251",
            "Company \"Contoso\": links: 1 retired: nobody is deactivated for them (another PSA company)",
        ]
    );
    assert_eq!(applied.retired, 1);
    let state = fleet.state().await;
    assert_eq!(state.companies[0].links, 0);
    assert_eq!(
        state.companies[0]
            .company
            .default_site
            .as_ref()
            .unwrap()
            .id
            .as_str(),
        "251-0"
    );

    fleet.link().await;
    let other = "99999999-1111-4222-8333-444455556666";
    let (plan, applied) = fleet.apply(&text.replace(TENANT, other)).await.unwrap();
    assert_eq!(applied.retired, 1);
    let told: Vec<String> = plan.changes.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            format!("Company \"Contoso\": tenant_id: {TENANT} → {other}"),
            "Company \"Contoso\": links: 1 retired: nobody is deactivated for them (another tenant)".to_owned(),
        ]
    );
}

#[tokio::test]
async fn companies_may_exchange_their_places_in_the_psa() {
    let fleet = Fleet::empty().await;
    let two = |a: u32, b: u32| {
        let psa = example().split("[[company]]").next().unwrap().to_owned();
        format!(
            "{psa}[[company]]\nname = \"A\"\npsa = \"Main PSA\"\npsa_company_id = {a}\n\
             [[company]]\nname = \"B\"\npsa = \"Main PSA\"\npsa_company_id = {b}\n"
        )
    };
    fleet.apply(&two(1, 2)).await.unwrap();
    assert_eq!(fleet.changes(&two(2, 1)).await.len(), 2);
    let ids: Vec<String> = (fleet.state().await.companies.iter())
        .map(|stored| stored.company.psa_company_id.to_string())
        .collect();
    assert_eq!(ids, ["2", "1"]);
    // Each has one event of it in the history, so it is one version.
    for stored in fleet.state().await.companies {
        let id = stored.company.id;
        let version = fleet
            .db
            .read(move |conn| rollcall::db::companies::version(conn, id));
        assert_eq!(version.await.unwrap(), Some(2));
    }

    let third = "[[company]]\nname = \"C\"\npsa = \"Main PSA\"\npsa_company_id = 1\n";
    assert_eq!(
        fleet.mistakes(third).await,
        ["line 4, column 18: company 1 of \"Main PSA\" belongs to \"B\" already"]
    );
}

#[tokio::test]
async fn the_kind_of_a_connection_cannot_change_and_a_tenant_connection_is_not_lost_by_leaving_it_out()
 {
    let fleet = Fleet::of_the_example().await;
    let text = "[[psa]]\nname = \"Main PSA\"\nkind = \"autotask\"\nusername = \"u\"\n\
                secret = { env = \"AT_SECRET\" }\nintegration_code = { env = \"AT_CODE\" }\n\
                [[company]]\nname = \"Contoso\"\npsa = \"Second PSA\"\npsa_company_id = 250\n";
    assert_eq!(
        fleet.mistakes(text).await,
        [
            "line 3, column 8: \"Main PSA\" is a connection to ConnectWise, and its kind cannot change: give the new connection another name",
            "line 7, column 1: [company.tenant] is missing in this [[company]], and \"Contoso\" has a tenant connection",
        ]
    );
}

#[tokio::test]
async fn one_mistake_or_one_system_out_of_reach_and_nothing_is_applied() {
    let mut fleet = Fleet::of_the_example().await;
    let before = fleet.export().await;
    let text = example()
        .replace("schedule = \"02:30\"", "schedule = \"03:30\"")
        .replace("\"Technical\"", "\"End User\"")
        .replace("site = \"Site 3\"", "site = \"Site 4\"");
    assert_eq!(fleet.mistakes(&text).await.len(), 1);
    fleet.clouds.down = Some("Main PSA");
    let fixed = text.replace("Site 4", "Main");
    let stop = fleet.apply(&fixed).await.expect_err("it is down");
    assert_eq!((stop.mistakes.len(), stop.unreachable.len()), (0, 1));
    assert_eq!(fleet.export().await, before);
    fleet.clouds.down = None;
    assert_eq!(fleet.changes(&fixed).await.len(), 3);
}

#[tokio::test]
async fn a_fleet_that_somebody_else_changed_meanwhile_is_left_alone() {
    let fleet = Fleet::of_the_example().await;
    let state = fleet.state().await;
    let plan = fleet
        .check(&example().replace("02:30", "03:30"))
        .await
        .unwrap();
    fleet
        .apply(&example().replace("02:30", "04:30"))
        .await
        .unwrap();
    let before = fleet.export().await;
    let refused = apply(&fleet.db, fleet.keys.clone(), &plan, &state, now()).await;
    assert!(matches!(refused, Err(StoreError::Meanwhile)), "{refused:?}");
    assert_eq!(fleet.export().await, before);
}
