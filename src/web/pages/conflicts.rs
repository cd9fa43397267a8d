//! Conflicts: people of whom only a person can say which contact is theirs. The candidates stand side by side, from the last
//! reading; what was decided since shows at once.

use std::collections::HashSet;
use std::sync::Arc;

use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};

use super::people::aside;
use super::person;
use crate::db::plans;
use crate::model::{Action, Company, Contact, DirectoryField, Field, User, UserId, text};
use crate::sync::last::Last;
use crate::sync::pair::Conflict;
use crate::sync::plan::{Kept, Person, Plan, Reason};
use crate::sync::report;
use crate::sync::snapshot::Snapshot;
use crate::web::VendorLinks;
use crate::web::everyone::{named, segment};
use crate::web::listing::Pager;
use crate::web::portrait;
use crate::web::routes::{Entry, routes};
use crate::web::{At, CompanyHead, Page, Place, Samples, Tab, Visit, WebError, form, words};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/companies/{company:\\d+}/conflicts" Reader show;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<ConflictsPage>();
}

/// So many people in conflict stand on a company's page.
const ON_A_PAGE: usize = 20;

/// The conflicts of one company.
#[derive(Clone, Debug, Serialize)]
pub struct ConflictsPage {
    pub(super) head: CompanyHead,
    pub(super) psa: String,
    pub(super) read_at: Option<At>,
    pub(super) cases: Vec<Case>,
    pub(super) settled: Vec<Named>,
    pub(super) pager: Pager,
}

/// Somebody in conflict.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Case {
    pub(super) user: String,
    pub(super) page: String,
    pub(super) name: String,
    pub(super) upn: String,
    pub(super) why: String,
    /// Other users concerned.
    pub(super) others: Vec<Named>,
    /// What Microsoft 365 says of the user.
    pub(super) user_side: Vec<Line>,
    pub(super) candidates: Vec<Candidate>,
}

/// Somebody, with their page.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Named {
    pub(super) page: String,
    pub(super) name: String,
}

/// A contact that may be theirs.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Candidate {
    pub(super) id: String,
    pub(super) segment: String,
    pub(super) name: String,
    pub(super) values: Vec<Line>,
    pub(super) active: bool,
    /// The user principal name to which it is linked.
    pub(super) linked: String,
    pub(super) link: String,
}

/// A field that is not blank.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Line {
    /// The field's word.
    pub(super) field: String,
    pub(super) value: String,
    /// The contact has what the user has.
    pub(super) same: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Query {
    page: String,
}

/// The number of the page, as it was asked for.
pub(super) fn page_of(request: &HttpRequest) -> Result<String, WebError> {
    let query: Query = form::read(request.query_string().as_bytes())?;
    Ok(query.page)
}

async fn show(
    visit: Visit,
    company: Path<i64>,
    request: HttpRequest,
) -> Result<HttpResponse, WebError> {
    let company = visit.company(*company).await?;
    let number = page_of(&request)?;
    let outward = VendorLinks::load(&visit, &company).await?;
    let (last, then) = both(&visit, &company).await?;
    let mut page = ConflictsPage {
        head: CompanyHead::new(&company, Tab::People),
        psa: outward.psa_name().to_owned(),
        read_at: None,
        cases: Vec::new(),
        settled: Vec::new(),
        pager: Pager::default(),
    };
    if let Some(last) = last {
        page.read_at = Some(At::there(last.read_at, visit.now(), &company.timezone));
        let filled = aside(move || {
            page.fill(&company, &last, &then, (&outward, &number));
            page
        });
        page = filled.await?;
    }
    visit.page(&page)
}

/// The last reading, and who was in conflict when the last run planned, or is by a newer preview.
pub(super) async fn both(
    visit: &Visit,
    company: &Company,
) -> Result<(Option<Arc<Last>>, Vec<UserId>), WebError> {
    let Some(last) = visit.app().last(company).await? else {
        return Ok((None, Vec::new()));
    };
    let id = company.id;
    let stored = visit.app().db().read(move |conn| plans::get(conn, id));
    let then = stored.await?.map(|stored| {
        stored.in_conflict.unwrap_or_else(|| {
            let kept = Kept::read(&stored.plan).into_iter();
            let people = kept.flat_map(Kept::in_conflict);
            people.map(|one| one.user_id).collect()
        })
    });
    Ok((Some(last), then.unwrap_or_default()))
}

/// Everybody of a plan who is in conflict.
pub(super) fn in_conflict(plan: &Plan) -> impl Iterator<Item = (&Person, &Conflict)> {
    plan.people
        .iter()
        .filter_map(|person| match &person.reason {
            Reason::Conflict(conflict) => Some((person, conflict)),
            _ => None,
        })
}

/// Who of these is in conflict no more, by what was decided since.
pub(super) fn settled(company: i64, then: &[UserId], now: &Plan) -> Vec<Named> {
    let then: HashSet<&UserId> = then.iter().collect();
    let people = now.people.iter();
    people
        .filter(|one| then.contains(&one.user_id) && one.action != Action::Conflict)
        .map(|one| named_person(company, one))
        .collect()
}

