//! The `ConnectWise` client against its simulator: its stage for the conformance suite, and what only `ConnectWise` does.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod access;
mod changes;
mod lists;
mod switches;

use std::collections::BTreeMap;
use std::sync::Arc;

use rollcall::clock::Clock;
use rollcall::http::Http;
use rollcall::model::{
    Change, Contact, ContactId, ContactTypeId, Field, FieldChange, FieldValue, PsaCompanyId, SiteId,
};
use rollcall::psa::connectwise::VENDOR;
use rollcall::psa::{Connection, Psa, Step, Vendor};
use rollcall::simulator::connectwise::{
    AssociationData, BadCredentials, CompanyData, ConnectWise, ContactData, ContactTypeData,
    ItemData, ItemKind, LastPage, PatchedTypes, SiteData, Switches,
};
use rollcall::simulator::kit::{Controls, Running, start};
use serde_json::Value;

use crate::conformance::{Options, Plain, Stage, http, vocabulary};

/// A running instance with a company, two sites and two contact types.
pub struct ConnectWiseStage {
    cloud: Arc<ConnectWise>,
    running: Running,
    http: Http,
    company: i64,
    sites: [i64; 2],
    types: [i64; 2],
}

/// Starts a stage, with ConnectWise's unproved ways as its simulator has them.
pub async fn stage() -> ConnectWiseStage {
    stage_with(|_| ()).await
}

/// The instance with the other of its unproved ways, and a client ID that is refused with 400.
pub async fn other_stage() -> ConnectWiseStage {
    stage_with(|switches| {
        switches.unknown_company_is_404 = true;
        switches.stale_code_base_is_400 = true;
        switches.bad_credentials = BadCredentials::UserNotAuthenticated;
        switches.client_id_status = 400;
        switches.system_info_is_open = true;
        switches.last_page = LastPage::NoLink;
        switches.first_item_becomes_default = true;
        switches.primary_site_is_given = true;
        switches.inactive_site_refused = true;
        switches.inactive_company_refused = true;
        switches.patched_types = PatchedTypes::Refused;
    })
    .await
}

/// An instance that refuses whatever one may refuse, and lets no default be moved.
pub async fn strict_stage() -> ConnectWiseStage {
    stage_with(|switches| {
        switches.bad_credentials = BadCredentials::NotFound;
        switches.client_id_status = 403;
        switches.last_page = LastPage::EmptyPage;
        switches.first_item_becomes_default = true;
        switches.default_flag_moves = false;
        switches.inactive_site_refused = true;
        switches.inactive_company_refused = true;
        switches.duplicate_email_refused = true;
        switches.patched_types = PatchedTypes::Refused;
    })
    .await
}

async fn stage_with(set: impl FnOnce(&mut Switches)) -> ConnectWiseStage {
    let cloud = Arc::new(ConnectWise::default());
    cloud.switch(set);
    let company = cloud.add_company(CompanyData {
        identifier: "Contoso".into(),
        name: "Contoso Ltd".into(),
        ..CompanyData::default()
    });
    let sites = ["Main", "New Site"].map(|name| {
        cloud.add_site(SiteData {
            company_id: company,
            name: name.into(),
            primary: name == "Main",
            ..SiteData::default()
        })
    });
    let types = ["End User", "Technical"].map(|description| {
        cloud.add_contact_type(ContactTypeData {
            description: description.into(),
            ..ContactTypeData::default()
        })
    });
    ConnectWiseStage {
        running: start(cloud.clone()).await.unwrap(),
        cloud,
        http: http(),
        company,
        sites,
        types,
    }
}

impl ConnectWiseStage {
    fn connection(&self, options: Options) -> Connection {
        let settings = self.cloud.edit(|state| state.settings.clone());
        let private = if options.wrong_keys {
            "wrong".to_owned()
        } else {
            settings.private_key
        };
        Connection {
            fields: BTreeMap::from([
                ("url".to_owned(), self.running.url.clone()),
                ("company_id".to_owned(), settings.company_id),
            ]),
            secrets: BTreeMap::from([
                ("public_key".to_owned(), settings.public_key.into()),
                ("private_key".to_owned(), private.into()),
                ("client_id".to_owned(), settings.client_id.into()),
            ]),
            remembered: options.remembered,
            lookup_url: None,
            at_once: options.at_once,
            http: self.http.clone(),
        }
    }

    fn of(&self, description: &str) -> i64 {
        self.cloud.communication_type(description).unwrap()
    }

    fn item(&self, kind: ItemKind, of: &str, value: &str, default: bool) -> ItemData {
        ItemData {
            type_id: self.of(of),
            kind,
            value: value.into(),
            default,
            ..ItemData::default()
        }
    }
}

