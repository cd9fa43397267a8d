//! Signing in and out, and the link by which somebody chooses a password. The page says the same for a wrong name and a wrong
//! password.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::StatusCode;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::auth::{self, LinkFor, SignIn, passwords};
use crate::model::Staff;
use crate::web::routes::{Entry, routes};
use crate::web::session::STAFF;
use crate::web::visit::NEXT;
use crate::web::{Form, Mistakes, Page, Place, Samples, Visit, WebError};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/sign-in" Nobody show;
    Post Act "/sign-in" Nobody sign_in;
    Post Act "/sign-out" Reader sign_out;
    Get Page "/welcome/{token}" Nobody welcome;
    Post Act "/welcome/{token}" Nobody choose;
};

/// Where people sign in.
pub const HERE: &str = "/sign-in";
/// Said where the page was open for longer than its session lives.
const TOO_LATE: &str =
    "This page was open for too long, so nobody was signed in. Type your password once more.";

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<SignInPage>();
    all.page::<WelcomePage>();
}

/// Name and password.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SignInPage {
    name: String,
    mistakes: Mistakes,
    /// How long tries are refused; empty: they are not.
    locked: String,
}

impl Page for SignInPage {
    const TEMPLATE: &'static str = "pages/sign_in.html";

    fn title(&self) -> String {
        "Sign in".into()
    }

    fn place(&self) -> Place {
        Place::Outside
    }

    fn samples() -> Vec<Self> {
        let wrong = Self {
            name: "\"><script>alert(1)</script>".into(),
            mistakes: [("form", auth::WRONG)].into_iter().collect(),
            locked: String::new(),
        };
        let locked = Self {
            locked: "40 seconds".into(),
            ..Self::default()
        };
        vec![Self::default(), wrong, locked]
    }
}

#[derive(Deserialize)]
#[serde(default)]
struct SignInForm {
    name: String,
    password: SecretString,
}

impl Default for SignInForm {
    fn default() -> Self {
        Self {
            name: String::new(),
            password: SecretString::from(""),
        }
    }
}

async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    if visit.staff().is_some() {
        return Ok(visit.lead("/"));
    }
    visit.page(&SignInPage::default())
}

/// The page again, for a form that came without the token of a session: nothing of it is tried, and only the name stays.
///
/// # Errors
/// Where the page cannot be drawn.
pub fn opened_anew(visit: &Visit, name: String) -> Result<HttpResponse, WebError> {
    if visit.staff().is_some() {
        // Signed in meanwhile, in another window.
        return Ok(visit.lead("/"));
    }
    let mut page = SignInPage {
        name,
        ..SignInPage::default()
    };
    page.mistakes.add("form", TOO_LATE);
    visit.again(&page)
}

async fn sign_in(
    visit: Visit,
    request: HttpRequest,
    form: Form<SignInForm>,
) -> Result<HttpResponse, WebError> {
    let form = form.0;
    let address = client(&request, &visit);
    let mut page = SignInPage {
        name: form.name.clone(),
        ..SignInPage::default()
    };
    match auth::sign_in(visit.app(), &form.name, &form.password, address).await? {
        SignIn::Welcome(staff) => Ok(let_in(&visit, &staff)),
        SignIn::Wrong => {
            page.mistakes.add("form", auth::WRONG);
            visit.again(&page)
        }
        SignIn::LockedUntil(until) => {
            page.locked = auth::how_long(until, visit.now());
            visit.page_with(StatusCode::TOO_MANY_REQUESTS, &page)
        }
    }
}

/// The address that the visitor comes from. Behind a proxy on this computer or in a network of one's own, which there is only where
/// the portal has a public address, the proxy says it: the last entry is its own, those before it may be anybody's invention.
fn client(request: &HttpRequest, visit: &Visit) -> Option<IpAddr> {
    let peer = request.peer_addr().map(|address| address.ip());
    let proxied = visit.app().config().public_url.is_some()
        && peer.is_some_and(|peer| is_near(peer.to_canonical()));
    if !proxied {
        return peer;
    }
    let last = request.headers().get_all("x-forwarded-for").last();
    let last = last.and_then(|value| value.to_str().ok());
    let entry = last
        .and_then(|value| value.rsplit(',').next())
        .map(str::trim);
    entry.and_then(address).or(peer)
}

/// Whether an address is of this computer or of a private network.
const fn is_near(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    }
}

/// An address as proxies write it: bare, in brackets, or with a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let with_port = || text.parse::<SocketAddr>().map(|address| address.ip());
    bare.parse().or_else(|_| with_port()).ok()
}

