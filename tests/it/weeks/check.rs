//! What is looked at after each night: contacts against the oracle, strangers against what technicians left, and, after a
//! quiet night, the history against what the PSA really went through, and a further run.

use std::collections::{BTreeMap, BTreeSet};

use rollcall::db::jobs::Priority;
use rollcall::db::links;
use rollcall::db::runs::{self as run_rows, Run};
use rollcall::jobs::enqueue_run;
use rollcall::model::{Mode, Status};

use super::evening::{self, Evening, facts};
use super::history;
use super::night;
use super::oracle::{Expected, Facts, Tie, expect};
use super::seen::Seen;
use super::tally::Tally;
use super::watch::Effect;
use super::world::{Town, World};

/// The same contact for whoever compares addresses as the contract does.
fn alike(one: &Seen, other: &Seen) -> bool {
    let plain = |seen: &Seen| {
        let mut seen = seen.clone();
        seen.id.clear();
        seen.rest.clear();
        seen.email = seen.email.map(|email| email.to_lowercase());
        seen.others = seen.others.iter().map(|one| one.to_lowercase()).collect();
        seen.others.sort();
        seen
    };
    plain(one) == plain(other)
}

fn inactive(seen: &Seen) -> Seen {
    Seen {
        active: false,
        ..seen.clone()
    }
}

/// What is wrong, in words.
#[derive(Default)]
pub struct Complaints(pub Vec<String>);

impl Complaints {
    pub fn add(&mut self, complaint: impl Into<String>) {
        self.0.push(complaint.into());
    }
}

/// After any night.
pub async fn morning(
    world: &World,
    evenings: &[Evening],
    quiet: bool,
    tally: &Tally,
) -> Complaints {
    let mut complaints = Complaints::default();
    for (town, evening) in world.towns.iter().zip(evenings) {
        let mut mine = Complaints::default();
        let effects = effects_of(world, town, evening);
        tally.add("writes", effects.len());
        tally.add(
            "writes with effect",
            effects.iter().filter(|one| one.is_change()).count(),
        );
        strangers(world, town, evening, &effects, &mut mine).await;
        if evening.settled {
            tally.add("company-nights predicted", 1);
            within(world, evening, &effects, &mut mine);
        }
        if quiet {
            whole(world, town, evening, tally, &mut mine).await;
            history::check(world, town, &mut mine).await;
        }
        let approved = evening::approved(world, town).await;
        tally.add(
            "people approved whose job waits for another night",
            approved.len(),
        );
        let of = format!("company {}", town.number);
        complaints
            .0
            .extend(mine.0.into_iter().map(|one| format!("{of}: {one}")));
    }
    complaints
}

fn effects_of(world: &World, town: &Town, evening: &Evening) -> Vec<Effect> {
    let psa = &world.psas[town.psa];
    let mine = psa.cloud.contacts(town.company);
    let all = psa.effects.since(evening.effects);
    all.into_iter()
        .filter(|effect| {
            let id = effect.contact.as_ref();
            id.is_some_and(|id| mine.contains_key(id) || evening.facts.contacts.contains_key(id))
        })
        .collect()
}

/// No contact that was never linked was touched.
async fn strangers(
    world: &World,
    town: &Town,
    evening: &Evening,
    effects: &[Effect],
    complaints: &mut Complaints,
) {
    let linked = ever_linked(world, town).await;
    let now = world.psas[town.psa].cloud.contacts(town.company);
    for (id, was) in &evening.facts.contacts {
        if !linked.contains(id) && now.get(id) != Some(was) {
            complaints.add(format!(
                "contact {id} was never linked and changed: {was:?} to {:?}",
                now.get(id)
            ));
        }
        if let Some(now) = now.get(id)
            && now.rest != was.rest
        {
            complaints.add(format!(
                "of contact {id} something changed that is nobody's: {was:?} to {now:?}"
            ));
        }
    }
    for effect in effects {
        let id = effect.contact.as_ref().unwrap();
        if effect.before.is_some() && !linked.contains(id) {
            let made_now = !evening.facts.contacts.contains_key(id);
            if !made_now {
                complaints.add(format!("contact {id} was never linked and written to"));
            }
        }
    }
}