impl Stage for ConnectWiseStage {
    fn vendor(&self) -> &'static Vendor {
        &VENDOR
    }

    fn connect(&self, options: Options) -> Arc<dyn Psa> {
        (VENDOR.connect)(self.connection(options)).unwrap()
    }

    fn clock(&self) -> &Clock {
        self.http.clock()
    }

    fn controls(&self) -> &Controls {
        &self.running.controls
    }

    fn company(&self) -> PsaCompanyId {
        self.company.to_string().into()
    }

    fn sites(&self) -> [SiteId; 2] {
        self.sites.map(|id| id.to_string().into())
    }

    fn types(&self) -> Vec<ContactTypeId> {
        self.types.map(|id| id.to_string().into()).into()
    }

    fn put(&self, contact: &Plain) -> ContactId {
        let mut items = Vec::new();
        if let Some(email) = &contact.email {
            items.push(self.item(ItemKind::Email, "Email", email, true));
        }
        for other in &contact.other_emails {
            items.push(self.item(ItemKind::Email, "Email 2", other, false));
        }
        if let Some(phone) = &contact.phone {
            items.push(self.item(ItemKind::Phone, "Direct", phone, true));
        }
        if let Some(mobile) = &contact.mobile {
            let default = contact.phone.is_none();
            items.push(self.item(ItemKind::Phone, "Cell", mobile, default));
        }
        let types = contact.types.iter().map(|id| AssociationData {
            type_id: id.parse().unwrap(),
            ..AssociationData::default()
        });
        let id = self.cloud.add_contact(ContactData {
            first_name: contact.first_name.clone(),
            last_name: contact.last_name.clone(),
            title: contact.title.clone(),
            company_id: Some(self.company),
            site_id: contact.site.as_ref().map(|id| id.parse().unwrap()),
            inactive: !contact.active,
            items,
            types: types.collect(),
            ..ContactData::default()
        });
        id.to_string().into()
    }

    fn look(&self) -> Vec<Plain> {
        let (direct, cell) = (self.of("Direct"), self.of("Cell"));
        let plain = |contact: ContactData| {
            let number = |type_id| {
                let items = contact.items.iter();
                let mut items = items.filter(|item| item.type_id == type_id);
                items.next().map(|item| item.value.clone())
            };
            let emails = || {
                contact
                    .items
                    .iter()
                    .filter(|item| item.kind == ItemKind::Email)
            };
            Plain {
                id: contact.id.to_string(),
                active: !contact.inactive,
                first_name: contact.first_name.clone(),
                last_name: contact.last_name.clone(),
                title: contact.title.clone(),
                phone: number(direct),
                mobile: number(cell),
                email: emails()
                    .find(|item| item.default)
                    .map(|item| item.value.clone()),
                other_emails: emails()
                    .filter(|item| !item.default)
                    .map(|item| item.value.clone())
                    .collect(),
                site: contact.site_id.map(|id| id.to_string()),
                types: contact.type_ids().iter().map(i64::to_string).collect(),
            }
        };
        let contacts = self.cloud.contacts(self.company);
        contacts.into_iter().map(plain).collect()
    }

    fn remove_company(&self) {
        self.cloud
            .edit(|state| state.companies.remove(&self.company));
    }
}

/// A field's new text.
fn to(field: Field, text: &str) -> FieldChange {
    FieldChange {
        field,
        from: FieldValue::Blank,
        to: FieldValue::Text(text.into()),
    }
}

impl ConnectWiseStage {
    async fn steps(
        &self,
        psa: &dyn Psa,
        contact: Option<&Contact>,
        fields: &[FieldChange],
        own_addresses: &[&str],
    ) -> Vec<Step> {
        let own_addresses: Vec<String> = own_addresses.iter().map(ToString::to_string).collect();
        let change = Change {
            company: &self.company(),
            contact,
            fields,
            own_addresses: &own_addresses,
        };
        psa.steps(&change, &vocabulary(psa).await)
    }

    async fn contact(&self, psa: &dyn Psa, id: &ContactId) -> Contact {
        let contacts = psa.contacts(&self.company(), &vocabulary(psa).await).await;
        let mut contacts = contacts.unwrap().into_iter();
        contacts.find(|contact| contact.id == *id).unwrap()
    }

    /// A contact with these items, as read.
    async fn holding(&self, psa: &dyn Psa, items: Vec<ItemData>) -> (i64, Contact) {
        let id = self.cloud.add_contact(ContactData {
            first_name: "Jo".into(),
            company_id: Some(self.company),
            items,
            ..ContactData::default()
        });
        (id, self.contact(psa, &id.to_string().into()).await)
    }

    /// The items of a contact as stored: kind, value and whether it is the default.
    fn items(&self, id: i64) -> Vec<(ItemKind, String, bool)> {
        let contact = self.cloud.contact(id).unwrap();
        let items = contact.items.into_iter();
        items
            .map(|item| (item.kind, item.value, item.default))
            .collect()
    }

    /// The requests since the log was cleared, each as method, path and body; the code base is left out.
    fn asked(&self) -> Vec<(String, String, Value)> {
        let log = self.running.controls.log().into_iter();
        log.map(|entry| {
            let path = entry.target.split('?').next().unwrap_or_default();
            let path = path.rsplit_once("/3.0/").map_or(path, |(_, path)| path);
            let body = serde_json::from_str(&entry.body).unwrap_or_default();
            (entry.method, path.to_owned(), body)
        })
        .collect()
    }
}
