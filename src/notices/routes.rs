//! The ways out: who hears of which companies, and the shape of a mail and of a call that leaves. Sends nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;
use uuid::Uuid;

use super::letters::Drawn;
use super::settings::{Audience, Kind};
use super::{MAIL_WAY, WEBHOOK_WAY};
use crate::config::Config;
use crate::db::company_notices::CompanyNotices;
use crate::db::deliveries::NewDelivery;

/// The ways that are set up, and who hears of what.
#[derive(Default)]
pub struct Routes {
    /// The sender's domain, where mail is set up.
    pub domain: Option<String>,
    /// Whether a webhook is set up.
    pub webhook: bool,
    /// Who hears of all companies, and of what nobody does.
    pub audience: Audience,
    /// What is set for each company.
    pub own: HashMap<i64, CompanyNotices>,
    /// The portal's address as people reach it, without a slash at the end.
    pub portal: Option<String>,
}

crate::model::debug_by!(Routes, domain, webhook, audience, own, portal);

/// Who sees the same: these companies, or all of them.
pub(super) type Circle = (Option<BTreeSet<i64>>, Vec<String>);

impl Routes {
    pub(super) fn hears(&self, of: Kind) -> bool {
        !self.audience.silent.contains(&of)
    }

    /// Who hears of these companies by mail: everybody of all of them (`None`), others of theirs.
    pub(super) fn circles(&self, companies: &BTreeSet<i64>) -> Vec<Circle> {
        if self.domain.is_none() {
            return Vec::new();
        }
        let everybody = &self.audience.everybody;
        let is_known = |one: &str| {
            everybody
                .iter()
                .any(|known| known.eq_ignore_ascii_case(one))
        };
        let mut own: BTreeMap<String, (String, BTreeSet<i64>)> = BTreeMap::new();
        for company in companies {
            let set = self.own.get(company).map(|set| set.recipients.as_slice());
            for address in set.unwrap_or_default().iter().filter(|one| !is_known(one)) {
                let entry = own.entry(address.to_ascii_lowercase());
                let (_, theirs) = entry.or_insert_with(|| (address.clone(), BTreeSet::new()));
                theirs.insert(*company);
            }
        }
        let mut circles: BTreeMap<BTreeSet<i64>, Vec<String>> = BTreeMap::new();
        for (address, theirs) in own.into_values() {
            circles.entry(theirs).or_default().push(address);
        }
        let mut all = Vec::new();
        if !everybody.is_empty() {
            all.push((None, everybody.clone()));
        }
        all.extend(circles.into_iter().map(|(theirs, who)| (Some(theirs), who)));
        all
    }
}

/// What people can open a link with: the address that was set, or where the portal listens, unless only this machine reaches it.
pub fn portal(config: &Config) -> Option<String> {
    let reachable = config.is_simulated() || !config.listen.ip().is_loopback();
    let reachable = reachable && !config.listen.ip().is_unspecified();
    let set = config.public_url.is_some() || reachable;
    set.then(|| config.portal_url())
}

/// A mail that is to leave.
pub fn letter(domain: &str, kind: &'static str, to: &str, drawn: &Drawn) -> NewDelivery {
    NewDelivery {
        way: MAIL_WAY,
        kind,
        recipient: to.to_owned(),
        message_id: format!("{}@{domain}", Uuid::now_v7()),
        subject: drawn.subject.clone(),
        body: drawn.text.clone(),
        html: drawn.html.clone(),
    }
}

/// A call that is to leave, with its JSON: `docs/WEBHOOK.md`.
pub fn call(
    kind: &'static str,
    cause: &str,
    (title, text): (&str, &str),
    companies: &[(i64, &str)],
    link: Option<&str>,
    at: DateTime<Utc>,
) -> NewDelivery {
    let id = Uuid::now_v7().to_string();
    let companies: Vec<_> = companies
        .iter()
        .map(|(id, name)| json!({ "id": id, "name": name }))
        .collect();
    let body = json!({
        "id": id,
        "kind": kind,
        "cause": cause,
        "title": title,
        "text": text,
        "companies": companies,
        "link": link,
        "at": at.to_rfc3339_opts(SecondsFormat::Secs, true),
    });
    NewDelivery {
        way: WEBHOOK_WAY,
        kind,
        recipient: String::new(),
        message_id: id,
        subject: title.to_owned(),
        body: body.to_string(),
        html: String::new(),
    }
}
