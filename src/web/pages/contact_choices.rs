//! Linking a user to a contact by hand: the contacts to choose among, from the last reading, and the page that asks once more.
//! The link itself is `decisions`'.

use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};

use super::people::aside;
use super::person::{Back, address, known};
use super::psa_contact;
use crate::decisions;
use crate::model::{Company, Contact, ContactId, UserId, text};
use crate::sync::last::Last;
use crate::sync::plan::{Plan, Reason};
use crate::sync::snapshot::Snapshot;
use crate::sync::standing::owned;
use crate::web::everyone::{contact_name, named, segment};
use crate::web::portrait::{self, Row};
use crate::web::routes::{Entry, routes};
use crate::web::{
    CompanyHead, Form, Page, Part, Place, Samples, Tab, Visit, WebError, deciding, form, words,
};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Post Part "/companies/{company:\\d+}/people/{user}/choices" Technician choices;
    Get Page "/companies/{company:\\d+}/people/{user}/link/{contact}" Technician confirm;
    Post Act "/companies/{company:\\d+}/people/{user}/link/{contact}" Technician link;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.part::<ContactChoices>();
    all.page::<LinkPage>();
}

/// So many contacts are offered.
const OFFERED: usize = 20;

/// The contacts to choose among.
#[derive(Clone, Debug, Serialize)]
pub struct ContactChoices {
    /// The address of the person's page.
    page: String,
    /// What was searched for.
    find: String,
    contacts: Vec<Choice>,
    /// There are more that fit.
    more: bool,
}

/// A contact to choose.
#[derive(Clone, Debug, Serialize)]
struct Choice {
    id: String,
    /// Its id as a part of an address.
    segment: String,
    name: String,
    email: String,
    site: String,
    active: bool,
    /// The user principal name to which it is linked.
    linked: String,
    /// It fits the user, who is in conflict.
    candidate: bool,
}

impl ContactChoices {
    /// The contacts that fit a search; without one those that fit the user, then those that are nobody's.
    pub fn of(
        company: &Company,
        snapshot: &Snapshot,
        plan: &Plan,
        (user, find): (&UserId, &str),
    ) -> Self {
        let person = plan.people.iter().find(|one| one.user_id == *user);
        let candidates: &[ContactId] = match person.map(|person| &person.reason) {
            Some(Reason::Conflict(conflict)) => &conflict.contacts,
            _ => &[],
        };
        let present = person.and_then(|person| person.contact.as_ref());
        let owned = owned(plan);
        let find: String = find.trim().chars().take(200).collect();
        let wanted = text::folded(&find);
        let fits = |contact: &&Contact| {
            if Some(&contact.id) == present && !candidates.contains(&contact.id) {
                return false;
            }
            if wanted.is_empty() {
                return candidates.contains(&contact.id) || !owned.contains(&contact.id);
            }
            let emails = contact.email.iter().chain(&contact.other_emails);
            text::folded(&contact_name(contact)).contains(&*wanted)
                || emails
                    .map(String::as_str)
                    .any(|email| text::folded(email).contains(&*wanted))
        };
        let mut fitting: Vec<&Contact> = snapshot.contacts.iter().filter(fits).collect();
        fitting.sort_by_cached_key(|contact| {
            let far = !candidates.contains(&contact.id);
            (
                far,
                !contact.active,
                text::folded(&named(contact)).into_owned(),
            )
        });
        let more = fitting.len() > OFFERED;
        let choice = |contact: &Contact| {
            let linked = snapshot.links.iter();
            let mut linked = linked.filter(|link| link.contact_id == contact.id);
            let site = contact.site.as_ref();
            Choice {
                id: contact.id.to_string(),
                segment: segment(contact.id.as_str()),
                name: named(contact),
                email: contact.email.clone().unwrap_or_default(),
                site: site
                    .map(|id| snapshot.rules.site_name(id))
                    .unwrap_or_default(),
                active: contact.active,
                linked: linked
                    .next()
                    .map(|link| link.upn.clone())
                    .unwrap_or_default(),
                candidate: candidates.contains(&contact.id),
            }
        };
        Self {
            page: address(company.id, user),
            contacts: fitting.into_iter().take(OFFERED).map(choice).collect(),
            more,
            find,
        }
    }
}

/// A sample of a list.
pub(super) fn sample() -> ContactChoices {
    let hostile = "<script>\"' \u{202e}evil\u{202c} 🙂";
    let free = Choice {
        id: "7".into(),
        segment: "7".into(),
        name: hostile.into(),
        email: "jane@contoso.example".into(),
        site: "Head office".into(),
        active: true,
        linked: String::new(),
        candidate: true,
    };
    let taken = Choice {
        name: "long ".repeat(80),
        active: false,
        linked: "bob@contoso.example".into(),
        candidate: false,
        ..free.clone()
    };
    ContactChoices {
        page: "/companies/7/people/0193".into(),
        find: hostile.into(),
        contacts: vec![free, taken],
        more: true,
    }
}

impl Part for ContactChoices {
    const TEMPLATE: &'static str = "parts/contact_choices.html";

