//! The staff: who may sign in, with which role. What the last administrator may not lose is decided in `auth`.

use actix_web::HttpResponse;
use actix_web::web::{Path, Query};
use serde::{Deserialize, Serialize};

use crate::auth::{self, Refusal};
use crate::db::sessions;
use crate::model::{Role, Staff};
use crate::web::listing::Pager;
use crate::web::routes::{Entry, routes};
use crate::web::{At, Form, Mistakes, Page, Place, Samples, Visit, WebError};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/settings/staff" Administrator show;
    Post Act "/settings/staff" Administrator add;
    Post Act "/settings/staff/{staff:\\d+}/role" Administrator set_role;
    Post Act "/settings/staff/{staff:\\d+}/enable" Administrator enable;
    Post Act "/settings/staff/{staff:\\d+}/disable" Administrator disable;
    Post Act "/settings/staff/{staff:\\d+}/sign-out" Administrator sign_out;
    Post Act "/settings/staff/{staff:\\d+}/link" Administrator new_link;
};

const HERE: &str = "/settings/staff";

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<StaffPage>();
}

/// Everybody, and a form for one more.
#[derive(Clone, Debug, Default, Serialize)]
pub struct StaffPage {
    people: Vec<Person>,
    pager: Pager,
    roles: Vec<RoleLine>,
    name: String,
    role: String,
    mistakes: Mistakes,
    /// A link that was just made; it is shown this once.
    link: Option<Link>,
}

#[derive(Clone, Debug, Serialize)]
struct Person {
    id: i64,
    name: String,
    role: String,
    role_label: String,
    enabled: bool,
    /// Has not chosen a password yet.
    waits: bool,
    signed_in: Option<At>,
    sessions: i64,
    /// It is who looks at the page.
    me: bool,
}

#[derive(Clone, Debug, Serialize)]
struct RoleLine {
    word: String,
    label: String,
    explained: String,
}

#[derive(Clone, Serialize)]
struct Link {
    name: String,
    address: String,
}

/// Without the address, which lets its bearer in.
impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Link")
    }
}

/// What a role may do, in one sentence.
fn explained(role: Role) -> &'static str {
    match role {
        Role::Reader => "Sees every company, person and run, and changes nothing.",
        Role::Technician => {
            "Also adds companies and connects their tenants, changes their settings and filters, starts and undoes runs, and decides on holds and conflicts."
        }
        Role::Administrator => "Also removes companies, and changes these settings and the staff.",
    }
}

fn roles() -> Vec<RoleLine> {
    let line = |role: Role| RoleLine {
        word: role.as_str().into(),
        label: role.label().into(),
        explained: explained(role).into(),
    };
    Role::ALL.map(line).into()
}

impl Page for StaffPage {
    const TEMPLATE: &'static str = "pages/staff_settings.html";

    fn title(&self) -> String {
        "Staff".into()
    }

    fn place(&self) -> Place {
        Place::Settings
    }

