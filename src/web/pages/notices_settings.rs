//! How people hear of what needs them: the mail server, the webhook, who gets notices of what, and what has left lately.

use actix_web::HttpResponse;
use actix_web::web::Path;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::db::deliveries::{self, Delivery};
use crate::db::{Conn, settings as stored_settings};
use crate::mail::Security;
use crate::notices::saving::{self, NewMail, NewWebhook};
use crate::notices::settings::{self, Audience, Kind};
use crate::notices::{MAIL_WAY, sending};
use crate::rules::Mistake;
use crate::web::routes::{Entry, routes};
use crate::web::{At, Form, Mistakes, Page, Place, Samples, Visit, WebError};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/settings/notices" Administrator show;
    Post Act "/settings/notices/mail" Administrator save_mail;
    Post Act "/settings/notices/mail/test" Administrator test_mail;
    Post Act "/settings/notices/webhook" Administrator save_webhook;
    Post Act "/settings/notices/webhook/test" Administrator test_call;
    Post Act "/settings/notices/recipients" Administrator save_recipients;
    Post Act "/settings/notices/deliveries/{delivery:\\d+}/again" Administrator again;
};

const HERE: &str = "/settings/notices";
/// So many of what has left are listed.
const LISTED: i64 = 50;

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<NoticesPage>();
}

/// What is set up, and what has left.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NoticesPage {
    mail: MailFields,
    /// A mail server is stored.
    mail_stored: bool,
    /// Its password is stored.
    password_stored: bool,
    securities: Vec<Offer>,
    /// The host of the stored webhook; empty: none.
    webhook_host: String,
    /// Why the stored webhook cannot be used.
    webhook_problem: String,
    /// A key is stored.
    key_stored: bool,
    recipients: String,
    kinds: Vec<Offer>,
    test_to: String,
    /// Whether letters can have links.
    links: bool,
    /// Whether PSA addresses and webhooks may lead into private networks.
    private: bool,
    deliveries: Vec<Line>,
    mistakes: Mistakes,
}

#[derive(Clone, Debug, Default, Serialize)]
struct MailFields {
    host: String,
    port: String,
    plain_allowed: bool,
    user: String,
    from: String,
}

/// Something that can be chosen.
#[derive(Clone, Debug, Serialize)]
struct Offer {
    word: &'static str,
    label: &'static str,
    chosen: bool,
}

/// Something that has left or is to leave.
#[derive(Clone, Debug, Serialize)]
struct Line {
    id: i64,
    at: At,
    subject: String,
    to: String,
    state: String,
    kind: String,
    error: String,
    attempts: i64,
    next: Option<At>,
    given_up: bool,
}

impl Page for NoticesPage {
    const TEMPLATE: &'static str = "pages/notices_settings.html";

    fn title(&self) -> String {
        "Notices".into()
    }

    fn place(&self) -> Place {
        Place::Settings
    }

    fn samples() -> Vec<Self> {
        let hostile = "\"><script>alert(1)</script>\u{202e}\u{1f600}";
        let empty = Self {
            securities: securities(Security::Tls),
            kinds: kinds(&Audience::default()),
            links: true,
            ..Self::default()
        };
        let line = Line {
            id: 7,
            at: At::sample(),
            subject: "Rollcall: Client secret expired at Contoso".into(),
            to: "ops@msp.example".into(),
            state: "Sent".into(),
            kind: "ok".into(),
            error: String::new(),
            attempts: 1,
            next: None,
            given_up: false,
        };
        let waiting = Line {
            state: "Waiting".into(),
            kind: "info".into(),
            subject: hostile.into(),
            error: hostile.repeat(10),
            attempts: 3,
            next: Some(At::sample()),
            ..line.clone()
        };
        let failed = Line {
            state: "Failed".into(),
            kind: "bad".into(),
            given_up: true,
            next: None,
            ..waiting.clone()
        };
        let full = Self {
            mail: MailFields {
                host: hostile.into(),
                port: hostile.into(),
                plain_allowed: true,
                user: hostile.into(),
                from: hostile.into(),
            },
            mail_stored: true,
            password_stored: true,
            securities: securities(Security::None),
            webhook_host: hostile.into(),
            webhook_problem: hostile.into(),
            key_stored: true,
            recipients: format!("{hostile}\n{}", "x".repeat(400)),
            test_to: hostile.into(),
            links: false,
            private: true,
            deliveries: vec![line, waiting, failed],
            mistakes: [
                "host",
                "port",
                "security",
                "plain_allowed",
                "user",
                "password",
                "from",
                "webhook_url",
                "webhook_key",
                "recipients",
                "test_to",
            ]
            .into_iter()
            .map(|field| (field, "This is not right."))
            .collect(),
            ..empty.clone()
        };
        vec![empty, full]
    }
}