pub(super) fn named_person(company: i64, person: &Person) -> Named {
    Named {
        page: person::address(company, &person.user_id),
        name: if person.name.is_empty() {
            person.upn.clone()
        } else {
            person.name.clone()
        },
    }
}

impl ConflictsPage {
    fn fill(
        &mut self,
        company: &Company,
        last: &Last,
        then: &[UserId],
        (outward, number): (&VendorLinks, &str),
    ) {
        let plan = last.plan();
        self.settled = settled(company.id, then, plan);
        let all: Vec<_> = in_conflict(plan).collect();
        let path = format!("/companies/{}/conflicts", company.id);
        self.pager = Pager::of((number, ON_A_PAGE), all.len(), &path, &[]);
        self.cases = self
            .pager
            .part(all)
            .map(|(person, conflict)| {
                let others = plan.people.iter();
                let others = others.filter(|one| conflict.users.contains(&one.user_id));
                let contacts = last.snapshot.contacts.iter();
                let contacts = contacts.filter(|one| conflict.contacts.contains(&one.id));
                let mut users = last.snapshot.users.iter();
                let user = users.find(|user| user.id == person.user_id);
                Case {
                    user: person.user_id.to_string(),
                    page: person::address(company.id, &person.user_id),
                    name: named_person(company.id, person).name,
                    upn: person.upn.clone(),
                    why: words::sentence(&report::reason(&person.reason)),
                    others: others.map(|one| named_person(company.id, one)).collect(),
                    user_side: user_side(&last.snapshot, user, person),
                    candidates: contacts
                        .map(|contact| candidate(&last.snapshot, contact, (user, person), outward))
                        .collect(),
                }
            })
            .collect();
    }
}

/// What Microsoft 365 says of a user, and where the filter places them.
fn user_side(snapshot: &Snapshot, user: Option<&User>, person: &Person) -> Vec<Line> {
    let department = user.and_then(|user| user.fields.get(&DirectoryField::Department));
    let rows = portrait::sides(snapshot, user, None, Some(person)).into_iter();
    rows.map(|row| (row.field, row.user))
        .chain(department.map(|name| ("Department".to_owned(), name.clone())))
        .filter(|(field, value)| !in_the_head(field) && !value.is_empty())
        .map(|(field, value)| Line {
            field,
            value,
            same: false,
        })
        .collect()
}

/// The fields of a contact, with those marked that the user has too.
fn values(
    snapshot: &Snapshot,
    (user, person): (Option<&User>, &Person),
    contact: &Contact,
) -> Vec<Line> {
    let own: HashSet<_> = user.iter().flat_map(|user| user.addresses()).collect();
    let rows = portrait::sides(snapshot, user, Some(contact), Some(person)).into_iter();
    rows.filter(|row| !in_the_head(&row.field) && !row.contact.is_empty())
        .map(|row| Line {
            same: if [Field::Email.as_str(), OTHER_EMAILS].contains(&row.field.as_str()) {
                let mut all = row.contact.split(", ");
                all.any(|address| own.contains(&text::folded(address)))
            } else {
                !row.differs && !row.user.is_empty()
            },
            field: row.field,
            value: row.contact,
        })
        .collect()
}

/// Whether the head of a card says it already.
fn in_the_head(field: &str) -> bool {
    [Field::Active, Field::FirstName, Field::LastName]
        .iter()
        .any(|one| one.as_str() == field)
}

const OTHER_EMAILS: &str = "other_emails";

fn candidate(
    snapshot: &Snapshot,
    contact: &Contact,
    whose: (Option<&User>, &Person),
    outward: &VendorLinks,
) -> Candidate {
    let mut links = snapshot.links.iter();
    let link = links.find(|link| link.contact_id == contact.id);
    Candidate {
        id: contact.id.to_string(),
        segment: segment(contact.id.as_str()),
        name: named(contact),
        values: values(snapshot, whose, contact),
        active: contact.active,
        linked: link.map(|link| link.upn.clone()).unwrap_or_default(),
        link: outward.contact(&contact.id),
    }
}

pub(super) const HOSTILE: &str = "<script>\"' \u{202e}evil\u{202c} 🙂";

pub(super) fn somebody() -> Named {
    Named {
        page: "/companies/7/people/0193".into(),
        name: HOSTILE.into(),
    }
}

impl Page for ConflictsPage {
    const TEMPLATE: &'static str = "pages/conflicts.html";

    fn title(&self) -> String {
        format!("Conflicts of {}", self.head.name)
    }

    fn place(&self) -> Place {
        Place::Conflicts
    }

    fn company(&self) -> Option<CompanyHead> {
        Some(self.head.clone())
    }

    fn samples() -> Vec<Self> {
        super::conflict_samples::samples()
    }
}
