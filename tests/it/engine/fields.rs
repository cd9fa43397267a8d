//! Which fields are written, and how: `behaviour.md` section 7.

use rollcall::model::{Contact, FieldValue, User};

use super::words::{line, writes};
use super::world::{ContactWords, contact, site, user, world};

/// A user with a value for every field.
pub fn full() -> User {
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
pub fn full_contact() -> Contact {
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
pub fn update(user: User, contact: Contact) -> String {
    let world = world().user(user).contact(contact).link("jane", "1");
    writes(&world.plan(), "jane")
}

/// What a new contact of this user gets.
pub fn create(user: User) -> String {
    writes(&world().user(user).plan(), "jane")
}

#[test]
fn each_field_that_differs_is_written_and_no_other() {
    assert_eq!(update(full(), full_contact()), "");
    for (what, change, expected) in [
        (
            "first name",
            Contact {
                first_name: Some("Janet".into()),
                ..full_contact()
            },
            "first_name=Jane",
        ),
        (
            "last name",
            Contact {
                last_name: Some("Dow".into()),
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
                phone: Some("1".into()),
                ..full_contact()
            },
            "phone=+44 20 7946 0001",
        ),
        (
            "mobile",
            Contact {
                mobile: Some(String::new()),
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
                first_name: Some("JANE".into()),
                ..full_contact()
            },
            "first_name=Jane",
        ),
        (
            "names are trimmed",
            Contact {
                first_name: Some(" Jane ".into()),
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
                phone: Some("0044-2079460001".into()),
                ..full_contact()
            },
            "phone=+44 20 7946 0001",
        ),
        (
            "the same digits",
            Contact {
                phone: Some("442079460001".into()),
                mobile: Some("(44) 7700900001".into()),
                ..full_contact()
            },
            "",
        ),
        (
            "NFC",
            Contact {
                title: Some("Lead".into()),
                last_name: Some("Doe".into()),
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
    for blank in [None, Some(String::new()), Some(" \t\n".into())] {
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
        business_phone: Some("ask reception".into()),
        mobile_phone: Some("-".into()),
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
        surname: Some("  van  Doe ".into()),
        business_phone: Some(" +1 555 0100 ".into()),
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
        given_name: Some("😀".into()),
        business_phone: Some("(0) 1".into()),
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
        surname: Some("Mu\u{308}ller".into()),
        ..full()
    };
    let composed = |name: &str| Contact {
        last_name: Some(name.into()),
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
