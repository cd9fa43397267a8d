//! What a day changes: people join, leave, marry and move, and technicians edit contacts by hand. Everything is done to the
//! state of the simulators, and nobody meets more than one thing a day (but a department moves whole).

use std::collections::BTreeSet;

use super::load::Psa;
use super::mess;
use super::person::{Maker, department, is_active, is_person};
use super::rng::Rng;
use crate::simulator::graph::{MemberData, Microsoft, TenantData, UserData};

/// Something to let happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// So many people join.
    Joiners(usize),
    /// So many people leave.
    Leavers(usize),
    /// So many people get a new surname.
    Renames(usize),
    /// A department becomes another.
    MovesDepartment {
        /// Its name so far.
        from: String,
        /// Its name from now on.
        to: String,
    },
    /// A third of the active people is blocked at once.
    LosesAThird,
    /// So many contacts are edited by hand.
    TechnicianEdits(usize),
}

/// What happened to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// They joined this department.
    Joined {
        /// The department.
        department: String,
    },
    /// Their sign-in was blocked.
    Blocked,
    /// They lost their licences.
    LicenceRemoved,
    /// Their account was deleted.
    Deleted,
    /// They have a new name and address; the old address is an alias.
    Renamed {
        /// The display name so far.
        old_name: String,
        /// The user principal name so far.
        old_upn: String,
    },
    /// They work in another department.
    Moved {
        /// The department so far.
        from: String,
        /// The department from now on.
        to: String,
    },
    /// A technician changed a field of their contact.
    Edited {
        /// The contact's id.
        contact_id: i64,
        /// `title` or `phone`.
        field: &'static str,
        /// The value so far.
        before: String,
        /// The value from now on.
        after: String,
    },
}

/// What happened, and to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub what: What,
    /// The user's object id.
    pub user_id: String,
    /// The user principal name, as it is now.
    pub upn: String,
    /// The display name, as it is now.
    pub name: String,
}

impl Event {
    fn of(user: &UserData, what: What) -> Self {
        Self {
            what,
            user_id: user.id.clone(),
            upn: user.user_principal_name.clone(),
            name: user.display_name.clone().unwrap_or_default(),
        }
    }

    /// The event in one sentence without a full stop.
    pub fn sentence(&self) -> String {
        let name = &self.name;
        match &self.what {
            What::Joined { department } => format!("{name} joined {department}"),
            What::Blocked => format!("{name}'s sign-in was blocked"),
            What::LicenceRemoved => format!("{name} lost their licences"),
            What::Deleted => format!("{name}'s account was deleted"),
            What::Renamed { old_name, .. } => format!("{old_name} is called {name} now"),
            What::Moved { from, to } => format!("{name} moved from {from} to {to}"),
            What::Edited {
                field,
                before,
                after,
                ..
            } => {
                format!("a technician changed {name}'s {field} from \"{before}\" to \"{after}\"")
            }
        }
    }
}

/// One day of one tenant.
pub struct Day<'a> {
    microsoft: &'a Microsoft,
    tenant: String,
    rng: Rng,
    touched: BTreeSet<String>,
}

impl<'a> Day<'a> {
    /// A day of this tenant; the same seed and the same state give the same day.
    pub fn new(seed: u64, microsoft: &'a Microsoft, tenant_id: &str) -> Self {
        Self {
            microsoft,
            tenant: tenant_id.into(),
            rng: Rng::new(seed, tenant_id),
            touched: BTreeSet::new(),
        }
    }

    /// Lets nothing happen to this user today (but their department may move).
    pub fn spare(&mut self, upn: &str) {
        let microsoft = self.microsoft;
        microsoft.tenant(&self.tenant, |tenant| {
            let mut users = tenant.users.iter();
            let user = users.find(|user| user.user_principal_name.eq_ignore_ascii_case(upn));
            self.touched.extend(user.map(|user| user.id.clone()));
        });
    }

    /// Lets something happen. The PSA and the company matter to technicians' edits alone.
    pub fn happen(&mut self, happening: &Happening, psa: Psa, company_id: i64) -> Vec<Event> {
        match happening {
            Happening::Joiners(number) => self.joiners(*number),
            Happening::Leavers(number) => self.leavers(*number),
            Happening::Renames(number) => self.renames(*number),
            Happening::MovesDepartment { from, to } => self.moves_department(from, to),
            Happening::LosesAThird => self.loses_a_third(),
            Happening::TechnicianEdits(number) => self.technician_edits(psa, company_id, *number),
        }
    }

    /// So many licensed people join. Who joins Management joins the group of that name.
    pub fn joiners(&mut self, number: usize) -> Vec<Event> {
        let (rng, touched) = (&mut self.rng, &mut self.touched);
        self.microsoft.tenant(&self.tenant, |tenant| {
            let mut maker = Maker::new(&tenant.default_domain, &tenant.users);
            let mut events = Vec::new();
            for _ in 0..number {
                let user = maker.person(rng);
                let department = department(&user).to_owned();
                if department == "Management" {
                    let mut groups = tenant.groups.iter_mut();
                    if let Some(group) = groups.find(|group| group.display_name == department) {
                        group.members.push(MemberData::User(user.id.clone()));
                    }
                }
                touched.insert(user.id.clone());
                events.push(Event::of(&user, What::Joined { department }));
                tenant.users.push(user);
            }
            events
        })
    }

