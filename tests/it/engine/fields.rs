//! Which fields are written, and how: `behaviour.md` section 7.

use rollcall::model::{Contact, FieldValue, User};

use super::world::{
    ContactWords, UserWords, World, contact, kind, line, site, user, world, writes,
};

/// A user with a value for every field.
fn full() -> User {
    User {
        given_name: Some("Jane".to_owned()),
        surname: Some("Doe".to_owned()),
        job_title: Some("Lead".to_owned()),
        business_phone: Some("+44 20 7946 0001".to_owned()),
        mobile_phone: Some("+44 7700 900001".to_owned()),
        ..user("jane")
    }
}

/// The contact that has all of it.
fn full_contact() -> Contact {
    Contact {
        first_name: Some("Jane".to_owned()),
        last_name: Some("Doe".to_owned()),
        title: Some("Lead".to_owned()),
        phone: Some("+44 20 7946 0001".to_owned()),
        mobile: Some("+44 7700 900001".to_owned()),
        ..contact("1").email("jane@contoso.example")
    }
}

/// What is written for a user who is linked to this contact.
fn update(user: User, contact: Contact) -> String {
    let world = world().user(user).contact(contact).link("jane", "1");
    writes(&world.plan(), "jane")
}

/// What a new contact of this user gets.
fn create(user: User) -> String {
    writes(&world().user(user).plan(), "jane")
}

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

#[test]
fn each_field_that_differs_is_written_and_no_other() {
    assert_eq!(update(full(), full_contact()), "");
    for (what, change, expected) in [
        (
            "first name",
            Contact {
                first_name: text("Janet"),
                ..full_contact()
            },
            "first_name=Jane",
        ),
        (
            "last name",
            Contact {
                last_name: text("Dow"),
                ..full_contact()
            },
            "last_name=Doe",
        ),
        (
            "title",
            Contact {
                title: None,
                ..full_contact()
            },
            "title=Lead",
        ),
        (
            "phone",
            Contact {
                phone: text("1"),
                ..full_contact()
            },
            "phone=+44 20 7946 0001",
        ),
        (
            "mobile",
            Contact {
                mobile: text(""),
                ..full_contact()
            },
            "mobile=+44 7700 900001",
        ),
        (
            "email",
            full_contact().email("j@contoso.example"),
            "email=jane@contoso.example",
        ),
        (
            "names are exact",
            Contact {
                first_name: text("JANE"),
                ..full_contact()
            },
            "first_name=Jane",
        ),
        (
            "names are trimmed",
            Contact {
                first_name: text(" Jane "),
                ..full_contact()
            },
            "",
        ),
        (
            "email ignores case",
            full_contact().email(" Jane@CONTOSO.example"),
            "",
        ),
        (
            "phone ignores all but digits",
            Contact {
                phone: text("0044-2079460001"),
                ..full_contact()
            },
            "phone=+44 20 7946 0001",
        ),
        (
            "the same digits",
            Contact {
                phone: text("442079460001"),
                mobile: text("(44) 7700900001"),
                ..full_contact()
            },
            "",
        ),
        (
            "NFC",
            Contact {
                title: text("Lead"),
                last_name: text("Doe"),
                ..full_contact()
            },
            "",
        ),
    ] {
        assert_eq!(update(full(), change), expected, "{what}");
    }
}

#[test]
fn a_blank_never_overwrites() {
    for blank in [None, text(""), text(" \t\n")] {
        let user = User {
            given_name: blank.clone(),
            surname: blank.clone(),
            job_title: blank.clone(),
            business_phone: blank.clone(),
            mobile_phone: blank.clone(),
            ..full()
        };
        assert_eq!(update(user, full_contact()), "", "{blank:?}");
    }
}

#[test]
fn a_phone_without_digits_is_a_blank() {
    let user = User {
        business_phone: text("ask reception"),
        mobile_phone: text("-"),
        ..full()
    };
    assert_eq!(update(user.clone(), full_contact()), "");
    assert_eq!(
        create(user),
        "first_name=Jane, last_name=Doe, title=Lead, email=jane@contoso.example"
    );
}

