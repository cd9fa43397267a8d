//! The filters as a form: what a technician has on the screen, saved or not, and the settings that it means. Reads no database
//! and asks no cloud.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::filters_known::Known;
use crate::model::{Company, Condition, DirectoryField, Filter, GroupId, Target, Test};
use crate::rules::{self, Mistake};
use crate::web::{Mistakes, WebError};

/// The longest key that the page gives a filter or a condition.
const LONGEST_KEY: usize = 12;

/// The whole list, in the order of the screen.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FiltersForm {
    /// The version of the company that the list began from.
    pub version: i64,
    /// The version that is saved over, knowing what it says.
    pub over: Option<i64>,
    pub order: Vec<String>,
    pub filter: BTreeMap<String, FilterForm>,
    /// `next`: saving leads on to the preview.
    pub action: String,
    /// What is to be done with one filter.
    pub act: String,
    /// To which one.
    pub key: String,
    /// To which of its conditions.
    pub condition: String,
}

/// One filter as it stands in the form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct FilterForm {
    pub name: String,
    pub enabled: String,
    /// `exclude`, or else a place.
    pub target: String,
    /// A site's id; empty: the default site.
    pub site: String,
    /// A contact type's id; empty: the default.
    pub contact_type: String,
    /// Whether it is being edited.
    pub open: String,
    pub when: BTreeMap<String, ConditionForm>,
}

/// One condition as it stands in the form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct ConditionForm {
    /// `licensed`, `group`, `field`, `domain`, `licence`; empty: not chosen yet.
    pub kind: String,
    pub negated: String,
    pub field: String,
    pub value: String,
    /// The name of a group that was chosen and is not saved yet.
    pub label: String,
    /// Kind and field for which the value was given.
    pub was: String,
}

impl ConditionForm {
    /// What the value belongs to.
    pub fn about(&self) -> String {
        if self.kind == "field" {
            format!("field:{}", self.field)
        } else {
            self.kind.clone()
        }
    }
}

impl FilterForm {
    /// A new one, ready to be filled in.
    pub fn new() -> Self {
        Self {
            enabled: "true".into(),
            open: "true".into(),
            when: [("0".into(), ConditionForm::default())].into(),
            ..Self::default()
        }
    }

    /// A saved one.
    pub fn of(filter: &Filter) -> Self {
        let (target, site, contact_type) = match &filter.target {
            Target::Exclude => ("exclude", None, None),
            Target::Place { site, contact_type } => ("place", site.as_ref(), contact_type.as_ref()),
        };
        let conditions = filter.when.iter().enumerate();
        Self {
            name: filter.name.clone().unwrap_or_default(),
            enabled: if filter.enabled { "true" } else { "" }.into(),
            target: target.into(),
            site: site.map(|site| site.id.to_string()).unwrap_or_default(),
            contact_type: contact_type
                .map(|kind| kind.id.to_string())
                .unwrap_or_default(),
            open: String::new(),
            when: conditions
                .map(|(number, condition)| (number.to_string(), condition_form(condition)))
                .collect(),
        }
    }

    /// Its conditions in their order, each with its key.
    pub fn conditions(&self) -> Vec<(&str, &ConditionForm)> {
        let mut all: Vec<_> = self.when.iter().collect();
        all.sort_by_key(|(key, _)| (key.len(), key.as_str()));
        all.into_iter()
            .map(|(key, one)| (key.as_str(), one))
            .collect()
    }

    /// A key that no condition has.
    pub fn free_key(&self) -> String {
        let last = self.when.keys().filter_map(|key| key.parse::<u32>().ok());
        last.max().map_or(0, |last| last + 1).to_string()
    }
}

fn condition_form(condition: &Condition) -> ConditionForm {
    let (kind, field, value) = match &condition.test {
        Test::Licensed => ("licensed", String::new(), String::new()),
        Test::Group(group) => ("group", String::new(), group.to_string()),
        Test::Field { field, equals } => ("field", field.to_string(), equals.clone()),
        Test::UpnDomain(domain) => ("domain", String::new(), domain.clone()),
        Test::Licence(licence) => ("licence", String::new(), licence.clone()),
    };
    ConditionForm {
        kind: kind.into(),
        negated: if condition.negated { "true" } else { "" }.into(),
        field,
        value,
        ..ConditionForm::default()
    }
}

fn is_key(key: &str, letters: bool) -> bool {
    let fits = |c: char| c.is_ascii_digit() || letters && c.is_ascii_lowercase();
    !key.is_empty() && key.len() <= LONGEST_KEY && key.chars().all(fits)
}

impl FiltersForm {
    /// The filters in their order. A form that names a filter twice, or one that it does not have, or has one that it does not
    /// name, was not made by our page: nothing of it is guessed.
    ///
    /// # Errors
    /// Where that is so.
    pub fn listed(&self) -> Result<Vec<(&str, &FilterForm)>, WebError> {
        let mut seen = BTreeSet::new();
        let mut all = Vec::new();
        for key in &self.order {
            let filter = self.filter.get(key).filter(|filter| {
                is_key(key, true) && filter.when.keys().all(|key| is_key(key, false))
            });
            match filter {
                Some(filter) if seen.insert(key) => all.push((key.as_str(), filter)),
                _ => return Err(unknown()),
            }
        }
        if seen.len() < self.filter.len() {
            return Err(unknown());
        }
        Ok(all)
    }

