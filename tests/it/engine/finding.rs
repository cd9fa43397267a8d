//! Which contact is whose: `behaviour.md` section 4.

use super::world::{ContactWords, UserWords, World, contact, twin, user, world};

/// Jane, who has an alias, and who is not linked.
fn jane() -> World {
    world().user(user("jane").alias("doe@contoso.example"))
}

/// Two people with one `mail`, which is the address.
fn two_with_one_mail() -> World {
    let shared = |name: &str| user(name).mail("team@contoso.example");
    world().use_email().user(shared("jane")).user(shared("bob"))
}

cases! {
    the_link_comes_before_the_address:
        world().linked("jane", "1").contact(twin("2", "jane")) => "jane": "unchanged 1 by link kept";
    a_link_to_an_inactive_contact_comes_first_too:
        jane().contact(twin("1", "jane").inactive()).link("jane", "1").contact(twin("2", "jane"))
        => "jane": "reactivate 1 by link kept";
    a_link_whose_contact_is_gone_is_forgotten_and_the_search_goes_on:
        jane().link("jane", "gone").contact(twin("2", "jane")) => "jane": "link 2 by address new";
    a_link_whose_contact_is_gone_leads_to_a_new_contact:
        jane().link("jane", "gone") => "jane": "create";
    the_address_is_compared_trimmed_and_without_regard_to_case:
        jane().contact(twin("1", "jane").email(" JANE@Contoso.example ")) => "jane": "link 1 by address new";
    the_default_email_comes_before_other_emails:
        jane().contact(contact("1").also("jane@contoso.example")).contact(twin("2", "jane"))
        => "jane": "link 2 by address new";
    another_email_comes_before_an_alias:
        jane().contact(contact("1").email("doe@contoso.example"))
            .contact(contact("2").also("Jane@contoso.example"))
        => "jane": "update 2 by otheraddress new";
    an_alias_among_the_proxy_addresses_finds_a_default_email:
        jane().contact(contact("1").email("DOE@contoso.example")) => "jane": "update 1 by alias new";
    an_alias_finds_another_email:
        jane().contact(contact("1").also("doe@contoso.example")) => "jane": "update 1 by alias new";
    mail_is_an_alias_where_the_address_is_the_upn:
        world().user(user("jane").mail("j@contoso.example")).contact(contact("1").email("j@contoso.example"))
        => "jane": "update 1 by alias new";
    the_upn_is_an_alias_where_the_address_is_mail:
        world().use_email().user(user("jane").mail("j@contoso.example")).contact(twin("1", "jane"))
        => "jane": "update 1 by alias new";
    a_name_alone_finds_nobody:
        jane().contact(twin("1", "jane").email("other@contoso.example")) => "jane": "create";
    a_blank_email_finds_nobody:
        world().user(user("jane").mail(" ").alias("")).contact(contact("1").email(" ").also(""))
        => "jane": "create";
    inactive_contacts_are_looked_at_too:
        jane().contact(twin("1", "jane").inactive()) => "jane": "reactivate 1 by address new";

    a_contact_of_another_active_user_is_no_candidate:
        jane().user(user("bob")).contact(twin("1", "jane")).link("bob", "1")
        => "jane": "create", "bob": "update 1 by link kept";
    a_contact_of_a_leaver_who_exists_is_no_candidate:
        jane().user(user("bob").blocked()).contact(twin("1", "jane")).link("bob", "1")
        => "jane": "create", "bob": "deactivate 1 kept (sign-in blocked)";
    a_contact_of_an_ignored_user_is_no_candidate:
        jane().user(user("bob")).ignore("bob").contact(twin("1", "jane")).link("bob", "1")
        => "jane": "create", "bob": "out_of_scope 1 kept (ignored)";
    a_contact_of_a_linked_user_of_whom_nobody_knows_is_no_candidate:
        jane().contact(twin("1", "jane")).link("bob", "1")
        => "jane": "create", "bob": "unchanged 1 kept (no the user)";
    an_account_made_anew_takes_over_the_contact_and_its_link:
        jane().contact(twin("1", "jane")).link("old", "1").deleted("old")
        => "jane": "link 1 by address takes link 1", "old": "absent";
    an_account_made_anew_takes_over_an_inactive_contact:
        jane().contact(twin("1", "jane").inactive()).link("old", "1").deleted("old")
        => "jane": "reactivate 1 by address takes link 1", "old": "absent";
    a_contact_of_an_ignored_deleted_user_is_taken_over_as_well:
        jane().contact(twin("1", "jane")).link("old", "1").deleted("old").ignore("old")
        => "jane": "link 1 by address takes link 1", "old": "absent";
    a_deleted_users_contact_is_no_candidate_by_another_email:
        jane().contact(contact("1").also("jane@contoso.example")).link("old", "1").deleted("old")
        => "jane": "create", "old": "deactivate 1 kept (deleted)";
    a_deleted_users_contact_is_no_candidate_by_an_alias:
        jane().contact(contact("1").email("doe@contoso.example")).link("old", "1").deleted("old")
        => "jane": "create", "old": "deactivate 1 kept (deleted)";
    the_link_of_a_user_who_is_in_the_list_holds_though_they_were_once_deleted:
        jane().user(user("bob")).contact(twin("1", "jane")).link("bob", "1").deleted("bob")
        => "jane": "create", "bob": "update 1 by link kept";
    a_successor_with_a_leavers_address_as_alias_does_not_become_the_leaver:
        jane().user(user("doe").blocked()).contact(twin("1", "doe"))
        => "jane": "create", "doe": "absent";
    a_leavers_mail_holds_a_successor_back_too:
        jane().user(user("bob").blocked().mail("DOE@contoso.example"))
            .contact(contact("1").email("doe@contoso.example"))
        => "jane": "create";
    a_leavers_contact_is_held_back_where_it_has_the_successors_address_as_another_email:
        jane().user(user("bob").blocked())
            .contact(twin("1", "bob").also("jane@contoso.example"))
        => "jane": "create";
    a_contact_without_a_default_email_is_held_back_by_no_blank_mail:
        jane().user(user("bob").mail(" ")).user(user("cid").mail("")).contact(contact("1").email(" ").also("doe@contoso.example"))
        => "jane": "update 1 by alias new";
    another_users_alias_holds_nobody_back:
        jane().user(user("bob").blocked().alias("doe@contoso.example"))
            .contact(contact("1").email("doe@contoso.example"))
        => "jane": "update 1 by alias new";
    ones_own_mail_holds_nobody_back:
        world().user(user("jane").mail("doe@contoso.example"))
            .contact(contact("1").email("doe@contoso.example"))
        => "jane": "update 1 by alias new";
    a_mail_that_another_user_has_as_well_holds_both_back:
        world().user(user("jane").mail("doe@contoso.example"))
            .user(user("bob").mail("doe@contoso.example").blocked())
            .contact(contact("1").email("doe@contoso.example"))
        => "jane": "create";
    a_default_email_of_another_user_does_not_matter_to_step_two:
        two_with_one_mail().ignore("bob").contact(contact("1").email("team@contoso.example"))
        => "jane": "update 1 by address new";

    of_several_the_only_active_one_remains:
        jane().contact(twin("1", "jane").inactive()).contact(twin("2", "jane"))
            .contact(twin("3", "jane").inactive())
        => "jane": "link 2 by address new";
    several_active_ones_are_a_conflict:
        jane().contact(twin("2", "jane")).contact(twin("1", "jane")).contact(twin("3", "jane").inactive())
        => "jane": "conflict SeveralContacts [1, 2, 3] []";
    several_inactive_ones_are_a_conflict:
        jane().contact(twin("1", "jane").inactive()).contact(twin("2", "jane").inactive())
        => "jane": "conflict SeveralContacts [1, 2] []";
    several_by_different_aliases_are_a_conflict:
        world().user(user("jane").alias("a@contoso.example").alias("b@contoso.example"))
            .contact(contact("1").email("a@contoso.example")).contact(contact("2").also("b@contoso.example"))
        => "jane": "conflict SeveralContacts [1, 2] []";
    one_contact_that_has_an_address_twice_is_one_candidate:
        jane().contact(contact("1").email("doe@contoso.example").also("doe@contoso.example"))
        => "jane": "update 1 by alias new";
    a_candidate_that_was_no_candidate_does_not_count_among_several:
        jane().user(user("bob")).contact(twin("1", "jane")).contact(twin("2", "jane")).link("bob", "2")
        => "jane": "link 1 by address new";
    an_active_candidate_that_is_taken_by_a_link_leaves_the_inactive_one:
        jane().user(user("bob")).contact(twin("1", "jane").inactive()).contact(twin("2", "jane"))
            .link("bob", "2")
        => "jane": "reactivate 1 by address new";
    one_contact_for_two_people_on_one_step_is_a_conflict_for_both:
        two_with_one_mail().contact(contact("1").email("team@contoso.example"))
        => "jane": "conflict 1 SeveralUsers [1] [bob]", "bob": "conflict 1 SeveralUsers [1] [jane]";
    one_contact_with_both_as_other_emails_is_a_conflict_for_both:
        jane().user(user("bob")).contact(contact("1").also("jane@contoso.example").also("bob@contoso.example"))
        => "jane": "conflict 1 SeveralUsers [1] [bob]", "bob": "conflict 1 SeveralUsers [1] [jane]";
    a_candidate_that_another_user_has_among_several_is_a_conflict_too:
        jane().user(user("bob"))
            .contact(contact("1").also("jane@contoso.example").also("bob@contoso.example"))
            .contact(contact("2").also("jane@contoso.example"))
        => "jane": "conflict SeveralContacts [1, 2] [bob]", "bob": "conflict 1 SeveralUsers [1] [jane]";
    who_is_not_in_scope_claims_nothing:
        two_with_one_mail().ignore("bob").contact(contact("1").also("team@contoso.example"))
        => "jane": "update 1 by otheraddress new", "bob": "out_of_scope (ignored)";
    an_earlier_step_takes_the_contact_before_a_later_one_asks:
        jane().user(user("bob").alias("jane@contoso.example")).contact(twin("1", "jane"))
        => "jane": "link 1 by address new", "bob": "create";
    the_candidate_that_gave_way_to_an_active_one_is_free_for_others:
        jane().user(user("bob"))
            .contact(contact("1").also("jane@contoso.example").also("bob@contoso.example").inactive())
            .contact(contact("2").also("jane@contoso.example"))
        => "jane": "update 2 by otheraddress new", "bob": "reactivate 1 by otheraddress new";
    a_contact_contested_on_an_earlier_step_is_a_conflict_on_a_later_one:
        jane().user(user("bob").alias("old@contoso.example"))
            .contact(contact("1").email("old@contoso.example").also("jane@contoso.example"))
            .contact(contact("2").also("jane@contoso.example"))
        => "jane": "conflict SeveralContacts [1, 2] []", "bob": "conflict 1 Contested [1] []";
    who_is_in_conflict_takes_no_part_in_later_steps:
        jane().contact(twin("1", "jane")).contact(twin("2", "jane")).contact(contact("3").email("doe@contoso.example"))
            .user(user("bob").alias("doe@contoso.example"))
        => "jane": "conflict SeveralContacts [1, 2] []", "bob": "update 3 by alias new";
    two_without_a_contact_who_share_an_address_are_in_conflict:
        two_with_one_mail() => "jane": "conflict SharedAddress [] [bob]", "bob": "conflict SharedAddress [] [jane]";
    who_shares_an_address_with_a_linked_user_is_in_conflict:
        two_with_one_mail().contact(contact("1")).link("bob", "1")
        => "jane": "conflict SharedAddress [] [bob]", "bob": "update 1 by link kept";
    who_shares_an_address_with_somebody_out_of_scope_is_not:
        two_with_one_mail().ignore("bob") => "jane": "create";
    who_shares_an_address_with_a_leaver_is_not:
        world().use_email().user(user("jane").mail("team@contoso.example"))
            .user(user("bob").mail("team@contoso.example").blocked())
        => "jane": "create";

    a_contact_of_an_unsettled_create_is_for_a_person_to_choose:
        jane().contact(twin("1", "jane")).contact(contact("2")).unsettled("jane", &["1", "2"])
        => "jane": "conflict Unsettled [1, 2] []";
    a_link_made_by_hand_settles_it:
        jane().contact(twin("1", "jane")).contact(contact("2")).unsettled("jane", &["1", "2"]).link("jane", "1")
        => "jane": "unchanged 1 by link kept";
    what_is_left_of_an_unsettled_create_is_found_as_usual:
        jane().contact(twin("1", "jane")).unsettled("jane", &["1", "2"]) => "jane": "link 1 by address new";
    what_is_left_besides_linked_ones_is_found_as_usual:
        jane().contact(twin("1", "jane")).contact(contact("2")).unsettled("jane", &["1", "2"]).user(user("bob")).link("bob", "2")
        => "jane": "link 1 by address new", "bob": "update 2 by link kept";
    an_unsettled_contact_is_contested_for_everybody:
        jane().contact(contact("1").email("old@contoso.example")).contact(contact("2")).unsettled("jane", &["1", "2"])
            .user(user("bob").alias("old@contoso.example"))
        => "bob": "conflict 1 Contested [1] []";
    an_unsettled_contact_is_contested_though_its_user_left_meanwhile:
        world().user(user("jane").blocked()).contact(contact("1").email("old@contoso.example"))
            .contact(contact("2")).unsettled("jane", &["1", "2"]).user(user("bob").alias("old@contoso.example"))
        => "jane": "absent", "bob": "conflict 1 Contested [1] []";
    ignoring_the_user_settles_it:
        jane().ignore("jane").contact(contact("1").email("old@contoso.example")).contact(contact("2"))
            .unsettled("jane", &["1", "2"]).user(user("bob").alias("old@contoso.example"))
        => "bob": "update 1 by alias new";
}

#[test]
fn a_link_whose_contact_is_gone_is_forgotten_whoever_it_was() {
    let world = jane()
        .link("jane", "gone")
        .link("deleted", "gone too")
        .deleted("deleted")
        .user(user("leaver").blocked())
        .link("leaver", "gone as well");
    assert_eq!(world.plan().forgotten, [1, 2, 3]);
}
