//! The Autotask client against the simulated database, over real HTTP.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rollcall::clock::Clock;
use rollcall::http::{ApiError, Http, Kind};
use rollcall::model::{
    Change, Contact, ContactId, Field, FieldChange, FieldValue, Limits, PsaCompanyId, Vocabulary,
};
use rollcall::psa::{Adds, Budget, Connection, Psa, Step, autotask::VENDOR};
use rollcall::simulator::autotask::{
    Autotask, CompanyData, ContactData, LocationData, Settings, Unauthorized,
};
use rollcall::simulator::kit::{self, Fault, FaultKind, Running};
use serde_json::{Value, json};

const COMPANY: i64 = 250;

struct World {
    cloud: Arc<Autotask>,
    running: Running,
    clock: Clock,
    psa: Arc<dyn Psa>,
}

fn start_of_time() -> DateTime<Utc> {
    DateTime::from_timestamp(1_769_826_600, 0).unwrap()
}

fn connection(running: &Running, clock: &Clock) -> Connection {
    let settings = Settings::default();
    Connection {
        fields: BTreeMap::from([("username".into(), settings.user)]),
        secrets: BTreeMap::from([
            ("secret".into(), settings.secret.into()),
            ("integration_code".into(), settings.integration_code.into()),
        ]),
        remembered: None,
        lookup_url: Some(running.url.clone()),
        at_once: None,
        http: Http::new(clock.clone()).unwrap(),
    }
}

fn connect(connection: Connection) -> Arc<dyn Psa> {
    (VENDOR.connect)(connection).unwrap()
}

/// A database with one company, and a client of it.
async fn world() -> World {
    let cloud = Arc::new(Autotask::new(Settings::default()));
    cloud.add_company(&CompanyData {
        id: COMPANY,
        company_name: "Contoso".into(),
        is_active: true,
        ..CompanyData::default()
    });
    let running = kit::start(cloud.clone()).await.unwrap();
    let clock = Clock::set_at(start_of_time());
    let psa = connect(connection(&running, &clock));
    World {
        cloud,
        running,
        clock,
        psa,
    }
}

impl World {
    fn add(&self, name: &str, email: Option<&str>) -> i64 {
        self.cloud.add_contact(&ContactData {
            email_address: email.map(str::to_owned),
            ..ContactData::named(COMPANY, name, "Doe")
        })
    }

    async fn contacts(&self) -> Result<Vec<Contact>, ApiError> {
        self.psa.contacts(&company(), &vocabulary()).await
    }

    async fn contact(&self, id: i64) -> Contact {
        let all = self.contacts().await.unwrap();
        let wanted = ContactId::from(id.to_string());
        all.into_iter()
            .find(|contact| contact.id == wanted)
            .unwrap()
    }

    fn steps(&self, contact: Option<&Contact>, fields: &[FieldChange], own: &[&str]) -> Vec<Step> {
        let own: Vec<_> = own.iter().map(|own| (*own).to_owned()).collect();
        let company = company();
        let change = Change {
            company: &company,
            contact,
            fields,
            own_addresses: &own,
        };
        self.psa.steps(&change, &vocabulary())
    }

    /// The one step that makes Jane.
    fn create(&self) -> Step {
        let fields = [
            text(Field::FirstName, "Jane"),
            text(Field::LastName, "Doe"),
            text(Field::Email, "Jane@contoso.example"),
        ];
        let mut steps = self.steps(None, &fields, &[]);
        assert_eq!(steps.len(), 1);
        steps.remove(0)
    }

    /// How far waiting has moved the clock.
    fn waited(&self) -> Duration {
        (self.clock.now() - start_of_time()).to_std().unwrap()
    }

    fn look_ups(&self) -> usize {
        let log = self.running.controls.log();
        log.iter()
            .filter(|entry| entry.target.contains("zoneInformation"))
            .count()
    }

    fn answers(&self, at: &str, status: u16, body: &str) {
        let body = body.to_owned();
        let fault = Fault::once(FaultKind::Answer { status, body });
        self.running.controls.fault(fault.at("POST", at));
    }
}

fn company() -> PsaCompanyId {
    PsaCompanyId::from(COMPANY.to_string())
}

fn vocabulary() -> Vocabulary {
    Vocabulary {
        contact_types: None,
        phone_types: Vec::new(),
        limits: Limits {
            first_name: 20,
            last_name: 20,
            title: 50,
            phone: 25,
            mobile: 25,
            email: 254,
            last_name_required: true,
        },
    }
}

