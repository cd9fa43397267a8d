//! Rotation of the keys: with keys that somebody gave, and with Rollcall's own file, also where it dies between its steps.

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use rollcall::clock::Clock;
use rollcall::config::Config;
use rollcall::db::secrets;
use rollcall::model::Status;
use rollcall::seal::Keyring;
use secrecy::ExposeSecret;

use super::backup::rollcall;
use crate::stage::{Stage, Store, Vendor, user};

/// A stage whose key is in a file: Rollcall's own, or one that the environment names.
struct Keyed {
    stage: Stage,
    file: PathBuf,
    environment: Vec<(&'static str, String)>,
}

impl Keyed {
    async fn new(store: Store, own: bool) -> Self {
        let stage = Stage::with_clock(Vendor::Autotask, store, Clock::real()).await;
        stage.users([user("anna")]);
        let file = stage.folder.path().join("secret.key");
        let mut environment = stage.environment();
        let key = environment
            .iter()
            .position(|(name, _)| *name == "ROLLCALL_SECRET_KEY");
        let (_, key) = environment.remove(key.unwrap());
        fs::write(&file, format!("{key}\n")).unwrap();
        if !own {
            environment.push(("ROLLCALL_SECRET_KEY_FILE", file.display().to_string()));
        }
        Self {
            stage,
            file,
            environment,
        }
    }

    async fn rotate(&self) -> super::backup::Said {
        rollcall(&self.environment, &["keys", "rotate"]).await
    }

    async fn sync(&self) {
        let said = rollcall(
            &self.environment,
            &["sync", "--company", "Contoso", "--json"],
        )
        .await;
        said.ends(0, &["\"status\":\"succeeded\""]);
    }

    fn lines(&self) -> Vec<String> {
        let text = fs::read_to_string(&self.file).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    fn put(&self, lines: &[&str]) {
        fs::write(&self.file, lines.join("\n")).unwrap();
    }

    fn age(&self, age: Duration) {
        let file = File::options().write(true).open(&self.file).unwrap();
        file.set_modified(now() - age).unwrap();
    }

    /// The ids of the keys that secrets are sealed with.
    async fn used(&self) -> Vec<String> {
        let all = self.stage.read(secrets::all).await;
        let mut used: Vec<String> = all.into_iter().map(|one| one.sealed.key_id).collect();
        used.sort();
        used.dedup();
        used
    }
}

fn now() -> SystemTime {
    Clock::real().now().into()
}

fn id(line: &str) -> String {
    Keyring::parse(line).unwrap().newest_id().to_owned()
}

fn another() -> String {
    let (_, text) = Keyring::generate();
    text.expose_secret().trim().to_owned()
}

async fn given_keys(store: Store) {
    let keyed = Keyed::new(store, false).await;
    let old = keyed.lines().remove(0);
    keyed
        .rotate()
        .await
        .ends(0, &["0 secrets sealed anew", "has one key"]);
    let new = another();
    keyed.put(&[&new, &old]);
    let said = keyed.rotate().await;
    said.ends(0, &[&id(&new), "secrets sealed anew", "take them away"]);
    assert_eq!(keyed.used().await, [id(&new)]);
    assert_eq!(
        keyed.lines(),
        [new.clone(), old],
        "the file is not Rollcall's"
    );
    keyed.rotate().await.ends(0, &["0 secrets sealed anew"]);
    keyed.put(&[&new]);
    keyed.sync().await;
}

#[tokio::test]
async fn secrets_are_sealed_with_the_newest_of_the_given_keys_on_sqlite() {
    given_keys(Store::Sqlite).await;
}

#[tokio::test]
async fn secrets_are_sealed_with_the_newest_of_the_given_keys_on_postgres() {
    given_keys(Store::Postgres).await;
}

#[tokio::test]
async fn rollcalls_own_key_is_made_anew_and_the_old_one_goes_when_nobody_can_need_it() {
    let keyed = Keyed::new(Store::Sqlite, true).await;
    let old = keyed.lines().remove(0);
    // The stage's own process lives, and may just be storing a secret.
    let said = keyed.rotate().await;
    said.ends(
        0,
        &["secrets sealed anew", "stays", "rotate again in a minute"],
    );
    let lines = keyed.lines();
    assert_eq!((lines.len(), lines[1].as_str()), (2, old.as_str()));
    assert_eq!(keyed.used().await, [id(&lines[0])]);
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&keyed.file).unwrap().permissions())
            & 0o777,
        0o600
    );
    keyed.age(Duration::from_mins(2));
    keyed.rotate().await.ends(0, &["The old key is gone"]);
    assert_eq!(keyed.lines(), lines[..1], "and no third key was made");
    keyed.sync().await;
    // Where nobody else is at work it goes at once.
    let Keyed {
        stage,
        file,
        environment,
    } = keyed;
    let Stage { app, .. } = stage;
    drop(app);
    let said = rollcall(&environment, &["keys", "rotate"]).await;
    said.ends(0, &["sealed anew", "The old key is gone"]);
    let after = fs::read_to_string(&file).unwrap();
    assert_eq!(after.lines().count(), 1);
    assert_ne!(after.lines().next(), lines.first().map(String::as_str));
}

