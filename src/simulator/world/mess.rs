//! What years of hands do to a tenant: everything here happens to real customers. Shares are per thousand people, so that
//! from 200 people on each kind of mess occurs.

use super::names;
use super::person::{Maker, bare, department, readdress};
use super::rng::Rng;
use super::words::{
    self, AAD_PREMIUM, ENTERPRISEPACK, EXCHANGESTANDARD, FLOW_FREE, POWER_BI_STANDARD, SPB,
};
use crate::simulator::graph::UserData;

/// Draws people for one mess after the other, nobody twice until everybody has been drawn.
pub(super) struct Deck {
    order: Vec<usize>,
    next: usize,
}

impl Deck {
    pub(super) fn new(rng: &mut Rng, people: usize) -> Self {
        let mut order: Vec<usize> = (0..people).collect();
        rng.shuffle(&mut order);
        Self { order, next: 0 }
    }

    /// So many of a thousand, rounded.
    pub(super) fn take(&mut self, per_thousand: usize) -> Vec<usize> {
        let people = self.order.len();
        let number = (people * per_thousand + 500) / 1000;
        let drawn = (0..number.min(people)).map(|step| self.order[(self.next + step) % people]);
        let drawn = drawn.collect();
        self.next += number;
        drawn
    }
}

/// People whose names are special, in place of so many usual ones.
pub(super) fn special_names(rng: &mut Rng, maker: &mut Maker, people: usize) -> Vec<UserData> {
    let mut users = Vec::new();
    for (pool, per_thousand) in [
        (&names::LONG, 8),
        (&names::DECOMPOSED, 10),
        (&names::CYRILLIC, 10),
        (&names::GREEK, 8),
        (&names::EAST_ASIAN, 10),
    ] {
        for _ in 0..(people * per_thousand + 500) / 1000 {
            users.push(maker.person_of(rng, pool));
        }
    }
    for _ in 0..(people * 8 + 500) / 1000 {
        let name = rng.pick(names::ONE_NAME);
        let mut user = maker.person(rng);
        let address = maker.address(&names::latin_letters(name));
        user.display_name = Some(name.into());
        user.given_name = rng.percent(50).then(|| name.into());
        user.surname = None;
        user.proxy_addresses.clear();
        readdress(&mut user, &address);
        user.user_principal_name = address;
        users.push(user);
    }
    users
}

/// One kind of mess, done to one user.
type Mess = fn(&mut UserData, &mut Rng, &mut Maker);

/// Who works at all.
const STANDING: [(usize, Mess); 4] = [
    (30, blocked),
    (25, free_only),
    (15, |user, _, _| user.assigned_licenses = Some(Vec::new())),
    (50, several_licences),
];

/// What may be odd about anybody.
const ODDITIES: [(usize, Mess); 15] = [
    (25, mail_differs),
    (8, no_mail),
    (80, aliases),
    (20, married),
    (8, only_a_display_name),
    (10, blanks),
    (8, |user, rng, _| {
        user.job_title = Some(words::long_title(rng));
    }),
    (25, |user, _, _| {
        user.business_phones = vec!["+44 20 7946 0000".into()];
    }),
    (60, |user, _, _| user.business_phones = Vec::new()),
    (15, sloppy_department),
    (8, |user, _, _| user.department = Some("Selling".into())),
    (50, extension_attributes),
    (6, |user, _, _| user.user_type = None),
    (20, contractor),
    (8, |user, _, _| {
        user.given_name = user.given_name.take().map(|name| format!(" {name} "));
    }),
];

/// Does everything to somebody.
pub(super) fn mess_up(users: &mut [UserData], rng: &mut Rng, maker: &mut Maker) {
    for messes in [&STANDING[..], &ODDITIES] {
        let mut deck = Deck::new(rng, users.len());
        for (per_thousand, mess) in messes {
            for index in deck.take(*per_thousand) {
                mess(&mut users[index], rng, maker);
            }
        }
    }
}

fn blocked(user: &mut UserData, rng: &mut Rng, _: &mut Maker) {
    user.account_enabled = Some(false);
    if rng.percent(50) {
        user.assigned_licenses = Some(Vec::new());
    }
}

fn free_only(user: &mut UserData, rng: &mut Rng, _: &mut Maker) {
    let mut licences = vec![FLOW_FREE.to_owned()];
    if rng.percent(40) {
        licences.push(POWER_BI_STANDARD.into());
    }
    user.assigned_licenses = Some(licences);
}

fn several_licences(user: &mut UserData, rng: &mut Rng, _: &mut Maker) {
    let several: [&[&str]; 4] = [
        &[SPB, AAD_PREMIUM],
        &[EXCHANGESTANDARD, SPB],
        &[FLOW_FREE, ENTERPRISEPACK, POWER_BI_STANDARD],
        &[EXCHANGESTANDARD, AAD_PREMIUM, FLOW_FREE],
    ];
    let several = rng.pick(&several).iter();
    user.assigned_licenses = Some(several.map(|sku| (*sku).to_owned()).collect());
}

