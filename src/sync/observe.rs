//! Reads both sides whole, with links and settings, into one snapshot. A side that cannot be read completely fails the run;
//! nothing here writes to a PSA.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use super::facts::{Facts, Readers};
use super::failure::{RunError, company_gone, failure, stopped};
use super::select;
use super::snapshot::{Licences, Rules, Snapshot};
use super::stop::Stop;
use crate::clock::Clock;
use crate::db::{Db, dismissals, holds, ignored_users, links, writes};
use crate::directory::Directory;
use crate::http::{ApiError, Kind, send_no_more};
use crate::model::{
    Company, Contact, DirectoryField, GroupId, Link, PsaCompany, PsaConnection, Site, Sku, Target,
    TenantConnection, Test, User, UserId, Vocabulary, text,
};
use crate::psa::Psa;

/// Everything that a run of one company needs.
pub struct Scene {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// One reader at a time for each shared fact.
    pub readers: Readers,
    /// Whether the program is asked to end.
    pub stop: Stop,
    /// The company.
    pub company: Company,
    /// Its tenant.
    pub tenant: TenantConnection,
    /// Its PSA connection.
    pub connection: PsaConnection,
    /// The tenant's client.
    pub directory: Arc<Directory>,
    /// The PSA's client.
    pub psa: Arc<dyn Psa>,
    /// Licences that do not count.
    pub ignored_licences: Vec<String>,
}

impl Scene {
    /// The scope of facts about the PSA.
    pub fn psa_scope(&self) -> String {
        psa_scope(self.connection.id)
    }

    /// The scope of facts about the company in the PSA.
    pub fn company_scope(&self) -> String {
        format!("company:{}", self.company.id)
    }

    /// The scope of facts about the tenant.
    pub fn tenant_scope(&self) -> String {
        format!("tenant:{}", self.tenant.tenant_id)
    }
}

/// The scope of facts about a PSA connection.
pub fn psa_scope(id: i64) -> String {
    format!("psa:{id}")
}

/// The name of the fact where a PSA's API was found.
pub const ADDRESS: &str = "address";
/// The name of the fact which sites a company has.
pub const SITES: &str = "sites";
/// The name of the fact which contact types a PSA has.
pub const CONTACT_TYPES: &str = "contact_types";
/// The name of the fact which phone types a PSA has.
pub const PHONE_TYPES: &str = "phone_types";
/// The name of the fact how long a PSA's fields may be.
pub const LIMITS: &str = "limits";
/// The name of the fact what the PSA's company is.
pub const COMPANY: &str = "company";
/// The name of the fact that the tenant is the configured one.
pub const ORGANIZATION: &str = "organization";
/// The name of the fact which licences a tenant has.
pub const SKUS: &str = "skus";

/// The tenant's licences, and names that were looked for in vain.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Skus {
    skus: Vec<Sku>,
    unknown: BTreeSet<String>,
}

/// What the database knows of a company's people.
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
            together.branch(psa_side(scene, facts, &together)),
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
    let (resolved, ignored) = ignored(&remembered.ignored, &tenant.users);
    let mut deleted: HashSet<UserId> = tenant.newly_deleted.iter().cloned().collect();
    let listed: HashSet<&UserId> = tenant.users.iter().map(|user| &user.id).collect();
    deleted.extend(
        remembered
            .links
            .iter()
            .filter(|link| link.user_deleted && !listed.contains(&link.user_id))
            .map(|link| link.user_id.clone()),
    );
    let hold = remembered.hold.as_ref();
    let company = &scene.company;
    let snapshot = Snapshot {
        deleted,
        groups: tenant.groups,
        skus: tenant.skus,
        contacts: psa.contacts,
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
            default_type: scene.connection.default_contact_type.clone(),
            guard: company.guard,
            ignored_licences: scene.ignored_licences.clone(),
            limits: psa.vocabulary.limits,
            sites: psa.sites,
            contact_types: psa.vocabulary.contact_types.clone(),
            company_active: psa.company_active,
        },
        users: tenant.users,
    };
    Ok(Observed {
        snapshot,
        vocabulary: psa.vocabulary,
        remembered,
        newly_deleted: tenant.newly_deleted,
        resolved,
        read_at,
    })
}

