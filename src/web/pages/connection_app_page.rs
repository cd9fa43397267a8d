//! What the page of an app of the customer's shows.

use serde::Serialize;

use super::connection_page::cloud_name;
use crate::model::Cloud;
use crate::web::{CompanyHead, Mistakes, Page, Place, Tab, TenantDoubt};

/// An app of the customer's.
#[derive(Clone, Debug, Serialize)]
pub struct AppPage {
    pub(super) head: CompanyHead,
    pub(super) version: i64,
    /// Only the secret is replaced; tenant, app and cloud stay.
    pub(super) only_secret: bool,
    pub(super) tenant_id: String,
    pub(super) client_id: String,
    pub(super) clouds: Vec<CloudChoice>,
    /// `keep`, `secret` or `certificate`.
    pub(super) way: String,
    /// What is stored and may stay; empty: nothing.
    pub(super) stored: String,
    pub(super) expires: String,
    /// So many links retire with another tenant.
    pub(super) links: i64,
    pub(super) mistakes: Mistakes,
    /// The test has failed: it may be saved without one.
    pub(super) failed: bool,
    /// Who saved meanwhile, as a sentence; empty: nobody.
    pub(super) stale: String,
    /// Why the tenant may be another customer's: it is asked before anything is saved.
    pub(super) doubt: Option<AppDoubt>,
}

/// What is asked about a tenant before it is saved.
#[derive(Clone, Debug, Serialize)]
pub(super) struct AppDoubt {
    /// The tenant that is meant.
    pub(super) tenant: String,
    /// Whether it was to be saved without a test.
    pub(super) untested: bool,
    pub(super) why: TenantDoubt,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct CloudChoice {
    pub(super) word: String,
    pub(super) name: String,
    pub(super) chosen: bool,
}

impl Page for AppPage {
    const TEMPLATE: &'static str = "pages/connection_app.html";

    fn title(&self) -> String {
        let what = if self.only_secret {
            "Replace the secret"
        } else {
            "Customer's app"
        };
        format!("{what}: {}", self.head.name)
    }

    fn place(&self) -> Place {
        Place::Fleet
    }

    fn company(&self) -> Option<CompanyHead> {
        Some(self.head.clone())
    }

    fn samples() -> Vec<Self> {
        let new = Self {
            head: CompanyHead::sample(Tab::Connection),
            version: 1,
            only_secret: false,
            tenant_id: String::new(),
            client_id: String::new(),
            clouds: clouds(Cloud::Global),
            way: "secret".into(),
            stored: String::new(),
            expires: String::new(),
            links: 0,
            mistakes: Mistakes::default(),
            failed: false,
            stale: String::new(),
            doubt: None,
        };
        let wrong = [
            "tenant_id",
            "client_id",
            "client_secret",
            "certificate",
            "certificate_password",
            "expires",
            "cloud",
            "confirm",
        ];
        let asked = |why, untested| Self {
            doubt: Some(AppDoubt {
                tenant: "6f0c7b1e-0000-4000-8000-000000000001".into(),
                untested,
                why,
            }),
            ..new.clone()
        };
        let [shared, strange] = TenantDoubt::samples();
        vec![
            new.clone(),
            Self {
                way: "keep".into(),
                stored: "client secret".into(),
                links: 128,
                tenant_id: "\"><script>alert(1)</script> \u{202e}txet".into(),
                client_id: "é🧭".repeat(100),
                expires: "2026-12-31".into(),
                mistakes: wrong
                    .into_iter()
                    .map(|field| (field, "This is <script> wrong."))
                    .collect(),
                failed: true,
                stale: "Robin <b> changed this company 3 minutes ago.".into(),
                ..new.clone()
            },
            asked(TenantDoubt::sample(), true),
            asked(shared, false),
            asked(strange, false),
            Self {
                only_secret: true,
                way: "certificate".into(),
                ..new
            },
        ]
    }
}

pub(super) fn clouds(chosen: Cloud) -> Vec<CloudChoice> {
    Cloud::ALL
        .map(|cloud| CloudChoice {
            word: cloud.as_str().into(),
            name: cloud_name(cloud).into(),
            chosen: cloud == chosen,
        })
        .into()
}
