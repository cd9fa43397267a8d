//! Letters: typed contexts with samples, drawn by the templates of `templates/mail`, each as text and in HTML. Sends nothing.

use std::fmt;

use rust_embed::RustEmbed;
use serde::Serialize;
use tera::{Context, Kwargs, State, Tera};

use crate::model::text;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/templates/mail"]
#[include = "*.html"]
#[include = "*.txt"]
struct Files;

/// A letter's context; in its templates it is `letter`.
pub trait Letter: Serialize {
    /// The name of its two templates without their ends.
    const TEMPLATE: &'static str;

    /// The subject: no personal data beyond the name of a company.
    fn subject(&self) -> String;

    /// Contexts that show everything the templates can do: one, many, hostile and long text.
    fn samples() -> Vec<Self>
    where
        Self: Sized;
}

/// A letter as it is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Drawn {
    /// The subject, on one line.
    pub subject: String,
    /// As text.
    pub text: String,
    /// In HTML.
    pub html: String,
}

crate::model::debug_by!(Drawn, subject);

/// The templates of letters, checked.
pub struct Letters(Tera);

impl Letters {
    /// Reads and checks the templates.
    ///
    /// # Errors
    /// The first mistake of a template.
    pub fn load() -> anyhow::Result<Self> {
        let mut tera = Tera::default();
        tera.register_filter("sentence", |text: &str, _: Kwargs, _: &State| {
            text::sentence(text)
        });
        tera.register_filter("one_line", |text: &str, _: Kwargs, _: &State| {
            one_line(text)
        });
        let mut texts = Vec::new();
        for name in Files::iter() {
            if let Some(file) = Files::get(&name) {
                let text = String::from_utf8(file.data.into_owned())?;
                texts.push((name.into_owned(), text));
            }
        }
        tera.add_raw_templates(texts)?;
        Ok(Self(tera))
    }

    /// Draws a letter.
    ///
    /// # Errors
    /// Where a template and the context do not fit.
    pub fn draw<T: Letter>(&self, letter: &T) -> anyhow::Result<Drawn> {
        let subject = one_line(&letter.subject());
        let mut context = Context::new();
        context.insert("letter", letter);
        context.insert("subject", &subject);
        let draw = |end: &str| {
            let name = format!("{}.{end}", T::TEMPLATE);
            self.0
                .render(&name, &context)
                .map_err(|error| anyhow::anyhow!("{name}: {error:?}"))
        };
        Ok(Drawn {
            text: tidy(&draw("txt")?),
            html: draw("html")?,
            subject,
        })
    }
}

/// On one line, without characters that control: what stands in a header, or on one line of a text.
pub fn one_line(text: &str) -> String {
    // Marks that turn the direction of what follows would turn the rest of the line.
    let turns = |c: &char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let plain: String = text
        .chars()
        .filter(|c| !turns(c))
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// No line ends in spaces, and no more than one empty line follows another.
fn tidy(text: &str) -> String {
    let mut tidy = String::new();
    let mut empty = 1;
    for line in text.lines().map(str::trim_end) {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            tidy.push_str(line);
            tidy.push('\n');
        }
    }
    tidy.truncate(tidy.trim_end().len());
    tidy.push('\n');
    tidy
}

/// What needs a person, or is over.
#[derive(Clone, Default, Serialize)]
pub struct CauseLetter {
    /// What it is, with the company or how many: the subject.
    pub title: String,
    /// What it means.
    pub lead: String,
    /// By what to do.
    pub sections: Vec<Section>,
    /// The portal's address; empty where it is not known.
    pub portal: String,
}

crate::model::debug_by!(CauseLetter, sections, portal);

/// Those for whom the same is to be done.
#[derive(Clone, Default, Serialize)]
pub struct Section {
    /// What to do, as a sentence; may be empty.
    pub advice: String,
    /// The companies or connections.
    pub entries: Vec<Entry>,
}

crate::model::debug_by!(Section, entries);

/// One company or connection.
#[derive(Clone, Default, Serialize)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// More of it, as a sentence; may be empty.
    pub detail: String,
    /// The people concerned.
    pub people: Vec<Somebody>,
    /// So many more are not named.
    pub more: usize,
    /// Where its cure is; empty where the portal's address is not known.
    pub link: String,
}

crate::model::debug_by!(Entry, people, more, link);

/// One person.
#[derive(Clone, Default, Serialize)]
pub struct Somebody {
    /// The name.
    pub name: String,
    /// Why they are named.
    pub why: String,
}

/// Nothing of the person.
impl fmt::Debug for Somebody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Somebody").finish_non_exhaustive()
    }
}

