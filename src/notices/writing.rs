//! Puts what is to be told into letters and calls: for everybody with all companies, for those of one company with theirs alone.
//! Sends nothing and stores nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use anyhow::Context;
use chrono::{DateTime, Utc};

use super::letters::{CauseLetter, Drawn, Entry, Letters, Section, Somebody};
use super::routes::{Routes, call, letter};
use super::settings::Kind;
use super::telling::{Item, Over, kind};
use crate::attention::{About, Fleet, Need, What};
use crate::db::deliveries::NewDelivery;
use crate::db::holds::{Hold, HoldPerson};
use crate::model::reason_for_people;
use crate::model::text::count;

/// So many people of a company are named in a letter.
const MOST_PEOPLE: usize = 100;
/// So many companies of a connection are named in a letter.
const MOST_NAMES: usize = 50;

/// What is known while letters are written.
pub struct Desk<'a> {
    /// The templates.
    pub letters: &'a Letters,
    /// The fleet.
    pub fleet: &'a Fleet,
    /// The open holds, by company.
    pub holds: &'a HashMap<i64, Hold>,
    /// The ways out.
    pub routes: &'a Routes,
    /// The time.
    pub now: DateTime<Utc>,
}

impl Desk<'_> {
    /// What leaves of one topic, and which of its items somebody hears of.
    ///
    /// # Errors
    /// Where a template and its context do not fit.
    pub fn topic(&self, items: &[Item]) -> anyhow::Result<(Vec<NewDelivery>, Vec<usize>)> {
        let first = &items.first().context("a topic without items")?.need;
        let of = kind(first.what);
        if !self.routes.hears(of) {
            return Ok((Vec::new(), Vec::new()));
        }
        let companies: BTreeSet<i64> = items
            .iter()
            .flat_map(|item| item.need.companies.iter().copied())
            .collect();
        let mut covered = HashSet::new();
        let mut leave = Vec::new();
        for (circle, who) in self.routes.circles(&companies) {
            let seen: Vec<(usize, &Item)> = items
                .iter()
                .enumerate()
                .filter(|(_, item)| concerns(&item.need.companies, circle.as_ref()))
                .collect();
            covered.extend(seen.iter().map(|(at, _)| *at));
            let items: Vec<&Item> = seen.into_iter().map(|(_, item)| item).collect();
            let letter = self.cause(&items, circle.as_ref());
            self.to_each(of, &self.letters.draw(&letter)?, &who, &mut leave);
        }
        if self.routes.webhook {
            let all: Vec<&Item> = items.iter().collect();
            let letter = self.cause(&all, None);
            let link = match items {
                [one] => self.link(&one.need.link),
                _ => self.link("/"),
            };
            leave.push(self.call(of, &first.title, &letter, &companies, &link)?);
            covered.extend(0..items.len());
        }
        let mut covered: Vec<usize> = covered.into_iter().collect();
        covered.sort_unstable();
        Ok((leave, covered))
    }

    /// What leaves of things that are over.
    ///
    /// # Errors
    /// Where a template and its context do not fit.
    pub fn over(&self, over: &[Over]) -> anyhow::Result<Vec<NewDelivery>> {
        let companies: BTreeSet<i64> = over
            .iter()
            .flat_map(|one| one.companies.iter().copied())
            .collect();
        if companies.is_empty() || !self.routes.hears(Kind::Recovered) {
            return Ok(Vec::new());
        }
        let mut leave = Vec::new();
        for (circle, who) in self.routes.circles(&companies) {
            let letter = self.recovered(over, &companies, circle.as_ref());
            self.to_each(
                Kind::Recovered,
                &self.letters.draw(&letter)?,
                &who,
                &mut leave,
            );
        }
        if self.routes.webhook {
            let letter = self.recovered(over, &companies, None);
            let topics: BTreeSet<&str> = over.iter().map(|one| one.topic.as_str()).collect();
            let cause = topics.into_iter().collect::<Vec<_>>().join(", ");
            let link = self.link("/");
            leave.push(self.call(Kind::Recovered, &cause, &letter, &companies, &link)?);
        }
        Ok(leave)
    }

    fn to_each(&self, of: Kind, drawn: &Drawn, who: &[String], leave: &mut Vec<NewDelivery>) {
        let domain = self.routes.domain.as_deref().unwrap_or_default();
        leave.extend(who.iter().map(|to| letter(domain, of.as_str(), to, drawn)));
    }

    fn call(
        &self,
        of: Kind,
        cause: &str,
        letter: &CauseLetter,
        companies: &BTreeSet<i64>,
        link: &str,
    ) -> anyhow::Result<NewDelivery> {
        let named: Vec<(i64, &str)> = companies.iter().map(|id| (*id, self.name(*id))).collect();
        let text = self.letters.draw(letter)?.text;
        let link = Some(link).filter(|link| !link.is_empty());
        let title = super::letters::one_line(&letter.title);
        Ok(call(
            of.as_str(),
            cause,
            (&title, &text),
            &named,
            link,
            self.now,
        ))
    }

    fn name(&self, id: i64) -> &str {
        let mut companies = self.fleet.companies.iter();
        let found = companies.find(|one| one.id == id);
        found.map_or("", |one| one.name.as_str())
    }

    fn link(&self, path: &str) -> String {
        let portal = self.routes.portal.as_ref();
        portal
            .map(|portal| format!("{portal}{path}"))
            .unwrap_or_default()
    }

    fn cause(&self, items: &[&Item], circle: Option<&BTreeSet<i64>>) -> CauseLetter {
        let Some(first) = items.first() else {
            return CauseLetter::default();
        };
        let mut sections: BTreeMap<&str, Vec<Entry>> = BTreeMap::new();
        for item in items {
            let entry = self.entry(item, circle);
            sections.entry(&item.need.advice).or_default().push(entry);
        }
        CauseLetter {
            title: self.title(items),
            lead: lead(&first.need).into(),
            sections: sections
                .into_iter()
                .map(|(advice, entries)| Section {
                    advice: advice.into(),
                    entries,
                })
                .collect(),
            portal: self.link("/"),
        }
    }

    /// "Client secret expired at Contoso", "… at 3 companies".
    fn title(&self, items: &[&Item]) -> String {
        let need = &items[0].need;
        match (items, need.about) {
            ([_], About::Company(id)) => format!("{} at {}", need.title, self.name(id)),
            ([_], _) => need.title.clone(),
            _ => {
                let number = i64::try_from(items.len()).unwrap_or(i64::MAX);
                let at = count(number, "place", "places");
                let all = |item: &&Item| matches!(item.need.about, About::Company(_));
                let at = if items.iter().all(all) {
                    count(number, "company", "companies")
                } else {
                    at
                };
                format!("{} at {at}", need.title)
            }
        }
    }

    fn entry(&self, item: &Item, circle: Option<&BTreeSet<i64>>) -> Entry {
        let need = &item.need;
        let mut entry = Entry {
            detail: need.detail.clone(),
            link: self.link(&need.link),
            ..Entry::default()
        };
        match need.about {
            About::Company(id) => self.name(id).clone_into(&mut entry.name),
            About::Psa(id) => {
                let name = self.fleet.psas.get(&id).cloned().unwrap_or_default();
                entry.name = format!("PSA connection {name}");
            }
            About::MicrosoftApp => entry.name = "The Microsoft app".into(),
        }
        if !matches!(need.about, About::Company(_)) {
            let companies = need.companies.iter();
            let seen: Vec<&i64> = companies
                .filter(|id| circle.is_none_or(|circle| circle.contains(id)))
                .collect();
            entry.more = seen.len().saturating_sub(MOST_NAMES);
            entry.people = seen
                .into_iter()
                .take(MOST_NAMES)
                .map(|id| Somebody {
                    name: self.name(*id).to_owned(),
                    why: String::new(),
                })
                .collect();
        }
        match need.what {
            What::Held => self.held(item, &mut entry),
            What::Refused => {
                let whose = if need.people == 1 {
                    "1 person's".to_owned()
                } else {
                    format!("{} people's", need.people)
                };
                entry.detail = format!("{whose} changes failed in the last two runs");
            }
            What::Conflicts => {
                let fit = if need.people == 1 { "fits" } else { "fit" };
                let who = count(need.people, "person", "people");
                entry.detail = format!("{who} {fit} no single contact");
            }
            _ => {}
        }
        entry
    }

    fn held(&self, item: &Item, entry: &mut Entry) {
        let About::Company(id) = item.need.about else {
            return;
        };
        let hold = self.holds.get(&id).map(|hold| hold.people.as_slice());
        let fresh: Vec<&HoldPerson> = hold
            .unwrap_or_default()
            .iter()
            .filter(|person| item.fresh.iter().any(|id| id == person.user_id.as_str()))
            .collect();
        let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let all = hold.unwrap_or_default().len();
        entry.detail = if item.fresh.len() == item.told.len() {
            format!(
                "{} held",
                count(number(all), "deactivation is", "deactivations are")
            )
        } else {
            let more = count(
                number(fresh.len()),
                "more deactivation is",
                "more deactivations are",
            );
            format!("{more} held, {all} in all")
        };
        entry.more = fresh.len().saturating_sub(MOST_PEOPLE);
        entry.people = fresh
            .into_iter()
            .take(MOST_PEOPLE)
            .map(|person| Somebody {
                name: if person.name.trim().is_empty() {
                    person.upn.clone()
                } else {
                    format!("{} ({})", person.name, person.upn)
                },
                why: reason_for_people(&person.reason).into_owned(),
            })
            .collect();
    }

    fn recovered(
        &self,
        over: &[Over],
        companies: &BTreeSet<i64>,
        circle: Option<&BTreeSet<i64>>,
    ) -> CauseLetter {
        let seen: Vec<i64> = companies
            .iter()
            .copied()
            .filter(|id| circle.is_none_or(|circle| circle.contains(id)))
            .collect();
        let entries = seen.iter().map(|id| {
            let of = over.iter().filter(|one| one.companies.contains(id));
            let topics: BTreeSet<&str> = of.map(|one| one.topic.as_str()).collect();
            let was = topics.into_iter().collect::<Vec<_>>().join(", ");
            Entry {
                name: self.name(*id).to_owned(),
                detail: format!("It was: {was}"),
                link: self.link(&format!("/companies/{id}")),
                ..Entry::default()
            }
        });
        let title = match seen.as_slice() {
            [one] => format!("In order again: {}", self.name(*one)),
            many => format!("In order again: {} companies", many.len()),
        };
        CauseLetter {
            title,
            lead: "There is nothing to do".into(),
            sections: vec![Section {
                advice: String::new(),
                entries: entries.collect(),
            }],
            portal: self.link("/"),
        }
    }
}

fn concerns(companies: &[i64], circle: Option<&BTreeSet<i64>>) -> bool {
    circle.is_none_or(|circle| companies.iter().any(|id| circle.contains(id)))
}

fn lead(need: &Need) -> &'static str {
    match need.what {
        What::Failing => "Contacts are not kept in step until somebody mends it",
        What::Stale => "Contacts were not kept in step since then",
        What::Held => "Nothing happens to these contacts before somebody looks",
        What::Refused => "Their contacts are not kept in step, and each run tries again",
        What::Conflicts => {
            "Rollcall cannot tell which contact is theirs, and writes nothing for them before somebody decides"
        }
        What::Ending | What::Unfinished => "",
    }
}
