//! The Autotask client against the simulated database, over real HTTP.

mod limits;
mod reading;
mod stage;
mod switches;
mod writing;
mod zone;

pub use stage::{other_stage, stage};

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rollcall::clock::Clock;
use rollcall::http::{ApiError, Http};
use rollcall::model::{
    Change, Contact, ContactId, Field, FieldChange, FieldValue, Limits, PsaCompanyId, Vocabulary,
};
use rollcall::psa::{Connection, Psa, Step, autotask::VENDOR};
use rollcall::simulator::autotask::{Autotask, CompanyData, ContactData, Settings};
use rollcall::simulator::kit::{self, Fault, FaultKind, Running};

const COMPANY: i64 = 250;

struct World {
    cloud: Arc<Autotask>,
    running: Running,
    clock: Clock,
    psa: Arc<dyn Psa>,
}

fn start_of_time() -> DateTime<Utc> {
    DateTime::from_timestamp(1_769_826_600, 0).expect("it is a time")
}

fn connection(running: &Running, clock: &Clock) -> Connection {
    let settings = Settings::default();
    Connection {
        fields: BTreeMap::from([("username".into(), settings.user)]),
        secrets: BTreeMap::from([
            ("secret".into(), settings.secret.into()),
            ("integration_code".into(), settings.integration_code.into()),
        ]),
        remembered: None,
        lookup_url: Some(running.url.clone()),
        at_once: None,
        http: Http::new(clock.clone()).expect("TLS is there"),
    }
}

fn connect(connection: Connection) -> Arc<dyn Psa> {
    (VENDOR.connect)(connection).expect("it is complete")
}

/// A database with one company, and a client of it.
async fn world() -> World {
    let cloud = Arc::new(Autotask::new(Settings::default()));
    cloud.add_company(&CompanyData {
        id: COMPANY,
        company_name: "Contoso".into(),
        is_active: true,
        ..CompanyData::default()
    });
    let running = kit::start(cloud.clone()).await.expect("a port is free");
    let clock = Clock::set_at(start_of_time());
    let psa = connect(connection(&running, &clock));
    World {
        cloud,
        running,
        clock,
        psa,
    }
}

impl World {
    fn add(&self, name: &str, email: Option<&str>) -> i64 {
        self.cloud.add_contact(&ContactData {
            email_address: email.map(str::to_owned),
            ..ContactData::named(COMPANY, name, "Doe")
        })
    }

    async fn contacts(&self) -> Result<Vec<Contact>, ApiError> {
        self.psa.contacts(&company(), &vocabulary()).await
    }

    async fn contact(&self, id: i64) -> Contact {
        let all = self.contacts().await.expect("they can be read");
        let wanted = ContactId::from(id.to_string());
        all.into_iter()
            .find(|contact| contact.id == wanted)
            .expect("it is there")
    }

    fn steps(&self, contact: Option<&Contact>, fields: &[FieldChange], own: &[&str]) -> Vec<Step> {
        let own: Vec<_> = own.iter().map(|own| (*own).to_owned()).collect();
        let company = company();
        let change = Change {
            company: &company,
            contact,
            fields,
            own_addresses: &own,
        };
        self.psa.steps(&change, &vocabulary())
    }

    /// The one step that makes Jane.
    fn create(&self) -> Step {
        let fields = [
            text(Field::FirstName, "Jane"),
            text(Field::LastName, "Doe"),
            text(Field::Email, "Jane@contoso.example"),
        ];
        let mut steps = self.steps(None, &fields, &[]);
        assert_eq!(steps.len(), 1);
        steps.remove(0)
    }

    /// How far waiting has moved the clock.
    fn waited(&self) -> Duration {
        (self.clock.now() - start_of_time())
            .to_std()
            .expect("it goes on")
    }

    fn look_ups(&self) -> usize {
        let log = self.running.controls.log();
        log.iter()
            .filter(|entry| entry.target.contains("zoneInformation"))
            .count()
    }

    fn answers(&self, at: &str, status: u16, body: &str) {
        let body = body.to_owned();
        let fault = Fault::once(FaultKind::Answer { status, body });
        self.running.controls.fault(fault.at("POST", at));
    }
}

fn company() -> PsaCompanyId {
    PsaCompanyId::from(COMPANY.to_string())
}

fn vocabulary() -> Vocabulary {
    Vocabulary {
        contact_types: None,
        phone_types: Vec::new(),
        limits: Limits {
            first_name: 20,
            last_name: 20,
            title: 50,
            phone: 25,
            mobile: 25,
            email: 254,
            last_name_required: true,
        },
    }
}

fn text(field: Field, to: &str) -> FieldChange {
    FieldChange {
        field,
        from: FieldValue::Blank,
        to: FieldValue::Text(to.into()),
    }
}

fn flag(to: bool) -> FieldChange {
    FieldChange {
        field: Field::Active,
        from: FieldValue::Flag(!to),
        to: FieldValue::Flag(to),
    }
}
