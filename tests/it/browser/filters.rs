//! Filters in a browser: every way to reorder them, the effect before saving, adding one, and two technicians at once.

use std::path::Path;
use std::time::Duration;

use rollcall::model::Role;
use serde_json::json;

use super::{Browser, Scheme, Width};
use crate::stage::Stage;
use crate::web::filters::{OTHER, stage};
use crate::web::visitor::Site;

const SENTENCE: &str = "#filter-effect .filter-sentence";

/// The page, read and signed in.
async fn opened(width: Width) -> (Stage, Site, Browser) {
    let stage = stage().await;
    stage.sync().await;
    let site = Site::start(&stage.app);
    site.signed_in(Role::Technician).await;
    let browser = Browser::open(width).await;
    enter(&browser, &site, stage.company_id).await;
    (stage, site, browser)
}

/// Fills the sign-in form and sends it.
async fn sign_in(browser: &Browser) {
    browser.type_into("#name", "Technician").await;
    browser
        .type_into("#password", "correct horse battery")
        .await;
    browser.click("button[type=submit]").await;
}

/// Moves the second filter, IT, to the top.
async fn move_it_up_by_keyboard(browser: &Browser) {
    browser
        .run("document.querySelector('#k1-handle').focus()", vec![])
        .await;
    browser.press("Alt+ArrowUp").await;
    browser
        .wait_for_text("[data-order-live]", "IT moved to position 1 of 3")
        .await;
}

async fn enter(browser: &Browser, site: &Site, company: i64) {
    browser.goto(&format!("{}/sign-in", site.url)).await;
    sign_in(browser).await;
    browser
        .wait_until("return location.pathname !== '/sign-in'", vec![])
        .await;
    browser
        .goto(&format!("{}/companies/{company}/filters", site.url))
        .await;
    browser
        .wait_for("#k0 [data-move=up][aria-disabled=true]")
        .await;
    // What other pages complained of on the way here is theirs.
    browser.console_errors().await;
}

async fn picture(browser: &Browser, name: &str) {
    if let Ok(folder) = std::env::var("ROLLCALL_SCREENSHOTS") {
        let name = format!("filters-{name}.png").to_lowercase();
        browser.screenshot(&Path::new(&folder).join(name)).await;
    }
}

async fn saved(stage: &Stage) -> Vec<String> {
    let company = stage.company().await;
    let filters = company.filters.iter().enumerate();
    filters.map(|(at, filter)| filter.label(at)).collect()
}

async fn on_screen(browser: &Browser) -> Vec<String> {
    let script = "return [...document.querySelectorAll('#filters-list > li')].map((one) => one.dataset.name)";
    serde_json::from_value(browser.run(script, vec![]).await).unwrap()
}

async fn save(browser: &Browser) {
    browser.click(".save-bar button[type=submit]").await;
    browser
        .wait_for_text("main > .notice", "The filters are saved.")
        .await;
}

async fn has_focus(browser: &Browser, css: &str) {
    let script = "return document.activeElement === document.querySelector(arguments[0])";
    browser.wait_until(script, vec![json!(css)]).await;
}

/// IT was moved above Management: it is told, nothing is stored, and then the order of the screen is.
async fn it_is_first_and_saved_as_seen(stage: &Stage, browser: &Browser) {
    browser
        .wait_for_text(SENTENCE, "1 person moves to Site 3.")
        .await;
    assert_eq!(saved(stage).await, ["Management", "IT", "Everyone"]);
    assert_eq!(on_screen(browser).await, ["IT", "Management", "Everyone"]);
    save(browser).await;
    assert_eq!(saved(stage).await, on_screen(browser).await);
    assert_eq!(on_screen(browser).await, ["IT", "Management", "Everyone"]);
    assert_eq!(browser.console_errors().await, Vec::<String>::new());
}

#[tokio::test]
async fn filters_are_reordered_by_mouse() {
    let (stage, _site, browser) = opened(Width::Desktop).await;
    browser.drag_by_mouse("#k1-handle", "#k0-handle").await;
    it_is_first_and_saved_as_seen(&stage, &browser).await;
}

