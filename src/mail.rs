//! Mail out, through one SMTP server. Sends one letter once; when to try again, and what a letter says, others decide. Logs
//! nothing: letters name people, and so may a server's words.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// So long one step of a conversation with a server may take.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// Answers that refuse whoever signs in, or everybody, and not one letter: the service closes (421, RFC 5321), the sign-in is
/// wanted (530), refused (535), or not possible so (432, 454, 534, 538; RFC 4954, section 6). Another letter would fare alike,
/// and each would be one more wrong password.
const OF_THE_SESSION: [u16; 7] = [421, 432, 454, 530, 534, 535, 538];
/// So many of a server's words are kept.
const WORDS: usize = 600;

/// How the connection to a mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// TLS from the first byte on (RFC 8314), as on port 465.
    #[default]
    Tls,
    /// TLS after STARTTLS, without which nothing is sent; as on port 587.
    StartTls,
    /// None.
    None,
}

impl Security {
    /// The word of forms and of the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::StartTls => "starttls",
            Self::None => "none",
        }
    }

    /// The value of this word.
    pub fn parse(word: &str) -> Option<Self> {
        let all = [Self::Tls, Self::StartTls, Self::None];
        all.into_iter().find(|one| one.as_str() == word)
    }

    /// The port that servers listen on for it.
    pub const fn usual_port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::StartTls => 587,
            Self::None => 25,
        }
    }
}

/// A mail server, and who sends.
#[derive(Clone)]
pub struct Server {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// User name and password, where it asks for them.
    pub user: Option<(String, SecretString)>,
    /// The sender, such as `Rollcall <rollcall@msp.example>`.
    pub from: String,
    /// So long one step may take; usually [`PATIENCE`].
    pub patience: Duration,
}

crate::model::debug_by!(Server, host, port, security);

/// One letter to one person.
pub struct Letter<'a> {
    /// The address.
    pub to: &'a str,
    /// The subject, on one line.
    pub subject: &'a str,
    /// As text.
    pub text: &'a str,
    /// The same in HTML.
    pub html: &'a str,
    /// Stays the same where the letter is sent again, so that a mail program can tell; without angle brackets.
    pub message_id: &'a str,
    /// Its date.
    pub at: DateTime<Utc>,
}

/// Why a letter was not taken.
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What happened, with the server's own words.
    pub message: String,
    /// Whether the server was not reached, or refused whoever asks, so that the next letter would fare alike.
    pub connection: bool,
}

crate::model::debug_by!(Refusal, connection);

/// Says that a program wrote it, so that no holiday note answers (RFC 3834, section 5).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// The address in a text, trimmed; `None` where it is none. A name before it is not taken.
pub fn address(text: &str) -> Option<String> {
    let text = text.trim();
    let address: Address = text.parse().ok()?;
    (text.len() <= 254 && text.is_ascii()).then(|| address.to_string())
}

/// A sender in a text: an address, or a name and an address in angle brackets.
pub fn sender(text: &str) -> Option<String> {
    let text = text.trim();
    let plain = text.chars().count() <= 256 && !text.contains(char::is_control);
    let mailbox: Mailbox = text.parse().ok().filter(|_| plain)?;
    address(mailbox.email.as_ref())?;
    Some(text.to_owned())
}

/// The domain of a sender.
pub fn domain(sender: &str) -> String {
    let mailbox: Option<Mailbox> = sender.parse().ok();
    mailbox.map_or_else(
        || "rollcall.invalid".to_owned(),
        |mailbox| mailbox.email.domain().to_owned(),
    )
}

/// Whether a host is this machine.
pub fn is_loopback(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Sends a letter. `Ok` only where the server has taken it.
///
/// # Errors
/// The server's own words, or why there was no conversation.
pub async fn send(server: &Server, letter: &Letter<'_>) -> Result<(), Refusal> {
    let message = message(server, letter)?;
    let transport = transport(server)?;
    // A server that answers each step in time, but never ends, is given up as well.
    let most = server.patience.saturating_mul(4);
    match tokio::time::timeout(most, transport.send(message)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(refusal(server, &error)),
        Err(_) => Err(Refusal {
            message: format!("{} did not answer in time", place(server)),
            connection: true,
        }),
    }
}

fn message(server: &Server, letter: &Letter<'_>) -> Result<Message, Refusal> {
    let wrong = |what: &str| Refusal {
        message: format!("{what} is no mail address"),
        connection: false,
    };
    let from: Mailbox = server.from.parse().map_err(|_| wrong("The sender"))?;
    let to: Address = letter.to.parse().map_err(|_| wrong("The recipient"))?;
    Message::builder()
        .from(from)
        .to(Mailbox::new(None, to))
        .subject(crate::model::text::line(letter.subject).into_owned())
        .message_id(Some(format!("<{}>", letter.message_id)))
        .date(SystemTime::from(letter.at))
        .header(AutoSubmitted)
        .multipart(MultiPart::alternative_plain_html(
            letter.text.to_owned(),
            letter.html.to_owned(),
        ))
        .map_err(|error| Refusal {
            message: format!("The mail could not be written: {error}"),
            connection: false,
        })
}

fn transport(server: &Server) -> Result<AsyncSmtpTransport<Tokio1Executor>, Refusal> {
    let tls = || TlsParameters::new(server.host.clone()).map_err(|error| refusal(server, &error));
    let tls = match server.security {
        Security::Tls => Tls::Wrapper(tls()?),
        Security::StartTls => Tls::Required(tls()?),
        Security::None => Tls::None,
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host)
        .port(server.port)
        .tls(tls)
        .timeout(Some(server.patience));
    if let Some((name, password)) = &server.user {
        let password = password.expose_secret().to_owned();
        builder = builder.credentials(Credentials::new(name.clone(), password));
    }
    Ok(builder.build())
}

fn place(server: &Server) -> String {
    format!("{}:{}", server.host, server.port)
}

fn refusal(server: &Server, error: &lettre::transport::smtp::Error) -> Refusal {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let said: String = cause.to_string().chars().take(WORDS).collect();
    let place = place(server);
    match error.status() {
        Some(code) => Refusal {
            message: format!("{place} refused: {code} {said}"),
            connection: OF_THE_SESSION.contains(&u16::from(code)),
        },
        None if error.is_tls() => Refusal {
            message: format!("No TLS connection to {place}: {said}"),
            connection: true,
        },
        None if error.is_timeout() => Refusal {
            message: format!("{place} did not answer in time"),
            connection: true,
        },
        None => Refusal {
            message: format!("No connection to {place}: {said}"),
            connection: true,
        },
    }
}
