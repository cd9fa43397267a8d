//! What would change if a licence did not count any more, or counted again: shown before the list is changed. It is worked
//! out from what was last read of each company, and asks no cloud.

use std::pin::pin;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::Query;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};

use super::licence_settings::{HERE, MOST, list, refused};
use super::people::aside;
use crate::app::App;
use crate::db::companies;
use crate::model::Company;
use crate::pickers;
use crate::rules;
use crate::sync::counting::{Counting, counting};
use crate::web::routes::{Entry, routes};
use crate::web::{Page, Place, Samples, Visit, WebError};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/settings/licences/add" Administrator show_add;
    Get Page "/settings/licences/remove" Administrator show_remove;
    Get Page "/settings/licences/standard" Administrator show_standard;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<LicenceEffect>();
}

/// So many people, or companies, are named in all; the rest is counted.
const NAMED: usize = 12;

/// So many companies are looked at at the same time: more would take the database from everybody else.
const AT_ONCE: usize = 4;

/// What is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Change {
    /// A licence does not count any more.
    #[default]
    Add,
    /// A licence counts again.
    Remove,
    /// The standard list comes back.
    Standard,
}

/// What would change.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LicenceEffect {
    change: Change,
    /// The licence as the list writes it; empty for the standard list.
    licence: String,
    /// The name of its product.
    name: String,
    /// Who becomes a leaver.
    leavers: Becoming,
    /// Who becomes active again.
    active: Becoming,
    /// So many contacts would be deactivated.
    deactivated: usize,
    /// Companies of which nothing was read yet.
    unread: Vec<Label>,
    /// So many more of these.
    more_unread: usize,
    /// Companies that were looked at.
    read: usize,
}

/// The people of all companies who become one thing.
#[derive(Clone, Debug, Default, Serialize)]
struct Becoming {
    /// They become leavers; else they become active again.
    leaving: bool,
    count: usize,
    at: Vec<Share>,
    /// So many more companies.
    more: usize,
    /// With so many people.
    more_people: usize,
}

/// The people of one company.
#[derive(Clone, Debug, Serialize)]
struct Share {
    company: Label,
    count: usize,
    names: Vec<String>,
    /// So many more people than are named.
    more: usize,
    /// Nothing is written for this company: contact sync is off.
    off: bool,
}

/// A company.
#[derive(Clone, Debug, Serialize)]
struct Label {
    id: i64,
    name: String,
}

impl Label {
    fn new(company: &Company) -> Self {
        Self {
            id: company.id,
            name: company.name.clone(),
        }
    }
}

