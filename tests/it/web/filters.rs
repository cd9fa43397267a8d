//! The page of the filters through a browser without scripts, and what its scripts ask for.

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
    let id = stage.company_id;
    let version = stage
        .read(move |conn| rollcall::db::companies::version(conn, id))
        .await;
    version.unwrap().to_string()
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
        "0 people; nothing is done to them.",
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

#[tokio::test]
async fn saving_keeps_the_order_of_the_screen_and_has_a_run_follow() {
    let stage = stage().await;
    let visitor = a_technician_at_the_stage(&stage).await;
    let site = stage.psa.site("Site 3").id.to_string();
    let kind = stage.psa.contact_type("Decision Maker");
    let kind_id = kind.map(|kind| kind.id.to_string()).unwrap_or_default();
    let all: &[(&str, &str)] = &[
        ("[name]", " Guests "),
        ("[target]", "exclude"),
        ("[when][3][kind]", "domain"),
        ("[when][3][negated]", "true"),
        ("[when][3][value]", "@contractors.example"),
        ("[when][12][kind]", "field"),
        ("[when][12][field]", "jobTitle"),
        ("[when][12][value]", "Temp"),
    ];
    let group: &[(&str, &str)] = &[
        ("[enabled]", "true"),
        ("[site]", &site),
        ("[contact_type]", &kind_id),
        ("[when][0][kind]", "group"),
        ("[when][0][value]", OTHER),
        ("[when][0][label]", "Night shift"),
    ];
    let filters: &[(&str, &[(&str, &str)])] = &[("n2", EVERYONE), ("k0", all), ("n10", group)];
    let fields = list(&version(&stage).await, filters);
    let answer = send(&visitor, &address(&stage), &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    let saved = stage.company().await.filters;
    assert_eq!(names(&stage).await, ["Everyone", "Guests", "Filter 3"]);
    assert!(saved[0].enabled && !saved[1].enabled);
    assert_eq!(saved[1].target, Target::Exclude);
    let domain = Condition {
        negated: true,
        test: Test::UpnDomain("contractors.example".into()),
    };
    assert_eq!(saved[1].when[0], domain);
    assert_eq!(saved[2].when[0].test, Test::Group(OTHER.into()));
    let Target::Place { site, .. } = &saved[2].target else {
        panic!("a place")
    };
    assert_eq!(site.as_ref(), Some(&stage.psa.site("Site 3")));
    let id = stage.company_id;
    let waiting = stage.read(move |conn| jobs::waiting(conn, id)).await;
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].priority, jobs::Priority::Save);
    let page = visitor.get(&address(&stage)).await;
    assert!(page.text.contains("within five minutes"));
    assert!(
        page.text
            .contains("Member of <bdi class=\"strong\">Night shift")
    );
}

#[tokio::test]
async fn mistakes_stand_beside_their_field_and_keep_what_was_typed() {
    let stage = stage().await;
    let visitor = a_technician_at_the_stage(&stage).await;
    let long = "x".repeat(101);
    let wrong: &[(&str, &str)] = &[
        ("[name]", &long),
        ("[enabled]", "true"),
        ("[site]", "999999"),
        ("[when][0][kind]", "group"),
        ("[when][1][kind]", "field"),
        ("[when][1][field]", "shoeSize"),
        ("[when][2][kind]", "domain"),
        ("[when][2][value]", "two words"),
        ("[when][3][kind]", "nonsense"),
        ("[when][4][kind]", "licence"),
    ];
    let none: &[(&str, &str)] = &[("[name]", "everyone"), ("[enabled]", "true")];
    let filters: &[(&str, &[(&str, &str)])] = &[("k0", EVERYONE), ("k1", wrong), ("k2", none)];
    let fields = list(&version(&stage).await, filters);
    let answer = send(&visitor, &address(&stage), &fields).await;
    assert_eq!(answer.status, 422);
    for wanted in [
        "id=\"k1-name-mistake\"",
        "id=\"k1-site-mistake\"",
        "id=\"k1-c0-mistake\"",
        "Choose a group",
        "id=\"k1-c1-mistake\"",
        "Choose a field",
        "id=\"k1-c2-mistake\"",
        "value=\"two words\"",
        "id=\"k1-c3-mistake\"",
        "id=\"k1-c4-mistake\"",
        "A filter needs a condition",
        "Another filter of this company is called so already",
        &long,
    ] {
        assert!(answer.text.contains(wanted), "{wanted}\n{}", answer.text);
    }
    assert_eq!(names(&stage).await, ["Management", "IT", "Everyone"]);
}

