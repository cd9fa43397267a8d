//! What Autotask's answers mean. It sends nothing and knows no entity.
//!
//! Most failures are status 500 with `{"errors":["text"]}`, so a 500 is judged by its text: with
//! one it is the vendor's own refusal, without one nobody knows what was done. Source: the vendor's
//! REST help, and bodies seen with live databases.

use serde_json::Value;

use crate::http::{Answer, Judgement, Kind};
use crate::model::text;

/// The vendor's words are cut to so many UTF-16 units: they end in reports.
const MOST_WORDS: usize = 500;

/// Judges an answer.
pub(super) fn judge(answer: &Answer) -> Judgement {
    let json = answer.json();
    let words = json.as_ref().and_then(errors);
    if (200..300).contains(&answer.status) {
        // A row may hold any of the words below; only an answer that is nothing but errors is a
        // refusal.
        return match words {
            Some(words) if has_no_result(json.as_ref()) => classified(answer.status, words),
            _ => Judgement::Fine,
        };
    }
    if answer.status == 429 || speaks_of_threshold(answer, words.as_deref()) {
        return Judgement::Wait;
    }
    match (answer.status, words) {
        (401, words) => Judgement::Refused {
            kind: Kind::Credentials,
            detail: words.unwrap_or_default(),
            advice: "Check the API user's name and secret, and that the user is active in Autotask"
                .into(),
        },
        (408 | 501..=599, _) | (500, None) => Judgement::Passing,
        (status, Some(words)) => classified(status, words),
        (status, None) => Judgement::Refused {
            kind: match status {
                403 => Kind::Permission,
                404 => Kind::NotFound,
                300..400 => Kind::Unexpected,
                _ => Kind::Refused,
            },
            detail: json.as_ref().and_then(framework).unwrap_or_default(),
            advice: String::new(),
        },
    }
}

fn has_no_result(json: Option<&Value>) -> bool {
    let results = ["items", "item", "itemId"];
    json.is_some_and(|json| results.iter().all(|key| json.get(key).is_none()))
}

/// Limits are refused under several statuses. The general word counts in the vendor's own errors
/// alone: a 404 quotes the address asked for, which may be `ThresholdInformation`.
fn speaks_of_threshold(answer: &Answer, words: Option<&str>) -> bool {
    let body = String::from_utf8_lossy(&answer.body).to_lowercase();
    body.contains("thread threshold exceeded")
        || body.contains("itgenatr005")
        || words.is_some_and(|words| words.to_lowercase().contains("threshold"))
}

/// The texts of `{"errors":[…]}`, each a text or an object with a `message` and perhaps a `field`;
/// `None` where there are none.
fn errors(json: &Value) -> Option<String> {
    let entries = json.get("errors").or_else(|| json.get("Errors"))?;
    let text = |entry: &Value| match entry {
        Value::String(text) => Some(text.clone()),
        Value::Object(parts) => {
            let part = |key: &str| parts.get(key).and_then(Value::as_str);
            let message = part("message").or_else(|| part("Message"))?;
            Some(match part("field").or_else(|| part("Field")) {
                Some(field) if !field.is_empty() => format!("{message} ({field})"),
                _ => message.to_owned(),
            })
        }
        _ => None,
    };
    let words: Vec<_> = entries.as_array()?.iter().filter_map(text).collect();
    plain(&words.join("; "))
}

/// The web framework's `{"Message":…}` for a route or verb that it does not have.
fn framework(json: &Value) -> Option<String> {
    let message = json.get("Message").or_else(|| json.get("message"))?;
    plain(message.as_str()?)
}

/// Words for people: no page in HTML, and not endless.
fn plain(words: &str) -> Option<String> {
    let words = words.trim();
    let page = words.to_lowercase().contains("<html");
    (!words.is_empty() && !page).then(|| text::cut(words, MOST_WORDS).to_owned())
}

