//! What waits for a person: holds, conflicts, and a preview that does not hold any more.

use std::time::Duration;

use rollcall::model::{Mode, Role};
use serde_json::json;

use super::seat::{Seat, one_job};
use crate::stage::user;
use crate::web::conflicts::two_in_conflict;
use crate::web::holds::{held, is_active};
use crate::web::people::stage;
use crate::web::visitor::Site;

#[tokio::test]
async fn exactly_the_ticked_are_approved_and_the_rest_is_dismissed_with_a_note() {
    let stage = held().await;
    let site = Site::start(&stage.app);
    let seat = Seat::of(&site, Role::Technician).await;
    // From the fleet by its own button.
    seat.reads("Needs a person").await;
    let hold = format!("/companies/{}/hold", stage.company_id);
    seat.follow(&format!("main .cause a[href='{hold}'].btn"), &hold)
        .await;
    let emil = "input[type=checkbox][aria-label*='Emil Doe']";
    for (count, press) in [
        ("5", Some("#tick-all")),
        ("0", Some("#tick-all")),
        ("5", None),
    ] {
        seat.browser
            .wait_for_text("form[action$='/approve'] button:not([formaction])", count)
            .await;
        if let Some(all) = press {
            seat.browser.click(all).await;
        }
    }
    seat.browser.click(emil).await;
    seat.browser
        .wait_for_text("form[action$='/approve'] button:not([formaction])", "4")
        .await;
    seat.browser
        .type_into("#note", "They moved to Fabrikam")
        .await;
    seat.picture("hold").await;
    seat.browser
        .click("form[action$='/approve'] button:not([formaction])")
        .await;
    seat.reads("approved").await;
    seat.is_quiet().await;
    one_job(&stage.app).await;
    for name in ["anna", "bert", "carl", "dora"] {
        assert!(!is_active(&stage, name), "{name}");
    }
    assert!(is_active(&stage, "emil"));
    let last = stage.runs().await.pop().unwrap();
    assert_eq!(last.mode, Mode::Approval);
    seat.go(&hold).await;
    let text = seat.text().await;
    assert!(
        text.contains("Emil Doe") && !text.contains("Anna Doe"),
        "{text}"
    );
    seat.browser.type_into("#note", "On parental leave").await;
    seat.browser.click("button[formaction$='/dismiss']").await;
    seat.reads("Nothing is held").await;
    seat.is_quiet().await;
    stage.sync().await;
    assert!(is_active(&stage, "emil"), "dismissed people are left alone");
    let person = format!(
        "/companies/{}/people/{}",
        stage.company_id,
        user("emil").0.id
    );
    seat.go(&person).await;
    seat.reads("On parental leave").await;
}

#[tokio::test]
async fn what_was_said_stays_when_its_run_is_over_until_the_person_hides_it_or_leaves() {
    let stage = held().await;
    let site = Site::start(&stage.app);
    let seat = Seat::of(&site, Role::Technician).await;
    let hold = format!("/companies/{}/hold", stage.company_id);
    let runs = format!("/companies/{}/runs", stage.company_id);
    let said = "#content > .notice.ok[data-said]";
    for (name, hides) in [("Anna", true), ("Bert", false)] {
        seat.go(&hold).await;
        seat.browser.click("#tick-all").await;
        seat.browser
            .click(&format!("input[type=checkbox][aria-label*='{name} Doe']"))
            .await;
        seat.browser.click(".act-bar .btn.danger").await;
        seat.is_at(&runs).await;
        seat.browser.wait_for_text(said, "is approved").await;
        seat.browser.wait_for("main progress").await;
        let before = "window.before = true; return true";
        seat.browser.run(before, vec![]).await;
        one_job(&stage.app).await;
        let anew = "return !window.before && document.readyState === 'complete' \
             && !document.querySelector('main progress')";
        seat.browser.wait_until(anew, vec![]).await;
        seat.browser.wait_for_text(said, "is approved").await;
        assert_eq!(seat.browser.count(said).await, 1, "it is said once");
        seat.is_quiet().await;
        assert_eq!(seat.browser.axe().await, Vec::new());
        if hides {
            seat.browser.click(&format!("{said} > button")).await;
        } else {
            seat.go("/runs").await;
            seat.go(&runs).await;
        }
        assert_eq!(seat.browser.count("[data-said]").await, 0);
    }
}

