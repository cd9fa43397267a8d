//! What a dead run left *sent* is judged by what the contact has now.

use std::collections::HashSet;

use rollcall::model::{Contact, Field, FieldChange, FieldValue, Link, LinkMade};
use rollcall::sync::settle::{LeftSent, Settled, settle};

fn text(text: &str) -> FieldValue {
    FieldValue::Text(text.into())
}

fn change(field: Field, from: FieldValue, to: FieldValue) -> FieldChange {
    FieldChange { field, from, to }
}

/// One request that was to make a contact active and give it a title.
fn left() -> LeftSent {
    LeftSent {
        write_id: 1,
        change_id: 1,
        user_id: "jane".into(),
        upn: "jane@contoso.example".into(),
        creates: false,
        contact_id: Some("1".into()),
        fields: vec![
            change(
                Field::Active,
                FieldValue::Flag(false),
                FieldValue::Flag(true),
            ),
            change(Field::Title, FieldValue::Blank, text("Engineer")),
        ],
        settles: vec![Field::Active, Field::Title],
        known: HashSet::new(),
    }
}

fn judged(active: bool, title: Option<&str>) -> Settled {
    let contact = Contact {
        id: "1".into(),
        active,
        title: title.map(Into::into),
        ..Contact::default()
    };
    settle(&[left()], &[contact], &[]).remove(0)
}

#[test]
fn what_the_contact_has_of_a_request_went_through_and_the_rest_did_not() {
    assert_eq!(
        judged(true, Some("Engineer")),
        Settled::Through("1".into()),
        "all of it"
    );
    assert_eq!(
        judged(true, None),
        Settled::Partly("1".into(), vec![Field::Active]),
        "the PSA left the title out"
    );
    assert_eq!(judged(false, None), Settled::Void, "nothing of it");
}

/// What is said of a create for Jane where the user's one link, to the one contact with her address, was made so.
fn create_with_a_link(made: LinkMade) -> Settled {
    let create = LeftSent {
        creates: true,
        contact_id: None,
        fields: vec![change(
            Field::Email,
            FieldValue::Blank,
            text("jane@contoso.example"),
        )],
        ..left()
    };
    let contact = Contact {
        id: "1".into(),
        active: true,
        email: Some("jane@contoso.example".into()),
        ..Contact::default()
    };
    let link = Link {
        id: 1,
        user_id: "jane".into(),
        upn: "jane@contoso.example".into(),
        contact_id: "1".into(),
        made,
        user_deleted: false,
    };
    settle(&[create], &[contact], &[link]).remove(0)
}

#[test]
fn a_create_that_was_in_doubt_is_settled_by_the_link_that_was_chosen_for_its_user() {
    for made in [LinkMade::Address, LinkMade::Hand] {
        assert_eq!(create_with_a_link(made), Settled::Through("1".into()));
    }
}

#[test]
fn a_contact_that_a_later_create_made_is_not_taken_for_that_of_an_earlier_one() {
    assert_eq!(create_with_a_link(LinkMade::Created), Settled::Void);
}
