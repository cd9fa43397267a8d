//! What is written to each table is read back, on both databases.

use rollcall::db::{
    companies, dismissals, facts, holds, ignored_users, plans, psa_connections, readings, secrets,
    settings,
};
use rollcall::seal::Keyring;
use serde_json::json;

use super::*;

#[tokio::test]
async fn settings_are_kept_and_replaced() {
    on_both(async |db| {
        db.write(|conn| {
            assert_eq!(settings::get(conn, "colour")?, None);
            settings::put(conn, "colour", "red")?;
            settings::put(conn, "colour", "blue")?;
            assert_eq!(settings::get(conn, "colour")?.as_deref(), Some("blue"));
            assert_eq!(settings::ignored_licences(conn)?, None);
            settings::set_ignored_licences(conn, &[])?;
            assert_eq!(settings::ignored_licences(conn)?, Some(vec![]));
            settings::set_ignored_licences(conn, &["FLOW_FREE".to_owned()])?;
            let ignored = settings::ignored_licences(conn)?;
            assert_eq!(ignored, Some(vec!["FLOW_FREE".to_owned()]));
            Ok(())
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_psa_connection_is_read_back_as_it_was_written() {
    on_both(async |db| {
        db.write(|conn| {
            let mut wanted = psa();
            wanted.id = psa_connections::insert(conn, &wanted, now())?;
            assert_eq!(
                psa_connections::get(conn, wanted.id)?.as_ref(),
                Some(&wanted)
            );
            wanted.default_contact_type = None;
            wanted.name = "Renamed".into();
            assert!(psa_connections::update(conn, &wanted, now())?);
            assert_eq!(psa_connections::list(conn)?, [wanted.clone()]);
            assert_eq!(psa_connections::by_name(conn, "Renamed")?, Some(wanted));
            assert_eq!(psa_connections::by_name(conn, "renamed")?, None);
            Ok(())
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test]
async fn sealed_secrets_are_kept_by_owner_and_name() {
    on_both(async |db| {
        db.write(|conn| {
            let (ring, _) = Keyring::generate();
            assert!(!secrets::any(conn)?);
            let pfx = [0_u8, 255, 10, 0];
            let expires = "2027-03-31".parse().ok();
            secrets::put(
                conn,
                "company",
                3,
                "certificate",
                &ring.seal("company", 3, "certificate", b"old"),
                None,
            )?;
            let sealed = ring.seal("company", 3, "certificate", &pfx);
            secrets::put(conn, "company", 3, "certificate", &sealed, expires)?;
            secrets::put(conn, "psa", 3, "private_key", &sealed, None)?;
            let found = secrets::get(conn, "company", 3, "certificate")?.unwrap();
            assert_eq!(found.sealed, sealed);
            assert_eq!(found.expires, expires);
            assert!(secrets::any(conn)?);
            assert_eq!(secrets::names(conn, "psa", 3)?, ["private_key"]);
            assert_eq!(secrets::all(conn)?.len(), 2);
            assert!(secrets::delete(conn, "psa", 3, "private_key")?);
            assert!(!secrets::delete(conn, "psa", 3, "private_key")?);
            assert_eq!(secrets::get(conn, "psa", 3, "private_key")?, None);
            Ok(())
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_company_is_read_back_with_its_filters_and_ignored_users_in_order() {
    on_both(async |db| {
        db.write(|conn| {
            let psa = psa_connections::insert(conn, &psa(), now())?;
            let mut wanted = company(psa);
            wanted.id = companies::insert(conn, &wanted, now())?;
            assert_eq!(companies::list(conn)?, [wanted.clone()]);
            wanted.filters.reverse();
            wanted.ignored.reverse();
            wanted.default_site = None;
            wanted.schedule = None;
            assert!(companies::update(conn, &wanted, now())?);
            assert_eq!(companies::get(conn, wanted.id)?.as_ref(), Some(&wanted));
            assert_eq!(companies::by_name(conn, "Contoso")?.as_ref(), Some(&wanted));
            wanted.id += 1;
            assert!(!companies::update(conn, &wanted, now())?);
            assert_eq!(companies::get(conn, wanted.id)?, None);
            Ok(())
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_psa_company_belongs_to_one_company_only() {
    on_both(async |db| {
        let twice = db
            .write(|conn| {
                let psa = psa_connections::insert(conn, &psa(), now())?;
                companies::insert(conn, &company(psa), now())?;
                let mut other = company(psa);
                other.name = "Other".into();
                companies::insert(conn, &other, now())
            })
            .await;
        assert!(twice.unwrap_err().to_string().contains("companies"));
        assert_eq!(db.read(companies::list).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn an_ignored_entry_keeps_its_user_when_the_company_is_saved_again() {
    on_both(async |db| {
        db.write(|conn| {
            let id = furnish(conn)?;
            let user = UserId::from("u1");
            let entry = "ceo@contoso.example";
            assert!(ignored_users::resolve_ignored(conn, id, entry, &user)?);
            assert!(!ignored_users::resolve_ignored(conn, id, "nobody", &user)?);
            let mut again = companies::get(conn, id)?.unwrap();
            again.ignored = vec![entry.into(), "new@contoso.example".into(), entry.into()];
            companies::update(conn, &again, now())?;
            assert_eq!(
                ignored_users::of_company(conn, id)?,
                [
                    (entry.to_owned(), Some(user)),
                    ("new@contoso.example".to_owned(), None)
                ]
            );
            Ok(())
        })
        .await
        .unwrap();
    })
    .await;
}

fn person(user: &str) -> holds::HoldPerson {
    holds::HoldPerson {
        user_id: user.into(),
        upn: format!("{user}@contoso.example"),
        name: "Jane Doe".into(),
        contact_id: "1".into(),
        reason: "deleted".into(),
    }
}

#[tokio::test]
async fn people_join_and_leave_a_hold_until_it_is_closed() {
    on_both(async |db| {
        db.write(|conn| {
            let company = furnish(conn)?;
            assert_eq!(holds::open_of(conn, company)?, None);
            let people = [person("u1"), person("u2")];
            let id = holds::open(conn, company, "run-1", &people, now())?;
            holds::leave(conn, id, &["u1".into()], "active again", now())?;
            holds::add_people(conn, id, &[person("u2"), person("u3")])?;
            let open = holds::open_of(conn, company)?.unwrap();
            assert_eq!(open.people, [person("u2"), person("u3")]);
            assert_eq!(open.opened_at, now());
            assert_eq!(holds::list_open(conn)?, [open]);
            holds::add_people(conn, id, &[person("u1")])?;
            assert_eq!(holds::open_of(conn, company)?.unwrap().people.len(), 3);
            let signed = holds::Signed {
                staff: "Ann".into(),
                note: Some("fine".into()),
            };
            assert!(holds::close(conn, id, "approved", Some(&signed), now())?);
            assert!(!holds::close(conn, id, "dismissed", None, now())?);
            assert_eq!(holds::open_of(conn, company)?, None);
            holds::open(conn, company, "run-1", &[], now())?;
            Ok(())
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_company_has_one_open_hold_at_most() {
    on_both(async |db| {
        let twice = db
            .write(|conn| {
                let company = furnish(conn)?;
                holds::open(conn, company, "run-1", &[], now())?;
                holds::open(conn, company, "run-1", &[], now())
            })
            .await;
        let error = twice.unwrap_err().to_string();
        assert!(error.to_lowercase().contains("unique"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn dismissals_are_added_once_and_removed() {
    on_both(async |db| {
        db.write(|conn| {
            let company = furnish(conn)?;
            dismissals::add(conn, company, &["u2".into(), "u1".into()], now())?;
            dismissals::add(conn, company, &["u1".into(), "u3".into()], now())?;
            dismissals::remove(conn, company, &["u2".into()])?;
            let users: [UserId; 2] = ["u1".into(), "u3".into()];
            assert_eq!(dismissals::list(conn, company)?, users);
            Ok(())
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test]
async fn facts_are_forgotten_one_by_one_by_scope_and_by_prefix() {
    on_both(async |db| {
        db.write(|conn| {
            for scope in ["psa:1", "psa:1:company:5", "psa:2", "PSA:1"] {
                facts::put(conn, scope, "types", &json!([]), now())?;
                facts::put(conn, scope, "types", &json!(["a"]), now())?;
                facts::put(conn, scope, "sites", &json!({"n": 1}), now())?;
            }
            let found = facts::get(conn, "psa:1", "types")?;
            assert_eq!(found, Some((json!(["a"]), now())));
            facts::forget_one(conn, "psa:2", "types")?;
            assert_eq!(facts::get(conn, "psa:2", "types")?, None);
            facts::forget(conn, "psa:1")?;
            assert_eq!(facts::get(conn, "psa:1", "types")?, None);
            assert!(facts::get(conn, "psa:1:company:5", "types")?.is_some());
            facts::forget_prefix(conn, "psa:1")?;
            assert_eq!(facts::get(conn, "psa:1:company:5", "types")?, None);
            assert!(facts::get(conn, "PSA:1", "types")?.is_some());
            assert!(facts::get(conn, "psa:2", "sites")?.is_some());
            Ok(())
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_last_reading_and_plan_of_a_company_are_kept() {
    on_both(async |db| {
        db.write(|conn| {
            let company = furnish(conn)?;
            let mut reading = readings::Reading {
                company_id: company,
                run_id: "run-1".into(),
                read_at: now(),
                users: "[1]".into(),
                rest: "{}".into(),
                contacts: "[]".into(),
            };
            assert_eq!(readings::get(conn, company)?, None);
            readings::put(conn, &reading)?;
            reading.users = "[2]".into();
            readings::put(conn, &reading)?;
            assert_eq!(readings::get(conn, company)?, Some(reading));
            let mut plan = plans::StoredPlan {
                company_id: company,
                run_id: "run-1".into(),
                made_at: now(),
                plan: "{}".into(),
                in_conflict: None,
            };
            plans::put(conn, &plan)?;
            plan.plan = "{\"people\":[]}".into();
            plan.in_conflict = Some(vec!["anna".into()]);
            plans::put(conn, &plan)?;
            assert_eq!(plans::get(conn, company)?, Some(plan));
            Ok(())
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test]
async fn saves_are_found_among_many_other_events_and_one_moment_of_one_person_is_one() {
    on_both(async |db| {
        let found = db.write(|conn| {
            let company = furnish(conn)?;
            let note = |conn: &mut Conn, kind: &str, who: &str, minute: i64| {
                let at = now() + TimeDelta::minutes(minute);
                db::events::note(conn, (who, kind), Some(company), "", at)
            };
            note(conn, "company_saved", "Kim", 0)?;
            for _ in 0..3 {
                note(conn, "ignored", "Robin", 1)?;
            }
            for _ in 0..60 {
                note(conn, "dismissed", "Ann", 2)?;
            }
            let at = now();
            for (kind, detail) in [
                ("psa_saved", "PSA connection 100% saved"),
                ("psa_saved", "PSA connection 1000 saved"),
                ("psaXsaved", "PSA connection 100% saved"),
            ] {
                db::events::note(conn, ("Kim", kind), None, detail, at)?;
            }
            Ok((
                db::events::saves(conn, company, &["company_saved", "ignored"], 9)?,
                db::events::was(conn, company, "company_saved")?,
                db::events::was(conn, company, "company_added")?,
                db::events::told(conn, ("psa_", "PSA connection 100% "), 9)?.len(),
            ))
        });
        let (found, saved, added, told) = found.await.unwrap();
        let names: Vec<&str> = found.iter().map(|one| one.staff.as_str()).collect();
        assert_eq!(names, ["Robin", "Kim"]);
        assert_eq!((saved, added, told), (true, false, 1));
    })
    .await;
}

#[tokio::test]
async fn of_many_places_the_companies_there_are_found_at_once_and_no_others() {
    on_both(async |db| {
        db.write(|conn| {
            let one = psa_connections::insert(conn, &psa(), now())?;
            let mut other = psa();
            other.name = "Second PSA".into();
            let two = psa_connections::insert(conn, &other, now())?;
            let mut add = |name: &str, psa: i64, at: &str| {
                let mut row = company(psa);
                (row.name, row.psa_company_id) = (name.into(), at.into());
                companies::insert(conn, &row, now())
            };
            let here = add("Here", one, "1")?;
            let there = add("There", two, "2")?;
            let gone = add("Gone", one, "3")?;
            companies::remove(conn, gone, 1, now())?;
            let places = [(one, "1"), (one, "2"), (two, "1"), (two, "2"), (one, "3")];
            let places = places.map(|(psa, at)| (psa, at.into()));
            let found = companies::at_places(conn, &places[..3])?;
            let first = (places[0].clone(), (here, "Here".to_owned()));
            assert_eq!(
                found,
                [first.clone()].into(),
                "the same id elsewhere is another"
            );
            let found = companies::at_places(conn, &places)?;
            let second = (places[3].clone(), (there, "There".to_owned()));
            assert_eq!(found, [first, second].into());
            assert!(companies::at_places(conn, &[])?.is_empty());
            Ok(())
        })
        .await
        .unwrap();
    })
    .await;
}
