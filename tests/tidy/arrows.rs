//! Which room of the house may use which, and what pure code must not name.

use crate::source::Source;
use crate::{keep, project, rust, sample};

/// Every room, and the rooms, or single items of a room, that it may use besides itself. One table: whoever needs a new arrow
/// adds it here, and says in the commit why.
#[rustfmt::skip]
const ARROWS: &[(&str, &str)] = &[
    ("main",       "cli"),
    ("cli",        "cli-demo web auth jobs notices fleet decisions checks pickers runs keys monitor retention tallies app sync sync-pure db telemetry config clock model directory::sku_name"),
    ("cli-demo",   "cli web auth jobs connections simulator fleet pickers runs app sync sync-pure psa db telemetry config clock model directory::sku_name"),
    ("web",        "attention notices auth jobs connections rules fleet decisions checks pickers runs monitor app sync sync-pure psa mail db seal config clock model directory::sku_name directory::user_link directory::app_link"),
    ("notices",    "attention mail jobs app http db seal rules config clock model"),
    ("attention",  "jobs app sync-pure db clock model"),
    ("auth",       "app db seal config clock model"),
    ("jobs",       "runs app sync sync-pure db config clock model"),
    ("fleet",      "jobs app psa directory db seal http rules config clock model"),
    ("decisions",  "jobs runs app sync sync-pure db config clock model"),
    ("checks",     "app sync sync-pure directory psa config clock model"),
    ("pickers",    "app sync sync-pure directory psa db http config clock model"),
    ("connections", "runs app sync sync-pure psa directory db seal http rules config clock model"),
    ("runs",       "app sync sync-pure psa db http config clock model"),
    ("retention",  "app db config clock model"),
    ("tallies",    "app sync sync-pure db config clock model"),
    ("monitor",    "app sync sync-pure psa db config clock model"),
    ("keys",       "app db seal config clock model"),
    ("app",        "sync sync-pure directory psa db seal http config clock model"),
    ("sync",       "sync-pure directory psa db http config clock model"),
    ("sync-pure",  "model"),
    ("directory",  "http config clock model"),
    ("psa",        "http config clock model"),
    ("mail",       "config clock model"),
    ("db",         "seal config clock model"),
    ("http",       "config clock model"),
    ("telemetry",  "config clock model"),
    ("rules",      "config model"),
    ("config",     "clock model seal"),
    ("seal",       ""),
    ("clock",      ""),
    ("model",      ""),
    ("simulator",  ""),
];

/// The files of `sync/` that decide: pure functions over `model`.
const PURE: &[&str] = &[
    "snapshot", "select", "route", "ties", "pair", "search", "plan", "planner", "guard", "fields",
    "report", "explain", "settle", "effect", "cover", "counting", "back", "fates", "approval",
    "standing",
];

/// The files of `sync/` that read, write and wait.
const EDGE: &[&str] = &[
    "apply", "ending", "facts", "failure", "journal", "last", "links", "named", "observe",
    "options", "readings", "record", "scene", "sending", "settling", "stop", "tenant", "turn",
    "undoing",
];

/// What pure code must not name: the first names of crates, and ways to the outside.
const IMPURE_CRATES: &[&str] = &[
    "actix",
    "azure_core",
    "azure_identity",
    "diesel",
    "hyper",
    "indicatif",
    "lettre",
    "rand",
    "reqwest",
    "tokio",
    "tracing",
];
const IMPURE_PATHS: &[&str] = &[
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::process",
    "std::thread",
    "Utc::now",
    "Local::now",
    "Instant::now",
    "SystemTime::now",
    "Uuid::new_v4",
    "Uuid::now_v7",
];

/// The room that a module belongs to; none for what lies in the crate's root (its macros).
fn room(module: &[String]) -> Option<String> {
    let second = module.get(1).map_or("", String::as_str);
    match module.first()?.as_str() {
        "sync" if PURE.contains(&second) => Some("sync-pure".to_owned()),
        "cli" if second == "demo" => Some("cli-demo".to_owned()),
        first if ARROWS.iter().any(|(name, _)| *name == first) => Some(first.to_owned()),
        _ => None,
    }
}

fn forbidden_arrows(files: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for file in rust(files, &["src"]) {
        let module = file.module();
        if module.is_empty() {
            continue;
        }
        let Some(from) = room(&module) else {
            broken.push(format!("{}: this room has no line in ARROWS", file.path));
            continue;
        };
        if from == "sync" && module.len() > 1 && !EDGE.contains(&module[1].as_str()) {
            let name = &module[1];
            broken.push(format!(
                "{}: say in PURE or EDGE which `{name}` is",
                file.path
            ));
        }
        let (_, allowed) = ARROWS
            .iter()
            .find(|(name, _)| *name == from)
            .expect("found above");
        for path in file.paths() {
            let Some(names) = &path.in_crate else {
                continue;
            };
            let Some(to) = room(names) else { continue };
            let at = format!("{}:{}: `{}`", file.path, path.line, path.names.join("::"));
            let in_test = path.in_test && to == "simulator" && from != "sync-pure";
            if to != from
                && !allowed
                    .split(' ')
                    .any(|name| name == to || name == names.join("::"))
                && !in_test
            {
                broken.push(format!(
                    "{at}: {from} may use {}, not {to}",
                    one_of(allowed)
                ));
            }
            let vendor = names.get(1).is_some_and(|name| is_vendor(files, name));
            if to == "psa" && from != "psa" && vendor {
                broken.push(format!(
                    "{at}: one vendor is named in psa only; use `psa::VENDORS`"
                ));
            }
        }
    }
    broken
}

