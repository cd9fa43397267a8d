//! Reads companies, their sites and contacts, and the words of a `ConnectWise`. It writes nothing.

use async_trait::async_trait;
use serde_json::Value;

use super::address::encoded;
use super::client::{Call, Client, Stands};
use super::items::phone_type;
use super::wire::{
    CONTACT_FIELDS, CommunicationTypeRow, CompanyRow, ContactRow, ContactTypeRow, SiteRow,
    StatusRow,
};
use super::{sending, steps};
use crate::http::{ApiError, Kind, Service};
use crate::model::{
    Change, Contact, ContactType, Limits, PhoneType, PsaCompany, PsaCompanyId, Site, Vocabulary,
    text,
};
use crate::psa::{Budget, Psa, Sent, Step};

/// Names are 30 and the title is 100 long in the older specification (the newer names no lengths), an item's value is 250.
pub(super) const LIMITS: Limits = Limits {
    first_name: 30,
    last_name: 30,
    title: 100,
    phone: 250,
    mobile: 250,
    email: 250,
    last_name_required: false,
};

/// So many companies are offered to choose from.
const OFFERED: usize = 50;

const COMPANY_FIELDS: &str = "id,name,status,deletedFlag";

#[async_trait]
impl Psa for Client {
    fn service(&self) -> Service {
        Service::ConnectWise
    }

    async fn companies(&self, search: &str) -> Result<Vec<PsaCompany>, ApiError> {
        let mut rows = self.companies_like(search).await?;
        let wanted = text::folded(search);
        rows.retain(|row| {
            row.deleted_flag != Some(true) && text::folded(&row.name).contains(wanted.as_ref())
        });
        rows.sort_by_cached_key(|row| text::folded(&row.name).into_owned());
        rows.truncate(OFFERED);
        self.with_activity(rows).await
    }

    async fn company(&self, company: &PsaCompanyId) -> Result<Option<PsaCompany>, ApiError> {
        const ACTION: &str = "read the company";
        if !is_number(company) {
            return Ok(None);
        }
        let path = format!("company/companies/{}", encoded(company.as_str()));
        let mut call = Call::get(ACTION, path, Stands::Always);
        call.query.push(("fields", COMPANY_FIELDS.to_owned()));
        let answer = match self.call(call).await {
            Err(error) if error.kind == Kind::NotFound => return Ok(None),
            other => other?,
        };
        let row: CompanyRow = serde_json::from_slice(&answer.body).map_err(|_| {
            let detail = "the answer is not a company";
            Self::error(ACTION, Kind::Unexpected, detail)
        })?;
        if row.deleted_flag == Some(true) {
            return Ok(None);
        }
        Ok(self.with_activity(vec![row]).await?.pop())
    }

    async fn sites(&self, company: &PsaCompanyId) -> Result<Vec<Site>, ApiError> {
        let path = format!("company/companies/{}/sites", encoded(company.as_str()));
        let mut call = Call::get("read the sites of the company", path, Stands::Always);
        call.query
            .push(("fields", "id,name,inactiveFlag".to_owned()));
        let rows: Vec<SiteRow> = self.all(call).await?;
        Ok(rows.into_iter().map(Site::from).collect())
    }

    async fn contact_types(&self) -> Result<Option<Vec<ContactType>>, ApiError> {
        let path = "company/contacts/types";
        let mut call = Call::get("read the contact types", path, Stands::Always);
        call.query.push(("fields", "id,description".to_owned()));
        let rows: Vec<ContactTypeRow> = self.all(call).await?;
        Ok(Some(rows.into_iter().map(ContactType::from).collect()))
    }

    async fn phone_types(&self) -> Result<Vec<PhoneType>, ApiError> {
        let path = "company/communicationTypes";
        let mut call = Call::get("read the communication types", path, Stands::Always);
        let fields = "id,description,phoneFlag,faxFlag,emailFlag,defaultFlag";
        call.query.push(("fields", fields.to_owned()));
        let rows: Vec<CommunicationTypeRow> = self.all(call).await?;
        Ok(rows.into_iter().map(PhoneType::from).collect())
    }

    async fn limits(&self) -> Result<Limits, ApiError> {
        Ok(LIMITS)
    }

    async fn contacts(
        &self,
        company: &PsaCompanyId,
        vocabulary: &Vocabulary,
    ) -> Result<Vec<Contact>, ApiError> {
        let rows = self.contact_rows(company, None).await?;
        let types = self
            .type_names
            .each_ref()
            .map(|name| phone_type(vocabulary, name));
        Ok(rows.into_iter().map(|row| row.contact(types)).collect())
    }

    fn missing_phone_types(&self, vocabulary: &Vocabulary) -> Vec<String> {
        let missing = self.type_names.iter();
        missing
            .filter(|name| phone_type(vocabulary, name).is_none())
            .cloned()
            .collect()
    }

    fn steps(&self, change: &Change<'_>, vocabulary: &Vocabulary) -> Vec<Step> {
        steps::steps(change, vocabulary, &self.type_names)
    }

