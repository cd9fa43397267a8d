//! What everything came to, whether or not a run died on the way.

use rollcall::db::writes::WriteState;
use rollcall::db::{Db, changes, links, runs, tenant_connections, writes};
use rollcall::model::{Action, Outcome};

use crate::stage::{Plain, PsaCloud};

/// What must not depend on whether a run died: contacts, links, and the history of what went through, by the contact's
/// address, since ids are given in the order of creation.
pub struct End {
    contacts: Vec<Plain>,
    /// User principal name, contact, how it was made, and whether the user is deleted.
    links: Vec<(String, String, &'static str, bool)>,
    /// User principal name, contact, field, from, to.
    history: Vec<[String; 5]>,
}

impl End {
    /// Asserts that two ends are the same, and shows no more than what differs.
    pub fn same(&self, other: &Self, when: &str) {
        fn apart<T: std::fmt::Debug + PartialEq>(one: &[T], other: &[T], of: &str) -> Vec<String> {
            let only = |these: &[T], those: &[T], sign: &str| {
                let twice = |item: &&T| {
                    let count = |all: &[T]| all.iter().filter(|each| each == item).count();
                    count(these) > count(those)
                };
                let found = these.iter().filter(twice);
                found
                    .map(|item| format!("{sign} {of} {item:?}"))
                    .collect::<Vec<_>>()
            };
            [only(one, other, "+"), only(other, one, "-")].concat()
        }
        let differences = [
            apart(&self.contacts, &other.contacts, "contact"),
            apart(&self.links, &other.links, "link"),
            apart(&self.history, &other.history, "history"),
        ]
        .concat();
        assert!(
            differences.is_empty(),
            "{when}:\n{}",
            differences.join("\n")
        );
    }

    pub async fn of(db: &Db, company: i64, psa: &PsaCloud) -> Self {
        let mut contacts = psa.look();
        let address = |id: &str| {
            let mut contacts = contacts.iter().filter(|contact| contact.id == id);
            contacts
                .next()
                .and_then(|contact| contact.email.clone())
                .unwrap_or_default()
        };
        let psa_company = crate::stage::psa::COMPANY.to_string().into();
        let (linked, changed, states, open) = db
            .read(move |conn| {
                let tenant = tenant_connections::get(conn, company)?.unwrap();
                let found = links::in_force(conn, company, &tenant.tenant_id, &psa_company)?;
                let (mut lines, mut states, mut open) = (Vec::new(), Vec::new(), 0);
                for run in runs::list(conn, company, i64::MAX)? {
                    lines.extend(changes::of_run(conn, &run.id)?);
                    states.extend(writes::of_run(conn, &run.id)?);
                    open += u32::from(run.running);
                }
                Ok((found, lines, states, open))
            })
            .await
            .unwrap();
        assert_eq!(open, 0, "a run that is over is written down as over");
        assert!(
            states.iter().all(|write| write.state != WriteState::Sent),
            "all is settled"
        );
        let mut links: Vec<_> = linked
            .into_iter()
            .map(|link| {
                let contact = address(link.contact_id.as_str());
                (link.upn, contact, link.made.as_str(), link.user_deleted)
            })
            .collect();
        links.sort();
        let mut history = Vec::new();
        for line in changed {
            let line = line.change;
            let contact = line
                .contact_id
                .map(|id| address(id.as_str()))
                .unwrap_or_default();
            if line.action == Action::Link && line.outcome == Outcome::Applied {
                let linked = ["link", "", ""].map(str::to_owned);
                let [field, from, to] = linked;
                history.push([line.upn.clone(), contact.clone(), field, from, to]);
            }
            for field in line.fields.iter().filter(|field| field.applied) {
                let value = |value| rollcall::sync::report::value(value).to_string();
                history.push([
                    line.upn.clone(),
                    contact.clone(),
                    field.field.as_str().to_owned(),
                    value(&field.from),
                    value(&field.to),
                ]);
            }
        }
        history.sort();
        for contact in &mut contacts {
            contact.id.clear();
            contact.other_emails.sort();
        }
        contacts.sort_by(|one, other| one.email.cmp(&other.email));
        Self {
            contacts,
            links,
            history,
        }
    }
}
