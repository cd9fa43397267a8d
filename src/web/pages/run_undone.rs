//! What a run's page says of undoing: what the run put back, who put it back since, and where that can be asked for. Reads
//! the database only.

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use serde::Serialize;

use super::undo;
use crate::db::changes::{ChangeRecord, Short};
use crate::db::runs::{self, Run};
use crate::db::{Conn, undos};
use crate::model::{Action, Field, Outcome, Status};
use crate::web::At;

/// What is said of undoing.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Undone {
    /// Where the run can be put back; empty: it cannot.
    pub(super) link: String,
    /// Whether this run is an undo.
    pub(super) is_undo: bool,
    /// The run that it put back: its id and when it began; none where the history does not keep it any more.
    pub(super) undoes: Option<(String, At)>,
    /// Whether it did that for one person alone.
    pub(super) one: bool,
    /// So many people it had runs leave alone from then on.
    pub(super) left_alone: usize,
    /// The runs that put this one back.
    pub(super) by: Vec<By>,
}

/// A run that put another one back.
#[derive(Clone, Debug, Serialize)]
pub(super) struct By {
    pub(super) run: String,
    pub(super) at: At,
    pub(super) who: String,
    /// Whether it was about one person alone.
    pub(super) one: bool,
    /// So many people's contacts it put back.
    pub(super) people: i64,
    /// Whether it did not do all that it was to do.
    pub(super) partly: bool,
}

/// What the database knows of it.
pub(super) struct Found {
    undoes: Option<(undos::Undone, Option<Run>)>,
    by: Vec<undos::Undoing>,
    /// Whether it was put back as a whole, and that stands.
    over: bool,
}

pub(super) fn find(conn: &mut Conn, run: &str) -> QueryResult<Found> {
    let undoes = match undos::of_run(conn, run)? {
        Some(undone) => {
            let other = runs::get(conn, &undone.run)?;
            Some((undone, other))
        }
        None => None,
    };
    Ok(Found {
        undoes,
        by: undos::by(conn, run)?,
        over: undos::in_force(conn, run)?.is_some(),
    })
}

impl Undone {
    /// What is said of this run, of which these are the lines.
    pub(super) fn of(
        run: &Run,
        all: &[Short],
        found: &Found,
        when: &dyn Fn(DateTime<Utc>) -> At,
    ) -> Self {
        let written = |line: &Short| line.outcome != Outcome::None && line.action.writes();
        let may = !run.preview && !run.running && !found.over && all.iter().any(written);
        let mut undone = Self {
            link: if may {
                undo::address(&run.id, None)
            } else {
                String::new()
            },
            ..Self::default()
        };
        if let Some((what, other)) = &found.undoes {
            let other = other.as_ref();
            undone.undoes = other.map(|run| (run.id.clone(), when(run.started_at)));
            undone.is_undo = true;
            undone.one = what.user.is_some();
            undone.left_alone = what.left_alone.len();
        }
        undone.by = found.by(when);
        undone
    }
}

impl Found {
    /// The runs that put this one back.
    pub(super) fn by(&self, when: &dyn Fn(DateTime<Utc>) -> At) -> Vec<By> {
        let by = self.by.iter();
        by.map(|one| By {
            run: one.run.clone(),
            at: when(one.started_at),
            who: one.requested_by.clone().unwrap_or_default(),
            one: one.user.is_some(),
            people: one.people,
            partly: one.status != Some(Status::Succeeded),
        })
        .collect()
    }
}

/// Where one person's line can be put back; empty: nothing was written but a contact type, which stays.
pub(in crate::web) fn of_line(line: &ChangeRecord) -> String {
    let change = &line.change;
    let made = change.action == Action::Create && change.contact_id.is_some();
    let mut fields = change.fields.iter();
    let back = fields.any(|field| field.applied && field.field != Field::ContactType);
    let written = change.action.writes() && back;
    if made || written {
        undo::address(&change.run_id, Some(&change.user_id))
    } else {
        String::new()
    }
}

/// For the samples of a page: those that put a run back.
pub(super) fn by_samples() -> Vec<By> {
    let by = By {
        run: "0193bbbb-0000-7000-8000-000000000000".into(),
        at: At::sample(),
        who: super::holds::HOSTILE.into(),
        one: false,
        people: 12,
        partly: false,
    };
    let other = By {
        who: String::new(),
        one: true,
        people: 1,
        partly: true,
        ..by.clone()
    };
    let none = By {
        people: 0,
        ..by.clone()
    };
    vec![by, other, none]
}

/// For the samples of a page.
pub(super) fn samples() -> [Undone; 2] {
    let kept = Undone {
        link: "/runs/0193aaaa-0000-7000-8000-000000000000/undo".into(),
        is_undo: true,
        undoes: Some(("0193bbbb-0000-7000-8000-000000000000".into(), At::sample())),
        one: true,
        left_alone: 2,
        by: by_samples(),
    };
    let forgotten = Undone {
        link: String::new(),
        undoes: None,
        ..kept.clone()
    };
    [kept, forgotten]
}
