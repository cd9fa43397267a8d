//! Words a change as requests to `ConnectWise`, one each. Pure: it sends nothing, compares nothing, and believes the change.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::items::{Item, ItemKind, email_item, email_type, items_of, phone_item, phone_type};
use super::wire::{number, reference};
use crate::model::{
    Change, Contact, ContactId, ContactTypeId, Field, FieldValue, PsaCompanyId, Vocabulary, text,
};
use crate::psa::{Adds, Step};

/// A request as it is stored; everything that it needs is inside, so that another process can send it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(super) enum Request {
    /// Makes a contact.
    Create {
        company: PsaCompanyId,
        /// By which it is looked up where the answer is lost.
        address: String,
        body: Value,
    },
    /// Sets members of a contact.
    Change {
        contact: ContactId,
        operations: Vec<Operation>,
    },
    /// Sets the value of a communication item.
    ChangeItem {
        contact: ContactId,
        item: i64,
        kind: ItemKind,
        value: String,
    },
    /// Makes an Email item the default; where that does not work, another one is added, unless that was tried already.
    MakeDefault {
        contact: ContactId,
        item: i64,
        otherwise: Option<NewItem>,
    },
    /// Adds a communication item.
    AddItem { contact: ContactId, item: NewItem },
    /// Takes a communication item away.
    RemoveItem { contact: ContactId, item: i64 },
    /// Adds a contact type.
    AddType {
        contact: ContactId,
        #[serde(rename = "type")]
        of: ContactTypeId,
    },
}

/// One operation of a JSON Patch. Objects are replaced whole: a path into one may be answered with 200 and change nothing
/// ("PSA API Requests").
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Operation {
    pub op: String,
    pub path: String,
    pub value: Value,
}

impl Operation {
    /// Sets a member.
    pub fn replace(path: &str, value: Value) -> Self {
        Self {
            op: "replace".to_owned(),
            path: path.to_owned(),
            value,
        }
    }
}

/// A communication item to be added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct NewItem {
    #[serde(rename = "type")]
    pub type_id: String,
    pub kind: ItemKind,
    pub value: String,
    pub default: bool,
}

impl NewItem {
    /// As it is sent. A default item takes the flag from the earlier default of its kind (seen live).
    pub fn body(&self) -> Value {
        json!({
            "type": reference(&self.type_id),
            "value": self.value,
            "defaultFlag": self.default,
            "communicationType": self.kind.word(),
        })
    }
}

/// The requests of a change, in the order in which they are sent.
pub(super) fn steps(
    change: &Change<'_>,
    vocabulary: &Vocabulary,
    type_names: &[String; 2],
) -> Vec<Step> {
    let wording = Wording {
        change,
        vocabulary,
        type_names,
    };
    match change.contact {
        None => vec![wording.create()],
        Some(contact) => wording.update(contact),
    }
}

fn step(adds: Adds, request: &Request, settles: &[Field]) -> Step {
    Step {
        adds,
        request: serde_json::to_value(request).expect("a request is plain data"),
        settles: settles.to_vec(),
    }
}

/// The step that adds an item.
pub(super) fn adding(contact: &ContactId, item: NewItem, settles: &[Field]) -> Step {
    let request = Request::AddItem {
        contact: contact.clone(),
        item,
    };
    step(Adds::Item, &request, settles)
}

struct Wording<'a> {
    change: &'a Change<'a>,
    vocabulary: &'a Vocabulary,
    type_names: &'a [String; 2],
}

