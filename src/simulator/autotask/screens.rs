//! The pages of a contact and of a company in the vendor's own program, at the addresses by which other programs open them.

use serde_json::Value;

use super::fields::Entity;
use super::state::{Row, State};
use crate::simulator::kit::{Reply, Request, fields, gone, screen};

/// `ExecuteCommand.aspx?Code=…`. Whoever looks counts as signed in.
pub(super) fn execute(state: &State, request: &Request) -> Reply {
    let id = |name: &str| {
        let id = request.param(name).and_then(|id| id.parse::<i64>().ok());
        id.unwrap_or(-1)
    };
    match request.param("Code").unwrap_or_default() {
        "OpenContact" => match state.rows(Entity::Contact).get(&id("ContactID")) {
            Some(row) => contact(state, row),
            None => gone("contact"),
        },
        "OpenAccount" => match state.rows(Entity::Company).get(&id("AccountID")) {
            Some(row) => company(row),
            None => gone("company"),
        },
        _ => gone("command"),
    }
}

fn text(row: &Row, field: &str) -> String {
    let value = row.values.get(field).and_then(Value::as_str);
    value.unwrap_or_default().to_owned()
}

fn active(row: &Row) -> String {
    if row.is_active() { "Yes" } else { "No" }.into()
}

fn contact(state: &State, row: &Row) -> Reply {
    let company = state.rows(Entity::Company).get(&row.company);
    let location = row.int("companyLocationID");
    let location = location.and_then(|id| state.rows(Entity::Location).get(&id));
    let rows = [
        (
            "Company",
            company
                .map(|one| text(one, "companyName"))
                .unwrap_or_default(),
        ),
        (
            "Location",
            location.map(|one| text(one, "name")).unwrap_or_default(),
        ),
        ("Title", text(row, "title")),
        ("Email", text(row, "emailAddress")),
        ("Email 2", text(row, "emailAddress2")),
        ("Email 3", text(row, "emailAddress3")),
        ("Phone", text(row, "phone")),
        ("Mobile", text(row, "mobilePhone")),
        ("Active", active(row)),
    ];
    let name = format!("{} {}", text(row, "firstName"), text(row, "lastName"));
    screen(200, name.trim(), &fields(&rows))
}

fn company(row: &Row) -> Reply {
    screen(
        200,
        &text(row, "companyName"),
        &fields(&[("Active", active(row))]),
    )
}