#[tokio::test]
async fn hostile_text_in_every_field_is_shown_harmlessly() {
    let stage = stage().await;
    stage.sync().await;
    let visitor = a_technician_at_the_stage(&stage).await;
    let parts = ["name", "enabled", "target", "site", "contact_type"];
    let mut hostile: Vec<(String, &str)> = parts
        .iter()
        .map(|part| (format!("[{part}]"), HOSTILE))
        .collect();
    for (at, kind) in ["group", "field", "domain", "licence", HOSTILE]
        .iter()
        .enumerate()
    {
        hostile.push((format!("[when][{at}][kind]"), kind));
        for part in ["negated", "field", "value", "label", "was"] {
            hostile.push((format!("[when][{at}][{part}]"), HOSTILE));
        }
    }
    for open in ["", "true"] {
        let mut all: Vec<(&str, &str)> = hostile.iter().map(|(k, v)| (k.as_str(), *v)).collect();
        all.push(("[open]", open));
        let mut fields = list(&version(&stage).await, &[("k0", &all)]);
        fields.push(("key".into(), "k0".into()));
        for act in [
            "edit",
            "done",
            "duplicate",
            "condition",
            "kind",
            "first",
            HOSTILE,
        ] {
            let mut fields = fields.clone();
            fields.push(("act".into(), act.into()));
            fields.push(("condition".into(), "1".into()));
            let to = format!("{}/item", address(&stage));
            let answer = send(&visitor, &to, &fields).await;
            let wanted = if act == HOSTILE { 404 } else { 200 };
            assert_eq!(answer.status, wanted, "{act}: {}", answer.text);
            assert!(!answer.text.contains("<script>alert"), "{}", answer.text);
        }
        for (end, wanted) in [("", 422), ("/effect", 200)] {
            let answer = send(&visitor, &format!("{}{end}", address(&stage)), &fields).await;
            assert_eq!(answer.status, wanted);
            assert!(!answer.text.contains("<script>alert"), "{}", answer.text);
        }
    }
    let named: &[(&str, &str)] = &[("[name]", HOSTILE), ("[when][0][kind]", "licensed")];
    let fields = list(&version(&stage).await, &[("k0", named)]);
    assert_eq!(send(&visitor, &address(&stage), &fields).await.status, 303);
    let page = visitor.get(&address(&stage)).await;
    assert!(page.text.contains("&lt;script&gt;") && !page.text.contains("<script>alert"));
}

#[tokio::test]
async fn a_list_that_no_page_made_is_refused_whole() {
    let stage = stage().await;
    let visitor = a_technician_at_the_stage(&stage).await;
    let version = version(&stage).await;
    let one = list(&version, &[("k0", EVERYONE)]);
    let with = |extra: &[(&str, &str)]| {
        let extra = extra
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        one.iter().cloned().chain(extra).collect::<Vec<_>>()
    };
    let strange = [
        with(&[("order[]", "k0")]),
        with(&[("order[]", "k7")]),
        with(&[("filter[k9][name]", "not in the order")]),
        list(&version, &[("\"><b>", EVERYONE)]),
        list(&version, &[("k0", &[("[when][x][kind]", "licensed")])]),
        with(&[("over", "soon")]),
    ];
    for fields in strange {
        for end in ["", "/effect", "/item"] {
            let to = format!("{}{end}", address(&stage));
            let answer = send(&visitor, &to, &fields).await;
            assert_eq!(answer.status, 400, "{end} {fields:?}");
        }
    }
    assert_eq!(names(&stage).await.len(), 3);
}

