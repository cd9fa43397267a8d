//! What is saved and tried on the page of notices: the mail server, the webhook, who gets what. A form that is not taken comes
//! back as it was typed; its secrets stay in the browser, where a script renews the mistakes alone.

use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use secrecy::SecretString;
use serde::Deserialize;

use super::notices_settings::{HERE, MailFields, NoticesPage, kinds, page, securities};
use crate::db::deliveries;
use crate::mail::Security;
use crate::notices::saving::{self, NewMail, NewWebhook};
use crate::notices::sending;
use crate::notices::settings::{Audience, Kind};
use crate::rules::Mistake;
use crate::web::visit::by_script;
use crate::web::{Form, Visit, WebError};

/// The page with mistakes. A script takes it only where its status is good, and renews the mistakes of the form alone: what was
/// typed stays in the browser, a secret too.
fn mistaken(
    visit: &Visit,
    request: &HttpRequest,
    form: &'static str,
    (mut page, mistakes): (NoticesPage, Vec<Mistake>),
) -> Result<HttpResponse, WebError> {
    note(&mut page, mistakes);
    if by_script(request) {
        page.renewed = form;
        visit.page(&page)
    } else {
        visit.again(&page)
    }
}

fn saved(visit: &Visit, request: &HttpRequest, said: &str) -> HttpResponse {
    visit.say("ok", said);
    visit.lead_on(HERE, by_script(request))
}

fn note(page: &mut NoticesPage, mistakes: Vec<Mistake>) {
    for mistake in mistakes {
        page.mistakes
            .add(mistake.field, format!("{}.", mistake.message));
    }
}

#[derive(Deserialize)]
#[serde(default)]
pub(super) struct MailForm {
    host: String,
    port: String,
    security: String,
    plain_allowed: String,
    user: String,
    password: SecretString,
    from: String,
}

impl Default for MailForm {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: String::new(),
            security: String::new(),
            plain_allowed: String::new(),
            user: String::new(),
            password: SecretString::from(""),
            from: String::new(),
        }
    }
}

pub(super) async fn save_mail(
    visit: Visit,
    request: HttpRequest,
    form: Form<MailForm>,
) -> Result<HttpResponse, WebError> {
    let form = form.0;
    let new = NewMail {
        host: form.host,
        port: form.port,
        security: form.security,
        plain_allowed: form.plain_allowed == "true",
        user: form.user,
        password: form.password,
        from: form.from,
    };
    let mistakes = saving::save_mail(visit.app(), &new, &visit.name()).await?;
    if mistakes.is_empty() {
        let said = if new.host.trim().is_empty() {
            "Notices do not leave by mail any more."
        } else {
            "The mail server is saved. Send a test mail to see that it works."
        };
        return Ok(saved(&visit, &request, said));
    }
    let mut page = page(&visit).await?;
    page.securities = securities(Security::parse(&new.security).unwrap_or_default());
    page.mail = MailFields {
        host: new.host,
        port: new.port,
        plain_allowed: new.plain_allowed,
        user: new.user,
        from: new.from,
    };
    mistaken(&visit, &request, "mail", (page, mistakes))
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct TestForm {
    test_to: String,
}

pub(super) async fn test_mail(
    visit: Visit,
    form: Form<TestForm>,
) -> Result<HttpResponse, WebError> {
    let Some(to) = crate::mail::address(&form.0.test_to) else {
        let mut page = page(&visit).await?;
        page.test_to = form.0.test_to;
        let message = "Give one mail address, such as ops@msp.example.";
        page.mistakes.add("test_to", message);
        return visit.again(&page);
    };
    let sent = sending::test_mail(visit.app(), &to, &visit.name()).await?;
    Ok(match sent {
        Ok(()) => visit.done(HERE, format!("The mail server took the test mail to {to}.")),
        Err(why) => visit.refused(HERE, format!("The test mail did not leave. {why}")),
    })
}

#[derive(Deserialize)]
#[serde(default)]
pub(super) struct WebhookForm {
    webhook_url: SecretString,
    webhook_key: SecretString,
    off: String,
}

impl Default for WebhookForm {
    fn default() -> Self {
        Self {
            webhook_url: SecretString::from(""),
            webhook_key: SecretString::from(""),
            off: String::new(),
        }
    }
}

pub(super) async fn save_webhook(
    visit: Visit,
    request: HttpRequest,
    form: Form<WebhookForm>,
) -> Result<HttpResponse, WebError> {
    let new = NewWebhook {
        url: form.0.webhook_url,
        key: form.0.webhook_key,
        off: form.0.off == "true",
    };
    let mistakes = saving::save_webhook(visit.app(), &new, &visit.name()).await?;
    if mistakes.is_empty() {
        let said = if new.off {
            "Notices do not leave by webhook any more."
        } else {
            "The webhook is saved. Send a test call to see that it works."
        };
        return Ok(saved(&visit, &request, said));
    }
    let page = page(&visit).await?;
    mistaken(&visit, &request, "webhook", (page, mistakes))
}

pub(super) async fn test_call(visit: Visit) -> Result<HttpResponse, WebError> {
    Ok(match sending::test_call(visit.app()).await? {
        Ok(()) => visit.done(HERE, "The webhook took the test call."),
        Err(why) => visit.refused(HERE, format!("The test call failed. {why}")),
    })
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct RecipientsForm {
    recipients: String,
    kinds: Vec<String>,
}

pub(super) async fn save_recipients(
    visit: Visit,
    form: Form<RecipientsForm>,
) -> Result<HttpResponse, WebError> {
    let form = form.0;
    let wanted = |kind: &Kind| form.kinds.iter().any(|word| word == kind.as_str());
    let mut audience = Audience {
        everybody: Vec::new(),
        silent: Kind::ALL.into_iter().filter(|kind| !wanted(kind)).collect(),
    };
    match saving::recipients("recipients", &form.recipients) {
        Ok(everybody) => audience.everybody = everybody,
        Err(mistake) => {
            let mut page = page(&visit).await?;
            page.recipients = form.recipients;
            page.kinds = kinds(&audience);
            note(&mut page, vec![mistake]);
            return visit.again(&page);
        }
    }
    saving::save_audience(visit.app(), audience, &visit.name()).await?;
    Ok(visit.done(HERE, "Saved."))
}

pub(super) async fn again(visit: Visit, id: Path<i64>) -> Result<HttpResponse, WebError> {
    let (id, now) = (*id, visit.now());
    let again = visit
        .app()
        .db()
        .write(move |conn| deliveries::again(conn, id, now));
    Ok(if again.await? {
        visit.done(HERE, "It is tried again within a minute.")
    } else {
        visit.say("info", "It is not among those that failed any more.");
        visit.lead(HERE)
    })
}
