//! One user of a company: both sides, every decision, the history, and what a technician may do about them. A user who is gone
//! long since still has their page.

use std::sync::Arc;

use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::contact_choices::ContactChoices;
use super::people::aside;
use super::person_page::PersonPage;
use super::searches;
use crate::db::{changes, events, links, undos};
use crate::model::{Company, ContactId, Role, UserId};
use crate::pickers::explain_last;
use crate::sync::last::Last;
use crate::sync::plan::{Person, Reason};
use crate::sync::snapshot::Snapshot;
use crate::sync::standing::{Standing, standing_aside};
use crate::web::VendorLinks;
use crate::web::deciding::Said;
use crate::web::everyone::{named, segment};
use crate::web::portrait;
use crate::web::routes::{Entry, routes};
use crate::web::{At, CompanyHead, Samples, Tab, Visit, WebError, form, words};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/companies/{company:\\d+}/people/{user}" Reader show;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<PersonPage>();
}

/// So many moments of the history stand on a page.
const ON_A_PAGE: usize = 50;

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Query {
    /// The number of the search for a contact.
    s: String,
    history: String,
}

/// Where a form leads back to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Back {
    back: String,
}

impl Back {
    /// Leads back, and says what was done or refused.
    pub(super) fn lead(
        &self,
        visit: &Visit,
        (company, user): (i64, &UserId),
        said: Said,
    ) -> HttpResponse {
        let to = match self.back.as_str() {
            "conflicts" => format!("/companies/{company}/conflicts"),
            _ => address(company, user),
        };
        match said {
            Ok(text) => visit.done(&to, text),
            Err(text) => visit.refused(&to, text),
        }
    }
}

/// The address of a user's page.
pub(super) fn address(company: i64, user: &UserId) -> String {
    format!("/companies/{company}/people/{}", segment(user.as_str()))
}

/// What the last reading knows of a user.
struct Seen {
    last: Arc<Last>,
    user: Option<usize>,
    person: Option<usize>,
}

impl Seen {
    fn person(&self) -> Option<&Person> {
        self.last.plan().people.get(self.person?)
    }
}

