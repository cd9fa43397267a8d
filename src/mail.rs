//! Mail out, through one SMTP server. Sends one letter once; when to try again, and what a letter says, others decide. Logs
//! nothing: letters name people, and so may a server's words.

mod trouble;

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, Message};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use trouble::{Step, Trouble};

/// So long one step of a conversation with a server may take.
pub const PATIENCE: Duration = Duration::from_secs(30);
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
/// What went wrong and what to do about it, with the server's own words.
pub async fn send(server: &Server, letter: &Letter<'_>) -> Result<(), Refusal> {
    let message = message(server, letter)?;
    let refused = |trouble: Trouble| trouble.refusal(server);
    let mut talk = Talk::open(server).await.map_err(refused)?;
    let taken = talk.deliver(&message).await;
    if !matches!(&taken, Err(trouble) if trouble.is_silence()) {
        talk.end().await;
    }
    taken.map_err(refused)
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

/// A conversation with a server.
struct Talk {
    connection: AsyncSmtpConnection,
    patience: Duration,
}

/// Waits for one step of a conversation: each has its own time, so that a server that answers, but never ends, is given up.
async fn within<T>(
    (step, patience): (Step, Duration),
    doing: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
) -> Result<T, Trouble> {
    match tokio::time::timeout(patience, doing).await {
        Ok(done) => done.map_err(|error| Trouble::new(step, Some(error))),
        Err(_) => Err(Trouble::new(step, None)),
    }
}

impl Talk {
    /// Connects, with the protection that was chosen or not at all, and signs in.
    async fn open(server: &Server) -> Result<Self, Trouble> {
        let (me, patience) = (ClientId::default(), server.patience);
        let host = server.host.trim_matches(['[', ']']);
        let connect = async {
            let tls = match server.security {
                Security::Tls => Some(TlsParameters::new(host.to_owned())?),
                Security::StartTls | Security::None => None,
            };
            let place = (host, server.port);
            AsyncSmtpConnection::connect_tokio1(place, Some(patience), &me, tls, None).await
        };
        // The connection itself has its own time before the first words.
        let twice = patience.saturating_mul(2);
        let connection = within((Step::Connect, twice), connect).await?;
        let mut talk = Self {
            connection,
            patience,
        };
        let connection = &mut talk.connection;
        if server.security == Security::StartTls {
            let protect = async {
                let tls = TlsParameters::new(host.to_owned())?;
                connection.starttls(tls, &me).await
            };
            within((Step::StartTls, patience), protect).await?;
        }
        if let Some((name, password)) = &server.user {
            let password = password.expose_secret().to_owned();
            let credentials = Credentials::new(name.clone(), password);
            let sign_in = connection.auth(DEFAULT_MECHANISMS, &credentials);
            let signed_in = within((Step::SignIn, patience), sign_in).await;
            if signed_in.is_err() {
                talk.end().await;
            }
            signed_in?;
        }
        Ok(talk)
    }

    async fn deliver(&mut self, message: &Message) -> Result<(), Trouble> {
        let (envelope, connection) = (message.envelope(), &mut self.connection);
        let from = connection.command(Mail::new(envelope.from().cloned(), Vec::new()));
        within((Step::Sender, self.patience), from).await?;
        for address in envelope.to() {
            let to = connection.command(Rcpt::new(address.clone(), Vec::new()));
            within((Step::Recipient, self.patience), to).await?;
        }
        let text = message.formatted();
        let write = async {
            connection.command(Data).await?;
            connection.message(&text).await
        };
        // Whoever looks through a mail before taking it has more time: one that is sent again arrives twice.
        let longer = self.patience.saturating_mul(4);
        within((Step::Letter, longer), write).await.map(drop)
    }

    /// Says goodbye. What the server says to that changes nothing.
    async fn end(&mut self) {
        let _ = tokio::time::timeout(self.patience, self.connection.abort()).await;
    }
}
