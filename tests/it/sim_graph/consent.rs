//! The page of the login on which an administrator consents to a multi-tenant app.

use rollcall::simulator::graph::AppData;

use super::{APP, FOREIGN, FORM, SCOPE, TENANT, World, form, secret_form, world};

const SHARED: &str = "bbbbbbbb-0000-4000-8000-000000000001";
const BACK: &str = "https://rollcall.example/consent";

async fn with_app() -> World {
    let world = world().await;
    let app = AppData::reader("shared");
    world.microsoft.register_app(SHARED, app, vec![BACK.into()]);
    world
}

fn address(world: &World, tenant: &str, client: &str, back: &str) -> String {
    let query = form(&[
        ("client_id", client),
        ("redirect_uri", back),
        ("scope", SCOPE),
        ("state", "st&te"),
    ]);
    format!("{}/{tenant}/v2.0/adminconsent?{query}", world.login.url)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the simulator is asked from outside, without the crate's own client"
)]
async fn open(url: &str, decision: Option<String>) -> (u16, String, String) {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let request = match decision {
        None => client.get(url),
        Some(body) => client.post(url).header("content-type", FORM).body(body),
    };
    let answer = request.send().await.unwrap();
    let to = answer.headers().get("location");
    let to = to.map_or("", |to| to.to_str().unwrap()).to_owned();
    (answer.status().as_u16(), to, answer.text().await.unwrap())
}

#[tokio::test]
async fn accepting_adds_the_app_to_the_tenant_and_goes_back() {
    let world = with_app().await;
    let url = address(&world, "organizations", SHARED, BACK);
    let (status, _, page) = open(&url, None).await;
    assert_eq!(status, 200);
    assert!(page.contains("Contoso"), "{page}");
    assert!(
        !page.contains(FOREIGN),
        "a tenant of another cloud is shown"
    );
    assert!(!page.contains("<script"), "{page}");

    let mut body = secret_form("shared").replace(APP, SHARED);
    let refused = world.login(TENANT, body.clone()).await;
    assert_eq!(refused.body["error_codes"][0], 700_016);

    let (status, to, _) = open(&url, Some(form(&[("accept", TENANT)]))).await;
    assert_eq!(status, 303);
    let expected = form(&[
        ("admin_consent", "True"),
        ("tenant", TENANT),
        ("state", "st&te"),
        ("scope", SCOPE),
    ]);
    assert_eq!(to, format!("{BACK}?{expected}"));
    body = secret_form("shared").replace(APP, SHARED);
    assert_eq!(world.login(TENANT, body).await.status, 200);
}

#[tokio::test]
async fn cancelling_goes_back_with_an_error_and_adds_nothing() {
    let world = with_app().await;
    let url = address(&world, TENANT, SHARED, BACK);
    let (status, to, _) = open(&url, Some(form(&[("cancel", TENANT)]))).await;
    assert_eq!(status, 303);
    assert!(to.starts_with(&format!("{BACK}?error=access_denied&error_description=")));
    assert!(to.ends_with("&state=st%26te"), "{to}");
    let known = world
        .microsoft
        .tenant(TENANT, |tenant| tenant.apps.contains_key(SHARED));
    assert!(!known);
}

#[tokio::test]
async fn a_wrong_app_or_address_is_refused_with_its_aadsts_number_and_goes_nowhere() {
    let world = with_app().await;
    for (client, back, number) in [
        (APP, BACK, "AADSTS700016"),
        (SHARED, "https://evil.example/", "AADSTS50011"),
        ("", BACK, "AADSTS900144"),
    ] {
        for decision in [None, Some(form(&[("accept", TENANT)]))] {
            let url = address(&world, "organizations", client, back);
            let (status, to, page) = open(&url, decision).await;
            assert_eq!((status, to.as_str()), (400, ""));
            assert!(page.contains(number), "{page}");
        }
    }
    let url = address(&world, FOREIGN, SHARED, BACK);
    assert!(open(&url, None).await.2.contains("AADSTS90002"));
}
