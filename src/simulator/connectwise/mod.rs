//! ConnectWise as a server with state. What the vendor documents or was seen to do is done; where
//! sources disagree or are silent there is a switch. It imports nothing but the kit that the
//! simulated clouds share.

mod access;
mod associations;
mod contacts;
mod errors;
mod items;
mod listing;
mod names;
mod patch;
mod query;
mod reading;
mod records;
mod routes;
mod screens;
mod state;
mod switches;
mod tokens;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

pub use records::{
    AssociationData, CommunicationTypeData, CompanyData, ContactData, ContactTypeData, ItemData,
    ItemKind, SiteData, StatusData,
};
pub use state::{Settings, State};
pub use switches::{BadCredentials, LastPage, PatchedTypes, Switches};

use crate::simulator::kit::{Cloud, Reply, Request, lock};

/// An address longer than this, in bytes, is refused; the vendor advises 2,000.
const LONGEST_TARGET: usize = 8000;

/// One instance of ConnectWise.
pub struct ConnectWise {
    state: Mutex<State>,
    answered: AtomicU64,
}

impl Default for ConnectWise {
    fn default() -> Self {
        Self::new(Settings::default())
    }
}

impl ConnectWise {
    /// A new instance: no companies, and the vendor's standard communication types.
    pub fn new(settings: Settings) -> Self {
        Self {
            state: Mutex::new(State::new(settings)),
            answered: AtomicU64::new(0),
        }
    }

    /// Changes or reads anything, between two requests.
    pub fn edit<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut lock(&self.state))
    }

    /// Changes switches.
    pub fn switch(&self, change: impl FnOnce(&mut Switches)) {
        self.edit(|state| change(&mut state.switches));
    }

    /// Adds or replaces a company; answers its id.
    pub fn add_company(&self, company: CompanyData) -> i64 {
        self.edit(|state| state.add_company(company))
    }

    /// Adds or replaces a site; answers its id.
    pub fn add_site(&self, site: SiteData) -> i64 {
        self.edit(|state| state.add_site(site))
    }

    /// Adds or replaces a contact type; answers its id.
    pub fn add_contact_type(&self, contact_type: ContactTypeData) -> i64 {
        self.edit(|state| state.add_contact_type(contact_type))
    }

    /// Adds or replaces a communication type; answers its id.
    pub fn add_communication_type(&self, communication_type: CommunicationTypeData) -> i64 {
        self.edit(|state| state.add_communication_type(communication_type))
    }

    /// Adds or replaces a contact without the API's checks; answers its id.
    pub fn add_contact(&self, contact: ContactData) -> i64 {
        self.edit(|state| state.add_contact(contact))
    }

    /// Takes a contact away, as a person deletes one in the program.
    pub fn remove_contact(&self, id: i64) -> Option<ContactData> {
        self.edit(|state| state.contacts.remove(&id))
    }

    /// A contact as it is now.
    pub fn contact(&self, id: i64) -> Option<ContactData> {
        self.edit(|state| state.contacts.get(&id).cloned())
    }

    /// The contacts of a company as they are now, by id.
    pub fn contacts(&self, company_id: i64) -> Vec<ContactData> {
        self.edit(|state| {
            let contacts = state.contacts.values();
            contacts
                .filter(|contact| contact.company_id == Some(company_id))
                .cloned()
                .collect()
        })
    }

    /// The id of the communication type with this description.
    pub fn communication_type(&self, description: &str) -> Option<i64> {
        self.edit(|state| {
            let mut types = state.communication_types.values();
            types
                .find(|each| each.description == description)
                .map(|each| each.id)
        })
    }

    fn dispatch(&self, request: &Request) -> Result<Reply, Reply> {
        if request.target.len() > LONGEST_TARGET {
            return Err(errors::too_long());
        }
        let mut state = lock(&self.state);
        match request.segments().as_slice() {
            ["login", "companyinfo", company] => match request.method.as_str() {
                "GET" => Ok(access::company_info(&state, company)),
                other => Err(errors::wrong_verb(other)),
            },
            [_, "services", "system_io", "router", "openrecord.rails"] => {
                Ok(screens::open_record(&state, request))
            }
            [code_base, "apis", "3.0", path @ ..] => {
                access::route(&state, code_base)?;
                let open = state.switches.system_info_is_open && path == ["system", "info"];
                if !open {
                    access::caller(&state, request)?;
                    access::role(&state, self.writes(request))?;
                }
                let host = request.header("host").unwrap_or("localhost");
                let call = routes::Call {
                    request,
                    root: format!("http://{host}/{code_base}/apis/3.0"),
                };
                call.answer(&mut state, path)
            }
            [code_base, ..] => {
                access::route(&state, code_base)?;
                Err(errors::no_endpoint())
            }
            [] => Err(errors::no_endpoint()),
        }
    }

    fn signed(&self, reply: Reply) -> Reply {
        let number = self.answered.fetch_add(1, Ordering::Relaxed);
        let version = self.edit(|state| access::version(&state.settings));
        reply
            .with(
                "x-cw-request-id",
                &format!("00000000-0000-4000-8000-{number:012x}"),
            )
            .with("api-current-version", &version)
    }
}

impl Cloud for ConnectWise {
    fn name(&self) -> &'static str {
        "connectwise"
    }

    fn answer(&self, request: &Request) -> Reply {
        let reply = match self.dispatch(request) {
            Ok(reply) | Err(reply) => reply,
        };
        self.signed(reply)
    }

    fn throttled(&self, retry_after: Option<&str>) -> Reply {
        self.signed(errors::throttled(retry_after))
    }

    fn broken(&self, status: u16) -> Reply {
        errors::broken(status)
    }

    fn lane(&self, _request: &Request) -> Option<String> {
        Some("connectwise".into())
    }

    fn writes(&self, request: &Request) -> bool {
        matches!(request.method.as_str(), "POST" | "PUT" | "PATCH" | "DELETE")
    }
}
