//! The words of jobs: what is asked for, in which lane it waits, how urgent it is, and how far it is. Runs no query.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::super::holds::Signed;
use crate::model::{Mode, Undo, UserId};

/// What a job does: its kind and its payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Work {
    /// A run of the company.
    Run(RunWork),
    /// A preview of an update, which is kept to be looked at.
    Preview,
    /// Runs that put other runs back.
    Undo(Undos),
}

/// What is put back, one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undos {
    /// Each as it was looked at.
    pub undos: Vec<AskedUndo>,
}

/// What one person wants put back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedUndo {
    /// As it was looked at.
    #[serde(flatten)]
    pub undo: Undo,
    /// Who asked for it, where others may have joined the job; `None`: who asked for the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// Which run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunWork {
    /// What kind of run.
    pub mode: Mode,
    /// With [`Mode::Approval`]: whose deactivation was approved.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub approved: BTreeSet<UserId>,
    /// With [`Mode::Approval`]: who approved it, each once, with what they said about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<Signed>,
    /// The same of a job that was asked for before `approvers` were kept: what was said, by who asked for the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The digest of the preview that was looked at: the run does that, or nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<String>,
}

impl RunWork {
    /// Who approved what is done, with what they said; `asker`: who asked for the job.
    pub fn signatures(&self, asker: Option<&str>) -> Vec<Signed> {
        if self.mode != Mode::Approval || !self.approvers.is_empty() {
            return self.approvers.clone();
        }
        vec![Signed {
            staff: asker.unwrap_or_default().to_owned(),
            note: self.note.clone(),
        }]
    }
}

impl Work {
    /// The word of the kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Run(_) => "run",
            Self::Preview => "preview",
            Self::Undo(_) => "undo",
        }
    }

    /// The lane that it waits in.
    pub fn lane(&self) -> Lane {
        match self {
            Self::Preview => Lane::Preview,
            Self::Undo(_) => Lane::Undo,
            Self::Run(run) if run.mode == Mode::Approval => Lane::Approval,
            Self::Run(run) if run.expect.is_some() => Lane::Expected,
            Self::Run(_) => Lane::Run,
        }
    }

    /// Those who asked for what is done, where several people's wishes may have become one job; none: who asked for the job.
    pub fn askers(&self) -> Vec<&str> {
        let mut askers: Vec<&str> = match self {
            Self::Run(run) => run.approvers.iter().map(|one| one.staff.as_str()).collect(),
            Self::Undo(all) => all
                .undos
                .iter()
                .filter_map(|one| one.by.as_deref())
                .collect(),
            Self::Preview => Vec::new(),
        };
        let mut seen = BTreeSet::new();
        askers.retain(|asker| seen.insert(*asker));
        askers
    }

    /// What does for both, where this waits and the other of the same lane is asked for: a resync reads more than an update,
    /// an approval is for everybody approved, of two previews that were looked at the later counts, and each undo is done.
    /// `askers`: who asked for this, and for the other.
    #[must_use]
    pub fn absorb(self, new: &Self, askers: [Option<&str>; 2]) -> Self {
        match (self, new) {
            (Self::Run(mut run), Self::Run(new)) => {
                run.approvers = run.signatures(askers[0]);
                run.note = None;
                if new.mode == Mode::Resync {
                    run.mode = Mode::Resync;
                }
                run.approved.extend(new.approved.iter().cloned());
                for new in new.signatures(askers[1]) {
                    match run.approvers.iter_mut().find(|one| one.staff == new.staff) {
                        Some(known) => known.add(new.note.as_deref()),
                        None => run.approvers.push(new),
                    }
                }
                if new.expect.is_some() {
                    run.expect.clone_from(&new.expect);
                }
                Self::Run(run)
            }
            (Self::Undo(mut all), Self::Undo(new)) => {
                for new in &new.undos {
                    if !all.undos.iter().any(|one| one.undo == new.undo) {
                        all.undos.push(new.clone());
                    }
                }
                Self::Undo(all)
            }
            (waiting, _) => waiting,
        }
    }
}

/// A word for each value, as it is kept.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// The word stored.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}

words!(
    /// Of the jobs of a company in one lane, one waits and one is done at a time. What one run cannot do for two requests
    /// has lanes of its own; runs of all lanes still go one after the other.
    Lane {
        /// Updates and resyncs.
        Run = "run",
        /// Updates that do what a preview showed, or nothing.
        Expected = "expected",
        /// Approvals of held deactivations.
        Approval = "approval",
        /// Runs that put other runs back.
        Undo = "undo",
        /// Previews, which neither wait for a run nor hold one up.
        Preview = "preview",
    }
);

words!(
    /// How far a job is.
    JobState {
        /// It waits: for its time, for another of its company, for a free hand.
        Queued = "queued",
        /// A process does it.
        Running = "running",
        /// Done. What came of it is the run's to say.
        Done = "done",
        /// Failed for good.
        Failed = "failed",
        /// Not wanted any more.
        Cancelled = "cancelled",
    }
);

/// How urgent a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Somebody waits for it.
    Click,
    /// It follows a save.
    Save,
    /// It comes with the day.
    Night,
}

impl Priority {
    /// The number kept; lower goes first.
    pub const fn number(self) -> i64 {
        match self {
            Self::Click => 10,
            Self::Save => 20,
            Self::Night => 30,
        }
    }

    /// The priority of this number, or the one that it comes before.
    pub(super) const fn of(number: i64) -> Self {
        if number <= Self::Click.number() {
            Self::Click
        } else if number <= Self::Save.number() {
            Self::Save
        } else {
            Self::Night
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_approval_from_before_approvers_were_kept_names_its_asker_also_where_another_joins() {
        let old = r#"{"kind":"run","mode":"approval","approved":["u1"],"note":"as agreed"}"#;
        let old: Work = serde_json::from_str(old).unwrap();
        let new =
            r#"{"kind":"run","mode":"approval","approved":["u2"],"approvers":[{"staff":"Bob"}]}"#;
        let new: Work = serde_json::from_str(new).unwrap();
        let both = old.absorb(&new, [Some("Ann"), Some("Bob")]);
        assert_eq!(both.askers(), ["Ann", "Bob"]);
        let Work::Run(run) = both else { panic!() };
        let signed = Signed::together(&run.signatures(Some("Bob")));
        assert_eq!(
            (signed.staff.as_str(), signed.note.as_deref()),
            ("Ann and Bob", Some("Ann: as agreed"))
        );
    }

    #[test]
    fn an_undo_that_was_asked_for_before_its_asker_was_kept_reads_and_stays_the_same() {
        let old = r#"{"kind":"undo","undos":[{"run":"a","user":"u1","ignoring":true,"shown":["k"]},{"run":"b","ignoring":false}]}"#;
        let work: Work = serde_json::from_str(old).unwrap();
        let Work::Undo(all) = &work else {
            panic!("{work:?}");
        };
        assert_eq!(all.undos[0].undo.run, "a");
        assert!(all.undos.iter().all(|one| one.by.is_none()));
        assert_eq!(
            serde_json::to_string(&work).unwrap(),
            old,
            "a row is found by it"
        );
    }
}
