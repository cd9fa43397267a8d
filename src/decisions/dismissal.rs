//! A deactivation that is not wanted, and one that is wanted after all.

use super::{Decider, gone, in_turn};
use crate::app::App;
use crate::db::events::{self, NewEvent};
use crate::db::holds::{self, HoldPerson, Signed};
use crate::db::{companies, dismissals};
use crate::model::{Company, UserId};
use crate::runs::Watch;
use crate::sync::failure::RunError;

/// What a dismissal came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dismissed {
    /// The hold with the people who are dismissed, and only those.
    pub hold: holds::Hold,
    /// So many people wait still: they joined the hold since it was shown.
    pub left: usize,
}

/// Dismisses the deactivation of exactly these people, as far as they still wait in the company's open hold: they are left alone
/// until they have been active again. Waits for the company's turn. `None` where none of them waits any more.
///
/// # Errors
/// Where the program is asked to end while this waits, or the database fails.
pub async fn dismiss(
    app: &App,
    company: &Company,
    shown: &[UserId],
    signed: &Signed,
    watch: Watch<'_>,
) -> Result<Option<Dismissed>, RunError> {
    let (shown, signed) = (shown.to_vec(), signed.clone());
    in_turn(app, company, watch, async {
        let (id, now) = (company.id, app.clock().now());
        let dismissed = app.db().write(move |conn| {
            let Some(mut hold) = holds::open_of(conn, id)? else {
                return Ok(None);
            };
            let all = hold.people.len();
            hold.people.retain(|person| shown.contains(&person.user_id));
            if hold.people.is_empty() {
                return Ok(None);
            }
            let left = all - hold.people.len();
            let these: Vec<UserId> = hold.people.iter().map(user_of).collect();
            dismissals::add(conn, id, &these, now)?;
            holds::leave(conn, hold.id, &these, "dismissed", now)?;
            if left == 0 {
                holds::close(conn, hold.id, "dismissed", Some(&signed), now)?;
            }
            for user in these {
                let event = NewEvent {
                    staff: &signed.staff,
                    company_id: Some(id),
                    user_id: Some(user),
                    kind: "dismissed",
                    detail: signed.note.clone().unwrap_or_default(),
                };
                events::append(conn, &event, now)?;
            }
            Ok(Some(Dismissed { hold, left }))
        });
        Ok(dismissed.await?)
    })
    .await
}

fn user_of(person: &HoldPerson) -> UserId {
    person.user_id.clone()
}

/// Takes the dismissal of a user's deactivation back: the next run plans it anew, and the guard judges it like any other. Waits for
/// the company's turn. Whether they were dismissed.
///
/// # Errors
/// Where the company is gone, the program is asked to end while this waits, or the database fails.
pub async fn deactivate_after_all(
    app: &App,
    company: &Company,
    user: &UserId,
    who: &Decider,
    watch: Watch<'_>,
) -> Result<bool, RunError> {
    let (user, decider) = (user.clone(), who.clone());
    in_turn(app, company, watch, async {
        let (id, now) = (company.id, app.clock().now());
        let taken_back = app.db().write(move |conn| {
            if companies::version(conn, id)?.is_none() {
                return Ok(None);
            }
            if !dismissals::list(conn, id)?.contains(&user) {
                return Ok(Some(false));
            }
            dismissals::remove(conn, id, std::slice::from_ref(&user))?;
            let event = NewEvent {
                staff: &decider.staff,
                company_id: Some(id),
                user_id: Some(user),
                kind: "dismissal taken back",
                detail: String::new(),
            };
            events::append(conn, &event, now)?;
            decider.ask(conn, id, now)?;
            Ok(Some(true))
        });
        let taken_back = taken_back.await?;
        if taken_back == Some(true) {
            who.wake(app);
        }
        taken_back.ok_or_else(gone)
    })
    .await
}
