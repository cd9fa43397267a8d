//! Signing in by name and password, and waiting after failures.

use futures_util::future::join_all;
use rollcall::db::{sign_in_failures, staff};

use super::*;

const HOME: Option<&str> = Some("192.0.2.7");

#[tokio::test]
async fn name_and_password_sign_in_whatever_the_names_case_and_the_time_is_written_down() {
    on_both(async |desk| {
        let jane = desk.person("Ren\u{e9} Doe", Role::Technician).await;
        desk.passes(MINUTE);
        let SignIn::Welcome(found) = desk.tries(" RENE\u{301} doe ", PASSWORD).await else {
            panic!("not signed in");
        };
        assert_eq!(found.id, jane.id);
        assert_eq!(found.signed_in_at, Some(desk.clock.now()));
        assert_eq!((found.role, found.has_password), (Role::Technician, true));
    })
    .await;
}

#[tokio::test]
async fn a_wrong_name_a_wrong_password_and_a_disabled_account_get_one_answer() {
    on_both(async |desk| {
        let jane = desk.person("Jane Doe", Role::Reader).await;
        assert_eq!(desk.tries("Jane Doe", OTHER).await, SignIn::Wrong);
        assert_eq!(desk.tries("John Doe", PASSWORD).await, SignIn::Wrong);
        assert_eq!(desk.tries("", "").await, SignIn::Wrong);
        let long = "x".repeat(100_000);
        assert_eq!(desk.tries(&long, &long).await, SignIn::Wrong);
        assert_eq!(
            desk.tries("'; DROP \u{202e}\u{1f600}", "<b>").await,
            SignIn::Wrong
        );
        assert_eq!(desk.tries("Jane\u{0}Doe", "\u{0}").await, SignIn::Wrong);
        let disabled = auth::set_enabled(&desk.app, "Ann", jane.id, false)
            .await
            .unwrap();
        assert!(!disabled.unwrap().enabled);
        assert_eq!(desk.tries("Jane Doe", PASSWORD).await, SignIn::Wrong);
        auth::add(&desk.app, "Ann", "New", Role::Reader)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(desk.tries("New", "").await, SignIn::Wrong);
    })
    .await;
}

#[tokio::test]
async fn after_five_failures_each_further_one_doubles_the_wait_up_to_half_an_hour() {
    on_both(async |desk| {
        desk.person("Jane Doe", Role::Reader).await;
        // A name that nobody has waits as well.
        for name in ["Jane Doe", "Nobody"] {
            for _ in 0..4 {
                assert_eq!(desk.tries(name, OTHER).await, SignIn::Wrong);
            }
            for minutes in [1, 2, 4, 8, 16, 30, 30] {
                assert_eq!(desk.tries(name, OTHER).await, SignIn::Wrong);
                let until = desk.clock.now() + MINUTE * minutes;
                assert_eq!(desk.tries(name, OTHER).await, SignIn::LockedUntil(until));
                desk.passes(MINUTE * minutes);
                desk.clock.advance(SECOND);
            }
        }
        assert!(desk.lets_in("Jane Doe", PASSWORD).await);
        // After success all begins anew.
        for _ in 0..5 {
            assert_eq!(desk.tries("Jane Doe", OTHER).await, SignIn::Wrong);
        }
        let until = desk.clock.now() + MINUTE;
        assert_eq!(
            desk.tries("jane doe", PASSWORD).await,
            SignIn::LockedUntil(until)
        );
    })
    .await;
}

#[tokio::test]
async fn a_refused_try_neither_tries_the_right_password_nor_lengthens_the_wait() {
    on_both(async |desk| {
        desk.person("Jane Doe", Role::Reader).await;
        for _ in 0..5 {
            assert_eq!(desk.tries("Jane Doe", OTHER).await, SignIn::Wrong);
        }
        let until = desk.clock.now() + MINUTE;
        for _ in 0..59 {
            assert_eq!(
                desk.tries("Jane Doe", PASSWORD).await,
                SignIn::LockedUntil(until)
            );
            desk.clock.advance(SECOND);
        }
        desk.clock.advance(SECOND);
        assert!(desk.lets_in("Jane Doe", PASSWORD).await);
    })
    .await;
}

