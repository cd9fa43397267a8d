//! A run that is to be put back: field by field, what would become of it, from the last reading; then the button. The run
//! itself looks at the contacts anew, and puts back nothing else than what was shown.

use actix_web::HttpResponse;
use actix_web::web::{Path, Query};
use serde::{Deserialize, Serialize};

use super::undo_page::{FieldRow, Refused, Row, UndoPage};
use super::{person, run_undone};
use crate::db::jobs as asked_for;
use crate::db::jobs::Work;
use crate::db::runs::{self, Run};
use crate::jobs;
use crate::model::text::called;
use crate::model::{Action, Company, Undo, UserId};
use crate::sync::back::Back;
use crate::sync::failure::RunError;
use crate::sync::fates::Fate;
use crate::sync::report;
use crate::sync::undoing;
use crate::web::listing::Pager;
use crate::web::routes::{Entry, routes};
use crate::web::{
    At, CompanyHead, Form, Mistakes, Samples, Tab, VendorLinks, Visit, WebError, listing, words,
};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/runs/{run}/undo" Technician show;
    Post Act "/runs/{run}/undo" Technician undo;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<UndoPage>();
}

/// The address of the page for a run, or for one person of it.
pub(super) fn address(run: &str, user: Option<&UserId>) -> String {
    let user = user.map(UserId::as_str).unwrap_or_default();
    listing::address(&format!("/runs/{run}/undo"), &[("user", user)])
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    user: String,
    page: String,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Decision {
    user: String,
    digest: String,
    ignoring: bool,
}

fn only(user: &str) -> Option<UserId> {
    (!user.is_empty()).then(|| UserId::new(user))
}

/// A run of a company that is there.
async fn found(visit: &Visit, run: String) -> Result<(Run, Company), WebError> {
    let found = visit.app().db().read(move |conn| runs::get(conn, &run));
    let run = found.await?.filter(|run| !run.preview);
    let run = run.ok_or(WebError::NotFound)?;
    let company = visit.company(run.company_id).await?;
    Ok((run, company))
}

/// What would be put back, and when the contacts were read; or why that cannot be said.
async fn look(
    visit: &Visit,
    company: &Company,
    undo: &Undo,
) -> Result<Result<(Back, At), RunError>, WebError> {
    let app = visit.app();
    let Some(last) = app.last(company).await? else {
        let message = "The contacts of this company were not read yet as it is connected now";
        return Ok(Err(crate::sync::not_set_up(
            message,
            "Have a preview made, then look again",
        )));
    };
    let read_at = At::there(last.read_at, visit.now(), &company.timezone);
    let looked = async {
        let scene = app.scene(company).await?;
        undoing::look(&scene, &app.facts(), &last.snapshot, undo).await
    };
    Ok(looked.await.map(|back| (back, read_at)))
}

async fn show(
    visit: Visit,
    run: Path<String>,
    asked: Query<Asked>,
) -> Result<HttpResponse, WebError> {
    let (run, company) = found(&visit, run.into_inner()).await?;
    let wish = Undo {
        run: run.id.clone(),
        user: only(&asked.user),
        ignoring: true,
        shown: None,
    };
    let looked = look(&visit, &company, &wish).await?;
    let page = page(&visit, (&run, &company), (&wish, looked), &asked.page).await?;
    visit.page(&page)
}

async fn undo(
    visit: Visit,
    run: Path<String>,
    form: Form<Decision>,
) -> Result<HttpResponse, WebError> {
    let (run, company) = found(&visit, run.into_inner()).await?;
    let mut wish = Undo {
        run: run.id.clone(),
        user: only(&form.0.user),
        ignoring: form.0.ignoring,
        shown: None,
    };
    let looked = look(&visit, &company, &wish).await?;
    let mut mistakes = Mistakes::default();
    let mut text = "The undo of the run begins now.".to_owned();
    if let Ok((back, _)) = &looked {
        if back.digest() != form.0.digest {
            mistakes.add("form", CHANGED);
        } else if back.is_done(wish.ignoring) {
            mistakes.add("form", "There is nothing to put back. Nothing was done.");
        }
        wish.shown = Some(back.keys().into_iter().collect());
        if let Some(user) = &wish.user {
            let name = name_of(back, user);
            text = format!("The undo of the change of {name} begins now.");
        }
    }
    if looked.is_err() || !mistakes.is_empty() {
        let mut page = page(&visit, (&run, &company), (&wish, looked), "").await?;
        page.mistakes = mistakes;
        return visit.again(&page);
    }
    let (id, who, now) = (company.id, visit.name(), visit.now());
    let asked = visit
        .app()
        .db()
        .write(move |conn| jobs::enqueue_undo(conn, id, wish, &who, now));
    asked.await?;
    visit.app().jobs().wake();
    Ok(visit.done(&format!("/companies/{id}/runs"), text))
}

/// What somebody is called whose change is put back.
fn name_of<'b>(back: &'b Back, user: &UserId) -> &'b str {
    let mut people = back.plan.people.iter();
    match people.find(|one| one.user_id == *user) {
        Some(one) => called(&one.name, &one.upn),
        None => "one person",
    }
}

