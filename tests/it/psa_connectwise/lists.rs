//! Lists and what is read from them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rollcall::http::Kind;
use rollcall::model::PsaCompanyId;
use rollcall::simulator::connectwise::{
    CompanyData, ConnectWise, ContactData, ItemKind, LastPage, StatusData,
};
use rollcall::simulator::kit::{Cloud, Fault, FaultKind, Reply, Request, start};

use super::{ConnectWiseStage, stage};
use crate::conformance::{Options, Stage, vocabulary};

#[tokio::test]
async fn every_shape_of_the_last_page_ends_the_list() {
    for (last_page, requests) in [
        (LastPage::EmptyTarget, [1, 2, 2]),
        (LastPage::NoLink, [1, 2, 2]),
        (LastPage::EmptyPage, [1, 2, 2]),
    ] {
        let stage = stage().await;
        stage
            .cloud
            .switch(|switches| switches.last_page = last_page);
        let psa = stage.connect(Options::default());
        let words = vocabulary(&*psa).await;
        let mut had = 0;
        for (count, expected) in [999, 1000, 1001].into_iter().zip(requests) {
            for _ in had..count {
                stage.cloud.add_contact(ContactData {
                    first_name: "Jo".into(),
                    company_id: Some(stage.company),
                    ..ContactData::default()
                });
            }
            had = count;
            let before = stage.controls().requests();
            let read = psa.contacts(&stage.company(), &words).await.unwrap();
            assert_eq!(read.len(), count, "{last_page:?}");
            let asked = stage.controls().requests() - before;
            assert_eq!(asked, expected, "{last_page:?} {count}");
        }
    }
}

