//! Reads both sides whole, with links and settings, into one snapshot. A side that cannot be read completely fails the run;
//! nothing here writes to a PSA.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

use super::facts::Facts;
use super::failure::{RunError, company_gone, stopped};
use super::last::{self, Around, Settings, Sides};
use super::named::{gone, missing_sites, missing_types, still_there};
use super::scene::{COMPANY, CONTACT_TYPES, LIMITS, PHONE_TYPES, SITES, Scene};
use super::snapshot::Snapshot;
use super::tenant::directory_side;
use crate::db::{Conn, dismissals, holds, ignored_users, links, writes};
use crate::http::{ApiError, Kind, send_no_more};
use crate::model::{
    Contact, Field, Link, PsaCompany, PsaCompanyId, Site, TenantId, UserId, Vocabulary,
};

/// What the database knows of a company's people.
#[derive(PartialEq)]
pub struct Remembered {
    /// Links in force.
    pub links: Vec<Link>,
    /// Ignore entries, with the object id where it was seen.
    pub ignored: Vec<(String, Option<UserId>)>,
    /// Dismissed leavers.
    pub dismissed: HashSet<UserId>,
    /// The open hold.
    pub hold: Option<holds::Hold>,
    /// Requests that an earlier run left sent.
    pub left: Vec<writes::LeftSent>,
}

/// Both sides as read.
pub struct Observed {
    /// What the plan is made from.
    pub snapshot: Snapshot,
    /// Words and limits of the PSA.
    pub vocabulary: Vocabulary,
    /// What the database knows.
    pub remembered: Remembered,
    /// Linked users who were found deleted now.
    pub newly_deleted: Vec<UserId>,
    /// Ignore entries whose object id was seen now.
    pub resolved: Vec<(String, UserId)>,
    /// When the reading began: what happened later may not be in it.
    pub read_at: DateTime<Utc>,
}

/// Reads both sides.
///
/// # Errors
/// Where a side cannot be read completely, or something that the settings name is gone.
pub async fn observe(scene: &Scene, facts: &Facts) -> Result<Observed, RunError> {
    let remembered = remembered(scene).await?;
    let read_at = scene.clock.now();
    let together = Together::default();
    let reading = async {
        let sides = tokio::join!(
            together.branch(directory_side(scene, facts, &remembered, &together)),
            together.branch(psa_side(scene, facts, &together, true)),
        );
        match sides {
            (Some(tenant), Some(psa)) => Ok((tenant, psa)),
            _ => Err(together.failure()),
        }
    };
    let (tenant, psa) = tokio::select! {
        read = reading => read?,
        () = scene.stop.wait() => return Err(stopped()),
    };
    let around = Around {
        tenant_id: scene.tenant.tenant_id.clone(),
        psa_id: scene.company.psa_id,
        psa_company_id: scene.company.psa_company_id.clone(),
        groups: tenant.groups,
        skus: tenant.skus,
        sites: psa.sites,
        contact_types: psa.vocabulary.contact_types.clone(),
        limits: psa.vocabulary.limits,
        company_active: psa.company_active,
        newly_deleted: tenant.newly_deleted.clone(),
    };
    let settings = Settings {
        company: &scene.company,
        default_type: scene.connection.default_contact_type.as_ref(),
        ignored_licences: scene.ignored_licences.clone(),
    };
    let sides = Sides {
        users: tenant.users,
        contacts: psa.contacts,
        around,
    };
    let (snapshot, resolved) = last::put_together(settings, &remembered, sides);
    Ok(Observed {
        snapshot,
        vocabulary: psa.vocabulary,
        remembered,
        newly_deleted: tenant.newly_deleted,
        resolved,
        read_at,
    })
}

