//! `static/order.js` in a browser: every way to move an item, what is said of it, and what the form then sends.

use serde_json::json;

use super::proof::Pages;
use super::{Browser, Width};

async fn opened(width: Width) -> (Pages, Browser) {
    let (pages, browser) = (Pages::serve(), Browser::open(width).await);
    browser.goto(&pages.address("/list")).await;
    // The script has run when the first item cannot go up.
    browser
        .wait_for("#item-1 [data-move=up][aria-disabled=true]")
        .await;
    (pages, browser)
}

/// Sends the form and waits until it says this.
async fn sends(browser: &Browser, order: &str) {
    browser
        .run("document.querySelector('#form').requestSubmit()", vec![])
        .await;
    browser.wait_for_text("#sent", order).await;
}

async fn said(browser: &Browser, text: &str) {
    browser.wait_for_text("[data-order-live]", text).await;
}

async fn has_focus(browser: &Browser, css: &str) {
    let script = "return document.activeElement === document.querySelector(arguments[0])";
    browser.wait_until(script, vec![json!(css)]).await;
}

/// The numbers beside the names are those of the places.
async fn is_numbered(browser: &Browser) {
    let script = "return [...document.querySelectorAll('#form [data-position]')].map((at) => at.textContent)";
    let numbers = browser.run(script, vec![]).await;
    let wanted: Vec<String> = (1..=numbers.as_array().unwrap().len())
        .map(|number| number.to_string())
        .collect();
    assert_eq!(numbers, json!(wanted));
}

