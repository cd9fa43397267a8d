//! The Autotask client: the PSA as Autotask's REST API words it. It compares and decides nothing.
//!
//! - `client`: zone, headers, limits and pages of a request
//! - `zone`: where the database lives; `meter`: the hourly budget
//! - `judge`: what an answer means; `wire`: the JSON of records; `steps`: changes as requests

mod client;
mod judge;
mod meter;
mod steps;
mod wire;
mod zone;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use reqwest::{Method, Url};
use serde_json::{Value, json};

use self::client::{Call, Client, Entity, failed, unexpected};
use self::steps::{Request, Verb};
use super::{Adds, Budget, CredentialField, Psa, Sent, Step, Vendor};
use crate::http::{ApiError, Kind, Repeat, Service};
use crate::model::text::folded;
use crate::model::{
    Change, Contact, ContactId, ContactType, Limits, PhoneType, PsaCompany, PsaCompanyId, Site,
    Vocabulary,
};

/// Autotask as a vendor.
pub const VENDOR: Vendor = Vendor {
    id: "autotask",
    name: "Autotask",
    fields: &[
        CredentialField {
            key: "username",
            label: "User name",
            help: "In Autotask under Admin, Resources/Users: the user name (key) of the API user",
            secret: false,
            default: None,
        },
        CredentialField {
            key: "secret",
            label: "Secret",
            help: "The password (secret) that was generated with the API user",
            secret: true,
            default: None,
        },
        CredentialField {
            key: "integration_code",
            label: "Integration code",
            help: "The tracking identifier of the API user: an integration vendor's, or a custom \
                   one",
            secret: true,
            default: None,
        },
    ],
    contact_types: false,
    connect: |connection| {
        let client = Client::new(&connection)?;
        Ok(Arc::new(Autotask { client }))
    },
    contact_link,
    company_link,
};

/// Most companies that a search answers.
const PICKED: usize = 50;

/// The page of a contact. Source: the vendor's `ExecuteCommand` API for its form; the parameter's
/// name from public code.
fn contact_link(
    _: &BTreeMap<String, String>,
    address: Option<&Value>,
    contact: &ContactId,
) -> Option<String> {
    command_link(address, "OpenContact", ("ContactID", contact.as_str()))
}

/// The page of a company. Source: the same, with the words of several public repositories.
fn company_link(
    _: &BTreeMap<String, String>,
    address: Option<&Value>,
    company: &PsaCompanyId,
) -> Option<String> {
    command_link(address, "OpenAccount", ("AccountID", company.as_str()))
}

fn command_link(
    address: Option<&Value>,
    command: &str,
    (name, id): (&str, &str),
) -> Option<String> {
    let mut url = Url::parse(address?.get("web_url")?.as_str()?).ok()?;
    if !matches!(url.scheme(), "https" | "http") {
        return None;
    }
    url = url
        .join("Autotask/AutotaskExtend/ExecuteCommand.aspx")
        .ok()?;
    url.query_pairs_mut()
        .append_pair("Code", command)
        .append_pair(name, id);
    Some(url.into())
}

/// One Autotask database, as one API user reaches it.
struct Autotask {
    client: Client,
}

impl Autotask {
    async fn get(&self, action: &'static str, route: &str) -> Result<Value, ApiError> {
        let call = Call {
            action,
            method: &Method::GET,
            route,
            body: None,
            repeat: Repeat::Freely,
        };
        self.client.json(call).await.map(|(answer, _)| answer)
    }
}

/// A company's number; other text names no company of Autotask's.
fn number(company: &PsaCompanyId) -> Option<i64> {
    company.as_str().parse().ok()
}

fn no_company(action: &'static str) -> ApiError {
    failed(
        action,
        Kind::NotFound,
        "the company's id must be a number in Autotask",
    )
}

fn of_company(company: i64) -> Value {
    json!({ "op": "eq", "field": "companyID", "value": company })
}

/// Reads rows with this function, or says what is wrong with them.
fn read<T>(
    action: &'static str,
    rows: &[Value],
    row: impl Fn(&Value) -> Result<T, &'static str>,
) -> Result<Vec<T>, ApiError> {
    let read: Result<_, _> = rows.iter().map(row).collect();
    read.map_err(|detail| unexpected(action, detail))
}

#[async_trait]
impl Psa for Autotask {
    fn service(&self) -> Service {
        Service::Autotask
    }

    async fn companies(&self, search: &str) -> Result<Vec<PsaCompany>, ApiError> {
        let action = "search the companies";
        let filter = match search.trim() {
            "" => json!([{ "op": "exist", "field": "id" }]),
            name => json!([{ "op": "contains", "field": "companyName", "value": name }]),
        };
        let rows =
            self.client
                .first_rows(action, Entity::Companies, filter, &wire::COMPANY, PICKED);
        read(action, &rows.await?, wire::company)
    }

    /// A missing company is 404 or an empty `item`: sources differ, so both are understood.
    async fn company(&self, company: &PsaCompanyId) -> Result<Option<PsaCompany>, ApiError> {
        let action = "read the company";
        let Some(company) = number(company) else {
            return Ok(None);
        };
        let answer = match self.get(action, &format!("Companies/{company}")).await {
            Err(missing) if missing.kind == Kind::NotFound => return Ok(None),
            answer => answer?,
        };
        match answer.get("item") {
            Some(Value::Null) => Ok(None),
            Some(item) => wire::company(item)
                .map(Some)
                .map_err(|detail| unexpected(action, detail)),
            None => Err(unexpected(action, "item is missing")),
        }
    }