fn text(field: Field, to: &str) -> FieldChange {
    FieldChange {
        field,
        from: FieldValue::Blank,
        to: FieldValue::Text(to.into()),
    }
}

fn flag(to: bool) -> FieldChange {
    FieldChange {
        field: Field::Active,
        from: FieldValue::Flag(!to),
        to: FieldValue::Flag(to),
    }
}

#[tokio::test]
async fn every_contact_is_read_page_by_page_in_both_forms_of_a_blank() {
    let world = world().await;
    for number in 0..7 {
        world.add(&format!("P{number}"), None);
    }
    world
        .cloud
        .add_contact(&ContactData::named(0, "Own", "Company"));
    for (blank, lean) in [(false, false), (true, false), (false, true)] {
        world.cloud.switches(|switches| {
            switches.page_cap = 3;
            switches.blank_text_is_empty = blank;
            switches.rows_are_lean = lean;
        });
        world.running.controls.clear_log();
        let contacts = world.contacts().await.unwrap();
        assert_eq!(contacts.len(), 7);
        assert!(contacts.iter().all(|contact| contact.active));
        let blank = |contact: &Contact| contact.email.is_none() && contact.title.is_none();
        assert!(contacts.iter().all(blank));
        let log = world.running.controls.log();
        let pages = log
            .iter()
            .filter(|entry| entry.target.contains("Contacts/"));
        let pages: Vec<_> = pages.collect();
        assert_eq!(pages.len(), 3);
        assert!(
            pages
                .iter()
                .all(|page| page.method == "POST" && page.body == pages[0].body)
        );
    }
    assert_eq!(world.running.controls.writes(), 0);
}

#[tokio::test]
async fn a_contact_is_read_with_all_that_rollcall_looks_at() {
    let world = world().await;
    let id = world.cloud.add_contact(&ContactData {
        title: Some("Lead".into()),
        email_address: Some("jane@contoso.example".into()),
        email_address3: Some("j@contoso.example".into()),
        phone: Some("1".into()),
        mobile_phone: Some("2".into()),
        company_location_id: Some(9),
        primary_contact: true,
        is_active: 0,
        ..ContactData::named(COMPANY, "Jane", "Doe")
    });
    let contact = world.contact(id).await;
    assert!(!contact.active && contact.main);
    assert_eq!(contact.title.as_deref(), Some("Lead"));
    assert_eq!(contact.email.as_deref(), Some("jane@contoso.example"));
    assert_eq!(contact.other_emails, ["j@contoso.example"]);
    let phones = (contact.phone.as_deref(), contact.mobile.as_deref());
    assert_eq!(phones, (Some("1"), Some("2")));
    assert_eq!(contact.site.unwrap().as_str(), "9");
}

#[tokio::test]
async fn a_page_that_fails_midway_is_an_error() {
    let world = world().await;
    world.cloud.switches(|switches| switches.page_cap = 2);
    for number in 0..6 {
        world.add(&format!("P{number}"), None);
    }
    let fault = Fault::always(FaultKind::Status(503)).at("POST", "query/next");
    world.running.controls.fault(fault.after(1));
    let error = world.contacts().await.unwrap_err();
    assert_eq!((error.kind, error.status), (Kind::Unavailable, Some(503)));
    assert!(world.waited() > Duration::from_secs(10));
    world.running.controls.clear_faults();
    let once = Fault::once(FaultKind::Half).at("POST", "query/next");
    world.running.controls.fault(once);
    assert_eq!(world.contacts().await.unwrap().len(), 6);
}