const CHANGED: &str = "What would be put back has changed since you looked. This is how it is now; nothing was done yet.";

async fn page(
    visit: &Visit,
    (run, company): (&Run, &Company),
    (wish, looked): (&Undo, Result<(Back, At), RunError>),
    number: &str,
) -> Result<UndoPage, WebError> {
    let (id, this) = (company.id, run.id.clone());
    let found = visit.app().db().read(move |conn| {
        let mut jobs = asked_for::waiting(conn, id)?;
        jobs.extend(asked_for::running(conn, id)?);
        let on_its_way = jobs.iter().any(|job| match &job.work {
            Work::Undo(all) => all.undos.iter().any(|one| one.undo.run == this),
            _ => false,
        });
        Ok((on_its_way, run_undone::find(conn, &this)?))
    });
    let (on_its_way, undone) = found.await?;
    let outward = VendorLinks::load(visit, company).await?;
    let when = |at| At::there(at, visit.now(), &company.timezone);
    let mut page = UndoPage {
        user: wish
            .user
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        psa: outward.psa_name().to_owned(),
        ignoring: wish.ignoring,
        on_its_way,
        by: undone.by(&when),
        ..UndoPage::bare(
            CompanyHead::new(company, Tab::Runs),
            (&run.id, run.mode.as_str()),
            when(run.started_at),
        )
    };
    match looked {
        Err(error) => {
            page.refused = Some(Refused {
                message: error.message,
                advice: error.advice,
            });
        }
        Ok((back, read_at)) => {
            page.read_at = Some(read_at);
            page.fill(&back, wish, (company.id, &outward), number);
        }
    }
    Ok(page)
}

impl UndoPage {
    fn fill(
        &mut self,
        back: &Back,
        wish: &Undo,
        (company, outward): (i64, &VendorLinks),
        number: &str,
    ) {
        let people = &back.plan.people;
        let writes = people.iter().filter(|one| one.action.writes());
        self.people_written = writes.count();
        self.nothing = back.is_done(true);
        self.inactive = back.plan.company_inactive;
        self.links = back.links;
        self.to_ignore = back.to_ignore.len();
        self.to_stop_ignoring = back.to_stop_ignoring.len();
        self.choice = if self.to_stop_ignoring > 0 {
            match self.to_stop_ignoring {
                1 => "Look at this person again".into(),
                many => format!("Look at these {many} people again"),
            }
        } else {
            match self.to_ignore {
                1 => "Leave this person alone from now on".into(),
                many => format!("Leave these {many} people alone from now on"),
            }
        };
        self.digest = back.digest();
        let path = format!("/runs/{}/undo", wish.run);
        self.pager = Pager::new(number, people.len(), &path, &[("user", &self.user)]);
        let all = people.iter().zip(&back.told);
        let some = self.pager.part(all);
        self.rows = some
            .map(|(one, told)| {
                let word = |value| words::value(&report::value(value));
                let parts = told.parts.iter();
                let put_back = parts.filter(|part| part.fate == Fate::PutBack);
                let contact = one.contact.as_ref();
                Row {
                    page: person::address(company, &one.user_id),
                    name: one.name.clone(),
                    upn: one.upn.clone(),
                    action: match one.action {
                        Action::Unchanged => String::new(),
                        action => action.as_str().into(),
                    },
                    made: told.made,
                    fields: put_back
                        .map(|part| FieldRow {
                            field: part.field.as_str().into(),
                            now: word(&part.now),
                            before: word(&part.before),
                        })
                        .collect(),
                    notes: told
                        .notes()
                        .iter()
                        .map(|note| words::sentence(note))
                        .collect(),
                    left_alone: back.to_ignore.contains(&one.user_id),
                    contact: contact.map(ToString::to_string).unwrap_or_default(),
                    link: contact.map(|id| outward.contact(id)).unwrap_or_default(),
                }
            })
            .collect();
    }
}