/// Readings side by side. The first that fails ends the others, but cuts none off: every request that was sent is counted.
#[derive(Default)]
struct Together(Mutex<Option<RunError>>);

impl Together {
    /// One of them; `None` where it failed.
    async fn branch<T>(&self, reading: impl Future<Output = Result<T, RunError>>) -> Option<T> {
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
    fn failure(&self) -> RunError {
        let first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        first.clone().unwrap_or_else(stopped)
    }
}

async fn remembered(scene: &Scene) -> Result<Remembered, RunError> {
    let company = scene.company.id;
    let tenant = scene.tenant.tenant_id.clone();
    let psa_company = scene.company.psa_company_id.clone();
    let all = scene.db.read(move |conn| {
        Ok(Remembered {
            links: links::in_force(conn, company, &tenant, &psa_company)?,
            ignored: ignored_users::of_company(conn, company)?,
            dismissed: dismissals::list(conn, company)?.into_iter().collect(),
            hold: holds::open_of(conn, company)?,
            left: writes::left_sent(conn, company)?,
        })
    });
    Ok(all.await?)
}

/// Ignore entries as object ids; a user principal name becomes one when its user is first seen.
fn ignored(
    entries: &[(String, Option<UserId>)],
    users: &[User],
) -> (Vec<(String, UserId)>, HashSet<UserId>) {
    let (mut resolved, mut ids) = (Vec::new(), HashSet::new());
    for (entry, known) in entries {
        if let Some(id) = known {
            ids.insert(id.clone());
            continue;
        }
        ids.insert(UserId::new(entry));
        let name = text::folded(entry);
        if let Some(user) = users.iter().find(|user| text::folded(&user.upn) == name) {
            resolved.push((entry.clone(), user.id.clone()));
            ids.insert(user.id.clone());
        }
    }
    (resolved, ids)
}

struct TenantSide {
    users: Vec<User>,
    groups: HashMap<GroupId, HashSet<UserId>>,
    skus: Vec<Sku>,
    newly_deleted: Vec<UserId>,
}

async fn directory_side(
    scene: &Scene,
    facts: &Facts,
    remembered: &Remembered,
    together: &Together,
) -> Result<TenantSide, RunError> {
    let (directory, scope) = (&scene.directory, scene.tenant_scope());
    let fields = fields_in_use(&scene.company);
    let groups = groups_in_use(&scene.company);
    let read = tokio::join!(
        together.branch(facts.get(&scope, ORGANIZATION, || directory.confirm_tenant())),
        together.branch(async { Ok(directory.users(&fields).await?) }),
        join_all(
            groups
                .into_iter()
                .map(|(id, label)| together.branch(members(directory, id, label)))
        ),
        together.branch(facts.get(&scope, SKUS, || async {
            Ok::<_, ApiError>(Skus {
                skus: directory.skus().await?,
                unknown: BTreeSet::new(),
            })
        })),
    );
    let (Some(_), Some(mut users), groups, Some(skus)) = read else {
        return Err(together.failure());
    };
    let Some(groups) = groups.into_iter().collect::<Option<HashMap<_, _>>>() else {
        return Err(together.failure());
    };
    if let Some(silence) = select::unreadable(&users) {
        return Err(failure(
            "permission",
            format!(
                "Microsoft Graph gives {} for no user of the tenant",
                silence.field()
            ),
            "Give the app the application permission User.Read.All and grant admin consent again",
        ));
    }
    let listed: HashSet<&UserId> = users.iter().map(|user| &user.id).collect();
    let missing: Vec<UserId> = remembered
        .links
        .iter()
        .filter(|link| !link.user_deleted && !listed.contains(&link.user_id))
        .map(|link| link.user_id.clone())
        .collect();
    let mut newly_deleted = Vec::new();
    if !missing.is_empty() {
        for (id, found) in directory.users_by_id(&missing, &fields).await? {
            match found {
                Some(user) => users.push(user),
                None => newly_deleted.push(id),
            }
        }
    }
    let skus = current_skus(scene, facts, skus, &users).await?;
    Ok(TenantSide {
        users,
        groups,
        skus,
        newly_deleted,
    })
}

async fn members(
    directory: &Directory,
    id: GroupId,
    label: String,
) -> Result<(GroupId, HashSet<UserId>), RunError> {
    match directory.members(&id).await {
        Ok(members) => Ok((id, members.into_iter().collect())),
        Err(error) if error.kind == Kind::NotFound => Err(gone(
            "group",
            &[format!(
                "{label} names the group {id}, which the tenant does not have any more"
            )],
        )),
        Err(error) => Err(error.into()),
    }
}

/// Reads the licences anew where somebody holds, or a filter names, one that is unknown and was not looked for yet.
async fn current_skus(
    scene: &Scene,
    facts: &Facts,
    skus: Skus,
    users: &[User],
) -> Result<Vec<Sku>, RunError> {
    let unknown = unknown_skus(&skus.skus, &scene.company, users);
    let scope = scene.tenant_scope();
    if facts.is_fresh(&scope, SKUS) {
        if unknown != skus.unknown {
            facts
                .put(
                    &scope,
                    SKUS,
                    &Skus {
                        unknown,
                        skus: skus.skus.clone(),
                    },
                )
                .await?;
        }
        return Ok(skus.skus);
    }
    if unknown.is_subset(&skus.unknown) {
        return Ok(skus.skus);
    }
    let now = scene.directory.skus().await?;
    let unknown = unknown_skus(&now, &scene.company, users);
    facts
        .put(
            &scope,
            SKUS,
            &Skus {
                skus: now.clone(),
                unknown,
            },
        )
        .await?;
    Ok(now)
}

fn unknown_skus(skus: &[Sku], company: &Company, users: &[User]) -> BTreeSet<String> {
    let licences = Licences::new(skus, &[]);
    let held: HashSet<_> = users
        .iter()
        .flat_map(|user| user.licences.iter().flatten())
        .collect();
    let named = enabled_tests(company).filter_map(|(_, test)| match test {
        Test::Licence(name) if licences.find(name).is_empty() => Some(name.trim().to_lowercase()),
        _ => None,
    });
    held.into_iter()
        .filter(|id| !licences.knows(id))
        .map(ToString::to_string)
        .chain(named)
        .collect()
}

struct PsaSide {
    contacts: Vec<Contact>,
    sites: Vec<Site>,
    vocabulary: Vocabulary,
    company_active: bool,
}

async fn psa_side(scene: &Scene, facts: &Facts, together: &Together) -> Result<PsaSide, RunError> {
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
    if !missing_sites(&scene.company, &sites).is_empty() {
        sites = facts
            .anew(&scene.company_scope(), SITES, || sites_of(scene))
            .await?;
    }
    if !missing_types(scene, &vocabulary).is_empty() {
        vocabulary.contact_types = facts
            .anew(&scope, CONTACT_TYPES, || psa.contact_types())
            .await?;
    }
    still_there(scene, &sites, &vocabulary)?;
    let company_active = if contacts.is_empty() {
        the_company(scene, facts).await?.active
    } else {
        true
    };
    Ok(PsaSide {
        contacts,
        sites,
        vocabulary,
        company_active,
    })
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

/// Reads anew what a plan that writes rests on: the company, its sites and the contact types, unless this run has read them.
/// Returns whether the rules changed by it, so that the plan has to be made again.
///
/// # Errors
/// Where they cannot be read, or something that the settings name is gone.
pub async fn read_anew(
    scene: &Scene,
    facts: &Facts,
    observed: &mut Observed,
) -> Result<bool, RunError> {
    let psa = &scene.psa;
    let (company_scope, psa_scope) = (scene.company_scope(), scene.psa_scope());
    let together = Together::default();
    let read = tokio::join!(
        together.branch(the_company(scene, facts)),
        together.branch(facts.anew(&company_scope, SITES, || sites_of(scene))),
        together.branch(facts.anew(&psa_scope, CONTACT_TYPES, || psa.contact_types())),
    );
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

fn still_there(scene: &Scene, sites: &[Site], vocabulary: &Vocabulary) -> Result<(), RunError> {
    let missing = missing_sites(&scene.company, sites);
    if !missing.is_empty() {
        return Err(gone("site", &missing));
    }
    let missing = missing_types(scene, vocabulary);
    if missing.is_empty() {
        Ok(())
    } else {
        Err(gone("contact_type", &missing))
    }
}

fn missing_sites(company: &Company, sites: &[Site]) -> Vec<String> {
    let there = |id| sites.iter().any(|site| site.id == id && site.active);
    let default = company
        .default_site
        .iter()
        .map(|site| ("the default".to_owned(), site.clone()));
    let named = enabled_targets(company).filter_map(|(label, target)| match target {
        Target::Place {
            site: Some(site), ..
        } => Some((label, site.clone())),
        _ => None,
    });
    default
        .chain(named)
        .filter(|(_, site)| !there(site.id.clone()))
        .map(|(label, site)| {
            format!(
                "{label} names the site {}, which is gone or inactive",
                site.name
            )
        })
        .collect()
}

fn missing_types(scene: &Scene, vocabulary: &Vocabulary) -> Vec<String> {
    let Some(types) = &vocabulary.contact_types else {
        return Vec::new();
    };
    let default = scene.connection.default_contact_type.iter();
    let named = enabled_targets(&scene.company).filter_map(|(label, target)| match target {
        Target::Place {
            contact_type: Some(wanted),
            ..
        } => Some((label, wanted.clone())),
        _ => None,
    });
    default
        .map(|wanted| ("the PSA connection".to_owned(), wanted.clone()))
        .chain(named)
        .filter(|(_, wanted)| !types.iter().any(|known| known.id == wanted.id))
        .map(|(label, wanted)| {
            format!(
                "{label} names the contact type {}, which is gone",
                wanted.name
            )
        })
        .collect()
}

fn gone(what: &str, sentences: &[String]) -> RunError {
    let mut message = sentences.join("; ");
    if let Some(first) = message.get(..1).map(str::to_uppercase) {
        message.replace_range(..1, &first);
    }
    failure(
        &format!("missing_{what}"),
        message,
        "Choose another one, or switch the filter off; nothing was written",
    )
}

fn enabled_targets(company: &Company) -> impl Iterator<Item = (String, &Target)> {
    company
        .filters
        .iter()
        .enumerate()
        .filter(|(_, filter)| filter.enabled)
        .map(|(at, filter)| (filter.label(at), &filter.target))
}

fn enabled_tests(company: &Company) -> impl Iterator<Item = (String, &Test)> {
    company
        .filters
        .iter()
        .enumerate()
        .filter(|(_, filter)| filter.enabled)
        .flat_map(|(at, filter)| {
            filter
                .when
                .iter()
                .map(move |condition| (filter.label(at), &condition.test))
        })
}

/// The directory fields that filters look at.
fn fields_in_use(company: &Company) -> BTreeSet<DirectoryField> {
    enabled_tests(company)
        .filter_map(|(_, test)| match test {
            Test::Field { field, .. } => Some(*field),
            _ => None,
        })
        .collect()
}

/// The groups that filters name, each with the first filter that does.
fn groups_in_use(company: &Company) -> HashMap<GroupId, String> {
    let mut groups = HashMap::new();
    for (label, test) in enabled_tests(company) {
        if let Test::Group(id) = test {
            groups.entry(id.clone()).or_insert(label);
        }
    }
    groups
}