/// Every contact of the company that ever had a link.
async fn ever_linked(world: &World, town: &Town) -> BTreeSet<String> {
    let (row, users) = (town.row, town.everybody.clone());
    let past = world.read(move |conn| {
        let mut all = BTreeSet::new();
        for user in users {
            let links = links::of_user(conn, row, &user.as_str().into())?;
            all.extend(links.into_iter().map(|link| link.contact_id.to_string()));
        }
        Ok(all)
    });
    past.await
}

/// A night that was cut short did nothing that a whole one would not have done.
fn within(world: &World, evening: &Evening, effects: &[Effect], complaints: &mut Complaints) {
    let expected = &evening.expected;
    for effect in effects.iter().filter(|one| one.is_change()) {
        let (id, Some(after)) = (effect.contact.as_deref().unwrap(), &effect.after) else {
            complaints.add("a contact was deleted");
            continue;
        };
        if let Some(wanted) = expected.contacts.get(id) {
            let was = &evening.facts.contacts[id];
            let may_leave = expected.may_leave.contains(id);
            for (name, is) in parts(after) {
                let one_of = |seen: &Seen| parts(seen).get(name) == Some(&is);
                let expected = one_of(was) || one_of(wanted) || (may_leave && name == "active");
                if !expected {
                    complaints.add(format!(
                        "contact {id} got {name} {is}, which is not expected: {was:?} to {wanted:?}"
                    ));
                }
            }
        } else if let Some(before) = &effect.before {
            // A title that Autotask said that it took and did not: a later run of the night writes it.
            let titled = Seen {
                title: after.title.clone(),
                ..before.clone()
            };
            let is_late = world.untitled.get() && before.title.is_none() && titled == *after;
            let mut made = expected.made.values();
            if !(is_late && made.any(|one| alike(one, after))) {
                complaints.add(format!(
                    "contact {id} was made and changed: {before:?} to {after:?}"
                ));
            }
        } else {
            // A PSA that takes no title is one of the troubles.
            let untitled = |one: &Seen| Seen {
                title: after.title.as_ref().and(one.title.clone()),
                ..one.clone()
            };
            let mut made = expected.made.values();
            if !made.any(|one| alike(one, after) || alike(&untitled(one), after)) {
                complaints.add(format!("contact {id} was made for nobody: {after:?}"));
            }
        }
    }
    let addresses: Vec<String> = effects
        .iter()
        .filter(|effect| effect.before.is_none())
        .filter_map(|effect| {
            effect
                .after
                .as_ref()?
                .email
                .as_deref()
                .map(str::to_lowercase)
        })
        .collect();
    let once: BTreeSet<&String> = addresses.iter().collect();
    if once.len() < addresses.len() {
        complaints.add(format!(
            "two contacts were made for one address: {addresses:?}"
        ));
    }
}

/// A contact's values by name; of its addresses, types and what they add up to, nothing: these may be half way.
fn parts(seen: &Seen) -> BTreeMap<&'static str, String> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    [
        ("active", seen.active.to_string()),
        ("first name", text(&seen.first)),
        ("last name", text(&seen.last)),
        ("title", text(&seen.title)),
        ("phone", text(&seen.phone)),
        ("mobile", text(&seen.mobile)),
        ("email", text(&seen.email).to_lowercase()),
        ("site", text(&seen.site)),
    ]
    .into()
}

