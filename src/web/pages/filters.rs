//! Contact mapping and filters: the ordered list of a company. The whole list is one form; nothing is stored until it is saved.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use serde::Serialize;

use super::filters_change::{ItemPart, sample_items};
use super::filters_effect::{EffectPart, EffectView, Others, count, uncounted, work_out};
use super::filters_form::{Draft, FilterForm, FiltersForm};
use super::filters_item::Item;
use super::filters_known::Known;
use super::filters_moves::Room;
use super::preview_live::Back;
use super::{connection, filters_change, filters_effect, preview};
use crate::connections::{self, Saving};
use crate::db::events;
use crate::jobs;
use crate::model::Company;
use crate::pickers;
use crate::sync::effect;
use crate::web::routes::{Entry, routes};
use crate::web::setup::{FILTERS_CHOSEN, Setup, SetupStep};
use crate::web::{CompanyHead, Form, Mistakes, Page, Place, Samples, Tab, Visit, WebError};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Get Page "/companies/{company:\\d+}/filters" Reader show;
    Post Act "/companies/{company:\\d+}/filters" Technician save;
    Post Part "/companies/{company:\\d+}/filters/effect" Technician filters_effect::show;
    Post Part "/companies/{company:\\d+}/filters/item" Technician filters_change::change;
};

/// The samples.
pub fn samples(all: &mut Samples) {
    all.page::<FiltersPage>();
    all.part::<ItemPart>();
    all.part::<EffectPart>();
}

/// The list, as it is saved or as it was sent.
#[derive(Clone, Debug, Serialize)]
pub struct FiltersPage {
    head: CompanyHead,
    setup: Option<Setup>,
    company: i64,
    version: i64,
    items: Vec<Item>,
    mistakes: Mistakes,
    /// Whether what is shown differs from what is saved.
    unsaved: bool,
    /// Whether the numbers have to be asked for.
    counting: bool,
    contact_types: bool,
    effect: EffectView,
    others: Others,
    /// What cannot be read now.
    notices: Vec<String>,
    /// What somebody else saved meanwhile.
    meanwhile: Option<Meanwhile>,
}

/// The list of somebody else, in short.
#[derive(Clone, Debug, Serialize)]
struct Meanwhile {
    who: String,
    /// The version of that list.
    version: i64,
    items: Vec<Item>,
}

impl Page for FiltersPage {
    const TEMPLATE: &'static str = "pages/filters.html";

    fn title(&self) -> String {
        format!("Filters of {}", self.head.name)
    }

    fn place(&self) -> Place {
        Place::Fleet
    }

    fn company(&self) -> Option<CompanyHead> {
        Some(self.head.clone())
    }

    fn samples() -> Vec<Self> {
        let empty = Self {
            head: CompanyHead::sample(Tab::ContactSync),
            setup: Some(Setup::sample(SetupStep::Filters)),
            company: 7,
            version: 1,
            items: Vec::new(),
            mistakes: Mistakes::default(),
            unsaved: false,
            counting: false,
            contact_types: true,
            effect: EffectView {
                unread: true,
                ..EffectView::default()
            },
            others: Others::default(),
            notices: Vec::new(),
            meanwhile: None,
        };
        let mut one = empty.clone();
        one.setup = None;
        one.items = sample_items().into_iter().take(1).collect();
        one.others.filters = true;
        one.contact_types = false;
        let mut many = one.clone();
        many.items = sample_items();
        many.unsaved = true;
        many.counting = true;
        many.contact_types = true;
        many.mistakes = [
            ("form", "A company has 200 filters at most."),
            ("k1-name", "Taken"),
            ("k1-c0", "Choose a group"),
        ]
        .into_iter()
        .collect();
        many.notices = vec!["<script>".into()];
        many.meanwhile = Some(Meanwhile {
            who: "\"Robin\" <b>, 3 minutes ago".into(),
            version: 2,
            items: sample_items(),
        });
        vec![empty, one, many]
    }
}

fn items(known: &Known, listed: &[(&str, &FilterForm)]) -> Vec<Item> {
    let all = listed.iter().enumerate();
    all.map(|(at, (key, form))| {
        let mut item = Item::new(known, (at, key), form);
        item.offer(known);
        item
    })
    .collect()
}

/// A page with this list. Numbers that need a cloud are asked for by the page's script.
async fn page(
    visit: &Visit,
    known: &Known,
    listed: &[(&str, &FilterForm)],
    draft: &Draft,
) -> Result<FiltersPage, WebError> {
    let filters = draft.deciding();
    let both = [known.company.filters.clone(), filters.clone()].concat();
    let keys: Vec<&str> = listed.iter().map(|(key, _)| *key).collect();
    let counting = known.last.is_some() && !known.is_read(&both);
    let mut counted = if counting {
        uncounted(known, &keys, draft, &filters)
    } else {
        work_out(visit, known, &keys, draft).await?
    };
    let mut items = items(known, listed);
    for item in &mut items {
        item.takes = counted.takes.remove(&item.key).unwrap_or_default();
    }
    Ok(FiltersPage {
        head: CompanyHead::new(&known.company, Tab::ContactSync),
        setup: Setup::for_visitor(visit, known.setup.clone()),
        company: known.company.id,
        version: known.version,
        items,
        mistakes: Mistakes::default(),
        unsaved: false,
        counting,
        contact_types: known.contact_types,
        effect: counted.effect,
        others: counted.others,
        notices: Vec::new(),
        meanwhile: None,
    })
}

