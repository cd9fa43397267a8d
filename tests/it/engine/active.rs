//! Who counts as active and what their address is: `behaviour.md` sections 1 and 2.

use rollcall::model::{User, UserId};
use rollcall::sync::plan::Note;
use rollcall::sync::select::{Silence, unreadable};

use super::world::{ContactWords, UserWords, contact, sku, twin, user, world};

cases! {
    an_enabled_and_licensed_user_is_active:
        world().user(user("jane")) => "jane": "create";
    a_user_whose_sign_in_is_blocked_is_a_leaver_whatever_the_licence:
        world().user(user("jane").blocked()).contact(twin("1", "jane")).link("jane", "1")
        => "jane": "deactivate 1 kept (sign-in blocked)";
    a_user_without_a_licence_is_a_leaver:
        world().user(user("jane").holding(&[])).contact(twin("1", "jane")).link("jane", "1")
        => "jane": "deactivate 1 kept (licence removed)";
    a_user_with_ignored_licences_alone_is_a_leaver:
        world().user(user("jane").holding(&["sku-flow"])).contact(twin("1", "jane"))
            .link("jane", "1")
        => "jane": "deactivate 1 kept (licence removed)";
    one_licence_that_counts_is_enough_beside_ignored_ones:
        world().user(user("jane").holding(&["sku-flow", "sku-exo"])) => "jane": "create";
    an_unlicensed_user_without_a_link_does_not_appear:
        world().user(user("jane").holding(&[])) => "jane": "absent";
    the_ignore_list_may_name_a_part_number_in_any_case_and_with_blanks:
        world().rules(|rules| rules.ignored_licences = vec![" spb ".to_owned()])
            .user(user("jane")) => "jane": "absent";
    the_ignore_list_may_name_a_guid_in_any_case:
        world().rules(|rules| rules.ignored_licences = vec!["SKU-SPB".to_owned()])
            .user(user("jane")) => "jane": "absent";
    the_ignore_list_may_name_a_guid_that_the_tenant_does_not_list:
        world().rules(|rules| rules.ignored_licences = vec!["SKU-OLD".to_owned()])
            .user(user("jane").holding(&["sku-old"])) => "jane": "absent";
    a_part_number_on_the_ignore_list_means_every_sku_of_that_name:
        world().rules(|rules| rules.ignored_licences = vec!["SPB".to_owned()])
            .sku("sku-spb-2", "spb").user(user("jane").holding(&["sku-spb", "sku-spb-2"]))
        => "jane": "absent";
    an_empty_ignore_list_lets_free_licences_count:
        world().rules(|rules| rules.ignored_licences.clear())
            .user(user("jane").holding(&["sku-flow"])) => "jane": "create";
    a_sku_that_nobody_knows_counts:
        world().user(user("jane").holding(&["sku-nobody-knows"])) => "jane": "create";
    silence_about_sign_in_is_no_answer_and_the_contact_stays:
        world().user(User { enabled: None, ..user("jane") }).contact(twin("1", "jane"))
            .link("jane", "1")
        => "jane": "unchanged 1 kept (no accountEnabled)";
    silence_about_licences_is_no_answer_even_where_sign_in_is_blocked:
        world().user(User { licences: None, ..user("jane").blocked() }).contact(twin("1", "jane"))
            .link("jane", "1")
        => "jane": "unchanged 1 kept (no assignedLicenses)";
    a_silent_user_without_a_link_gets_no_contact:
        world().user(User { enabled: None, ..user("jane") }).contact(twin("1", "jane"))
        => "jane": "absent";
    the_contact_of_a_silent_user_is_nobody_elses:
        world().user(User { enabled: None, ..user("jane") }).user(user("bob"))
            .contact(twin("1", "bob")).link("jane", "1")
        => "bob": "create", "jane": "unchanged 1 kept (no accountEnabled)";

    without_use_email_the_address_is_the_upn:
        world().user(user("jane").mail("doe@contoso.example"))
            .contact(twin("1", "jane")).contact(contact("2").email("doe@contoso.example"))
        => "jane": "link 1 by address new";
    with_use_email_the_address_is_mail:
        world().use_email().user(user("jane").mail("doe@contoso.example"))
            .contact(twin("1", "jane")).contact(twin("2", "jane").email("doe@contoso.example"))
        => "jane": "link 2 by address new";
    with_use_email_a_blank_mail_leaves_the_upn:
        world().use_email().user(user("jane").mail(" \t")).contact(twin("1", "jane"))
        => "jane": "link 1 by address new";
    with_use_email_a_missing_mail_leaves_the_upn:
        world().use_email().user(user("jane")).contact(twin("1", "jane"))
        => "jane": "link 1 by address new";
}

impl super::world::World {
    fn sku(mut self, id: &str, part: &str) -> Self {
        self.0.skus.push(sku(id, part));
        self
    }
}

#[test]
fn a_finding_names_each_user_of_whom_graph_says_too_little() {
    let silent = User {
        licences: None,
        ..user("jane")
    };
    let plan = world().user(silent).user(user("bob")).plan();
    let upn = "jane@contoso.example".to_owned();
    assert_eq!(plan.findings, [Note::NoAnswer(upn, Silence::Licences)]);
    assert_eq!((plan.read.active, plan.read.leavers), (1, 0));
}

#[test]
fn fields_that_come_for_nobody_are_fields_that_may_not_be_read() {
    let no_enabled = |name| User {
        enabled: None,
        ..user(name)
    };
    let no_licences = |name| User {
        licences: None,
        ..user(name)
    };
    for (what, users, expected) in [
        ("nobody at all", vec![], None),
        ("everybody answers", vec![user("a"), user("b")], None),
        ("one is silent", vec![no_enabled("a"), user("b")], None),
        (
            "no accountEnabled for anybody",
            vec![no_enabled("a"), no_enabled("b")],
            Some(Silence::Enabled),
        ),
        (
            "no licences for anybody",
            vec![no_licences("a"), no_licences("b")],
            Some(Silence::Licences),
        ),
    ] {
        assert_eq!(unreadable(&users), expected, "{what}");
    }
    let mixed = vec![no_enabled("a"), no_licences("b")];
    assert!(
        unreadable(&mixed).is_some(),
        "everybody is silent, one way or the other"
    );
}

#[test]
fn ids_of_users_and_licences_are_compared_in_lower_case() {
    assert_eq!(UserId::new(" 6F0C-AB "), UserId::new("6f0c-ab"));
}
