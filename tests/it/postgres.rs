//! A PostgreSQL server for the tests: started once, in a temporary folder, and gone with the test program.

#![expect(
    clippy::unwrap_used,
    reason = "what a test needs and does not get fails the test"
)]

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::prelude::*;

/// Makes a cluster, starts it, says "ready", waits for the end of its input, and clears up. The input is a pipe that the
/// operating system closes when the test program ends, however it ends. Signals of a terminal are left to the tests.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
set -e
bin=$1
dir=$(mktemp -d "${TMPDIR:-/tmp}/rollcall-pg.XXXXXX")
end() { "$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$dir"; }
trap end EXIT
"$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$dir/log" 2>&1 || { cat "$dir/log" >&2; exit 1; }
"$bin/pg_ctl" -D "$dir/data" -w -t 60 -l "$dir/log" start </dev/null >/dev/null 2>&1 -o \
  "-k $dir -c listen_addresses= -c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=400 -c shared_buffers=32MB" \
  || { cat "$dir/log" >&2; exit 1; }
echo "$dir"
exec >/dev/null 2>&1
cat
"#;

struct Server {
    folder: String,
    /// Ends when its input is closed; never waited for.
    _shell: Child,
}

/// The address of a new, empty database.
pub fn database() -> String {
    static SERVER: OnceLock<Server> = OnceLock::new();
    static NUMBER: AtomicU32 = AtomicU32::new(0);

    let server = SERVER.get_or_init(start);
    let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let mut conn = PgConnection::establish(&address(server, "postgres")).unwrap();
    diesel::sql_query(format!("CREATE DATABASE {name} TEMPLATE template0"))
        .execute(&mut conn)
        .unwrap();
    address(server, &name)
}

/// The address of a copy of a database to which nobody is connected any more, or is about to be not.
pub fn copy(of: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);

    let name = of
        .trim_start_matches("postgres:///")
        .split('?')
        .next()
        .unwrap();
    let copy = format!("{name}_copy_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let mut conn = PgConnection::establish(&of.replacen(name, "postgres", 1)).unwrap();
    for last in [false; 200].into_iter().chain([true]) {
        // Refused while a session of the other is on its way out; the server itself waits five seconds for it.
        match diesel::sql_query(format!("CREATE DATABASE {copy} TEMPLATE {name}"))
            .execute(&mut conn)
        {
            Err(error) if last => panic!("{error}"),
            Err(_) => {}
            Ok(_) => break,
        }
    }
    of.replacen(name, &copy, 1)
}

fn address(server: &Server, database: &str) -> String {
    format!(
        "postgres:///{database}?host={}&user=postgres",
        server.folder
    )
}

fn start() -> Server {
    let programs = programs();
    let mut command = if is_root() {
        // PostgreSQL refuses to run as root.
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--", "sh", "-c", SCRIPT, "sh"]);
        command
    } else {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "sh"]);
        command
    };
    let mut shell = command
        .arg(&programs)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell (and, for root, `runuser` of util-linux) to start PostgreSQL with");
    let mut folder = String::new();
    BufReader::new(shell.stdout.take().unwrap())
        .read_line(&mut folder)
        .unwrap();
    let folder = folder.trim().to_owned();
    assert!(
        !folder.is_empty(),
        "PostgreSQL did not start; its log is above"
    );
    Server {
        folder,
        _shell: shell,
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

/// The folder of `initdb`, of the newest version installed.
fn programs() -> PathBuf {
    let debian = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found: Vec<PathBuf> = debian.filter(|bin| bin.join("initdb").exists()).collect();
    found.sort();
    found
        .pop()
        .or_else(|| std::env::split_paths(&path).find(|bin| bin.join("initdb").exists()))
        .expect(
            "these tests need a PostgreSQL server: install one (Debian: apt-get install postgresql)",
        )
}
