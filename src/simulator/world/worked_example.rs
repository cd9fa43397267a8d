//! The worked example: a fixed company of twelve people, written by hand, in which each of five filters takes somebody, and
//! each way to find a contact finds one. Group "Management" and department "IT" go to New Site, licence EXCHANGESTANDARD to
//! Site 2, licence SPB to Main, and all licensed users to Site 3.

use super::contacts::{KnownContact, Origin, PsaContact, contact_of};
use super::rng::Rng;
use super::things::{device, group};
use super::words::{AAD_PREMIUM, ENTERPRISEPACK, EXCHANGESTANDARD, FLOW_FREE, SPB};
use super::{Customer, Options, skus, tenant_of};
use crate::simulator::graph::{GroupData, MemberData, TenantData, UserData};

const DOMAIN: &str = "contoso.example";

/// Where the active people of the worked example land, by user principal name. Swapping the filters for EXCHANGESTANDARD and
/// SPB moves Eleni Papadopoulou to Main and nobody else.
pub const LANDS: [(&str, &str); 10] = [
    ("ada.lindqvist@contoso.example", "New Site"),
    ("ben.okafor@contoso.example", "New Site"),
    ("wei.chen@contoso.example", "New Site"),
    ("lucia.fernandez@contoso.example", "New Site"),
    ("dara.oneill@contoso.example", "Site 2"),
    ("eleni.papadopoulou@contoso.example", "Site 2"),
    ("farid.rahman@contoso.example", "Main"),
    ("greta.muller@contoso.example", "Main"),
    ("hana.kovacevic@contoso.example", "Site 3"),
    ("ivan.petrov@contoso.example", "Site 3"),
];

struct Row {
    address: &'static str,
    first: &'static str,
    last: &'static str,
    department: &'static str,
    title: &'static str,
    licences: &'static [&'static str],
}

const fn row(
    address: &'static str,
    first: &'static str,
    last: &'static str,
    department: &'static str,
    title: &'static str,
    licences: &'static [&'static str],
) -> Row {
    Row {
        address,
        first,
        last,
        department,
        title,
        licences,
    }
}

const PEOPLE: [Row; 12] = [
    row(
        "ada.lindqvist",
        "Ada",
        "Lindqvist",
        "Management",
        "Managing Director",
        &[SPB],
    ),
    // fits all five filters
    row(
        "ben.okafor",
        "Ben",
        "Okafor",
        "IT",
        "Head of IT",
        &[SPB, EXCHANGESTANDARD],
    ),
    row("wei.chen", "伟", "陈", "it ", "Systems Engineer", &[SPB]),
    row(
        "dara.oneill",
        "Dara",
        "O'Neill",
        "Finance",
        "Accountant",
        &[EXCHANGESTANDARD],
    ),
    // fits the last three
    row(
        "eleni.papadopoulou",
        "Ελένη",
        "Παπαδοπούλου",
        "Finance",
        "Financial Controller",
        &[SPB, EXCHANGESTANDARD],
    ),
    row(
        "farid.rahman",
        "Farid",
        "Rahman",
        "Sales",
        "Account Manager",
        &[SPB],
    ),
    // in combining characters, as a Mac sends it
    row(
        "greta.muller",
        "Gre\u{301}ta",
        "Mu\u{308}ller",
        "Sales",
        "Inside Sales",
        &[FLOW_FREE, SPB],
    ),
    row(
        "hana.kovacevic",
        "Hana",
        "Kovačević",
        "Warehouse",
        "Shift Lead",
        &[ENTERPRISEPACK],
    ),
    row(
        "ivan.petrov",
        "Иван",
        "Петров",
        "Support",
        "Support Agent",
        &[ENTERPRISEPACK, AAD_PREMIUM],
    ),
    row(
        "jorge.ibanez",
        "Jorge",
        "Ibáñez",
        "Sales",
        "Sales Representative",
        &[SPB],
    ),
    row(
        "kim.nguyen",
        "Kim",
        "Nguyễn",
        "Sales",
        "Trainee",
        &[FLOW_FREE],
    ),
    row(
        "lucia.fernandez",
        "Lucía",
        "Fernández de Córdoba y Álvarez de Toledo",
        "Management",
        "Chief of Staff",
        &[EXCHANGESTANDARD],
    ),
];

fn address(local: &str) -> String {
    format!("{local}@{DOMAIN}")
}

