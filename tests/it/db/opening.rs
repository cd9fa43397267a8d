//! What is refused when the database is opened, and in which words; transactions.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rollcall::db::{DbError, OpenError, settings};

use super::*;

async fn refused(url: &str) -> String {
    let error = Db::open(url, Clock::real()).await.unwrap_err();
    let text = error.to_string();
    assert!(!text.contains('\n'), "{text}");
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    assert!(!text.contains("hunter2"), "{text}");
    text
}

#[tokio::test]
async fn an_address_of_another_kind_is_refused_and_makes_no_file() {
    for url in [
        "postgres-typo.db",
        "sqlite:rollcall.db",
        "mysql://root:hunter2@localhost/rollcall",
        "postgresql:hunter2",
        "",
    ] {
        let text = refused(url).await;
        assert!(text.contains("must begin with sqlite://"), "{text}");
    }
    assert!(!fs::exists("postgres-typo.db").unwrap());
    for url in ["sqlite://", "sqlite://:memory:", "sqlite://a.db?mode=ro"] {
        let text = refused(url).await;
        assert!(text.contains("needs the path of a file"), "{text}");
    }
}

#[tokio::test]
async fn a_missing_folder_is_refused_and_not_made() {
    let folder = TempDir::new().unwrap();
    let missing = folder.path().join("data");
    let text = refused(&format!("sqlite://{}/rollcall.db", missing.display())).await;
    assert!(text.contains("does not exist: make it"), "{text}");
    assert!(!missing.exists());
}

#[tokio::test]
async fn a_read_only_folder_is_refused() {
    let folder = TempDir::new().unwrap();
    let mut mode = fs::metadata(folder.path()).unwrap().permissions();
    mode.set_readonly(true);
    fs::set_permissions(folder.path(), mode).unwrap();
    let text = refused(&sqlite_url(&folder)).await;
    assert!(text.contains("is read-only: let Rollcall's user"), "{text}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    // A folder in which nobody can make a file, whatever its mode says.
    let text = refused("sqlite:///proc/rollcall.db").await;
    assert!(
        text.contains("/proc of the database is read-only"),
        "{text}"
    );
}

#[tokio::test]
async fn a_read_only_file_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("rollcall.db");
    drop(open(&sqlite_url(&folder)).await);
    let mut mode = fs::metadata(&path).unwrap().permissions();
    mode.set_readonly(true);
    fs::set_permissions(&path, mode).unwrap();
    let text = refused(&sqlite_url(&folder)).await;
    assert!(text.contains("rollcall.db is read-only"), "{text}");
}

#[tokio::test]
async fn a_file_that_is_something_else_is_refused_and_left_alone() {
    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;

    let folder = TempDir::new().unwrap();
    let path = folder.path().join("rollcall.db");
    let content = "Dear diary, ".repeat(500);
    fs::write(&path, &content).unwrap();
    let text = refused(&sqlite_url(&folder)).await;
    assert!(text.contains("is not a Rollcall database"), "{text}");
    assert_eq!(fs::read_to_string(&path).unwrap(), content);

    fs::remove_file(&path).unwrap();
    let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    conn.batch_execute("CREATE TABLE recipes (name TEXT)")
        .unwrap();
    let text = refused(&sqlite_url(&folder)).await;
    assert!(text.contains("is not a Rollcall database"), "{text}");
    let text = refused(&format!("sqlite://{}", folder.path().display())).await;
    assert!(text.contains("is not a Rollcall database"), "{text}");
}

