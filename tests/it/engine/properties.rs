//! What holds for every company, however messy.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use rollcall::model::{Action, Contact, ContactId, Target, UserId};
use rollcall::sync::pair::Doubt;
use rollcall::sync::plan::{Person, Plan, Reason, Tie, plan};
use rollcall::sync::route::Destination;
use rollcall::sync::select::Activity;
use rollcall::sync::snapshot::Snapshot;

use super::apply::{Applied, apply};
use super::looks::{carries, wanted};
use super::messy::messy;

fn config() -> Config {
    Config {
        cases: 300,
        failure_persistence: None,
        ..Config::default()
    }
}

/// A company, its plan, and what came of it.
fn run(before: &Snapshot) -> (Plan, Applied) {
    let plan = plan(before);
    let applied = apply(before, &plan);
    (plan, applied)
}

fn by_id(world: &Snapshot) -> HashMap<&ContactId, &Contact> {
    world.contacts.iter().map(|one| (&one.id, one)).collect()
}

fn in_scope(person: &Person) -> bool {
    let route = person.trace.route.as_ref();
    route.is_some_and(|route| matches!(route.to, Destination::NoFilters | Destination::Placed(_)))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_second_run_finds_nothing_to_do(messy in messy()) {
        let (first, applied) = run(&messy.snapshot());
        let second = plan(&applied.world);
        for person in &second.people {
            let rests = matches!(person.action, Action::Unchanged | Action::OutOfScope | Action::Conflict);
            prop_assert!(rests || person.held, "{:#?}", person);
            prop_assert!(!matches!(person.link, Tie::New(_) | Tie::TakenOver(..)), "{:#?}", person);
        }
        prop_assert!(second.forgotten.is_empty() && second.active_again.is_empty());
        prop_assert!(second.guard.leaving.is_empty() && !second.guard.hold_closes);
        let conflicts = |plan: &Plan| -> Vec<UserId> {
            let all = plan.people.iter().filter(|person| person.action == Action::Conflict);
            all.map(|person| person.user_id.clone()).collect()
        };
        prop_assert_eq!(conflicts(&first), conflicts(&second));
    }

    #[test]
    fn a_contact_that_was_never_linked_nor_paired_is_never_written(messy in messy()) {
        let before = messy.snapshot();
        let (plan, applied) = run(&before);
        let mut touched: HashSet<&ContactId> = before.links.iter().map(|link| &link.contact_id).collect();
        for person in &plan.people {
            match person.action {
                Action::Deactivate => prop_assert!(touched.contains(person.contact.as_ref().unwrap())),
                Action::Link | Action::Update | Action::Reactivate => {
                    touched.extend(&person.contact);
                }
                _ => {}
            }
        }
        let after = by_id(&applied.world);
        for contact in before.contacts.iter().filter(|one| !touched.contains(&one.id)) {
            prop_assert_eq!(after[&contact.id], contact);
        }
    }

    #[test]
    fn everybody_in_scope_ends_linked_to_an_active_contact_that_carries_their_fields(messy in messy()) {
        let before = messy.snapshot();
        let (plan, applied) = run(&before);
        let world = &applied.world;
        let contacts = by_id(world);
        for person in plan.people.iter().filter(|person| in_scope(person)) {
            if person.action == Action::Conflict {
                continue;
            }
            let user = world.users.iter().find(|user| user.id == person.user_id).unwrap();
            let link = world.links.iter().find(|link| link.user_id == user.id);
            let contact = contacts[&link.expect("a link").contact_id];
            if !world.rules.update_existing && person.action != Action::Create {
                continue;
            }
            prop_assert!(contact.active);
            for (field, value) in wanted(user, &world.rules) {
                prop_assert!(carries(contact, field, &value), "{:?} {:?} {:#?}", field, value, contact);
            }
            prop_assert!(contact.first_name.is_some() || person.action != Action::Create);
            if world.rules.limits.last_name_required && person.action == Action::Create {
                prop_assert!(contact.last_name.is_some());
            }
            let filter = person.trace.route.as_ref().and_then(|route| route.to.filter());
            let target = filter.map(|index| &world.rules.filters[index].target);
            let (site, _) = match target {
                Some(Target::Place { site, contact_type }) => (site.as_ref(), contact_type.as_ref()),
                _ => (None, None),
            };
            if let Some(site) = site.or(world.rules.default_site.as_ref()) {
                prop_assert_eq!(contact.site.as_ref(), Some(&site.id));
            }
            if let Some(kind) = &world.rules.default_type && world.rules.contact_types.is_some() {
                prop_assert!(contact.types.contains(&kind.id));
            }
        }
    }

    #[test]
    fn nothing_depends_on_any_order(messy in messy(), seed in any::<u64>()) {
        let before = messy.snapshot();
        let mut shuffled = before.clone();
        let mut dice = Dice(seed);
        dice.shuffle(&mut shuffled.users);
        dice.shuffle(&mut shuffled.contacts);
        dice.shuffle(&mut shuffled.links);
        dice.shuffle(&mut shuffled.skus);
        for user in &mut shuffled.users {
            dice.shuffle(&mut user.aliases);
        }
        for contact in &mut shuffled.contacts {
            dice.shuffle(&mut contact.other_emails);
        }
        for left in shuffled.unsettled.values_mut() {
            dice.shuffle(left);
        }
        prop_assert_eq!(plan(&before), plan(&shuffled));
    }

    #[test]
    fn a_removed_contacts_link_is_forgotten(messy in messy(), which in any::<prop::sample::Index>()) {
        let mut before = messy.snapshot();
        if !before.contacts.is_empty() {
            let at = which.index(before.contacts.len());
            before.contacts.remove(at);
        }
        let (plan, applied) = run(&before);
        let there = by_id(&before);
        let mut gone: Vec<i64> = before.links.iter()
            .filter(|link| !there.contains_key(&link.contact_id)).map(|link| link.id).collect();
        gone.sort_unstable();
        prop_assert_eq!(plan.forgotten, gone);
        let after = by_id(&applied.world);
        prop_assert!(applied.world.links.iter().all(|link| after.contains_key(&link.contact_id)));
    }

    #[test]
    fn no_contact_is_given_to_two_people_and_nobody_has_two(messy in messy()) {
        let (_, applied) = run(&messy.snapshot());
        let mut contacts = HashSet::new();
        let mut users = HashSet::new();
        for link in &applied.world.links {
            prop_assert!(contacts.insert(&link.contact_id), "{:?}", link);
            prop_assert!(users.insert(&link.user_id), "{:?}", link);
        }
    }

    #[test]
    fn who_is_ignored_silent_excluded_or_out_of_scope_gets_no_write(messy in messy()) {
        let before = messy.snapshot();
        let (plan, applied) = run(&before);
        let after = by_id(&applied.world);
        let kept = |id: &UserId| {
            // a deleted user's link may be taken over, which is the successor's write
            let taken = plan.people.iter().any(|person| matches!(person.link, Tie::TakenOver(link, _)
                if before.links.iter().any(|one| one.id == link && one.user_id == *id)));
            taken || before.links.iter().filter(|link| link.user_id == *id).all(|link| {
                let was = before.contacts.iter().find(|one| one.id == link.contact_id);
                was.is_none_or(|was| applied.world.links.contains(link) && after[&was.id] == was)
            })
        };
        for id in &before.ignored {
            prop_assert!(kept(id), "ignored {}", id);
        }
        for user in before.users.iter().filter(|user| user.enabled.is_none() || user.licences.is_none()) {
            prop_assert!(kept(&user.id), "silent {}", user.id);
        }
        for person in &plan.people {
            let hands_off = matches!(person.action, Action::OutOfScope | Action::Conflict)
                || matches!(person.trace.activity, Activity::NoAnswer(_));
            if hands_off {
                prop_assert!(person.fields.is_empty());
                prop_assert!(!matches!(person.link, Tie::New(_) | Tie::TakenOver(..)));
                prop_assert!(kept(&person.user_id), "{:#?}", person);
            }
        }
    }

    #[test]
    fn deactivations_stay_below_the_guard_or_all_wait(messy in messy()) {
        let before = messy.snapshot();
        let (plan, applied) = run(&before);
        let leaving: Vec<&Person> = plan.people.iter()
            .filter(|person| person.action == Action::Deactivate).collect();
        let there = by_id(&before);
        let linked = before.links.iter()
            .filter(|link| there.get(&link.contact_id).is_some_and(|one| one.active)).count();
        let guard = before.rules.guard;
        let (going, floor, percent) = (leaving.len(), guard.floor as usize, guard.percent as usize);
        let too_many = (going > floor && going * 100 > percent * linked)
            || (going >= 2 && going * 2 >= linked);
        let open = before.hold.as_ref()
            .is_some_and(|hold| leaving.iter().any(|person| hold.contains(&person.user_id)));
        let waits = going > 0 && (too_many || open);
        prop_assert_eq!(plan.guard.held, waits);
        prop_assert!(leaving.iter().all(|person| person.held == waits));
        prop_assert!(plan.people.iter().all(|person| !person.held || person.action == Action::Deactivate));
        let after = by_id(&applied.world);
        let went = before.contacts.iter().filter(|one| one.active && !after[&one.id].active).count();
        prop_assert_eq!(went, if waits { 0 } else { going });
        prop_assert!(before.rules.update_existing || going == 0);
    }
}

