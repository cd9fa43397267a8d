//! What every PSA must pass: one list of scenarios, each played by every vendor's real client against its simulator over
//! HTTP. A vendor joins with one line of [`conforms!`] and a [`Stage`] in its own test file.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rollcall::clock::Clock;
use rollcall::http::{Http, Kind};
use rollcall::model::{
    Change, Contact, ContactId, ContactTypeId, Field, FieldChange, FieldValue, PsaCompanyId,
    SiteId, Vocabulary, text,
};
use rollcall::psa::{Adds, Psa, Step, Vendor};
use rollcall::simulator::kit::{Controls, Fault, FaultKind};

/// Gives every scenario to a vendor, as tests in a module of its name.
macro_rules! conforms {
    ($vendor:ident, $stage:expr) => {
        mod $vendor {
            conforms!(@each $stage;
                a_contact_is_made_with_every_field_and_read_back,
                a_contact_is_made_with_the_least,
                each_field_is_changed_by_itself,
                all_fields_are_changed_together,
                a_change_of_nothing_is_no_request,
                a_site_that_is_not_named_stays,
                an_old_address_of_the_user_is_kept,
                an_old_address_of_somebody_else_is_replaced,
                an_old_address_is_not_kept_twice,
                an_address_among_the_others_changes_places,
                an_address_among_the_others_becomes_the_missing_default,
                a_contact_without_an_address_gets_one,
                a_contact_is_deactivated_and_reactivated,
                many_contacts_are_read_page_by_page,
                a_page_that_fails_midway_is_an_error,
                a_create_whose_answer_is_lost_is_found,
                a_create_that_never_arrived_is_not_found,
                a_create_answered_by_a_gateway_is_lost,
                what_is_looked_up_must_hold_the_address,
                a_read_is_repeated_after_a_broken_answer,
                throttling_is_obeyed,
                a_long_pause_is_given_up_at_once,
                wrong_keys_are_called_credentials,
                a_company_that_is_gone_is_none,
                companies_are_found_by_a_part_of_their_name,
                sites_and_types_are_read,
                no_more_requests_at_once_than_allowed,
                the_address_of_the_api_is_remembered,
            );
        }
    };
    (@each $stage:expr; $($scenario:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $scenario() {
                super::$scenario(&$stage.await).await;
            }
        )+
    };
}

conforms!(connectwise, crate::psa_connectwise::stage());
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

/// What a contact is to be.
#[derive(Clone, Debug, Default)]
struct Wanted {
    first_name: Option<&'static str>,
    last_name: Option<&'static str>,
    title: Option<&'static str>,
    phone: Option<&'static str>,
    mobile: Option<&'static str>,
    email: Option<&'static str>,
    site: Option<SiteId>,
    contact_type: Option<ContactTypeId>,
    active: Option<bool>,
}

impl Wanted {
    /// The fields that a contact lacks.
    fn differences(&self, contact: &Contact) -> Vec<FieldChange> {
        let mut changes = Vec::new();
        let value = |value: Option<&str>| {
            value.map_or(FieldValue::Blank, |value| FieldValue::Text(value.into()))
        };
        let texts = [
            (Field::FirstName, &contact.first_name, self.first_name),
            (Field::LastName, &contact.last_name, self.last_name),
            (Field::Title, &contact.title, self.title),
            (Field::Phone, &contact.phone, self.phone),
            (Field::Mobile, &contact.mobile, self.mobile),
            (Field::Email, &contact.email, self.email),
        ];
        for (field, has, wanted) in texts {
            let has = has.as_deref();
            let same = |one: &str, other: &str| match field {
                Field::Phone | Field::Mobile => text::same_digits(one, other),
                Field::Email => text::folded(one) == text::folded(other),
                _ => one.trim() == other.trim(),
            };
            if let Some(to) = wanted
                && !has.is_some_and(|has| same(has, to))
            {
                let (from, to) = (value(has), value(wanted));
                changes.push(FieldChange { field, from, to });
            }
        }
        if let Some(site) = &self.site
            && contact.site.as_ref() != Some(site)
        {
            changes.push(FieldChange {
                field: Field::Site,
                from: FieldValue::Blank,
                to: FieldValue::Site(site.clone(), String::new()),
            });
        }
        if let Some(of) = &self.contact_type
            && !contact.types.contains(of)
        {
            changes.push(FieldChange {
                field: Field::ContactType,
                from: FieldValue::Blank,
                to: FieldValue::ContactType(of.clone(), String::new()),
            });
        }
        if let Some(active) = self.active
            && contact.active != active
        {
            changes.push(FieldChange {
                field: Field::Active,
                from: FieldValue::Flag(contact.active),
                to: FieldValue::Flag(active),
            });
        }
        changes
    }
}

