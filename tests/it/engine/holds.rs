//! When deactivations wait: `behaviour.md` section 8.

use rollcall::model::UserId;
use rollcall::sync::plan::Plan;

use super::words::line;
use super::world::{ContactWords, UserWords, World, contact, twin, user, world};

/// A company of `linked` people with contacts, the first `leavers` of whom are blocked.
fn company(leavers: usize, linked: usize) -> World {
    let mut company = world().guard(3, 20);
    for number in 0..linked {
        let name = format!("p{number}");
        let person = user(&name);
        let person = if number < leavers {
            person.blocked()
        } else {
            person
        };
        let id = number.to_string();
        company = company
            .user(person)
            .contact(twin(&id, &name))
            .link(&name, &id);
    }
    company
}

fn held(plan: &Plan) -> Vec<&str> {
    let held = plan.people.iter().filter(|person| person.held);
    held.map(|person| person.user_id.as_str()).collect()
}

#[test]
fn more_than_the_floor_and_the_share_are_held_all_of_them() {
    for (leavers, linked, waits) in [
        (0, 10, false),
        (3, 10, false),
        (4, 10, true),
        (4, 20, false),
        (5, 20, true),
        (4, 24, false),
        (5, 24, true),
        (5, 25, false),
    ] {
        let plan = company(leavers, linked).plan();
        assert_eq!(plan.guard.held, waits, "{leavers} of {linked}");
        assert_eq!(plan.guard.deactivations, leavers);
        assert_eq!(plan.guard.linked_active, linked);
        let expected = if waits { leavers } else { 0 };
        assert_eq!(held(&plan).len(), expected, "{leavers} of {linked}");
    }
}

#[test]
fn a_companys_own_floor_and_share_decide() {
    assert!(company(1, 10).guard(0, 0).plan().guard.held);
    assert!(!company(4, 10).guard(0, 40).plan().guard.held);
    assert!(company(4, 10).guard(0, 39).plan().guard.held);
    assert!(!company(4, 10).guard(4, 0).plan().guard.held);
}

#[test]
fn half_of_a_company_is_held_whatever_the_floor_if_they_are_two() {
    for (leavers, linked, waits) in [
        (1, 1, false),
        (1, 2, false),
        (2, 3, true),
        (2, 4, true),
        (2, 5, false),
        (3, 6, true),
    ] {
        let plan = company(leavers, linked).guard(100, 100).plan();
        assert_eq!(plan.guard.held, waits, "{leavers} of {linked}");
    }
}

#[test]
fn linked_active_contacts_are_counted_as_read() {
    let world = company(2, 4)
        .contact(twin("gone", "x").inactive())
        .link("x", "gone")
        .link("y", "nowhere")
        .contact(contact("unlinked"))
        .user(user("new"));
    let plan = world.plan();
    assert_eq!(plan.guard.linked_active, 4);
    assert!(plan.guard.held);
}

#[test]
fn contacts_of_ignored_people_and_of_taken_over_links_count_too() {
    let world = company(0, 2)
        .ignore("p0")
        .contact(twin("9", "new"))
        .link("old", "9")
        .deleted("old")
        .user(user("new"));
    assert_eq!(world.plan().guard.linked_active, 3);
}

#[test]
fn everything_else_of_a_held_plan_goes_on() {
    let plan = company(5, 8).user(user("new")).plan();
    assert!(plan.guard.held);
    assert_eq!(held(&plan), ["p0", "p1", "p2", "p3", "p4"]);
    assert!(!line(&plan, "new").unwrap().held);
}

#[test]
fn while_a_hold_is_open_a_single_deactivation_joins_it() {
    let plan = company(2, 20).hold(&["p0"]).plan();
    assert!(plan.guard.held && plan.guard.hold_open && !plan.guard.hold_closes);
    assert_eq!(held(&plan), ["p0", "p1"]);
}

#[test]
fn everybody_leaves_the_hold_for_whom_section_6_no_longer_holds() {
    let cases: [(&str, World); 6] = [
        ("active again", company(1, 20)),
        (
            "contact inactive",
            company(1, 20)
                .user(user("p99").blocked())
                .contact(contact("99").inactive())
                .link("p99", "99"),
        ),
        (
            "ignored",
            company(1, 20)
                .user(user("p99").blocked())
                .contact(contact("99"))
                .link("p99", "99")
                .ignore("p99"),
        ),
        (
            "contact gone",
            company(1, 20).user(user("p99").blocked()).link("p99", "99"),
        ),
        (
            "dismissed",
            company(1, 20)
                .user(user("p99").blocked())
                .contact(contact("99"))
                .link("p99", "99")
                .dismiss("p99"),
        ),
        (
            "contested",
            company(1, 20)
                .contact(twin("98", "new"))
                .contact(twin("99", "new"))
                .link("p99", "99")
                .deleted("p99")
                .user(user("new")),
        ),
    ];
    for (what, world) in cases {
        let world = if what == "active again" {
            world.linked("p99", "99")
        } else {
            world
        };
        let both = world.clone().hold(&["p0", "p99"]).plan();
        assert_eq!(both.guard.leaving, [UserId::new("p99")], "{what}");
        assert_eq!(held(&both), ["p0"], "{what}");
        assert!(!both.guard.hold_closes, "{what}");

        let alone = world.hold(&["p99"]).plan();
        assert!(alone.guard.hold_closes, "{what}");
        assert!(!alone.guard.held, "{what}: the guard decides anew");
    }
}

#[test]
fn with_update_existing_off_the_hold_closes() {
    let plan = company(8, 10).hands_off().hold(&["p0", "p1"]).plan();
    assert!(plan.guard.hold_closes && !plan.guard.held);
    assert_eq!(plan.guard.deactivations, 0);
}

#[test]
fn an_empty_hold_closes_and_the_guard_decides_anew() {
    let plan = company(8, 10).hold(&["p9"]).plan();
    assert!(plan.guard.hold_closes && plan.guard.held && !plan.guard.hold_open);
    assert_eq!(held(&plan).len(), 8);
}

#[test]
fn a_plan_that_holds_nobody_is_not_held() {
    let plan = company(0, 10).hold(&["p0"]).plan();
    assert!(!plan.guard.held);
}

#[test]
fn who_is_dismissed_is_no_deactivation() {
    let plan = company(5, 10).dismiss("p0").dismiss("p1").plan();
    assert_eq!(plan.guard.deactivations, 3);
    assert!(!plan.guard.held);
}
