//! Plans that are short to read.

use rollcall::model::{FieldValue, LinkMade, UserId};
use rollcall::sync::plan::{Notes, Person, Plan, Reason, Tie};

/// The line of a person.
pub fn line<'a>(plan: &'a Plan, name: &str) -> Option<&'a Person> {
    let id = UserId::new(name);
    plan.people.iter().find(|person| person.user_id == id)
}

/// What a plan says of a person: `update 7 by link: title, site`, `held`, `conflict …` or `absent`.
pub fn says(plan: &Plan, name: &str) -> String {
    let Some(person) = line(plan, name) else {
        return "absent".to_owned();
    };
    let mut words = vec![person.action.as_str().to_owned()];
    words.extend(person.contact.iter().map(ToString::to_string));
    if let Some(step) = person.trace.step {
        words.push(format!("by {step:?}").to_lowercase());
    }
    match person.link {
        Tie::None | Tie::New(LinkMade::Created) => {}
        Tie::Kept(_) => words.push("kept".to_owned()),
        Tie::New(_) => words.push("new".to_owned()),
        Tie::TakenOver(link, _) => words.push(format!("takes link {link}")),
    }
    match &person.reason {
        Reason::Left(why) => words.push(format!("({})", why.as_str())),
        Reason::LeftAlone(why, because) => {
            words.push(format!("({}, {because:?})", why.as_str()));
        }
        Reason::NoAnswer(silence) => words.push(format!("(no {})", silence.field())),
        Reason::Ignored => words.push("(ignored)".to_owned()),
        Reason::Excluded => words.push("(excluded)".to_owned()),
        Reason::NoFilter => words.push("(no filter)".to_owned()),
        Reason::NotUpdating => words.push("(not updating)".to_owned()),
        Reason::Conflict(conflict) => words.push(format!(
            "{:?} {:?} {:?}",
            conflict.why, conflict.contacts, conflict.users
        )),
        Reason::PutBack(_, Notes(notes)) => {
            words.extend(notes.iter().map(|note| format!("({note})")));
        }
        Reason::NoContact
        | Reason::Found(_)
        | Reason::Differs(_)
        | Reason::Inactive
        | Reason::Same => {}
    }
    if person.held {
        words.push("held".to_owned());
    }
    words.join(" ")
}

/// The fields that a plan writes for a person: `title=Lead, site=New Site`.
pub fn writes(plan: &Plan, name: &str) -> String {
    let person = line(plan, name).expect("the person is in the plan");
    let word = |value: &FieldValue| match value {
        FieldValue::Blank => "nothing".to_owned(),
        FieldValue::Text(text) => text.clone(),
        FieldValue::Flag(flag) => flag.to_string(),
        FieldValue::Site(_, name) | FieldValue::ContactType(_, name) => name.clone(),
    };
    let fields: Vec<String> = person
        .fields
        .iter()
        .map(|change| format!("{}={}", change.field.as_str(), word(&change.to)))
        .collect();
    fields.join(", ")
}
