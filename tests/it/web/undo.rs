//! Undoing: shown before it is done, done as it was shown, and told by the pages of both runs and of the person.

use rollcall::model::{Mode, Role, UserId};

use super::people::{id, stage};
use super::visitor::{Site, Visitor};
use crate::stage::{Plain, Stage, contact, user};

/// Anna got another title, and Bert is new. Gives the contacts from before, and the run.
async fn a_day(stage: &Stage) -> (Vec<Plain>, String) {
    stage.users([user("anna").title("Engineer")]);
    stage.sync().await;
    let before = stage.psa.look();
    stage.edit("anna", |user| {
        user.job_title = Some("Lead <script>alert(1)</script>".into());
    });
    stage.users([user("bert")]);
    let report = stage.sync().await;
    assert_eq!((report.counts.update, report.counts.create), (1, 1));
    (before, report.run)
}

fn page(run: &str) -> String {
    format!("/runs/{run}/undo")
}

/// What identifies what a page shows.
fn digest(html: &str) -> String {
    let mark = "name=\"digest\" value=\"";
    let at = html.find(mark).unwrap_or_else(|| panic!("no form: {html}")) + mark.len();
    html[at..].split('"').next().unwrap().to_owned()
}

/// Sends the form of a page as it is shown.
async fn send(visitor: &Visitor, run: &str, user: &str, ignoring: bool) -> u16 {
    let address = if user.is_empty() {
        page(run)
    } else {
        format!("{}?user={user}", page(run))
    };
    let digest = digest(&visitor.get(&address).await.text);
    let mut form = vec![("digest", digest.as_str()), ("user", user)];
    if ignoring {
        form.push(("ignoring", "true"));
    }
    visitor.post(&page(run), &form).await.status
}

async fn work(stage: &Stage) {
    while rollcall::jobs::step(&stage.app).await.unwrap() {}
}

#[tokio::test]
async fn a_reader_sees_no_button_and_is_refused() {
    let stage = stage().await;
    let (_, run) = a_day(&stage).await;
    let site = Site::start(&stage.app);
    let reader = site.signed_in(Role::Reader).await;
    let html = reader.get(&format!("/runs/{run}")).await.text;
    assert!(!html.contains("/undo"), "{html}");
    assert_eq!(reader.get(&page(&run)).await.status, 403);
    assert_eq!(reader.post(&page(&run), &[]).await.status, 403);
    let person = format!("/companies/{}/people/{}", stage.company_id, id("anna"));
    assert!(!reader.get(&person).await.text.contains("/undo"));
}

#[tokio::test]
async fn a_run_is_shown_field_by_field_and_then_put_back() {
    let stage = stage().await;
    let (before, run) = a_day(&stage).await;
    let site = Site::start(&stage.app);
    let technician = site.signed_in(Role::Technician).await;
    let of_run = technician.get(&format!("/runs/{run}")).await.text;
    assert!(of_run.contains(&format!("href=\"{}\"", page(&run))));
    let one = format!("{}?user={}", page(&run), id("anna"));
    assert!(of_run.contains(&one), "{of_run}");
    let requests = stage.requests();
    let html = technician.get(&page(&run)).await.text;
    assert_eq!(stage.requests(), requests, "the page asks nobody");
    for text in [
        "Anna Doe",
        "<del>Lead &lt;script&gt;",
        "<ins>Engineer</ins>",
        "The run made this contact",
        "Leave these 2 people alone from now on",
        "Do not undo",
        "Put 2 contacts back",
    ] {
        assert!(html.contains(text), "{text}: {html}");
    }
    assert!(html.contains("value=\"true\" checked"), "{html}");
    assert_eq!(send(&technician, &run, "", true).await, 303);
    let html = technician.get(&page(&run)).await.text;
    assert!(html.contains("on its way already"), "{html}");
    work(&stage).await;
    let now = stage.psa.look();
    assert_eq!(now[..1], before);
    assert!(!now[1].active, "who was made is made inactive");
    assert_eq!(stage.company().await.ignored.len(), 2);

    let undo = stage.runs().await.pop().unwrap();
    assert_eq!(
        (undo.mode, undo.requested_by.as_deref()),
        (Mode::Undo, Some("Technician"))
    );
    let html = technician.get(&page(&run)).await.text;
    assert!(html.contains("Nothing is left to put back"), "{html}");
    assert!(html.contains("as it was before already"), "{html}");
    assert!(html.contains("Undone for 2 people by <bdi>Technician</bdi>"));
    let of_run = technician.get(&format!("/runs/{run}")).await.text;
    let by = format!(
        "Undone for 2 people by <bdi>Technician</bdi> on <a href=\"/runs/{}\">",
        undo.id
    );
    assert!(of_run.contains(&by), "{of_run}");
    assert!(!of_run.contains("Undo this run"), "it is undone");
    let by = format!("Undone on <a href=\"/runs/{}\">", undo.id);
    assert_eq!(of_run.matches(&by).count(), 2, "each of them: {of_run}");
    assert!(!of_run.contains(&page(&run)), "{of_run}");
    let of_undo = technician.get(&format!("/runs/{}", undo.id)).await.text;
    let link = format!("<a href=\"/runs/{run}\">run of ");
    assert!(of_undo.contains(&link), "{of_undo}");
    assert!(of_undo.contains("leave 2 people alone since"), "{of_undo}");
    let person = format!("/companies/{}/people/{}", stage.company_id, id("anna"));
    let html = technician.get(&person).await.text;
    for text in [
        "Put back by the",
        "Ignored from now on",
        &format!("Undo of the <a href=\"/runs/{run}\">run of <time"),
        "Stop ignoring",
    ] {
        assert!(html.contains(text), "{text}: {html}");
    }
    // The contact is shown as the undo left it.
    assert!(html.contains("Engineer"), "{html}");

    assert!(!html.contains(&format!(">{run}")), "{html}");

    // And back again.
    let html = technician.get(&page(&undo.id)).await.text;
    assert!(html.contains("Look at these 2 people again"), "{html}");
    assert_eq!(send(&technician, &undo.id, "", true).await, 303);
    work(&stage).await;
    assert_eq!(stage.company().await.ignored, Vec::<String>::new());
    assert!(stage.psa.look()[1].active);
    let of_run = technician.get(&format!("/runs/{run}")).await.text;
    assert!(of_run.contains("Undo this run"), "it stands again");
    assert!(of_run.contains(&one), "{of_run}");
}

