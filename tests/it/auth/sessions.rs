//! Browser sessions, as actix-session asks for them.

use std::collections::HashMap;

use actix_session::storage::{SessionKey, SessionStore};
use actix_web::cookie::time;
use rollcall::auth::hashed;
use rollcall::db::sessions;
use rollcall::seal::Keyring;
use rollcall::web::session::{KEY_HASH, PERSON, SEEN, Sessions, cookie_key, note_use};

use super::*;

/// What actix-session would have the time to live be; ours is not its.
const TTL: time::Duration = time::Duration::days(365);

fn state(pairs: &[(&str, &str)]) -> HashMap<String, String> {
    let pairs = pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    pairs.collect()
}

fn of(person: &Staff) -> HashMap<String, String> {
    state(&[("staff", &person.id.to_string()), ("csrf", "\"token\"")])
}

fn key(text: &str) -> SessionKey {
    text.to_owned().try_into().unwrap()
}

/// The hash under which a session is kept.
fn hash_of(key: &SessionKey) -> String {
    hashed(key.as_ref())
}

/// A request that uses its session; `false` where that has ended.
async fn uses(desk: &Desk, store: &Sessions, kept: &SessionKey) -> bool {
    let Some(state) = store.load(kept).await.unwrap() else {
        return false;
    };
    let seen = serde_json::from_str(&state[SEEN]).unwrap();
    note_use(&desk.app, hash_of(kept), seen).await.unwrap();
    true
}

