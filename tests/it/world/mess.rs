//! A generated customer has every kind of mess, and nothing in it is real.

use unicode_normalization::is_nfc;

use super::*;

#[test]
fn every_kind_of_mess_occurs_from_two_hundred_people_on() {
    type Sign = (&'static str, fn(&UserData) -> bool);
    let signs: [Sign; 25] = [
        ("blocked", |user| {
            user.account_enabled == Some(false) && user.job_title.is_some()
        }),
        ("free licences only", |user| {
            let licences = user.assigned_licenses.as_deref().unwrap_or_default();
            user.job_title.is_some() && !active(user) && licences.contains(&FLOW_FREE.to_owned())
        }),
        ("several licences", |user| {
            user.assigned_licenses.as_ref().unwrap().len() > 1
        }),
        ("guest", |user| {
            user.user_type.as_deref() == Some("Guest")
                && user.user_principal_name.contains("#EXT#@")
        }),
        ("shared mailbox", |user| {
            user.job_title.is_none() && user.mail.is_some() && !active(user)
        }),
        ("service account", |user| {
            user.user_principal_name.starts_with("svc-")
        }),
        ("room", |user| {
            user.display_name.as_deref() == Some("Boardroom")
        }),
        ("alias", |user| {
            user.proxy_addresses
                .iter()
                .any(|entry| entry.starts_with("smtp:"))
        }),
        ("mail differs", |user| {
            user.mail
                .as_deref()
                .is_some_and(|mail| mail != user.user_principal_name)
                && user.user_type.as_deref() == Some("Member")
        }),
        ("no mail", |user| user.mail.is_none() && active(user)),
        ("over-long name", |user| {
            let names = [&user.given_name, &user.surname];
            names
                .iter()
                .any(|name| name.as_ref().is_some_and(|name| name.chars().count() > 30))
        }),
        ("combining characters", |user| {
            !is_nfc(user.display_name.as_deref().unwrap())
        }),
        ("apostrophe", |user| {
            user.surname
                .as_deref()
                .is_some_and(|name| name.contains('\''))
        }),
        ("Cyrillic", |user| within(user, '\u{400}'..='\u{4ff}')),
        ("Greek", |user| within(user, '\u{370}'..='\u{3ff}')),
        ("Chinese or Japanese", |user| {
            within(user, '\u{4e00}'..='\u{9fff}')
        }),
        ("accents", |user| within(user, 'À'..='ž')),
        ("one name", |user| {
            user.job_title.is_some() && !user.display_name.as_deref().unwrap().contains(' ')
        }),
        ("no first name", |user| {
            user.job_title.is_some() && user.given_name.is_none()
        }),
        ("over-long title", |user| {
            let title = user.job_title.as_deref().unwrap_or_default();
            title.encode_utf16().count() > 100
        }),
        ("blank title", |user| {
            user.job_title
                .as_deref()
                .is_some_and(|title| title.trim().is_empty())
        }),
        ("phone without digits", |user| {
            let mut phones = user.business_phones.iter();
            phones.any(|phone| !phone.chars().any(|each| each.is_ascii_digit()))
        }),
        ("sloppy department", |user| {
            user.department
                .as_deref()
                .is_some_and(|name| name.trim() != name)
        }),
        ("extension attribute", |user| {
            user.extension_attributes[0].is_some()
        }),
        ("contractor", |user| {
            user.user_principal_name.contains("@contractors.")
        }),
    ];
    for seed in 0..5 {
        let customer = Customer::generate(seed, "Contoso", 200, &Options::default());
        for (name, sign) in signs {
            assert!(
                customer.tenant.users.iter().any(sign),
                "seed {seed}: {name}"
            );
        }
        let origins: BTreeSet<Origin> =
            customer.contacts.iter().map(|known| known.origin).collect();
        assert_eq!(origins.len(), 15, "seed {seed}: {origins:?}");
        let contacts = || customer.contacts.iter().map(|known| &known.contact);
        assert_eq!(contacts().filter(|contact| contact.main).count(), 1);
        assert_eq!(contacts().filter(|contact| contact.billing).count(), 1);
        let known: BTreeSet<_> = customer
            .contacts
            .iter()
            .filter_map(|known| known.user.clone())
            .collect();
        let without = customer
            .tenant
            .users
            .iter()
            .filter(|user| active(user) && !known.contains(&user.id));
        assert!(
            without.count() > 5,
            "seed {seed}: some people have no contact yet"
        );
    }
}

fn within(user: &UserData, range: std::ops::RangeInclusive<char>) -> bool {
    user.display_name
        .as_deref()
        .expect("a name")
        .chars()
        .any(|each| range.contains(&each))
}

#[test]
fn all_addresses_and_numbers_are_fictional_and_no_address_belongs_to_two() {
    let customer = contoso(400);
    let mut owners: HashMap<String, &str> = HashMap::new();
    for user in &customer.tenant.users {
        let proxies = user
            .proxy_addresses
            .iter()
            .filter(|entry| !entry.starts_with("SIP:"));
        let proxies = proxies.map(|entry| entry.split_once(':').unwrap().1.to_owned());
        for address in proxies
            .chain(user.mail.clone())
            .chain([user.user_principal_name.clone()])
        {
            assert!(address.ends_with(".example"), "{address}");
            let owner = owners.entry(address.to_lowercase()).or_insert(&user.id);
            assert_eq!(*owner, user.id, "{address}");
        }
        for phone in user.business_phones.iter().chain(&user.mobile_phone) {
            let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
            let fictional = ["2079460", "7700900", "2025550"]
                .iter()
                .any(|part| digits.contains(part))
                || digits.contains("20255501");
            assert!(digits.is_empty() || fictional, "{phone}");
        }
    }
    for known in &customer.contacts {
        for address in known
            .contact
            .email
            .iter()
            .chain(&known.contact.other_emails)
        {
            assert!(address.ends_with(".example"), "{address}");
        }
    }
}
