//! How the tree looks: sizes, depths and names of files, what a module opens with, migrations.

use crate::source::Source;
use crate::{keep, project, rust, sample};
use std::collections::BTreeSet;

/// Lines a file in `src` has at most; aim for 300.
const MOST_LINES: usize = 400;

/// Files that are still longer and are to be divided. The list only gets shorter.
const TOO_LONG: &[&str] = &[];

/// Names that say nothing of what is inside.
const EMPTY_NAMES: &[&str] = &[
    "utils", "util", "common", "helpers", "helper", "manager", "managers", "service", "services",
    "misc",
];

fn long_files(files: &[Source], known: &[&str]) -> Vec<String> {
    let mut broken = Vec::new();
    for file in rust(files, &["src"]) {
        let lines = file.text.lines().count();
        let known = known.contains(&file.path.as_str());
        if lines > MOST_LINES && !known {
            broken.push(format!("{}: {lines} lines", file.path));
        } else if lines <= MOST_LINES && known {
            broken.push(format!("{}: is short now; take it off TOO_LONG", file.path));
        }
    }
    broken
}

fn deep_or_empty_names(files: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for file in rust(files, &["src", "tests", "benches"]) {
        let names: Vec<&str> = file.path.trim_end_matches(".rs").split('/').collect();
        if names[0] == "src" && names.len() > 4 {
            broken.push(format!("{}: more than two folders below src", file.path));
        }
        for name in names.iter().filter(|name| EMPTY_NAMES.contains(name)) {
            broken.push(format!(
                "{}: `{name}` says nothing of what is inside",
                file.path
            ));
        }
    }
    broken
}

fn modules_that_say_nothing(files: &[Source]) -> Vec<String> {
    let rust = rust(files, &["src", "tests", "benches", "build.rs"]);
    let silent = |file: &&&Source| {
        let first = file.text.lines().next().unwrap_or_default();
        first
            .strip_prefix("//! ")
            .is_none_or(|said| said.split_whitespace().count() < 2)
    };
    rust.iter()
        .filter(silent)
        .map(|file| format!("{}:1", file.path))
        .collect()
}

fn uneven_migrations(files: &[Source]) -> Vec<String> {
    let all = |engine: &str| -> BTreeSet<String> {
        let prefix = format!("migrations/{engine}/");
        files
            .iter()
            .filter_map(|file| file.path.strip_prefix(&prefix))
            .map(str::to_owned)
            .collect()
    };
    let (sqlite, postgres) = (all("sqlite"), all("postgres"));
    let mut broken: Vec<String> = Vec::new();
    for (engine, one, other) in [
        ("postgres", &sqlite, &postgres),
        ("sqlite", &postgres, &sqlite),
    ] {
        broken.extend(
            one.difference(other)
                .map(|path| format!("{engine} lacks {path}")),
        );
        for up in one.iter().filter_map(|path| path.strip_suffix("up.sql")) {
            if !one.contains(&format!("{up}down.sql")) {
                broken.push(format!("{up} has no down.sql"));
            }
        }
    }
    if sqlite.is_empty() && files.iter().any(|file| file.path == "src/db/schema.rs") {
        broken.push("there is a schema and no migration".to_owned());
    }
    broken
}

#[test]
fn no_source_file_is_longer_than_400_lines() {
    keep(
        "Divide a long file by subject.",
        &long_files(&project(), TOO_LONG),
    );
}

#[test]
fn folders_are_shallow_and_names_say_what_is_inside() {
    keep(
        "Name what is inside, at most two folders deep.",
        &deep_or_empty_names(&project()),
    );
}

#[test]
fn every_module_says_what_it_is_for() {
    keep(
        "A module opens with `//!`: what it is for and what it must not do.",
        &modules_that_say_nothing(&project()),
    );
}

#[test]
fn both_databases_have_the_same_migrations() {
    keep(
        "migrations/sqlite and migrations/postgres go together.",
        &uneven_migrations(&project()),
    );
}

#[test]
fn a_long_file_and_an_exception_that_is_over_are_found() {
    let long = sample("src/http.rs", &"x\n".repeat(401));
    assert_eq!(long_files(&long, &[]), ["src/http.rs: 401 lines"]);
    assert!(long_files(&long, &["src/http.rs"]).is_empty());
    let short = sample("src/http.rs", "x\n");
    assert_eq!(long_files(&short, &["src/http.rs"]).len(), 1);
    assert!(long_files(&short, &[]).is_empty());
}

#[test]
fn deep_folders_and_empty_names_are_found() {
    assert!(deep_or_empty_names(&sample("src/psa/autotask/wire.rs", "")).is_empty());
    assert_eq!(
        deep_or_empty_names(&sample("src/psa/autotask/wire/a.rs", "")).len(),
        1
    );
    assert_eq!(deep_or_empty_names(&sample("src/utils.rs", "")).len(), 1);
    assert_eq!(
        deep_or_empty_names(&sample("tests/it/common/mod.rs", "")).len(),
        1
    );
}

#[test]
fn a_module_without_its_purpose_is_found() {
    assert_eq!(
        modules_that_say_nothing(&sample("src/a.rs", "use b;")),
        ["src/a.rs:1"]
    );
    assert_eq!(
        modules_that_say_nothing(&sample("src/a.rs", "//! TODO")).len(),
        1
    );
    assert!(modules_that_say_nothing(&sample("src/a.rs", "//! Reads pages.")).is_empty());
}

#[test]
fn a_migration_that_one_database_lacks_is_found() {
    let mut files = sample("migrations/sqlite/1_first/up.sql", "");
    files.extend(sample("migrations/sqlite/1_first/down.sql", ""));
    files.extend(sample("migrations/postgres/1_first/up.sql", ""));
    let found = uneven_migrations(&files);
    assert_eq!(
        found,
        [
            "postgres lacks 1_first/down.sql",
            "1_first/ has no down.sql"
        ]
    );
}
