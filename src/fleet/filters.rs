//! What changes between the stored filters of a company and those of the file. Pure.

use super::change::Changes;
use super::company::conditions;
use super::diff::same_name;
use super::export::when;
use super::file::FilterEntry;
use super::remembered::Remembered;
use crate::model::text::folded;
use crate::model::{Filter, Target};

/// The things that can be said of a filter, in words; what has its default is `None`.
type Parts = [(&'static str, Option<String>); 6];

/// Notes which filters are new, gone, changed or in another order.
pub(super) fn filters(
    changes: &mut Changes,
    from: &[Filter],
    to: &[FilterEntry],
    remembered: Remembered<'_>,
) {
    let pairs = pairs(from, to);
    let kept = |index: usize| pairs.iter().flatten().any(|before| *before == index);
    for (index, filter) in from.iter().enumerate().filter(|(index, _)| !kept(*index)) {
        changes.removed(&label(filter.name.as_deref(), index), &shown(&of(filter)));
    }
    for (index, (filter, before)) in to.iter().zip(&pairs).enumerate() {
        let name = label(filter.name.as_ref().map(|name| name.value.as_str()), index);
        let Some(before) = before.map(|before| &from[before]) else {
            changes.added(&name, &shown(&of_entry(filter)));
            continue;
        };
        // The name decides whether a place is the same: white space and case do not.
        let (was, is) = (of(before), of_entry(filter));
        for ((part, was), (_, is)) in was.into_iter().zip(is) {
            let place = ["site", "contact_type"].contains(&part);
            let folds =
                |text: &Option<String>| text.as_deref().map(|text| folded(text).into_owned());
            if !(place && folds(&was) == folds(&is)) {
                changes.word(&format!("{name} {part}"), was, is);
            }
        }
        // One that is switched off stops no run.
        if before.enabled && same_places(before, filter) && remembered.lacks(&before.target) {
            changes.note(&name, super::company::MADE_ANEW);
        }
    }
    let order: Vec<usize> = pairs.iter().flatten().copied().collect();
    if !order.is_sorted() {
        let names = |order: &[usize]| {
            let names = order
                .iter()
                .map(|index| from[*index].label(*index))
                .collect::<Vec<_>>();
            Some(names.join(", "))
        };
        let mut before = order.clone();
        before.sort_unstable();
        changes.word("order of filters", names(&before), names(&order));
    }
}

/// For every filter of the file the stored one that it was: one that says the same, else one of the same name, one that
/// differs in its name alone, one of the same conditions, or in the same position.
fn pairs(from: &[Filter], to: &[FilterEntry]) -> Vec<Option<usize>> {
    let mut pairs = vec![None; to.len()];
    let mut take = |same: &dyn Fn(usize, usize) -> bool| {
        for index in 0..to.len() {
            if pairs[index].is_none() {
                let free = |before: &usize| !pairs.contains(&Some(*before)) && same(*before, index);
                pairs[index] = std::iter::once(index)
                    .filter(|before| *before < from.len())
                    .chain(0..from.len())
                    .find(free);
            }
        }
    };
    let name = |before: usize| name_of(&from[before]).map(folded);
    let wanted = |index: usize| to[index].name.as_ref().map(|name| folded(&name.value));
    take(&|before, index| of(&from[before]) == of_entry(&to[index]));
    take(&|before, index| name(before).is_some() && name(before) == wanted(index));
    // One that got another name and is the same for the rest was renamed.
    take(&|before, index| of(&from[before])[1..] == of_entry(&to[index])[1..]);
    // A name may be given or taken away, and so is no hindrance where only one has any.
    let fits = |before: usize, index: usize| name(before).is_none() || wanted(index).is_none();
    take(&|before, index| fits(before, index) && from[before].when == conditions(&to[index]));
    take(&|before, index| before == index && fits(before, index));
    pairs
}

fn name_of(filter: &Filter) -> Option<&str> {
    let name = filter.name.as_deref().map(str::trim);
    name.filter(|name| !name.is_empty())
}

fn same_places(from: &Filter, to: &FilterEntry) -> bool {
    match &from.target {
        Target::Exclude => to.exclude,
        Target::Place { site, contact_type } => {
            same_name(site.as_ref(), to.site.as_ref())
                && same_name(contact_type.as_ref(), to.contact_type.as_ref())
        }
    }
}

/// `filter "Management"`, or `filter 3` for the third.
fn label(name: Option<&str>, index: usize) -> String {
    match name.map(str::trim).filter(|name| !name.is_empty()) {
        Some(name) => format!("filter {name:?}"),
        None => format!("filter {}", index + 1),
    }
}

fn of(filter: &Filter) -> Parts {
    let (site, contact_type) = match &filter.target {
        Target::Exclude => (None, None),
        Target::Place { site, contact_type } => (
            site.as_ref().map(|site| site.name.clone()),
            contact_type.as_ref().map(|kind| kind.name.clone()),
        ),
    };
    let exclude = filter.target == Target::Exclude;
    let name = name_of(filter).map(str::to_owned);
    parts(
        name,
        when(&filter.when),
        [exclude, filter.enabled],
        [site, contact_type],
    )
}

fn of_entry(filter: &FilterEntry) -> Parts {
    let text =
        |text: &Option<super::place::Spanned<String>>| text.as_ref().map(|text| text.value.clone());
    parts(
        text(&filter.name),
        when(&conditions(filter)),
        [filter.exclude, filter.enabled],
        [text(&filter.site), text(&filter.contact_type)],
    )
}

fn parts(
    name: Option<String>,
    when: String,
    [exclude, enabled]: [bool; 2],
    [site, contact_type]: [Option<String>; 2],
) -> Parts {
    [
        ("name", name),
        ("when", Some(when)),
        ("exclude", exclude.then(|| "true".to_owned())),
        ("site", site),
        ("contact_type", contact_type),
        ("enabled", (!enabled).then(|| "false".to_owned())),
    ]
}

/// A whole filter in one line; its name is said beside it.
fn shown(parts: &Parts) -> String {
    let parts = parts.iter().skip(1).filter_map(|(part, value)| {
        let value = value.as_ref()?;
        Some(format!("{part} {value}"))
    });
    parts.collect::<Vec<_>>().join(", ")
}
