//! What the tests of the fleet file share: secrets from a table, clouds from a table, and the file of the documents.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Mutex;

use async_trait::async_trait;
use rollcall::fleet::{Lookup, PhoneTypes, PsaTarget, Secrets, TenantTarget, Unreachable};
use rollcall::model::{ContactType, GroupId, PsaCompanyId, Site, Sku};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

pub const TENANT: &str = "6f0c7b1e-1111-4222-8333-444455556666";
pub const CLIENT: &str = "8c1d0000-1111-4222-8333-444455556666";
pub const GROUP: &str = "2d9b0000-1111-4222-8333-444455556666";

/// Variables and files that the file's secrets name.
pub struct Table(pub HashMap<&'static str, &'static str>);

impl Table {
    pub fn new() -> Self {
        Self(HashMap::from([
            ("CW_PUBLIC_KEY", "public-1"),
            ("CW_PRIVATE_KEY", "private-1"),
            ("CW_CLIENT_ID", "client-1"),
            ("AT_SECRET", "autotask-1"),
            ("AT_CODE", "code-1"),
            ("CONTOSO_SECRET", "tenant-1"),
            ("EMPTY", "  "),
            ("contoso.pfx", "PFX"),
            ("secret.txt", "from a file\n"),
        ]))
    }
}

impl Secrets for Table {
    fn env(&self, name: &str) -> Option<SecretString> {
        self.0.get(name).map(|value| (*value).into())
    }

    fn file(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
        let name = path.to_str().expect("a path in UTF-8");
        let found = self.0.get(name).ok_or("No such file or directory")?;
        Ok(Zeroizing::new(found.as_bytes().to_vec()))
    }
}

/// Clouds with a few sites, types, groups and licences, which count what they are asked.
#[derive(Default)]
pub struct Clouds {
    pub asked: Mutex<Vec<String>>,
    /// The connection or company whose system cannot be reached.
    pub down: Option<&'static str>,
    /// A site that is not there.
    pub without: Option<&'static str>,
    /// Ends the ids of sites and types: another one, and all of them were made anew under their names.
    pub era: &'static str,
}

impl Clouds {
    fn ask(&self, what: &str, name: &str) -> Result<(), Unreachable> {
        self.asked
            .lock()
            .expect("no test panicked")
            .push(format!("{what} {name}"));
        if self.down == Some(name) {
            return Err(Unreachable {
                connection: name.to_owned(),
                message: "nobody answered".to_owned(),
                advice: "Try again later".to_owned(),
            });
        }
        Ok(())
    }

    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().expect("no test panicked"))
    }
}

#[async_trait]
impl Lookup for Clouds {
    fn usable(&self, psa: &PsaTarget) -> Result<(), String> {
        for field in psa.vendor.fields.iter().filter(|field| field.secret) {
            let secret = psa.secrets.get(field.key);
            assert!(secret.is_some_and(|secret| !secret.expose_secret().is_empty()));
        }
        let same = |key: &str| psa.fields.get(key).map(String::as_str) == Some("Twin");
        if same("phone_type") && same("mobile_type") {
            return Err("the phone type and the mobile type are both Twin".to_owned());
        }
        Ok(())
    }

    async fn reached(&self, psa: &PsaTarget) -> Result<(), Unreachable> {
        self.ask("reached", &psa.name)
    }

    async fn confirmed(&self, tenant: &TenantTarget) -> Result<(), Unreachable> {
        self.ask("confirmed", &tenant.company)
    }

    async fn company_exists(
        &self,
        psa: &PsaTarget,
        company: &PsaCompanyId,
    ) -> Result<bool, Unreachable> {
        self.ask("company", &psa.name)?;
        Ok(company.as_str() != "404")
    }

    async fn sites(
        &self,
        psa: &PsaTarget,
        company: &PsaCompanyId,
    ) -> Result<Vec<Site>, Unreachable> {
        self.ask("sites", &psa.name)?;
        let names = [
            ("Main", true),
            ("New Site", true),
            ("Site 3", true),
            ("Old", false),
        ];
        let extra = [("Zoë's \"Büro\"", true), ("Twice", true), ("twice", true)];
        Ok(names
            .into_iter()
            .chain(extra)
            .enumerate()
            .filter(|(_, (name, _))| self.without != Some(*name))
            .map(|(index, (name, active))| Site {
                id: format!("{company}-{index}{}", self.era).into(),
                name: name.to_owned(),
                active,
            })
            .collect())
    }

