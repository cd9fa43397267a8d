//! The staff, as an administrator looks after it, and one's own password.

use futures_util::future::join_all;
use rollcall::auth::Refusal;
use rollcall::db::sessions;

use super::*;

impl Desk {
    /// Begins a session of somebody.
    async fn begins(&self, person: &Staff, key_hash: &'static str) {
        let (id, now) = (person.id, self.clock.now());
        self.write(move |conn| sessions::insert(conn, key_hash, Some(id), "{}", now))
            .await;
    }

    /// The sessions of somebody.
    async fn sessions(&self, person: &Staff) -> Vec<String> {
        let (id, now) = (person.id, self.clock.now());
        let found = self
            .read(move |conn| sessions::of_staff(conn, id, now))
            .await;
        found.into_iter().map(|session| session.key_hash).collect()
    }

    async fn enable(&self, person: &Staff, enabled: bool) -> Result<Staff, Refusal> {
        auth::set_enabled(&self.app, "Ann", person.id, enabled)
            .await
            .unwrap()
    }

    async fn make(&self, person: &Staff, role: Role) -> Result<Staff, Refusal> {
        auth::set_role(&self.app, "Ann", person.id, role)
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn a_name_stands_once_on_the_staff_whatever_its_case() {
    on_both(async |desk| {
        let add = async |name: &str| {
            auth::add(&desk.app, "Ann", name, Role::Reader)
                .await
                .unwrap()
        };
        add("Ren\u{e9} Doe").await.unwrap();
        let twice = add(" RENE\u{301} DOE ").await.unwrap_err();
        assert_eq!(fields(&twice), ["name"]);
        assert_eq!(fields(&add(" \t").await.unwrap_err()), ["name"]);
        add("Ann").await.unwrap();
        let names = auth::list(&desk.app)
            .await
            .unwrap()
            .into_iter()
            .map(|one| one.name);
        assert_eq!(names.collect::<Vec<_>>(), ["Ann", "Ren\u{e9} Doe"]);
        let together = join_all(["Bob", "BOB", "bob"].map(add)).await;
        assert_eq!(together.iter().filter(|added| added.is_ok()).count(), 1);
    })
    .await;
}

#[tokio::test]
async fn the_last_administrator_who_can_sign_in_stays_one() {
    on_both(async |desk| {
        let ann = desk.person("Ann", Role::Administrator).await;
        // Neither can sign in as an administrator.
        let (new, _) = auth::add(&desk.app, "Ann", "New", Role::Administrator)
            .await
            .unwrap()
            .unwrap();
        let old = desk.person("Old", Role::Administrator).await;
        desk.enable(&old, false).await.unwrap();
        assert_eq!(
            desk.enable(&ann, false).await,
            Err(Refusal::LastAdministrator)
        );
        assert_eq!(
            desk.make(&ann, Role::Technician).await,
            Err(Refusal::LastAdministrator)
        );
        let reset = auth::reset(&desk.app, "Ann", ann.id).await.unwrap();
        assert_eq!(reset, Err(Refusal::LastAdministrator));
        assert!(desk.lets_in("Ann", PASSWORD).await);
        assert!(desk.make(&ann, Role::Administrator).await.is_ok());
        // Who cannot sign in may always go.
        assert!(desk.make(&new, Role::Reader).await.is_ok());
        desk.enable(&old, true).await.unwrap();
        assert!(!desk.enable(&ann, false).await.unwrap().enabled);
        assert_eq!(
            desk.make(&old, Role::Reader).await,
            Err(Refusal::LastAdministrator)
        );
    })
    .await;
}

#[tokio::test]
async fn two_administrators_who_disable_each_other_at_the_same_moment_leave_one() {
    on_both(async |desk| {
        let ann = desk.person("Ann", Role::Administrator).await;
        let bob = desk.person("Bob", Role::Administrator).await;
        let done = join_all([desk.enable(&ann, false), desk.enable(&bob, false)]).await;
        assert_eq!(
            done.iter().filter(|done| done.is_ok()).count(),
            1,
            "{done:?}"
        );
        let left = auth::list(&desk.app).await.unwrap();
        assert_eq!(left.iter().filter(|person| person.enabled).count(), 1);
    })
    .await;
}

#[tokio::test]
async fn disabling_or_lowering_somebody_ends_their_sessions_and_raising_does_not() {
    on_both(async |desk| {
        let ann = desk.person("Ann", Role::Administrator).await;
        let bob = desk.person("Bob", Role::Technician).await;
        desk.begins(&ann, "anns").await;
        desk.begins(&bob, "one").await;
        desk.make(&bob, Role::Administrator).await.unwrap();
        assert_eq!(desk.sessions(&bob).await, ["one"]);
        desk.make(&bob, Role::Reader).await.unwrap();
        assert_eq!(desk.sessions(&bob).await, [""; 0]);
        desk.begins(&bob, "two").await;
        desk.enable(&bob, false).await.unwrap();
        assert_eq!(desk.sessions(&bob).await, [""; 0]);
        assert_eq!(desk.sessions(&ann).await, ["anns"]);
        desk.begins(&ann, "another").await;
        let signed_out = auth::sign_out_everywhere(&desk.app, "Ann", ann.id).await;
        assert!(signed_out.unwrap().is_ok());
        assert_eq!(desk.sessions(&ann).await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn a_reset_takes_password_and_sessions_away_and_gives_a_new_link() {
    on_both(async |desk| {
        let bob = desk.person("Bob", Role::Reader).await;
        desk.begins(&bob, "one").await;
        let (_, old) = auth::reset(&desk.app, "Ann", bob.id)
            .await
            .unwrap()
            .unwrap();
        let (now, token) = auth::reset(&desk.app, "Ann", bob.id)
            .await
            .unwrap()
            .unwrap();
        assert!(!now.has_password);
        assert_eq!(desk.sessions(&bob).await, [""; 0]);
        assert!(!desk.lets_in("Bob", PASSWORD).await);
        assert!(desk.using(&old, "", OTHER).await.is_err());
        desk.using(&token, "", OTHER).await.unwrap();
        assert!(desk.lets_in("Bob", OTHER).await);
        desk.enable(&bob, false).await.unwrap();
        assert_eq!(
            auth::reset(&desk.app, "Ann", bob.id).await.unwrap(),
            Err(Refusal::Disabled)
        );
    })
    .await;
}

#[tokio::test]
async fn somebody_who_is_not_there_cannot_be_changed() {
    on_both(async |desk| {
        for id in [-1, 0, 77, i64::MAX] {
            assert_eq!(auth::get(&desk.app, id).await.unwrap(), None);
            let refused = auth::set_enabled(&desk.app, "Ann", id, false)
                .await
                .unwrap();
            assert_eq!(refused, Err(Refusal::NotFound));
            let refused = auth::set_role(&desk.app, "Ann", id, Role::Reader)
                .await
                .unwrap();
            assert_eq!(refused, Err(Refusal::NotFound));
            assert_eq!(
                auth::reset(&desk.app, "Ann", id).await.unwrap(),
                Err(Refusal::NotFound)
            );
        }
    })
    .await;
}

#[tokio::test]
async fn changing_ones_password_asks_the_present_one_and_ends_the_other_sessions() {
    on_both(async |desk| {
        let bob = desk.person("Bob", Role::Reader).await;
        desk.begins(&bob, "one").await;
        desk.begins(&bob, "two").await;
        let change = async |present: &str, new: &str| {
            auth::change_password(&desk.app, bob.id, &present.into(), &new.into(), "two")
                .await
                .unwrap()
        };
        assert_eq!(
            fields(&change(OTHER, OTHER).await.unwrap_err()),
            ["present"]
        );
        assert_eq!(
            fields(&change(PASSWORD, "short").await.unwrap_err()),
            ["password"]
        );
        assert_eq!(desk.sessions(&bob).await.len(), 2);
        change(PASSWORD, OTHER).await.unwrap();
        assert_eq!(desk.sessions(&bob).await, ["two"]);
        assert!(desk.lets_in("Bob", OTHER).await);
        assert!(!desk.lets_in("Bob", PASSWORD).await);
    })
    .await;
}

#[tokio::test]
async fn guessing_the_present_password_has_to_wait_like_signing_in() {
    on_both(async |desk| {
        let bob = desk.person("Bob", Role::Reader).await;
        let guess = async |present: &str| {
            auth::change_password(&desk.app, bob.id, &present.into(), &OTHER.into(), "")
                .await
                .unwrap()
        };
        for _ in 0..5 {
            assert_eq!(fields(&guess(OTHER).await.unwrap_err()), ["present"]);
        }
        let told = guess(PASSWORD).await.unwrap_err();
        assert!(
            told[0].message.contains("try again in 60 seconds"),
            "{told:?}"
        );
        desk.passes(MINUTE);
        assert_eq!(guess(PASSWORD).await, Ok(()));
    })
    .await;
}