    async fn sites(&self, company: &PsaCompanyId) -> Result<Vec<Site>, ApiError> {
        let action = "read the locations";
        let company = number(company).ok_or_else(|| no_company(action))?;
        let filter = json!([of_company(company)]);
        let rows = self
            .client
            .rows(action, Entity::CompanyLocations, filter, &wire::LOCATION);
        read(action, &rows.await?, wire::site)
    }

    async fn contact_types(&self) -> Result<Option<Vec<ContactType>>, ApiError> {
        Ok(None)
    }

    async fn phone_types(&self) -> Result<Vec<PhoneType>, ApiError> {
        Ok(Vec::new())
    }

    async fn limits(&self) -> Result<Limits, ApiError> {
        let action = "read the lengths of fields";
        let answer = self
            .get(action, "Contacts/entityInformation/fields")
            .await?;
        wire::limits(&answer).ok_or_else(|| unexpected(action, "fields is missing"))
    }

    async fn contacts(
        &self,
        company: &PsaCompanyId,
        _: &Vocabulary,
    ) -> Result<Vec<Contact>, ApiError> {
        let action = "read the contacts";
        let company = number(company).ok_or_else(|| no_company(action))?;
        let filter = json!([of_company(company)]);
        let rows = self
            .client
            .rows(action, Entity::Contacts, filter, &wire::CONTACT);
        read(action, &rows.await?, |row| wire::contact(row, company))
    }

    fn missing_phone_types(&self, _: &Vocabulary) -> Vec<String> {
        Vec::new()
    }

    fn steps(&self, change: &Change<'_>, _: &Vocabulary) -> Vec<Step> {
        steps::steps(change)
    }

    /// A create that is answered with success and without a number is lost too: it is there, and
    /// nobody knows its number.
    async fn send(&self, step: &Step) -> Result<Sent, ApiError> {
        let (action, request, company) = stored(step)?;
        let body = Value::Object(request.body);
        let call = Call {
            action,
            method: match request.verb {
                Verb::Post => &Method::POST,
                Verb::Patch => &Method::PATCH,
            },
            route: &format!("Companies/{company}/Contacts"),
            body: Some(&body),
            repeat: step.repeat(),
        };
        let id = match self.client.json(call).await {
            Ok((answer, _)) => answer.get("itemId").and_then(Value::as_i64),
            Err(unread)
                if unread.kind == Kind::Unexpected
                    && unread
                        .status
                        .is_some_and(|status| (200..300).contains(&status)) =>
            {
                None
            }
            Err(failure) => return Err(failure),
        };
        let unread = match step.repeat() {
            Repeat::NotBlindly => Kind::Lost,
            Repeat::Freely => Kind::Unexpected,
        };
        let id = id.ok_or_else(|| failed(action, unread, "the answer has no itemId"))?;
        Ok(Sent {
            contact: Some(ContactId::from(id.to_string())),
            ..Sent::default()
        })
    }

    /// Only creates add something here. The address may have moved to another place of the contact
    /// since.
    async fn happened(&self, step: &Step) -> Result<Vec<Sent>, ApiError> {
        if step.adds != Adds::Contact {
            return Ok(Vec::new());
        }
        let action = "look for the new contact";
        let (_, request, company) = stored(step)?;
        let wanted = request.body.get(wire::EMAILS[0]).and_then(Value::as_str);
        let wanted = wanted.ok_or_else(|| unexpected(action, "it was sent without an address"))?;
        let holds = |field| json!({ "op": "eq", "field": field, "value": wanted });
        let any = wire::EMAILS.map(holds);
        let filter = json!([of_company(company), { "op": "or", "items": any }]);
        let rows = self
            .client
            .rows(action, Entity::Contacts, filter, &wire::CONTACT)
            .await?;
        let found = read(action, &rows, |row| wire::contact(row, company))?;
        let holds = |contact: &Contact| {
            let mut emails = contact.email.iter().chain(&contact.other_emails);
            emails.any(|email| folded(email) == folded(wanted))
        };
        let sent = |contact: Contact| Sent {
            contact: Some(contact.id),
            ..Sent::default()
        };
        Ok(found.into_iter().filter(holds).map(sent).collect())
    }

    async fn budget(&self) -> Result<Option<Budget>, ApiError> {
        self.client.budget().await.map(Some)
    }

    fn known_budget(&self) -> Option<(Budget, DateTime<Utc>)> {
        self.client.known_budget()
    }

    fn address(&self) -> Option<Value> {
        let known = self.client.zones.known()?;
        Some(known.zone.remembered())
    }

    fn forget_address(&self) {
        self.client.zones.forget();
    }
}

/// What is tried, the request and the company's number of a step.
fn stored(step: &Step) -> Result<(&'static str, Request, i64), ApiError> {
    let action = match step.adds {
        Adds::Contact => "create the contact",
        Adds::Nothing | Adds::Item | Adds::Type => "change the contact",
    };
    let request: Request = serde_json::from_value(step.request.clone())
        .map_err(|_| unexpected(action, "the stored request is not one for Autotask"))?;
    let company = number(&PsaCompanyId::new(&request.company));
    let company = company.ok_or_else(|| no_company(action))?;
    Ok((action, request, company))
}
