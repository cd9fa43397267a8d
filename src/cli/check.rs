//! `rollcall check`: every connection tested with a real read.

use std::collections::{BTreeSet, HashMap};

use futures_util::stream::{self, StreamExt};
use serde::Serialize;

use super::output::{bad, good, say, say_line, sentence};
use super::{CheckArgs, DONE, FAILED, WRONG_USAGE, find, print_json};
use crate::app::App;
use crate::checks;
use crate::db::{companies, psa_connections};
use crate::sync::failure::RunError;

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
        let answers = checks::psa(app, psa.id).await.map(|vocabulary| {
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
                checks::tenant(app, company).await.map(|_| None),
            )];
            // Without the words the PSA connection itself has failed, and says so.
            let in_psa = checks::company(app, company, words.get(&company.psa_id)).await;
            let in_psa = in_psa.map(|there| (!there.active).then(|| checks::INACTIVE.to_owned()));
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
    let mut told: HashMap<String, &str> = HashMap::new();
    for one in &checked {
        if args.json {
            print_json(one);
        } else if one.ok {
            say(&format!("{}  {}", good("ok    "), one.connection));
            if let Some(note) = &one.note {
                say_line(&sentence(note), 8, 0);
            }
        } else {
            let message = one.message.as_deref().map(sentence).unwrap_or_default();
            let advice = one.advice.as_deref().map(sentence).unwrap_or_default();
            say(&format!("{}  {}", bad("failed"), one.connection));
            let why = format!("{message} {advice}");
            if let Some(first) = told.get(&why) {
                say_line(&format!("For the same reason as {first}."), 8, 0);
            } else {
                say_line(&why, 8, 0);
                told.insert(why, &one.connection);
            }
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
