//! One journaled request, sent until something is known of it (`behaviour.md` section 9): a POST whose answer is lost is looked
//! up, twice, before it is sent again.

use std::collections::HashSet;
use std::time::Duration;

use super::apply::{Apply, STILL_AT_WORK};
use crate::db::writes::WriteState;
use crate::db::{DbError, links};
use crate::http::{ApiError, Kind, PATIENCE, TRIES, before};
use crate::model::ContactId;
use crate::psa::{Adds, Sent, Step};

/// What a request came to.
pub(super) enum Came {
    Through(Sent),
    /// Refused, or never sent: the journal's word for it.
    Not(WriteState, ApiError),
    /// Nobody knows: it stays *sent*, and the next run settles it.
    Unknown(ApiError),
}

impl Apply<'_> {
    /// Sends a request; one that adds something and whose answer is lost is looked up, twice, before it is sent again.
    pub(super) async fn send(&self, step: &Step) -> Came {
        let mut lost: Option<ApiError> = None;
        let mut waited = Duration::ZERO;
        for _ in 0..TRIES {
            if let Some(lost) = &lost
                && self.must_not_repeat().await
            {
                return Came::Unknown(lost.clone());
            }
            let mut error = match before(self.ours_until(), self.scene.psa.send(step)).await {
                Ok(sent) => return Came::Through(sent),
                Err(error) => error,
            };
            match error.kind {
                Kind::Lost => {}
                Kind::Unavailable | Kind::Unexpected => return Came::Unknown(error),
                // An earlier try may have been done, whatever became of this one.
                _ if lost.is_some() || error.in_doubt => return Came::Unknown(error),
                Kind::Unreachable | Kind::Throttled | Kind::Budget => {
                    return Came::Not(WriteState::Void, error);
                }
                _ => return Came::Not(WriteState::Refused, error),
            }
            match self.look_twice(step, &error, &mut waited).await {
                Ok(Some(came)) => return came,
                Ok(None) => {}
                Err(()) => {
                    error.kind = Kind::Throttled;
                    return Came::Unknown(error);
                }
            }
            lost = Some(error);
        }
        match lost {
            Some(lost) => Came::Unknown(lost),
            None => unreachable!("the loop ends with an answer or a lost one"),
        }
    }

    /// Looks a lost request up, waits as long as the PSA may still be at work (or as it asks), and looks again. `Ok(None)`: nothing
    /// of it is there. `Err`: the PSA asks for a longer pause than a run may wait.
    async fn look_twice(
        &self,
        step: &Step,
        lost: &ApiError,
        waited: &mut Duration,
    ) -> Result<Option<Came>, ()> {
        let clock = &self.scene.clock;
        for look in 1..=2 {
            match self.look_up(step, lost).await {
                Ok(found) => match &found[..] {
                    [] => {}
                    [one] => return Ok(Some(Came::Through(one.clone()))),
                    _ => return Ok(Some(Came::Unknown(several(lost.clone())))),
                },
                Err(error) => return Ok(Some(Came::Unknown(error))),
            }
            if look == 1 {
                let asked = lost
                    .retry_at
                    .map(|at| (at - clock.now()).to_std().unwrap_or_default());
                let pause = asked.unwrap_or_default().max(STILL_AT_WORK);
                *waited += pause;
                if *waited > PATIENCE {
                    return Err(());
                }
                clock.sleep(pause).await;
            }
        }
        Ok(None)
    }

    /// Whether the run stops, or the company is another process's by now.
    async fn must_not_repeat(&self) -> bool {
        self.is_halted() || self.journal(|_| Ok(())).await.is_err()
    }

    /// What a lost request left behind; for a create only contacts that were not in the reading and have no link.
    async fn look_up(&self, step: &Step, lost: &ApiError) -> Result<Vec<Sent>, ApiError> {
        let mut found = self.scene.psa.happened(step).await?;
        if step.adds != Adds::Contact {
            found.truncate(1);
            return Ok(found);
        }
        let known: HashSet<&ContactId> = self.contacts.keys().copied().collect();
        let Ok(linked) = self.linked().await else {
            return Err(ApiError {
                detail: "the answer was lost, and Rollcall's own database failed".into(),
                ..lost.clone()
            });
        };
        found.retain(|sent| {
            sent.contact
                .as_ref()
                .is_some_and(|id| !known.contains(id) && !linked.contains(id))
        });
        Ok(found)
    }

    async fn linked(&self) -> Result<HashSet<ContactId>, DbError> {
        let company = self.scene.company.id;
        let tenant = self.scene.tenant.tenant_id.clone();
        let psa_company = self.scene.company.psa_company_id.clone();
        let links = self
            .scene
            .db
            .read(move |conn| links::in_force(conn, company, &tenant, &psa_company))
            .await?;
        Ok(links.into_iter().map(|link| link.contact_id).collect())
    }
}

fn several(error: ApiError) -> ApiError {
    ApiError {
        detail: "the answer was lost, and several contacts may be the one that was made".into(),
        ..error
    }
}