    async fn send(&self, step: &Step) -> Result<Sent, ApiError> {
        sending::send(self, step).await
    }

    async fn happened(&self, step: &Step) -> Result<Vec<Sent>, ApiError> {
        sending::happened(self, step).await
    }

    async fn budget(&self) -> Result<Option<Budget>, ApiError> {
        Ok(None)
    }

    fn address(&self) -> Option<Value> {
        self.found()
    }

    fn forget_address(&self) {
        self.forget();
    }
}

impl Client {
    /// The contacts of a company; with an address only those that may hold it.
    pub(super) async fn contact_rows(
        &self,
        company: &PsaCompanyId,
        address: Option<&str>,
    ) -> Result<Vec<ContactRow>, ApiError> {
        let action = "read the contacts of the company";
        if !is_number(company) {
            let detail = format!("{company} is no company id: it is a number");
            return Err(Self::error(action, Kind::NotFound, detail));
        }
        let mut call = Call::get(action, "company/contacts", Stands::Always);
        call.query
            .push(("conditions", format!("company/id={company}")));
        if let Some(address) = address {
            let child = format!(
                "communicationItems/value like \"{address}\" AND communicationItems/communicationType=\"Email\""
            );
            call.query.push(("childConditions", child));
        }
        call.query.push(("fields", CONTACT_FIELDS.to_owned()));
        self.all(call).await
    }

    /// Companies whose name holds the text, or more: how a text with quotes or wildcards is to be escaped is unknown, so the
    /// longest piece without them is asked for.
    async fn companies_like(&self, search: &str) -> Result<Vec<CompanyRow>, ApiError> {
        let search = search.trim();
        let piece = search
            .split(|character| !is_plain(character))
            .max_by_key(|piece| piece.trim().len())
            .unwrap_or_default()
            .trim();
        let mut call = Call::get("read the companies", "company/companies", Stands::Always);
        let mut conditions = "deletedFlag=False".to_owned();
        if !piece.is_empty() {
            conditions = format!("{conditions} AND name contains \"{piece}\"");
        }
        call.query.push(("conditions", conditions));
        call.query.push(("fields", COMPANY_FIELDS.to_owned()));
        if piece.len() < search.len() {
            return self.all(call).await;
        }
        call.query.push(("orderBy", "name asc".to_owned()));
        call.query.push(("page", "1".to_owned()));
        call.query.push(("pageSize", OFFERED.to_string()));
        self.page(call).await
    }

    /// Whether companies are active is said by the `inactiveFlag` of their status, which a company's own record does not show.
    ///
    /// The status `Active` of every instance is believed by its name, so that the usual company costs no request more. For
    /// any other name the statuses are read. Where the API member may not read them, only the name `Inactive` is inactive:
    /// MSPs name other statuses themselves (`Credit Hold`, `Not Approved`), and their people still call.
    async fn with_activity(&self, rows: Vec<CompanyRow>) -> Result<Vec<PsaCompany>, ApiError> {
        let named = |row: &CompanyRow, wanted: &str| {
            let name = row
                .status
                .as_ref()
                .and_then(|status| status.name.as_deref());
            name.is_some_and(|name| text::folded(name) == wanted)
        };
        let sure = |row: &CompanyRow| row.status.is_none() || named(row, "active");
        let statuses = if rows.iter().all(sure) {
            None
        } else {
            self.statuses().await?
        };
        let active = |row: &CompanyRow| {
            let id = row.status.as_ref().and_then(|status| status.id);
            let status = statuses
                .iter()
                .flatten()
                .find(|status| Some(status.id) == id);
            match status {
                _ if sure(row) => true,
                Some(status) => status.inactive_flag != Some(true),
                None => !named(row, "inactive"),
            }
        };
        Ok(rows
            .iter()
            .map(|row| PsaCompany {
                id: PsaCompanyId::new(&row.id.to_string()),
                name: row.name.clone(),
                active: active(row),
            })
            .collect())
    }

    /// The company statuses; `None` where they may not be read.
    async fn statuses(&self) -> Result<Option<Vec<StatusRow>>, ApiError> {
        let path = "company/companies/statuses";
        let mut call = Call::get("read the company statuses", path, Stands::Perhaps);
        call.query
            .push(("fields", "id,name,inactiveFlag".to_owned()));
        match self.all(call).await {
            Ok(rows) => Ok(Some(rows)),
            Err(error)
                if matches!(
                    error.kind,
                    Kind::NotFound | Kind::Permission | Kind::Refused
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// Ids are numbers; anything else would change the meaning of a condition.
fn is_number(company: &PsaCompanyId) -> bool {
    company.as_str().parse::<u32>().is_ok()
}

/// Whether a character may stand in a quoted value of a condition as it is: the escaping of quotes is unknown, and of the
/// rest some are wildcards.
pub(super) fn is_plain(character: char) -> bool {
    !character.is_control() && !matches!(character, '"' | '\\' | '*' | '%' | '[' | ']')
}