#[tokio::test]
async fn filters_are_reordered_by_touch() {
    let (stage, _site, browser) = opened(Width::Phone).await;
    let up = "document.querySelector('#k0').scrollIntoView()";
    browser.run(up, vec![]).await;
    browser.drag_by_touch("#k1-handle", "#k0-handle").await;
    it_is_first_and_saved_as_seen(&stage, &browser).await;
}

#[tokio::test]
async fn filters_are_reordered_by_keyboard() {
    let (stage, _site, browser) = opened(Width::Desktop).await;
    move_it_up_by_keyboard(&browser).await;
    has_focus(&browser, "#k1-handle").await;
    it_is_first_and_saved_as_seen(&stage, &browser).await;
}

#[tokio::test]
async fn a_filter_is_added_by_choosing_a_group_and_a_site() {
    let (stage, _site, browser) = opened(Width::Desktop).await;
    browser
        .click("[hx-target='#filters-list'][hx-swap=afterbegin]")
        .await;
    has_focus(&browser, "#n3-name").await;
    browser
        .wait_for_text("#filter-effect", "is not finished")
        .await;
    browser.type_into("#n3-name", "Nights").await;
    browser.click("#n3-c0-kind option[value=group]").await;
    browser.type_into("#n3-c0-search", "nig").await;
    browser.wait_for_text("#n3-c0-found", "Night shift").await;
    picture(&browser, "group").await;
    browser.press("ArrowDown").await;
    browser.press("Enter").await;
    browser
        .wait_for_text("#n3 .filter-chosen", "Night shift")
        .await;
    has_focus(&browser, "#n3-c0-search").await;
    let site = stage.psa.site("New Site").id;
    browser
        .click(&format!("#n3-site option[value='{site}']"))
        .await;
    browser
        .wait_for_text(SENTENCE, "1 person moves to New Site.")
        .await;
    browser.wait_for_text("#n3-takes", "Takes 1 person").await;
    assert_eq!(saved(&stage).await, ["Management", "IT", "Everyone"]);
    browser.click("#n3 [hx-vals*=done]").await;
    browser
        .wait_for_text("#n3 .filter-conditions", "Member of Night shift")
        .await;
    has_focus(&browser, "#n3 [hx-vals*=edit]").await;
    save(&browser).await;
    assert_eq!(
        saved(&stage).await,
        ["Nights", "Management", "IT", "Everyone"]
    );
    let when = &stage.company().await.filters[0].when;
    assert_eq!(when[0].test, rollcall::model::Test::Group(OTHER.into()));
    assert_eq!(browser.console_errors().await, Vec::<String>::new());
}

#[tokio::test]
async fn the_groups_that_were_found_do_not_lie_behind_the_save_bar() {
    let (_stage, _site, browser) = opened(Width::Desktop).await;
    let add = "[hx-target='#filters-list'][hx-swap=afterbegin]";
    browser.click(add).await;
    has_focus(&browser, "#n3-name").await;
    browser.click("#n3-c0-kind option[value=group]").await;
    browser.wait_for("#n3-c0-search").await;
    let low = "const box = (css) => document.querySelector(css).getBoundingClientRect(); \
               const far = box('.save-bar').top - 4 - box('#n3-c0-search').bottom; \
               document.querySelector('#filters-list').style.marginTop = `${far + scrollY}px`; \
               document.querySelector('#n3-c0-search').focus({ preventScroll: true });";
    browser.run(low, vec![]).await;
    browser.press("n").await;
    browser.wait_for_text("#n3-c0-found", "Night shift").await;
    let free = "const box = (css) => document.querySelector(css).getBoundingClientRect(); \
                return box('.filter-picks').bottom <= box('.save-bar').top";
    browser.wait_until(free, vec![]).await;
}