#[tokio::test]
async fn a_list_that_is_too_long_is_refused_with_a_sentence() {
    let stage = stage().await;
    let visitor = a_technician_at_the_stage(&stage).await;
    let keys: Vec<String> = (0..201).map(|at| format!("n{at}")).collect();
    let part: &[(&str, &str)] = &[("[when][0][kind]", "licensed")];
    let filters: Vec<(&str, &[(&str, &str)])> =
        keys.iter().map(|key| (key.as_str(), part)).collect();
    let fields = list(&version(&stage).await, &filters);
    let answer = send(&visitor, &address(&stage), &fields).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text.contains("A company has 200 filters at most."));
    let effect = send(&visitor, &format!("{}/effect", address(&stage)), &fields).await;
    assert!(effect.text.contains("A company has 200 filters at most."));
    assert_eq!(names(&stage).await.len(), 3);
}

#[tokio::test]
async fn the_second_of_two_technicians_is_told_and_loses_nothing() {
    let stage = stage().await;
    let visitor = a_technician_at_the_stage(&stage).await;
    let seen = version(&stage).await;
    let theirs: &[(&str, &str)] = &[("[name]", "By the other"), ("[when][0][kind]", "licensed")];
    let first = list(&seen, &[("n0", theirs)]);
    assert_eq!(send(&visitor, &address(&stage), &first).await.status, 303);
    let mine = list(&seen, &[("k0", EVERYONE)]);
    let effect = send(&visitor, &format!("{}/effect", address(&stage)), &mine).await;
    assert!(effect.text.contains("These settings were saved meanwhile"));
    let answer = send(&visitor, &address(&stage), &mine).await;
    assert_eq!(answer.status, 409, "{}", answer.text);
    for wanted in [
        "You changed this company in another window just now.",
        "By the other",
        "value=\"Everyone\"",
        "Take the saved list",
    ] {
        assert!(answer.text.contains(wanted), "{wanted}\n{}", answer.text);
    }
    assert_eq!(names(&stage).await, ["By the other"]);
    let mut over = mine;
    over.push(("over".into(), version(&stage).await));
    assert_eq!(send(&visitor, &address(&stage), &over).await.status, 303);
    assert_eq!(names(&stage).await, ["Everyone"]);
}

#[tokio::test]
async fn the_effect_is_told_before_anything_is_stored() {
    let stage = stage().await;
    stage.sync().await;
    let visitor = a_technician_at_the_stage(&stage).await;
    let site = stage.psa.site("New Site").id.to_string();
    let night: &[(&str, &str)] = &[
        ("[enabled]", "true"),
        ("[site]", &site),
        ("[when][0][kind]", "group"),
        ("[when][0][value]", OTHER),
    ];
    let twice: &[(&str, &str)] = &[
        ("[name]", "Twice"),
        ("[enabled]", "true"),
        night[2],
        night[3],
    ];
    let filters: &[(&str, &[(&str, &str)])] = &[("n0", night), ("n1", twice)];
    let fields = list(&version(&stage).await, filters);
    let answer = send(&visitor, &format!("{}/effect", address(&stage)), &fields).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    for wanted in [
        "1 person moves to New Site, 3 fall out of scope.",
        "Dora Doe",
        "id=\"n0-takes\" hx-swap-oob=\"true\"",
        "Takes 1 person",
        "It can never take anybody: Filter 1 above takes all of them.",
        "3 people; nothing is done to them.",
    ] {
        assert!(answer.text.contains(wanted), "{wanted}\n{}", answer.text);
    }
    assert_eq!(names(&stage).await, ["Management", "IT", "Everyone"]);
}

