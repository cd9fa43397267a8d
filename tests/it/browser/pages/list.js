// Shows what a server would be sent, and what the list says of itself.
(function () {
  "use strict";
  const at = (id) => document.getElementById(id);
  at("form").addEventListener("submit", (event) => {
    event.preventDefault();
    at("sent").textContent = new FormData(at("form")).getAll("order").join(" ");
  });
  document.addEventListener("order:changed", (event) => {
    const { name, from, to, count } = event.detail;
    at("events").textContent += `${name} ${from}>${to}/${count};`;
  });
  at("add").addEventListener("click", () => {
    const item = at("item-1").cloneNode(true);
    item.id = "item-6";
    item.dataset.name = "New";
    item.querySelector("input").value = "6";
    document.querySelector("[data-order]").append(item);
  });
  // As htmx does after it has put something into the page.
  at("second").addEventListener("click", () => {
    const list = document.querySelector("[data-order]").cloneNode(true);
    list.id = "list-2";
    for (const item of list.children) item.id = item.id.replace("item", "other");
    at("form").after(list);
    list.dispatchEvent(new CustomEvent("htmx:load", { bubbles: true }));
  });
})();
