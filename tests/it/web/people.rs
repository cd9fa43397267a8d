//! The table of everyone: every way to stand, search, order, pages, and the file.

use rollcall::model::{Mode, Role, Target, Test};
use rollcall::sync::Options;

use super::visitor::Site;
use crate::stage::{Plain, Stage, Store, Vendor, contact, filter, user};

pub async fn stage() -> Stage {
    Stage::new(Vendor::ConnectWise, Store::Sqlite).await
}

pub fn id(name: &str) -> String {
    user(name).0.id
}

pub fn people(stage: &Stage) -> String {
    format!("/companies/{}/people", stage.company_id)
}

/// The rows of a page that name this person.
fn row<'a>(html: &'a str, name: &str) -> &'a str {
    let mut rows = html.split("<tr>").skip(1);
    let found = rows.find(|row| row.contains(name));
    found.unwrap_or_else(|| panic!("no row of {name}: {html}"))
}

#[tokio::test]
async fn before_the_first_run_the_table_says_so_and_leads_to_the_preview() {
    let stage = stage().await;
    let site = Site::start(&stage.app);
    let reader = site.signed_in(Role::Reader).await;
    let answer = reader.get(&people(&stage)).await;
    assert_eq!(answer.status, 200);
    assert!(answer.text.contains("Not read yet"));
    let preview = format!("href=\"/companies/{}/preview\"", stage.company_id);
    assert!(answer.text.contains(&preview));
    let file = reader.get(&format!("{}.csv", people(&stage))).await;
    assert_eq!(file.text.lines().count(), 1, "only the heads");
}

/// A stage on which everybody stands differently.
async fn everybody() -> Stage {
    let stage = stage().await;
    let leaving = ["l1", "l2", "l3", "l4"];
    stage.users(["anna", "ida", "nora", "otto", "gone"].map(user));
    stage.users(leaving.map(user));
    stage
        .psa
        .put(&Plain::named("Paul", "Psa", "paul@psa.example"));
    stage
        .set(|company| {
            let test = Test::Field {
                field: rollcall::model::DirectoryField::Department,
                equals: "Out".into(),
            };
            company.filters = vec![
                filter(vec![test], Target::Exclude),
                filter(
                    vec![Test::Licensed],
                    Target::Place {
                        site: None,
                        contact_type: None,
                    },
                ),
            ];
        })
        .await;
    stage.sync().await;
    // Since then: one is excluded, one is ignored, one is silent, four leave at once, one was never in the PSA, two contacts fit one.
    stage.edit("otto", |user| user.department = Some("Out".into()));
    stage.edit("nora", |user| user.account_enabled = None);
    for name in leaving {
        stage.edit(name, |user| user.account_enabled = Some(false));
    }
    stage.users([user("never").blocked(), user("carl")]);
    stage.psa.put(&contact("carl"));
    stage.psa.put(&contact("carl"));
    stage.set(|company| company.ignored = vec![id("ida")]).await;
    stage.run(Options::new(Mode::Update, false)).await;
    stage
}

#[tokio::test]
async fn everyone_of_both_sides_stands_in_the_table() {
    let stage = everybody().await;
    let site = Site::start(&stage.app);
    let reader = site.signed_in(Role::Reader).await;
    let html = reader.get(&people(&stage)).await.text;
    for (name, standing) in [
        ("Anna Doe", "In sync"),
        ("Ida Doe", "Ignored"),
        ("Otto Doe", "Out of scope"),
        ("Nora Doe", "No answer"),
        ("L1 Doe", "Held"),
        ("Never Doe", "Not active"),
        ("Carl Doe", "Conflict"),
        ("Paul Psa", "Only in the PSA"),
    ] {
        let row = row(&html, name);
        assert!(row.contains(&format!(">{standing}<")), "{name}: {row}");
    }
    assert!(row(&html, "L1 Doe").contains("Deactivate:"));
    assert!(html.contains("just now"), "how old it is");
    // A title that changed only becomes a change when it is read again.
    stage.set(|company| company.use_email = true).await;
    stage.edit("anna", |user| user.job_title = Some("Boss".into()));
    let html = reader.get(&people(&stage)).await.text;
    assert!(row(&html, "Anna Doe").contains(">In sync<"));
    // Settings count at once: without filters Otto is in scope again.
    stage.set(|company| company.filters.clear()).await;
    let html = reader.get(&people(&stage)).await.text;
    assert!(row(&html, "Otto Doe").contains(">In sync<"));
}