fn securities(chosen: Security) -> Vec<Offer> {
    [
        (Security::Tls, "TLS from the beginning (usually port 465)"),
        (Security::StartTls, "STARTTLS (usually port 587)"),
        (Security::None, "None: readable on the way"),
    ]
    .into_iter()
    .map(|(one, label)| Offer {
        word: one.as_str(),
        label,
        chosen: one == chosen,
    })
    .collect()
}

fn kinds(audience: &Audience) -> Vec<Offer> {
    Kind::ALL
        .into_iter()
        .map(|kind| Offer {
            word: kind.as_str(),
            label: kind.label(),
            chosen: !audience.silent.contains(&kind),
        })
        .collect()
}

async fn page(visit: &Visit) -> Result<NoticesPage, WebError> {
    let now = visit.now();
    let app = visit.app();
    let read = |conn: &mut Conn| {
        Ok((
            settings::mail(conn)?,
            settings::stored(conn)?,
            settings::audience(conn)?,
            deliveries::list(conn, LISTED)?,
            stored_settings::private_psa_addresses(conn)?,
        ))
    };
    let (mail, stored, audience, left, private) = app.db().read(read).await?;
    let (password_stored, has_webhook, key_stored) = stored;
    let mut page = NoticesPage {
        mail_stored: mail.is_some(),
        password_stored,
        key_stored,
        kinds: kinds(&audience),
        recipients: audience.everybody.join("\n"),
        links: crate::notices::portal(app.config()).is_some(),
        private,
        deliveries: left.into_iter().map(|one| line(one, now)).collect(),
        ..NoticesPage::default()
    };
    let security = mail.as_ref().map(|set| set.security).unwrap_or_default();
    page.securities = securities(security);
    if let Some(set) = mail {
        page.mail = MailFields {
            plain_allowed: set.security == Security::None,
            host: set.host,
            port: set.port.to_string(),
            user: set.user,
            from: set.from,
        };
    }
    if has_webhook {
        match settings::webhook(app).await? {
            Ok(webhook) => {
                let host = webhook.url.host_str().unwrap_or_default();
                host.clone_into(&mut page.webhook_host);
            }
            Err(why) => {
                page.webhook_host = "a stored address".into();
                page.webhook_problem = why;
            }
        }
    }
    page.test_to = audience.everybody.first().cloned().unwrap_or_default();
    Ok(page)
}

fn line(one: Delivery, now: chrono::DateTime<chrono::Utc>) -> Line {
    let (state, kind) = match one.state.as_str() {
        "sent" => ("Sent", "ok"),
        "failed" => ("Failed", "bad"),
        _ => ("Waiting", "info"),
    };
    Line {
        id: one.id,
        at: At::new(one.done_at.unwrap_or(one.created_at), now),
        subject: one.subject,
        to: if one.way == MAIL_WAY {
            one.recipient
        } else {
            "Webhook".into()
        },
        next: (state == "Waiting" && one.attempts > 0).then(|| At::new(one.next_at, now)),
        // Who waited for a test tries it by its own button.
        given_up: state == "Failed" && one.kind != "test",
        state: state.into(),
        kind: kind.into(),
        error: one.error.unwrap_or_default(),
        attempts: one.attempts,
    }
}

async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    visit.page(&page(&visit).await?)
}

fn note(page: &mut NoticesPage, mistakes: Vec<Mistake>) {
    for mistake in mistakes {
        page.mistakes
            .add(mistake.field, format!("{}.", mistake.message));
    }
}

#[derive(Deserialize)]
#[serde(default)]
struct MailForm {
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

async fn save_mail(visit: Visit, form: Form<MailForm>) -> Result<HttpResponse, WebError> {
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
        return Ok(visit.done(HERE, said));
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
    note(&mut page, mistakes);
    visit.again(&page)
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct TestForm {
    test_to: String,
}

async fn test_mail(visit: Visit, form: Form<TestForm>) -> Result<HttpResponse, WebError> {
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
struct WebhookForm {
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

async fn save_webhook(visit: Visit, form: Form<WebhookForm>) -> Result<HttpResponse, WebError> {
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
        return Ok(visit.done(HERE, said));
    }
    let mut page = page(&visit).await?;
    note(&mut page, mistakes);
    visit.again(&page)
}

async fn test_call(visit: Visit) -> Result<HttpResponse, WebError> {
    Ok(match sending::test_call(visit.app()).await? {
        Ok(()) => visit.done(HERE, "The webhook took the test call."),
        Err(why) => visit.refused(HERE, format!("The test call failed. {why}")),
    })
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RecipientsForm {
    recipients: String,
    kinds: Vec<String>,
}

async fn save_recipients(
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

async fn again(visit: Visit, id: Path<i64>) -> Result<HttpResponse, WebError> {
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
