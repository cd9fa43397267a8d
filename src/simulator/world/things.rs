//! What a tenant holds beside people: shared mailboxes, rooms, services and guests; and its groups.

use super::person::{Maker, department, is_active, is_person};
use super::rng::Rng;
use super::words::{DEPARTMENTS, EXCHANGESTANDARD, FLOW_FREE};
use crate::simulator::graph::{GroupData, MemberData, UserData};

const MAILBOXES: [&str; 8] = [
    "Info",
    "Sales",
    "Invoices",
    "Support Desk",
    "Jobs",
    "Reception",
    "Scans",
    "Orders",
];
const ROOMS: [&str; 5] = [
    "Boardroom",
    "Meeting Room 1",
    "Meeting Room 2",
    "Phone Booth",
    "Training Room",
];
const SERVICES: [&str; 5] = [
    "svc-backup",
    "svc-scanner",
    "sync_AADConnect",
    "breakglass",
    "adm-helpdesk",
];
const GUESTS: [(&str, &str); 5] = [
    ("Robin Vance", "robin.vance@proseware.example"),
    ("Toni Costa", "toni@relecloud.example"),
    ("Accounts Fabrikam", "accounts@fabrikam.example"),
    ("Alex Doe", "alex.doe@treyresearch.example"),
    ("Noor Haddad", "noor_haddad@vanarsdel.example"),
];

/// Everything that is no person of the company; about one for each ten people.
pub(super) fn others(rng: &mut Rng, maker: &mut Maker, people: usize) -> Vec<UserData> {
    let mut made = Vec::new();
    let share = |percent: usize, most: usize| (people * percent).div_ceil(100).min(most);
    for name in MAILBOXES.iter().take(share(4, MAILBOXES.len())) {
        made.push(mailbox(rng, maker, name));
    }
    for name in ROOMS.iter().take(share(2, ROOMS.len())) {
        let mut room = mailbox(rng, maker, name);
        room.business_phones = vec!["+44 20 7946 0001".into()];
        made.push(room);
    }
    for name in SERVICES.iter().take(share(2, SERVICES.len())) {
        made.push(service(rng, maker, name));
    }
    for number in 0..share(3, 60) {
        made.push(guest(rng, maker, number));
    }
    made
}

/// A mailbox without a licence; sign-in of some of them was never switched off.
fn mailbox(rng: &mut Rng, maker: &mut Maker, name: &str) -> UserData {
    let address = maker.address(&name.to_lowercase().replace(' ', "."));
    UserData {
        id: rng.guid(),
        display_name: Some(name.into()),
        mail: Some(address.clone()),
        proxy_addresses: vec![format!("SMTP:{address}")],
        user_principal_name: address,
        user_type: Some("Member".into()),
        account_enabled: Some(rng.percent(30)),
        assigned_licenses: Some(Vec::new()),
        ..UserData::default()
    }
}

/// A service account; some carry a licence, as some backup programs ask for.
fn service(rng: &mut Rng, maker: &mut Maker, name: &str) -> UserData {
    let address = maker.address(name);
    let licences = match name {
        "svc-scanner" => vec![EXCHANGESTANDARD.to_owned()],
        "adm-helpdesk" => vec![FLOW_FREE.to_owned()],
        _ => Vec::new(),
    };
    UserData {
        id: rng.guid(),
        display_name: Some(name.into()),
        user_principal_name: address,
        user_type: Some("Member".into()),
        account_enabled: Some(true),
        assigned_licenses: Some(licences),
        ..UserData::default()
    }
}

fn guest(rng: &mut Rng, maker: &mut Maker, number: usize) -> UserData {
    let (name, mail) = GUESTS[number % GUESTS.len()];
    let (local, domain) = mail.split_once('@').unwrap_or((mail, "proseware.example"));
    let round = number / GUESTS.len();
    let local = if round == 0 {
        local.into()
    } else {
        format!("{local}{round}")
    };
    UserData {
        id: rng.guid(),
        display_name: Some(name.into()),
        mail: Some(format!("{local}@{domain}")),
        other_mails: vec![format!("{local}@{domain}")],
        user_principal_name: format!("{local}_{domain}#EXT#@{}", maker.domain),
        user_type: Some("Guest".into()),
        account_enabled: Some(true),
        assigned_licenses: Some(if number == 0 {
            vec![FLOW_FREE.into()]
        } else {
            Vec::new()
        }),
        ..UserData::default()
    }
}

/// The groups of a tenant: "Management" (with the nested "Board" and a device), "Field staff", a team for each department,
/// "All departments" of those teams, "Everyone" of that, and "Former staff" with a member who is gone.
pub(super) fn groups(rng: &mut Rng, users: &[UserData]) -> Vec<GroupData> {
    let people: Vec<&UserData> = users.iter().filter(|user| is_person(user)).collect();
    let member = |user: &&UserData| MemberData::User(user.id.clone());
    let mut teams = Vec::new();
    for (name, ..) in DEPARTMENTS {
        let own = people
            .iter()
            .filter(|user| department(user).eq_ignore_ascii_case(name));
        teams.push(group(
            rng,
            &format!("{name} team"),
            own.map(member).collect(),
        ));
    }
    let leads: Vec<&UserData> = people
        .iter()
        .copied()
        .filter(|user| department(user).eq_ignore_ascii_case("Management"))
        .collect();
    let (board, managers) = leads.split_at(leads.len().min(2));
    let board = group(rng, "Board", board.iter().map(member).collect());
    let mut members: Vec<MemberData> = managers.iter().map(member).collect();
    // the head of IT sits at the table too, and fits several filters for it
    let technician = people
        .iter()
        .find(|user| is_active(user) && department(user) == "IT");
    members.extend(technician.map(member));
    members.push(MemberData::Group(board.id.clone()));
    members.push(device(rng));
    let management = group(rng, "Management", members);
    let travelling = people.iter().filter(|_| rng.percent(15)).map(member);
    let mut members: Vec<MemberData> = travelling.collect();
    members.extend([device(rng), device(rng)]);
    let mut field_staff = group(rng, "Field staff", members);
    field_staff.group_types = vec!["Unified".into()];
    field_staff.mail_enabled = true;
    let nested = |teams: &[GroupData]| {
        let ids = teams.iter().map(|team| MemberData::Group(team.id.clone()));
        ids.collect::<Vec<_>>()
    };
    let departments = group(rng, "All departments", nested(&teams));
    let mut members = vec![
        MemberData::Group(departments.id.clone()),
        MemberData::Group(field_staff.id.clone()),
    ];
    let guests = users
        .iter()
        .filter(|user| user.user_type.as_deref() == Some("Guest"));
    members.extend(guests.map(|user| member(&user)));
    let everyone = group(rng, "Everyone", members);
    let gone = people
        .iter()
        .filter(|user| user.account_enabled == Some(false));
    let mut members: Vec<MemberData> = gone.map(member).collect();
    members.push(MemberData::User(rng.guid()));
    let former = group(rng, "Former staff", members);
    teams.extend([
        board,
        management,
        field_staff,
        departments,
        everyone,
        former,
    ]);
    teams
}

pub(super) fn group(rng: &mut Rng, name: &str, members: Vec<MemberData>) -> GroupData {
    GroupData {
        id: rng.guid(),
        display_name: name.into(),
        security_enabled: true,
        members,
        ..GroupData::default()
    }
}

pub(super) fn device(rng: &mut Rng) -> MemberData {
    MemberData::Other {
        kind: "device".into(),
        id: rng.guid(),
    }
}
