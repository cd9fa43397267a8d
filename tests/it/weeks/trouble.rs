//! What goes wrong on a bad night: every kind of fault that the simulators know, and the switches by which they turn against us.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use rollcall::simulator::kit::{Controls, Fault, FaultKind};

use super::seen::Cloud;
use super::tally::Tally;
use super::world::{SECRET, World};

/// The kinds of [`FaultKind`] by name.
pub const FAULTS: [&str; 11] = [
    "throttle",
    "status",
    "html",
    "answer",
    "drop",
    "drop-after",
    "status-after",
    "late",
    "half",
    "kill-before",
    "kill-after",
];

/// What is switched for a night, on Microsoft's side or a PSA's.
pub const SWITCHES: [&str; 17] = [
    "no-account-enabled",
    "no-licences",
    "next-link-elsewhere",
    "empty-first-pages",
    "batch-throttled",
    "tokens-expire",
    "app-disabled",
    "secret-expired",
    "consent-withdrawn",
    "psa-may-not-read",
    "psa-may-not-write",
    "psa-other-keys",
    "psa-moves",
    "connectwise-other-last-page",
    "autotask-hour-used-up",
    "autotask-ignores-title",
    "autotask-missing-is-404",
];

/// One kind of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trouble(&'static str);

impl Trouble {
    pub fn all() -> Vec<Self> {
        FAULTS.into_iter().chain(SWITCHES).map(Self).collect()
    }

    pub fn is_fault(self) -> bool {
        FAULTS.contains(&self.0)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl FromStr for Trouble {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let mut all = Self::all().into_iter();
        all.find(|one| one.0 == name)
            .ok_or_else(|| format!("no trouble of this name: {name}"))
    }
}

/// The name of a kind.
pub fn name_of(kind: &FaultKind) -> &'static str {
    match kind {
        FaultKind::Throttle { .. } => "throttle",
        FaultKind::Status(_) => "status",
        FaultKind::Html(_) => "html",
        FaultKind::Answer { .. } => "answer",
        FaultKind::Drop => "drop",
        FaultKind::DropAfter => "drop-after",
        FaultKind::StatusAfter(_) => "status-after",
        FaultKind::Late(_) => "late",
        FaultKind::Half => "half",
        FaultKind::KillBefore => "kill-before",
        FaultKind::KillAfter => "kill-after",
    }
}

/// A fault of this name, with what is left open thrown.
fn kind_of(name: &str, dice: &mut StdRng) -> FaultKind {
    let mut one_of = |all: &[u16]| all[dice.random_range(0..all.len())];
    match name {
        "throttle" => FaultKind::Throttle {
            retry_after: match one_of(&[0, 1, 2, 3]) {
                0 => None,
                1 => Some("3600".into()),
                seconds => Some(seconds.to_string()),
            },
        },
        "status" => FaultKind::Status(one_of(&[401, 403, 500, 503])),
        "html" => FaultKind::Html(one_of(&[500, 502, 503, 504])),
        "answer" => FaultKind::Answer {
            status: one_of(&[400, 400, 422, 200]),
            body: r#"{"code":"InvalidObject","message":"refused","errors":["refused"]}"#.into(),
        },
        "drop" => FaultKind::Drop,
        "drop-after" => FaultKind::DropAfter,
        "status-after" => FaultKind::StatusAfter(one_of(&[502, 503, 504])),
        "late" => FaultKind::Late(Duration::ZERO),
        "half" => FaultKind::Half,
        "kill-before" => FaultKind::KillBefore,
        _ => FaultKind::KillAfter,
    }
}

/// Throws the faults of a night. Where it may not kill, nobody is killed by a fault either.
pub fn faults(world: &World, dice: &mut StdRng) {
    let kinds: Vec<Trouble> = world.script.troubles.clone();
    let kinds: Vec<Trouble> = kinds
        .into_iter()
        .filter(|one| one.is_fault() && (world.script.kills || !one.0.starts_with("kill")))
        .collect();
    if kinds.is_empty() {
        return;
    }
    let any = |dice: &mut StdRng| kinds[dice.random_range(0..kinds.len())].0;
    for controls in world.psas.iter().map(|psa| &psa.running.controls) {
        for _ in 0..dice.random_range(0..7) {
            let fault = Fault::always(kind_of(any(dice), dice)).on_writes();
            let times = dice.random_range(1..3);
            controls.fault(fault.after(dice.random_range(0..25)).times(times));
        }
        reads(controls, any(dice), dice, 20);
    }
    for _ in 0..dice.random_range(1..4) {
        reads(&world.graph.controls, any(dice), dice, 30);
    }
    if dice.random_range(0..3) == 0 {
        reads(&world.login.controls, any(dice), dice, 4);
    }
}

fn reads(controls: &Controls, name: &str, dice: &mut StdRng, among: usize) {
    let fault = Fault::always(kind_of(name, dice));
    let after = dice.random_range(0..among);
    controls.fault(fault.after(after).times(dice.random_range(1..3)));
}

