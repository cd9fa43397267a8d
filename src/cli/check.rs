//! `rollcall check`: every connection tested with a real read.

use std::collections::{BTreeSet, HashMap};

use futures_util::stream::{self, StreamExt};
use serde::Serialize;

use super::output::{bad, full_stop, good, say, say_line};
use super::{CheckArgs, DONE, FAILED, WRONG_USAGE, find, print_json};
use crate::app::App;
use crate::db::{companies, psa_connections};
use crate::model::{Company, Test, Vocabulary};
use crate::sync::failure::{RunError, company_gone, failure};
use crate::sync::report::and;
use crate::sync::{named, select};

/// So many connections are tested at once.
const AT_ONCE: usize = 8;

#[derive(Serialize)]
struct Checked {
    connection: String,
    ok: bool,
    advice: Option<String>,
    message: Option<String>,
    /// What is worth knowing of a connection that is well.
    note: Option<String>,
}

impl Checked {
    fn new(connection: String, result: Result<Option<String>, RunError>) -> Self {
        match result {
            Ok(note) => Self {
                connection,
                ok: true,
                advice: None,
                message: None,
                note,
            },
            Err(error) => Self {
                connection,
                ok: false,
                advice: Some(error.advice),
                message: Some(error.message),
                note: None,
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
    let mut words = HashMap::new();
    for psa in psas.iter().filter(|psa| wanted.contains(&psa.id)) {
        let answers = psa_answers(app, psa.id).await.map(|vocabulary| {
            words.insert(psa.id, vocabulary);
            None
        });
        checked.push(Checked::new(psa.name.clone(), answers));
    }
    let words = &words;
    let companies: Vec<Checked> = stream::iter(&all)
        .map(|company| async move {
            let mut results = vec![Checked::new(
                format!("{} (Microsoft 365)", company.name),
                tenant_answers(app, company).await.map(|()| None),
            )];
            let in_psa = company_answers(app, company, words.get(&company.psa_id)).await;
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
            if let Some(note) = &one.note {
                say_line(&full_stop(note), 8, 0);
            }
        } else {
            let message = one.message.as_deref().map(full_stop).unwrap_or_default();
            let advice = one.advice.as_deref().map(full_stop).unwrap_or_default();
            say(&format!("{}  {}", bad("failed"), one.connection));
            say_line(&format!("{message} {advice}"), 8, 0);
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

/// Reads companies, types and limits, as a run does.
async fn psa_answers(app: &App, id: i64) -> Result<Vocabulary, RunError> {
    let (connection, psa) = app.psa(id).await?;
    psa.companies("").await?;
    let vocabulary = Vocabulary {
        contact_types: psa.contact_types().await?,
        phone_types: psa.phone_types().await?,
        limits: psa.limits().await?,
    };
    if let (Some(types), Some(wanted)) =
        (&vocabulary.contact_types, &connection.default_contact_type)
        && !types.iter().any(|known| known.id == wanted.id)
    {
        return Err(failure(
            "missing_contact_type",
            format!("the default contact type {} is gone", wanted.name),
            "Choose another one in the fleet file",
        ));
    }
    let missing = psa.missing_phone_types(&vocabulary);
    let missing: Vec<&str> = missing.iter().map(String::as_str).collect();
    if missing.is_empty() {
        return Ok(vocabulary);
    }
    Err(failure(
        "missing_phone_type",
        format!(
            "the connection names phone types that the PSA does not have: {}",
            and(&missing)
        ),
        "Choose others in the fleet file (phone_type and mobile_type)",
    ))
}

async fn tenant_answers(app: &App, company: &Company) -> Result<(), RunError> {
    let (_, directory) = app.directory(company).await?;
    directory.confirm_tenant().await?;
    let users = directory.users().await?;
    if let Some(silence) = select::unreadable(&users) {
        return Err(failure(
            "permission",
            format!("Microsoft Graph gives {} for no user", silence.field()),
            "Give the app the application permission User.Read.All and grant admin consent again",
        ));
    }
    directory.skus().await?;
    for (label, test) in named::enabled_tests(company) {
        if let Test::Group(group) = test
            && directory.group(group).await?.is_none()
        {
            return Err(failure(
                "missing_group",
                format!("{label} names the group {group}, which is gone"),
                "Choose another group, or switch the filter off",
            ));
        }
    }
    Ok(())
}

/// Whether the company is there, and each site and contact type that its settings name; a note where it is inactive.
async fn company_answers(
    app: &App,
    company: &Company,
    words: Option<&Vocabulary>,
) -> Result<Option<String>, RunError> {
    let (_, psa) = app.psa(company.psa_id).await?;
    let Some(there) = psa.company(&company.psa_company_id).await? else {
        return Err(company_gone(company.psa_company_id.as_str()));
    };
    let sites = psa.sites(&company.psa_company_id).await?;
    let missing = named::missing_sites(company, &sites);
    if !missing.is_empty() {
        return Err(named::gone("site", &missing));
    }
    // Without them the PSA connection itself has failed, and says so.
    if let Some(words) = words {
        let missing = named::types_gone(company, None, words);
        if !missing.is_empty() {
            return Err(named::gone("contact_type", &missing));
        }
    }
    let inactive = "the company is inactive in the PSA, so that nothing is written for it";
    Ok((!there.active).then(|| inactive.to_owned()))
}
