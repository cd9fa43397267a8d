//! Whether the tenant of a company may be another customer's: connected to another company too, or called quite otherwise. Asked
//! before it is connected, said for as long as it is so, and decides nothing. Reads the database only.

use std::collections::HashMap;

use diesel::QueryResult;
use serde::Serialize;

use super::WebError;
use crate::app::App;
use crate::db::{Conn, companies, tenant_connections};
use crate::model::{Company, TenantId, User, text};
use crate::pickers;

/// Words of a name that tell nobody from anybody.
const COMMON: [&str; 22] = [
    "the",
    "and",
    "und",
    "of",
    "de",
    "ltd",
    "limited",
    "inc",
    "llc",
    "llp",
    "gmbh",
    "corp",
    "corporation",
    "company",
    "co",
    "group",
    "holding",
    "holdings",
    "plc",
    "pty",
    "sarl",
    "com",
];

/// Why a tenant may be another customer's; drawn by the component `tenant_doubt`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TenantDoubt {
    /// The company.
    company: i64,
    /// How the tenant calls itself, where that does not fit; empty: it fits, or is not known.
    strange: String,
    /// Other companies that have this tenant: row id and name.
    also: Vec<(i64, String)>,
}

/// A tenant that is about to be connected.
#[derive(Clone, Copy, Debug)]
pub struct NewTenant<'a> {
    /// Its id.
    pub id: &'a TenantId,
    /// How it calls itself; `None`: it was not read.
    pub name: Option<&'a str>,
    /// Its verified domains, as far as they were read.
    pub domains: &'a [String],
}

impl TenantDoubt {
    /// What is to be doubted of the tenant of a company; `None`: nothing, or it has none.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn of(app: &App, company: &Company) -> Result<Option<Self>, WebError> {
        let id = company.id;
        let read = app.db().read(move |conn| {
            let Some(tenant) = tenant_connections::get(conn, id)? else {
                return Ok(None);
            };
            others(conn, id, &tenant.tenant_id).map(Some)
        });
        let Some(also) = read.await? else {
            return Ok(None);
        };
        let called = pickers::names_of_both(app, company).await?;
        let strange = match called.tenant {
            Some(tenant) => {
                let ours = [Some(company.name.clone()), called.psa];
                let ours: Vec<String> = ours.into_iter().flatten().collect();
                let fits = |theirs: &str| ours.iter().any(|ours| alike(theirs, ours));
                if fits(&tenant) || domain(app, company).await?.is_some_and(|one| fits(&one)) {
                    String::new()
                } else {
                    tenant
                }
            }
            None => String::new(),
        };
        let doubt = Self {
            company: id,
            strange,
            also,
        };
        Ok((!doubt.strange.is_empty() || !doubt.also.is_empty()).then_some(doubt))
    }

    /// What is to be doubted of a tenant that is about to be connected to a company; `None`: nothing, or the company has it
    /// already. Of a strange name only where runs follow at once: where contact sync is off it is stored, and doubted on the pages,
    /// before anything is written.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn before(
        app: &App,
        company: &Company,
        new: NewTenant<'_>,
    ) -> Result<Option<Self>, WebError> {
        let (id, tenant) = (company.id, new.id.clone());
        let read = app.db().read(move |conn| {
            let stored = tenant_connections::get(conn, id)?;
            if stored.is_some_and(|stored| stored.tenant_id == tenant) {
                return Ok(None);
            }
            others(conn, id, &tenant).map(Some)
        });
        let Some(also) = read.await? else {
            return Ok(None);
        };
        let strange = match new.name.filter(|_| company.sync_contacts) {
            Some(name) => {
                let psa = pickers::names_of_both(app, company).await?.psa;
                let ours = [Some(&company.name), psa.as_ref()];
                let fits = |theirs: &str| ours.iter().flatten().any(|ours| alike(theirs, ours));
                let known = fits(name) || new.domains.iter().any(|one| fits(&before_dot(one)));
                if known {
                    String::new()
                } else {
                    name.to_owned()
                }
            }
            None => String::new(),
        };
        let doubt = Self {
            company: id,
            strange,
            also,
        };
        Ok((!doubt.strange.is_empty() || !doubt.also.is_empty()).then_some(doubt))
    }

    /// For the samples of a page: each kind of doubt alone.
    pub fn samples() -> [Self; 2] {
        let both = Self::sample();
        let shared = Self {
            strange: String::new(),
            also: vec![both.also[0].clone()],
            ..both.clone()
        };
        let strange = Self {
            also: Vec::new(),
            ..both
        };
        [shared, strange]
    }

    /// For the samples of a page.
    pub fn sample() -> Self {
        Self {
            company: 7,
            strange: "\"><script>alert(1)</script> 🏢".into(),
            also: vec![(8, "Fabrikam <b>".into()), (9, "Northwind".into())],
        }
    }
}

