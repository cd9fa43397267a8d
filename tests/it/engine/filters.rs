//! Which filter takes whom: `behaviour.md` section 3.

use rollcall::model::DirectoryField::{Department, ExtensionAttribute, UserType};
use rollcall::model::{Target, Test, UserId};
use rollcall::sync::plan::Note;
use rollcall::sync::route::{Destination, Passed};

use super::words::{line, writes};
use super::world::{
    ContactWords, UserWords, World, domain, equals, exclude, filter, group, is, licence, named,
    not, off, place, site, twin, user, world,
};

/// Jane, and one filter.
fn one(filter: rollcall::model::Filter) -> World {
    let jane = user("jane")
        .field(Department, " Information  Technology ")
        .field(ExtensionAttribute(15), "VIP");
    world().user(jane).filter(filter)
}

/// Jane among the members.
fn jane_in(filter: rollcall::model::Filter) -> World {
    one(filter).member("g", "jane")
}

cases! {
    all_licensed_users_takes_everybody_who_is_active:
        one(place("30", [is(Test::Licensed)])) => "jane": "create";
    not_all_licensed_users_takes_nobody:
        one(place("30", [not(Test::Licensed)])) => "jane": "out_of_scope (no filter)";
    a_group_takes_its_members:
        jane_in(place("30", [is(group("g"))])) => "jane": "create";
    a_group_takes_nobody_else:
        jane_in(place("30", [is(group("g"))])).user(user("bob"))
        => "bob": "out_of_scope (no filter)";
    not_a_group_takes_everybody_but_the_members:
        jane_in(place("30", [not(group("g"))])).user(user("bob"))
        => "bob": "create", "jane": "out_of_scope (no filter)";
    a_group_without_members_takes_nobody:
        one(place("30", [is(group("empty"))])) => "jane": "out_of_scope (no filter)";
    a_field_is_compared_trimmed_and_without_regard_to_case:
        one(place("30", [is(equals(Department, "information  TECHNOLOGY"))])) => "jane": "create";
    the_value_of_a_filter_is_trimmed_too:
        one(place("30", [is(equals(ExtensionAttribute(15), " vip\t"))])) => "jane": "create";
    a_field_must_equal_the_whole_value:
        one(place("30", [is(equals(Department, "Information"))]))
        => "jane": "out_of_scope (no filter)";
    a_field_that_the_user_lacks_equals_no_value:
        one(place("30", [is(equals(UserType, "Guest"))])) => "jane": "out_of_scope (no filter)";
    not_a_field_takes_who_lacks_it:
        one(place("30", [not(equals(UserType, "Guest"))])) => "jane": "create";
    not_a_field_leaves_who_has_the_value:
        one(place("30", [not(equals(ExtensionAttribute(15), "vip"))]))
        => "jane": "out_of_scope (no filter)";
    letters_beyond_ascii_are_compared_without_regard_to_case_and_form:
        world().user(user("jane").field(Department, "ENTWICKLUNG MU\u{308}NCHEN"))
            .filter(place("30", [is(equals(Department, "Entwicklung M\u{fc}nchen"))]))
        => "jane": "create";
    a_upn_domain_is_compared_without_regard_to_case:
        one(place("30", [is(domain("CONTOSO.Example"))])) => "jane": "create";
    a_upn_domain_is_no_suffix:
        one(place("30", [is(domain("example"))])) => "jane": "out_of_scope (no filter)";
    a_upn_domain_looks_at_the_upn_and_not_at_mail:
        world().use_email().user(user("jane").mail("jane@other.example"))
            .filter(place("30", [is(domain("other.example"))]))
        => "jane": "out_of_scope (no filter)";
    not_a_upn_domain_takes_the_others:
        one(place("30", [not(domain("contractors.example"))])) => "jane": "create";
    not_a_upn_domain_leaves_who_is_in_it:
        one(place("30", [not(domain("contoso.example"))])) => "jane": "out_of_scope (no filter)";
    a_licence_is_named_by_part_number_in_any_case:
        one(place("30", [is(licence(" spb"))])) => "jane": "create";
    a_licence_is_named_by_guid_in_any_case:
        one(place("30", [is(licence("SKU-Spb"))])) => "jane": "create";
    a_licence_that_the_user_lacks_does_not_hold:
        one(place("30", [is(licence("EXCHANGESTANDARD"))])) => "jane": "out_of_scope (no filter)";
    not_a_licence_takes_who_lacks_it:
        one(place("30", [not(licence("EXCHANGESTANDARD"))])) => "jane": "create";
    not_a_licence_leaves_who_holds_it:
        one(place("30", [not(licence("SPB"))])) => "jane": "out_of_scope (no filter)";
    a_licence_on_the_ignore_list_still_matches_a_condition:
        world().user(user("jane").holding(&["sku-spb", "sku-flow"]))
            .filter(place("30", [is(licence("FLOW_FREE"))]))
        => "jane": "create";
    a_licence_that_the_tenant_does_not_have_holds_for_nobody:
        one(place("30", [is(licence("NOT_BOUGHT"))])) => "jane": "out_of_scope (no filter)";
    all_conditions_must_hold:
        jane_in(place("30", [is(group("g")), is(licence("EXCHANGESTANDARD"))]))
        => "jane": "out_of_scope (no filter)";
    a_negated_condition_joins_the_others:
        jane_in(place("30", [is(group("g")), not(licence("EXCHANGESTANDARD"))]))
        => "jane": "create";

    without_filters_every_active_user_is_in_scope:
        world().user(user("jane")).user(user("bob")) => "jane": "create", "bob": "create";
    a_filter_that_is_off_takes_nobody_and_still_counts_as_a_filter:
        one(off(place("30", [is(Test::Licensed)]))) => "jane": "out_of_scope (no filter)";
    an_excluding_filter_that_is_off_excludes_nobody:
        one(off(exclude([is(Test::Licensed)]))).filter(place("30", [is(Test::Licensed)]))
        => "jane": "create";
    excluded_means_hands_off_and_the_link_stays:
        one(exclude([is(Test::Licensed)])).contact(twin("1", "jane").inactive()).link("jane", "1")
        => "jane": "out_of_scope 1 kept (excluded)";
    out_of_scope_means_hands_off_and_the_link_stays:
        one(place("30", [not(Test::Licensed)])).contact(twin("1", "jane").inactive())
            .link("jane", "1")
        => "jane": "out_of_scope 1 kept (no filter)";
    an_excluded_user_without_a_link_gets_none:
        one(exclude([is(Test::Licensed)])).contact(twin("1", "jane"))
        => "jane": "out_of_scope (excluded)";
    filters_do_not_look_at_leavers:
        world().linked("jane", "1").user(user("bob").blocked()).contact(twin("2", "bob"))
            .link("bob", "2").filter(exclude([is(Test::Licensed)]))
        => "bob": "deactivate 2 kept (sign-in blocked)";
    an_ignored_user_is_left_alone:
        world().user(user("jane")).contact(twin("1", "jane")).ignore("jane")
        => "jane": "out_of_scope (ignored)";
    an_ignored_leaver_is_left_alone:
        world().user(user("jane").blocked()).contact(twin("1", "jane")).link("jane", "1")
            .ignore("jane")
        => "jane": "out_of_scope 1 kept (ignored)";
    an_ignored_deleted_user_is_left_alone:
        world().contact(twin("1", "jane")).link("jane", "1").deleted("jane").ignore("jane")
        => "jane": "out_of_scope 1 kept (ignored)";
    an_ignored_leaver_without_a_link_does_not_appear:
        world().user(user("jane").blocked()).ignore("jane") => "jane": "absent";
}

