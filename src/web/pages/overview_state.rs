//! How a company does, in one sentence with the one button that leads on, and its people in numbers. Pure.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::cures::{Cure, cure};
use super::run_counts::counts;
use crate::attention::{is_nobodys, is_stale};
use crate::db::quarantines::Quarantine;
use crate::db::runs::Run;
use crate::model::text::count;
use crate::model::{Company, Mode, RunFailure, Status};
use crate::sync::failure::PLAN_CHANGED;
use crate::sync::standing::{self, Standing};
use crate::web::quarantined::{InQuarantine, Of};

/// Makes a button from what it says and the tail of its address.
type Buttons<'a> = &'a dyn Fn(&'static str, &str) -> Option<Button>;
/// What a button says, and its address.
type Button = (&'static str, String);

/// How a company does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct State {
    /// `ok`, `info`, `warn`, `bad` or `off`.
    pub kind: &'static str,
    /// In one short sentence.
    pub sentence: String,
    /// What the sentence is about, in the words of whoever refused; may be empty.
    pub detail: String,
    /// What to do about it; may be empty.
    pub advice: String,
    /// The button that leads to the cure: what it says, and its address.
    pub button: Option<(&'static str, String)>,
    /// The quarantine that it tells of.
    pub quarantine: Option<InQuarantine>,
}

/// What is known of a company.
pub struct Known<'a> {
    /// Its settings.
    pub company: &'a Company,
    /// Whether its tenant is connected.
    pub tenant: bool,
    /// Whether it was, and somebody disconnected it.
    pub disconnected: bool,
    /// Whether the tenant is read through the MSP's own Microsoft app.
    pub shared: bool,
    /// Whether that signs in with a certificate (else a secret).
    pub certificate: bool,
    /// Whether who looks is an administrator, who may change PSA connections and the Microsoft app.
    pub is_admin: bool,
    /// Whom held deactivations wait for, in words.
    pub who: &'a str,
    /// Whether its settings were ever saved.
    pub saved: bool,
    /// Whether there is a preview that did not fail.
    pub preview: bool,
    /// Its last runs, newest first.
    pub runs: &'a [Run],
    /// The id of its last run, and why that failed, where somebody has to do something about it.
    pub failed: Option<&'a (String, RunFailure)>,
    /// The id of the run in which people failed who had failed in the one before it, and how many.
    pub refused: Option<&'a (String, usize)>,
    /// How many people wait for a technician.
    pub held: usize,
    /// Its people in numbers.
    pub tiles: Option<Tiles>,
    /// Whether the company is inactive in the PSA, by the last reading.
    pub inactive: bool,
    /// Its connections in quarantine.
    pub quarantines: &'a [Quarantine],
    /// Whether a run follows a save.
    pub pending: bool,
    /// The time.
    pub now: DateTime<Utc>,
}

/// The company's people in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tiles {
    /// With a contact that is as it should be.
    pub in_sync: usize,
    /// With a contact that differs and is not updated.
    pub not_updated: usize,
    /// Changed by the last good run.
    pub changed: usize,
    /// For whom the next run would do something.
    pub will_change: usize,
    /// Waiting for a technician.
    pub held: usize,
    /// In conflict.
    pub conflicts: usize,
    /// Left alone by the filters.
    pub out_of_scope: usize,
    /// Left alone since a technician says so.
    pub ignored: usize,
    /// Who left and whose deactivation a technician dismissed.
    pub kept: usize,
    /// Who left, with nothing to be done any more.
    pub leavers: usize,
}

/// Whether a run did what it was there for, for everybody or all but some.
pub fn is_good(run: &Run) -> bool {
    !run.preview && run.status.is_some_and(|status| status != Status::Failed)
}

/// When the last of these runs that brought both sides together began; where none did, the first of them.
fn went_well(newest_first: &[Run]) -> Option<DateTime<Utc>> {
    let together = |run: &&Run| is_good(run) && matches!(run.mode, Mode::Update | Mode::Resync);
    let found = newest_first.iter().find(together);
    found.or(newest_first.last()).map(|run| run.started_at)
}

impl Tiles {
    /// The counts of the page of people, and how many the last good run changed.
    pub fn of(standings: &standing::Counts, changed: usize) -> Self {
        let of = |standing: Standing| standings[standing as usize];
        Self {
            in_sync: of(Standing::InSync),
            not_updated: of(Standing::NotUpdated),
            changed,
            will_change: of(Standing::WillChange),
            held: of(Standing::Held),
            conflicts: of(Standing::Conflict),
            out_of_scope: of(Standing::OutOfScope),
            ignored: of(Standing::Ignored),
            kept: of(Standing::Kept),
            leavers: of(Standing::Leaver),
        }
    }
}

