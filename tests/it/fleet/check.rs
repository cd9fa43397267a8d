//! What a file changes, and what is wrong with it once the real systems are asked.

use rollcall::fleet::{Plan, State, Stop, check, parse};

use super::stage::now;
use super::world::{CLIENT, Clouds, GROUP, Table, example};

async fn checked(text: &str, clouds: &Clouds) -> Result<Plan, Stop> {
    let state = State::default();
    let parsed = parse(text, &state.known_psa(), &Table::new());
    check(&parsed, &state, clouds, now()).await
}

async fn mistakes(text: &str) -> Vec<String> {
    let stop = checked(text, &Clouds::default())
        .await
        .expect_err("there are mistakes");
    assert_eq!(stop.unreachable, []);
    stop.mistakes.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn the_example_creates_what_it_names_and_asks_each_system_once() {
    let clouds = Clouds::default();
    let plan = checked(&example(), &clouds).await.unwrap();
    assert_eq!(
        plan.text(false),
        "Would change:\n  ignored_licences: as Rollcall starts → 2\n  PSA \"Main PSA\": created\n  \
         PSA \"Second PSA\": created\n  Company \"Contoso\": created\n"
    );
    assert_eq!(plan.warnings, Vec::<String>::new());
    assert_eq!(
        clouds.asked(),
        [
            "types Main PSA",
            "reached Main PSA",
            "phones Main PSA",
            "reached Second PSA",
            "phones Second PSA",
            "company Main PSA",
            "sites Main PSA",
            "confirmed Contoso",
            "group Contoso",
            "skus Contoso",
        ]
    );
    let json = serde_json::to_value(plan.report(true)).unwrap();
    assert_eq!(json["applied"], true);
    assert_eq!(json["changes"][3]["subject"], "company");
    assert_eq!(
        json["changes"][3]["message"],
        "Company \"Contoso\": created"
    );
    assert_eq!(json["warnings"], serde_json::json!([]));
}

#[tokio::test]
async fn unknown_names_are_told_with_what_there_is_all_at_once() {
    let text = example()
        .replace("\"New Site\"", "\"Nwe Site\"")
        .replace("default_site = \"Main\"", "default_site = \"Old\"")
        .replace("\"Technical\"", "\"Boss\"")
        .replace("\"End User\"", "\"User\"")
        .replace("phone_type = \"Direct\"", "phone_type = \"Office\"")
        .replace(GROUP, CLIENT)
        .replace("site = \"Site 3\"", "site = \"TWICE\"")
        .replace("exclude = true", "exlude = true");
    let sites = "There is: Main, New Site, Site 3, Twice, Zoë's \"Büro\", twice";
    assert_eq!(
        mistakes(&text).await,
        [
            "line 11, column 24: there is no contact type \"User\". There is: End User, Technical".to_owned(),
            "line 12, column 14: there is no phone type \"Office\". There is: Cell, Direct, Home".to_owned(),
            "line 29, column 16: the site \"Old\" is inactive".to_owned(),
            format!("line 44, column 21: the tenant of \"Contoso\" has no group {CLIENT}"),
            format!("line 45, column 10: there is no site \"Nwe Site\". {sites}"),
            format!("line 49, column 10: there is no site \"Nwe Site\". {sites}"),
            "line 50, column 18: there is no contact type \"Boss\". There is: End User, Technical".to_owned(),
            "line 54, column 3: unknown key \"exlude\" in [[company.filter]]: did you mean \"exclude\"?".to_owned(),
            "line 59, column 10: 2 sites are called \"TWICE\"".to_owned(),
        ]
    );
}

#[tokio::test]
async fn a_company_that_the_psa_does_not_have_is_a_mistake() {
    let text = example().replace("= 250", "= 404");
    assert_eq!(
        mistakes(&text).await,
        ["line 25, column 18: \"Main PSA\" has no company 404"]
    );
}

#[tokio::test]
async fn an_unknown_licence_is_a_warning() {
    let text = example().replace("\"SPB\"", "\"SPE_E5\"");
    let plan = checked(&text, &Clouds::default()).await.unwrap();
    assert_eq!(
        plan.warnings,
        [
            "line 53, column 23: the tenant of \"Contoso\" does not have the licence SPE_E5, so the condition holds for nobody"
        ]
    );
    let guid = example().replace("\"SPB\"", "\"CBDC14AB-d96c-4c30-b9f4-6ada7cdc1d46\"");
    assert_eq!(
        checked(&guid, &Clouds::default()).await.unwrap().warnings,
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_system_that_cannot_be_reached_stops_everything_and_is_told_once() {
    for down in ["Main PSA", "Contoso"] {
        let clouds = Clouds {
            down: Some(down),
            ..Clouds::default()
        };
        let stop = checked(&example(), &clouds).await.expect_err("it is down");
        assert_eq!(stop.mistakes, []);
        assert_eq!(stop.unreachable.len(), 1);
        assert_eq!(stop.unreachable[0].connection, down);
    }
}

#[tokio::test]
async fn a_secret_that_is_neither_given_nor_stored_is_a_mistake() {
    let text = example()
        .replace("private_key = { env = \"CW_PRIVATE_KEY\" }\n", "\n")
        .replace("client_secret = { env = \"CONTOSO_SECRET\" }", "");
    assert_eq!(
        mistakes(&text).await,
        [
            "line 3, column 1: private_key is missing in this [[psa]], and no such secret is stored yet",
            "line 35, column 3: client_secret or certificate is missing in this [company.tenant], and none is stored yet",
        ]
    );
}

#[tokio::test]
async fn a_missing_variable_is_told_once_and_nothing_is_asked_with_half_of_the_secrets() {
    let text = example()
        .replace("CW_PRIVATE_KEY", "NOT_SET")
        .replace("CONTOSO_SECRET", "UNSET");
    let clouds = Clouds::default();
    let stop = checked(&text, &clouds)
        .await
        .expect_err("there are mistakes");
    let told: Vec<String> = stop.mistakes.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "line 9, column 23: the environment variable NOT_SET is not set",
            "line 38, column 27: the environment variable UNSET is not set",
        ]
    );
    assert_eq!(clouds.asked(), ["reached Second PSA", "phones Second PSA"]);
}

#[tokio::test]
async fn a_connection_that_no_client_can_be_made_of_is_a_mistake() {
    let text = example()
        .replace("\"Direct\" ", "\"Twin\"")
        .replace("\"Cell\" ", "\"Twin\"");
    assert_eq!(
        mistakes(&text).await,
        ["line 3, column 1: the phone type and the mobile type are both Twin"]
    );
}

#[tokio::test]
async fn nothing_is_looked_up_for_a_file_whose_toml_is_broken() {
    let clouds = Clouds::default();
    let text = example() + "[[company\n";
    let stop = checked(&text, &clouds).await.expect_err("it is broken");
    assert_eq!(stop.mistakes.len(), 1, "{:?}", stop.mistakes);
    assert_eq!(clouds.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn a_system_that_failed_is_not_asked_again_for_the_next_company() {
    let company = |id: u32| {
        format!(
            "[[company]]\nname = \"Company {id}\"\npsa = \"Second PSA\"\npsa_company_id = {id}\n\
             default_site = \"Main\"\n"
        )
    };
    let more: Vec<String> = (300..340).map(company).collect();
    let clouds = Clouds {
        down: Some("Second PSA"),
        ..Clouds::default()
    };
    let stop = checked(&(example() + &more.concat()), &clouds)
        .await
        .expect_err("it is down");
    assert_eq!(stop.unreachable.len(), 1);
    let asked = clouds.asked();
    let again = asked.iter().filter(|asked| asked.ends_with("Second PSA"));
    assert_eq!(again.count(), 1, "{asked:?}");
}
