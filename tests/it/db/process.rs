//! How a process shows that it lives, and claims.

use std::fs;
use std::time::Duration;

use rollcall::db::claims;

use super::*;

const LEASE: Duration = Duration::from_mins(5);

/// Two processes' handles of one new database, for each of both kinds.
async fn on_both_twice(test: impl AsyncFn(Db, Db)) {
    let folder = TempDir::new().unwrap();
    for url in [sqlite_url(&folder), postgres::database()] {
        test(open(&url).await, open(&url).await).await;
    }
}

#[tokio::test]
async fn a_process_lives_until_it_ends() {
    on_both_twice(async |one, two| {
        let first = one.process_id().to_owned();
        assert_ne!(first, two.process_id());
        assert!(one.is_alive(&first).await.unwrap());
        assert!(two.is_alive(&first).await.unwrap());
        assert!(!two.is_alive("no process").await.unwrap());
        assert!(!two.is_alive("../../etc/passwd").await.unwrap());
        drop(one.clone());
        assert!(two.is_alive(&first).await.unwrap());
        drop(one);
        // The server notices the end of a session a moment later.
        for _ in 0..1_000 {
            if !two.is_alive(&first).await.unwrap() {
                return;
            }
        }
        panic!("the process is still alive");
    })
    .await;
}

#[tokio::test]
async fn a_claim_is_one_process_s_until_it_is_released_or_its_lease_ends() {
    on_both_twice(async |one, two| {
        assert!(one.try_claim("psa:1", LEASE).await.unwrap());
        assert!(one.try_claim("psa:1", LEASE).await.unwrap(), "renewed");
        assert!(!two.try_claim("psa:1", LEASE).await.unwrap());
        assert!(two.try_claim("psa:2", LEASE).await.unwrap());
        two.release_claim("psa:1").await.unwrap();
        assert!(!two.try_claim("psa:1", LEASE).await.unwrap());
        one.release_claim("psa:1").await.unwrap();
        assert!(two.try_claim("psa:1", LEASE).await.unwrap());

        let (first, second) = (one.process_id().to_owned(), two.process_id().to_owned());
        one.write(move |conn| {
            assert!(claims::held_until(conn, "psa:1", &second, now())?.is_some());
            assert!(claims::held_until(conn, "psa:1", &first, now())?.is_none());
            let late = now() + TimeDelta::minutes(6);
            assert!(claims::held_until(conn, "psa:1", &second, late)?.is_none());
            let until = late + TimeDelta::minutes(5);
            let alive = |_: &str| true;
            assert!(!claims::claim(conn, "psa:1", &first, until, now(), &alive)?);
            assert!(claims::claim(conn, "psa:1", &first, until, late, &alive)?);
            assert_eq!(claims::holder(conn, "psa:1")?.as_deref(), Some(&*first));
            Ok(())
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_claim_of_a_dead_process_is_free_at_once() {
    on_both_twice(async |one, two| {
        assert!(one.try_claim("psa:1", LEASE).await.unwrap());
        assert!(!two.try_claim("psa:1", LEASE).await.unwrap());
        drop(one);
        for _ in 0..1_000 {
            if two.try_claim("psa:1", LEASE).await.unwrap() {
                return;
            }
        }
        panic!("the claim is not free");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_claim_at_once_one_succeeds() {
    let folder = TempDir::new().unwrap();
    for url in [sqlite_url(&folder), postgres::database()] {
        let mut processes = Vec::new();
        for _ in 0..6 {
            processes.push(open(&url).await);
        }
        let tasks: Vec<_> = processes
            .iter()
            .map(|db| {
                let db = db.clone();
                tokio::spawn(async move { db.try_claim("psa:1", LEASE).await.unwrap() })
            })
            .collect();
        let mut taken = 0;
        for task in tasks {
            taken += usize::from(task.await.unwrap());
        }
        assert_eq!(taken, 1);
    }
}

#[tokio::test]
async fn the_lock_file_goes_with_the_process_and_stale_ones_are_swept_up() {
    let folder = TempDir::new().unwrap();
    let locks = || {
        let names = fs::read_dir(folder.path()).unwrap();
        names
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.contains(".process-"))
            .collect::<Vec<_>>()
    };
    let dead = "0193a0f0-0000-7000-8000-000000000000";
    let stale = folder
        .path()
        .join(format!("rollcall.db.process-{dead}.lock"));
    fs::write(&stale, "").unwrap();
    let one = open(&sqlite_url(&folder)).await;
    assert!(!stale.exists());
    assert!(!one.is_alive(dead).await.unwrap());
    let wanted = format!("rollcall.db.process-{}.lock", one.process_id());
    let two = open(&sqlite_url(&folder)).await;
    assert!(locks().contains(&wanted));
    assert_eq!(locks().len(), 2);
    drop(two);
    assert_eq!(locks(), [wanted]);
    drop(one);
    assert!(locks().is_empty());
}

#[tokio::test]
async fn a_process_whose_session_broke_shows_its_life_anew() {
    use diesel::prelude::*;

    let url = postgres::database();
    let (one, two) = (open(&url).await, open(&url).await);
    assert!(one.try_claim("psa:1", LEASE).await.unwrap());
    two.read(|conn| {
        let all = "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory' \
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        diesel::sql_query(all).execute(conn)
    })
    .await
    .unwrap();
    let id = one.process_id().to_owned();
    assert!(!two.is_alive(&id).await.unwrap());
    assert!(one.try_claim("psa:1", LEASE).await.unwrap());
    assert!(two.is_alive(&id).await.unwrap());
    assert!(!two.try_claim("psa:1", LEASE).await.unwrap());
}

#[tokio::test]
async fn a_new_database_file_is_for_its_user_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = TempDir::new().unwrap();
    let db = open(&sqlite_url(&folder)).await;
    db.write(|conn| claims::release(conn, "none", "none"))
        .await
        .unwrap();
    for name in ["rollcall.db", "rollcall.db-wal"] {
        let mode = fs::metadata(folder.path().join(name))
            .unwrap()
            .permissions();
        assert_eq!(mode.mode() & 0o777, 0o600, "{name}");
    }
}
