//! Prints the whole fleet as a fleet file, secrets left out. Pure.

use std::fmt::Write as _;

use super::state::{State, StoredCompany, StoredPsa};
use crate::model::{Condition, Filter, Guard, Target, TenantConnection, Test};
use crate::psa::vendor;

/// The fleet as a file that changes nothing when it is applied. What has its default is left out.
pub fn export(state: &State) -> String {
    let mut out =
        String::from("# Secrets are left out: applying this file keeps those that are stored.\n");
    if let Some(licences) = &state.ignored_licences {
        out.push('\n');
        list(&mut out, "ignored_licences", licences);
    }
    // In the order in which they were made.
    let mut connections: Vec<&StoredPsa> = state.psa.iter().collect();
    connections.sort_by_key(|stored| stored.connection.id);
    let mut companies: Vec<&StoredCompany> = state.companies.iter().collect();
    companies.sort_by_key(|stored| stored.company.id);
    for stored in connections {
        psa(&mut out, stored);
    }
    for stored in companies {
        let psa = state.psa_of(&stored.company);
        let psa = psa.map_or("", |psa| psa.connection.name.as_str());
        company(&mut out, stored, psa);
    }
    out
}

/// A text in quotes: JSON's escapes are TOML's too, but for DEL, which TOML wants escaped.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text)
        .to_string()
        .replace('\u{7f}', "\\u007F")
}

fn line(out: &mut String, indent: &str, key: &str, value: &str) {
    writeln!(out, "{indent}{key} = {value}").expect("writing to a string cannot fail");
}

fn text(out: &mut String, indent: &str, key: &str, value: Option<&str>) {
    if let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) {
        line(out, indent, key, &quoted(value));
    }
}

fn flag(out: &mut String, indent: &str, key: &str, value: bool, default: bool) {
    if value != default {
        line(out, indent, key, if value { "true" } else { "false" });
    }
}

fn list(out: &mut String, key: &str, values: &[String]) {
    let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
    let short = values.join(", ");
    if short.len() <= 80 {
        line(out, "", key, &format!("[{short}]"));
    } else {
        line(out, "", key, &format!("[\n  {},\n]", values.join(",\n  ")));
    }
}

fn psa(out: &mut String, stored: &StoredPsa) {
    let connection = &stored.connection;
    out.push_str("\n[[psa]]\n");
    text(out, "", "name", Some(&connection.name));
    text(out, "", "kind", Some(&connection.kind));
    let Some(kind) = vendor(&connection.kind) else {
        return;
    };
    for field in kind.fields.iter().filter(|field| !field.secret) {
        let value = connection.fields.get(field.key).map(|value| value.trim());
        text(
            out,
            "",
            field.key,
            value.filter(|value| Some(*value) != field.default),
        );
    }
    let default = connection.default_contact_type.as_ref();
    text(
        out,
        "",
        "default_contact_type",
        default.map(|named| named.name.as_str()),
    );
}

fn company(out: &mut String, stored: &StoredCompany, psa: &str) {
    let company = &stored.company;
    out.push_str("\n[[company]]\n");
    text(out, "", "name", Some(&company.name));
    text(out, "", "psa", Some(psa));
    line(out, "", "psa_company_id", company.psa_company_id.as_str());
    flag(out, "", "sync_contacts", company.sync_contacts, false);
    flag(out, "", "update_existing", company.update_existing, false);
    flag(out, "", "use_email", company.use_email, false);
    let site = company.default_site.as_ref();
    text(
        out,
        "",
        "default_site",
        site.map(|named| named.name.as_str()),
    );
    text(out, "", "schedule", company.schedule.as_deref());
    text(
        out,
        "",
        "timezone",
        Some(company.timezone.as_str()).filter(|zone| *zone != "UTC"),
    );
    if company.guard != Guard::default() {
        let Guard { floor, percent } = company.guard;
        let value = format!("{{ floor = {floor}, percent = {percent} }}");
        line(out, "", "max_deactivations", &value);
    }
    if !company.ignored.is_empty() {
        list(out, "ignore", &company.ignored);
    }
    if let Some(connection) = &stored.tenant {
        tenant(out, connection);
    }
    for entry in &company.filters {
        filter(out, entry);
    }
}

fn tenant(out: &mut String, connection: &TenantConnection) {
    out.push_str("\n  [company.tenant]\n");
    text(out, "  ", "tenant_id", Some(connection.tenant_id.as_str()));
    text(out, "  ", "client_id", Some(&connection.client_id));
    let expires = connection.expires.map(|date| date.to_string());
    text(out, "  ", "expires", expires.as_deref());
    if connection.cloud != crate::model::Cloud::default() {
        text(out, "  ", "cloud", Some(connection.cloud.as_str()));
    }
}

fn filter(out: &mut String, filter: &Filter) {
    out.push_str("\n  [[company.filter]]\n");
    text(out, "  ", "name", filter.name.as_deref());
    line(out, "  ", "when", &when(&filter.when));
    match &filter.target {
        Target::Exclude => line(out, "  ", "exclude", "true"),
        Target::Place { site, contact_type } => {
            text(
                out,
                "  ",
                "site",
                site.as_ref().map(|named| named.name.as_str()),
            );
            let name = contact_type.as_ref().map(|named| named.name.as_str());
            text(out, "  ", "contact_type", name);
        }
    }
    flag(out, "  ", "enabled", filter.enabled, true);
}

/// Conditions as the file writes them.
pub(super) fn when(conditions: &[Condition]) -> String {
    let when: Vec<String> = conditions.iter().map(condition).collect();
    format!("[{}]", when.join(", "))
}

fn condition(condition: &Condition) -> String {
    let test = match &condition.test {
        Test::Licensed => "licensed = true".to_owned(),
        Test::Group(group) => format!("group = {}", quoted(group.as_str())),
        Test::Field { field, equals } => {
            format!(
                "field = {}, equals = {}",
                quoted(&field.to_string()),
                quoted(equals)
            )
        }
        Test::UpnDomain(domain) => format!("upn_domain = {}", quoted(domain)),
        Test::Licence(licence) => format!("licence = {}", quoted(licence)),
    };
    if condition.negated {
        format!("{{ not = {{ {test} }} }}")
    } else {
        format!("{{ {test} }}")
    }
}