/// Switches one or two things for the night.
pub fn switch(world: &World, dice: &mut StdRng, tally: &Tally) {
    for _ in 0..3 {
        let name = SWITCHES[dice.random_range(0..SWITCHES.len())];
        if world.script.troubles.contains(&Trouble(name)) {
            apply(world, name, dice);
            tally.add(format!("switch {name}"), 1);
        }
    }
}

fn apply(world: &World, name: &str, dice: &mut StdRng) {
    let microsoft = &world.microsoft;
    let app = |change: &dyn Fn(&mut rollcall::simulator::graph::AppData)| {
        let town = &world.towns[dice_town(world)];
        microsoft.tenant(&town.tenant, |tenant| {
            tenant.apps.values_mut().for_each(change);
        });
    };
    match name {
        "no-account-enabled" => microsoft.switches(|all| all.leave_out_account_enabled = true),
        "no-licences" => microsoft.switches(|all| all.leave_out_assigned_licenses = true),
        "next-link-elsewhere" => {
            microsoft.switches(|all| all.next_link_other_host = Some("elsewhere.example".into()));
        }
        "empty-first-pages" => microsoft.switches(|all| all.empty_page_with_next_link = true),
        "batch-throttled" => microsoft.switches(|all| {
            all.throttle_batch_items = 5;
            all.batch_retry_after = Some("2".into());
        }),
        "tokens-expire" => microsoft.expire_tokens(),
        "app-disabled" => app(&|app| app.disabled = true),
        "secret-expired" => app(&|app| app.secrets.iter_mut().for_each(|one| one.expired = true)),
        "consent-withdrawn" => app(&|app| app.consented = false),
        _ => {
            let place = match name.split('-').next() {
                Some("connectwise") => 0,
                Some("autotask") => 1,
                _ => dice.random_range(0..world.psas.len()),
            };
            if name == "autotask-ignores-title" {
                world.untitled.set(true);
            }
            of_psa(&world.psas[place].cloud, name, dice);
        }
    }
}

fn dice_town(world: &World) -> usize {
    let night = world.night;
    world
        .script
        .dice(night, 77)
        .random_range(0..world.towns.len())
}

fn of_psa(cloud: &Cloud, name: &str, dice: &mut StdRng) {
    let number: u32 = dice.random_range(0..1000);
    match cloud {
        Cloud::ConnectWise(cloud) => cloud.edit(|state| match name {
            "psa-may-not-read" => state.switches.may_read = false,
            "psa-may-not-write" => state.switches.may_write = false,
            "psa-other-keys" => state.settings.private_key = "another".into(),
            "psa-moves" => state.settings.code_base = format!("v2027_{number}/"),
            "connectwise-other-last-page" => {
                use rollcall::simulator::connectwise::LastPage;
                state.switches.last_page = if number < 500 {
                    LastPage::EmptyPage
                } else {
                    LastPage::NoLink
                };
            }
            _ => {}
        }),
        Cloud::Autotask(cloud) => match name {
            "psa-may-not-read" => cloud.switches(|all| all.may_query = false),
            "psa-may-not-write" => cloud.switches(|all| all.may_write = false),
            "psa-other-keys" => cloud.set_secret("another"),
            "psa-moves" => cloud.move_zone(&format!("zone{number}")),
            "autotask-hour-used-up" => cloud.set_used_requests(9_990),
            "autotask-ignores-title" => {
                cloud.switches(|all| all.silently_ignored = vec!["title".into()]);
            }
            "autotask-missing-is-404" => cloud.switches(|all| all.missing_is_404 = true),
            _ => {}
        },
    }
}

/// Everything is well again.
pub fn over(world: &World) {
    world
        .microsoft
        .switches(|all| *all = rollcall::simulator::graph::Switches::default());
    for town in &world.towns {
        world.microsoft.tenant(&town.tenant, |tenant| {
            for app in tenant.apps.values_mut() {
                *app = rollcall::simulator::graph::AppData::reader(SECRET);
            }
        });
    }
    for controls in world.controls() {
        controls.clear_faults();
    }
    for psa in &world.psas {
        match &psa.cloud {
            Cloud::ConnectWise(cloud) => cloud.edit(|state| {
                let was = &state.switches;
                state.switches = rollcall::simulator::connectwise::Switches {
                    default_flag_moves: was.default_flag_moves,
                    first_item_becomes_default: was.first_item_becomes_default,
                    ..rollcall::simulator::connectwise::Switches::default()
                };
                state.settings.private_key = "private".into();
            }),
            Cloud::Autotask(cloud) => {
                cloud.switches(|all| *all = rollcall::simulator::autotask::Switches::default());
                cloud.set_secret(&rollcall::simulator::autotask::Settings::default().secret);
                cloud.set_used_requests(0);
            }
        }
    }
}

/// Counts the faults that requests really met, by service, and forgets the log.
pub fn count(world: &World, tally: &Tally) {
    for controls in world.controls() {
        for entry in controls.log() {
            tally.add("requests", 1);
            if let Some(kind) = &entry.fault {
                tally.add(format!("fault {} on {}", name_of(kind), entry.service), 1);
                tally.add(format!("all faults {}", name_of(kind)), 1);
            }
        }
        controls.clear_log();
    }
}
