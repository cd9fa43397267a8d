//! The end of a link by hand, and what the next run would make of it, decided beforehand by the engine's own rules.

use chrono::{DateTime, Utc};
use diesel::QueryResult;

use super::{Decider, IGNORED, in_turn, names_of, set_ignored};
use crate::app::App;
use crate::db::events::{self, NewEvent};
use crate::db::{Conn, companies, links, tenant_connections};
use crate::model::{Action, Company, ContactId, UserId};
use crate::runs::Watch;
use crate::sync::failure::RunError;
use crate::sync::pair::Step;
use crate::sync::plan::{Plan, Reason, plan};
use crate::sync::report::{reason, step_words};
use crate::sync::select::{Activity, select};
use crate::sync::snapshot::{Licences, Snapshot};

/// Why the history says that the link ended.
const WHY: &str = "unlinked by hand";

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlinking {
    /// The user is not linked to this contact any more; nothing was done.
    Not,
    /// The link has ended. `ignored`: runs leave the user alone since then, and did not before.
    Ended {
        /// Whether the user is ignored anew.
        ignored: bool,
    },
}

/// Ends the link of a user to exactly this contact, and where `ignoring`, has runs leave the user alone from now on, all in one
/// transaction. Nothing is read and nothing is written to the PSA: the contact stays as it is. Waits for the company's turn.
///
/// `behaviour.md` knows no "never these two": a run pairs who has no link anew, and by its section 4 would mostly find the same
/// contact. So a link that is to end for good ends together with ignoring the user; [`after_unlinking`] says beforehand whether
/// that is needed. Whoever is ignored keeps no other user from the contact.
///
/// # Errors
/// Where the company is gone, the program is asked to end while this waits, or the database fails.
pub async fn unlink(
    app: &App,
    company: &Company,
    (user, contact): (&UserId, &ContactId),
    ignoring: bool,
    who: &Decider,
    watch: Watch<'_>,
) -> Result<Unlinking, RunError> {
    let (pair, decider) = ((user.clone(), contact.clone()), who.clone());
    in_turn(app, company, watch, async {
        let names = names_of(app, company, user).await?;
        let (company, now) = (company.clone(), app.clock().now());
        let done = app.db().write(move |conn| {
            let ignoring = ignoring.then_some(names.as_slice());
            end(conn, &company, &pair, (ignoring, &decider), now)
        });
        let done = done.await?;
        who.wake(app);
        done.ok_or_else(super::gone)
    })
    .await
}

fn end(
    conn: &mut Conn,
    company: &Company,
    (user, contact): &(UserId, ContactId),
    (ignoring, who): (Option<&[String]>, &Decider),
    now: DateTime<Utc>,
) -> QueryResult<Option<Unlinking>> {
    let id = company.id;
    if companies::version(conn, id)?.is_none() {
        return Ok(None);
    }
    let Some(tenant) = tenant_connections::get(conn, id)? else {
        return Ok(Some(Unlinking::Not));
    };
    let in_force = links::in_force(conn, id, &tenant.tenant_id, &company.psa_company_id)?;
    let mut in_force = in_force.iter();
    let Some(link) = in_force.find(|one| one.user_id == *user && one.contact_id == *contact) else {
        return Ok(Some(Unlinking::Not));
    };
    links::retire(conn, &[link.id], WHY, now)?;
    let event = NewEvent {
        staff: &who.staff,
        company_id: Some(id),
        user_id: Some(user.clone()),
        kind: "unlinked",
        detail: format!("from contact {contact}"),
    };
    events::append(conn, &event, now)?;
    let ignored = match ignoring {
        Some(names) => set_ignored(conn, (id, user), names, (IGNORED, &who.staff), now)?,
        None => false,
    };
    who.ask(conn, id, now)?;
    Ok(Some(Unlinking::Ended { ignored }))
}

/// What the next run would do with a user whose link has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Again {
    /// It finds the same contact, on this step, and links it again.
    Same(Step),
    /// It finds another contact.
    Other(ContactId),
    /// It makes a new contact.
    New,
    /// Several contacts or users fit, so that it asks.
    Conflict,
    /// Nobody knows: Microsoft Graph does not say whether the user is active.
    Unknown,
    /// Nothing, for this reason; `None`: the user is not active, and without a link that is no matter of ours.
    Nothing(Option<Reason>),
}

impl Again {
    /// The same in a sentence without its full stop. `name` says a contact in words.
    pub fn sentence(&self, name: impl Fn(&ContactId) -> String) -> String {
        match self {
            Self::Same(step) => {
                let by = step_words(*step);
                format!("The next run finds the same contact, by {by}, and links it again")
            }
            Self::Other(contact) => {
                let other = name(contact);
                format!("The next run finds the contact {other} for this user, and links it")
            }
            Self::New => "The next run finds no contact for this user, and makes a new one".into(),
            Self::Conflict => {
                "The next run cannot tell which contact is this user's: they are in conflict until somebody decides"
                    .into()
            }
            Self::Nothing(Some(why)) => {
                format!("Runs leave this user alone ({})", reason(why))
            }
            Self::Unknown => {
                "Microsoft 365 does not say whether this user is active: once it does, a run may find the same contact, and link it again"
                    .into()
            }
            Self::Nothing(None) => {
                "The user is not active: runs then leave the contact alone, and do not deactivate it"
                    .into()
            }
        }
    }
}

/// What the next run would make of the end of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After {
    /// What it does with the user.
    pub user: Again,
    /// The principal name of another user whose contact it is then.
    pub taker: Option<String>,
}

/// What the next run would do once this user's link has ended, by this reading; `ignoring` as for [`unlink`]. Pure.
pub fn after_unlinking(
    snapshot: &Snapshot,
    (user, contact): (&UserId, &ContactId),
    ignoring: bool,
) -> After {
    let mut without = snapshot.clone();
    without.links.retain(|link| link.user_id != *user);
    if ignoring {
        without.ignored.insert(user.clone());
    }
    let Plan { people, .. } = plan(&without);
    let own = people.iter().find(|person| person.user_id == *user);
    let taker = people.iter().find(|person| {
        person.user_id != *user
            && person.contact.as_ref() == Some(contact)
            && person.action != Action::Conflict
    });
    After {
        user: own.map_or_else(
            || without_a_line(&without, user),
            |person| match (person.action, &person.contact) {
                (Action::Conflict, _) => Again::Conflict,
                (Action::Create, _) => Again::New,
                (Action::OutOfScope, _) | (_, None) => Again::Nothing(Some(person.reason.clone())),
                (_, Some(found)) if found == contact => {
                    Again::Same(person.trace.step.unwrap_or(Step::Address))
                }
                (_, Some(other)) => Again::Other(other.clone()),
            },
        ),
        taker: taker.map(|person| person.upn.clone()),
    }
}

/// What is said of a user of whom a plan without the link says nothing.
fn without_a_line(snapshot: &Snapshot, user: &UserId) -> Again {
    let licences = Licences::new(&snapshot.skus, &snapshot.rules.ignored_licences);
    let listed = snapshot.users.iter().find(|one| one.id == *user);
    let left = match listed.map(|one| select(one, &licences)) {
        Some(Activity::NoAnswer(_)) => false,
        Some(_) => true,
        None => snapshot.deleted.contains(user),
    };
    if left {
        Again::Nothing(None)
    } else {
        Again::Unknown
    }
}
