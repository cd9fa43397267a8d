//! `rollcall link`.

use super::output::{complain, quoted, say, say_line, sentence, told};
use super::{CHECK_THE_USER, DONE, FAILED, LinkArgs, WRONG_USAGE, find_with_user, waiting};
use crate::app::App;
use crate::decisions::{COMMAND_LINE, Decider, Linking, link_by_hand};
use crate::model::meant::did_you_mean;
use crate::model::{Company, ContactId};
use crate::sync::failure::STOPPED;

/// Links a user to a contact by hand, after both were seen.
pub async fn run(app: &App, args: &LinkArgs) -> anyhow::Result<u8> {
    let Some(company) = find_with_user(app, &args.company, &args.user).await? else {
        return Ok(WRONG_USAGE);
    };
    let watch = |company: &str, event| waiting::told(company, &event);
    let contact = ContactId::new(&args.contact);
    let who = Decider::followed(COMMAND_LINE, &company);
    let linking = link_by_hand(app, &company, &args.user, &contact, &who, &watch);
    let linked = match Box::pin(linking).await {
        Ok(Linking::Linked(linked)) => linked,
        Ok(Linking::Already(upn)) => {
            say(&format!("{upn} is linked to contact {contact} already"));
            return Ok(DONE);
        }
        Ok(Linking::NoUser(near)) => {
            let (company, user) = (&company.name, &args.user);
            let then = did_you_mean(&near).unwrap_or_else(|| CHECK_THE_USER.to_owned());
            complain(&format!(
                "The tenant of {company} has no user {user}: {then}"
            ));
            return Ok(WRONG_USAGE);
        }
        Ok(Linking::NoContact) => {
            let company = &company.name;
            complain(&format!(
                "{company} has no contact {contact} in the PSA: check its number, and that it belongs to this company"
            ));
            return Ok(WRONG_USAGE);
        }
        Ok(Linking::Taken(upn)) => {
            complain(&format!(
                "Contact {contact} is linked to {upn} already: link {upn} to another contact first"
            ));
            return Ok(WRONG_USAGE);
        }
        // There is no next run that would carry on with it.
        Err(error) if error.kind == STOPPED => {
            complain(&sentence(&error.message));
            return Ok(FAILED);
        }
        Err(error) => {
            complain(&told(&error));
            return Ok(FAILED);
        }
    };
    let (upn, new) = (&linked.upn, &linked.contact);
    say_line(&format!("{upn} is linked to {new}"), 0, 2);
    if let Some(old) = &linked.until_now {
        say_line(&format!("Until now: {old}"), 2, 2);
    }
    say_line(&sentence(&linked.next.sentence()), 2, 2);
    if linked.next.acts() {
        follows(&company);
    }
    Ok(DONE)
}

/// Says when that is.
fn follows(company: &Company) {
    if !company.sync_contacts {
        let words = "Contact sync is off for this company: it takes effect when it is on.";
        return say_line(words, 2, 2);
    }
    let words = "A run follows within five minutes where `rollcall serve` is running. Without it:";
    say_line(words, 2, 2);
    say(&format!(
        "    rollcall sync --company {}",
        quoted(&company.name)
    ));
}