fn one_of(allowed: &str) -> String {
    if allowed.is_empty() {
        "itself only".to_owned()
    } else {
        allowed.replace(' ', ", ")
    }
}

/// Every folder below `src/psa` is one vendor's.
fn is_vendor(files: &[Source], name: &str) -> bool {
    files
        .iter()
        .any(|file| file.path.starts_with(&format!("src/psa/{name}/")))
}

fn impure_names(files: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for file in rust(files, &["src"]) {
        if !room(&file.module()).is_some_and(|room| room == "sync-pure" || room == "model") {
            continue;
        }
        for path in file.paths() {
            let full = path.names.join("::");
            let crates = |name: &&str| path.names[0].starts_with(*name);
            let ways = |way: &&str| format!("{full}::").contains(&format!("{way}::"));
            let found = IMPURE_CRATES.iter().find(|name| crates(name));
            if let Some(name) = found.or_else(|| IMPURE_PATHS.iter().find(|way| ways(way))) {
                broken.push(format!("{}:{}: `{full}` ({name})", file.path, path.line));
            }
        }
        let awaits = |word: &str| word == "async" || word == "await";
        for token in file.tokens().iter().filter(|token| awaits(&token.text)) {
            broken.push(format!("{}:{}: `{}`", file.path, token.line, token.text));
        }
    }
    broken
}

#[test]
fn every_room_uses_only_the_rooms_it_may() {
    keep(
        "The arrows of the house: see ARROWS.",
        &forbidden_arrows(&project()),
    );
}

#[test]
fn pure_code_names_no_input_output_clock_or_chance() {
    keep(
        "`model` and the pure files of `sync` only compute.",
        &impure_names(&project()),
    );
}

#[test]
fn a_forbidden_arrow_is_found_with_file_and_line() {
    let found = forbidden_arrows(&sample(
        "src/sync/plan.rs",
        "//! Plan.\nuse crate::{model, db::Conn};",
    ));
    assert_eq!(
        found,
        ["src/sync/plan.rs:2: `crate::db::Conn`: sync-pure may use model, not db"]
    );
    let found = forbidden_arrows(&sample("src/sync/plan.rs", "use super::apply::Sent;"));
    assert_eq!(
        found,
        ["src/sync/plan.rs:1: `super::apply::Sent`: sync-pure may use model, not sync"]
    );
    let found = forbidden_arrows(&sample(
        "src/simulator/kit.rs",
        "fn f() { crate::http::get() }",
    ));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        forbidden_arrows(&sample("src/sync/apply.rs", "use super::plan::Plan;")).len(),
        0
    );
}

#[test]
fn only_tests_and_the_demo_use_the_simulators() {
    let code = "use crate::simulator::Cloud;";
    assert_eq!(forbidden_arrows(&sample("src/http.rs", code)).len(), 1);
    let test = format!("#[cfg(test)]\nmod tests {{ {code} }}");
    assert_eq!(forbidden_arrows(&sample("src/http.rs", &test)).len(), 0);
    assert_eq!(
        forbidden_arrows(&sample("src/cli/demo/story.rs", code)).len(),
        0
    );
    assert_eq!(forbidden_arrows(&sample("src/cli/sync.rs", code)).len(), 1);
}

#[test]
fn a_vendor_named_outside_psa_is_found() {
    let mut files = sample("src/psa/autotask/mod.rs", "");
    files.extend(sample(
        "src/fleet/apply.rs",
        "use crate::psa::autotask::Client;",
    ));
    assert_eq!(forbidden_arrows(&files).len(), 1);
}

#[test]
fn a_room_or_a_part_of_sync_that_is_not_in_the_table_is_found() {
    assert_eq!(forbidden_arrows(&sample("src/portal/mod.rs", "")).len(), 1);
    assert_eq!(forbidden_arrows(&sample("src/sync/magic.rs", "")).len(), 1);
}

#[test]
fn impure_names_in_pure_code_are_found() {
    for code in [
        "use tokio::time;",
        "fn f() { chrono::Utc::now(); }",
        "use std::{fs, fmt};",
        "use diesel::prelude::*;",
        "async fn f() {}",
    ] {
        assert_eq!(
            impure_names(&sample("src/sync/pair.rs", code)).len(),
            1,
            "{code}"
        );
        assert_eq!(
            impure_names(&sample("src/sync/apply.rs", code)).len(),
            0,
            "{code}"
        );
    }
}
