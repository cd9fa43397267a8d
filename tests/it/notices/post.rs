//! A mail server on loopback that keeps what it takes, and can refuse, hang up and stall. It speaks SMTP (RFC 5321) with AUTH
//! PLAIN: without protection, with STARTTLS (RFC 3207), or with TLS from the first byte on (RFC 8314).

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rollcall::clock::Clock;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// What it does with who comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Takes every mail.
    Takes,
    /// Refuses every recipient, with this answer.
    Refuses(&'static str),
    /// Hangs up at once.
    HangsUp,
    /// Hangs up after it took the mail, before it says so.
    HangsUpLate,
    /// Takes the mail, and takes its time to say so.
    TakesSlowly,
    /// Says nothing at all.
    Stalls,
}

/// How its connections are protected.
#[derive(Clone)]
pub enum Protection {
    /// Not at all.
    None,
    /// After STARTTLS; before it nobody may sign in or send.
    StartTls(Arc<ServerConfig>),
    /// From the first byte on.
    Tls(Arc<ServerConfig>),
}

/// A connection, protected or not.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// A mail that was taken.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Who sends, as said to the server.
    pub from: String,
    /// Who gets it, as said to the server.
    pub to: Vec<String>,
    /// Headers and body, as sent.
    pub raw: String,
}

struct State {
    mood: Mood,
    taken: Vec<Mail>,
    /// What was said to sign in, decoded.
    signed_in: Vec<String>,
    /// Only who signs in may send.
    asks: bool,
    visits: usize,
}

/// The server.
pub struct Post {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

impl Post {
    /// Starts one without protection.
    pub async fn start() -> Self {
        Self::protected(Protection::None).await
    }

    /// Starts it.
    pub async fn protected(protection: Protection) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State {
            mood: Mood::Takes,
            taken: Vec::new(),
            signed_in: Vec::new(),
            asks: false,
            visits: 0,
        }));
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (state, protection) = (shared.clone(), protection.clone());
                tokio::spawn(async move {
                    // A client that hangs up ends its own visit alone.
                    let _ = talk(stream, protection, &state).await;
                });
            }
        });
        Self { port, state }
    }

    /// Changes its mood.
    pub fn be(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    /// Lets only those send who sign in.
    pub fn ask_for_a_password(&self) {
        self.state.lock().unwrap().asks = true;
    }

    /// What it took so far.
    pub fn taken(&self) -> Vec<Mail> {
        self.state.lock().unwrap().taken.clone()
    }

    /// What it took since this was asked last.
    pub fn fresh(&self) -> Vec<Mail> {
        std::mem::take(&mut self.state.lock().unwrap().taken)
    }

    /// What was said to sign in.
    pub fn signed_in(&self) -> Vec<String> {
        self.state.lock().unwrap().signed_in.clone()
    }

    /// How often somebody came.
    pub fn visits(&self) -> usize {
        self.state.lock().unwrap().visits
    }
}

/// The next line; none: the other side has hung up.
async fn next(wire: &mut BufReader<Box<dyn Wire>>) -> std::io::Result<Option<String>> {
    let mut line = String::new();
    let read = wire.read_line(&mut line).await?;
    Ok((read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned()))
}

