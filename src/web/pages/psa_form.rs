//! The form of a PSA connection: shown, tested with a real read, and saved. Saving tests first; what the test found can be
//! overridden, what the rules refuse cannot.

use std::collections::BTreeMap;

use actix_web::web::{Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};

use super::psa_fields::{self as fields, FieldLine, Read, Sent, TypeLine, URL};
use crate::app::OF_PSA;
use crate::checks;
use crate::connections::{self, PsaForm, Saving};
use crate::db::{companies, psa_connections, secrets, settings};
use crate::model::{PsaConnection, RunFailure};
use crate::psa::{VENDORS, Vendor, vendor};
use crate::rules::address;
use crate::sync::scene::{CONTACT_TYPES, PHONE_TYPES, psa_scope};
use crate::web::routes::{Entry, routes};
use crate::web::{Form, Mistakes, Page, Place, Samples, Visit, WebError};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/settings/psa/new" Administrator new;
    Post Act "/settings/psa/new" Administrator save_new;
    Get Page "/settings/psa/{psa:\\d+}" Administrator show;
    Post Act "/settings/psa/{psa:\\d+}" Administrator save;
};

/// So many companies are named.
const NAMED: usize = 20;

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<FormPage>();
}

/// The form.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FormPage {
    /// 0: a new one.
    id: i64,
    /// To choose from, while none is chosen.
    vendors: Vec<VendorLine>,
    kind: String,
    vendor: String,
    name: String,
    version: i64,
    fields: Vec<FieldLine>,
    has_types: bool,
    /// The types were read, now or in the last days.
    types_known: bool,
    types: Vec<TypeLine>,
    contact_type: String,
    used_by: Vec<String>,
    used_more: usize,
    /// What a test read; empty: none was made, or it failed.
    said: Vec<String>,
    failure: Option<RunFailure>,
    /// It may be saved although the test failed.
    anyway: bool,
    /// Somebody saved it meanwhile: what is stored now and differs.
    stale: bool,
    differences: Vec<Difference>,
    /// So many links retire when it is saved so.
    retires: i64,
    mistakes: Mistakes,
}

#[derive(Clone, Debug, Serialize)]
struct VendorLine {
    id: String,
    name: String,
}

#[derive(Clone, Debug, Serialize)]
struct Difference {
    label: String,
    stored: String,
}

impl Page for FormPage {
    const TEMPLATE: &'static str = "pages/psa_form.html";

    fn title(&self) -> String {
        if self.id == 0 {
            "Add a PSA connection".into()
        } else {
            "PSA connection".into()
        }
    }

    fn place(&self) -> Place {
        Place::Settings
    }

    fn samples() -> Vec<Self> {
        let hostile = "\"'><script>alert(1)</script>\u{202e}\u{1f600}";
        let choose = Self {
            vendors: vendor_lines(),
            ..Self::default()
        };
        let field = |key: &str, secret: bool, choices: &[&str]| FieldLine {
            key: key.into(),
            label: format!("Field {key}"),
            help: "Where to find it".into(),
            secret,
            stored: secret && key == "b",
            value: if secret {
                String::new()
            } else {
                hostile.into()
            },
            default: if choices.is_empty() {
                String::new()
            } else {
                "Direct".into()
            },
            choices: choices.iter().map(ToString::to_string).collect(),
        };
        let new = Self {
            kind: "one".into(),
            vendor: "One".into(),
            fields: vec![field("a", false, &[]), field("b", true, &[])],
            ..Self::default()
        };
        let full = Self {
            id: 3,
            name: hostile.into(),
            version: 4,
            fields: vec![
                field("url", false, &[]),
                field("b", true, &[]),
                field("c", true, &[]),
                field("d", false, &["Direct", hostile]),
            ],
            has_types: true,
            types_known: true,
            types: fields::types(&Read::default(), &format!("7:{hostile}")),
            contact_type: format!("7:{hostile}"),
            used_by: vec!["Contoso".into(), hostile.into()],
            used_more: 12,
            said: vec![
                "The PSA answered.".into(),
                "1,250 of 10,000 requests used this hour.".into(),
            ],
            ..new.clone()
        };
        let failed = Self {
            said: Vec::new(),
            types: Vec::new(),
            types_known: false,
            contact_type: String::new(),
            failure: Some(RunFailure {
                kind: "unreachable".into(),
                message: hostile.into(),
                advice: "Check the address".into(),
            }),
            anyway: true,
            stale: true,
            differences: vec![Difference {
                label: "Name".into(),
                stored: hostile.into(),
            }],
            retires: 12,
            mistakes: [
                ("name", "No."),
                ("url", hostile),
                ("b", "No."),
                ("default_contact_type", "No."),
            ]
            .into_iter()
            .collect(),
            ..full.clone()
        };
        vec![choose, new, full, failed]
    }
}

