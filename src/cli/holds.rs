//! `rollcall holds`.

use comfy_table::Cell;
use indicatif::MultiProgress;

use super::output::{
    at_a_terminal, complain, count, is_wide, say, say_line, say_table, sentence, table, yes,
};
use super::show::hold_commands;
use super::sync::Watching;
use super::{DONE, FAILED, HoldAct, HoldsArgs, WRONG_USAGE, find, print_json, show, waiting};
use crate::app::App;
use crate::db::holds::{Hold, Signed};
use crate::db::{companies, holds};
use crate::decisions::{self, COMMAND_LINE, Dismissed};
use crate::model::{Company, UserId, reason_for_people};
use crate::runs;
use crate::sync::failure::STOPPED;
use crate::sync::report::stamp;

/// Shows, approves or dismisses what is held.
pub async fn run(app: &App, args: &HoldsArgs, bars: &MultiProgress) -> anyhow::Result<u8> {
    let only = match &args.company {
        Some(name) => match find(app, name).await? {
            Some(company) => Some(company),
            None => return Ok(WRONG_USAGE),
        },
        None => None,
    };
    let at = only.as_ref();
    let at = at.map_or_else(String::new, |one| format!(" at {}", one.name));
    let only = only.map(|company| company.id);
    let (companies, mut open) = app
        .db()
        .read(|conn| Ok((companies::list(conn)?, holds::list_open(conn)?)))
        .await?;
    open.retain(|hold| only.is_none_or(|id| id == hold.company_id));
    let Some(act) = args.act else {
        list(&companies, &open, &at, args.json);
        return Ok(DONE);
    };
    let company = match &open[..] {
        [hold] => companies
            .iter()
            .find(|company| company.id == hold.company_id),
        [] => {
            complain(&format!("Nothing is held{at}."));
            return Ok(DONE);
        }
        several => {
            complain(&format!(
                "{} are open: name one with --company, so that exactly its people are meant",
                count(several.len(), "hold", "holds")
            ));
            return Ok(WRONG_USAGE);
        }
    };
    let Some(company) = company else {
        complain("The company of this hold does not exist any more");
        return Ok(WRONG_USAGE);
    };
    // At a terminal who named no company may have meant to look.
    if args.company.is_none() && !args.json && at_a_terminal() {
        people(&open[0], usize::MAX);
        say("");
        let contacts = count(open[0].people.len(), "deactivation", "deactivations");
        let verb = match act {
            HoldAct::Approve => "Approve",
            HoldAct::Dismiss => "Dismiss",
        };
        if !yes(&format!("{verb} these {contacts} at {}?", company.name)).await {
            complain("Nothing is changed.");
            return Ok(DONE);
        }
    }
    match act {
        HoldAct::Approve if !company.sync_contacts => {
            complain(&format!(
                "Contact sync is off for {}: switch it on to approve its hold, or dismiss the hold",
                company.name
            ));
            Ok(WRONG_USAGE)
        }
        HoldAct::Approve => approve(app, company, &open[0], args.json, bars).await,
        HoldAct::Dismiss => dismiss(app, company, &open[0], args.json).await,
    }
}

fn list(companies: &[Company], open: &[Hold], at: &str, json: bool) {
    let name = |id| {
        companies
            .iter()
            .find(|company| company.id == id)
            .map_or("", |one| &one.name)
    };
    if json {
        for hold in open {
            print_json(&as_json(name(hold.company_id), hold));
        }
        return;
    }
    if open.is_empty() {
        say(&format!("Nothing is held{at}."));
    }
    for hold in open {
        let company = name(hold.company_id);
        let contacts = count(hold.people.len(), "contact", "contacts");
        let since = stamp(hold.opened_at);
        let words = format!("{company}: {contacts} to deactivate, held since {since}");
        say_line(&words, 0, 2);
        say("");
        show(company, hold, usize::MAX);
    }
}

/// Prints so many of a hold's people, and the commands that end it.
pub fn show(company: &str, hold: &Hold, most: usize) {
    people(hold, most);
    say("");
    hold_commands(company);
}

fn people(hold: &Hold, most: usize) {
    let named = is_wide();
    let heads = ["Person", "Name", "Contact", "Why"];
    let mut people = table(heads.into_iter().filter(|head| named || *head != "Name"));
    for person in hold.people.iter().take(most) {
        let mut row = vec![Cell::new(&person.upn)];
        if named {
            row.push(Cell::new(&person.name));
        }
        row.push(Cell::new(&person.contact_id));
        row.push(Cell::new(reason_for_people(&person.reason)));
        people.add_row(row);
    }
    say_table(&people);
    if hold.people.len() > most {
        say(&format!("  … and {} more", hold.people.len() - most));
    }
}

fn as_json(company: &str, hold: &Hold) -> serde_json::Value {
    let people: Vec<_> = hold
        .people
        .iter()
        .map(|person| {
            serde_json::json!({
                "user_id": person.user_id,
                "upn": person.upn,
                "name": person.name,
                "contact_id": person.contact_id,
                "reason": person.reason,
            })
        })
        .collect();
    serde_json::json!({
        "company": company,
        "run": hold.run_id,
        "opened_at": stamp(hold.opened_at),
        "people": people,
    })
}

async fn approve(
    app: &App,
    company: &Company,
    shown: &Hold,
    json: bool,
    bars: &MultiProgress,
) -> anyhow::Result<u8> {
    let watching = Watching::new(bars, false);
    let watch = |company: &str, event| watching.told(company, &event);
    let (users, signed) = (users(shown), signed());
    let approved = runs::approve(app, company, &users, &signed, &watch);
    let Some(mut finished) = Box::pin(approved).await else {
        complain(&format!("Nothing is held at {} any more.", company.name));
        return Ok(DONE);
    };
    watching.done(&finished.report);
    if let Some(error) = &mut finished.report.error
        && error.kind == STOPPED
    {
        "The rest is still held: approve it again, or dismiss it".clone_into(&mut error.advice);
    }
    if json {
        print_json(&finished.report.json(true));
    } else {
        show::report(&finished, true);
    }
    Ok(finished.report.exit_status())
}

async fn dismiss(app: &App, company: &Company, shown: &Hold, json: bool) -> anyhow::Result<u8> {
    let watch = |company: &str, event| waiting::told(company, &event);
    let (users, signed) = (users(shown), signed());
    let dismissed = decisions::dismiss(app, company, &users, &signed, &watch);
    let Dismissed { hold, left } = match dismissed.await {
        Ok(Some(dismissed)) => dismissed,
        Ok(None) => {
            complain(&format!("Nothing is held at {} any more.", company.name));
            return Ok(DONE);
        }
        Err(error) => {
            complain(&sentence(&error.message));
            return Ok(FAILED);
        }
    };
    if json {
        print_json(&as_json(&company.name, &hold));
    } else {
        say(&format!(
            "{}: {} dismissed; they are left alone until they have been active again",
            company.name,
            count(hold.people.len(), "deactivation", "deactivations")
        ));
        if left > 0 {
            let more = count(left, "person is", "people are");
            say(&format!("  {more} held since: look at `rollcall holds`"));
        }
    }
    Ok(DONE)
}

/// Exactly the people that are shown: who joins the hold while this waits is not meant.
fn users(hold: &Hold) -> Vec<UserId> {
    let people = hold.people.iter();
    people.map(|person| person.user_id.clone()).collect()
}

fn signed() -> Signed {
    Signed {
        staff: COMMAND_LINE.to_owned(),
        note: None,
    }
}
