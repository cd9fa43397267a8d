//! What saving, replacing and removing companies, their tenants, PSA connections and the MSP's own Microsoft app means. Who
//! may do so is decided by whoever calls. Every change is one transaction, with an event that says who did it; a change that is
//! made from an old version of a thing is refused, so that nobody undoes another's work unseen.

mod company;
mod consent;
mod consent_refusal;
mod microsoft;
mod part;
mod psa;
mod psa_rules;
mod secret;
mod tenant;

pub use company::save_company;
pub use consent::{
    ConsentEnd, Consented, SENT, answer_to_link, answered_consent, begin_consent,
    connect_consented, consent_company, consent_link, find_consented,
};
pub use consent_refusal::ConsentRefusal;
pub use microsoft::{
    MicrosoftApp, MicrosoftForm, Trial, before_trying_microsoft_app, microsoft_app,
    microsoft_app_version, of_microsoft_app, save_microsoft_app,
};
pub use part::{
    Parted, Parting, before_removing_company, disconnect_tenant, remove_company, remove_psa,
};
pub use psa::{PsaForm, before_saving_psa, save_psa};
pub use psa_rules::{AGAIN, leads_elsewhere};
pub use secret::NewSecret;
pub use tenant::{TenantForm, before_saving_tenant, before_trying_tenant, save_tenant};

use diesel::result::{DatabaseErrorKind, Error as QueryError};

use crate::app::App;
use crate::db::DbError;
use crate::model::Company;
use crate::rules::Mistake;
use crate::runs;
use crate::sync::failure::RunError;
use crate::sync::turn::{Sharing, Turn};

/// What came of saving something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saving {
    /// It is saved.
    Saved {
        /// Its row id.
        id: i64,
        /// Its version from now on.
        version: i64,
    },
    /// Somebody else saved it meanwhile: nothing was saved.
    Stale {
        /// Its version now.
        now: i64,
    },
    /// It was removed meanwhile, or never was.
    Gone,
    /// Another one is called so, whatever the case of its letters.
    NameTaken,
    /// Another company has this place in the PSA.
    PlaceTaken {
        /// That company's name.
        by: String,
    },
    /// Something is wrong with what was given.
    Mistakes(Vec<Mistake>),
}

impl Saving {
    fn mistake(field: &str, message: impl Into<String>) -> Self {
        Self::Mistakes(vec![Mistake::new(field, message)])
    }

    /// The answer where the thing is not at the version that was seen.
    fn old(now: Option<i64>) -> Self {
        now.map_or(Self::Gone, |now| Self::Stale { now })
    }
}

/// Two who save the same name or place at the same moment: on PostgreSQL the database tells the second.
fn taken(saved: Result<Saving, DbError>) -> Result<Saving, RunError> {
    if let Err(DbError::Query(error)) = &saved
        && let QueryError::DatabaseError(DatabaseErrorKind::UniqueViolation, about) = &**error
    {
        match about.constraint_name() {
            Some("companies_name" | "psa_connections_name") => return Ok(Saving::NameTaken),
            Some("companies_place") => {
                let by = "another company".to_owned();
                return Ok(Saving::PlaceTaken { by });
            }
            _ => {}
        }
    }
    Ok(saved?)
}

/// Waits until no run of the company is going: it would go on linking people to where the company was.
async fn turn_of(app: &App, company: &Company) -> Result<Option<Turn>, RunError> {
    let name = Turn::of_company(company.id);
    runs::wait(app, (&name, Sharing::Alone), company, &|_, _| {}).await
}
