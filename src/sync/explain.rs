//! One person's way through a plan, in five steps, from the same plan that a run would apply. Pure.

mod next;

use serde::{Deserialize, Serialize};

use super::plan::{Person, Plan, Reason};
use super::report;
use super::route::{Destination, Passed, Route};
use super::select::{self, Activity, LeaverReason};
use super::snapshot::{Licences, Snapshot};
use crate::model::meant::nearest;
use crate::model::{Action, Condition, ContactId, GroupId, Test, User, UserId, text};

/// The explanation of one person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The company's name.
    pub company: String,
    /// The user's object id.
    pub user_id: String,
    /// User principal name.
    pub upn: String,
    /// The five steps.
    pub steps: Vec<Explained>,
}

crate::model::debug_by!(Explanation, company, user_id);

/// One step.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explained {
    /// `directory`, `active`, `filter`, `contact` or `next run`.
    pub step: String,
    /// The result in a word or two.
    pub result: String,
    /// Why: the lines, with semicolons between them.
    pub detail: String,
    /// The same for people, a line each.
    #[serde(skip)]
    pub lines: Vec<String>,
}

crate::model::debug_by!(Explained, step, result);

/// How things of the directory are called, as far as anybody knows.
pub struct Names<'a> {
    /// A licence's product name, by its SKU id.
    pub licence: &'a dyn Fn(&str) -> Option<&'static str>,
    /// A group's display name.
    pub group: &'a dyn Fn(&GroupId) -> Option<String>,
}

/// Explains a user, named by object id or user principal name; `None` where neither the tenant nor a link has it.
pub fn explain(
    company: &str,
    snapshot: &Snapshot,
    plan: &Plan,
    wanted: &str,
    names: &Names<'_>,
) -> Option<Explanation> {
    let (id, upn) = (UserId::new(wanted), text::folded(wanted));
    let fits = |user_id: &UserId, name: &str| *user_id == id || text::folded(name) == upn;
    let user = snapshot.users.iter().find(|user| fits(&user.id, &user.upn));
    let person = plan.people.iter().find(|person| match user {
        Some(user) => person.user_id == user.id,
        None => fits(&person.user_id, &person.upn),
    });
    let (user_id, upn) = match (user, person) {
        (Some(user), _) => (user.id.to_string(), user.upn.clone()),
        (None, Some(person)) => (person.user_id.to_string(), person.upn.clone()),
        (None, None) => return None,
    };
    let activity = user.map(|user| {
        let licences = Licences::new(&snapshot.skus, &snapshot.rules.ignored_licences);
        select::select(user, &licences)
    });
    let activity = activity.or_else(|| person.map(|person| person.trace.activity.clone()))?;
    let steps = vec![
        directory(user, &activity),
        active(user, &activity, snapshot, names),
        filter(person, &activity, snapshot, names),
        contact(person, snapshot),
        next::next_run(user, person, snapshot),
    ];
    Some(Explanation {
        company: company.to_owned(),
        user_id,
        upn,
        steps,
    })
}

/// The principal names of the users who may have been meant where nobody has this one: by principal name or
/// by the name displayed.
pub fn meant<'s>(snapshot: &'s Snapshot, wanted: &str) -> Vec<&'s str> {
    let users = snapshot.users.iter();
    let named = users.map(|user| {
        let upn = user.upn.as_str();
        (upn, [Some(upn), user.display_name.as_deref()])
    });
    nearest(wanted, named)
}

fn explained(step: &str, result: &str, detail: impl Into<String>) -> Explained {
    in_lines(step, result, vec![detail.into()])
}

fn in_lines(step: &str, result: &str, lines: Vec<String>) -> Explained {
    Explained {
        step: step.into(),
        result: result.into(),
        detail: lines.join("; "),
        lines,
    }
}

fn directory(user: Option<&User>, activity: &Activity) -> Explained {
    match (user, activity) {
        (Some(user), _) => {
            let name = user
                .display_name
                .as_deref()
                .unwrap_or("a user without a display name");
            explained("directory", "found", format!("The tenant has {name}"))
        }
        (None, Activity::Leaver(LeaverReason::Deleted)) => explained(
            "directory",
            "deleted",
            "Microsoft Graph does not know this user any more; only the link is left",
        ),
        (None, _) => explained(
            "directory",
            "unknown",
            "The user is not in the list of the tenant",
        ),
    }
}

fn active(
    user: Option<&User>,
    activity: &Activity,
    snapshot: &Snapshot,
    names: &Names<'_>,
) -> Explained {
    let licence = |id: &str| {
        let part = snapshot.skus.iter().find(|sku| sku.id.as_str() == id);
        match ((names.licence)(id), part) {
            (Some(name), Some(sku)) => format!("{name} ({})", sku.part_number),
            (Some(name), None) => name.to_owned(),
            (None, Some(sku)) => sku.part_number.clone(),
            (None, None) => id.to_owned(),
        }
    };
    match activity {
        Activity::Active(id) => explained(
            "active",
            "active",
            format!(
                "Sign-in is enabled and the licence {} counts",
                licence(id.as_str())
            ),
        ),
        Activity::Leaver(LeaverReason::LicenceRemoved) => {
            let held: Vec<String> = user
                .and_then(|user| user.licences.as_ref())
                .into_iter()
                .flatten()
                .map(|id| licence(id.as_str()))
                .collect();
            let held: Vec<&str> = held.iter().map(String::as_str).collect();
            let detail = if held.is_empty() {
                "Sign-in is enabled, but no licence is assigned".to_owned()
            } else {
                format!(
                    "Sign-in is enabled, but these licences do not count: {}",
                    text::and(&held)
                )
            };
            explained("active", "not active", detail)
        }
        Activity::Leaver(LeaverReason::SignInBlocked) => {
            explained("active", "not active", "Sign-in is blocked")
        }
        Activity::Leaver(LeaverReason::Deleted) => {
            explained("active", "not active", "The user was deleted")
        }
        Activity::NoAnswer(silence) => explained(
            "active",
            "no answer",
            format!(
                "Microsoft Graph does not say {}; nothing is done",
                silence.field()
            ),
        ),
    }
}

