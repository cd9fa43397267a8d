//! Licences by the names of their products, from Microsoft's table and from what tenants were seen to have. Asks no cloud.

use std::collections::{HashMap, HashSet};

use crate::app::App;
use crate::db::facts::tenant_scope;
use crate::db::{Conn, DbError, companies, facts, tenant_connections};
use crate::directory::{self, FREE_SKUS};
use crate::model::Sku;
use crate::model::text::folded;
use crate::sync::scene::SKUS;
use crate::sync::tenant;

/// A licence that can be bought, or that a tenant has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Part number, such as `SPB`.
    pub part_number: String,
    /// The product's name; the part number where nobody knows it.
    pub name: String,
}

/// The licences whose name or part number contains the text, by name, at most `most`: those of Microsoft's table, and those that
/// were seen in tenants. A part number stands once.
///
/// # Errors
/// Where the database fails.
pub async fn products(app: &App, text: &str, most: usize) -> Result<Vec<Product>, DbError> {
    let seen = app.db().read(seen).await?;
    let wanted = folded(text.trim()).into_owned();
    let known = directory::products(text);
    let mut all: Vec<Product> = known
        .into_iter()
        .map(|(_, part_number, name)| Product {
            part_number: part_number.to_owned(),
            name: name.to_owned(),
        })
        .collect();
    for sku in seen {
        let name = directory::sku_name(&sku.id).unwrap_or(&sku.part_number);
        if folded(&sku.part_number).contains(&wanted) || folded(name).contains(&wanted) {
            all.push(Product {
                name: name.to_owned(),
                part_number: sku.part_number,
            });
        }
    }
    let mut once = HashSet::new();
    all.retain(|product| once.insert(folded(&product.part_number).into_owned()));
    all.sort_by_cached_key(|product| product.name.to_lowercase());
    all.truncate(most);
    Ok(all)
}

/// Each entry of a list of licences, part numbers or SKU ids, with the name of its product; `None` where nobody knows it.
pub fn told(entries: &[String]) -> Vec<(String, Option<&'static str>)> {
    let mut names: HashMap<String, &'static str> = HashMap::new();
    for (id, part_number, name) in directory::products("") {
        names.insert(folded(id.as_str()).into_owned(), name);
        names
            .entry(folded(part_number).into_owned())
            .or_insert(name);
    }
    let name = |entry: &String| names.get(folded(entry).as_ref()).copied();
    entries
        .iter()
        .map(|entry| (entry.clone(), name(entry)))
        .collect()
}

/// The licences that do not count where nobody has set others.
pub fn standard_list() -> Vec<String> {
    FREE_SKUS.iter().map(ToString::to_string).collect()
}

/// The licences that tenants had when they were read.
fn seen(conn: &mut Conn) -> diesel::QueryResult<Vec<Sku>> {
    let mut all = Vec::new();
    for (company, _) in companies::labels(conn)? {
        let Some(connection) = tenant_connections::get(conn, company)? else {
            continue;
        };
        if let Some((value, _)) = facts::get(conn, &tenant_scope(&connection.tenant_id), SKUS)? {
            all.extend(tenant::skus_in(value));
        }
    }
    Ok(all)
}