#[tokio::test]
async fn an_unreachable_server_is_named_without_the_password() {
    let text = refused("postgres://rollcall:hunter2@127.0.0.1:1/rollcall").await;
    assert!(
        text.contains("postgres://127.0.0.1:1/rollcall cannot be reached"),
        "{text}"
    );
    assert!(text.contains("check that the server runs"), "{text}");
    let text = refused("postgres://127.0.0.1:1/rollcall?user=me&password=hunter2").await;
    assert!(text.contains("cannot be reached"), "{text}");
    for url in [
        "postgres://me:hunter2/x@127.0.0.1/rollcall",
        "postgres://me:hunter2#x@127.0.0.1/rollcall",
        "postgres://me:a@hunter2@127.0.0.1/rollcall",
        "postgres://me:12#hunter2@127.0.0.1/rollcall",
    ] {
        let text = refused(url).await;
        assert!(text.contains("percent-encoded"), "{text}");
    }
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let folder = TempDir::new().unwrap();
    for url in [sqlite_url(&folder), postgres::database()] {
        let db = open(&url).await;
        db.write(|conn| {
            use diesel::prelude::*;
            diesel::sql_query(
                "INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')",
            )
            .execute(conn)
        })
        .await
        .unwrap();
        drop(db);
        let error = Db::open(&url, Clock::real()).await.unwrap_err();
        assert!(matches!(error, OpenError::Newer { .. }));
        let text = error.to_string();
        assert!(text.contains("29990101000000"), "{text}");
        assert!(text.contains("run that version or a later one"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_may_open_a_new_database_at_once() {
    let folder = TempDir::new().unwrap();
    for url in [sqlite_url(&folder), postgres::database()] {
        let url: Arc<str> = url.into();
        let tasks: Vec<_> = (0..6)
            .map(|n| {
                let url = url.clone();
                tokio::spawn(async move {
                    let db = open(&url).await;
                    db.write(move |conn| settings::put(conn, &n.to_string(), "here"))
                        .await
                        .unwrap();
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let db = open(&url).await;
        for n in 0..6 {
            let found = db
                .read(move |conn| settings::get(conn, &n.to_string()))
                .await;
            assert_eq!(found.unwrap().as_deref(), Some("here"));
        }
    }
}

#[tokio::test]
async fn a_read_sees_one_state_and_cannot_write() {
    on_both(async |db| {
        let written = db.read(|conn| settings::put(conn, "a", "b")).await;
        assert!(written.is_err());
        assert_eq!(
            db.read(|conn| settings::get(conn, "a")).await.unwrap(),
            None
        );
    })
    .await;
}

#[derive(Debug, PartialEq)]
enum Domain {
    Refused,
    Database,
}

impl From<DbError> for Domain {
    fn from(_: DbError) -> Self {
        Self::Database
    }
}

impl From<diesel::result::Error> for Domain {
    fn from(_: diesel::result::Error) -> Self {
        Self::Database
    }
}

#[tokio::test]
async fn an_error_of_the_callers_own_undoes_the_transaction() {
    on_both(async |db| {
        let refused: Result<(), Domain> = db
            .write_with(|conn| {
                settings::put(conn, "a", "b")?;
                Err(Domain::Refused)
            })
            .await;
        assert_eq!(refused, Err(Domain::Refused));
        assert_eq!(
            db.read(|conn| settings::get(conn, "a")).await.unwrap(),
            None
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_fails_or_panics_undoes_nothing_of_its_neighbours() {
    on_both(async |db| {
        // The writer waits here until all the others queue behind it, so that they share a transaction.
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let first = tokio::spawn({
            let db = db.clone();
            async move {
                db.write(move |conn| {
                    wait.recv().ok();
                    settings::put(conn, "first", "kept")
                })
                .await
            }
        });
        let begun = Arc::new(AtomicUsize::new(0));
        let jobs: Vec<_> = (0..60)
            .map(|n| {
                let (db, begun) = (db.clone(), begun.clone());
                tokio::spawn(async move {
                    begun.fetch_add(1, Ordering::Relaxed);
                    db.write(move |conn| {
                        settings::put(conn, &format!("job {n}"), "kept")?;
                        match n % 3 {
                            0 => Ok(()),
                            1 => Err(diesel::result::Error::RollbackTransaction),
                            _ => diesel::connection::Connection::transaction(conn, |_| {
                                panic!("a job's own mistake")
                            }),
                        }
                    })
                    .await
                })
            })
            .collect();
        while begun.load(Ordering::Relaxed) < 60 {
            tokio::task::yield_now().await;
        }
        go.send(()).unwrap();
        first.await.unwrap().unwrap();
        for (n, job) in jobs.into_iter().enumerate() {
            let result = job.await;
            match n % 3 {
                0 => result.unwrap().unwrap(),
                1 => assert!(matches!(result.unwrap(), Err(DbError::Query(_)))),
                _ => assert!(result.unwrap_err().is_panic()),
            }
            let found = db
                .read(move |conn| settings::get(conn, &format!("job {n}")))
                .await
                .unwrap();
            assert_eq!(found.is_some(), n % 3 == 0, "job {n}");
        }
        db.write(|conn| settings::put(conn, "after", "kept"))
            .await
            .unwrap();
    })
    .await;
}
