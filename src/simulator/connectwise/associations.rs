//! Contact types of a contact after its creation: each is an association with an id of its own.

use serde_json::Value;

use super::contacts::reference_id;
use super::errors::{Findings, refused, unknown_member};
use super::records::{AssociationData, ContactData};
use super::state::State;
use crate::simulator::kit::Reply;

/// `POST …/typeAssociations`: the contact after it. With `parent`, the body must name that contact.
pub(super) fn create(
    state: &State,
    parent: Option<i64>,
    body: Option<&Value>,
) -> Result<ContactData, Reply> {
    let Some(Value::Object(members)) = body else {
        return Err(refused(400, "The body is not a valid JSON object."));
    };
    let known = ["id", "type", "contact", "_info"];
    if let Some(name) = members.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(unknown_member(name, "ContactTypeAssociation"));
    }
    let mut findings = Findings::of("contactTypeAssociation");
    let id = |name: &str| {
        members
            .get(name)
            .and_then(|value| value.get("id"))
            .and_then(reference_id)
    };
    for name in ["type", "contact"] {
        if members.get(name).is_none_or(Value::is_null) {
            findings.missing(name);
        }
    }
    let (type_id, contact_id) = (id("type").unwrap_or(0), id("contact").unwrap_or(0));
    if members.contains_key("type") && !state.contact_types.contains_key(&type_id) {
        findings.dangling("type/id", "ContactType", &type_id.to_string());
    }
    let contact = state
        .contacts
        .get(&contact_id)
        .filter(|contact| parent.is_none_or(|parent| parent == contact.id));
    if members.contains_key("contact") && contact.is_none() {
        findings.dangling("contact/id", "Contact", &contact_id.to_string());
    }
    if contact.is_some_and(|contact| contact.type_ids().contains(&type_id)) {
        let message = "A matching contactTypeAssociation entry already exists";
        findings.add("ObjectExists", "type", message);
    }
    findings.settle()?;
    let mut after = contact.cloned().unwrap_or_default();
    after.types.push(AssociationData { id: 0, type_id });
    Ok(after)
}
