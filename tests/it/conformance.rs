//! What every PSA must pass: one list of scenarios, each played by every vendor's real client against its simulator over
//! HTTP. A vendor joins with one line of `conforms!` and a [`Stage`] in its own test file.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod addresses;
mod failing;
mod play;
mod reading;
mod writing;

use std::sync::Arc;

use rollcall::clock::Clock;
use rollcall::http::Http;
use rollcall::model::{ContactId, ContactTypeId, PsaCompanyId, SiteId, Vocabulary};
use rollcall::psa::{Psa, Vendor};
use rollcall::simulator::kit::Controls;

/// Gives every scenario to a vendor, as tests in a module of its name.
macro_rules! conforms {
    ($vendor:ident, $stage:expr) => {
        mod $vendor {
            conforms!(@each $stage;
                writing a_contact_is_made_with_every_field_and_read_back,
                writing a_contact_is_made_with_the_least,
                writing each_field_is_changed_by_itself,
                writing all_fields_are_changed_together,
                writing a_change_of_nothing_is_no_request,
                writing a_site_that_is_not_named_stays,
                addresses an_old_address_of_the_user_is_kept,
                addresses an_old_address_of_somebody_else_is_replaced,
                addresses an_old_address_is_not_kept_twice,
                addresses an_address_among_the_others_changes_places,
                addresses an_address_among_the_others_becomes_the_missing_default,
                addresses a_contact_without_an_address_gets_one,
                writing a_contact_is_deactivated_and_reactivated,
                reading many_contacts_are_read_page_by_page,
                failing a_page_that_fails_midway_is_an_error,
                failing a_create_whose_answer_is_lost_is_found,
                failing a_create_that_never_arrived_is_not_found,
                failing a_create_answered_by_a_gateway_is_lost,
                failing what_is_looked_up_must_hold_the_address,
                failing a_read_is_repeated_after_a_broken_answer,
                failing throttling_is_obeyed,
                failing a_long_pause_is_given_up_at_once,
                failing wrong_keys_are_called_credentials,
                reading a_company_that_is_gone_is_none,
                reading companies_are_found_by_a_part_of_their_name,
                reading sites_and_types_are_read,
                reading no_more_requests_at_once_than_allowed,
                reading the_address_of_the_api_is_remembered,
            );
        }
    };
    (@each $stage:expr; $($theme:ident $scenario:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $scenario() {
                super::$theme::$scenario(&$stage.await).await;
            }
        )+
    };
}

// One line a vendor, and one more for each other set of its unproved ways.
conforms!(connectwise, crate::psa_connectwise::stage());
conforms!(connectwise_otherwise, crate::psa_connectwise::other_stage());
conforms!(connectwise_strict, crate::psa_connectwise::strict_stage());
conforms!(autotask, crate::psa_autotask::stage());
conforms!(autotask_otherwise, crate::psa_autotask::other_stage());

/// A contact of the simulator in plain values: what is really stored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plain {
    /// Its id; blank: to be given.
    pub id: String,
    pub active: bool,
    pub first_name: String,
    pub last_name: Option<String>,
    pub title: Option<String>,
    pub phone: Option<String>,
    pub mobile: Option<String>,
    /// The default address.
    pub email: Option<String>,
    pub other_emails: Vec<String>,
    pub site: Option<String>,
    pub types: Vec<String>,
}

impl Plain {
    /// An active contact with a name and an address.
    pub fn named(first_name: &str, last_name: &str, email: &str) -> Self {
        Self {
            active: true,
            first_name: first_name.into(),
            last_name: Some(last_name.into()),
            email: Some(email.into()),
            ..Self::default()
        }
    }
}

/// How a client differs from the usual one.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub wrong_keys: bool,
    pub at_once: Option<usize>,
    pub remembered: Option<serde_json::Value>,
}

/// One vendor's simulator, running, with the company `Contoso Ltd`, two sites and (where the vendor has them) two types.
pub trait Stage: Send + Sync {
    fn vendor(&self) -> &'static Vendor;
    /// A client made by the vendor's `connect`.
    fn connect(&self, options: Options) -> Arc<dyn Psa>;
    /// The clients' clock.
    fn clock(&self) -> &Clock;
    /// The simulator's switches and records.
    fn controls(&self) -> &Controls;
    fn company(&self) -> PsaCompanyId;
    fn sites(&self) -> [SiteId; 2];
    /// Two contact types; none where the vendor has none.
    fn types(&self) -> Vec<ContactTypeId>;
    /// Puts a contact there, as a technician does.
    fn put(&self, contact: &Plain) -> ContactId;
    /// The company's contacts as stored, by id.
    fn look(&self) -> Vec<Plain>;
    /// Takes the company away.
    fn remove_company(&self);
}

/// A client's tools: a shared HTTP client whose waiting takes no time.
pub fn http() -> Http {
    let now = chrono::DateTime::from_timestamp(1_769_826_600, 0).unwrap();
    Http::new(Clock::set_at(now)).unwrap()
}

/// What the connection's PSA calls things.
pub async fn vocabulary(psa: &dyn Psa) -> Vocabulary {
    Vocabulary {
        contact_types: psa.contact_types().await.unwrap(),
        phone_types: psa.phone_types().await.unwrap(),
        limits: psa.limits().await.unwrap(),
    }
}
