//! Mail over TLS: with STARTTLS and from the first byte on, to a server whose certificate is made here. The built program trusts the
//! authority that signed it as it would any other of its machine: by `SSL_CERT_FILE`, where the system keeps its certificates.

use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose};
use rollcall::clock::Clock;
use rollcall::db::deliveries::{self, Delivery};
use rollcall::mail::{self, Security};
use rollcall::notices::saving;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use super::mailing::{LETTER, server};
use super::post::{Mood, Post, Protection};
use super::{OPS, ran, tell_all};
use crate::operating::{Serving, until};
use crate::stage::{Stage, Store, Vendor};

/// A server's certificate for 127.0.0.1, and that of the authority that signed it, as PEM.
fn certificate() -> (Arc<ServerConfig>, String) {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let signed = params.signed_by(&key, &authority).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![signed.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        );
    (Arc::new(config.unwrap()), authority.pem())
}

/// What becomes of a notice that leaves by this server, of a program whose machine trusts this authority.
async fn told(post: &Post, (host, security): (&str, Security), authority: &str) -> Delivery {
    let stage = Stage::with_clock(Vendor::ConnectWise, Store::Sqlite, Clock::real()).await;
    let new = saving::NewMail {
        host: host.into(),
        port: post.port.to_string(),
        security: security.as_str().into(),
        plain_allowed: false,
        user: "rollcall".into(),
        password: SecretString::from("right"),
        from: "Rollcall <rollcall@msp.example>".into(),
    };
    let mistakes = saving::save_mail(&stage.app, &new, "Ann").await.unwrap();
    assert_eq!(mistakes, []);
    tell_all(&stage.app, &[OPS]).await;
    ran(&stage, stage.company_id, Err("consent")).await;
    let file = stage.folder.path().join("authority.pem");
    std::fs::write(&file, authority).unwrap();
    let trusted = [("SSL_CERT_FILE", file.to_str().unwrap())];
    let serving = Serving::start(&stage, &trusted).await;
    let list = async || stage.read(|conn| deliveries::list(conn, 10)).await;
    until(async || list().await.first().is_some_and(|one| one.attempts > 0)).await;
    serving.terminate();
    let (status, log) = serving.ended().await;
    assert_eq!(status, Some(0), "{log}");
    list().await.remove(0)
}

