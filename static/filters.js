// The page of the filters: tells when something on the screen changed, so that the effect is worked out anew, and keeps the
// focus where the person is. What a filter looks like comes from the server; nothing here is stored or sent to be stored.
(function () {
  "use strict";

  const form = document.getElementById("filters-form");
  if (!form) return;
  const list = document.getElementById("filters-list");
  const effect = document.getElementById("filter-effect");
  const live = form.querySelector("[data-order-live]");
  const save = form.querySelector(".save-bar button[type=submit]");

  function say(text) {
    live.textContent = text;
  }

  // There is nothing to save before something was changed.
  save.disabled = true;

  function changed() {
    save.disabled = false;
    effect.setAttribute("aria-busy", "true");
    form.dispatchEvent(new CustomEvent("filters:changed", { bubbles: true }));
  }

  // What no field of the form says by itself, such as a filter that was added; it counts as typed.
  function touched() {
    form.dispatchEvent(new Event("input", { bubbles: true }));
  }

  form.addEventListener("input", (event) => {
    const field = event.target;
    if (field.matches("[data-search]")) return;
    const item = field.closest("[data-order-item]");
    if (item && field.matches("[data-name-of]") && field.value.trim()) item.dataset.name = field.value.trim();
    if (item && field.matches("[data-switch]")) item.classList.toggle("off", !field.checked);
    if (item && field.matches("[data-target]")) {
      for (const place of item.querySelectorAll("[data-place]")) place.hidden = field.value === "exclude";
    }
    changed();
  });
  form.addEventListener("order:changed", changed);

  // Enter in a field of a filter would save the whole list.
  form.addEventListener("keydown", (event) => {
    const field = event.target;
    if (event.key === "Enter" && field.matches("input:not([type=checkbox])")) event.preventDefault();
    const picker = field.closest("[data-picker]");
    const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!picker || !way || event.altKey) return;
    const stops = [picker.querySelector("[data-search]"), ...picker.querySelectorAll("[data-pick]")];
    const next = stops[stops.indexOf(field) + way];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });

  form.addEventListener("click", (event) => {
    const pick = event.target.closest("[data-pick]");
    if (pick) {
      const picker = pick.closest("[data-picker]");
      const name = pick.dataset.label;
      picker.querySelector("[data-value]").value = pick.dataset.pick;
      picker.querySelector("[data-label]").value = name;
      const chosen = picker.querySelector("[data-chosen]");
      chosen.textContent = name;
      chosen.parentElement.hidden = false;
      const search = picker.querySelector("[data-search]");
      search.value = "";
      pick.closest(".filter-found").replaceChildren();
      search.focus();
      say(`${name} is chosen`);
      touched();
      return;
    }
    const remove = event.target.closest("[data-delete]");
    if (!remove) return;
    const item = remove.closest("[data-order-item]");
    const near = item.nextElementSibling || item.previousElementSibling;
    item.remove();
    const next = near ? near.querySelector(".order-handle") : [...form.querySelectorAll("[hx-target='#filters-list']")].at(-1);
    next.focus();
    say(`${item.dataset.name} is deleted. Nothing is stored until you save.`);
    touched();
  });

  // A filter that came from the server: its first field has the focus, and it is told.
  document.addEventListener("htmx:load", (event) => {
    const item = event.target;
    if (!item.matches || !item.matches("[data-order-item]")) return;
    const focus = item.querySelector("[data-focus]");
    if (focus) {
      focus.focus();
      focus.scrollIntoView({ block: "nearest" });
    }
    if (item.dataset.say) {
      say(item.dataset.say);
    }
    touched();
  });

  // What was found to pick from is not left behind the bar at the bottom.
  document.addEventListener("htmx:afterSettle", (event) => {
    const picks = (event.detail?.target ?? event.target).querySelector?.(".filter-picks");
    if (picks) picks.scrollIntoView({ block: "nearest" });
  });

  // Lists of names that were open stay open when the numbers come anew.
  let open = new Set();
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.target !== effect) return;
    open = new Set([...form.querySelectorAll("details[open] > summary[id]")].map((summary) => summary.id));
  });
  document.addEventListener("htmx:afterSettle", () => {
    for (const id of open) {
      const summary = document.getElementById(id);
      if (summary) summary.parentElement.open = true;
    }
  });

  // A request that a newer one replaces ends too: only an answer ends the waiting, or that there is none.
  effect.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) effect.removeAttribute("aria-busy");
  });
  for (const failure of ["htmx:responseError", "htmx:sendError"]) {
    effect.addEventListener(failure, (event) => {
      event.preventDefault();
      effect.removeAttribute("aria-busy");
      effect.textContent = "What this changes cannot be worked out now. It can be saved all the same.";
    });
  }

  if (form.hasAttribute("data-unsaved")) touched();
})();