fn vendor_lines() -> Vec<VendorLine> {
    let line = |vendor: &Vendor| VendorLine {
        id: vendor.id.into(),
        name: vendor.name.into(),
    };
    VENDORS.into_iter().map(line).collect()
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Choice {
    kind: String,
}

/// What is stored of a connection.
struct Stored {
    connection: PsaConnection,
    version: i64,
    secrets: Vec<String>,
    used_by: Vec<String>,
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
        used_by: used.into_iter().map(|(_, name)| name).collect(),
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

/// The form with what was typed, but for its secrets.
fn drawn(vendor: &Vendor, stored: Option<&Stored>, sent: &Sent, read: &Read) -> FormPage {
    let names = stored.map_or(&[][..], |stored| &stored.secrets);
    let used = stored.map_or(&[][..], |stored| &stored.used_by);
    FormPage {
        id: stored.map_or(0, |stored| stored.connection.id),
        kind: vendor.id.into(),
        vendor: vendor.name.into(),
        name: sent.name.clone(),
        version: sent.version.parse().unwrap_or_default(),
        fields: fields::lines(vendor, &sent.fields, names, read),
        has_types: vendor.contact_types,
        types_known: read.contact_types.is_some(),
        types: fields::types(read, &sent.contact_type),
        contact_type: sent.contact_type.clone(),
        used_by: used.iter().take(NAMED).cloned().collect(),
        used_more: used.len().saturating_sub(NAMED),
        ..FormPage::default()
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
    let script = request.headers().contains_key("hx-request");
    let id = stored.as_ref().map_or(0, |stored| stored.connection.id);
    let names = stored.as_ref().map_or(&[][..], |stored| &stored.secrets);
    let mut connection = fields::connection(id, vendor, &sent);
    let mut mistakes = fields::missing(vendor, &sent, names);
    mark_address(visit, stored.as_ref(), &mut connection, &mut mistakes).await?;
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
    let saved = connections::save_psa(visit.app(), &form, version, &visit.name()).await?;
    match saved {
        Saving::Saved { .. } => Ok(done(visit, script, &format!("{name} is saved."))),
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
            page.version = now;
            page.stale = true;
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

/// What is stored now and is not what was typed.
fn differences(vendor: &Vendor, stored: &PsaConnection, typed: &PsaConnection) -> Vec<Difference> {
    let line = |label: &str, stored: &str| Difference {
        label: label.into(),
        stored: stored.into(),
    };
    let mut all = Vec::new();
    if stored.name != typed.name.trim() {
        all.push(line("Name", &stored.name));
    }
    for field in vendor.fields.iter().filter(|field| !field.secret) {
        let value = |of: &PsaConnection| {
            let typed = of.fields.get(field.key).cloned().unwrap_or_default();
            match field.default {
                Some(default) if typed.is_empty() => default.to_owned(),
                _ => typed,
            }
        };
        if value(stored) != value(typed) {
            all.push(line(field.label, &value(stored)));
        }
    }
    let kind = |of: &PsaConnection| {
        let kind = of.default_contact_type.as_ref();
        kind.map_or_else(|| "none".to_owned(), |kind| kind.name.clone())
    };
    if kind(stored) != kind(typed) {
        all.push(line("Default contact type", &kind(stored)));
    }
    all
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
    const TO: &str = "/settings/psa";
    if !script {
        return visit.done(TO, said);
    }
    visit.say("ok", said);
    HttpResponse::Ok()
        .insert_header(("HX-Redirect", TO))
        .finish()
}
