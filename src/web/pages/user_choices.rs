//! Linking a contact that is only in the PSA: the users to choose among, from the last reading. The page that asks once more, and
//! the form, are those of a user's page; the link itself is `decisions`'.

use std::collections::HashSet;

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::Serialize;

use super::contact_choices::Typed;
use super::people::aside;
use super::person;
use super::psa_contact;
use crate::model::{Company, Contact, ContactId, User, UserId, text};
use crate::sync::plan::{Person, Plan, Reason};
use crate::sync::snapshot::Snapshot;
use crate::sync::standing::{Standing, standing_aside};
use crate::web::everyone::segment;
use crate::web::routes::{Entry, routes};
use crate::web::{Form, Part, Samples, Visit, WebError};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Post Part "/companies/{company:\\d+}/contacts/{contact}/choices" Technician choices;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.part::<UserChoices>();
}

/// So many users are offered.
const OFFERED: usize = 20;

/// The users to choose among.
#[derive(Clone, Debug, Serialize)]
pub struct UserChoices {
    /// The contact's id as a part of an address.
    segment: String,
    /// What was searched for.
    find: String,
    users: Vec<Choice>,
    /// There are more that fit.
    more: bool,
}

/// A user to choose.
#[derive(Clone, Debug, Serialize)]
struct Choice {
    /// The address of the user's page.
    page: String,
    name: String,
    upn: String,
    /// The word of how they stand.
    standing: String,
    /// The contact has one of the user's addresses.
    fits: bool,
}

impl UserChoices {
    /// The users without a link whom a search fits; whom the contact fits come first, then whom runs look at.
    pub fn of(
        company: &Company,
        snapshot: &Snapshot,
        plan: &Plan,
        (contact, find): (&Contact, &str),
    ) -> Self {
        let find: String = find.trim().chars().take(200).collect();
        let wanted = text::folded(&find);
        let linked: HashSet<&UserId> = snapshot.links.iter().map(|link| &link.user_id).collect();
        let emails = contact.email.iter().chain(&contact.other_emails);
        let emails: HashSet<_> = emails.map(|email| text::folded(email.trim())).collect();
        let torn = |person: &&Person| match &person.reason {
            Reason::Conflict(conflict) => conflict.contacts.contains(&contact.id),
            _ => false,
        };
        let torn: HashSet<&UserId> = plan
            .people
            .iter()
            .filter(torn)
            .map(|one| &one.user_id)
            .collect();
        let fits = |user: &User| {
            torn.contains(&user.id) || user.addresses().any(|one| emails.contains(&one))
        };
        let planned: HashSet<&UserId> = plan.people.iter().map(|one| &one.user_id).collect();
        let is_wanted = |user: &&User| {
            !linked.contains(&user.id)
                && (text::folded(user.called()).contains(&*wanted)
                    || user.addresses().any(|one| one.contains(&*wanted)))
        };
        let mut fitting: Vec<&User> = snapshot.users.iter().filter(is_wanted).collect();
        fitting.sort_by_cached_key(|user| {
            let far = (!fits(user), !planned.contains(&user.id));
            (
                far,
                text::folded(user.called()).into_owned(),
                user.upn.clone(),
            )
        });
        let more = fitting.len() > OFFERED;
        let choice = |user: &User| {
            let mut people = plan.people.iter();
            let person = people.find(|one| one.user_id == user.id);
            let standing = person.map_or_else(
                || standing_aside(snapshot, user),
                |person| Standing::of(person, snapshot),
            );
            Choice {
                page: person::address(company.id, &user.id),
                name: user.called().to_owned(),
                upn: user.upn.clone(),
                standing: standing.as_str().into(),
                fits: fits(user),
            }
        };
        Self {
            segment: segment(contact.id.as_str()),
            users: fitting.into_iter().take(OFFERED).map(choice).collect(),
            more,
            find,
        }
    }
}

/// A sample of a list.
pub(super) fn sample() -> UserChoices {
    let fits = Choice {
        page: "/companies/7/people/0193".into(),
        name: "<script>\"' \u{202e}evil\u{202c} 🙂".into(),
        upn: "jane@contoso.example".into(),
        standing: "conflict".into(),
        fits: true,
    };
    let other = Choice {
        name: "long ".repeat(80),
        standing: "not_active".into(),
        fits: false,
        ..fits.clone()
    };
    UserChoices {
        segment: "7".into(),
        find: "<script>".into(),
        users: vec![fits, other],
        more: true,
    }
}

impl Part for UserChoices {
    const TEMPLATE: &'static str = "parts/user_choices.html";

    fn samples() -> Vec<Self> {
        let many = sample();
        let none = Self {
            users: Vec::new(),
            more: false,
            ..many.clone()
        };
        let nobody = Self {
            find: String::new(),
            ..none.clone()
        };
        vec![none, nobody, many]
    }
}

async fn choices(
    visit: Visit,
    path: Path<(i64, String)>,
    typed: Form<Typed>,
) -> Result<HttpResponse, WebError> {
    let (id, contact) = path.into_inner();
    let company = visit.company(id).await?;
    let last = visit.app().last(&company).await?;
    let last = last.ok_or(WebError::NotFound)?;
    let contact = ContactId::new(&contact);
    let part = aside(move || {
        let contact = psa_contact::find(&last.snapshot, &contact)?;
        let typed = (contact, &*typed.0.search);
        Some(UserChoices::of(
            &company,
            &last.snapshot,
            last.plan(),
            typed,
        ))
    });
    visit.part(&part.await?.ok_or(WebError::NotFound)?)
}
