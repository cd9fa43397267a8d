//! The pages that a vendor shows to people, as far as a simulator has some: plain, without scripts, and said to be simulated.

use std::fmt::Write as _;

use super::Reply;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:42rem;padding:0 1rem;\
     color:#1d2430;background:#f5f6f8}main{background:#fff;border:1px solid #d9dde5;border-radius:8px;padding:1rem 1.5rem}\
     h1{font-size:1.4rem}th{text-align:left;padding:.2rem 1.5rem .2rem 0;font-weight:600;vertical-align:top}\
     td{overflow-wrap:anywhere}.note{color:#5a6474;font-size:.875rem}\
     section{display:none}section:target{display:block}\
     @media(prefers-color-scheme:dark){body{color:#e6e9ef;background:#12161d}\
     main{background:#1a202a;border-color:#333c4a}.note{color:#9aa5b5}}";

/// A page with this title; `body` is HTML.
pub fn screen(status: u16, title: &str, body: &str) -> Reply {
    let title = escaped(title);
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
         <style>{STYLE}</style></head><body><main><h1>{title}</h1>{body}\
         <p class=\"note\">This is a simulated page.</p></main></body></html>"
    );
    Reply::text(status, "text/html; charset=utf-8", &page)
        .with(
            "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'",
        )
        .with("cache-control", "no-store")
}

/// A record's fields, a line each; what is empty is left out.
pub fn fields(rows: &[(&str, String)]) -> String {
    let mut table = String::from("<table>");
    for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        write!(
            table,
            "<tr><th scope=\"row\">{}</th><td>{}</td></tr>",
            escaped(name),
            escaped(value)
        )
        .expect("writing to a string cannot fail");
    }
    table + "</table>"
}

/// A record that is not there.
pub fn gone(what: &str) -> Reply {
    screen(
        404,
        &format!("No such {what}"),
        "<p>It was deleted, or never was.</p>",
    )
}

/// Text as HTML.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
