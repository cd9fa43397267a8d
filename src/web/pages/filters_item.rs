//! One filter of the list, as it is read and as it is edited. What a filter is called and what its conditions say is worded
//! here, from the form, so that what is not saved yet reads like what is.

use serde::Serialize;

use super::filters_effect::Takes;
use super::filters_form::{ConditionForm, FilterForm};
use super::filters_known::Known;
use crate::model::DirectoryField;
use crate::pickers;
use crate::web::words::directory_field;

/// A list to choose from shows so many values; any other may be typed.
const MOST_VALUES: usize = 200;

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
        let default = default.map_or("Default site (none is set)".into(), |site| {
            format!("Default site ({})", site.name)
        });
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
