//! The demo as people start it: the built program, its story, and other commands beside it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

fn rollcall() -> Command {
    Command::new(assert_cmd::cargo::cargo_bin!("rollcall"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What is in a folder.
fn names(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn the_demo_tells_its_story_and_leaves_nothing_behind() {
    let temporary = TempDir::new().unwrap();
    let told = rollcall()
        .args(["demo", "--exit"])
        .env("TMPDIR", temporary.path())
        // It uses no setting of the environment, and these are wrong.
        .env("ROLLCALL_DATA_DIR", "/proc/nowhere")
        .env("ROLLCALL_DATABASE_URL", "mysql://nowhere")
        .env("ROLLCALL_GRAPH_URL", "nonsense")
        // No proxy leads to clouds on this machine.
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .env("http_proxy", "http://127.0.0.1:9")
        .output()
        .unwrap();
    let (story, complaints) = (text(&told.stdout), text(&told.stderr));
    assert_eq!(told.status.code(), Some(0), "{story}\n{complaints}");
    assert_eq!(complaints, "");
    for (number, title) in (1..).zip([
        "An MSP and its fleet",
        "A preview",
        "The first sync",
        "Once more: nothing to do",
        "A day passes",
        "What a sync would do now",
        "What changed, and why",
        "Why is this person where they are?",
        "What to try next",
    ]) {
        let heading = format!("\n{number}. {title}\n");
        assert!(story.contains(&heading), "{heading} is missing:\n{story}");
    }
    for words in [
        "Every company got exactly what its preview said.",
        "Nothing was written.",
        "Tailspin Toys lost a third of its people at once.",
        "rollcall holds approve --company \"Tailspin Toys\"",
        "rollcall holds dismiss --company \"Tailspin Toys\"",
        "All licensed users takes this user",
        "Management does not",
        "/demo.env",
    ] {
        assert!(story.contains(words), "{words} is missing:\n{story}");
    }
    let held = story.lines().any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.starts_with(&["Tailspin", "Toys", "held"])
    });
    assert!(held, "{story}");
    assert!(!story.contains('\u{1b}'), "colours without a terminal");
    assert_eq!(names(temporary.path()), Vec::<PathBuf>::new());
}

/// A demo that waits; it is killed where a test fails.
struct Waiting {
    child: Child,
    output: BufReader<ChildStdout>,
    environment: PathBuf,
    story: String,
}

impl Waiting {
    /// Starts a demo and reads its story to the end.
    fn start(temporary: &Path) -> Self {
        let mut child = rollcall()
            .arg("demo")
            .env("TMPDIR", temporary)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut waiting = Self {
            child,
            output,
            environment: PathBuf::new(),
            story: String::new(),
        };
        let mut story = String::new();
        loop {
            let mut line = String::new();
            let read = waiting.output.read_line(&mut line).unwrap();
            assert!(read > 0, "the demo ended before it waited:\n{story}");
            if let Some(path) = line.trim().strip_prefix("source ") {
                waiting.environment = path.into();
            }
            if line.contains("stays up until Ctrl-C") {
                break;
            }
            story.push_str(&line);
        }
        assert!(waiting.environment.is_file(), "{story}");
        waiting.story = story;
        waiting
    }

    /// The commands that the story offers under these words.
    fn offered(&self, words: &str) -> Vec<String> {
        let lines = self.story.lines().skip_while(|line| !line.contains(words));
        let commands = lines.skip(1).take_while(|line| !line.is_empty());
        commands.map(|line| line.trim().to_owned()).collect()
    }

    /// A command in another shell, which has sourced `demo.env` over settings that lead elsewhere.
    fn other(&self, command: &str) -> Output {
        let script = format!(". '{}' && {command}", self.environment.display());
        Command::new("sh")
            .args(["-c", &script])
            .env("ROLLCALL_SECRET_KEY", "wrong")
            .env("http_proxy", "http://127.0.0.1:9")
            .env("ROLLCALL_DATABASE_URL", "sqlite:///nowhere/at/all.db")
            .output()
            .unwrap()
    }

    /// Ends it as Ctrl-C does; answers its exit status and what it still printed.
    fn interrupt(mut self) -> (Option<i32>, String) {
        // The shell's own `kill`: the program of that name is not on every machine.
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -INT {}", self.child.id())])
            .status()
            .unwrap();
        assert!(sent.success());
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn other_commands_reach_a_demo_that_waits_and_ctrl_c_ends_it() {
    let temporary = TempDir::new().unwrap();
    let demo = Waiting::start(temporary.path());

    let holds = demo.other("rollcall holds --json");
    assert_eq!(holds.status.code(), Some(0), "{}", text(&holds.stderr));
    let hold: Value = serde_json::from_slice(&holds.stdout).unwrap();
    assert_eq!(hold["company"], "Tailspin Toys");
    let people = hold["people"].as_array().unwrap().len();
    assert!(people > 15, "{people}");

    let sync = demo.other("rollcall sync --all --json");
    assert_eq!(sync.status.code(), Some(3), "{}", text(&sync.stderr));
    let reports: Vec<Value> = text(&sync.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(reports.len(), 8);
    for report in &reports {
        let counts = &report["counts"];
        for action in ["create", "link", "update", "reactivate"] {
            assert_eq!(counts[action], 0, "{action}: {report}");
        }
        assert_eq!(counts["deactivate"], counts["held"], "{report}");
    }

    let explain =
        demo.other("rollcall explain --company Contoso --user ben.okafor@contoso.example");
    assert_eq!(explain.status.code(), Some(0), "{}", text(&explain.stderr));
    assert!(text(&explain.stdout).contains("Management takes this user"));

    let fleet = demo.environment.with_file_name("fleet.toml");
    let applied = demo.other(&format!("rollcall fleet apply '{}'", fleet.display()));
    assert_eq!(applied.status.code(), Some(0), "{}", text(&applied.stderr));
    assert_eq!(text(&applied.stdout), "Nothing changes.\n");

    assert!(
        demo.story
            .contains("Runs begin by themselves: each company's 2 minutes"),
        "{}",
        demo.story
    );
    let operating = demo.offered("What docs/OPERATING.md says");
    assert_eq!(operating.len(), 4, "{operating:?}");
    for command in &operating {
        let done = demo.other(command);
        assert_eq!(
            done.status.code(),
            Some(0),
            "{command}: {}",
            text(&done.stderr)
        );
    }
    let rotated = text(&demo.other("rollcall keys rotate").stdout);
    assert!(rotated.contains("rotate again in a minute"), "{rotated}");

    let approved = demo.other("rollcall holds approve --json");
    assert_eq!(
        approved.status.code(),
        Some(0),
        "{}",
        text(&approved.stderr)
    );
    let report: Value = serde_json::from_slice(&approved.stdout).unwrap();
    assert_eq!(report["counts"]["deactivate"], people);

    let (status, rest) = demo.interrupt();
    assert_eq!(status, Some(0), "{rest}");
    assert_eq!(names(temporary.path()), Vec::<PathBuf>::new(), "{rest}");
}
