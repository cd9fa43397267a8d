//! Which filter takes an active user: `behaviour.md` section 3. Pure.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::snapshot::{Licences, Snapshot};
use crate::model::{DirectoryField, SkuId, Target, Test, User, UserId, text};

/// Where an active user goes, and what each filter above looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Where to.
    pub to: Destination,
    /// For each filter that was asked before, the condition that did not hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed: Vec<Passed>,
}

/// Where a user goes. Numbers are positions in the company's list, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// The company has no filters: the default site.
    NoFilters,
    /// This filter places the user.
    Placed(u32),
    /// This filter excludes the user.
    Excluded(u32),
    /// No filter takes the user.
    Nowhere,
}

impl Destination {
    /// Whether the user is in scope.
    pub const fn in_scope(self) -> bool {
        matches!(self, Self::NoFilters | Self::Placed(_))
    }

    /// The filter that decided.
    pub const fn filter(self) -> Option<usize> {
        match self {
            Self::Placed(index) | Self::Excluded(index) => Some(index as usize),
            Self::NoFilters | Self::Nowhere => None,
        }
    }
}

/// A filter that did not take a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Passed {
    /// It is switched off.
    Off(u32),
    /// Its condition of this number (the second) did not hold.
    Failed(u32, u32),
}

/// A company's filters, ready to be asked.
pub struct Router<'a> {
    filters: Vec<Prepared<'a>>,
}

struct Prepared<'a> {
    enabled: bool,
    excludes: bool,
    when: Vec<(bool, Look<'a>)>,
}

enum Look<'a> {
    Always,
    Members(Option<&'a HashSet<UserId>>),
    Field(DirectoryField, Cow<'a, str>),
    Domain(Cow<'a, str>),
    Licence(Vec<SkuId>),
}

impl<'a> Router<'a> {
    /// Prepares the filters of a snapshot.
    pub fn new(snapshot: &'a Snapshot, licences: &Licences) -> Self {
        let prepare = |test: &'a Test| match test {
            Test::Licensed => Look::Always,
            Test::Group(id) => Look::Members(snapshot.groups.get(id)),
            Test::Field { field, equals } => Look::Field(*field, text::folded(equals)),
            Test::UpnDomain(domain) => {
                let domain = text::folded(domain);
                Look::Domain(match domain.strip_prefix('@') {
                    Some(bare) => Cow::Owned(bare.to_owned()),
                    None => domain,
                })
            }
            Test::Licence(name) => Look::Licence(licences.find(name)),
        };
        let filters = snapshot
            .rules
            .filters
            .iter()
            .map(|filter| Prepared {
                enabled: filter.enabled,
                excludes: filter.target == Target::Exclude,
                when: filter
                    .when
                    .iter()
                    .map(|one| (one.negated, prepare(&one.test)))
                    .collect(),
            })
            .collect();
        Self { filters }
    }

    /// Asks the filters in their order; the first whose conditions all hold decides.
    pub fn route(&self, user: &User) -> Route {
        if self.filters.is_empty() {
            return Route {
                to: Destination::NoFilters,
                passed: Vec::new(),
            };
        }
        let mut passed = Vec::new();
        for (index, filter) in (0_u32..).zip(&self.filters) {
            if !filter.enabled {
                passed.push(Passed::Off(index));
                continue;
            }
            let failed = (0_u32..)
                .zip(&filter.when)
                .find(|(_, (negated, look))| look.holds(user) == *negated)
                .map(|(number, _)| number);
            match failed {
                Some(number) => passed.push(Passed::Failed(index, number)),
                None if filter.excludes => {
                    return Route {
                        to: Destination::Excluded(index),
                        passed,
                    };
                }
                None => {
                    return Route {
                        to: Destination::Placed(index),
                        passed,
                    };
                }
            }
        }
        Route {
            to: Destination::Nowhere,
            passed,
        }
    }
}

impl Look<'_> {
    fn holds(&self, user: &User) -> bool {
        match self {
            Self::Always => true,
            Self::Members(members) => members.is_some_and(|members| members.contains(&user.id)),
            Self::Field(field, wanted) => {
                let value = user.fields.get(field).map_or("", String::as_str);
                text::folded(value) == *wanted
            }
            Self::Domain(wanted) => text::domain(&user.upn).is_some_and(|domain| domain == *wanted),
            Self::Licence(wanted) => user
                .licences
                .iter()
                .flatten()
                .any(|held| wanted.contains(held)),
        }
    }
}
