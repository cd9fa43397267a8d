//! What an answer of `ConnectWise` means, and its refusals in plain words. It sends nothing. Pages of HTML never get into the
//! words that people read.

use serde_json::Value;

use crate::http::{Answer, Judgement, Kind};

/// What people do about keys that are refused.
pub(super) const CHECK_KEYS: &str =
    "Check the login company ID, the public and private key and the client ID of this connection";

/// The longest text taken over from the vendor, in characters.
const LONGEST: usize = 600;

/// Texts of a 500 that passes by itself (seen live: pyconnectwise pull request 41, and the database's own words).
const PASSING: [&str; 6] = [
    "timeout has occ",
    "timeout expired",
    "timeout period",
    "connection pool",
    "connection from the pool",
    "deadlock",
];

/// What an answer means. An answer of [`is_astray`] is `Fine` here: the client looks at it with what it knows of the address.
pub(super) fn judge(answer: &Answer) -> Judgement {
    if is_astray(answer) {
        return Judgement::Fine;
    }
    let envelope = Envelope::of(answer);
    let says = |words: &str| {
        let message = envelope.as_ref().map(|envelope| envelope.message.as_str());
        message.is_some_and(|message| message.to_lowercase().contains(words))
    };
    let detail = || envelope.as_ref().map(Envelope::words).unwrap_or_default();
    let refused = |kind, advice: &str| Judgement::Refused {
        kind,
        detail: detail(),
        advice: advice.to_owned(),
    };
    match answer.status {
        200..300 => Judgement::Fine,
        429 => Judgement::Wait,
        300..400 => refused(Kind::Unexpected, ""),
        401 => refused(Kind::Credentials, CHECK_KEYS),
        // Sources disagree about the status of a missing or unknown clientId: 400, 401 or 403.
        400 | 403 if says("clientid") || says("client id") => {
            refused(Kind::Credentials, CHECK_KEYS)
        }
        403 if says("ssl is required") => refused(
            Kind::Unexpected,
            "Use the API address of this connection that begins with api-",
        ),
        403 => refused(
            Kind::Permission,
            "Give the security role of the API member the right that is missing",
        ),
        404 => refused(Kind::NotFound, ""),
        500 => match &envelope {
            Some(envelope) if !PASSING.iter().any(|words| says(words)) => Judgement::Refused {
                kind: Kind::Refused,
                detail: envelope.words(),
                advice: String::new(),
            },
            _ => Judgement::Passing,
        },
        408 | 501.. => Judgement::Passing,
        _ => refused(Kind::Refused, ""),
    }
}

/// Whether nothing answers at this address: the code base is stale, the address is wrong, or, on the cloud, the keys are
/// (Developer Guide: a bad login can surface as 404).
pub(super) fn is_astray(answer: &Answer) -> bool {
    (answer.status == 404 && !is_record_missing(answer)) || is_unroutable(answer)
}

fn is_record_missing(answer: &Answer) -> bool {
    Envelope::of(answer).is_some_and(|envelope| envelope.code == "NotFound")
}

/// Seen live: plain text `Cannot route. Codebase/company is invalid`.
fn is_unroutable(answer: &Answer) -> bool {
    answer.status == 400 && answer.body.trim_ascii_start().starts_with(b"Cannot route")
}

/// The vendor's own refusal: `{code, message, errors: [{code, message, resource, field}]}`.
struct Envelope {
    code: String,
    message: String,
    nested: Vec<Value>,
}

impl Envelope {
    fn of(answer: &Answer) -> Option<Self> {
        let body = answer.json()?;
        let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            code: text("code")?,
            message: text("message")?,
            nested: body
                .get("errors")
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default(),
        })
    }

    fn words(&self) -> String {
        let nested: Vec<String> = self.nested.iter().filter_map(nested_words).collect();
        let words = match (clean(&self.message), nested.is_empty()) {
            (message, true) => message,
            (message, false) if message.is_empty() => nested.join("; "),
            (message, false) => format!("{message}: {}", nested.join("; ")),
        };
        words.chars().take(LONGEST).collect()
    }
}

fn nested_words(error: &Value) -> Option<String> {
    let text = |key: &str| clean(error.get(key).and_then(Value::as_str).unwrap_or_default());
    let (message, field) = (text("message"), text("field"));
    match (message.is_empty(), field.is_empty()) {
        (true, true) => None,
        (true, false) => Some(format!("field {field}")),
        (false, false) if !message.contains(&field) => Some(format!("{message} (field {field})")),
        (false, _) => Some(message),
    }
}