#[tokio::test]
async fn a_next_page_elsewhere_or_again_is_not_followed() {
    let world = world().await;
    let zone = format!("{}/zone14/atservicesrest/v1.0/", world.running.url);
    let elsewhere = world.running.url.replace("127.0.0.1", "localhost");
    let page = |next: &str, id: i64| {
        let row = json!({ "id": id, "isActive": 1 });
        json!({ "items": [row], "pageDetails": { "nextPageUrl": next } }).to_string()
    };
    for next in [
        "https://evil.example/zone14/atservicesrest/v1.0/Contacts/query/next?paging=1".to_owned(),
        format!("{elsewhere}/zone14/atservicesrest/v1.0/Contacts/query/next?paging=1"),
        format!(
            "{}/zone15/atservicesrest/v1.0/Contacts/query/next",
            world.running.url
        ),
        "/zone14/atservicesrest/v1.0/Contacts/query/next".to_owned(),
    ] {
        world.answers("Contacts/query", 200, &page(&next, 1));
        let before = world.running.controls.requests();
        let error = world.contacts().await.unwrap_err();
        assert_eq!(error.kind, Kind::Incomplete, "{next}");
        let sent = world.running.controls.log();
        let new = &sent[before..];
        assert!(new.iter().all(|entry| !entry.target.contains("next")));
    }
    let again = format!("{zone}Contacts/query/next?paging=1");
    for id in [1, 2] {
        world.answers("Contacts/query", 200, &page(&again, id));
    }
    assert_eq!(world.contacts().await.unwrap_err().kind, Kind::Incomplete);
}

#[tokio::test]
async fn an_answer_that_is_not_documented_is_no_empty_list() {
    let world = world().await;
    for body in [
        "<html>sign in</html>",
        "[]",
        "{}",
        r#"{"items":[]}"#,
        r#"{"items":null,"pageDetails":{"nextPageUrl":null}}"#,
        r#"{"items":[{"isActive":1}],"pageDetails":{"nextPageUrl":null}}"#,
        r#"{"items":[{"id":1}],"pageDetails":{"nextPageUrl":null}}"#,
        r#"{"items":[{"id":1,"isActive":1,"companyID":9}],"pageDetails":{"nextPageUrl":null}}"#,
    ] {
        world.answers("Contacts/query", 200, body);
        let error = world.contacts().await.unwrap_err();
        assert_eq!(error.kind, Kind::Unexpected, "{body}");
    }
    assert!(world.contacts().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_company_that_is_gone_is_none_in_either_form() {
    let world = world().await;
    for missing_is_404 in [false, true] {
        let set = |switches: &mut rollcall::simulator::autotask::Switches| {
            switches.missing_is_404 = missing_is_404;
        };
        world.cloud.switches(set);
        let found = world.psa.company(&company()).await.unwrap().unwrap();
        assert_eq!((found.name.as_str(), found.active), ("Contoso", true));
        let own = world.psa.company(&PsaCompanyId::new("0")).await.unwrap();
        assert_eq!(own.unwrap().name, "Example MSP");
        for gone in ["999", "Contoso"] {
            let gone = world.psa.company(&PsaCompanyId::new(gone)).await;
            assert!(gone.unwrap().is_none());
        }
    }
}

#[tokio::test]
async fn companies_are_searched_by_a_part_of_their_name() {
    let world = world().await;
    for number in 0..60 {
        world.cloud.add_company(&CompanyData {
            company_name: format!("Fabrikam {number}"),
            is_active: number % 2 == 0,
            ..CompanyData::default()
        });
    }
    let found = world.psa.companies(" contoso ").await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].id, company());
    assert_eq!(world.psa.companies("brik").await.unwrap().len(), 50);
    assert_eq!(world.psa.companies("").await.unwrap().len(), 50);
    assert!(world.psa.companies("nobody").await.unwrap().is_empty());
}

#[tokio::test]
async fn locations_are_read_with_the_inactive_ones() {
    let world = world().await;
    for (name, is_active) in [("Main", true), ("Old", false)] {
        world.cloud.add_location(&LocationData {
            company_id: COMPANY,
            name: name.into(),
            is_active,
            ..LocationData::default()
        });
    }
    let sites = world.psa.sites(&company()).await.unwrap();
    let sites: Vec<_> = sites
        .iter()
        .map(|site| (site.name.as_str(), site.active))
        .collect();
    assert_eq!(sites, [("Main", true), ("Old", false)]);
    assert_eq!(world.psa.contact_types().await.unwrap(), None);
    assert!(world.psa.phone_types().await.unwrap().is_empty());
    assert!(world.psa.missing_phone_types(&vocabulary()).is_empty());
}

#[tokio::test]
async fn field_lengths_are_those_of_the_database() {
    let world = world().await;
    for length in [20, 50] {
        world
            .cloud
            .switches(|switches| switches.name_length = length);
        let limits = world.psa.limits().await.unwrap();
        assert_eq!((limits.first_name, limits.last_name), (length, length));
        assert_eq!((limits.title, limits.phone, limits.mobile), (50, 25, 25));
        assert_eq!(limits.email, 254);
        assert!(limits.last_name_required);
    }
}

