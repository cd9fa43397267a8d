//! The last complete reading of a company, kept and put together again: the snapshot from the database alone, with any settings.
//! Sends no request; it is as old as it says.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::observe::{self, Observed, Remembered};
use super::plan::{self, Plan};
use super::readings::{Inputs, Readings};
use super::scene::{self, Scene};
use super::settling;
use super::snapshot::{Rules, Snapshot};
use crate::db::changes::{self, Written};
use crate::db::readings::{self as kept, Reading};
use crate::db::{Conn, Db, DbError, psa_connections, tenant_connections};
use crate::model::filter::Named;
use crate::model::{
    Action, Company, Contact, ContactId, ContactType, ContactTypeId, Field, FieldValue, GroupId,
    Limits, Link, PsaCompanyId, Site, Sku, TenantId, User, UserId, text,
};

/// A company as it was last read, with links, ignored and dismissed people and the hold as they are now.
#[derive(Clone, Debug)]
pub struct Last {
    /// What a plan can be made from, without a request.
    pub snapshot: Snapshot,
    /// When it was read.
    pub read_at: DateTime<Utc>,
    /// The run or preview that read it; the stored plan is of the same one.
    pub run_id: String,
    plan: OnceLock<Plan>,
}

impl Last {
    /// What a run would do by it, decided when it is first asked for.
    pub fn plan(&self) -> &Plan {
        self.plan.get_or_init(|| plan::plan(&self.snapshot))
    }
}

/// What was read besides users and contacts, and of whom.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Around {
    pub(super) tenant_id: TenantId,
    pub(super) psa_id: i64,
    pub(super) psa_company_id: PsaCompanyId,
    pub(super) groups: HashMap<GroupId, HashSet<UserId>>,
    pub(super) skus: Vec<Sku>,
    pub(super) sites: Vec<Site>,
    pub(super) contact_types: Option<Vec<ContactType>>,
    pub(super) limits: Limits,
    pub(super) company_active: bool,
    /// Linked users who were found deleted: after a preview, the links do not know it yet.
    #[serde(default)]
    pub(super) newly_deleted: Vec<UserId>,
}

/// Both sides as they were read.
#[derive(Clone)]
pub(super) struct Sides {
    pub(super) users: Vec<User>,
    pub(super) contacts: Vec<Contact>,
    pub(super) around: Around,
}

/// The settings that a plan is made with.
pub(super) struct Settings<'a> {
    pub(super) company: &'a Company,
    pub(super) default_type: Option<&'a Named<ContactTypeId>>,
    pub(super) ignored_licences: Vec<String>,
}

/// The company as it was last read, by a run or for a preview, and as the run that read it left it, with exactly these settings (filters, options, guard, ignored users), saved or not. `None`
/// where nothing was read yet, or only in another tenant or PSA company.
///
/// The members of a group that no filter named when it was read are not in it.
///
/// # Errors
/// Where the database fails.
pub async fn snapshot(
    db: &Db,
    readings: &Readings,
    company: &Company,
) -> Result<Option<Arc<Last>>, DbError> {
    let (company, readings) = (company.clone(), readings.clone());
    db.read(move |conn| {
        let Some(tenant) = tenant_connections::get(conn, company.id)? else {
            return Ok(None);
        };
        let Some((run_id, read_at)) = kept::run_of(conn, company.id)? else {
            return Ok(None);
        };
        let Some(sides) = understood(conn, &readings, (company.id, &run_id))? else {
            return Ok(None);
        };
        let around = &sides.around;
        if around.tenant_id != tenant.tenant_id
            || (around.psa_id, &around.psa_company_id) != (company.psa_id, &company.psa_company_id)
        {
            return Ok(None);
        }
        let written = changes::written_by(conn, &run_id)?;
        let place = (&tenant.tenant_id, &company.psa_company_id);
        let remembered = observe::people(conn, company.id, place.0, place.1)?;
        let connection = psa_connections::get(conn, company.psa_id)?;
        let inputs = Inputs {
            default_type: connection.and_then(|one| one.default_contact_type),
            ignored_licences: scene::ignored_licences(conn)?,
            company,
            written,
            remembered,
        };
        let company = inputs.company.id;
        if let Some(last) = readings.together(company, &run_id, &inputs) {
            return Ok(Some(last));
        }
        let settings = Settings {
            company: &inputs.company,
            default_type: inputs.default_type.as_ref(),
            ignored_licences: inputs.ignored_licences.clone(),
        };
        let mut sides = Arc::unwrap_or_clone(sides);
        bring_up(&mut sides.contacts, &inputs.written);
        let (mut snapshot, _) = put_together(settings, &inputs.remembered, sides);
        settling::suppose(&inputs.remembered.left, &mut snapshot);
        let last = Arc::new(Last {
            snapshot,
            read_at,
            run_id,
            plan: OnceLock::new(),
        });
        readings.keep_together(company, inputs, &last);
        Ok(Some(last))
    })
    .await
}

