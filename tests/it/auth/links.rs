//! Links that let somebody choose a password, once.

use futures_util::future::join_all;
use rollcall::auth::{LinkFor, first_link, hashed, look_at_link, make_link};
use rollcall::db::{sessions, sign_in_links};

use super::*;

#[tokio::test]
async fn the_first_link_makes_the_first_administrator_and_then_there_is_none() {
    on_both(async |desk| {
        let token = first_link(&desk.app).await.unwrap().unwrap();
        assert_eq!(token.len(), 43);
        let looked = look_at_link(&desk.app, &token).await.unwrap();
        assert_eq!(looked, Some(LinkFor::Administrator));
        let made = desk
            .using(&token, "  Ann Example ", PASSWORD)
            .await
            .unwrap();
        assert_eq!(
            (made.name.as_str(), made.role),
            ("Ann Example", Role::Administrator)
        );
        assert!(made.enabled && made.has_password);
        assert!(desk.lets_in("ann example", PASSWORD).await);
        assert_eq!(first_link(&desk.app).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_used_link_opens_nothing() {
    on_both(async |desk| {
        let token = make_link(&desk.app, None).await.unwrap();
        desk.using(&token, "Ann", PASSWORD).await.unwrap();
        assert_eq!(look_at_link(&desk.app, &token).await.unwrap(), None);
        let again = desk.using(&token, "Bob", PASSWORD).await.unwrap_err();
        assert_eq!(fields(&again), ["link"]);
        assert_eq!(auth::list(&desk.app).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_link_that_is_too_old_or_never_was_opens_nothing() {
    on_both(async |desk| {
        let token = make_link(&desk.app, None).await.unwrap();
        desk.passes(MINUTE * 15 - TimeDelta::seconds(1));
        assert!(look_at_link(&desk.app, &token).await.unwrap().is_some());
        desk.clock.advance(SECOND);
        let (_, of_staff) = auth::add(&desk.app, "Ann", "Bob", Role::Reader)
            .await
            .unwrap()
            .unwrap();
        for wrong in [token.as_str(), "", "x", &"y".repeat(100_000), "'\u{0}<"] {
            assert_eq!(look_at_link(&desk.app, wrong).await.unwrap(), None);
            let told = desk.using(wrong, "Ann", PASSWORD).await.unwrap_err();
            assert_eq!(fields(&told), ["link"]);
        }
        desk.passes(TimeDelta::days(7) - MINUTE);
        assert!(look_at_link(&desk.app, &of_staff).await.unwrap().is_some());
        desk.passes(MINUTE);
        assert!(look_at_link(&desk.app, &of_staff).await.unwrap().is_none());
        let now = desk.clock.now();
        let cleaned = desk
            .write(move |conn| sign_in_links::clean(conn, now))
            .await;
        assert_eq!(cleaned, 2);
    })
    .await;
}

#[tokio::test]
async fn of_two_people_with_one_link_at_the_same_moment_one_wins() {
    on_both(async |desk| {
        let token = make_link(&desk.app, None).await.unwrap();
        let names = ["Ann", "Bob", "Cid", "Dee"];
        let used = join_all(names.map(|name| desk.using(&token, name, PASSWORD))).await;
        assert_eq!(
            used.iter().filter(|used| used.is_ok()).count(),
            1,
            "{used:?}"
        );
        let staff = auth::list(&desk.app).await.unwrap();
        assert_eq!(staff.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_new_link_for_an_administrator_retires_the_older_ones_and_leaves_those_of_staff() {
    on_both(async |desk| {
        let (_, bobs) = auth::add(&desk.app, "Ann", "Bob", Role::Reader)
            .await
            .unwrap()
            .unwrap();
        let old = make_link(&desk.app, None).await.unwrap();
        let made = join_all([make_link(&desk.app, None), make_link(&desk.app, None)]).await;
        assert_eq!(look_at_link(&desk.app, &old).await.unwrap(), None);
        let looks = made
            .iter()
            .map(|token| look_at_link(&desk.app, token.as_ref().unwrap()));
        let usable = join_all(looks).await;
        let usable = usable
            .iter()
            .filter(|link| link.as_ref().unwrap().is_some());
        assert_eq!(usable.count(), 1);
        assert!(look_at_link(&desk.app, &bobs).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test]
async fn an_administrator_link_lets_somebody_in_again_who_is_locked_out_lowered_and_disabled() {
    on_both(async |desk| {
        desk.person("Ann", Role::Administrator).await;
        let bob = desk.person("Bob \u{c9}xample", Role::Reader).await;
        for _ in 0..5 {
            desk.tries("Bob \u{c9}xample", OTHER).await;
        }
        let (id, now) = (bob.id, desk.clock.now());
        desk.write(move |conn| sessions::insert(conn, "a-session", Some(id), "{}", now))
            .await;
        let token = make_link(&desk.app, None).await.unwrap();
        let saved = desk
            .using(&token, " bob E\u{301}XAMPLE", OTHER)
            .await
            .unwrap();
        assert_eq!((saved.id, saved.role), (bob.id, Role::Administrator));
        assert_eq!(saved.name, "Bob \u{c9}xample");
        let left = desk
            .read(move |conn| sessions::of_staff(conn, id, now))
            .await;
        assert_eq!(left, []);
        assert!(desk.lets_in("Bob \u{c9}xample", OTHER).await);
        assert!(!desk.lets_in("Bob \u{c9}xample", PASSWORD).await);

        auth::set_enabled(&desk.app, "Ann", id, false)
            .await
            .unwrap()
            .unwrap();
        let token = make_link(&desk.app, None).await.unwrap();
        assert!(
            desk.using(&token, saved.name.as_str(), PASSWORD)
                .await
                .unwrap()
                .enabled
        );
        assert_eq!(auth::list(&desk.app).await.unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_link_of_staff_is_for_that_person_and_keeps_their_role() {
    on_both(async |desk| {
        let (bob, token) = auth::add(&desk.app, "Ann", "Bob", Role::Technician)
            .await
            .unwrap()
            .unwrap();
        assert!(!bob.has_password);
        let looked = look_at_link(&desk.app, &token).await.unwrap();
        assert_eq!(looked, Some(LinkFor::Staff(bob.clone())));
        let chosen = desk
            .using(&token, "Ann the Administrator", PASSWORD)
            .await
            .unwrap();
        assert_eq!(
            (chosen.id, chosen.name.as_str(), chosen.role),
            (bob.id, "Bob", Role::Technician)
        );
        assert!(desk.lets_in("Bob", PASSWORD).await);

        let (cid, token) = auth::add(&desk.app, "Ann", "Cid", Role::Reader)
            .await
            .unwrap()
            .unwrap();
        auth::set_enabled(&desk.app, "Ann", cid.id, false)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(look_at_link(&desk.app, &token).await.unwrap(), None);
        assert!(desk.using(&token, "", PASSWORD).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn mistakes_stand_at_their_fields_and_leave_the_link_unused() {
    on_both(async |desk| {
        let token = make_link(&desk.app, None).await.unwrap();
        for (name, password, wrong) in [
            ("", "short", &["name", "password"][..]),
            ("Ann\r\nExample", PASSWORD, &["name"]),
            (&"n".repeat(101), PASSWORD, &["name"]),
            ("Ann", "           ", &["password"]),
            ("Ann of Contoso", "ANN of contoso", &["password"]),
            ("Ann", &"p".repeat(201), &["password"]),
        ] {
            let told = desk.using(&token, name, password).await.unwrap_err();
            assert_eq!(fields(&told), wrong);
            assert!(
                told.iter()
                    .all(|mistake| !mistake.message.contains("Contoso"))
            );
        }
        assert!(
            desk.using(&token, "<script>\u{1f600}", PASSWORD)
                .await
                .is_ok()
        );
    })
    .await;
}

#[tokio::test]
async fn the_table_of_links_does_not_hold_their_tokens() {
    on_both(async |desk| {
        let token = make_link(&desk.app, None).await.unwrap();
        let now = desk.clock.now();
        let (hash, plain) = (hashed(&token), token.clone());
        assert_ne!(hash, token);
        let (kept, open) = desk
            .read(move |conn| {
                Ok((
                    sign_in_links::look(conn, &hash, now)?,
                    sign_in_links::look(conn, &plain, now)?,
                ))
            })
            .await;
        assert_eq!((kept, open), (Some(None), None));
    })
    .await;
}