#[tokio::test]
async fn the_zone_is_looked_up_once_remembered_and_forgotten() {
    let world = world().await;
    assert_eq!(world.psa.address(), None);
    let at_once = tokio::join!(world.contacts(), world.contacts(), world.psa.limits());
    assert!(at_once.0.is_ok() && at_once.1.is_ok() && at_once.2.is_ok());
    assert_eq!(world.look_ups(), 1);
    let address = world.psa.address().unwrap();
    let url = &world.running.url;
    let wanted = json!({ "url": format!("{url}/zone14/atservicesrest/"), "web_url": format!("{url}/zone14/") });
    assert_eq!(address, wanted);

    let later = connect(Connection {
        remembered: Some(address.clone()),
        ..connection(&world.running, &world.clock)
    });
    assert!(later.company(&company()).await.unwrap().is_some());
    assert_eq!(world.look_ups(), 1);
    later.forget_address();
    assert_eq!(later.address(), None);
    assert!(later.company(&company()).await.unwrap().is_some());
    assert_eq!((world.look_ups(), later.address()), (2, Some(address)));
}

#[tokio::test]
async fn a_database_that_moved_is_found_again_by_one_look_up() {
    let world = world().await;
    for unauthorized in [
        Unauthorized::Empty,
        Unauthorized::Errors,
        Unauthorized::Message,
        Unauthorized::Html,
    ] {
        world
            .cloud
            .switches(|switches| switches.unauthorized = unauthorized);
        world.cloud.move_zone("zone14");
        world.psa.forget_address();
        world.contacts().await.unwrap();
        world.cloud.move_zone("zone15");
        let before = world.look_ups();
        let create = world.create();
        let all = tokio::join!(world.contacts(), world.psa.send(&create), world.contacts());
        assert!(all.0.is_ok() && all.1.is_ok() && all.2.is_ok());
        assert_eq!(world.look_ups(), before + 1, "{unauthorized:?}");
        let address = world.psa.address().unwrap().to_string();
        assert!(address.contains("zone15"));
    }
    assert_eq!(world.cloud.contacts(COMPANY).len(), 4);
}

#[tokio::test]
async fn a_database_that_moves_between_two_pages_leaves_no_half_reading() {
    let world = world().await;
    world.cloud.switches(|switches| switches.page_cap = 1);
    world.add("A", None);
    world.add("B", None);
    world.contacts().await.unwrap();
    let elsewhere = Fault::once(FaultKind::Answer {
        status: 401,
        body: String::new(),
    });
    world.running.controls.fault(elsewhere.at("POST", "next"));
    // It has not moved: it is the credentials.
    assert_eq!(world.contacts().await.unwrap_err().kind, Kind::Credentials);
    let url = &world.running.url;
    let next = format!("{url}/zone14/atservicesrest/v1.0/Contacts/query/next?paging=1");
    let row = json!({ "id": 1, "isActive": 1 });
    let page = json!({ "items": [row], "pageDetails": { "nextPageUrl": next } });
    world.answers("Contacts/query", 200, &page.to_string());
    world.cloud.move_zone("zone15");
    let error = world.contacts().await.unwrap_err();
    assert_eq!(error.kind, Kind::Incomplete);
    assert_eq!(world.contacts().await.unwrap().len(), 2);
}

#[tokio::test]
async fn wrong_credentials_are_told_apart_from_a_move() {
    let world = world().await;
    world.contacts().await.unwrap();
    world.cloud.set_secret("another");
    let before = world.running.controls.requests();
    let error = world.contacts().await.unwrap_err();
    assert_eq!((error.kind, error.status), (Kind::Credentials, Some(401)));
    // The refused request and one look-up; nothing is tried again.
    assert_eq!(world.running.controls.requests(), before + 2);

    let mut unknown = connection(&world.running, &world.clock);
    unknown
        .fields
        .insert("username".into(), "nobody@msp.example".into());
    let error = connect(unknown).contacts(&company(), &vocabulary()).await;
    let error = error.unwrap_err();
    assert_eq!((error.kind, error.status), (Kind::Credentials, Some(500)));
    assert!(error.advice().contains("user name"));

    let mut code = connection(&world.running, &world.clock);
    code.secrets
        .insert("secret".into(), "another".to_owned().into());
    code.secrets
        .insert("integration_code".into(), "WRONG".to_owned().into());
    let error = connect(code).contacts(&company(), &vocabulary()).await;
    let error = error.unwrap_err();
    assert_eq!((error.kind, error.status), (Kind::Credentials, Some(500)));
    assert!(error.advice().contains("integration code"));
    assert!(error.kind.stops_the_run());
}

