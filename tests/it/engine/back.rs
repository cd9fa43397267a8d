//! What putting a run back would write: one line a person of the history, and the contact as it is now. No clouds, no database.

use std::collections::HashSet;

use chrono::DateTime;
use rollcall::model::{Action, Contact, ContactId, Field, FieldChange, FieldValue, Undo, UserId};
use rollcall::sync::back::{Asked, Back, Line, back};

use super::words::{says, writes};
use super::world::{ContactWords, World, kind, site, twin, user, world};

/// The line of a run that changed Jane's contact 7.
pub(super) fn line(action: Action, fields: Vec<FieldChange>) -> Line {
    Line {
        change: 4,
        user_id: UserId::new("jane"),
        upn: "jane@contoso.example".into(),
        name: "Jane Example".into(),
        contact: Some(ContactId::new("7")),
        action,
        fields,
        other_emails: Vec::new(),
    }
}

fn text(value: &str) -> FieldValue {
    if value.is_empty() {
        FieldValue::Blank
    } else {
        FieldValue::Text(value.into())
    }
}

pub(super) fn wrote(field: Field, from: &str, to: &str) -> FieldChange {
    FieldChange {
        field,
        from: text(from),
        to: text(to),
    }
}

fn active(from: bool, to: bool) -> FieldChange {
    let (from, to) = (FieldValue::Flag(from), FieldValue::Flag(to));
    FieldChange {
        field: Field::Active,
        from,
        to,
    }
}

fn moved(from: &str, to: &str) -> FieldChange {
    let value = |id: &str| {
        let site = site(id);
        FieldValue::Site(site.id, site.name)
    };
    FieldChange {
        field: Field::Site,
        from: if from.is_empty() {
            FieldValue::Blank
        } else {
            value(from)
        },
        to: value(to),
    }
}

pub(super) fn wish() -> Undo {
    Undo {
        run: "r1".into(),
        user: None,
        ignoring: true,
        shown: None,
    }
}

/// Jane, linked to this contact.
pub(super) fn with(contact: Contact) -> World {
    world()
        .user(user("jane"))
        .contact(contact)
        .link("jane", "7")
}

pub(super) fn undone(world: &World, line: &Line) -> Back {
    undone_as(world, line, &wish(), None)
}

pub(super) fn undone_as(
    world: &World,
    line: &Line,
    undo: &Undo,
    left_alone: Option<&[UserId]>,
) -> Back {
    let since: HashSet<i64> = world.0.links.iter().map(|link| link.id).collect();
    let asked = Asked {
        undo,
        began: DateTime::UNIX_EPOCH,
        lines: std::slice::from_ref(line),
        since: &since,
        left_alone,
    };
    back(asked, &world.0, &|_, _| true)
}

pub(super) fn jane() -> Contact {
    twin("7", "jane")
}

