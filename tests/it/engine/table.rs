//! What is done for an active user in scope, and for a leaver: `behaviour.md` sections 5 and 6.

use rollcall::model::User;
use rollcall::sync::plan::Note;
use rollcall::sync::select::Silence;

use super::words::{line, writes};
use super::world::{ContactWords, UserWords, contact, kind, site, twin, user, world};

cases! {
    nobody_found_and_update_on_creates:
        world().user(user("jane")) => "jane": "create";
    nobody_found_and_update_off_creates:
        world().hands_off().user(user("jane")) => "jane": "create";
    inactive_and_update_on_reactivates:
        world().user(user("jane")).contact(twin("1", "jane").inactive()).link("jane", "1")
        => "jane": "reactivate 1 by link kept";
    inactive_newly_found_and_update_on_reactivates_and_links:
        world().user(user("jane")).contact(twin("1", "jane").inactive())
        => "jane": "reactivate 1 by address new";
    inactive_newly_found_and_update_off_links:
        world().hands_off().user(user("jane")).contact(twin("1", "jane").inactive())
        => "jane": "link 1 by address new";
    inactive_linked_and_update_off_does_nothing:
        world().hands_off().user(user("jane")).contact(twin("1", "jane").inactive())
            .link("jane", "1")
        => "jane": "unchanged 1 by link kept (not updating)";
    differing_and_update_on_updates:
        world().user(user("jane")).contact(contact("1")).link("jane", "1")
        => "jane": "update 1 by link kept";
    differing_newly_found_and_update_on_updates_and_links:
        world().user(user("jane")).contact(contact("1").also("jane@contoso.example"))
        => "jane": "update 1 by otheraddress new";
    differing_newly_found_and_update_off_links:
        world().hands_off().user(user("jane")).contact(contact("1").also("jane@contoso.example"))
        => "jane": "link 1 by otheraddress new";
    differing_linked_and_update_off_does_nothing:
        world().hands_off().user(user("jane")).contact(contact("1")).link("jane", "1")
        => "jane": "unchanged 1 by link kept (not updating)";
    equal_newly_found_links_with_update_on:
        world().user(user("jane")).contact(twin("1", "jane")) => "jane": "link 1 by address new";
    equal_newly_found_links_with_update_off:
        world().hands_off().user(user("jane")).contact(twin("1", "jane"))
        => "jane": "link 1 by address new";
    equal_and_linked_is_unchanged_with_update_on:
        world().linked("jane", "1") => "jane": "unchanged 1 by link kept";
    equal_and_linked_is_unchanged_with_update_off:
        world().hands_off().linked("jane", "1") => "jane": "unchanged 1 by link kept";

    a_leaver_with_a_link_is_deactivated:
        world().user(user("jane").blocked()).contact(twin("1", "jane")).link("jane", "1")
        => "jane": "deactivate 1 kept (sign-in blocked)";
    a_leaver_is_not_deactivated_while_update_is_off:
        world().hands_off().user(user("jane").blocked()).contact(twin("1", "jane"))
            .link("jane", "1")
        => "jane": "unchanged 1 kept (sign-in blocked, NotUpdating)";
    a_leaver_whose_contact_is_inactive_is_left:
        world().user(user("jane").blocked()).contact(twin("1", "jane").inactive())
            .link("jane", "1")
        => "jane": "unchanged 1 kept (sign-in blocked, ContactInactive)";
    a_leavers_contact_without_a_link_is_never_touched:
        world().user(user("jane").blocked()).contact(twin("1", "jane")) => "jane": "absent";
    a_leaver_who_was_dismissed_is_left_alone:
        world().user(user("jane").blocked()).contact(twin("1", "jane")).link("jane", "1")
            .dismiss("jane")
        => "jane": "unchanged 1 kept (sign-in blocked, Dismissed)";
    a_leaver_whose_contact_is_gone_does_not_appear:
        world().user(user("jane").blocked()).link("jane", "1") => "jane": "absent";
    blocked_is_said_before_unlicensed:
        world().user(user("jane").blocked().holding(&[])).contact(twin("1", "jane"))
            .link("jane", "1")
        => "jane": "deactivate 1 kept (sign-in blocked)";
    who_was_not_found_by_id_left_as_deleted:
        world().contact(twin("1", "jane")).link("jane", "1").deleted("jane")
        => "jane": "deactivate 1 kept (deleted)";
    missing_from_the_list_is_no_reason:
        world().user(user("bob")).contact(twin("1", "jane")).link("jane", "1")
        => "jane": "unchanged 1 kept (no the user)";
    who_is_in_the_list_is_not_deleted_whatever_was_remembered:
        world().linked("jane", "1").deleted("jane") => "jane": "unchanged 1 by link kept";
    a_contested_contact_of_a_deleted_user_is_not_deactivated:
        world().contact(twin("1", "jane")).link("old", "1").deleted("old").user(user("jane"))
            .contact(twin("2", "jane"))
        => "old": "unchanged 1 kept (deleted, Contested)",
           "jane": "conflict SeveralContacts [1, 2] []";
    a_leaver_who_is_active_again_finds_the_contact_by_the_link:
        world().user(user("jane")).contact(twin("1", "x").inactive()).link("jane", "1")
        => "jane": "reactivate 1 by link kept";
}

