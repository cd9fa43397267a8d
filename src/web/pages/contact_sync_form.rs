//! The form of a company's settings: what was typed, what is wrong with it, and how it differs from what is stored.

use serde::{Deserialize, Serialize};

use crate::model::filter::Named;
use crate::model::{Company, Guard, Site, SiteId};
use crate::sync::failure::RunError;
use crate::web::{Mistakes, zones};

/// The settings as they are typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SettingsForm {
    /// The version that was seen.
    pub version: i64,
    /// What the button asks for: to save, or to read the sites anew.
    pub action: String,
    /// The name in Rollcall.
    pub name: String,
    /// Whether contacts are synced.
    pub sync_contacts: bool,
    /// Whether existing contacts are changed.
    pub update_existing: bool,
    /// Whether the address is the mail address.
    pub use_email: bool,
    /// The id of the default site; empty: none.
    pub default_site: String,
    /// The time of the daily run; empty: spread over the night.
    pub schedule: String,
    /// The zone of that time.
    pub timezone: String,
    /// The floor of the guard.
    pub guard_floor: String,
    /// The percentage of the guard.
    pub guard_percent: String,
}

/// A site to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// Its id.
    pub id: String,
    /// Its name, with what is wrong with it.
    pub name: String,
}

/// Words one setting of a form.
type Of<'a> = &'a dyn Fn(&SettingsForm) -> String;

/// One setting that somebody else saved otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What it is called.
    pub name: &'static str,
    /// As it is stored.
    pub theirs: String,
    /// As it was typed.
    pub yours: String,
}

impl SettingsForm {
    /// The settings as they are stored.
    pub fn of(company: &Company, version: i64) -> Self {
        let site = company.default_site.as_ref();
        Self {
            version,
            action: String::new(),
            name: company.name.clone(),
            sync_contacts: company.sync_contacts,
            update_existing: company.update_existing,
            use_email: company.use_email,
            default_site: site.map(|site| site.id.to_string()).unwrap_or_default(),
            schedule: company.schedule.clone().unwrap_or_default(),
            timezone: company.timezone.clone(),
            guard_floor: company.guard.floor.to_string(),
            guard_percent: company.guard.percent.to_string(),
        }
    }

    /// The company with what was typed in the place of what is stored, and what cannot be understood.
    pub fn company(
        &self,
        stored: &Company,
        sites: &Result<Vec<Site>, RunError>,
    ) -> (Company, Mistakes) {
        let mut mistakes = Mistakes::default();
        let mut whole = |field: &str, text: &str| {
            let number = text.trim().parse::<u32>();
            if number.is_err() {
                mistakes.add(field, "This must be a whole number, 0 or more.");
            }
            number.unwrap_or_default()
        };
        let guard = Guard {
            floor: whole("guard_floor", &self.guard_floor),
            percent: whole("guard_percent", &self.guard_percent),
        };
        let default_site = self.site(stored, sites).unwrap_or_else(|sentence| {
            mistakes.add("default_site", sentence);
            None
        });
        let timezone = match self.timezone.trim() {
            "" => "UTC".to_owned(),
            typed => match zones::meant(typed) {
                Ok(zone) => zone.to_owned(),
                Err(sentence) => {
                    mistakes.add("timezone", sentence);
                    typed.to_owned()
                }
            },
        };
        let company = Company {
            name: self.name.clone(),
            sync_contacts: self.sync_contacts,
            update_existing: self.update_existing,
            use_email: self.use_email,
            default_site,
            schedule: Some(two_digits(&self.schedule)).filter(|time| !time.is_empty()),
            timezone,
            guard,
            ..stored.clone()
        };
        (company, mistakes)
    }