#[tokio::test]
async fn on_a_phone_what_is_done_with_the_held_is_in_reach_and_covers_nobody_in_focus() {
    let stage = held().await;
    let site = Site::start(&stage.app);
    let seat = Seat::of(&site, Role::Technician).await;
    seat.browser.size(390, 844).await;
    seat.go(&format!("/companies/{}/hold", stage.company_id))
        .await;
    let scrolls = "return document.documentElement.scrollHeight > innerHeight + 100";
    assert_eq!(seat.browser.run(scrolls, vec![]).await, json!(true));
    let in_reach = "return [...document.querySelectorAll('.act-bar button')].filter((one) => { \
         const box = one.getBoundingClientRect(); \
         const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2); \
         return box.top >= 0 && box.bottom <= innerHeight && one.contains(top); }).length";
    assert_eq!(seat.browser.run(in_reach, vec![]).await, json!(2));
    seat.picture("hold-phone").await;
    // Whatever the Tab key comes to on the way can be seen.
    seat.tab_to("#note").await;
    seat.tab_to(".act-bar button[formaction]").await;
    let beneath = "scrollTo(0, document.documentElement.scrollHeight); \
         return document.querySelector('#note').getBoundingClientRect().bottom \
             <= document.querySelector('.act-bar').getBoundingClientRect().top";
    assert_eq!(seat.browser.run(beneath, vec![]).await, json!(true));
    assert_eq!(seat.browser.run(in_reach, vec![]).await, json!(2));
    assert_eq!(seat.browser.axe().await, Vec::new());
}

#[tokio::test]
async fn a_conflict_shows_its_candidates_side_by_side_and_one_is_linked() {
    let stage = stage().await;
    let (_, second) = two_in_conflict(&stage).await;
    let site = Site::start(&stage.app);
    let seat = Seat::of(&site, Role::Technician).await;
    let page = format!("/companies/{}/conflicts", stage.company_id);
    seat.follow(&format!("main .cause a[href='{page}'].btn"), &page)
        .await;
    let beside = "const boxes = [...document.querySelectorAll('section:has(form) .candidate:not(.own)')].slice(0, 2) \
         .map((one) => one.getBoundingClientRect()); \
         return boxes[0].top === boxes[1].top && boxes[0].right <= boxes[1].left";
    assert_eq!(seat.browser.run(beside, vec![]).await, json!(true));
    seat.picture("conflict").await;
    let link = format!(
        "form[action$='/people/{}/link/{second}'] button",
        user("carl").0.id
    );
    seat.browser.click(&link).await;
    seat.reads("is linked to contact").await;
    seat.is_quiet().await;
    assert_eq!(
        seat.browser.count(".candidate:not(.own)").await,
        2,
        "only Dora's are left"
    );
    stage.sync().await;
    let links = stage.links().await;
    let linked = links
        .iter()
        .find(|(upn, ..)| upn == "carl@contoso.example")
        .unwrap();
    assert_eq!(linked.1, second);
    seat.go(&page).await;
    let text = seat.text().await;
    assert!(!text.contains("Carl Doe"), "{text}");
}

#[tokio::test]
async fn running_a_preview_that_does_not_hold_any_more_writes_nothing_and_shows_the_difference() {
    let stage = stage().await;
    stage.users([user("anna").title("Engineer"), user("bert")]);
    let site = Site::start(&stage.app);
    let seat = Seat::of(&site, Role::Technician).await;
    let page = format!("/companies/{}/preview", stage.company_id);
    seat.go(&page).await;
    seat.browser
        .click("form[action$='/preview'] button[type=submit]")
        .await;
    one_job(&stage.app).await;
    seat.reads("Who is affected").await;
    // Somebody changes something while the preview is looked at.
    stage.users([user("anna").title("Lead"), user("carl")]);
    stage.delete("bert");
    stage.clock.advance(Duration::from_mins(1));
    seat.browser
        .click("form[action$='/preview/run'] button")
        .await;
    one_job(&stage.app).await;
    // The page asks for the new preview by itself.
    one_job(&stage.app).await;
    seat.reads("What is different").await;
    seat.is_quiet().await;
    seat.picture("preview-different").await;
    assert_eq!(stage.psa.writes(), 0);
    let text = seat.text().await;
    for said in [
        "carl@contoso.example",
        "bert@contoso.example",
        "“Engineer”",
        "“Lead”",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    stage.clock.advance(Duration::from_mins(1));
    seat.browser
        .click("form[action$='/preview/run'] button")
        .await;
    one_job(&stage.app).await;
    seat.browser.click("main a[href^='/runs/']").await;
    seat.reads("Succeeded").await;
    seat.is_quiet().await;
    assert_eq!(
        stage.stored("anna@contoso.example").title.as_deref(),
        Some("Lead")
    );
    assert_eq!(stage.psa.look().len(), 2);
}
