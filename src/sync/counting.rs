//! What another list of licences that do not count does to the people of one company. Pure.

use std::collections::HashSet;

use super::select::{Activity, select};
use super::snapshot::{Licences, Snapshot};
use crate::model::{ContactId, UserId, text};

/// Who becomes what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counting {
    /// The names of active users who become leavers.
    pub leavers: Vec<String>,
    /// The names of leavers who become active again.
    pub active: Vec<String>,
    /// Of the leavers, so many have a linked contact that is active, which nobody has dismissed.
    pub linked: usize,
}

/// Compares the list that the snapshot was put together with to this one. Users whom a technician ignores stay out.
pub fn counting(snapshot: &Snapshot, ignored: &[String]) -> Counting {
    let before = Licences::new(&snapshot.skus, &snapshot.rules.ignored_licences);
    let after = Licences::new(&snapshot.skus, ignored);
    let mut counting = Counting::default();
    let mut leaving: HashSet<&UserId> = HashSet::new();
    let users = snapshot.users.iter();
    for user in users.filter(|user| !snapshot.ignored.contains(&user.id)) {
        match (select(user, &before), select(user, &after)) {
            (Activity::Active(_), Activity::Leaver(_)) => {
                counting.leavers.push(user.called().to_owned());
                leaving.insert(&user.id);
            }
            (Activity::Leaver(_), Activity::Active(_)) => {
                counting.active.push(user.called().to_owned());
            }
            _ => {}
        }
    }
    counting
        .leavers
        .sort_by_cached_key(|name| text::folded(name).into_owned());
    counting
        .active
        .sort_by_cached_key(|name| text::folded(name).into_owned());
    if !leaving.is_empty() {
        let contacts = snapshot.contacts.iter().filter(|contact| contact.active);
        let active: HashSet<&ContactId> = contacts.map(|contact| &contact.id).collect();
        let links = snapshot.links.iter();
        let linked = links.filter(|link| {
            leaving.contains(&link.user_id)
                && active.contains(&link.contact_id)
                && !snapshot.dismissed.contains(&link.user_id)
        });
        counting.linked = linked.count();
    }
    counting
}
