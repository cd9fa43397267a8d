//! JSON Patch as ConnectWise takes it: an array of operations, of which it knows three.

use serde_json::Value;

use super::errors::bad_patch;
use crate::simulator::kit::Reply;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// `add`.
    Add,
    /// `replace`.
    Replace,
    /// `remove`.
    Remove,
}

/// One operation.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    /// What it does.
    pub verb: Verb,
    /// The parts of its path, with or without a slash at the front on the wire.
    pub path: Vec<String>,
    /// Its value; `null` for a removal.
    pub value: Value,
}

/// Reads the body of a PATCH, or refuses it.
pub(super) fn operations(body: Option<&Value>) -> Result<Vec<Operation>, Reply> {
    let Some(Value::Array(list)) = body else {
        return Err(bad_patch(
            "The patch document must be an array of operations.",
        ));
    };
    list.iter().map(operation).collect()
}

fn operation(value: &Value) -> Result<Operation, Reply> {
    let text = |name: &str| {
        value[name]
            .as_str()
            .ok_or_else(|| bad_patch(&format!("An operation needs a text in '{name}'.")))
    };
    let verb = match text("op")? {
        "add" => Verb::Add,
        "replace" => Verb::Replace,
        "remove" => Verb::Remove,
        other => {
            return Err(bad_patch(&format!(
                "The operation '{other}' is not supported."
            )));
        }
    };
    let path = text("path")?;
    let value = match (verb, value.get("value")) {
        (Verb::Remove, _) => Value::Null,
        (_, Some(value)) => value.clone(),
        (_, None) => return Err(bad_patch("An operation needs a 'value'.")),
    };
    let path: Vec<String> = path
        .strip_prefix('/')
        .unwrap_or(path)
        .split('/')
        .map(ToOwned::to_owned)
        .collect();
    Ok(Operation { verb, path, value })
}

/// The refusal of a value of the wrong type.
pub(super) fn miscast(value: &Value, wanted: &str) -> Reply {
    let is = match value {
        Value::String(_) => "System.String",
        Value::Bool(_) => "System.Boolean",
        Value::Number(_) => "System.Int64",
        Value::Array(_) => "Newtonsoft.Json.Linq.JArray",
        Value::Object(_) => "Newtonsoft.Json.Linq.JObject",
        Value::Null => "null",
    };
    bad_patch(&format!("Could not cast or convert from {is} to {wanted}."))
}

/// The refusal of a path that leads nowhere.
pub(super) fn nowhere(path: &[String]) -> Reply {
    let path = path.join("/");
    bad_patch(&format!("The path '{path}' was not found."))
}
