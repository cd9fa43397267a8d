//! What a fleet looks back on: further companies, and runs that are over, written down without a cloud.

use chrono::{DateTime, TimeDelta, Utc};
use rollcall::db::runs::{self, NewRun, RunEnd};
use rollcall::db::{companies, tenant_connections};
use rollcall::model::{Calls, Company, Mode, RunFailure, Side, Status};
use serde_json::Value;

use super::{Stage, tenant_connection};

/// The counts of a run that left so many people unchanged, and so many in conflict.
pub fn counts(unchanged: usize, conflict: usize) -> Value {
    serde_json::json!({
        "create": 0, "link": 0, "update": 0, "reactivate": 0, "deactivate": 0, "unchanged": unchanged,
        "out_of_scope": 0, "conflict": conflict, "held": 0, "failed": 0
    })
}

/// An update that begins, by no process that lives and asked for by nobody.
pub fn an_update(id: &str, company: i64, started_at: DateTime<Utc>) -> NewRun<'_> {
    NewRun {
        id,
        company_id: company,
        mode: Mode::Update,
        preview: false,
        started_at,
        process: "",
        requested_by: None,
    }
}

/// A run that was over then and went well, with what it counted.
pub fn went_well(at: DateTime<Utc>, counts: Value) -> RunEnd {
    RunEnd {
        status: Status::Succeeded,
        finished_at: at,
        counts,
        calls: Calls::default(),
        error: None,
        findings: Vec::new(),
    }
}

impl Stage {
    /// Another company like this one, with or without a tenant; its row id.
    pub async fn neighbour(&self, name: &str, connected: bool) -> i64 {
        let company = Company {
            name: name.into(),
            psa_company_id: format!("of {name}").into(),
            ..self.company().await
        };
        let now = self.clock.now();
        let tenant = tenant_connection();
        self.write(move |conn| {
            let id = companies::insert(conn, &company, now)?;
            if connected {
                tenant_connections::put(conn, id, &tenant, now)?;
            }
            Ok(id)
        })
        .await
    }

    /// A run of a company that was over so long ago, with what it counted or the kind of its failure, by a side or by none; its id.
    pub async fn past_run(
        &self,
        company: i64,
        ago: TimeDelta,
        end: Result<Value, (&'static str, Option<Side>)>,
    ) -> String {
        let began = self.clock.now() - ago;
        let run = format!("run-{company}-{}", began.timestamp_micros());
        let id = run.clone();
        self.write(move |conn| {
            runs::start(conn, &an_update(&run, company, began))?;
            let error = end.as_ref().err().map(|(kind, side)| RunFailure {
                kind: (*kind).into(),
                message: "Microsoft's login refused".into(),
                advice: "Add a new client secret in Entra".into(),
                side: *side,
            });
            let well = went_well(began, end.unwrap_or_else(|_| serde_json::json!({})));
            let end = RunEnd {
                status: error.as_ref().map_or(well.status, |_| Status::Failed),
                error,
                ..well
            };
            runs::finish(conn, &run, &end)
        })
        .await;
        id
    }
}
