//! Rebuilds when a migration changes, and fetches what the pages use from npm. It writes nothing outside cargo's folder for
//! this build.
//!
//! `embed_migrations!` reads the folder of migrations at compile time. `static/package-lock.json` says, by hash, which packages
//! `npm ci` may fetch; that happens only when the lock has changed, and needs no network where `ROLLCALL_NODE_MODULES` names
//! a folder that has them already.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// What is embedded in the program: the folder for it, and its place below `node_modules`.
const EMBEDDED: &[&str] = &["htmx.org/dist/htmx.min.js", "sortablejs/Sortable.min.js"];

/// What only tests read. Its folder is not embedded.
const FOR_TESTS: &[&str] = &["axe-core/axe.min.js"];

const GIVEN: &str = "ROLLCALL_NODE_MODULES";

fn main() {
    println!("cargo::rerun-if-changed=migrations");
    println!("cargo::rerun-if-changed=static/package.json");
    println!("cargo::rerun-if-changed=static/package-lock.json");
    println!("cargo::rerun-if-env-changed={GIVEN}");
    if env::var_os("PROFILE").is_some_and(|profile| profile == "release") {
        // A debug build reads them from disk.
        println!("cargo::rerun-if-changed=static");
    }
    if let Err(problem) = packages() {
        println!("cargo::error={problem}");
        std::process::exit(1);
    }
}

fn packages() -> Result<(), String> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo names no OUT_DIR")?);
    let given = env::var_os(GIVEN).map(PathBuf::from);
    let stamp = stamp(given.as_deref())?;
    let stamped = out.join("packages.stamp");
    if given.is_none() && fs::read_to_string(&stamped).is_ok_and(|old| old == stamp) {
        return Ok(());
    }
    // Without it, the next build begins anew whatever becomes of this one.
    let _ = fs::remove_file(&stamped);
    let npm = out.join("npm");
    let copied = copy_all(given, &npm, &out);
    remove(&npm)?;
    copied?;
    fs::write(&stamped, stamp).map_err(|error| format!("{}: {error}", stamped.display()))
}

fn copy_all(given: Option<PathBuf>, npm: &Path, out: &Path) -> Result<(), String> {
    let modules = match given {
        Some(folder) => folder,
        None => fetch(npm)?,
    };
    copy(&modules, EMBEDDED, &out.join("packages"), true)?;
    copy(&modules, FOR_TESTS, &out.join("packages-for-tests"), false)
}

/// What the copied files were made from.
fn stamp(given: Option<&Path>) -> Result<String, String> {
    let mut stamp = format!("{given:?}\n");
    for name in ["package.json", "package-lock.json"] {
        let path = Path::new("static").join(name);
        let text = fs::read_to_string(&path);
        stamp += &text.map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(stamp)
}

/// Runs `npm ci` in a folder of its own, never in the source tree; says where the packages are.
fn fetch(npm: &Path) -> Result<PathBuf, String> {
    remove(npm)?;
    fs::create_dir_all(npm).map_err(|error| format!("{}: {error}", npm.display()))?;
    for name in ["package.json", "package-lock.json"] {
        fs::copy(Path::new("static").join(name), npm.join(name))
            .map_err(|error| format!("static/{name}: {error}"))?;
    }
    let advice = format!(
        "Install npm (Debian: apt-get install npm; `make demo` does it) and build again. For a build without network, name a \
         folder node_modules that has the packages of static/package-lock.json in the environment variable {GIVEN}."
    );
    let ran = Command::new("npm")
        .args([
            "ci",
            "--include=dev",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
        ])
        .current_dir(npm)
        .output()
        .map_err(|error| {
            format!("The pages' scripts come from npm, which did not start ({error}). {advice}")
        })?;
    if !ran.status.success() {
        let said = String::from_utf8_lossy(&ran.stderr);
        let said: Vec<&str> = said
            .lines()
            .filter(|line| line.starts_with("npm err") || line.starts_with("npm ERR"))
            .collect();
        return Err(format!(
            "The pages' scripts come from npm, and `npm ci` failed: {}. {advice}",
            said.join(" ")
        ));
    }
    Ok(npm.join("node_modules"))
}

/// Copies the files, without their folders. What only tests need may be missing: the tests say so.
fn copy(modules: &Path, files: &[&str], to: &Path, needed: bool) -> Result<(), String> {
    remove(to)?;
    fs::create_dir_all(to).map_err(|error| format!("{}: {error}", to.display()))?;
    for file in files {
        let from = modules.join(file);
        let name = from.file_name().ok_or("a file without a name")?;
        match fs::copy(&from, to.join(name)) {
            Err(error) if needed => return Err(format!("{}: {error}", from.display())),
            _ => {}
        }
    }
    Ok(())
}

fn remove(folder: &Path) -> Result<(), String> {
    match fs::remove_dir_all(folder) {
        Err(error) if folder.exists() => Err(format!("{}: {error}", folder.display())),
        _ => Ok(()),
    }
}
