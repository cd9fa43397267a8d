//! What whoever asks for an undo decides: that nothing is put back but what they were shown, and whom runs leave alone from then on.
//! No clouds, no database.

use std::collections::BTreeSet;

use rollcall::model::{Action, Contact, Field, Undo, UserId};
use rollcall::sync::back::Back;

use super::back::{jane, line, undone, undone_as, wish, with, wrote};
use super::words::{says, writes};
use super::world::contact;

#[test]
fn only_what_was_shown_is_written_however_the_psa_spells_what_it_has() {
    let fields = || {
        vec![
            wrote(Field::Title, "Engineer", "Lead"),
            wrote(Field::Phone, "100", "200"),
        ]
    };
    let now = |phone: &str| Contact {
        title: Some("Lead".into()),
        phone: Some(phone.into()),
        ..jane()
    };
    let change = line(Action::Update, fields());
    let all: BTreeSet<String> = undone(&with(now("200")), &change)
        .keys()
        .into_iter()
        .collect();
    assert_eq!(all.len(), 2);
    let some = undone(&with(now("300")), &change).keys();
    assert_eq!(some.len(), 1, "the phone was changed then");
    let shown = |shown: BTreeSet<String>, phone: &str| {
        let undo = Undo {
            shown: Some(shown),
            ..wish()
        };
        let back = undone_as(&with(now(phone)), &change, &undo, None);
        writes(&back.plan, "jane")
    };
    assert_eq!(shown(all, "(2) 00"), "title=Engineer, phone=100");
    assert_eq!(shown(some.into_iter().collect(), "200"), "title=Engineer");
    assert_eq!(shown(BTreeSet::new(), "200"), "");
}

#[test]
fn the_undo_of_an_undo_looks_again_at_whom_it_left_alone_and_at_nobody_else() {
    let change = line(
        Action::Update,
        vec![wrote(Field::Title, "Lead", "Engineer")],
    );
    let now = with(Contact {
        title: Some("Engineer".into()),
        ..jane()
    });
    let now = now.ignore("jane").ignore("joan").ignore("boss");
    let left_alone = ["jane", "joan", "free"].map(UserId::new);
    let back = undone_as(&now, &change, &wish(), Some(&left_alone));
    assert_eq!(writes(&back.plan, "jane"), "title=Lead");
    assert_eq!(back.to_ignore, []);
    assert_eq!(back.to_stop_ignoring, ["jane", "joan"].map(UserId::new));
    let one = Undo {
        user: Some(UserId::new("jane")),
        ..wish()
    };
    let back = undone_as(&now, &change, &one, Some(&left_alone));
    assert_eq!(back.to_stop_ignoring, [UserId::new("jane")]);
}

#[test]
fn who_is_ignored_already_is_put_back_and_not_counted_again() {
    let change = line(Action::Update, vec![wrote(Field::Title, "", "Lead")]);
    let now = Contact {
        title: Some("Lead".into()),
        ..contact("7")
    };
    let back = undone(&with(now).ignore("jane"), &change);
    assert_eq!(writes(&back.plan, "jane"), "title=nothing");
    assert_eq!(back.to_ignore, []);
    assert!(!back.is_done(false) && !back.is_done(true));
}

#[test]
fn who_has_nothing_to_put_back_is_not_left_alone() {
    let change = line(
        Action::Update,
        vec![
            wrote(Field::Title, "Engineer", "Lead"),
            wrote(Field::Phone, "100", "200"),
        ],
    );
    let now = |title: &str, phone: &str| {
        with(Contact {
            title: Some(title.into()),
            phone: Some(phone.into()),
            ..jane()
        })
    };
    let left_alone = |back: Back| back.to_ignore == [UserId::new("jane")];
    let seen = undone(&now("Lead", "300"), &change);
    assert!(left_alone(seen.clone()), "her title is put back");
    for (title, phone) in [("Engineer", "100"), ("Engineer", "300"), ("Boss", "300")] {
        let back = undone(&now(title, phone), &change);
        assert!(says(&back.plan, "jane").starts_with("unchanged 7 kept"));
        assert_eq!(back.to_ignore, [], "{title} {phone}");
        assert!(back.is_done(true), "{title} {phone}");
    }
    // Whoever was shown that her title is put back was told that she is left alone: also where another try did it first.
    let undo = Undo {
        shown: Some(seen.keys().into_iter().collect()),
        ..wish()
    };
    let of = |title: &str| undone_as(&now(title, "100"), &change, &undo, None);
    assert!(left_alone(of("Engineer")));
    assert!(!left_alone(of("Boss")));
}
