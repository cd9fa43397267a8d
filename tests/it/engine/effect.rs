//! What other settings do to people.

use rollcall::model::DirectoryField::Department;
use rollcall::model::{Target, Test};
use rollcall::sync::effect::{Effect, Takes, effect, sentence, takes};

use super::world::*;

fn between(before: &World, after: &World) -> Effect {
    effect(&before.plan(), &after.plan())
}

fn says(before: &World, after: &World) -> String {
    sentence(&between(before, after))
}

/// Three people of Sales and one of IT, each linked to a contact that carries the same.
fn company() -> World {
    let mut company = world();
    for (name, id) in [("anna", "1"), ("bert", "2"), ("carl", "3"), ("dora", "4")] {
        let department = if name == "dora" { "IT" } else { "Sales" };
        company = company.linked(name, id);
        let user = company.0.users.pop().unwrap();
        company = company.user(user.field(Department, department));
    }
    company
}

fn sales_at(site: &str) -> rollcall::model::Filter {
    place(site, [is(equals(Department, "sales"))])
}

#[test]
fn the_same_settings_affect_nobody() {
    let company = company().filter(sales_at("20"));
    assert_eq!(says(&company, &company), "Nobody is affected");
    assert!(between(&company, &company).is_nothing());
}

#[test]
fn who_moves_comes_in_and_falls_out_is_told_with_names() {
    let before = company()
        .filter(sales_at("20"))
        .filter(exclude([is(Test::Licensed)]));
    let vip = place("30", [is(equals(Department, "IT"))]);
    let after = company().ignore("carl").filter(vip).filter(sales_at("40"));
    let found = between(&before, &after);
    assert_eq!(
        sentence(&found),
        "2 people move to New Site, 1 comes into scope, 1 falls out"
    );
    assert_eq!(found.people(), 4);
    let moved = &found.moves[0].people[0];
    assert_eq!(
        (moved.upn.as_str(), moved.from.as_str(), moved.to.as_str()),
        ("anna@contoso.example", "Site 2", "New Site")
    );
    assert_eq!(moved.why, "taken by Filter 2");
    assert_eq!(
        (
            found.into_scope[0].from.as_str(),
            found.into_scope[0].to.as_str()
        ),
        ("out of scope", "Site 3")
    );
    assert_eq!(found.out_of_scope[0].to, "ignored");
    assert_eq!(found.out_of_scope[0].why, "ignored by a technician");
}

#[test]
fn everybody_who_is_affected_is_told_why() {
    let whys = |before: &World, after: &World| {
        let found = between(before, after);
        let moves = found.moves.iter().flat_map(|moving| &moving.people);
        let all = found.into_scope.iter().chain(&found.out_of_scope);
        let all = all.chain(moves).chain(&found.actions);
        let all: std::collections::BTreeSet<String> = all.map(|one| one.why.clone()).collect();
        all.into_iter().collect::<Vec<_>>()
    };
    let all = || company().filter(place("20", [is(Test::Licensed)]));
    let none = company().filter(place("20", [is(equals(Department, "Law"))]));
    assert_eq!(whys(&all(), &none), ["no filter takes this user"]);
    assert_eq!(whys(&none, &all()), ["taken by Filter 1"]);
    let out = company().filter(exclude([is(Test::Licensed)]));
    assert_eq!(whys(&all(), &out), ["excluded by Filter 1"]);
    assert_eq!(whys(&none, &company()), ["there is no filter"]);
    let mut company = company();
    company.0.users[0].surname = Some("Other".to_owned());
    let before = World(company.0.clone()).hands_off();
    assert_eq!(whys(&before, &company), ["last name differs"]);
}

#[test]
fn one_person_who_only_falls_out_falls_out_of_scope() {
    let before = company();
    let after = company().ignore("anna");
    assert_eq!(says(&before, &after), "1 person falls out of scope");
}

#[test]
fn another_contact_type_and_another_site_are_both_told() {
    let typed = |id| {
        filter(
            Target::Place {
                site: Some(site("20")),
                contact_type: Some(kind(id)),
            },
            [is(Test::Licensed)],
        )
    };
    let before = company().filter(typed("1"));
    assert_eq!(
        says(&before, &company().filter(typed("2"))),
        "4 people get another contact type"
    );
    assert_eq!(
        says(&company(), &before),
        "4 people move to Site 2, 4 get another contact type"
    );
    let autotask = |world: World| world.autotask().filter(typed("1"));
    let other = company().autotask().filter(typed("2"));
    assert_eq!(says(&autotask(company()), &other), "Nobody is affected");
}

#[test]
fn what_becomes_of_people_otherwise_is_told_by_action() {
    let mut company = company();
    company.0.users[0].surname = Some("Other".to_owned());
    let before = World(company.0.clone()).hands_off();
    assert_eq!(says(&before, &company), "1 person is updated");
    company.0.users[1].enabled = Some(false);
    let before = World(company.0.clone()).guard(0, 0);
    assert_eq!(says(&before, &company), "1 person is deactivated");
    assert_eq!(says(&company, &before), "1 person is held");
}

#[test]
fn who_comes_into_a_conflict_is_told_also_where_they_come_into_scope() {
    let twins = || {
        let mut other = user("bert");
        other.mail = Some("anna@contoso.example".to_owned());
        world().user(user("anna")).user(other).use_email()
    };
    let before = twins().ignore("bert");
    assert_eq!(
        says(&before, &twins()),
        "1 person comes into scope, 2 are in conflict"
    );
}

#[test]
fn without_updates_nobody_who_has_a_contact_moves() {
    let before = company().hands_off().filter(sales_at("20"));
    let after = company().hands_off().filter(sales_at("30"));
    assert_eq!(says(&before, &after), "Nobody is affected");
    // Nor who is only linked by the next run, as nothing is written to their contact.
    let found = |company: World| {
        let emil = user("emil").field(Department, "Sales");
        company.user(emil).contact(twin("5", "emil"))
    };
    let (before, after) = (found(before), found(after));
    assert_eq!(says(&before, &after), "Nobody is affected");
}

#[test]
fn each_filter_tells_whom_it_takes_and_who_is_left() {
    let company = company()
        .ignore("carl")
        .filter(off(sales_at("10")))
        .filter(sales_at("20"));
    let taken = takes(&company.0, &company.plan());
    let names = |list: &[rollcall::sync::effect::Taken]| -> Vec<String> {
        list.iter().map(|one| one.user_id.to_string()).collect()
    };
    assert_eq!(names(&taken.filters[0]), [""; 0]);
    assert_eq!(names(&taken.filters[1]), ["anna", "bert"]);
    assert_eq!(names(&taken.nobody), ["dora"]);
    let none = world().user(user("anna"));
    assert_eq!(takes(&none.0, &none.plan()), Takes::default());
}
