//! The built program, as a person starts it.

use std::ffi::OsStr;
use std::process::Stdio;

use tokio::process::Command;

/// The program with these arguments and nothing of this process's environment: no input, what it says is read, and it ends
/// with the test.
pub fn program<Name: AsRef<OsStr>, Value: AsRef<OsStr>>(
    environment: impl IntoIterator<Item = (Name, Value)>,
    arguments: &[&str],
) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
    command
        .args(arguments)
        .env_clear()
        .envs(environment)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}
