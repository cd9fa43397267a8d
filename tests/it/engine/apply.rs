//! A plan carried out in memory, as `behaviour.md` sections 4 to 8 say: no clouds, nothing fails.

use std::collections::HashSet;

use rollcall::model::{Action, Contact, ContactId, Field, FieldValue, Link, User};
use rollcall::sync::plan::{Person, Plan, Tie};
use rollcall::sync::snapshot::Snapshot;

/// What came of a plan.
pub struct Applied {
    pub world: Snapshot,
    /// Contacts whose wanted address changed places with the default one.
    pub swapped: usize,
    /// Contacts that kept the address that gave way.
    pub kept: usize,
}

/// Carries out a plan; who is held waits.
pub fn apply(before: &Snapshot, plan: &Plan) -> Applied {
    let mut applied = Applied {
        world: before.clone(),
        swapped: 0,
        kept: 0,
    };
    let world = &mut applied.world;
    let forgotten = |link: &Link| plan.forgotten.contains(&link.id);
    world.links.retain(|link| !forgotten(link));
    for user in &plan.active_again {
        world.dismissed.remove(user);
    }
    for person in &plan.people {
        applied.person(before, person);
    }
    let held = plan.people.iter().filter(|person| person.held);
    let held: HashSet<_> = held.map(|person| person.user_id.clone()).collect();
    let world = &mut applied.world;
    if plan.guard.held {
        world.hold = Some(held);
    } else if plan.guard.hold_closes {
        world.hold = None;
    } else if let Some(hold) = &mut world.hold {
        hold.retain(|user| !plan.guard.leaving.contains(user));
    }
    applied
}

impl Applied {
    fn person(&mut self, before: &Snapshot, person: &Person) {
        if person.held {
            return;
        }
        let user = before.users.iter().find(|user| user.id == person.user_id);
        let contact = match person.action {
            Action::Create => {
                let id = format!("new-{}", self.world.contacts.len());
                self.world.contacts.push(Contact {
                    id: ContactId::new(&id),
                    active: true,
                    ..Contact::default()
                });
                Some(ContactId::new(&id))
            }
            _ => person.contact.clone(),
        };
        match person.link {
            Tie::None | Tie::Kept(_) => {}
            Tie::New(made) => {
                let id = self.world.links.iter().map(|link| link.id).max();
                self.world.links.push(Link {
                    id: id.unwrap_or_default() + 1,
                    user_id: person.user_id.clone(),
                    upn: person.upn.clone(),
                    contact_id: contact.clone().expect("a new link has a contact"),
                    made,
                    user_deleted: false,
                });
            }
            Tie::TakenOver(id, made) => {
                let mut links = self.world.links.iter_mut();
                let link = links.find(|link| link.id == id).expect("the link is there");
                link.user_id = person.user_id.clone();
                link.made = made;
            }
        }
        if !person.action.writes() {
            assert_eq!(person.fields, [], "only writing actions have fields");
            return;
        }
        let id = contact.expect("a write has a contact");
        let many = self.world.rules.contact_types.is_some();
        let mut contacts = self.world.contacts.iter_mut();
        let contact = contacts.find(|contact| contact.id == id);
        let contact = contact.expect("the contact is there");
        for change in &person.fields {
            match (&change.field, &change.to) {
                (Field::Active, FieldValue::Flag(to)) => contact.active = *to,
                (Field::FirstName, FieldValue::Text(to)) => contact.first_name = Some(to.clone()),
                (Field::LastName, FieldValue::Text(to)) => contact.last_name = Some(to.clone()),
                (Field::Title, FieldValue::Text(to)) => contact.title = Some(to.clone()),
                (Field::Phone, FieldValue::Text(to)) => contact.phone = Some(to.clone()),
                (Field::Mobile, FieldValue::Text(to)) => contact.mobile = Some(to.clone()),
                (Field::Site, FieldValue::Site(to, _)) => contact.site = Some(to.clone()),
                (Field::ContactType, FieldValue::ContactType(to, _)) => {
                    assert!(!contact.types.contains(to), "a type is added once");
                    contact.types.push(to.clone());
                }
                (Field::Email, FieldValue::Text(to)) => {
                    let user = user.expect("only users of the list have an email to write");
                    match write_email(contact, to, user, many) {
                        Gave::Swapped => self.swapped += 1,
                        Gave::Kept => self.kept += 1,
                        Gave::Lost | Gave::Nothing => {}
                    }
                }
                (field, value) => panic!("{field:?} cannot become {value:?}"),
            }
        }
    }
}

/// What became of the address that gave way.
#[derive(Debug, PartialEq)]
enum Gave {
    Swapped,
    Kept,
    Lost,
    Nothing,
}

fn folded(address: &str) -> String {
    address.trim().to_lowercase()
}

/// Section 7: an address is not lost where one is written. `many`: the PSA keeps any number of emails; else two others.
fn write_email(contact: &mut Contact, to: &str, user: &User, many: bool) -> Gave {
    let old = contact.email.replace(to.to_owned());
    let old = old.filter(|old| !old.trim().is_empty());
    let mut others = contact.other_emails.iter_mut();
    let other = others.find(|other| folded(other) == folded(to));
    match (other, old) {
        (Some(other), Some(old)) => {
            *other = old;
            Gave::Swapped
        }
        (Some(_), None) => {
            if many {
                let stays = |other: &String| folded(other) != folded(to);
                contact.other_emails.retain(stays);
            }
            Gave::Swapped
        }
        (None, None) => Gave::Nothing,
        (None, Some(old)) => {
            let own = user.addresses().any(|own| own == folded(&old));
            let there = contact
                .other_emails
                .iter()
                .any(|one| folded(one) == folded(&old));
            if own && !there && (many || contact.other_emails.len() < 2) {
                contact.other_emails.push(old);
                Gave::Kept
            } else {
                Gave::Lost
            }
        }
    }
}

#[test]
fn the_wanted_address_changes_places_with_the_default_one() {
    use super::world::{ContactWords, contact, user};
    let one = contact("1")
        .email("old@x.example")
        .also("Jane@contoso.example");
    for many in [true, false] {
        let mut one = one.clone();
        let gave = write_email(&mut one, "jane@contoso.example", &user("jane"), many);
        assert_eq!(gave, Gave::Swapped);
        assert_eq!(one.email.as_deref(), Some("jane@contoso.example"));
        assert_eq!(one.other_emails, ["old@x.example"]);
    }
}

#[test]
fn an_own_address_that_gives_way_is_kept_where_there_is_room() {
    use super::world::{ContactWords, UserWords, contact, user};
    let jane = user("jane").alias("old@x.example");
    let one = contact("1")
        .email("old@x.example")
        .also("a@x.example")
        .also("b@x.example");
    let mut full = one.clone();
    let gave = write_email(&mut full, "jane@contoso.example", &jane, false);
    assert_eq!((gave, full.other_emails.len()), (Gave::Lost, 2));
    let mut roomy = one.clone();
    let gave = write_email(&mut roomy, "jane@contoso.example", &jane, true);
    assert_eq!((gave, roomy.other_emails.len()), (Gave::Kept, 3));
    let mut strange = one;
    let gave = write_email(&mut strange, "jane@contoso.example", &user("jane"), true);
    assert_eq!((gave, strange.other_emails.len()), (Gave::Lost, 2));
}