/// Reads the PSA's side alone, with the company and its sites as they are now, whatever the settings name: all that putting back
/// rests on. The directory has no say in it, and may be out of reach.
///
/// # Errors
/// Where the side cannot be read completely.
pub async fn psa_alone(scene: &Scene, facts: &Facts) -> Result<Observed, RunError> {
    let remembered = remembered(scene).await?;
    let read_at = scene.clock.now();
    let together = Together::default();
    let scope = scene.company_scope();
    let reading = async {
        let read = tokio::join!(
            together.branch(the_company(scene, facts)),
            together.branch(facts.anew(&scope, SITES, || sites_of(scene))),
            together.branch(psa_side(scene, facts, &together, false)),
        );
        match read {
            (Some(company), Some(sites), Some(psa)) => Ok((company, sites, psa)),
            _ => Err(together.failure()),
        }
    };
    let (company, sites, psa) = tokio::select! {
        read = reading => read?,
        () = scene.stop.wait() => return Err(stopped()),
    };
    let around = Around {
        tenant_id: scene.tenant.tenant_id.clone(),
        psa_id: scene.company.psa_id,
        psa_company_id: scene.company.psa_company_id.clone(),
        groups: std::collections::HashMap::new(),
        skus: Vec::new(),
        sites,
        contact_types: psa.vocabulary.contact_types.clone(),
        limits: psa.vocabulary.limits,
        company_active: company.active,
        newly_deleted: Vec::new(),
    };
    let settings = Settings {
        company: &scene.company,
        default_type: None,
        ignored_licences: Vec::new(),
    };
    let read = Sides {
        users: Vec::new(),
        contacts: psa.contacts,
        around,
    };
    let (snapshot, resolved) = last::put_together(settings, &remembered, read);
    Ok(Observed {
        snapshot,
        vocabulary: psa.vocabulary,
        remembered,
        newly_deleted: Vec::new(),
        resolved,
        read_at,
    })
}

/// Readings side by side. The first that fails ends the others, but cuts none off: every request that was sent is counted.
#[derive(Default)]
pub(super) struct Together(Mutex<Option<RunError>>);

impl Together {
    /// One of them; `None` where it failed.
    pub(super) async fn branch<T>(
        &self,
        reading: impl Future<Output = Result<T, RunError>>,
    ) -> Option<T> {
        match reading.await {
            Ok(read) => Some(read),
            Err(error) => {
                let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                first.get_or_insert(error);
                send_no_more();
                None
            }
        }
    }

    /// Why the first failed.
    pub(super) fn failure(&self) -> RunError {
        let first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        first.clone().unwrap_or_else(stopped)
    }
}

async fn remembered(scene: &Scene) -> Result<Remembered, RunError> {
    let company = scene.company.id;
    let tenant = scene.tenant.tenant_id.clone();
    let psa_company = scene.company.psa_company_id.clone();
    let all = scene
        .db
        .read(move |conn| people(conn, company, &tenant, &psa_company));
    Ok(all.await?)
}

/// What the database knows of a company's people, as far as it belongs to this tenant and PSA company.
pub(super) fn people(
    conn: &mut Conn,
    company: i64,
    tenant: &TenantId,
    psa_company: &PsaCompanyId,
) -> diesel::QueryResult<Remembered> {
    Ok(Remembered {
        links: links::in_force(conn, company, tenant, psa_company)?,
        ignored: ignored_users::of_company(conn, company)?,
        dismissed: dismissals::list(conn, company)?.into_iter().collect(),
        hold: holds::open_of(conn, company)?,
        left: writes::left_sent(conn, company)?,
    })
}

struct PsaSide {
    contacts: Vec<Contact>,
    sites: Vec<Site>,
    vocabulary: Vocabulary,
    company_active: bool,
}

/// The PSA's side; `named`: with everything that the settings name.
async fn psa_side(
    scene: &Scene,
    facts: &Facts,
    together: &Together,
    named: bool,
) -> Result<PsaSide, RunError> {
    let psa = &scene.psa;
    let company = &scene.company.psa_company_id;
    let scope = scene.psa_scope();
    let read = tokio::join!(
        together.branch(facts.get(&scope, CONTACT_TYPES, || psa.contact_types())),
        together.branch(facts.get(&scope, PHONE_TYPES, || psa.phone_types())),
        together.branch(facts.get(&scope, LIMITS, || psa.limits())),
    );
    let (Some(contact_types), Some(phone_types), Some(limits)) = read else {
        return Err(together.failure());
    };
    let mut vocabulary = Vocabulary {
        contact_types,
        phone_types,
        limits,
    };
    if !psa.missing_phone_types(&vocabulary).is_empty() {
        vocabulary.phone_types = facts
            .anew(&scope, PHONE_TYPES, || psa.phone_types())
            .await?;
    }
    let missing: Vec<String> = psa
        .missing_phone_types(&vocabulary)
        .into_iter()
        .map(|name| {
            format!("the connection names the phone type {name}, which the PSA does not have")
        })
        .collect();
    if !missing.is_empty() {
        return Err(gone("phone_type", &missing));
    }
    let company_scope = scene.company_scope();
    let read = tokio::join!(
        together.branch(facts.get(&company_scope, SITES, || sites_of(scene))),
        together.branch(async { of_company(scene, psa.contacts(company, &vocabulary).await) }),
    );
    let (Some(mut sites), Some(contacts)) = read else {
        return Err(together.failure());
    };
    if named && !missing_sites(&scene.company, &sites).is_empty() {
        sites = facts
            .anew(&scene.company_scope(), SITES, || sites_of(scene))
            .await?;
    }
    if named && !missing_types(scene, &vocabulary).is_empty() {
        vocabulary.contact_types = facts
            .anew(&scope, CONTACT_TYPES, || psa.contact_types())
            .await?;
    }
    if named {
        still_there(scene, &sites, &vocabulary)?;
    }
    let company_active = believed(scene, facts, &contacts).await?;
    Ok(PsaSide {
        contacts,
        sites,
        vocabulary,
        company_active,
    })
}