async fn show(
    visit: Visit,
    path: Path<(i64, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, WebError> {
    let (id, user) = path.into_inner();
    let company = visit.company(id).await?;
    let query: Query = form::read(request.query_string().as_bytes())?;
    let user = UserId::new(&user);
    let seen = seen(&visit, &company, &user).await?;
    let wanted = user.clone();
    let (changes, undone, undoes, links, events) = visit
        .app()
        .db()
        .read(move |conn| {
            let changes = changes::of_user(conn, id, &wanted)?;
            let ids: Vec<i64> = changes.iter().map(|one| one.id).collect();
            Ok((
                changes,
                undos::of_changes(conn, &ids)?,
                undos::undone_by(conn, &ids)?,
                links::of_user(conn, id, &wanted)?,
                events::of_user(conn, id, &wanted)?,
            ))
        })
        .await?;
    let found = seen
        .as_ref()
        .is_some_and(|seen| seen.user.is_some() || seen.person.is_some());
    if !found && changes.is_empty() && links.is_empty() && events.is_empty() {
        return Err(WebError::NotFound);
    }
    let outward = VendorLinks::load(&visit, &company).await?;
    let remembered = changes
        .first()
        .map(|one| (one.change.name.clone(), one.change.upn.clone()));
    let (name, upn) = remembered.unwrap_or_default();
    let mut page = PersonPage {
        page: address(company.id, &user),
        user_id: user.to_string(),
        name,
        upn,
        entra: outward.user(&user),
        psa: outward.psa_name().to_owned(),
        history: portrait::history(
            (changes, &undone, &undoes),
            links,
            events,
            (visit.now(), &company.timezone),
        ),
        ..PersonPage::of(CompanyHead::new(&company, Tab::People))
    };
    page.cut(query.history.parse().unwrap_or(1));
    if let Some(seen) = seen {
        page.read_at = Some(At::there(seen.last.read_at, visit.now(), &company.timezone));
        if found {
            page.explain(&visit, &company, &seen, (&user, &outward))
                .await?;
        }
        if visit.may(Role::Technician) && seen.user.is_some() {
            let find = searches::text(&visit, &query.s);
            let choices = ContactChoices::of(
                &company,
                &seen.last.snapshot,
                seen.last.plan(),
                (&user, &find),
            );
            page.choices = Some(choices);
        }
    }
    visit.page(&page)
}

async fn seen(visit: &Visit, company: &Company, user: &UserId) -> Result<Option<Seen>, WebError> {
    let Some(last) = visit.app().last(company).await? else {
        return Ok(None);
    };
    let user = user.clone();
    let seen = aside(move || {
        let (users, people) = (&last.snapshot.users, &last.plan().people);
        Seen {
            user: users.iter().position(|one| one.id == user),
            person: people.iter().position(|one| one.user_id == user),
            last,
        }
    });
    Ok(Some(seen.await?))
}

impl PersonPage {
    /// Keeps one page of the history.
    fn cut(&mut self, number: usize) {
        let pages = self.history.len().div_ceil(ON_A_PAGE).max(1);
        let number = number.clamp(1, pages);
        self.later = (number > 1).then(|| number - 1);
        self.earlier = (number < pages).then(|| number + 1);
        let all = std::mem::take(&mut self.history);
        let some = all.into_iter().skip((number - 1) * ON_A_PAGE);
        self.history = some.take(ON_A_PAGE).collect();
    }

    /// Tells what the last reading says of them.
    async fn explain(
        &mut self,
        visit: &Visit,
        company: &Company,
        seen: &Seen,
        (id, outward): (&UserId, &VendorLinks),
    ) -> Result<(), WebError> {
        let snapshot = &seen.last.snapshot;
        let user = seen.user.map(|at| &snapshot.users[at]);
        let person = seen.person();
        self.ignored = snapshot.ignored.contains(id);
        if let Some(user) = user {
            self.name = user.display_name.clone().unwrap_or_default();
            self.upn.clone_from(&user.upn);
        } else if let Some(person) = person {
            self.upn.clone_from(&person.upn);
        }
        self.standing = match (person, user) {
            (Some(person), _) => Standing::of(person, snapshot).as_str().into(),
            (None, Some(user)) => standing_aside(snapshot, user).as_str().into(),
            (None, None) => String::new(),
        };
        let mut links = snapshot.links.iter();
        if let Some(link) = links.find(|link| link.user_id == *id) {
            self.linked = in_words(snapshot, &link.contact_id);
            self.linked_how = words::sentence(&words::made(link.made.as_str()));
        }
        self.dismissed = self.standing == Standing::Kept.as_str();
        let theirs = person.and_then(|person| person.contact.as_ref());
        if let Some(id) = theirs {
            self.psa_link = outward.contact(id);
            self.contact = in_words(snapshot, id);
        }
        let contact = snapshot.contacts.iter().find(|one| Some(&one.id) == theirs);
        self.rows = portrait::sides(snapshot, user, contact, person);
        let explained = explain_last(visit.app(), company, &seen.last, id.as_str());
        if let Some(explanation) = explained.await? {
            self.steps = portrait::steps(&explanation);
            if let Some(next) = self.steps.pop() {
                // Of whom is ignored the reason says it all.
                if person.is_none_or(|person| person.reason != Reason::Ignored) {
                    self.next.push(format!("{}.", next.result));
                }
                self.next.extend(next.lines);
            }
        }
        Ok(())
    }
}

/// A contact's name and number; the number alone where nobody knows more.
pub(super) fn in_words(snapshot: &Snapshot, id: &ContactId) -> String {
    let mut contacts = snapshot.contacts.iter();
    match contacts.find(|one| one.id == *id) {
        Some(contact) => format!("{} ({id})", named(contact)),
        None => id.to_string(),
    }
}

/// The company and a user whom the last reading or a link knows.
pub(super) async fn known(
    visit: &Visit,
    (company, user): (i64, String),
) -> Result<(Company, UserId), WebError> {
    let company = visit.company(company).await?;
    let user = UserId::new(&user);
    let last = visit.app().last(&company).await?;
    let is_known = last.is_some_and(|last| {
        let snapshot = &last.snapshot;
        snapshot.users.iter().any(|one| one.id == user)
            || snapshot.links.iter().any(|link| link.user_id == user)
            || snapshot.ignored.contains(&user)
    });
    if is_known {
        Ok((company, user))
    } else {
        Err(WebError::NotFound)
    }
}
