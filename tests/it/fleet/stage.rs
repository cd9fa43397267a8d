//! A fleet in a database of its own, with clouds from a table.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rollcall::clock::Clock;
use rollcall::db::{Db, facts, links};
use rollcall::fleet::{Applied, Plan, State, Stop, apply, check, export, parse};
use rollcall::model::LinkMade;
use rollcall::seal::Keyring;
use serde_json::Value;

use super::world::{CLIENT, Clouds, TENANT, Table, example};

pub struct Fleet {
    pub db: Db,
    pub keys: Arc<Keyring>,
    pub secrets: Table,
    pub clouds: Clouds,
    _folder: tempfile::TempDir,
}

pub fn now() -> DateTime<Utc> {
    "2026-01-31T02:30:00Z".parse().expect("a time")
}

impl Fleet {
    pub async fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("rollcall.db").display());
        Self {
            db: Db::open(&url, Clock::set_at(now()))
                .await
                .expect("no error"),
            keys: Arc::new(Keyring::generate().0),
            secrets: Table::new(),
            clouds: Clouds::default(),
            _folder: folder,
        }
    }

    /// With the example applied.
    pub async fn of_the_example() -> Self {
        let fleet = Self::empty().await;
        let applied = fleet.apply(&example()).await.expect("no error");
        assert_eq!(applied.1.companies.len(), 1);
        fleet.clouds.asked();
        fleet
    }

    pub async fn state(&self) -> State {
        State::load(&self.db, Some(self.keys.clone()))
            .await
            .expect("no error")
    }

    pub async fn check(&self, text: &str) -> Result<Plan, Stop> {
        let state = self.state().await;
        let parsed = parse(text, &state.known_psa(), &self.secrets);
        check(&parsed, &state, &self.clouds, now()).await
    }

    pub async fn apply(&self, text: &str) -> Result<(Plan, Applied), Stop> {
        let state = self.state().await;
        let plan = self.check(text).await?;
        let applied = apply(&self.db, self.keys.clone(), &plan, &state, now())
            .await
            .expect("no error");
        Ok((plan, applied))
    }

    pub async fn changes(&self, text: &str) -> Vec<String> {
        let plan = self.apply(text).await.expect("no error").0;
        plan.changes.iter().map(ToString::to_string).collect()
    }

    pub async fn export(&self) -> String {
        export(&State::load(&self.db, None).await.expect("no error"))
    }

    /// What a file would change.
    pub async fn would_change(&self, text: &str) -> Vec<String> {
        let plan = self.check(text).await.expect("no error");
        plan.changes.iter().map(ToString::to_string).collect()
    }

    pub async fn mistakes(&self, text: &str) -> Vec<String> {
        let stop = self.check(text).await.expect_err("there are mistakes");
        stop.mistakes.iter().map(ToString::to_string).collect()
    }

    /// Links one user of the company Contoso.
    pub async fn link(&self) {
        let company = self.state().await.companies[0].company.clone();
        self.db
            .write(move |conn| {
                links::insert(
                    conn,
                    &links::NewLink {
                        company_id: company.id,
                        tenant_id: &TENANT.into(),
                        psa_company_id: &company.psa_company_id,
                        user_id: &CLIENT.into(),
                        upn: "jane@contoso.example",
                        contact_id: &"1001".into(),
                        made: LinkMade::Address,
                        made_run: None,
                        made_at: now(),
                    },
                )
            })
            .await
            .expect("no error");
    }

    /// Has a fact remembered, as a run does.
    pub async fn remember(&self, scope: &'static str, name: &'static str, value: Value) {
        self.db
            .write(move |conn| facts::put(conn, scope, name, &value, now()))
            .await
            .expect("no error");
    }
}