/// The saved filters as a form.
fn saved(company: &Company) -> Vec<(String, FilterForm)> {
    let filters = company.filters.iter().enumerate();
    filters
        .map(|(at, filter)| (format!("k{at}"), FilterForm::of(filter)))
        .collect()
}

/// The saved filters in words, with whom each takes of those who were read last, and how many active users none takes.
pub(super) fn saved_items(known: &Known) -> (Vec<Item>, Option<usize>) {
    let forms = saved(&known.company);
    let mut items = items(known, &named(&forms));
    if items.is_empty() {
        return (items, None);
    }
    let Some(last) = &known.last else {
        return (items, None);
    };
    let takes = effect::takes(&last.snapshot, last.plan());
    let mut room = Room::of_a_page();
    for (item, people) in items.iter_mut().zip(&takes.filters) {
        count(&mut item.takes, people, &mut room);
    }
    (items, Some(takes.nobody.len()))
}

fn named(forms: &[(String, FilterForm)]) -> Vec<(&str, &FilterForm)> {
    forms
        .iter()
        .map(|(key, form)| (key.as_str(), form))
        .collect()
}

async fn show(visit: Visit, company: Path<i64>) -> Result<HttpResponse, WebError> {
    let mut known = Known::load(&visit, *company).await?;
    known.ask_names(&visit).await?;
    let forms = saved(&known.company);
    let listed = named(&forms);
    let draft = Draft::read(&known, &listed);
    visit.page(&page(&visit, &known, &listed, &draft).await?)
}

async fn save(
    visit: Visit,
    company: Path<i64>,
    form: Form<FiltersForm>,
) -> Result<HttpResponse, WebError> {
    let mut known = Known::load(&visit, *company).await?;
    let mut form = form.0;
    let sites: Vec<&str> = form.filter.values().map(|one| one.site.as_str()).collect();
    known.ask_sites(&visit, &sites).await;
    let version = form.over.unwrap_or(form.version);
    let mut draft = Draft::read(&known, &form.listed()?);
    if version != known.version || !draft.mistakes.is_empty() {
        return again(&visit, known, &mut form, &draft).await;
    }
    let company = Company {
        filters: draft.filters.clone(),
        ..known.company.clone()
    };
    let (staff, now) = (visit.name(), visit.now());
    let then = jobs::follow_a_save(&staff, now);
    let saving = connections::save_company(visit.app(), &company, version, &staff, then);
    match saving.await? {
        Saving::Saved { id, .. } => {
            // The names of its groups are remembered for every page that tells of them.
            pickers::names_soon(visit.app(), &company).await?;
            if known.setup.is_some() {
                let chosen = visit.app().db().write(move |conn| {
                    let by = (&*staff, FILTERS_CHOSEN);
                    events::note(conn, by, Some(id), "Filters chosen", now)
                });
                chosen.await?;
            }
            if form.action == "next" {
                return preview::begin(&visit, id, Back::Preview).await.map(|to| visit.lead(&to));
            }
            visit.app().jobs().wake();
            let said = if company.sync_contacts {
                "The filters are saved. A run that follows them starts within five minutes."
            } else {
                "The filters are saved. Contact sync is off, so no run follows."
            };
            Ok(visit.done(&format!("/companies/{id}/filters"), said))
        }
        Saving::Gone => Err(WebError::NotFound),
        Saving::Stale { .. } => {
            let known = Known::load(&visit, company.id).await?;
            again(&visit, known, &mut form, &draft).await
        }
        Saving::Mistakes(mistakes) => {
            for mistake in mistakes {
                draft.mistake(&form.listed()?, mistake);
            }
            again(&visit, known, &mut form, &draft).await
        }
        Saving::NameTaken | Saving::PlaceTaken { .. } => Err(WebError::Bad(
            "Another company has this name or this place in the PSA. Mend it under Connection, then save the filters again."
                .into(),
        )),
    }
}

/// The list as it was sent, with its mistakes and with what somebody else saved meanwhile.
async fn again(
    visit: &Visit,
    mut known: Known,
    form: &mut FiltersForm,
    draft: &Draft,
) -> Result<HttpResponse, WebError> {
    let order = form.order.clone();
    for (at, key) in order.iter().enumerate() {
        // What is to be mended stands open.
        if let Some(filter) = form.filter.get_mut(key)
            && draft.by_filter.contains_key(&at)
        {
            filter.open = "true".into();
        }
    }
    let listed = form.listed()?;
    let any_open = listed.iter().any(|(_, filter)| filter.open == "true");
    let notices = if any_open {
        known.ask_choices(visit).await
    } else {
        Vec::new()
    };
    let mut shown = page(visit, &known, &listed, draft).await?;
    shown.mistakes = draft.mistakes.clone();
    shown.notices = notices;
    shown.unsaved = true;
    shown.version = form.version;
    if form.over.unwrap_or(form.version) == known.version {
        shown.version = known.version;
        return visit.again(&shown);
    }
    let forms = saved(&known.company);
    shown.meanwhile = Some(Meanwhile {
        who: connection::stale(visit, (known.company.id, form.version), "this company").await?,
        version: known.version,
        items: items(&known, &named(&forms)),
    });
    visit.page_with(StatusCode::CONFLICT, &shown)
}
