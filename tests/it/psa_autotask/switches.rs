//! What the vendor's undocumented ways and an administrator's settings make of a change, each both ways.

use rollcall::http::{ApiError, Kind};
use rollcall::model::{Field, FieldChange, FieldValue};
use rollcall::psa::Sent;
use rollcall::simulator::autotask::{ContactData, LocationData, Unauthorized};

use super::{COMPANY, World, flag, text, world};

fn at(location: Option<i64>) -> FieldChange {
    let to = location.map_or(FieldValue::Blank, |id| {
        FieldValue::Site(id.to_string().as_str().into(), String::new())
    });
    FieldChange {
        field: Field::Site,
        from: FieldValue::Blank,
        to,
    }
}

impl World {
    fn location(&self, active: bool) -> i64 {
        self.cloud.add_location(&LocationData {
            company_id: COMPANY,
            name: "Branch".into(),
            is_active: active,
            ..LocationData::default()
        })
    }

    /// A contact at this location.
    fn contact_at(&self, location: i64) -> i64 {
        self.cloud.add_contact(&ContactData {
            company_location_id: Some(location),
            ..ContactData::named(COMPANY, "Jo", "Do")
        })
    }

    async fn change(&self, id: i64, fields: &[FieldChange]) -> Result<Sent, ApiError> {
        let contact = self.contact(id).await;
        let step = self.steps(Some(&contact), fields, &[]).remove(0);
        self.psa.send(&step).await
    }
}

/// One person's failure, in the vendor's words.
fn is_refused(sent: Result<Sent, ApiError>, words: &str) {
    let error = sent.unwrap_err();
    assert_eq!(error.kind, Kind::Refused);
    assert!(!error.kind.stops_the_run() && !error.in_doubt);
    assert!(error.message().contains(words), "{}", error.message());
}

#[tokio::test]
async fn an_inactive_location_may_be_refused_and_that_is_one_persons_failure() {
    for refused in [false, true] {
        let world = world().await;
        let (open, closed) = (world.location(true), world.location(false));
        let id = world.contact_at(open);
        world
            .cloud
            .switches(|switches| switches.inactive_location_refused = refused);
        let fields = [
            text(Field::FirstName, "Jane"),
            text(Field::LastName, "Doe"),
            text(Field::Email, "jane@contoso.example"),
            at(Some(closed)),
        ];
        let create = world.steps(None, &fields, &[]).remove(0);
        let made = world.psa.send(&create).await;
        let moved = world.change(id, &[at(Some(closed))]).await;
        if refused {
            is_refused(made, "companyLocationID");
            is_refused(moved, "companyLocationID");
            assert_eq!(world.cloud.contacts(COMPANY).len(), 1);
        } else {
            assert!(made.is_ok() && moved.is_ok());
        }
        world.change(id, &[flag(false)]).await.unwrap();
    }
}

/// The location is nobody's to write here: such a contact waits for a technician, or for a filter that names another site.
#[tokio::test]
async fn a_contact_at_an_inactive_location_may_be_changed_only_together_with_the_location() {
    for refused in [false, true] {
        let world = world().await;
        let (open, closed) = (world.location(true), world.location(false));
        let id = world.contact_at(closed);
        world
            .cloud
            .switches(|switches| switches.inactive_location_refused = refused);
        for fields in [[text(Field::Title, "Lead")], [flag(false)]] {
            let sent = world.change(id, &fields).await;
            if refused {
                is_refused(sent, "companyLocationID");
            } else {
                sent.unwrap();
            }
        }
        let fields = [text(Field::Title, "Boss"), at(Some(open))];
        world.change(id, &fields).await.unwrap();
        let after = world.cloud.contact(id).unwrap();
        assert_eq!(after.title.as_deref(), Some("Boss"));
        assert_eq!(after.company_location_id, Some(open));
    }
}

#[tokio::test]
async fn an_inactive_company_may_refuse_every_write_and_is_still_read() {
    for refused in [false, true] {
        let world = world().await;
        let id = world.add("Jo", None);
        world
            .cloud
            .switches(|switches| switches.inactive_company_refused = refused);
        let edited = world
            .cloud
            .edit_company(COMPANY, |company| company.is_active = false);
        assert!(edited);
        let company = world.psa.company(&super::company()).await.unwrap();
        assert!(!company.unwrap().active);
        let made = world.psa.send(&world.create()).await;
        let changed = world.change(id, &[flag(false)]).await;
        if refused {
            is_refused(made, "companyID");
            is_refused(changed, "companyID");
        } else {
            assert!(made.is_ok() && changed.is_ok());
        }
    }
}

#[tokio::test]
async fn a_location_is_taken_away_where_a_null_may_be_written() {
    for refused in [false, true] {
        let world = world().await;
        let open = world.location(true);
        let id = world.contact_at(open);
        world
            .cloud
            .switches(|switches| switches.null_in_patch_refused = refused);
        let sent = world.change(id, &[at(None)]).await;
        let left = world.cloud.contact(id).unwrap().company_location_id;
        if refused {
            is_refused(sent, "Null is not a valid value");
            assert_eq!(left, Some(open));
        } else {
            sent.unwrap();
            assert_eq!(left, None);
        }
        // Texts are cleared by empty ones, whatever a null does.
        world.change(id, &[text(Field::Title, "x")]).await.unwrap();
        let cleared = FieldChange {
            to: FieldValue::Blank,
            ..text(Field::Title, "")
        };
        world.change(id, &[cleared]).await.unwrap();
        assert_eq!(world.contact(id).await.title, None);
    }
}

/// An answer to a write is a number and nothing else, so only the next reading shows the difference.
#[tokio::test]
async fn a_field_that_is_not_stored_differs_still_at_the_next_reading() {
    for blank in [false, true] {
        let world = world().await;
        world.cloud.switches(|switches| {
            switches.silently_ignored = vec!["title".into(), "companyLocationID".into()];
            switches.blank_text_is_empty = blank;
        });
        let open = world.location(true);
        let id = world.add("Jo", Some("jo@contoso.example"));
        let fields = [
            text(Field::Title, "Lead"),
            text(Field::Phone, "1"),
            at(Some(open)),
        ];
        let sent = world.change(id, &fields).await.unwrap();
        assert_eq!((sent.untaken, sent.then), (Vec::new(), Vec::new()));
        let contact = world.contact(id).await;
        assert_eq!((contact.title, contact.site), (None, None));
        assert_eq!(contact.phone.as_deref(), Some("1"));
    }
}

#[tokio::test]
async fn a_refused_sign_in_is_called_credentials_in_every_form() {
    for unauthorized in [
        Unauthorized::Empty,
        Unauthorized::Errors,
        Unauthorized::Message,
        Unauthorized::Html,
    ] {
        let world = world().await;
        world
            .cloud
            .switches(|switches| switches.unauthorized = unauthorized);
        let create = world.create();
        world.contacts().await.unwrap();
        world.cloud.set_secret("another");
        let read = world.contacts().await.unwrap_err();
        let written = world.psa.send(&create).await.unwrap_err();
        for error in [read, written] {
            assert_eq!((error.kind, error.status), (Kind::Credentials, Some(401)));
            assert!(!error.in_doubt && error.kind.stops_the_run());
            assert!(!error.message().contains('<'), "{}", error.message());
            assert!(error.advice().contains("secret"));
        }
    }
}
