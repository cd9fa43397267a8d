//! Copies of the database, made while the program works, and put back.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use rollcall::clock::Clock;
use rollcall::db::settings;
use rollcall::model::Status;

use crate::stage::{Stage, Store, Vendor, each_vendor, program, user};

each_vendor!(what_is_restored_makes_no_second_contact);

/// What a command said.
pub struct Said {
    code: Option<i32>,
    text: String,
}

impl Said {
    /// Asserts how it ended, and that it says each of these.
    #[track_caller]
    pub fn ends(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{}", self.text);
        for word in words {
            assert!(self.text.contains(word), "{word} is missing: {}", self.text);
        }
    }
}

pub async fn rollcall(environment: &[(&'static str, String)], arguments: &[&str]) -> Said {
    let output = program(environment.iter().cloned(), arguments)
        .output()
        .await
        .unwrap();
    let mut text = String::from_utf8(output.stdout).unwrap();
    text += &String::from_utf8(output.stderr).unwrap();
    Said {
        code: output.status.code(),
        text,
    }
}

fn path(folder: &Path, name: &str) -> (PathBuf, String) {
    let path = folder.join(name);
    let text = path.display().to_string();
    (path, text)
}

async fn real(vendor: Vendor) -> Stage {
    Stage::with_clock(vendor, Store::Sqlite, Clock::real()).await
}

/// The environment of the program on a database of its own, in a new folder.
fn elsewhere(stage: &Stage, folder: &Path) -> Vec<(&'static str, String)> {
    let mut environment = stage.environment();
    for (name, value) in &mut environment {
        match *name {
            "ROLLCALL_DATA_DIR" => *value = folder.display().to_string(),
            "ROLLCALL_DATABASE_URL" => {
                *value = format!("sqlite://{}", folder.join("rollcall.db").display());
            }
            _ => {}
        }
    }
    environment
}

async fn what_is_restored_makes_no_second_contact(stage: Stage) {
    let vendor = stage.psa.vendor();
    drop(stage);
    let stage = real(vendor).await;
    stage.users([user("anna"), user("bert")]);
    assert_eq!(stage.sync().await.status, Status::Succeeded);
    let (copy, name) = path(stage.folder.path(), "copy.db");
    // The stage's own process has the database all the while.
    let said = rollcall(&stage.environment(), &["backup", &name]).await;
    said.ends(
        0,
        &[
            "Saved 1 company (",
            "The key is not in it",
            "ROLLCALL_SECRET_KEY",
        ],
    );
    let mode = copy.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let again = rollcall(&stage.environment(), &["backup", &name]).await;
    again.ends(2, &["exists already"]);
    let (missing, name) = path(stage.folder.path(), "missing/copy.db");
    let nowhere = rollcall(&stage.environment(), &["backup", &name]).await;
    let folder = missing.parent().unwrap().display();
    nowhere.ends(2, &[&format!("There is no folder {folder}: make it")]);
    let (_, name) = path(stage.folder.path(), "copy.db");
    // What happens since is not in the copy.
    stage.users([user("carl"), user("dora")]);
    stage.delete("bert");
    stage.set(|company| company.guard.percent = 100).await;
    assert_eq!(stage.sync().await.status, Status::Succeeded);
    let before = stage.psa.look();
    assert_eq!(before.len(), 4);

    let folder = tempfile::tempdir().unwrap();
    let there = elsewhere(&stage, folder.path());
    let said = rollcall(&there, &["restore", &name]).await;
    said.ends(
        0,
        &[
            "Restored 1 company",
            "found by their address",
            "preview",
            "jobs are cancelled",
        ],
    );
    let said = rollcall(&there, &["sync", "--company", "Contoso", "--json"]).await;
    said.ends(0, &["\"status\":\"succeeded\""]);
    assert_eq!(stage.psa.look(), before, "nobody twice, nobody changed");
    let said = rollcall(&there, &["sync", "--company", "Contoso", "--json"]).await;
    said.ends(0, &["\"unchanged\":"]);
    assert_eq!(stage.psa.look(), before);
}

#[tokio::test]
async fn a_copy_takes_the_place_of_a_database_that_nobody_uses_and_the_old_one_is_kept() {
    let stage = real(Vendor::ConnectWise).await;
    let folder = stage.folder.path().to_owned();
    let environment = stage.environment();
    let (copy, name) = path(&folder, "copy.db");
    rollcall(&environment, &["backup", &name])
        .await
        .ends(0, &[]);
    stage
        .write(|conn| settings::put(conn, "since", "then"))
        .await;
    let said = rollcall(&environment, &["restore", &name]).await;
    let this = std::process::id();
    let uses = format!("The Rollcall process {this} uses the database: stop it");
    said.ends(5, &[&uses]);
    assert_eq!(
        stage
            .read(|conn| settings::get(conn, "since"))
            .await
            .as_deref(),
        Some("then")
    );
    let Stage { app, .. } = stage;
    drop(app);
    let said = rollcall(&environment, &["restore", &name]).await;
    said.ends(
        0,
        &["The database that was there is kept", "before-restore-"],
    );
    let kept: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains("before-restore"))
        .collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    for (path, value) in [
        (folder.join("rollcall.db"), None),
        (kept[0].clone(), Some("then")),
    ] {
        let url = format!("sqlite://{}", path.display());
        let db = rollcall::db::Db::open(&url, Clock::real()).await.unwrap();
        let since = db.read(|conn| settings::get(conn, "since")).await.unwrap();
        assert_eq!(since.as_deref(), value, "{}", path.display());
    }
    assert!(copy.exists(), "the copy stays");
    let left = std::fs::read_dir(&folder).unwrap();
    let left: Vec<String> = left
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.contains(".lock") || name.starts_with('.'))
        .collect();
    assert_eq!(left, Vec::<String>::new(), "nothing is left over");
}

