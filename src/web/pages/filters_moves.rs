//! Who would be affected by other settings, and why, as lists of a page: the first of each stand open, more are folded beneath.
//! Counts nothing itself.

use serde::Serialize;

use crate::model::text::called;
use crate::sync::effect::{Affected, Effect};

/// A list shows so many names at once.
pub(super) const MOST_NAMES: usize = 20;
/// So many more are folded beneath, over all lists of a page: a part that is sent after every change stays small.
const FOLDED: usize = 400;

/// Some of a list, and how many more there are.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Shown<T> {
    /// Those who stand open.
    pub first: Vec<T>,
    /// Those who are folded beneath.
    pub rest: Vec<T>,
    /// How many more there are.
    pub more: usize,
}

/// How many more people the lists of one page may fold beneath.
pub(super) struct Room(usize);

impl Room {
    /// The room of a page.
    pub fn of_a_page() -> Self {
        Self(FOLDED)
    }

    /// Those of a list for whom there is room.
    pub fn take<P, T>(&mut self, people: &[P], as_shown: impl Fn(&P) -> T) -> Shown<T> {
        let (first, rest) = people.split_at(people.len().min(MOST_NAMES));
        let (rest, more) = rest.split_at(rest.len().min(self.0));
        self.0 -= rest.len();
        Shown {
            first: first.iter().map(&as_shown).collect(),
            rest: rest.iter().map(&as_shown).collect(),
            more: more.len(),
        }
    }
}

/// One person of an effect.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Moved {
    pub name: String,
    pub from: String,
    pub to: String,
    pub why: String,
}

/// Some people of an effect.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Moves {
    pub title: String,
    pub people: Shown<Moved>,
}

/// Everybody whom an effect is about, by what becomes of them.
pub(super) fn lists(effect: &Effect) -> Vec<Moves> {
    let mut room = Room::of_a_page();
    let mut lists = Vec::new();
    let mut add = |title: String, people: &[Affected]| {
        if people.is_empty() {
            return;
        }
        lists.push(Moves {
            title: format!("{title} ({})", people.len()),
            people: room.take(people, |one| Moved {
                name: called(&one.name, &one.upn).to_owned(),
                from: one.from.clone(),
                to: one.to.clone(),
                why: one.why.clone(),
            }),
        });
    };
    for moving in &effect.moves {
        let title = match &moving.site {
            Some(site) => format!("Move to {}", site.name),
            None => "No site any more".to_owned(),
        };
        add(title, &moving.people);
    }
    add("Come into scope".into(), &effect.into_scope);
    add("Fall out of scope".into(), &effect.out_of_scope);
    add("Get another contact type".into(), &effect.types);
    add("Something else changes".into(), &effect.actions);
    lists
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_whole_as_long_as_there_is_room_and_says_how_many_are_left_out() {
        let people: Vec<usize> = (0..300).collect();
        let mut room = Room::of_a_page();
        let first = room.take(&people, |one| *one);
        assert_eq!(
            (first.first.len(), first.rest.len(), first.more),
            (20, 280, 0)
        );
        let second = room.take(&people, |one| *one);
        assert_eq!((second.first.len(), second.rest.len()), (20, 120));
        assert_eq!(second.more, 160);
        assert_eq!(room.take(&people[..20], |one| *one).more, 0);
    }
}
