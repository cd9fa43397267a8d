//! The commands as people and programs use them: the built program against simulated clouds, its exit status and what it
//! prints (`behaviour.md` section 10).

mod check;
mod explain;
mod holds;
mod link;
mod report;
mod stopped;
mod sync;

use std::process::Stdio;

use rollcall::clock::Clock;
use rollcall::db::companies;
use serde_json::Value;

use crate::stage::{Stage, Store, Vendor, program};

/// What a command said.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Said {
    /// Asserts how it ended.
    #[track_caller]
    fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.out, self.err);
        self
    }

    /// Asserts that each of these words is among the results.
    #[track_caller]
    fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.out.contains(word), "{word} is missing:\n{}", self.out);
        }
        self
    }

    /// Asserts that each of these words is on standard error.
    #[track_caller]
    fn complains(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.err.contains(word), "{word} is missing:\n{}", self.err);
        }
        self
    }

    /// The results as JSON, one value a line and nothing else.
    fn json(&self) -> Vec<Value> {
        let value = |line: &str| serde_json::from_str(line).unwrap();
        self.out.lines().map(value).collect()
    }
}

/// A stage with the real clock, on which a process of its own can work.
async fn stage(vendor: Vendor) -> Stage {
    Stage::with_clock(vendor, Store::Sqlite, Clock::real()).await
}

/// Runs the program on a stage.
async fn rollcall(stage: &Stage, arguments: &[&str]) -> Said {
    printing_to(stage, arguments, Stdio::piped()).await
}

async fn printing_to(stage: &Stage, arguments: &[&str], out: Stdio) -> Said {
    printing(stage.environment(), arguments, out).await
}

async fn printing(
    environment: Vec<(&'static str, String)>,
    arguments: &[&str],
    out: Stdio,
) -> Said {
    let child = program(environment, arguments).stdout(out).spawn().unwrap();
    let output = child.wait_with_output().await.unwrap();
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Adds a company that has no tenant connection.
async fn add_company(stage: &Stage, name: &str) {
    let mut company = stage.company().await;
    name.clone_into(&mut company.name);
    let number: u32 = name.bytes().map(u32::from).sum();
    company.psa_company_id = number.to_string().into();
    let now = stage.clock.now();
    stage
        .write(move |conn| companies::insert(conn, &company, now))
        .await;
}

#[tokio::test]
async fn a_company_that_is_not_there_is_named_with_the_nearest_ones() {
    let stage = stage(Vendor::Autotask).await;
    add_company(&stage, "Fabrikam").await;
    for (name, words) in [
        ("Contso", "did you mean \"Contoso\"?"),
        ("fabricam", "did you mean \"Fabrikam\"?"),
        ("Northwind", "`rollcall fleet export` shows"),
        ("", "The company's name is empty"),
    ] {
        let said = rollcall(&stage, &["check", "--company", name]).await;
        said.ends(2).complains(&[words]);
    }
    add_company(&stage, "FABRIKAM").await;
    let said = rollcall(&stage, &["holds", "--company", "fabrikam"]).await;
    said.ends(2).complains(&["Fabrikam", "FABRIKAM", "exactly"]);
    let said = rollcall(&stage, &["holds", "--company", "FABRIKAM"]).await;
    said.ends(0).says(&["Nothing is held at FABRIKAM."]);
}

#[tokio::test]
async fn a_command_that_makes_a_database_says_where_and_only_on_standard_error() {
    let stage = stage(Vendor::Autotask).await;
    let commands: [&[&str]; 6] = [
        &["holds", "--json"],
        &["sync", "--all", "--json"],
        &["sync", "--all"],
        &["check", "--json"],
        &["fleet", "export"],
        &["explain", "--company", "Contoso", "--user", "anna"],
    ];
    for (number, command) in commands.into_iter().enumerate() {
        let folder = stage.folder.path().join(format!("misspelt-{number}"));
        let mut environment = stage.environment();
        environment.retain(|(name, _)| *name != "ROLLCALL_DATABASE_URL");
        for (name, value) in &mut environment {
            if *name == "ROLLCALL_DATA_DIR" {
                *value = folder.display().to_string();
            }
        }
        let database = folder.join("rollcall.db").display().to_string();
        let made = format!("Made a new, empty database at {database}: check ROLLCALL_DATA_DIR");
        let said = printing(environment.clone(), command, Stdio::piped()).await;
        let said = said.complains(&[&made]);
        assert!(!said.out.contains("Made a new"), "{}", said.out);
        if command.contains(&"--json") {
            assert_eq!(said.out, "");
        }
        let again = printing(environment, command, Stdio::piped()).await;
        assert!(!again.err.contains("Made a new"), "{}", again.err);
    }
}

#[tokio::test]
async fn results_that_cannot_be_written_fail_and_a_closed_pipe_does_not() {
    let stage = stage(Vendor::Autotask).await;
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let said = printing_to(&stage, &["fleet", "export"], full.into()).await;
    said.ends(5).complains(&["The results cannot be printed"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let said = printing_to(&stage, &["fleet", "export"], writer.into()).await;
    assert_eq!(said.ends(0).err, "");
}

#[tokio::test]
async fn a_fleet_that_is_exported_and_applied_changes_nothing() {
    let stage = stage(Vendor::ConnectWise).await;
    let exported = rollcall(&stage, &["fleet", "export"]).await.ends(0);
    let file = stage.folder.path().join("fleet.toml");
    std::fs::write(&file, &exported.out).unwrap();
    let file = file.to_str().unwrap();
    let said = rollcall(&stage, &["fleet", "apply", file]).await;
    said.ends(0).says(&["Nothing changes."]);
    std::fs::write(file, format!("{}\nnonsense = 1\n", exported.out)).unwrap();
    let said = rollcall(&stage, &["fleet", "apply", file]).await.ends(2);
    assert_eq!(said.out, "");
    said.complains(&["line ", "nonsense", "Nothing was applied."]);
    let said = rollcall(&stage, &["fleet", "apply", "nowhere.toml"]).await;
    said.ends(2).complains(&["There is no file nowhere.toml"]);
}