impl Becoming {
    /// Adds those of one company; `left` is how many names there is room for.
    fn add(&mut self, company: &Company, names: Vec<String>, left: &mut usize) {
        let count = names.len();
        if count == 0 {
            return;
        }
        self.count += count;
        if self.at.len() >= NAMED {
            self.more += 1;
            self.more_people += count;
            return;
        }
        let names: Vec<String> = names.into_iter().take(*left).collect();
        *left -= names.len();
        self.at.push(Share {
            company: Label::new(company),
            count,
            more: count - names.len(),
            names,
            off: !company.sync_contacts,
        });
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Asked {
    licence: String,
}

async fn show_add(visit: Visit, asked: Query<Asked>) -> Result<HttpResponse, WebError> {
    if asked.licence.trim().is_empty() {
        return visit.page(&LicenceEffect::of_none(Change::Add));
    }
    let entry = match rules::text("licence", "The licence", &asked.licence) {
        Ok(entry) => rules::guid(&entry).unwrap_or(entry),
        Err(mistake) => return refused(&visit, &asked.licence, &mistake).await,
    };
    let (entries, _) = list(&visit).await?;
    if entries.iter().any(|known| rules::same(known, &entry)) || entries.len() >= MOST {
        visit.say("info", "The list has this licence already, or is full.");
        return Ok(visit.lead(HERE));
    }
    let after = [entries, vec![entry.clone()]].concat();
    visit.page(&work_out(&visit, Change::Add, entry, after).await?)
}

async fn show_remove(visit: Visit, asked: Query<Asked>) -> Result<HttpResponse, WebError> {
    if asked.licence.trim().is_empty() {
        return visit.page(&LicenceEffect::of_none(Change::Remove));
    }
    let (mut entries, _) = list(&visit).await?;
    let known = entries
        .iter()
        .position(|known| rules::same(known, &asked.licence));
    let Some(known) = known else {
        visit.say("info", "This licence is not on the list any more.");
        return Ok(visit.lead(HERE));
    };
    let entry = entries.remove(known);
    entries.retain(|known| !rules::same(known, &entry));
    visit.page(&work_out(&visit, Change::Remove, entry, entries).await?)
}

async fn show_standard(visit: Visit) -> Result<HttpResponse, WebError> {
    let after = pickers::standard_list();
    visit.page(&work_out(&visit, Change::Standard, String::new(), after).await?)
}

/// Counts in what was last read, company by company.
async fn work_out(
    visit: &Visit,
    change: Change,
    licence: String,
    after: Vec<String>,
) -> Result<LicenceEffect, WebError> {
    let mut page = LicenceEffect {
        change,
        name: pickers::told(std::slice::from_ref(&licence))
            .first()
            .and_then(|(_, name)| *name)
            .unwrap_or_default()
            .to_owned(),
        licence,
        leavers: Becoming {
            leaving: true,
            ..Becoming::default()
        },
        ..LicenceEffect::default()
    };
    let (mut leavers_left, mut active_left) = (NAMED, NAMED);
    let companies = visit.app().db().read(companies::list).await?;
    let after: Arc<[String]> = after.into();
    let looked = stream::iter(companies).map(|company| look(visit.app(), company, after.clone()));
    let mut looked = pin!(looked.buffered(AT_ONCE));
    while let Some((company, counted)) = looked.try_next().await? {
        let Some(counted) = counted else {
            if page.unread.len() < NAMED {
                page.unread.push(Label::new(&company));
            } else {
                page.more_unread += 1;
            }
            continue;
        };
        page.read += 1;
        let Counting {
            leavers,
            active,
            linked,
        } = counted;
        if company.sync_contacts && company.update_existing {
            page.deactivated += linked;
        }
        page.leavers.add(&company, leavers, &mut leavers_left);
        page.active.add(&company, active, &mut active_left);
    }
    Ok(page)
}

/// Counts in what was last read of one company; `None`: nothing was.
async fn look(
    app: &App,
    company: Company,
    after: Arc<[String]>,
) -> Result<(Company, Option<Counting>), WebError> {
    let Some(last) = app.last_once(&company).await? else {
        return Ok((company, None));
    };
    let counted = aside(move || counting(&last.snapshot, &after)).await?;
    Ok((company, Some(counted)))
}

impl LicenceEffect {
    /// Where no licence is named.
    fn of_none(change: Change) -> Self {
        Self {
            change,
            ..Self::default()
        }
    }
}

impl Page for LicenceEffect {
    const TEMPLATE: &'static str = "pages/licence_effect.html";

    fn title(&self) -> String {
        match self.change {
            Change::Add => "Stop counting a licence".into(),
            Change::Remove => "Count a licence again".into(),
            Change::Standard => "The standard list of licences".into(),
        }
    }

    fn place(&self) -> Place {
        Place::Settings
    }

    fn samples() -> Vec<Self> {
        let hostile = "<script>\"' \u{202e}evil\u{202c} 🙂";
        let of = || Label {
            id: 7,
            name: hostile.into(),
        };
        let at = Share {
            company: of(),
            count: 40,
            names: vec![hostile.into(), "long ".repeat(80)],
            more: 38,
            off: true,
        };
        let one = Share {
            count: 1,
            names: vec!["Jane Doe".into()],
            more: 0,
            off: false,
            ..at.clone()
        };
        let unnamed = Share {
            names: Vec::new(),
            more: 40,
            ..at.clone()
        };
        let people = Becoming {
            leaving: true,
            count: 81,
            at: vec![at, one.clone(), unnamed],
            more: 2,
            more_people: 9,
        };
        let single = Becoming {
            count: 1,
            at: vec![one],
            ..Becoming::default()
        };
        let both = Self {
            licence: "SPB".into(),
            name: "Microsoft 365 Business Premium".into(),
            leavers: people.clone(),
            active: single.clone(),
            deactivated: 2,
            unread: vec![of(), of()],
            more_unread: 3,
            read: 12,
            ..Self::default()
        };
        let back = Self {
            change: Change::Remove,
            licence: hostile.into(),
            active: Becoming {
                leaving: false,
                ..people
            },
            leavers: Becoming {
                leaving: true,
                ..single
            },
            deactivated: 1,
            unread: vec![of()],
            read: 1,
            ..Self::default()
        };
        let standard = Self {
            change: Change::Standard,
            read: 2,
            ..Self::default()
        };
        let nothing = Self {
            licence: "x".repeat(400),
            ..Self::default()
        };
        vec![both, back, standard, nothing, Self::of_none(Change::Add)]
    }
}
