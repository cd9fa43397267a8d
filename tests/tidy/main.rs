//! The rules of the house that no compiler checks: which room may use which, what pure code names,
//! how files and tests are called, what no file may say, and which licences come in.
//!
//! Each rule is a function from files to sentences, one for each place that breaks it, with two
//! tests: the project keeps the rule, and a sample that breaks it is found. What is exempt stands
//! in a list with its reason; a file that no longer needs its exemption fails as well.

mod arrows;
mod licences;
mod packaging;
mod source;
mod tree;
mod words;

use source::Source;
use std::path::{Path, PathBuf};

/// The project's folder: cargo names it anew for every run.
fn folder() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| ".".into(), PathBuf::from)
}

/// The project's own text files, by path; what git ignores and what is downloaded are left out.
fn project() -> Vec<Source> {
    let mut files = Vec::new();
    collect(&folder(), "", &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(files.len() > 50, "the project's files were not found");
    files
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let entry = entry.expect("a readable entry");
        let name = entry.file_name().into_string().expect("a name in UTF-8");
        if ["target", "node_modules", ".git"].contains(&name.as_str()) {
            continue;
        }
        let path = format!("{prefix}{name}");
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{path}/"), files);
        } else if let Ok(text) = std::fs::read_to_string(entry.path()) {
            files.push(Source { path, text });
        }
    }
}

/// The Rust files below one of the folders.
fn rust<'a>(files: &'a [Source], folders: &[&str]) -> Vec<&'a Source> {
    let wanted = |file: &&Source| {
        let path = Path::new(&file.path);
        path.extension().is_some_and(|end| end == "rs")
            && folders.iter().any(|folder| path.starts_with(folder))
    };
    files.iter().filter(wanted).collect()
}

/// Fails with the rule and all that breaks it.
fn keep(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}\n\n  {}\n", broken.join("\n  "));
}

/// A file that is not there, for the tests of the rules.
fn sample(path: &str, text: &str) -> Vec<Source> {
    vec![Source {
        path: path.to_owned(),
        text: text.to_owned(),
    }]
}
