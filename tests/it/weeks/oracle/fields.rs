//! How a contact has to look: section 7.

use rollcall::simulator::graph::UserData;
use unicode_normalization::UnicodeNormalization;

use super::people::{address, addresses, folded};
use super::{Facts, Place};
use crate::weeks::seen::Seen;

/// What the tenant says; `None`: a blank.
pub struct Wanted {
    first: Option<String>,
    last: Option<String>,
    title: Option<String>,
    phone: Option<String>,
    mobile: Option<String>,
    email: String,
    place: Place,
}

struct Lengths {
    name: usize,
    title: usize,
    phone: usize,
}

fn lengths(facts: &Facts) -> Lengths {
    if facts.connectwise {
        Lengths {
            name: 30,
            title: 100,
            phone: 250,
        }
    } else {
        Lengths {
            name: 20,
            title: 50,
            phone: 25,
        }
    }
}

/// So many UTF-16 units, no character split.
fn cut(text: &str, most: usize) -> String {
    let mut kept = String::new();
    for character in text.chars() {
        if kept.encode_utf16().count() + character.len_utf16() > most {
            break;
        }
        kept.push(character);
    }
    kept.trim().to_owned()
}

fn line(text: Option<&str>, most: usize) -> Option<String> {
    let text: String = text?.trim().nfc().collect();
    let text = cut(&text, most);
    (!text.is_empty()).then_some(text)
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn number(text: Option<&str>, most: usize) -> Option<String> {
    line(text, most).filter(|text| !digits(text).is_empty())
}

/// What the user's side wants.
pub fn wanted(user: &UserData, facts: &Facts, place: &Place) -> Wanted {
    let most = lengths(facts);
    let phone = user.business_phones.first().map(String::as_str);
    Wanted {
        first: line(user.given_name.as_deref(), most.name),
        last: line(user.surname.as_deref(), most.name),
        title: line(user.job_title.as_deref(), most.title),
        phone: number(phone, most.phone),
        mobile: number(user.mobile_phone.as_deref(), most.phone),
        email: address(user, facts.company.use_email),
        place: place.clone(),
    }
}

/// A contact that is made.
pub fn made(user: &UserData, facts: &Facts, wanted: &Wanted) -> Seen {
    let most = lengths(facts).name;
    let display = line(user.display_name.as_deref(), usize::MAX).unwrap_or_default();
    let (head, tail) = display
        .split_once(char::is_whitespace)
        .unwrap_or((&display, ""));
    let local = wanted.email.split('@').next().unwrap_or_default();
    let made_up_first = line(Some(head), most).or_else(|| line(Some(local), most));
    let made_up_last = line(Some(tail), most);
    let made_up_last = made_up_last.or_else(|| (!facts.connectwise).then(|| "-".to_owned()));
    Seen {
        active: true,
        first: wanted.first.clone().or(made_up_first),
        last: wanted.last.clone().or(made_up_last),
        title: wanted.title.clone(),
        phone: wanted.phone.clone(),
        mobile: wanted.mobile.clone(),
        email: Some(wanted.email.clone()),
        site: wanted.place.site.clone(),
        types: wanted.place.contact_type.iter().cloned().collect(),
        ..Seen::default()
    }
}

/// Changes a contact that exists.
pub fn apply(contact: &mut Seen, user: &UserData, facts: &Facts, wanted: &Wanted) {
    let exact = |has: &mut Option<String>, wanted: &Option<String>| {
        if let Some(wanted) = wanted
            && line(has.as_deref(), usize::MAX).as_ref() != Some(wanted)
        {
            *has = Some(wanted.clone());
        }
    };
    exact(&mut contact.first, &wanted.first);
    exact(&mut contact.last, &wanted.last);
    exact(&mut contact.title, &wanted.title);
    let by_digits = |has: &mut Option<String>, wanted: &Option<String>| {
        if let Some(wanted) = wanted
            && digits(has.as_deref().unwrap_or_default()) != digits(wanted)
        {
            *has = Some(wanted.clone());
        }
    };
    by_digits(&mut contact.phone, &wanted.phone);
    by_digits(&mut contact.mobile, &wanted.mobile);
    if wanted.place.site.is_some() {
        contact.site.clone_from(&wanted.place.site);
    }
    contact.types.extend(wanted.place.contact_type.clone());
    email(contact, user, facts, &wanted.email);
}

fn email(contact: &mut Seen, user: &UserData, facts: &Facts, wanted: &str) {
    if contact.email.as_deref().map(folded) == Some(folded(wanted)) {
        return;
    }
    let old = contact.email.replace(wanted.to_owned());
    let among = |others: &[String], address: &str| {
        let mut others = others.iter();
        others.position(|other| folded(other) == folded(address))
    };
    match (old, among(&contact.others, wanted)) {
        (Some(old), Some(place)) => contact.others[place] = old,
        (None, Some(place)) => {
            if facts.connectwise && facts.flag_moves {
                contact.email = Some(contact.others.remove(place));
            }
        }
        (Some(old), None) => {
            let is_own = addresses(user).contains(&folded(&old));
            let there_is_room = facts.connectwise || contact.others.len() < 2;
            if is_own && among(&contact.others, &old).is_none() && there_is_room {
                contact.others.push(old);
            }
        }
        (None, None) => {}
    }
    contact.others.sort();
}
