//! Adds, opens, closes and changes one filter on the screen: the script of the page sends the whole list, and gets the filter
//! back as it looks from then on. Stores nothing.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::Serialize;

use super::filters_effect::Takes;
use super::filters_form::{ConditionForm, Draft, FilterForm, FiltersForm};
use super::filters_item::{Choice, ConditionView, Item};
use super::filters_known::Known;
use super::filters_moves::Shown;
use crate::web::{Form, Mistakes, Part, Visit, WebError};

/// A filter's name has so many characters at most.
const LONGEST_NAME: usize = 100;

/// One filter, for the script that changes the list.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct ItemPart {
    pub company: i64,
    pub item: Item,
    pub mistakes: Mistakes,
    /// What cannot be read now.
    pub notices: Vec<String>,
}

impl Part for ItemPart {
    const TEMPLATE: &'static str = "parts/filter_item.html";

    fn samples() -> Vec<Self> {
        sample_items()
            .into_iter()
            .map(|item| Self {
                company: 7,
                mistakes: [(format!("{}-name", item.key), "Too long")]
                    .into_iter()
                    .collect(),
                item,
                notices: vec!["The sites cannot be read now. <script>".into()],
            })
            .collect()
    }
}

/// Adds, opens, closes or changes one filter on the screen. Stores nothing.
pub(super) async fn change(
    visit: Visit,
    company: Path<i64>,
    form: Form<FiltersForm>,
) -> Result<HttpResponse, WebError> {
    let mut known = Known::load(&visit, *company).await?;
    let mut form = form.0;
    form.listed()?;
    let Some(change) = changed(&mut form) else {
        return Err(WebError::NotFound);
    };
    let listed = form.listed()?;
    let at = listed.iter().position(|(key, _)| *key == change.key);
    let at = at.ok_or(WebError::NotFound)?;
    let notices = if listed[at].1.open == "true" {
        known.ask_choices(&visit).await
    } else {
        Vec::new()
    };
    let mut item = Item::new(&known, (at, &change.key), listed[at].1);
    item.offer(&known);
    item.focus = change.focus;
    item.say = match change.say {
        "" => String::new(),
        said => format!("{} {said}", item.label),
    };
    let draft = Draft::read(&known, &listed);
    visit.part(&ItemPart {
        company: *company,
        mistakes: if change.is_done {
            draft.mistakes
        } else {
            Mistakes::default()
        },
        item,
        notices,
    })
}

/// What became of the list.
struct Change {
    key: String,
    focus: String,
    say: &'static str,
    is_done: bool,
}

/// Does what is asked to the form; `None` where there is no such thing to do.
fn changed(form: &mut FiltersForm) -> Option<Change> {
    let new = form.free_key();
    let mut change = Change {
        key: form.key.clone(),
        focus: "name".into(),
        say: "",
        is_done: false,
    };
    match form.act.as_str() {
        "first" | "last" => {
            let end = if form.act == "first" {
                0
            } else {
                form.order.len()
            };
            form.order.insert(end, new.clone());
            form.filter.insert(new.clone(), FilterForm::new());
            change.key = new;
            change.say = "added";
            return Some(change);
        }
        "duplicate" => {
            let mut copy = form.filter.get(&form.key)?.clone();
            let name = copy.name.trim();
            let named = format!("{name} (copy)");
            let fits = !name.is_empty() && named.chars().count() <= LONGEST_NAME;
            copy.name = if fits { named } else { String::new() };
            copy.open = "true".into();
            let at = form.order.iter().position(|key| *key == form.key)?;
            form.order.insert(at + 1, new.clone());
            form.filter.insert(new.clone(), copy);
            change.key = new;
            change.say = "added as a copy";
            return Some(change);
        }
        _ => {}
    }
    let filter = form.filter.get_mut(&form.key)?;
    match form.act.as_str() {
        "edit" => filter.open = "true".into(),
        "done" => {
            filter.open = String::new();
            change.focus = "edit".into();
            change.is_done = true;
        }
        "condition" => {
            let key = filter.free_key();
            change.focus = format!("c{key}");
            change.say = "has one more condition";
            filter.when.insert(key, ConditionForm::default());
        }
        "remove" => {
            filter.when.remove(&form.condition)?;
            change.focus = "condition".into();
            change.say = "has one condition less";
        }
        "kind" => {
            let condition = filter.when.get_mut(&form.condition)?;
            if condition.was != condition.about() {
                condition.value.clear();
                condition.label.clear();
            }
            change.focus = String::new();
        }
        _ => return None,
    }
    Some(change)
}

/// Filters for the samples: closed and open, plain and hostile.
pub(super) fn sample_items() -> Vec<Item> {
    let hostile = "<script>alert(1)</script>\"'\u{202e}🙂".to_owned();
    let choice = Choice {
        value: "\"1".into(),
        text: hostile.clone(),
        chosen: true,
    };
    let condition = |key: &str, kind: &str| ConditionView {
        key: key.into(),
        lead: "Member of".into(),
        what: hostile.clone(),
        kind: kind.into(),
        negated: true,
        field: "department".into(),
        value: hostile.clone(),
        label: hostile.clone(),
        about: kind.into(),
        fields: vec![choice.clone()],
        licences: if kind == "licence" {
            vec![choice.clone()]
        } else {
            Vec::new()
        },
        values: vec![choice.clone()],
    };
    let closed = Item {
        key: "k0".into(),
        position: 1,
        label: hostile.clone(),
        name: hostile.clone(),
        enabled: true,
        lead: "To".into(),
        place: "New Site".into(),
        kind: "Decision maker".into(),
        gone: "This site is gone.".into(),
        conditions: vec![condition("0", "group")],
        takes: Takes {
            counted: true,
            count: 1,
            names: Shown {
                first: vec!["Jane Doe".into()],
                ..Shown::default()
            },
            ..Takes::default()
        },
        focus: "edit".into(),
        say: "Management added".into(),
        ..Item::default()
    };
    let kinds = ["group", "field", "domain", "licence", "licensed", ""];
    let conditions = kinds.iter().enumerate();
    let open = Item {
        key: "k1".into(),
        open: true,
        position: 2,
        name: "x".repeat(100),
        conditions: conditions
            .map(|(at, kind)| condition(&at.to_string(), kind))
            .collect(),
        sites: vec![choice.clone()],
        types: vec![choice.clone()],
        focus: "name".into(),
        ..closed.clone()
    };
    let mut excluding = open.clone();
    excluding.key = "k2".into();
    excluding.exclude = true;
    excluding.enabled = false;
    excluding.conditions = vec![condition("0", "licence")];
    excluding.conditions[0].licences = Vec::new();
    let bare = Item {
        key: "k3".into(),
        position: 4,
        label: "Filter 4".into(),
        lead: "Excluded: nothing is done to them".into(),
        exclude: true,
        ..Item::default()
    };
    vec![closed, open, excluding, bare]
}
