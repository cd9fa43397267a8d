//! A link by hand: a user and a contact, after both were seen.

use super::{Decider, in_turn};
use crate::app::App;
use crate::db::events::{self, NewEvent};
use crate::db::links;
use crate::model::{Action, Company, ContactId, LinkMade, Mode, User, UserId, text};
use crate::runs::{self, Watch};
use crate::sync::Options;
use crate::sync::explain::{candidates, meant};
use crate::sync::failure::{RunError, stopped};
use crate::sync::links::Making;
use crate::sync::plan::{Plan, Reason};
use crate::sync::report::reason;
use crate::sync::select::{self, Activity, LeaverReason, Silence};
use crate::sync::snapshot::{Licences, Snapshot};

/// What came of it.
#[derive(Clone, Debug)]
pub enum Linking {
    /// The tenant has no such user; the principal names of those who may have been meant.
    NoUser(Vec<String>),
    /// The company has no such contact.
    NoContact,
    /// The contact is linked to another user, with this principal name.
    Taken(String),
    /// They are linked already; the user's principal name.
    Already(String),
    /// They are linked now.
    Linked(Box<Linked>),
}

/// A link that was made.
#[derive(Clone)]
pub struct Linked {
    /// The user's principal name.
    pub upn: String,
    /// The contact: id, name, email, site and state.
    pub contact: String,
    /// The contact to which the user was linked until now, in the same words.
    pub until_now: Option<String>,
    /// What runs do now.
    pub next: Next,
}

crate::model::debug_by!(Linked, next);

/// What runs do with a user who was linked by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing: a technician ignores them.
    Ignored,
    /// Nothing: they are out of scope.
    OutOfScope(Reason),
    /// They bring the contact in step.
    InStep,
    /// Nothing: Microsoft Graph does not say what decides.
    NoAnswer(Silence),
    /// They deactivate the contact, where existing contacts are updated.
    Left(LeaverReason, bool),
}

impl Next {
    /// Whether the next run does something.
    pub const fn acts(&self) -> bool {
        matches!(self, Self::InStep | Self::Left(_, true))
    }

    /// The same in a sentence without its full stop.
    pub fn sentence(&self) -> String {
        match self {
            Self::Ignored => {
                "A technician ignores this user, so that runs leave the contact alone".to_owned()
            }
            Self::OutOfScope(why) => {
                let why = reason(why);
                format!("The user is out of scope ({why}), so that runs leave the contact alone")
            }
            Self::InStep => "The next run brings it in step".to_owned(),
            Self::NoAnswer(silence) => {
                let field = silence.field();
                format!(
                    "Microsoft Graph does not say {field} of this user: runs do nothing to them"
                )
            }
            Self::Left(why, updates) => {
                let why = match why {
                    LeaverReason::SignInBlocked => "sign-in is blocked",
                    LeaverReason::LicenceRemoved => "no licence counts",
                    LeaverReason::Deleted => "the user is deleted",
                };
                let then = if *updates {
                    "the next run would deactivate the contact, if it is active"
                } else {
                    "but existing contacts are not updated, so that runs leave the contact alone"
                };
                format!("The user is not active ({why}): {then}")
            }
        }
    }
}

/// Links a user, named by object id or principal name, to a contact, after both sides were read. Waits for the company's turn. A
/// link that the user had is retired, and so is a deleted user's link to the contact.
///
/// # Errors
/// Where a side cannot be read, the program is asked to end while this waits, or the database fails.
pub async fn link_by_hand(
    app: &App,
    company: &Company,
    user: &str,
    contact: &ContactId,
    who: &Decider,
    watch: Watch<'_>,
) -> Result<Linking, RunError> {
    in_turn(app, company, watch, async {
        let options = Options::new(Mode::Update, true);
        let finished = Box::pin(runs::one(app, company, &options, &|_, _| {})).await;
        match (&finished.seen, finished.report.error) {
            (Some(seen), _) => link(app, company, (user, contact), (&seen.0, &seen.1), who).await,
            (None, error) => Err(error.unwrap_or_else(stopped)),
        }
    })
    .await
}

async fn link(
    app: &App,
    company: &Company,
    (user, contact): (&str, &ContactId),
    (snapshot, plan): (&Snapshot, &Plan),
    who: &Decider,
) -> Result<Linking, RunError> {
    let (wanted, id, upn) = (user, UserId::new(user), text::folded(user));
    let user = snapshot
        .users
        .iter()
        .find(|user| user.id == id || text::folded(&user.upn) == upn);
    let Some(user) = user else {
        let near = meant(snapshot, wanted).into_iter().map(str::to_owned);
        return Ok(Linking::NoUser(near.collect()));
    };
    if !snapshot.contacts.iter().any(|one| one.id == *contact) {
        return Ok(Linking::NoContact);
    }
    let (mut retired, mut until_now) = (Vec::new(), None);
    for link in &snapshot.links {
        if link.contact_id == *contact && link.user_id != user.id {
            if !snapshot.deleted.contains(&link.user_id) {
                return Ok(Linking::Taken(link.upn.clone()));
            }
            retired.push(link.id);
        } else if link.user_id == user.id {
            if link.contact_id == *contact {
                return Ok(Linking::Already(user.upn.clone()));
            }
            retired.push(link.id);
            until_now = Some(link.contact_id.clone());
        }
    }
    let (tenant, _) = app.directory(company).await?;
    let making = Making {
        company_id: company.id,
        tenant_id: tenant.tenant_id,
        psa_company_id: company.psa_company_id.clone(),
        user_id: user.id.clone(),
        upn: user.upn.clone(),
        contact_id: contact.clone(),
        made: LinkMade::Hand,
        made_run: None,
    };
    let words = |id: &ContactId| candidates(snapshot, std::slice::from_ref(id)).join("");
    let linked = Linked {
        upn: user.upn.clone(),
        contact: words(contact),
        until_now: until_now.as_ref().map(words),
        next: next(user, snapshot, plan),
    };
    let detail = match &until_now {
        Some(old) => format!("to contact {contact}, until now contact {old}"),
        None => format!("to contact {contact}"),
    };
    let (now, decider) = (app.clock().now(), who.clone());
    app.db()
        .write(move |conn| {
            links::retire(conn, &retired, "linked by hand", now)?;
            making.insert(conn, now)?;
            let event = NewEvent {
                staff: &decider.staff,
                company_id: Some(making.company_id),
                user_id: Some(making.user_id.clone()),
                kind: "linked",
                detail,
            };
            events::append(conn, &event, now)?;
            decider.ask(conn, making.company_id, now)
        })
        .await?;
    who.wake(app);
    Ok(Linking::Linked(Box::new(linked)))
}

/// What runs do with a user, by this reading and the plan of it, once they are linked by hand.
pub fn next(user: &User, snapshot: &Snapshot, plan: &Plan) -> Next {
    if snapshot.ignored.contains(&user.id) {
        return Next::Ignored;
    }
    let mut people = plan.people.iter();
    let left_out =
        people.find(|person| person.user_id == user.id && person.action == Action::OutOfScope);
    if let Some(person) = left_out {
        return Next::OutOfScope(person.reason.clone());
    }
    let licences = Licences::new(&snapshot.skus, &snapshot.rules.ignored_licences);
    match select::select(user, &licences) {
        Activity::Active(_) => Next::InStep,
        Activity::NoAnswer(silence) => Next::NoAnswer(silence),
        Activity::Leaver(why) => Next::Left(why, snapshot.rules.update_existing),
    }
}
