//! What the filters on the screen would do, from the last reading and before anything is saved: whom each takes, which can
//! never take anybody, and who would come, go and move.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::web::{self, Path};
use serde::Serialize;

use super::connection;
use super::filters_form::{Draft, FiltersForm};
use super::filters_known::Known;
use super::filters_moves::{MOST_NAMES, Moved, Moves, Room, Shown, lists};
use crate::model::text::{and, called};
use crate::model::{Company, Filter};
use crate::pickers;
use crate::sync::cover;
use crate::sync::effect::{self, Taken};
use crate::sync::last::Last;
use crate::sync::plan::{Plan, plan};
use crate::sync::snapshot::Snapshot;
use crate::web::{At, Form, Part, Visit, WebError, words};

/// Whom a filter takes.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Takes {
    /// Whether it is counted; it is not where something was not read yet.
    pub counted: bool,
    pub count: usize,
    pub names: Shown<String>,
    /// Why it can never take anybody.
    pub warning: String,
    /// What is missing.
    pub unfinished: Vec<String>,
    pub off: bool,
    /// The filter's position in the saved list, from 1; 0: what is shown is not what is saved.
    pub saved: usize,
}

/// Whom no filter takes.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Others {
    /// Whether there is a filter.
    pub filters: bool,
    /// Whether there are filters of which none is finished.
    pub unfinished: bool,
    pub default_site: String,
    pub people: Takes,
}

/// What stands beside the Save button.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct EffectView {
    pub sentence: String,
    pub lists: Vec<Moves>,
    /// What the sentence leaves out: groups that cannot be read, filters that are not finished.
    pub notices: Vec<String>,
    /// Nothing was read of this company yet.
    pub unread: bool,
    pub read_at: Option<At>,
    /// Who saved meanwhile.
    pub overtaken: String,
}

/// All of it.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct EffectPart {
    pub company: i64,
    pub effect: EffectView,
    /// By the key of the filter.
    pub takes: BTreeMap<String, Takes>,
    pub others: Others,
}

impl Part for EffectPart {
    const TEMPLATE: &'static str = "parts/filter_effect.html";

    fn samples() -> Vec<Self> {
        let hostile = "<script>\"'\u{202e}🙂".to_owned();
        let takes = Takes {
            counted: true,
            count: 21,
            names: Shown {
                first: vec![hostile.clone(); MOST_NAMES],
                rest: vec![hostile.clone()],
                more: 1,
            },
            warning: hostile.clone(),
            unfinished: vec![hostile.clone()],
            off: false,
            saved: 1,
        };
        let person = Moved {
            name: hostile.clone(),
            from: "Main".into(),
            to: "x".repeat(300),
            why: format!("taken by {hostile}"),
        };
        let moves = Moves {
            title: "Move to New Site".into(),
            people: Shown {
                first: vec![person.clone()],
                rest: vec![person],
                more: 3,
            },
        };
        let off = Takes {
            off: true,
            ..Takes::default()
        };
        let full = Self {
            company: 7,
            effect: EffectView {
                sentence: "14 people move to New Site".into(),
                lists: vec![moves],
                notices: vec![hostile.clone()],
                unread: false,
                read_at: Some(At::sample()),
                overtaken: hostile.clone(),
            },
            takes: [("k0".into(), takes.clone()), ("k1".into(), off)].into(),
            others: Others {
                filters: true,
                unfinished: false,
                default_site: String::new(),
                people: takes,
            },
        };
        let unread = Self {
            company: 7,
            effect: EffectView {
                unread: true,
                ..EffectView::default()
            },
            others: Others {
                unfinished: true,
                default_site: hostile,
                ..Others::default()
            },
            ..Self::default()
        };
        vec![full, unread, Self::default()]
    }
}

/// Works out what the filters on the screen would do.
pub(super) async fn show(
    visit: Visit,
    company: Path<i64>,
    form: Form<FiltersForm>,
) -> Result<HttpResponse, WebError> {
    let mut known = Known::load(&visit, *company).await?;
    let form = form.0;
    let listed = form.listed()?;
    let sites: Vec<&str> = listed.iter().map(|(_, one)| one.site.as_str()).collect();
    known.ask_sites(&visit, &sites).await;
    let draft = Draft::read(&known, &listed);
    let keys: Vec<&str> = listed.iter().map(|(key, _)| *key).collect();
    let mut part = work_out(&visit, &known, &keys, &draft).await?;
    if form.version != known.version {
        let seen = (known.company.id, form.version);
        part.effect.overtaken = connection::stale(&visit, seen, "this company").await?;
    }
    visit.part(&part)
}

