//! How a world begins: its connections and companies, as a technician saves them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use rand::RngExt;
use rand::rngs::StdRng;
use rollcall::app::{App, OF_COMPANY, OF_PSA};
use rollcall::db::{companies, psa_connections, tenant_connections};
use rollcall::model::filter::Named;
use rollcall::model::{Cloud as NationalCloud, Company, Guard, PsaConnection, TenantConnection};
use rollcall::simulator::connectwise;
use rollcall::simulator::graph::AppData;
use rollcall::simulator::world::{Customer, Loaded, Options, Psa as Kind, load_graph};

use super::filters;
use super::seen::Cloud;
use super::world::{CLIENT, SECRET, Town, World, is_big};
use crate::stage::put_secret;

impl World {
    /// Saves both connections and the companies of the script.
    pub(super) async fn settle(&mut self, app: &App, dice: &mut StdRng) {
        for place in 0..self.psas.len() {
            self.connect(app, place).await;
        }
        for number in self.script.companies.clone() {
            self.found(app, number).await;
        }
        let Cloud::ConnectWise(connectwise) = &self.psas[0].cloud else {
            unreachable!("the first PSA is ConnectWise")
        };
        if dice.random_range(0..2) == 0 {
            let known = connectwise.edit(|state| {
                let mut types = state.contact_types.values();
                types.find(|one| one.description == "End User").cloned()
            });
            if let Some(known) = known {
                let (row, now) = (self.psas[0].row, self.clock.now());
                let default = Named {
                    id: known.id.to_string().into(),
                    name: known.description,
                };
                let changed = app.db().write(move |conn| {
                    let mut connection = psa_connections::get(conn, row)?.unwrap();
                    connection.default_contact_type = Some(default);
                    psa_connections::update(conn, &connection, now)
                });
                assert!(changed.await.unwrap());
                self.psas[0].default_type = Some(known.id.to_string());
            }
        }
    }

    /// Saves a PSA connection.
    async fn connect(&mut self, app: &App, place: usize) {
        let psa = &self.psas[place];
        let (kind, fields, secrets) = match &psa.cloud {
            Cloud::ConnectWise(_) => {
                let settings = connectwise::Settings::default();
                (
                    "connectwise",
                    vec![
                        ("url", psa.running.url.clone()),
                        ("company_id", settings.company_id),
                    ],
                    vec![
                        ("public_key", settings.public_key),
                        ("private_key", settings.private_key),
                        ("client_id", settings.client_id),
                    ],
                )
            }
            Cloud::Autotask(cloud) => {
                let settings = cloud.settings();
                (
                    "autotask",
                    vec![("username", settings.user)],
                    vec![
                        ("secret", settings.secret),
                        ("integration_code", settings.integration_code),
                    ],
                )
            }
        };
        let fields = fields.into_iter();
        let connection = PsaConnection {
            id: 0,
            name: format!("PSA {kind}"),
            kind: kind.into(),
            fields: fields.map(|(key, value)| (key.to_owned(), value)).collect(),
            default_contact_type: None,
        };
        let now = self.clock.now();
        let row = app
            .db()
            .write(move |conn| psa_connections::insert(conn, &connection, now))
            .await
            .unwrap();
        for (name, secret) in &secrets {
            put_secret(app, OF_PSA, row, name, secret).await;
        }
        self.psas[place].row = row;
    }

    /// Founds a company.
    async fn found(&mut self, app: &App, number: usize) {
        let mut dice = self.script.dice(9_998, number);
        let people = if is_big(self.script.seed, number) {
            dice.random_range(30..36)
        } else {
            dice.random_range(2..13)
        };
        let options = Options {
            contacts_percent: dice.random_range(0..100),
            messy: dice.random_range(0..4) > 0,
            ..Options::default()
        };
        let name = format!("Company {number}");
        let customer = Customer::generate(self.script.seed, &name, people, &options);
        let psa = number % 2;
        let tenant = load_graph(&self.microsoft, &customer, CLIENT, AppData::reader(SECRET));
        let loaded = match &self.psas[psa].cloud {
            Cloud::ConnectWise(cloud) => Kind::ConnectWise(cloud).load(&customer),
            Cloud::Autotask(cloud) => Kind::Autotask(cloud).load(&customer),
        };
        let groups = customer.tenant.groups.iter();
        let mut town = Town {
            number,
            row: 0,
            psa,
            tenant,
            company: loaded.company_id,
            domain: customer.domain.clone(),
            groups: groups
                .map(|group| (group.display_name.clone(), group.id.clone()))
                .collect(),
            gone: Vec::new(),
            everybody: customer
                .tenant
                .users
                .iter()
                .map(|user| user.id.clone())
                .collect(),
            by_hand: BTreeSet::new(),
            linked_by_hand: BTreeSet::new(),
            differences: RefCell::default(),
            sites: BTreeMap::new(),
            types: BTreeMap::new(),
        };
        Loaded {
            sites: town.sites,
            contact_types: town.types,
            ..
        } = loaded;
        let company = self.settings(&town, name, &mut dice);
        let tenant = TenantConnection {
            tenant_id: town.tenant.as_str().into(),
            client_id: CLIENT.into(),
            certificate: false,
            expires: None,
            cloud: NationalCloud::Global,
        };
        let now = self.clock.now();
        let row = app
            .db()
            .write(move |conn| {
                let id = companies::insert(conn, &company, now)?;
                tenant_connections::put(conn, id, &tenant, now)?;
                Ok(id)
            })
            .await
            .unwrap();
        put_secret(app, OF_COMPANY, row, "client_secret", SECRET).await;
        town.row = row;
        self.towns.push(town);
    }

    fn settings(&self, town: &Town, name: String, dice: &mut StdRng) -> Company {
        let guards = [
            Guard::default(),
            Guard::default(),
            Guard {
                floor: 1,
                percent: 0,
            },
            Guard {
                floor: 50,
                percent: 100,
            },
        ];
        let zones = ["UTC", "Europe/London", "America/New_York", "Asia/Kolkata"];
        let times = [None, None, Some("02:30"), Some("23:10")];
        Company {
            id: 0,
            name,
            psa_id: self.psas[town.psa].row,
            psa_company_id: town.company.to_string().into(),
            sync_contacts: true,
            update_existing: dice.random_range(0..6) > 0,
            use_email: dice.random_range(0..3) == 0,
            default_site: (dice.random_range(0..4) > 0).then(|| town.site("Main")),
            schedule: times[dice.random_range(0..times.len())].map(Into::into),
            timezone: zones[dice.random_range(0..zones.len())].into(),
            guard: guards[dice.random_range(0..guards.len())],
            filters: filters::throw(town, dice),
            ignored: Vec::new(),
        }
    }
}
