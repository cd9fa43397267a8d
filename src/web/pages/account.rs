//! One's own account: role, password, sessions.

use actix_web::HttpResponse;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::auth;
use crate::db::sessions;
use crate::web::routes::{Entry, routes};
use crate::web::session::KEY_HASH;
use crate::web::{At, Form, Mistakes, Page, Place, Samples, Visit, WebError};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/account" Reader show;
    Post Act "/account/password" Reader change_password;
    Post Act "/account/sign-out-everywhere" Reader sign_out_everywhere;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<AccountPage>();
}

/// What somebody sees of themselves.
#[derive(Clone, Debug, Default, Serialize)]
pub struct AccountPage {
    name: String,
    role: String,
    sessions: Vec<Line>,
    mistakes: Mistakes,
}

#[derive(Clone, Debug, Serialize)]
struct Line {
    began: At,
    seen: At,
    /// The one that asks.
    this: bool,
}

impl Page for AccountPage {
    const TEMPLATE: &'static str = "pages/account.html";

    fn title(&self) -> String {
        "Account".into()
    }

    fn place(&self) -> Place {
        Place::Account
    }

    fn samples() -> Vec<Self> {
        let line = |this| Line {
            began: At::sample(),
            seen: At::sample(),
            this,
        };
        let one = Self {
            name: "Robin Sample".into(),
            role: "Reader".into(),
            sessions: vec![line(true)],
            ..Self::default()
        };
        let wrong = Self {
            name: "<script>\"'\u{202e}\u{1f600}".into(),
            sessions: (0..30).map(|at| line(at == 3)).collect(),
            mistakes: [
                ("present", "This is not your present password."),
                ("password", "Use 12 characters or more."),
                ("again", "This is not the same password. Type both again."),
            ]
            .into_iter()
            .collect(),
            ..one.clone()
        };
        vec![Self::default(), one, wrong]
    }
}

#[derive(Deserialize)]
#[serde(default)]
struct PasswordForm {
    present: SecretString,
    password: SecretString,
    again: SecretString,
}

impl Default for PasswordForm {
    fn default() -> Self {
        let nothing = || SecretString::from("");
        Self {
            present: nothing(),
            password: nothing(),
            again: nothing(),
        }
    }
}

/// The hash of the key of the session that asks.
fn this_session(visit: &Visit) -> String {
    let hash = visit.session().get::<String>(KEY_HASH).ok().flatten();
    hash.unwrap_or_default()
}

async fn page(visit: &Visit) -> Result<AccountPage, WebError> {
    let staff = visit.staff().cloned().ok_or(WebError::Forbidden)?;
    let (now, this) = (visit.now(), this_session(visit));
    let id = staff.id;
    let sessions = visit
        .app()
        .db()
        .read(move |conn| sessions::of_staff(conn, id, now))
        .await?;
    Ok(AccountPage {
        name: staff.name,
        role: staff.role.label().into(),
        sessions: sessions
            .into_iter()
            .map(|session| Line {
                began: At::new(session.created_at, now),
                seen: At::new(session.seen_at, now),
                this: session.key_hash == this,
            })
            .collect(),
        mistakes: Mistakes::default(),
    })
}

async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    visit.page(&page(&visit).await?)
}

async fn change_password(visit: Visit, form: Form<PasswordForm>) -> Result<HttpResponse, WebError> {
    let form = form.0;
    let mut page = page(&visit).await?;
    if form.password.expose_secret() != form.again.expose_secret() {
        page.mistakes
            .add("again", "This is not the same password. Type both again.");
        return visit.again(&page);
    }
    let id = visit
        .staff()
        .map(|staff| staff.id)
        .ok_or(WebError::Forbidden)?;
    let stays = this_session(&visit);
    let changed =
        auth::change_password(visit.app(), id, &form.present, &form.password, &stays).await?;
    match changed {
        Ok(()) => Ok(visit.done(
            "/account",
            "Your password is changed. Your other sessions are signed out.",
        )),
        Err(mistakes) => {
            for mistake in mistakes {
                page.mistakes.add(mistake.field, mistake.message);
            }
            visit.again(&page)
        }
    }
}

async fn sign_out_everywhere(visit: Visit) -> Result<HttpResponse, WebError> {
    if let Some(staff) = visit.staff() {
        // Whoever is not on the staff any more has no session either.
        let _ = auth::sign_out_everywhere(visit.app(), &staff.name, staff.id).await?;
    }
    visit.session().purge();
    Ok(visit.lead("/sign-in"))
}
