//! The pages: setting up mail and webhook, who hears of what, and what has left.

use rollcall::db::{company_notices, settings as stored};
use rollcall::model::Role;
use rollcall::notices::settings::{self, Kind};

use super::post::{Mood, Post};
use super::{look, ran, with_mail};
use crate::stage::{Stage, Store, Vendor};
use crate::web::visitor::{Site, Visitor};

async fn start() -> (Stage, Site, Visitor) {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let site = Site::start(&stage.app);
    let admin = site.signed_in(Role::Administrator).await;
    (stage, site, admin)
}

#[tokio::test]
async fn mail_is_set_up_tried_and_shown_without_its_password() {
    let (stage, _site, admin) = start().await;
    let post = Post::start().await;
    let cards = admin.get("/settings").await.text;
    assert!(
        cards.contains("href=\"/settings/notices\"")
            && cards.contains("Not set up. By mail or webhook")
    );
    let number = post.port.to_string();
    let mut form = vec![
        ("host", "mail server"),
        ("port", "0"),
        ("security", "none"),
        ("user", "rollcall"),
        ("password", "right"),
        ("from", "nobody"),
    ];
    let wrong = admin.post("/settings/notices/mail", &form).await;
    assert_eq!(wrong.status, 422);
    for field in ["host", "port", "from"] {
        assert!(
            wrong
                .text
                .contains(&format!("id=\"m-{field}\"><p class=\"mistake\"")),
            "{field}"
        );
    }
    assert!(
        wrong.text.contains("value=\"mail server\"") && wrong.text.contains("value=\"nobody\"")
    );
    assert!(!wrong.text.contains("value=\"right\""));
    (form[0].1, form[1].1, form[5].1) = ("mail.msp.example", "", "Rollcall <rollcall@msp.example>");
    let open = admin.post("/settings/notices/mail", &form).await;
    assert_eq!(open.status, 422);
    assert!(
        open.text
            .contains("Without TLS everybody on the way can read")
    );
    (form[0].1, form[1].1) = ("127.0.0.1", &number);
    assert_eq!(
        admin.post("/settings/notices/mail", &form).await.status,
        303
    );
    let page = admin.get("/settings/notices").await.text;
    assert!(
        page.contains("The mail server is saved.")
            && page.contains("One is stored for this server")
    );
    assert!(page.contains(&format!("value=\"{number}\"")) && !page.contains("right\""));

    let test = [("test_to", "me@msp.example")];
    assert_eq!(
        admin
            .post("/settings/notices/mail/test", &test)
            .await
            .status,
        303
    );
    assert_eq!(post.fresh()[0].to, ["me@msp.example"]);
    assert!(
        admin
            .get("/settings/notices")
            .await
            .text
            .contains("took the test mail")
    );
    post.be(Mood::Refuses("550 5.7.1 not for <you>"));
    admin.post("/settings/notices/mail/test", &test).await;
    let page = admin.get("/settings/notices").await.text;
    assert!(
        page.contains("The test mail did not leave.")
            && page.contains("550 5.7.1 not for &lt;you&gt;")
    );
    let wrong = admin
        .post("/settings/notices/mail/test", &[("test_to", "me")])
        .await;
    assert!(wrong.status == 422 && wrong.text.contains("id=\"test_to-mistake\""));
    admin.post("/settings/notices/mail", &[("host", "")]).await;
    assert_eq!(stage.read(settings::mail).await, None);
    assert!(
        !stage.read(settings::stored).await.0,
        "the password goes too"
    );
}

