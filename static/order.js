// Makes a list sortable: by mouse and touch (SortableJS), by buttons and by keyboard. The order in the page is the order in
// the form: nothing here numbers a field or sends anything.
//
//   <ol data-order>
//     <li data-order-item data-name="Management">
//       <button type="button" class="order-handle" aria-label="Move Management">…</button>  drag it, or Alt with an arrow key
//       <span data-position>1</span>
//       <button type="button" data-move="up">…</button> <button type="button" data-move="down">…</button>
//       <input type="hidden" name="order" value="7">
//   <p data-order-live role="status"></p>     says each move; the nearest one around the list is used
//
// After a move the list sends `order:changed`, which bubbles, with `detail` { name, from, to, count }, counted from 1.
// The stylesheet sets `touch-action: none` on `.order-handle`, or a finger scrolls the page.
(function () {
  "use strict";

  const FLYING = "order-flying";
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const known = new WeakSet();

  function items(list) {
    return [...list.children].filter(
      (item) => item.matches("[data-order-item]") && !item.classList.contains(FLYING),
    );
  }

  // What depends on the place of an item: its number, and whether it can move on. Writes only what differs, because the
  // observer of the list calls this too.
  function refresh(list) {
    const all = items(list);
    all.forEach((item, index) => {
      for (const place of item.querySelectorAll("[data-position]")) {
        const text = String(index + 1);
        if (place.textContent !== text) place.textContent = text;
      }
      const ends = { up: index === 0, down: index === all.length - 1 };
      for (const button of item.querySelectorAll("[data-move]")) {
        // Not `disabled`: a button that is pressed again and again keeps the focus at the end of the list.
        const text = String(Boolean(ends[button.dataset.move]));
        if (button.getAttribute("aria-disabled") !== text) button.setAttribute("aria-disabled", text);
      }
    });
  }

  function name(item) {
    return item.dataset.name || "The item";
  }

  function say(list, text) {
    for (let around = list.parentElement; around; around = around.parentElement) {
      const live = around.querySelector("[data-order-live]");
      if (live) {
        live.textContent = text;
        return;
      }
    }
  }

  function moved(list, item, from) {
    const all = items(list);
    const to = all.indexOf(item);
    refresh(list);
    say(list, `${name(item)} moved to position ${to + 1} of ${all.length}`);
    list.dispatchEvent(
      new CustomEvent("order:changed", {
        bubbles: true,
        detail: { name: name(item), from: from + 1, to: to + 1, count: all.length },
      }),
    );
  }

  // Moves by one place. `focused` keeps the focus, which an element loses while it is taken out of the page.
  function step(item, way, focused) {
    const list = item.parentElement;
    const all = items(list);
    const from = all.indexOf(item);
    const to = from + (way === "up" ? -1 : 1);
    if (!all[to]) {
      say(list, `${name(item)} is ${way === "up" ? "first" : "last"} already`);
      return;
    }
    if (way === "up") all[to].before(item);
    else all[to].after(item);
    focused.focus();
    focused.scrollIntoView({ block: "nearest" });
    moved(list, item, from);
  }

  function itemOf(element) {
    const item = element.closest("[data-order-item]");
    return item && item.parentElement.matches("[data-order]") ? item : null;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move]");
    const item = button && itemOf(button);
    if (item) step(item, button.dataset.move, button);
  });

  document.addEventListener("keydown", (event) => {
    const way = { ArrowUp: "up", ArrowDown: "down" }[event.key];
    if (!way || !event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const focused = event.target.closest(".order-handle, [data-move]");
    const item = focused && itemOf(focused);
    if (!item) return;
    event.preventDefault();
    step(item, way, focused);
  });

  function start(list) {
    if (known.has(list)) return;
    known.add(list);
    refresh(list);
    new MutationObserver(() => refresh(list)).observe(list, { childList: true });
    let from = -1;
    const sortable = window.Sortable.create(list, {
      draggable: "[data-order-item]",
      handle: ".order-handle",
      // Driven by pointer events, so the same on every device; the browser's own dragging has none by touch.
      forceFallback: true,
      fallbackClass: FLYING,
      ghostClass: "order-place",
      chosenClass: "order-chosen",
      onChoose(event) {
        from = items(list).indexOf(event.item);
        sortable.option("animation", calm.matches ? 0 : 150);
      },
      onEnd(event) {
        const handle = event.item.querySelector(".order-handle");
        if (handle) handle.focus({ preventScroll: true });
        if (items(list).indexOf(event.item) !== from) moved(list, event.item, from);
      },
    });
  }

  function startAll(within) {
    if (within.matches && within.matches("[data-order]")) start(within);
    for (const list of within.querySelectorAll("[data-order]")) start(list);
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", () => startAll(document));
  } else {
    startAll(document);
  }
  // htmx says so of everything that it puts into the page.
  document.addEventListener("htmx:load", (event) => startAll(event.target));
})();
