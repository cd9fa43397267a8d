//! The program that steers Chromium: started once, in a temporary folder, and gone with the test program together with all its
//! browsers. It knows nothing of pages.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

/// Browsers open at once. A machine with two cores gets slower with more, and polling runs into its limits.
static PLACES: Semaphore = Semaphore::const_new(2);

/// Starts chromedriver as the leader of a group that its browsers belong to, says port and folder, waits for the end of its
/// input, and ends the group. The input is a pipe that the operating system closes when the test program ends, however
/// it ends. Told to stop politely, chromedriver would leave its browsers behind.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
set -e
dir=$(mktemp -d "${TMPDIR:-/tmp}/rollcall-browser.XXXXXX")
mkdir "$dir/tmp"
: >"$dir/log"
export TMPDIR="$dir/tmp" HOME="$dir" XDG_CONFIG_HOME="$dir" XDG_CACHE_HOME="$dir"
(trap - INT TERM HUP; exec setsid "$1" --port=0 --log-level=SEVERE >"$dir/log" 2>&1 </dev/null) &
driver=$!
end() {
  kill -9 "-$driver" || true
  wait "$driver" || true
  for _ in 1 2 3 4 5; do rm -rf "$dir" 2>/dev/null && break; sleep 0.2; done
}
trap end EXIT
port=
for _ in $(seq 1200); do
  port=$(sed -n 's/.*started successfully on port \([0-9]*\).*/\1/p' "$dir/log")
  if [ -n "$port" ] || ! kill -0 "$driver" 2>/dev/null; then break; fi
  sleep 0.05
done
[ -n "$port" ] || { cat "$dir/log" >&2; exit 1; }
echo "$port $dir"
exec >/dev/null 2>&1
cat
"#;

/// The running chromedriver.
pub struct Driver {
    /// The port on loopback.
    pub port: u16,
    /// The Chromium to start.
    pub chromium: PathBuf,
    folder: PathBuf,
    /// Ends when its input is closed; never waited for.
    shell: Child,
}

impl Driver {
    /// The one of this test program, started by whoever asks first.
    pub fn get() -> &'static Self {
        static DRIVER: OnceLock<Driver> = OnceLock::new();
        DRIVER.get_or_init(start)
    }

    /// A folder for the profile of one browser.
    pub fn profile(&self) -> PathBuf {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        self.folder.join(format!("profile-{number}"))
    }
}

/// Waits until one more browser may be open.
pub async fn place() -> SemaphorePermit<'static> {
    PLACES.acquire().await.expect("never closed")
}

fn start() -> Driver {
    let chromium = program(&["chromium", "chromium-browser", "google-chrome"]);
    let chromedriver = program(&["chromedriver"]);
    let (Some(chromium), Some(chromedriver)) = (chromium, chromedriver) else {
        panic!(
            "these tests need Chromium and its driver: install them (Debian: apt-get install chromium chromium-driver)"
        );
    };
    let mut shell = Command::new("sh")
        .args(["-c", SCRIPT, "sh"])
        .arg(&chromedriver)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell to start chromedriver with");
    let mut said = String::new();
    BufReader::new(shell.stdout.take().unwrap())
        .read_line(&mut said)
        .unwrap();
    let (port, folder) = said
        .trim()
        .split_once(' ')
        .expect("chromedriver did not start; its log is above");
    Driver {
        port: port.parse().unwrap(),
        chromium,
        folder: Path::new(folder).to_owned(),
        shell,
    }
}

/// The first of these programs that is installed.
fn program(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.push("/usr/bin".into());
    let places = names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    places.into_iter().find(|place| place.is_file())
}

#[test]
fn the_driver_and_its_folder_are_gone_with_the_test_program() {
    let mut driver = start();
    assert!(driver.folder.is_dir());
    // What the operating system does when the test program ends.
    drop(driver.shell.stdin.take());
    assert!(driver.shell.wait().unwrap().success());
    assert!(!driver.folder.exists());
    let refused = std::net::TcpStream::connect(("127.0.0.1", driver.port));
    assert!(refused.is_err(), "chromedriver is still there");
}
