//! What the page of a company's connection shows, with samples.

use chrono::NaiveDate;
use serde::Serialize;

use crate::model::Cloud;
use crate::web::quarantined::InQuarantine;
use crate::web::setup::{Setup, SetupStep};
use crate::web::{CompanyHead, Page, Part, Place, Tab, TenantDoubt};

/// Tenant and PSA of a company.
#[derive(Clone, Debug, Serialize)]
pub struct ConnectionPage {
    pub(super) head: CompanyHead,
    pub(super) setup: Option<Setup>,
    pub(super) doubt: Option<TenantDoubt>,
    pub(super) tenant: Option<TenantView>,
    /// Why no run reads the tenant by itself now.
    pub(super) tenant_quarantine: Option<InQuarantine>,
    /// Why no run reaches the PSA by itself now.
    pub(super) psa_quarantine: Option<InQuarantine>,
    pub(super) psa: PsaView,
    /// Whether the MSP's own Microsoft app is set up.
    pub(super) shared_app: bool,
    /// Why the last test of the tenant failed; empty: it was not tested; none: nothing is wrong.
    pub(super) trial: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct TenantView {
    pub(super) name: TenantName,
    pub(super) id: String,
    /// Whether it is read through the MSP's own app.
    pub(super) shared: bool,
    pub(super) client_id: String,
    pub(super) certificate: bool,
    pub(super) end: Option<End>,
    pub(super) cloud: String,
    /// Where the app's secrets are in Entra; only of an app of the customer's.
    pub(super) app_link: Option<String>,
}

/// The last day of a secret or certificate.
#[derive(Clone, Debug, Serialize)]
pub(super) struct End {
    pub(super) day: String,
    /// `ok`, `warn` or `bad`.
    pub(super) kind: String,
    pub(super) text: String,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct PsaView {
    /// The row id of the connection.
    pub(super) row: i64,
    pub(super) connection: String,
    pub(super) vendor: String,
    pub(super) id: String,
    pub(super) name: PsaName,
    pub(super) link: Option<String>,
}

/// How the tenant calls itself.
#[derive(Clone, Debug, Serialize)]
pub struct TenantName {
    pub(super) company: i64,
    /// `None`: it is to be read.
    pub(super) name: Option<String>,
    /// Why it could not be read; empty: nothing was wrong.
    pub(super) failure: String,
    /// Whether the page's script asks for it.
    pub(super) asks: bool,
}

/// How the company is called in the PSA.
#[derive(Clone, Debug, Serialize)]
pub struct PsaName {
    pub(super) company: i64,
    /// `None`: it is to be read.
    pub(super) name: Option<String>,
    pub(super) active: bool,
    /// Why it could not be read; empty: nothing was wrong.
    pub(super) failure: String,
}

const HOSTILE: &str = "\"><script>alert(1)</script> \u{202e}txet 🧭";

impl Part for TenantName {
    const TEMPLATE: &'static str = "parts/tenant_name.html";

    fn samples() -> Vec<Self> {
        let unread = Self {
            company: 7,
            name: None,
            failure: String::new(),
            asks: true,
        };
        let read = Self {
            name: Some(HOSTILE.into()),
            ..unread.clone()
        };
        let failed = Self {
            asks: false,
            failure: "The client secret is wrong. Give a new one.".into(),
            ..unread.clone()
        };
        vec![unread, read, failed]
    }
}

impl Part for PsaName {
    const TEMPLATE: &'static str = "parts/psa_company.html";

    fn samples() -> Vec<Self> {
        let unread = Self {
            company: 7,
            name: None,
            active: true,
            failure: String::new(),
        };
        let read = Self {
            name: Some(HOSTILE.into()),
            active: false,
            ..unread.clone()
        };
        let failed = Self {
            failure: "The PSA has no company with the id 250. Choose another one.".into(),
            ..unread.clone()
        };
        vec![unread, read, failed]
    }
}

impl Page for ConnectionPage {
    const TEMPLATE: &'static str = "pages/connection.html";

    fn title(&self) -> String {
        format!("Connection: {}", self.head.name)
    }

    fn place(&self) -> Place {
        Place::Fleet
    }

    fn company(&self) -> Option<CompanyHead> {
        Some(self.head.clone())
    }

    fn samples() -> Vec<Self> {
        let names = PsaName::samples();
        let new = Self {
            head: CompanyHead::sample(Tab::Connection),
            setup: Some(Setup::sample(SetupStep::Tenant)),
            doubt: None,
            tenant: None,
            tenant_quarantine: None,
            psa_quarantine: None,
            psa: PsaView {
                row: 1,
                connection: "ConnectWise".into(),
                vendor: "ConnectWise".into(),
                id: "250".into(),
                name: names[0].clone(),
                link: None,
            },
            shared_app: false,
            trial: None,
        };
        let mut samples = vec![
            new.clone(),
            Self {
                shared_app: true,
                ..new.clone()
            },
        ];
        for (index, name) in TenantName::samples().into_iter().enumerate() {
            let day = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap_or_default();
            let ends = [20, -20, -400].map(|days| end(day - chrono::TimeDelta::days(days), day));
            samples.push(Self {
                setup: None,
                tenant: Some(TenantView {
                    name,
                    id: "6f0c7b1e-0000-4000-8000-000000000001".into(),
                    shared: index == 0,
                    client_id: "8c1d0000-0000-4000-8000-000000000001".into(),
                    certificate: index == 1,
                    end: ends.get(index).cloned().filter(|_| index != 1),
                    cloud: cloud_name(Cloud::Usgov).into(),
                    app_link: (index != 0).then(|| "https://entra.microsoft.com/".into()),
                }),
                psa: PsaView {
                    connection: HOSTILE.repeat(4),
                    name: names[index].clone(),
                    link: Some("https://psa.msp.example/".into()),
                    ..new.psa.clone()
                },
                shared_app: true,
                doubt: Some(TenantDoubt::sample()),
                trial: ["", HOSTILE].get(index).map(|&why| why.to_owned()),
                tenant_quarantine: (index > 0).then(|| InQuarantine {
                    changed: index == 1,
                    consent: index == 2,
                    button: InQuarantine::sample().button.filter(|_| index == 1),
                    ..InQuarantine::sample()
                }),
                psa_quarantine: (index == 2).then(InQuarantine::sample),
                ..new.clone()
            });
        }
        samples.push(Self {
            psa_quarantine: Some(InQuarantine {
                button: None,
                again: None,
                ..InQuarantine::sample()
            }),
            ..new
        });
        samples
    }
}

/// A cloud of Microsoft's, for people.
pub fn cloud_name(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Global => "Worldwide (also GCC)",
        Cloud::Usgov => "US Government (GCC High)",
        Cloud::UsgovDod => "US Government (DoD)",
        Cloud::China => "China (21Vianet)",
    }
}

pub(super) fn end(day: NaiveDate, today: NaiveDate) -> End {
    let left = (day - today).num_days();
    let (kind, text) = match left {
        ..0 => ("bad", "Expired".to_owned()),
        0 => ("warn", "Ends today".to_owned()),
        1 => ("warn", "Ends tomorrow".to_owned()),
        2..=30 => ("warn", format!("Ends in {left} days")),
        _ => ("ok", format!("{left} days left")),
    };
    End {
        day: day.format("%-d %b %Y").to_string(),
        kind: kind.into(),
        text,
    }
}
