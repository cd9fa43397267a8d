//! The worked example: five filters, and who lands where.

use rollcall::model::DirectoryField::Department;
use rollcall::model::{Filter, Test, User};
use rollcall::sync::plan::Plan;

use super::words::line;
use super::world::{
    ContactWords, UserWords, World, equals, group, is, licence, named, place, twin, user, world,
};

const EXCHANGE: &str = "sku-exo";
const PREMIUM: &str = "sku-spb";

fn filters() -> [Filter; 5] {
    [
        named("Management", place("40", [is(group("management"))])),
        named("IT", place("40", [is(equals(Department, "IT"))])),
        named(
            "Exchange Online",
            place("20", [is(licence("EXCHANGESTANDARD"))]),
        ),
        named("Business Premium", place("10", [is(licence("SPB"))])),
        named("Everybody", place("30", [is(Test::Licensed)])),
    ]
}

fn person(name: &str, skus: &[&str], department: &str) -> User {
    user(name).holding(skus).field(Department, department)
}

fn company() -> World {
    let mut company = world()
        .user(person("ada", &[PREMIUM], "Board"))
        .user(person("boris", &[PREMIUM, EXCHANGE], "IT"))
        .user(person("chen", &[PREMIUM], "it "))
        .user(person("dora", &[EXCHANGE, PREMIUM], "Sales"))
        .user(person("emil", &[EXCHANGE], "Sales"))
        .user(person("fay", &[PREMIUM], "Sales"))
        .user(person("gus", &["sku-other"], "Sales"))
        .user(person("hal", &["sku-flow"], "IT"))
        .member("management", "ada")
        .member("management", "boris")
        .contact(twin("1", "dora").at("30"))
        .contact(twin("2", "fay").at("10"))
        .link("fay", "2");
    company.0.rules.filters = filters().to_vec();
    company
}

fn landing(plan: &Plan) -> String {
    let lines = plan.people.iter().map(|person| {
        format!(
            "{}: {} at {} by {}",
            person.user_id,
            person.action.as_str(),
            person.site.as_ref().map_or("-", |site| &site.name),
            person.filter.as_deref().unwrap_or("-"),
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn who_fits_several_filters_lands_once_at_the_highest() {
    insta::assert_snapshot!(landing(&company().plan()), @r"
    ada: create at New Site by Management
    boris: create at New Site by Management
    chen: create at New Site by IT
    dora: update at Site 2 by Exchange Online
    emil: create at Site 2 by Exchange Online
    fay: unchanged at Main site by Business Premium
    gus: create at Site 3 by Everybody
    ");
}

#[test]
fn the_line_of_a_person_tells_how_it_was_decided() {
    insta::assert_yaml_snapshot!(line(&company().plan(), "dora").unwrap(), @r#"
    user_id: dora
    upn: dora@contoso.example
    contact: "1"
    action: update
    reason:
      differs:
        - site
    filter: Exchange Online
    site:
      id: "20"
      name: Site 2
    fields:
      - field: site
        from:
          site:
            - "30"
            - Site 3
        to:
          site:
            - "20"
            - Site 2
    link:
      new: address
    held: false
    trace:
      activity:
        active: sku-exo
      route:
        to:
          placed: 2
        passed:
          - failed:
              - 0
              - 0
          - failed:
              - 1
              - 0
      step: address
    "#);
}

#[test]
fn reordering_moves_exactly_those_whom_it_should() {
    let before = company();
    let mut after = before.clone();
    after.0.rules.filters.swap(2, 3);
    assert_eq!(moved(&before, &after), ["dora: Site 2 -> Main site"]);

    let mut last = before.clone();
    last.0.rules.filters.rotate_right(1);
    assert_eq!(
        moved(&before, &last),
        [
            "ada: New Site -> Site 3",
            "boris: New Site -> Site 3",
            "chen: New Site -> Site 3",
            "dora: Site 2 -> Site 3",
            "emil: Site 2 -> Site 3",
            "fay: Main site -> Site 3",
        ]
    );

    let mut same_site = before.clone();
    same_site.0.rules.filters.swap(0, 1);
    assert_eq!(moved(&before, &same_site), Vec::<String>::new());
}

fn moved(before: &World, after: &World) -> Vec<String> {
    let (before, after) = (before.plan(), after.plan());
    let pairs = before.people.iter().zip(&after.people);
    pairs
        .filter(|(one, other)| one.site != other.site)
        .map(|(one, other)| {
            assert_eq!(one.user_id, other.user_id);
            let name = |person: &rollcall::sync::plan::Person| {
                person
                    .site
                    .as_ref()
                    .map_or("-".to_owned(), |site| site.name.clone())
            };
            format!("{}: {} -> {}", one.user_id, name(one), name(other))
        })
        .collect()
}
