//! Settings from the environment: `behaviour.md` section 10. All problems are told at once. Nothing here opens the database
//! or talks to the network, and nothing else of the crate reads the process environment for settings.

mod files;
mod rules;

pub use files::MissingDatabase;

use std::ffi::OsString;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use tracing_subscriber::EnvFilter;
use url::{Host, Url};

/// The settings of this process.
#[derive(Clone, Debug)]
pub struct Config {
    /// The data folder.
    pub data_dir: PathBuf,
    /// Which database.
    pub database: Database,
    /// Where the keys are that secrets are sealed with.
    pub key: KeySource,
    /// The portal's address.
    pub listen: SocketAddr,
    /// The portal as browsers reach it, without a slash at the end.
    pub public_url: Option<String>,
    /// Another address for Microsoft's login, without a slash at the end.
    pub login_url: Option<String>,
    /// Another address for Microsoft Graph, without a slash at the end.
    pub graph_url: Option<String>,
    /// Another address for Autotask's zone look-up, without a slash at the end.
    pub autotask_url: Option<String>,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Which log lines are written, in the syntax of `RUST_LOG`.
    pub log_filter: String,
}

/// Which database.
#[derive(Clone, Debug)]
pub enum Database {
    /// A file.
    Sqlite(PathBuf),
    /// A server; the address may hold a password.
    Postgres(SecretString),
}

impl Database {
    /// The database's address, as `ROLLCALL_DATABASE_URL` gives it.
    pub fn url(&self) -> SecretString {
        match self {
            Self::Sqlite(path) => format!("sqlite://{}", path.display()).into(),
            Self::Postgres(url) => url.clone(),
        }
    }
}

/// Where the keys are that secrets are sealed with.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// In the environment.
    Text(SecretString),
    /// In the file that the environment names.
    File(PathBuf),
    /// In the data folder.
    Default(PathBuf),
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// A variable that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The variable.
    pub variable: &'static str,
    /// What is expected, and what is wrong; without the value where that may be a secret.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.variable, self.message)
    }
}

/// Reads variables and collects what is wrong with them.
struct Reader<F> {
    lookup: F,
    problems: Vec<Problem>,
}

impl<F: Fn(&str) -> Option<OsString>> Reader<F> {
    fn problem(&mut self, variable: &'static str, message: impl Into<String>) {
        self.problems.push(Problem {
            variable,
            message: message.into(),
        });
    }

    /// A path; an empty variable counts as not set.
    fn path(&self, variable: &str) -> Option<PathBuf> {
        (self.lookup)(variable)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    }

    /// A text, trimmed; an empty variable counts as not set.
    fn text(&mut self, variable: &'static str) -> Option<String> {
        if let Ok(text) = (self.lookup)(variable)?.into_string() {
            Some(text.trim().to_owned()).filter(|text| !text.is_empty())
        } else {
            self.problem(variable, "expected text in UTF-8");
            None
        }
    }

    fn url(&mut self, variable: &'static str) -> Option<String> {
        let text = self.text(variable)?;
        service_url(&text)
            .map_err(|message| self.problem(variable, message))
            .ok()
    }
}

impl Config {
    /// Reads the settings. `lookup` gives the value of a variable, as `std::env::var_os` does.
    /// The error holds every problem, never only the first.
    pub fn from_env(lookup: impl Fn(&str) -> Option<OsString>) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader {
            lookup,
            problems: Vec::new(),
        };
        let data_dir = data_dir(&mut reader);
        let database = database(&mut reader, &data_dir);
        let key = key_source(&mut reader, &data_dir, &database);
        let listen = match reader.text("ROLLCALL_LISTEN") {
            None => SocketAddr::from(([127, 0, 0, 1], 8080)),
            Some(text) => text.parse().unwrap_or_else(|_| {
                reader.problem(
                    "ROLLCALL_LISTEN",
                    format!("expected an address and a port such as 127.0.0.1:8080, found {text}"),
                );
                SocketAddr::from(([127, 0, 0, 1], 8080))
            }),
        };
        let public_url = reader.text("ROLLCALL_PUBLIC_URL").and_then(|text| {
            web_url(&text)
                .map(|url| without_slash(&url))
                .map_err(|message| reader.problem("ROLLCALL_PUBLIC_URL", message))
                .ok()
        });
        let login_url = reader.url("ROLLCALL_LOGIN_URL");
        let graph_url = reader.url("ROLLCALL_GRAPH_URL");
        let autotask_url = reader.url("ROLLCALL_AUTOTASK_URL");
        let log_format = match reader.text("ROLLCALL_LOG_FORMAT").as_deref() {
            None | Some("text") => LogFormat::Text,
            Some("json") => LogFormat::Json,
            Some(other) => {
                let message = format!("expected text or json, found {other}");
                reader.problem("ROLLCALL_LOG_FORMAT", message);
                LogFormat::Text
            }
        };
        let log_filter = reader.text("RUST_LOG").unwrap_or_else(|| "info".to_owned());
        if let Err(error) = EnvFilter::try_new(&log_filter) {
            let message = format!("expected a filter such as info,rollcall=debug: {error}");
            reader.problem("RUST_LOG", message);
        }
        if reader.problems.is_empty() {
            Ok(Self {
                data_dir,
                database,
                key,
                listen,
                public_url,
                login_url,
                graph_url,
                autotask_url,
                log_format,
                log_filter,
            })
        } else {
            Err(reader.problems)
        }
    }
}