impl State {
    /// Judges a company: what is worst comes first.
    pub fn of(known: &Known<'_>) -> Self {
        let company = known.company;
        let base = format!("/companies/{}", company.id);
        let button = |label, tail: &str| Some((label, format!("{base}{tail}")));
        if known.disconnected {
            return Self {
                kind: "off",
                sentence: "The tenant of this company is disconnected.".into(),
                button: button("Connect the tenant again", "/connection"),
                ..Self::default()
            };
        }
        if !known.tenant {
            return Self {
                kind: "info",
                sentence: "This company is not set up yet.".into(),
                advice: "First let Rollcall read its Microsoft 365 tenant.".into(),
                button: button("Connect tenant", "/connection"),
                ..Self::default()
            };
        }
        if !company.sync_contacts {
            return Self::off(known, &button);
        }
        if let Some(one) = known.quarantines.first() {
            return Self::quarantined(one, known);
        }
        // An undo says nothing of how both sides are brought together, nor does a run that was not begun for another plan.
        let other_plan = |run: &Run| {
            run.error
                .as_ref()
                .is_some_and(|one| one.kind == PLAN_CHANGED)
        };
        let tells = |run: &&Run| !run.running && run.mode != Mode::Undo && !other_plan(run);
        let Some(last) = known.runs.iter().find(tells) else {
            return Self {
                kind: "info",
                sentence: "Contact sync is on, and no run is over yet.".into(),
                advice: "The first run shows here what it did.".into(),
                ..Self::default()
            };
        };
        if let Some((run, error)) = known.failed {
            return Self::failing(error, run, &button);
        }
        let tiles = known.tiles.unwrap_or_default();
        let warn = |sentence: String, advice: &str, button| Self {
            kind: "warn",
            sentence,
            advice: advice.into(),
            button,
            ..Self::default()
        };
        if known.held > 0 {
            let sentence = match known.held {
                1 => format!("1 deactivation waits for {}.", known.who),
                held => format!("{held} deactivations wait for {}.", known.who),
            };
            let advice = "There are more of them than usual. Nothing happens to these contacts before somebody looks.";
            let to = Some((
                "Look at who is held",
                format!("/companies/{}/hold", company.id),
            ));
            return warn(sentence, advice, to);
        }
        if let Some((run, people)) = known.refused {
            let sentence = match people {
                1 => "The PSA did not take 1 person's changes in the last two runs.".to_owned(),
                many => {
                    format!("The PSA did not take {many} people's changes in the last two runs.")
                }
            };
            let advice = "Look at what the PSA says to each of them.";
            let to = Some(("See who failed", format!("/runs/{run}?outcome=failed")));
            return warn(sentence, advice, to);
        }
        if last.status == Some(Status::Partial) {
            let failed = counts(last).unwrap_or_default().failed;
            let sentence = format!("{} failed in the last run.", people(failed));
            let to = Some(("See who failed", format!("/runs/{}", last.id)));
            return warn(sentence, "The next run tries again.", to);
        }
        if tiles.conflicts > 0 {
            let verb = if tiles.conflicts == 1 { "is" } else { "are" };
            let sentence = format!("{} {verb} in conflict.", people(tiles.conflicts));
            let advice = "Rollcall cannot tell which contact is theirs.";
            let to = Some((
                "Settle conflicts",
                format!("/companies/{}/conflicts", company.id),
            ));
            return warn(sentence, advice, to);
        }
        if went_well(known.runs).is_some_and(|at| is_stale(at, known.now)) {
            let sentence = "No run went well for more than 36 hours.".to_owned();
            return warn(sentence, "Sync contacts now, and look at the runs.", None);
        }
        if let Some(error) = last.error.as_ref().filter(|_| !is_good(last)) {
            return Self::passing(error, &button);
        }
        if known.inactive {
            let sentence =
                "The company is inactive in the PSA: nothing is written for it.".to_owned();
            let advice = "Activate it there, or turn contact sync off here.";
            return warn(
                sentence,
                advice,
                button("Change the settings", "/contact-sync"),
            );
        }
        if tiles.will_change > 0 && !known.pending {
            return Self {
                kind: "info",
                sentence: format!(
                    "The next run would do something for {}.",
                    people(tiles.will_change)
                ),
                advice: "Something was saved, decided or read since the last run.".into(),
                button: button("See the preview", "/preview"),
                ..Self::default()
            };
        }
        Self {
            kind: if known.pending { "info" } else { "ok" },
            sentence: calm(tiles, known.pending),
            ..Self::default()
        }
    }

