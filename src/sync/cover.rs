//! Filters that can never take anybody: those that contradict themselves, and those behind a filter that takes all whom they
//! would take. Pure; it claims only what is certain whatever the tenant has.

use std::borrow::Cow;

use super::snapshot::Licences;
use crate::model::{Condition, DirectoryField, Filter, GroupId, Sku, SkuId, Test, text};

/// Why a filter can never take anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cover {
    /// The filter at this position above takes everybody whom it would take.
    By(usize),
    /// Its own conditions can never all hold.
    Never(Reason),
}

/// Why conditions can never all hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It leaves out all licensed users.
    NoLicensed,
    /// A condition and its opposite.
    Opposites(Test),
    /// One field with two values.
    TwoValues(DirectoryField, String, String),
    /// Two domains of the user principal name.
    TwoDomains(String, String),
}

/// For each filter, whether it can never take anybody, and why. Of several filters that cover one, the first is told. What is
/// switched off covers nothing, and nothing is said of it.
pub fn covers(filters: &[Filter], skus: &[Sku]) -> Vec<Option<Cover>> {
    let licences = Licences::new(skus, &[]);
    let facts: Vec<Option<Vec<Fact<'_>>>> = filters
        .iter()
        .map(|filter| {
            let facts = filter.when.iter().map(|one| Fact::new(one, &licences));
            filter.enabled.then(|| facts.collect())
        })
        .collect();
    (0..filters.len())
        .map(|at| {
            let own = facts[at].as_deref()?;
            if let Some(reason) = contradiction(own) {
                return Some(Cover::Never(reason));
            }
            let above = facts[..at].iter().position(|above| {
                above
                    .as_deref()
                    .is_some_and(|above| above.iter().all(|wanted| implied(own, wanted)))
            });
            above.map(Cover::By)
        })
        .collect()
}

/// The cover of one filter in a sentence without its full stop.
pub fn sentence(cover: &Cover, filters: &[Filter]) -> String {
    match cover {
        Cover::By(at) => {
            let label = filters.get(*at).map(|filter| filter.label(*at));
            format!(
                "It can never take anybody: {} above takes all of them",
                label.unwrap_or_default()
            )
        }
        Cover::Never(reason) => {
            let why = match reason {
                Reason::NoLicensed => "it leaves out all licensed users".to_owned(),
                Reason::Opposites(test) => {
                    format!("it asks for {} and for the opposite", test_words(test))
                }
                Reason::TwoValues(field, one, other) => {
                    format!("{field} cannot be {one} and {other} at once")
                }
                Reason::TwoDomains(one, other) => format!(
                    "the domain of the user principal name cannot be {one} and {other} at once"
                ),
            };
            format!("It can never take anybody: {why}")
        }
    }
}

fn test_words(test: &Test) -> String {
    match test {
        Test::Licensed => "all licensed users".to_owned(),
        Test::Group(_) => "the members of a group".to_owned(),
        Test::Field { field, equals } => format!("{field} {}", equals.trim()),
        Test::UpnDomain(domain) => {
            format!("the domain {}", domain.trim().trim_start_matches('@'))
        }
        Test::Licence(licence) => format!("the licence {}", licence.trim()),
    }
}

/// A condition as it is compared, and as it was written.
struct Fact<'a> {
    negated: bool,
    what: What<'a>,
    test: &'a Test,
}

#[derive(PartialEq, Eq)]
enum What<'a> {
    Licensed,
    Group(&'a GroupId),
    Field(DirectoryField, Cow<'a, str>),
    Domain(Cow<'a, str>),
    /// The same licence may be named by its id and by its part number.
    Licence(Vec<SkuId>),
}

impl<'a> Fact<'a> {
    fn new(condition: &'a Condition, licences: &Licences) -> Self {
        let what = match &condition.test {
            Test::Licensed => What::Licensed,
            Test::Group(group) => What::Group(group),
            Test::Field { field, equals } => What::Field(*field, text::folded(equals)),
            Test::UpnDomain(domain) => {
                let domain = text::folded(domain);
                What::Domain(match domain.strip_prefix('@') {
                    Some(bare) => Cow::Owned(bare.to_owned()),
                    None => domain,
                })
            }
            Test::Licence(name) => {
                let mut found = licences.find(name);
                found.sort();
                if found.is_empty() {
                    found.push(SkuId::new(name));
                }
                What::Licence(found)
            }
        };
        Self {
            negated: condition.negated,
            what,
            test: &condition.test,
        }
    }

    /// Both are un-negated and can never hold together, since a user has one value there.
    fn excludes(&self, other: &Self) -> bool {
        !self.negated && !other.negated && self.is_another_value(other)
    }

    fn is_another_value(&self, other: &Self) -> bool {
        match (&self.what, &other.what) {
            (What::Field(one, this), What::Field(two, that)) => one == two && this != that,
            (What::Domain(this), What::Domain(that)) => this != that,
            _ => false,
        }
    }
}

fn contradiction(own: &[Fact<'_>]) -> Option<Reason> {
    for (at, one) in own.iter().enumerate() {
        if one.negated && one.what == What::Licensed {
            return Some(Reason::NoLicensed);
        }
        for other in &own[..at] {
            if one.what == other.what && one.negated != other.negated {
                return Some(Reason::Opposites(one.test.clone()));
            }
            if other.excludes(one) {
                return match (other.test, one.test) {
                    (Test::Field { field, equals }, Test::Field { equals: second, .. }) => {
                        Some(Reason::TwoValues(
                            *field,
                            equals.trim().to_owned(),
                            second.trim().to_owned(),
                        ))
                    }
                    (Test::UpnDomain(first), Test::UpnDomain(second)) => Some(Reason::TwoDomains(
                        first.trim().to_owned(),
                        second.trim().to_owned(),
                    )),
                    _ => None,
                };
            }
        }
    }
    None
}

/// Whether a condition of a filter above holds for everybody for whom all of these hold.
fn implied(own: &[Fact<'_>], wanted: &Fact<'_>) -> bool {
    if !wanted.negated && wanted.what == What::Licensed {
        return true;
    }
    own.iter().any(|fact| {
        let same = fact.negated == wanted.negated && fact.what == wanted.what;
        // Who has one value there does not have another one.
        let other_value = wanted.negated && !fact.negated && fact.is_another_value(wanted);
        same || other_value
    })
}
