//! The form of a PSA connection: shown, tested with a real read, and saved. Saving tests first; what the test found can be
//! overridden, what the rules refuse cannot.

use std::collections::BTreeMap;

use actix_web::web::{Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::psa_fields::{self as fields, Read, Sent, URL};
use super::psa_settings::stale;
use super::psa_view::{FormPage, Stored, differences, drawn, vendor_lines};
use crate::app::OF_PSA;
use crate::checks;
use crate::connections::{self, PsaForm, Saving};
use crate::db::{companies, psa_connections, secrets, settings};
use crate::model::{PsaConnection, RunFailure};
use crate::psa::{Vendor, vendor};
use crate::rules::address;
use crate::sync::scene::{CONTACT_TYPES, PHONE_TYPES, psa_scope};
use crate::web::deciding::{self, WAITS};
use crate::web::routes::{Entry, routes};
use crate::web::visit::by_script;
use crate::web::{Form, Mistakes, Samples, Visit, WebError};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/settings/psa/new" Administrator new;
    Post Act "/settings/psa/new" Administrator save_new;
    Get Page "/settings/psa/{psa:\\d+}" Administrator show;
    Post Act "/settings/psa/{psa:\\d+}" Administrator save;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<FormPage>();
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Choice {
    kind: String,
}

async fn stored(visit: &Visit, id: i64) -> Result<Stored, WebError> {
    let found = visit.app().db().read(move |conn| {
        let connection = psa_connections::get(conn, id)?;
        let version = psa_connections::version(conn, id)?;
        let used = companies::of_psa(conn, id)?;
        Ok(connection
            .zip(version)
            .map(|both| (both, used))
            .zip(Some(secrets::names(conn, OF_PSA, id)?)))
    });
    let (((connection, version), used), secrets) = found.await?.ok_or(WebError::NotFound)?;
    Ok(Stored {
        connection,
        version,
        secrets,
        used_by: used,
    })
}

/// What is remembered of the PSA; without a request.
async fn remembered(visit: &Visit, id: i64) -> Result<Read, WebError> {
    let (facts, scope) = (visit.app().facts(), psa_scope(id));
    let contact_types = facts.remembered(&scope, CONTACT_TYPES).await?;
    let phone_types = facts.remembered(&scope, PHONE_TYPES).await?;
    Ok(Read {
        contact_types: contact_types.flatten(),
        phone_types: phone_types.unwrap_or_default(),
    })
}

async fn new(visit: Visit, query: Query<Choice>) -> Result<HttpResponse, WebError> {
    let Some(vendor) = vendor(&query.kind) else {
        return visit.page(&FormPage {
            vendors: vendor_lines(),
            ..FormPage::default()
        });
    };
    visit.page(&drawn(vendor, None, &Sent::default(), &Read::default()))
}

async fn show(visit: Visit, id: Path<i64>) -> Result<HttpResponse, WebError> {
    let stored = stored(&visit, *id).await?;
    let vendor = known(&stored.connection.kind)?;
    let read = remembered(&visit, *id).await?;
    let sent = as_sent(&stored.connection, stored.version);
    visit.page(&drawn(vendor, Some(&stored), &sent, &read))
}

fn known(kind: &str) -> Result<&'static Vendor, WebError> {
    vendor(kind).ok_or_else(|| WebError::Bad("Choose the PSA first, under Settings.".into()))
}

/// The form as it would be sent if nothing were changed.
fn as_sent(connection: &PsaConnection, version: i64) -> Sent {
    let kind = connection.default_contact_type.as_ref();
    Sent {
        kind: connection.kind.clone(),
        name: connection.name.clone(),
        version: version.to_string(),
        contact_type: kind
            .map(|kind| fields::type_value(&kind.id, &kind.name))
            .unwrap_or_default(),
        fields: connection.fields.clone(),
        ..Sent::default()
    }
}

async fn save_new(
    visit: Visit,
    request: HttpRequest,
    form: Form<Sent>,
) -> Result<HttpResponse, WebError> {
    let vendor = known(&form.0.kind)?;
    take(&visit, &request, (vendor, None), form.0).await
}

async fn save(
    visit: Visit,
    request: HttpRequest,
    id: Path<i64>,
    form: Form<Sent>,
) -> Result<HttpResponse, WebError> {
    let stored = stored(&visit, *id).await?;
    let vendor = known(&stored.connection.kind)?;
    take(&visit, &request, (vendor, Some(stored)), form.0).await
}

