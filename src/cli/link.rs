//! `rollcall link`.

use super::output::{complain, full_stop, say, say_line, told};
use super::{DONE, FAILED, LinkArgs, WRONG_USAGE, find};
use crate::app::App;
use crate::db::links;
use crate::model::{Action, Company, ContactId, LinkMade, Mode, UserId, text};
use crate::runs;
use crate::sync::Options;
use crate::sync::explain::candidates;
use crate::sync::links::Making;
use crate::sync::plan::Plan;
use crate::sync::report::reason;
use crate::sync::select::{self, Activity, LeaverReason};
use crate::sync::snapshot::{Licences, Snapshot};
use crate::sync::turn::{Sharing, Turn};

/// Links a user to a contact by hand, after both were seen.
pub async fn run(app: &App, args: &LinkArgs) -> anyhow::Result<u8> {
    let Some(company) = find(app, &args.company).await? else {
        return Ok(WRONG_USAGE);
    };
    if args.user.trim().is_empty() {
        complain("The user is empty: give a user principal name or object id after --user");
        return Ok(WRONG_USAGE);
    }
    let watch = |company: &str, _| {
        complain(&format!("{company}: a run is going; waiting for its end"));
    };
    let name = Turn::of_company(company.id);
    let turn = match runs::wait(app, (&name, Sharing::Alone), &company, &watch).await {
        Ok(turn) => turn,
        Err(error) => {
            complain(&full_stop(&error.message));
            return Ok(FAILED);
        }
    };
    let options = Options::new(Mode::Update, true);
    let finished = Box::pin(runs::one(app, &company, &options, &|_, _| {})).await;
    let status = match (&finished.seen, &finished.report.error) {
        (Some((snapshot, plan)), _) => link(app, args, &company, (snapshot, plan)).await,
        (None, Some(error)) => {
            complain(&told(error));
            Ok(FAILED)
        }
        (None, None) => Ok(FAILED),
    };
    runs::give_back(turn).await;
    status
}

async fn link(
    app: &App,
    args: &LinkArgs,
    company: &Company,
    (snapshot, plan): (&Snapshot, &Plan),
) -> anyhow::Result<u8> {
    let (id, upn) = (UserId::new(&args.user), text::folded(&args.user));
    let user = snapshot
        .users
        .iter()
        .find(|user| user.id == id || text::folded(&user.upn) == upn);
    let Some(user) = user else {
        complain(&format!(
            "The tenant of {} has no user {}",
            company.name, args.user
        ));
        return Ok(WRONG_USAGE);
    };
    let contact = ContactId::new(&args.contact);
    if !snapshot.contacts.iter().any(|one| one.id == contact) {
        complain(&format!(
            "{} has no contact {contact} in the PSA",
            company.name
        ));
        return Ok(WRONG_USAGE);
    }
    let (mut retired, mut until_now) = (Vec::new(), None);
    for link in &snapshot.links {
        if link.contact_id == contact && link.user_id != user.id {
            if !snapshot.deleted.contains(&link.user_id) {
                complain(&format!(
                    "Contact {contact} is linked to {} already",
                    link.upn
                ));
                return Ok(WRONG_USAGE);
            }
            retired.push(link.id);
        } else if link.user_id == user.id {
            if link.contact_id == contact {
                say(&format!(
                    "{} is linked to contact {contact} already",
                    user.upn
                ));
                return Ok(DONE);
            }
            retired.push(link.id);
            until_now = Some(link.contact_id.clone());
        }
    }
    let (tenant, _) = app
        .directory(company)
        .await
        .map_err(|error| anyhow::anyhow!(error.message))?;
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
    let now = app.clock().now();
    app.db()
        .write(move |conn| {
            links::retire(conn, &retired, "linked by hand", now)?;
            making.insert(conn, now)
        })
        .await?;
    let new = candidates(snapshot, &[contact]).join("");
    let licences = Licences::new(&snapshot.skus, &snapshot.rules.ignored_licences);
    let mut people = plan.people.iter();
    let left_out = people
        .find(|person| person.user_id == user.id && person.action == Action::OutOfScope)
        .map(|person| reason(&person.reason));
    let next = if snapshot.ignored.contains(&user.id) {
        "A technician ignores this user, so that runs leave the contact alone".to_owned()
    } else if let Some(why) = left_out {
        format!("The user is out of scope ({why}), so that runs leave the contact alone")
    } else {
        what_next(&select::select(user, &licences), snapshot)
    };
    say_line(&format!("{} is linked to {new}", user.upn), 0, 2);
    if let Some(old) = until_now {
        let old = candidates(snapshot, &[old]).join("");
        say_line(&format!("Until now: {old}"), 2, 2);
    }
    say_line(&full_stop(&next), 2, 2);
    Ok(DONE)
}

/// What the next run does about a user who is linked by hand.
fn what_next(activity: &Activity, snapshot: &Snapshot) -> String {
    let why = match activity {
        Activity::Active(_) => return "The next run brings it in step".to_owned(),
        Activity::NoAnswer(silence) => {
            let field = silence.field();
            return format!(
                "Microsoft Graph does not say {field} of this user: runs do nothing to them"
            );
        }
        Activity::Leaver(LeaverReason::SignInBlocked) => "sign-in is blocked",
        Activity::Leaver(LeaverReason::LicenceRemoved) => "no licence counts",
        Activity::Leaver(LeaverReason::Deleted) => "the user is deleted",
    };
    let then = if snapshot.rules.update_existing {
        "the next run would deactivate the contact, if it is active"
    } else {
        "but existing contacts are not updated, so that runs leave the contact alone"
    };
    format!("The user is not active ({why}): {then}")
}
