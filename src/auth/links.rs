//! Links that let somebody choose a password, once: for a person of the staff, or for an administrator, new or locked out.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use secrecy::SecretString;

use super::sign_in::name_subject;
use super::{FieldMistake, hashed, passwords};
use crate::app::App;
use crate::db::{Conn, DbError, events, sessions, sign_in_failures, sign_in_links, staff};
use crate::model::staff::checked_name;
use crate::model::{Role, Staff};

/// A link for an administrator, which is made and used by the same person, ends so soon.
const FOR_AN_ADMINISTRATOR: TimeDelta = TimeDelta::minutes(15);
/// A link for somebody else, who has to be sent it, ends so soon.
const FOR_STAFF: TimeDelta = TimeDelta::days(7);
/// Random bytes of a link's token.
const TOKEN: usize = 32;

/// For whom a link is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkFor {
    /// For whoever has it: a new administrator, or somebody of the staff who becomes one.
    Administrator,
    /// For this person.
    Staff(Staff),
}

/// Makes a link for somebody of the staff, or for an administrator, and gives its token. Unused links for the same end.
pub async fn make_link(app: &App, staff: Option<i64>) -> Result<String, DbError> {
    let token = new_token();
    let hash = hashed(&token);
    let now = app.clock().now();
    app.db()
        .write(move |conn| {
            // Of two made at the same moment one stays.
            staff::lock(conn)?;
            put(conn, &hash, staff, now)
        })
        .await?;
    Ok(token)
}

/// A link for an administrator, where no enabled one has a password.
pub async fn first_link(app: &App) -> Result<Option<String>, DbError> {
    let found = app
        .db()
        .read(|conn| staff::administrators(conn, None))
        .await?;
    if found > 0 {
        return Ok(None);
    }
    make_link(app, None).await.map(Some)
}

pub(super) fn new_token() -> String {
    let mut bytes = [0; TOKEN];
    rand::fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Keeps a link inside a transaction that holds the staff still.
pub(super) fn put(
    conn: &mut Conn,
    hash: &str,
    staff: Option<i64>,
    now: chrono::DateTime<chrono::Utc>,
) -> diesel::QueryResult<()> {
    let lasts = if staff.is_some() {
        FOR_STAFF
    } else {
        FOR_AN_ADMINISTRATOR
    };
    sign_in_links::put(conn, hash, staff, now + lasts)
}

/// For whom a link is; `None` where it is used, has ended, never was, or its person is disabled. Does not use it up.
pub async fn look_at_link(app: &App, token: &str) -> Result<Option<LinkFor>, DbError> {
    let hash = hashed(token);
    let now = app.clock().now();
    app.db()
        .read(move |conn| {
            let Some(of) = sign_in_links::look(conn, &hash, now)? else {
                return Ok(None);
            };
            whose(conn, of)
        })
        .await
}

fn whose(conn: &mut Conn, of: Option<i64>) -> diesel::QueryResult<Option<LinkFor>> {
    match of {
        None => Ok(Some(LinkFor::Administrator)),
        Some(id) => {
            let person = staff::get(conn, id)?.filter(|person| person.enabled);
            Ok(person.map(LinkFor::Staff))
        }
    }
}

/// Uses a link: its person has this password from now on, and none of the sessions that they had. A link for an
/// administrator makes one of whoever has this name; for somebody's own link the name is passed over.
///
/// A mistake in a field leaves the link as it was.
pub async fn use_link(
    app: &App,
    token: &str,
    name: &str,
    password: &SecretString,
) -> Result<Result<Staff, Vec<FieldMistake>>, DbError> {
    // Looked at first, so that nobody makes this computer hash passwords who has no link.
    let Some(link) = look_at_link(app, token).await? else {
        return Ok(Err(vec![of_no_use()]));
    };
    let mut mistakes = Vec::new();
    let name = match &link {
        LinkFor::Staff(person) => person.name.clone(),
        LinkFor::Administrator => checked_name(name).unwrap_or_else(|message| {
            mistakes.push(FieldMistake::new("name", message));
            String::new()
        }),
    };
    if let Err(message) = passwords::check(password, &name) {
        mistakes.push(FieldMistake::new("password", message));
    }
    if !mistakes.is_empty() {
        return Ok(Err(mistakes));
    }
    let hash = passwords::hash(password).await?;
    let subject = name_subject(&app.keyring(), &name);
    let token = hashed(token);
    let now = app.clock().now();
    let person = app
        .db()
        .write(move |conn| {
            staff::lock(conn)?;
            let Some(of) = sign_in_links::take(conn, &token, now)? else {
                return Ok(None);
            };
            let (person, what) = match whose(conn, of)? {
                None => return Ok(None),
                Some(LinkFor::Staff(person)) => (person, "chose a password"),
                Some(LinkFor::Administrator) => (
                    administrator(conn, &name, now)?,
                    "became an administrator by a sign-in link, and chose a password",
                ),
            };
            let what = format!("{} {what}", person.name);
            events::note(conn, (&person.name, "staff_password"), None, &what, now)?;
            staff::set_password(conn, person.id, Some(&hash))?;
            staff::signed_in(conn, person.id, &hash, now)?;
            sessions::end_all_of(conn, person.id)?;
            sign_in_links::retire(conn, Some(person.id))?;
            sign_in_failures::clear(conn, &subject)?;
            staff::get(conn, person.id)
        })
        .await?;
    Ok(person.ok_or_else(|| vec![of_no_use()]))
}

/// The enabled administrator of this name, who is made where there is none.
fn administrator(
    conn: &mut Conn,
    name: &str,
    now: chrono::DateTime<chrono::Utc>,
) -> diesel::QueryResult<Staff> {
    if let Some(person) = staff::insert(conn, name, Role::Administrator, now)? {
        return Ok(person);
    }
    let (person, _) = staff::by_name(conn, name)?.ok_or(diesel::result::Error::NotFound)?;
    staff::set_role(conn, person.id, Role::Administrator)?;
    staff::set_enabled(conn, person.id, true)?;
    Ok(person)
}

fn of_no_use() -> FieldMistake {
    FieldMistake::new(
        "link",
        "This link was used already, or it is too old: ask for a new one, or make one with `rollcall admin-link`.",
    )
}
