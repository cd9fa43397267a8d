//! What a day brings: people come, go, return and change their names, technicians edit, merge and delete contacts, link,
//! ignore and decide, and change settings.

use rand::RngExt;
use rand::rngs::StdRng;
use rollcall::app::App;
use rollcall::db::holds::Signed;
use rollcall::db::jobs::Priority;
use rollcall::db::{companies, holds};
use rollcall::decisions::{self, Decider};
use rollcall::jobs::{enqueue_approval, enqueue_run};
use rollcall::model::{Mode, UserId};
use rollcall::simulator::graph::{MemberData, UserData};
use rollcall::simulator::world::{Day, Happening, Psa as Kind, SPB};

use super::filters;
use super::seen::{Cloud, Seen};
use super::tally::Tally;
use super::world::World;

/// Chance in a hundred.
fn percent(dice: &mut StdRng, chance: u32) -> bool {
    dice.random_range(0..100) < chance
}

fn pick<T: Clone>(dice: &mut StdRng, all: &[T]) -> Option<T> {
    if all.is_empty() {
        return None;
    }
    Some(all[dice.random_range(0..all.len())].clone())
}

/// Lets a day pass for every company.
pub async fn pass(world: &mut World, tally: &Tally) {
    for place in 0..world.towns.len() {
        let mut dice = world.script.dice(world.night, world.towns[place].number);
        remember_everybody(world, place);
        people(world, place, &mut dice, tally);
        technicians(world, place, &mut dice, tally);
        decide(world, place, &mut dice, tally).await;
        settings(world, place, &mut dice, tally).await;
        remember_everybody(world, place);
    }
}

fn remember_everybody(world: &mut World, place: usize) {
    let town = &mut world.towns[place];
    let all = world.microsoft.tenant(&town.tenant, |tenant| {
        tenant
            .users
            .iter()
            .map(|user| user.id.clone())
            .collect::<Vec<_>>()
    });
    town.everybody.extend(all);
}

/// The tenant's side.
fn people(world: &mut World, place: usize, dice: &mut StdRng, tally: &Tally) {
    let town = &world.towns[place];
    let before = world
        .microsoft
        .tenant(&town.tenant, |tenant| tenant.users.clone());
    let some = before.len() / 12 + 1;
    let seed = dice.random_range(0..u64::MAX);
    let mut day = Day::new(seed, &world.microsoft, &town.tenant);
    let psa = match &world.psas[town.psa].cloud {
        Cloud::ConnectWise(cloud) => Kind::ConnectWise(cloud),
        Cloud::Autotask(cloud) => Kind::Autotask(cloud),
    };
    let mut happen = |what: Happening| {
        let events = day.happen(&what, psa, town.company);
        let of = format!("{what:?}");
        let name = of.split(['(', ' ']).next().unwrap_or_default();
        tally.add(format!("day {name}"), events.len());
    };
    happen(Happening::Joiners(dice.random_range(0..=some)));
    if percent(dice, 60) {
        happen(Happening::Leavers(dice.random_range(0..=some)));
    }
    happen(Happening::Renames(usize::from(percent(dice, 40))));
    happen(Happening::TechnicianEdits(dice.random_range(0..=some)));
    if percent(dice, 4) {
        happen(Happening::LosesAThird);
    }
    if percent(dice, 10) {
        let departments = ["IT", "Sales", "Support", "Warehouse", "Management"];
        let mut of = || pick(dice, &departments).unwrap().to_owned();
        let (from, to) = (of(), of());
        happen(Happening::MovesDepartment { from, to });
    }
    let after = world
        .microsoft
        .tenant(&town.tenant, |tenant| tenant.users.clone());
    let stays = |user: &UserData| after.iter().any(|other| other.id == user.id);
    let gone: Vec<UserData> = before.into_iter().filter(|user| !stays(user)).collect();
    world.towns[place].gone.extend(gone);
    returns(world, place, dice, tally);
    groups(world, place, dice);
}