    /// A company whose contact sync is off: what comes before it is turned on.
    fn off(known: &Known<'_>, button: Buttons<'_>) -> Self {
        let company = known.company;
        let saved = company.default_site.is_some() || !company.filters.is_empty() || known.saved;
        let new = |sentence: &str, advice: &str, button| Self {
            kind: if known.runs.is_empty() { "info" } else { "off" },
            sentence: sentence.into(),
            advice: advice.into(),
            button,
            ..Self::default()
        };
        if !known.runs.is_empty() {
            return new(
                "Contact sync is off: nothing is written for this company.",
                "Contacts in the PSA stay as they are.",
                button("Turn on contact sync", "/contact-sync/turn-on"),
            );
        }
        if known.preview {
            return new(
                "Everything is ready.",
                "You have seen what a run would do. Turn contact sync on, and it is done.",
                button("Turn on contact sync", "/contact-sync/turn-on"),
            );
        }
        if saved {
            return new(
                "The settings are saved, and nothing is written yet.",
                "See who would be created, changed and deactivated.",
                button("See the preview", "/preview"),
            );
        }
        new(
            "The tenant is connected, and nothing is written yet.",
            "Say where contacts go and what may be changed.",
            button("Set up contact sync", "/contact-sync"),
        )
    }

    fn quarantined(one: &Quarantine, known: &Known<'_>) -> Self {
        let of = Of {
            company: known.company.id,
            shared: known.shared,
            certificate: known.certificate,
            is_admin: known.is_admin,
            now: known.now,
            zone: &known.company.timezone,
        };
        let seen = InQuarantine::of(one, of);
        let whose = if seen.psa { "PSA" } else { "tenant" };
        let button = if seen.in_settings {
            seen.button.clone()
        } else {
            let connection = format!("/companies/{}/connection", known.company.id);
            Some(("Mend the connection", connection))
        };
        Self {
            kind: "bad",
            sentence: format!("The {whose} connection is in quarantine."),
            detail: seen.cause.clone(),
            advice: seen.advice.clone(),
            button,
            quarantine: Some(seen),
        }
    }

    /// The last run failed, and nobody has to mend anything.
    fn passing(error: &RunFailure, button: Buttons<'_>) -> Self {
        let advice = if is_nobodys(&error.kind) {
            crate::web::words::sentence(&error.advice)
        } else {
            "Nothing needs to be done: the next run tries again.".into()
        };
        Self {
            kind: "info",
            sentence: "The last run ended early.".into(),
            detail: crate::web::words::sentence(&error.message),
            advice,
            button: match cure(&error.kind) {
                Cure::Preview => button("See the preview", "/preview"),
                _ => None,
            },
            quarantine: None,
        }
    }

    fn failing(error: &RunFailure, run: &str, button: Buttons<'_>) -> Self {
        Self {
            kind: "bad",
            sentence: "The last run failed.".into(),
            detail: crate::web::words::sentence(&error.message),
            advice: crate::web::words::sentence(&error.advice),
            button: match cure(&error.kind) {
                Cure::Connection => button("Mend the connection", "/connection"),
                Cure::ContactSync => button("Mend the settings", "/contact-sync"),
                Cure::Preview => button("See the preview", "/preview"),
                Cure::Run => Some(("See the run", format!("/runs/{run}"))),
            },
            quarantine: None,
        }
    }
}

/// Nothing needs a person. A change that was saved and not run yet is none of what is well, and all is not well with people
/// whom nobody keeps in step.
fn calm(tiles: Tiles, pending: bool) -> String {
    let is = |count| if count == 1 { "is" } else { "are" };
    let told = |count: usize, what: &str| {
        (count > 0).then(|| format!("{} {} {what}", people(count), is(count)))
    };
    let in_hand = [
        told(tiles.in_sync, "in sync"),
        told(tiles.not_updated, "linked and not updated"),
    ];
    let in_hand: Vec<String> = in_hand.into_iter().flatten().collect();
    let in_hand = in_hand.join(", ");
    let ignored = told(tiles.ignored, "ignored");
    match (pending, in_hand.is_empty(), ignored) {
        (true, true, _) => "A change is saved. Its run brings it about.".into(),
        (true, false, None) => format!("A change is saved. Until its run {in_hand}."),
        (true, false, Some(ignored)) => {
            format!("A change is saved. Until its run {in_hand}, and {ignored}.")
        }
        (false, true, None) => "All is well. Nobody is in scope.".into(),
        (false, true, Some(ignored)) => format!("Nobody is in scope, and {ignored}."),
        (false, false, None) => format!("All is well: {in_hand}."),
        (false, false, Some(ignored)) => format!("{in_hand}, and {ignored}."),
    }
}

/// So many people.
pub fn people(number: usize) -> String {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    count(number, "person", "people")
}
