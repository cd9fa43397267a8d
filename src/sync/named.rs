//! What a company's settings name in the tenant and the PSA, and whether it is still there.

use std::collections::HashMap;

use super::failure::{RunError, failure};
use super::scene::Scene;
use crate::model::filter::Named;
use crate::model::{Company, ContactTypeId, GroupId, Site, Target, Test, Vocabulary};

/// Fails where a site or contact type that the settings name is gone.
pub(super) fn still_there(
    scene: &Scene,
    sites: &[Site],
    vocabulary: &Vocabulary,
) -> Result<(), RunError> {
    let missing = missing_sites(&scene.company, sites);
    if !missing.is_empty() {
        return Err(gone("site", &missing));
    }
    let missing = missing_types(scene, vocabulary);
    if missing.is_empty() {
        Ok(())
    } else {
        Err(gone("contact_type", &missing))
    }
}

/// Sites that the settings name and that are gone or inactive, a sentence each.
pub fn missing_sites(company: &Company, sites: &[Site]) -> Vec<String> {
    let there = |id| sites.iter().any(|site| site.id == id && site.active);
    let default = company
        .default_site
        .iter()
        .map(|site| ("the default".to_owned(), site.clone()));
    let named = enabled_targets(company).filter_map(|(label, target)| match target {
        Target::Place {
            site: Some(site), ..
        } => Some((label, site.clone())),
        _ => None,
    });
    default
        .chain(named)
        .filter(|(_, site)| !there(site.id.clone()))
        .map(|(label, site)| {
            format!(
                "{label} names the site {}, which is gone or inactive",
                site.name
            )
        })
        .collect()
}

/// Contact types that the settings name and that are gone, a sentence each.
pub(super) fn missing_types(scene: &Scene, vocabulary: &Vocabulary) -> Vec<String> {
    let default = scene.connection.default_contact_type.as_ref();
    types_gone(&scene.company, default, vocabulary)
}

/// Contact types that a company's filters name (or the connection, as its default) and that are gone, a sentence each.
pub fn types_gone(
    company: &Company,
    default: Option<&Named<ContactTypeId>>,
    vocabulary: &Vocabulary,
) -> Vec<String> {
    let Some(types) = &vocabulary.contact_types else {
        return Vec::new();
    };
    let named = enabled_targets(company).filter_map(|(label, target)| match target {
        Target::Place {
            contact_type: Some(wanted),
            ..
        } => Some((label, wanted.clone())),
        _ => None,
    });
    default
        .into_iter()
        .map(|wanted| ("the PSA connection".to_owned(), wanted.clone()))
        .chain(named)
        .filter(|(_, wanted)| !types.iter().any(|known| known.id == wanted.id))
        .map(|(label, wanted)| {
            format!(
                "{label} names the contact type {}, which is gone",
                wanted.name
            )
        })
        .collect()
}

/// Something that the settings name is gone: the kind of thing, and a sentence for each.
pub fn gone(what: &str, sentences: &[String]) -> RunError {
    let mut message = sentences.join("; ");
    if let Some(first) = message.get(..1).map(str::to_uppercase) {
        message.replace_range(..1, &first);
    }
    failure(
        &format!("missing_{what}"),
        message,
        "Choose another one, or switch the filter off; nothing was written",
    )
}

fn enabled_targets(company: &Company) -> impl Iterator<Item = (String, &Target)> {
    company
        .filters
        .iter()
        .enumerate()
        .filter(|(_, filter)| filter.enabled)
        .map(|(at, filter)| (filter.label(at), &filter.target))
}

/// What the filters that are switched on test, each with its filter's label.
pub fn enabled_tests(company: &Company) -> impl Iterator<Item = (String, &Test)> {
    company
        .filters
        .iter()
        .enumerate()
        .filter(|(_, filter)| filter.enabled)
        .flat_map(|(at, filter)| {
            filter
                .when
                .iter()
                .map(move |condition| (filter.label(at), &condition.test))
        })
}

/// The groups that filters name, each with the first filter that does.
pub fn groups_in_use(company: &Company) -> HashMap<GroupId, String> {
    let mut groups = HashMap::new();
    for (label, test) in enabled_tests(company) {
        if let Test::Group(id) = test {
            groups.entry(id.clone()).or_insert(label);
        }
    }
    groups
}
