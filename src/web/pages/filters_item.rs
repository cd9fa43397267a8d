//! One filter of the list, as it is read and as it is edited. What a filter is called and what its conditions say is worded
//! here, from the form, so that what is not saved yet reads like what is.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::Serialize;

use super::filters_effect::Takes;
use super::filters_form::{ConditionForm, Draft, FilterForm, FiltersForm};
use super::filters_known::Known;
use crate::model::DirectoryField;
use crate::pickers;
use crate::web::words::directory_field;
use crate::web::{Form, Mistakes, Part, Visit, WebError};

/// A list to choose from shows so many values; any other may be typed.
const MOST_VALUES: usize = 200;
/// A filter's name has so many characters at most.
const LONGEST_NAME: usize = 100;

/// One line to choose.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Choice {
    pub value: String,
    pub text: String,
    pub chosen: bool,
}

impl Choice {
    fn new(value: &str, text: impl Into<String>, chosen: &str) -> Self {
        Self {
            value: value.to_owned(),
            text: text.into(),
            chosen: value == chosen,
        }
    }
}

/// A condition, in words and as a form.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct ConditionView {
    pub key: String,
    /// The words before what it names.
    pub lead: String,
    /// What it names.
    pub what: String,
    pub kind: String,
    pub negated: bool,
    pub field: String,
    pub value: String,
    pub label: String,
    pub about: String,
    /// Fields, licences, and values to choose from; only where the filter is being edited.
    pub fields: Vec<Choice>,
    pub licences: Vec<Choice>,
    pub values: Vec<Choice>,
}

/// A filter, in words and as a form.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Item {
    pub key: String,
    pub position: usize,
    pub label: String,
    pub name: String,
    pub enabled: bool,
    pub open: bool,
    pub exclude: bool,
    pub site: String,
    pub contact_type: String,
    /// Where to, in words: what stands before the site's name, and the name.
    pub lead: String,
    pub place: String,
    /// The name of the contact type; empty: the default.
    pub kind: String,
    /// What it points at that the PSA does not have any more, in a sentence.
    pub gone: String,
    pub conditions: Vec<ConditionView>,
    /// Only where the filter is being edited.
    pub sites: Vec<Choice>,
    pub types: Vec<Choice>,
    pub takes: Takes,
    /// Which part gets the focus when it comes into the page, and what is said of it.
    pub focus: String,
    pub say: String,
}

impl Item {
    /// Words a filter of a form.
    pub fn new(known: &Known, (at, key): (usize, &str), form: &FilterForm) -> Self {
        let name = form.name.trim();
        let exclude = form.target == "exclude";
        let site = known.site(form.site.trim());
        let default = known.company.default_site.as_ref();
        let (lead, place) = match (&site, default) {
            _ if exclude => ("Excluded: nothing is done to them", String::new()),
            (Some(site), _) => ("To", site.name.clone()),
            (None, Some(site)) => ("To the default site,", site.name.clone()),
            (None, None) => ("In scope; their site stays as it is", String::new()),
        };
        let kind = known.contact_type(form.contact_type.trim());
        let gone = site.as_ref().is_some_and(|site| known.is_gone(&site.id));
        let conditions = form.conditions().into_iter();
        Self {
            key: key.to_owned(),
            position: at + 1,
            label: if name.is_empty() {
                format!("Filter {}", at + 1)
            } else {
                name.to_owned()
            },
            name: form.name.clone(),
            enabled: form.enabled == "true",
            open: form.open == "true",
            exclude,
            site: form.site.clone(),
            contact_type: form.contact_type.clone(),
            lead: lead.to_owned(),
            place,
            kind: kind
                .filter(|_| !exclude)
                .map(|kind| kind.name)
                .unwrap_or_default(),
            gone: if gone && !exclude {
                "This site is gone from the PSA or not in use any more, and runs stop at it: choose another."
            } else {
                ""
            }
            .into(),
            conditions: conditions
                .map(|(key, condition)| condition_view(known, key, condition))
                .collect(),
            ..Self::default()
        }
    }

