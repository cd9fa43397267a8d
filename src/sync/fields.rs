//! Which fields of a contact differ from the user's, and how they are written: `behaviour.md` section 7. Pure.

use std::borrow::Cow;

use super::snapshot::Rules;
use crate::model::filter::Named;
use crate::model::{Contact, ContactTypeId, Field, FieldChange, FieldValue, SiteId, User, text};

/// What the user's side says, cut to the PSA's lengths; a blank is `None`.
struct Wanted<'a> {
    first_name: Option<Cow<'a, str>>,
    last_name: Option<Cow<'a, str>>,
    title: Option<Cow<'a, str>>,
    phone: Option<Cow<'a, str>>,
    mobile: Option<Cow<'a, str>>,
    email: Option<Cow<'a, str>>,
}

impl<'a> Wanted<'a> {
    fn of(user: &'a User, rules: &Rules) -> Self {
        let limits = &rules.limits;
        let line = |value: Option<&'a str>, limit| {
            text::present(value).and_then(|value| cut(value, limit))
        };
        let number = |value: Option<&'a str>, limit| {
            line(value, limit).filter(|value| value.bytes().any(|byte| byte.is_ascii_digit()))
        };
        Self {
            first_name: line(user.given_name.as_deref(), limits.first_name),
            last_name: line(user.surname.as_deref(), limits.last_name),
            title: line(user.job_title.as_deref(), limits.title),
            phone: number(user.business_phone.as_deref(), limits.phone),
            mobile: number(user.mobile_phone.as_deref(), limits.mobile),
            email: line(Some(user.address_as_written(rules.use_email)), limits.email),
        }
    }
}

/// The value as the PSA can keep it. A cut that leaves nothing (a limit of 0, a pair of units at the limit) makes a
/// blank, which never overwrites.
fn cut(value: Cow<'_, str>, limit: usize) -> Option<Cow<'_, str>> {
    let value = match value {
        Cow::Borrowed(value) => Cow::Borrowed(text::cut(value, limit)),
        Cow::Owned(value) => Cow::Owned(text::cut(&value, limit).to_owned()),
    };
    (!value.is_empty()).then_some(value)
}

/// The fields of the contact that differ from what the user's side wants. A blank never differs.
pub fn differing(
    user: &User,
    contact: &Contact,
    rules: &Rules,
    site: Option<&Named<SiteId>>,
    contact_type: Option<&Named<ContactTypeId>>,
) -> Vec<FieldChange> {
    let wanted = Wanted::of(user, rules);
    let mut changes = Vec::new();
    let mut compare = |field, wanted: Option<Cow<'_, str>>, has: Option<&str>, same: Same| {
        if let Some(wanted) = wanted
            && !same.holds(&wanted, has.unwrap_or_default())
        {
            let from = match text::present(has) {
                Some(_) => FieldValue::Text(has.unwrap_or_default().to_owned()),
                None => FieldValue::Blank,
            };
            changes.push(FieldChange {
                field,
                from,
                to: FieldValue::Text(wanted.into_owned()),
            });
        }
    };
    compare(
        Field::FirstName,
        wanted.first_name,
        contact.first_name.as_deref(),
        Same::Exact,
    );
    compare(
        Field::LastName,
        wanted.last_name,
        contact.last_name.as_deref(),
        Same::Exact,
    );
    compare(
        Field::Title,
        wanted.title,
        contact.title.as_deref(),
        Same::Exact,
    );
    compare(
        Field::Phone,
        wanted.phone,
        contact.phone.as_deref(),
        Same::Digits,
    );
    compare(
        Field::Mobile,
        wanted.mobile,
        contact.mobile.as_deref(),
        Same::Digits,
    );
    compare(
        Field::Email,
        wanted.email,
        contact.email.as_deref(),
        Same::Folded,
    );
    if let Some(site) = site
        && contact.site.as_ref() != Some(&site.id)
    {
        changes.push(FieldChange {
            field: Field::Site,
            from: now(contact, Field::Site, rules),
            to: to_site(site, rules),
        });
    }
    if let Some(contact_type) = contact_type
        && !contact.types.contains(&contact_type.id)
    {
        changes.push(added(contact_type));
    }
    changes
}

