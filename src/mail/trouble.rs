//! Why a mail server did not take a letter: what happened and what to do about it, in a sentence, with the words of the server, of
//! TLS or of the system behind it.

use std::error::Error as _;
use std::io;

use lettre::transport::smtp::Error;
use rustls::CertificateError;

use super::{Refusal, Security, Server};

/// Answers that refuse whoever signs in, or everybody, and not one letter: the service closes (421, RFC 5321), the sign-in is
/// wanted (530), refused (535), or not possible so (432, 454, 534, 538; RFC 4954, section 6). Another letter would fare alike,
/// and each would be one more wrong password.
const OF_THE_SESSION: [u16; 7] = [421, 432, 454, 530, 534, 535, 538];
/// So many of a server's words are kept.
const WORDS: usize = 600;

/// The steps of a conversation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Up to the server's first words.
    Connect,
    /// TLS after STARTTLS.
    StartTls,
    /// User name and password.
    SignIn,
    /// Who sends.
    Sender,
    /// Who gets it.
    Recipient,
    /// The letter itself.
    Letter,
}

/// What went wrong, and where.
pub(super) struct Trouble {
    step: Step,
    /// `None`: no answer came in time.
    error: Option<Error>,
}

/// What there is behind an error.
enum Behind<'a> {
    Tls(&'a rustls::Error),
    Io(&'a io::Error),
    /// The library's own words.
    Words,
}

impl Trouble {
    pub(super) const fn new(step: Step, error: Option<Error>) -> Self {
        Self { step, error }
    }

    /// Whether no answer came in time.
    pub(super) const fn is_silence(&self) -> bool {
        self.error.is_none()
    }

    /// What is told of it.
    pub(super) fn refusal(self, server: &Server) -> Refusal {
        let code = self.code();
        let (what, advice) = match (&self.error, code) {
            (None, _) => self.silence(server),
            (Some(_), Some(code)) => self.answer(server, code),
            (Some(error), None) => match behind(error) {
                Behind::Tls(error) => self.tls(server, error),
                Behind::Io(error) => self.connection(server, error),
                Behind::Words => self.words(server, error),
            },
        };
        let said = self.said(code);
        let end = if said.is_empty() {
            String::new()
        } else {
            format!(". Original message: {said}")
        };
        Refusal {
            message: format!("{what}: {advice}{end}"),
            connection: code.is_none_or(|code| OF_THE_SESSION.contains(&code)),
        }
    }

    /// The code of the server's answer; `None` where it gave none.
    fn code(&self) -> Option<u16> {
        Some(self.error.as_ref()?.status()?.into())
    }

    /// The words of the server, of TLS or of the system.
    fn said(&self, code: Option<u16>) -> String {
        let Some(error) = &self.error else {
            return String::new();
        };
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        let said: String = cause.to_string().chars().take(WORDS).collect();
        match code {
            Some(code) => format!("{code} {said}"),
            None => said,
        }
    }

    fn silence(&self, server: &Server) -> (String, String) {
        let place = place(server);
        let advice = match (self.step, server.security) {
            (Step::Connect, Security::Tls) => {
                "check the port, and whether a firewall is between; a port of STARTTLS (usually 587) needs STARTTLS to be chosen"
            }
            (Step::Connect, _) => {
                "check the port, and whether a firewall is between; a port of TLS from the beginning (usually 465) needs that to be chosen"
            }
            _ => "the server may be busy, and is asked again",
        };
        (format!("{place} did not answer in time"), advice.to_owned())
    }

    /// The server refused something.
    fn answer(&self, server: &Server, code: u16) -> (String, String) {
        let place = place(server);
        let (what, advice) = match (code, self.step) {
            (421, _) => ("closes its service", "it is asked again later"),
            (530, _) => (
                "wants a sign-in",
                "give a user name and password, and protection by TLS or STARTTLS where it asks for that",
            ),
            (_, Step::SignIn) => (
                "refuses the sign-in",
                "check user name and password; some providers want a password of its own for programs, or have this kind of sign-in switched off",
            ),
            (_, Step::Connect) => (
                "refuses the connection",
                "it may not take mail from this machine: ask whoever runs it",
            ),
            (_, Step::StartTls) => (
                "refuses STARTTLS",
                "choose TLS from the beginning (usually port 465), or ask whoever runs it",
            ),
            (_, Step::Sender) => (
                "refuses the sender",
                "give an address that this server lets Rollcall send from",
            ),
            (_, Step::Recipient) => (
                "refuses the recipient",
                "check the address; for other domains than its own a server may want a sign-in, or has to let this machine through",
            ),
            (_, Step::Letter) => ("refuses this mail", "ask whoever runs it"),
        };
        (format!("{place} {what}"), advice.to_owned())
    }

    fn tls(&self, server: &Server, error: &rustls::Error) -> (String, String) {
        let (place, host) = (place(server), &server.host);
        match error {
            rustls::Error::InvalidCertificate(wrong) => {
                let (what, advice) = certificate(wrong);
                (format!("The certificate of {host} {what}"), advice.into())
            }
            rustls::Error::InvalidMessage(_) if self.step == Step::Connect => not_at_once(&place),
            _ => (
                format!("{place} and Rollcall agree on no TLS connection"),
                "the server has to speak TLS 1.2 or 1.3; ask whoever runs it".into(),
            ),
        }
    }

    fn connection(&self, server: &Server, error: &io::Error) -> (String, String) {
        let (place, host) = (place(server), &server.host);
        match error.kind() {
            io::ErrorKind::ConnectionRefused => (
                format!("Nothing listens at {place}"),
                "check the server's name and the port, and that the mail server runs".into(),
            ),
            io::ErrorKind::TimedOut => self.silence(server),
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => (
                format!("No way leads to {host}"),
                "check the server's name, and this machine's network".into(),
            ),
            // The system has no kind for a name that it cannot resolve.
            _ if self.step == Step::Connect && error.to_string().contains("lookup address") => (
                format!("No address is known for {host}"),
                "check the server's name, and this machine's name server".into(),
            ),
            _ => self.hung_up(server),
        }
    }

    /// What the library says of itself.
    fn words(&self, server: &Server, error: &Error) -> (String, String) {
        let place = place(server);
        match self.step {
            Step::StartTls if error.is_client() => (
                format!("{place} offers no STARTTLS"),
                "choose TLS from the beginning (usually port 465), or ask whoever runs it".into(),
            ),
            Step::SignIn if error.is_client() => (
                format!("{place} offers no sign-in with a password here"),
                "many servers offer it with TLS or STARTTLS alone; leave the user name empty where none is needed".into(),
            ),
            _ => self.hung_up(server),
        }
    }

    fn hung_up(&self, server: &Server) -> (String, String) {
        let place = place(server);
        match (self.step, server.security) {
            (Step::Connect, Security::Tls) => not_at_once(&place),
            (Step::Connect, _) => (
                format!("{place} said nothing that a mail server says"),
                "a port of TLS from the beginning (usually 465) needs that to be chosen".into(),
            ),
            _ => (
                format!("{place} hung up"),
                "it is asked again; where that goes on, ask whoever runs it".into(),
            ),
        }
    }
}

fn place(server: &Server) -> String {
    format!("{}:{}", server.host, server.port)
}

fn not_at_once(place: &str) -> (String, String) {
    (
        format!("{place} does not speak TLS from the beginning"),
        "choose STARTTLS where this is its port (usually 587), or give the port of TLS (usually 465)".into(),
    )
}

/// What is wrong with a certificate, and what to do about it.
fn certificate(wrong: &CertificateError) -> (&'static str, &'static str) {
    match wrong {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            ("has expired", "have it renewed on the mail server")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => (
            "does not hold yet",
            "check the clocks of the mail server and of this machine",
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            "is for another name",
            "give the server by the name that its certificate has",
        ),
        CertificateError::Revoked => ("was revoked", "have it renewed on the mail server"),
        _ => (
            "is signed by nobody whom this machine trusts",
            "give the mail server a certificate of a public authority, or add its own authority to the certificates that this machine trusts",
        ),
    }
}

fn behind(error: &Error) -> Behind<'_> {
    let mut found = Behind::Words;
    let mut cause = error.source();
    while let Some(one) = cause {
        if let Some(tls) = one.downcast_ref::<rustls::Error>() {
            return Behind::Tls(tls);
        }
        if let Some(io) = one.downcast_ref::<io::Error>() {
            // What it wraps is not among its sources.
            let tls = io
                .get_ref()
                .and_then(|inner| inner.downcast_ref::<rustls::Error>());
            if let Some(tls) = tls {
                return Behind::Tls(tls);
            }
            found = Behind::Io(io);
        }
        cause = one.source();
    }
    found
}
