//! The templates, embedded in the program; a debug build reads them from the disk, so that an edit needs no new build.

use rust_embed::RustEmbed;
use serde::Serialize;
use tera::{Context, Tera};

use super::words;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/templates"]
#[include = "*.html"]
#[exclude = "mail/*"]
struct Files;

/// The templates, checked.
pub struct Templates(Tera);

impl Templates {
    /// Reads and checks all templates.
    ///
    /// # Errors
    /// The first mistake of a template, with its place.
    pub fn load() -> anyhow::Result<Self> {
        let mut tera = Tera::default();
        words::register(&mut tera);
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

    /// The names of all templates.
    pub fn names() -> Vec<String> {
        Files::iter().map(std::borrow::Cow::into_owned).collect()
    }

    /// Draws a template: `shell` is what every page has, `inner` is named `page` or `part`.
    ///
    /// # Errors
    /// Where the template and its context do not fit.
    pub fn render(
        &self,
        template: &str,
        shell: &impl Serialize,
        (name, inner): (&'static str, &impl Serialize),
    ) -> anyhow::Result<String> {
        let mut context = Context::new();
        context.insert("shell", shell);
        context.insert(name, inner);
        self.0
            .render(template, &context)
            .map_err(|error| anyhow::anyhow!("{template}: {}", chain(&error)))
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
