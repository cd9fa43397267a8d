//! A company's preview: what it shows, and running exactly that.

use rollcall::db::jobs::{self, Job};
use rollcall::model::Role;
use rollcall::simulator::kit::FaultKind;

use super::visitor::{Site, Visitor};
use crate::stage::{Stage, Store, Vendor, contact, user};

async fn stage() -> Stage {
    Stage::new(Vendor::ConnectWise, Store::Sqlite).await
}

fn page(stage: &Stage) -> String {
    format!("/companies/{}/preview", stage.company_id)
}

async fn step(stage: &Stage) {
    assert!(rollcall::jobs::step(&stage.app).await.unwrap());
}

async fn waiting(stage: &Stage) -> Vec<Job> {
    let id = stage.company_id;
    stage.read(move |conn| jobs::waiting(conn, id)).await
}

/// Makes a preview and gives its page.
async fn made(stage: &Stage, visitor: &Visitor) -> String {
    let answer = visitor.post(&page(stage), &[]).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    step(stage).await;
    visitor.get(&page(stage)).await.text
}

fn digest(page: &str) -> String {
    let mark = "name=\"digest\" value=\"";
    let at = page.find(mark).expect("something to run") + mark.len();
    page[at..].split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_preview_is_made_and_shows_everybody_with_old_and_new_values() {
    let stage = stage().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let none = visitor.get(&page(&stage)).await.text;
    assert!(none.contains("No preview yet"), "{none}");
    stage.users([user("anna"), user("bert").title("=Lead")]);
    stage.psa.put(&contact("bert"));
    let asked = visitor.post(&page(&stage), &[]).await;
    let again = visitor.post(&page(&stage), &[]).await;
    assert_eq!(asked.location, again.location, "a double click makes one");
    let waits = asked.location.unwrap();
    assert!(
        visitor
            .get(&waits)
            .await
            .text
            .contains("The preview waits in line")
    );
    let watch = waits.split("watch=").nth(1).unwrap().to_owned();
    let part = format!("{}/live?watch={watch}&back=preview", page(&stage));
    assert!(visitor.get(&part).await.text.contains("every 2s"));
    step(&stage).await;
    let over = visitor.get(&part).await;
    assert_eq!(over.headers["hx-redirect"], page(&stage).as_str());
    let shown = visitor.get(&page(&stage)).await.text;
    assert!(shown.contains("anna@contoso.example"), "{shown}");
    assert!(shown.contains("<ins>=Lead</ins>"), "{shown}");
    assert!(shown.contains(">Download as CSV</a>"), "{shown}");
    // What a new contact gets is folded under one line; what changes of an old one stands open.
    assert!(shown.contains("<summary><bdi>Anna Doe</bdi>"), "{shown}");
    assert_eq!(
        shown.matches("<details class=\"more\"><summary>").count(),
        1
    );
    assert!(
        shown.contains("A run would do something for 2 people."),
        "{shown}"
    );
    let found = visitor.found(&page(&stage), "ANNA").await.text;
    assert!(
        found.contains("anna@") && !found.contains("bert@"),
        "{found}"
    );
    let updates = visitor
        .get(&format!("{}?action=update", page(&stage)))
        .await
        .text;
    assert!(
        updates.contains("bert@") && !updates.contains("anna@"),
        "{updates}"
    );
    let file = visitor.get(&format!("{}.csv", page(&stage))).await;
    assert!(
        file.text.contains("Create,Anna Doe,anna@contoso.example"),
        "{}",
        file.text
    );
    assert_eq!(stage.psa.writes(), 0);
}

#[tokio::test]
async fn run_this_now_does_what_was_shown() {
    let stage = stage().await;
    stage.users([user("anna")]);
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let shown = made(&stage, &visitor).await;
    let run = format!("{}/run", page(&stage));
    let fields = [("digest", digest(&shown))];
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let first = visitor.post(&run, &fields).await;
    let second = visitor.post(&run, &fields).await;
    assert_eq!(first.location, second.location);
    assert_eq!(waiting(&stage).await.len(), 1);
    let to = first.location.unwrap();
    assert!(visitor.get(&to).await.text.contains("waiting in line"));
    step(&stage).await;
    assert_eq!(stage.stored("anna@contoso.example").first_name, "Anna");
    let over = visitor.get(&to).await.text;
    assert!(over.contains("The run is over: Succeeded"), "{over}");
    assert_eq!(stage.runs().await.len(), 1);
}

#[tokio::test]
async fn a_plan_that_changed_writes_nothing_and_the_new_preview_shows_what_is_different() {
    let stage = stage().await;
    stage.users([user("anna").title("Engineer"), user("bert")]);
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let digest = digest(&made(&stage, &visitor).await);
    stage.users([user("anna").title("Lead"), user("carl")]);
    stage.delete("bert");
    stage.clock.advance(std::time::Duration::from_mins(1));
    let to = visitor
        .post(&format!("{}/run", page(&stage)), &[("digest", &digest)])
        .await
        .location
        .unwrap();
    step(&stage).await;
    assert_eq!(stage.psa.writes(), 0);
    let changed = visitor.get(&to).await.text;
    assert!(changed.contains("so nothing was written"), "{changed}");
    assert!(changed.contains("hx-trigger=\"load"), "{changed}");
    let reader = site.signed_in(Role::Reader).await;
    assert!(!reader.get(&to).await.text.contains("hx-trigger=\"load"));
    let made = visitor.post(&page(&stage), &[("back", "different")]).await;
    let waits = made.location.unwrap();
    assert!(waits.contains("back=different"), "{waits}");
    step(&stage).await;
    let shown = visitor
        .get(&format!("{}?back=different", page(&stage)))
        .await
        .text;
    let (different, rest) = shown.split_once("aria-label=\"Run\"").expect("both");
    assert!(different.contains("What is different"), "{different}");
    let at = |text: &str| {
        different
            .find(text)
            .unwrap_or_else(|| panic!("{text}: {different}"))
    };
    assert!(at("New: something") < at("carl@contoso.example"));
    assert!(at("Gone: nothing") < at("bert@contoso.example"));
    assert!(at("Changed: something else") < at("anna@contoso.example"));
    assert!(
        different.contains("was to become “Engineer”"),
        "{different}"
    );
    assert!(different.contains("now becomes “Lead”"), "{different}");
    assert!(rest.contains("Run this now"), "{rest}");
    assert_eq!(stage.psa.writes(), 0);
    let old = visitor
        .post(&format!("{}/run", page(&stage)), &[("digest", &digest)])
        .await;
    assert_eq!(old.location, Some(page(&stage)));
    assert!(
        waiting(&stage).await.is_empty(),
        "an old preview is not run"
    );
}

/// Whether the page offers to run the preview; else the button that stands out makes a new one.
fn is_offered(page: &str) -> bool {
    let anew = page.contains("<button class=\"btn primary\" type=\"submit\">Make a new preview");
    let run = page.contains("Run this now");
    assert!(anew != run, "one of both stands out: {page}");
    run
}

#[tokio::test]
async fn a_preview_that_does_not_hold_any_more_is_not_offered_to_be_run() {
    let stage = stage().await;
    stage.users([user("anna"), user("bert")]);
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let anew = async || {
        let shown = made(&stage, &visitor).await;
        assert!(is_offered(&shown), "{shown}");
        stage.clock.advance(std::time::Duration::from_mins(1));
    };
    let says = async |text: &str| {
        let shown = visitor.get(&page(&stage)).await.text;
        assert!(shown.contains(text), "{text}: {shown}");
        assert!(!is_offered(&shown), "{shown}");
        stage.clock.advance(std::time::Duration::from_mins(1));
    };
    anew().await;
    let end = Err(("plan_changed", None));
    let just_now = chrono::TimeDelta::zero();
    stage.past_run(stage.company_id, just_now, end).await;
    says("Something changed since this preview was made").await;
    anew().await;
    let anna = format!(
        "/companies/{}/people/{}",
        stage.company_id,
        user("anna").0.id
    );
    visitor.post(&format!("{anna}/ignore"), &[]).await;
    says("Something changed since this preview was made").await;
    visitor.post(&format!("{anna}/stop-ignoring"), &[]).await;
    let back = visitor.get(&page(&stage)).await.text;
    assert!(is_offered(&back), "it holds again: {back}");
    anew().await;
    let version = stage.version().await.to_string();
    let form = [
        ("version", version.as_str()),
        ("name", "Contoso Limited"),
        ("sync_contacts", "true"),
        ("update_existing", "true"),
        ("timezone", "UTC"),
        ("guard_floor", "3"),
        ("guard_percent", "20"),
        ("action", "confirmed"),
    ];
    let settings = format!("/companies/{}/contact-sync", stage.company_id);
    assert_eq!(visitor.post(&settings, &form).await.status, 303);
    says("You changed the settings after this preview was made").await;
    anew().await;
    stage.sync().await;
    says("A run has finished since this preview was made").await;
    let reader = site.signed_in(Role::Reader).await;
    let shown = reader.get(&page(&stage)).await.text;
    assert!(!shown.contains("Run this now"), "{shown}");
    assert!(
        !shown.contains("Make a new"),
        "a reader only looks: {shown}"
    );
}

#[tokio::test]
async fn nothing_is_run_while_contact_sync_is_off() {
    let stage = stage().await;
    stage.users([user("anna")]);
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let digest = digest(&made(&stage, &visitor).await);
    stage.set(|company| company.sync_contacts = false).await;
    let shown = visitor.get(&page(&stage)).await.text;
    assert!(!shown.contains("Run this now"), "{shown}");
    assert!(shown.contains("Next: turn it on"), "{shown}");
    let to = format!("{}/run", page(&stage));
    visitor.post(&to, &[("digest", &digest)]).await;
    assert!(waiting(&stage).await.is_empty());
    let said = visitor.get(&page(&stage)).await.text;
    assert!(
        said.contains("nothing was written. Turn it on first."),
        "{said}"
    );
}

#[tokio::test]
async fn a_preview_that_failed_says_why_and_where_to_mend_it() {
    let stage = stage().await;
    stage
        .psa
        .fault_on_list(FaultKind::Status(401), 0, usize::MAX);
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let shown = made(&stage, &visitor).await;
    assert!(shown.contains("The preview failed"), "{shown}");
    assert!(shown.contains("Look at the connection"), "{shown}");
    let run = visitor
        .post(&format!("{}/run", page(&stage)), &[("digest", "")])
        .await;
    assert_eq!(run.status, 303);
    assert!(waiting(&stage).await.is_empty());
}

#[tokio::test]
async fn many_people_come_in_pages_and_hostile_names_as_text() {
    let stage = stage().await;
    let hostile = "<script>alert(1)</script>";
    stage.users((0..60).map(|number| {
        user(&format!("user{number:02}")).with(|data| {
            data.display_name = Some(hostile.into());
            data.given_name = Some(hostile.into());
        })
    }));
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let first = made(&stage, &visitor).await;
    assert!(!first.contains("<script>alert"), "{first}");
    assert!(first.contains("1 to 50 of 60"), "{first}");
    assert!(first.len() < 150_000, "{}", first.len());
    assert!(first.contains("user49@") && !first.contains("user50@"));
    let second = visitor.get(&format!("{}?page=2", page(&stage))).await.text;
    assert!(second.contains("user50@") && !second.contains("user49@"));
    let beyond = visitor
        .found(&format!("{}?page=99", page(&stage)), "😀")
        .await;
    assert!(beyond.text.contains("Nobody fits this search."));
}

#[tokio::test]
async fn of_an_inactive_company_nothing_is_offered_that_no_run_would_do() {
    let stage = stage().await;
    stage.users([user("anna"), user("bert").title("Lead")]);
    stage.psa.put(&contact("bert"));
    stage.psa.close_company();
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let shown = made(&stage, &visitor).await;
    for said in [
        "The company is inactive in the PSA",
        "A run would change nothing.",
        "Both sides differ, but nothing is written.",
    ] {
        assert!(shown.contains(said), "{said}: {shown}");
    }
    for offered in ["A run would do something", "Run this now", "anna@contoso"] {
        assert!(!shown.contains(offered), "{offered}: {shown}");
    }
}

#[tokio::test]
async fn unchanged_people_of_a_preview_are_not_linked_to_those_in_sync() {
    let stage = stage().await;
    stage.users([user("anna"), user("bert")]);
    stage.sync().await;
    stage.users([user("bert").blocked()]);
    stage.sync().await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let shown = made(&stage, &visitor).await;
    assert!(shown.contains("2 unchanged"), "{shown}");
    assert!(!shown.contains("state=in_sync"), "{shown}");
}

#[tokio::test]
async fn who_is_ignored_is_counted_beside_those_out_of_scope() {
    let stage = stage().await;
    stage.users([user("anna"), user("bert"), user("carl")]);
    stage.sync().await;
    let anna = user("anna").0.id;
    stage.set(|company| company.ignored = vec![anna]).await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let shown = made(&stage, &visitor).await;
    assert!(
        shown.contains("2 unchanged, 0 out of scope, 1 ignored:"),
        "{shown}"
    );
}