/// Everything that a scenario needs of a stage.
struct Play<'a> {
    stage: &'a dyn Stage,
    psa: Arc<dyn Psa>,
    company: PsaCompanyId,
    vocabulary: Vocabulary,
}

impl<'a> Play<'a> {
    async fn on(stage: &'a impl Stage) -> Self {
        let psa = stage.connect(Options::default());
        let vocabulary = vocabulary(&*psa).await;
        assert_eq!(psa.missing_phone_types(&vocabulary), Vec::<String>::new());
        Self {
            stage,
            psa,
            company: stage.company(),
            vocabulary,
        }
    }

    async fn contacts(&self) -> Vec<Contact> {
        let contacts = self.psa.contacts(&self.company, &self.vocabulary).await;
        contacts.unwrap()
    }

    async fn contact(&self, id: &ContactId) -> Contact {
        let contacts = self.contacts().await;
        contacts
            .into_iter()
            .find(|contact| contact.id == *id)
            .unwrap()
    }

    fn stored(&self, id: &ContactId) -> Plain {
        let contacts = self.stage.look();
        contacts
            .into_iter()
            .find(|contact| contact.id == id.as_str())
            .unwrap()
    }

    fn steps(
        &self,
        contact: Option<&Contact>,
        fields: &[FieldChange],
        own_addresses: &[String],
    ) -> Vec<Step> {
        let change = Change {
            company: &self.company,
            contact,
            fields,
            own_addresses,
        };
        let steps = self.psa.steps(&change, &self.vocabulary);
        // A step is stored before it is sent, perhaps by another process.
        let stored = serde_json::to_string(&steps).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Step>>(&stored).unwrap(), steps);
        steps
    }

    fn creation(&self, wanted: &Wanted) -> Step {
        let fields = wanted.differences(&Contact {
            active: true,
            ..Contact::default()
        });
        let mut steps = self.steps(None, &fields, &[]);
        assert_eq!(steps.len(), 1, "a contact is made by one request");
        let step = steps.remove(0);
        assert_eq!(step.adds, Adds::Contact);
        let settled: BTreeSet<Field> = step.settles.iter().copied().collect();
        assert_eq!(settled, fields.iter().map(|change| change.field).collect());
        step
    }

    async fn create(&self, wanted: &Wanted) -> ContactId {
        let sent = self.psa.send(&self.creation(wanted)).await.unwrap();
        assert!(sent.then.is_empty());
        sent.contact.unwrap()
    }

    /// Brings a contact to where it is wanted, and checks that it is there and that nothing is left to do.
    async fn reach(&self, id: &ContactId, wanted: &Wanted, own_addresses: &[String]) {
        let contact = self.contact(id).await;
        let fields = wanted.differences(&contact);
        let mut queue = self.steps(Some(&contact), &fields, own_addresses);
        queue.reverse();
        let mut settled = BTreeSet::new();
        while let Some(step) = queue.pop() {
            let sent = self.psa.send(&step).await.unwrap();
            assert_eq!(sent.contact.as_ref(), Some(id));
            if sent.then.is_empty() {
                settled.extend(step.settles);
            }
            queue.extend(sent.then.into_iter().rev());
        }
        let differing: BTreeSet<Field> = fields.iter().map(|change| change.field).collect();
        assert_eq!(settled, differing, "every field is settled by a step");
        let writes = self.stage.controls().writes();
        let contact = self.contact(id).await;
        let left = wanted.differences(&contact);
        assert_eq!(left, [], "nothing is left to do");
        assert_eq!(self.steps(Some(&contact), &left, own_addresses), []);
        assert_eq!(
            self.stage.controls().writes(),
            writes,
            "reading writes nothing"
        );
    }

    fn full(&self) -> Wanted {
        Wanted {
            first_name: Some("Jane"),
            last_name: Some("Doe"),
            title: Some("Engineer"),
            phone: Some("+1 555 0100"),
            mobile: Some("+1 555 0101"),
            email: Some("Jane@contoso.example"),
            site: Some(self.stage.sites()[0].clone()),
            contact_type: self.stage.types().first().cloned(),
            active: None,
        }
    }
}

