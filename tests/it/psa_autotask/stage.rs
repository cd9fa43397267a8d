//! The simulated Autotask as a stage for the scenarios that every PSA must pass.

use std::sync::Arc;

use rollcall::clock::Clock;
use rollcall::http::Http;
use rollcall::model::{ContactId, ContactTypeId, PsaCompanyId, SiteId};
use rollcall::psa::autotask::VENDOR;
use rollcall::psa::{Connection, Psa, Vendor};
use rollcall::simulator::autotask::{
    Autotask, CompanyData, ContactData, LocationData, Settings, Switches, Unauthorized,
};
use rollcall::simulator::kit::{self, Controls, Running};

use super::{COMPANY, connect, connection};
use crate::conformance::{Options, Plain, Stage, http};

/// A database with the company of the scenarios.
struct Database {
    cloud: Arc<Autotask>,
    running: Running,
    http: Http,
    sites: [SiteId; 2],
}

/// The database, with its undocumented ways as its simulator has them.
pub async fn stage() -> impl Stage {
    stage_with(|_| ()).await
}

/// The database, with the other of its undocumented ways.
pub async fn other_stage() -> impl Stage {
    stage_with(|switches| {
        switches.name_length = 50;
        switches.missing_is_404 = true;
        switches.null_in_patch_refused = true;
        switches.inactive_location_refused = true;
        switches.inactive_company_refused = true;
        switches.filter_may_be_empty = true;
        switches.or_limited = false;
        switches.blank_text_is_empty = true;
        switches.rows_are_lean = true;
        switches.threads_status = 500;
        switches.hourly_status = 500;
        switches.unauthorized = Unauthorized::Message;
    })
    .await
}

async fn stage_with(set: impl FnOnce(&mut Switches)) -> impl Stage {
    let cloud = Arc::new(Autotask::new(Settings::default()));
    cloud.switches(set);
    cloud.add_company(&CompanyData {
        id: COMPANY,
        company_name: "Contoso Ltd".into(),
        is_active: true,
        ..CompanyData::default()
    });
    let sites = ["Main", "Branch"].map(|name| {
        let id = cloud.add_location(&LocationData {
            company_id: COMPANY,
            name: name.into(),
            is_active: true,
            ..LocationData::default()
        });
        SiteId::from(id.to_string())
    });
    let running = kit::start(cloud.clone()).await.expect("a port is free");
    let http = http();
    Database {
        cloud,
        running,
        http,
        sites,
    }
}

impl Stage for Database {
    fn vendor(&self) -> &'static Vendor {
        &VENDOR
    }

    fn connect(&self, options: Options) -> Arc<dyn Psa> {
        let mut connection = Connection {
            remembered: options.remembered,
            at_once: options.at_once,
            http: self.http.clone(),
            ..connection(&self.running, self.http.clock())
        };
        if options.wrong_keys {
            let wrong = "another".to_owned().into();
            connection.secrets.insert("secret".into(), wrong);
        }
        connect(connection)
    }

    fn clock(&self) -> &Clock {
        self.http.clock()
    }

    fn controls(&self) -> &Controls {
        &self.running.controls
    }

    fn company(&self) -> PsaCompanyId {
        super::company()
    }

    fn sites(&self) -> [SiteId; 2] {
        self.sites.clone()
    }

    fn types(&self) -> Vec<ContactTypeId> {
        Vec::new()
    }

    fn put(&self, contact: &Plain) -> ContactId {
        let mut others = contact.other_emails.iter().cloned();
        let id = self.cloud.add_contact(&ContactData {
            id: contact.id.parse().unwrap_or(0),
            title: contact.title.clone(),
            phone: contact.phone.clone(),
            mobile_phone: contact.mobile.clone(),
            is_active: i64::from(contact.active),
            email_address: contact.email.clone(),
            email_address2: others.next(),
            email_address3: others.next(),
            company_location_id: contact.site.as_ref().map(|site| number(site)),
            ..ContactData::named(
                COMPANY,
                &contact.first_name,
                contact.last_name.as_deref().unwrap_or_default(),
            )
        });
        assert_eq!(others.next(), None, "a contact holds three addresses");
        ContactId::from(id.to_string())
    }

    fn look(&self) -> Vec<Plain> {
        let contacts = self.cloud.contacts(COMPANY).into_iter();
        let plain = |contact: ContactData| Plain {
            id: contact.id.to_string(),
            active: contact.is_active == 1,
            first_name: contact.first_name,
            last_name: (!contact.last_name.is_empty()).then_some(contact.last_name),
            title: contact.title,
            phone: contact.phone,
            mobile: contact.mobile_phone,
            email: contact.email_address,
            other_emails: [contact.email_address2, contact.email_address3]
                .into_iter()
                .flatten()
                .collect(),
            site: contact.company_location_id.map(|id| id.to_string()),
            types: Vec::new(),
        };
        contacts.map(plain).collect()
    }

    fn remove_company(&self) {
        assert!(self.cloud.remove_company(COMPANY));
    }
}

fn number(id: &str) -> i64 {
    id.parse().expect("ids of Autotask are numbers")
}
