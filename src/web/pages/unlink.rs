//! Ending a user's link by hand: the page that says what the next run would do then, and the form. The end itself is
//! `decisions`'.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::{Deserialize, Serialize};

use super::people::aside;
use super::person::{Back, address, in_words, known};
use crate::decisions::{Again, after_unlinking};
use crate::model::{Company, ContactId, User, UserId};
use crate::sync::last::Last;
use crate::web::routes::{Entry, routes};
use crate::web::{CompanyHead, Form, Page, Place, Samples, Tab, Visit, WebError, deciding, words};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/companies/{company:\\d+}/people/{user}/unlink" Technician confirm;
    Post Act "/companies/{company:\\d+}/people/{user}/unlink" Technician unlink;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<UnlinkPage>();
}

/// What the end of a link would come to.
#[derive(Clone, Debug, Serialize)]
pub struct UnlinkPage {
    head: CompanyHead,
    /// The address of the person's page.
    page: String,
    name: String,
    /// The contact's id; empty: there is no link.
    id: String,
    contact: String,
    /// A technician ignores the user already.
    ignored: bool,
    /// The next run would undo it.
    again: bool,
    /// What follows where the link alone ends.
    alone: Vec<String>,
    /// What follows where the user is ignored too.
    ignoring: Vec<String>,
}

async fn confirm(visit: Visit, path: Path<(i64, String)>) -> Result<HttpResponse, WebError> {
    let (company, user) = known(&visit, path.into_inner()).await?;
    let last = visit.app().last(&company).await?;
    let last = last.ok_or(WebError::NotFound)?;
    let page = aside(move || UnlinkPage::of(&company, &last, &user)).await?;
    visit.page(&page)
}

impl UnlinkPage {
    fn of(company: &Company, last: &Last, user: &UserId) -> Self {
        let snapshot = &last.snapshot;
        let mut links = snapshot.links.iter();
        let link = links.find(|link| link.user_id == *user);
        let mut users = snapshot.users.iter();
        let listed = users.find(|one| one.id == *user);
        let linked = link.map(|link| link.upn.as_str());
        let name = listed.map(User::called).or(linked).unwrap_or_default();
        let mut page = Self {
            head: CompanyHead::new(company, Tab::People),
            page: address(company.id, user),
            name: name.to_owned(),
            id: String::new(),
            contact: String::new(),
            ignored: snapshot.ignored.contains(user),
            again: false,
            alone: Vec::new(),
            ignoring: Vec::new(),
        };
        let Some(link) = link else { return page };
        let contact = &link.contact_id;
        page.id = contact.to_string();
        page.contact = in_words(snapshot, contact);
        let taker = |upn: Option<String>| {
            upn.map(|upn| format!("As things stand, the next run gives the contact to {upn}."))
        };
        let alone = after_unlinking(snapshot, (user, contact), false);
        page.again = matches!(alone.user, Again::Same(_) | Again::Unknown);
        let sentence = alone.user.sentence(|id| in_words(snapshot, id));
        page.alone = std::iter::once(words::sentence(&sentence))
            .chain(taker(alone.taker))
            .collect();
        let ignoring = after_unlinking(snapshot, (user, contact), true);
        page.ignoring = taker(ignoring.taker).into_iter().collect();
        page
    }
}

/// What is sent: the contact that was shown, and whether the user is ignored too.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct UnlinkForm {
    contact: String,
    ignore: bool,
}

async fn unlink(
    visit: Visit,
    path: Path<(i64, String)>,
    form: Form<UnlinkForm>,
) -> Result<HttpResponse, WebError> {
    let (company, user) = known(&visit, path.into_inner()).await?;
    let (id, form) = (company.id, form.0);
    let contact = ContactId::new(&form.contact);
    let said = deciding::unlink(&visit, company, (user.clone(), contact), form.ignore).await?;
    Ok(Back::default().lead(&visit, (id, &user), said))
}

impl Page for UnlinkPage {
    const TEMPLATE: &'static str = "pages/unlink.html";

    fn title(&self) -> String {
        format!("Unlink {}", self.name)
    }

    fn place(&self) -> Place {
        Place::Fleet
    }

    fn company(&self) -> Option<CompanyHead> {
        Some(self.head.clone())
    }

    fn samples() -> Vec<Self> {
        let hostile = "<script>\"' \u{202e}evil\u{202c} 🙂";
        let none = Self {
            head: CompanyHead::sample(Tab::People),
            page: "/companies/7/people/0193".into(),
            name: hostile.into(),
            id: String::new(),
            contact: String::new(),
            ignored: false,
            again: false,
            alone: Vec::new(),
            ignoring: Vec::new(),
        };
        let again = Self {
            id: "7".into(),
            contact: "long ".repeat(80),
            again: true,
            alone: vec![
                "The next run finds the same contact, by its default email, and links it again."
                    .into(),
            ],
            ignoring: vec![hostile.into()],
            ..none.clone()
        };
        let lasts = Self {
            again: false,
            alone: vec![hostile.into(), "long ".repeat(80)],
            ..again.clone()
        };
        let ignored = Self {
            ignored: true,
            ..lasts.clone()
        };
        vec![none, again, lasts, ignored]
    }
}
