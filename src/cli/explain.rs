//! `rollcall explain`.

use comfy_table::Cell;

use super::output::{complain, faint, say, say_table, sentence, table};
use super::{DONE, ExplainArgs, FAILED, WRONG_USAGE, find, print_json};
use crate::app::App;
use crate::directory::sku_name;
use crate::model::{Mode, SkuId};
use crate::runs;
use crate::sync::Options;
use crate::sync::explain::{Explanation, explain};

/// Explains one person from a plan made now; nothing is written.
pub async fn run(app: &App, args: &ExplainArgs) -> anyhow::Result<u8> {
    let Some(company) = find(app, &args.company).await? else {
        return Ok(WRONG_USAGE);
    };
    let options = Options::new(Mode::Update, true);
    let finished = Box::pin(runs::one(app, &company, &options, &|_, _| {})).await;
    let Some((snapshot, plan)) = &finished.seen else {
        if let Some(error) = &finished.report.error {
            complain(&format!(
                "{}.\n{}.",
                sentence(&error.message),
                sentence(&error.advice)
            ));
        }
        return Ok(FAILED);
    };
    let names = |id: &str| sku_name(&SkuId::new(id));
    let Some(explanation) = explain(&company.name, snapshot, plan, &args.user, &names) else {
        complain(&format!(
            "{} has no user {}, and no link to one: check the user principal name or object id",
            company.name, args.user
        ));
        return Ok(WRONG_USAGE);
    };
    if args.json {
        print_json(&explanation);
        return Ok(DONE);
    }
    say(&format!(
        "{} at {} {}",
        explanation.upn,
        explanation.company,
        faint(&explanation.user_id)
    ));
    say("");
    show(&explanation);
    Ok(DONE)
}

/// Prints the steps of an explanation.
pub fn show(explanation: &Explanation) {
    let mut steps = table(["Step", "Result", "Why"]);
    for step in &explanation.steps {
        steps.add_row([
            Cell::new(sentence(&step.step)),
            Cell::new(&step.result),
            Cell::new(&step.detail),
        ]);
    }
    say_table(&steps);
}
