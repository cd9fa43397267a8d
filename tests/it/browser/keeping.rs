//! What somebody types is kept where a page has to be sent again, and stays out of addresses.

use rollcall::connections::{MicrosoftForm, NewSecret, microsoft_app_version, save_microsoft_app};
use rollcall::model::Role;

use super::seat::Seat;
use crate::stage::{CLIENT, SECRET, Stage, Store, Vendor, user};
use crate::web::visitor::Site;

#[tokio::test]
async fn a_secret_that_was_typed_stays_in_its_field_where_the_test_fails() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let seat = Seat::of(&site, Role::Technician).await;
    let at = format!("/companies/{}/connection", stage.company_id);
    seat.go(&format!("{at}/app")).await;
    seat.browser.click("#way-secret").await;
    seat.browser.type_into("#client_secret", "wrong").await;
    seat.browser.click("#result button.primary").await;
    seat.browser.wait_for("#m-client_secret .mistake").await;
    assert_eq!(seat.value("#client_secret").await, "wrong");
    seat.picture("keeping-app").await;
    seat.browser.type_into("#client_secret", SECRET).await;
    seat.follow("#result button.primary", "/connection").await;
    seat.reads("Saved.").await;
}

#[tokio::test]
async fn the_microsoft_app_is_saved_over_another_save_with_the_secret_that_was_typed() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let seat = Seat::of(&site, Role::Administrator).await;
    seat.go("/settings/microsoft").await;
    seat.browser.type_into("#client_id", CLIENT).await;
    seat.browser.click("#way-secret").await;
    seat.browser.type_into("#client_secret", SECRET).await;
    let form = MicrosoftForm {
        client_id: CLIENT.into(),
        secret: NewSecret::Secret("another".to_owned().into()),
        expires: None,
    };
    let saved = save_microsoft_app(&stage.app, &form, 0, "Ann").await;
    saved.unwrap();
    seat.browser.click("#result button.primary").await;
    seat.browser
        .wait_for_text("#result", "Ann changed the Microsoft app")
        .await;
    assert_eq!(seat.value("#client_secret").await, SECRET);
    seat.browser.click("#result button.primary").await;
    seat.reads("The Microsoft app is saved.").await;
    assert_eq!(stage.read(microsoft_app_version).await, 2);
}

/// Whether the page asks before it is left.
async fn asks(seat: &Seat) -> bool {
    let script = "return !window.dispatchEvent(new Event('beforeunload', { cancelable: true }))";
    seat.browser.run(script, vec![]).await == true
}

/// A form is sent, as the page's scripts see it.
async fn is_sent(seat: &Seat, action: &str) {
    let script = "const form = document.querySelector(`form[action='${arguments[0]}']`); \
         form.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }))";
    seat.browser.run(script, vec![action.into()]).await;
}

#[tokio::test]
async fn what_was_typed_in_one_form_is_not_forgotten_when_another_is_sent() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let seat = Seat::of(&site, Role::Administrator).await;
    seat.go("/settings/notices").await;
    assert!(!asks(&seat).await);
    seat.browser
        .type_into("#recipients", "ops@msp.example")
        .await;
    assert!(asks(&seat).await);
    let prevented = "document.querySelector(`form[action$='/recipients']`).addEventListener('submit', \
         (event) => event.preventDefault(), { once: true })";
    seat.browser.run(prevented, vec![]).await;
    is_sent(&seat, "/settings/notices/recipients").await;
    assert!(asks(&seat).await, "it did not leave");
    is_sent(&seat, "/settings/notices/webhook").await;
    assert!(asks(&seat).await, "another form left");
    let again = "return !document.querySelector('form[data-sent]')";
    seat.browser.wait_until(again, vec![]).await;
    is_sent(&seat, "/settings/notices/recipients").await;
    assert!(!asks(&seat).await, "it left");
}

