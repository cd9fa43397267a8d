//! The pages, one file each: routes, typed contexts with samples, and handlers.

pub mod account;
pub mod company_search;
pub mod conflicts;
pub mod connection;
pub mod connection_app;
mod connection_app_page;
pub mod connection_psa;
pub mod connection_trial;
pub mod consent;
pub mod contact_sync;
pub mod errors;
pub mod filters;
pub mod fleet;
pub mod holds;
pub mod jobs;
pub mod new_company;
pub mod overview;
pub mod parting;
pub mod people;
pub mod person;
pub mod pickers;
pub mod preview;
pub mod psa_settings;
pub mod runs;
pub mod settings;
pub mod sign_in;
pub mod staff_settings;

use super::Samples;
use super::routes::Entry;

/// The routes of all pages.
pub const ALL: &[&[Entry]] = &[
    account::ROUTES,
    conflicts::ROUTES,
    company_search::ROUTES,
    connection::ROUTES,
    connection_app::ROUTES,
    connection_psa::ROUTES,
    connection_trial::ROUTES,
    consent::ROUTES,
    contact_sync::ROUTES,
    filters::ROUTES,
    fleet::ROUTES,
    holds::ROUTES,
    jobs::ROUTES,
    new_company::ROUTES,
    overview::ROUTES,
    parting::ROUTES,
    people::ROUTES,
    person::ROUTES,
    pickers::ROUTES,
    preview::ROUTES,
    psa_settings::ROUTES,
    runs::ROUTES,
    settings::ROUTES,
    sign_in::ROUTES,
    staff_settings::ROUTES,
];

/// The samples of all pages and parts.
pub fn samples() -> Samples {
    let mut all = Samples::default();
    all.page::<errors::ErrorPage>();
    for samples in [
        account::samples,
        conflicts::samples,
        company_search::samples,
        connection::samples,
        connection_app::samples,
        connection_psa::samples,
        consent::samples,
        contact_sync::samples,
        filters::samples,
        fleet::samples,
        holds::samples,
        jobs::samples,
        new_company::samples,
        overview::samples,
        parting::samples,
        people::samples,
        person::samples,
        pickers::samples,
        preview::samples,
        psa_settings::samples,
        runs::samples,
        settings::samples,
        sign_in::samples,
        staff_settings::samples,
    ] {
        samples(&mut all);
    }
    all
}
