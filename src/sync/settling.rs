//! Settles what an earlier run left *sent* when it died: judges it by what was read, and writes that down.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::apply::STILL_AT_WORK;
use super::facts::Facts;
use super::failure::{RunError, stopped};
use super::links::Making;
use super::observe::{Observed, contacts_anew};
use super::record::journal;
use super::scene::Scene;
use super::settle::{self, Settled};
use super::snapshot::Snapshot;
use crate::db::changes::AppliedField;
use crate::db::writes::{LeftSent, WriteState};
use crate::db::{Conn, changes, writes};
use crate::http::PATIENCE;
use crate::model::{ContactId, Field, FieldChange, Link, LinkMade, Outcome, UserId};
use crate::psa::{Adds, Step};

/// Settles what an earlier run left *sent* (`behaviour.md` section 9). Without a turn (a preview) nothing is written, and the
/// plan is made as if it had been.
pub async fn settle(
    scene: &Scene,
    facts: &Facts,
    observed: &mut Observed,
    turn: Option<&str>,
) -> Result<(), RunError> {
    if observed.remembered.left.is_empty() {
        return Ok(());
    }
    let mut settled = judge(&observed.remembered.left, &observed.snapshot);
    let may_be_at_work = |left: &LeftSent, came: &Settled| {
        let age = (observed.read_at - left.sent_at)
            .to_std()
            .unwrap_or_default();
        adds(left) != Adds::Nothing && *came == Settled::Void && age < PATIENCE + STILL_AT_WORK
    };
    let mut together = observed.remembered.left.iter().zip(&settled);
    if turn.is_some() && together.any(|(left, came)| may_be_at_work(left, came)) {
        tokio::select! {
            () = scene.clock.sleep(STILL_AT_WORK) => {}
            () = scene.stop.wait() => return Err(stopped()),
        }
        contacts_anew(scene, facts, observed).await?;
        settled = judge(&observed.remembered.left, &observed.snapshot);
    }
    let made = accepted(&observed.remembered.left, &settled, &mut observed.snapshot);
    let made = made.into_iter();
    let makings: Vec<Making> = made
        .map(|(left, contact)| making(scene, left, contact))
        .collect();
    let mut ids: Vec<i64> = (0_i64..).take(makings.len()).map(|at| -1 - at).collect();
    if let Some(turn) = turn {
        let (left, new) = (observed.remembered.left.clone(), makings.clone());
        let now = scene.clock.now();
        ids = journal(scene, turn, move |conn| {
            for (left, came) in left.iter().zip(&settled) {
                write_down(conn, left, came, now)?;
            }
            new.iter().map(|making| making.insert(conn, now)).collect()
        })
        .await?;
    }
    for (id, making) in ids.into_iter().zip(makings) {
        let snapshot = &mut observed.snapshot;
        snapshot
            .links
            .push(link(id, making.user_id, making.upn, making.contact_id));
    }
    Ok(())
}

/// The snapshot as if what was left *sent* had been settled, as far as it tells; nothing is written.
pub(super) fn suppose(left: &[LeftSent], snapshot: &mut Snapshot) {
    let settled = judge(left, snapshot);
    let made = accepted(left, &settled, snapshot);
    for (id, (left, contact)) in (1_i64..).zip(made) {
        let new = link(-id, left.user_id.clone(), left.upn.clone(), contact);
        snapshot.links.push(new);
    }
}

/// The creates that went through, each with its contact, whose users have no link yet. Users of whom several contacts may be
/// are unsettled in the snapshot.
fn accepted<'a>(
    left: &'a [LeftSent],
    settled: &[Settled],
    snapshot: &mut Snapshot,
) -> Vec<(&'a LeftSent, ContactId)> {
    let mut made = Vec::new();
    for (left, came) in left.iter().zip(settled) {
        match came {
            Settled::Through(contact) if adds(left) == Adds::Contact => {
                made.push((left, contact.clone()));
            }
            Settled::Several(contacts) => {
                let unsettled = &mut snapshot.unsettled;
                unsettled.insert(left.user_id.clone(), contacts.clone());
            }
            Settled::Through(_) | Settled::Partly(..) | Settled::Void => {}
        }
    }
    let has_link: HashSet<&UserId> = snapshot.links.iter().map(|link| &link.user_id).collect();
    made.retain(|(left, _)| !has_link.contains(&left.user_id));
    made
}

