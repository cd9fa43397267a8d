//! The page of the filters through a browser without scripts, and what its scripts ask for.

mod effect;
mod saving;

use rollcall::db::jobs;
use rollcall::model::{Condition, DirectoryField, Filter, Role, Target, Test};
use rollcall::simulator::graph::{GroupData, MemberData};
use rollcall::simulator::kit::{Fault, FaultKind};

use super::visitor::{Answer, Site, Visitor};
use crate::stage::{Stage, Store, TENANT, Vendor, filter, user};

pub const GROUP: &str = "2d9b0000-0000-4000-8000-000000000001";
pub const OTHER: &str = "2d9b0000-0000-4000-8000-000000000002";
const HOSTILE: &str = "<script>alert(\"1\")</script>'\u{202e}🙂";

/// Four people, two groups, three sites; the filters Management, IT and Everyone. Nothing was read yet.
pub async fn stage() -> Stage {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let it = |name: &str| user(name).with(|user| user.department = Some("IT".into()));
    stage.users([it("anna"), user("bert"), it("carl"), user("dora")]);
    let group = |id: &str, name: &str, members: &[&str]| GroupData {
        id: id.into(),
        display_name: name.into(),
        members: members
            .iter()
            .map(|name| MemberData::User(user(name).0.id))
            .collect(),
        ..GroupData::default()
    };
    stage.microsoft.tenant(TENANT, |tenant| {
        tenant.groups = vec![
            group(GROUP, "Management", &["anna", "bert"]),
            group(OTHER, "Night shift", &["dora"]),
        ];
    });
    let to = |name: &str, test: Test, site: &str| Filter {
        name: Some(name.into()),
        ..filter(
            vec![test],
            Target::Place {
                site: Some(stage.psa.site(site)),
                contact_type: None,
            },
        )
    };
    let department = Test::Field {
        field: DirectoryField::Department,
        equals: "IT".into(),
    };
    let filters = vec![
        to("Management", Test::Group(GROUP.into()), "New Site"),
        to("IT", department, "Site 3"),
        to("Everyone", Test::Licensed, "Main"),
    ];
    stage
        .set(|company| {
            company.filters = filters;
            company.default_site = None;
        })
        .await;
    stage
}

async fn a_technician_at_the_stage(stage: &Stage) -> Visitor {
    Site::start(&stage.app).signed_in(Role::Technician).await
}

fn address(stage: &Stage) -> String {
    format!("/companies/{}/filters", stage.company_id)
}

async fn version(stage: &Stage) -> String {
    stage.version().await.to_string()
}

/// The fields of a list: each filter by key and its fields.
fn list(version: &str, filters: &[(&str, &[(&str, &str)])]) -> Vec<(String, String)> {
    let mut fields = vec![("version".to_owned(), version.to_owned())];
    for (key, parts) in filters {
        fields.push(("order[]".into(), (*key).into()));
        for (part, value) in *parts {
            fields.push((format!("filter[{key}]{part}"), (*value).to_owned()));
        }
    }
    fields
}

async fn send(visitor: &Visitor, to: &str, fields: &[(String, String)]) -> Answer {
    let page = visitor
        .get(to.trim_end_matches("/effect").trim_end_matches("/item"))
        .await;
    let token = page.text.split("name=\"csrf\" value=\"").nth(1).unwrap();
    let token = token.split('"').next().unwrap();
    let fields = fields.iter().map(|(k, v)| (k.as_str(), v.as_str()));
    let all: Vec<(&str, &str)> = [("csrf", token)].into_iter().chain(fields).collect();
    visitor.post_bare(to, &all).await
}

const EVERYONE: &[(&str, &str)] = &[
    ("[name]", "Everyone"),
    ("[enabled]", "true"),
    ("[when][0][kind]", "licensed"),
];

async fn names(stage: &Stage) -> Vec<String> {
    let company = stage.company().await;
    let filters = company.filters.iter().enumerate();
    filters.map(|(at, filter)| filter.label(at)).collect()
}

#[tokio::test]
async fn the_page_says_in_words_what_each_filter_does_and_whom_it_takes() {
    let stage = stage().await;
    stage.sync().await;
    let visitor = a_technician_at_the_stage(&stage).await;
    let page = visitor.get(&address(&stage)).await;
    assert_eq!(page.status, 200, "{}", page.text);
    for wanted in [
        "Member of <bdi class=\"strong\">Management</bdi>",
        "Department is <bdi class=\"strong\">IT</bdi>",
        "All licensed users",
        "To <bdi class=\"strong\">New Site</bdi>",
        "Takes 2 people",
        "Takes 1 person",
        "<li><bdi>Anna Doe</bdi></li>",
        "Everybody else: out of scope.",
        "Nobody is.",
    ] {
        assert!(page.text.contains(wanted), "{wanted}\n{}", page.text);
    }
}

#[tokio::test]
async fn a_filter_whose_site_is_gone_says_so() {
    let stage = stage().await;
    stage.sync().await;
    let gone = rollcall::model::filter::Named {
        id: "99999".into(),
        name: "Old office".into(),
    };
    let target = Target::Place {
        site: Some(gone),
        contact_type: None,
    };
    stage
        .set(|company| company.filters.push(filter(vec![Test::Licensed], target)))
        .await;
    let page = a_technician_at_the_stage(&stage)
        .await
        .get(&address(&stage))
        .await;
    assert!(
        page.text
            .contains("To <bdi class=\"strong\">Old office</bdi>")
    );
    assert_eq!(
        page.text.matches("This site is gone from the PSA").count(),
        1
    );
}

#[tokio::test]
async fn a_company_without_filters_or_reading_says_so_and_can_be_saved() {
    let stage = stage().await;
    stage.set(|company| company.filters.clear()).await;
    let visitor = a_technician_at_the_stage(&stage).await;
    let page = visitor.get(&address(&stage)).await;
    assert!(
        page.text
            .contains("No filters:</strong> every licensed user")
    );
    assert!(page.text.contains("Make a preview first"));
    let fields = list(&version(&stage).await, &[("n0", EVERYONE)]);
    let answer = send(&visitor, &address(&stage), &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert_eq!(names(&stage).await, ["Everyone"]);
}

#[tokio::test]
async fn a_reader_sees_the_list_and_can_change_nothing() {
    let stage = stage().await;
    let site = Site::start(&stage.app);
    let reader = site.signed_in(Role::Reader).await;
    let page = reader.get(&address(&stage)).await;
    assert!(page.text.contains("Department is"));
    assert!(!page.text.contains("<form id=\"filters-form\""));
    assert!(!page.text.contains("data-delete"));
    let fields = list(&version(&stage).await, &[]);
    for end in ["", "/effect", "/item"] {
        let answer = send(&reader, &format!("{}{end}", address(&stage)), &fields).await;
        assert_eq!(answer.status, 403);
    }
    assert_eq!(names(&stage).await.len(), 3);
}
