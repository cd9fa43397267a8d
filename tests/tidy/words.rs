//! What no file may say, and how tests are named.

use crate::source::Source;
use crate::{keep, project, rust, sample};

/// Where code waits by the real clock, and why.
const MAY_SLEEP: &[(&str, &str)] = &[
    ("benches/clouds/mod.rs", "a bench measures real time"),
    (
        "src/clock.rs",
        "the home of waiting: everything else waits through `Clock`",
    ),
    (
        "src/db/open.rs",
        "two processes that make one file: SQLite says \"locked\" at once",
    ),
    (
        "src/jobs/claiming.rs",
        "a sign of life is sent in real time, also where a test sets the clock",
    ),
    (
        "src/sync/turn.rs",
        "a sign of life is sent in real time, also where a test sets the clock",
    ),
    (
        "src/simulator/kit/server.rs",
        "a simulated answer that is late is late in real time",
    ),
];

/// Domains that this product has to do with, and those of the documents it quotes.
const KNOWN_DOMAINS: &[&str] = &[
    "aka.ms",
    "autotask.com",
    "autotask.net",
    "chinacloudapi.cn",
    "connectwise.com",
    "crates.io",
    "datto.com",
    "debian.org",
    "docs.rs",
    "github.com",
    "htmx.org", // also the name of the package
    "ietf.org",
    "localhost",
    "microsoft.com",
    "microsoft.us",
    "microsoftonline.cn",
    "microsoftonline.us",
    "microsoftonline.com",
    "myconnectwise.net",
    "onmicrosoft.com",
    "postgresql.org",
    "rfc-editor.org",
    "rust-lang.org",
    "rustup.rs",
    "spdx.org",
    "sqlite.org",
    "unicode.org",
    "unimi.it", // where a generator of numbers is published
    "w3.org",
    "windows.net",
    "apache.org",       // the text of the licence
    "evilautotask.net", // ends like Autotask's and is not
];

/// Domains that nobody can own.
const NOBODYS: &[&str] = &[
    "example",
    "example.com",
    "example.net",
    "example.org",
    "invalid",
    "localhost",
    "test",
];

/// The ends by which a domain is known where no `https://` or `@` stands before it.
const ENDS: &[&str] = &["com", "net", "org", "eu", "uk", "de", "ms", "us", "cn"];

/// Folders of one machine; each is written in two parts so that this file does not break the rule.
const MACHINE_FOLDERS: &[&str] = &[
    concat!("/", "work/"),
    concat!("/", "root/"),
    concat!("/", "home/"),
    concat!("/", "Users/"),
];

/// The home of the examples.
const EXAMPLE_HOME: &str = concat!("/", "home/ann");

fn banned_attributes_and_waits(files: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for file in rust(files, &["src", "tests", "benches"]) {
        let tokens = file.tokens();
        let mut at = |line: usize, what: &str| broken.push(format!("{}:{line}: {what}", file.path));
        for (index, token) in tokens.iter().enumerate() {
            let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
            let attribute = index > 0 && text(index - 1) == "[";
            match (token.text.as_str(), text(index + 1)) {
                ("allow", "(") if attribute => {
                    at(token.line, "`allow`: use `expect` with a reason");
                }
                ("ignore", "]" | "=") if attribute => {
                    at(token.line, "`ignore`: a test runs or goes");
                }
                ("todo" | "unimplemented", "!") => at(token.line, "unfinished code"),
                _ => {}
            }
        }
        let exempt = MAY_SLEEP.iter().any(|(path, _)| *path == file.path);
        for path in file.paths().iter().filter(|_| !exempt) {
            let names: Vec<&str> = path.names.iter().map(String::as_str).collect();
            if let [.., "thread" | "time", "sleep" | "sleep_until"] = names[..] {
                at(
                    path.line,
                    "sleeps: wait through `Clock`, which a test sets by hand",
                );
            }
        }
    }
    broken
}

fn exemptions_that_are_over(files: &[Source]) -> Vec<String> {
    let sleeps = |file: &&Source| file.tokens().iter().any(|token| token.text == "sleep");
    let exempt = |file: &&Source| MAY_SLEEP.iter().any(|(path, _)| *path == file.path);
    let over = files.iter().filter(exempt).filter(|file| !sleeps(file));
    over.map(|file| file.path.clone()).collect()
}

fn private_words(files: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for file in files.iter().filter(|file| file.path != "Cargo.lock") {
        for (index, line) in file.text.lines().enumerate() {
            let at = |what: &str| format!("{}:{}: {what}", file.path, index + 1);
            for folder in MACHINE_FOLDERS {
                for (start, _) in line.match_indices(folder) {
                    let before = line[..start].chars().next_back();
                    let is_root =
                        !before.is_some_and(|c| c.is_alphanumeric() || "._-}".contains(c));
                    if is_root && !line[start..].starts_with(EXAMPLE_HOME) {
                        broken.push(at(&format!("a folder of one machine, {folder}")));
                    }
                }
            }
            for domain in domains(line) {
                if !is_known(domain) {
                    broken.push(at(&format!("`{domain}`: use an example domain")));
                }
            }
        }
    }
    broken
}