#[tokio::test]
async fn a_zone_at_an_unsafe_address_gets_no_secret() {
    let world = world().await;
    for url in [
        "http://at.example/atservicesrest/",
        "ftp://127.0.0.1/",
        "https://user:word@at.example/",
        "nonsense",
    ] {
        let body = json!({ "zoneName": "x", "url": url, "webUrl": "https://at.example/" });
        world.running.controls.fault(Fault::once(FaultKind::Answer {
            status: 200,
            body: body.to_string(),
        }));
        let error = world.contacts().await.unwrap_err();
        assert_eq!(error.kind, Kind::Unexpected, "{url}");
        assert_eq!(world.psa.address(), None);
    }
    let refused = |change: fn(&mut Connection)| {
        let mut connection = connection(&world.running, &world.clock);
        change(&mut connection);
        (VENDOR.connect)(connection).err().unwrap()
    };
    refused(|connection| connection.lookup_url = Some("http://at.example".into()));
    let missing = refused(|connection| connection.fields.clear());
    assert!(missing.contains("username"));
    let missing = refused(|connection| drop(connection.secrets.remove("secret")));
    assert!(missing.contains("secret"));
    let odd = refused(|connection| {
        let odd = "a\nb".to_owned().into();
        connection.secrets.insert("integration_code".into(), odd);
    });
    assert!(odd.contains("integration_code"));
    assert_eq!(
        world
            .running
            .controls
            .log()
            .iter()
            .filter(|entry| entry.target.contains("atservicesrest"))
            .count(),
        0
    );
}

#[tokio::test]
async fn no_more_than_three_requests_are_at_one_endpoint_at_once() {
    let world = world().await;
    let ids: Vec<_> = (0..4).map(|n| world.add(&format!("P{n}"), None)).collect();
    let contacts = world.contacts().await.unwrap();
    assert_eq!(contacts.len(), ids.len());
    world
        .running
        .controls
        .set_latency(Duration::from_millis(10));
    let steps: Vec<_> = contacts
        .iter()
        .flat_map(|contact| world.steps(Some(contact), &[text(Field::Title, "Lead")], &[]))
        .collect();
    let writes = steps.iter().map(|step| world.psa.send(step));
    let company = company();
    let (writes, reads, companies) = tokio::join!(
        futures_util::future::join_all(writes),
        futures_util::future::join_all((0..4).map(|_| world.contacts())),
        futures_util::future::join_all((0..4).map(|_| world.psa.company(&company)))
    );
    assert!(writes.iter().all(Result::is_ok));
    assert!(reads.iter().all(Result::is_ok));
    assert!(companies.iter().all(Result::is_ok));
    assert_eq!(world.running.controls.busiest_lane(), 3);
    assert_eq!(world.waited(), Duration::ZERO);
}

#[tokio::test]
async fn a_thread_limit_is_obeyed_under_either_status() {
    for status in [429, 500] {
        let world = world().await;
        world
            .cloud
            .switches(|switches| switches.threads_status = status);
        let greedy = connect(Connection {
            at_once: Some(5),
            ..connection(&world.running, &world.clock)
        });
        greedy.company(&company()).await.unwrap();
        world
            .running
            .controls
            .set_latency(Duration::from_millis(20));
        let company = company();
        let reads = (0..5).map(|_| greedy.company(&company));
        let reads = futures_util::future::join_all(reads).await;
        assert!(reads.iter().all(Result::is_ok));
        let log = world.running.controls.log();
        assert!(log.iter().any(|entry| entry.status == status));
        assert!(world.waited() >= Duration::from_millis(500));
    }
}

#[tokio::test]
async fn a_thread_limit_may_refuse_a_create_which_is_then_sent_again() {
    let world = world().await;
    let body = r#"{"errors":["Thread Threshold Exceeded (Itgenatr005)"]}"#;
    world.answers("/Contacts", 500, body);
    world.answers("/Contacts", 400, body);
    world.psa.send(&world.create()).await.unwrap();
    assert_eq!(world.cloud.contacts(COMPANY).len(), 1);
    assert_eq!(world.running.controls.writes(), 3);
}

