//! What messy people look like, and what section 7 of `behaviour.md` wants of them, said a second time and slowly.

use proptest::prelude::{Strategy, any};
use rollcall::model::{Contact, ContactId, Field, User};
use rollcall::sync::snapshot::Rules;
use unicode_normalization::UnicodeNormalization;

use super::world::user;

/// Names: plain, blank, over-long, non-Latin, decomposed, with a pair of UTF-16 units at the limit.
const NAMES: [Option<&str>; 9] = [
    Some("Jane"),
    None,
    Some("   "),
    Some("  Anna-Maria "),
    Some("Wolfeschlegelsteinhausenbergerdorffvoralternwaren"),
    Some("Анна-Мария Константинопольская-Преображенская"),
    Some("Rene\u{301}e Zoe\u{308} Andre\u{301} Bjo\u{308}rn Ole\u{301} xyz"),
    Some("abcdefghijklmnopqrstuvwxyzabc😀def"),
    Some("陈小明"),
];
const DISPLAYS: [Option<&str>; 5] = [
    None,
    Some(" "),
    Some("Reception"),
    Some("Jane  van der Berg "),
    Some("Фёдор Достоевский"),
];
const TITLES: [Option<&str>; 4] = [None, Some("Lead"), Some(" \t"), Some(" Office  manager ")];
const PHONES: [Option<&str>; 6] = [
    None,
    Some("+44 (0)20 7946 0001"),
    Some("ask reception"),
    Some(" "),
    Some("555-0100"),
    Some("+1 (555) 0100 0100 0100 0100 ext. 123456"),
];
pub const DEPARTMENTS: [&str; 4] = ["", "IT", " it ", "Sales"];

/// How one person looks: numbers into the tables above.
#[derive(Clone, Debug)]
pub struct Looks {
    given: usize,
    surname: usize,
    display: usize,
    title: usize,
    phone: usize,
    mobile: usize,
    mail: usize,
    shout: bool,
}

pub fn looks() -> impl Strategy<Value = Looks> {
    let names = (0..NAMES.len(), 0..NAMES.len(), 0..DISPLAYS.len());
    let rest = (
        0..TITLES.len(),
        0..PHONES.len(),
        0..PHONES.len(),
        0..4_usize,
    );
    (names, rest, any::<bool>()).prop_map(|((given, surname, display), rest, shout)| {
        let (title, phone, mobile, mail) = rest;
        Looks {
            given,
            surname,
            display,
            title,
            phone,
            mobile,
            mail,
            shout,
        }
    })
}

impl Looks {
    /// The user of this name who looks so.
    pub fn user(&self, name: &str) -> User {
        let text = |value: Option<&str>| value.map(str::to_owned);
        let plain = user(name);
        let mail = match self.mail {
            0 => None,
            1 => Some(" ".to_owned()),
            2 => Some(plain.upn.to_uppercase()),
            _ => Some(format!("{name}.mail@contoso.example")),
        };
        let upn = if self.shout {
            plain.upn.to_uppercase()
        } else {
            plain.upn.clone()
        };
        User {
            upn,
            mail,
            display_name: text(DISPLAYS[self.display]),
            given_name: text(NAMES[self.given]),
            surname: text(NAMES[self.surname]),
            job_title: text(TITLES[self.title]),
            business_phone: text(PHONES[self.phone]),
            mobile_phone: text(PHONES[self.mobile]),
            ..plain
        }
    }
}

/// The values that a contact of this user must carry. A field that may stay as it is, is left out.
pub fn wanted(user: &User, rules: &Rules) -> Vec<(Field, String)> {
    let limits = &rules.limits;
    let mut email = user.upn.trim();
    if let Some(mail) = user.mail.as_deref().map(str::trim)
        && rules.use_email
        && !mail.is_empty()
    {
        email = mail;
    }
    let all = [
        (
            Field::FirstName,
            user.given_name.as_deref(),
            limits.first_name,
        ),
        (Field::LastName, user.surname.as_deref(), limits.last_name),
        (Field::Title, user.job_title.as_deref(), limits.title),
        (Field::Phone, user.business_phone.as_deref(), limits.phone),
        (Field::Mobile, user.mobile_phone.as_deref(), limits.mobile),
        (Field::Email, Some(email), limits.email),
    ];
    all.into_iter()
        .filter_map(|(field, value, limit)| {
            let composed: String = value?.trim().nfc().collect();
            let mut cut = String::new();
            for character in composed.chars() {
                if cut.encode_utf16().count() + character.len_utf16() > limit {
                    break;
                }
                cut.push(character);
            }
            let cut = cut.trim().to_owned();
            let phone = matches!(field, Field::Phone | Field::Mobile);
            let blank = cut.is_empty() || phone && digits(&cut).is_empty();
            (!blank).then_some((field, cut))
        })
        .collect()
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// The field of a contact as text.
pub fn has(contact: &Contact, field: Field) -> &str {
    let value = match field {
        Field::FirstName => &contact.first_name,
        Field::LastName => &contact.last_name,
        Field::Title => &contact.title,
        Field::Phone => &contact.phone,
        Field::Mobile => &contact.mobile,
        Field::Email => &contact.email,
        Field::Active | Field::Site | Field::ContactType => &None,
    };
    value.as_deref().unwrap_or_default()
}

/// Whether the contact carries the value, as section 7 compares.
pub fn carries(contact: &Contact, field: Field, value: &str) -> bool {
    let has = has(contact, field);
    match field {
        Field::Phone | Field::Mobile => digits(has) == digits(value),
        Field::Email => has.trim().to_lowercase() == value.to_lowercase(),
        _ => has.trim().nfc().collect::<String>() == value,
    }
}

/// A contact that carries all that is wanted.
pub fn carrying(id: &str, user: &User, rules: &Rules) -> Contact {
    let mut contact = Contact {
        id: ContactId::new(id),
        active: true,
        ..Contact::default()
    };
    for (field, value) in wanted(user, rules) {
        let place = match field {
            Field::FirstName => &mut contact.first_name,
            Field::LastName => &mut contact.last_name,
            Field::Title => &mut contact.title,
            Field::Phone => &mut contact.phone,
            Field::Mobile => &mut contact.mobile,
            _ => &mut contact.email,
        };
        *place = Some(value);
    }
    contact
}