fn person(rng: &mut Rng, number: usize, row: &Row) -> UserData {
    let address = address(row.address);
    UserData {
        id: rng.guid(),
        display_name: Some(format!("{} {}", row.first, row.last)),
        given_name: Some(row.first.into()),
        surname: Some(row.last.into()),
        mail: Some(address.clone()),
        proxy_addresses: vec![format!("SMTP:{address}")],
        user_principal_name: address,
        department: Some(row.department.into()),
        job_title: Some(row.title.into()),
        business_phones: vec![format!("+44 20 7946 01{number:02}")],
        mobile_phone: number
            .is_multiple_of(2)
            .then(|| format!("+44 7700 9001{number:02}")),
        city: Some("London".into()),
        country: Some("United Kingdom".into()),
        usage_location: Some("GB".into()),
        user_type: Some("Member".into()),
        account_enabled: Some(row.address != "jorge.ibanez"),
        assigned_licenses: Some(row.licences.iter().map(|sku| (*sku).to_owned()).collect()),
        ..UserData::default()
    }
}

/// The customer of the worked example.
pub fn worked_example() -> Customer {
    let mut rng = Rng::new(3, DOMAIN);
    let sites = Options::default().sites;
    let rows = PEOPLE.iter().enumerate();
    let mut users: Vec<UserData> = rows
        .map(|(number, row)| person(&mut rng, number, row))
        .collect();
    users[2]
        .proxy_addresses
        .push(format!("smtp:{}", address("w.chen")));
    users[7]
        .proxy_addresses
        .push(format!("smtp:{}", address("warehouse")));
    let contacts = contacts(&users, &sites);
    let groups = groups(&mut rng, &users);
    let thing = |rng: &mut Rng, name: &str, upn: String, kind: &str| UserData {
        id: rng.guid(),
        display_name: Some(name.into()),
        user_principal_name: upn,
        user_type: Some(kind.into()),
        account_enabled: Some(true),
        assigned_licenses: Some(Vec::new()),
        ..UserData::default()
    };
    users.push(thing(&mut rng, "Info", address("info"), "Member"));
    users.push(thing(&mut rng, "Boardroom", address("boardroom"), "Member"));
    let guest = format!("robin.vance_proseware.example#EXT#@{DOMAIN}");
    users.push(thing(&mut rng, "Robin Vance", guest, "Guest"));
    let tenant = TenantData {
        id: rng.guid(),
        display_name: "Contoso".into(),
        skus: skus(&users),
        users,
        groups,
        ..tenant_of(DOMAIN)
    };
    Customer {
        name: "Contoso".into(),
        domain: DOMAIN.into(),
        tenant,
        sites,
        contacts,
    }
}

/// "Management" is Ada, Lucía and the nested "Board", which is Ben.
fn groups(rng: &mut Rng, users: &[UserData]) -> Vec<GroupData> {
    let member = |place: usize| MemberData::User(users[place].id.clone());
    let board = group(rng, "Board", vec![member(1)]);
    let nested = MemberData::Group(board.id.clone());
    let members = vec![member(0), member(11), nested, device(rng)];
    let management = group(rng, "Management", members);
    let field_staff = group(rng, "Field staff", vec![member(5), member(6), member(9)]);
    vec![board, management, field_staff]
}

fn contacts(users: &[UserData], sites: &[String]) -> Vec<KnownContact> {
    let known = |place: usize, origin: Origin, edit: &dyn Fn(&mut PsaContact)| {
        let user = &users[place];
        let mut contact = contact_of(user, sites);
        contact.types = vec!["End User".into()];
        edit(&mut contact);
        KnownContact {
            contact,
            origin,
            user: Some(user.id.clone()),
        }
    };
    let stranger = |origin: Origin, contact: PsaContact| KnownContact {
        contact,
        origin,
        user: None,
    };
    let main = || Some("Main".to_owned());
    vec![
        known(0, Origin::OtherSite, &|contact| {
            contact.site = main();
            contact.main = true;
        }),
        known(1, Origin::OldTitle, &|contact| {
            contact.title = Some("IT Support".into());
        }),
        known(2, Origin::UnderAlias, &|contact| {
            contact.email = Some(address("w.chen"));
        }),
        known(3, Origin::Inactive, &|contact| contact.active = false),
        known(5, Origin::AmongOthers, &|contact| {
            contact.other_emails = contact
                .email
                .replace("farid@mail.example".into())
                .into_iter()
                .collect();
        }),
        known(6, Origin::Same, &|_| {}),
        known(7, Origin::Same, &|contact| contact.site = main()),
        known(7, Origin::InactiveDuplicate, &|contact| {
            contact.active = false;
            contact.title = None;
        }),
        known(9, Origin::Same, &|_| {}),
        stranger(
            Origin::LeftLongAgo,
            PsaContact {
                first: "Walter".into(),
                last: Some("Osborne".into()),
                email: Some(address("walter.osborne")),
                site: main(),
                active: true,
                ..PsaContact::default()
            },
        ),
        stranger(
            Origin::Stranger,
            PsaContact {
                first: "Accounts".into(),
                last: Some("Payable".into()),
                phone: Some("+44 20 7946 0188".into()),
                email: Some("bills@proseware.example".into()),
                site: main(),
                active: true,
                billing: true,
                ..PsaContact::default()
            },
        ),
    ]
}
