//! The page of a PSA connection's form: what it shows, and the form drawn again with what was typed.

use serde::Serialize;

use super::psa_fields::{self as fields, FieldLine, Read, Sent, TypeLine};
use crate::model::{PsaConnection, RunFailure};
use crate::psa::{VENDORS, Vendor};
use crate::web::{Mistakes, Page, Place};

/// So many companies are named.
const NAMED: usize = 20;

/// The form.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FormPage {
    /// 0: a new one.
    pub(super) id: i64,
    /// To choose from, while none is chosen.
    pub(super) vendors: Vec<VendorLine>,
    pub(super) kind: String,
    pub(super) vendor: String,
    pub(super) name: String,
    pub(super) version: i64,
    pub(super) fields: Vec<FieldLine>,
    pub(super) has_types: bool,
    /// The types were read, now or in the last days.
    pub(super) types_known: bool,
    pub(super) types: Vec<TypeLine>,
    pub(super) contact_type: String,
    /// The companies that use it, by row id.
    pub(super) used_by: Vec<(i64, String)>,
    pub(super) used_more: usize,
    /// Some keys are stored, and stay where nothing is typed.
    pub(super) stored_keys: bool,
    /// What a test read; empty: none was made, or it failed.
    pub(super) said: Vec<String>,
    pub(super) failure: Option<RunFailure>,
    /// It may be saved although the test failed.
    pub(super) anyway: bool,
    /// Who saved it meanwhile, in a sentence; empty: nobody. Then what is stored now and differs.
    pub(super) stale: String,
    pub(super) differences: Vec<Difference>,
    /// So many links retire when it is saved so.
    pub(super) retires: i64,
    pub(super) mistakes: Mistakes,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct VendorLine {
    pub(super) id: String,
    pub(super) name: String,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Difference {
    pub(super) label: String,
    pub(super) stored: String,
}

impl Page for FormPage {
    const TEMPLATE: &'static str = "pages/psa_form.html";

    fn title(&self) -> String {
        if self.id == 0 {
            "Add a PSA connection".into()
        } else {
            format!("PSA connection {}", self.name)
        }
    }

    fn place(&self) -> Place {
        Place::Settings
    }

    fn samples() -> Vec<Self> {
        let hostile = "\"'><script>alert(1)</script>\u{202e}\u{1f600}";
        let choose = Self {
            vendors: vendor_lines(),
            ..Self::default()
        };
        let field = |key: &str, secret: bool, choices: &[&str]| FieldLine {
            key: key.into(),
            label: format!("Field {key}"),
            help: "Where to find it".into(),
            secret,
            stored: secret && key == "b",
            value: if secret {
                String::new()
            } else {
                hostile.into()
            },
            default: if choices.is_empty() {
                String::new()
            } else {
                "Direct".into()
            },
            choices: choices.iter().map(ToString::to_string).collect(),
        };
        let new = Self {
            kind: "one".into(),
            vendor: "One".into(),
            fields: vec![field("a", false, &[]), field("b", true, &[])],
            ..Self::default()
        };
        let full = Self {
            id: 3,
            name: hostile.into(),
            version: 4,
            fields: vec![
                field("url", false, &[]),
                field("b", true, &[]),
                field("c", true, &[]),
                field("d", false, &["Direct", hostile]),
            ],
            has_types: true,
            types_known: true,
            types: fields::types(&Read::default(), &format!("7:{hostile}")),
            contact_type: format!("7:{hostile}"),
            used_by: vec![(7, "Contoso".into()), (8, hostile.into())],
            stored_keys: true,
            used_more: 12,
            said: vec![
                "The PSA answered.".into(),
                "1,250 of 10,000 requests used this hour, 7,550 left for Rollcall.".into(),
            ],
            ..new.clone()
        };
        let failed = Self {
            said: Vec::new(),
            types: Vec::new(),
            types_known: false,
            contact_type: String::new(),
            failure: Some(RunFailure {
                kind: "unreachable".into(),
                message: hostile.into(),
                advice: "Check the address".into(),
                side: None,
            }),
            anyway: true,
            stale: "<b>Robin</b> changed this connection 3 minutes ago.".into(),
            differences: vec![Difference {
                label: "Name".into(),
                stored: hostile.into(),
            }],
            retires: 12,
            mistakes: [
                ("name", "No."),
                ("url", hostile),
                ("b", "No."),
                ("default_contact_type", "No."),
            ]
            .into_iter()
            .collect(),
            ..full.clone()
        };
        vec![choose, new, full, failed]
    }
}

pub(super) fn vendor_lines() -> Vec<VendorLine> {
    let line = |vendor: &Vendor| VendorLine {
        id: vendor.id.into(),
        name: vendor.name.into(),
    };
    VENDORS.into_iter().map(line).collect()
}

/// What is stored of a connection.
pub(super) struct Stored {
    pub(super) connection: PsaConnection,
    pub(super) version: i64,
    pub(super) secrets: Vec<String>,
    pub(super) used_by: Vec<(i64, String)>,
}

/// The form with what was typed, but for its secrets.
pub(super) fn drawn(
    vendor: &Vendor,
    stored: Option<&Stored>,
    sent: &Sent,
    read: &Read,
) -> FormPage {
    let names = stored.map_or(&[][..], |stored| &stored.secrets);
    let used = stored.map_or(&[][..], |stored| &stored.used_by);
    let lines = fields::lines(vendor, &sent.fields, names, read);
    FormPage {
        stored_keys: lines.iter().any(|field| field.secret && field.stored),
        id: stored.map_or(0, |stored| stored.connection.id),
        kind: vendor.id.into(),
        vendor: vendor.name.into(),
        name: sent.name.clone(),
        version: sent.version.parse().unwrap_or_default(),
        fields: lines,
        has_types: vendor.contact_types,
        types_known: read.contact_types.is_some(),
        types: fields::types(read, &sent.contact_type),
        contact_type: sent.contact_type.clone(),
        used_by: used.iter().take(NAMED).cloned().collect(),
        used_more: used.len().saturating_sub(NAMED),
        ..FormPage::default()
    }
}

/// What is stored now and is not what was typed.
pub(super) fn differences(
    vendor: &Vendor,
    stored: &PsaConnection,
    typed: &PsaConnection,
) -> Vec<Difference> {
    let line = |label: &str, stored: &str| Difference {
        label: label.into(),
        stored: stored.into(),
    };
    let mut all = Vec::new();
    if stored.name != typed.name.trim() {
        all.push(line("Name", &stored.name));
    }
    for field in vendor.fields.iter().filter(|field| !field.secret) {
        let value = |of: &PsaConnection| {
            let typed = of.fields.get(field.key).cloned().unwrap_or_default();
            match field.default {
                Some(default) if typed.is_empty() => default.to_owned(),
                _ => typed,
            }
        };
        if value(stored) != value(typed) {
            all.push(line(field.label, &value(stored)));
        }
    }
    let kind = |of: &PsaConnection| {
        let kind = of.default_contact_type.as_ref();
        kind.map_or_else(|| "none".to_owned(), |kind| kind.name.clone())
    };
    if kind(stored) != kind(typed) {
        all.push(line("Default contact type", &kind(stored)));
    }
    all
}
