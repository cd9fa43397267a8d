//! The story of the demo, step by step, and what must come out of each. Every step goes through what the commands go through;
//! nothing is told that did not happen.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use indicatif::MultiProgress;

use super::super::output::{count, good, quoted, say, say_wrapped};
use super::super::sync::Watching;
use super::super::{explain as explain_command, fleet, holds as holds_command, show};
use super::checks::{Wrong, same, well};
use super::clouds::Clouds;
use super::days;
use super::files::Variables;
use super::tell;
use crate::app::App;
use crate::db::{companies, holds};
use crate::directory::sku_name;
use crate::model::{Company, Mode, SkuId};
use crate::pickers::{group_names, groups_of};
use crate::runs;
use crate::simulator::world::{Happening, LANDS};
use crate::sync::explain::{Names, explain};
use crate::sync::plan::Person;
use crate::sync::report::Report;
use crate::sync::{Finished, Options};

/// So many people of a hold are shown.
const OF_A_HOLD: usize = 4;

/// What the story is told with.
pub(super) struct Story<'a> {
    /// The program, with the demo's settings.
    pub(super) app: App,
    /// The clouds.
    pub(super) clouds: &'a Clouds,
    /// Where progress is drawn.
    pub(super) bars: &'a MultiProgress,
    /// The fleet file.
    pub(super) fleet: PathBuf,
    /// The file to source.
    pub(super) environment: PathBuf,
}