async fn talk(
    stream: TcpStream,
    protection: Protection,
    state: &Mutex<State>,
) -> std::io::Result<()> {
    let mood = {
        let mut state = state.lock().unwrap();
        state.visits += 1;
        state.mood
    };
    if mood == Mood::HangsUp {
        return Ok(());
    }
    let stream: Box<dyn Wire> = match &protection {
        Protection::Tls(config) => {
            Box::new(TlsAcceptor::from(config.clone()).accept(stream).await?)
        }
        _ => Box::new(stream),
    };
    let mut open = matches!(protection, Protection::StartTls(_));
    let mut wire = BufReader::new(stream);
    if mood == Mood::Stalls {
        // Waits until the client has had enough.
        while next(&mut wire).await?.is_some() {}
        return Ok(());
    }
    wire.write_all(b"220 post.example ESMTP\r\n").await?;
    let (mut from, mut to, mut known) = (String::new(), Vec::new(), false);
    while let Some(line) = next(&mut wire).await? {
        let verb = line.to_ascii_uppercase();
        let asks = state.lock().unwrap().asks;
        let answer = if verb.starts_with("EHLO") && open {
            "250-post.example\r\n250 STARTTLS".to_owned()
        } else if verb.starts_with("EHLO") {
            "250-post.example\r\n250-AUTH PLAIN\r\n250 8BITMIME".to_owned()
        } else if let Protection::StartTls(config) = &protection
            && open
        {
            if verb != "STARTTLS" {
                wire.write_all(b"530 5.7.0 STARTTLS first\r\n").await?;
                continue;
            }
            wire.write_all(b"220 go on\r\n").await?;
            let accepted = TlsAcceptor::from(config.clone()).accept(wire.into_inner());
            wire = BufReader::new(Box::new(accepted.await?));
            open = false;
            continue;
        } else if let Some(said) = line.strip_prefix("AUTH PLAIN ") {
            let said = STANDARD.decode(said).unwrap_or_default();
            let said = String::from_utf8_lossy(&said).replace('\0', " ");
            known = said.trim() == "rollcall right";
            state.lock().unwrap().signed_in.push(said.trim().to_owned());
            let answer = if known {
                "235 welcome"
            } else {
                "535 5.7.8 wrong user name or password"
            };
            answer.to_owned()
        } else if asks && !known && verb.starts_with("MAIL") {
            "530 5.7.0 sign in first".to_owned()
        } else if let Some(address) = verb.starts_with("MAIL FROM:").then(|| inside(&line)) {
            from = address;
            "250 fine".to_owned()
        } else if verb.starts_with("RCPT TO:") {
            if let Mood::Refuses(answer) = mood {
                answer.to_owned()
            } else {
                to.push(inside(&line));
                "250 fine".to_owned()
            }
        } else if verb == "DATA" {
            wire.write_all(b"354 go on\r\n").await?;
            let mut raw = String::new();
            while let Some(line) = next(&mut wire).await? {
                if line == "." {
                    break;
                }
                raw.push_str(line.strip_prefix('.').unwrap_or(&line));
                raw.push('\n');
            }
            let mail = Mail {
                from: from.clone(),
                to: std::mem::take(&mut to),
                raw,
            };
            state.lock().unwrap().taken.push(mail);
            if mood == Mood::HangsUpLate {
                return Ok(());
            }
            if mood == Mood::TakesSlowly {
                Clock::real().sleep(Duration::from_secs(2)).await;
            }
            "250 taken".to_owned()
        } else if verb == "QUIT" {
            wire.write_all(b"221 bye\r\n").await?;
            return Ok(());
        } else {
            "502 not here".to_owned()
        };
        wire.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}

fn inside(line: &str) -> String {
    let rest = line.split_once('<').map_or("", |(_, rest)| rest);
    rest.split('>').next().unwrap_or_default().to_owned()
}

impl Mail {
    /// The header of this name, unfolded and decoded.
    pub fn header(&self, name: &str) -> String {
        let head = self.raw.split("\n\n").next().unwrap_or_default();
        let unfolded = head.replace("\n ", " ").replace("\n\t", " ");
        let start = format!("{}:", name.to_ascii_lowercase());
        let mut lines = unfolded.lines();
        let line = lines.find(|line| line.to_ascii_lowercase().starts_with(&start));
        words(line.map_or("", |line| line[start.len()..].trim()))
    }

    /// The names of the headers, in lower case.
    pub fn headers(&self) -> Vec<String> {
        let head = self.raw.split("\n\n").next().unwrap_or_default();
        head.lines()
            .filter(|line| !line.starts_with([' ', '\t']))
            .filter_map(|line| Some(line.split_once(':')?.0.to_ascii_lowercase()))
            .collect()
    }

    /// The subject.
    pub fn subject(&self) -> String {
        self.header("Subject")
    }

    /// The part in text.
    pub fn text(&self) -> String {
        self.part("text/plain")
    }

    /// The part in HTML.
    pub fn html(&self) -> String {
        self.part("text/html")
    }

    fn part(&self, kind: &str) -> String {
        let mark = self.raw.split("boundary=\"").nth(1).unwrap();
        let mark = format!("--{}", mark.split('"').next().unwrap());
        let part = self
            .raw
            .split(&mark)
            .skip(1)
            .find(|part| part.contains(&format!("Content-Type: {kind}")))
            .unwrap();
        let (head, body) = part.split_once("\n\n").unwrap();
        let head = head.to_ascii_lowercase();
        let bytes = if head.contains("base64") {
            let body: String = body.split_whitespace().collect();
            STANDARD.decode(body).unwrap()
        } else if head.contains("quoted-printable") {
            quoted(&body.replace("=\n", ""))
        } else {
            body.as_bytes().to_vec()
        };
        String::from_utf8(bytes).unwrap()
    }
}

/// The bytes of a quoted-printable text (RFC 2045, section 6.7) without soft line breaks.
fn quoted(text: &str) -> Vec<u8> {
    let (bytes, mut found, mut at) = (text.as_bytes(), Vec::new(), 0);
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'=');
        let byte = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        found.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    found
}

/// A header's encoded words (RFC 2047) decoded.
fn words(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("=?utf-8?b?") {
        let before = &rest[..at];
        if !before.trim().is_empty() {
            bytes.extend_from_slice(before.as_bytes());
        }
        let inner = &rest[at + "=?utf-8?b?".len()..];
        let (word, after) = inner.split_once("?=").unwrap();
        bytes.extend(STANDARD.decode(word).unwrap());
        rest = after;
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).unwrap()
}