#[tokio::test]
async fn who_has_nothing_to_put_back_is_neither_counted_nor_ignored() {
    let stage = stage().await;
    let (before, run) = a_day(&stage).await;
    stage.psa.edit(&before[0].id, |contact| {
        contact.title = Some("Engineer".into());
    });
    stage.set(|company| company.update_existing = false).await;
    stage.sync().await;
    let site = Site::start(&stage.app);
    let technician = site.signed_in(Role::Technician).await;
    let html = technician.get(&page(&run)).await.text;
    for text in [
        "It is as it was before already.",
        "Leave this person alone from now on",
        "Put 1 contact back",
    ] {
        assert!(html.contains(text), "{text}: {html}");
    }
    assert_eq!(html.matches("Left alone from then on").count(), 1, "{html}");
    assert_eq!(send(&technician, &run, "", true).await, 303);
    work(&stage).await;
    assert_eq!(stage.company().await.ignored, [id("bert")]);
}

#[tokio::test]
async fn the_undo_of_a_run_that_the_history_does_not_keep_any_more_is_told_and_can_be_undone() {
    let stage = stage().await;
    a_day(&stage).await;
    // A run that made nobody's contact: those are kept.
    stage.edit("anna", |user| user.job_title = Some("Boss".into()));
    let run = stage.sync().await.run;
    stage
        .clock
        .advance(std::time::Duration::from_hours(24 * 40));
    stage.sync().await;
    let site = Site::start(&stage.app);
    let technician = site.signed_in(Role::Technician).await;
    assert_eq!(send(&technician, &run, "", true).await, 303);
    work(&stage).await;
    let undo = stage.runs().await.pop().unwrap().id;
    stage
        .write(|conn| rollcall::db::settings::set_history_months(conn, Some(1)))
        .await;
    rollcall::retention::forget_old(&stage.app).await.unwrap();
    assert_eq!(technician.get(&format!("/runs/{run}")).await.status, 404);
    assert_eq!(technician.get(&page(&run)).await.status, 404);
    let of_undo = technician.get(&format!("/runs/{undo}")).await.text;
    let said = "An undo of a run that the history does not keep any more.";
    assert!(of_undo.contains(said), "{of_undo}");
    let person = format!("/companies/{}/people/{}", stage.company_id, id("anna"));
    let html = technician.get(&person).await.text;
    assert!(html.contains("Undo of the run of "), "{html}");
    assert!(!html.contains("Undo of the <a"), "{html}");
    assert_eq!(send(&technician, &undo, "", true).await, 303);
    work(&stage).await;
    assert_eq!(stage.company().await.ignored, Vec::<String>::new());
    assert_eq!(stage.psa.look()[0].title.as_deref(), Some("Boss"));
}