#[tokio::test]
async fn with_no_filter_there_is_one_way_to_add_one_which_has_the_focus_after_the_last_is_deleted()
{
    let (_stage, _site, browser) = opened(Width::Desktop).await;
    for key in ["#k0", "#k1", "#k2"] {
        browser.click(&format!("{key} [data-delete]")).await;
    }
    has_focus(&browser, "[hx-target='#filters-list'][hx-swap=beforeend]").await;
    let seen = "return [...document.querySelectorAll(\"[hx-target='#filters-list']\")] \
                .filter((one) => one.checkVisibility()).length";
    assert_eq!(browser.run(seen, vec![]).await, json!(1));
}

#[tokio::test]
async fn a_covered_filter_names_the_one_that_covers_it() {
    let (stage, _site, browser) = opened(Width::Desktop).await;
    for _ in 0..2 {
        browser.click("#k2 [data-move=up]").await;
    }
    let covered = "It can never take anybody: Everyone above takes all of them.";
    browser.wait_for_text("#k0-takes", covered).await;
    browser.wait_for_text("#k1-takes", covered).await;
    browser.click("#k2 [data-switch]").await;
    let gone = "return !document.querySelector('#k0-takes').innerText.includes('never')";
    browser.wait_until(gone, vec![]).await;
    browser.wait_for_text("#k2-takes", "Switched off").await;
    browser
        .wait_for_text("#filter-others", "1 person; nothing is done")
        .await;
    assert_eq!(saved(&stage).await, ["Management", "IT", "Everyone"]);
}

#[tokio::test]
async fn an_effect_that_is_worked_out_anew_does_not_say_that_it_cannot_be() {
    let (_stage, _site, browser) = opened(Width::Desktop).await;
    let watch = "window.sent = 0; window.said = []; const effect = document.querySelector('#filter-effect'); \
         effect.addEventListener('htmx:beforeSend', () => { window.sent += 1; }); \
         effect.addEventListener('htmx:sendAbort', () => { window.aborted = true; }); \
         new MutationObserver(() => window.said.push(effect.innerText)).observe(effect, { childList: true, subtree: true })";
    browser.run(watch, vec![]).await;
    browser.network(false, Duration::from_millis(1_500)).await;
    browser.click("#k1 [data-move=up]").await;
    browser.wait_until("return window.sent === 1", vec![]).await;
    browser.click("#k1 [data-move=down]").await;
    browser.wait_until("return window.aborted", vec![]).await;
    let busy = "return document.querySelector('#filter-effect').matches('[aria-busy]')";
    assert_eq!(browser.run(busy, vec![]).await, json!(true));
    browser
        .wait_until("return window.said.length > 0", vec![])
        .await;
    let said = browser.run("return window.said.join()", vec![]).await;
    assert!(!said.as_str().unwrap().contains("cannot"), "{said}");
    let quiet = "return !document.querySelector('#filter-effect').matches('[aria-busy]')";
    browser.wait_until(quiet, vec![]).await;
    // What cannot be worked out says so itself, and in no notice besides.
    browser.network(true, Duration::ZERO).await;
    browser.click("#k1 [data-move=up]").await;
    browser
        .wait_for_text("#filter-effect", "cannot be worked out now")
        .await;
    browser.wait_until(quiet, vec![]).await;
    assert_eq!(browser.count(".failure").await, 0);
}

#[tokio::test]
async fn deleting_and_duplicating_keep_the_focus_and_are_told() {
    let (stage, _site, browser) = opened(Width::Desktop).await;
    browser.click("#k0 [data-delete]").await;
    has_focus(&browser, "#k1-handle").await;
    browser
        .wait_for_text("[data-order-live]", "Management is deleted")
        .await;
    browser.click("#k1 [hx-vals*=duplicate]").await;
    has_focus(&browser, "#n3-name").await;
    browser
        .wait_for_text("[data-order-live]", "IT (copy) added as a copy")
        .await;
    browser.press("Enter").await;
    browser
        .wait_for_text("#n3-takes", "IT above takes all of them")
        .await;
    assert_eq!(on_screen(&browser).await, ["IT", "IT (copy)", "Everyone"]);
    assert_eq!(saved(&stage).await, ["Management", "IT", "Everyone"]);
    let heard = "window.addEventListener('beforeunload', (event) => { \
         sessionStorage.setItem('asked', event.defaultPrevented); })";
    browser.run(heard, vec![]).await;
    browser.click("[data-discard]").await;
    browser.wait_for("#k0").await;
    let asked = browser.run("return sessionStorage.getItem('asked')", vec![]);
    assert_eq!(asked.await, "false", "the button says it already");
    assert_eq!(on_screen(&browser).await, ["Management", "IT", "Everyone"]);
}