#[tokio::test]
async fn an_hourly_limit_that_stays_ends_in_throttled_under_either_status() {
    for status in [429, 500] {
        let world = world().await;
        world
            .cloud
            .switches(|switches| switches.hourly_status = status);
        world.cloud.set_used_requests(10_000);
        let error = world.psa.send(&world.create()).await.unwrap_err();
        assert_eq!((error.kind, error.status), (Kind::Throttled, Some(status)));
        assert!(world.waited() > Duration::from_secs(10));
        assert!(world.waited() <= Duration::from_mins(2));
        assert!(world.cloud.contacts(COMPANY).is_empty());

        let late = FaultKind::Throttle {
            retry_after: Some("1800".into()),
        };
        world.running.controls.fault(Fault::always(late));
        let before = world.clock.now();
        let error = world.contacts().await.unwrap_err();
        assert_eq!(error.kind, Kind::Throttled);
        assert_eq!(
            error.retry_at,
            Some(before + chrono::TimeDelta::minutes(30))
        );
    }
}

#[tokio::test]
async fn without_a_reading_of_the_budget_nothing_is_slowed_down() {
    let world = world().await;
    world.cloud.set_used_requests(9_500);
    world.contacts().await.unwrap();
    assert_eq!(world.waited(), Duration::ZERO);
}

#[tokio::test]
async fn the_client_slows_down_with_the_budget_and_stops_before_ninety_percent() {
    let world = world().await;
    world
        .cloud
        .switches(|switches| switches.hourly_threshold = 100);
    world.cloud.set_used_requests(47);
    let budget = world.psa.budget().await.unwrap().unwrap();
    assert_eq!(
        budget,
        Budget {
            allowed: 100,
            used: 48
        }
    );
    let used = || world.cloud.used_requests();
    let mut steps = Vec::new();
    let error = loop {
        let before = world.clock.now();
        let had = used();
        match world.contacts().await {
            Ok(_) => steps.push((had, (world.clock.now() - before).num_milliseconds())),
            Err(error) => break error,
        }
    };
    for (had, paused) in steps {
        let wanted = match had {
            ..50 => 0,
            50..75 => 500,
            _ => 1000,
        };
        assert_eq!(paused, wanted, "with {had} used");
    }
    assert_eq!(error.kind, Kind::Budget);
    assert!(error.kind.stops_the_run());
    assert!(
        error.message().contains("88 of the 100 requests"),
        "{}",
        error.message()
    );
    assert_eq!(used(), 88);
    let refused = world.psa.send(&world.create()).await.unwrap_err();
    assert_eq!((refused.kind, used()), (Kind::Budget, 88));

    // Later the window has moved on: one new reading shows it.
    world.clock.advance(Duration::from_hours(1));
    world.cloud.pass_time(Duration::from_hours(1));
    world.cloud.set_used_requests(10);
    world.psa.send(&world.create()).await.unwrap();
    assert_eq!(used(), 12);
}

#[tokio::test]
async fn a_reading_of_the_budget_that_fails_does_not_stop_the_request() {
    let world = world().await;
    world
        .cloud
        .switches(|switches| switches.hourly_threshold = 100);
    world.cloud.set_used_requests(60);
    world.psa.budget().await.unwrap();
    world.clock.advance(Duration::from_mins(5));
    let fault = Fault::always(FaultKind::Html(404)).at("GET", "ThresholdInformation");
    world.running.controls.fault(fault);
    world.contacts().await.unwrap();
    assert_eq!(world.psa.budget().await.unwrap_err().kind, Kind::NotFound);
}