/// One field that the run wrote: what the contact has now, and what becomes of it.
#[test]
fn a_field_is_put_back_where_it_is_still_as_the_run_wrote_it() {
    let title = |now: &str| Contact {
        title: (!now.is_empty()).then(|| now.to_owned()),
        ..jane()
    };
    let phone = |now: &str| Contact {
        phone: (!now.is_empty()).then(|| now.to_owned()),
        ..jane()
    };
    let email = |now: &str| Contact {
        email: Some(now.to_owned()),
        ..jane()
    };
    let lead = || wrote(Field::Title, "Engineer", "Lead");
    let number = || wrote(Field::Phone, "+1 100", "200");
    let address = || wrote(Field::Email, "old@x.example", "new@x.example");
    for (change, now, expected) in [
        (lead(), title("Lead"), "title=Engineer"),
        (lead(), title(" Lead "), "title=Engineer"),
        (
            lead(),
            title("lead"),
            "(title was Engineer before the run, was changed since, and stays lead)",
        ),
        (
            lead(),
            title("Boss"),
            "(title was Engineer before the run, was changed since, and stays Boss)",
        ),
        (
            lead(),
            title(""),
            "(title was Engineer before the run, was changed since, and stays blank)",
        ),
        (lead(), title("Engineer"), ""),
        (
            wrote(Field::Title, "", "Lead"),
            title("Lead"),
            "title=nothing",
        ),
        (wrote(Field::Title, "", "Lead"), title(" "), ""),
        (number(), phone("2-0-0"), "phone=+1 100"),
        (number(), phone("1100"), ""),
        (
            number(),
            phone("300"),
            "(phone was +1 100 before the run, was changed since, and stays 300)",
        ),
        (
            wrote(Field::Phone, "", "200"),
            phone("200"),
            "phone=nothing",
        ),
        (address(), email("NEW@x.example"), "email=old@x.example"),
        (address(), email("OLD@x.example"), ""),
        (
            address(),
            email("third@x.example"),
            "(email was old@x.example before the run, was changed since, and stays third@x.example)",
        ),
        (
            wrote(Field::FirstName, "", "Jane"),
            jane(),
            "(first name was blank before the run, which the PSA does not take any more, and stays Jane)",
        ),
        (
            wrote(Field::LastName, "", "Example"),
            jane(),
            "last_name=nothing",
        ),
        (moved("10", "20"), jane().at("20"), "site=Main site"),
        (moved("10", "20"), jane().at("10"), ""),
        (
            moved("10", "20"),
            jane().at("30"),
            "(site was Main site before the run, was changed since, and stays Site 3)",
        ),
        (moved("", "20"), jane().at("20"), "site=nothing"),
        (
            moved("99", "20"),
            jane().at("20"),
            "(site was SITE before the run, which does not exist any more or is inactive, and stays Site 2)",
        ),
        (active(true, false), jane().inactive(), "active=true"),
        (active(true, false), jane(), ""),
        (active(false, true), jane(), "active=false"),
    ] {
        let name = format!("{change:?} {:?} now {now:?}", change.field);
        let back = undone(&with(now), &line(Action::Update, vec![change]));
        let person = &back.plan.people[0];
        let mut said = writes(&back.plan, "jane");
        let notes = back.told[0].notes();
        said.extend(notes.iter().map(|note| format!("({note})")));
        assert_eq!(
            said,
            expected.replace("was SITE before", "was 99 before"),
            "{name}"
        );
        assert_eq!(person.action.writes(), !person.fields.is_empty(), "{name}");
        let named = back.plan.findings.len();
        assert_eq!(named, usize::from(!notes.is_empty()), "{name}");
    }
}

#[test]
fn the_action_is_what_becomes_of_the_contact() {
    let title = || wrote(Field::Title, "Engineer", "Lead");
    let now = || Contact {
        title: Some("Lead".into()),
        ..jane()
    };
    for (action, fields, now, expected) in [
        (Action::Update, vec![title()], now(), "update 7 kept"),
        (
            Action::Reactivate,
            vec![title(), active(false, true)],
            now(),
            "deactivate 7 kept",
        ),
        (
            Action::Deactivate,
            vec![active(true, false)],
            now().inactive(),
            "reactivate 7 kept",
        ),
        (Action::Create, vec![title()], now(), "deactivate 7 kept"),
        (Action::Create, vec![], now(), "deactivate 7 kept"),
        (
            Action::Create,
            vec![title()],
            now().inactive(),
            "unchanged 7 kept",
        ),
    ] {
        let back = undone(&with(now), &line(action, fields));
        assert_eq!(says(&back.plan, "jane"), expected, "{action:?}");
        let ignored = usize::from(!expected.starts_with("unchanged"));
        assert_eq!(back.to_ignore.len(), ignored, "{action:?}");
    }
    // Whether it is active is written first.
    let fields = vec![title(), active(false, true)];
    let back = undone(&with(now()), &line(Action::Reactivate, fields));
    assert_eq!(writes(&back.plan, "jane"), "active=false, title=Engineer");
}

#[test]
fn nothing_is_said_of_whom_nothing_was_written_for() {
    let nothing = line(Action::Update, vec![]);
    assert_eq!(undone(&with(jane()), &nothing).plan.people, []);
    let never = Line {
        contact: None,
        ..line(Action::Create, vec![])
    };
    assert_eq!(undone(&with(jane()), &never).plan.people, []);
    let linked = undone(&with(jane()), &line(Action::Link, vec![]));
    assert_eq!((linked.links, linked.plan.people.len()), (1, 0));
    assert_eq!(linked.to_ignore, []);
}