/// Compares the draft with what is saved. Groups that no run has read are read now.
pub(super) async fn work_out(
    visit: &Visit,
    known: &Known,
    keys: &[&str],
    draft: &Draft,
) -> Result<EffectPart, WebError> {
    let filters = draft.deciding();
    let mut part = uncounted(known, keys, draft, &filters);
    if let Some(message) = draft.mistakes.get("form") {
        part.effect.notices.push(message.to_owned());
    }
    let unfinished: Vec<String> = draft
        .unfinished
        .iter()
        .map(|at| draft.filters[*at].label(*at))
        .collect();
    let labels: Vec<&str> = unfinished.iter().map(String::as_str).collect();
    let (are, them) = match labels.len() {
        1 => ("is", "it"),
        _ => ("are", "them"),
    };
    if !labels.is_empty() {
        let labels = and(&labels);
        part.effect.notices.push(format!(
            "{labels} {are} not finished: the numbers leave {them} out, and the list cannot be saved yet."
        ));
    }
    if !known.company.update_existing {
        part.effect.notices.push(
            "Existing contacts are not updated (Contact sync says so): they stay at their sites, and only new contacts go to those of the filters.".into(),
        );
    }
    let Some(last) = &known.last else {
        part.effect.unread = true;
        return Ok(part);
    };
    part.effect.read_at = Some(At::there(
        last.read_at,
        visit.now(),
        &known.company.timezone,
    ));
    let both = [known.company.filters.clone(), filters.clone()].concat();
    let is_saved = filters == known.company.filters && known.is_read(&both);
    let (effect, takes, all) = if is_saved {
        let last = last.clone();
        web::block(move || {
            let plan = last.plan();
            let takes = effect::takes(&last.snapshot, plan);
            (effect::Effect::default(), takes, in_scope(plan))
        })
        .await
        .map_err(anyhow::Error::from)?
    } else {
        counted(visit, known, (last, both, filters), &mut part.effect).await?
    };
    let mut room = Room::of_a_page();
    for (key, people) in keys.iter().zip(&takes.filters) {
        if let Some(view) = part.takes.get_mut(*key) {
            count(view, people, &mut room);
        }
    }
    count(&mut part.others.people, &takes.nobody, &mut room);
    if !part.others.filters {
        part.others.people.count = all;
    }
    part.effect.sentence = if !labels.is_empty() {
        let told = effect::sentence(&effect).replacen("Nobody", "nobody", 1);
        format!("Without {them}: {told}.")
    } else if draft.filters == known.company.filters {
        "Nothing is changed yet.".into()
    } else {
        format!("{}.", effect::sentence(&effect))
    };
    part.effect.lists = lists(&effect);
    Ok(part)
}

/// What other filters than the saved ones do, with the members of groups that were not read before; `both` are the saved ones and
/// these.
async fn counted(
    visit: &Visit,
    known: &Known,
    (last, both, filters): (&Last, Vec<Filter>, Vec<Filter>),
    view: &mut EffectView,
) -> Result<(effect::Effect, effect::Takes, usize), WebError> {
    let mut snapshot = last.snapshot.clone();
    let both = Company {
        filters: both,
        ..known.company.clone()
    };
    for (group, error) in pickers::complete(visit.app(), &both, &mut snapshot).await {
        let name = known.group(group.as_str(), "");
        let sentence = format!(
            "The members of {name} cannot be read now, so it counts as empty here. {}",
            words::told(&error)
        );
        view.notices.push(sentence);
    }
    let saved = known.company.filters.clone();
    let counting = web::block(move || {
        let same = saved == filters;
        let before = (!same).then(|| with(&mut snapshot, saved));
        let after = with(&mut snapshot, filters);
        let effect = before.map(|before| effect::effect(&before, &after));
        let effect = effect.unwrap_or_default();
        (effect, effect::takes(&snapshot, &after), in_scope(&after))
    });
    Ok(counting.await.map_err(anyhow::Error::from)?)
}

/// What can be said without counting.
pub(super) fn uncounted(
    known: &Known,
    keys: &[&str],
    draft: &Draft,
    filters: &[Filter],
) -> EffectPart {
    let skus = known
        .last
        .as_ref()
        .map(|last| last.snapshot.skus.as_slice());
    let covers = cover::covers(filters, skus.unwrap_or_default());
    let takes = keys.iter().enumerate().map(|(at, key)| {
        let unfinished = draft.by_filter.get(&at).cloned().unwrap_or_default();
        let cover = covers.get(at).and_then(Option::as_ref);
        let cover = cover.filter(|_| unfinished.is_empty());
        let takes = Takes {
            warning: cover
                .map(|cover| format!("{}.", cover::sentence(cover, filters)))
                .unwrap_or_default(),
            off: !draft.filters[at].enabled,
            saved: if *filters == *known.company.filters {
                at + 1
            } else {
                0
            },
            unfinished,
            ..Takes::default()
        };
        ((*key).to_owned(), takes)
    });
    let default = known.company.default_site.as_ref();
    EffectPart {
        company: known.company.id,
        takes: takes.collect(),
        others: Others {
            filters: !filters.is_empty(),
            unfinished: filters.len() < draft.filters.len(),
            default_site: default.map(|site| site.name.clone()).unwrap_or_default(),
            people: Takes::default(),
        },
        effect: EffectView::default(),
    }
}

fn with(snapshot: &mut Snapshot, filters: Vec<Filter>) -> Plan {
    snapshot.rules.filters = filters;
    plan(snapshot)
}

fn in_scope(plan: &Plan) -> usize {
    let routes = plan
        .people
        .iter()
        .filter_map(|person| person.trace.route.as_ref());
    routes.filter(|route| route.to.in_scope()).count()
}

/// Writes down whom a filter takes.
pub(super) fn count(view: &mut Takes, people: &[Taken], room: &mut Room) {
    view.counted = true;
    view.count = people.len();
    view.names = room.take(people, |one| called(&one.name, &one.upn).to_owned());
}
