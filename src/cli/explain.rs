//! `rollcall explain`.

use comfy_table::Cell;

use super::conflicts;
use super::output::{capital, complain, faint, say, say_line, say_table, table, told};
use super::show::spaced;
use super::{CHECK_THE_USER, DONE, ExplainArgs, FAILED, WRONG_USAGE, find_with_user, print_json};
use crate::app::App;
use crate::directory::sku_name;
use crate::model::meant::did_you_mean;
use crate::model::{Mode, SkuId};
use crate::pickers::{group_names, groups_of};
use crate::runs;
use crate::sync::Options;
use crate::sync::explain::{Explanation, Names, explain, meant};
use crate::sync::plan::Reason;

/// Explains one person from a plan made now; nothing is written.
pub async fn run(app: &App, args: &ExplainArgs) -> anyhow::Result<u8> {
    let Some(company) = find_with_user(app, &args.company, &args.user).await? else {
        return Ok(WRONG_USAGE);
    };
    let options = Options::new(Mode::Update, true);
    let finished = Box::pin(runs::one(app, &company, &options, &|_, _| {})).await;
    let Some((snapshot, plan)) = &finished.seen else {
        if let Some(error) = &finished.report.error {
            complain(&told(error));
        }
        return Ok(FAILED);
    };
    let groups = group_names(app, &company, &groups_of(&company), true).await;
    let names = Names {
        licence: &|id| sku_name(&SkuId::new(id)),
        group: &|id| groups.get(id).cloned(),
    };
    let Some(explanation) = explain(&company.name, snapshot, plan, &args.user, &names) else {
        let then =
            did_you_mean(&meant(snapshot, &args.user)).unwrap_or_else(|| CHECK_THE_USER.to_owned());
        complain(&format!(
            "{} has no user {}, and no link to one: {then}",
            company.name, args.user
        ));
        return Ok(WRONG_USAGE);
    };
    if args.json {
        print_json(&explanation);
        return Ok(DONE);
    }
    let (upn, company_name) = (&explanation.upn, &explanation.company);
    let id = faint(&explanation.user_id);
    say_line(&format!("{upn} at {company_name} {id}"), 0, 2);
    say("");
    show(&explanation);
    let person = plan.people.iter();
    let mut person = person.filter(|one| one.user_id.as_str() == explanation.user_id);
    if let Some(Reason::Conflict(conflict)) = person.next().map(|one| &one.reason) {
        say("");
        for contact in &conflict.contacts {
            conflicts::command(&company.name, &explanation.upn, contact.as_str());
        }
    }
    Ok(DONE)
}

/// Prints the steps of an explanation.
pub fn show(explanation: &Explanation) {
    let mut steps = table(["Step", "Result", "Why"]);
    for step in &explanation.steps {
        steps.add_row([
            Cell::new(capital(&step.step)),
            Cell::new(spaced(&step.result)),
            Cell::new(step.lines.join("\n")),
        ]);
    }
    say_table(&steps);
}
