//! The words of the screens: what the model's terms are called for people, as filters of the templates. No page words them anew.

use tera::{Kwargs, State, Tera};

pub use crate::attention::failure;
use crate::model::RunFailure;
pub use crate::model::reason_for_people;
pub use crate::model::text::sentence;

/// Makes the filters known to the templates.
pub(super) fn register(tera: &mut Tera) {
    tera.register_filter("action_word", |word: &str, _: Kwargs, _: &State| {
        action(word)
    });
    tera.register_filter("action_kind", |word: &str, _: Kwargs, _: &State| {
        action_kind(word)
    });
    tera.register_filter("status_word", |word: &str, _: Kwargs, _: &State| {
        status(word)
    });
    tera.register_filter("status_kind", |word: &str, _: Kwargs, _: &State| {
        status_kind(word)
    });
    tera.register_filter("outcome_word", |word: &str, _: Kwargs, _: &State| {
        outcome(word)
    });
    tera.register_filter("outcome_kind", |word: &str, _: Kwargs, _: &State| {
        outcome_kind(word)
    });
    tera.register_filter("field_word", |word: &str, _: Kwargs, _: &State| field(word));
    tera.register_filter("mode_word", |word: &str, _: Kwargs, _: &State| mode(word));
    tera.register_filter("standing_word", |word: &str, _: Kwargs, _: &State| {
        standing(word)
    });
    tera.register_filter("standing_kind", |word: &str, _: Kwargs, _: &State| {
        standing_kind(word)
    });
    tera.register_filter("sentence", |text: &str, _: Kwargs, _: &State| {
        sentence(text)
    });
}

/// What an action of a plan is called.
pub fn action(word: &str) -> String {
    match word {
        "create" => "Create",
        "link" => "Link",
        "update" => "Update",
        "reactivate" => "Reactivate",
        "deactivate" => "Deactivate",
        "unchanged" => "Unchanged",
        "out_of_scope" => "Out of scope",
        "conflict" => "Conflict",
        other => other,
    }
    .into()
}

/// How an action is coloured.
fn action_kind(word: &str) -> String {
    match word {
        "create" | "reactivate" => "ok",
        "link" | "update" => "info",
        "deactivate" => "bad",
        "conflict" => "warn",
        _ => "off",
    }
    .into()
}

/// What a run's status is called.
pub fn status(word: &str) -> String {
    match word {
        "succeeded" => "Succeeded",
        "held" => "Held",
        "partial" => "Some failed",
        "failed" => "Failed",
        "running" => "Running",
        "interrupted" => "Interrupted",
        "queued" => "Waiting",
        "cancelled" => "Cancelled",
        "done" => "Done",
        other => other,
    }
    .into()
}

/// How somebody of a company stands.
pub fn standing(word: &str) -> String {
    match word {
        "held" => "Held",
        "conflict" => "Conflict",
        "will_change" => "Will change",
        "no_answer" => "No answer",
        "kept" => "Leaver, kept",
        "leaver" => "Leaver",
        "not_active" => "Not active",
        "ignored" => "Ignored",
        "out_of_scope" => "Out of scope",
        "only_in_psa" => "Only in the PSA",
        "not_updated" => "Linked, not updated",
        "in_sync" => "In sync",
        "gone" => "Gone",
        other => other,
    }
    .into()
}

fn standing_kind(word: &str) -> String {
    match word {
        "in_sync" => "ok",
        "held" | "conflict" => "warn",
        "will_change" => "info",
        "no_answer" => "bad",
        _ => "off",
    }
    .into()
}

/// What somebody did, in the history.
pub fn event(kind: &str) -> String {
    match kind {
        "approved" => "Approved the deactivation",
        "dismissed" => "Dismissed the deactivation",
        "dismissal taken back" => "Took the dismissal back, to deactivate after all",
        "ignored" => "Ignored from now on",
        "stopped ignoring" => "Not ignored any more",
        "linked" => "Linked by hand",
        "unlinked" => "Unlinked by hand",
        other => other,
    }
    .into()
}

/// How a link came about.
pub fn made(word: &str) -> String {
    match word {
        "address" => "found by its default email",
        "other_address" => "found by one of its other emails",
        "alias" => "found by another address of the user",
        "created" => "made by Rollcall",
        "hand" => "linked by hand",
        other => other,
    }
    .into()
}