    fn samples() -> Vec<Self> {
        let many = sample();
        let none = Self {
            contacts: Vec::new(),
            more: false,
            ..many.clone()
        };
        vec![none, many]
    }
}

/// What is typed into a search for the other side of a link.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    pub(super) search: String,
}

async fn choices(
    visit: Visit,
    path: Path<(i64, String)>,
    typed: Form<Typed>,
) -> Result<HttpResponse, WebError> {
    let (id, user) = path.into_inner();
    let company = visit.company(id).await?;
    let last = visit.app().last(&company).await?;
    let last = last.ok_or(WebError::NotFound)?;
    let part = aside(move || {
        let plan = last.plan();
        let user = UserId::new(&user);
        ContactChoices::of(&company, &last.snapshot, plan, (&user, &typed.0.search))
    });
    visit.part(&part.await?)
}

/// The user and the contact beside each other, before they are linked.
#[derive(Clone, Debug, Serialize)]
pub struct LinkPage {
    head: CompanyHead,
    /// The address of the person's page.
    page: String,
    /// The contact's id as a part of an address.
    segment: String,
    name: String,
    contact: String,
    rows: Vec<Row>,
    /// The contact to which the user is linked until now.
    until_now: String,
    /// The user to whom the contact is linked.
    taken: String,
    /// What runs do once they are linked.
    next: String,
    /// The address of the contact's page, where somebody came from there; empty: from the person's.
    from: String,
}

/// Where somebody comes from.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Query {
    from: String,
}

async fn confirm(
    visit: Visit,
    path: Path<(i64, String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, WebError> {
    let query: Query = form::read(request.query_string().as_bytes())?;
    let (id, user, contact) = path.into_inner();
    let (user, contact) = (UserId::new(&user), ContactId::new(&contact));
    let company = visit.company(id).await?;
    let last = visit.app().last(&company).await?;
    let last = last.ok_or(WebError::NotFound)?;
    let from = match query.from.as_str() {
        "contact" => psa_contact::address(id, &contact),
        _ => String::new(),
    };
    let page = aside(move || LinkPage::of(&company, &last, &user, &contact)).await?;
    let page = page.ok_or(WebError::NotFound)?;
    visit.page(&LinkPage { from, ..page })
}

impl LinkPage {
    fn of(company: &Company, last: &Last, user: &UserId, contact: &ContactId) -> Option<Self> {
        let (snapshot, plan) = (&last.snapshot, last.plan());
        let user = snapshot.users.iter().find(|one| one.id == *user)?;
        let contact = snapshot.contacts.iter().find(|one| one.id == *contact)?;
        let person = plan.people.iter().find(|one| one.user_id == user.id);
        let links = &snapshot.links;
        let own = links.iter().find(|link| link.user_id == user.id);
        let other = links.iter().find(|link| link.contact_id == contact.id);
        let name = user.called();
        let until_now = own.filter(|link| link.contact_id != contact.id);
        let known = |id: &ContactId| snapshot.contacts.iter().find(|one| one.id == *id);
        Some(Self {
            head: CompanyHead::new(company, Tab::People),
            page: address(company.id, &user.id),
            segment: segment(contact.id.as_str()),
            name: name.to_owned(),
            contact: named(contact),
            rows: portrait::sides(snapshot, Some(user), Some(contact), person),
            until_now: until_now
                .map(|link| known(&link.contact_id).map_or(link.contact_id.to_string(), named))
                .unwrap_or_default(),
            taken: other
                .filter(|link| link.user_id != user.id && !snapshot.deleted.contains(&link.user_id))
                .map(|link| link.upn.clone())
                .unwrap_or_default(),
            next: words::sentence(&decisions::next(user, snapshot, plan).sentence()),
            from: String::new(),
        })
    }
}

async fn link(
    visit: Visit,
    path: Path<(i64, String, String)>,
    back: Form<Back>,
) -> Result<HttpResponse, WebError> {
    let (company, user, contact) = path.into_inner();
    let (company, user) = known(&visit, (company, user)).await?;
    let (id, contact) = (company.id, ContactId::new(&contact));
    let said = deciding::link(&visit, company, user.clone(), contact).await?;
    Ok(back.0.lead(&visit, (id, &user), said))
}

impl Page for LinkPage {
    const TEMPLATE: &'static str = "pages/link_by_hand.html";

    fn title(&self) -> String {
        format!("Link {} to contact {}", self.name, self.segment)
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
            field: "title".into(),
            user: hostile.into(),
            contact: "long ".repeat(80),
            differs: true,
        };
        let free = Self {
            head: CompanyHead::sample(Tab::People),
            page: "/companies/7/people/0193".into(),
            segment: "7".into(),
            name: hostile.into(),
            contact: "Jane".into(),
            rows: vec![row],
            until_now: "Old Jane".into(),
            taken: String::new(),
            next: "The next run brings it in step.".into(),
            from: String::new(),
        };
        let from_contact = Self {
            from: "/companies/7/contacts/7".into(),
            until_now: String::new(),
            ..free.clone()
        };
        let taken = Self {
            taken: "bob@contoso.example".into(),
            until_now: String::new(),
            ..free.clone()
        };
        vec![free, from_contact, taken]
    }
}