#[tokio::test]
async fn a_filter_that_is_not_finished_takes_no_part_in_the_numbers() {
    let stage = stage().await;
    stage.set(|company| company.filters.clear()).await;
    stage.sync().await;
    let visitor = a_technician_at_the_stage(&stage).await;
    let to = format!("{}/effect", address(&stage));
    let new: &[(&str, &str)] = &[("[enabled]", "true"), ("[when][0][kind]", "")];
    let fields = list(&version(&stage).await, &[("n0", new)]);
    let first = send(&visitor, &to, &fields).await.text;
    for wanted in [
        "Filter 1 is not finished: the numbers leave it out, and the list cannot be saved yet.",
        "Without it: nobody is affected.",
        "No finished filter yet:",
        "(4 people)",
    ] {
        assert!(first.contains(wanted), "{wanted}\n{first}");
    }
    let fields = list(
        &version(&stage).await,
        &[("n0", new), ("n1", new), ("n2", EVERYONE)],
    );
    let more = send(&visitor, &to, &fields).await.text;
    for wanted in [
        "Filter 1 and Filter 2 are not finished: the numbers leave them out",
        "Takes 4 people",
    ] {
        assert!(more.contains(wanted), "{wanted}\n{more}");
    }
    assert!(!more.contains("fall out of scope"), "{more}");
}

#[tokio::test]
async fn a_tenant_that_does_not_answer_is_a_notice_and_the_rest_works() {
    let stage = stage().await;
    stage.sync().await;
    let visitor = a_technician_at_the_stage(&stage).await;
    visitor.get(&address(&stage)).await;
    let down = || Fault::always(FaultKind::Status(403)).at("GET", "groups");
    stage.graph.controls.fault(down());
    let groups = format!("/companies/{}/groups", stage.company_id);
    let found = visitor.post(&groups, &[("search", "Night")]).await;
    assert_eq!(found.status, 200);
    assert!(
        found.text.contains("Groups cannot be searched now."),
        "{}",
        found.text
    );
    let night: &[(&str, &str)] = &[
        ("[enabled]", "true"),
        ("[when][0][kind]", "group"),
        ("[when][0][value]", OTHER),
        ("[when][0][label]", "Night shift"),
    ];
    let fields = list(&version(&stage).await, &[("n0", night)]);
    let effect = send(&visitor, &format!("{}/effect", address(&stage)), &fields).await;
    assert!(
        effect
            .text
            .contains("cannot be read now, so it counts as empty"),
        "{}",
        effect.text
    );
    assert_eq!(send(&visitor, &address(&stage), &fields).await.status, 303);
    stage.graph.controls.clear_faults();
    let found = visitor.post(&groups, &[("search", "Night")]).await;
    assert!(
        found
            .text
            .contains("data-pick=\"2d9b0000-0000-4000-8000-000000000002\"")
    );
}

#[tokio::test]
async fn an_open_filter_offers_what_the_tenant_and_the_psa_really_have() {
    let stage = stage().await;
    stage.sync().await;
    let visitor = a_technician_at_the_stage(&stage).await;
    let open: &[(&str, &str)] = &[
        ("[when][0][kind]", "field"),
        ("[when][0][field]", "department"),
        ("[when][1][kind]", "domain"),
        ("[when][2][kind]", "licence"),
    ];
    let mut fields = list(&version(&stage).await, &[("k0", open)]);
    fields.extend([("act".into(), "edit".into()), ("key".into(), "k0".into())]);
    let part = send(&visitor, &format!("{}/item", address(&stage)), &fields).await;
    for wanted in [
        "<option value=\"IT\">2 people</option>",
        "<option value=\"contoso.example\">4 people</option>",
        "Microsoft 365 Business Premium",
        ">New Site</option>",
        "Default contact type",
    ] {
        assert!(part.text.contains(wanted), "{wanted}\n{}", part.text);
    }
}
