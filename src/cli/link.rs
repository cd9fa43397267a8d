//! `rollcall link`.

use super::output::{complain, say, sentence};
use super::{DONE, FAILED, LinkArgs, WRONG_USAGE, find};
use crate::app::App;
use crate::db::links;
use crate::model::{ContactId, LinkMade, Mode, UserId, text};
use crate::runs;
use crate::sync::Options;
use crate::sync::links::Making;
use crate::sync::turn::{Sharing, Turn};

/// Links a user to a contact by hand, after both were seen.
pub async fn run(app: &App, args: &LinkArgs) -> anyhow::Result<u8> {
    let Some(company) = find(app, &args.company).await? else {
        return Ok(WRONG_USAGE);
    };
    let watch = |company: &str, _| {
        complain(&format!("{company}: a run is going; waiting for its end"));
    };
    let name = Turn::of_company(company.id);
    let turn = match runs::wait(app, (&name, Sharing::Alone), &company, &watch).await {
        Ok(turn) => turn,
        Err(error) => {
            complain(&format!("{}.", error.message));
            return Ok(FAILED);
        }
    };
    let options = Options::new(Mode::Update, true);
    let finished = Box::pin(runs::one(app, &company, &options, &|_, _| {})).await;
    let status = match (&finished.seen, &finished.report.error) {
        (Some((snapshot, _)), _) => link(app, args, &company, snapshot).await,
        (None, Some(error)) => {
            complain(&format!(
                "{}.\n{}.",
                sentence(&error.message),
                sentence(&error.advice)
            ));
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
    company: &crate::model::Company,
    snapshot: &crate::sync::snapshot::Snapshot,
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
    let mut retired = Vec::new();
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
    say(&format!(
        "{} is linked to contact {contact}; the next run brings it in step",
        user.upn
    ));
    Ok(DONE)
}