/// An empty list of contacts is not believed before the company itself was read. Returns whether the company is active, as far
/// as that is known.
async fn believed(scene: &Scene, facts: &Facts, contacts: &[Contact]) -> Result<bool, RunError> {
    if contacts.is_empty() {
        Ok(the_company(scene, facts).await?.active)
    } else {
        Ok(true)
    }
}

/// Reads the company's contacts once more.
///
/// # Errors
/// As [`observe`].
pub async fn contacts_anew(
    scene: &Scene,
    facts: &Facts,
    observed: &mut Observed,
) -> Result<(), RunError> {
    observed.read_at = scene.clock.now();
    let company = &scene.company.psa_company_id;
    let read = scene.psa.contacts(company, &observed.vocabulary).await;
    observed.snapshot.contacts = of_company(scene, read)?;
    let active = believed(scene, facts, &observed.snapshot.contacts).await?;
    observed.snapshot.rules.company_active &= active;
    Ok(())
}

/// The company's sites as the PSA has them now.
async fn sites_of(scene: &Scene) -> Result<Vec<Site>, RunError> {
    let company = &scene.company.psa_company_id;
    of_company(scene, scene.psa.sites(company).await)
}

/// What belongs to a company is not found where the company itself is gone.
fn of_company<T>(scene: &Scene, read: Result<T, ApiError>) -> Result<T, RunError> {
    read.map_err(|error| match error.kind {
        Kind::NotFound => company_gone(scene.company.psa_company_id.as_str()),
        _ => error.into(),
    })
}

/// The company as the PSA has it now.
async fn the_company(scene: &Scene, facts: &Facts) -> Result<PsaCompany, RunError> {
    let id = &scene.company.psa_company_id;
    let found: Option<PsaCompany> = facts
        .anew(&scene.company_scope(), COMPANY, || async {
            scene.psa.company(id).await
        })
        .await?;
    found.ok_or_else(|| company_gone(id.as_str()))
}

/// Reads anew what the writes of a plan rest on, unless this run has read it: the company, and its sites and the contact types
/// where these fields are written. Returns whether the rules changed by it, so that the plan has to be made again.
///
/// # Errors
/// Where it cannot be read, or something that the settings name is gone.
pub async fn read_anew(
    scene: &Scene,
    facts: &Facts,
    observed: &mut Observed,
    written: &HashSet<Field>,
) -> Result<bool, RunError> {
    let psa = &scene.psa;
    let (company_scope, psa_scope) = (scene.company_scope(), scene.psa_scope());
    let together = Together::default();
    let reading = async {
        tokio::join!(
            together.branch(the_company(scene, facts)),
            together.branch(async {
                if !written.contains(&Field::Site) {
                    return Ok(observed.snapshot.rules.sites.clone());
                }
                facts.anew(&company_scope, SITES, || sites_of(scene)).await
            }),
            together.branch(async {
                if !written.contains(&Field::ContactType) {
                    return Ok(observed.vocabulary.contact_types.clone());
                }
                facts
                    .anew(&psa_scope, CONTACT_TYPES, || psa.contact_types())
                    .await
            }),
        )
    };
    let read = tokio::select! {
        read = reading => read,
        () = scene.stop.wait() => return Err(stopped()),
    };
    let (Some(company), Some(sites), Some(contact_types)) = read else {
        return Err(together.failure());
    };
    let rules = &mut observed.snapshot.rules;
    let changed = rules.sites != sites
        || rules.contact_types != contact_types
        || rules.company_active != company.active;
    rules.sites = sites;
    rules.company_active = company.active;
    rules.contact_types.clone_from(&contact_types);
    observed.vocabulary.contact_types = contact_types;
    still_there(scene, &observed.snapshot.rules.sites, &observed.vocabulary)?;
    Ok(changed)
}
