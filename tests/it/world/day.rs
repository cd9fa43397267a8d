//! A day changes the state of the simulators, and says how.

use super::*;

fn users_by_id(microsoft: &Microsoft, tenant: &str) -> HashMap<String, UserData> {
    microsoft.tenant(tenant, |tenant| {
        let users = tenant.users.iter().cloned();
        users.map(|user| (user.id.clone(), user)).collect()
    })
}

#[test]
fn a_day_changes_the_tenant_and_says_what_it_did() {
    let customer = contoso(200);
    let microsoft = Microsoft::new();
    let tenant = load_graph(&microsoft, &customer, APP, AppData::reader("right"));
    let before = users_by_id(&microsoft, &tenant);
    let mut day = Day::new(1, &microsoft, &tenant);
    let spared = customer.worth_explaining().unwrap();
    day.spare(spared);
    let joined = day.joiners(4);
    let left = day.leavers(6);
    let renamed = day.renames(3);
    let moved = day.moves_department("Support", "Care");
    let after = users_by_id(&microsoft, &tenant);

    assert_eq!((joined.len(), left.len(), renamed.len()), (4, 6, 3));
    assert!(moved.len() > 10);
    for event in &joined {
        assert!(!before.contains_key(&event.user_id) && active(&after[&event.user_id]));
    }
    for event in &left {
        assert!(active(&before[&event.user_id]), "{event:?}");
        let now = after.get(&event.user_id);
        match event.what {
            What::Deleted => assert!(now.is_none()),
            What::Blocked => assert_eq!(now.unwrap().account_enabled, Some(false)),
            What::LicenceRemoved => {
                assert!(now.unwrap().assigned_licenses.as_ref().unwrap().is_empty());
            }
            _ => panic!("{event:?}"),
        }
    }
    for what in [What::Deleted, What::Blocked, What::LicenceRemoved] {
        assert_eq!(left.iter().filter(|event| event.what == what).count(), 2);
    }
    for event in &renamed {
        let (old, new) = (&before[&event.user_id], &after[&event.user_id]);
        assert_ne!(old.user_principal_name, new.user_principal_name);
        assert_ne!(old.surname, new.surname);
        assert_eq!(new.mail.as_deref(), Some(event.upn.as_str()));
        let alias = format!("smtp:{}", old.user_principal_name);
        assert!(
            new.proxy_addresses.contains(&alias),
            "{:?}",
            new.proxy_addresses
        );
        let primaries = new
            .proxy_addresses
            .iter()
            .filter(|entry| entry.starts_with("SMTP:"));
        assert_eq!(primaries.count(), 1);
    }
    for event in &moved {
        assert_eq!(after[&event.user_id].department.as_deref(), Some("Care"));
    }
    let all = [&joined, &left, &renamed];
    let touched: BTreeSet<&str> = all
        .into_iter()
        .flatten()
        .map(|event| event.user_id.as_str())
        .collect();
    assert_eq!(touched.len(), 13, "nobody twice");
    assert!(!touched.contains(customer.user(spared).unwrap().id.as_str()));
    assert!(
        renamed[0].sentence().contains(" is called "),
        "{}",
        renamed[0].sentence()
    );

    let again = Microsoft::new();
    load_graph(&again, &customer, APP, AppData::reader("right"));
    let mut same = Day::new(1, &again, &tenant);
    same.spare(spared);
    assert_eq!((same.joiners(4), same.leavers(6)), (joined, left));
}

#[test]
fn a_third_is_lost_at_once() {
    let customer = contoso(65);
    let microsoft = Microsoft::new();
    let tenant = load_graph(&microsoft, &customer, APP, AppData::reader("right"));
    let lost = Day::new(1, &microsoft, &tenant).loses_a_third();
    let after = users_by_id(&microsoft, &tenant);
    let left = after.values().filter(|user| active(user)).count();
    assert_eq!(lost.len(), customer.active_users().div_ceil(3));
    assert_eq!(left, customer.active_users() - lost.len());
}

#[test]
fn technicians_edits_change_the_contacts_of_active_people_alone() {
    let customer = contoso(80);
    let (first, second) = (
        ConnectWise::new(connectwise::Settings::default()),
        Autotask::new(autotask::Settings::default()),
    );
    for psa in [Psa::ConnectWise(&first), Psa::Autotask(&second)] {
        let microsoft = Microsoft::new();
        let tenant = load_graph(&microsoft, &customer, APP, AppData::reader("right"));
        let company = psa.load(&customer).company_id;
        let before: HashMap<i64, PsaContact> = psa.contacts(company).into_iter().collect();
        let edits = Day::new(2, &microsoft, &tenant).technician_edits(psa, company, 6);
        assert_eq!(edits.len(), 6);
        let mut fields = BTreeSet::new();
        for (id, contact) in psa.contacts(company) {
            let edit = edits.iter().find_map(|event| match &event.what {
                What::Edited {
                    contact_id,
                    field,
                    before,
                    after,
                } if *contact_id == id => {
                    assert!(active(customer.user(&event.upn).unwrap()));
                    Some((*field, Some(before.clone()), Some(after.clone())))
                }
                _ => None,
            });
            let mut expected = before[&id].clone();
            if let Some((field, old, new)) = edit {
                fields.insert(field);
                let place = if field == "title" {
                    &mut expected.title
                } else {
                    &mut expected.phone
                };
                assert_eq!(*place, old);
                *place = new;
            }
            assert_eq!(contact, expected);
        }
        assert!(fields.into_iter().eq(["phone", "title"]));
    }
}