/// What the connection's PSA calls things.
pub async fn vocabulary(psa: &dyn Psa) -> Vocabulary {
    Vocabulary {
        contact_types: psa.contact_types().await.unwrap(),
        phone_types: psa.phone_types().await.unwrap(),
        limits: psa.limits().await.unwrap(),
    }
}

async fn a_contact_is_made_with_every_field_and_read_back(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let wanted = play.full();
    let id = play.create(&wanted).await;
    let stored = Plain {
        id: id.to_string(),
        active: true,
        first_name: "Jane".into(),
        last_name: Some("Doe".into()),
        title: Some("Engineer".into()),
        phone: Some("+1 555 0100".into()),
        mobile: Some("+1 555 0101".into()),
        email: Some("Jane@contoso.example".into()),
        other_emails: Vec::new(),
        site: Some(stage.sites()[0].to_string()),
        types: stage
            .types()
            .first()
            .iter()
            .map(ToString::to_string)
            .collect(),
    };
    assert_eq!(stage.look(), [stored]);
    let contact = play.contact(&id).await;
    assert!(contact.active && !contact.main && !contact.billing);
    assert_eq!(wanted.differences(&contact), []);
    play.reach(&id, &wanted, &[]).await;
}

async fn a_contact_is_made_with_the_least(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let required = play.vocabulary.limits.last_name_required;
    let wanted = Wanted {
        first_name: Some("jane"),
        last_name: required.then_some("-"),
        email: Some("jane@contoso.example"),
        ..Wanted::default()
    };
    let id = play.create(&wanted).await;
    let contact = play.contact(&id).await;
    assert_eq!(contact.email.as_deref(), Some("jane@contoso.example"));
    assert_eq!((contact.phone, contact.mobile), (None, None));
    assert_eq!((contact.title, contact.types), (None, Vec::new()));
}

async fn each_field_is_changed_by_itself(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let id = stage.put(&Plain::named("Jo", "Do", "jo@contoso.example"));
    let full = play.full();
    let none = Wanted::default;
    let mut each = vec![
        Wanted {
            first_name: full.first_name,
            ..none()
        },
        Wanted {
            last_name: full.last_name,
            ..none()
        },
        Wanted {
            title: full.title,
            ..none()
        },
        Wanted {
            mobile: full.mobile,
            ..none()
        },
        Wanted {
            phone: full.phone,
            ..none()
        },
        Wanted {
            phone: Some("+1 555 0199"),
            ..none()
        },
        Wanted {
            email: full.email,
            ..none()
        },
    ];
    for site in stage.sites() {
        each.push(Wanted {
            site: Some(site),
            ..none()
        });
    }
    for of in stage.types() {
        each.push(Wanted {
            contact_type: Some(of),
            ..none()
        });
    }
    for wanted in &each {
        let before = stage.controls().writes();
        play.reach(&id, wanted, &[]).await;
        assert_eq!(stage.controls().writes(), before + 1, "{wanted:?}");
    }
    let stored = play.stored(&id);
    assert_eq!(stored.phone.as_deref(), Some("+1 555 0199"));
    assert_eq!(stored.mobile, full.mobile.map(Into::into));
    assert_eq!(stored.site, Some(stage.sites()[1].to_string()));
    let types: Vec<String> = stage.types().iter().map(ToString::to_string).collect();
    assert_eq!(stored.types, types);
}

async fn all_fields_are_changed_together(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let id = stage.put(&Plain {
        phone: Some("1".into()),
        title: Some("Old".into()),
        ..Plain::named("Jo", "Do", "jo@contoso.example")
    });
    let bystander = stage.put(&Plain::named("Al", "Li", "al@contoso.example"));
    let before = play.stored(&bystander);
    play.reach(&id, &play.full(), &[]).await;
    assert_eq!(play.stored(&bystander), before);
}

async fn a_change_of_nothing_is_no_request(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let id = stage.put(&Plain::named("Jo", "Do", "jo@contoso.example"));
    let contact = play.contact(&id).await;
    assert_eq!(play.steps(Some(&contact), &[], &[]), []);
}

async fn a_site_that_is_not_named_stays(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let site = Some(stage.sites()[1].to_string());
    let id = stage.put(&Plain {
        site: site.clone(),
        ..Plain::named("Jo", "Do", "jo@contoso.example")
    });
    let wanted = Wanted {
        site: None,
        contact_type: None,
        ..play.full()
    };
    play.reach(&id, &wanted, &[]).await;
    assert_eq!(play.stored(&id).site, site);
}

const OLD: &str = "old@contoso.example";
const NEW: &str = "new@contoso.example";

