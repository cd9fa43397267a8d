//! What the links tie together, as positions in a snapshot: looked up once, used by every step. Pure.

use std::collections::HashMap;

use super::snapshot::Snapshot;
use crate::model::{ContactId, UserId};

/// The links of a snapshot, resolved. All numbers are positions in the snapshot's lists.
#[derive(Debug)]
pub struct Ties<'a> {
    /// Contacts by id.
    pub contacts: HashMap<&'a ContactId, usize>,
    /// For each link, its contact; `None`: it is gone.
    pub contact_of: Vec<Option<usize>>,
    /// For each user, their link, whether its contact exists or not.
    pub link_of: Vec<Option<usize>>,
    /// Links whose user is not in the list.
    pub unlisted: Vec<usize>,
    /// For each link, whether its user is deleted: not in the list, and not found by id.
    pub deleted: Vec<bool>,
}

impl<'a> Ties<'a> {
    /// Looks up both ends of every link.
    pub fn new(snapshot: &'a Snapshot) -> Self {
        let contacts: HashMap<&ContactId, usize> = snapshot
            .contacts
            .iter()
            .enumerate()
            .map(|(at, contact)| (&contact.id, at))
            .collect();
        let contact_of = snapshot
            .links
            .iter()
            .map(|link| contacts.get(&link.contact_id).copied())
            .collect();
        let mut waiting: HashMap<&UserId, (usize, bool)> = snapshot
            .links
            .iter()
            .enumerate()
            .map(|(at, link)| (&link.user_id, (at, false)))
            .collect();
        let link_of = snapshot
            .users
            .iter()
            .map(|user| {
                let (link, listed) = waiting.get_mut(&user.id)?;
                *listed = true;
                Some(*link)
            })
            .collect();
        let unlisted: Vec<usize> = waiting
            .into_values()
            .filter_map(|(link, listed)| (!listed).then_some(link))
            .collect();
        let mut deleted = vec![false; snapshot.links.len()];
        for &link in &unlisted {
            deleted[link] = snapshot.deleted.contains(&snapshot.links[link].user_id);
        }
        Self {
            contacts,
            contact_of,
            link_of,
            unlisted,
            deleted,
        }
    }

    /// The contact to which a user (position) is linked and which exists.
    pub fn contact_of_user(&self, user: usize) -> Option<usize> {
        self.contact_of[self.link_of[user]?]
    }
}
