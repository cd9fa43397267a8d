//! Refusals in the vendor's words. It decides nothing: who refuses calls it.
//!
//! Most failures are status 500 with `{"errors":["text"]}`; wrong routes are answered by the web
//! framework (`{"Message":…}`) or by IIS in front of it (HTML). Where the vendor's wording is not
//! known, the text here only has the envelope right.

use serde_json::json;

use super::state::Unauthorized;
use crate::simulator::kit::{Reply, Request};

/// The result of a step that may end in a refusal.
pub(super) type Outcome<T> = Result<T, Reply>;

/// The vendor's usual failure.
pub(super) fn errors(text: &str) -> Reply {
    errors_as(500, text)
}

/// The vendor's error envelope under another status.
pub(super) fn errors_as(status: u16, text: &str) -> Reply {
    Reply::json(status, &json!({ "errors": [text] }))
}

/// An unknown field, in a filter, in `IncludeFields` or in a record.
pub(super) fn unknown_field(name: &str, entity: &str) -> Reply {
    errors(&format!("Unable to find {name} in the {entity} Entity."))
}

/// A required field without a value.
pub(super) fn required(field: &str) -> Reply {
    errors(&format!(
        "Value does not exist for the required field {field}"
    ))
}

/// A reference to a record that does not exist or does not fit.
pub(super) fn bad_reference(field: &str, entity: &str) -> Reply {
    errors(&format!(
        "Reference value on field: {field} of type: {entity} does not exist or is invalid."
    ))
}

/// An update of a record that refers to an inactive or missing record.
pub(super) fn stale_reference(field: &str) -> Reply {
    errors(&format!(
        "Value does not reference an existing entity for {field}. | Error updating entity for \
         record number [1]."
    ))
}

/// A picklist value that is not on the list.
pub(super) fn bad_pick(value: i64, field: &str) -> Reply {
    errors(&format!(
        "Picklist value [{value}] does not exist for {field}"
    ))
}

/// The API user lacks the right for this (`query`, `create`, `update` or `delete`).
pub(super) fn no_right(action: &str) -> Reply {
    errors(&format!(
        "The logged in Resource does not have the adequate permissions to {action} this entity \
         type."
    ))
}

/// A record to be changed (`update` or `delete`) that is not there.
pub(super) fn no_match(action: &str) -> Reply {
    errors(&format!(
        "No matching records found. The logged in Resource may not have the required permissions \
         to {action} the data."
    ))
}

/// The web framework's answer to a route that it does not have.
pub(super) fn no_route(request: &Request) -> Reply {
    let text = format!(
        "No HTTP resource was found that matches the request URI 'http://{}{}'.",
        host(request),
        request.path
    );
    Reply::json(404, &json!({ "Message": text }))
}

/// The web framework's answer to a verb that the route does not have.
pub(super) fn no_verb(request: &Request) -> Reply {
    let text = format!(
        "The requested resource does not support http method '{}'.",
        request.method
    );
    Reply::json(405, &json!({ "Message": text }))
}

/// The web framework's answer to a body that is not announced as JSON.
pub(super) fn no_json_type(kind: &str) -> Reply {
    let text =
        format!("The request entity's media type '{kind}' is not supported for this resource.");
    Reply::json(415, &json!({ "Message": text }))
}

/// An error page of IIS or of a gateway.
pub(super) fn page(status: u16) -> Reply {
    let title = match status {
        404 => "404 - File or directory not found.",
        500 => "500 - Internal server error.",
        502 => "502 - Bad Gateway",
        503 => "503 - Service Unavailable",
        504 => "504 - Gateway Timeout",
        _ => "Error",
    };
    let html = format!(
        "<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>Server Error</h1>\
         <h2>{title}</h2></body></html>"
    );
    Reply::text(status, "text/html", &html)
}

/// Wrong user or secret, or a database that lives in another zone.
pub(super) fn unauthorized(form: Unauthorized) -> Reply {
    match form {
        Unauthorized::Empty => Reply::empty(401),
        Unauthorized::Errors => errors_as(401, "Unauthorized"),
        Unauthorized::Message => Reply::json(
            401,
            &json!({ "Message": "Authorization has been denied for this request." }),
        ),
        Unauthorized::Html => page(401),
    }
}

/// More requests at once at one endpoint than are allowed.
pub(super) fn threads(status: u16) -> Reply {
    errors_as(
        status,
        "Thread Threshold Exceeded: too many requests at once for this endpoint. (Itgenatr005)",
    )
}

/// The database has used its requests of the hour.
pub(super) fn hourly(status: u16, threshold: usize) -> Reply {
    errors_as(
        status,
        &format!("The request threshold of {threshold} requests per 60 minutes was exceeded."),
    )
}

/// The host that the client asked for.
pub(super) fn host(request: &Request) -> &str {
    request.header("host").unwrap_or("127.0.0.1")
}
