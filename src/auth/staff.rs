//! The staff, as an administrator looks after it, and changing one's own password. One administrator who can sign in
//! always stays.

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

use super::sign_in::{how_long, name_subject, take_try};
use super::{FieldMistake, hashed, links, passwords};
use crate::app::App;
use crate::db::sign_in_failures::Try;
use crate::db::{Conn, DbError, events, sessions, sign_in_failures, sign_in_links, staff};
use crate::model::staff::checked_name;
use crate::model::text::nfc;
use crate::model::{Role, Staff};

/// Why somebody of the staff stays as they are. A sentence for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Nobody has this row id.
    #[error("This person is not on the staff.")]
    NotFound,
    /// Nobody else could look after the staff.
    #[error(
        "This is the last administrator who can sign in: make somebody else an administrator, and let them choose a password, first."
    )]
    LastAdministrator,
    /// They cannot be sent a link.
    #[error("This account is disabled: enable it first.")]
    Disabled,
}

/// Everybody, by name.
pub async fn list(app: &App) -> Result<Vec<Staff>, DbError> {
    app.db().read(staff::list).await
}

/// The person of this row id.
pub async fn get(app: &App, id: i64) -> Result<Option<Staff>, DbError> {
    app.db().read(move |conn| staff::get(conn, id)).await
}

/// Adds somebody, and gives the token of the link with which they choose a password within seven days. Here and below `by` is who
/// does it; it stands in the history.
pub async fn add(
    app: &App,
    by: &str,
    name: &str,
    role: Role,
) -> Result<Result<(Staff, String), Vec<FieldMistake>>, DbError> {
    let mistake = |message: String| Ok(Err(vec![FieldMistake::new("name", message)]));
    let name = match checked_name(name) {
        Ok(name) => name,
        Err(message) => return mistake(message),
    };
    let token = links::new_token();
    let hash = hashed(&token);
    let now = app.clock().now();
    let by = by.to_owned();
    let added = app
        .db()
        .write(move |conn| {
            staff::lock(conn)?;
            let added = staff::insert(conn, &name, role, now)?;
            if let Some(person) = &added {
                links::put(conn, &hash, Some(person.id), now)?;
                let what = format!("{} added as {}", person.name, role.label());
                events::note(conn, (&by, "staff_added"), None, &what, now)?;
            }
            Ok(added)
        })
        .await?;
    match added {
        Some(person) => Ok(Ok((person, token))),
        None => mistake("Somebody on the staff has this name already: choose another.".to_owned()),
    }
}

/// Changes what somebody may do. All sessions of who may do less from now on end.
pub async fn set_role(
    app: &App,
    by: &str,
    id: i64,
    role: Role,
) -> Result<Result<Staff, Refusal>, DbError> {
    let said = move |name: &str| format!("The role of {name} is {} now", role.label());
    change(app, (by, "staff_role", said), id, move |conn, person| {
        if role < Role::Administrator && is_last(conn, person)? {
            return Ok(Err(Refusal::LastAdministrator));
        }
        staff::set_role(conn, id, role)?;
        if role < person.role {
            sessions::end_all_of(conn, id)?;
        }
        Ok(Ok(()))
    })
    .await
}

/// Lets somebody sign in again, or no more: then all their sessions and links end.
pub async fn set_enabled(
    app: &App,
    by: &str,
    id: i64,
    enabled: bool,
) -> Result<Result<Staff, Refusal>, DbError> {
    let kind = if enabled {
        "staff_enabled"
    } else {
        "staff_disabled"
    };
    let said = move |name: &str| {
        if enabled {
            format!("{name} may sign in again")
        } else {
            format!("{name} is disabled: signed out everywhere, and cannot sign in")
        }
    };
    change(app, (by, kind, said), id, move |conn, person| {
        if !enabled {
            if is_last(conn, person)? {
                return Ok(Err(Refusal::LastAdministrator));
            }
            sessions::end_all_of(conn, id)?;
            sign_in_links::retire(conn, Some(id))?;
        }
        staff::set_enabled(conn, id, enabled)?;
        Ok(Ok(()))
    })
    .await
}

