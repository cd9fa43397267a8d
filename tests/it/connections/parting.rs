//! Removing companies and connections, and disconnecting tenants.

use rollcall::app::{OF_COMPANY, OF_PSA};
use rollcall::connections::{
    Parted, before_removing_company, disconnect_tenant, remove_company, remove_psa,
};
use rollcall::db::schema::{holds as hold_rows, jobs, links as link_rows};
use rollcall::db::{companies, holds, plans, readings, runs, tenant_connections};
use rollcall::model::Mode;

use super::*;
use crate::stage::user;

/// A company with two links, an open hold and a job.
async fn furnish(stage: &Stage) {
    stage.users([user("Jane Doe"), user("John Roe")]);
    let report = stage.sync().await;
    assert!(report.error.is_none(), "{:?}", report.error);
    let (id, now) = (stage.company_id, stage.clock.now());
    stage
        .write(move |conn| {
            let run = runs::list(conn, id, 1)?.remove(0).id;
            let person = holds::HoldPerson {
                user_id: "u".into(),
                upn: "jane@contoso.example".into(),
                name: "Jane Doe".into(),
                contact_id: "1".into(),
                reason: "deleted".into(),
            };
            holds::open(conn, id, &run, &[person], now)?;
            diesel::insert_into(jobs::table)
                .values((
                    jobs::kind.eq("run"),
                    jobs::company_id.eq(id),
                    jobs::lane.eq("run"),
                    jobs::payload.eq("{}"),
                    jobs::priority.eq(1_i64),
                    jobs::state.eq("queued"),
                    jobs::run_at.eq(now.naive_utc()),
                    jobs::attempts.eq(0_i64),
                    jobs::created_at.eq(now.naive_utc()),
                ))
                .execute(conn)
        })
        .await;
}

async fn left(stage: &Stage) -> (Vec<Option<String>>, Vec<Option<String>>, Vec<String>) {
    stage
        .read(|conn| {
            Ok((
                link_rows::table.select(link_rows::retired_why).load(conn)?,
                hold_rows::table.select(hold_rows::closed_how).load(conn)?,
                jobs::table.select(jobs::state).load(conn)?,
            ))
        })
        .await
}

#[tokio::test]
async fn removing_a_company_retires_all_that_is_its_and_keeps_the_history() {
    on_both(|stage| async move {
        furnish(&stage).await;
        let id = stage.company_id;
        let contacts = stage.psa.writes();
        let before = stage
            .read(move |conn| before_removing_company(conn, id))
            .await
            .unwrap();
        assert_eq!((before.links, before.held.len(), before.runs), (2, 1, 1));
        assert!(before.connected);
        let stale = remove_company(&stage.app, id, before.version + 1, "Ann").await;
        let now = before.version;
        assert_eq!(stale.unwrap(), Parted::Stale { now });
        let done = remove_company(&stage.app, id, before.version, "Ann").await;
        assert_eq!(done.unwrap(), Parted::Done { links: 2 });

        let (links, held, jobs) = left(&stage).await;
        assert_eq!(links, vec![Some("company removed".to_owned()); 2]);
        assert_eq!(held, [Some("company removed".to_owned())]);
        assert_eq!(jobs, ["cancelled"]);
        assert!(stage.secret_names(OF_COMPANY, id).await.is_empty());
        let kept = stage
            .read(move |conn| {
                assert!(companies::list(conn)?.is_empty());
                assert_eq!(tenant_connections::get(conn, id)?, None);
                assert_eq!(runs::list(conn, id, 10)?.len(), 1);
                // What was read of its people goes.
                assert_eq!(readings::run_of(conn, id)?, None);
                assert!(plans::get(conn, id)?.is_none());
                companies::names(conn)
            })
            .await;
        assert_eq!(kept[&id], "Contoso");
        assert_eq!(stage.psa.writes(), contacts, "a contact was touched");
        let events = stage.events().await;
        assert_eq!(events, [("Ann".into(), "company_removed".into())]);
        let again = remove_company(&stage.app, id, before.version + 1, "Ann").await;
        assert_eq!(again.unwrap(), Parted::Gone);
    })
    .await;
}

#[tokio::test]
async fn removing_a_company_waits_for_its_run() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let (id, version) = (stage.company_id, stage.version().await);
    let turn = stage.going(id).await;
    let removing = remove_company(&stage.app, id, version, "Ann");
    tokio::pin!(removing);
    let early = futures_util::poll!(&mut removing);
    assert!(early.is_pending());
    assert_eq!(stage.company().await.name, "Contoso");
    turn.give_back().await.unwrap();
    assert_eq!(removing.await.unwrap(), Parted::Done { links: 0 });
}

#[tokio::test]
async fn disconnecting_a_tenant_leaves_the_company_without_contact_sync() {
    on_both(|stage| async move {
        furnish(&stage).await;
        let (id, version) = (stage.company_id, stage.version().await);
        let done = disconnect_tenant(&stage.app, id, version, "Ann").await;
        assert_eq!(done.unwrap(), Parted::Done { links: 2 });
        let (links, held, jobs) = left(&stage).await;
        assert_eq!(links, vec![Some("tenant disconnected".to_owned()); 2]);
        assert_eq!(held, [Some("tenant disconnected".to_owned())]);
        assert_eq!(jobs, ["cancelled"]);
        assert!(!stage.company().await.sync_contacts);
        assert!(stage.secret_names(OF_COMPANY, id).await.is_empty());
        let error = stage.app.directory(&stage.company().await).await.err();
        let message = error.unwrap().message;
        assert_eq!(message, "Contoso has no tenant connection yet");
    })
    .await;
}

#[tokio::test]
async fn a_psa_connection_is_removed_only_when_no_company_uses_it() {
    on_both(|stage| async move {
        let (psa, version) = (stage.psa_id, stage.psa_version().await);
        let used = remove_psa(&stage.app, psa, version, "Ann").await.unwrap();
        assert_eq!(used, Parted::InUse(vec!["Contoso".into()]));
        let (id, company) = (stage.company_id, stage.version().await);
        remove_company(&stage.app, id, company, "Ann")
            .await
            .unwrap();
        let stale = remove_psa(&stage.app, psa, version + 1, "Ann").await;
        assert_eq!(stale.unwrap(), Parted::Stale { now: version });
        let done = remove_psa(&stage.app, psa, version, "Ann").await;
        assert_eq!(done.unwrap(), Parted::Done { links: 0 });
        assert!(stage.secret_names(OF_PSA, psa).await.is_empty());
        assert!(stage.app.psa(psa).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn a_run_of_a_removed_company_does_not_begin() {
    let stage = Stage::new(Vendor::Autotask, Store::Sqlite).await;
    let company = stage.company().await;
    let version = stage.version().await;
    remove_company(&stage.app, company.id, version, "Ann")
        .await
        .unwrap();
    let options = rollcall::sync::Options::new(Mode::Update, false);
    let finished = rollcall::runs::one(&stage.app, &company, &options, &|_, _| ()).await;
    let error = finished.report.error.unwrap();
    assert_eq!(error.message, "The company does not exist any more");
}