/// After a quiet night everything is as the rules say, whatever happened before.
async fn whole(
    world: &World,
    town: &Town,
    evening: &Evening,
    tally: &Tally,
    complaints: &mut Complaints,
) {
    let row = town.row;
    let last: Option<Run> = world
        .read(move |conn| run_rows::list(conn, row, 1))
        .await
        .pop();
    let status = last.as_ref().and_then(|run| run.status);
    tally.add(format!("quiet nights {status:?}"), 1);
    if !matches!(status, Some(Status::Succeeded | Status::Held)) {
        let error = last.and_then(|run| run.error);
        complaints.add(format!(
            "the run of a quiet night ended {status:?}: {error:?}"
        ));
        return;
    }
    let now = facts(world, town).await;
    let then = expect(&now);
    if !then.is_quiet(&now) {
        for (id, contact) in &then.contacts {
            if now.contacts.get(id) != Some(contact) {
                complaints.add(format!(
                    "contact {id} is {:?} and should be {contact:?}",
                    now.contacts.get(id)
                ));
            }
        }
        for (user, made) in &then.made {
            complaints.add(format!("user {user} has no contact; wanted: {made:?}"));
        }
    }
    let ties: BTreeSet<Tie> = now.ties.iter().cloned().collect();
    for tie in then.ties.symmetric_difference(&ties) {
        complaints.add(format!("link {tie:?} is there, or should be"));
    }
    if then.held != now.hold {
        complaints.add(format!(
            "the hold has {:?} and should have {:?}",
            now.hold, then.held
        ));
    }
    one_each(&now, complaints);
    if evening.settled {
        as_foreseen(&evening.expected, &now, evening, complaints);
    }
    tally.add("conflicts after quiet nights", then.conflicts.len());
    tally.add("people held after quiet nights", then.held.len());
    tally.add("links after quiet nights", ties.len());
}

/// Nobody has two links, and no contact has.
fn one_each(now: &Facts, complaints: &mut Complaints) {
    let users: BTreeSet<&String> = now.ties.iter().map(|tie| &tie.user).collect();
    let contacts: BTreeSet<&String> = now.ties.iter().map(|tie| &tie.contact).collect();
    if users.len() < now.ties.len() || contacts.len() < now.ties.len() {
        complaints.add(format!("somebody is linked twice: {:?}", now.ties));
    }
}

/// The night came to what was said the evening before.
fn as_foreseen(expected: &Expected, now: &Facts, evening: &Evening, complaints: &mut Complaints) {
    for (id, wanted) in &expected.contacts {
        let may_leave = expected.may_leave.contains(id);
        match now.contacts.get(id) {
            Some(is) if alike(is, wanted) => {}
            Some(is) if may_leave && alike(&inactive(is), &inactive(wanted)) => {}
            is => complaints.add(format!(
                "contact {id} came to {is:?}, foreseen was {wanted:?}"
            )),
        }
    }
    let new: Vec<&Seen> = now
        .contacts
        .iter()
        .filter(|(id, _)| !evening.facts.contacts.contains_key(*id))
        .map(|(_, contact)| contact)
        .collect();
    if new.len() != expected.made.len() {
        complaints.add(format!(
            "{} contacts were made, foreseen were {:?}",
            new.len(),
            expected.made
        ));
    }
    for (user, made) in &expected.made {
        if !new.iter().any(|contact| alike(contact, made)) {
            complaints.add(format!("user {user} did not get {made:?}"));
        }
    }
}

/// A further run writes nothing.
pub async fn again(world: &mut World, tally: &Tally) -> Result<Complaints, String> {
    let before: Vec<usize> = world.psas.iter().map(|psa| psa.effects.len()).collect();
    let rows: Vec<i64> = world.towns.iter().map(|town| town.row).collect();
    let now = world.clock.now();
    world
        .write(move |conn| {
            for row in rows {
                enqueue_run(conn, row, Mode::Update, Priority::Click, "Robin", now)?;
            }
            Ok(())
        })
        .await;
    night::finish(world, tally).await?;
    let mut complaints = Complaints::default();
    for (psa, before) in world.psas.iter().zip(before) {
        for effect in psa.effects.since(before) {
            complaints.add(format!("a further run wrote: {effect:?}"));
        }
    }
    Ok(complaints)
}