fn filter(
    person: Option<&Person>,
    activity: &Activity,
    snapshot: &Snapshot,
    names: &Names<'_>,
) -> Explained {
    if person.is_some_and(|person| person.reason == Reason::Ignored) {
        return explained(
            "filter",
            "ignored",
            "A technician ignores this user: no filter is asked",
        );
    }
    let route = person.and_then(|person| person.trace.route.as_ref());
    let Some(route) = route else {
        let why = match activity {
            Activity::Active(_) => "No filter was asked",
            _ => "Filters look at active users only",
        };
        return explained("filter", "not asked", why);
    };
    let label = |index: u32| {
        let filter = snapshot.rules.filters.get(index as usize);
        filter.map_or_else(String::new, |filter| filter.label(index as usize))
    };
    let (result, decided) = match route.to {
        Destination::NoFilters => (
            "no filters",
            "The company has no filters: every active user is in scope".to_owned(),
        ),
        Destination::Placed(index) => ("taken", format!("{} takes this user", label(index))),
        Destination::Excluded(index) => ("excluded", format!("Excluded by {}", label(index))),
        Destination::Nowhere => ("out of scope", "No filter takes this user".to_owned()),
    };
    let mut lines = vec![decided];
    lines.extend(above(route, snapshot, names));
    if let Some(site) = person.and_then(|person| person.site.as_ref()) {
        lines.push(format!("site: {}", site.name));
    }
    in_lines("filter", result, lines)
}

/// What each filter above looked at.
fn above(route: &Route, snapshot: &Snapshot, names: &Names<'_>) -> Vec<String> {
    let filters = &snapshot.rules.filters;
    route
        .passed
        .iter()
        .filter_map(|passed| match *passed {
            Passed::Off(index) => {
                let filter = filters.get(index as usize)?;
                Some(format!("{} is switched off", filter.label(index as usize)))
            }
            Passed::Failed(index, number) => {
                let filter = filters.get(index as usize)?;
                let condition = filter.when.get(number as usize)?;
                let label = filter.label(index as usize);
                Some(format!(
                    "{label} does not: {}",
                    did_not_hold(condition, names)
                ))
            }
        })
        .collect()
}

fn did_not_hold(condition: &Condition, names: &Names<'_>) -> String {
    let (is, has) = if condition.negated {
        ("is", "has")
    } else {
        ("is not", "does not have")
    };
    match &condition.test {
        Test::Licensed => "all licensed users are left out".to_owned(),
        Test::Group(group) => {
            let name = (names.group)(group).unwrap_or_else(|| group.to_string());
            format!("the user {is} in the group {name}")
        }
        Test::Field { field, equals } => format!("{field} {is} {equals}"),
        Test::UpnDomain(domain) => format!("the domain of the user principal name {is} {domain}"),
        Test::Licence(licence) => format!("the user {has} the licence {licence}"),
    }
}

fn contact(person: Option<&Person>, snapshot: &Snapshot) -> Explained {
    let Some(person) = person else {
        return explained(
            "contact",
            "none",
            "The user has no link, and nobody looks for a contact",
        );
    };
    if let Reason::Conflict(conflict) = &person.reason {
        let mut lines = vec![text::capital(&report::reason(&person.reason))];
        lines.extend(candidates(snapshot, &conflict.contacts));
        return in_lines("contact", "conflict", lines);
    }
    let Some(id) = &person.contact else {
        let detail = match person.action {
            Action::Create => "No contact of the company has an address of this user",
            _ => "The user has no link",
        };
        return explained("contact", "none", detail);
    };
    let state = match snapshot.contacts.iter().find(|contact| contact.id == *id) {
        Some(contact) if contact.active => "active",
        Some(_) => "inactive",
        None => "gone",
    };
    let by = person.trace.step.map_or("its link", report::step_words);
    explained(
        "contact",
        "found",
        format!("Contact {id} ({state}) was found by {by}"),
    )
}

/// Contacts that a technician chooses among: id, name, email, site and state of each.
pub fn candidates(snapshot: &Snapshot, ids: &[ContactId]) -> Vec<String> {
    let words = |id: &ContactId| {
        let Some(contact) = snapshot.contacts.iter().find(|one| one.id == *id) else {
            return format!("contact {id}: gone");
        };
        let name = [&contact.first_name, &contact.last_name];
        let name: Vec<&str> = name.into_iter().flatten().map(String::as_str).collect();
        let site = contact.site.as_ref().map(|id| snapshot.rules.site_name(id));
        let parts = [
            Some(name.join(" ")),
            contact.email.clone(),
            site,
            Some(state(contact.active).to_owned()),
        ];
        let parts: Vec<String> = parts
            .into_iter()
            .flatten()
            .filter(|part| !part.trim().is_empty())
            .collect();
        format!("contact {id}: {}", parts.join(", "))
    };
    ids.iter().map(words).collect()
}

const fn state(active: bool) -> &'static str {
    if active { "active" } else { "inactive" }
}