#[tokio::test]
async fn a_session_gives_back_what_was_put_in_and_its_own_hash() {
    on_both(async |desk| {
        let store = Sessions::new(desk.app.clone());
        let bob = desk.person("Bob", Role::Reader).await;
        let kept = store.save(of(&bob), &TTL).await.unwrap();
        let mut loaded = store.load(&kept).await.unwrap().unwrap();
        assert_eq!(
            loaded.remove(KEY_HASH).unwrap(),
            format!("\"{}\"", hash_of(&kept))
        );
        let person: Staff = serde_json::from_str(&loaded.remove(PERSON).unwrap()).unwrap();
        assert_eq!((person.id, person.role), (bob.id, Role::Reader));
        assert!(loaded.remove(SEEN).is_some());
        assert_eq!(loaded, of(&bob));

        // What the request carried on comes back, and the hash is not stored.
        let mut changed = store.load(&kept).await.unwrap().unwrap();
        changed.insert("note".into(), "\"<saved>\"".into());
        let same = store
            .update(key(kept.as_ref()), changed, &TTL)
            .await
            .unwrap();
        assert_eq!(same, kept);
        let (hash, now) = (hash_of(&kept), desk.clock.now());
        let (stored, _, _) = desk
            .read(move |conn| sessions::state(conn, &hash, now))
            .await
            .unwrap();
        assert!(
            stored.contains("<saved>")
                && [KEY_HASH, PERSON, SEEN]
                    .iter()
                    .all(|key| !stored.contains(key)),
            "{stored}"
        );
        assert_eq!(store.load(&key("unknown")).await.unwrap(), None);
        store.delete(&kept).await.unwrap();
        assert_eq!(store.load(&kept).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn the_table_holds_the_hash_of_a_key_and_whose_session_it_is() {
    on_both(async |desk| {
        let store = Sessions::new(desk.app.clone());
        let bob = desk.person("Bob", Role::Reader).await;
        let stranger = store.save(state(&[("csrf", "\"x\"")]), &TTL).await.unwrap();
        let kept = store.save(of(&bob), &TTL).await.unwrap();
        let (id, now) = (bob.id, desk.clock.now());
        let found = desk
            .read(move |conn| sessions::of_staff(conn, id, now))
            .await;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].key_hash, hash_of(&kept));
        assert_ne!(found[0].key_hash, kept.as_ref());
        assert!(store.load(&stranger).await.unwrap().is_some());
        // Signing in within a session makes it theirs, signing out nobody's.
        store
            .update(key(stranger.as_ref()), of(&bob), &TTL)
            .await
            .unwrap();
        let found = desk
            .read(move |conn| sessions::of_staff(conn, id, now))
            .await;
        assert_eq!(found.len(), 2);
        // Counted for many at once, it is the same.
        let ann = desk.person("Ann", Role::Reader).await.id;
        let counts = desk.read(move |conn| sessions::counts(conn, &[id, ann], now));
        assert_eq!(counts.await, [(id, 2)].into());
        let late = now + sessions::IDLE + chrono::TimeDelta::minutes(1);
        let counts = desk.read(move |conn| sessions::counts(conn, &[id], late));
        assert_eq!(counts.await, [].into(), "they have ended");
        assert!(
            store
                .save(state(&[("staff", "\"me\"")]), &TTL)
                .await
                .is_err()
        );
    })
    .await;
}

#[tokio::test]
async fn a_session_ends_after_eight_idle_hours() {
    on_both(async |desk| {
        let store = Sessions::new(desk.app.clone());
        let bob = desk.person("Bob", Role::Reader).await;
        let kept = store.save(of(&bob), &TTL).await.unwrap();
        for _ in 0..3 {
            desk.passes(TimeDelta::hours(8));
            assert!(uses(&desk, &store, &kept).await);
        }
        desk.passes(TimeDelta::hours(8));
        desk.clock.advance(SECOND);
        assert_eq!(store.load(&kept).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_session_ends_after_seven_days_however_much_it_is_used() {
    on_both(async |desk| {
        let store = Sessions::new(desk.app.clone());
        let bob = desk.person("Bob", Role::Reader).await;
        let kept = store.save(of(&bob), &TTL).await.unwrap();
        let idle = store.save(of(&bob), &TTL).await.unwrap();
        for _ in 0..28 {
            desk.passes(TimeDelta::hours(6));
            assert!(uses(&desk, &store, &kept).await);
            store
                .update(key(kept.as_ref()), of(&bob), &TTL)
                .await
                .unwrap();
            store.update_ttl(&kept, &TTL).await.unwrap();
        }
        desk.clock.advance(SECOND);
        assert_eq!(store.load(&kept).await.unwrap(), None);
        assert_eq!(store.load(&idle).await.unwrap(), None);
        let now = desk.clock.now();
        assert_eq!(desk.write(move |conn| sessions::clean(conn, now)).await, 2);
    })
    .await;
}

#[tokio::test]
async fn use_is_written_down_at_most_once_a_minute() {
    on_both(async |desk| {
        let store = Sessions::new(desk.app.clone());
        let began = desk.clock.now();
        let bob = desk.person("Bob", Role::Reader).await;
        let kept = store.save(of(&bob), &TTL).await.unwrap();
        let id = bob.id;
        let seen = async || {
            let found = desk
                .read(move |conn| sessions::of_staff(conn, id, began))
                .await;
            found[0].seen_at
        };
        desk.clock.advance(SECOND * 59);
        assert!(uses(&desk, &store, &kept).await);
        assert_eq!(seen().await, began);
        desk.clock.advance(SECOND);
        assert!(uses(&desk, &store, &kept).await);
        assert_eq!(seen().await, began + MINUTE);
        desk.passes(MINUTE * 2);
        // To be found is no use yet.
        store.load(&kept).await.unwrap().unwrap();
        assert_eq!(seen().await, began + MINUTE);
    })
    .await;
}

#[tokio::test]
async fn a_session_of_nobody_ends_after_half_an_idle_hour() {
    on_both(async |desk| {
        let store = Sessions::new(desk.app.clone());
        let kept = store.save(state(&[("a", "1")]), &TTL).await.unwrap();
        desk.passes(TimeDelta::minutes(30));
        assert!(uses(&desk, &store, &kept).await);
        desk.passes(TimeDelta::minutes(30));
        desk.clock.advance(SECOND);
        assert_eq!(store.load(&kept).await.unwrap(), None);
        let now = desk.clock.now();
        assert_eq!(desk.write(move |conn| sessions::clean(conn, now)).await, 1);
    })
    .await;
}

#[tokio::test]
async fn sessions_of_nobody_never_fill_the_table_and_the_oldest_gives_way() {
    on_both(async |desk| {
        let bob = desk.person("Bob", Role::Reader).await;
        let (id, began) = (bob.id, desk.clock.now());
        let hash = |number: i64| format!("hash {number:05}");
        let there = async |number: i64, now| {
            let found = desk.read(move |conn| sessions::state(conn, &hash(number), now));
            found.await.is_some()
        };
        let most = sessions::MOST_OF_NOBODY;
        desk.write(move |conn| {
            sessions::insert(conn, "of bob", Some(id), "{}", began)?;
            for number in 0..=most {
                let now = began + TimeDelta::milliseconds(number);
                sessions::insert(conn, &hash(number), None, "{}", now)?;
            }
            Ok(())
        })
        .await;
        assert!(!there(0, began).await, "the oldest gave way");
        assert!(there(1, began).await && there(most, began).await);
        let now = began + TimeDelta::hours(1);
        desk.write(move |conn| sessions::insert(conn, &hash(most + 1), None, "{}", now))
            .await;
        assert!(there(most + 1, now).await);
        let kept = desk.read(move |conn| sessions::of_staff(conn, id, now));
        assert_eq!(kept.await.len(), 1, "who is signed in stays so");
        let over = desk.write(move |conn| sessions::clean(conn, now)).await;
        assert_eq!(over, 0, "those that were over went first");
    })
    .await;
}

#[tokio::test]
async fn a_session_of_somebody_disabled_gives_nothing_even_where_its_row_is_still_there() {
    on_both(async |desk| {
        let store = Sessions::new(desk.app.clone());
        let bob = desk.person("Bob", Role::Reader).await;
        auth::set_enabled(&desk.app, "Ann", bob.id, false)
            .await
            .unwrap()
            .unwrap();
        // As by a request that was under way.
        let kept = store.save(of(&bob), &TTL).await.unwrap();
        assert_eq!(store.load(&kept).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_request_that_was_under_way_does_not_bring_an_ended_session_back() {
    on_both(async |desk| {
        let store = Sessions::new(desk.app.clone());
        let bob = desk.person("Bob", Role::Reader).await;
        let kept = store.save(of(&bob), &TTL).await.unwrap();
        let other = store.save(of(&bob), &TTL).await.unwrap();
        let (id, stays) = (bob.id, hash_of(&other));
        let ended = desk
            .write(move |conn| sessions::end_others(conn, id, &stays))
            .await;
        assert_eq!(ended, 1);
        store
            .update(key(kept.as_ref()), of(&bob), &TTL)
            .await
            .unwrap();
        store.update_ttl(&kept, &TTL).await.unwrap();
        assert_eq!(store.load(&kept).await.unwrap(), None);
        assert!(store.load(&other).await.unwrap().is_some());
    })
    .await;
}

#[test]
fn the_cookies_key_is_made_from_the_newest_key_and_always_the_same() {
    let text = |bytes: [u8; 32]| STANDARD.encode(bytes);
    let one = Keyring::parse(&text([1; 32])).unwrap();
    let later = Keyring::parse(&format!("{}\n{}", text([2; 32]), text([1; 32]))).unwrap();
    assert_eq!(cookie_key(&one).master(), cookie_key(&one).master());
    assert_ne!(cookie_key(&one).master(), cookie_key(&later).master());
    assert_eq!(
        cookie_key(&one).master(),
        one.derive("session cookie").as_slice()
    );
    assert_ne!(one.derive("session cookie"), one.derive("sign-in failures"));
    assert!(!one.derive("a").windows(8).any(|bytes| bytes == [1; 8]));
}
