//! Links on their way into the database.

use chrono::{DateTime, Utc};

use crate::db::Conn;
use crate::db::links::{self, NewLink};
use crate::model::{ContactId, LinkMade, PsaCompanyId, TenantId, UserId};

/// A link that is about to be made; it owns its parts, so that it can enter a transaction.
#[derive(Clone)]
pub struct Making {
    /// The company's row id.
    pub company_id: i64,
    /// The company's tenant.
    pub tenant_id: TenantId,
    /// The company's id in the PSA.
    pub psa_company_id: PsaCompanyId,
    /// The user.
    pub user_id: UserId,
    /// User principal name.
    pub upn: String,
    /// The contact.
    pub contact_id: ContactId,
    /// How it is made.
    pub made: LinkMade,
    /// The run that makes it.
    pub made_run: Option<String>,
}

crate::model::debug_by!(Making, company_id, user_id, contact_id, made);

impl Making {
    /// Makes it; returns its row id.
    ///
    /// # Errors
    /// Where the user or the contact has a link in force already, or the database fails.
    pub fn insert(&self, conn: &mut Conn, now: DateTime<Utc>) -> diesel::QueryResult<i64> {
        let link = NewLink {
            company_id: self.company_id,
            tenant_id: &self.tenant_id,
            psa_company_id: &self.psa_company_id,
            user_id: &self.user_id,
            upn: &self.upn,
            contact_id: &self.contact_id,
            made: self.made,
            made_run: self.made_run.as_deref(),
            made_at: now,
        };
        links::insert(conn, &link)
    }
}
