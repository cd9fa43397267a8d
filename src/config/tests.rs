//! What the environment says, and what is wrong with it.

use std::collections::HashMap;

use super::*;

fn read(pairs: &[(&str, &str)]) -> Result<Config, Vec<Problem>> {
    let variables: HashMap<_, _> = pairs.iter().copied().collect();
    Config::from_env(|name| variables.get(name).map(OsString::from))
}

fn problems(pairs: &[(&str, &str)]) -> Vec<String> {
    read(pairs)
        .expect_err("there are problems")
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn with_a_home_alone_everything_has_its_default() {
    let config = read(&[("HOME", "/home/ann"), ("XDG_DATA_HOME", "relative")]).unwrap();
    assert_eq!(
        config.data_dir,
        PathBuf::from("/home/ann/.local/share/rollcall")
    );
    assert_eq!(
        config.database.url().expose_secret(),
        "sqlite:///home/ann/.local/share/rollcall/rollcall.db"
    );
    assert!(
        matches!(&config.key, KeySource::Default(path) if path.ends_with("rollcall/secret.key"))
    );
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.log_filter, "info");
    assert_eq!(config.login_url, None);
}

#[test]
fn addresses_lose_their_slash_and_plain_http_is_for_loopback() {
    let config = read(&[
        ("XDG_DATA_HOME", "/data"),
        ("ROLLCALL_LOGIN_URL", "http://127.0.0.1:9000/"),
        ("ROLLCALL_GRAPH_URL", "http://[::1]:9001/graph//"),
        (
            "ROLLCALL_AUTOTASK_URL",
            "https://zones.example/atservicesrest/",
        ),
        ("ROLLCALL_PUBLIC_URL", "http://rollcall.contoso.example/"),
    ])
    .unwrap();
    assert_eq!(config.data_dir, PathBuf::from("/data/rollcall"));
    assert_eq!(config.login_url.as_deref(), Some("http://127.0.0.1:9000"));
    assert_eq!(config.graph_url.as_deref(), Some("http://[::1]:9001/graph"));
    assert_eq!(
        config.autotask_url.as_deref(),
        Some("https://zones.example/atservicesrest")
    );
    assert_eq!(
        config.public_url.as_deref(),
        Some("http://rollcall.contoso.example")
    );
}

#[test]
fn all_problems_are_told_at_once() {
    assert_eq!(
        problems(&[
            ("ROLLCALL_DATABASE_URL", "mysql://root:hunter2@db/x"),
            ("ROLLCALL_SECRET_KEY", "a"),
            ("ROLLCALL_SECRET_KEY_FILE", "/b"),
            ("ROLLCALL_LISTEN", "8080"),
            ("ROLLCALL_PUBLIC_URL", "rollcall.example"),
            ("ROLLCALL_LOGIN_URL", "http://login.example"),
            ("ROLLCALL_GRAPH_URL", "https://user:hunter2@graph.example"),
            ("ROLLCALL_AUTOTASK_URL", "https://zones.example/?x"),
            ("ROLLCALL_LOG_FORMAT", "xml"),
            ("RUST_LOG", "rollcall=loud"),
        ]),
        [
            "ROLLCALL_DATA_DIR: expected a folder for Rollcall's data: it has no default where HOME is not set",
            "ROLLCALL_DATABASE_URL: expected sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME",
            "ROLLCALL_SECRET_KEY: expected either this variable or ROLLCALL_SECRET_KEY_FILE, not both",
            "ROLLCALL_LISTEN: expected an address and a port such as 127.0.0.1:8080, found 8080",
            "ROLLCALL_PUBLIC_URL: expected an address such as https://rollcall.example",
            "ROLLCALL_LOGIN_URL: expected https: plain http is for loopback addresses only",
            "ROLLCALL_GRAPH_URL: expected an address without a user name or password",
            "ROLLCALL_AUTOTASK_URL: expected an address without ? and #",
            "ROLLCALL_LOG_FORMAT: expected text or json, found xml",
            "RUST_LOG: expected a filter such as info,rollcall=debug: error parsing level filter: \
             expected one of \"off\", \"error\", \"warn\", \"info\", \"debug\", \"trace\", or a number 0-5",
        ]
    );
}