    /// A key that no filter has.
    pub fn free_key(&self) -> String {
        let numbers = self.filter.keys().filter_map(|key| {
            let digits = key.trim_start_matches(|c: char| c.is_ascii_lowercase());
            digits.parse::<u64>().ok()
        });
        format!("n{}", numbers.max().map_or(0, |last| last + 1))
    }
}

fn unknown() -> WebError {
    WebError::Bad(
        "This list of filters cannot be read. Nothing was saved. Load the page anew, and try again."
            .into(),
    )
}

/// What a form means.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    /// The filters; one that is not finished has a condition in the place of what is missing.
    pub filters: Vec<Filter>,
    /// Which of them cannot decide about anybody yet.
    pub unfinished: BTreeSet<usize>,
    /// What is wrong, by field.
    pub mistakes: Mistakes,
    /// The same by filter, as sentences.
    pub by_filter: BTreeMap<usize, Vec<String>>,
}

impl Draft {
    /// Reads the filters of a form.
    pub fn read(known: &Known, listed: &[(&str, &FilterForm)]) -> Self {
        let mut draft = Self::default();
        for (at, (key, form)) in listed.iter().enumerate() {
            let filter = draft.filter(known, (at, key), form);
            draft.filters.push(filter);
        }
        let company = Company {
            filters: draft.filters.clone(),
            ..known.company.clone()
        };
        match rules::company::tidy(&company, known.contact_types) {
            Ok(tidy) if draft.unfinished.is_empty() => draft.filters = tidy.filters,
            Ok(_) => {}
            Err(mistakes) => {
                for mistake in mistakes {
                    draft.mistake(listed, mistake);
                }
            }
        }
        draft
    }

    /// The filters as they would decide now: those that are not finished are switched off. Where none is finished, there are no
    /// filters yet: a list that is switched off as a whole would leave everybody out of scope.
    pub fn deciding(&self) -> Vec<Filter> {
        if self.unfinished.len() == self.filters.len() {
            return Vec::new();
        }
        let mut filters = self.filters.clone();
        for at in &self.unfinished {
            filters[*at].enabled = false;
        }
        filters
    }

    fn filter(&mut self, known: &Known, (at, key): (usize, &str), form: &FilterForm) -> Filter {
        let mut when = Vec::new();
        for (number, condition) in form.conditions() {
            let test = match test_of(condition) {
                Ok(test) => test,
                Err(missing) => {
                    self.wrong((at, key), &format!("c{number}"), missing);
                    Test::Licensed
                }
            };
            when.push(Condition {
                negated: condition.negated == "true",
                test,
            });
        }
        let target = if form.target == "exclude" {
            Target::Exclude
        } else {
            let (site, kind) = (form.site.trim(), form.contact_type.trim());
            let place = known.site(site);
            if !site.is_empty() && place.is_none() {
                self.wrong(
                    (at, key),
                    "site",
                    "The PSA does not have this site: choose another",
                );
            }
            let contact_type = known.contact_type(kind);
            if !kind.is_empty() && contact_type.is_none() {
                let message = "The PSA does not have this contact type: choose another";
                self.wrong((at, key), "contact_type", message);
            }
            Target::Place {
                site: place,
                contact_type,
            }
        };
        Filter {
            name: Some(form.name.trim().to_owned()).filter(|name| !name.is_empty()),
            enabled: form.enabled == "true",
            when,
            target,
        }
    }

    fn wrong(&mut self, (at, key): (usize, &str), part: &str, message: impl Into<String>) {
        let message = message.into();
        self.mistakes.add(format!("{key}-{part}"), &message);
        self.by_filter.entry(at).or_default().push(message);
        if part != "name" {
            self.unfinished.insert(at);
        }
    }

    /// Puts a mistake of the rules beside its field.
    pub fn mistake(&mut self, listed: &[(&str, &FilterForm)], mistake: Mistake) {
        let field = mistake.field.strip_prefix("filters.");
        let place = field.and_then(|rest| rest.split_once('.'));
        let found = place.and_then(|(at, part)| {
            let at: usize = at.parse().ok()?;
            let (key, form) = listed.get(at)?;
            Some((at, *key, *form, part))
        });
        let Some((at, key, form, part)) = found else {
            self.mistakes.add("form", format!("{}.", mistake.message));
            return;
        };
        let number = part.strip_prefix("when.");
        let number = number.and_then(|number| number.parse::<usize>().ok());
        let part = match number.and_then(|number| form.conditions().get(number).copied()) {
            Some((condition, _)) => format!("c{condition}"),
            None => part.to_owned(),
        };
        self.wrong((at, key), &part, mistake.message);
    }
}

fn test_of(form: &ConditionForm) -> Result<Test, &'static str> {
    let value = form.value.trim();
    let given = |missing| {
        if value.is_empty() {
            Err(missing)
        } else {
            Ok(value)
        }
    };
    match form.kind.as_str() {
        "licensed" => Ok(Test::Licensed),
        "group" => Ok(Test::Group(GroupId::new(given(
            "Choose a group: type the beginning of a word of its name",
        )?))),
        "field" => match DirectoryField::parse(&form.field) {
            Some(field) => Ok(Test::Field {
                field,
                equals: given("Say which value the field must have")?.to_owned(),
            }),
            None => Err("Choose a field"),
        },
        "domain" => {
            let domain = given("Say which domain, such as contoso.example")?;
            Ok(Test::UpnDomain(domain.trim_start_matches('@').to_owned()))
        }
        "licence" => Ok(Test::Licence(given("Choose a licence")?.to_owned())),
        _ => Err("Choose what the condition looks at"),
    }
}
