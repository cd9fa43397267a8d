//! The pages, one file each: routes, typed contexts with samples, and handlers.

pub mod account;
pub mod company_notices;
pub mod company_search;
mod conflict_samples;
pub mod conflicts;
pub mod conflicts_fleet;
pub mod connection;
pub mod connection_app;
mod connection_app_page;
mod connection_page;
pub mod connection_psa;
pub mod connection_trial;
pub mod consent;
pub mod consent_link;
pub mod contact_choices;
pub mod contact_sync;
mod contact_sync_effect;
mod contact_sync_form;
pub mod contact_sync_page;
mod cures;
pub mod errors;
pub mod filters;
mod filters_change;
mod filters_effect;
mod filters_form;
mod filters_item;
mod filters_known;
mod filters_moves;
pub mod fleet;
mod fleet_samples;
mod history_files;
mod hold_samples;
mod hold_words;
pub mod holds;
pub mod holds_fleet;
pub mod installation;
pub mod jobs;
pub mod licence_effect;
pub mod licence_settings;
pub mod microsoft_settings;
pub mod monitor;
pub mod new_company;
mod notices_forms;
pub mod notices_settings;
pub mod overview;
pub mod overview_page;
mod overview_state;
pub mod parting;
pub mod people;
pub mod person;
pub mod person_decisions;
mod person_page;
pub mod pickers;
pub mod preview;
mod preview_difference;
mod preview_lines;
pub mod preview_live;
pub mod preview_page;
pub mod psa_contact;
mod psa_fields;
pub mod psa_form;
pub mod psa_settings;
mod psa_view;
pub mod run;
mod run_counts;
mod run_samples;
mod run_tiles;
mod run_undone;
pub mod runs;
mod runs_samples;
pub mod searches;
pub mod settings;
pub mod sign_in;
pub mod staff_settings;
pub mod turn_on;
pub mod undo;
mod undo_page;
pub mod unlink;
pub mod user_choices;

use super::Samples;
use super::routes::Entry;

pub(super) use run_undone::of_line as undo_of;

/// The routes of all pages.
pub const ALL: &[&[Entry]] = &[
    account::ROUTES,
    conflicts::ROUTES,
    conflicts_fleet::ROUTES,
    connection::ROUTES,
    contact_choices::ROUTES,
    company_notices::ROUTES,
    company_search::ROUTES,
    connection_app::ROUTES,
    connection_psa::ROUTES,
    connection_trial::ROUTES,
    consent::ROUTES,
    consent_link::ROUTES,
    contact_sync::ROUTES,
    filters::ROUTES,
    fleet::ROUTES,
    holds::ROUTES,
    holds_fleet::ROUTES,
    jobs::ROUTES,
    installation::ROUTES,
    licence_effect::ROUTES,
    licence_settings::ROUTES,
    microsoft_settings::ROUTES,
    monitor::ROUTES,
    new_company::ROUTES,
    notices_settings::ROUTES,
    overview::ROUTES,
    parting::ROUTES,
    people::ROUTES,
    person::ROUTES,
    person_decisions::ROUTES,
    pickers::ROUTES,
    preview::ROUTES,
    psa_form::ROUTES,
    psa_contact::ROUTES,
    psa_settings::ROUTES,
    run::ROUTES,
    runs::ROUTES,
    searches::ROUTES,
    settings::ROUTES,
    sign_in::ROUTES,
    staff_settings::ROUTES,
    turn_on::ROUTES,
    undo::ROUTES,
    unlink::ROUTES,
    user_choices::ROUTES,
];

/// The samples of all pages and parts.
pub fn samples() -> Samples {
    let mut all = Samples::default();
    super::progress::samples(&mut all);
    super::live::samples(&mut all);
    all.page::<errors::ErrorPage>();
    for samples in [
        account::samples,
        conflicts::samples,
        conflicts_fleet::samples,
        connection::samples,
        contact_choices::samples,
        company_notices::samples,
        company_search::samples,
        connection_app::samples,
        connection_psa::samples,
        consent::samples,
        consent_link::samples,
        contact_sync::samples,
        filters::samples,
        fleet::samples,
        holds::samples,
        holds_fleet::samples,
        jobs::samples,
        installation::samples,
        licence_effect::samples,
        licence_settings::samples,
        microsoft_settings::samples,
        new_company::samples,
        notices_settings::samples,
        overview::samples,
        parting::samples,
        people::samples,
        person::samples,
        pickers::samples,
        preview::samples,
        psa_form::samples,
        psa_contact::samples,
        psa_settings::samples,
        run::samples,
        runs::samples,
        settings::samples,
        sign_in::samples,
        staff_settings::samples,
        turn_on::samples,
        undo::samples,
        unlink::samples,
        user_choices::samples,
    ] {
        samples(&mut all);
    }
    all
}
