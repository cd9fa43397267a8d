//! Sends what is due, and writes down what came of it. A crash after a server took a mail and before that is written down sends
//! it twice, with the same Message-ID; never not at all.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::letters::{Letters, TestLetter};
use super::{CLAIM, LEASE, MAIL_WAY, TEST, WEBHOOK_WAY, routes, settings, webhook};
use crate::app::App;
use crate::db::DbError;
use crate::db::deliveries::{self, Delivery, NewDelivery};
use crate::mail::{self, Letter, Refusal};

/// So many leave in one go at most.
const AT_ONCE: i64 = 200;
/// The waits after the first tries, in minutes; the last for all that follow.
const WAITS: [i64; 7] = [1, 5, 15, 60, 120, 240, 480];
/// So long somebody waits for a test, however slowly the other side answers.
const A_TEST: Duration = Duration::from_mins(1);
/// What did not go through for so long is given up.
pub const GIVEN_UP: TimeDelta = TimeDelta::days(3);

/// Sends what is due.
///
/// # Errors
/// Where the database fails.
pub async fn send_due(app: &App) -> Result<(), DbError> {
    let now = app.clock().now();
    // Each way by itself: one that is closed keeps nothing from leaving by the other.
    for way in [MAIL_WAY, WEBHOOK_WAY] {
        let due = app
            .db()
            .read(move |conn| deliveries::due(conn, way, now, AT_ONCE));
        for one in due.await? {
            if app.stop().asked() || !app.db().try_claim(CLAIM, LEASE).await? {
                return Ok(());
            }
            let sent = send(app, way, &Leaving::of(&one)).await?;
            let closed = sent.as_ref().is_err_and(|refusal| refusal.connection);
            note(app, one, sent).await?;
            if closed {
                break;
            }
        }
    }
    Ok(())
}

/// Writes down what came of a try.
async fn note(app: &App, one: Delivery, sent: Result<(), Refusal>) -> Result<(), DbError> {
    let now = app.clock().now();
    let next = next_try(&one, now);
    if sent.is_ok() {
        tracing::info!(
            delivery.id = one.id,
            way = one.way,
            kind = one.kind,
            "A notice has left"
        );
    } else {
        tracing::warn!(
            delivery.id = one.id,
            way = one.way,
            kind = one.kind,
            attempts = one.attempts + 1,
            given_up = next.is_none(),
            "A notice could not leave: Settings, Notices says why"
        );
    }
    app.db()
        .write(move |conn| match &sent {
            Ok(()) => deliveries::sent(conn, one.id, now).map(drop),
            Err(refusal) => {
                deliveries::not_sent(conn, one.id, &refusal.message, next, now)?;
                if refusal.connection {
                    // Whatever else is due by this way would fare alike: it waits as long, and is given up after as long.
                    let (way, why) = (one.way.as_str(), refusal.message.as_str());
                    let old = now - GIVEN_UP;
                    deliveries::give_up(conn, (Some(way), why), Some(old), now)?;
                    deliveries::put_off(conn, (way, why), next.unwrap_or(now), now)?;
                }
                Ok(())
            }
        })
        .await
}

fn next_try(one: &Delivery, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let last = WAITS.len() - 1;
    let place = usize::try_from(one.attempts).unwrap_or(last).min(last);
    let next = now + TimeDelta::minutes(WAITS[place]);
    (next - one.created_at <= GIVEN_UP).then_some(next)
}

/// What leaves now.
struct Leaving<'a> {
    recipient: &'a str,
    message_id: &'a str,
    subject: &'a str,
    body: &'a str,
    html: &'a str,
    written_at: DateTime<Utc>,
}

impl<'a> Leaving<'a> {
    fn of(one: &'a Delivery) -> Self {
        Self {
            recipient: &one.recipient,
            message_id: &one.message_id,
            subject: &one.subject,
            body: &one.body,
            html: &one.html,
            written_at: one.created_at,
        }
    }

    fn new(one: &'a NewDelivery, now: DateTime<Utc>) -> Self {
        Self {
            recipient: &one.recipient,
            message_id: &one.message_id,
            subject: &one.subject,
            body: &one.body,
            html: &one.html,
            written_at: now,
        }
    }
}

