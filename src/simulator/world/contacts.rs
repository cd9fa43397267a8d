//! The contacts that technicians entered for a customer over the years: most are right, and the rest is the reason for
//! Rollcall. They are neutral; `load` puts them into a PSA.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

use super::mess::Deck;
use super::names;
use super::person::{Maker, bare, department, is_active, is_person};
use super::rng::Rng;
use super::{Options, home_site, words};
use crate::simulator::graph::UserData;

/// A contact in no PSA's own words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PsaContact {
    /// First name.
    pub first: String,
    /// Last name.
    pub last: Option<String>,
    /// Job title.
    pub title: Option<String>,
    /// Phone.
    pub phone: Option<String>,
    /// Mobile phone.
    pub mobile: Option<String>,
    /// Fax: nothing that Rollcall writes.
    pub fax: Option<String>,
    /// The default address.
    pub email: Option<String>,
    /// Further addresses; Autotask keeps two.
    pub other_emails: Vec<String>,
    /// The name of its site.
    pub site: Option<String>,
    /// Whether it is active.
    pub active: bool,
    /// Names of contact types; ConnectWise alone keeps them.
    pub types: Vec<String>,
    /// The company's main contact.
    pub main: bool,
    /// The company's billing contact.
    pub billing: bool,
}

/// Why a contact is as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// As the tenant has the person.
    Same,
    /// With a job title of the past.
    OldTitle,
    /// With a phone number of the past.
    OldPhone,
    /// With the right digits, written in another way.
    Respelled,
    /// At another site than the department's usual one.
    OtherSite,
    /// Inactive, though the person is still there.
    Inactive,
    /// With the person's address among the other emails only.
    AmongOthers,
    /// With an alias of the person as its only address.
    UnderAlias,
    /// With the surname of the past.
    FormerName,
    /// Without any address.
    NoAddress,
    /// The second active contact of a person.
    Duplicate,
    /// A second contact of a person, long inactive.
    InactiveDuplicate,
    /// Of somebody who left the tenant long ago.
    LeftLongAgo,
    /// Of somebody who left, and a successor has the address as an alias.
    Succeeded,
    /// Of somebody who was never in the tenant, such as a supplier.
    Stranger,
}

/// A contact, and what is known about how it came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownContact {
    /// The contact.
    pub contact: PsaContact,
    /// Why it is as it is.
    pub origin: Origin,
    /// The object id of the user whom it is about; `None`: of nobody in the tenant.
    pub user: Option<String>,
}

const OUTSIDE: [&str; 4] = [
    "proseware.example",
    "relecloud.example",
    "treyresearch.example",
    "vanarsdel.example",
];

/// The contact that a careful technician would enter for this user.
pub(super) fn contact_of(user: &UserData, sites: &[String]) -> PsaContact {
    let given = text(user.given_name.as_deref());
    let shown = user.display_name.clone().unwrap_or_default();
    let (shown_first, shown_last) = shown.split_once(' ').unwrap_or((&shown, ""));
    let types = match department(user).to_lowercase().as_str() {
        "it" => "Technical",
        "management" => "Management",
        _ => "End User",
    };
    PsaContact {
        first: given.clone().unwrap_or_else(|| shown_first.nfc().collect()),
        last: text(user.surname.as_deref())
            .or_else(|| text(Some(shown_last)).filter(|_| given.is_none())),
        title: text(user.job_title.as_deref()),
        phone: number(user.business_phones.first()),
        mobile: number(user.mobile_phone.as_ref()),
        email: Some(
            user.mail
                .clone()
                .unwrap_or_else(|| user.user_principal_name.clone()),
        ),
        site: Some(home_site(sites, department(user)).into()),
        active: true,
        types: vec![types.into()],
        ..PsaContact::default()
    }
}

fn text(value: Option<&str>) -> Option<String> {
    let value = value?.trim();
    (!value.is_empty()).then(|| value.nfc().collect())
}

fn number(value: Option<&String>) -> Option<String> {
    value
        .filter(|value| value.chars().any(|each| each.is_ascii_digit()))
        .cloned()
}

/// The contacts of these people, and of others. A few of the people get the address of somebody who left as an alias.
pub(super) fn generate(
    users: &mut [UserData],
    rng: &mut Rng,
    maker: &mut Maker,
    options: &Options,
) -> Vec<KnownContact> {
    let people: Vec<&UserData> = users.iter().filter(|user| is_person(user)).collect();
    let mut list = Vec::new();
    for user in people {
        if rng.percent(options.contacts_percent) {
            list.push(KnownContact {
                contact: contact_of(user, &options.sites),
                origin: Origin::Same,
                user: Some(user.id.clone()),
            });
        }
    }
    if let Some(first) = list.first_mut() {
        first.contact.main = true;
    }
    if options.messy && options.contacts_percent > 0 {
        spoil(&mut list, users, rng, options);
        list.extend(past_and_others(users, rng, maker, options));
    }
    rng.shuffle(&mut list);
    list
}

const SPOILED: [(Origin, usize); 11] = [
    (Origin::OldTitle, 60),
    (Origin::OldPhone, 60),
    (Origin::Respelled, 80),
    (Origin::OtherSite, 40),
    (Origin::Inactive, 20),
    (Origin::AmongOthers, 25),
    (Origin::FormerName, 10),
    (Origin::NoAddress, 8),
    (Origin::Duplicate, 8),
    (Origin::InactiveDuplicate, 10),
    (Origin::UnderAlias, 20),
];