/// The fields of a contact that is made for the user: first and last names are made up where they are blank.
pub fn for_new(
    user: &User,
    rules: &Rules,
    site: Option<&Named<SiteId>>,
    contact_type: Option<&Named<ContactTypeId>>,
) -> Vec<FieldChange> {
    let mut wanted = Wanted::of(user, rules);
    let display = text::present(user.display_name.as_deref()).unwrap_or_default();
    let mut words = display.splitn(2, char::is_whitespace);
    let (first, rest) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default().trim(),
    );
    if wanted.first_name.is_none() {
        let address = user.address_as_written(rules.use_email);
        let local = address.split('@').next().unwrap_or_default().trim();
        wanted.first_name = [first, local, "-"]
            .into_iter()
            .find_map(|name| cut(text::nfc(name), rules.limits.first_name));
    }
    if wanted.last_name.is_none() {
        wanted.last_name = cut(text::nfc(rest), rules.limits.last_name)
            .or_else(|| rules.limits.last_name_required.then(|| "-".into()));
    }
    let texts = [
        (Field::FirstName, wanted.first_name),
        (Field::LastName, wanted.last_name),
        (Field::Title, wanted.title),
        (Field::Phone, wanted.phone),
        (Field::Mobile, wanted.mobile),
        (Field::Email, wanted.email),
    ];
    let mut fields: Vec<FieldChange> = texts
        .into_iter()
        .filter_map(|(field, value)| {
            let to = FieldValue::Text(value?.into_owned());
            Some(FieldChange {
                field,
                from: FieldValue::Blank,
                to,
            })
        })
        .collect();
    if let Some(site) = site {
        let to = to_site(site, rules);
        fields.push(FieldChange {
            field: Field::Site,
            from: FieldValue::Blank,
            to,
        });
    }
    fields.extend(contact_type.map(added));
    fields
}

/// Whether the contact has this value, compared as the user's side is.
pub fn has(contact: &Contact, field: Field, value: &FieldValue) -> bool {
    let text = |has: Option<&String>, same: Same| {
        let has = has.map(String::as_str);
        match value {
            FieldValue::Text(wanted) => has.is_some_and(|has| same.holds(&text::line(wanted), has)),
            FieldValue::Blank => text::present(has).is_none(),
            _ => false,
        }
    };
    match (field, value) {
        (Field::FirstName, _) => text(contact.first_name.as_ref(), Same::Exact),
        (Field::LastName, _) => text(contact.last_name.as_ref(), Same::Exact),
        (Field::Title, _) => text(contact.title.as_ref(), Same::Exact),
        (Field::Phone, _) => text(contact.phone.as_ref(), Same::Digits),
        (Field::Mobile, _) => text(contact.mobile.as_ref(), Same::Digits),
        (Field::Email, _) => text(contact.email.as_ref(), Same::Folded),
        (Field::Active, FieldValue::Flag(active)) => contact.active == *active,
        (Field::Site, FieldValue::Site(id, _)) => contact.site.as_ref() == Some(id),
        (Field::Site, FieldValue::Blank) => contact.site.is_none(),
        (Field::ContactType, FieldValue::ContactType(id, _)) => contact.types.contains(id),
        (Field::Active | Field::Site | Field::ContactType, _) => false,
    }
}

/// What the contact has. A contact type is none of one contact alone, and a blank here.
pub fn now(contact: &Contact, field: Field, rules: &Rules) -> FieldValue {
    let text = |has: Option<&String>| match text::present(has.map(String::as_str)) {
        Some(_) => FieldValue::Text(has.cloned().unwrap_or_default()),
        None => FieldValue::Blank,
    };
    match field {
        Field::Active => FieldValue::Flag(contact.active),
        Field::FirstName => text(contact.first_name.as_ref()),
        Field::LastName => text(contact.last_name.as_ref()),
        Field::Title => text(contact.title.as_ref()),
        Field::Phone => text(contact.phone.as_ref()),
        Field::Mobile => text(contact.mobile.as_ref()),
        Field::Email => text(contact.email.as_ref()),
        Field::Site => contact.site.as_ref().map_or(FieldValue::Blank, |id| {
            FieldValue::Site(id.clone(), rules.site_name(id))
        }),
        Field::ContactType => FieldValue::Blank,
    }
}

/// A contact that becomes active or inactive.
pub fn active(from: bool, to: bool) -> FieldChange {
    FieldChange {
        field: Field::Active,
        from: FieldValue::Flag(from),
        to: FieldValue::Flag(to),
    }
}

/// The site by the name that it has now.
fn to_site(site: &Named<SiteId>, rules: &Rules) -> FieldValue {
    let now = rules.site_name(&site.id);
    FieldValue::Site(
        site.id.clone(),
        if now.is_empty() {
            site.name.clone()
        } else {
            now
        },
    )
}

fn added(contact_type: &Named<ContactTypeId>) -> FieldChange {
    FieldChange {
        field: Field::ContactType,
        from: FieldValue::Blank,
        to: FieldValue::ContactType(contact_type.id.clone(), contact_type.name.clone()),
    }
}

/// How two values are compared.
#[derive(Clone, Copy)]
enum Same {
    Exact,
    Digits,
    Folded,
}

impl Same {
    fn holds(self, wanted: &str, has: &str) -> bool {
        match self {
            Self::Exact => text::line(has) == wanted,
            Self::Digits => text::same_digits(wanted, has),
            Self::Folded => text::folded(has) == text::folded(wanted),
        }
    }
}
