//! Held deactivations: who waits and why, to approve exactly those that were shown and ticked, or to dismiss them. Approving
//! is a run, asked for as a job.

use std::collections::{HashMap, HashSet};

use actix_web::HttpResponse;
use actix_web::web::Path;
use diesel::QueryResult;
use serde::{Deserialize, Serialize};

use super::hold_words::{self, changed, why};
use super::people::aside;
use super::{hold_samples, person};
use crate::db::Conn;
use crate::db::holds::{self, Hold, Signed};
use crate::db::jobs::{self as waiting, Work};
use crate::jobs;
use crate::model::{Company, Mode, UserId};
use crate::sync::approval;
use crate::sync::plan::{Person, Plan};
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
pub(super) const SHOWN: usize = 150;
/// A note is no longer than this.
const LONGEST_NOTE: usize = 400;

/// The hold of one company.
#[derive(Clone, Debug, Serialize)]
pub struct HoldPage {
    pub(super) head: CompanyHead,
    pub(super) psa: String,
    pub(super) since: Option<At>,
    /// When they were read; none: nobody knows.
    pub(super) read_at: Option<At>,
    /// The guard's numbers in words.
    pub(super) why: Vec<String>,
    pub(super) people: Vec<Held>,
    /// So many wait.
    pub(super) total: usize,
    /// So many more wait than are shown.
    pub(super) more: usize,
    /// So many would not be deactivated any more, by the last reading and the settings as they are now.
    pub(super) not_any_more: usize,
    /// So many are approved already, and their run is on its way.
    pub(super) approving: usize,
    pub(super) note: String,
    pub(super) mistakes: Mistakes,
}

/// Somebody who waits.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Held {
    pub(super) id: String,
    pub(super) page: String,
    pub(super) name: String,
    pub(super) upn: String,
    pub(super) reason: String,
    pub(super) contact: String,
    pub(super) link: String,
    /// Why they would not be deactivated any more; empty: they would.
    pub(super) not_any_more: &'static str,
    pub(super) ticked: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Decision {
    pub(super) shown: Vec<String>,
    people: Vec<String>,
    note: String,
}

impl Decision {
    fn note(&self) -> Option<String> {
        let note = self.note.trim();
        (!note.is_empty()).then(|| note.to_owned())
    }

    pub(super) fn chosen(&self) -> Vec<UserId> {
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
        let (hold, approved) = visit
            .app()
            .db()
            .read(move |conn| Ok((holds::open_of(conn, id)?, approved(conn, id)?)))
            .await?;
        let outward = VendorLinks::load(visit, &company).await?;
        let head = CompanyHead::new(&company, Tab::Overview);
        let mut page = Self {
            head,
            psa: outward.psa_name().to_owned(),
            since: None,
            read_at: None,
            why: Vec::new(),
            people: Vec::new(),
            total: 0,
            more: 0,
            not_any_more: 0,
            approving: 0,
            note: String::new(),
            mistakes: Mistakes::default(),
        };
        let Some(hold) = hold else {
            return Ok(page);
        };
        page.since = Some(At::there(hold.opened_at, visit.now(), &company.timezone));
        page.total = hold.people.len();
        page.more = page.total.saturating_sub(SHOWN);
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
                reason: words::why(&person.reason),
                contact: person.contact_id.to_string(),
                link: outward.contact(&person.contact_id),
                not_any_more: "",
                ticked: true,
            })
            .collect();
        if let Some(last) = visit.app().last(&company).await? {
            page.read_at = Some(At::there(last.read_at, visit.now(), &company.timezone));
            let who = visit.who_decides();
            let judged = aside(move || {
                page.judge(&hold, last.plan(), who);
                page
            });
            page = judged.await?;
        }
        Ok(page)
    }

    /// What the plan of the last reading says of those who wait.
    fn judge(&mut self, hold: &Hold, plan: &Plan, who: &str) {
        self.why = why(&plan.guard, who);
        let lines = plan.people.iter().map(|line| (&line.user_id, line));
        let lines: HashMap<&UserId, &Person> = lines.collect();
        let people = hold.people.iter();
        let reasons: Vec<_> = people
            .map(|one| approval::why_not(lines.get(&one.user_id).copied()))
            .collect();
        self.not_any_more = reasons.iter().flatten().count();
        for (person, reason) in self.people.iter_mut().zip(reasons) {
            person.not_any_more = reason.unwrap_or_default();
        }
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
        let approved = approved(conn, id)?;
        let still = waits.iter().filter(|one| !approved.contains(one)).count();
        Ok((count, waits, still))
    });
    let (count, waits, still) = asked.await?;
    if count == 0 {
        return Ok(visit.refused(&here, NOBODY));
    }
    visit.app().jobs().wake();
    let mut text = match count {
        1 => "1 deactivation is approved. Its run begins now.".to_owned(),
        count => format!("{count} deactivations are approved. Their run begins now."),
    };
    text.push_str(&changed(&form, &waits, count));
    let runs = format!("/companies/{id}/runs");
    Ok(if still > 0 {
        visit.done_with_link(&runs, text, (hold_words::still(still), here))
    } else {
        visit.done(&runs, text)
    })
}

/// Who is approved, by runs that are on their way.
fn approved(conn: &mut Conn, company: i64) -> QueryResult<HashSet<UserId>> {
    let mut jobs = waiting::waiting(conn, company)?;
    jobs.extend(waiting::running(conn, company)?);
    let approved = jobs.into_iter().filter_map(|job| match job.work {
        Work::Run(run) if run.mode == Mode::Approval => Some(run.approved),
        _ => None,
    });
    Ok(approved.flatten().collect())
}

const NOBODY: &str = "None of these people waits any more. Nothing was done.";

fn ids(hold: &Hold) -> impl Iterator<Item = UserId> {
    hold.people.iter().map(|person| person.user_id.clone())
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
        hold_samples::all()
    }
}
