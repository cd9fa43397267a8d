//! Credentials that are tried before they are applied, and secrets whose key is lost.

use std::sync::Arc;

use rollcall::config::Config;
use rollcall::seal::Keyring;
use secrecy::ExposeSecret;

use super::stage::Fleet;
use super::world::{CLIENT, GROUP, example};

#[tokio::test]
async fn every_new_secret_is_tried_and_a_wrong_one_is_not_applied() {
    for (variable, connection) in [
        ("CW_PRIVATE_KEY", "Main PSA"),
        ("AT_CODE", "Second PSA"),
        ("CONTOSO_SECRET", "Contoso"),
    ] {
        let mut fleet = Fleet::of_the_example().await;
        fleet.secrets.0.insert(variable, "another");
        fleet.clouds.down = Some(connection);
        let stop = fleet.apply(&example()).await.expect_err("it is refused");
        assert_eq!((stop.mistakes.len(), stop.unreachable.len()), (0, 1));
        assert_eq!(stop.unreachable[0].connection, connection);
        fleet.clouds.down = None;
        assert_eq!(fleet.changes(&example()).await.len(), 1);
    }
}

#[tokio::test]
async fn a_tenant_without_filters_is_tried_too_and_another_end_date_is_not() {
    let fleet = Fleet::of_the_example().await;
    let (head, _) = example().split_once("  [[company.filter]]").map_or_else(
        || unreachable!("the example has filters"),
        |(head, rest)| (head.to_owned(), rest.to_owned()),
    );
    fleet.apply(&head).await.unwrap();
    fleet.clouds.asked();
    fleet
        .apply(&head.replace("2027-03-31", "2028-03-31"))
        .await
        .unwrap();
    assert_eq!(fleet.clouds.asked(), Vec::<String>::new());
    fleet.apply(&head.replace(CLIENT, GROUP)).await.unwrap();
    assert_eq!(fleet.clouds.asked(), ["confirmed Contoso"]);
    let cloud = head
        .replace("\"global\"", "\"usgov\"")
        .replace(CLIENT, GROUP);
    fleet.apply(&cloud).await.unwrap();
    assert_eq!(fleet.clouds.asked(), ["confirmed Contoso"]);
}

#[tokio::test]
async fn a_key_that_is_lost_is_repaired_by_entering_the_secrets_anew() {
    let mut fleet = Fleet::of_the_example().await;
    fleet.keys = Arc::new(Keyring::generate().0);
    assert!(fleet.export().await.contains("name = \"Contoso\""));
    let without = example()
        .replace("private_key = { env = \"CW_PRIVATE_KEY\" }\n", "\n")
        .replace("client_secret = { env = \"CONTOSO_SECRET\" }", "");
    let told = fleet.mistakes(&without).await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].starts_with("line 3, column 1: the stored private_key cannot be opened")
            && told[1].starts_with("line 35, column 3: the stored client_secret cannot be opened"),
        "{told:?}"
    );
    let changes = fleet.changes(&example()).await;
    assert_eq!(changes.len(), 6, "{changes:?}");
    let state = fleet.state().await;
    assert_eq!(
        state.psa[0].secrets["private_key"].expose_secret(),
        "private-1"
    );
    assert!(state.companies[0].lost.is_empty());
    assert_eq!(fleet.changes(&without).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_new_certificate_without_a_password_drops_the_password_that_is_lost() {
    let mut fleet = Fleet::of_the_example().await;
    let secret = "client_secret = { env = \"CONTOSO_SECRET\" }";
    let certificate = example().replace(secret, "certificate = { file = \"contoso.pfx\" }");
    let password = certificate.replace(
        "  expires =",
        "  certificate_password = { file = \"secret.txt\" }\n  expires =",
    );
    fleet.apply(&password).await.unwrap();
    fleet.keys = Arc::new(Keyring::generate().0);
    fleet.apply(&certificate).await.unwrap();
    let stored = fleet.state().await.companies[0].clone();
    assert!(stored.lost.is_empty());
    assert_eq!(stored.secrets.keys().collect::<Vec<_>>(), ["certificate"]);
}

#[tokio::test]
async fn a_company_of_the_database_in_another_case_is_a_mistake() {
    let fleet = Fleet::of_the_example().await;
    let text = example().replace("name = \"Contoso\"", "name = \"CONTOSO\"");
    let told = fleet.mistakes(&text).await;
    assert_eq!(
        told[0],
        "line 23, column 8: a company of the database is called \"Contoso\" already: write its name in the same way"
    );
}

#[test]
fn the_settings_take_for_a_key_what_the_keyring_takes() {
    let whole = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let (bare, short) = (whole.trim_end_matches('='), &whole[..40]);
    let several = format!("{whole}\n\n  {bare}\n");
    let one_wrong = format!("{whole}\n{short}\n");
    for text in [whole, bare, short, &several, &one_wrong, "hunter2", "a b"] {
        let config = Config::from_env(|name| match name {
            "HOME" => Some("/home/ann".into()),
            "ROLLCALL_SECRET_KEY" => Some(text.into()),
            _ => None,
        });
        assert_eq!(config.is_ok(), Keyring::parse(text).is_ok(), "{text}");
    }
}