/// What stands after `@` or `://`, and words that end like a domain.
fn domains(line: &str) -> Vec<&str> {
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    let mut found = Vec::new();
    let mut end = 0;
    for word in line.split(|c| !inside(c)) {
        let start = line[end..].find(word).map_or(end, |at| end + at);
        end = start + word.len();
        let domain = word.trim_matches(['.', '-']);
        let Some((name, last)) = domain.rsplit_once('.') else {
            continue;
        };
        let before = &line[..start];
        let said = ["@", "http://", "https://"]
            .iter()
            .any(|start| before.ends_with(start))
            && last.chars().all(|c| c.is_ascii_alphabetic());
        let bare = ENDS.contains(&last)
            && !name.is_empty()
            && domain.chars().all(|c| !c.is_ascii_uppercase())
            && !before.ends_with(['_', '/', '(', '$', '{']);
        if said || bare {
            found.push(domain);
        }
    }
    found
}

fn is_known(domain: &str) -> bool {
    let domain = domain.to_ascii_lowercase();
    // `value@odata.count` and the like are names of OData, no addresses.
    if domain.starts_with("odata.") {
        return true;
    }
    let below = |known: &&str| {
        let rest = domain.strip_suffix(*known);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    KNOWN_DOMAINS.iter().chain(NOBODYS).any(below)
}

fn tests_without_a_sentence(files: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for file in rust(files, &["src", "tests", "benches"]) {
        let tokens = file.tokens();
        for index in 1..tokens.len() {
            let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
            let attribute = text(index) == "test"
                && ["]", "("].contains(&text(index + 1))
                && (text(index - 1) == "[" || text(index - 1) == "::");
            if !attribute {
                continue;
            }
            let Some(name) = (index..tokens.len())
                .find(|at| text(*at) == "fn")
                .map(|at| at + 1)
            else {
                continue;
            };
            let words = text(name)
                .split('_')
                .filter(|word| !word.is_empty())
                .count();
            let made_by_a_macro = text(name) == "$";
            if words < 3 && !made_by_a_macro {
                broken.push(format!(
                    "{}:{}: {}",
                    file.path,
                    tokens[name].line,
                    text(name)
                ));
            }
        }
    }
    broken
}

#[test]
fn no_lint_or_test_is_switched_off_and_nothing_sleeps() {
    keep(
        "Finished code, and time set by hand.",
        &banned_attributes_and_waits(&project()),
    );
    keep(
        "These no longer sleep; take them off MAY_SLEEP.",
        &exemptions_that_are_over(&project()),
    );
}

#[test]
fn no_file_names_a_machine_or_somebody_elses_domain() {
    keep(
        "Examples live at example domains.",
        &private_words(&project()),
    );
}

#[test]
fn every_test_is_named_as_a_sentence() {
    keep(
        "A test's name says what holds, in three words or more.",
        &tests_without_a_sentence(&project()),
    );
}

#[test]
fn a_switched_off_lint_or_test_and_a_wait_are_found() {
    for code in [
        "#[allow(dead_code)] fn f() {}",
        "#![allow(dead_code)]",
        "#[test] #[ignore] fn f() {}",
        "#[ignore = \"slow\"] fn f() {}",
        "fn f() { todo!() }",
        "fn f() { std::thread::sleep(a) }",
        "use tokio::time::{Duration, sleep};",
        "async fn f() { time::sleep(a).await }",
    ] {
        assert_eq!(
            banned_attributes_and_waits(&sample("src/a.rs", code)).len(),
            1,
            "{code}"
        );
    }
    for code in [
        "fn f() { clock.sleep(a) } // thread::sleep",
        "fn f() { allow(a); ignore = 3; }",
    ] {
        assert!(
            banned_attributes_and_waits(&sample("src/a.rs", code)).is_empty(),
            "{code}"
        );
    }
}

#[test]
fn a_machine_and_a_strange_domain_are_found() {
    for line in [
        concat!("cp /", "work/a b"),
        concat!("\"/", "home/bob/x\""),
        concat!("to jane@contoso", ".com"),
        concat!("see https:", "//blog.tailspin.io/a"),
        concat!("the site of tailspin", ".com says"),
        concat!("https://not-microsoft", ".com"),
    ] {
        assert_eq!(private_words(&sample("docs/a.md", line)).len(), 1, "{line}");
    }
    for line in [
        "jane@contoso.example and https://learn.microsoft.com/graph",
        "sqlite:///tmp/x.db and \"/homework/a\" and 1.5.",
        concat!("/", "home/ann/.local"),
        "serde@1.0.2 and https://localhost:80",
    ] {
        let found = private_words(&sample("docs/a.md", line));
        assert!(found.is_empty(), "{found:?}");
    }
}

#[test]
fn a_test_without_a_sentence_is_found() {
    let named = |name: &str, test: &str| {
        tests_without_a_sentence(&sample(
            "tests/a.rs",
            &format!("#[{test}]\nasync fn {name}() {{}}"),
        ))
    };
    assert_eq!(named("it_works", "test"), ["tests/a.rs:2: it_works"]);
    assert_eq!(
        named("works", "tokio::test(flavor = \"multi_thread\")").len(),
        1
    );
    assert!(named("a_page_is_read", "tokio::test").is_empty());
    assert!(
        tests_without_a_sentence(&sample("src/a.rs", "#[cfg(test)] mod tests; fn a() {}"))
            .is_empty()
    );
}
