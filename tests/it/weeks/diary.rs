//! What a company went through, for whoever reads a failure: its jobs, its runs with what they did to whom, and its holds.

use std::fmt::Write;

use diesel::prelude::*;
use rollcall::db::schema::{hold_people, holds};
use rollcall::db::{changes, jobs, runs, writes};
use rollcall::model::Action;

use super::world::{Town, World};

/// So many of the last runs are told.
const RUNS: i64 = 8;
/// So many of the last jobs of all companies are looked through.
const JOBS: i64 = 120;

type At = chrono::NaiveDateTime;
/// A hold: its id, the run that opened it, when, when it was closed, and how.
type HoldRow = (i64, String, At, Option<At>, Option<String>);
/// Who was in it: the user, the contact, when they left it, and how.
type PersonRow = (String, String, Option<At>, Option<String>);

/// The company's last days, a line each.
pub async fn of(world: &World, town: &Town) -> String {
    let row = town.row;
    let told = world.read(move |conn| {
        let mut text = format!("the last of company row {row}:\n");
        let mut say = |line: String| {
            let _ = writeln!(text, "  {line}");
        };
        for job in jobs::recent(conn, JOBS)? {
            if job.company_id == Some(row) {
                say(format!("{job:?}"));
            }
        }
        for run in runs::list(conn, row, RUNS)? {
            say(format!(
                "run {} {:?} {:?} {} to {:?} by {}, {:?}: {} {:?}",
                run.id,
                run.mode,
                run.status,
                run.started_at,
                run.finished_at,
                run.process,
                run.requested_by,
                run.counts,
                run.error,
            ));
            let sent = writes::of_run(conn, &run.id)?;
            for line in changes::of_run(conn, &run.id)? {
                let change = line.change;
                if matches!(change.action, Action::Link | Action::Update) {
                    continue;
                }
                let mine = sent.iter().filter(|write| write.change_id == line.id);
                let mine: Vec<_> = mine
                    .map(|write| (write.state, write.sent_at, write.settled_at))
                    .collect();
                say(format!(
                    "  {:?} {:?} of {} at {:?}: {}; sent {mine:?}",
                    change.action, change.outcome, change.user_id, change.contact_id, change.reason,
                ));
            }
        }
        let all: Vec<HoldRow> = holds::table
            .filter(holds::company_id.eq(row))
            .select((
                holds::id,
                holds::run_id,
                holds::opened_at,
                holds::closed_at,
                holds::closed_how,
            ))
            .load(conn)?;
        for hold in all {
            say(format!("hold {hold:?}"));
            let people: Vec<PersonRow> = hold_people::table
                .filter(hold_people::hold_id.eq(hold.0))
                .select((
                    hold_people::user_id,
                    hold_people::contact_id,
                    hold_people::left_at,
                    hold_people::left_how,
                ))
                .load(conn)?;
            for person in people {
                say(format!("  {person:?}"));
            }
        }
        Ok(text)
    });
    told.await
}