#[test]
fn the_first_filter_whose_conditions_hold_decides_and_only_that_one() {
    let mut world = jane_in(place("10", [is(licence("EXCHANGESTANDARD"))]))
        .filter(off(place("20", [is(Test::Licensed)])))
        .filter(named("Management", place("40", [is(group("g"))])))
        .filter(exclude([is(Test::Licensed)]));
    let plan = world.plan();
    let jane = line(&plan, "jane").unwrap();
    assert_eq!(jane.filter.as_deref(), Some("Management"));
    assert_eq!(jane.site, Some(site("40")));
    let route = jane.trace.route.as_ref().unwrap();
    assert_eq!(route.to, Destination::Placed(2));
    assert_eq!(route.passed, [Passed::Failed(0, 0), Passed::Off(1)]);

    world.0.rules.filters.swap(2, 3);
    let plan = world.plan();
    let jane = line(&plan, "jane").unwrap();
    assert_eq!(jane.filter.as_deref(), Some("Filter 3"));
    assert_eq!(
        jane.trace.route.as_ref().unwrap().to,
        Destination::Excluded(2)
    );
}

#[test]
fn a_filter_without_a_site_means_the_companys_default_site_and_none_the_connections_type() {
    let open = Target::Place {
        site: None,
        contact_type: None,
    };
    let world = one(filter(open, [is(Test::Licensed)]));
    assert_eq!(writes_where(&world), "");
    let with_defaults = world.rules(|rules| {
        rules.default_site = Some(site("10"));
        rules.default_type = Some(super::world::kind("1"));
    });
    assert_eq!(
        writes_where(&with_defaults),
        "site=Main site, contact_type=End User"
    );
}

#[test]
fn a_filters_own_site_and_type_win_over_the_defaults() {
    let own = Target::Place {
        site: Some(site("40")),
        contact_type: Some(super::world::kind("2")),
    };
    let world = one(filter(own, [is(Test::Licensed)])).rules(|rules| {
        rules.default_site = Some(site("10"));
        rules.default_type = Some(super::world::kind("1"));
    });
    assert_eq!(
        writes_where(&world),
        "site=New Site, contact_type=Technical"
    );
}

#[test]
fn without_filters_the_default_site_and_type_are_used() {
    let world = world().user(user("jane")).rules(|rules| {
        rules.default_site = Some(site("10"));
        rules.default_type = Some(super::world::kind("1"));
    });
    assert_eq!(
        writes_where(&world),
        "site=Main site, contact_type=End User"
    );
    assert_eq!(writes_where(&world.autotask()), "site=Main site");
}

fn writes_where(world: &World) -> String {
    let all = writes(&world.plan(), "jane");
    let place = all
        .split(", ")
        .filter(|field| field.starts_with("site") || field.starts_with("contact_type"));
    place.collect::<Vec<_>>().join(", ")
}

#[test]
fn a_licence_that_the_tenant_does_not_have_is_a_finding_unless_its_filter_is_off() {
    let world = one(place("30", [not(licence("NOT_BOUGHT"))]))
        .filter(off(place("30", [is(licence("OLD_ONE"))])))
        .filter(place("30", [is(licence("spb"))]));
    let note = Note::UnknownLicence("Filter 1".to_owned(), "NOT_BOUGHT".to_owned());
    assert_eq!(world.plan().findings, [note]);
}

#[test]
fn an_ignored_or_excluded_dismissed_user_who_is_active_is_dismissed_no_more() {
    let world = one(exclude([is(Test::Licensed)]))
        .user(user("bob"))
        .ignore("bob")
        .user(user("leaver").blocked())
        .dismiss("jane")
        .dismiss("bob")
        .dismiss("leaver");
    let expected = ["bob", "jane"].map(UserId::new);
    assert_eq!(world.plan().active_again, expected);
}