/// Tests, and saves where that was asked for.
async fn take(
    visit: &Visit,
    request: &HttpRequest,
    (vendor, stored): (&'static Vendor, Option<Stored>),
    sent: Sent,
) -> Result<HttpResponse, WebError> {
    // A script puts the answer into the page that stays open, with the secrets still typed in.
    let script = by_script(request);
    let id = stored.as_ref().map_or(0, |stored| stored.connection.id);
    let names = stored.as_ref().map_or(&[][..], |stored| &stored.secrets);
    let mut connection = fields::connection(id, vendor, &sent);
    let mut mistakes = Mistakes::default();
    mark_address(visit, stored.as_ref(), &mut connection, &mut mistakes).await?;
    let elsewhere = stored.as_ref().is_some_and(|stored| {
        connections::leads_elsewhere(vendor, &stored.connection, &connection)
    });
    fields::mark_empty(vendor, &sent, (names, elsewhere), &mut mistakes);
    let mut page = FormPage::default();
    let mut read = if id == 0 {
        Read::default()
    } else {
        remembered(visit, id).await?
    };
    if mistakes.is_empty() && sent.act != "anyway" {
        match tried(visit, &connection, &sent).await {
            Ok(tried) => {
                fields::mark_missing(vendor, &sent, &tried.missing, &mut mistakes);
                page.anyway = !tried.missing.is_empty();
                page.said = fields::said(&tried);
                read = Read {
                    contact_types: tried.vocabulary.contact_types,
                    phone_types: tried.vocabulary.phone_types,
                };
            }
            Err(failure) => {
                fields::mark_failure(vendor, &failure, &mut mistakes);
                page.anyway = true;
                page.failure = Some(failure);
            }
        }
    }
    let passed = mistakes.is_empty() && page.failure.is_none();
    let (said, failure, anyway) = (page.said, page.failure, page.anyway);
    page = drawn(vendor, stored.as_ref(), &sent, &read);
    (page.said, page.failure, page.mistakes) = (said, failure, mistakes);
    page.anyway = anyway;
    if sent.act == "test" || !passed {
        return answer(visit, script || passed, &page);
    }
    // Only what can be stored is said to retire links; the rules look at it once more when it is saved.
    let moved = connection.clone();
    let retires = visit
        .app()
        .db()
        .read(move |conn| connections::before_saving_psa(conn, &moved))
        .await?;
    if retires > 0 && sent.agreed.parse() != Ok(retires) {
        page.retires = retires;
        return answer(visit, script, &page);
    }
    let (version, name) = (page.version, connection.name.trim().to_owned());
    let form = PsaForm {
        connection,
        secrets: sent.secrets,
    };
    let (app, staff, given) = (visit.app().clone(), visit.name(), form.clone());
    let saved =
        deciding::saved(async move { connections::save_psa(&app, &given, version, &staff).await });
    let Some(saved) = saved.await? else {
        page.mistakes.add("form", WAITS);
        return answer(visit, script, &page);
    };
    match saved {
        Saving::Saved { .. } => {
            let untested = if sent.act == "anyway" {
                " No test of it went through: the next run shows whether it works."
            } else {
                ""
            };
            Ok(done(visit, script, &format!("{name} is saved.{untested}")))
        }
        Saving::Gone => Err(WebError::NotFound),
        Saving::NameTaken => {
            let said = "Another connection is called so: choose another name.";
            page.mistakes.add("name", said);
            answer(visit, script, &page)
        }
        Saving::PlaceTaken { by } => Err(WebError::Bad(format!("{by} has this place already."))),
        Saving::Mistakes(all) => {
            for mistake in all {
                let empty = mistake.field.is_empty() || mistake.field == "kind";
                let field = if empty {
                    "form".to_owned()
                } else {
                    mistake.field
                };
                page.mistakes.add(field, format!("{}.", mistake.message));
            }
            answer(visit, script, &page)
        }
        Saving::Stale { now } => {
            let seen = page.version;
            page.version = now;
            let name = stored.as_ref().map(|stored| stored.connection.name.clone());
            page.stale = stale(visit, name.unwrap_or_default(), (now, seen)).await?;
            page.differences = stored
                .map(|stored| differences(vendor, &stored.connection, &form.connection))
                .unwrap_or_default();
            answer(visit, script, &page)
        }
    }
}

/// Looks at an address that is not the stored one, before anything is sent there.
async fn mark_address(
    visit: &Visit,
    stored: Option<&Stored>,
    connection: &mut PsaConnection,
    mistakes: &mut Mistakes,
) -> Result<(), WebError> {
    let Some(text) = connection.fields.get(URL).filter(|text| !text.is_empty()) else {
        return Ok(());
    };
    if stored.is_some_and(|stored| stored.connection.fields.get(URL) == Some(text)) {
        return Ok(());
    }
    let private = visit
        .app()
        .db()
        .read(settings::private_psa_addresses)
        .await?;
    match address::psa_address_looked_up(text, private).await {
        Ok(url) => {
            let url = url.as_str().trim_end_matches('/').to_owned();
            connection.fields.insert(URL.to_owned(), url);
        }
        Err(message) => mistakes.add(URL, format!("{message}.")),
    }
    Ok(())
}

/// A real read with what was typed, and with the stored secrets where nothing was.
async fn tried(
    visit: &Visit,
    connection: &PsaConnection,
    sent: &Sent,
) -> Result<checks::TriedPsa, RunFailure> {
    use secrecy::ExposeSecret;
    let app = visit.app();
    let mut all = if connection.id == 0 {
        BTreeMap::new()
    } else {
        app.psa_secrets(connection.id).await?
    };
    for (key, secret) in &sent.secrets {
        let text = secret.expose_secret().trim();
        if !text.is_empty() {
            all.insert(key.clone(), text.into());
        }
    }
    checks::look_at_psa(app, &connection.kind, &connection.fields, all).await
}

/// The form again. A script takes it only where its status is good.
fn answer(visit: &Visit, good: bool, page: &FormPage) -> Result<HttpResponse, WebError> {
    if good {
        visit.page(page)
    } else {
        visit.again(page)
    }
}

fn done(visit: &Visit, script: bool, said: &str) -> HttpResponse {
    visit.say("ok", said);
    visit.lead_on("/settings/psa", script)
}