#[tokio::test]
async fn what_is_no_copy_is_refused_and_nothing_changes() {
    let stage = real(Vendor::ConnectWise).await;
    let folder = tempfile::tempdir().unwrap();
    let there = elsewhere(&stage, folder.path());
    let refuse = async |name: &str, words: &[&str]| {
        let said = rollcall(&there, &["restore", name]).await;
        said.ends(2, words);
        assert!(!folder.path().join("rollcall.db").exists());
    };
    refuse("/nowhere/copy.db", &["There is no file"]).await;
    let (text, name) = path(folder.path(), "text.db");
    std::fs::write(
        &text,
        "This is not a database, and long enough to be looked at. ".repeat(90),
    )
    .unwrap();
    refuse(&name, &["is not a Rollcall database"]).await;
    let (empty, name) = path(folder.path(), "empty.db");
    std::fs::write(&empty, "").unwrap();
    refuse(&name, &["is not a Rollcall database"]).await;
    let (_, name) = path(folder.path(), "newer.db");
    rollcall(&stage.environment(), &["backup", &name])
        .await
        .ends(0, &[]);
    let mut conn = diesel::SqliteConnection::establish(&name).unwrap();
    conn.batch_execute(
        "INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')",
    )
    .unwrap();
    drop(conn);
    refuse(&name, &["newer version of Rollcall", "29990101000000"]).await;
}

#[tokio::test]
async fn a_copy_whose_key_is_another_is_restored_and_that_is_said() {
    let stage = real(Vendor::ConnectWise).await;
    let (_, name) = path(stage.folder.path(), "copy.db");
    rollcall(&stage.environment(), &["backup", &name])
        .await
        .ends(0, &[]);
    let folder = tempfile::tempdir().unwrap();
    let mut there = elsewhere(&stage, folder.path());
    for (name, value) in &mut there {
        if *name == "ROLLCALL_SECRET_KEY" {
            *value = "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=".to_owned();
        }
    }
    let said = rollcall(&there, &["restore", &name]).await;
    said.ends(5, &["is restored", "add the key that was used then"]);
}

#[tokio::test]
async fn a_copy_that_cannot_be_finished_leaves_nothing_behind() {
    let stage = real(Vendor::ConnectWise).await;
    let folder = tempfile::tempdir().unwrap();
    let (_, name) = path(folder.path(), "copy.db");
    // No file may be larger than some kilobytes, as on a disk that is full.
    let program = env!("CARGO_BIN_EXE_rollcall");
    let script = format!("trap '' XFSZ; ulimit -f 100; exec '{program}' backup '{name}'");
    let output = tokio::process::Command::new("sh")
        .args(["-c", &script])
        .env_clear()
        .envs(stage.environment())
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(5), "{said}");
    let left = std::fs::read_dir(folder.path()).unwrap();
    let left: Vec<PathBuf> = left.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left, Vec::<PathBuf>::new());
}

#[tokio::test]
async fn postgres_is_left_to_its_own_programs() {
    let stage = Stage::with_clock(Vendor::ConnectWise, Store::Postgres, Clock::real()).await;
    let (file, name) = path(stage.folder.path(), "copy.db");
    let said = rollcall(&stage.environment(), &["backup", &name]).await;
    said.ends(2, &["pg_dump", "docs/OPERATING.md"]);
    assert!(!file.exists());
    let said = rollcall(&stage.environment(), &["restore", &name]).await;
    said.ends(2, &["pg_restore"]);
}

#[tokio::test]
async fn no_process_starts_while_its_database_is_restored() {
    let stage = real(Vendor::ConnectWise).await;
    let folder = tempfile::tempdir().unwrap();
    let there = elsewhere(&stage, folder.path());
    let path = folder.path().join("rollcall.db.restoring.lock");
    let restoring = std::fs::File::create(&path).unwrap();
    restoring.lock().unwrap();
    let said = rollcall(&there, &["fleet", "export"]).await;
    said.ends(5, &["is being restored: start again"]);
    assert!(
        !folder.path().join("rollcall.db").exists(),
        "nothing was touched"
    );
    // What a restore that died left locks nobody out.
    drop(restoring);
    rollcall(&there, &["fleet", "export"]).await.ends(0, &[]);
}