#[tokio::test]
async fn tries_side_by_side_do_not_slip_through() {
    on_both(async |desk| {
        desk.person("Jane Doe", Role::Reader).await;
        let tries = (0..24).map(|_| desk.tries_from(HOME, "Jane Doe", OTHER));
        let answers = join_all(tries).await;
        let wrong = answers.iter().filter(|answer| **answer == SignIn::Wrong);
        assert_eq!(wrong.count(), 5, "{answers:?}");
    })
    .await;
}

#[tokio::test]
async fn an_address_waits_after_thirty_failures_of_whatever_names_and_others_do_not() {
    on_both(async |desk| {
        desk.person("Jane Doe", Role::Reader).await;
        for number in 0..30 {
            let name = format!("Guess {number}");
            assert_eq!(desk.tries_from(HOME, &name, OTHER).await, SignIn::Wrong);
        }
        let until = desk.clock.now() + MINUTE;
        // The same address, as IPv6 writes it.
        for same in ["192.0.2.7", "::ffff:192.0.2.7"] {
            assert_eq!(
                desk.tries_from(Some(same), "Jane Doe", PASSWORD).await,
                SignIn::LockedUntil(until)
            );
        }
        let welcome = |answer| matches!(answer, SignIn::Welcome(_));
        assert!(welcome(
            desk.tries_from(Some("192.0.2.8"), "Jane Doe", PASSWORD)
                .await
        ));
        desk.passes(MINUTE);
        // Whoever is right is no failure of the address, nor does anybody wait because of them.
        for _ in 0..3 {
            assert!(welcome(desk.tries_from(HOME, "Jane Doe", PASSWORD).await));
        }
        assert_eq!(
            desk.tries_from(HOME, "Jane Doe", OTHER).await,
            SignIn::Wrong
        );
        assert_eq!(
            desk.tries_from(HOME, "Jane Doe", PASSWORD).await,
            SignIn::LockedUntil(desk.clock.now() + MINUTE * 2)
        );
    })
    .await;
}

#[tokio::test]
async fn a_network_of_ipv6_waits_as_one() {
    on_both(async |desk| {
        let subjects = async |count: i64| {
            desk.passes(TimeDelta::days(2));
            let now = desk.clock.now();
            let old = desk
                .read(move |conn| sign_in_failures::old(conn, now, 100))
                .await;
            assert_eq!(i64::try_from(old.len()).unwrap(), count, "{old:?}");
            for subject in old {
                // Neither names nor addresses stand in the table.
                assert!(!subject.contains("db8") && !subject.contains("Guess"));
                assert_eq!(subject.len(), 43);
            }
            auth::clean(&desk.app).await.unwrap();
        };
        desk.tries_from(Some("2001:db8::1"), "Guess", OTHER).await;
        desk.tries_from(Some("2001:db8::ffff:2"), "Guess", OTHER)
            .await;
        subjects(2).await;
        desk.tries_from(Some("2001:db8::1"), "Guess", OTHER).await;
        desk.tries_from(Some("2001:db8:0:1::1"), "Guess", OTHER)
            .await;
        subjects(3).await;
        subjects(0).await;
    })
    .await;
}

#[tokio::test]
async fn a_name_that_waits_costs_its_address_nothing() {
    on_both(async |desk| {
        for _ in 0..40 {
            desk.tries_from(HOME, "Nobody", OTHER).await;
        }
        assert_eq!(desk.tries_from(HOME, "Other", OTHER).await, SignIn::Wrong);
    })
    .await;
}

#[tokio::test]
async fn failures_are_forgotten_a_day_after_the_last() {
    on_both(async |desk| {
        for _ in 0..4 {
            desk.tries("Nobody", OTHER).await;
        }
        desk.passes(TimeDelta::days(1) + MINUTE);
        for _ in 0..5 {
            assert_eq!(desk.tries("Nobody", OTHER).await, SignIn::Wrong);
        }
        assert_ne!(desk.tries("Nobody", OTHER).await, SignIn::Wrong);
    })
    .await;
}

#[tokio::test]
async fn a_password_is_kept_as_a_hash_and_no_debug_shows_a_name() {
    on_both(async |desk| {
        let jane = desk.person("Jane Doe", Role::Reader).await;
        let id = jane.id;
        let kept = desk.read(move |conn| staff::password(conn, id)).await;
        assert!(kept.unwrap().starts_with("$argon2id$"));
        let shown = format!("{jane:?} {:?}", SignIn::Welcome(jane.clone()));
        assert!(!shown.contains("Jane"), "{shown}");
    })
    .await;
}