impl Config {
    /// The portal's address as browsers reach it, without a slash at the end: the public one, or the one it listens at.
    pub fn portal_url(&self) -> String {
        self.public_url.clone().unwrap_or_else(|| {
            // No browser can open the address that stands for all of a computer's.
            let mut at = self.listen;
            if at.ip().is_unspecified() {
                at.set_ip(if at.is_ipv4() {
                    Ipv4Addr::LOCALHOST.into()
                } else {
                    Ipv6Addr::LOCALHOST.into()
                });
            }
            format!("http://{at}")
        })
    }

    /// Whether Microsoft and Autotask are all simulated on this machine, as in the demo: no proxy can reach them.
    pub fn is_simulated(&self) -> bool {
        [&self.login_url, &self.graph_url, &self.autotask_url]
            .into_iter()
            // Plain http was accepted for loopback addresses alone.
            .all(|url| url.as_ref().is_some_and(|url| url.starts_with("http://")))
    }
}

fn data_dir(reader: &mut Reader<impl Fn(&str) -> Option<OsString>>) -> PathBuf {
    if let Some(path) = reader.path("ROLLCALL_DATA_DIR") {
        return path;
    }
    // The XDG base directory specification: a relative path is to be ignored.
    if let Some(path) = reader
        .path("XDG_DATA_HOME")
        .filter(|path| path.is_absolute())
    {
        return path.join("rollcall");
    }
    if let Some(home) = reader.path("HOME") {
        return home.join(".local/share/rollcall");
    }
    reader.problem(
        "ROLLCALL_DATA_DIR",
        "expected a folder for Rollcall's data: it has no default where HOME is not set",
    );
    PathBuf::new()
}

fn database(
    reader: &mut Reader<impl Fn(&str) -> Option<OsString>>,
    data_dir: &std::path::Path,
) -> Database {
    let default = Database::Sqlite(data_dir.join("rollcall.db"));
    let Some(url) = reader.text("ROLLCALL_DATABASE_URL") else {
        return default;
    };
    rules::database(url).unwrap_or_else(|message| {
        reader.problem("ROLLCALL_DATABASE_URL", message);
        default
    })
}

fn key_source(
    reader: &mut Reader<impl Fn(&str) -> Option<OsString>>,
    data_dir: &std::path::Path,
    database: &Database,
) -> KeySource {
    let text = reader.text("ROLLCALL_SECRET_KEY").map(SecretString::from);
    let file = reader.path("ROLLCALL_SECRET_KEY_FILE");
    match (text, file) {
        (Some(_), Some(file)) => {
            reader.problem(
                "ROLLCALL_SECRET_KEY",
                "expected either this variable or ROLLCALL_SECRET_KEY_FILE, not both",
            );
            KeySource::File(file)
        }
        (Some(text), None) => {
            if let Err(message) = rules::key_lines(text.expose_secret()) {
                reader.problem("ROLLCALL_SECRET_KEY", message);
            }
            KeySource::Text(text)
        }
        (None, Some(file)) => KeySource::File(file),
        (None, None) => {
            if matches!(database, Database::Postgres(_)) {
                reader.problem(
                    "ROLLCALL_SECRET_KEY",
                    "expected 32 bytes in base64 (or ROLLCALL_SECRET_KEY_FILE): \
                     with PostgreSQL a key must be given",
                );
            }
            KeySource::Default(data_dir.join("secret.key"))
        }
    }
}

/// Checks the address of another system, and gives it without a slash at the end: `https`, or `http` for loopback
/// addresses (also ConnectWise's `url`). The error says what is expected and shows no value, for it may hold a password.
pub fn service_url(text: &str) -> Result<String, String> {
    let url = web_url(text)?;
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if url.scheme() == "http" && !loopback {
        return Err("expected https: plain http is for loopback addresses only".to_owned());
    }
    Ok(without_slash(&url))
}

fn web_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text.trim())
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or("expected an address such as https://rollcall.example")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("expected an address without a user name or password".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("expected an address without ? and #".to_owned());
    }
    Ok(url)
}

fn without_slash(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

impl PartialEq for Database {
    fn eq(&self, other: &Self) -> bool {
        self.url().expose_secret() == other.url().expose_secret()
    }
}

#[cfg(test)]
mod tests;