impl Story<'_> {
    /// Tells it all, or until somebody asks the program to end; answers what went wrong.
    pub(super) async fn tell(&self, variables: &Variables) -> anyhow::Result<Vec<String>> {
        let mut wrong = Wrong::default();
        if !self.the_fleet(variables).await? {
            wrong.unless(false, || "The fleet file was refused".into());
            return Ok(wrong.0);
        }
        let all = self.app.db().read(companies::list).await?;
        // In the order of the cast, which begins with the worked example.
        let all: Vec<Company> = self
            .clouds
            .companies
            .iter()
            .filter_map(|placed| all.iter().find(|one| one.name == placed.name()).cloned())
            .collect();
        let planned = self.first_preview(&all, &mut wrong).await;
        if self.app.stop().asked() {
            return Ok(Vec::new());
        }
        self.first_sync(&all, &planned, &mut wrong).await;
        if self.app.stop().asked() {
            return Ok(Vec::new());
        }
        self.nothing_to_do(&all, &mut wrong).await;
        self.a_day();
        if self.app.stop().asked() {
            return Ok(Vec::new());
        }
        let planned = self.second_preview(&all, &mut wrong).await;
        let last = self.what_changed(&all, &planned, &mut wrong).await?;
        if self.app.stop().asked() {
            return Ok(Vec::new());
        }
        self.one_person(&all, &last, &mut wrong).await;
        self.what_next(&last);
        Ok(wrong.0)
    }

    async fn the_fleet(&self, variables: &Variables) -> anyhow::Result<bool> {
        tell::step(1, "An MSP and its fleet");
        say_wrapped(
            "Eight companies, in two PSAs. Each has a Microsoft 365 tenant of its own, and contacts that technicians typed in \
             over the years.",
            2,
            0,
        );
        say("");
        tell::cast(&self.clouds.companies);
        say("");
        let text = std::fs::read_to_string(&self.fleet)?;
        let plan = match fleet::put(&self.app, &text, variables, false).await? {
            Ok(plan) => plan,
            Err(stop) => {
                fleet::complain_of(&stop);
                return Ok(false);
            }
        };
        let lines = text.lines().count();
        say_wrapped(
            &format!(
                "A fleet file of {lines} lines tells Rollcall all about them; `rollcall fleet apply` checked it against the \
                 systems and made {}.",
                count(plan.changes.len(), "entry", "entries")
            ),
            2,
            0,
        );
        say("");
        tell::command(&format!("less {}", self.fleet.display()));
        Ok(true)
    }

    async fn first_preview(&self, all: &[Company], wrong: &mut Wrong) -> Vec<Report> {
        tell::step(2, "A preview");
        let finished = self.run(all, true).await;
        if let (Some(first), Some(placed)) = (finished.first(), self.clouds.companies.first()) {
            say_wrapped(
                &format!(
                    "{} has five filters. The first that fits decides, so that nobody lands twice:",
                    first.report.company
                ),
                2,
                0,
            );
            say("");
            tell::filters(&placed.member.filters);
            say("");
            tell::landing(first);
            for (upn, site) in LANDS {
                let mut people = first.report.people.iter();
                let lands = people.any(|one| one.upn == upn && one.site.as_deref() == Some(site));
                wrong.unless(lands, || format!("{upn} does not land at {site}"));
            }
        }
        say("");
        say_wrapped("The whole fleet. Nothing is written yet:", 2, 0);
        say("");
        let reports = reports(finished);
        tell::fleet(&reports);
        well(&reports, None, wrong);
        wrong.unless(self.clouds.writes() == 0, || {
            "A preview wrote something".into()
        });
        reports
    }

    async fn first_sync(&self, all: &[Company], planned: &[Report], wrong: &mut Wrong) {
        tell::step(3, "The first sync");
        let (before, began) = (self.clouds.requests(), self.app.clock().now());
        let reports = reports(self.run(all, false).await);
        let took = self.app.clock().now() - began;
        say_wrapped(&format!("{}.", tell::totals(&reports)), 2, 0);
        say_wrapped(
            &format!(
                "That took {} requests and {} seconds.",
                self.clouds.requests() - before,
                tell::seconds(took)
            ),
            2,
            0,
        );
        if reports.iter().any(|one| one.counts.conflict > 0) {
            say_wrapped(
                "In conflict are people whom several contacts fit, or who would share one: nothing is guessed, a technician \
                 decides.",
                2,
                0,
            );
        }
        let as_planned = same(planned, &reports);
        if as_planned {
            say_wrapped("Every company got exactly what its preview said.", 2, 0);
        }
        wrong.unless(as_planned, || {
            "The first sync did not do what its preview said".into()
        });
        well(&reports, None, wrong);
    }

    async fn nothing_to_do(&self, all: &[Company], wrong: &mut Wrong) {
        tell::step(4, "Once more: nothing to do");
        let (writes, before) = (self.clouds.writes(), self.clouds.requests());
        let reports = reports(self.run(all, false).await);
        let (writes, asked) = (
            self.clouds.writes() - writes,
            self.clouds.requests() - before,
        );
        let told: u64 = reports.iter().map(show::requests).sum();
        let idle = reports.iter().all(|report| {
            let counts = report.counts;
            let touched =
                counts.create + counts.link + counts.update + counts.reactivate + counts.deactivate;
            touched == 0
        });
        if idle && writes == 0 {
            let people: usize = reports.iter().map(|one| one.people.len()).sum();
            say_wrapped(
                &format!(
                    "{} {people} people looked at, with {asked} requests for {} companies; facts that change slowly are \
                     remembered for a week.",
                    good("Nothing was written."),
                    reports.len(),
                ),
                2,
                0,
            );
        }
        wrong.unless(idle && writes == 0, || {
            format!("The second sync wrote something: {writes} requests")
        });
        wrong.unless(told == asked as u64, || {
            format!("The reports count {told} requests, and the clouds got {asked}")
        });
        well(&reports, None, wrong);
    }

    fn a_day(&self) {
        tell::step(5, "A day passes");
        let events = self.clouds.pass_a_day();
        for (placed, events) in self.clouds.companies.iter().zip(&events) {
            days::print(placed.name(), events);
        }
    }

    async fn second_preview(&self, all: &[Company], wrong: &mut Wrong) -> Vec<Report> {
        tell::step(6, "What a sync would do now");
        let reports = reports(self.run(all, true).await);
        tell::fleet(&reports);
        well(&reports, self.shrunk(), wrong);
        reports
    }

    async fn what_changed(
        &self,
        all: &[Company],
        planned: &[Report],
        wrong: &mut Wrong,
    ) -> anyhow::Result<Vec<Finished>> {
        tell::step(7, "What changed, and why");
        let shrunk = self.shrunk();
        let placed = self
            .clouds
            .companies
            .iter()
            .find(|placed| Some(placed.name()) == shrunk);
        let before = placed.map(|placed| self.clouds.active_contacts(placed));
        let finished = self.run(all, false).await;
        let reports: Vec<&Report> = finished.iter().map(|one| &one.report).collect();
        tell::changes(&reports);
        say("");
        let own: Vec<Report> = reports.iter().map(|one| (*one).clone()).collect();
        say_wrapped(&format!("{}.", tell::totals(&own)), 2, 0);
        wrong.unless(same(planned, &own), || {
            "The sync did not do what its preview said".into()
        });
        well(&own, shrunk, wrong);
        let after = placed.map(|placed| self.clouds.active_contacts(placed));
        wrong.unless(before == after, || {
            "Contacts were deactivated that the guard should have held".into()
        });
        let open = self.app.db().read(holds::list_open).await?;
        wrong.unless(open.len() == 1, || {
            format!(
                "{} open instead of one",
                count(open.len(), "hold is", "holds are")
            )
        });
        for hold in &open {
            let name = all
                .iter()
                .find(|company| company.id == hold.company_id)
                .map_or("", |company| &company.name);
            say("");
            say_wrapped(
                &format!(
                    "{name} lost a third of its people at once. Such a thing is more often a mistake than a layoff: the guard \
                     holds these deactivations until a technician has looked."
                ),
                2,
                0,
            );
            say("");
            holds_command::show(name, hold, OF_A_HOLD);
        }
        Ok(finished)
    }

    async fn one_person(&self, all: &[Company], last: &[Finished], wrong: &mut Wrong) {
        let (Some(company), Some(user)) = (all.first(), last.first().and_then(far_down)) else {
            wrong.unless(false, || "Nobody is there to be explained".into());
            return;
        };
        tell::step(8, "Why is this person where they are?");
        tell::command(&format!(
            "rollcall explain --company {} --user {user}",
            quoted(&company.name)
        ));
        say("");
        let options = Options::new(Mode::Update, true);
        let finished = Box::pin(runs::one(&self.app, company, &options, &|_, _| {})).await;
        let groups = groups_of(company);
        let groups = group_names(&self.app, company, &groups, true).await;
        let names = Names {
            licence: &|id| sku_name(&SkuId::new(id)),
            group: &|id| groups.get(id).cloned(),
        };
        let explanation = finished
            .seen
            .as_ref()
            .and_then(|(snapshot, plan)| explain(&company.name, snapshot, plan, user, &names));
        match explanation {
            Some(explanation) => explain_command::show(&explanation),
            None => wrong.unless(false, || format!("{user} cannot be explained")),
        }
    }

    fn what_next(&self, last: &[Finished]) {
        tell::step(9, "What to try next");
        say_wrapped(
            "In another terminal, while the demo runs. This file leads `rollcall` there to these clouds and this database:",
            2,
            0,
        );
        say("");
        tell::command(&format!("source {}", self.environment.display()));
        tell::next(&self.fleet, &self.clouds.companies, self.shrunk(), last);
    }

    /// The company that loses a third of its people.
    fn shrunk(&self) -> Option<&str> {
        let mut companies = self.clouds.companies.iter();
        let placed =
            companies.find(|placed| placed.member.day.contains(&Happening::LosesAThird))?;
        Some(placed.name())
    }

    /// Runs the fleet, as `rollcall sync --all` does; answers in the order of the companies.
    async fn run(&self, all: &[Company], preview: bool) -> Vec<Finished> {
        let options = Options::new(Mode::Update, preview);
        let watching = Watching::new(self.bars, preview);
        let watch = |company: &str, event| watching.told(company, &event);
        let finished = Mutex::new(Vec::new());
        let done = |one: Finished| {
            watching.done(&one.report);
            finished
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(one);
        };
        Box::pin(runs::all(&self.app, all.to_vec(), &options, &watch, &done)).await;
        let mut finished = finished
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        finished.sort_by_key(|one| all.iter().position(|each| each.name == one.report.company));
        finished
    }
}

/// The person whom most filters passed over before one took them.
fn far_down(finished: &Finished) -> Option<&str> {
    let (_, plan) = finished.seen.as_ref()?;
    let passed = |person: &Person| {
        let route = person.trace.route.as_ref();
        route.map_or(0, |route| route.passed.len())
    };
    let person = plan.people.iter().max_by_key(|person| passed(person))?;
    Some(&person.upn)
}

fn reports(finished: Vec<Finished>) -> Vec<Report> {
    finished.into_iter().map(|one| one.report).collect()
}