#[tokio::test]
async fn who_hears_of_what_is_saved_and_mistakes_keep_what_was_typed() {
    let (stage, site, admin) = start().await;
    let wrong = admin
        .post(
            "/settings/notices/recipients",
            &[
                ("recipients", "ops@msp.example\nno address <x>"),
                ("kinds[]", "held"),
            ],
        )
        .await;
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.text.contains("no address &lt;x&gt;")
            && wrong.text.contains("id=\"recipients-mistake\"")
    );
    let typed = [
        (
            "recipients",
            " ops@msp.example, two@msp.example;OPS@msp.example\r\n",
        ),
        ("kinds[]", "failing"),
        ("kinds[]", "held"),
    ];
    assert_eq!(
        admin
            .post("/settings/notices/recipients", &typed)
            .await
            .status,
        303
    );
    let audience = stage.read(settings::audience).await;
    assert_eq!(audience.everybody, ["ops@msp.example", "two@msp.example"]);
    assert_eq!(
        audience.silent,
        [
            Kind::Refused,
            Kind::Conflicts,
            Kind::Ending,
            Kind::Recovered
        ]
        .into()
    );
    let technician = site.signed_in(Role::Technician).await;
    assert_eq!(technician.get("/settings/notices").await.status, 403);
}

#[tokio::test]
async fn the_webhook_is_saved_and_only_its_host_is_shown() {
    let (stage, _site, admin) = start().await;
    let url = [("webhook_url", "https://hooks.msp.example/x?sig=hidden")];
    let wrong = admin
        .post(
            "/settings/notices/webhook",
            &[("webhook_url", "http://10.0.0.1")],
        )
        .await;
    assert!(wrong.status == 422 && wrong.text.contains("id=\"m-webhook_url\"><p"));
    // With private addresses allowed no name is looked up, so that this needs no network.
    stage
        .write(|conn| stored::allow_private_psa_addresses(conn, true))
        .await;
    assert_eq!(
        admin.post("/settings/notices/webhook", &url).await.status,
        303
    );
    assert_eq!(
        admin
            .post(
                "/settings/notices/webhook",
                &[("webhook_key", "the-shared-word")]
            )
            .await
            .status,
        303
    );
    let page = admin.get("/settings/notices").await.text;
    // Every cloud is simulated here: the address is stored, and said to be of no use.
    assert!(page.contains("signed") && page.contains("nothing leaves this machine"));
    assert!(!page.contains("sig=") && !page.contains("the-shared-word"));
    admin.post("/settings/notices/webhook/test", &[]).await;
    assert!(
        admin
            .get("/settings/notices")
            .await
            .text
            .contains("The test call failed.")
    );
    admin
        .post("/settings/notices/webhook", &[("off", "true")])
        .await;
    assert_eq!(stage.read(settings::stored).await, (false, false, false));
}

#[tokio::test]
async fn a_company_has_recipients_and_a_summary_of_its_own() {
    let (stage, site, _admin) = start().await;
    let technician = site.signed_in(Role::Technician).await;
    let id = stage.company_id;
    let here = format!("/companies/{id}/notices");
    let sync = technician
        .get(&format!("/companies/{id}/contact-sync"))
        .await
        .text;
    assert!(sync.contains(&format!("href=\"{here}\"")));
    let wrong = technician
        .post(&here, &[("weekly", "true"), ("recipients", "x")])
        .await;
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.text.contains("Say who gets the summary.")
            && wrong.text.contains("x is no mail address")
    );
    let typed = [
        ("recipients", "tech@msp.example"),
        ("weekly", "true"),
        ("weekly_recipients", "account@msp.example"),
    ];
    assert_eq!(technician.post(&here, &typed).await.status, 303);
    let set = stage.read(move |conn| company_notices::get(conn, id)).await;
    assert_eq!(set.recipients, ["tech@msp.example"]);
    assert!(set.weekly && set.weekly_recipients == ["account@msp.example"]);
    let reader = site.signed_in(Role::Reader).await;
    assert_eq!(reader.get(&here).await.status, 403, "addresses of people");
    assert_eq!(technician.get("/companies/999/notices").await.status, 404);
}