#[tokio::test]
async fn pages_that_overlap_or_are_no_lists_are_errors() {
    let stage = stage().await;
    let psa = stage.connect(Options::default());
    let words = vocabulary(&*psa).await;
    for (body, kind) in [
        (r#"[{"id":5},{"id":5}]"#, Kind::Incomplete),
        (r#"[{"id":5},{"id":4}]"#, Kind::Incomplete),
        (r#"{"items":[]}"#, Kind::Unexpected),
        (r#"[{"firstName":"Jo"}]"#, Kind::Unexpected),
        ("null", Kind::Unexpected),
        ("<html></html>", Kind::Unexpected),
    ] {
        stage.controls().fault(Fault::once(FaultKind::Answer {
            status: 200,
            body: body.into(),
        }));
        let error = psa.contacts(&stage.company(), &words).await.unwrap_err();
        assert_eq!(error.kind, kind, "{body}");
        assert!(!error.message().contains('<'));
    }
}

/// The instance, whose lists of contacts have this page after so many of its own.
struct EmptyPage {
    cloud: Arc<ConnectWise>,
    after: usize,
    asked: AtomicUsize,
}

impl Cloud for EmptyPage {
    fn name(&self) -> &'static str {
        self.cloud.name()
    }

    fn answer(&self, request: &Request) -> Reply {
        let contacts = request.path.ends_with("/company/contacts");
        if contacts && self.asked.fetch_add(1, Ordering::Relaxed) == self.after {
            let next = format!("<{}>; rel=\"next\"", request.target);
            return Reply::json(200, &serde_json::json!([])).with("Link", &next);
        }
        self.cloud.answer(request)
    }

    fn throttled(&self, retry_after: Option<&str>) -> Reply {
        self.cloud.throttled(retry_after)
    }

    fn broken(&self, status: u16) -> Reply {
        self.cloud.broken(status)
    }

    fn writes(&self, request: &Request) -> bool {
        self.cloud.writes(request)
    }
}

#[tokio::test]
async fn a_page_without_rows_that_names_a_next_one_is_no_end_of_the_list() {
    for (after, asked) in [(0, 1), (1, 2)] {
        let mut stage = stage().await;
        for _ in 0..1001 {
            stage.cloud.add_contact(ContactData {
                first_name: "Jo".into(),
                company_id: Some(stage.company),
                ..ContactData::default()
            });
        }
        let cloud = EmptyPage {
            cloud: stage.cloud.clone(),
            after,
            asked: AtomicUsize::new(0),
        };
        stage.running = start(Arc::new(cloud)).await.unwrap();
        let psa = stage.connect(Options::default());
        let words = vocabulary(&*psa).await;
        let before = stage.controls().requests();
        let error = psa.contacts(&stage.company(), &words).await.unwrap_err();
        assert_eq!(error.kind, Kind::Incomplete);
        assert_eq!(stage.controls().requests(), before + asked);
    }
}

#[tokio::test]
async fn a_company_id_that_is_no_number_is_never_part_of_a_condition() {
    let stage = stage().await;
    let psa = stage.connect(Options::default());
    let words = vocabulary(&*psa).await;
    let requests = stage.controls().requests();
    let odd: PsaCompanyId = "1 OR id>0".into();
    let error = psa.contacts(&odd, &words).await.unwrap_err();
    assert_eq!(error.kind, Kind::NotFound);
    assert_eq!(psa.company(&odd).await.unwrap(), None);
    assert_eq!(stage.controls().requests(), requests);
}

async fn activity(stage: &ConnectWiseStage, status: &str) -> (bool, usize) {
    stage.cloud.edit(|state| {
        if let Some(company) = state.companies.get_mut(&stage.company) {
            company.status = status.into();
        }
    });
    let psa = stage.connect(Options {
        remembered: Some(serde_json::json!({"codebase": "v2026_4/"})),
        ..Options::default()
    });
    let before = stage.controls().requests();
    let company = psa.company(&stage.company()).await.unwrap().unwrap();
    (company.active, stage.controls().requests() - before)
}

#[tokio::test]
async fn a_company_is_active_as_its_status_says() {
    let stage = stage().await;
    stage.cloud.edit(|state| {
        state.statuses.push(StatusData {
            id: 9,
            name: "Former client".into(),
            inactive: true,
        });
    });
    assert_eq!(activity(&stage, "Active").await, (true, 1));
    assert_eq!(activity(&stage, "Inactive").await, (false, 2));
    assert_eq!(activity(&stage, "Credit Hold").await, (true, 2));
    assert_eq!(activity(&stage, "Former client").await, (false, 2));
    let refused = FaultKind::Status(403);
    stage
        .controls()
        .fault(Fault::always(refused).at("GET", "statuses"));
    assert_eq!(activity(&stage, "Inactive").await, (false, 2));
    assert_eq!(activity(&stage, "Former client").await, (true, 2));
}

#[tokio::test]
async fn a_deleted_company_is_gone_and_not_offered() {
    let stage = stage().await;
    let psa = stage.connect(Options::default());
    let id = stage.cloud.add_company(CompanyData {
        identifier: "Fabrikam".into(),
        name: "Fabrikam \"the best\" 100%".into(),
        ..CompanyData::default()
    });
    let found = psa.companies("\"THE best\" 100%").await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].id.as_str(), id.to_string());
    stage.cloud.edit(|state| {
        if let Some(company) = state.companies.get_mut(&id) {
            company.deleted = true;
        }
    });
    assert_eq!(psa.companies("fabrikam").await.unwrap(), []);
    assert_eq!(psa.company(&id.to_string().into()).await.unwrap(), None);
}

#[tokio::test]
async fn at_most_fifty_companies_are_offered_by_name() {
    let stage = stage().await;
    let psa = stage.connect(Options::default());
    for n in 0..60 {
        stage.cloud.add_company(CompanyData {
            identifier: format!("x{n}"),
            name: format!("Adatum {:02}", 59 - n),
            ..CompanyData::default()
        });
    }
    let found = psa.companies("adatum").await.unwrap();
    assert_eq!(found.len(), 50);
    assert_eq!(
        (&*found[0].name, &*found[49].name),
        ("Adatum 00", "Adatum 49")
    );
}

#[tokio::test]
async fn phone_types_are_found_by_name_and_must_be_for_phones() {
    let stage = stage().await;
    let mut connection = stage.connection(Options::default());
    let field = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    connection
        .fields
        .extend([field("phone_type", "Email"), field("mobile_type", " cELL ")]);
    let psa = (rollcall::psa::connectwise::VENDOR.connect)(connection).unwrap();
    let words = vocabulary(&*psa).await;
    assert_eq!(psa.missing_phone_types(&words), ["Email"]);
}

#[tokio::test]
async fn the_phone_is_the_default_item_of_its_type_else_the_first() {
    let stage = stage().await;
    let psa = stage.connect(Options::default());
    let phone = |of: &str, value: &str, default| stage.item(ItemKind::Phone, of, value, default);
    let items = vec![
        phone("Direct", "1", false),
        phone("Home", "2", false),
        phone("Direct", "3", true),
        phone("Cell", "4", false),
        phone("Cell", "5", false),
    ];
    let (_, contact) = stage.holding(&*psa, items).await;
    assert_eq!(contact.phone.as_deref(), Some("3"));
    assert_eq!(contact.mobile.as_deref(), Some("4"));
}

#[tokio::test]
async fn the_main_and_the_billing_contact_are_told() {
    let stage = stage().await;
    let psa = stage.connect(Options::default());
    for (default, default_billing) in [(true, false), (false, true)] {
        let id = stage.cloud.add_contact(ContactData {
            first_name: "Jo".into(),
            company_id: Some(stage.company),
            default,
            default_billing,
            ..ContactData::default()
        });
        let contact = stage.contact(&*psa, &id.to_string().into()).await;
        assert_eq!((contact.main, contact.billing), (default, default_billing));
    }
}