    /// So many active people leave: deleted, blocked or without licences, in turn.
    pub fn leavers(&mut self, number: usize) -> Vec<Event> {
        let (rng, touched) = (&mut self.rng, &mut self.touched);
        self.microsoft.tenant(&self.tenant, |tenant| {
            let start = rng.below(3);
            let mut events = Vec::new();
            for (turn, index) in chosen(tenant, rng, touched, number).into_iter().enumerate() {
                let user = &mut tenant.users[index];
                let what = match (start + turn) % 3 {
                    0 => What::Deleted,
                    1 => {
                        user.account_enabled = Some(false);
                        What::Blocked
                    }
                    _ => {
                        user.assigned_licenses = Some(Vec::new());
                        What::LicenceRemoved
                    }
                };
                events.push(Event::of(user, what));
            }
            let deleted = |user: &UserData| {
                let mut events = events.iter();
                events.any(|event| event.what == What::Deleted && event.user_id == user.id)
            };
            tenant.users.retain(|user| !deleted(user));
            events
        })
    }

    /// So many active people get a new surname, with a new user principal name and mail; the old address stays as an alias.
    pub fn renames(&mut self, number: usize) -> Vec<Event> {
        let (rng, touched) = (&mut self.rng, &mut self.touched);
        self.microsoft.tenant(&self.tenant, |tenant| {
            let mut maker = Maker::new(&tenant.default_domain, &tenant.users);
            let mut events = Vec::new();
            for index in chosen(tenant, rng, touched, number) {
                let user = &mut tenant.users[index];
                let old_upn = user.user_principal_name.clone();
                let old_name = user.display_name.clone().unwrap_or_default();
                mess::rename(user, rng, &mut maker);
                events.push(Event::of(user, What::Renamed { old_name, old_upn }));
            }
            events
        })
    }

    /// Everybody active in a department, however it is spelled, works in another from now on.
    pub fn moves_department(&mut self, from: &str, to: &str) -> Vec<Event> {
        self.microsoft.tenant(&self.tenant, |tenant| {
            let mut events = Vec::new();
            for user in tenant.users.iter_mut().filter(|user| is_active(user)) {
                if department(user).eq_ignore_ascii_case(from.trim()) {
                    user.department = Some(to.into());
                    let (from, to) = (from.into(), to.into());
                    events.push(Event::of(user, What::Moved { from, to }));
                }
            }
            events
        })
    }

    /// The sign-in of a third of the active people is blocked, as by a script that ran on the wrong group.
    pub fn loses_a_third(&mut self) -> Vec<Event> {
        let (rng, touched) = (&mut self.rng, &mut self.touched);
        self.microsoft.tenant(&self.tenant, |tenant| {
            let active = tenant.users.iter().filter(|user| is_active(user)).count();
            let mut events = Vec::new();
            for index in chosen(tenant, rng, touched, active.div_ceil(3)) {
                let user = &mut tenant.users[index];
                user.account_enabled = Some(false);
                events.push(Event::of(user, What::Blocked));
            }
            events
        })
    }

    /// A technician changes the title or the phone of so many contacts of active people. Only what the tenant has a value
    /// for is changed, so that the next run puts it back.
    pub fn technician_edits(&mut self, psa: Psa, company_id: i64, number: usize) -> Vec<Event> {
        let (rng, touched) = (&mut self.rng, &mut self.touched);
        let people: Vec<UserData> = self.microsoft.tenant(&self.tenant, |tenant| {
            let users = tenant
                .users
                .iter()
                .filter(|user| is_person(user) && is_active(user));
            users.cloned().collect()
        });
        let mut contacts = psa.contacts(company_id);
        rng.shuffle(&mut contacts);
        let mut events = Vec::new();
        for (contact_id, contact) in contacts.into_iter().filter(|(_, each)| each.active) {
            if events.len() == number {
                break;
            }
            let Some(address) = contact.email.as_deref() else {
                continue;
            };
            let owner = people.iter().find(|user| {
                let mail = user.mail.as_deref().unwrap_or_default();
                let upn = &user.user_principal_name;
                upn.eq_ignore_ascii_case(address) || mail.eq_ignore_ascii_case(address)
            });
            let Some(user) = owner.filter(|user| !touched.contains(&user.id)) else {
                continue;
            };
            let titled = user
                .job_title
                .as_deref()
                .is_some_and(|title| !title.trim().is_empty());
            let reachable = user
                .business_phones
                .iter()
                .any(|phone| phone.chars().any(|character| character.is_ascii_digit()));
            let (field, before, after) = match (contact.title, contact.phone) {
                (_, Some(phone)) if reachable && (events.len() % 2 == 1 || !titled) => (
                    "phone",
                    phone,
                    format!("+1 202 555 01{:02}", rng.below(100)),
                ),
                (Some(title), _) if titled => ("title", title.clone(), format!("{title} (VIP)")),
                _ => continue,
            };
            // a title that the PSA would cut is no edit that a person can make
            if after == before || after.chars().count() > 50 {
                continue;
            }
            psa.edit(contact_id, field, &after);
            touched.insert(user.id.clone());
            events.push(Event::of(
                user,
                What::Edited {
                    contact_id,
                    field,
                    before,
                    after,
                },
            ));
        }
        events
    }
}

/// Places of so many active people to whom nothing happened yet, or of all that there are.
fn chosen(
    tenant: &TenantData,
    rng: &mut Rng,
    touched: &mut BTreeSet<String>,
    number: usize,
) -> Vec<usize> {
    let users = tenant.users.iter().enumerate();
    let open =
        users.filter(|(_, user)| is_person(user) && is_active(user) && !touched.contains(&user.id));
    let mut places: Vec<usize> = open.map(|(place, _)| place).collect();
    rng.shuffle(&mut places);
    places.truncate(number);
    touched.extend(places.iter().map(|place| tenant.users[*place].id.clone()));
    places
}
