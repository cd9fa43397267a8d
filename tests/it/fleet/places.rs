//! Sites and contact types that were made anew, and connections that lead to another PSA.

use rollcall::model::Target;
use serde_json::json;

use super::stage::Fleet;
use super::world::example;

#[tokio::test]
async fn a_site_that_was_made_anew_under_its_name_is_looked_up_anew() {
    let mut fleet = Fleet::of_the_example().await;
    fleet.clouds.era = "b";
    // Without a fact nothing is known to be wrong.
    assert_eq!(fleet.would_change(&example()).await, Vec::<String>::new());
    let site = |id: &str, name: &str| json!({"id": id, "name": name, "active": true});
    let now_there = [
        site("250-0b", "Main"),
        site("250-1b", "New Site"),
        site("250-2", "Site 3"),
    ];
    fleet.remember("company:1", "sites", json!(now_there)).await;
    let anew = "not there any more under its id: looked up anew by its name";
    assert_eq!(
        fleet.changes(&example()).await[0],
        format!("Company \"Contoso\": default_site: {anew}")
    );
    let company = fleet.state().await.companies[0].company.clone();
    assert_eq!(company.default_site.unwrap().id.as_str(), "250-0b");
    let Target::Place { site, .. } = &company.filters[0].target else {
        panic!("the first filter names a site");
    };
    assert_eq!(site.as_ref().unwrap().id.as_str(), "250-1b");
    assert_eq!(fleet.changes(&example()).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_site_that_became_inactive_counts_as_gone() {
    let fleet = Fleet::of_the_example().await;
    let sites = json!([
        {"id": "250-0", "name": "Main", "active": false},
        {"id": "250-1", "name": "New Site", "active": true},
        {"id": "250-2", "name": "Site 3", "active": true},
    ]);
    fleet.remember("company:1", "sites", sites).await;
    assert_eq!(fleet.would_change(&example()).await.len(), 1);
}

#[tokio::test]
async fn a_contact_type_that_was_made_anew_under_its_name_is_looked_up_anew() {
    let mut fleet = Fleet::of_the_example().await;
    fleet.clouds.era = "b";
    let types = json!([{"id": "0b", "name": "End User"}, {"id": "1b", "name": "Technical"}]);
    fleet.remember("psa:1", "contact_types", types).await;
    let told = fleet.changes(&example()).await;
    assert_eq!(
        told[0],
        "PSA \"Main PSA\": default_contact_type: not there any more under its id: looked up anew by its name"
    );
    let state = fleet.state().await;
    let default = state.psa[0].connection.default_contact_type.clone();
    assert_eq!(default.unwrap().id.as_str(), "0b");
    let Target::Place { contact_type, .. } = &state.companies[0].company.filters[1].target else {
        panic!("the second filter names a contact type");
    };
    assert_eq!(contact_type.as_ref().unwrap().id.as_str(), "1b");
    assert_eq!(fleet.changes(&example()).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_connection_that_leads_to_another_psa_retires_the_links_of_all_its_companies() {
    let text = example();
    let only_psa = text.split("[[company]]").next().unwrap();
    for (from, to) in [
        ("api-na.myconnectwise.net", "api-eu.myconnectwise.net"),
        ("\"mymsp\"", "\"other\""),
    ] {
        // Whether the file names the company or not.
        for text in [text.as_str(), only_psa] {
            let mut fleet = Fleet::of_the_example().await;
            fleet.link().await;
            fleet.clouds.era = "b";
            let text = text.replace(from, to);
            let plan = fleet.check(&text).await.unwrap();
            assert!(plan.moves(1), "its turn is to be taken");
            assert!(!plan.moves(2));
            assert_eq!(
                fleet.would_change(&text).await[1..],
                [
                    "Company \"Contoso\": psa: leads elsewhere: sites and contact types are looked up anew",
                    "Company \"Contoso\": links: 1 retired: nobody is deactivated for them (another PSA)",
                ]
            );
            assert_eq!(fleet.apply(&text).await.unwrap().1.retired, 1);
            let stored = fleet.state().await.companies[0].clone();
            assert_eq!(stored.links, 0);
            assert_eq!(stored.company.psa_company_id.as_str(), "250");
            assert_eq!(stored.company.default_site.unwrap().id.as_str(), "250-0b");
            assert_eq!(stored.company.filters.len(), 4);
            assert!(stored.tenant.is_some());
            assert_eq!(stored.secrets.len(), 1);
            assert_eq!(fleet.changes(&text).await, Vec::<String>::new());
        }
    }
}

#[tokio::test]
async fn what_a_company_outside_the_file_misses_in_another_psa_is_said_with_its_name() {
    let mut fleet = Fleet::of_the_example().await;
    fleet.clouds.without = Some("Site 3");
    let other = example().replace("\"mymsp\"", "\"other\"");
    let only_psa = other.split("[[company]]").next().unwrap();
    assert_eq!(
        fleet.mistakes(only_psa).await,
        [
            "line 3, column 1: company \"Contoso\", which this file does not name: there is no site \"Site 3\". \
             There is: Main, New Site, Twice, Zoë's \"Büro\", twice"
        ]
    );
}

#[tokio::test]
async fn another_user_of_autotask_may_be_another_psa_and_another_case_is_not() {
    let fleet = Fleet::of_the_example().await;
    let company = "[[company]]\nname = \"Fabrikam\"\npsa = \"Second PSA\"\npsa_company_id = 7\n";
    fleet.apply(&(example() + company)).await.unwrap();
    let same = example().replace("api@mymsp.example", "API@mymsp.example");
    assert_eq!(fleet.would_change(&same).await.len(), 1);
    let other = example().replace("api@mymsp.example", "api@other.example");
    let plan = fleet.check(&other).await.unwrap();
    assert_eq!(
        plan.changes[1].to_string(),
        "Company \"Fabrikam\": psa: leads elsewhere: sites and contact types are looked up anew"
    );
    assert_eq!((plan.moves(1), plan.moves(2)), (false, true));
}