#[test]
fn a_contact_type_stays_and_is_named() {
    let of = kind("2");
    let added = FieldChange {
        field: Field::ContactType,
        from: FieldValue::Blank,
        to: FieldValue::ContactType(of.id, of.name),
    };
    let change = line(Action::Update, vec![added]);
    let back = undone(&with(jane().typed("2")), &change);
    let said = says(&back.plan, "jane");
    assert_eq!(
        said,
        "unchanged 7 kept (the contact type Technical, which was added, stays)"
    );
    assert_eq!(back.to_ignore, [], "nothing of it would be done again");
    let back = undone(&with(jane()), &change);
    assert_eq!(says(&back.plan, "jane"), "unchanged 7 kept");
}

#[test]
fn a_contact_that_is_gone_or_not_theirs_is_left_alone() {
    let change = line(Action::Update, vec![wrote(Field::Title, "", "Lead")]);
    let lead = || Contact {
        title: Some("Lead".into()),
        ..jane()
    };
    let gone = world().user(user("jane")).link("jane", "7");
    let stranger = world().user(user("jane")).contact(lead());
    let theirs = stranger.clone().user(user("joan")).link("joan", "7");
    for (world, expected) in [
        (gone, "unchanged 7 (the contact is gone)"),
        (
            stranger,
            "unchanged 7 (the contact is not linked as it was then)",
        ),
        (
            theirs,
            "unchanged 7 (the contact is linked to joan@contoso.example by now)",
        ),
    ] {
        let back = undone(&world, &change);
        assert_eq!(says(&back.plan, "jane"), expected);
        assert_eq!((back.to_ignore.len(), back.plan.findings.len()), (0, 1));
    }
    // A link that was made since then is another one.
    let world = with(lead());
    let asked = Asked {
        undo: &wish(),
        began: DateTime::UNIX_EPOCH,
        lines: &[change],
        since: &HashSet::new(),
        left_alone: None,
    };
    let back = back(asked, &world.0, &|_, _| true);
    let said = says(&back.plan, "jane");
    assert_eq!(
        said,
        "unchanged 7 (the contact is not linked as it was then)"
    );
}

#[test]
fn an_address_that_the_contact_had_before_is_never_lost() {
    let (old, new) = ("old@x.example", "new@x.example");
    let now = |others: &[&str]| {
        let mut contact = jane().email(new);
        for other in others {
            contact = contact.also(other);
        }
        contact
    };
    let exchanged = |from: &str| Line {
        other_emails: vec![new.to_uppercase()],
        ..line(Action::Update, vec![wrote(Field::Email, from, new)])
    };
    let kept = line(Action::Update, vec![wrote(Field::Email, old, new)]);
    let lost = |before: &str| {
        format!(
            "unchanged 7 kept (email was {before} before the run and stays new@x.example, as the contact would lose the address new@x.example otherwise)"
        )
    };
    for (line, contact, expected) in [
        (exchanged(old), now(&[old]), "update 7 kept"),
        (exchanged(old), now(&[new]), "update 7 kept"),
        (exchanged(old), now(&[]), &lost(old)),
        (exchanged(""), now(&[]), &lost("blank")),
        (exchanged(""), now(&[new]), "update 7 kept"),
        (kept.clone(), now(&[]), "update 7 kept"),
        (
            kept,
            now(&[old]),
            "update 7 kept (the address new@x.example stays among the others)",
        ),
    ] {
        let back = undone(&with(contact), &line);
        assert_eq!(says(&back.plan, "jane"), expected, "{line:?}");
    }
}

#[test]
fn a_psa_that_wants_a_last_name_keeps_it() {
    let change = line(Action::Update, vec![wrote(Field::LastName, "", "Example")]);
    let back = undone(&with(jane()).autotask(), &change);
    assert_eq!(back.plan.people[0].action, Action::Unchanged);
}

#[test]
fn what_the_psa_offers_no_way_for_is_named() {
    let (world, line) = (
        with(jane().at("20")),
        line(Action::Update, vec![moved("", "20")]),
    );
    let asked = Asked {
        undo: &wish(),
        began: DateTime::UNIX_EPOCH,
        lines: std::slice::from_ref(&line),
        since: &HashSet::from([1]),
        left_alone: None,
    };
    let back = back(asked, &world.0, &|_, change| change.to != FieldValue::Blank);
    let said = says(&back.plan, "jane");
    assert_eq!(
        said,
        "unchanged 7 kept (site was blank before the run, which the PSA offers no way to put back, and stays Site 2)"
    );
}