#[test]
fn only_the_users_values_and_not_their_white_space_are_written() {
    let user = User {
        surname: text("  van  Doe "),
        business_phone: text(" +1 555 0100 "),
        ..full()
    };
    assert_eq!(
        update(user, full_contact()),
        "last_name=van  Doe, phone=+1 555 0100"
    );
}

#[test]
fn a_value_that_is_too_long_is_cut_and_compared_as_cut() {
    let long = |count: usize| "x".repeat(count);
    let after_blank = format!("{} {}", long(29), long(5));
    for (what, given, has, expected) in [
        ("fits exactly", long(30), long(30), String::new()),
        ("cut", long(31), long(3), format!("first_name={}", long(30))),
        ("compared as cut", long(31), long(30), String::new()),
        (
            "white space at the cut is trimmed",
            after_blank.clone(),
            long(3),
            format!("first_name={}", long(29)),
        ),
        (
            "and compared as trimmed",
            after_blank,
            long(29),
            String::new(),
        ),
        (
            "a pair of units is not split",
            format!("{}😀", long(29)),
            long(3),
            format!("first_name={}", long(29)),
        ),
        (
            "a pair of units that fits",
            format!("{}😀x", long(28)),
            long(3),
            format!("first_name={}😀", long(28)),
        ),
        (
            "units and not bytes",
            "я".repeat(31),
            long(3),
            format!("first_name={}", "я".repeat(30)),
        ),
        (
            "after composing",
            format!("{}e\u{301}e", long(28)),
            long(3),
            format!("first_name={}\u{e9}e", long(28)),
        ),
    ] {
        let user = User {
            given_name: Some(given),
            ..full()
        };
        let contact = Contact {
            first_name: Some(has),
            ..full_contact()
        };
        assert_eq!(update(user, contact), expected, "{what}");
    }
}

#[test]
fn each_field_has_its_own_limit() {
    let short = |rules: &mut rollcall::sync::snapshot::Rules| {
        let limits = &mut rules.limits;
        (limits.first_name, limits.last_name, limits.title) = (1, 2, 3);
        (limits.phone, limits.mobile, limits.email) = (5, 6, 7);
    };
    let world = world().rules(short).user(full());
    assert_eq!(
        writes(&world.plan(), "jane"),
        "first_name=J, last_name=Do, title=Lea, phone=+44 2, mobile=+44 77, email=jane@co"
    );
}

#[test]
fn a_value_of_which_a_cut_leaves_nothing_is_a_blank() {
    let user = User {
        given_name: text("😀"),
        business_phone: text("(0) 1"),
        ..full()
    };
    let world = world()
        .user(user)
        .contact(full_contact())
        .link("jane", "1")
        .rules(|rules| (rules.limits.first_name, rules.limits.phone) = (1, 1));
    assert_eq!(writes(&world.plan(), "jane"), "");
}

#[test]
fn text_is_compared_and_written_in_nfc() {
    let decomposed = User {
        surname: text("Mu\u{308}ller"),
        ..full()
    };
    let composed = |name: &str| Contact {
        last_name: text(name),
        ..full_contact()
    };
    assert_eq!(update(decomposed.clone(), composed("M\u{fc}ller")), "");
    assert_eq!(update(decomposed.clone(), composed("Mu\u{308}ller")), "");
    assert_eq!(
        update(decomposed, composed("Miller")),
        "last_name=M\u{fc}ller"
    );
}

#[test]
fn the_change_says_what_stood_there_before() {
    let contact = full_contact().email("old@contoso.example").at("20");
    let contact = Contact {
        title: None,
        ..contact
    };
    let world = world()
        .user(full())
        .contact(contact)
        .link("jane", "1")
        .rules(|rules| rules.default_site = Some(site("10")));
    let plan = world.plan();
    let from: Vec<_> = line(&plan, "jane")
        .unwrap()
        .fields
        .iter()
        .map(|change| change.from.clone())
        .collect();
    assert_eq!(
        from,
        [
            FieldValue::Blank,
            FieldValue::Text("old@contoso.example".to_owned()),
            FieldValue::Site("20".into(), "Site 2".to_owned()),
        ]
    );
}

#[test]
fn names_are_made_up_for_a_new_contact() {
    let nameless = |first: &str, last: &str, display: &str| User {
        given_name: text(first),
        surname: text(last),
        display_name: text(display),
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
        display_name: text("Somebody Else"),
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