/// Makes the session theirs, under a new key and token, and leads to where they wanted to be.
fn let_in(visit: &Visit, staff: &Staff) -> HttpResponse {
    let session = visit.session();
    let next: Option<String> = session.remove_as(NEXT).and_then(Result::ok);
    session.clear();
    session.renew();
    let _ = session.insert(STAFF, staff.id);
    visit.lead(next.as_deref().unwrap_or("/"))
}

async fn sign_out(visit: Visit) -> HttpResponse {
    visit.session().purge();
    visit.lead("/sign-in")
}

/// What a sign-in link opens.
#[derive(Clone, Debug, Serialize)]
pub struct WelcomePage {
    /// The link can be used.
    open: bool,
    /// Whose password it is; empty: an administrator's, who also says a name.
    whose: String,
    name: String,
    mistakes: Mistakes,
}

impl Page for WelcomePage {
    const TEMPLATE: &'static str = "pages/welcome.html";

    fn title(&self) -> String {
        let title = if self.open { "Welcome" } else { "Link used up" };
        title.into()
    }

    fn place(&self) -> Place {
        Place::Outside
    }

    fn samples() -> Vec<Self> {
        let closed = Self {
            open: false,
            whose: String::new(),
            name: String::new(),
            mistakes: Mistakes::default(),
        };
        let first = Self {
            open: true,
            name: "\"Robin\" <b>".into(),
            mistakes: [("password", "Use 12 characters or more.")]
                .into_iter()
                .collect(),
            ..closed.clone()
        };
        let staff = Self {
            open: true,
            whose: "Robin Sample".into(),
            ..closed.clone()
        };
        vec![closed, first, staff]
    }
}

#[derive(Deserialize)]
#[serde(default)]
struct WelcomeForm {
    name: String,
    password: SecretString,
    again: SecretString,
}

impl Default for WelcomeForm {
    fn default() -> Self {
        Self {
            name: String::new(),
            password: SecretString::from(""),
            again: SecretString::from(""),
        }
    }
}

fn welcome_page(link: Option<&LinkFor>) -> WelcomePage {
    WelcomePage {
        open: link.is_some(),
        whose: match link {
            Some(LinkFor::Staff(staff)) => staff.name.clone(),
            _ => String::new(),
        },
        name: String::new(),
        mistakes: Mistakes::default(),
    }
}

async fn welcome(visit: Visit, token: Path<String>) -> Result<HttpResponse, WebError> {
    let link = auth::look_at_link(visit.app(), &token).await?;
    let page = welcome_page(link.as_ref());
    if link.is_some() {
        visit.page(&page)
    } else if visit.staff().is_some() {
        visit.say(
            "info",
            "This sign-in link is used up. You are signed in already.",
        );
        Ok(visit.lead("/"))
    } else {
        visit.page_with(StatusCode::GONE, &page)
    }
}

async fn choose(
    visit: Visit,
    token: Path<String>,
    form: Form<WelcomeForm>,
) -> Result<HttpResponse, WebError> {
    use secrecy::ExposeSecret;
    let form = form.0;
    let link = auth::look_at_link(visit.app(), &token).await?;
    let mut page = welcome_page(link.as_ref());
    page.name.clone_from(&form.name);
    if link.is_none() {
        return visit.page_with(StatusCode::GONE, &page);
    }
    if form.password.expose_secret() != form.again.expose_secret() {
        page.mistakes
            .add("again", "This is not the same password. Type both again.");
        if let Err(sentence) = passwords::check(&form.password, &form.name) {
            page.mistakes.add("password", sentence);
        }
        return visit.again(&page);
    }
    match auth::use_link(visit.app(), &token, &form.name, &form.password).await? {
        Ok(staff) => Ok(let_in(&visit, &staff)),
        Err(mistakes) => {
            for mistake in mistakes {
                page.mistakes.add(mistake.field, mistake.message);
            }
            visit.again(&page)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_believed_on_this_computer_and_in_a_private_network_alone() {
        for near in [
            "127.0.0.1",
            "::1",
            "172.18.0.4",
            "10.1.2.3",
            "192.168.0.9",
            "fd00::7",
        ] {
            assert!(is_near(near.parse().unwrap()), "{near}");
        }
        for far in ["203.0.113.7", "172.32.0.1", "2001:db8::1"] {
            assert!(!is_near(far.parse().unwrap()), "{far}");
        }
    }
}