#[tokio::test]
async fn a_form_that_comes_back_with_mistakes_is_not_saved_yet() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let seat = Seat::of(&site, Role::Administrator).await;
    seat.go("/settings/microsoft").await;
    seat.browser.type_into("#client_id", "no id").await;
    seat.browser.click("#result button.primary").await;
    seat.browser.wait_for("#m-client_id .mistake").await;
    assert!(asks(&seat).await);
    seat.browser.type_into("#client_id", CLIENT).await;
    seat.browser.click("#way-secret").await;
    seat.browser.type_into("#client_secret", SECRET).await;
    // A question of the browser would keep the page as it is.
    seat.browser.click("#result button.primary").await;
    seat.reads("The Microsoft app is saved.").await;
}

#[tokio::test]
async fn a_search_stands_in_its_field_and_not_in_the_address() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    stage.users([user("anna"), user("bert")]);
    stage.sync().await;
    let site = Site::start(&stage.app);
    let seat = Seat::of(&site, Role::Reader).await;
    let people = format!("/companies/{}/people", stage.company_id);
    seat.go(&people).await;
    seat.browser.type_into("#q", "anna").await;
    seat.browser.press("Enter").await;
    seat.browser
        .wait_until("return location.search === '?s=1'", vec![])
        .await;
    seat.is_quiet().await;
    assert_eq!(seat.value("#q").await, "anna");
    let found = seat.text().await;
    assert!(
        found.contains("Anna Doe") && !found.contains("Bert Doe"),
        "{found}"
    );
}

#[tokio::test]
async fn secrets_of_mail_and_webhook_stay_typed_where_another_field_is_wrong() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let seat = Seat::of(&site, Role::Administrator).await;
    seat.go("/settings/notices").await;
    for (field, text) in [
        ("#host", "127.0.0.1"),
        ("#port", "0"),
        ("#password", SECRET),
    ] {
        seat.browser.type_into(field, text).await;
    }
    let mail = "form[action='/settings/notices/mail'] button";
    seat.browser.click(mail).await;
    seat.browser.wait_for("#m-port .mistake").await;
    assert_eq!(seat.value("#password").await, SECRET);
    let webhook = "form[action='/settings/notices/webhook'] button";
    seat.browser
        .type_into("#webhook_url", "http://10.0.0.1")
        .await;
    seat.browser.type_into("#webhook_key", SECRET).await;
    seat.browser.click(webhook).await;
    seat.browser.wait_for("#m-webhook_url .mistake").await;
    assert_eq!(seat.value("#webhook_key").await, SECRET);
    assert_eq!(seat.value("#password").await, SECRET, "of the other form");
    seat.picture("keeping-notices").await;
}

#[tokio::test]
async fn what_is_kept_for_after_a_sign_in_has_no_secret_and_goes_to_nobody_else() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    site.signed_in(Role::Administrator).await;
    let seat = Seat::of(&site, Role::Technician).await;
    seat.go("/account").await;
    // A form as a page could have it, with all that must not be kept.
    let form = "const form = document.createElement('form'); form.method = 'post'; form.action = '/account'; form.dataset.keep = ''; \
         form.innerHTML = `<input name=csrf value=token><input name=told value=plain><input type=password name=hidden value=secret> \
         <input type=file data-into=bytes><input type=hidden id=bytes name=bytes value=pfx>`; document.body.append(form); \
         form.addEventListener('submit', (event) => setTimeout(() => form.remove())); \
         form.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true })); \
         return sessionStorage.getItem('rollcall.sent')";
    let kept = seat.browser.run(form, vec![]).await;
    let kept = kept.as_str().unwrap();
    assert!(kept.contains("[[\"told\",\"plain\"]]"), "{kept}");
    stage.clock.advance(std::time::Duration::from_hours(9));
    seat.browser.goto(&format!("{}/account", seat.url)).await;
    seat.is_at("/sign-in").await;
    seat.sign_in("Administrator", super::seat::PASSWORD).await;
    seat.is_at("/account").await;
    let gone = "return sessionStorage.getItem('rollcall.sent') === null && !document.querySelector('main .notice.warn')";
    seat.browser.wait_until(gone, vec![]).await;
}
