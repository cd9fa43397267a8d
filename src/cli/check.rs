//! `rollcall check`: every connection tested with a real read.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt};
use serde::Serialize;

use super::output::{bad, good, say, sentence};
use super::{CheckArgs, DONE, FAILED, WRONG_USAGE, find, print_json};
use crate::app::App;
use crate::db::{companies, psa_connections};
use crate::model::{Company, Test};
use crate::sync::failure::{RunError, company_gone, failure};
use crate::sync::select;

/// So many connections are tested at once.
const AT_ONCE: usize = 8;

#[derive(Serialize)]
struct Checked {
    connection: String,
    ok: bool,
    advice: Option<String>,
    message: Option<String>,
}

impl Checked {
    fn new(connection: String, result: Result<(), RunError>) -> Self {
        match result {
            Ok(()) => Self {
                connection,
                ok: true,
                advice: None,
                message: None,
            },
            Err(error) => Self {
                connection,
                ok: false,
                advice: Some(error.advice),
                message: Some(error.message),
            },
        }
    }
}

/// Tests every connection, or those of one company.
pub async fn run(app: &App, args: &CheckArgs) -> anyhow::Result<u8> {
    let (psas, mut all) = app
        .db()
        .read(|conn| Ok((psa_connections::list(conn)?, companies::list(conn)?)))
        .await?;
    let mut wanted: BTreeSet<i64> = psas.iter().map(|psa| psa.id).collect();
    if let Some(name) = &args.company {
        let Some(company) = find(app, name).await? else {
            return Ok(WRONG_USAGE);
        };
        wanted = [company.psa_id].into();
        all.retain(|one| one.id == company.id);
    }
    let mut checked = Vec::new();
    for psa in psas.iter().filter(|psa| wanted.contains(&psa.id)) {
        checked.push(Checked::new(
            psa.name.clone(),
            psa_answers(app, psa.id).await,
        ));
    }
    let companies: Vec<Checked> = stream::iter(&all)
        .map(|company| async move {
            let mut results = vec![Checked::new(
                format!("{} (Microsoft 365)", company.name),
                tenant_answers(app, company).await,
            )];
            let in_psa = company_answers(app, company).await;
            results.push(Checked::new(
                format!("{} (PSA company)", company.name),
                in_psa,
            ));
            results
        })
        .buffered(AT_ONCE)
        .concat()
        .await;
    checked.extend(companies);
    for one in &checked {
        if args.json {
            print_json(one);
        } else if one.ok {
            say(&format!("{}  {}", good("ok    "), one.connection));
        } else {
            let message = one.message.as_deref().map(sentence).unwrap_or_default();
            let advice = one.advice.as_deref().map(sentence).unwrap_or_default();
            say(&format!(
                "{}  {}: {message}. {advice}.",
                bad("failed"),
                one.connection
            ));
        }
    }
    if checked.is_empty() && !args.json {
        say("There is no connection yet: describe them with `rollcall fleet apply`.");
    }
    Ok(if checked.iter().all(|one| one.ok) {
        DONE
    } else {
        FAILED
    })
}

async fn psa_answers(app: &App, id: i64) -> Result<(), RunError> {
    let (connection, psa) = app.psa(id).await?;
    psa.companies("").await?;
    let types = psa.contact_types().await?;
    if let (Some(types), Some(wanted)) = (types, &connection.default_contact_type)
        && !types.iter().any(|known| known.id == wanted.id)
    {
        return Err(failure(
            "missing_contact_type",
            format!("the default contact type {} is gone", wanted.name),
            "Choose another one in the fleet file",
        ));
    }
    Ok(())
}

async fn tenant_answers(app: &App, company: &Company) -> Result<(), RunError> {
    let (_, directory) = app.directory(company).await?;
    directory.confirm_tenant().await?;
    let users = directory.users(&BTreeSet::new()).await?;
    if let Some(silence) = select::unreadable(&users) {
        return Err(failure(
            "permission",
            format!("Microsoft Graph gives {} for no user", silence.field()),
            "Give the app the application permission User.Read.All and grant admin consent again",
        ));
    }
    directory.skus().await?;
    let tests = company
        .filters
        .iter()
        .filter(|filter| filter.enabled)
        .flat_map(|one| &one.when);
    for condition in tests {
        if let Test::Group(group) = &condition.test
            && directory.group(group).await?.is_none()
        {
            return Err(failure(
                "missing_group",
                format!("the group {group} is gone"),
                "Choose another group, or switch the filter off",
            ));
        }
    }
    Ok(())
}

async fn company_answers(app: &App, company: &Company) -> Result<(), RunError> {
    let (_, psa) = app.psa(company.psa_id).await?;
    match psa.company(&company.psa_company_id).await? {
        Some(_) => Ok(()),
        None => Err(company_gone(company.psa_company_id.as_str())),
    }
}
