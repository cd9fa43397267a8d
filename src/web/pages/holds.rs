//! Held deactivations: who waits and why, to approve exactly those that were shown and ticked, or to dismiss them. Approving
//! is a run, asked for as a job.

use std::collections::HashSet;

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::{Deserialize, Serialize};

use super::people::aside;
use super::person;
use crate::db::holds::{self, Hold, Signed};
use crate::db::jobs::{self as waiting, Work};
use crate::jobs;
use crate::model::{Company, Mode, UserId};
use crate::sync::guard::Verdict;
use crate::web::VendorLinks;
use crate::web::routes::{Entry, routes};
use crate::web::{
    At, CompanyHead, Form, Mistakes, Page, Place, Samples, Tab, Visit, WebError, deciding, words,
};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/companies/{company:\\d+}/hold" Reader show;
    Post Act "/companies/{company:\\d+}/hold/approve" Technician approve;
    Post Act "/companies/{company:\\d+}/hold/dismiss" Technician dismiss;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<HoldPage>();
}

/// So many people are shown at once; the rest follows when these are decided.
const SHOWN: usize = 150;
/// A note is no longer than this.
const LONGEST_NOTE: usize = 400;

/// The hold of one company.
#[derive(Clone, Debug, Serialize)]
pub struct HoldPage {
    head: CompanyHead,
    psa: String,
    since: Option<At>,
    /// The guard's numbers in words.
    why: Vec<String>,
    people: Vec<Held>,
    /// So many more wait than are shown.
    more: usize,
    /// So many are approved already, and their run is on its way.
    approving: usize,
    note: String,
    mistakes: Mistakes,
}

/// Somebody who waits.
#[derive(Clone, Debug, Serialize)]
struct Held {
    id: String,
    page: String,
    name: String,
    upn: String,
    reason: String,
    contact: String,
    link: String,
    ticked: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Decision {
    shown: Vec<String>,
    people: Vec<String>,
    note: String,
}

impl Decision {
    fn note(&self) -> Option<String> {
        let note = self.note.trim();
        (!note.is_empty()).then(|| note.to_owned())
    }

    fn chosen(&self) -> Vec<UserId> {
        self.people.iter().map(|id| UserId::new(id)).collect()
    }

    fn mistakes(&self) -> Mistakes {
        let mut mistakes = Mistakes::default();
        if self.people.is_empty() {
            mistakes.add("form", "Tick at least one person. Nothing was done yet.");
        }
        if self.note.chars().count() > LONGEST_NOTE {
            mistakes.add("note", "Use 400 characters or fewer.");
        }
        mistakes
    }
}

async fn show(visit: Visit, company: Path<i64>) -> Result<HttpResponse, WebError> {
    let company = visit.company(*company).await?;
    visit.page(&HoldPage::of(&visit, company).await?)
}

impl HoldPage {
    async fn of(visit: &Visit, company: Company) -> Result<Self, WebError> {
        let id = company.id;
        let (hold, jobs) = visit
            .app()
            .db()
            .read(move |conn| {
                let mut jobs = waiting::waiting(conn, id)?;
                jobs.extend(waiting::running(conn, id)?);
                Ok((holds::open_of(conn, id)?, jobs))
            })
            .await?;
        let approved: HashSet<UserId> = jobs
            .into_iter()
            .filter_map(|job| match job.work {
                Work::Run(run) if run.mode == Mode::Approval => Some(run.approved),
                _ => None,
            })
            .flatten()
            .collect();
        let outward = VendorLinks::load(visit, &company).await?;
        let head = CompanyHead::new(&company, Tab::Overview);
        let mut page = Self {
            head,
            psa: outward.psa_name().to_owned(),
            since: None,
            why: Vec::new(),
            people: Vec::new(),
            more: 0,
            approving: 0,
            note: String::new(),
            mistakes: Mistakes::default(),
        };
        let Some(hold) = hold else {
            return Ok(page);
        };
        page.since = Some(At::there(hold.opened_at, visit.now(), &company.timezone));
        page.more = hold.people.len().saturating_sub(SHOWN);
        let people = &hold.people;
        page.approving = people
            .iter()
            .filter(|person| approved.contains(&person.user_id))
            .count();
        page.people = people
            .iter()
            .take(SHOWN)
            .map(|person| Held {
                id: person.user_id.to_string(),
                page: person::address(id, &person.user_id),
                name: person.name.clone(),
                upn: person.upn.clone(),
                reason: words::sentence(&person.reason),
                contact: person.contact_id.to_string(),
                link: outward.contact(&person.contact_id),
                ticked: true,
            })
            .collect();
        if let Some(last) = visit.app().last(&company).await? {
            let verdict = aside(move || last.plan().guard.clone()).await?;
            page.why = why(&verdict, visit.who_decides());
        }
        Ok(page)
    }

