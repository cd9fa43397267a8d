//! Who hears of a company besides those who hear of all, and its weekly summary.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::{Deserialize, Serialize};

use crate::db::company_notices::{self, CompanyNotices};
use crate::notices::{saving, settings};
use crate::web::routes::{Entry, routes};
use crate::web::{CompanyHead, Form, Mistakes, Page, Place, Samples, Tab, Visit, WebError};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/companies/{company:\\d+}/notices" Technician show;
    Post Act "/companies/{company:\\d+}/notices" Technician save;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<CompanyNoticesPage>();
}

/// What is set for a company.
#[derive(Clone, Debug, Serialize)]
pub struct CompanyNoticesPage {
    head: CompanyHead,
    /// Whether a mail server is set up.
    mail: bool,
    /// So many addresses hear of all companies.
    everybody: usize,
    recipients: String,
    weekly: bool,
    weekly_recipients: String,
    timezone: String,
    mistakes: Mistakes,
}

impl Page for CompanyNoticesPage {
    const TEMPLATE: &'static str = "pages/company_notices.html";

    fn title(&self) -> String {
        format!("Notices of {}", self.head.name)
    }

    fn place(&self) -> Place {
        Place::Fleet
    }

    fn company(&self) -> Option<CompanyHead> {
        Some(self.head.clone())
    }

    fn samples() -> Vec<Self> {
        let empty = Self {
            head: CompanyHead::sample(Tab::ContactSync),
            mail: false,
            everybody: 0,
            recipients: String::new(),
            weekly: false,
            weekly_recipients: String::new(),
            timezone: "Europe/London".into(),
            mistakes: Mistakes::default(),
        };
        let hostile = "\"><script>alert(1)</script>\u{202e}\u{1f600}";
        let full = Self {
            mail: true,
            everybody: 3,
            recipients: format!("{hostile}\n{}", "x".repeat(400)),
            weekly: true,
            weekly_recipients: hostile.into(),
            mistakes: ["recipients", "weekly_recipients"]
                .into_iter()
                .map(|field| (field, "This is not right."))
                .collect(),
            ..empty.clone()
        };
        let one = Self {
            everybody: 1,
            ..empty.clone()
        };
        vec![empty, one, full]
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct NoticesForm {
    recipients: String,
    weekly: String,
    weekly_recipients: String,
}

async fn page(visit: &Visit, id: i64) -> Result<CompanyNoticesPage, WebError> {
    let company = visit.company(id).await?;
    let read = visit.app().db().read(move |conn| {
        let audience = settings::audience(conn)?;
        let set = company_notices::get(conn, id)?;
        Ok((set, settings::mail(conn)?, audience.everybody.len()))
    });
    let (set, mail, everybody) = read.await?;
    Ok(CompanyNoticesPage {
        head: CompanyHead::new(&company, Tab::ContactSync),
        mail: mail.is_some(),
        everybody,
        recipients: set.recipients.join("\n"),
        weekly: set.weekly,
        weekly_recipients: set.weekly_recipients.join("\n"),
        timezone: company.timezone,
        mistakes: Mistakes::default(),
    })
}

async fn show(visit: Visit, id: Path<i64>) -> Result<HttpResponse, WebError> {
    visit.page(&page(&visit, *id).await?)
}

async fn save(
    visit: Visit,
    id: Path<i64>,
    form: Form<NoticesForm>,
) -> Result<HttpResponse, WebError> {
    let mut page = page(&visit, *id).await?;
    let form = form.0;
    let weekly = form.weekly == "true";
    let mut read = |field: &str, text: &str| {
        saving::recipients(field, text).unwrap_or_else(|mistake| {
            page.mistakes
                .add(mistake.field, format!("{}.", mistake.message));
            Vec::new()
        })
    };
    let new = CompanyNotices {
        recipients: read("recipients", &form.recipients),
        weekly,
        weekly_recipients: read("weekly_recipients", &form.weekly_recipients),
        weekly_until: None,
    };
    if weekly && new.weekly_recipients.is_empty() {
        let message = "Say who gets the summary.";
        page.mistakes.add("weekly_recipients", message);
    }
    if !page.mistakes.is_empty() {
        page.recipients = form.recipients;
        page.weekly = weekly;
        page.weekly_recipients = form.weekly_recipients;
        return visit.again(&page);
    }
    if !saving::save_company(visit.app(), *id, new, &visit.name()).await? {
        return Err(WebError::NotFound);
    }
    Ok(visit.done(&format!("/companies/{}/notices", *id), "Saved."))
}
