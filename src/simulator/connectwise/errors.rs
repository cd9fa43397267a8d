//! How ConnectWise refuses: the envelope `{code, message, errors}` and what stands in front of it.

use serde_json::{Value, json};

use crate::simulator::kit::Reply;

/// An answer, or a refusal.
pub(super) type Answer = Result<Reply, Reply>;

fn envelope(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(
        status,
        &json!({"code": code, "message": message, "errors": null}),
    )
}

/// A record that is not there.
pub(super) fn not_found(what: &str, id: &str) -> Reply {
    let message = format!("{what} {id} not found");
    Reply::json(404, &json!({"code": "NotFound", "message": message}))
}

/// A route that is not there.
pub(super) fn no_endpoint() -> Reply {
    let message = "The endpoint does not exist.";
    Reply::json(404, &json!({"code": "ConnectWiseApi", "message": message}))
}

/// A route that does not know the verb.
pub(super) fn wrong_verb(method: &str) -> Reply {
    let message = format!("The requested resource does not support http method '{method}'.");
    envelope(405, "ConnectWiseApi", &message)
}

/// A write whose body is not announced as JSON.
pub(super) fn wrong_media() -> Reply {
    let message = "The request entity's media type is not supported for this resource.";
    envelope(415, "ConnectWiseApi", message)
}

/// The member's role lacks the right.
pub(super) fn forbidden() -> Reply {
    let message = "You do not have security permission to perform this action.";
    envelope(403, "Security", message)
}

/// Anything refused with the general code.
pub(super) fn refused(status: u16, message: &str) -> Reply {
    envelope(status, "ConnectWiseApi", message)
}

/// A condition, a field list or an order that cannot be understood.
pub(super) fn bad_condition(message: &str) -> Reply {
    envelope(400, "ApiFindCondition", message)
}

/// A name that the resource does not have.
pub(super) fn unknown_name(name: &str) -> Reply {
    bad_condition(&format!("{name} is not a recognized name."))
}

/// A PATCH that cannot be applied.
pub(super) fn bad_patch(message: &str) -> Reply {
    envelope(400, "InvalidPatch", message)
}

/// A JSON member that the object does not have.
pub(super) fn unknown_member(member: &str, object: &str) -> Reply {
    let message = format!(
        "Could not find member '{member}' on object of type '{object}'. \
         Path '{member}', line 1, position 1. \
         Check your accept header to ensure you are using the correct version."
    );
    envelope(400, "ConnectWiseApi", &message)
}

/// A JSON value of the wrong type in a whole object.
pub(super) fn conversion(member: &str, wanted: &str) -> Reply {
    let message = format!("Error converting value to type '{wanted}'. Path '{member}'.");
    envelope(500, "ConnectWiseApi", &message)
}

/// What is wrong with one object, gathered.
pub(super) struct Findings {
    object: &'static str,
    errors: Vec<Value>,
}

impl Findings {
    /// Nothing found yet in an object of this name.
    pub fn of(object: &'static str) -> Self {
        Self {
            object,
            errors: Vec::new(),
        }
    }

    /// One thing more.
    pub fn add(&mut self, code: &str, field: &str, message: &str) {
        self.errors.push(json!({
            "code": code, "message": message, "resource": self.object, "field": field,
        }));
    }

    /// A required field without a value.
    pub fn missing(&mut self, field: &str) {
        let message = format!("The {field} field is required.");
        self.add("MissingRequiredField", field, &message);
    }

    /// A text that may be too long; .NET counts UTF-16 units.
    pub fn length(&mut self, field: &str, text: &str, most: usize) {
        if text.encode_utf16().count() > most {
            let message =
                format!("The field {field} must be a string with a maximum length of {most}.");
            self.add("MaxLengthField", field, &message);
        }
    }

    /// A reference to nothing.
    pub fn dangling(&mut self, field: &str, what: &str, id: &str) {
        self.add("NotFound", field, &format!("{what} {id} not found"));
    }

    /// The refusal, where something was found.
    pub fn settle(self) -> Result<(), Reply> {
        if self.errors.is_empty() {
            return Ok(());
        }
        let message = format!("{} object is invalid", self.object);
        Err(Reply::json(
            400,
            &json!({"code": "InvalidObject", "message": message, "errors": self.errors}),
        ))
    }
}

/// The answer to too many requests; its key is `error`, not `code`.
pub(super) fn throttled(retry_after: Option<&str>) -> Reply {
    let seconds = retry_after.unwrap_or("30");
    let message = format!("Too many requests. Please try again in {seconds} seconds.");
    let reply = Reply::json(429, &json!({"error": "ConnectWiseAPI", "message": message}));
    match retry_after {
        Some(after) => reply.with("retry-after", after),
        None => reply,
    }
}

/// What a broken instance, or the gateway before it, answers.
pub(super) fn broken(status: u16) -> Reply {
    match status {
        401 => envelope(401, "Unauthorized", "Incorrect public/private key"),
        403 => forbidden(),
        404 => no_endpoint(),
        409 => envelope(409, "ConnectWiseApi", "The record is in use."),
        414 => too_long(),
        500 => envelope(
            500,
            "ConnectWiseApi",
            "A timeout has occured. Please try again.",
        ),
        502..=504 => {
            let reason = match status {
                502 => "Bad gateway",
                503 => "Service unavailable",
                _ => "Gateway time-out",
            };
            let page = format!(
                "<!DOCTYPE html>\n<html><head>\
                 <title>myconnectwise.example | {status}: {reason}</title></head>\
                 <body><h1>{reason} <span>Error code {status}</span></h1>\
                 <p>cloudflare</p></body></html>"
            );
            Reply::text(status, "text/html; charset=UTF-8", &page).with("server", "cloudflare")
        }
        _ => envelope(status, "ConnectWiseApi", "An error has occurred."),
    }
}

/// The address is too long.
pub(super) fn too_long() -> Reply {
    let page = "<html><head><title>414 Request-URI Too Large</title></head>\
                <body><center><h1>414 Request-URI Too Large</h1></center></body></html>";
    Reply::text(414, "text/html", page)
}