#[tokio::test]
async fn a_rotation_that_died_is_brought_to_its_end_by_the_next() {
    let keyed = Keyed::new(Store::Sqlite, true).await;
    let old = keyed.lines().remove(0);
    // It died after the new key was written, and before anything was sealed with it.
    let new = another();
    keyed.put(&[&new, &old]);
    keyed.age(Duration::from_mins(2));
    keyed.sync().await;
    keyed
        .rotate()
        .await
        .ends(0, &["sealed anew", "The old key is gone"]);
    assert_eq!(keyed.lines(), std::slice::from_ref(&new));
    assert_eq!(keyed.used().await, [id(&new)]);
    // It died before the old key went.
    keyed.put(&[&new, &old]);
    keyed.age(Duration::from_mins(2));
    keyed
        .rotate()
        .await
        .ends(0, &["0 secrets sealed anew", "The old key is gone"]);
    assert_eq!(keyed.lines(), [new]);
    keyed.sync().await;
}

#[tokio::test]
async fn a_secret_that_no_key_opens_is_named_and_left_alone() {
    let keyed = Keyed::new(Store::Sqlite, false).await;
    let (strange, _) = Keyring::generate();
    let company = keyed.stage.company_id;
    let sealed = strange.seal("company", company, "client_secret", b"of another key");
    keyed
        .stage
        .write(move |conn| secrets::put(conn, "company", company, "client_secret", &sealed, None))
        .await;
    let new = another();
    let old = keyed.lines().remove(0);
    keyed.put(&[&new, &old]);
    let said = keyed.rotate().await;
    said.ends(
        5,
        &[
            "sealed anew",
            "Client secret of Contoso",
            strange.newest_id(),
        ],
    );
    let mut used = vec![id(&new), strange.newest_id().to_owned()];
    used.sort();
    assert_eq!(keyed.used().await, used);
}

#[tokio::test]
async fn a_process_that_works_goes_on_with_the_new_key() {
    let keyed = Keyed::new(Store::Sqlite, true).await;
    let (_stopper, asked) = rollcall::sync::stop::stop();
    let config = Config::from_env(|name| {
        let mut found = keyed.environment.iter().filter(|(known, _)| *known == name);
        found.next().map(|(_, value)| value.into())
    });
    let app = rollcall::app::App::open(config.unwrap(), Clock::real(), asked)
        .await
        .unwrap();
    let company = keyed.stage.company().await;
    keyed.rotate().await.ends(0, &["stays"]);
    let new = id(&keyed.lines()[0]);
    assert_eq!(app.keyring().newest_id(), new);
    let options = rollcall::sync::Options::new(rollcall::model::Mode::Update, false);
    let report = rollcall::runs::one(&app, &company, &options, &|_, _| ())
        .await
        .report;
    assert_eq!(report.status, Status::Succeeded, "{:?}", report.error);
    // A file that is wrong for a moment takes nobody's keys away.
    fs::write(&keyed.file, "nonsense").unwrap();
    assert_eq!(app.keyring().newest_id(), new);
}

#[tokio::test]
async fn two_do_not_rotate_at_once() {
    let keyed = Keyed::new(Store::Sqlite, true).await;
    let lease = Duration::from_mins(1);
    assert!(keyed.stage.app.db().try_claim("keys", lease).await.unwrap());
    let said = keyed.rotate().await;
    said.ends(5, &["Another process is rotating the keys"]);
    assert_eq!(keyed.lines().len(), 1);
    keyed.stage.app.db().release_claim("keys").await.unwrap();
    keyed.rotate().await.ends(0, &["sealed anew"]);
}