#[test]
fn with_postgresql_a_key_must_be_given() {
    let url = (
        "ROLLCALL_DATABASE_URL",
        "postgres://rollcall:hunter2@db.example/rollcall",
    );
    let home = ("HOME", "/home/ann");
    assert_eq!(
        problems(&[url, home]),
        [
            "ROLLCALL_SECRET_KEY: expected 32 bytes in base64 (or ROLLCALL_SECRET_KEY_FILE): with PostgreSQL a key must be given"
        ]
    );
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let config = read(&[url, home, ("ROLLCALL_SECRET_KEY", key)]).unwrap();
    assert_eq!(config.database.url().expose_secret(), url.1);
    let shown = format!("{config:?}");
    assert!(
        !shown.contains("hunter2") && !shown.contains(key),
        "{shown}"
    );
}

#[test]
fn a_database_in_memory_and_one_without_a_path_are_refused() {
    for url in [
        "sqlite://",
        "sqlite://:memory:",
        "rollcall.db",
        "postgres://",
        "postgresql://db/x",
    ] {
        let found = problems(&[("HOME", "/home/ann"), ("ROLLCALL_DATABASE_URL", url)]);
        assert_eq!(found.len(), 1, "{url}: {found:?}");
        assert!(
            found[0].starts_with("ROLLCALL_DATABASE_URL: expected sqlite://PATH"),
            "{url}"
        );
    }
}

#[test]
fn a_key_and_an_address_that_are_malformed_are_found_with_the_other_problems() {
    let url = "postgres://rollcall:hunter@2@db.example/rollcall";
    let found = problems(&[
        ("HOME", "/home/ann"),
        ("ROLLCALL_DATABASE_URL", url),
        ("ROLLCALL_SECRET_KEY", "hunter2"),
        ("ROLLCALL_LISTEN", "8080"),
    ]);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].starts_with("ROLLCALL_DATABASE_URL: expected postgres://USER"));
    assert!(found[1].starts_with("ROLLCALL_SECRET_KEY: line 1 of the secret key is not 32 bytes"));
    assert!(!found.concat().contains("hunter"), "{found:?}");

    let options = (
        "ROLLCALL_DATABASE_URL",
        "sqlite:///data/rollcall.db?mode=ro",
    );
    assert_eq!(
        problems(&[("HOME", "/home/ann"), options]),
        ["ROLLCALL_DATABASE_URL: expected sqlite://PATH without options: a path has no ? in it"]
    );
}

#[test]
fn keys_are_read_one_a_line_with_padding_or_without() {
    let (key, bare) = (
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    );
    let keys = |text: &str| read(&[("HOME", "/home/ann"), ("ROLLCALL_SECRET_KEY", text)]);
    assert!(keys(&format!("{key}\n\n {bare} \n")).is_ok());
    let found = keys(&format!("{key}\n{}", &bare[..40])).unwrap_err();
    assert!(
        found[0]
            .message
            .starts_with("line 2 of the secret key is not 32 bytes")
    );
}

fn in_folder(folder: &std::path::Path) -> Config {
    read(&[("ROLLCALL_DATA_DIR", folder.to_str().unwrap())]).unwrap()
}

#[test]
fn the_data_folder_is_made_for_its_user_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("new/rollcall");
    let config = in_folder(&folder);
    config.prepare_data_dir().unwrap();
    config.prepare_data_dir().unwrap();
    assert_eq!(
        folder.metadata().unwrap().permissions().mode() & 0o777,
        0o700
    );

    let file = temp.path().join("file");
    std::fs::write(&file, "").unwrap();
    let message = in_folder(&file.join("below"))
        .prepare_data_dir()
        .unwrap_err();
    assert!(
        message.contains("cannot be made") && message.contains("ROLLCALL_DATA_DIR"),
        "{message}"
    );
}

#[test]
fn a_missing_key_file_is_made_once_and_only_where_no_secret_is_sealed() {
    use std::os::unix::fs::PermissionsExt as _;
    let temp = tempfile::tempdir().unwrap();
    let config = in_folder(temp.path());
    let message = config.key_text(false).unwrap_err();
    assert!(message.contains("secret.key is missing"), "{message}");
    let first = config.key_text(true).unwrap();
    assert_eq!(first.expose_secret().trim().len(), 44);
    let path = temp.path().join("secret.key");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let again = config.key_text(true).unwrap();
    assert_eq!(first.expose_secret(), again.expose_secret());
    assert_eq!(
        config.key_text(false).unwrap().expose_secret(),
        first.expose_secret()
    );
}