#[tokio::test]
async fn refusals_are_told_apart_by_their_words() {
    let world = world().await;
    let id = world.add("Jane", None);
    let contact = world.contact(id).await;
    let refused = async |fields: &[FieldChange]| {
        let step = world.steps(Some(&contact), fields, &[]).remove(0);
        world.psa.send(&step).await.unwrap_err()
    };
    let location = FieldChange {
        to: FieldValue::Site("4711".into(), "Gone".into()),
        ..text(Field::Site, "")
    };
    let error = refused(&[location]).await;
    assert_eq!(error.kind, Kind::Refused);
    assert!(error.message().contains("companyLocationID"));
    let error = refused(&[text(Field::LastName, "")]).await;
    assert_eq!(error.kind, Kind::Refused);
    assert!(error.detail.contains("required field lastName"));
    assert!(!format!("{error:?}").contains("lastName"));
    let long = "x".repeat(60);
    assert_eq!(
        refused(&[text(Field::Title, &long)]).await.kind,
        Kind::Refused
    );

    world.cloud.switches(|switches| switches.may_write = false);
    assert_eq!(refused(&[flag(false)]).await.kind, Kind::Permission);
    world.cloud.switches(|switches| switches.may_query = false);
    assert_eq!(world.contacts().await.unwrap_err().kind, Kind::Permission);
    world.cloud.switches(|switches| {
        switches.may_write = true;
        switches.may_query = true;
    });
    world.cloud.remove_contact(id);
    assert_eq!(refused(&[flag(false)]).await.kind, Kind::NotFound);

    let objects = r#"{"errors":[{"message":"Too odd","field":"phone"}]}"#;
    let fault = Fault::once(FaultKind::Answer {
        status: 500,
        body: objects.into(),
    });
    world.running.controls.fault(fault.at("PATCH", "/Contacts"));
    assert_eq!(refused(&[flag(true)]).await.detail, "Too odd (phone)");
    let page = Fault::once(FaultKind::Html(404));
    world.running.controls.fault(page.at("PATCH", "/Contacts"));
    let error = refused(&[flag(true)]).await;
    assert_eq!((error.kind, error.detail.as_str()), (Kind::NotFound, ""));
}

#[tokio::test]
async fn a_create_gives_the_new_contact() {
    let world = world().await;
    let step = world.create();
    assert_eq!(step.adds, Adds::Contact);
    let stored: Step = serde_json::from_value(serde_json::to_value(&step).unwrap()).unwrap();
    assert_eq!(stored, step);
    assert!(world.psa.happened(&stored).await.unwrap().is_empty());
    let sent = world.psa.send(&stored).await.unwrap();
    let made = &world.cloud.contacts(COMPANY)[0];
    assert_eq!(sent.contact.unwrap().as_str(), made.id.to_string());
    assert_eq!((made.is_active, made.first_name.as_str()), (1, "Jane"));
    assert_eq!(made.email_address.as_deref(), Some("Jane@contoso.example"));
    assert_eq!(world.running.controls.writes(), 1);
}

#[tokio::test]
async fn a_lost_create_is_not_repeated_and_is_found_by_its_address() {
    for lost in [
        FaultKind::DropAfter,
        FaultKind::StatusAfter(502),
        FaultKind::StatusAfter(500),
        FaultKind::Half,
    ] {
        let world = world().await;
        let fault = Fault::once(lost.clone()).on_writes();
        world.running.controls.fault(fault);
        let step = world.create();
        let error = world.psa.send(&step).await.unwrap_err();
        assert_eq!(error.kind, Kind::Lost, "{lost:?}");
        assert_eq!(world.running.controls.writes(), 1);
        let found = world.psa.happened(&step).await.unwrap();
        let made = world.cloud.contacts(COMPANY)[0].id;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].contact, Some(ContactId::from(made.to_string())));

        // Another case, another place, another company.
        let second = world.cloud.add_contact(&ContactData {
            email_address: Some("other@contoso.example".into()),
            email_address3: Some("JANE@contoso.example".into()),
            ..ContactData::named(COMPANY, "J", "D")
        });
        world.cloud.add_contact(&ContactData {
            email_address: Some("jane@contoso.example".into()),
            ..ContactData::named(0, "J", "D")
        });
        let found = world.psa.happened(&step).await.unwrap();
        let ids: Vec<_> = found.into_iter().filter_map(|sent| sent.contact).collect();
        assert_eq!(
            ids,
            [made, second].map(|id| ContactId::from(id.to_string()))
        );
    }
}

#[tokio::test]
async fn a_create_whose_answer_has_no_number_is_lost() {
    let world = world().await;
    for body in ["{}", "<html>", r#"{"itemId":null}"#] {
        world.answers("/Contacts", 200, body);
        let error = world.psa.send(&world.create()).await.unwrap_err();
        assert_eq!(error.kind, Kind::Lost, "{body}");
    }
}

