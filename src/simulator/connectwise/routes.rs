//! Which path and verb leads where: reads the rows of a list, hands a write to its module and
//! stores what comes of it.

use serde_json::{Value, json};

use super::errors::{Answer, no_endpoint, not_found, wrong_media, wrong_verb};
use super::listing::Listing;
use super::names::{
    ASSOCIATIONS, COMMUNICATION_TYPES, COMMUNICATIONS, COMPANIES, CONTACT_TYPES, CONTACTS,
    Resource, SITES, STATUSES,
};
use super::query::Literal;
use super::reading::View;
use super::records::ContactData;
use super::state::State;
use super::{access, associations, contacts, items, patch};
use crate::simulator::kit::{Reply, Request};

/// One call below the API's root.
pub(super) struct Call<'a> {
    /// The request.
    pub request: &'a Request,
    /// The API's root as called, without a slash at the end.
    pub root: String,
}

type Rows<'a> = Box<dyn Iterator<Item = Value> + 'a>;

impl Call<'_> {
    /// Answers a call with its effect on the state.
    pub fn answer(&self, state: &mut State, path: &[&str]) -> Answer {
        match path {
            ["system", "info"] => self.only_get(|| {
                Ok(Reply::json(
                    200,
                    &json!({
                        "version": format!("v{}.1", access::version(&state.settings)),
                        "isCloud": true, "serverTimeZone": "Eastern Standard Time",
                        "cloudRegion": "NA", "licenseBits": [], "maxWorkFlowRecordsAllowed": 0,
                    }),
                ))
            }),
            ["company", "companies", "statuses", rest @ ..] => {
                let rows = |view: View| {
                    view.state
                        .statuses
                        .iter()
                        .map(|each| view.status(each))
                        .collect()
                };
                self.list(state, &STATUSES, "CompanyStatus", rest, rows)
            }
            ["company", "companies", id, "sites", rest @ ..] => self.sites(state, id, rest),
            ["company", "companies", rest @ ..] => {
                let rows = |view: View| {
                    let companies = view.state.companies.values();
                    companies.map(|each| view.company(each)).collect()
                };
                self.list(state, &COMPANIES, "Company", rest, rows)
            }
            ["company", "contacts", "types", rest @ ..] => {
                let rows = |view: View| {
                    let types = view.state.contact_types.values();
                    types.map(|each| view.contact_type(each)).collect()
                };
                self.list(state, &CONTACT_TYPES, "ContactType", rest, rows)
            }
            ["company", "contacts", id, "communications", rest @ ..] => self.items(state, id, rest),
            ["company", "contacts", id, "typeAssociations", rest @ ..] => {
                let parent = contact(state, id)?.id;
                self.associations(state, Some(parent), rest)
            }
            ["company", "contactTypeAssociations", rest @ ..] => {
                self.associations(state, None, rest)
            }
            ["company", "contacts", rest @ ..] => self.contacts(state, rest),
            ["company", "communicationTypes", rest @ ..] => {
                let rows = |view: View| {
                    let types = view.state.communication_types.values();
                    types.map(|each| view.communication_type(each)).collect()
                };
                self.list(state, &COMMUNICATION_TYPES, "CommunicationType", rest, rows)
            }
            _ => Err(no_endpoint()),
        }
    }

    fn view<'s>(&self, state: &'s State) -> View<'s> {
        View {
            state,
            root: self.root.clone(),
        }
    }

    fn only_get(&self, answer: impl FnOnce() -> Answer) -> Answer {
        match self.request.method.as_str() {
            "GET" => answer(),
            other => Err(wrong_verb(other)),
        }
    }

    /// The body of a write, which must be announced as JSON; `None` where it cannot be read.
    fn body(&self) -> Result<Option<Value>, Reply> {
        let media = self.request.header("content-type").unwrap_or_default();
        if media.to_ascii_lowercase().starts_with("application/json") {
            Ok(self.request.json())
        } else {
            Err(wrong_media())
        }
    }

    fn listing(&self, state: &State, resource: &Resource) -> Result<Listing, Reply> {
        Listing::read(self.request, resource, state.switches.last_page)
    }

    /// A list that is only read, its count, or one of its rows.
    fn list(
        &self,
        state: &State,
        resource: &Resource,
        what: &str,
        rest: &[&str],
        rows: impl FnOnce(View) -> Vec<Value>,
    ) -> Answer {
        if rest.len() > 1 {
            return Err(no_endpoint());
        }
        self.only_get(|| {
            let listing = self.listing(state, resource)?;
            let rows = rows(self.view(state));
            self.read(&listing, what, rest, Box::new(rows.into_iter()))
        })
    }

    fn read(&self, listing: &Listing, what: &str, rest: &[&str], mut rows: Rows) -> Answer {
        match rest {
            [] => Ok(listing.page(self.request, rows)),
            ["count"] => Ok(listing.count(rows)),
            [id, ..] => {
                let number = number(id)?;
                let row = rows.find(|row| row["id"].as_i64() == Some(number));
                row.map(|row| listing.one(row))
                    .ok_or_else(|| not_found(what, id))
            }
        }
    }

    fn sites(&self, state: &State, id: &str, rest: &[&str]) -> Answer {
        let company = number(id)?;
        if !state.companies.contains_key(&company) {
            return Err(not_found("Company", id));
        }
        let rows = |view: View| {
            let sites = view.state.sites.values();
            sites
                .filter(|site| site.company_id == company)
                .map(|site| view.site(site))
                .collect()
        };
        self.list(state, &SITES, "CompanySite", rest, rows)
    }

    fn contacts(&self, state: &mut State, rest: &[&str]) -> Answer {
        match (self.request.method.as_str(), rest) {
            (_, [_, _, ..]) => Err(no_endpoint()),
            ("GET", [] | ["count"]) => {
                let listing = self.listing(state, &CONTACTS)?;
                let view = self.view(state);
                let rows = candidates(state, &listing).map(|contact| view.contact(contact));
                self.read(&listing, "Contact", rest, Box::new(rows))
            }
            ("GET", [id]) => {
                let listing = self.listing(state, &CONTACTS)?;
                Ok(listing.one(self.view(state).contact(contact(state, id)?)))
            }
            ("POST", []) => {
                let after = contacts::create(state, self.body()?.as_ref())?;
                Ok(self.stored(state, 201, after))
            }
            ("PUT", [id]) if *id != "count" => {
                let before = contact(state, id)?;
                let after = contacts::replace(state, before, self.body()?.as_ref())?;
                Ok(self.stored(state, 200, after))
            }
            ("PATCH", [id]) if *id != "count" => {
                let before = contact(state, id)?;
                let operations = patch::operations(self.body()?.as_ref())?;
                let after = contacts::patch(state, before, &operations)?;
                Ok(self.stored(state, 200, after))
            }
            (method, _) => Err(wrong_verb(method)),
        }
    }

    fn stored(&self, state: &mut State, status: u16, after: ContactData) -> Reply {
        let id = state.write_contact(after);
        Reply::json(status, &self.view(state).contact(&state.contacts[&id]))
    }

    fn items(&self, state: &mut State, id: &str, rest: &[&str]) -> Answer {
        let before = contact(state, id)?;
        let (status, after, item) = match (self.request.method.as_str(), rest) {
            (_, [_, _, ..]) => return Err(no_endpoint()),
            ("GET", _) => {
                let rows = |view: View| {
                    let items = before.items.iter();
                    items.map(|item| view.communication(before, item)).collect()
                };
                return self.list(state, &COMMUNICATIONS, "ContactCommunication", rest, rows);
            }
            ("POST", []) => {
                let after = items::create(state, before, self.body()?.as_ref())?;
                (201, after, None)
            }
            ("PATCH" | "PUT" | "DELETE", [item]) if *item != "count" => {
                let item = number(item)?;
                items::position(before, item)?;
                let after = match self.request.method.as_str() {
                    "PATCH" => {
                        let operations = patch::operations(self.body()?.as_ref())?;
                        items::patch(state, before, item, &operations)?
                    }
                    "PUT" => items::replace(state, before, item, self.body()?.as_ref())?,
                    _ => items::remove(before, item)?,
                };
                (200, after, Some(item))
            }
            (method, _) => return Err(wrong_verb(method)),
        };
        let id = state.write_contact(after);
        let contact = &state.contacts[&id];
        let written = match item {
            Some(item) => contact.item(item),
            None => contact.items.last(),
        };
        Ok(match written {
            Some(written) => Reply::json(status, &self.view(state).communication(contact, written)),
            None => Reply::empty(204),
        })
    }

    fn associations(&self, state: &mut State, parent: Option<i64>, rest: &[&str]) -> Answer {
        match (self.request.method.as_str(), rest) {
            (_, [_, _, ..]) => Err(no_endpoint()),
            ("GET", _) => {
                let rows = |view: View| {
                    let mut rows: Vec<Value> = (view.state.contacts.values())
                        .filter(|contact| parent.is_none_or(|parent| parent == contact.id))
                        .flat_map(|contact| {
                            let view = &view;
                            let types = contact.types.iter();
                            types.map(move |each| view.association(contact, each))
                        })
                        .collect();
                    rows.sort_by_key(|row| row["id"].as_i64());
                    rows
                };
                self.list(state, &ASSOCIATIONS, "ContactTypeAssociation", rest, rows)
            }
            ("POST", []) => {
                let after = associations::create(state, parent, self.body()?.as_ref())?;
                let id = state.write_contact(after);
                let contact = &state.contacts[&id];
                let written = contact.types.last().cloned().unwrap_or_default();
                Ok(Reply::json(
                    201,
                    &self.view(state).association(contact, &written),
                ))
            }
            ("DELETE", [id]) if *id != "count" => {
                let number = number(id)?;
                let contact = state.contacts.values().find(|contact| {
                    parent.is_none_or(|parent| parent == contact.id)
                        && contact.types.iter().any(|each| each.id == number)
                });
                let mut after = contact
                    .cloned()
                    .ok_or_else(|| not_found("ContactTypeAssociation", id))?;
                after.types.retain(|each| each.id != number);
                state.write_contact(after);
                Ok(Reply::empty(204))
            }
            (method, _) => Err(wrong_verb(method)),
        }
    }
}

/// The contacts that a listing may take, without wording those that it cannot.
fn candidates<'a>(
    state: &'a State,
    listing: &'a Listing,
) -> impl Iterator<Item = &'a ContactData> + use<'a> {
    let pins = |name: &str| listing.conditions().and_then(|each| each.pins(name));
    let (companies, ids) = (pins("company/id"), pins("id"));
    let fits = |pinned: Option<&[Literal]>, id: Option<i64>| {
        pinned.is_none_or(|values| id.is_some_and(|id| values.contains(&Literal::Int(id))))
    };
    let rows = state.contacts.range(listing.after().saturating_add(1)..);
    rows.map(|(_, contact)| contact)
        .filter(move |contact| fits(companies, contact.company_id) && fits(ids, Some(contact.id)))
}

fn number(text: &str) -> Result<i64, Reply> {
    text.parse().map_err(|_| no_endpoint())
}

fn contact<'a>(state: &'a State, id: &str) -> Result<&'a ContactData, Reply> {
    let found = state.contacts.get(&number(id)?);
    found.ok_or_else(|| not_found("Contact", id))
}
