//! A customer of the MSP and its settings.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::filter::{Filter, Named};
use super::ids::{PsaCompanyId, SiteId, TenantId};

/// One customer: its place in the PSA and its options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Company {
    /// Row id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The PSA connection's row id.
    pub psa_id: i64,
    /// Its id in the PSA.
    pub psa_company_id: PsaCompanyId,
    /// Whether contacts are synced.
    pub sync_contacts: bool,
    /// Whether contacts that exist are changed.
    pub update_existing: bool,
    /// Whether the user's address is `mail`.
    pub use_email: bool,
    /// Where contacts go whose filter names no site.
    pub default_site: Option<Named<SiteId>>,
    /// Local time of the daily run, `HH:MM`; `None`: spread over the night.
    pub schedule: Option<String>,
    /// IANA zone of the schedule.
    pub timezone: String,
    /// When deactivations are held.
    pub guard: Guard,
    /// Highest priority first.
    pub filters: Vec<Filter>,
    /// Users to leave alone: object ids, or user principal names not seen yet, as written.
    pub ignored: Vec<String>,
}

/// When a run's deactivations are held: `behaviour.md` section 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// So many are never too many.
    pub floor: u32,
    /// Percent of the linked active contacts.
    pub percent: u32,
}

impl Default for Guard {
    fn default() -> Self {
        Self {
            floor: 3,
            percent: 20,
        }
    }
}

/// How Rollcall reads a company's tenant; its secret or certificate is kept apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantConnection {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The app's (client) id.
    pub client_id: String,
    /// Whether it signs in with a certificate (else a secret).
    pub certificate: bool,
    /// End date of the secret or certificate.
    pub expires: Option<NaiveDate>,
    /// The cloud that the tenant lives in.
    pub cloud: Cloud,
}

/// Microsoft's clouds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cloud {
    /// Worldwide, GCC included.
    #[default]
    Global,
    /// US Government L4 (GCC High).
    Usgov,
    /// US Government L5 (DoD).
    UsgovDod,
    /// China, operated by 21Vianet.
    China,
}

impl Cloud {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Global, Self::Usgov, Self::UsgovDod, Self::China];

    /// The word of the fleet file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Usgov => "usgov",
            Self::UsgovDod => "usgov-dod",
            Self::China => "china",
        }
    }

    /// Microsoft's login, without a slash at the end.
    /// Source: Microsoft Entra documentation, "National clouds".
    pub const fn login_url(self) -> &'static str {
        match self {
            Self::Global => "https://login.microsoftonline.com",
            Self::Usgov | Self::UsgovDod => "https://login.microsoftonline.us",
            Self::China => "https://login.partner.microsoftonline.cn",
        }
    }

    /// Microsoft Graph, without a slash at the end. Source: Microsoft Graph documentation, "National cloud deployments".
    pub const fn graph_url(self) -> &'static str {
        match self {
            Self::Global => "https://graph.microsoft.com",
            Self::Usgov => "https://graph.microsoft.us",
            Self::UsgovDod => "https://dod-graph.microsoft.us",
            Self::China => "https://microsoftgraph.chinacloudapi.cn",
        }
    }
}
