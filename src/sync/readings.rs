//! The readings that pages looked at last, in memory: as they were read, and as they were put together and planned. Reads and
//! decides nothing.

use std::sync::{Arc, Mutex, PoisonError};

use super::last::{Last, Sides};
use super::observe::Remembered;
use crate::db::changes::Written;
use crate::model::filter::Named;
use crate::model::{Company, ContactTypeId};

/// So many people and contacts of readings are kept in memory.
const KEPT: usize = 20_000;

/// The readings that were looked at last, so that their text is not read for every page; cheap to clone. Nothing of a
/// reading changes: another run makes another.
#[derive(Clone, Default)]
pub struct Readings(Arc<Mutex<Vec<Kept>>>);

struct Kept {
    company: i64,
    run: String,
    sides: Arc<Sides>,
    /// What it was put together to last, and with what.
    last: Option<(Inputs, Arc<Last>)>,
}

/// All that a snapshot is put together from besides the reading.
#[derive(PartialEq)]
pub(super) struct Inputs {
    pub(super) company: Company,
    pub(super) default_type: Option<Named<ContactTypeId>>,
    pub(super) ignored_licences: Vec<String>,
    pub(super) written: Vec<Written>,
    pub(super) remembered: Remembered,
}

impl Kept {
    fn size(&self) -> usize {
        self.sides.users.len() + self.sides.contacts.len()
    }
}

impl Readings {
    pub(super) fn get(&self, company: i64, run: &str) -> Option<Arc<Sides>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |one: &Kept| one.company == company && one.run == run;
        let place = kept.iter().position(of)?;
        let used = kept.remove(place);
        let sides = used.sides.clone();
        // What is used last goes last.
        kept.push(used);
        Some(sides)
    }

    /// The same reading put together before, if nothing else was.
    pub(super) fn together(&self, company: i64, run: &str, inputs: &Inputs) -> Option<Arc<Last>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |one: &&Kept| one.company == company && one.run == run;
        let (known, last) = kept.iter().find(of)?.last.as_ref()?;
        (known == inputs).then(|| last.clone())
    }

    pub(super) fn keep_together(&self, company: i64, inputs: Inputs, last: &Arc<Last>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |one: &&mut Kept| one.company == company && one.run == last.run_id;
        if let Some(one) = kept.iter_mut().find(of) {
            one.last = Some((inputs, last.clone()));
        }
    }

    pub(super) fn keep(&self, company: i64, run: &str, sides: &Arc<Sides>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|one| one.company != company);
        kept.push(Kept {
            company,
            run: run.to_owned(),
            sides: sides.clone(),
            last: None,
        });
        let mut size: usize = kept.iter().map(Kept::size).sum();
        let unused = kept.iter().take_while(|one| {
            let long = size > KEPT;
            size = size.saturating_sub(one.size());
            long
        });
        let unused = unused.count();
        kept.drain(..unused);
    }
}