/// Takes somebody's password away, ends their sessions, and gives the token of the link with which they choose another
/// within seven days.
pub async fn reset(
    app: &App,
    by: &str,
    id: i64,
) -> Result<Result<(Staff, String), Refusal>, DbError> {
    let token = links::new_token();
    let hash = hashed(&token);
    let now = app.clock().now();
    let said = |name: &str| format!("New sign-in link for {name}");
    let person = change(app, (by, "staff_link", said), id, move |conn, person| {
        if !person.enabled {
            return Ok(Err(Refusal::Disabled));
        }
        if is_last(conn, person)? {
            return Ok(Err(Refusal::LastAdministrator));
        }
        staff::set_password(conn, id, None)?;
        sessions::end_all_of(conn, id)?;
        links::put(conn, &hash, Some(id), now)?;
        Ok(Ok(()))
    })
    .await?;
    Ok(person.map(|person| (person, token)))
}

/// Ends all sessions of somebody, and gives them.
pub async fn sign_out_everywhere(
    app: &App,
    by: &str,
    id: i64,
) -> Result<Result<Staff, Refusal>, DbError> {
    let said = |name: &str| format!("{name} is signed out everywhere");
    change(app, (by, "staff_signed_out", said), id, move |conn, _| {
        sessions::end_all_of(conn, id).map(|_| Ok(()))
    })
    .await
}

/// Changes somebody's own password, for which they give the present one, and ends their sessions but the one of the key
/// hash `stays`. Wrong present passwords count as failures to sign in.
pub async fn change_password(
    app: &App,
    id: i64,
    present: &SecretString,
    new: &SecretString,
    stays: &str,
) -> Result<Result<(), Vec<FieldMistake>>, DbError> {
    let mistake = |field, message: &str| Ok(Err(vec![FieldMistake::new(field, message)]));
    let found = app
        .db()
        .read(move |conn| Ok((staff::get(conn, id)?, staff::password(conn, id)?)))
        .await?;
    let (Some(person), Some(before)) = found else {
        return mistake("present", WRONG_PRESENT);
    };
    if let Err(message) = passwords::check(new, &person.name) {
        return mistake("password", &message);
    }
    if let Try::LockedUntil(until) = take_try(app, &person.name).await? {
        return mistake("present", &too_many(until, app.clock().now()));
    }
    if !passwords::verify(present, Some(before.clone())).await? {
        return mistake("present", WRONG_PRESENT);
    }
    if nfc(present.expose_secret()) == nfc(new.expose_secret()) {
        return mistake(
            "password",
            "This is your present password: choose another one.",
        );
    }
    let hash = passwords::hash(new).await?;
    let subject = name_subject(&app.keyring(), &person.name);
    let stays = stays.to_owned();
    let changed = app
        .db()
        .write(move |conn| {
            let changed = staff::change_password(conn, id, &before, &hash)?;
            if changed {
                sessions::end_others(conn, id, &stays)?;
                sign_in_links::retire(conn, Some(id))?;
                sign_in_failures::clear(conn, &subject)?;
            }
            Ok(changed)
        })
        .await?;
    if changed {
        Ok(Ok(()))
    } else {
        mistake("present", WRONG_PRESENT)
    }
}

const WRONG_PRESENT: &str = "This is not your present password.";

fn too_many(until: DateTime<Utc>, now: DateTime<Utc>) -> String {
    format!(
        "Too many wrong passwords: try again in {}.",
        how_long(until, now)
    )
}

/// Changes somebody in a transaction that holds the staff still, writes down who did what, and gives them as they are afterwards.
async fn change(
    app: &App,
    (by, kind, said): (
        &str,
        &'static str,
        impl FnOnce(&str) -> String + Send + 'static,
    ),
    id: i64,
    work: impl FnOnce(&mut Conn, &Staff) -> QueryResult<Result<(), Refusal>> + Send + 'static,
) -> Result<Result<Staff, Refusal>, DbError> {
    let (by, now) = (by.to_owned(), app.clock().now());
    app.db()
        .write(move |conn| {
            staff::lock(conn)?;
            let Some(person) = staff::get(conn, id)? else {
                return Ok(Err(Refusal::NotFound));
            };
            if let Err(refusal) = work(conn, &person)? {
                return Ok(Err(refusal));
            }
            events::note(conn, (&by, kind), None, &said(&person.name), now)?;
            Ok(staff::get(conn, id)?.ok_or(Refusal::NotFound))
        })
        .await
}

/// Whether this is the last enabled administrator with a password.
fn is_last(conn: &mut Conn, person: &Staff) -> QueryResult<bool> {
    let can_sign_in = person.enabled && person.has_password;
    Ok(person.role == Role::Administrator
        && can_sign_in
        && staff::administrators(conn, Some(person.id))? == 0)
}
