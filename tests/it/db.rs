//! The database, on SQLite and on PostgreSQL.

#![expect(
    clippy::unwrap_used,
    reason = "what a test needs and does not get fails the test"
)]

use chrono::{DateTime, TimeDelta, Utc};
use rollcall::clock::Clock;
use rollcall::db::{self, Conn, Db};
use rollcall::model::filter::Named;
use rollcall::model::{
    Action, Cloud, Company, Condition, Contact, ContactId, DirectoryField, Field, FieldValue,
    Filter, Guard, LinkMade, Mode, Outcome, PsaConnection, Status, Target, TenantConnection, Test,
    UserId,
};
use tempfile::TempDir;

use crate::postgres;

mod journal;
mod links;
mod migrating;
mod opening;
mod parting;
mod process;
mod schema;
mod tables;

fn now() -> DateTime<Utc> {
    "2026-01-31T02:30:00.123456Z".parse().unwrap()
}

fn sqlite_url(folder: &TempDir) -> String {
    format!("sqlite://{}", folder.path().join("rollcall.db").display())
}

async fn open(url: &str) -> Db {
    Db::open(url, Clock::set_at(now())).await.unwrap()
}

/// Runs a test on both databases, each new and empty.
async fn on_both(test: impl AsyncFn(Db)) {
    let folder = TempDir::new().unwrap();
    test(open(&sqlite_url(&folder)).await).await;
    test(open(&postgres::database()).await).await;
}

fn psa() -> PsaConnection {
    PsaConnection {
        id: 0,
        name: "Main PSA".into(),
        kind: "connectwise".into(),
        fields: [("url".to_owned(), "https://psa.example".to_owned())].into(),
        default_contact_type: Some(Named {
            id: "7".into(),
            name: "End User".into(),
        }),
    }
}

fn company(psa_id: i64) -> Company {
    Company {
        id: 0,
        name: "Contoso".into(),
        psa_id,
        psa_company_id: "250".into(),
        sync_contacts: true,
        update_existing: true,
        use_email: false,
        default_site: Some(Named {
            id: "11".into(),
            name: "Main".into(),
        }),
        schedule: Some("02:30".into()),
        timezone: "Europe/London".into(),
        guard: Guard::default(),
        filters: vec![
            Filter {
                name: Some("Management".into()),
                enabled: true,
                when: vec![
                    Condition {
                        negated: false,
                        test: Test::Group("2d9b".into()),
                    },
                    Condition {
                        negated: true,
                        test: Test::Field {
                            field: DirectoryField::ExtensionAttribute(3),
                            equals: "Ünïcode".into(),
                        },
                    },
                ],
                target: Target::Place {
                    site: Some(Named {
                        id: "12".into(),
                        name: "New Site".into(),
                    }),
                    contact_type: None,
                },
            },
            Filter {
                name: None,
                enabled: false,
                when: vec![Condition {
                    negated: false,
                    test: Test::Licensed,
                }],
                target: Target::Exclude,
            },
        ],
        ignored: vec!["zoe@contoso.example".into(), "ceo@contoso.example".into()],
    }
}

/// A PSA connection, a company and a run of it: gives the company's row id.
fn furnish(conn: &mut Conn) -> diesel::QueryResult<i64> {
    let psa = db::psa_connections::insert(conn, &psa(), now())?;
    let id = db::companies::insert(conn, &company(psa), now())?;
    db::runs::start(conn, &new_run(id, "run-1"))?;
    Ok(id)
}

fn new_run(company_id: i64, id: &str) -> db::runs::NewRun<'_> {
    db::runs::NewRun {
        id,
        company_id,
        mode: Mode::Update,
        preview: false,
        started_at: now(),
        process: "process-1",
        requested_by: Some("Robin"),
    }
}

fn tenant() -> TenantConnection {
    TenantConnection {
        tenant_id: "6f0c7b1e".into(),
        client_id: "8c1d".into(),
        certificate: false,
        expires: Some("2027-03-31".parse().unwrap()),
        cloud: Cloud::UsgovDod,
    }
}

fn change(company_id: i64, user: &str) -> db::changes::NewChange {
    db::changes::NewChange {
        run_id: "run-1".into(),
        company_id,
        user_id: user.into(),
        upn: format!("{user}@contoso.example"),
        name: "Jane Doe".into(),
        contact_id: None,
        action: Action::Create,
        reason: "no contact found".into(),
        filter: Some("Management".into()),
        site: Some("New Site".into()),
        fields: vec![field(false)],
        before: Some(Contact {
            id: "1001".into(),
            email: Some("jane@contoso.example".into()),
            ..Contact::default()
        }),
        outcome: Outcome::Planned,
        error: None,
        created_at: now(),
        finished_at: None,
    }
}

fn field(applied: bool) -> db::changes::AppliedField {
    db::changes::AppliedField {
        field: Field::Title,
        from: FieldValue::Blank,
        to: FieldValue::Text("Lead engineer".into()),
        applied,
    }
}
