//! From snapshot to plan with traces, on one core: 5,000, 50,000 and 500,000 users against as many contacts, five
//! filters, 10 % changed, 2 % found by alias, the rest linked. The aim: 50,000 in under 200 ms, and linear.

use std::collections::{HashMap, HashSet};
use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rollcall::model::filter::Named;
use rollcall::model::{
    Action, Condition, Contact, ContactType, ContactTypeId, DirectoryField, Filter, GroupId, Guard,
    Limits, Link, LinkMade, Site, SiteId, Sku, SkuId, Target, Test, User, UserId,
};
use rollcall::sync::plan::plan;
use rollcall::sync::snapshot::{Rules, Snapshot};

const FIRST: [&str; 8] = [
    "Anna",
    "Boris",
    "Chloë",
    "Дмитрий",
    "Eve",
    "Farid",
    "Grace",
    "Hugo",
];
const LAST: [&str; 7] = [
    "Example",
    "Müller",
    "Nakamura",
    "O'Brien",
    "Petrova",
    "Quispe",
    "van den Berg",
];
const DEPARTMENTS: [&str; 5] = ["IT", "Sales", "Finance", "Support", "Board"];
const EXCHANGE: &str = "4b9405b0-7788-4568-add1-99614e613b69";
const PREMIUM: &str = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46";
const FREE: &str = "f30db892-07e9-47e9-837c-80727f46fd3d";
const MANAGERS: &str = "2d9b0000-0000-4000-8000-000000000001";

fn user(number: usize) -> User {
    let upn = format!("person.{number}@contoso.example");
    let (first, last) = (FIRST[number % FIRST.len()], LAST[number % LAST.len()]);
    let main = if number.is_multiple_of(3) {
        EXCHANGE
    } else {
        PREMIUM
    };
    User {
        id: UserId::new(&format!("{number:08x}-1111-4222-8333-{number:012x}")),
        mail: Some(upn.clone()),
        aliases: vec![upn.clone(), format!("alias.{number}@contoso.example")],
        upn,
        display_name: Some(format!("{first} {last}")),
        given_name: Some(first.to_owned()),
        surname: Some(last.to_owned()),
        job_title: Some("Engineer".to_owned()),
        business_phone: Some(format!("+44 20 7946 {:04}", number % 10_000)),
        mobile_phone: Some(format!("+44 7700 {number:06}")),
        enabled: Some(true),
        licences: Some(vec![SkuId::new(FREE), SkuId::new(main)]),
        fields: [(
            DirectoryField::Department,
            DEPARTMENTS[number % DEPARTMENTS.len()].to_owned(),
        )]
        .into(),
    }
}

fn filters() -> Vec<Filter> {
    let place = |name: &str, site: &str, test| Filter {
        name: Some(name.to_owned()),
        enabled: true,
        when: vec![Condition {
            negated: false,
            test,
        }],
        target: Target::Place {
            site: Some(Named {
                id: SiteId::new(site),
                name: format!("Site {site}"),
            }),
            contact_type: None,
        },
    };
    let it = Test::Field {
        field: DirectoryField::Department,
        equals: "IT".to_owned(),
    };
    vec![
        place("Management", "40", Test::Group(GroupId::new(MANAGERS))),
        place("IT", "40", it),
        place(
            "Exchange",
            "20",
            Test::Licence("EXCHANGESTANDARD".to_owned()),
        ),
        place("Premium", "10", Test::Licence("SPB".to_owned())),
        place("Everybody", "30", Test::Licensed),
    ]
}