/// The address on the card is not the one that signs in.
fn mail_differs(user: &mut UserData, _: &mut Rng, maker: &mut Maker) {
    let address = user.user_principal_name.clone();
    let local = address.split('@').next().unwrap_or_default();
    let short = match local.split_once('.') {
        Some((first, last)) => format!("{}{last}", first.get(..1).unwrap_or_default()),
        None => format!("{local}.mail"),
    };
    let mail = maker.address(&short);
    readdress(user, &mail);
}

fn no_mail(user: &mut UserData, _: &mut Rng, _: &mut Maker) {
    user.mail = None;
    user.proxy_addresses.clear();
}

fn aliases(user: &mut UserData, rng: &mut Rng, maker: &mut Maker) {
    let local = user
        .user_principal_name
        .split('@')
        .next()
        .unwrap_or_default()
        .to_owned();
    let surname = local.split('.').next_back().unwrap_or(&local).to_owned();
    let alias = maker.address(&surname);
    user.proxy_addresses.push(format!("smtp:{alias}"));
    if rng.percent(40) {
        user.proxy_addresses
            .push(format!("smtp:{local}@old-{}", maker.domain));
    }
    if rng.percent(20) {
        user.proxy_addresses
            .push(format!("SIP:{}", user.user_principal_name));
    }
}

/// A new surname years ago, and the old address is an alias since.
fn married(user: &mut UserData, rng: &mut Rng, maker: &mut Maker) {
    rename(user, rng, maker);
}

/// Gives a new surname, with a new address in UPN and mail; the old one stays as an alias.
pub(super) fn rename(user: &mut UserData, rng: &mut Rng, maker: &mut Maker) {
    let old = user.user_principal_name.clone();
    let local = old.split('@').next().unwrap_or_default();
    let first = local.split('.').next().unwrap_or_default().to_owned();
    let present = user.surname.clone();
    let surname = loop {
        let pool = names::pool(rng);
        let (_, surname) = names::full(rng, pool);
        if Some(&surname.native) != present.as_ref() && !surname.latin.is_empty() {
            break surname;
        }
    };
    let mut wanted = format!("{first}.{}", surname.latin);
    wanted.truncate(48);
    let address = maker.address(&wanted);
    let listed = user
        .proxy_addresses
        .iter()
        .any(|entry| bare(entry).eq_ignore_ascii_case(&old));
    if !listed {
        user.proxy_addresses.push(format!("smtp:{old}"));
    }
    readdress(user, &address);
    let shown = user.display_name.as_deref().unwrap_or_default();
    let given = user.given_name.as_deref().or(shown.split(' ').next());
    let given = given.unwrap_or_default().trim();
    user.display_name = Some(format!("{given} {}", surname.native));
    user.surname = Some(surname.native);
    user.mail_nickname = Some(wanted);
    user.user_principal_name = address;
}

fn only_a_display_name(user: &mut UserData, _: &mut Rng, _: &mut Maker) {
    user.given_name = None;
    user.surname = None;
}

fn blanks(user: &mut UserData, rng: &mut Rng, _: &mut Maker) {
    user.job_title = Some("  ".into());
    user.business_phones = vec![rng.pick(&["n/a", "-", " "]).into()];
    user.mobile_phone = Some(String::new());
    user.office_location = None;
    user.department = None;
}

fn sloppy_department(user: &mut UserData, rng: &mut Rng, _: &mut Maker) {
    let department = department(user);
    let sloppy = match rng.below(3) {
        0 => format!("{department} "),
        1 => format!(" {}", department.to_lowercase()),
        _ => department.to_uppercase() + " ",
    };
    user.department = Some(sloppy);
}

fn extension_attributes(user: &mut UserData, rng: &mut Rng, _: &mut Maker) {
    user.extension_attributes[0] = Some(format!("Cost centre {}", 4100 + rng.below(12)));
    user.extension_attributes[6] = rng.percent(30).then(|| "NoSync".into());
    user.extension_attributes[14] = rng.percent(30).then(|| "Remote".into());
    user.employee_id = Some(format!("{:05}", rng.below(100_000)));
}

fn contractor(user: &mut UserData, _: &mut Rng, maker: &mut Maker) {
    let old = user.user_principal_name.clone();
    let local = old.split('@').next().unwrap_or_default();
    user.employee_type = Some("Contractor".into());
    user.company_name = Some("Proseware Staffing".into());
    user.user_principal_name = format!("{local}@contractors.{}", maker.domain);
}
