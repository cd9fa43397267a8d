//! Names of licences, and which ones are free. Tables of facts, no requests.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::model::SkuId;

/// Microsoft's "Product names and service plan identifiers for licensing", as of June 2026.
/// One line a SKU: id, part number, name; what has a comma in it stands in quotes.
const NAMES: &str = include_str!("sku-names.csv");

static BY_ID: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    let rows = NAMES.lines().skip(1);
    rows.filter_map(|row| {
        let (id, rest) = column(row);
        let (_part_number, rest) = column(rest);
        Some((id, column(rest).0)).filter(|(id, _)| !id.is_empty())
    })
    .collect()
});

/// The first column of a row, without its quotes, and what follows it.
fn column(row: &'static str) -> (&'static str, &'static str) {
    match row.strip_prefix('"').and_then(|row| row.split_once('"')) {
        Some((quoted, rest)) => (quoted, rest.strip_prefix(',').unwrap_or(rest)),
        None => row.split_once(',').unwrap_or((row, "")),
    }
}

/// The product name of a SKU, as Microsoft's admin centre shows it; `None` where the table does not have it.
pub fn sku_name(sku: &SkuId) -> Option<&'static str> {
    BY_ID.get(sku.as_str()).copied()
}

/// The products of the table whose name or part number contains the text, whatever its case: SKU id, part number, name; by name.
pub fn products(text: &str) -> Vec<(SkuId, &'static str, &'static str)> {
    let wanted = text.trim().to_lowercase();
    let fits = |value: &str| value.to_lowercase().contains(&wanted);
    let mut found: Vec<_> = NAMES
        .lines()
        .skip(1)
        .filter_map(|row| {
            let (id, rest) = column(row);
            let (part_number, rest) = column(rest);
            let name = column(rest).0;
            (fits(part_number) || fits(name) || id == wanted)
                .then(|| (SkuId::new(id), part_number, name))
        })
        .collect();
    found.sort_by_key(|(_, _, name)| name.to_lowercase());
    found
}

/// The ignore list to start with: part numbers of free, viral and trial SKUs, which do not make a user licensed.
/// Source: the default list of the open-source project CIPP.
pub const FREE_SKUS: &[&str] = &[
    "SMB_APPS",
    "FLOW_FREE",
    "TEAMS_FREE",
    "POWER_BI_STANDARD",
    "DYN365_AI_SERVICE_INSIGHTS",
    "FORMS_PRO",
    "DYN365_ENTERPRISE_P1_IW",
    "AX7_USER_TRIAL",
    "POWERAPPS_VIRAL",
    "MS_TEAMS_IW",
    "CCIBOTS_PRIVPREV_VIRAL",
    "STREAM",
    "WINDOWS_STORE",
    "TEAMS_EXPLORATORY",
    "RIGHTSMANAGEMENT_ADHOC",
    "RMSBASIC",
    "POWERAPPS_DEV",
    "PROJECT_MADEIRA_PREVIEW_IW_SKU",
    "Dynamics_365_Sales_Premium_Viral_Trial",
    "Power_Pages_vTrial_for_Makers",
    "D365_SALES_PRO_IW",
    "SPZA_IW",
    "POWERAPPS_INDIVIDUAL_USER",
    "SHAREPOINTSTORAGE",
    "SHAREPOINTSTORAGE_GOV",
    "MCOPSTNC",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_has_a_name_without_quotes() {
        assert_eq!(BY_ID.len(), NAMES.lines().count() - 1);
        for (id, name) in BY_ID.iter() {
            assert!(uuid::Uuid::parse_str(id).is_ok(), "{id} is no GUID");
            assert!(!name.is_empty() && !name.contains('"'), "{name}");
        }
    }

    #[test]
    fn a_sku_is_found_in_any_case_and_an_unknown_one_has_no_name() {
        let premium = SkuId::new("CBDC14AB-D96C-4C30-B9F4-6ADA7CDC1D46");
        assert_eq!(sku_name(&premium), Some("Microsoft 365 Business Premium"));
        assert_eq!(
            sku_name(&SkuId::new("00000000-0000-0000-0000-000000000000")),
            None
        );
    }
}