fn rules() -> Rules {
    let site = |id: &str| Site {
        id: SiteId::new(id),
        name: format!("Site {id}"),
        active: true,
    };
    Rules {
        update_existing: true,
        use_email: false,
        filters: filters(),
        default_site: None,
        default_type: Some(Named {
            id: ContactTypeId::new("1"),
            name: "End User".to_owned(),
        }),
        guard: Guard::default(),
        ignored_licences: vec!["FLOW_FREE".to_owned()],
        limits: Limits {
            first_name: 30,
            last_name: 30,
            title: 100,
            phone: 30,
            mobile: 30,
            email: 100,
            last_name_required: false,
        },
        sites: ["10", "20", "30", "40"].map(site).to_vec(),
        contact_types: Some(vec![ContactType {
            id: ContactTypeId::new("1"),
            name: "End User".to_owned(),
        }]),
        company_active: true,
    }
}

/// A company of this size that is in step, but for the changes that the first lines name.
fn company(size: usize) -> Snapshot {
    let sku = |id: &str, part: &str| Sku {
        id: SkuId::new(id),
        part_number: part.to_owned(),
    };
    let users: Vec<User> = (0..size).map(user).collect();
    let by_alias = |number: usize| number % 50 == 7;
    let contact = |(number, user): (usize, &User)| Contact {
        id: (100_000 + number).to_string().as_str().into(),
        active: true,
        first_name: user.given_name.clone(),
        last_name: user.surname.clone(),
        title: user.job_title.clone(),
        phone: user.business_phone.clone(),
        mobile: user.mobile_phone.clone(),
        email: Some(if by_alias(number) {
            user.aliases[1].clone()
        } else {
            user.upn.clone()
        }),
        types: vec![ContactTypeId::new("1")],
        ..Contact::default()
    };
    let contacts: Vec<Contact> = users.iter().enumerate().map(contact).collect();
    let links = (0_i64..)
        .zip(users.iter().zip(&contacts))
        .enumerate()
        .filter(|(number, _)| !by_alias(*number))
        .map(|(_, (id, (user, contact)))| Link {
            id,
            user_id: user.id.clone(),
            upn: user.upn.clone(),
            contact_id: contact.id.clone(),
            made: LinkMade::Address,
            user_deleted: false,
        })
        .collect();
    let managers: HashSet<UserId> = users
        .iter()
        .step_by(40)
        .map(|user| user.id.clone())
        .collect();
    let mut company = Snapshot {
        users,
        deleted: HashSet::new(),
        groups: [(GroupId::new(MANAGERS), managers)].into(),
        skus: vec![
            sku(EXCHANGE, "EXCHANGESTANDARD"),
            sku(PREMIUM, "SPB"),
            sku(FREE, "FLOW_FREE"),
        ],
        contacts,
        links,
        ignored: HashSet::new(),
        dismissed: HashSet::new(),
        unsettled: HashMap::new(),
        hold: None,
        rules: rules(),
    };
    let sites: HashMap<UserId, Option<SiteId>> = plan(&company)
        .people
        .into_iter()
        .map(|person| (person.user_id, person.site.map(|site| site.id)))
        .collect();
    for (user, contact) in company.users.iter().zip(&mut company.contacts) {
        contact.site.clone_from(&sites[&user.id]);
    }
    for user in company.users.iter_mut().skip(1).step_by(10) {
        user.job_title = Some("Lead engineer".to_owned());
    }
    company
}

fn snapshot_to_plan(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("plan");
    group
        .sample_size(10)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(5));
    for size in [5_000, 50_000, 500_000] {
        let company = company(size);
        let planned = plan(&company);
        let count = |action| {
            let people = planned.people.iter();
            people.filter(|person| person.action == action).count()
        };
        // a tenth differs by title, and the 2 % found by alias differ by their address
        assert_eq!(count(Action::Update), size / 10 + size / 50);
        assert_eq!(count(Action::Unchanged), size - size / 10 - size / 50);
        drop(planned);
        group.throughput(Throughput::Elements(size as u64));
        group.bench_with_input(
            BenchmarkId::from_parameter(size),
            &company,
            |bench, company| {
                bench.iter(|| plan(black_box(company)));
            },
        );
    }
    group.finish();
}

criterion_group!(benches, snapshot_to_plan);
criterion_main!(benches);