    /// The form again as it was sent, with what is wrong about it.
    fn with(mut self, form: &Decision, mistakes: Mistakes) -> Self {
        for person in &mut self.people {
            person.ticked = form.people.contains(&person.id) || !form.shown.contains(&person.id);
        }
        self.note.clone_from(&form.note);
        self.mistakes = mistakes;
        self
    }
}

/// The guard's numbers in words; `who` too many wait for.
fn why(verdict: &Verdict, who: &str) -> Vec<String> {
    let (count, linked, allowed) = (
        verdict.deactivations,
        verdict.linked_active,
        verdict.allowed,
    );
    let mut why = Vec::new();
    if count == 0 {
        return why;
    }
    let numbers = format!("{count} of {linked} linked contacts would be deactivated");
    if count > allowed {
        why.push(format!("{numbers}; more than {allowed} wait for {who}."));
    } else if count >= 2 && count * 2 >= linked {
        why.push(format!("{numbers}; half of them or more wait for {who}."));
    } else {
        why.push(format!("{numbers}."));
    }
    if verdict.hold_open {
        why.push("While some wait, everybody who follows them waits too.".into());
    }
    why
}

async fn approve(
    visit: Visit,
    company: Path<i64>,
    form: Form<Decision>,
) -> Result<HttpResponse, WebError> {
    let (company, form) = (visit.company(*company).await?, form.0);
    let (id, mistakes) = (company.id, form.mistakes());
    let here = format!("/companies/{id}/hold");
    if !company.sync_contacts {
        let text = "Contact sync is off for this company. Switch it on to approve, or dismiss. Nothing was done.";
        return Ok(visit.refused(&here, text));
    }
    if !mistakes.is_empty() {
        let page = HoldPage::of(&visit, company).await?;
        return visit.again(&page.with(&form, mistakes));
    }
    let (chosen, now) = (form.chosen(), visit.now());
    let signed = Signed {
        staff: visit.name(),
        note: form.note(),
    };
    let asked = visit.app().db().write(move |conn| {
        let hold = holds::open_of(conn, id)?;
        let waits: HashSet<UserId> = hold.iter().flat_map(ids).collect();
        let these: Vec<UserId> = chosen
            .into_iter()
            .filter(|one| waits.contains(one))
            .collect();
        let count = these.iter().collect::<HashSet<_>>().len();
        if count > 0 {
            jobs::enqueue_approval(conn, id, these, &signed, now)?;
        }
        Ok((count, waits))
    });
    let (count, waits) = asked.await?;
    if count == 0 {
        return Ok(visit.refused(&here, NOBODY));
    }
    visit.app().jobs().wake();
    let mut text = match count {
        1 => "1 deactivation is approved. Its run begins now.".to_owned(),
        count => format!("{count} deactivations are approved. Their run begins now."),
    };
    text.push_str(&changed(&form, &waits, count));
    Ok(visit.done(&format!("/companies/{id}/runs"), text))
}

const NOBODY: &str = "None of these people waits any more. Nothing was done.";

fn ids(hold: &Hold) -> impl Iterator<Item = UserId> {
    hold.people.iter().map(|person| person.user_id.clone())
}

/// What is different from what was shown: who joined, and who waits no longer.
fn changed(form: &Decision, waits: &HashSet<UserId>, done: usize) -> String {
    let shown: HashSet<UserId> = form.shown.iter().map(|id| UserId::new(id)).collect();
    let joined = waits.iter().filter(|one| !shown.contains(one)).count();
    let joined = if waits.len() > SHOWN { 0 } else { joined };
    let chosen: HashSet<UserId> = form.chosen().into_iter().collect();
    let joined = match joined {
        0 => String::new(),
        1 => " The list has changed since you looked: 1 more person joined it, and waits still."
            .into(),
        joined => format!(
            " The list has changed since you looked: {joined} more people joined it, and wait still."
        ),
    };
    let left = match chosen.len().saturating_sub(done) {
        0 => String::new(),
        1 => " 1 of those you chose did not wait any more.".into(),
        left => format!(" {left} of those you chose did not wait any more."),
    };
    joined + &left
}

async fn dismiss(
    visit: Visit,
    company: Path<i64>,
    form: Form<Decision>,
) -> Result<HttpResponse, WebError> {
    let (company, form) = (visit.company(*company).await?, form.0);
    let (id, mistakes) = (company.id, form.mistakes());
    let here = format!("/companies/{id}/hold");
    if !mistakes.is_empty() {
        let page = HoldPage::of(&visit, company).await?;
        return visit.again(&page.with(&form, mistakes));
    }
    let done = deciding::dismiss(&visit, company, form.chosen(), form.note());
    Ok(match done.await? {
        Ok(Some(dismissed)) => {
            let count = dismissed.hold.people.len();
            let mut text = match count {
                1 => "1 deactivation is dismissed: the person is left alone until they have been active again."
                    .to_owned(),
                count => format!(
                    "{count} deactivations are dismissed: these people are left alone until they have been active again."
                ),
            };
            let left = match dismissed.left {
                0 => String::new(),
                1 => " 1 person waits still.".into(),
                left => format!(" {left} people wait still."),
            };
            text.push_str(&left);
            visit.done(&here, text)
        }
        Ok(None) => visit.refused(&here, NOBODY),
        Err(why) => visit.refused(&here, why),
    })
}

pub(super) const HOSTILE: &str = "<script>\"' \u{202e}evil\u{202c} 🙂";

impl Page for HoldPage {
    const TEMPLATE: &'static str = "pages/holds.html";

