//! How people hear of what needs them: the mail server, the webhook, who gets notices of what, and what has left lately.

use actix_web::HttpResponse;
use serde::Serialize;

use super::notices_forms;
use crate::db::deliveries::{self, Delivery};
use crate::db::{Conn, settings as stored_settings};
use crate::mail::Security;
use crate::notices::settings::{self, Audience, Kind};
use crate::notices::{MAIL_WAY, TEST, WEBHOOK_WAY};
use crate::web::routes::{Entry, routes};
use crate::web::{At, Mistakes, Page, Place, Samples, Visit, WebError};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/settings/notices" Administrator show;
    Post Act "/settings/notices/mail" Administrator notices_forms::save_mail;
    Post Act "/settings/notices/mail/test" Administrator notices_forms::test_mail;
    Post Act "/settings/notices/webhook" Administrator notices_forms::save_webhook;
    Post Act "/settings/notices/webhook/test" Administrator notices_forms::test_call;
    Post Act "/settings/notices/recipients" Administrator notices_forms::save_recipients;
    Post Act "/settings/notices/deliveries/{delivery:\\d+}/again" Administrator notices_forms::again;
};

pub(super) const HERE: &str = "/settings/notices";
/// So many of what has left are listed.
const LISTED: i64 = 50;

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<NoticesPage>();
}

/// What is set up, and what has left.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NoticesPage {
    pub(super) mail: MailFields,
    /// A mail server is stored.
    pub(super) mail_stored: bool,
    /// Its password is stored.
    pub(super) password_stored: bool,
    pub(super) securities: Vec<Offer>,
    /// The host of the stored webhook; empty: none.
    pub(super) webhook_host: String,
    /// Why the stored webhook cannot be used.
    pub(super) webhook_problem: String,
    /// A key is stored.
    pub(super) key_stored: bool,
    pub(super) recipients: String,
    pub(super) kinds: Vec<Offer>,
    pub(super) test_to: String,
    /// Whether letters can have links.
    pub(super) links: bool,
    /// Whether PSA addresses and webhooks may lead into private networks.
    pub(super) private: bool,
    pub(super) deliveries: Vec<Line>,
    /// So many of them are listed at most.
    pub(super) most: i64,
    /// What came of the last test mail.
    pub(super) mail_test: Option<Line>,
    /// What came of the last test call.
    pub(super) call_test: Option<Line>,
    pub(super) mistakes: Mistakes,
    /// The form of which a script renews the mistakes alone, `mail` or `webhook`, so that its secrets stay typed in; empty: none.
    pub(super) renewed: &'static str,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct MailFields {
    pub(super) host: String,
    pub(super) port: String,
    pub(super) plain_allowed: bool,
    pub(super) user: String,
    pub(super) from: String,
}

/// Something that can be chosen.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Offer {
    word: &'static str,
    label: &'static str,
    chosen: bool,
}

/// Something that has left or is to leave.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Line {
    id: i64,
    at: At,
    subject: String,
    to: String,
    state: String,
    kind: String,
    error: String,
    /// How often it was tried, and what follows; empty: there is nothing to be said.
    tried: String,
    next: Option<At>,
    given_up: bool,
    /// Whether somebody tried the way out.
    test: bool,
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
            most: LISTED,
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
            tried: String::new(),
            next: None,
            given_up: false,
            test: false,
        };
        let waiting = Line {
            state: "Waiting".into(),
            kind: "info".into(),
            subject: hostile.into(),
            error: hostile.repeat(10),
            tried: "Tried 3 times.".into(),
            next: Some(At::sample()),
            ..line.clone()
        };
        let soon = Line {
            tried: "Tried once. It is tried again within a minute.".into(),
            next: None,
            ..waiting.clone()
        };
        let test = Line {
            test: true,
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
            mail_test: Some(test.clone()),
            call_test: Some(Line {
                to: String::new(),
                ..failed.clone()
            }),
            deliveries: vec![line, waiting, failed, soon, test],
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
        let renewed = |form| Self {
            renewed: form,
            ..full.clone()
        };
        vec![empty, renewed("mail"), renewed("webhook"), full]
    }
}

pub(super) fn securities(chosen: Security) -> Vec<Offer> {
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

pub(super) fn kinds(audience: &Audience) -> Vec<Offer> {
    Kind::ALL
        .into_iter()
        .map(|kind| Offer {
            word: kind.as_str(),
            label: kind.label(),
            chosen: !audience.silent.contains(&kind),
        })
        .collect()
}

pub(super) async fn page(visit: &Visit) -> Result<NoticesPage, WebError> {
    let now = visit.now();
    let app = visit.app();
    let read = |conn: &mut Conn| {
        Ok((
            settings::mail(conn)?,
            settings::stored(conn)?,
            settings::audience(conn)?,
            (
                deliveries::list(conn, LISTED)?,
                deliveries::last_of(conn, (TEST, MAIL_WAY))?,
                deliveries::last_of(conn, (TEST, WEBHOOK_WAY))?,
            ),
            stored_settings::private_psa_addresses(conn)?,
        ))
    };
    let (mail, stored, audience, (left, mail_test, call_test), private) =
        app.db().read(read).await?;
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
        most: LISTED,
        mail_test: mail_test.map(|one| line(one, now)),
        call_test: call_test.map(|one| Line {
            to: String::new(),
            ..line(one, now)
        }),
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
    let again = state == "Waiting" && one.error.is_some();
    let soon = again && one.next_at <= now;
    let times = match one.attempts {
        _ if !again => String::new(),
        // The way was closed before it came to its turn.
        0 => "Another one met this; it was not tried itself yet.".to_owned(),
        1 => "Tried once.".to_owned(),
        many => format!("Tried {many} times."),
    };
    let tried = if soon {
        format!("{times} It is tried again within a minute.")
    } else {
        times
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
        tried,
        next: (again && !soon).then(|| At::new(one.next_at, now)),
        // Who waited for a test tries it by its own button.
        given_up: state == "Failed" && one.kind != TEST,
        test: one.kind == TEST,
        state: state.into(),
        kind: kind.into(),
        error: one.error.unwrap_or_default(),
    }
}

async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    visit.page(&page(&visit).await?)
}
