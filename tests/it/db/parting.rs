//! What is removed stays in the history and is out of every list; what was seen at an old version is not saved.

use rollcall::db::consents::Taken;

use super::*;

#[tokio::test]
async fn a_removed_company_frees_its_name_and_place_and_keeps_its_history() {
    on_both(async |db| {
        let (id, again) = db
            .write(|conn| {
                let id = furnish(conn)?;
                db::holds::open(conn, id, "run-1", &[], now())?;
                assert!(!db::companies::remove(conn, id, 7, now())?);
                assert!(db::companies::remove(conn, id, 1, now())?);
                let psa = db::psa_connections::list(conn)?[0].id;
                Ok((id, db::companies::insert(conn, &company(psa), now())?))
            })
            .await
            .unwrap();
        assert_ne!(id, again);
        let found = db
            .read(move |conn| {
                assert_eq!(db::companies::get(conn, id)?, None);
                assert_eq!(db::companies::version(conn, id)?, None);
                assert_eq!(db::holds::list_open(conn)?, []);
                assert_eq!(db::companies::list(conn)?.len(), 1);
                assert_eq!(db::companies::labels(conn)?, [(again, "Contoso".into())]);
                assert_eq!(db::runs::list(conn, id, 10)?.len(), 1);
                Ok(db::companies::names(conn)?.len())
            })
            .await
            .unwrap();
        assert_eq!(found, 2);
        let gone = db
            .write(move |conn| {
                let mut company = company(1);
                company.id = id;
                db::companies::update(conn, &company, now())
            })
            .await
            .unwrap();
        assert!(!gone, "a removed company was changed");
    })
    .await;
}

#[tokio::test]
async fn only_one_of_two_who_saw_the_same_version_saves() {
    on_both(async |db| {
        let (id, psa) = db
            .write(|conn| {
                let id = furnish(conn)?;
                Ok((id, db::psa_connections::list(conn)?[0].id))
            })
            .await
            .unwrap();
        let save = |name: &'static str| {
            db.write(move |conn| {
                let mut company = company(psa);
                (company.id, company.name) = (id, name.to_owned());
                db::companies::update_from(conn, &company, 1, now())
            })
        };
        let (one, other) = tokio::join!(save("One"), save("Other"));
        assert!(one.unwrap() ^ other.unwrap());
        let version = db.read(move |conn| db::companies::version(conn, id)).await;
        assert_eq!(version.unwrap(), Some(2));
    })
    .await;
}

#[tokio::test]
async fn a_consent_is_taken_once_and_only_by_its_session_in_time() {
    on_both(async |db| {
        let hour = TimeDelta::hours(1);
        db.write(move |conn| {
            use db::consents::{put, take};
            let id = furnish(conn)?;
            put(conn, "a", ("session", id), now() + hour, now())?;
            put(conn, "b", ("session", id), now() + hour, now())?;
            assert_eq!(take(conn, "c", "session", now())?, Taken::Unknown);
            assert_eq!(take(conn, "a", "thief", now())?, Taken::OtherSession);
            assert_eq!(take(conn, "a", "session", now())?, Taken::Company(id));
            assert_eq!(take(conn, "a", "session", now())?, Taken::Unknown);
            assert_eq!(take(conn, "b", "session", now() + hour)?, Taken::Expired);
            assert_eq!(take(conn, "b", "session", now())?, Taken::Unknown);
            Ok(())
        })
        .await
        .unwrap();
    })
    .await;
}