#[tokio::test]
async fn a_contact_is_shown_by_its_number_and_by_its_name_only_where_that_differs() {
    let stage = stage().await;
    stage.users([user("anna")]);
    let number = stage.psa.put(&contact("anna"));
    stage.sync().await;
    let site = Site::start(&stage.app);
    let reader = site.signed_in(Role::Reader).await;
    let html = reader.get(&people(&stage)).await.text;
    let row = row(&html, "Anna Doe");
    assert!(
        row.contains(&format!("rel=\"noopener\">{number}</a>")),
        "{row}"
    );
    assert_eq!(row.matches("Anna Doe").count(), 1, "{row}");
}

#[tokio::test]
async fn who_is_new_or_differs_will_change() {
    let stage = stage().await;
    stage.users([user("anna"), user("bert")]);
    stage.sync().await;
    // A run whose writes fail leaves what is to be done.
    stage.set(|company| company.update_existing = false).await;
    stage.edit("anna", |user| user.job_title = Some("Boss".into()));
    stage.sync().await;
    stage.set(|company| company.update_existing = true).await;
    let site = Site::start(&stage.app);
    let reader = site.signed_in(Role::Reader).await;
    let html = reader.get(&people(&stage)).await.text;
    let row = row(&html, "Anna Doe");
    assert!(row.contains(">Will change<"), "{row}");
    assert!(
        row.contains("Update:") && row.contains("title differs"),
        "{row}"
    );
}

#[tokio::test]
async fn the_table_is_searched_filtered_ordered_and_paged() {
    let stage = stage().await;
    let names: Vec<String> = (0..60).map(|number| format!("user{number:02}")).collect();
    stage.users(names.iter().map(|name| user(name)));
    stage
        .psa
        .put(&Plain::named("Zoe", "Alone", "zoe@psa.example"));
    stage.sync().await;
    let site = Site::start(&stage.app);
    let reader = site.signed_in(Role::Reader).await;
    let at = |query: &str| format!("{}{query}", people(&stage));
    let first = reader.get(&at("")).await.text;
    assert_eq!(first.matches("<tr>").count(), 51, "a head and fifty");
    assert!(first.contains("1 to 50 of 61"));
    let second = reader.get(&at("?page=2")).await.text;
    assert!(second.contains("Zoe Alone") && !first.contains("Zoe Alone"));
    let beyond = reader.get(&at("?page=99")).await.text;
    assert!(beyond.contains("51 to 61 of 61"), "the last page there is");
    let found = reader.found(&at(""), "USER07").await.text;
    assert_eq!(found.matches("<tr>").count(), 2);
    let only = reader.get(&at("?state=only_in_psa")).await.text;
    assert!(only.contains("Zoe Alone") && !only.contains("User07 Doe"));
    assert!(
        only.contains("In sync <span class=\"muted\">60</span>"),
        "counts stay"
    );
    let ordered = reader.get(&at("?sort=state")).await.text;
    assert!(ordered.contains("Zoe Alone"), "not in sync comes first");
    let none = reader
        .found(&at("?state=nonsense&page=x"), "<script>")
        .await;
    assert_eq!(none.status, 200);
    assert!(none.text.contains("Nobody found") && !none.text.contains("<script>"));
}