fn address(email: &'static str) -> Wanted {
    Wanted {
        email: Some(email),
        ..Wanted::default()
    }
}

async fn an_old_address_of_the_user_is_kept(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let id = stage.put(&Plain::named("Jo", "Do", "Old@Contoso.example"));
    play.reach(&id, &address(NEW), &[NEW.into(), OLD.into()])
        .await;
    let stored = play.stored(&id);
    assert_eq!(stored.email.as_deref(), Some(NEW));
    assert_eq!(stored.other_emails, ["Old@Contoso.example"]);
}

async fn an_old_address_of_somebody_else_is_replaced(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let id = stage.put(&Plain {
        other_emails: vec!["desk@contoso.example".into()],
        ..Plain::named("Jo", "Do", OLD)
    });
    play.reach(&id, &address(NEW), &[NEW.into()]).await;
    let stored = play.stored(&id);
    assert_eq!(stored.email.as_deref(), Some(NEW));
    assert_eq!(stored.other_emails, ["desk@contoso.example"]);
}

async fn an_old_address_is_not_kept_twice(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let id = stage.put(&Plain {
        other_emails: vec![OLD.to_uppercase()],
        ..Plain::named("Jo", "Do", OLD)
    });
    play.reach(&id, &address(NEW), &[NEW.into(), OLD.into()])
        .await;
    let stored = play.stored(&id);
    assert_eq!(stored.email.as_deref(), Some(NEW));
    assert_eq!(stored.other_emails, [OLD.to_uppercase()]);
}

async fn an_address_among_the_others_changes_places(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let id = stage.put(&Plain {
        other_emails: vec!["desk@contoso.example".into(), NEW.to_uppercase()],
        ..Plain::named("Jo", "Do", OLD)
    });
    play.reach(&id, &address(NEW), &[NEW.into()]).await;
    let stored = play.stored(&id);
    assert_eq!(
        stored.email.as_deref().map(str::to_lowercase),
        Some(NEW.into())
    );
    assert_eq!(stored.other_emails, ["desk@contoso.example", OLD]);
}

async fn an_address_among_the_others_becomes_the_missing_default(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let id = stage.put(&Plain {
        email: None,
        other_emails: vec![NEW.into()],
        ..Plain::named("Jo", "Do", "")
    });
    assert_eq!(play.contact(&id).await.email, None);
    play.reach(&id, &address(NEW), &[NEW.into()]).await;
    let stored = play.stored(&id);
    assert_eq!(stored.email.as_deref(), Some(NEW));
    assert!(stored.other_emails.iter().all(|other| other == NEW));
}

async fn a_contact_without_an_address_gets_one(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let id = stage.put(&Plain {
        email: None,
        ..Plain::named("Jo", "Do", "")
    });
    play.reach(&id, &address(NEW), &[NEW.into()]).await;
    assert_eq!(play.stored(&id).other_emails, Vec::<String>::new());
}

async fn a_contact_is_deactivated_and_reactivated(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let id = stage.put(&Plain::named("Jo", "Do", OLD));
    let before = play.stored(&id);
    let active = |active| Wanted {
        active: Some(active),
        ..Wanted::default()
    };
    play.reach(&id, &active(false), &[]).await;
    let inactive = Plain {
        active: false,
        ..before.clone()
    };
    assert_eq!(play.stored(&id), inactive);
    let back = Wanted {
        title: Some("Engineer"),
        ..active(true)
    };
    let writes = stage.controls().writes();
    play.reach(&id, &back, &[]).await;
    assert_eq!(stage.controls().writes(), writes + 1);
    let titled = Plain {
        title: Some("Engineer".into()),
        ..before
    };
    assert_eq!(play.stored(&id), titled);
}

fn fill(stage: &impl Stage, count: usize) -> BTreeSet<String> {
    (0..count)
        .map(|n| {
            let email = format!("user{n}@contoso.example");
            stage
                .put(&Plain::named("User", &n.to_string(), &email))
                .to_string()
        })
        .collect()
}

async fn many_contacts_are_read_page_by_page(stage: &impl Stage) {
    let play = Play::on(stage).await;
    assert_eq!(play.contacts().await, []);
    for more in [1_000, 205, 795] {
        fill(stage, more);
        let stored: BTreeSet<String> = stage.look().into_iter().map(|each| each.id).collect();
        let read = play.contacts().await;
        assert_eq!(read.len(), stored.len());
        let ids: BTreeSet<String> = read.iter().map(|each| each.id.to_string()).collect();
        assert_eq!(ids, stored);
    }
}