    fn samples() -> Vec<Self> {
        let person = |id: i64, name: &str| Person {
            id,
            name: name.into(),
            role: "technician".into(),
            role_label: "Technician".into(),
            enabled: id % 3 != 0,
            waits: id % 2 == 0,
            signed_in: (id % 2 == 1).then(At::sample),
            sessions: id,
            me: id == 1,
        };
        let one = Self {
            people: vec![person(1, "Robin Sample")],
            roles: roles(),
            role: "technician".into(),
            ..Self::default()
        };
        let many = Self {
            people: (1..60)
                .map(|id| person(id, &format!("Somebody {id}")))
                .collect(),
            pager: Pager::new("2", 120, HERE, &[]),
            ..one.clone()
        };
        let hostile = "\"'><script>alert(1)</script> \u{202e}gnp \u{1f600}";
        let mistaken = Self {
            people: vec![person(2, hostile), person(3, &"\u{e9}".repeat(100))],
            name: hostile.into(),
            mistakes: [("name", "Enter a name."), ("role", "Choose a role.")]
                .into_iter()
                .collect(),
            ..one.clone()
        };
        let linked = Self {
            link: Some(Link {
                name: hostile.into(),
                address: "https://rollcall.example/welcome/abc".into(),
            }),
            ..one.clone()
        };
        vec![one, many, mistaken, linked]
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct AddForm {
    name: String,
    role: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RoleForm {
    role: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Asked {
    page: String,
}

/// The part of this number of the staff.
async fn page(visit: &Visit, number: &str) -> Result<StaffPage, WebError> {
    let now = visit.now();
    let staff = auth::list(visit.app()).await?;
    let pager = Pager::new(number, staff.len(), HERE, &[]);
    let staff: Vec<_> = pager.part(staff).collect();
    let ids: Vec<i64> = staff.iter().map(|person| person.id).collect();
    let read = visit
        .app()
        .db()
        .read(move |conn| sessions::counts(conn, &ids, now));
    let sessions = read.await?;
    let me = visit.staff().map(|staff| staff.id);
    Ok(StaffPage {
        people: staff
            .into_iter()
            .map(|person| Person {
                id: person.id,
                role: person.role.as_str().into(),
                role_label: person.role.label().into(),
                enabled: person.enabled,
                waits: !person.has_password,
                signed_in: person.signed_in_at.map(|at| At::new(at, now)),
                sessions: sessions.get(&person.id).copied().unwrap_or_default(),
                me: Some(person.id) == me,
                name: person.name,
            })
            .collect(),
        pager,
        roles: roles(),
        role: Role::Technician.as_str().into(),
        ..StaffPage::default()
    })
}

async fn show(visit: Visit, asked: Query<Asked>) -> Result<HttpResponse, WebError> {
    visit.page(&page(&visit, &asked.page).await?)
}

async fn add(visit: Visit, form: Form<AddForm>) -> Result<HttpResponse, WebError> {
    let form = form.0;
    let Some(role) = Role::parse(&form.role) else {
        let mut page = page(&visit, "").await?;
        page.name = form.name;
        page.mistakes.add("role", "Choose a role.");
        return visit.again(&page);
    };
    match auth::add(visit.app(), &visit.name(), &form.name, role).await? {
        Ok((person, token)) => with_link(&visit, &person, &token).await,
        Err(mistakes) => {
            let mut page = page(&visit, "").await?;
            (page.name, page.role) = (form.name, form.role);
            for mistake in mistakes {
                page.mistakes.add(mistake.field, mistake.message);
            }
            visit.again(&page)
        }
    }
}

/// The answer itself shows the link: in an address or a notice it would stay.
async fn with_link(visit: &Visit, person: &Staff, token: &str) -> Result<HttpResponse, WebError> {
    let mut page = page(visit, "").await?;
    page.link = Some(Link {
        name: person.name.clone(),
        address: format!("{}/welcome/{token}", visit.app().config().portal_url()),
    });
    visit.page(&page)
}

/// Leads back to the staff, and says what came of it.
fn told(
    visit: &Visit,
    done: Result<Staff, Refusal>,
    said: impl FnOnce(&Staff) -> String,
) -> Result<HttpResponse, WebError> {
    match done {
        Ok(person) => Ok(visit.done(HERE, said(&person))),
        Err(Refusal::NotFound) => Err(WebError::NotFound),
        Err(refusal) => Ok(visit.refused(HERE, refusal.to_string())),
    }
}

async fn set_role(
    visit: Visit,
    id: Path<i64>,
    form: Form<RoleForm>,
) -> Result<HttpResponse, WebError> {
    let Some(role) = Role::parse(&form.0.role) else {
        return Ok(visit.refused(HERE, "Choose a role."));
    };
    let done = auth::set_role(visit.app(), &visit.name(), *id, role).await?;
    told(&visit, done, |person| {
        format!("The role of {} is {} now.", person.name, role.label())
    })
}

async fn enable(visit: Visit, id: Path<i64>) -> Result<HttpResponse, WebError> {
    let done = auth::set_enabled(visit.app(), &visit.name(), *id, true).await?;
    told(&visit, done, |person| {
        format!("{} may sign in again.", person.name)
    })
}

async fn disable(visit: Visit, id: Path<i64>) -> Result<HttpResponse, WebError> {
    let done = auth::set_enabled(visit.app(), &visit.name(), *id, false).await?;
    told(&visit, done, |person| {
        format!(
            "{} is disabled: signed out everywhere, and cannot sign in.",
            person.name
        )
    })
}

async fn sign_out(visit: Visit, id: Path<i64>) -> Result<HttpResponse, WebError> {
    let done = auth::sign_out_everywhere(visit.app(), &visit.name(), *id).await?;
    told(&visit, done, |person| {
        format!("{} is signed out everywhere.", person.name)
    })
}

async fn new_link(visit: Visit, id: Path<i64>) -> Result<HttpResponse, WebError> {
    match auth::reset(visit.app(), &visit.name(), *id).await? {
        Ok((person, token)) => with_link(&visit, &person, &token).await,
        Err(Refusal::NotFound) => Err(WebError::NotFound),
        Err(refusal) => Ok(visit.refused(HERE, refusal.to_string())),
    }
}
