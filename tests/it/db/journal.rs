//! Runs, the history and the journal, on both databases.

use rollcall::db::changes;
use rollcall::db::runs::{self, RunEnd};
use rollcall::db::writes::{self, NewWrite, WriteState};
use rollcall::model::{Calls, Finding, RunFailure};
use serde_json::json;

use super::*;

#[tokio::test]
async fn a_run_ends_once_and_is_listed_newest_first() {
    on_both(async |db| {
        db.write(|conn| {
            let company = furnish(conn)?;
            let mut second = new_run(company, "run-2");
            second.preview = true;
            second.started_at += TimeDelta::seconds(1);
            runs::start(conn, &second)?;
            let ids = |runs: Vec<runs::Run>| runs.into_iter().map(|run| run.id).collect::<Vec<_>>();
            assert_eq!(ids(runs::running(conn, company)?), ["run-1", "run-2"]);
            let mut end = RunEnd {
                status: Status::Failed,
                finished_at: now(),
                counts: json!({"create": 1}),
                calls: Calls {
                    login: 1,
                    graph: 3,
                    psa: 6,
                },
                error: Some(RunFailure {
                    kind: "unreachable".into(),
                    message: "The PSA did not answer.".into(),
                    advice: "Try again later.".into(),
                    side: None,
                }),
                findings: vec![Finding {
                    kind: "unknown_licence".into(),
                    message: "Filter 3 names a licence".into(),
                }],
            };
            assert!(runs::finish(conn, "run-1", &end)?);
            end.status = Status::Succeeded;
            assert!(!runs::finish(conn, "run-1", &end)?);
            let run = runs::get(conn, "run-1")?.unwrap();
            assert!(!run.running);
            assert_eq!(run.status, Some(Status::Failed));
            assert_eq!(run.finished_at, Some(now()));
            assert_eq!(run.started_at, now());
            assert_eq!((&run.counts, run.calls), (&end.counts, end.calls));
            assert_eq!((run.error, run.findings), (end.error, end.findings));
            assert_eq!(ids(runs::running(conn, company)?), ["run-2"]);
            assert_eq!(ids(runs::list(conn, company, 10)?), ["run-2", "run-1"]);
            assert_eq!(ids(runs::list(conn, company, 1)?), ["run-2"]);
            assert_eq!(runs::get(conn, "run-3")?, None);
            Ok(())
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_line_of_the_history_is_read_back_and_finished() {
    on_both(async |db| {
        db.write(|conn| {
            let company = furnish(conn)?;
            let mut line = change(company, "u1");
            let id = changes::insert(conn, &line)?;
            assert_eq!(changes::of_run(conn, "run-1")?[0].change, line);
            let (contact, at) = (ContactId::from("1001"), now() + TimeDelta::seconds(2));
            let fields = [field(true)];
            assert!(changes::finish(
                conn,
                id,
                Outcome::Applied,
                &fields,
                Some(&contact),
                None,
                at
            )?);
            line.fields = fields.to_vec();
            line.contact_id = Some(contact);
            line.outcome = Outcome::Applied;
            line.finished_at = Some(at);
            let found = changes::of_user(conn, company, &"u1".into())?;
            assert_eq!((found[0].id, &found[0].change), (id, &line));
            changes::finish(conn, id, Outcome::Failed, &[], None, Some("no"), at)?;
            let found = changes::of_run(conn, "run-1")?.remove(0).change;
            assert_eq!(found.contact_id, line.contact_id);
            assert_eq!(found.error.as_deref(), Some("no"));
            Ok(())
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test]
async fn many_lines_are_written_at_once_in_order() {
    on_both(async |db| {
        db.write(|conn| {
            let company = furnish(conn)?;
            let lines: Vec<_> = (0..2_500)
                .map(|n| change(company, &format!("u{n}")))
                .collect();
            changes::insert_many(conn, &lines)?;
            let found = changes::of_run(conn, "run-1")?;
            let found: Vec<_> = found.into_iter().map(|record| record.change).collect();
            assert_eq!(found, lines);
            Ok(())
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_write_left_sent_comes_with_what_is_needed_to_settle_it() {
    on_both(async |db| {
        db.write(|conn| {
            let company = furnish(conn)?;
            let line = changes::insert(conn, &change(company, "u1"))?;
            let step = json!({"post": "contacts"});
            let sent = |seq| NewWrite {
                change_id: line,
                run_id: "run-1",
                company_id: company,
                seq,
                step: &step,
                sent_at: now(),
            };
            let first = writes::insert_sent(conn, &sent(0))?;
            let second = writes::insert_sent(conn, &sent(1))?;
            assert!(writes::settle(
                conn,
                first,
                WriteState::Refused,
                Some("no"),
                now()
            )?);
            let left = writes::left_sent(conn, company)?;
            assert_eq!(left.len(), 1);
            assert_eq!((left[0].write_id, left[0].change_id), (second, line));
            assert_eq!(left[0].known_contacts, None);
            runs::set_known_contacts(conn, "run-1", &["1".into(), "2".into()])?;
            let left = writes::left_sent(conn, company)?.remove(0);
            assert_eq!(left.known_contacts, Some(vec!["1".into(), "2".into()]));
            assert_eq!((left.action, left.contact_id), (Action::Create, None));
            assert_eq!((left.step, left.fields), (step.clone(), vec![field(false)]));
            assert_eq!((left.user_id, left.sent_at), ("u1".into(), now()));

            assert!(writes::settle(
                conn,
                second,
                WriteState::Applied,
                None,
                now()
            )?);
            assert!(!writes::settle(
                conn,
                second,
                WriteState::Void,
                None,
                now()
            )?);
            assert_eq!(writes::left_sent(conn, company)?, []);
            let all = writes::of_run(conn, "run-1")?;
            let ends: Vec<_> = all
                .iter()
                .map(|w| (w.seq, w.state, w.error.as_deref()))
                .collect();
            assert_eq!(
                ends,
                [
                    (0, WriteState::Refused, Some("no")),
                    (1, WriteState::Applied, None)
                ]
            );
            assert_eq!(all[1].settled_at, Some(now()));
            Ok(())
        })
        .await
        .unwrap();
    })
    .await;
}