#[test]
fn reactivating_writes_the_fields_that_differ_and_the_site_and_type_too() {
    let world = world()
        .user(user("jane"))
        .contact(twin("1", "jane").inactive().at("20"))
        .link("jane", "1")
        .rules(|rules| {
            rules.default_site = Some(site("10"));
            rules.default_type = Some(kind("1"));
        });
    assert_eq!(
        writes(&world.plan(), "jane"),
        "active=true, site=Main site, contact_type=End User"
    );
}

#[test]
fn an_update_writes_just_the_fields_that_differ() {
    let jane = User {
        job_title: Some("Lead".to_owned()),
        ..user("jane")
    };
    let world = world().user(jane).contact(twin("1", "jane"));
    assert_eq!(writes(&world.plan(), "jane"), "title=Lead");
}

#[test]
fn a_deactivation_writes_nothing_but_active() {
    let gone = twin("1", "x").at("20");
    let world = world().contact(gone).link("jane", "1").deleted("jane");
    assert_eq!(writes(&world.plan(), "jane"), "active=false");
}

#[test]
fn what_is_only_linked_gets_no_field() {
    let world = world()
        .hands_off()
        .user(user("jane"))
        .contact(contact("1").email("jane@contoso.example").inactive());
    assert_eq!(writes(&world.plan(), "jane"), "");
}

#[test]
fn a_main_or_billing_contact_that_goes_is_a_finding() {
    let mut both = twin("1", "jane");
    (both.main, both.billing) = (true, true);
    let mut stays = twin("2", "bob");
    stays.main = true;
    let world = world()
        .user(user("jane").blocked())
        .contact(both)
        .link("jane", "1")
        .user(user("bob"))
        .contact(stays)
        .link("bob", "2");
    let upn = "jane@contoso.example".to_owned();
    assert_eq!(
        world.plan().findings,
        [
            Note::MainContact(upn.clone(), "1".into()),
            Note::BillingContact(upn, "1".into()),
        ]
    );
}

#[test]
fn a_linked_user_who_is_neither_listed_nor_deleted_is_a_finding() {
    let plan = world().contact(contact("1")).link("jane", "1").plan();
    let upn = "jane@contoso.example".to_owned();
    assert_eq!(plan.findings, [Note::NoAnswer(upn, Silence::User)]);
    assert_eq!(line(&plan, "jane").unwrap().fields, []);
}

#[test]
fn an_inactive_company_is_a_finding_and_is_told_to_who_applies() {
    let world = world()
        .user(user("jane"))
        .rules(|rules| rules.company_active = false);
    let plan = world.plan();
    assert!(plan.company_inactive);
    assert_eq!(plan.findings, [Note::CompanyInactive]);
}