#[tokio::test]
async fn of_two_technicians_the_second_sees_both_lists_and_loses_nothing() {
    let (stage, site, first) = opened(Width::Desktop).await;
    let second = Browser::open(Width::Desktop).await;
    enter(&second, &site, stage.company_id).await;
    first.click("#k0 [data-delete]").await;
    save(&first).await;
    assert_eq!(saved(&stage).await, ["IT", "Everyone"]);
    second.click("#k1 [data-move=up]").await;
    second
        .wait_for_text("#filter-effect", "saved meanwhile")
        .await;
    second.click(".save-bar button[type=submit]").await;
    second.wait_for_text("#meanwhile", "while you worked").await;
    assert_eq!(saved(&stage).await, ["IT", "Everyone"]);
    assert_eq!(on_screen(&second).await, ["IT", "Management", "Everyone"]);
    second
        .wait_for_text(".filter-saved", "Department is IT")
        .await;
    picture(&second, "meanwhile").await;
    second.click("button[name=over]").await;
    second
        .wait_for_text("main > .notice", "The filters are saved.")
        .await;
    assert_eq!(saved(&stage).await, ["IT", "Management", "Everyone"]);
}

#[tokio::test]
async fn the_page_is_accessible_and_fits_at_every_width_and_in_both_colours() {
    for width in [Width::Desktop, Width::Phone] {
        let (_stage, _site, browser) = opened(width).await;
        browser.reduce_motion().await;
        browser.click("#k0 [data-move=down]").await;
        browser
            .wait_for_text(SENTENCE, "1 person moves to Site 3.")
            .await;
        browser.click("#k1 [hx-vals*=edit]").await;
        browser.wait_for("#k1-name").await;
        for scheme in [Scheme::Light, Scheme::Dark] {
            browser.scheme(scheme).await;
            assert_eq!(browser.axe().await, Vec::new(), "{width:?} {scheme:?}");
            picture(&browser, &format!("{width:?}-{scheme:?}")).await;
        }
        let wide = "return document.documentElement.scrollWidth > innerWidth";
        assert_eq!(browser.run(wide, vec![]).await, json!(false), "{width:?}");
    }
}

#[tokio::test]
async fn an_order_that_was_saved_after_the_session_had_ended_is_kept_and_saved_after_the_sign_in() {
    let (stage, _site, browser) = opened(Width::Desktop).await;
    let (before, moved) = (
        ["Management", "IT", "Everyone"],
        ["IT", "Management", "Everyone"],
    );
    move_it_up_by_keyboard(&browser).await;
    stage.clock.advance(Duration::from_hours(9));
    browser.click(".save-bar button[type=submit]").await;
    browser
        .wait_for_text("main", "What you sent last may not be saved")
        .await;
    assert_eq!(saved(&stage).await, before);
    picture(&browser, "session-ended").await;
    sign_in(&browser).await;
    browser
        .wait_for_text("main", "What you sent is kept in this window.")
        .await;
    picture(&browser, "session-back").await;
    assert_eq!(saved(&stage).await, before);
    browser.click("main .notice.warn button.primary").await;
    browser
        .wait_for_text("main > .notice", "The filters are saved.")
        .await;
    assert_eq!(saved(&stage).await, moved);
    let kept = "return sessionStorage.getItem('rollcall.sent')";
    assert_eq!(browser.run(kept, vec![]).await, json!(null));
    assert_eq!(browser.console_errors().await, Vec::<String>::new());
}