const HOSTILE: &str = "<script>alert(1)</script>\r\nBcc: all@contoso.example \u{202e}\"'&\u{1f600}";

impl Letter for CauseLetter {
    const TEMPLATE: &'static str = "cause";

    fn subject(&self) -> String {
        format!("Rollcall: {}", self.title)
    }

    fn samples() -> Vec<Self> {
        let one = Self {
            title: "Client secret expired at Contoso".into(),
            lead: "No contact of this company is changed until somebody mends it.".into(),
            sections: vec![Section {
                advice: "Add a new client secret in Entra, then give it to Rollcall".into(),
                entries: vec![Entry {
                    name: "Contoso".into(),
                    link: "https://rollcall.example/companies/7/connection".into(),
                    ..Entry::default()
                }],
            }],
            portal: "https://rollcall.example".into(),
        };
        let held = Self {
            title: "Deactivations are held at Contoso".into(),
            sections: vec![Section {
                advice: String::new(),
                entries: vec![Entry {
                    name: "Contoso".into(),
                    detail: "3 deactivations wait".into(),
                    people: vec![Somebody {
                        name: "Anna Sample (anna@contoso.example)".into(),
                        why: "no licence that counts".into(),
                    }],
                    more: 2,
                    link: String::new(),
                }],
            }],
            portal: String::new(),
            ..one.clone()
        };
        let hostile = Self {
            title: HOSTILE.into(),
            lead: HOSTILE.into(),
            sections: vec![
                Section {
                    advice: HOSTILE.into(),
                    entries: vec![
                        Entry {
                            name: HOSTILE.into(),
                            detail: HOSTILE.repeat(20),
                            people: vec![
                                Somebody {
                                    name: HOSTILE.into(),
                                    why: HOSTILE.into(),
                                };
                                50
                            ],
                            more: 1_000,
                            link: "https://rollcall.example/companies/7".into(),
                        };
                        30
                    ],
                };
                3
            ],
            ..one.clone()
        };
        vec![one, held, hostile]
    }
}

/// What happened at a company in a week.
#[derive(Clone, Default, Serialize)]
pub struct WeeklyLetter {
    /// The company.
    pub company: String,
    /// The days it is of: "19 to 25 Jan 2026".
    pub days: String,
    /// Who got a contact, or has one again.
    pub joined: People,
    /// Whose contact was made inactive.
    pub left: People,
    /// Whose contact was changed.
    pub changed: People,
}

crate::model::debug_by!(WeeklyLetter, days, joined, left, changed);

/// Some people.
#[derive(Clone, Default, Serialize)]
pub struct People {
    /// How many in all.
    pub number: usize,
    /// The first of them.
    pub named: Vec<Somebody>,
    /// So many more are not named.
    pub more: usize,
}

crate::model::debug_by!(People, number, more);

impl Letter for WeeklyLetter {
    const TEMPLATE: &'static str = "weekly";

    fn subject(&self) -> String {
        format!(
            "{}: who joined, left and changed, {}",
            self.company, self.days
        )
    }

    fn samples() -> Vec<Self> {
        let people = |name: &str, number: usize| People {
            number,
            named: vec![
                Somebody {
                    name: name.into(),
                    why: "title, phone".into(),
                },
                Somebody {
                    name: name.into(),
                    why: String::new(),
                },
            ],
            more: number.saturating_sub(2),
        };
        let some = Self {
            company: "Contoso".into(),
            days: "19 to 25 Jan 2026".into(),
            joined: people("Anna Sample", 2),
            left: People::default(),
            changed: people("Bert Sample", 30),
        };
        let hostile = Self {
            company: HOSTILE.into(),
            joined: people(HOSTILE, 2),
            left: people(HOSTILE, 100),
            ..some.clone()
        };
        vec![some, hostile]
    }
}

/// Shows that mail arrives.
#[derive(Clone, Default, Serialize)]
pub struct TestLetter {
    /// Who asked for it.
    pub staff: String,
    /// The portal's address; empty where it is not known.
    pub portal: String,
}

crate::model::debug_by!(TestLetter, portal);

impl Letter for TestLetter {
    const TEMPLATE: &'static str = "test";

    fn subject(&self) -> String {
        "Rollcall: mail works".into()
    }

    fn samples() -> Vec<Self> {
        let one = Self {
            staff: "Robin Sample".into(),
            portal: String::new(),
        };
        let other = Self {
            staff: HOSTILE.into(),
            portal: "https://rollcall.example".into(),
        };
        vec![one, other]
    }
}
