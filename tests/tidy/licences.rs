//! What comes in from outside, by `deny.toml`: licences, sources, and versions that are said.
//! The same as `cargo deny check licenses bans sources`, for a machine that lacks that tool.

use crate::{folder, keep};
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;

/// `deny.toml`, as far as it is needed here.
struct Deny {
    allowed: Vec<String>,
    exceptions: BTreeMap<String, Vec<String>>,
    registries: Vec<String>,
}

fn read_toml(name: &str) -> toml::Value {
    let text = std::fs::read_to_string(folder().join(name)).expect("a file beside src");
    toml::from_str(&text).expect("TOML")
}

fn deny() -> Deny {
    let file = read_toml("deny.toml");
    let words = |value: &toml::Value| -> Vec<String> {
        let items = value.as_array().expect("a list").iter();
        items
            .map(|item| item.as_str().expect("a word").to_owned())
            .collect()
    };
    let exceptions = file["licenses"]["exceptions"]
        .as_array()
        .expect("a list")
        .iter();
    Deny {
        allowed: words(&file["licenses"]["allow"]),
        exceptions: exceptions
            .map(|one| {
                (
                    one["crate"].as_str().expect("a name").to_owned(),
                    words(&one["allow"]),
                )
            })
            .collect(),
        registries: words(&file["sources"]["allow-registry"]),
    }
}

/// What cargo knows of the packages that are built on this kind of machine.
fn metadata() -> Value {
    let version = Command::new("rustc")
        .arg("-vV")
        .output()
        .expect("rustc runs");
    let version = String::from_utf8(version.stdout).expect("text");
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .expect("a host");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked", "--offline"])
        .args(["--filter-platform", host])
        .current_dir(folder())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Whether an SPDX expression can be met with the allowed licences: `AND` needs both sides, `OR`
/// (and the old `/`) one.
fn is_met(expression: &str, allowed: &[&str]) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    any_of(&words, &mut at, allowed) && at == words.len()
}

fn any_of(words: &[&str], at: &mut usize, allowed: &[&str]) -> bool {
    let mut met = all_of(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        met |= all_of(words, at, allowed);
    }
    met
}

fn all_of(words: &[&str], at: &mut usize, allowed: &[&str]) -> bool {
    let mut met = one(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        met &= one(words, at, allowed);
    }
    met
}

fn one(words: &[&str], at: &mut usize, allowed: &[&str]) -> bool {
    let Some(word) = words.get(*at) else {
        return false;
    };
    *at += 1;
    if *word == "(" {
        let met = any_of(words, at, allowed);
        *at += 1;
        return met;
    }
    if words.get(*at) == Some(&"WITH") {
        let with = format!("{word} WITH {}", words.get(*at + 1).unwrap_or(&""));
        *at += 2;
        return allowed.contains(&with.as_str());
    }
    allowed.contains(word)
}

#[test]
fn every_licence_is_one_that_deny_toml_allows() {
    let (deny, metadata) = (deny(), metadata());
    let nodes = metadata["resolve"]["nodes"].as_array().expect("a list");
    let built: Vec<&Value> = nodes.iter().map(|node| &node["id"]).collect();
    let packages = metadata["packages"].as_array().expect("a list");
    let mut broken = Vec::new();
    let mut seen = 0;
    for package in packages
        .iter()
        .filter(|package| built.contains(&&package["id"]))
    {
        seen += 1;
        let name = package["name"].as_str().expect("a name");
        let more = deny.exceptions.get(name).into_iter().flatten();
        let allowed: Vec<&str> = deny
            .allowed
            .iter()
            .chain(more)
            .map(String::as_str)
            .collect();
        match package["license"].as_str() {
            Some(licence) if is_met(licence, &allowed) => {}
            Some(licence) => broken.push(format!("{name}: {licence}")),
            None => broken.push(format!("{name}: says no licence")),
        }
    }
    assert!(seen > 100, "cargo named {seen} packages only");
    keep("Licences that deny.toml does not allow.", &broken);
}