#[tokio::test]
async fn a_lost_patch_is_simply_sent_again() {
    let world = world().await;
    let id = world.add("Jane", None);
    let contact = world.contact(id).await;
    for lost in [FaultKind::DropAfter, FaultKind::StatusAfter(504)] {
        let fault = Fault::once(lost).on_writes();
        world.running.controls.fault(fault);
        let step = world.steps(Some(&contact), &[flag(false)], &[]).remove(0);
        assert_eq!(step.adds, Adds::Nothing);
        let sent = world.psa.send(&step).await.unwrap();
        assert_eq!(sent.contact, Some(contact.id.clone()));
        assert_eq!(world.cloud.contact(id).unwrap().is_active, 0);
    }
    assert_eq!(world.running.controls.writes(), 4);
}

#[tokio::test]
async fn a_patch_leaves_alone_what_it_does_not_name() {
    let world = world().await;
    let before = ContactData {
        title: Some("Engineer".into()),
        phone: Some("1".into()),
        note: Some("a note".into()),
        email_address: Some("jane@contoso.example".into()),
        ..ContactData::named(COMPANY, "Jane", "Doe")
    };
    let id = world.cloud.add_contact(&before);
    let contact = world.contact(id).await;
    let fields = [text(Field::Title, "Lead"), flag(false)];
    let steps = world.steps(Some(&contact), &fields, &[]);
    assert_eq!(steps.len(), 1);
    assert_eq!(steps[0].settles, [Field::Title, Field::Active]);
    world.psa.send(&steps[0]).await.unwrap();
    let wanted = ContactData {
        id,
        title: Some("Lead".into()),
        is_active: 0,
        ..before
    };
    assert_eq!(world.cloud.contact(id).unwrap(), wanted);
}

#[tokio::test]
async fn an_address_changes_places_or_is_kept_in_the_database() {
    let world = world().await;
    let write = async |held: [&str; 3], own: &[&str]| {
        let blank = |email: &str| (!email.is_empty()).then(|| email.to_owned());
        let id = world.cloud.add_contact(&ContactData {
            email_address: blank(held[0]),
            email_address2: blank(held[1]),
            email_address3: blank(held[2]),
            ..ContactData::named(COMPANY, "Jane", "Doe")
        });
        let contact = world.contact(id).await;
        let fields = [text(Field::Email, "new@x.example")];
        let steps = world.steps(Some(&contact), &fields, own);
        assert_eq!(steps.len(), 1);
        world.psa.send(&steps[0]).await.unwrap();
        let after = world.cloud.contact(id).unwrap();
        [
            after.email_address,
            after.email_address2,
            after.email_address3,
        ]
        .map(Option::unwrap_or_default)
    };
    let (old, new) = ("old@x.example", "new@x.example");
    let swapped = write([old, "b@x.example", "NEW@x.example"], &[]).await;
    assert_eq!(swapped, [new, "b@x.example", old]);
    let filled = write(["", new, ""], &[]).await;
    assert_eq!(filled, [new, new, ""]);
    let kept = write([old, "", ""], &[old]).await;
    assert_eq!(kept, [new, old, ""]);
    let not_own = write([old, "", ""], &[]).await;
    assert_eq!(not_own, [new, "", ""]);
    let no_place = write([old, "b@x.example", "c@x.example"], &[old]).await;
    assert_eq!(no_place, [new, "b@x.example", "c@x.example"]);
}

#[test]
fn a_contact_is_linked_through_the_zones_website() {
    let link = |address: Option<&Value>| {
        (VENDOR.contact_link)(&BTreeMap::new(), address, &ContactId::new("77"))
    };
    let address = json!({ "url": "https://x.example/", "web_url": "https://ww14.autotask.net/" });
    let wanted = "https://ww14.autotask.net/Autotask/AutotaskExtend/ExecuteCommand.aspx?Code=OpenContact&ContactID=77";
    assert_eq!(link(Some(&address)).as_deref(), Some(wanted));
    assert_eq!(link(None), None);
    assert_eq!(link(Some(&json!({ "web_url": null }))), None);
    assert_eq!(
        link(Some(&json!({ "web_url": "javascript:alert(1)" }))),
        None
    );
}

#[test]
fn secrets_are_declared_as_such() {
    let secrets: Vec<_> = VENDOR
        .fields
        .iter()
        .map(|field| (field.key, field.secret))
        .collect();
    let wanted = [
        ("username", false),
        ("secret", true),
        ("integration_code", true),
    ];
    assert_eq!(secrets, wanted);
    assert!(!VENDOR.contact_types);
}
