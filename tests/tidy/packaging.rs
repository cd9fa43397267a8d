//! What Rollcall is installed with: what the package names is there, the unit is well formed and starts what is installed, and
//! every setting that is named anywhere is one that the program reads.

use std::collections::BTreeSet;

use crate::source::Source;
use crate::{folder, keep, project, sample};

/// The settings that the program reads, beside those that only other programs do.
fn known(files: &[Source]) -> BTreeSet<String> {
    let config = files.iter().filter(|file| file.path == "src/config.rs");
    config.flat_map(|file| variables(&file.text)).collect()
}

/// The names of settings in a text.
fn variables(text: &str) -> BTreeSet<String> {
    text.split(|letter: char| !letter.is_ascii_uppercase() && letter != '_')
        .filter(|word| word.starts_with("ROLLCALL_"))
        .map(str::to_owned)
        .collect()
}

/// Names that stand in the files for compose alone.
const OF_COMPOSE: &[&str] = &["ROLLCALL_HOST", "ROLLCALL_KEY_FILE"];

fn unknown_settings(files: &[Source], known: &BTreeSet<String>) -> Vec<String> {
    let mut broken = Vec::new();
    for file in files {
        let names_some = file.path.starts_with("packaging/") || file.path == "docs/OPERATING.md";
        for name in variables(&file.text).iter().filter(|_| names_some) {
            if !known.contains(name) && !OF_COMPOSE.contains(&name.as_str()) {
                broken.push(format!("{}: {name} is no setting", file.path));
            }
        }
    }
    broken
}

/// Lines of a unit that are neither comment, section nor setting.
fn odd_lines(unit: &str) -> Vec<String> {
    let mut section = None;
    let mut odd = Vec::new();
    for line in unit.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            section = ["Unit", "Service", "Install"]
                .into_iter()
                .find(|known| *known == name);
        }
        let is_setting = line.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.chars().all(|one| one.is_ascii_alphanumeric())
        });
        if section.is_none() || (!line.starts_with('[') && !is_setting) {
            odd.push(line.to_owned());
        }
    }
    odd
}

#[test]
fn every_file_of_the_package_is_there_and_the_unit_starts_what_is_installed() {
    let text = std::fs::read_to_string(folder().join("Cargo.toml")).expect("a manifest");
    let manifest: toml::Value = toml::from_str(&text).expect("TOML");
    let deb = &manifest["package"]["metadata"]["deb"];
    let assets = deb["assets"].as_array().expect("assets");
    let cell = |asset: &toml::Value, at: usize| asset[at].as_str().expect("text").to_owned();
    let mut missing = Vec::new();
    for source in assets.iter().map(|asset| cell(asset, 0)) {
        if !source.starts_with("target/release/") && !folder().join(&source).is_file() {
            missing.push(source);
        }
    }
    let scripts = deb["maintainer-scripts"].as_str().expect("text");
    if !folder().join(scripts).join("postinst").is_file() {
        missing.push(format!("{scripts}/postinst"));
    }
    keep("The package has its files.", &missing);
    let units = deb["systemd-units"].as_array().expect("units");
    for unit in units {
        let (at, name) = (&unit["unit-scripts"], &unit["unit-name"]);
        let (at, name) = (at.as_str().expect("text"), name.as_str().expect("text"));
        let unit = folder().join(at).join(format!("{name}.service"));
        let text = std::fs::read_to_string(&unit).expect("the unit");
        assert_eq!(odd_lines(&text), Vec::<String>::new(), "{}", unit.display());
        let starts = text
            .lines()
            .find_map(|line| line.strip_prefix("ExecStart=/"));
        let program = starts
            .expect("a program")
            .split(' ')
            .next()
            .expect("a path");
        let installed = assets.iter().any(|asset| {
            let (from, to) = (cell(asset, 0), cell(asset, 1));
            from.rsplit('/')
                .next()
                .is_some_and(|file| format!("{to}{file}") == program)
        });
        assert!(installed, "{program} is not installed");
    }
}

#[test]
fn every_setting_that_is_named_is_one_that_the_program_reads() {
    let files = project();
    let known = known(&files);
    assert!(known.contains("ROLLCALL_LISTEN"), "{known:?}");
    keep(
        "Settings are those of src/config.rs.",
        &unknown_settings(&files, &known),
    );
}

#[test]
fn an_odd_line_and_an_unknown_setting_are_found() {
    assert_eq!(
        odd_lines("[Unit]\nA=b\n# c\n[Servce]\nD=e"),
        ["[Servce]", "D=e"]
    );
    assert_eq!(odd_lines("[Unit]\nwhat is this"), ["what is this"]);
    let known = variables("ROLLCALL_LISTEN");
    let files = sample("packaging/rollcall.env", "#ROLLCALL_LISTN=x");
    assert_eq!(unknown_settings(&files, &known).len(), 1);
}