async fn a_page_that_fails_midway_is_an_error(stage: &impl Stage) {
    let play = Play::on(stage).await;
    fill(stage, 1_205);
    for fault in [
        FaultKind::Html(502),
        FaultKind::Drop,
        FaultKind::Half,
        FaultKind::Answer {
            status: 200,
            body: "{}".into(),
        },
    ] {
        let controls = stage.controls();
        controls.fault(Fault::always(fault.clone()).after(1));
        let read = play.psa.contacts(&play.company, &play.vocabulary).await;
        controls.clear_faults();
        let kind = read.unwrap_err().kind;
        assert!(
            matches!(
                kind,
                Kind::Unavailable | Kind::Unexpected | Kind::Incomplete
            ),
            "{fault:?}: {kind:?}"
        );
    }
}

async fn a_create_whose_answer_is_lost_is_found(stage: &impl Stage) {
    let play = Play::on(stage).await;
    stage.put(&Plain::named("Al", "Li", "al@contoso.example"));
    let step = play.creation(&play.full());
    let cut = Fault::once(FaultKind::DropAfter).on_writes();
    stage.controls().fault(cut);
    let lost = play.psa.send(&step).await.unwrap_err();
    assert_eq!(lost.kind, Kind::Lost);
    let made = stage.look().pop().unwrap();
    assert_eq!(made.first_name, "Jane");
    let found = play.psa.happened(&step).await.unwrap();
    let ids: Vec<String> = found
        .iter()
        .filter_map(|sent| sent.contact.as_ref().map(ToString::to_string))
        .collect();
    assert_eq!(ids, [made.id]);
}

async fn a_create_that_never_arrived_is_not_found(stage: &impl Stage) {
    let play = Play::on(stage).await;
    stage.put(&Plain::named("Al", "Li", "al@contoso.example"));
    let step = play.creation(&play.full());
    stage
        .controls()
        .fault(Fault::once(FaultKind::Drop).on_writes());
    let lost = play.psa.send(&step).await.unwrap_err();
    assert_eq!(lost.kind, Kind::Lost);
    assert_eq!(play.psa.happened(&step).await.unwrap(), []);
    play.psa.send(&step).await.unwrap();
    assert_eq!(stage.look().len(), 2);
}

async fn a_create_answered_by_a_gateway_is_lost(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let step = play.creation(&play.full());
    for fault in [
        FaultKind::Html(502),
        FaultKind::Html(500),
        FaultKind::Html(504),
    ] {
        let writes = stage.controls().writes();
        stage.controls().fault(Fault::once(fault).on_writes());
        let lost = play.psa.send(&step).await.unwrap_err();
        assert_eq!(lost.kind, Kind::Lost);
        assert!(!lost.message().contains('<'), "{}", lost.message());
        assert_eq!(stage.controls().writes(), writes + 1, "it is sent once");
    }
    for fault in [FaultKind::StatusAfter(503), FaultKind::Half] {
        stage.controls().fault(Fault::once(fault).on_writes());
        let lost = play.psa.send(&step).await.unwrap_err();
        assert_eq!(lost.kind, Kind::Lost);
    }
    assert_eq!(stage.look().len(), 2);
    assert_eq!(play.psa.happened(&step).await.unwrap().len(), 2);
}

async fn what_is_looked_up_must_hold_the_address(stage: &impl Stage) {
    let play = Play::on(stage).await;
    stage.put(&Plain::named("Jane", "Doe", "jane@contoso.example.net"));
    stage.put(&Plain::named("Jane", "Doe", "xjane@contoso.example"));
    let other = stage.put(&Plain {
        other_emails: vec!["JANE@contoso.example".into()],
        ..Plain::named("Janet", "Doe", "janet@contoso.example")
    });
    let step = play.creation(&play.full());
    let found = play.psa.happened(&step).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].contact, Some(other));
}

async fn a_read_is_repeated_after_a_broken_answer(stage: &impl Stage) {
    let play = Play::on(stage).await;
    fill(stage, 3);
    for fault in [
        FaultKind::Html(503),
        FaultKind::Drop,
        FaultKind::Half,
        FaultKind::Html(500),
    ] {
        stage.controls().fault(Fault::once(fault));
        assert_eq!(play.contacts().await.len(), 3);
    }
}

