//! Made-up names, sites and contact types: `behaviour.md` section 7.

use rollcall::model::{Contact, User};

use super::fields::{create, full, full_contact, update};
use super::words::writes;
use super::world::{ContactWords, UserWords, World, kind, site, user, world};

#[test]
fn names_are_made_up_for_a_new_contact() {
    let nameless = |first: &str, last: &str, display: &str| User {
        given_name: Some(first.into()),
        surname: Some(last.into()),
        display_name: Some(display.into()),
        ..user("jane")
    };
    for (what, first, last, display, connectwise, autotask) in [
        (
            "both are there",
            "Jane",
            "Doe",
            "Boss",
            "Jane|Doe",
            "Jane|Doe",
        ),
        (
            "first word",
            "",
            "Doe",
            "Jane Mary Doe",
            "Jane|Doe",
            "Jane|Doe",
        ),
        (
            "what follows",
            "Jane",
            " ",
            "Jane Mary Doe",
            "Jane|Mary Doe",
            "Jane|Mary Doe",
        ),
        (
            "both made up",
            "",
            "",
            " Jane \t Mary  Doe ",
            "Jane|Mary  Doe",
            "Jane|Mary  Doe",
        ),
        (
            "nothing follows",
            "",
            "",
            "Reception",
            "Reception",
            "Reception|-",
        ),
        ("no display name", "", "", "  ", "jane", "jane|-"),
        (
            "no display name, but a last name",
            "",
            "Doe",
            "",
            "jane|Doe",
            "jane|Doe",
        ),
        (
            "another kind of white space",
            "",
            "",
            "Jane\u{a0}Doe",
            "Jane|Doe",
            "Jane|Doe",
        ),
        (
            "made up and cut",
            "",
            "",
            &format!("{} {}", "a".repeat(40), "b".repeat(40)),
            &format!("{}|{}", "a".repeat(30), "b".repeat(30)),
            &format!("{}|{}", "a".repeat(30), "b".repeat(30)),
        ),
        (
            "made up in NFC",
            "",
            "",
            "Rene\u{301} Mu\u{308}ller",
            "Ren\u{e9}|M\u{fc}ller",
            "Ren\u{e9}|M\u{fc}ller",
        ),
    ] {
        let world = world().user(nameless(first, last, display));
        assert_eq!(names(&world), connectwise, "{what}");
        assert_eq!(names(&world.autotask()), autotask, "{what}");
    }
}

#[test]
fn a_made_up_first_name_comes_from_the_address_that_is_in_use() {
    let user = User {
        given_name: None,
        surname: None,
        ..user("jane").mail("reception@contoso.example")
    };
    assert_eq!(names(&world().user(user.clone())), "jane");
    assert_eq!(names(&world().use_email().user(user)), "reception");
}

fn names(world: &World) -> String {
    let all = writes(&world.plan(), "jane");
    let names = all.split(", ").filter_map(|field| {
        field
            .strip_prefix("first_name=")
            .or_else(|| field.strip_prefix("last_name="))
    });
    names.collect::<Vec<_>>().join("|")
}

#[test]
fn made_up_names_never_overwrite() {
    let nameless = User {
        given_name: None,
        surname: None,
        display_name: Some("Somebody Else".into()),
        ..full()
    };
    assert_eq!(update(nameless.clone(), full_contact()), "");
    let without_names = Contact {
        first_name: None,
        last_name: None,
        ..full_contact()
    };
    assert_eq!(update(nameless.clone(), without_names.clone()), "");
    assert_eq!(update(nameless, without_names.inactive()), "active=true");
}

#[test]
fn a_new_contact_gets_every_field_that_is_not_blank() {
    assert_eq!(
        create(full()),
        "first_name=Jane, last_name=Doe, title=Lead, phone=+44 20 7946 0001, \
         mobile=+44 7700 900001, email=jane@contoso.example"
    );
}

#[test]
fn the_email_is_the_address_that_is_in_use_as_it_is_written() {
    let user = full().mail(" Jane.Doe@Contoso.example ");
    let world = world().use_email().user(user);
    assert!(writes(&world.plan(), "jane").ends_with("email=Jane.Doe@Contoso.example"));
}

#[test]
fn without_any_site_the_contact_stays_where_it_is() {
    assert_eq!(update(full(), full_contact().at("20")), "");
}

#[test]
fn a_site_that_is_missing_or_different_differs() {
    let at = |contact: Contact| {
        let world = world()
            .user(full())
            .contact(contact)
            .link("jane", "1")
            .rules(|rules| rules.default_site = Some(site("10")));
        writes(&world.plan(), "jane")
    };
    assert_eq!(at(full_contact()), "site=Main site");
    assert_eq!(at(full_contact().at("20")), "site=Main site");
    assert_eq!(at(full_contact().at("10")), "");
}

#[test]
fn a_contact_type_is_only_ever_added() {
    let typed = |contact: Contact| {
        let world = world()
            .user(full())
            .contact(contact)
            .link("jane", "1")
            .rules(|rules| rules.default_type = Some(kind("1")));
        writes(&world.plan(), "jane")
    };
    assert_eq!(typed(full_contact()), "contact_type=End User");
    assert_eq!(typed(full_contact().typed("2")), "contact_type=End User");
    assert_eq!(typed(full_contact().typed("2").typed("1")), "");
    assert_eq!(update(full(), full_contact().typed("2")), "");
}

#[test]
fn a_psa_without_contact_types_gets_none() {
    let world = world()
        .autotask()
        .user(full())
        .contact(full_contact())
        .link("jane", "1")
        .rules(|rules| rules.default_type = Some(kind("1")));
    assert_eq!(writes(&world.plan(), "jane"), "");
}