    fn site(
        &self,
        stored: &Company,
        sites: &Result<Vec<Site>, RunError>,
    ) -> Result<Option<Named<SiteId>>, &'static str> {
        let wanted = self.default_site.trim();
        if wanted.is_empty() {
            return Ok(None);
        }
        // What is stored may stay, also where it is gone: the next run says so, and so does the page.
        let kept = stored.default_site.clone();
        let kept = kept.filter(|site| site.id.as_str() == wanted);
        let found = match sites {
            Ok(sites) => sites.iter().find(|site| site.id.as_str() == wanted),
            Err(_) if kept.is_some() => None,
            Err(_) => return Err("The sites cannot be read now, so this one cannot be chosen."),
        };
        match found {
            Some(site) if site.active => Ok(Some(Named {
                id: site.id.clone(),
                name: site.name.clone(),
            })),
            _ if kept.is_some() => Ok(kept),
            Some(_) => Err("This site is inactive in the PSA. Choose another one."),
            None => Err("The PSA does not have this site any more. Choose another one."),
        }
    }

    /// The sites to choose from: those that are active, and the one that is chosen, whatever became of it.
    pub fn choices(&self, stored: &Company, sites: &Result<Vec<Site>, RunError>) -> Vec<Choice> {
        let known = sites.as_deref().unwrap_or_default();
        let mut choices: Vec<Choice> = known
            .iter()
            .filter(|site| site.active || site.id.as_str() == self.default_site)
            .map(|site| Choice {
                id: site.id.to_string(),
                name: if site.active {
                    site.name.clone()
                } else {
                    format!("{} (inactive in the PSA)", site.name)
                },
            })
            .collect();
        choices.sort_by_cached_key(|choice| choice.name.to_lowercase());
        let kept = stored.default_site.as_ref();
        if let Some(site) = kept.filter(|site| known.iter().all(|known| known.id != site.id)) {
            choices.push(Choice {
                id: site.id.to_string(),
                name: if sites.is_ok() {
                    format!("{} (gone from the PSA)", site.name)
                } else {
                    site.name.clone()
                },
            });
        }
        choices
    }

    /// What is stored otherwise than it was typed.
    pub fn differences(&self, stored: &Self, choices: &[Choice]) -> Vec<Difference> {
        let on = |on: bool| if on { "on" } else { "off" }.to_owned();
        let site = |id: &str| match choices.iter().find(|choice| choice.id == id) {
            Some(choice) => choice.name.clone(),
            None => id.to_owned(),
        };
        let text = |text: &str| text.trim().to_owned();
        let all: [(&'static str, Of<'_>); 9] = [
            ("Company name", &|form| text(&form.name)),
            ("Sync contacts to PSA", &|form| on(form.sync_contacts)),
            ("Update existing contacts", &|form| on(form.update_existing)),
            ("Use email", &|form| on(form.use_email)),
            ("Default site", &|form| site(&form.default_site)),
            ("Time of the daily run", &|form| text(&form.schedule)),
            ("Time zone", &|form| text(&form.timezone)),
            ("Guard: number", &|form| text(&form.guard_floor)),
            ("Guard: percent", &|form| text(&form.guard_percent)),
        ];
        let mut differences = Vec::new();
        for (name, of) in all {
            let (theirs, yours) = (of(stored), of(self));
            if theirs != yours {
                differences.push(Difference {
                    name,
                    theirs,
                    yours,
                });
            }
        }
        differences
    }
}

/// The guard in a sentence, with the company's own number of linked contacts; `who` deactivations wait for.
pub fn guard_words(guard: Guard, linked: usize, who: &str) -> String {
    let allowed = (guard.floor as usize).max(linked.saturating_mul(guard.percent as usize) / 100);
    // Half of the contacts, from two on, are always too many.
    let half = linked.div_ceil(2).max(2) - 1;
    let most = allowed.min(half);
    let contacts = match linked {
        1 => "1 linked contact".to_owned(),
        linked => format!("{linked} linked contacts"),
    };
    match most {
        0 => format!("With {contacts}, every deactivation waits for {who}."),
        1 => format!("With {contacts}, more than 1 deactivation at once waits for {who}."),
        most => format!("With {contacts}, more than {most} deactivations at once wait for {who}."),
    }
}

/// A time of day as it is kept, where its hour was typed as one digit: `2:30` is `02:30`.
fn two_digits(typed: &str) -> String {
    let typed = typed.trim();
    match typed.split_once(':') {
        Some((hour, _)) if hour.len() == 1 => format!("0{typed}"),
        _ => typed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::model::UserId;
    use crate::sync::guard::judge;

    #[test]
    fn the_sentence_about_the_guard_says_what_the_guard_does() {
        let held = |guard, going: usize, linked| {
            let people: HashSet<UserId> = (0..going)
                .map(|number| UserId::new(&number.to_string()))
                .collect();
            judge(guard, &people, linked, None).held
        };
        for (floor, percent) in [(3, 20), (0, 0), (5, 100), (1, 10)] {
            let guard = Guard { floor, percent };
            for linked in 1..60 {
                let words = guard_words(guard, linked, "you");
                let most = (0..=linked).take_while(|going| !held(guard, *going, linked));
                let most = most.count() - 1;
                let said = if most == 0 {
                    words.contains("every deactivation")
                } else {
                    words.contains(&format!("more than {most} "))
                };
                assert!(
                    said || linked == 1,
                    "{floor} {percent} {linked}: {most}, {words}"
                );
            }
        }
        let words = guard_words(Guard::default(), 40, "you");
        assert_eq!(
            words,
            "With 40 linked contacts, more than 8 deactivations at once wait for you."
        );
    }
}