#[test]
fn everything_comes_from_the_public_registry() {
    let (deny, lock) = (deny(), read_toml("Cargo.lock"));
    let packages = lock["package"].as_array().expect("a list");
    let known = |source: &str| {
        deny.registries
            .iter()
            .any(|registry| source == format!("registry+{registry}"))
    };
    let broken: Vec<String> = packages
        .iter()
        .filter_map(|package| Some((package, package.get("source")?.as_str()?)))
        .filter(|(_, source)| !known(source))
        .map(|(package, source)| format!("{}: {source}", package["name"]))
        .collect();
    keep("Sources that deny.toml does not allow.", &broken);
}

/// What is wrong with a lock of npm: a package whose content or licence is not what it must be, or an address of one registry.
fn npm_faults(lock: &Value, allowed: &[&str]) -> Vec<String> {
    let packages = lock["packages"].as_object().expect("a lock has packages");
    let mut broken = Vec::new();
    for (name, package) in packages.iter().filter(|(name, _)| !name.is_empty()) {
        let mut at = |what: &str| broken.push(format!("{name}: {what}"));
        let hash = package["integrity"].as_str().unwrap_or_default();
        if !hash.starts_with("sha512-") {
            at("has no hash");
        }
        if package.get("resolved").is_some() {
            at("names a registry; npm leaves it out with --omit-lockfile-registry-resolved");
        }
        // What only tests use is nowhere in the program.
        if package["dev"] != true {
            match package["license"].as_str() {
                Some(licence) if is_met(licence, allowed) => {}
                Some(licence) => at(licence),
                None => at("says no licence"),
            }
        }
    }
    broken
}

#[test]
fn what_comes_from_npm_is_known_by_its_content_and_licence() {
    let text = std::fs::read_to_string(folder().join("static/package-lock.json"));
    let lock: Value = serde_json::from_str(&text.expect("the lock of npm")).expect("JSON");
    let deny = deny();
    let allowed: Vec<&str> = deny.allowed.iter().map(String::as_str).collect();
    assert!(lock["packages"]["node_modules/htmx.org"].is_object());
    keep("static/package-lock.json.", &npm_faults(&lock, &allowed));

    let bad = serde_json::json!({ "packages": {
        "": {},
        "node_modules/a": { "resolved": "x", "license": "GPL-3.0", "integrity": "sha1-a" },
        "node_modules/b": { "dev": true, "license": "MPL-2.0", "integrity": "sha512-b" },
    }});
    assert_eq!(npm_faults(&bad, &allowed).len(), 3);
}

#[test]
fn no_dependency_takes_just_any_version() {
    let manifest = read_toml("Cargo.toml");
    let mut broken = Vec::new();
    for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
        let Some(table) = manifest.get(table).and_then(toml::Value::as_table) else {
            continue;
        };
        for (name, value) in table {
            let version = value
                .get("version")
                .unwrap_or(value)
                .as_str()
                .unwrap_or("*");
            if version.contains('*') {
                broken.push(format!("{name}: {version}"));
            }
        }
    }
    keep("Dependencies without a version.", &broken);
}

#[test]
fn an_expression_of_licences_is_understood() {
    let allowed = ["MIT", "ISC", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"];
    for met in [
        "MIT",
        "MIT/GPL-3.0",
        "GPL-3.0 OR MIT",
        "ISC AND (Apache-2.0 OR OpenSSL)",
        "Apache-2.0 WITH LLVM-exception OR GPL-3.0",
    ] {
        assert!(is_met(met, &allowed), "{met}");
    }
    for unmet in [
        "GPL-3.0",
        "MIT AND GPL-3.0",
        "ISC AND (OpenSSL OR GPL-3.0)",
        "Apache-2.0 WITH Classpath-exception",
        "MIT GPL-3.0",
        "",
    ] {
        assert!(!is_met(unmet, &allowed), "{unmet}");
    }
}
