//! The journal of a run: each request stands in the history before it leaves, with what stood there before, and what came of it
//! is written down in the transaction in which the next one is.

use chrono::{DateTime, Utc};

use super::apply::Apply;
use super::failure::RunError;
use super::links::Making;
use super::plan::Person;
use super::report::{self, Done};
use crate::db::changes::{AppliedField, NewChange};
use crate::db::writes::{NewWrite, WriteState};
use crate::db::{Conn, changes, links, undos, writes};
use crate::model::{Action, ContactId, Field, LinkMade, Outcome};
use crate::psa::Step;

impl Apply<'_> {
    /// The change and its first request stand in the history before it leaves.
    pub(super) async fn begin(&self, person: &Person, step: &Step) -> Result<(i64, i64), RunError> {
        let change = self.new_change(person);
        let undoes = self.undoes.get(&person.user_id).copied();
        let step = as_json(step);
        let (run, company, now) = (
            self.run.to_owned(),
            self.scene.company.id,
            self.scene.clock.now(),
        );
        self.journal(move |conn| {
            let change_id = changes::insert(conn, &change)?;
            if let Some(undone) = undoes {
                undos::note_change(conn, change_id, undone)?;
            }
            let write_id = sent(conn, (change_id, company, &run), 1, &step, now)?;
            Ok((change_id, write_id))
        })
        .await
    }

    /// A request went through: that, the link of a contact that was made, and the next request or the end, in one transaction.
    pub(super) async fn through(
        &self,
        person: &Person,
        (change_id, write_id): (i64, i64),
        made: Option<ContactId>,
        next: Option<&Step>,
        number: i64,
        done: &Done,
    ) -> Result<Option<i64>, RunError> {
        let now = self.scene.clock.now();
        let (run, company) = (self.run.to_owned(), self.scene.company.id);
        let next = next.map(as_json);
        let fields = fields(person, &done.through);
        let link = made
            .clone()
            .map(|made| self.making(person, made, LinkMade::Created));
        let (user, written) = (person.user_id.clone(), written(person));
        self.journal(move |conn| {
            writes::settle(conn, write_id, WriteState::Applied, None, now)?;
            if let Some(link) = link {
                link.insert(conn, now)?;
            }
            if let Some(step) = next {
                // The next run, should it have to settle what is sent now, finds here what went through before.
                changes::set_fields(conn, change_id, &fields)?;
                return sent(conn, (change_id, company, &run), number, &step, now).map(Some);
            }
            let contact = made.as_ref();
            links::set_written(conn, company, &user, &written)?;
            changes::finish(
                conn,
                change_id,
                Outcome::Applied,
                &fields,
                contact,
                None,
                now,
            )?;
            Ok(None)
        })
        .await
    }

    /// A request did not go through as a whole, or nobody knows. *Applied* is the making of a contact, which is linked.
    pub(super) async fn settle(
        &self,
        person: &Person,
        change_id: i64,
        write: Option<(i64, WriteState)>,
        done: &Done,
    ) -> Result<(), RunError> {
        let now = self.scene.clock.now();
        let fields = fields(person, &done.through);
        let (error, made) = (done.error.clone(), done.contact.clone());
        let is_made = write.is_some_and(|(_, state)| state == WriteState::Applied);
        let link = made.clone().filter(|_| is_made);
        let link = link.map(|made| self.making(person, made, LinkMade::Created));
        self.journal(move |conn| {
            let (error, made) = (error.as_deref(), made.as_ref());
            if let Some((write_id, state)) = write {
                writes::settle(conn, write_id, state, error, now)?;
            }
            if let Some(link) = link {
                link.insert(conn, now)?;
            }
            changes::finish(conn, change_id, Outcome::Failed, &fields, made, error, now)?;
            Ok(())
        })
        .await
    }

    pub(super) fn making(&self, person: &Person, contact_id: ContactId, made: LinkMade) -> Making {
        Making {
            company_id: self.scene.company.id,
            tenant_id: self.scene.tenant.tenant_id.clone(),
            psa_company_id: self.scene.company.psa_company_id.clone(),
            user_id: person.user_id.clone(),
            upn: person.upn.clone(),
            contact_id,
            made,
            made_run: Some(self.run.to_owned()),
        }
    }

    pub(super) fn new_change(&self, person: &Person) -> NewChange {
        let before = person.contact.as_ref().and_then(|id| self.contacts.get(id));
        let linked = person.action == Action::Link;
        let now = self.scene.clock.now();
        NewChange {
            run_id: self.run.to_owned(),
            company_id: self.scene.company.id,
            user_id: person.user_id.clone(),
            upn: person.upn.clone(),
            name: person.name.clone(),
            contact_id: person.contact.clone(),
            action: person.action,
            reason: report::reason(&person.reason),
            filter: person.filter.clone(),
            site: person.site.as_ref().map(|site| site.name.clone()),
            fields: fields(person, &[]),
            before: before.map(|contact| (*contact).clone()),
            outcome: if linked {
                Outcome::Applied
            } else {
                Outcome::None
            },
            error: None,
            created_at: now,
            finished_at: linked.then_some(now),
        }
    }
}

fn fields(person: &Person, through: &[Field]) -> Vec<AppliedField> {
    person
        .fields
        .iter()
        .map(|change| AppliedField {
            field: change.field,
            from: change.from.clone(),
            to: change.to.clone(),
            applied: through.contains(&change.field),
        })
        .collect()
}

/// A request stands in the journal before it leaves; returns its row id.
fn sent(
    conn: &mut Conn,
    (change_id, company_id, run_id): (i64, i64, &str),
    seq: i64,
    step: &serde_json::Value,
    sent_at: DateTime<Utc>,
) -> diesel::QueryResult<i64> {
    writes::insert_sent(
        conn,
        &NewWrite {
            change_id,
            run_id,
            company_id,
            seq,
            step,
            sent_at,
        },
    )
}

/// What a change wrote, for the link: the new value of each field.
fn written(person: &Person) -> serde_json::Value {
    let fields = person.fields.iter();
    fields
        .map(|change| (change.field.as_str().to_owned(), report::value(&change.to)))
        .collect()
}

fn as_json(step: &Step) -> serde_json::Value {
    serde_json::to_value(step).unwrap_or_default()
}
