//! Who may sign in: passwords, links, waiting after failures, the staff and their sessions, on SQLite and on PostgreSQL, with
//! time set by hand.

use std::ffi::OsString;
use std::net::IpAddr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use rollcall::app::App;
use rollcall::auth::{self, FieldMistake, SignIn};
use rollcall::clock::Clock;
use rollcall::config::Config;
use rollcall::db::Conn;
use rollcall::model::{Role, Staff};
use rollcall::sync::stop::{Stopper, stop};
use tempfile::TempDir;

use crate::postgres;
use crate::stage::beginning;

mod command;
mod links;
mod sessions;
mod signing_in;
mod staff;

const PASSWORD: &str = "several words make one";
const OTHER: &str = "quite another password";

/// A portal without pages.
struct Desk {
    app: App,
    clock: Clock,
    _stopper: Stopper,
    _folder: TempDir,
}

impl Desk {
    async fn open(url: Option<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sqlite = format!("sqlite://{}", folder.path().join("rollcall.db").display());
        let environment = [
            ("ROLLCALL_DATA_DIR", folder.path().display().to_string()),
            ("ROLLCALL_DATABASE_URL", url.unwrap_or(sqlite)),
            ("ROLLCALL_SECRET_KEY", STANDARD.encode([7_u8; 32])),
        ];
        let config = Config::from_env(|name| {
            let mut found = environment.iter().filter(|(known, _)| *known == name);
            found.next().map(|(_, value)| OsString::from(value))
        })
        .unwrap();
        let clock = Clock::set_at(beginning());
        let (stopper, asked) = stop();
        Self {
            app: App::open(config, clock.clone(), asked).await.unwrap(),
            clock,
            _stopper: stopper,
            _folder: folder,
        }
    }

    /// Somebody who has chosen [`PASSWORD`].
    async fn person(&self, name: &str, role: Role) -> Staff {
        let (_, token) = auth::add(&self.app, "Ann", name, role)
            .await
            .unwrap()
            .unwrap();
        self.using(&token, "", PASSWORD).await.unwrap()
    }

    /// Uses a link.
    async fn using(
        &self,
        token: &str,
        name: &str,
        password: &str,
    ) -> Result<Staff, Vec<FieldMistake>> {
        auth::use_link(&self.app, token, name, &password.into())
            .await
            .unwrap()
    }

    /// Tries to sign in from nowhere.
    async fn tries(&self, name: &str, password: &str) -> SignIn {
        self.tries_from(None, name, password).await
    }

    async fn tries_from(&self, address: Option<&str>, name: &str, password: &str) -> SignIn {
        let address: Option<IpAddr> = address.map(|address| address.parse().unwrap());
        auth::sign_in(&self.app, name, &password.into(), address)
            .await
            .unwrap()
    }

    /// Whether this password signs in, where nothing has to be waited for.
    async fn lets_in(&self, name: &str, password: &str) -> bool {
        match self.tries(name, password).await {
            SignIn::Welcome(_) => true,
            SignIn::Wrong => false,
            SignIn::LockedUntil(until) => panic!("locked until {until}"),
        }
    }

    fn passes(&self, time: TimeDelta) {
        self.clock.advance(time.to_std().unwrap());
    }

    async fn read<T: Send + 'static>(
        &self,
        queries: impl FnOnce(&mut Conn) -> diesel::QueryResult<T> + Send + 'static,
    ) -> T {
        self.app.db().read(queries).await.unwrap()
    }

    async fn write<T: Send + 'static>(
        &self,
        queries: impl FnOnce(&mut Conn) -> diesel::QueryResult<T> + Send + 'static,
    ) -> T {
        self.app.db().write(queries).await.unwrap()
    }
}

/// Plays a test on both databases, each new and empty.
async fn on_both(test: impl AsyncFn(Desk)) {
    test(Desk::open(None).await).await;
    test(Desk::open(Some(postgres::database())).await).await;
}

/// The fields of these mistakes.
fn fields(mistakes: &[FieldMistake]) -> Vec<&'static str> {
    for mistake in mistakes {
        assert!(mistake.message.ends_with('.'), "{}", mistake.message);
    }
    mistakes.iter().map(|mistake| mistake.field).collect()
}

const MINUTE: TimeDelta = TimeDelta::minutes(1);
const SECOND: Duration = Duration::from_secs(1);