impl Wording<'_> {
    fn wanted(&self, field: Field) -> Option<&FieldValue> {
        let mut changes = self.change.fields.iter();
        changes
            .find(|change| change.field == field)
            .map(|change| &change.to)
    }

    fn text(&self, field: Field) -> Option<&str> {
        match self.wanted(field)? {
            FieldValue::Text(text) => Some(text),
            _ => None,
        }
    }

    fn contact_types(&self) -> impl Iterator<Item = &ContactTypeId> {
        self.change
            .fields
            .iter()
            .filter_map(|change| match &change.to {
                FieldValue::ContactType(id, _) => Some(id),
                _ => None,
            })
    }

    fn phone_types(&self) -> [(Field, Option<&str>); 2] {
        let id = |name: &str| phone_type(self.vocabulary, name).map(|of| of.id.as_str());
        let [phone, mobile] = self.type_names;
        [(Field::Phone, id(phone)), (Field::Mobile, id(mobile))]
    }

    fn new_email(&self, address: &str) -> NewItem {
        NewItem {
            type_id: email_type(self.vocabulary).map_or_else(String::new, |of| of.id.clone()),
            kind: ItemKind::Email,
            value: address.to_owned(),
            default: true,
        }
    }

    /// One request with everything: whatever is lost, no half contact stays behind.
    fn create(&self) -> Step {
        let mut body = Map::new();
        body.insert(
            "company".to_owned(),
            reference(self.change.company.as_str()),
        );
        for (field, name) in TEXTS {
            if let Some(text) = self.text(field) {
                body.insert(name.to_owned(), json!(text));
            }
        }
        if let Some(FieldValue::Site(site, _)) = self.wanted(Field::Site) {
            body.insert("site".to_owned(), reference(site.as_str()));
        }
        let types: Vec<Value> = self.contact_types().map(|id| number(id.as_str())).collect();
        if !types.is_empty() {
            body.insert("typeIds".to_owned(), Value::Array(types));
        }
        let mut settles: Vec<Field> = self.change.fields.iter().map(|each| each.field).collect();
        let address = self.text(Field::Email).unwrap_or_default();
        let mut items = Vec::new();
        if !address.is_empty() {
            items.push(self.new_email(address).body());
        }
        let mut default = true;
        for (field, type_id) in self.phone_types() {
            match (self.text(field), type_id) {
                (Some(value), Some(type_id)) => {
                    let item = NewItem {
                        type_id: type_id.to_owned(),
                        kind: ItemKind::Phone,
                        value: value.to_owned(),
                        default,
                    };
                    items.push(item.body());
                    default = false;
                }
                (Some(_), None) => settles.retain(|each| *each != field),
                (None, _) => {}
            }
        }
        if !items.is_empty() {
            body.insert("communicationItems".to_owned(), Value::Array(items));
        }
        let request = Request::Create {
            company: self.change.company.clone(),
            address: address.to_owned(),
            body: Value::Object(body),
        };
        step(Adds::Contact, &request, &settles)
    }

    fn update(&self, contact: &Contact) -> Vec<Step> {
        let items = items_of(contact);
        let mut steps = Vec::new();
        steps.extend(self.members(contact));
        steps.extend(self.email(contact, &items));
        steps.extend(self.phones(contact, &items));
        steps.extend(self.contact_types().map(|of| {
            let request = Request::AddType {
                contact: contact.id.clone(),
                of: of.clone(),
            };
            step(Adds::Type, &request, &[Field::ContactType])
        }));
        steps
    }

    /// The members of the contact itself, in one request.
    fn members(&self, contact: &Contact) -> Option<Step> {
        let mut operations = Vec::new();
        let mut settles = Vec::new();
        for (field, name) in TEXTS {
            let text = match self.wanted(field) {
                Some(FieldValue::Text(text)) => text.as_str(),
                Some(FieldValue::Blank) => "",
                _ => continue,
            };
            operations.push(Operation::replace(name, json!(text)));
            settles.push(field);
        }
        if let Some(FieldValue::Site(site, _)) = self.wanted(Field::Site) {
            operations.push(Operation::replace("site", reference(site.as_str())));
            settles.push(Field::Site);
        }
        if let Some(FieldValue::Flag(active)) = self.wanted(Field::Active) {
            operations.push(Operation::replace("inactiveFlag", json!(!active)));
            settles.push(Field::Active);
        }
        (!operations.is_empty()).then(|| {
            let request = Request::Change {
                contact: contact.id.clone(),
                operations,
            };
            step(Adds::Nothing, &request, &settles)
        })
    }

    /// `behaviour.md` section 7: an address is not lost where one is written.
    fn email(&self, contact: &Contact, items: &[Item]) -> Vec<Step> {
        let id = &contact.id;
        let own = email_item(items);
        let change_item = |item: &Item, value: &str, settles: &[Field]| {
            let request = Request::ChangeItem {
                contact: id.clone(),
                item: item.id,
                kind: ItemKind::Email,
                value: value.to_owned(),
            };
            step(Adds::Nothing, &request, settles)
        };
        let wanted = match self.wanted(Field::Email) {
            Some(FieldValue::Text(address)) => address,
            Some(FieldValue::Blank) => {
                return own
                    .map(|item| removal(id, item, Field::Email))
                    .into_iter()
                    .collect();
            }
            _ => return Vec::new(),
        };
        let other_with = |address: &str| {
            items.iter().find(|item| {
                item.kind == ItemKind::Email
                    && own.is_none_or(|own| own.id != item.id)
                    && ItemKind::Email.same(&item.value, address)
            })
        };
        let settled = [Field::Email];
        let old = own.and_then(Item::value);
        match (own, old, other_with(wanted)) {
            (Some(own), Some(old), Some(other)) => vec![
                change_item(other, old, &[]),
                change_item(own, wanted, &settled),
            ],
            (None, _, Some(other)) => {
                let request = Request::MakeDefault {
                    contact: id.clone(),
                    item: other.id,
                    // The second item that is not the default was added by an earlier run, to no avail.
                    otherwise: (!is_there_twice(items, wanted)).then(|| self.new_email(wanted)),
                };
                vec![step(Adds::Nothing, &request, &settled)]
            }
            (Some(_), Some(old), None) if self.is_own(old) && other_with(old).is_none() => {
                vec![adding(id, self.new_email(wanted), &settled)]
            }
            (Some(own), _, _) => vec![change_item(own, wanted, &settled)],
            (None, _, None) => vec![adding(id, self.new_email(wanted), &settled)],
        }
    }

    fn is_own(&self, address: &str) -> bool {
        let address = text::folded(address);
        self.change.own_addresses.iter().any(|own| *own == address)
    }

    fn phones(&self, contact: &Contact, items: &[Item]) -> Vec<Step> {
        let id = &contact.id;
        let mut default_taken = items
            .iter()
            .any(|item| item.kind == ItemKind::Phone && item.default);
        let mut steps = Vec::new();
        for (field, type_id) in self.phone_types() {
            let (Some(to), Some(type_id)) = (self.wanted(field), type_id) else {
                continue;
            };
            match (to, phone_item(items, type_id)) {
                (FieldValue::Text(value), Some(item)) => {
                    let request = Request::ChangeItem {
                        contact: id.clone(),
                        item: item.id,
                        kind: ItemKind::Phone,
                        value: value.clone(),
                    };
                    steps.push(step(Adds::Nothing, &request, &[field]));
                }
                (FieldValue::Text(value), None) => {
                    let item = NewItem {
                        type_id: type_id.to_owned(),
                        kind: ItemKind::Phone,
                        value: value.clone(),
                        default: !default_taken,
                    };
                    default_taken = true;
                    steps.push(adding(id, item, &[field]));
                }
                (FieldValue::Blank, Some(item)) => steps.push(removal(id, item, field)),
                _ => {}
            }
        }
        steps
    }
}

fn is_there_twice(items: &[Item], address: &str) -> bool {
    let same =
        |item: &&Item| item.kind == ItemKind::Email && ItemKind::Email.same(&item.value, address);
    items.iter().filter(same).nth(1).is_some()
}

/// What is put back where there was nothing.
fn removal(contact: &ContactId, item: &Item, field: Field) -> Step {
    let request = Request::RemoveItem {
        contact: contact.clone(),
        item: item.id,
    };
    step(Adds::Nothing, &request, &[field])
}

const TEXTS: [(Field, &str); 3] = [
    (Field::FirstName, "firstName"),
    (Field::LastName, "lastName"),
    (Field::Title, "title"),
];
