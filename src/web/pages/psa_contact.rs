//! A contact that is only in the PSA: what it has, why it is no user's, and the users to whom a technician can link it. It
//! changes nothing.

use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};

use super::people::aside;
use super::user_choices::{self, UserChoices};
use super::{person, searches};
use crate::model::{Company, Contact, ContactId, Role, text};
use crate::sync::plan::{Plan, Reason};
use crate::sync::snapshot::Snapshot;
use crate::sync::standing::owned;
use crate::web::VendorLinks;
use crate::web::everyone::{Everyone, named, segment};
use crate::web::portrait::{self, Row};
use crate::web::routes::{Entry, routes};
use crate::web::{At, CompanyHead, Page, Place, Samples, Tab, Visit, WebError, form, words};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/companies/{company:\\d+}/contacts/{contact}" Reader show;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<ContactPage>();
}

/// So many users are named.
const NAMED: usize = 20;

/// A contact.
#[derive(Clone, Debug, Serialize)]
pub struct ContactPage {
    head: CompanyHead,
    /// The address of this page.
    page: String,
    id: String,
    name: String,
    read_at: Option<At>,
    psa: String,
    link: String,
    /// Whether it is a user's after all.
    is_owned: bool,
    rows: Vec<Row>,
    why: String,
    users: Vec<Concerned>,
    /// To whom it can be linked; none where it is somebody's.
    choices: Option<UserChoices>,
}

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Query {
    /// The number of the search for a user.
    s: String,
}

/// The address of a contact's page.
pub(super) fn address(company: i64, contact: &ContactId) -> String {
    format!(
        "/companies/{company}/contacts/{}",
        segment(contact.as_str())
    )
}

/// A contact of the last reading.
pub(super) fn find<'a>(snapshot: &'a Snapshot, contact: &ContactId) -> Option<&'a Contact> {
    snapshot.contacts.iter().find(|one| one.id == *contact)
}

/// A user who has to do with the contact.
#[derive(Clone, Debug, Serialize)]
struct Concerned {
    page: String,
    name: String,
    how: String,
}

