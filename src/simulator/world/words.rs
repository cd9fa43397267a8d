//! What people have beside a name: departments, job titles, places, phones and licences. Phone numbers are from ranges kept
//! for fiction.

use super::rng::Rng;

/// Office 365 E3 (`ENTERPRISEPACK`).
pub const ENTERPRISEPACK: &str = "6fd2c87f-b296-42f0-b197-1e91e994b900";
/// Microsoft 365 Business Premium (`SPB`).
pub const SPB: &str = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46";
/// Exchange Online Plan 1 (`EXCHANGESTANDARD`).
pub const EXCHANGESTANDARD: &str = "4b9405b0-7788-4568-add1-99614e613b69";
/// Microsoft Entra ID P1 (`AAD_PREMIUM`).
pub const AAD_PREMIUM: &str = "078d2b04-f1bd-4111-bbd4-b4b1b354cef4";
/// Microsoft Power Automate Free (`FLOW_FREE`).
pub const FLOW_FREE: &str = "f30db892-07e9-47e9-837c-80727f46fd3d";
/// Microsoft Fabric, free (`POWER_BI_STANDARD`).
pub const POWER_BI_STANDARD: &str = "a403ebcc-fae0-4ca2-8c8c-7a907fd6c235";

/// The licences of every tenant with their part numbers: ids from Microsoft's list
/// <https://learn.microsoft.com/entra/identity/users/licensing-service-plan-reference>.
pub const SKUS: [(&str, &str); 6] = [
    (SPB, "SPB"),
    (EXCHANGESTANDARD, "EXCHANGESTANDARD"),
    (ENTERPRISEPACK, "ENTERPRISEPACK"),
    (AAD_PREMIUM, "AAD_PREMIUM"),
    (FLOW_FREE, "FLOW_FREE"),
    (POWER_BI_STANDARD, "POWER_BI_STANDARD"),
];

/// The departments with their share of the people in percent and their job titles.
pub(super) const DEPARTMENTS: [(&str, usize, &[&str]); 6] = [
    (
        "Sales",
        28,
        &[
            "Sales Representative",
            "Account Manager",
            "Inside Sales",
            "Head of Sales",
            "Verkäufer im Außendienst",
        ],
    ),
    (
        "Warehouse",
        22,
        &[
            "Warehouse Operative",
            "Forklift Driver",
            "Shift Lead",
            "Dispatcher",
            "Stock Controller",
        ],
    ),
    (
        "Support",
        18,
        &[
            "Support Agent",
            "Customer Care Specialist",
            "Team Lead Support",
            "Service Desk Analyst",
        ],
    ),
    (
        "Finance",
        14,
        &[
            "Accountant",
            "Payroll Officer",
            "Financial Controller",
            "Credit Clerk",
            "Accounts Payable",
        ],
    ),
    (
        "IT",
        10,
        &[
            "IT Administrator",
            "Systems Engineer",
            "Head of IT",
            "Software Developer",
            "IT Support",
        ],
    ),
    (
        "Management",
        8,
        &[
            "Commercial Director",
            "Chief Operating Officer",
            "Chief of Staff",
            "Executive Assistant",
            "Director",
        ],
    ),
];

const PLACES: [(&str, &str, &str); 9] = [
    ("London", "United Kingdom", "GB"),
    ("London", "United Kingdom", "GB"),
    ("Manchester", "United Kingdom", "GB"),
    ("Dublin", "Ireland", "IE"),
    ("New York", "United States", "US"),
    ("Washington", "United States", "US"),
    ("München", "Germany", "DE"),
    ("Kraków", "Poland", "PL"),
    ("São Paulo", "Brazil", "BR"),
];

/// City, country and usage location.
pub(super) fn place(rng: &mut Rng) -> (&'static str, &'static str, &'static str) {
    rng.pick(&PLACES)
}

/// A department and one of its job titles.
pub(super) fn job(rng: &mut Rng) -> (&'static str, &'static str) {
    let mut left = rng.below(100);
    for (department, share, titles) in DEPARTMENTS {
        if left < share {
            return (department, rng.pick(titles));
        }
        left -= share;
    }
    ("Sales", "Sales Representative")
}

/// Another job title of the same department, as somebody had it before.
pub(super) fn former_title(rng: &mut Rng, department: &str, present: &str) -> String {
    let titles = DEPARTMENTS
        .iter()
        .find(|(name, ..)| name.eq_ignore_ascii_case(department.trim()));
    let titles = titles.map_or(&["Trainee"][..], |(_, _, titles)| titles);
    let title = rng.pick(titles);
    if title == present {
        format!("Junior {title}")
    } else {
        title.into()
    }
}

/// A job title of more than 100 UTF-16 units, with a character of two units across the limits of 50 and of 100: cutting there
/// must not split it.
pub(super) fn long_title(rng: &mut Rng) -> String {
    let start = rng.pick(&[
        "Deputy Head of",
        "Acting Director of",
        "Senior Vice President for",
    ]);
    let mut title = format!("{start} Strategic Procurement, Logistics and Regional Supplier");
    title.truncate(49);
    title.push_str("🏭 Operations for Northern and Central Europe and");
    while title.encode_utf16().count() < 99 {
        title.push('.');
    }
    title + "🚚 interim Lead of the Integration Office"
}

/// A land line in one of the ways in which people write them.
pub(super) fn phone(rng: &mut Rng) -> String {
    if rng.percent(60) {
        let end = rng.below(1000);
        match rng.below(5) {
            0 => format!("020 7946 0{end:03}"),
            1 => format!("+44 (0)20 7946 0{end:03}"),
            2 => format!("+442079460{end:03}"),
            _ => format!("+44 20 7946 0{end:03}"),
        }
    } else {
        let end = rng.below(100);
        match rng.below(5) {
            0 => format!("(202) 555-01{end:02}"),
            1 => format!("202.555.01{end:02}"),
            2 => format!("+1-202-555-01{end:02}"),
            _ => format!("+1 202 555 01{end:02}"),
        }
    }
}

/// A mobile number: +44 7700 900xxx is kept for fiction.
pub(super) fn mobile(rng: &mut Rng) -> String {
    let end = rng.below(1000);
    match rng.below(4) {
        0 => format!("07700 900{end:03}"),
        1 => format!("+447700900{end:03}"),
        _ => format!("+44 7700 900{end:03}"),
    }
}

/// The same digits written in another way.
pub(super) fn respelled(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    let middle = digits.len() / 2;
    let (start, end) = digits.split_at(middle);
    format!("{start}-{end}")
}

/// What a person of this department usually has.
pub(super) fn licences(rng: &mut Rng, department: &str) -> Vec<String> {
    let sku = match department {
        "Warehouse" => rng.pick(&[EXCHANGESTANDARD, EXCHANGESTANDARD, ENTERPRISEPACK]),
        "Management" | "IT" => rng.pick(&[SPB, SPB, ENTERPRISEPACK]),
        _ => rng.pick(&[SPB, SPB, SPB, EXCHANGESTANDARD, ENTERPRISEPACK]),
    };
    vec![sku.into()]
}

/// Whether a licence is paid for; the free ones do not make a user active.
pub(super) fn counts(sku: &str) -> bool {
    sku != FLOW_FREE && sku != POWER_BI_STANDARD
}
