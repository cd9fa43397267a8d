//! Reads a fleet file. Every mistake of the text itself is found at once; nothing is looked up in the database or in another
//! system. Pure, but for the secrets that come through [`Secrets`].

use toml::de::{DeTable, DeValue};

use super::conditions::is_tables;
use super::file::{CompanyEntry, FleetFile, PsaEntry};
use super::place::{Mistake, Place, Spanned, did_you_mean};
use super::reader::{Reader, Table, kind};
use super::secrets::Secrets;
use super::tables::{self, Read};
use crate::model::text::folded;
use crate::psa::Vendor;
use crate::rules;

/// A PSA connection that the database has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPsa {
    /// Its name.
    pub name: String,
    /// Its vendor's id.
    pub kind: String,
}

/// What was read of a fleet file.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// What it says; where there are mistakes, without the entries that could not be read.
    pub file: FleetFile,
    /// Every mistake, in the file's order.
    pub mistakes: Vec<Mistake>,
    /// Whether the TOML itself is broken, so that the rest is a guess.
    pub broken: bool,
}

/// Reads a fleet file. `known` are the PSA connections of the database, which companies may name too.
///
/// Where the TOML itself is broken, nothing is said about what seems to be missing: it may be there.
pub fn parse(text: &str, known: &[KnownPsa], secrets: &dyn Secrets) -> Parsed {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (root, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader::new(text, secrets);
    // The line decides, for errors do not come in the file's order.
    let mut errors: Vec<_> = errors.iter().collect();
    errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
    for error in errors {
        reader.syntax(error);
    }
    let mut table = Table::new(root.get_ref(), Place { line: 1, column: 1 }, "the file");
    let ignored_licences = licences(&mut reader, &mut table);
    let psa = entries(&mut reader, &mut table, "psa", tables::psa);
    let companies = entries(&mut reader, &mut table, "company", tables::company);
    reader.finish(&table);

    let called = "PSA connection";
    unique(
        &mut reader,
        called,
        psa.iter().filter_map(|read| read.name.as_ref()),
    );
    let names = companies.iter().filter_map(|read| read.name.as_ref());
    unique(&mut reader, "company", names);
    let found: Vec<&CompanyEntry> = companies
        .iter()
        .filter_map(|read| read.entry.as_ref())
        .collect();
    psa_named(&mut reader, &found, &psa, known);
    one_company_each(&mut reader, &found);
    for company in &found {
        let names = company
            .filters
            .iter()
            .filter_map(|filter| filter.name.as_ref());
        unique(&mut reader, "filter of this company", names);
    }

    Parsed {
        file: FleetFile {
            ignored_licences,
            psa: psa.into_iter().filter_map(|read| read.entry).collect(),
            companies: companies
                .into_iter()
                .filter_map(|read| read.entry)
                .collect(),
        },
        broken: reader.guessing(),
        mistakes: reader.into_mistakes(),
    }
}

fn licences(reader: &mut Reader<'_>, table: &mut Table<'_>) -> Option<Spanned<Vec<String>>> {
    let list = reader.list(table, "ignored_licences", "a list of licences")?;
    let mut names: Vec<String> = Vec::new();
    for value in &list.value {
        if let Some(name) = reader.text_of("ignored_licences", value) {
            let name = rules::guid(&name.value).unwrap_or(name.value);
            if !names.iter().any(|known| rules::same(known, &name)) {
                names.push(name);
            }
        }
    }
    Some(Spanned {
        place: list.place,
        value: names,
    })
}

/// The tables of one kind.
fn entries<'a, T>(
    reader: &mut Reader<'a>,
    table: &mut Table<'_>,
    key: &'static str,
    read: impl Fn(&mut Reader<'a>, &super::reader::Value<'_>) -> Option<Read<T>>,
) -> Vec<Read<T>> {
    let Some(value) = reader.take(table, key) else {
        return Vec::new();
    };
    match value.value {
        DeValue::Array(array) if is_tables(value.value) => array
            .iter()
            .filter_map(|item| {
                let value = Spanned {
                    place: reader.place(item.span().start),
                    value: item.get_ref(),
                };
                read(reader, &value)
            })
            .collect(),
        other => {
            let message = format!("{key} must be written as [[{key}]], not as {}", kind(other));
            reader.mistake(value.place, message);
            Vec::new()
        }
    }
}

fn unique<'n>(
    reader: &mut Reader<'_>,
    what: &str,
    names: impl Iterator<Item = &'n Spanned<String>>,
) {
    let mut seen: Vec<&Spanned<String>> = Vec::new();
    for name in names {
        let same = |seen: &&&Spanned<String>| folded(&seen.value) == folded(&name.value);
        if let Some(first) = seen.iter().find(same) {
            let message = format!(
                "another {what} is called {:?} already, in line {}",
                first.value, first.place.line
            );
            reader.mistake(name.place, message);
        } else {
            seen.push(name);
        }
    }
}

/// Checks that the companies' PSA connections exist, and that contact types stand only where there are such.
fn psa_named(
    reader: &mut Reader<'_>,
    companies: &[&CompanyEntry],
    psa: &[Read<PsaEntry>],
    known: &[KnownPsa],
) {
    let names: Vec<(&str, Option<&'static Vendor>)> = psa
        .iter()
        .filter_map(|read| Some((read.name.as_ref()?.value.as_str(), read.vendor)))
        .chain(
            known
                .iter()
                .map(|psa| (psa.name.as_str(), crate::psa::vendor(&psa.kind))),
        )
        .collect();
    for company in companies {
        let connection = names.iter().find(|(name, _)| *name == company.psa.value);
        let Some((_, vendor)) = connection else {
            if !reader.guessing() {
                let hint = did_you_mean(&company.psa.value, names.iter().map(|(name, _)| *name));
                let message = format!(
                    "no PSA connection is called {:?}, neither in this file nor in the database{hint}",
                    company.psa.value
                );
                reader.mistake(company.psa.place, message);
            }
            continue;
        };
        let Some(vendor) = vendor.filter(|vendor| !vendor.contact_types) else {
            continue;
        };
        for named in company
            .filters
            .iter()
            .filter_map(|filter| filter.contact_type.as_ref())
        {
            let message = format!("contact_type: {} has no contact types", vendor.name);
            reader.mistake(named.place, message);
        }
    }
}

fn one_company_each(reader: &mut Reader<'_>, companies: &[&CompanyEntry]) {
    for (index, company) in companies.iter().enumerate() {
        let same = |other: &&&CompanyEntry| {
            other.psa.value == company.psa.value
                && other.psa_company_id.value == company.psa_company_id.value
        };
        if let Some(first) = companies[..index].iter().find(same) {
            let message = taken(company, &first.name.value);
            reader.mistake(company.psa_company_id.place, message);
        }
    }
}

/// Says that another company has the PSA company.
pub(super) fn taken(company: &CompanyEntry, by: &str) -> String {
    format!(
        "company {} of {:?} belongs to {by:?} already",
        company.psa_company_id.value, company.psa.value
    )
}