/// Throws of a small generator, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn shuffle<T>(&mut self, all: &mut [T]) {
        for last in (1..all.len()).rev() {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let throw = usize::try_from(self.0 >> 33).unwrap_or_default();
            all.swap(last, throw % (last + 1));
        }
    }
}

/// What a company of the generator has in it.
fn found(before: &Snapshot) -> Vec<&'static str> {
    let (plan, applied) = run(before);
    let doubt = |kinds: &[Doubt]| {
        plan.people.iter().any(|person| {
            matches!(&person.reason, Reason::Conflict(conflict) if kinds.contains(&conflict.why))
        })
    };
    let people = || plan.people.iter().filter(|person| in_scope(person));
    let users = || {
        before
            .users
            .iter()
            .filter(|user| people().any(|person| person.user_id == user.id))
    };
    let address = |user: &rollcall::model::User| user.address(before.rules.use_email).into_owned();
    let leaver = |id: &UserId| {
        before.deleted.contains(id)
            || plan.people.iter().any(|person| {
                person.user_id == *id && matches!(person.trace.activity, Activity::Leaver(_))
            })
    };
    let leavers_address = before.contacts.iter().any(|contact| {
        let email = contact.email.as_deref().unwrap_or_default().to_lowercase();
        let theirs = before
            .links
            .iter()
            .any(|link| link.contact_id == contact.id && leaver(&link.user_id))
            || before
                .users
                .iter()
                .any(|user| user.enabled == Some(false) && user.upn.to_lowercase() == email);
        theirs
            && users()
                .any(|user| address(user) != email && user.addresses().any(|one| one == email))
    });
    let mut seen = HashSet::new();
    [
        (
            "conflict",
            plan.people
                .iter()
                .any(|person| person.action == Action::Conflict),
        ),
        (
            "take-over",
            plan.people
                .iter()
                .any(|person| matches!(person.link, Tie::TakenOver(..))),
        ),
        ("contested earlier", doubt(&[Doubt::Contested])),
        ("a leaver's address as alias", leavers_address),
        ("swapped", applied.swapped > 0),
        ("kept", applied.kept > 0),
        (
            "one address for two",
            users().any(|user| !seen.insert(address(user))),
        ),
        ("hold", plan.guard.held),
        ("open hold", before.hold.is_some()),
        ("open hold closes", plan.guard.hold_closes),
        ("forgotten link", !plan.forgotten.is_empty()),
        (
            "out of scope",
            plan.people
                .iter()
                .any(|person| person.action == Action::OutOfScope),
        ),
        (
            "reactivate",
            plan.people
                .iter()
                .any(|person| person.action == Action::Reactivate),
        ),
        (
            "deactivate",
            plan.people
                .iter()
                .any(|person| person.action == Action::Deactivate && !person.held),
        ),
        (
            "dismissed",
            plan.people.iter().any(|person| {
                matches!(
                    person.reason,
                    Reason::LeftAlone(_, rollcall::sync::plan::Because::Dismissed)
                )
            }),
        ),
    ]
    .into_iter()
    .filter_map(|(what, is)| is.then_some(what))
    .collect()
}

#[test]
fn each_hard_case_is_in_five_percent_of_the_worlds() {
    const WORLDS: usize = 2000;
    let mut runner = TestRunner::deterministic();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for _ in 0..WORLDS {
        let world = messy().new_tree(&mut runner).unwrap().current();
        for what in found(&world.snapshot()) {
            *counts.entry(what).or_default() += 1;
        }
    }
    for what in [
        "conflict",
        "take-over",
        "contested earlier",
        "a leaver's address as alias",
        "swapped",
        "kept",
        "one address for two",
        "hold",
        "open hold",
        "open hold closes",
        "forgotten link",
        "out of scope",
        "reactivate",
        "deactivate",
    ] {
        let count = counts.get(what).copied().unwrap_or_default();
        assert!(
            count * 20 >= WORLDS,
            "{what}: {count} of {WORLDS}; {counts:?}"
        );
    }
}