async fn arrives(protect: impl Fn(Arc<ServerConfig>) -> Protection, security: Security) {
    let (config, authority) = certificate();
    let post = Post::protected(protect(config)).await;
    post.ask_for_a_password();
    let told = told(&post, ("127.0.0.1", security), &authority).await;
    assert_eq!((told.state.as_str(), told.error), ("sent", None));
    let mails = post.taken();
    assert_eq!(mails.len(), 1);
    assert_eq!(
        (&mails[0].to[..], mails[0].subject()),
        (&[OPS.to_owned()][..], told.subject)
    );
    assert_eq!(post.signed_in(), ["rollcall right"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_arrives_by_starttls() {
    arrives(Protection::StartTls, Security::StartTls).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_arrives_by_tls_from_the_beginning() {
    arrives(Protection::Tls, Security::Tls).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_for_another_name_is_refused_by_a_machine_that_trusts_its_authority() {
    let (config, authority) = certificate();
    let post = Post::protected(Protection::Tls(config)).await;
    let told = told(&post, ("localhost", Security::Tls), &authority).await;
    assert_eq!((told.state.as_str(), post.taken().len()), ("waiting", 0));
    let why = told.error.unwrap();
    for said in [
        "The certificate of localhost is for another name: give the server by the name that its certificate has",
        "Original message: invalid peer certificate",
    ] {
        assert!(why.contains(said), "{why}");
    }
    assert_eq!(post.signed_in(), Vec::<String>::new(), "no password leaves");
}

#[tokio::test]
async fn a_certificate_that_nobody_trusts_is_refused() {
    let (config, _) = certificate();
    for (protection, security) in [
        (Protection::StartTls(config.clone()), Security::StartTls),
        (Protection::Tls(config), Security::Tls),
    ] {
        let post = Post::protected(protection).await;
        let mut server = server(&post, security);
        server.user = Some(("rollcall".into(), SecretString::from("right")));
        server.patience = Duration::from_secs(10);
        let refused = mail::send(&server, &LETTER).await.unwrap_err();
        assert_eq!(
            refused.message,
            "The certificate of 127.0.0.1 is signed by nobody whom this machine trusts: give the mail server a certificate of a public \
             authority, or add its own authority to the certificates that this machine trusts. Original message: invalid peer \
             certificate: UnknownIssuer"
        );
        assert!(refused.connection);
        assert_eq!((post.taken().len(), post.signed_in().len()), (0, 0));
    }
}

/// Each of the mistakes that are made with ports, names and protection has its sentence.
#[tokio::test]
async fn what_keeps_a_mail_from_leaving_is_said_with_what_to_do_about_it() {
    let (config, _) = certificate();
    let plain = Post::start().await;
    let starttls = Post::protected(Protection::StartTls(config.clone())).await;
    let tls = Post::protected(Protection::Tls(config)).await;
    let free = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let nobody = free.local_addr().unwrap().port();
    drop(free);
    let ask = async |change: &dyn Fn(&mut mail::Server)| {
        let mut server = server(&plain, Security::None);
        change(&mut server);
        mail::send(&server, &LETTER).await.unwrap_err()
    };
    let said = |refusal: &mail::Refusal, all: &[&str]| {
        for said in all {
            assert!(
                refusal.message.contains(said),
                "{said}: {}",
                refusal.message
            );
        }
        assert!(refusal.connection, "{}", refusal.message);
    };
    let refused = ask(&|server| server.port = nobody).await;
    said(
        &refused,
        &[
            "Nothing listens at 127.0.0.1:",
            "check the server's name and the port",
            "Original message: Connection refused",
        ],
    );
    // A name that no name server has to be asked for.
    let refused = ask(&|server| server.host = format!("{}.example", "x".repeat(64))).await;
    said(
        &refused,
        &[
            "No address is known for xxx",
            "Original message: failed to lookup address",
        ],
    );
    for port in [plain.port, starttls.port] {
        let refused = ask(&|server| (server.port, server.security) = (port, Security::Tls)).await;
        said(
            &refused,
            &[
                "does not speak TLS from the beginning: choose STARTTLS",
                "Original message: ",
            ],
        );
    }
    for security in [Security::StartTls, Security::None] {
        let refused = ask(&|server| (server.port, server.security) = (tls.port, security)).await;
        said(
            &refused,
            &[
                "did not answer in time",
                "TLS from the beginning (usually 465) needs that to be chosen",
            ],
        );
    }
    let refused = ask(&|server| server.security = Security::StartTls).await;
    said(
        &refused,
        &["offers no STARTTLS: choose TLS from the beginning"],
    );
    let refused = ask(&|server| server.port = starttls.port).await;
    said(
        &refused,
        &[
            "wants a sign-in",
            "TLS or STARTTLS",
            "Original message: 530 5.7.0 STARTTLS first",
        ],
    );
    let user = || Some(("rollcall".to_owned(), SecretString::from("wrong")));
    let refused = ask(&|server| (server.port, server.user) = (starttls.port, user())).await;
    said(
        &refused,
        &[
            "offers no sign-in with a password here",
            "with TLS or STARTTLS alone",
        ],
    );
    let refused = ask(&|server| server.user = user()).await;
    said(
        &refused,
        &[
            "refuses the sign-in: check user name and password",
            "Original message: 535 5.7.8",
        ],
    );
    plain.be(Mood::HangsUp);
    said(
        &ask(&|_| ()).await,
        &["said nothing that a mail server says"],
    );
    let refused = ask(&|server| server.security = Security::Tls).await;
    said(&refused, &["does not speak TLS from the beginning"]);
    plain.be(Mood::Refuses("550 5.1.1 nobody of this name"));
    let refused = ask(&|_| ()).await;
    assert!(!refused.connection, "another recipient may be taken");
    let said = "refuses the recipient: check the address";
    assert!(refused.message.contains(said), "{}", refused.message);
    assert!(
        refused
            .message
            .ends_with("Original message: 550 5.1.1 nobody of this name")
    );
}