/// The reading of this run, from memory where it is kept there; `None` where it cannot be understood.
fn understood(
    conn: &mut Conn,
    readings: &Readings,
    (company, run): (i64, &str),
) -> diesel::QueryResult<Option<Arc<Sides>>> {
    if let Some(sides) = readings.get(company, run) {
        return Ok(Some(sides));
    }
    let found = kept::get(conn, company)?;
    let Some(sides) = found.as_ref().and_then(sides).map(Arc::new) else {
        tracing::warn!(
            company.id = company,
            "The stored reading cannot be understood; the next run or preview reads anew"
        );
        return Ok(None);
    };
    readings.keep(company, run, &sides);
    Ok(Some(sides))
}

fn sides(reading: &Reading) -> Option<Sides> {
    Some(Sides {
        users: serde_json::from_str(&reading.users).ok()?,
        contacts: serde_json::from_str(&reading.contacts).ok()?,
        around: serde_json::from_str(&reading.rest).ok()?,
    })
}

/// A run reads first and writes then: the contacts as its own writes left them, and those that it made.
fn bring_up(contacts: &mut Vec<Contact>, written: &[Written]) {
    let mut places: HashMap<ContactId, usize> = HashMap::new();
    for (at, contact) in contacts.iter().enumerate() {
        places.insert(contact.id.clone(), at);
    }
    for change in written {
        let id = &change.contact_id;
        let place = match places.get(id) {
            Some(&place) => place,
            None if change.action == Action::Create => {
                places.insert(id.clone(), contacts.len());
                contacts.push(Contact {
                    id: id.clone(),
                    active: true,
                    ..Contact::default()
                });
                contacts.len() - 1
            }
            None => continue,
        };
        for field in change.fields.iter().filter(|field| field.applied) {
            write(&mut contacts[place], field.field, &field.to);
        }
    }
}

fn write(contact: &mut Contact, field: Field, value: &FieldValue) {
    let text = match value {
        FieldValue::Text(text) => Some(text.clone()),
        _ => None,
    };
    match (field, value) {
        (Field::Active, FieldValue::Flag(active)) => contact.active = *active,
        (Field::FirstName, _) => contact.first_name = text,
        (Field::LastName, _) => contact.last_name = text,
        (Field::Title, _) => contact.title = text,
        (Field::Phone, _) => contact.phone = text,
        (Field::Mobile, _) => contact.mobile = text,
        (Field::Email, _) => contact.email = text,
        (Field::Site, FieldValue::Site(id, _)) => contact.site = Some(id.clone()),
        (Field::ContactType, FieldValue::ContactType(id, _)) => contact.types.push(id.clone()),
        (Field::Site, FieldValue::Blank) => contact.site = None,
        (Field::Active | Field::Site | Field::ContactType, _) => {}
    }
}

/// What a run read, as it is kept.
pub(super) fn reading(scene: &Scene, observed: &Observed, run: &str) -> Reading {
    let snapshot = &observed.snapshot;
    let around = Around {
        tenant_id: scene.tenant.tenant_id.clone(),
        psa_id: scene.company.psa_id,
        psa_company_id: scene.company.psa_company_id.clone(),
        groups: snapshot.groups.clone(),
        skus: snapshot.skus.clone(),
        sites: snapshot.rules.sites.clone(),
        contact_types: snapshot.rules.contact_types.clone(),
        limits: snapshot.rules.limits,
        company_active: snapshot.rules.company_active,
        newly_deleted: observed.newly_deleted.clone(),
    };
    Reading {
        company_id: scene.company.id,
        run_id: run.to_owned(),
        read_at: observed.read_at,
        users: as_text(&snapshot.users),
        contacts: as_text(&snapshot.contacts),
        rest: as_text(&around),
    }
}

