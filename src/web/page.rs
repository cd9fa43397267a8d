//! A page is a typed context with samples: the template named by the type draws it, and tests draw every sample.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::zones;
use crate::model::{Company, text};

/// The context of a whole page; in the template it is `page`.
pub trait Page: Serialize {
    /// The template's name, such as `pages/fleet.html`.
    const TEMPLATE: &'static str;

    /// What the browser's tab says before the product's name.
    fn title(&self) -> String;

    /// Where in the portal it lies.
    fn place(&self) -> Place;

    /// The company that it is about, with the tab that is open.
    fn company(&self) -> Option<CompanyHead> {
        None
    }

    /// Contexts that show everything the template can do: empty, one, many, hostile and long text.
    fn samples() -> Vec<Self>
    where
        Self: Sized;
}

/// The context of a part of a page that a script asks for; in the template it is `part`.
pub trait Part: Serialize {
    /// The template's name, such as `parts/run_progress.html`.
    const TEMPLATE: &'static str;

    /// Contexts that show everything the template can do.
    fn samples() -> Vec<Self>
    where
        Self: Sized;
}

/// The sections of the portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The fleet and its companies.
    Fleet,
    /// The runs of all companies.
    Runs,
    /// Held deactivations of all companies.
    Holds,
    /// Conflicts of all companies.
    Conflicts,
    /// Settings.
    Settings,
    /// One's own account.
    Account,
    /// Before anybody has signed in.
    Outside,
}

/// The tabs of a company.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tab {
    /// State, counts, the button.
    Overview,
    /// Options, and the filters.
    ContactSync,
    /// Everyone of tenant and PSA.
    People,
    /// What a run would do.
    Preview,
    /// The history.
    Runs,
    /// Tenant and PSA.
    Connection,
}

/// The head of a company's pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CompanyHead {
    /// Row id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Whether contacts are synced.
    pub sync_contacts: bool,
    /// The tab that is open.
    pub tab: Tab,
}

impl CompanyHead {
    /// The head of this company's page.
    pub fn new(company: &Company, tab: Tab) -> Self {
        Self {
            id: company.id,
            name: company.name.clone(),
            sync_contacts: company.sync_contacts,
            tab,
        }
    }

    /// For the samples of a page.
    pub fn sample(tab: Tab) -> Self {
        Self {
            id: 7,
            name: "Contoso".into(),
            sync_contacts: true,
            tab,
        }
    }
}

/// A moment, as a page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct At {
    /// For the browser, which shows it in its own zone.
    pub iso: String,
    /// In UTC, where there is no script.
    pub text: String,
    /// How long ago, or in how long: "3 hours ago", "in 5 minutes".
    pub ago: String,
    /// To the minute, with its zone: the company's where the page is about one, else UTC.
    pub exact: String,
}

impl At {
    /// A moment, seen at `now`.
    pub fn new(at: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        Self {
            iso: at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            text: text::moment(at),
            ago: ago(now - at),
            exact: text::moment(at),
        }
    }

    /// A moment of a company, seen at `now`: exact in the company's zone.
    pub fn there(at: DateTime<Utc>, now: DateTime<Utc>, zone: &str) -> Self {
        Self {
            exact: zones::moment(at, zone),
            ..Self::new(at, now)
        }
    }

    /// For the samples of a page.
    pub fn sample() -> Self {
        let at = DateTime::from_timestamp(1_769_826_600, 0).unwrap_or_default();
        Self::new(at, at + chrono::TimeDelta::hours(3))
    }
}

fn ago(passed: chrono::TimeDelta) -> String {
    let minutes = passed.num_minutes().abs();
    let (number, unit) = match minutes {
        0 if passed.num_seconds() >= 0 => return "just now".into(),
        0 => return "in a moment".into(),
        1..60 => (minutes, "minute"),
        60..2880 => (minutes / 60, "hour"),
        _ => (minutes / 1440, "day"),
    };
    let plural = if number == 1 { "" } else { "s" };
    if passed.num_seconds() < 0 {
        format!("in {number} {unit}{plural}")
    } else {
        format!("{number} {unit}{plural} ago")
    }
}

/// One sample of one page or part, for the test that draws them all.
pub struct Sample {
    /// The template.
    pub template: &'static str,
    /// Whether it is a whole page.
    pub whole: bool,
    /// The context, as the template sees it.
    pub context: serde_json::Value,
    /// The title, and the head of the company, where it is a whole page.
    pub head: Option<(String, Place, Option<CompanyHead>)>,
}

/// All samples.
#[derive(Default)]
pub struct Samples(pub Vec<Sample>);

impl Samples {
    /// Adds the samples of a page.
    pub fn page<T: Page>(&mut self) {
        for sample in T::samples() {
            self.0.push(Sample {
                template: T::TEMPLATE,
                whole: true,
                context: serde_json::to_value(&sample).unwrap_or_default(),
                head: Some((sample.title(), sample.place(), sample.company())),
            });
        }
    }

    /// Adds the samples of a part.
    pub fn part<T: Part>(&mut self) {
        for sample in T::samples() {
            self.0.push(Sample {
                template: T::TEMPLATE,
                whole: false,
                context: serde_json::to_value(&sample).unwrap_or_default(),
                head: None,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_says_how_long_ago_it_was() {
        let now = DateTime::from_timestamp(1_769_826_600, 0).expect("a time");
        let ago = |seconds| At::new(now - chrono::TimeDelta::seconds(seconds), now).ago;
        assert_eq!(ago(5), "just now");
        assert_eq!(ago(60), "1 minute ago");
        assert_eq!(ago(3 * 3600), "3 hours ago");
        assert_eq!(ago(3 * 86_400), "3 days ago");
        assert_eq!(ago(-301), "in 5 minutes");
        assert_eq!(At::new(now, now).text, "31 Jan 2026, 02:30 UTC");
    }
}