async fn throttling_is_obeyed(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let step = play.creation(&play.full());
    for (retry_after, pause) in [("0", 0), ("2.5", 2_500), ("30", 30_000)] {
        let throttle = FaultKind::Throttle {
            retry_after: Some(retry_after.into()),
        };
        stage.controls().fault(Fault::once(throttle).on_writes());
        let before = stage.clock().now();
        play.psa.send(&step).await.unwrap();
        let waited = stage.clock().now() - before;
        assert_eq!(waited.to_std().unwrap(), Duration::from_millis(pause));
    }
    assert_eq!(
        stage.look().len(),
        3,
        "a throttled request was not done, so it is repeated"
    );
}

async fn a_long_pause_is_given_up_at_once(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let throttle = FaultKind::Throttle {
        retry_after: Some("3600".into()),
    };
    stage.controls().fault(Fault::always(throttle));
    let requests = stage.controls().requests();
    let read = play.psa.contacts(&play.company, &play.vocabulary).await;
    let error = read.unwrap_err();
    assert_eq!(error.kind, Kind::Throttled);
    assert_eq!(stage.controls().requests(), requests + 1);
    let hour = Duration::from_hours(1);
    assert_eq!(error.retry_at, Some(stage.clock().now() + hour));
}

async fn wrong_keys_are_called_credentials(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let wrong = stage.connect(Options {
        wrong_keys: true,
        ..Options::default()
    });
    let read = wrong.contacts(&play.company, &play.vocabulary).await;
    let error = read.unwrap_err();
    assert_eq!(error.kind, Kind::Credentials);
    assert!(!error.advice().is_empty());
    let read = wrong.company(&play.company).await;
    assert_eq!(read.unwrap_err().kind, Kind::Credentials);
}

async fn a_company_that_is_gone_is_none(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let there = play.psa.company(&play.company).await.unwrap().unwrap();
    assert_eq!(there.id, play.company);
    assert_eq!(there.name, "Contoso Ltd");
    assert!(there.active);
    let never = play.psa.company(&"987654".into()).await.unwrap();
    assert_eq!(never, None);
    stage.remove_company();
    let gone = play.psa.company(&play.company).await.unwrap();
    assert_eq!(gone, None);
}

async fn companies_are_found_by_a_part_of_their_name(stage: &impl Stage) {
    let play = Play::on(stage).await;
    for search in ["contoso", "OSO L", "", " Contoso Ltd "] {
        let found = play.psa.companies(search).await.unwrap();
        assert!(
            found.iter().any(|company| company.id == play.company),
            "{search}"
        );
        assert!(found.len() <= 50);
    }
    for search in [
        "fabrikam",
        "Con*so",
        "Con%",
        "\"",
        "Contoso\" OR name=\"x",
        "\\",
        "[",
    ] {
        assert_eq!(play.psa.companies(search).await.unwrap(), [], "{search}");
    }
}

async fn sites_and_types_are_read(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let sites = play.psa.sites(&play.company).await.unwrap();
    for id in stage.sites() {
        let site = sites.iter().find(|site| site.id == id).unwrap();
        assert!(site.active && !site.name.is_empty());
    }
    let types = play.psa.contact_types().await.unwrap();
    assert_eq!(types.is_some(), stage.vendor().contact_types);
    for id in stage.types() {
        assert!(types.iter().flatten().any(|of| of.id == id));
    }
}

async fn no_more_requests_at_once_than_allowed(stage: &impl Stage) {
    let play = Play::on(stage).await;
    fill(stage, 20);
    let psa = stage.connect(Options {
        at_once: Some(2),
        ..Options::default()
    });
    stage.controls().set_latency(Duration::from_millis(2));
    let reads = (0..12).map(|_| psa.contacts(&play.company, &play.vocabulary));
    for read in futures_util::future::join_all(reads).await {
        assert_eq!(read.unwrap().len(), 20);
    }
    assert!(stage.controls().busiest_lane() <= 2);
}

async fn the_address_of_the_api_is_remembered(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let first = stage.connect(Options::default());
    assert_eq!(first.address(), None);
    let count = async |psa: &dyn Psa| {
        let before = stage.controls().requests();
        psa.contacts(&play.company, &play.vocabulary).await.unwrap();
        stage.controls().requests() - before
    };
    let with_look_up = count(&*first).await;
    let remembered = first.address();
    assert!(remembered.is_some());
    let second = stage.connect(Options {
        remembered: remembered.clone(),
        ..Options::default()
    });
    assert_eq!(second.address(), remembered);
    assert_eq!(count(&*second).await, with_look_up - 1);
    second.forget_address();
    assert_eq!(second.address(), None);
    assert_eq!(count(&*second).await, with_look_up);
}