/// Which buttons say that they lead nowhere.
async fn ends(browser: &Browser) -> String {
    let script = "return [...document.querySelectorAll('#form [data-move][aria-disabled=true]')] \
        .map((at) => at.closest('li').id + ' ' + at.dataset.move).join(', ')";
    let ends = browser.run(script, vec![]).await;
    ends.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_item_is_dragged_by_mouse() {
    for width in [Width::Desktop, Width::Phone] {
        let (_pages, browser) = opened(width).await;
        browser
            .drag_by_mouse("#item-2 .order-handle", "#item-4 .order-handle")
            .await;
        said(&browser, "Management moved to position 4 of 5").await;
        sends(&browser, "1 3 4 2 5").await;
        has_focus(&browser, "#item-2 .order-handle").await;
        is_numbered(&browser).await;
        assert_eq!(browser.text("#events").await, "Management 2>4/5;");
        assert_eq!(browser.console_errors().await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn an_item_is_dragged_by_touch() {
    for width in [Width::Phone, Width::Desktop] {
        let (_pages, browser) = opened(width).await;
        browser
            .drag_by_touch("#item-5 .order-handle", "#item-1 .order-handle")
            .await;
        said(&browser, "Everyone else moved to position 1 of 5").await;
        sends(&browser, "5 1 2 3 4").await;
        is_numbered(&browser).await;
        assert_eq!(ends(&browser).await, "item-5 up, item-4 down");
        assert_eq!(browser.text("#events").await, "Everyone else 5>1/5;");
    }
}

#[tokio::test]
async fn an_item_dropped_where_it_was_changes_nothing() {
    let (_pages, browser) = opened(Width::Desktop).await;
    browser
        .drag_by_mouse("#item-2 .order-handle", "#item-2 [data-position]")
        .await;
    // What lies outside the handle does not drag.
    browser
        .drag_by_mouse("#item-2 [data-position]", "#item-5 [data-position]")
        .await;
    sends(&browser, "1 2 3 4 5").await;
    assert_eq!(browser.text("#events").await, "");
    assert_eq!(browser.text("[data-order-live]").await, "");
}

#[tokio::test]
async fn an_item_is_moved_by_its_buttons() {
    let (_pages, browser) = opened(Width::Phone).await;
    assert_eq!(ends(&browser).await, "item-1 up, item-5 down");
    browser.click("#item-2 [data-move=down]").await;
    said(&browser, "Management moved to position 3 of 5").await;
    has_focus(&browser, "#item-2 [data-move=down]").await;
    // With the focus kept, the same key goes on.
    browser.press("Enter").await;
    said(&browser, "Management moved to position 4 of 5").await;
    browser.press("Space").await;
    said(&browser, "Management moved to position 5 of 5").await;
    assert_eq!(ends(&browser).await, "item-1 up, item-2 down");
    browser.press("Enter").await;
    said(&browser, "Management is last already").await;
    has_focus(&browser, "#item-2 [data-move=down]").await;
    sends(&browser, "1 3 4 5 2").await;
    is_numbered(&browser).await;
    let events = browser.text("#events").await;
    assert_eq!(
        events,
        "Management 2>3/5;Management 3>4/5;Management 4>5/5;"
    );
    assert_eq!(browser.axe().await, []);
}

#[tokio::test]
async fn an_item_is_moved_by_the_keyboard() {
    let (_pages, browser) = opened(Width::Desktop).await;
    for _ in 0..4 {
        // Past the first item, whose three buttons are on the way.
        browser.press("Tab").await;
    }
    has_focus(&browser, "#item-2 .order-handle").await;
    browser.press("Alt+ArrowUp").await;
    said(&browser, "Management moved to position 1 of 5").await;
    has_focus(&browser, "#item-2 .order-handle").await;
    browser.press("Alt+ArrowUp").await;
    said(&browser, "Management is first already").await;
    browser.press("Alt+ArrowDown").await;
    browser.press("Alt+ArrowDown").await;
    said(&browser, "Management moved to position 3 of 5").await;
    // Without Alt, or elsewhere, the keys do what they always do.
    browser.press("ArrowDown").await;
    browser.click("#note").await;
    browser.press("Alt+ArrowUp").await;
    sends(&browser, "1 3 2 4 5").await;
    is_numbered(&browser).await;
    assert_eq!(browser.console_errors().await, Vec::<String>::new());
}

#[tokio::test]
async fn items_and_lists_that_come_later_are_sortable_too() {
    let (_pages, browser) = opened(Width::Desktop).await;
    browser.click("#add").await;
    browser
        .wait_for("#item-6 [data-move=down][aria-disabled=true]")
        .await;
    is_numbered(&browser).await;
    browser.click("#item-6 [data-move=up]").await;
    said(&browser, "New moved to position 5 of 6").await;
    browser
        .drag_by_mouse("#item-6 .order-handle", "#item-3 .order-handle")
        .await;
    said(&browser, "New moved to position 3 of 6").await;
    sends(&browser, "1 2 6 3 4 5").await;

    browser.click("#second").await;
    browser
        .drag_by_mouse("#other-1 .order-handle", "#other-2 .order-handle")
        .await;
    said(&browser, "Leavers moved to position 2 of 6").await;
    sends(&browser, "1 2 6 3 4 5").await;
}

#[tokio::test]
async fn nothing_glides_for_a_person_who_wants_no_motion() {
    let (_pages, browser) = opened(Width::Desktop).await;
    // Counts the elements to which SortableJS gives a transition while it moves them.
    let watch = "window.glided = 0; new MutationObserver((all) => { for (const one of all) \
        if (/transform \\d/.test(one.target.style.transition)) window.glided += 1; }) \
        .observe(document.querySelector('[data-order]'), { subtree: true, attributeFilter: ['style'] })";
    let moved = |from, to| {
        let browser = &browser;
        async move {
            browser.drag_by_mouse(from, to).await;
            browser.run("return window.glided > 0", vec![]).await
        }
    };
    browser.run(watch, vec![]).await;
    assert_eq!(
        moved("#item-1 .order-handle", "#item-3 .order-handle").await,
        true
    );
    browser.reduce_motion().await;
    browser
        .wait_until("return document.getAnimations().length === 0", vec![])
        .await;
    browser.run("window.glided = 0", vec![]).await;
    assert_eq!(
        moved("#item-5 .order-handle", "#item-4 .order-handle").await,
        false
    );
    sends(&browser, "2 3 1 5 4").await;
}
