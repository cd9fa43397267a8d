//! Lists of filters, as technicians set them.

use rand::RngExt;
use rand::rngs::StdRng;
use rollcall::model::filter::Named;
use rollcall::model::{Condition, DirectoryField, Filter, Target, Test};

use super::world::Town;

/// A list for a company; often none.
pub fn throw(town: &Town, dice: &mut StdRng) -> Vec<Filter> {
    let number = [0, 0, 1, 3, 4, 6][dice.random_range(0..6)];
    let mut filters: Vec<Filter> = (0..number).map(|_| one(town, dice)).collect();
    if number > 0 && dice.random_range(0..4) > 0 {
        filters.push(Filter {
            name: Some("All licensed users".into()),
            enabled: true,
            when: vec![Condition {
                negated: false,
                test: Test::Licensed,
            }],
            target: place(town, dice),
        });
    }
    filters
}

fn one(town: &Town, dice: &mut StdRng) -> Filter {
    let conditions = dice.random_range(1..3);
    let excludes = dice.random_range(0..6) == 0;
    Filter {
        name: None,
        enabled: dice.random_range(0..8) > 0,
        when: (0..conditions)
            .map(|_| Condition {
                negated: dice.random_range(0..6) == 0,
                test: test(town, dice),
            })
            .collect(),
        target: if excludes {
            Target::Exclude
        } else {
            place(town, dice)
        },
    }
}

fn place(town: &Town, dice: &mut StdRng) -> Target {
    let any = |names: Vec<&String>, dice: &mut StdRng| {
        let chosen = dice.random_range(0..names.len() + 1);
        names.get(chosen).map(|name| (*name).clone())
    };
    let site = any(town.sites.keys().collect(), dice);
    let of = any(town.types.keys().collect(), dice);
    Target::Place {
        site: site.map(|name| town.site(&name)),
        contact_type: of.map(|name| Named {
            id: town.types[&name].to_string().into(),
            name,
        }),
    }
}

fn test(town: &Town, dice: &mut StdRng) -> Test {
    let pick = |all: &[&str], dice: &mut StdRng| all[dice.random_range(0..all.len())].to_owned();
    match dice.random_range(0..6) {
        0 | 1 => {
            let (_, id) = &town.groups[dice.random_range(0..town.groups.len())];
            Test::Group(id.as_str().into())
        }
        2 | 3 => Test::Field {
            field: DirectoryField::Department,
            equals: pick(
                &["IT", " management ", "Sales", "SUPPORT", "Warehouse"],
                dice,
            ),
        },
        4 => Test::UpnDomain(match dice.random_range(0..2) {
            0 => format!("contractors.{}", town.domain),
            _ => town.domain.to_uppercase(),
        }),
        _ => Test::Licence(pick(&["SPB", "EXCHANGESTANDARD", "FLOW_FREE"], dice)),
    }
}