fn spoil(list: &mut Vec<KnownContact>, users: &[UserData], rng: &mut Rng, options: &Options) {
    let users: HashMap<&str, &UserData> =
        users.iter().map(|user| (user.id.as_str(), user)).collect();
    let owner = |known: &KnownContact| users.get(known.user.as_deref()?).copied();
    let mut deck = Deck::new(rng, list.len());
    let mut doubles: Vec<KnownContact> = Vec::new();
    for (origin, per_thousand) in SPOILED {
        let mut drawn = deck.take(per_thousand);
        if origin == Origin::UnderAlias {
            // only some people have an alias, and who has two contacts keeps their address
            let fits = |known: &KnownContact| {
                known.origin == Origin::Same
                    && owner(known).is_some_and(|user| alias(user).is_some())
                    && doubles.iter().all(|double| double.user != known.user)
            };
            let number = drawn.len();
            drawn = (0..list.len())
                .filter(|index| fits(&list[*index]))
                .take(number)
                .collect();
        }
        for index in drawn {
            let known = &mut list[index];
            let Some(user) = owner(known) else {
                continue;
            };
            known.origin = origin;
            doubles.extend(change(known, user, rng, options));
        }
    }
    for known in list.iter_mut() {
        if rng.percent(3) {
            known.contact.types.clear();
        }
        if rng.percent(3) {
            known.contact.fax = Some("+44 20 7946 0999".into());
        }
        if rng.percent(2) {
            known
                .contact
                .other_emails
                .push(format!("reception@{}", OUTSIDE[0]));
        }
    }
    list.extend(doubles);
}

/// Makes a contact what its origin says; a second contact where that is a double.
fn change(
    known: &mut KnownContact,
    user: &UserData,
    rng: &mut Rng,
    options: &Options,
) -> Option<KnownContact> {
    let contact = &mut known.contact;
    let upn = user.user_principal_name.clone();
    match known.origin {
        Origin::OldTitle => {
            let present = contact.title.clone().unwrap_or_default();
            contact.title = Some(words::former_title(rng, department(user), &present));
        }
        Origin::OldPhone => contact.phone = Some("+44 20 7946 0777".into()),
        Origin::Respelled => contact.phone = contact.phone.as_deref().map(words::respelled),
        Origin::OtherSite => {
            let home = contact.site.clone();
            let mut others = options
                .sites
                .iter()
                .filter(|site| Some(*site) != home.as_ref());
            contact.site = if rng.percent(20) {
                None
            } else {
                others.next_back().cloned()
            };
        }
        Origin::Inactive => contact.active = false,
        Origin::AmongOthers => {
            let private = format!("{}@mail.example", super::person::local(&upn));
            contact.email = rng.percent(80).then_some(private);
            contact.other_emails = vec![upn];
        }
        Origin::UnderAlias => contact.email = alias(user).or(contact.email.take()),
        Origin::FormerName => {
            let pool = names::pool(rng);
            contact.last = Some(names::full(rng, pool).1.native);
        }
        Origin::NoAddress => contact.email = None,
        Origin::Duplicate | Origin::InactiveDuplicate => {
            contact.email = Some(upn);
            let mut double = known.clone();
            double.contact.main = false;
            double.contact.phone = None;
            double.contact.active = known.origin == Origin::Duplicate;
            known.origin = Origin::Same;
            return Some(double);
        }
        _ => {}
    }
    None
}

/// An address of the user beside UPN and mail.
fn alias(user: &UserData) -> Option<String> {
    let mut aliases = user
        .proxy_addresses
        .iter()
        .filter(|entry| entry.starts_with("smtp:"));
    let alias =
        aliases.find(|entry| !bare(entry).eq_ignore_ascii_case(&user.user_principal_name))?;
    Some(bare(alias).to_owned())
}

/// People who left long ago, one of them with a successor, suppliers, and the address for bills.
fn past_and_others(
    users: &mut [UserData],
    rng: &mut Rng,
    maker: &mut Maker,
    options: &Options,
) -> Vec<KnownContact> {
    let mut list = Vec::new();
    let of = |per_thousand: usize| (users.len() * per_thousand + 500) / 1000;
    let (gone, succeeded, strangers) = (of(60), of(6), of(20).max(1));
    let nobody = |contact, origin| KnownContact {
        contact,
        origin,
        user: None,
    };
    for _ in 0..gone {
        let former = maker.person(rng);
        let mut contact = contact_of(&former, &options.sites);
        contact.active = rng.percent(40);
        list.push(nobody(contact, Origin::LeftLongAgo));
    }
    for _ in 0..succeeded {
        let former = maker.person(rng);
        let mut successors: Vec<&mut UserData> = users
            .iter_mut()
            .filter(|user| is_active(user) && user.mail.is_some())
            .collect();
        if successors.is_empty() {
            break;
        }
        let chosen = rng.below(successors.len());
        let left = &former.user_principal_name;
        successors[chosen]
            .proxy_addresses
            .push(format!("smtp:{left}"));
        list.push(nobody(
            contact_of(&former, &options.sites),
            Origin::Succeeded,
        ));
    }
    for number in 0..strangers {
        let mut outside = Maker::new(rng.pick(&OUTSIDE), &[]);
        let supplier = outside.person(rng);
        let mut contact = contact_of(&supplier, &options.sites);
        contact.types.clear();
        contact.billing = number == 0;
        list.push(nobody(contact, Origin::Stranger));
    }
    list
}