/// The domain that most users of the last reading have.
async fn domain(app: &App, company: &Company) -> Result<Option<String>, WebError> {
    let last = app.last(company).await?;
    Ok(last.and_then(|last| commonest(&last.snapshot.users)))
}

fn commonest(users: &[User]) -> Option<String> {
    let mut domains: HashMap<&str, usize> = HashMap::new();
    for user in users {
        if let Some((_, domain)) = user.upn.rsplit_once('@') {
            *domains.entry(domain).or_default() += 1;
        }
    }
    let most = domains
        .into_iter()
        .max_by_key(|(name, count)| (*count, *name));
    most.map(|(name, _)| before_dot(name))
}

/// A domain without what comes after its name.
fn before_dot(domain: &str) -> String {
    let (labels, _) = domain.rsplit_once('.').unwrap_or((domain, ""));
    labels.replace(".onmicrosoft", "")
}

/// The other companies that have this tenant: row id and name.
fn others(conn: &mut Conn, company: i64, tenant: &TenantId) -> QueryResult<Vec<(i64, String)>> {
    let ids = tenant_connections::of_tenant(conn, tenant)?;
    if ids.iter().all(|&id| id == company) {
        return Ok(Vec::new());
    }
    let labels = companies::labels(conn)?.into_iter();
    let others = labels.filter(|(other, _)| *other != company && ids.contains(other));
    Ok(others.collect())
}

/// Whether two names may be of the same company: they share a word that tells, one is written within the other, or one has the
/// other's initials. A name without any such word cannot be judged.
fn alike(one: &str, other: &str) -> bool {
    let (ones, others) = (telling(one), telling(other));
    if ones.is_empty() || others.is_empty() {
        return true;
    }
    let shared = ones.iter().any(|word| others.contains(word));
    let (written, in_one) = (ones.concat(), others.concat());
    let within = |short: &str, long: &str| short.chars().count() >= 3 && long.contains(short);
    let initials = |words: &[String]| -> String {
        words
            .iter()
            .filter_map(|word| word.chars().next())
            .collect()
    };
    shared
        || within(&written, &in_one)
        || within(&in_one, &written)
        || ones.iter().any(|word| within(word, &in_one))
        || others.iter().any(|word| within(word, &written))
        || (ones.len() > 1 && in_one == initials(&ones))
        || (others.len() > 1 && written == initials(&others))
}

/// The words of a name that tell it from others.
fn telling(name: &str) -> Vec<String> {
    let folded = text::folded(name);
    let words = folded.split(|letter: char| !letter.is_alphanumeric());
    words
        .filter(|word| word.chars().count() > 1 && !COMMON.contains(word))
        .map(ToOwned::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_company_are_alike_however_they_are_written() {
        for (one, other) in [
            ("Contoso", "Contoso Ltd"),
            ("CONTOSO GmbH", "The Contoso Group"),
            ("Wide World Importers", "WWI"),
            ("wideworldimporters", "Wide World Importers"),
            ("contoso", "Contoso-Hotels"),
            ("Müller Bau", "müller"),
            ("Ltd", "Contoso"),
        ] {
            assert!(alike(one, other) && alike(other, one), "{one}, {other}");
        }
        for (one, other) in [
            ("Contoso Ltd", "Fabrikam Ltd"),
            ("Northwind Traders", "Adventure Works"),
            ("The Phone Company", "The Contoso Company"),
        ] {
            assert!(!alike(one, other) && !alike(other, one), "{one}, {other}");
        }
    }

    #[test]
    fn the_commonest_domain_is_told_without_what_comes_after_its_name() {
        let user = |upn: &str| User {
            upn: upn.into(),
            ..User::default()
        };
        let users = [
            user("a@contoso.example"),
            user("b@contoso.example"),
            user("c@other.example"),
        ];
        assert_eq!(commonest(&users).as_deref(), Some("contoso"));
        let fresh = [user("a@fabrikam.onmicrosoft.example")];
        assert_eq!(commonest(&fresh).as_deref(), Some("fabrikam"));
        assert_eq!(commonest(&[]), None);
    }
}