/// How a run's status is coloured.
pub fn status_kind(word: &str) -> String {
    match word {
        "succeeded" | "done" => "ok",
        "held" | "partial" | "interrupted" => "warn",
        "failed" => "bad",
        "running" | "queued" => "info",
        _ => "off",
    }
    .into()
}

/// What came of a person's line.
pub fn outcome(word: &str) -> String {
    match word {
        "none" => "Nothing to do",
        "planned" => "Planned",
        "applied" => "Done",
        "held" => "Held",
        "failed" => "Failed",
        "skipped" => "Skipped",
        "sent" => "In hand",
        other => other,
    }
    .into()
}

fn outcome_kind(word: &str) -> String {
    match word {
        "applied" => "ok",
        "held" => "warn",
        "failed" => "bad",
        "planned" | "sent" => "info",
        _ => "off",
    }
    .into()
}

/// What a contact's field is called.
pub fn field(word: &str) -> String {
    match word {
        "first_name" => "First name",
        "last_name" => "Last name",
        "title" => "Title",
        "phone" => "Phone",
        "mobile" => "Mobile",
        "email" => "Email",
        "site" => "Site",
        "contact_type" => "Contact type",
        "other_emails" => "Other addresses",
        "active" => "Active",
        other => other,
    }
    .into()
}

/// What a field of the directory is called.
pub fn directory_field(word: &str) -> String {
    let attribute = word.strip_prefix("extensionAttribute");
    if let Some(number) = attribute {
        return format!("Extension attribute {number}");
    }
    match word {
        "department" => "Department",
        "jobTitle" => "Job title",
        "officeLocation" => "Office",
        "companyName" => "Company name",
        "city" => "City",
        "state" => "State or province",
        "country" => "Country",
        "usageLocation" => "Usage location",
        "employeeType" => "Employee type",
        "employeeId" => "Employee ID",
        "userType" => "User type",
        "" => "Field",
        other => other,
    }
    .into()
}

/// What a kind of run is called.
pub fn mode(word: &str) -> String {
    match word {
        "update" => "Update",
        "resync" => "Resync",
        "approval" => "Approved deactivations",
        "undo" => "Undo",
        other => other,
    }
    .into()
}

/// A failure, as a page says it: what happened, and what to do about it.
pub fn told(failure: &RunFailure) -> String {
    let (message, advice) = (sentence(&failure.message), sentence(&failure.advice));
    format!("{message} {advice}").trim().to_owned()
}

/// Why something was decided, as a sentence for people.
pub fn why(reason: &str) -> String {
    sentence(&reason_for_people(reason))
}

/// What was done, of so many people: "created".
pub fn done(action: &str) -> String {
    match action {
        "create" => "created",
        "link" => "linked",
        "update" => "updated",
        "reactivate" => "reactivated",
        "deactivate" => "deactivated",
        "out_of_scope" => "out of scope",
        "conflict" => "in conflict",
        other => other,
    }
    .into()
}

/// A field's value, as the report has it.
pub fn value(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "nothing".into(),
        // The one field that is a flag says whether the contact is active.
        serde_json::Value::Bool(true) => "active".into(),
        serde_json::Value::Bool(false) => "inactive".into(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// How long something took, of seconds: "4 s", "2 min 5 s".
pub fn duration(seconds: i64) -> String {
    match seconds.max(0) {
        0 => "under 1 s".into(),
        short @ 1..60 => format!("{short} s"),
        some @ 60..3600 if some % 60 == 0 => format!("{} min", some / 60),
        some @ 60..3600 => format!("{} min {} s", some / 60, some % 60),
        long => format!("{} h {} min", long / 3600, long % 3600 / 60),
    }
}

/// A number with its thousands apart: "10,000".
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let mut text = digits[..first].to_owned();
    for group in digits.as_bytes()[first..].chunks(3) {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(&String::from_utf8_lossy(group));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_a_comma_before_each_three_digits() {
        for (figure, text) in [
            (0, "0"),
            (999, "999"),
            (1_250, "1,250"),
            (10_000, "10,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(number(figure), text);
        }
    }
}
