// Small comforts that every page has. Every page works without them, but for what a script alone can do.
(() => {
  "use strict";

  // Moments in the browser's own zone and language, with its name; the title has the company's too.
  const parts = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
  const full = new Intl.DateTimeFormat(undefined, { ...parts, year: "numeric", timeZoneName: "short" });
  const thisYear = new Intl.DateTimeFormat(undefined, parts);
  const anyYear = new Intl.DateTimeFormat(undefined, { ...parts, year: "numeric" });
  const localise = (root) => {
    for (const time of root.querySelectorAll("time[data-local]")) {
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      const here = full.format(at);
      if (time.dataset.local === "full") time.textContent = here;
      if (time.dataset.local === "short") {
        const short = at.getFullYear() === new Date().getFullYear() ? thisYear : anyYear;
        time.textContent = short.format(at);
      }
      if (!time.dataset.there) time.dataset.there = time.title;
      time.title = `${time.dataset.there} · here ${here}`;
    }
  };

  // What was said stays when the page is loaded anew because a run is over: until the person leaves, or has read it.
  const SAID = "rollcall-said";
  const keep = (path) => {
    const said = [...document.querySelectorAll("#content > [data-said]")];
    if (said.length === 0) return;
    const notices = said.map((one) => ({ kind: one.className, text: one.firstChild.textContent }));
    sessionStorage.setItem(SAID, JSON.stringify({ path, notices }));
  };
  const dismissable = (notice) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "×";
    button.setAttribute("aria-label", "Hide this message");
    button.addEventListener("click", () => {
      notice.remove();
      document.getElementById("content").focus();
    });
    notice.append(button);
  };
  document.addEventListener("DOMContentLoaded", () => {
    const kept = JSON.parse(sessionStorage.getItem(SAID) ?? "null");
    sessionStorage.removeItem(SAID);
    if (kept?.path === window.location.pathname) {
      for (const { kind, text } of kept.notices.reverse()) {
        const notice = document.createElement("p");
        notice.className = kind;
        notice.setAttribute("role", "status");
        notice.dataset.said = "";
        notice.textContent = text;
        document.getElementById("content").prepend(notice);
      }
    }
    for (const notice of document.querySelectorAll("#content > [data-said]")) dismissable(notice);
  });

  // A form is sent once, however often its button is pressed.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    for (const button of form.querySelectorAll("button[type=submit]")) button.setAttribute("aria-busy", "true");
  });
  // Who comes back with the browser's button may send it again.
  const sendable = () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
    }
  };
  window.addEventListener("pageshow", sendable);

  // A select or tick box that sends its form when it changes.
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-send-on-change]")) event.target.form.requestSubmit();
  });

  // A button that says how many are ticked counts along; one box ticks all of them, or none.
  const tally = (form) => {
    const boxes = [...form.querySelectorAll("input[type=checkbox][name]")];
    const ticked = boxes.filter((box) => box.checked).length;
    for (const count of form.querySelectorAll("[data-ticked]")) count.textContent = ticked;
    for (const whole of form.querySelectorAll("[data-tick-all] input")) {
      whole.checked = ticked > 0 && ticked === boxes.length;
      whole.indeterminate = ticked > 0 && ticked < boxes.length;
    }
  };
  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (!form?.matches("[data-tally]")) return;
    if (event.target.closest("[data-tick-all]")) {
      for (const box of form.querySelectorAll("input[type=checkbox][name]")) box.checked = event.target.checked;
    }
    tally(form);
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-tally]")) {
      for (const whole of form.querySelectorAll("[data-tick-all]")) whole.hidden = false;
      tally(form);
    }
  });

  // A file is sent as text: its bytes in base64, in the hidden field that it names.
  document.addEventListener("change", (event) => {
    const input = event.target;
    if (!input.matches("input[type=file][data-into]")) return;
    const into = document.getElementById(input.dataset.into);
    into.value = "";
    const file = input.files[0];
    if (!file) return;
    const reader = new FileReader();
    reader.addEventListener("load", () => {
      into.value = String(reader.result).split(",")[1] ?? "";
    });
    reader.readAsDataURL(file);
  });

  // Copies what stands in the element that the button names.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const text = document.getElementById(button.dataset.copy)?.textContent ?? "";
    navigator.clipboard?.writeText(text.trim()).then(() => {
      button.textContent = "Copied";
    });
  });

  // Addresses break after @ and a dot, where they have to.
  const breakable = (root) => {
    for (const element of root.querySelectorAll(".address")) {
      const parts = element.textContent.split(/(?<=[@.])/);
      element.replaceChildren(...parts.flatMap((part, at) => (at > 0 ? [document.createElement("wbr"), part] : [part])));
    }
  };

  document.addEventListener("DOMContentLoaded", () => {
    localise(document);
    breakable(document);
  });
  // Where the tabs do not fit, the open one is in view.
  document.addEventListener("DOMContentLoaded", () => {
    for (const open of document.querySelectorAll(".tabs [aria-current]")) {
      const tabs = open.closest(".tabs");
      tabs.scrollLeft = open.offsetLeft - (tabs.clientWidth - open.offsetWidth) / 2;
    }
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    localise(event.target);
    breakable(event.target);
  });
  // Leaving a page with changes that are not saved. A form is not changed any more once it has really left.
  const changed = new Set();
  const left = new Set();
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-keep]");
    if (form) changed.add(form);
  });
  document.addEventListener("order:changed", (event) => {
    const form = event.target.closest("form[data-keep]");
    if (form) changed.add(form);
  });
  document.addEventListener("submit", (event) => {
    // What a script sends, or what is not sent at all, stays on the page.
    if (!event.defaultPrevented && changed.delete(event.target)) left.add(event.target);
  });
  // Whoever discards was asked once already: by the button's own words. In a window of its own the link discards nothing.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-discard]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) changed.delete(link.closest("form"));
  });
  // An answer that leads on has taken the form, unless it leads to the sign-in.
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const { xhr, requestConfig } = event.detail;
    const to = xhr.getResponseHeader("HX-Redirect");
    if (to && to !== "/sign-in") changed.delete(requestConfig.elt);
  });
  window.addEventListener("beforeunload", (event) => {
    for (const form of changed) {
      if (!form.isConnected) changed.delete(form);
    }
    if (changed.size === 0) return;
    event.preventDefault();
    // Runs where the person stays: what was to leave has not left, and can be sent again.
    setTimeout(() => {
      for (const form of left) changed.add(form);
      left.clear();
      sendable();
    });
  });

  // What a script asked for did not come: one notice says so, until something comes. What looks again by itself does not nag.
  const failures = { asked: null, renewed: null };
  const kindOf = (element) => (element?.getAttribute("hx-trigger")?.includes("every ") ? "renewed" : "asked");
  const sentence = (xhr) => {
    if (!xhr.status) return "No answer came. Look whether you are connected, then try again.";
    const page = new DOMParser().parseFromString(xhr.responseText, "text/html");
    const said = page.querySelector("[data-sentence]")?.textContent;
    if (!said) return "This did not work. Try again; if it happens again, load the page anew.";
    const reference = page.querySelector("[data-reference]")?.textContent;
    return [said, xhr.status === 404 && "Load the page anew.", reference && `Reference: ${reference}`].filter(Boolean).join(" ");
  };
  const failed = (event) => {
    // Some parts of a page say it themselves, in their own words.
    if (event.defaultPrevented) return;
    const kind = kindOf(event.detail.requestConfig?.elt);
    if (kind === "renewed" && failures.renewed) return;
    failures[kind]?.remove();
    const notice = document.createElement("p");
    notice.className = `notice ${kind === "asked" ? "bad" : "info"} failure`;
    notice.setAttribute("role", kind === "asked" ? "alert" : "status");
    notice.textContent = kind === "asked" ? sentence(event.detail.xhr) : "This page cannot be renewed at the moment.";
    document.getElementById("content").prepend(notice);
    failures[kind] = notice;
  };
  document.addEventListener("htmx:responseError", failed);
  document.addEventListener("htmx:sendError", failed);
  document.addEventListener("htmx:afterRequest", (event) => {
    if (!event.detail.successful) return;
    const kind = kindOf(event.detail.requestConfig?.elt);
    failures[kind]?.remove();
    failures[kind] = null;
  });

  // A run that was watched is over: the page shows what came of it.
  document.addEventListener("htmx:load", (event) => {
    const element = event.detail.elt;
    if (element === document.body) return;
    const over = element.matches("[data-over]") ? element : element.querySelector("[data-over]");
    if (!over) return;
    keep(window.location.pathname);
    window.location.reload();
  });
  // The same, where the answer to what looks by itself has the page loaded anew or leads on.
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const { xhr, requestConfig } = event.detail;
    const to = xhr.getResponseHeader("HX-Redirect");
    const itself = kindOf(requestConfig.elt) === "renewed" || requestConfig.elt.getAttribute("hx-trigger")?.startsWith("load");
    if (xhr.getResponseHeader("HX-Refresh")) keep(window.location.pathname);
    else if (to && itself) keep(new URL(to, window.location.href).pathname);
  });
})();