/// Leavers come back: unblocked, licensed again, restored, or hired anew with the same address.
fn returns(world: &mut World, place: usize, dice: &mut StdRng, tally: &Tally) {
    let town = &mut world.towns[place];
    world.microsoft.tenant(&town.tenant, |tenant| {
        for user in &mut tenant.users {
            let idle = user.account_enabled == Some(false)
                || user.assigned_licenses.as_ref().is_some_and(Vec::is_empty);
            if idle && user.job_title.is_some() && percent(dice, 12) {
                user.account_enabled = Some(true);
                user.assigned_licenses = Some(vec![SPB.into()]);
                tally.add("day returned", 1);
            }
        }
        if !town.gone.is_empty() && percent(dice, 25) {
            let at = dice.random_range(0..town.gone.len());
            let mut user = town.gone.remove(at);
            let taken = tenant.users.iter().any(|other| {
                other
                    .user_principal_name
                    .eq_ignore_ascii_case(&user.user_principal_name)
            });
            if taken {
                return;
            }
            if percent(dice, 50) {
                user.id = format!(
                    "{:08x}-0000-4000-8000-{:012x}",
                    dice.random_range(0..u32::MAX),
                    dice.random_range(0..0xffff_ffff_ffff_u64)
                );
                tally.add("day hired anew", 1);
            } else {
                tally.add("day restored", 1);
            }
            tenant.users.push(user);
        }
    });
}

fn groups(world: &World, place: usize, dice: &mut StdRng) {
    let town = &world.towns[place];
    world.microsoft.tenant(&town.tenant, |tenant| {
        for _ in 0..dice.random_range(0..3) {
            let ids: Vec<String> = tenant.users.iter().map(|user| user.id.clone()).collect();
            let Some(user) = pick(dice, &ids) else { return };
            let at = dice.random_range(0..tenant.groups.len());
            let members = &mut tenant.groups[at].members;
            let member = MemberData::User(user);
            if members.contains(&member) {
                members.retain(|one| *one != member);
            } else {
                members.push(member);
            }
        }
    });
}

/// The PSA's side.
fn technicians(world: &mut World, place: usize, dice: &mut StdRng, tally: &Tally) {
    let town = &world.towns[place];
    let cloud = world.psas[town.psa].cloud.clone();
    let contacts = cloud.contacts(town.company);
    let ids: Vec<String> = contacts.keys().cloned().collect();
    let users = world
        .microsoft
        .tenant(&town.tenant, |tenant| tenant.users.clone());
    let mut touched = Vec::new();
    let number = dice.random_range(0..3) + ids.len() / 25;
    for _ in 0..number {
        let Some(id) = pick(dice, &ids) else { break };
        if touched.contains(&id) {
            continue;
        }
        let another = pick(dice, &ids).filter(|other| *other != id && !touched.contains(other));
        let what = match dice.random_range(0..11) {
            0 => {
                cloud.edit(&id, |one| one.active = !one.active);
                "activity"
            }
            1 => {
                cloud.edit(&id, |one| one.first = Some("Renamed".into()));
                "name"
            }
            2 => {
                cloud.edit(&id, |one| one.phone = Some("+1 202 555 0199".into()));
                "phone"
            }
            3 => {
                let site = pick(dice, &town.sites.values().collect::<Vec<_>>());
                let site = site.map(ToString::to_string);
                cloud.edit(&id, |one| one.site = site);
                "site"
            }
            4 => {
                cloud.edit(&id, |one| one.types.clear());
                "types"
            }
            5 => {
                cloud.edit(&id, |one| {
                    one.email = Some(format!("desk{}@{}", one.id, town.domain));
                });
                "email"
            }
            6 => {
                cloud.remove(&id);
                "deleted"
            }
            7 | 8 => {
                let Some(other) = another else { continue };
                merge(&cloud, &contacts[&id], &contacts[&other]);
                touched.push(other);
                "merged"
            }
            9 => {
                let Some(user) = pick(dice, &users) else {
                    continue;
                };
                let new = enter(&cloud, town.company, &user, dice);
                touched.push(new);
                "entered"
            }
            _ => {
                cloud.edit(&id, |one| one.title = Some("Key contact".into()));
                "title"
            }
        };
        touched.push(id);
        tally.add(format!("technicians {what}"), 1);
    }
    world.towns[place].by_hand.extend(touched);
}

/// One contact takes the other's addresses, and the other is gone.
fn merge(cloud: &Cloud, stays: &Seen, goes: &Seen) {
    cloud.remove(&goes.id);
    cloud.edit(&stays.id, |one| {
        for email in goes.email.iter().chain(&goes.others) {
            let known = one.email.iter().chain(&one.others);
            let room = cloud.is_connectwise() || one.others.len() < 2;
            if room && !known.into_iter().any(|has| has.eq_ignore_ascii_case(email)) {
                one.others.push(email.clone());
            }
        }
        one.phone = one.phone.take().or_else(|| goes.phone.clone());
    });
}

