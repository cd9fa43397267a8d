//! The pages of a contact and of a company in the vendor's own program, at the addresses by which other programs open them.

use super::records::{ContactData, ItemData};
use super::state::State;
use crate::simulator::kit::{Reply, Request, fields, gone, screen};

/// `openrecord.rails?recordType=…&recid=…`. Whoever looks counts as signed in.
pub(super) fn open_record(state: &State, request: &Request) -> Reply {
    let id = request.param("recid").and_then(|id| id.parse::<i64>().ok());
    let id = id.unwrap_or_default();
    match request.param("recordType").unwrap_or_default() {
        "ContactFV" => match state.contacts.get(&id) {
            Some(found) => contact(state, found),
            None => gone("contact"),
        },
        "CompanyFV" => company(state, id),
        _ => gone("record"),
    }
}

fn contact(state: &State, contact: &ContactData) -> Reply {
    let name = [
        contact.first_name.as_str(),
        contact.last_name.as_deref().unwrap_or_default(),
    ];
    let company = contact.company_id.and_then(|id| state.companies.get(&id));
    let site = contact.site_id.and_then(|id| state.sites.get(&id));
    let types = contact
        .types
        .iter()
        .filter_map(|one| state.contact_types.get(&one.type_id));
    let types: Vec<&str> = types.map(|one| one.description.as_str()).collect();
    let mut rows = vec![
        (
            "Company",
            company.map(|one| one.name.clone()).unwrap_or_default(),
        ),
        ("Site", site.map(|one| one.name.clone()).unwrap_or_default()),
        ("Title", contact.title.clone().unwrap_or_default()),
        ("Types", types.join(", ")),
        ("Active", if contact.inactive { "No" } else { "Yes" }.into()),
    ];
    let label = |item: &ItemData| {
        let known = state.communication_types.get(&item.type_id);
        known.map_or_else(|| item.kind.word(), |kind| kind.description.as_str())
    };
    for item in &contact.items {
        rows.push((label(item), item.value.clone()));
    }
    let title = name.join(" ");
    screen(200, title.trim(), &fields(&rows))
}

fn company(state: &State, id: i64) -> Reply {
    let Some(company) = state.companies.get(&id) else {
        return gone("company");
    };
    let of = |contact: &&ContactData| contact.company_id == Some(id);
    let contacts = state.contacts.values().filter(of);
    let active = contacts.filter(|contact| !contact.inactive).count();
    let rows = [
        ("Identifier", company.identifier.clone()),
        ("Status", company.status.clone()),
        ("Active contacts", active.to_string()),
    ];
    screen(200, &company.name, &fields(&rows))
}
