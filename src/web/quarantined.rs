//! A connection in quarantine as a page shows it: why, since when, when it is tried again, and the one button that leads to its
//! cure. Judges nothing besides which page the cure is on.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{At, words};
use crate::db::quarantines::Quarantine;
use crate::model::Side;

/// Failures of a sign-in that are the app's, whatever tenant it signs in to.
const OF_AN_APP: [&str; 4] = ["credentials", "secret_expired", "secret_key", "not_set_up"];

/// The company whose connection it is, and who looks.
#[derive(Clone, Copy, Debug)]
pub struct Of<'a> {
    /// The company's row id.
    pub company: i64,
    /// Whether its tenant is read through the MSP's own Microsoft app.
    pub shared: bool,
    /// Whether that signs in with a certificate (else a secret).
    pub certificate: bool,
    /// Whether who looks is an administrator, who may change PSA connections and the Microsoft app.
    pub is_admin: bool,
    /// The time.
    pub now: DateTime<Utc>,
    /// The company's time zone.
    pub zone: &'a str,
}

/// A connection in quarantine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InQuarantine {
    /// Whether it is the PSA's (else the tenant's).
    pub psa: bool,
    /// What happened, as a sentence.
    pub cause: String,
    /// What to do about it, as a sentence.
    pub advice: String,
    /// When it first failed.
    pub since: At,
    /// When it is tried again; `None`: now.
    pub again: Option<At>,
    /// Somebody has saved or tested the connection since it failed: the next run begins at once.
    pub changed: bool,
    /// The button that leads to the cure: what it says, and its address.
    pub button: Option<(&'static str, String)>,
    /// Whether the cure is in the settings of the installation, which are an administrator's.
    pub in_settings: bool,
    /// Whether the cure is another consent of the tenant's administrator, which is asked for by a form.
    pub consent: bool,
}

impl InQuarantine {
    /// How it is shown to somebody.
    pub fn of(one: &Quarantine, of: Of<'_>) -> Self {
        let app = OF_AN_APP.contains(&one.kind.as_str());
        let consent = of.shared && ["consent", "permission"].contains(&one.kind.as_str());
        let page = |tail: &str| format!("/companies/{}/connection{tail}", of.company);
        let (button, in_settings) = match one.owner.side {
            Side::Psa => {
                let to = format!("/settings/psa/{}", one.owner.id);
                (Some(("Mend the PSA connection", to)), true)
            }
            Side::Tenant if of.shared && app => {
                let to = "/settings/microsoft".to_owned();
                (Some(("Mend the Microsoft app", to)), true)
            }
            Side::Tenant if app && of.certificate => {
                (Some(("Replace the certificate", page("/secret"))), false)
            }
            Side::Tenant if app => (Some(("Replace the secret", page("/secret"))), false),
            Side::Tenant if ["tenant", "wrong_tenant"].contains(&one.kind.as_str()) => {
                let to = if of.shared {
                    format!("/companies/{}/disconnect", of.company)
                } else {
                    page("/app")
                };
                let label = if of.shared {
                    "Disconnect this tenant"
                } else {
                    "Change tenant, app or cloud"
                };
                (Some((label, to)), false)
            }
            Side::Tenant => (None, false),
        };
        let button = button.filter(|_| of.is_admin || !in_settings);
        let mut advice = words::sentence(&one.advice);
        if in_settings && !of.is_admin {
            advice.push_str(" An administrator can do that.");
        }
        Self {
            psa: one.owner.side == Side::Psa,
            cause: words::sentence(&one.message),
            advice,
            since: At::there(one.since, of.now, of.zone),
            again: one
                .holds(of.now)
                .then(|| At::there(one.next_try, of.now, of.zone)),
            changed: one.failures == 0 && !one.holds(of.now),
            button,
            in_settings,
            consent,
        }
    }

    /// For the samples of a page.
    pub fn sample() -> Self {
        Self {
            psa: false,
            cause: "Microsoft's login could not sign in (status 401): <b>refused</b>.".into(),
            advice: "Check the secret.".into(),
            since: At::sample(),
            again: Some(At::sample()),
            changed: false,
            button: Some((
                "Replace the secret",
                "/companies/7/connection/secret".into(),
            )),
            in_settings: false,
            consent: false,
        }
    }
}
