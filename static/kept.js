// What was sent when the session had ended already: it stays in this window until its author is back and sends it again, or not.
(() => {
  "use strict";

  const KEY = "rollcall.sent";
  const HOUR = 3600000;
  const author = () => document.querySelector(".me-name")?.textContent ?? "";

  const read = () => {
    try {
      return JSON.parse(sessionStorage.getItem(KEY));
    } catch {
      return null;
    }
  };
  const forget = () => sessionStorage.removeItem(KEY);

  // Secrets, files and tokens are never kept.
  const secret = (form, name) => {
    if (name === "csrf") return true;
    const fields = [...form.elements].filter((field) => field.name === name);
    const files = [...form.querySelectorAll("input[type=file][data-into]")];
    return fields.some((field) => field.type === "password" || field.type === "file" || files.some((file) => file.dataset.into === field.id));
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !form.matches("form[data-keep]:not([hx-post])")) return;
    const fields = [...new FormData(form, event.submitter)].filter(([name, value]) => typeof value === "string" && !secret(form, name));
    const sent = { author: author(), page: location.pathname, action: event.submitter?.getAttribute("formaction") ?? form.getAttribute("action"), fields, at: Date.now() };
    try {
      sessionStorage.setItem(KEY, JSON.stringify(sent));
    } catch {
      // Too much for the browser: then it is lost with the session, as it would be without this.
    }
  });

  const notice = (text, ...buttons) => {
    const said = document.createElement("div");
    said.className = "notice warn";
    said.setAttribute("role", "alert");
    const sentence = document.createElement("p");
    sentence.textContent = text;
    const row = document.createElement("div");
    row.className = "row";
    row.append(...buttons);
    said.append(sentence);
    if (buttons.length > 0) said.append(row);
    return said;
  };
  const button = (text, kind, deed) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = `btn ${kind}`;
    made.textContent = text;
    made.addEventListener("click", deed);
    return made;
  };

  const send = (sent) => {
    const token = document.querySelector("input[name=csrf]")?.value ?? "";
    const form = document.createElement("form");
    form.method = "post";
    form.action = sent.action;
    form.hidden = true;
    for (const [name, value] of [["csrf", token], ...sent.fields]) {
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      field.value = value;
      form.append(field);
    }
    document.body.append(form);
    form.submit();
  };

  document.addEventListener("DOMContentLoaded", () => {
    const sent = read();
    if (!sent) return;
    const content = document.getElementById("content");
    if (location.pathname === "/sign-in") {
      // An answer with a page of the portal would have taken it away.
      sessionStorage.setItem(KEY, JSON.stringify({ ...sent, ended: true }));
      const heading = content.querySelector("h1");
      heading?.after(notice("Your session has ended. What you sent last may not be saved: it is kept in this window. Sign in to go on."));
      return;
    }
    if (!sent.ended || sent.author !== author() || Date.now() - sent.at > HOUR) return forget();
    if (sent.page !== location.pathname) return;
    const said = notice(
      "Your session had ended when you sent this page, so it may not be saved. What you sent is kept in this window.",
      button("Save it now", "primary", () => {
        forget();
        send(sent);
      }),
      button("Forget it", "", () => {
        forget();
        said.remove();
      }),
    );
    content.prepend(said);
  });
})();
