//! The forms of a page as a browser reads them: where each goes, and what it sends.

use std::collections::BTreeMap;

/// What a field is to who fills the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text that the page may show again.
    Text,
    /// A password or key, which no page shows.
    Secret,
    /// A list, or what can be ticked.
    Choice,
    /// What nobody sees.
    Hidden,
}

/// A field, with the value that the page gave it.
#[derive(Clone, Debug)]
pub struct Field {
    pub name: String,
    pub value: String,
    pub kind: Kind,
    /// It is sent as it is; what is not ticked is not.
    sent: bool,
}

/// A form, or another element that sends the fields of its form.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    pub action: String,
    pub fields: Vec<Field>,
}

impl Sheet {
    /// What is sent, where fields of these places have other values.
    pub fn filled<'a>(&'a self, others: &[usize], text: &'a str) -> Vec<(&'a str, &'a str)> {
        let all = self.fields.iter().enumerate();
        let all = all.filter(|(at, field)| field.sent || others.contains(at));
        all.map(|(at, field)| {
            let other = others.contains(&at);
            let value = if other { text } else { &field.value };
            (field.name.as_str(), value)
        })
        .collect()
    }

    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The names of its fields, which tell it from another form of the same action.
    pub fn names(&self) -> Vec<&str> {
        self.fields.iter().map(|field| &*field.name).collect()
    }
}

/// The forms of the page at this address that are sent by POST.
pub fn of(path: &str, html: &str) -> Vec<Sheet> {
    let (mut done, mut senders) = (Vec::new(), Vec::new());
    let (mut form, mut list) = (None::<Sheet>, None::<usize>);
    for (name, attributes, rest) in tags(html) {
        let get = |key: &str| attributes.get(key).map_or("", String::as_str);
        if name == "/form" {
            let Some(form) = form.take() else { continue };
            for sender in senders.drain(..) {
                let Sheet { action, fields } = sender;
                let fields = form.fields.iter().cloned().chain(fields).collect();
                done.push(Sheet { action, fields });
            }
            done.push(form);
            continue;
        }
        if name == "form" && (get("method") == "post" || !get("hx-post").is_empty()) {
            let action = [get("action"), get("hx-post")];
            let action = action.into_iter().find(|one| !one.is_empty());
            form = Some(Sheet {
                action: action.unwrap_or(path).to_owned(),
                fields: Vec::new(),
            });
            continue;
        }
        let Some(form) = &mut form else { continue };
        if !get("hx-post").is_empty() {
            let values: BTreeMap<String, String> =
                serde_json::from_str(get("hx-vals")).unwrap_or_default();
            let values = values.into_iter();
            senders.push(Sheet {
                action: get("hx-post").to_owned(),
                fields: values
                    .map(|(name, value)| field(&name, &value, Kind::Hidden))
                    .collect(),
            });
        }
        if name == "option" {
            if let Some(at) = list
                && (form.fields[at].value.is_empty() || attributes.contains_key("selected"))
            {
                get("value").clone_into(&mut form.fields[at].value);
            }
            continue;
        }
        let named = get("name");
        if named.is_empty() {
            continue;
        }
        match (name, get("type")) {
            ("select", _) => {
                list = Some(form.fields.len());
                form.fields.push(field(named, "", Kind::Choice));
            }
            ("textarea", _) => {
                let text = rest.split("</textarea").next().unwrap_or_default();
                let text = unescaped(text.strip_prefix('\n').unwrap_or(text));
                form.fields.push(field(named, &text, Kind::Text));
            }
            ("input", "checkbox" | "radio") => {
                let mut one = field(named, get("value"), Kind::Choice);
                one.sent = attributes.contains_key("checked");
                form.fields.push(one);
            }
            ("input", "hidden") => form.fields.push(field(named, get("value"), Kind::Hidden)),
            ("input", "password") => form.fields.push(field(named, "", Kind::Secret)),
            ("input", _) => form.fields.push(field(named, get("value"), Kind::Text)),
            ("button", _) if form.field(named).is_none() => {
                form.fields.push(field(named, get("value"), Kind::Hidden));
            }
            _ => {}
        }
    }
    done
}

fn field(name: &str, value: &str, kind: Kind) -> Field {
    Field {
        name: name.to_owned(),
        value: value.to_owned(),
        kind,
        sent: true,
    }
}

/// Every tag with its attributes, and what follows it.
fn tags(html: &str) -> impl Iterator<Item = (&str, BTreeMap<String, String>, &str)> {
    html.split('<').skip(1).map(|tag| {
        let name_ends = tag.find([' ', '>', '\n']).unwrap_or(tag.len());
        let (name, mut rest) = tag.split_at(name_ends);
        let mut attributes = BTreeMap::new();
        loop {
            rest = rest.trim_start();
            let ends = rest.find(['=', ' ', '>', '\n']).unwrap_or(rest.len());
            let (key, after) = rest.split_at(ends);
            if key.is_empty() {
                break;
            }
            let mut value = "";
            rest = after;
            if let Some(quoted) = after.strip_prefix('=') {
                let quote = quoted.chars().next().unwrap_or('"');
                let mut parts = quoted[1..].splitn(2, quote);
                value = parts.next().unwrap_or_default();
                rest = parts.next().unwrap_or_default();
            }
            attributes.insert(key.to_owned(), unescaped(value));
        }
        (name, attributes, rest.strip_prefix('>').unwrap_or(rest))
    })
}

fn unescaped(text: &str) -> String {
    let known = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#39;", "'"),
        ("&#x2F;", "/"),
        ("&amp;", "&"),
    ];
    let text = text.to_owned();
    known
        .into_iter()
        .fold(text, |text, (from, to)| text.replace(from, to))
}

#[test]
fn a_form_is_read_with_its_values_and_who_else_sends_it() {
    let page = "<form method=\"post\" action=\"/a\"><input type=\"hidden\" name=\"csrf\" value=\"t\">\
         <textarea name=\"x\">&lt;b&gt;</textarea><select name=\"s\"><option value=\"1\"><option value=\"2\" selected></select>\
         <input type=\"checkbox\" name=\"c\" value=\"y\"><button hx-post=\"/b\" hx-vals='{\"act\": \"z\"}'>B</button></form>";
    let all = of("/", page);
    assert_eq!(
        (all[0].action.as_str(), all[1].action.as_str()),
        ("/b", "/a")
    );
    assert_eq!(
        all[1].filled(&[], ""),
        [("csrf", "t"), ("x", "<b>"), ("s", "2")]
    );
    assert_eq!(all[0].filled(&[3], "n")[3..], [("c", "n"), ("act", "z")]);
}