    async fn contact_types(&self, psa: &PsaTarget) -> Result<Vec<ContactType>, Unreachable> {
        self.ask("types", &psa.name)?;
        Ok(["End User", "Technical"]
            .into_iter()
            .enumerate()
            .map(|(index, name)| ContactType {
                id: format!("{index}{}", self.era).into(),
                name: name.to_owned(),
            })
            .collect())
    }

    async fn phone_types(&self, psa: &PsaTarget) -> Result<PhoneTypes, Unreachable> {
        self.ask("phones", &psa.name)?;
        let there = ["Direct", "Cell", "Home"].map(str::to_owned).to_vec();
        let missing = ["phone_type", "mobile_type"]
            .into_iter()
            .filter_map(|key| psa.fields.get(key))
            .filter(|name| !there.contains(name))
            .cloned()
            .collect();
        Ok(PhoneTypes { missing, there })
    }

    async fn group_exists(
        &self,
        tenant: &TenantTarget,
        group: &GroupId,
    ) -> Result<bool, Unreachable> {
        self.ask("group", &tenant.company)?;
        Ok(group.as_str() == GROUP)
    }

    async fn skus(&self, tenant: &TenantTarget) -> Result<Vec<Sku>, Unreachable> {
        self.ask("skus", &tenant.company)?;
        Ok(vec![Sku {
            id: "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46".into(),
            part_number: "SPB".to_owned(),
        }])
    }
}

/// The example of the documents, with whole GUIDs.
pub fn example() -> String {
    format!(
        r#"ignored_licences = ["FLOW_FREE", "POWER_BI_STANDARD"]   # optional; left out: as it is

[[psa]]
name = "Main PSA"
kind = "connectwise"                     # or "autotask"
url = "https://api-na.myconnectwise.net" # connectwise only
company_id = "mymsp"                     # connectwise only
public_key = {{ env = "CW_PUBLIC_KEY" }}   # a secret is {{ env = "NAME" }} or {{ file = "PATH" }}
private_key = {{ env = "CW_PRIVATE_KEY" }}
client_id = {{ env = "CW_CLIENT_ID" }}
default_contact_type = "End User"        # optional
phone_type = "Direct"                    # optional, connectwise only
mobile_type = "Cell"                     # optional, connectwise only

[[psa]]
name = "Second PSA"
kind = "autotask"
username = "api@mymsp.example"
secret = {{ env = "AT_SECRET" }}
integration_code = {{ env = "AT_CODE" }}

[[company]]
name = "Contoso"
psa = "Main PSA"
psa_company_id = 250
sync_contacts = true          # default false
update_existing = true        # default false
use_email = false             # default false
default_site = "Main"         # site by name; optional
schedule = "02:30"            # daily, optional; default: spread over the night
timezone = "Europe/London"    # optional, default UTC
max_deactivations = {{ floor = 3, percent = 20 }}
ignore = ["ceo@contoso.example"]

  [company.tenant]
  tenant_id = "{TENANT}"
  client_id = "{CLIENT}"
  client_secret = {{ env = "CONTOSO_SECRET" }}   # or certificate = {{ file = "contoso.pfx" }} and certificate_password
  expires = "2027-03-31"      # end date of the secret or certificate, optional
  cloud = "global"            # global, usgov, usgov-dod, china

  [[company.filter]]
  name = "Management"
  when = [{{ group = "{GROUP}" }}]                  # group by object id
  site = "New Site"

  [[company.filter]]
  when = [{{ field = "department", equals = "IT" }}, {{ not = {{ upn_domain = "contractors.example" }} }}]
  site = "New Site"
  contact_type = "Technical"

  [[company.filter]]
  when = [{{ licence = "SPB" }}]                  # SKU GUID or part number
  exclude = true
  enabled = false                               # optional, default true: switched off, it takes nobody

  [[company.filter]]
  when = [{{ licensed = true }}]                  # all licensed users
  site = "Site 3"
"#
    )
}
