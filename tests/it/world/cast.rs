//! The demo's companies, and the worked example among them.

use super::*;

#[test]
fn the_cast_is_eight_companies_whose_filters_name_what_is_there() {
    let cast = cast();
    let count = |kind| cast.iter().filter(|member| member.kind == kind).count();
    assert_eq!((count(Kind::ConnectWise), count(Kind::Autotask)), (5, 3));
    let people = |member: &CastMember| {
        member
            .customer
            .tenant
            .users
            .iter()
            .filter(|user| user.job_title.is_some())
            .count()
    };
    let sizes: Vec<usize> = cast.iter().map(people).collect();
    assert_eq!(sizes, [12, 5, 24, 40, 65, 110, 180, 1200]);
    let tenants: BTreeSet<&str> = cast
        .iter()
        .map(|member| member.customer.tenant.id.as_str())
        .collect();
    assert_eq!(tenants.len(), 8);
    for member in &cast {
        let customer = &member.customer;
        assert!(
            active(customer.user(&member.explain).unwrap()),
            "{}",
            customer.name
        );
        assert!(
            customer
                .sites
                .iter()
                .any(|site| site == member.default_site)
        );
        for filter in &member.filters {
            assert!(
                filter
                    .site
                    .is_none_or(|site| customer.sites.iter().any(|each| each == site))
            );
            for condition in &filter.when {
                if let CastCondition::Group(name) = condition {
                    assert!(customer.group_id(name).is_some(), "{name}");
                }
            }
        }
    }
    assert_eq!(cast[0].explain, "ben.okafor@contoso.example");
}

/// Whether a group holds a user, directly or through nested groups.
fn holds(groups: &[GroupData], name: &str, user: &str) -> bool {
    let group = groups
        .iter()
        .find(|group| group.display_name == name || group.id == name)
        .expect("a group");
    group.members.iter().any(|member| match member {
        MemberData::User(id) => id == user,
        MemberData::Group(id) => holds(groups, id, user),
        MemberData::Other { .. } => false,
    })
}

#[test]
fn the_worked_example_lands_everybody_once_at_the_highest() {
    let first = cast().remove(0);
    let tenant = &first.customer.tenant;
    let site = |user: &UserData, filters: &[CastFilter]| {
        let fits = |condition: &CastCondition| match condition {
            CastCondition::Licensed => true,
            CastCondition::Group(name) => holds(&tenant.groups, name, &user.id),
            CastCondition::Field("department", value) => user
                .department
                .as_deref()
                .unwrap()
                .trim()
                .eq_ignore_ascii_case(value),
            CastCondition::Licence(part) => {
                let (id, _) = SKUS.iter().find(|(_, name)| name == part).unwrap();
                user.assigned_licenses
                    .as_ref()
                    .unwrap()
                    .contains(&(*id).to_owned())
            }
            other => panic!("{other:?}"),
        };
        let mut filters = filters.iter();
        filters
            .find(|filter| filter.when.iter().all(fits))
            .unwrap()
            .site
            .unwrap()
    };
    let land = |filters: &[CastFilter]| -> BTreeSet<(String, &'static str)> {
        let users = tenant.users.iter().filter(|user| active(user));
        users
            .map(|user| (user.user_principal_name.clone(), site(user, filters)))
            .collect()
    };
    let lands = land(&first.filters);
    assert_eq!(
        lands,
        LANDS.map(|(upn, site)| (upn.to_owned(), site)).into()
    );
    let mut swapped = first.filters.clone();
    swapped.swap(2, 3);
    let moved: Vec<_> = land(&swapped).difference(&lands).cloned().collect();
    assert_eq!(
        moved,
        [("eleni.papadopoulou@contoso.example".to_owned(), "Main")]
    );
}

#[test]
fn everything_that_the_day_of_the_cast_brings_happens() {
    let connectwise = ConnectWise::new(connectwise::Settings::default());
    let autotask = Autotask::new(autotask::Settings::default());
    let microsoft = Microsoft::new();
    for member in cast() {
        let psa = match member.kind {
            Kind::ConnectWise => Psa::ConnectWise(&connectwise),
            Kind::Autotask => Psa::Autotask(&autotask),
        };
        let company = psa.load(&member.customer).company_id;
        let tenant = load_graph(&microsoft, &member.customer, APP, AppData::reader("right"));
        let mut day = Day::new(1, &microsoft, &tenant);
        day.spare(&member.explain);
        for happening in &member.day {
            let events = day.happen(happening, psa, company);
            let wanted = match happening {
                Happening::Joiners(number)
                | Happening::Leavers(number)
                | Happening::Renames(number)
                | Happening::TechnicianEdits(number) => *number,
                Happening::MovesDepartment { .. } => 5,
                Happening::LosesAThird => 15,
            };
            let name = &member.customer.name;
            assert!(
                events.len() >= wanted,
                "{name}: {happening:?} gave {}",
                events.len()
            );
            assert!(events.iter().all(|event| !event.name.is_empty()));
        }
    }
}