fn classified(status: u16, words: String) -> Judgement {
    let lower = words.to_lowercase();
    let says = |part: &str| lower.contains(part);
    let (kind, advice) = if says("integrationcode is invalid") {
        (
            Kind::Credentials,
            "Check the integration code (tracking identifier) of the API user",
        )
    } else if says("zone information could not be determined") {
        (
            Kind::Credentials,
            "Check the user name of the API user: no Autotask database knows it",
        )
    } else if says("no matching records found") {
        // The vendor adds that a right may be missing; it says this of every record that is gone.
        (Kind::NotFound, "")
    } else if says("adequate permissions") {
        (
            Kind::Permission,
            "Give the security level of the API user the right to read companies and to read, \
             add and edit contacts",
        )
    } else if status == 404 {
        (Kind::NotFound, "")
    } else {
        (Kind::Refused, "")
    };
    Judgement::Refused {
        kind,
        detail: words,
        advice: advice.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, body: &str) -> (String, String) {
        let answer = Answer {
            status,
            headers: reqwest::header::HeaderMap::new(),
            body: bytes::Bytes::copy_from_slice(body.as_bytes()),
        };
        match judge(&answer) {
            Judgement::Fine => ("fine".into(), String::new()),
            Judgement::Wait => ("wait".into(), String::new()),
            Judgement::Passing => ("passing".into(), String::new()),
            Judgement::Refused { kind, detail, .. } => (kind.as_str().into(), detail),
        }
    }

    fn errors_of(text: &str) -> String {
        serde_json::json!({ "errors": [text] }).to_string()
    }

    #[test]
    fn answers_are_judged_by_their_status_and_words() {
        let permission = errors_of(
            "The logged in Resource does not have the adequate permissions to query this entity \
             type.",
        );
        let gone = errors_of(
            "No matching records found. The logged in Resource may not have the required \
             permissions to update the data.",
        );
        for (status, body, wanted) in [
            (200, r#"{"itemId":5}"#, "fine"),
            (
                200,
                r#"{"items":[{"lastName":"Threshold"}],"pageDetails":{}}"#,
                "fine",
            ),
            (200, r#"{"externalRequestThreshold":10000}"#, "fine"),
            (
                200,
                r#"{"errors":["IntegrationCode is invalid."]}"#,
                "credentials",
            ),
            (401, "", "credentials"),
            (
                401,
                r#"{"Message":"Authorization has been denied."}"#,
                "credentials",
            ),
            (403, "<html>no</html>", "permission"),
            (429, "", "wait"),
            (500, r#"{"errors":["Thread Threshold Exceeded"]}"#, "wait"),
            (503, "Error Itgenatr005", "wait"),
            (
                500,
                r#"{"errors":["The request threshold was exceeded."]}"#,
                "wait",
            ),
            (500, "", "passing"),
            (500, "<html>threshold</html>", "passing"),
            (500, r#"{"errors":[]}"#, "passing"),
            (502, "", "passing"),
            (503, r#"{"errors":["busy"]}"#, "passing"),
            (504, "", "passing"),
            (500, permission.as_str(), "permission"),
            (500, gone.as_str(), "not_found"),
            (
                500,
                r#"{"errors":["IntegrationCode is invalid."]}"#,
                "credentials",
            ),
            (
                404,
                r#"{"Message":"No resource matches 'http://h/v1.0/ThresholdInformation'."}"#,
                "not_found",
            ),
            (404, "<html>404</html>", "not_found"),
            (405, r#"{"Message":"no GET"}"#, "refused"),
            (302, "", "unexpected"),
        ] {
            assert_eq!(judged(status, body).0, wanted, "{status} {body}");
        }
    }

    #[test]
    fn the_vendors_words_are_kept_and_its_pages_are_not() {
        let words = |status, body| judged(status, body).1;
        let objects =
            r#"{"errors":["First",{"message":"Second","field":"phone"},{"message":"Third"},7]}"#;
        assert_eq!(words(500, objects), "First; Second (phone); Third");
        assert_eq!(words(405, r#"{"Message":"no GET"}"#), "no GET");
        assert_eq!(words(404, "<html>404</html>"), "");
        assert_eq!(words(404, r#"{"Message":"<HTML>404</HTML>"}"#), "");
        let long = format!(r#"{{"errors":["{}"]}}"#, "x".repeat(2000));
        assert_eq!(words(500, &long).len(), MOST_WORDS);
    }
}