/// The company's last reading with the contacts as they were read now, by a run that did not read the directory. It is as old
/// as it was; `None` where there is none of this tenant and PSA company.
pub(super) fn with_contacts(
    conn: &mut Conn,
    snapshot: &Snapshot,
    place: (&TenantId, i64, &PsaCompanyId),
    (company, run): (i64, &str),
) -> diesel::QueryResult<Option<Reading>> {
    let Some(reading) = kept::get(conn, company)? else {
        return Ok(None);
    };
    let around = serde_json::from_str::<Around>(&reading.rest).ok();
    let around =
        around.filter(|around| (&around.tenant_id, around.psa_id, &around.psa_company_id) == place);
    Ok(around.map(|around| Reading {
        run_id: run.to_owned(),
        contacts: as_text(&snapshot.contacts),
        rest: as_text(&Around {
            sites: snapshot.rules.sites.clone(),
            company_active: snapshot.rules.company_active,
            ..around
        }),
        ..reading
    }))
}

fn as_text<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// One snapshot from both sides, from what the database knows of the people, and from settings; and the ignore entries whose
/// object id is known now.
pub(super) fn put_together(
    settings: Settings<'_>,
    remembered: &Remembered,
    sides: Sides,
) -> (Snapshot, Vec<(String, UserId)>) {
    let Settings {
        company,
        default_type,
        ignored_licences,
    } = settings;
    let (users, around) = (sides.users, sides.around);
    let known: HashMap<&str, &UserId> = remembered
        .ignored
        .iter()
        .filter_map(|(entry, user)| Some((entry.as_str(), user.as_ref()?)))
        .collect();
    let entries = company.ignored.iter().map(String::as_str);
    let entries: Vec<_> = entries
        .map(|entry| (entry, known.get(entry).copied()))
        .collect();
    let (resolved, ignored) = ignored(&entries, &users, &remembered.links);
    let mut deleted: HashSet<UserId> = around.newly_deleted.into_iter().collect();
    let listed: HashSet<&UserId> = users.iter().map(|user| &user.id).collect();
    deleted.extend(
        remembered
            .links
            .iter()
            .filter(|link| link.user_deleted && !listed.contains(&link.user_id))
            .map(|link| link.user_id.clone()),
    );
    let hold = remembered.hold.as_ref();
    let snapshot = Snapshot {
        deleted,
        groups: around.groups,
        skus: around.skus,
        contacts: sides.contacts,
        links: remembered.links.clone(),
        ignored,
        dismissed: remembered.dismissed.clone(),
        unsettled: HashMap::new(),
        hold: hold.map(|hold| {
            hold.people
                .iter()
                .map(|person| person.user_id.clone())
                .collect()
        }),
        rules: Rules {
            update_existing: company.update_existing,
            use_email: company.use_email,
            filters: company.filters.clone(),
            default_site: company.default_site.clone(),
            default_type: default_type.cloned(),
            guard: company.guard,
            ignored_licences,
            limits: around.limits,
            sites: around.sites,
            contact_types: around.contact_types,
            company_active: around.company_active,
        },
        users,
    };
    (snapshot, resolved)
}

/// Ignore entries as object ids; a user principal name becomes one when its user is first seen.
fn ignored(
    entries: &[(&str, Option<&UserId>)],
    users: &[User],
    links: &[Link],
) -> (Vec<(String, UserId)>, HashSet<UserId>) {
    let (mut resolved, mut ids) = (Vec::new(), HashSet::new());
    for (entry, known) in entries {
        if let Some(id) = known {
            ids.insert((*id).clone());
            continue;
        }
        ids.insert(UserId::new(entry));
        let name = text::folded(entry);
        // A link remembers the name of a user who was deleted or renamed before a run saw the entry.
        let listed = users.iter().map(|user| (&user.id, &user.upn));
        let linked = links.iter().map(|link| (&link.user_id, &link.upn));
        if let Some((id, _)) = listed
            .chain(linked)
            .find(|(_, upn)| text::folded(upn) == name)
        {
            resolved.push(((*entry).to_owned(), id.clone()));
            ids.insert(id.clone());
        }
    }
    (resolved, ids)
}