    /// Adds what the form of an open filter offers.
    pub fn offer(&mut self, known: &Known) {
        if !self.open {
            return;
        }
        let default = known.company.default_site.as_ref();
        let default = default.map_or(
            "Default site (none is set: the site stays as it is)".into(),
            |site| format!("Default site ({})", site.name),
        );
        self.sites = vec![Choice::new("", default, &self.site)];
        let sites = known.sites.iter();
        self.sites.extend(
            sites
                .filter(|site| site.active || site.id.as_str() == self.site)
                .map(|site| {
                    let closed = if site.active {
                        ""
                    } else {
                        " (not in use any more)"
                    };
                    Choice::new(
                        site.id.as_str(),
                        format!("{}{closed}", site.name),
                        &self.site,
                    )
                }),
        );
        if known.contact_types {
            self.types = vec![Choice::new("", "Default contact type", &self.contact_type)];
            let types = known.types.iter();
            self.types.extend(
                types.map(|kind| Choice::new(kind.id.as_str(), &kind.name, &self.contact_type)),
            );
        }
        for condition in &mut self.conditions {
            offer_values(known, condition);
        }
    }
}

fn condition_view(known: &Known, key: &str, form: &ConditionForm) -> ConditionView {
    let negated = form.negated == "true";
    let either = |yes: &str, no: &str| if negated { no } else { yes }.to_owned();
    let value = form.value.trim();
    let (lead, what) = match form.kind.as_str() {
        "licensed" => (
            either(
                "All licensed users",
                "Nobody: all licensed users are left out",
            ),
            String::new(),
        ),
        "group" => (
            either("Member of", "Not a member of"),
            known.group(value, &form.label).to_owned(),
        ),
        "field" => {
            let field = directory_field(&form.field);
            (
                format!("{field} {}", either("is", "is not")),
                value.to_owned(),
            )
        }
        "domain" => (
            either("UPN domain is", "UPN domain is not"),
            value.to_owned(),
        ),
        "licence" => (either("Has", "Does not have"), known.licence(value)),
        _ => ("Not chosen yet".to_owned(), String::new()),
    };
    ConditionView {
        key: key.to_owned(),
        lead,
        label: match form.kind.as_str() {
            "group" if !value.is_empty() => what.clone(),
            _ => String::new(),
        },
        what,
        kind: form.kind.clone(),
        negated,
        field: form.field.clone(),
        value: form.value.clone(),
        about: form.about(),
        ..ConditionView::default()
    }
}

fn offer_values(known: &Known, condition: &mut ConditionView) {
    let snapshot = known.last.as_ref().map(|last| &last.snapshot);
    let counted = |values: Vec<(String, usize)>| {
        let values = values.into_iter().take(MOST_VALUES);
        let choices = values.map(|(value, count)| {
            let people = if count == 1 { "person" } else { "people" };
            Choice::new(&value, format!("{count} {people}"), "")
        });
        choices.collect()
    };
    match condition.kind.as_str() {
        "field" => {
            let all = DirectoryField::all().map(|field| field.to_string());
            condition.fields = all
                .map(|field| Choice::new(&field, directory_field(&field), &condition.field))
                .collect();
            if let (Some(snapshot), Some(field)) =
                (snapshot, DirectoryField::parse(&condition.field))
            {
                condition.values = counted(pickers::field_values(snapshot, field));
            }
        }
        "domain" => {
            if let Some(snapshot) = snapshot {
                condition.values = counted(pickers::domains(snapshot));
            }
        }
        "licence" => offer_licences(known, condition),
        _ => {}
    }
}

fn offer_licences(known: &Known, condition: &mut ConditionView) {
    let value = condition.value.trim().to_owned();
    let is = |licence: &pickers::Licence| {
        licence.id.as_str().eq_ignore_ascii_case(&value)
            || licence.part_number.eq_ignore_ascii_case(&value)
    };
    let licences = known.licences.iter();
    condition.licences = licences
        .map(|licence| {
            let counts = if licence.counts {
                ""
            } else {
                ", does not count as a licence"
            };
            Choice {
                value: licence.id.to_string(),
                text: format!("{} ({}{counts})", licence.name, licence.part_number),
                chosen: is(licence),
            }
        })
        .collect();
    let known_one = condition.licences.iter().any(|licence| licence.chosen);
    if !condition.licences.is_empty() && !value.is_empty() && !known_one {
        let text = format!("{} (the tenant does not have it)", condition.what);
        condition
            .licences
            .insert(0, Choice::new(&value, text, &value));
    }
}

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
        super::filters::sample_items()
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