#[tokio::test]
async fn the_file_has_everybody_and_no_formula() {
    let stage = stage().await;
    let names: Vec<String> = (0..60).map(|number| format!("user{number:02}")).collect();
    stage.users(names.iter().map(|name| user(name)));
    stage.users([user("anna").with(|user| user.display_name = Some("=cmd()".into()))]);
    stage.sync().await;
    let site = Site::start(&stage.app);
    let reader = site.signed_in(Role::Reader).await;
    let file = reader.get(&format!("{}.csv", people(&stage))).await;
    assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(file.text.lines().count(), 62);
    assert!(
        file.text
            .contains("\n'=cmd(),anna@contoso.example,In sync,"),
        "{}",
        file.text
    );
    let page = reader.found(&people(&stage), "user07").await.text;
    let to = page.split("people.csv?").nth(1).unwrap();
    let query = to.split('"').next().unwrap();
    assert!(
        !query.contains("user07"),
        "an address names nobody: {query}"
    );
    let some = reader.get(&format!("{}.csv?{query}", people(&stage))).await;
    assert_eq!(some.text.lines().count(), 2);
}

#[tokio::test]
async fn ten_thousand_people_are_one_quick_page() {
    let stage = stage().await;
    stage.users([user("anna")]);
    stage.sync().await;
    // Many users are put into the reading itself: to create their contacts is not what is measured.
    let company = stage.company_id;
    let reading = stage
        .read(move |conn| rollcall::db::readings::get(conn, company))
        .await;
    let mut reading = reading.unwrap();
    let users: Vec<serde_json::Value> = serde_json::from_str(&reading.users).unwrap();
    let many: Vec<serde_json::Value> = (0..10_000)
        .map(|number| {
            let mut user = users[0].clone();
            user["id"] = format!("00000000-0000-4000-8000-{number:012x}").into();
            user["upn"] = format!("user{number}@contoso.example").into();
            user["mail"] = user["upn"].clone();
            user["display_name"] = format!("User {number}").into();
            user["aliases"] = serde_json::json!([]);
            user
        })
        .collect();
    reading.users = serde_json::to_string(&many).unwrap();
    stage
        .write(move |conn| rollcall::db::readings::put(conn, &reading))
        .await;
    let site = Site::start(&stage.app);
    let reader = site.signed_in(Role::Reader).await;
    let before = std::time::Instant::now();
    let answer = reader.get(&people(&stage)).await;
    let took = before.elapsed();
    println!("10,000 people: {took:?}, {} bytes", answer.text.len());
    assert!(answer.text.contains("1 to 50 of "), "{}", answer.text);
    assert!(answer.text.len() < 150_000);
    assert!(took.as_secs() < 10, "{took:?} in a debug build");
}

#[tokio::test]
async fn a_contact_of_somebody_out_of_scope_says_whose_address_it_has() {
    let stage = stage().await;
    stage.users([user("otto").with(|user| user.department = Some("Out".into()))]);
    stage
        .psa
        .put(&Plain::named("Otto", "Old", "otto@contoso.example"));
    stage
        .psa
        .put(&Plain::named("Paul", "Psa", "paul@psa.example"));
    stage
        .set(|company| {
            let test = Test::Field {
                field: rollcall::model::DirectoryField::Department,
                equals: "Out".into(),
            };
            company.filters = vec![filter(vec![test], Target::Exclude)];
        })
        .await;
    stage.sync().await;
    let site = Site::start(&stage.app);
    let reader = site.signed_in(Role::Reader).await;
    let html = reader.get(&people(&stage)).await.text;
    let said = "Not linked: otto@contoso.example has its address and is out of scope.";
    assert!(row(&html, "Otto Old").contains(said), "{html}");
    assert!(
        row(&html, "Paul Psa").contains("No user has this contact."),
        "{html}"
    );
}

#[tokio::test]
async fn who_is_linked_and_differs_is_not_updated_and_not_in_sync() {
    let stage = stage().await;
    stage.users([user("anna")]);
    stage.sync().await;
    stage.set(|company| company.update_existing = false).await;
    stage.edit("anna", |user| user.job_title = Some("Boss".into()));
    stage.sync().await;
    let site = Site::start(&stage.app);
    let reader = site.signed_in(Role::Reader).await;
    let html = reader.get(&people(&stage)).await.text;
    assert!(
        row(&html, "Anna Doe").contains(">Linked, not updated<"),
        "{html}"
    );
    let page = reader
        .get(&format!("{}/{}", people(&stage), id("anna")))
        .await;
    assert!(page.text.contains(">Linked, not updated<"), "{}", page.text);
    assert!(!page.text.contains(">In sync<"), "{}", page.text);
}
