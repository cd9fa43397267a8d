//! What axe-core, a checker of accessibility, finds on a page.

use std::path::Path;

use serde_json::{Value, json};

use super::{Browser, word};

/// The rules of WCAG 2.2, levels A and AA.
const TAGS: &[&str] = &["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/// A rule of WCAG that the page breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The rule's name at axe, such as `color-contrast`.
    pub rule: String,
    /// `minor` to `critical`.
    pub impact: String,
    /// What to do.
    pub help: String,
    /// The selectors of the elements that break it.
    pub targets: Vec<String>,
}

impl Browser {
    /// Pages that are opened from here on have axe with them: faster than to send it to each.
    pub async fn bring_axe_along(&self) {
        let script = json!({ "source": axe_script() });
        self.cdp("Page.addScriptToEvaluateOnNewDocument", script)
            .await;
    }

    /// What axe finds on the page, by the rules of WCAG 2.2 A and AA.
    pub async fn axe(&self) -> Vec<Violation> {
        self.axe_by(json!({ "type": "tag", "values": TAGS })).await
    }

    /// What axe finds where another set of colours is all that is new.
    pub async fn axe_of_colours(&self) -> Vec<Violation> {
        self.axe_by(json!({ "type": "rule", "values": ["color-contrast", "link-in-text-block"] }))
            .await
    }

    async fn axe_by(&self, rules: Value) -> Vec<Violation> {
        if self.run("return typeof axe", vec![]).await != "object" {
            // As a function's body its name would be gone with the call.
            self.run(&format!("{}; window.axe = axe;", axe_script()), vec![])
                .await;
        }
        let script = "const done = arguments[1]; axe.run(document, { runOnly: arguments[0], resultTypes: ['violations'] }) \
             .then((found) => done(found.violations), (error) => done(String(error)))";
        let found = self.client.execute_async(script, vec![rules]).await;
        let found = found.unwrap();
        let list = found.as_array().unwrap_or_else(|| panic!("axe: {found}"));
        list.iter().map(violation).collect()
    }
}

/// The source of axe-core.
fn axe_script() -> String {
    let file = Path::new(env!("OUT_DIR")).join("packages-for-tests/axe.min.js");
    std::fs::read_to_string(&file).unwrap_or_else(|error| {
        panic!(
            "{}: {error}. The build fetches axe-core; where ROLLCALL_NODE_MODULES is set, that folder must have it too",
            file.display()
        )
    })
}

fn violation(found: &Value) -> Violation {
    let nodes = found["nodes"].as_array().unwrap().iter();
    Violation {
        rule: word(&found["id"]),
        impact: word(&found["impact"]),
        help: word(&found["help"]),
        targets: nodes.map(|node| word(&node["target"][0])).collect(),
    }
}