fn link(id: i64, user_id: UserId, upn: String, contact_id: ContactId) -> Link {
    Link {
        id,
        user_id,
        upn,
        contact_id,
        made: LinkMade::Created,
        user_deleted: false,
    }
}

/// For whom a contact may have been made by what was left.
pub(super) fn created(left: &[LeftSent]) -> impl Iterator<Item = &UserId> {
    let creates = left.iter().filter(|left| adds(left) == Adds::Contact);
    creates.map(|left| &left.user_id)
}

fn step(left: &LeftSent) -> Option<Step> {
    serde_json::from_value(left.step.clone()).ok()
}

fn adds(left: &LeftSent) -> Adds {
    step(left).map_or(Adds::Nothing, |step| step.adds)
}

fn judge(left: &[LeftSent], snapshot: &Snapshot) -> Vec<Settled> {
    let left: Vec<settle::LeftSent> = left
        .iter()
        .map(|left| settle::LeftSent {
            write_id: left.write_id,
            change_id: left.change_id,
            user_id: left.user_id.clone(),
            upn: left.upn.clone(),
            creates: adds(left) == Adds::Contact,
            contact_id: left.contact_id.clone(),
            fields: left
                .fields
                .iter()
                .map(|one| FieldChange {
                    field: one.field,
                    from: one.from.clone(),
                    to: one.to.clone(),
                })
                .collect(),
            settles: step(left).map(|step| step.settles).unwrap_or_default(),
            known: left.known_contacts.iter().flatten().cloned().collect(),
        })
        .collect();
    settle::settle(&left, &snapshot.contacts, &snapshot.links)
}

fn making(scene: &Scene, left: &LeftSent, contact_id: ContactId) -> Making {
    Making {
        company_id: scene.company.id,
        tenant_id: scene.tenant.tenant_id.clone(),
        psa_company_id: scene.company.psa_company_id.clone(),
        user_id: left.user_id.clone(),
        upn: left.upn.clone(),
        contact_id,
        made: LinkMade::Created,
        made_run: Some(left.run_id.clone()),
    }
}

fn write_down(
    conn: &mut Conn,
    left: &LeftSent,
    came: &Settled,
    now: DateTime<Utc>,
) -> diesel::QueryResult<()> {
    let (state, contact) = match came {
        Settled::Through(contact) => (WriteState::Applied, Some(contact)),
        Settled::Partly(contact, _) => (WriteState::Refused, Some(contact)),
        Settled::Void => (WriteState::Void, None),
        Settled::Several(_) => (WriteState::Conflict, None),
    };
    writes::settle(conn, left.write_id, state, None, now)?;
    let through: Vec<Field> = match came {
        Settled::Through(_) => step(left).map(|step| step.settles).unwrap_or_default(),
        Settled::Partly(_, has) => has.clone(),
        Settled::Void | Settled::Several(_) => Vec::new(),
    };
    let fields: Vec<AppliedField> = left
        .fields
        .iter()
        .map(|one| AppliedField {
            applied: one.applied || through.contains(&one.field),
            ..one.clone()
        })
        .collect();
    let whole = fields.iter().all(|one| one.applied);
    let (outcome, error) = if whole {
        (Outcome::Applied, None)
    } else if left.outcome == Outcome::Failed {
        (Outcome::Failed, left.error.as_deref())
    } else {
        (
            Outcome::Skipped,
            Some("the run was interrupted; the next run carried on"),
        )
    };
    changes::finish(conn, left.change_id, outcome, &fields, contact, error, now).map(drop)
}
