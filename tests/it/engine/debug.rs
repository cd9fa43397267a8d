//! What a log would show of a plan.

use rollcall::model::{Action, Contact, Field};

use super::back::{jane, line, undone, wrote};
use super::world::{user, world};

#[test]
fn debug_of_what_is_put_back_names_nobody() {
    let title = wrote(Field::Title, "Engineer", "Lead");
    // The contact is Kim's by now.
    let taken = world().user(user("kim")).contact(jane()).link("kim", "7");
    let theirs = undone(&taken, &line(Action::Update, vec![title.clone()]));
    // The title was changed since.
    let boss = Contact {
        title: Some("Boss".into()),
        ..jane()
    };
    let hers = |contact| {
        let world = world().user(user("jane")).contact(contact);
        world.link("jane", "7")
    };
    let changed = undone(&hers(boss), &line(Action::Update, vec![title]));
    // The address that was among the others is not there any more.
    let email = vec![wrote(Field::Email, "old@x.example", "jane@contoso.example")];
    let mut of_then = line(Action::Update, email.clone());
    of_then.other_emails = vec!["jane@contoso.example".into()];
    let loses = undone(&hers(jane()), &of_then);
    // The old address changes places with the new one.
    let swapped = Contact {
        other_emails: vec!["old@x.example".into()],
        ..jane()
    };
    let stays = undone(&hers(swapped), &line(Action::Update, email));
    for (back, said) in [
        (theirs, "linked to kim@contoso.example"),
        (changed, "stays Boss"),
        (loses, "lose the address jane@contoso.example"),
        (stays, "the address jane@contoso.example stays"),
    ] {
        let notes = back.told[0].notes().join("; ");
        assert!(notes.contains(said), "{notes}");
        let shown = format!("{back:?}");
        for name in ["Boss", "kim@", "jane@", "old@"] {
            assert!(!shown.contains(name), "{name}: {shown}");
        }
    }
}