async fn show(
    visit: Visit,
    path: Path<(i64, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, WebError> {
    let (id, contact) = path.into_inner();
    let company = visit.company(id).await?;
    let query: Query = form::read(request.query_string().as_bytes())?;
    let find_user = visit
        .may(Role::Technician)
        .then(|| searches::text(&visit, &query.s));
    let last = visit.app().last(&company).await?;
    let last = last.ok_or(WebError::NotFound)?;
    let outward = VendorLinks::load(&visit, &company).await?;
    let (contact, now) = (ContactId::new(&contact), visit.now());
    let page = aside(move || {
        let snapshot = &last.snapshot;
        let contact = find(snapshot, &contact)?;
        let page = ContactPage::of(&company, snapshot, last.plan(), contact);
        let choices = find_user
            .filter(|_| !page.is_owned)
            .map(|text| UserChoices::of(&company, snapshot, last.plan(), (contact, &text)));
        Some(ContactPage {
            read_at: Some(At::there(last.read_at, now, &company.timezone)),
            psa: outward.psa_name().to_owned(),
            link: outward.contact(&contact.id),
            choices,
            ..page
        })
    });
    visit.page(&page.await?.ok_or(WebError::NotFound)?)
}

impl ContactPage {
    fn of(company: &Company, snapshot: &Snapshot, plan: &Plan, contact: &Contact) -> Self {
        let is_owned = owned(plan).contains(&contact.id);
        let (why, users) = if is_owned {
            let owners = plan.people.iter();
            let owners = owners.filter(|one| one.contact.as_ref() == Some(&contact.id));
            let owners = owners.map(|one| concerned(company, (&one.user_id, &one.name, &one.upn)));
            ("It is the contact of this user.".into(), owners.collect())
        } else {
            nobodys(company, snapshot, plan, contact)
        };
        Self {
            head: CompanyHead::new(company, Tab::People),
            page: address(company.id, &contact.id),
            id: contact.id.to_string(),
            name: named(contact),
            read_at: None,
            psa: String::new(),
            link: String::new(),
            is_owned,
            rows: portrait::sides(snapshot, None, Some(contact), None),
            why,
            users,
            choices: None,
        }
    }
}

fn concerned(company: &Company, (id, name, upn): (&crate::model::UserId, &str, &str)) -> Concerned {
    Concerned {
        page: person::address(company.id, id),
        name: text::called(name, upn).to_owned(),
        how: String::new(),
    }
}

/// Why the contact is nobody's, and the users who have to do with it.
fn nobodys(
    company: &Company,
    snapshot: &Snapshot,
    plan: &Plan,
    contact: &Contact,
) -> (String, Vec<Concerned>) {
    let contested: Vec<Concerned> = plan
        .people
        .iter()
        .filter(|one| match &one.reason {
            Reason::Conflict(conflict) => conflict.contacts.contains(&contact.id),
            _ => false,
        })
        .take(NAMED)
        .map(|one| concerned(company, (&one.user_id, &one.name, &one.upn)))
        .collect();
    if !contested.is_empty() {
        let why = "It fits these users, but only a person can decide whose it is.";
        return (why.into(), contested);
    }
    let emails = contact.email.iter().chain(&contact.other_emails);
    let emails: Vec<_> = emails
        .map(|email| text::folded(email))
        .filter(|email| !email.is_empty())
        .collect();
    if emails.is_empty() {
        let why = "It has no email address, so that no user is found for it. A technician can link it by hand.";
        return (why.into(), Vec::new());
    }
    let fits =
        |user: &&crate::model::User| user.addresses().any(|address| emails.contains(&address));
    let fitting: Vec<_> = snapshot.users.iter().filter(fits).take(NAMED).collect();
    if fitting.is_empty() {
        return (
            "No user of the tenant has one of its addresses.".into(),
            Vec::new(),
        );
    }
    let everyone = Everyone::new(snapshot, plan);
    let users = fitting.into_iter().map(|user| {
        let mut one = concerned(company, (&user.id, user.called(), &user.upn));
        let mut all = everyone.all.iter();
        if let Some(found) = all.find(|other| other.address == user.upn) {
            let line = everyone.line(found);
            let standing = words::standing(&line.standing);
            one.how = format!("{standing}: {}", words::sentence(&line.reason));
        }
        one
    });
    let why = "These users have one of its addresses, but it is not theirs as things stand.";
    (why.into(), users.collect())
}

impl Page for ContactPage {
    const TEMPLATE: &'static str = "pages/psa_contact.html";

    fn title(&self) -> String {
        self.name.clone()
    }

    fn place(&self) -> Place {
        Place::Fleet
    }

    fn company(&self) -> Option<CompanyHead> {
        Some(self.head.clone())
    }

    fn samples() -> Vec<Self> {
        let hostile = "<script>\"' \u{202e}evil\u{202c} 🙂";
        let row = Row {
            field: "email".into(),
            user: String::new(),
            contact: "long ".repeat(80),
            differs: false,
        };
        let user = Concerned {
            page: "/companies/7/people/0193".into(),
            name: hostile.into(),
            how: "Not active: Sign-in blocked.".into(),
        };
        let alone = Self {
            head: CompanyHead::sample(Tab::People),
            page: "/companies/7/contacts/7".into(),
            id: "7".into(),
            name: hostile.into(),
            read_at: Some(At::sample()),
            psa: "Autotask".into(),
            link: "https://psa.example/".into(),
            is_owned: false,
            rows: vec![row],
            why: "No user of the tenant has one of its addresses.".into(),
            users: Vec::new(),
            choices: Some(user_choices::sample()),
        };
        let owned = Self {
            read_at: None,
            link: String::new(),
            is_owned: true,
            users: vec![user],
            choices: None,
            ..alone.clone()
        };
        vec![alone, owned]
    }
}