/// One line of plain text; nothing where it holds markup.
fn clean(text: &str) -> String {
    if text.contains("</") || text.contains("/>") || text.to_lowercase().contains("<!doctype") {
        return String::new();
    }
    text.split(|character: char| character.is_whitespace() || character.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status,
            headers: reqwest::header::HeaderMap::new(),
            body: body.as_bytes().to_vec().into(),
        }
    }

    fn word(status: u16, body: &str) -> String {
        match judge(&answer(status, body)) {
            Judgement::Fine => "fine".to_owned(),
            Judgement::Wait => "wait".to_owned(),
            Judgement::Passing => "passing".to_owned(),
            Judgement::Refused { kind, detail, .. } => format!("{}: {detail}", kind.as_str()),
        }
    }

    #[test]
    fn every_known_answer_has_its_meaning() {
        const HTML: &str = "<!DOCTYPE html><html><body>Bad</body></html>";
        for (status, body, meaning) in [
            (200, "[]", "fine"),
            (
                429,
                r#"{"error":"ConnectWiseAPI","message":"Too many requests. Please try again in 30 seconds."}"#,
                "wait",
            ),
            (429, HTML, "wait"),
            (301, "", "unexpected: "),
            (
                401,
                r#"{"code":"ConnectWiseApi","message":"UserNotAuthenticated"}"#,
                "credentials: UserNotAuthenticated",
            ),
            (401, HTML, "credentials: "),
            (
                400,
                r#"{"code":"ConnectWiseApi","message":"The clientId header is missing"}"#,
                "credentials: The clientId header is missing",
            ),
            (
                403,
                r#"{"code":"Security","message":"You do not have security permission to perform this action."}"#,
                "permission: You do not have security permission to perform this action.",
            ),
            (
                403,
                r#"{"code":"Security","message":"SSL is required.","errors":null}"#,
                "unexpected: SSL is required.",
            ),
            (
                404,
                r#"{"code":"NotFound","message":"Contact 57919 not found"}"#,
                "not_found: Contact 57919 not found",
            ),
            (
                404,
                r#"{"code":"ConnectWiseApi","message":"The endpoint does not exist."}"#,
                "fine",
            ),
            (400, "Cannot route. Codebase/company is invalid", "fine"),
            (
                400,
                r#"{"code":"InvalidObject","message":"contact object is invalid","errors":[{"code":"MissingRequiredField","message":"The firstName field is required.","resource":"contact","field":"firstName"},{"code":"NotFound","message":"Site 9 not found","resource":"contact","field":"site/id"}]}"#,
                "refused: contact object is invalid: The firstName field is required.; Site 9 not found (field site/id)",
            ),
            (400, HTML, "refused: "),
            (409, r#"{"code":"X","message":"a\r\n b"}"#, "refused: a b"),
            (
                500,
                r#"{"code":"ConnectWiseApi","message":"A timeout has occured. Please try again."}"#,
                "passing",
            ),
            (
                500,
                r#"{"code":"ConnectWiseApi","message":"Timeout expired. The timeout period elapsed prior to obtaining a connection from the pool."}"#,
                "passing",
            ),
            (
                500,
                r#"{"code":"ConnectWiseApi","message":"Error converting value"}"#,
                "refused: Error converting value",
            ),
            (500, HTML, "passing"),
            (500, r#"{"message":"Internal server error"}"#, "passing"),
            (502, HTML, "passing"),
            (504, "", "passing"),
            (524, HTML, "passing"),
        ] {
            assert_eq!(word(status, body), meaning, "{status} {body}");
        }
    }

    #[test]
    fn markup_inside_the_envelope_is_left_out() {
        let body = r#"{"code":"X","message":"<html><body>secret page</body></html>"}"#;
        assert_eq!(word(400, body), "refused: ");
    }

    #[test]
    fn only_answers_that_no_record_gave_are_astray() {
        for (status, body, astray) in [
            (404, "", true),
            (404, "<html></html>", true),
            (
                404,
                r#"{"code":"ConnectWiseApi","message":"The endpoint does not exist."}"#,
                true,
            ),
            (
                404,
                r#"{"code":"NotFound","message":"Company 250 not found"}"#,
                false,
            ),
            (400, "Cannot route. Codebase/company is invalid", true),
            (400, r#"{"code":"X","message":"Cannot route"}"#, false),
            (200, "", false),
        ] {
            assert_eq!(is_astray(&answer(status, body)), astray, "{status} {body}");
        }
    }
}
