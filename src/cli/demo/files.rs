//! The two files of the demo: the fleet file, as an MSP would write it, and `demo.env`, with which other commands reach the
//! demo's clouds and database. It words them; it applies nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::clouds::{Clouds, Placed};
use crate::fleet::Secrets;
use crate::simulator::world::{CastCondition, CastFilter, Kind};

/// The name of the ConnectWise connection.
const CONNECTWISE: &str = "ConnectWise";
/// The name of the Autotask connection.
const AUTOTASK: &str = "Autotask";

/// The name of the PSA connection.
pub(super) const fn psa_name(kind: Kind) -> &'static str {
    match kind {
        Kind::ConnectWise => CONNECTWISE,
        Kind::Autotask => AUTOTASK,
    }
}

/// The variables that the fleet file names, with their values.
pub(super) struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Those of these clouds.
    pub(super) fn of(clouds: &Clouds) -> Self {
        let (connectwise, autotask) = (&clouds.connectwise_keys, &clouds.autotask_keys);
        let mut all: BTreeMap<String, String> = [
            ("CW_PUBLIC_KEY", &connectwise.public_key),
            ("CW_PRIVATE_KEY", &connectwise.private_key),
            ("CW_CLIENT_ID", &connectwise.client_id),
            ("AT_SECRET", &autotask.secret),
            ("AT_CODE", &autotask.integration_code),
        ]
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .into();
        for placed in &clouds.companies {
            all.insert(variable(placed), placed.client_secret.clone());
        }
        Self(all)
    }
}

impl Secrets for Variables {
    fn env(&self, name: &str) -> Option<SecretString> {
        self.0.get(name).map(|value| value.clone().into())
    }

    fn file(&self, _path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
        Err("the demo's fleet file names no files".to_owned())
    }
}

/// `Adventure Works` has its secret in `ADVENTURE_WORKS_SECRET`.
fn variable(placed: &Placed) -> String {
    let name: String = placed
        .name()
        .chars()
        .map(|letter| match letter.to_ascii_uppercase() {
            letter if letter.is_ascii_alphanumeric() => letter,
            _ => '_',
        })
        .collect();
    format!("{name}_SECRET")
}

/// The settings of the demo, by the names of their variables. Database and key are Rollcall's own, in the data folder, as where
/// somebody begins: the commands of `docs/OPERATING.md` can be tried.
pub(super) fn settings(
    clouds: &Clouds,
    folder: &Path,
    listen: SocketAddr,
) -> [(&'static str, String); 5] {
    [
        ("ROLLCALL_DATA_DIR", folder.display().to_string()),
        ("ROLLCALL_LISTEN", listen.to_string()),
        ("ROLLCALL_LOGIN_URL", clouds.login_url().to_owned()),
        ("ROLLCALL_GRAPH_URL", clouds.graph_url().to_owned()),
        ("ROLLCALL_AUTOTASK_URL", clouds.autotask_url().to_owned()),
    ]
}

/// `demo.env`, for a POSIX shell. `program` is the folder of the `rollcall` that runs.
pub(super) fn environment(
    settings: &[(&'static str, String)],
    variables: &Variables,
    program: Option<&Path>,
) -> String {
    let mut text = "# Leads `rollcall` to the demo's clouds and database, while the demo runs.\n\
         unset ROLLCALL_DATABASE_URL ROLLCALL_SECRET_KEY ROLLCALL_SECRET_KEY_FILE ROLLCALL_PUBLIC_URL ROLLCALL_LOG_FORMAT\n"
        .to_owned();
    for (name, value) in settings {
        let _ = writeln!(text, "export {name}={}", quoted(value));
    }
    if let Some(folder) = program {
        let _ = writeln!(
            text,
            "export PATH={}:\"$PATH\"",
            quoted(&folder.display().to_string())
        );
    }
    text.push_str("# The secrets that fleet.toml names.\n");
    for (name, value) in &variables.0 {
        let _ = writeln!(text, "export {name}={}", quoted(value));
    }
    text
}

/// A value that a shell takes as it stands.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// The fleet file.
pub(super) fn fleet(clouds: &Clouds) -> String {
    let mut text = format!(
        "# The fleet of the demo. Change it, and try `rollcall fleet apply` with it.\n\n\
         [[psa]]\nname = {}\nkind = \"connectwise\"\nurl = {}\ncompany_id = {}\n\
         public_key = {{ env = \"CW_PUBLIC_KEY\" }}\nprivate_key = {{ env = \"CW_PRIVATE_KEY\" }}\n\
         client_id = {{ env = \"CW_CLIENT_ID\" }}\ndefault_contact_type = \"End User\"\n\n\
         [[psa]]\nname = {}\nkind = \"autotask\"\nusername = {}\n\
         secret = {{ env = \"AT_SECRET\" }}\nintegration_code = {{ env = \"AT_CODE\" }}\n",
        text_of(CONNECTWISE),
        text_of(clouds.connectwise_url()),
        text_of(&clouds.connectwise_keys.company_id),
        text_of(AUTOTASK),
        text_of(&clouds.autotask_keys.user),
    );
    for placed in &clouds.companies {
        company(&mut text, placed);
    }
    text
}

fn company(text: &mut String, placed: &Placed) {
    let member = &placed.member;
    let _ = write!(
        text,
        "\n[[company]]\nname = {}\npsa = {}\npsa_company_id = {}\nsync_contacts = true\nupdate_existing = true\n",
        text_of(placed.name()),
        text_of(psa_name(member.kind)),
        placed.psa_company_id,
    );
    if member.use_email {
        text.push_str("use_email = true\n");
    }
    let _ = write!(
        text,
        "default_site = {}\n\n  [company.tenant]\n  tenant_id = {}\n  client_id = {}\n  client_secret = {{ env = {} }}\n",
        text_of(member.default_site),
        text_of(&placed.tenant_id),
        text_of(&placed.client_id),
        text_of(&variable(placed)),
    );
    for one in &member.filters {
        filter(text, placed, one);
    }
}

fn filter(text: &mut String, placed: &Placed, filter: &CastFilter) {
    let when: Vec<String> = filter
        .when
        .iter()
        .map(|one| condition(placed, one))
        .collect();
    let _ = writeln!(
        text,
        "\n  [[company.filter]]\n  name = {}\n  when = [{}]",
        text_of(filter.name),
        when.join(", ")
    );
    match filter.site {
        Some(site) => {
            let _ = writeln!(text, "  site = {}", text_of(site));
        }
        None => text.push_str("  exclude = true\n"),
    }
    if let Some(contact_type) = filter.contact_type {
        let _ = writeln!(text, "  contact_type = {}", text_of(contact_type));
    }
}

fn condition(placed: &Placed, condition: &CastCondition) -> String {
    match condition {
        CastCondition::Licensed => "{ licensed = true }".to_owned(),
        CastCondition::Group(name) => {
            let id = placed.member.customer.group_id(name).unwrap_or(name);
            format!("{{ group = {} }}", text_of(id))
        }
        CastCondition::Field(field, value) => {
            format!(
                "{{ field = {}, equals = {} }}",
                text_of(field),
                text_of(value)
            )
        }
        CastCondition::UpnDomain(domain) => format!("{{ upn_domain = {} }}", text_of(domain)),
        CastCondition::Licence(part) => format!("{{ licence = {} }}", text_of(part)),
        CastCondition::Not(inner) => format!("{{ not = {} }}", self::condition(placed, inner)),
    }
}

/// A text as TOML has it.
fn text_of(text: &str) -> String {
    toml::Value::from(text).to_string()
}