#[tokio::test]
async fn what_has_changed_since_it_was_shown_is_shown_anew_and_not_done() {
    let stage = stage().await;
    let (before, run) = a_day(&stage).await;
    let site = Site::start(&stage.app);
    let technician = site.signed_in(Role::Technician).await;
    let old = digest(&technician.get(&page(&run)).await.text);
    stage.psa.edit(&before[0].id, |contact| {
        contact.title = Some("Boss".into());
    });
    stage.set(|company| company.update_existing = false).await;
    stage.sync().await;
    let again = technician.post(&page(&run), &[("digest", &old)]).await;
    assert_eq!(again.status, 422);
    for text in [
        "has changed since you looked",
        "Title was Engineer before the run, was changed since, and stays Boss.",
        "Put 1 contact back",
    ] {
        assert!(again.text.contains(text), "{text}: {}", again.text);
    }
    let writes = stage.psa.writes();
    work(&stage).await;
    assert_eq!(stage.psa.writes(), writes);
    // What is different only by the time of the run is named by the run, and the page knows it from then on.
    assert_eq!(send(&technician, &run, "", true).await, 303);
    stage.psa.edit(&before[0].id, |contact| {
        contact.title = Some("Lead <script>alert(1)</script>".into());
    });
    work(&stage).await;
    let undo = stage.runs().await.pop().unwrap();
    assert_eq!(undo.findings.len(), 1, "{:?}", undo.findings);
    assert!(undo.findings[0].message.contains("not as it was when"));
    let html = technician.get(&page(&run)).await.text;
    assert!(html.contains("Put 1 contact back"), "{html}");
}

#[tokio::test]
async fn one_person_is_put_back_from_their_own_page_and_not_ignored_where_that_is_not_wanted() {
    let stage = stage().await;
    let (before, run) = a_day(&stage).await;
    let site = Site::start(&stage.app);
    let technician = site.signed_in(Role::Technician).await;
    let person = format!("/companies/{}/people/{}", stage.company_id, id("anna"));
    let html = technician.get(&person).await.text;
    let link = format!("{}?user={}", page(&run), id("anna"));
    assert!(html.contains(&link), "{html}");
    let html = technician.get(&link).await.text;
    assert!(!html.contains("Bert"), "{html}");
    assert!(html.contains("Undo one person's change"), "{html}");
    assert_eq!(send(&technician, &run, &id("anna"), false).await, 303);
    let said = technician.get(&format!("/runs/{run}")).await.text;
    let whose = "The undo of the change of Anna Doe begins now.";
    assert!(said.contains(whose), "{said}");
    work(&stage).await;
    let now = stage.psa.look();
    assert_eq!((&now[0], now[1].active), (&before[0], true));
    assert_eq!(stage.company().await.ignored, Vec::<String>::new());
    let of_run = technician.get(&format!("/runs/{run}")).await.text;
    assert!(of_run.contains("One person's change was undone by"));
}

#[tokio::test]
async fn a_run_that_cannot_be_put_back_says_why() {
    let stage = stage().await;
    let (_, run) = a_day(&stage).await;
    let site = Site::start(&stage.app);
    let technician = site.signed_in(Role::Technician).await;
    stage.clock.advance(std::time::Duration::from_mins(1));
    stage.psa.add_company(251, "Fabrikam");
    stage
        .set(|company| company.psa_company_id = "251".into())
        .await;
    stage.sync().await;
    let html = technician.get(&page(&run)).await.text;
    for text in ["This cannot be put back.", "was connected to another PSA"] {
        assert!(html.contains(text), "{text}: {html}");
    }
    assert!(!html.contains("name=\"digest\""), "{html}");
    let answer = technician.post(&page(&run), &[("digest", "x")]).await;
    assert_eq!(answer.status, 422);
}

#[tokio::test]
async fn two_undos_that_wait_are_both_done() {
    let stage = stage().await;
    let (before, first) = a_day(&stage).await;
    stage.psa.put(&contact("stranger"));
    stage.edit("anna", |user| {
        user.business_phones = vec!["100".into()];
    });
    let second = stage.sync().await.run;
    let site = Site::start(&stage.app);
    let technician = site.signed_in(Role::Technician).await;
    assert_eq!(send(&technician, &second, "", true).await, 303);
    assert_eq!(send(&technician, &first, &id("anna"), true).await, 303);
    // A double click is no second wish.
    assert_eq!(send(&technician, &first, &id("anna"), true).await, 303);
    work(&stage).await;
    assert_eq!(stage.psa.look()[0], before[0]);
    let undos = stage.runs().await;
    let undos = undos.iter().filter(|run| run.mode == Mode::Undo).count();
    assert_eq!(undos, 2);
    assert_eq!(
        stage.company().await.ignored,
        [UserId::new(&id("anna")).to_string()]
    );
}
