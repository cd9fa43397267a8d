//! The harness, tried on small pages with a strict policy for scripts. A harness that sees nothing would pass every test, so
//! the faults of a page with faults are found here too.

use actix_web::{App, HttpResponse, HttpServer, dev::ServerHandle, web};
use serde_json::json;

use super::{Browser, Scheme, Width};

/// The policy that the portal will have, or a stricter one.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'";

const FILES: &[(&str, &str, &str)] = &[
    ("/list", "text/html", include_str!("pages/list.html")),
    ("/list.css", "text/css", include_str!("pages/list.css")),
    ("/list.js", "text/javascript", include_str!("pages/list.js")),
    ("/faulty", "text/html", include_str!("pages/faulty.html")),
    (
        "/faulty.js",
        "text/javascript",
        include_str!("pages/faulty.js"),
    ),
];

/// The pages on loopback, until dropped.
pub struct Pages {
    origin: String,
    server: ServerHandle,
}

impl Pages {
    pub fn serve() -> Self {
        let server = HttpServer::new(|| {
            let mut app = App::new().configure(rollcall::web::assets::routes);
            for &(path, kind, text) in FILES {
                let answer = move || async move {
                    HttpResponse::Ok()
                        .insert_header(("content-security-policy", POLICY))
                        .content_type(format!("{kind}; charset=utf-8"))
                        .body(text)
                };
                app = app.route(path, web::get().to(answer));
            }
            app
        });
        let server = server.workers(1).disable_signals();
        let server = server.bind(("127.0.0.1", 0)).unwrap();
        let origin = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self {
            origin,
            server: handle,
        }
    }

    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // The request to stop is sent at once; nobody waits for the end.
        drop(self.server.stop(false));
    }
}

#[tokio::test]
async fn a_page_has_the_size_and_the_colours_that_were_asked_for() {
    let pages = Pages::serve();
    for (width, size) in [
        (Width::Desktop, json!([1280, 900])),
        (Width::Phone, json!([390, 844])),
    ] {
        let browser = Browser::open(width).await;
        browser.goto(&pages.address("/list?a=b")).await;
        let measured = "return [innerWidth, innerHeight]";
        assert_eq!(browser.run(measured, vec![]).await, size);
        assert_eq!(browser.path().await, "/list?a=b");

        let ground = "return getComputedStyle(document.body).backgroundColor";
        assert_eq!(browser.run(ground, vec![]).await, "rgb(255, 255, 255)");
        browser.scheme(Scheme::Dark).await;
        assert_eq!(browser.run(ground, vec![]).await, "rgb(0, 0, 0)");
        let still = "return matchMedia('(prefers-reduced-motion: reduce)').matches";
        assert_eq!(browser.run(still, vec![]).await, false);
        browser.reduce_motion().await;
        browser.goto(&pages.address("/list")).await;
        assert_eq!(browser.run(still, vec![]).await, true);
        assert_eq!(browser.run(ground, vec![]).await, "rgb(0, 0, 0)");

        let folder = tempfile::tempdir().unwrap();
        let picture = folder.path().join("list.png");
        browser.screenshot(&picture).await;
        let bytes = std::fs::read(&picture).unwrap();
        assert!(bytes.starts_with(b"\x89PNG") && bytes.len() > 2_000);
    }
}

#[tokio::test]
async fn a_good_page_has_neither_violations_nor_errors() {
    let (pages, browser) = (Pages::serve(), Browser::open(Width::Phone).await);
    browser.goto(&pages.address("/list")).await;
    browser.wait_for("[aria-disabled=true]").await;
    for scheme in [Scheme::Light, Scheme::Dark] {
        browser.scheme(scheme).await;
        assert_eq!(browser.axe().await, []);
    }
    assert_eq!(browser.console_errors().await, Vec::<String>::new());
}

#[tokio::test]
async fn the_faults_of_a_page_are_found() {
    let (pages, browser) = (Pages::serve(), Browser::open(Width::Desktop).await);
    browser.goto(&pages.address("/faulty")).await;

    let found = browser.axe().await;
    let [label] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(label.rule, "label");
    assert_eq!(label.impact, "critical");
    assert!(label.help.contains("label"), "{label:?}");
    assert_eq!(label.targets, ["#unnamed"]);

    let errors = browser.console_errors().await;
    let says = |words: &str| errors.iter().any(|error| error.contains(words));
    assert!(says("Content Security Policy"), "{errors:?}");
    assert!(says("thrown by a script"), "{errors:?}");
    assert_eq!(browser.console_errors().await, Vec::<String>::new());
}

#[tokio::test]
async fn what_is_typed_and_pressed_arrives() {
    let (pages, browser) = (Pages::serve(), Browser::open(Width::Desktop).await);
    browser.goto(&pages.address("/list")).await;
    browser.type_into("#note", "abc").await;
    browser.type_into("#note", "xy").await;
    browser.press("Home").await;
    browser.press("Shift+ArrowRight").await;
    browser.press("z").await;
    let value = "return document.querySelector(arguments[0]).value";
    assert_eq!(browser.run(value, vec![json!("#note")]).await, "zy");

    browser.press("Enter").await;
    browser.wait_for_text("#sent", "1 2 3 4 5").await;
    browser.press("Tab").await;
    let focus = "return document.activeElement.id";
    assert_eq!(browser.run(focus, vec![]).await, "send");
    assert_eq!(browser.find("h1").await.text().await.unwrap(), "Filters");
    assert_eq!(browser.count("[data-order-item]").await, 5);
}
