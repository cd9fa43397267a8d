//! Filters that can never take anybody.

use proptest::prelude::*;
use rollcall::model::DirectoryField::{City, Department};
use rollcall::model::{Condition, Filter, Sku, Test};
use rollcall::sync::cover::{Cover, covers, sentence};

use super::world::*;

fn skus() -> Vec<Sku> {
    SKUS.map(|(id, part)| sku(id, part)).to_vec()
}

/// The sentence of the last filter; empty where it may take somebody.
fn last(filters: &[Filter]) -> String {
    let covers = covers(filters, &skus());
    let cover = covers.last().unwrap().as_ref();
    cover.map_or_else(String::new, |cover| sentence(cover, filters))
}

fn placed(when: impl IntoIterator<Item = Condition>) -> Filter {
    place("10", when)
}

#[test]
fn a_filter_behind_one_that_asks_for_less_is_covered() {
    let sales = || is(equals(Department, "Sales"));
    let vip = || is(group("vip"));
    for (above, own) in [
        (vec![is(Test::Licensed)], vec![vip()]),
        (vec![], vec![vip()]),
        (
            vec![sales()],
            vec![vip(), is(equals(Department, " SALES "))],
        ),
        (vec![sales(), is(Test::Licensed)], vec![sales()]),
        (vec![not(group("vip"))], vec![sales(), not(group("vip"))]),
        (vec![not(equals(Department, "IT"))], vec![sales()]),
        (
            vec![is(domain("@Contoso.example"))],
            vec![is(domain("contoso.example"))],
        ),
        (
            vec![not(domain("a.example"))],
            vec![is(domain("b.example"))],
        ),
        (vec![is(licence("spb"))], vec![is(licence("sku-spb"))]),
        (
            vec![is(licence("NOBODY-HAS-IT"))],
            vec![is(licence("nobody-has-it"))],
        ),
    ] {
        let said = last(&[
            named("Everyone", placed(above.clone())),
            placed(own.clone()),
        ]);
        assert_eq!(
            said, "It can never take anybody: Everyone above takes all of them",
            "{above:?} {own:?}"
        );
    }
}

#[test]
fn nothing_is_claimed_that_is_not_certain() {
    let sales = || is(equals(Department, "Sales"));
    for (above, own) in [
        (vec![sales()], vec![is(equals(City, "Sales"))]),
        (vec![sales(), is(group("vip"))], vec![sales()]),
        (vec![is(group("all"))], vec![is(group("vip"))]),
        (vec![not(group("vip"))], vec![is(group("all"))]),
        (
            vec![not(equals(Department, "IT"))],
            vec![not(equals(Department, "HR"))],
        ),
        (
            vec![is(licence("SPB"))],
            vec![is(licence("EXCHANGESTANDARD"))],
        ),
        (
            vec![not(licence("SPB"))],
            vec![is(licence("EXCHANGESTANDARD"))],
        ),
        (
            vec![is(Test::Licensed), is(group("vip"))],
            vec![is(Test::Licensed)],
        ),
    ] {
        assert_eq!(
            last(&[placed(above.clone()), placed(own.clone())]),
            "",
            "{above:?} {own:?}"
        );
    }
    let all = || placed([is(Test::Licensed)]);
    assert_eq!(last(&[off(all()), all()]), "", "what is off covers nothing");
    assert_eq!(
        last(&[all(), off(all())]),
        "",
        "of what is off nothing is said"
    );
}

#[test]
fn conditions_that_contradict_each_other_are_told() {
    for (when, why) in [
        (
            vec![not(Test::Licensed)],
            "it leaves out all licensed users",
        ),
        (
            vec![is(group("vip")), not(group("vip"))],
            "it asks for the members of a group and for the opposite",
        ),
        (
            vec![not(equals(City, "bern")), is(equals(City, " Bern"))],
            "it asks for city Bern and for the opposite",
        ),
        (
            vec![is(equals(City, "Bern")), is(equals(City, "Basel"))],
            "city cannot be Bern and Basel at once",
        ),
        (
            vec![is(domain("a.example")), is(domain("b.example"))],
            "the domain of the user principal name cannot be a.example and b.example at once",
        ),
        (
            vec![is(licence("SPB")), not(licence("sku-spb"))],
            "it asks for the licence sku-spb and for the opposite",
        ),
    ] {
        assert_eq!(
            last(&[placed(when)]),
            format!("It can never take anybody: {why}")
        );
    }
}

#[test]
fn of_several_filters_above_the_first_that_covers_is_named() {
    let vip = || placed([is(group("vip"))]);
    let filters = [placed([is(group("other"))]), vip(), placed([]), vip()];
    let found = covers(&filters, &skus());
    assert_eq!(found, [None, None, None, Some(Cover::By(1))]);
}

fn conditions() -> impl Strategy<Value = Vec<Condition>> {
    let test = prop_oneof![
        Just(Test::Licensed),
        prop_oneof![Just("a"), Just("b")].prop_map(group),
        prop_oneof![Just("x"), Just("X "), Just("y"), Just("")]
            .prop_map(|value| equals(Department, value)),
        prop_oneof![Just("contoso.example"), Just("@other.example")].prop_map(domain),
        prop_oneof![Just("SPB"), Just("sku-spb"), Just("EXCHANGESTANDARD")].prop_map(licence),
    ];
    let condition = (any::<bool>(), test).prop_map(|(negated, test)| Condition { negated, test });
    prop::collection::vec(condition, 0..4)
}

proptest! {
    #[test]
    fn a_filter_of_which_it_is_said_takes_nobody(
        lists in prop::collection::vec((any::<bool>(), conditions()), 1..5),
    ) {
        let mut company = world();
        for (enabled, when) in lists {
            let filter = placed(when);
            company = company.filter(if enabled { filter } else { off(filter) });
        }
        let mut number = 0;
        for field in ["", "x", "y", "z"] {
            for place in ["contoso.example", "other.example", "third.example"] {
                for licences in [&["sku-spb"][..], &["sku-exo"], &["sku-spb", "sku-exo"]] {
                    for groups in [&[][..], &["a"], &["b"], &["a", "b"]] {
                        number += 1;
                        let name = format!("user{number}");
                        let mut person = user(&name).holding(licences);
                        person.upn = format!("{name}@{place}");
                        if !field.is_empty() {
                            person = person.field(Department, field);
                        }
                        company = company.user(person);
                        for group in groups {
                            company = company.member(group, &name);
                        }
                    }
                }
            }
        }
        let takes = rollcall::sync::effect::takes(&company.0, &company.plan());
        let covers = covers(&company.0.rules.filters, &skus());
        for (cover, taken) in covers.iter().zip(&takes.filters) {
            prop_assert!(cover.is_none() || taken.is_empty(), "{cover:?}: {taken:?}");
        }
    }
}
