//! `rollcall admin-link`, as a person uses it.

use super::*;
use crate::stage::program;

async fn admin_link(folder: &TempDir, more: &[(&str, &str)]) -> String {
    let output = program(more.iter().copied(), &["admin-link"])
        .env("ROLLCALL_DATA_DIR", folder.path())
        .output()
        .await
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    let said = String::from_utf8(output.stdout).unwrap();
    let (link, sentence) = said.split_once('\n').unwrap();
    for word in ["once", "15 minutes", "new administrator", "locked out"] {
        assert!(sentence.contains(word), "{sentence}");
    }
    // The link is for whoever reads the screen, not for a log.
    assert!(!told.contains("/welcome/"), "{told}");
    link.to_owned()
}

#[tokio::test]
async fn the_command_prints_a_link_to_the_portal_that_makes_an_administrator() {
    let folder = tempfile::tempdir().unwrap();
    for (more, start) in [
        (&[][..], "http://127.0.0.1:8080/welcome/"),
        (
            &[("ROLLCALL_LISTEN", "0.0.0.0:81")],
            "http://127.0.0.1:81/welcome/",
        ),
        (
            &[("ROLLCALL_PUBLIC_URL", "https://rollcall.example/portal/")],
            "https://rollcall.example/portal/welcome/",
        ),
    ] {
        let link = admin_link(&folder, more).await;
        let token = link.strip_prefix(start).unwrap_or_else(|| panic!("{link}"));
        let (_stopper, asked) = stop();
        let config =
            Config::from_env(|name| (name == "ROLLCALL_DATA_DIR").then(|| folder.path().into()))
                .unwrap();
        let app = App::open(config, Clock::real(), asked).await.unwrap();
        let name = format!("Ann of {start}");
        let made = auth::use_link(&app, token, &name, &PASSWORD.into())
            .await
            .unwrap()
            .unwrap();
        assert_eq!((made.name, made.role), (name, Role::Administrator));
    }
}