async fn send(app: &App, way: &str, one: &Leaving<'_>) -> Result<Result<(), Refusal>, DbError> {
    let not_ready = |message: String| Refusal {
        message,
        connection: true,
    };
    if way == MAIL_WAY {
        let server = match settings::server(app).await? {
            Ok(server) => server,
            Err(why) => return Ok(Err(not_ready(why))),
        };
        let letter = Letter {
            to: one.recipient,
            subject: one.subject,
            text: one.body,
            html: one.html,
            message_id: one.message_id,
            at: one.written_at,
        };
        return Ok(mail::send(&server, &letter).await);
    }
    let to = match settings::webhook(app).await? {
        Ok(to) => to,
        Err(why) => return Ok(Err(not_ready(why))),
    };
    let call = (one.message_id, one.body);
    Ok(webhook::send(app.http(), &to, call, app.clock().now()).await)
}

/// Sends a test mail at once, by the server that is stored.
///
/// # Errors
/// Where a template is wrong or the database fails; inside, the server's own words.
pub async fn test_mail(app: &App, to: &str, staff: &str) -> anyhow::Result<Result<(), String>> {
    let portal = routes::portal(app.config()).unwrap_or_default();
    let letter = TestLetter {
        staff: staff.to_owned(),
        portal,
    };
    let drawn = Letters::load()?.draw(&letter)?;
    let server = match settings::server(app).await? {
        Ok(server) => server,
        Err(why) => return Ok(Err(why)),
    };
    let new = routes::letter(&mail::domain(&server.from), TEST, to, &drawn);
    try_at_once(app, &new).await
}

/// Calls the webhook that is stored with a test, at once.
///
/// # Errors
/// Where the database fails; inside, what the other side answered.
pub async fn test_call(app: &App) -> anyhow::Result<Result<(), String>> {
    // Chats show the text alone.
    let said = (
        "Rollcall: the webhook works",
        "Rollcall: a test call, nothing to do",
    );
    let new = routes::call(TEST, TEST, said, &[], None, app.clock().now());
    try_at_once(app, &new).await
}

/// Tries something that somebody waits for; it is not tried again, and stands among the others with what came of it.
async fn try_at_once(app: &App, new: &NewDelivery) -> anyhow::Result<Result<(), String>> {
    let now = app.clock().now();
    let leaving = Leaving::new(new, now);
    let sent = in_time(A_TEST, Box::pin(send(app, new.way, &leaving))).await?;
    let (new, noted) = (new.clone(), sent.clone());
    app.db()
        .write(move |conn| {
            let id = deliveries::put(conn, &new, now)?;
            match &noted {
                Ok(()) => deliveries::sent(conn, id, now),
                Err(refusal) => deliveries::not_sent(conn, id, &refusal.message, None, now),
            }
        })
        .await?;
    Ok(sent.map_err(|refusal| refusal.message))
}

/// What came of a try, given up after a limit.
async fn in_time<E>(
    limit: Duration,
    trying: impl Future<Output = Result<Result<(), Refusal>, E>>,
) -> Result<Result<(), Refusal>, E> {
    tokio::time::timeout(limit, trying).await.unwrap_or_else(|_| {
        let message = format!(
            "It was given up after {} seconds: the other side answers too slowly. Look at its log, and try again",
            limit.as_secs()
        );
        Ok(Err(Refusal {
            message,
            connection: true,
        }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_test_that_the_other_side_never_ends_is_given_up() {
        let never = std::future::pending::<Result<Result<(), Refusal>, ()>>();
        let came = in_time(Duration::ZERO, never).await;
        let refusal = came.unwrap().unwrap_err();
        assert!(
            refusal.message.contains("too slowly"),
            "{}",
            refusal.message
        );
    }

    #[tokio::test]
    async fn a_test_that_ends_in_time_has_its_own_outcome() {
        let at_once = std::future::ready(Ok::<_, ()>(Ok(())));
        assert_eq!(in_time(A_TEST, at_once).await, Ok(Ok(())));
    }
}