/// Somebody is entered by hand, with one of a user's addresses or a strange one.
fn enter(cloud: &Cloud, company: i64, user: &UserData, dice: &mut StdRng) -> String {
    let own = user.user_principal_name.clone();
    let alias = user.proxy_addresses.last();
    let alias = alias
        .and_then(|entry| entry.split_once(':'))
        .map(|(_, one)| one.to_owned());
    let (email, others) = match dice.random_range(0..4) {
        0 => (Some(own), Vec::new()),
        1 => (None, vec![own]),
        2 => (alias, Vec::new()),
        _ => (Some("somebody@proseware.example".into()), Vec::new()),
    };
    let new = Seen {
        active: percent(dice, 80),
        first: Some("Hand".into()),
        last: Some("Made".into()),
        email,
        others,
        ..Seen::default()
    };
    cloud.enter(company, &new)
}

fn signed() -> Signed {
    Signed {
        staff: "Robin".into(),
        note: None,
    }
}

/// Links, ignores and holds.
async fn decide(world: &mut World, place: usize, dice: &mut StdRng, tally: &Tally) {
    let company = world.company(&world.towns[place]).await;
    let app: App = world.workers[0].clone();
    let town = &world.towns[place];
    let ids: Vec<String> = world.microsoft.tenant(&town.tenant, |tenant| {
        tenant.users.iter().map(|user| user.id.clone()).collect()
    });
    if percent(dice, 8)
        && let Some(user) = pick(dice, &ids)
    {
        let id = UserId::new(&user);
        let is_new =
            decisions::ignore(&app, &company, &id, &Decider::alone("Robin"), &|_, _| ()).await;
        if !is_new.unwrap() {
            let stopped =
                decisions::stop_ignoring(&app, &company, &id, &Decider::alone("Robin"), &|_, _| ())
                    .await;
            assert!(stopped.unwrap());
        }
        tally.add("technicians ignored", 1);
    }
    let contacts = world.psas[town.psa].cloud.contacts(town.company);
    let contacts: Vec<String> = contacts.into_keys().collect();
    if percent(dice, 10)
        && let (Some(user), Some(contact)) = (pick(dice, &ids), pick(dice, &contacts))
    {
        let id = contact.as_str().into();
        let linked = decisions::link_by_hand(
            &app,
            &company,
            &user,
            &id,
            &Decider::alone("Robin"),
            &|_, _| (),
        )
        .await;
        if let Ok(decisions::Linking::Linked(_)) = linked {
            tally.add("technicians linked", 1);
            world.towns[place].linked_by_hand.insert(user);
            world.towns[place].by_hand.insert(contact);
        }
    }
    let row = company.id;
    let hold = world.read(move |conn| holds::open_of(conn, row)).await;
    let Some(hold) = hold.filter(|_| percent(dice, 45)) else {
        return;
    };
    let people: Vec<UserId> = hold.people.iter().map(|one| one.user_id.clone()).collect();
    if percent(dice, 50) {
        let some: Vec<UserId> = people
            .into_iter()
            .take(1 + dice.random_range(0..6))
            .collect();
        decisions::dismiss(&app, &company, &some, &signed(), &|_, _| ())
            .await
            .unwrap();
        tally.add("technicians dismissed", 1);
    } else {
        let now = world.clock.now();
        world
            .write(move |conn| enqueue_approval(conn, row, people, &signed(), now))
            .await;
        tally.add("technicians approved", 1);
    }
}

/// Options and filters, saved as a technician saves them.
async fn settings(world: &mut World, place: usize, dice: &mut StdRng, tally: &Tally) {
    let mut company = world.company(&world.towns[place]).await;
    let before = company.clone();
    if percent(dice, 6) {
        company.filters = filters::throw(&world.towns[place], dice);
    }
    if percent(dice, 8) && company.filters.len() > 1 {
        company.filters.rotate_left(1);
    }
    if percent(dice, 3) {
        company.update_existing = !company.update_existing;
    }
    if percent(dice, 3) {
        company.use_email = !company.use_email;
    }
    if percent(dice, 3) {
        let town = &world.towns[place];
        company.default_site = pick(dice, &["Main", "New Site"]).map(|name| town.site(name));
    }
    if company == before {
        return;
    }
    tally.add("technicians saved settings", 1);
    let (row, now) = (company.id, world.clock.now());
    world
        .write(move |conn| {
            assert!(companies::update(conn, &company, now)?);
            enqueue_run(conn, row, Mode::Update, Priority::Save, "Robin", now)
        })
        .await;
}