#[tokio::test]
async fn what_could_not_leave_stands_on_the_page_and_can_be_tried_again() {
    let (stage, _site, admin) = start().await;
    let post = with_mail(&stage).await;
    post.be(Mood::Refuses("550 no"));
    ran(&stage, stage.company_id, Err("consent")).await;
    for _ in 0..20 {
        stage.clock.advance(std::time::Duration::from_hours(5));
        look(&stage).await;
    }
    // The visitor's session is over by now.
    let site = Site::start(&stage.app);
    drop(admin);
    let admin = {
        let (_, token) = rollcall::auth::add(&stage.app, "Ann", "Zoe", Role::Administrator)
            .await
            .unwrap()
            .unwrap();
        let password = "correct horse battery";
        rollcall::auth::use_link(&stage.app, &token, "Zoe", &password.into())
            .await
            .unwrap()
            .unwrap();
        let visitor = site.visitor();
        visitor
            .post("/sign-in", &[("name", "Zoe"), ("password", password)])
            .await;
        visitor
    };
    let page = admin.get("/settings/notices").await.text;
    assert!(page.contains("Failed") && page.contains("550"), "{page}");
    assert!(
        admin
            .get("/settings")
            .await
            .text
            .contains("1 notice could not leave")
    );
    let again = page
        .split("action=\"")
        .find(|rest| rest.contains("/again\""))
        .unwrap();
    let again = again.split('"').next().unwrap().to_owned();
    post.be(Mood::Takes);
    assert_eq!(admin.post(&again, &[]).await.status, 303);
    look(&stage).await;
    assert_eq!(post.fresh().len(), 1);
    assert!(
        !admin
            .get("/settings")
            .await
            .text
            .contains("could not leave")
    );
}

/// A form, the parts that a script renews, and what is typed.
type Form = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

#[tokio::test]
async fn a_mistake_beside_a_secret_is_renewed_alone_so_that_the_secret_stays_typed() {
    let (stage, _site, admin) = start().await;
    let script = ("hx-request", "true");
    let token = admin.token().await;
    let page = admin.get("/settings/notices").await.text;
    let forms: [Form; 2] = [
        (
            "mail",
            "#m-host,#m-port,#m-security,#m-plain_allowed,#m-user,#m-password,#m-from",
            &[
                ("host", "127.0.0.1"),
                ("port", "0"),
                ("security", "none"),
                ("password", "typed-secret"),
                ("from", "Rollcall <rollcall@msp.example>"),
            ],
        ),
        (
            "webhook",
            "#m-webhook_url,#m-webhook_key",
            &[
                ("webhook_url", "http://10.0.0.1"),
                ("webhook_key", "typed-secret"),
            ],
        ),
    ];
    for (form, renewed, fields) in forms {
        let to = format!("/settings/notices/{form}");
        assert!(page.contains(&format!("hx-post=\"{to}\" hx-target=\"#{form}-result\"")));
        assert!(page.contains(&format!("hx-select-oob=\"{renewed}\"")));
        for part in renewed.split(',') {
            assert!(page.contains(&format!("id=\"{}\"", &part[1..])), "{part}");
        }
        let mut all = vec![("csrf", token.as_str())];
        all.extend_from_slice(fields);
        let wrong = admin.post_as(&to, &all, script).await;
        assert_eq!(wrong.status, 200, "a script takes it");
        let result = format!("<div id=\"{form}-result\" aria-live=\"polite\"><p");
        assert!(wrong.text.contains(&result), "{}", wrong.text);
        assert!(
            wrong.text.contains("\"><p class=\"mistake\">"),
            "{}",
            wrong.text
        );
        assert!(!wrong.text.contains("typed-secret"), "{}", wrong.text);
    }
    let saved = [("csrf", token.as_str()), ("host", "")];
    let saved = admin
        .post_as("/settings/notices/mail", &saved, script)
        .await;
    assert_eq!(saved.headers["hx-redirect"], "/settings/notices");
    assert_eq!(stage.read(settings::mail).await, None);
}