    fn title(&self) -> String {
        format!("Held deactivations of {}", self.head.name)
    }

    fn place(&self) -> Place {
        Place::Holds
    }

    fn company(&self) -> Option<CompanyHead> {
        Some(self.head.clone())
    }

    fn samples() -> Vec<Self> {
        let none = Self {
            head: CompanyHead::sample(Tab::Overview),
            psa: "ConnectWise".into(),
            since: None,
            why: Vec::new(),
            people: Vec::new(),
            more: 0,
            approving: 0,
            note: String::new(),
            mistakes: Mistakes::default(),
        };
        let held = Held {
            id: "0193".into(),
            page: "/companies/7/people/0193".into(),
            name: HOSTILE.into(),
            upn: "jane@contoso.example".into(),
            reason: "Sign-in blocked.".into(),
            contact: "7".into(),
            link: "https://psa.example/".into(),
            ticked: true,
        };
        let bare = Held {
            name: String::new(),
            upn: "long".repeat(100),
            link: String::new(),
            ticked: false,
            ..held.clone()
        };
        let one = Self {
            since: Some(At::sample()),
            why: vec![
                "12 of 40 linked contacts would be deactivated; more than 8 wait for you.".into(),
            ],
            people: vec![held.clone()],
            ..none.clone()
        };
        let wrong = Self {
            people: vec![held, bare],
            more: 12,
            approving: 3,
            note: HOSTILE.into(),
            mistakes: [
                ("form", "Tick at least one person."),
                ("note", "Use 400 characters or fewer."),
            ]
            .into_iter()
            .collect(),
            ..one.clone()
        };
        vec![none, one, wrong]
    }
}
