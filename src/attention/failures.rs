//! What failures are called.

use crate::model::Side;

/// What went wrong with a run, in a few words: its error's kind.
pub fn failure(kind: &str) -> String {
    match kind {
        "unreachable" => "Cannot be reached",
        "unavailable" => "Not available",
        "throttled" => "Asked for a pause",
        "lost" => "An answer was lost",
        "credentials" => "Sign-in refused",
        "secret_expired" => "Client secret expired",
        "consent" => "Admin consent missing",
        "tenant" => "Tenant not found",
        "wrong_tenant" => "Another tenant answers",
        "permission" => "Permission missing",
        "not_found" => "Something is gone",
        "refused" => "Refused",
        "incomplete" => "Not read to the end",
        "unexpected" => "An answer that nobody understands",
        "budget" => "Hourly requests used up",
        "not_set_up" => "Connection not complete",
        "secret_key" => "A stored secret cannot be opened",
        "company_gone" => "Company gone from the PSA",
        "database" => "Rollcall's database failed",
        "mistake" => "A mistake of Rollcall's own",
        "plan_changed" => "Changed since the preview",
        "stopped" | "interrupted" | "overtaken" | "settings_changed" => "Ended early",
        _ => "Failed",
    }
    .into()
}

/// Failures of which only the side tells what failed.
const OF_EITHER_SIDE: [&str; 3] = ["credentials", "permission", "unreachable"];

/// The same of a connection: whose it is comes first where the failure does not say so itself. `psa`: the PSA connection's name.
pub(super) fn failure_of(kind: &str, side: Option<Side>, psa: Option<&str>) -> String {
    let title = failure(kind);
    let whose = match side {
        Some(Side::Tenant) if OF_EITHER_SIDE.contains(&kind) => "Microsoft 365",
        Some(Side::Psa) => psa.unwrap_or("The PSA"),
        _ => return title,
    };
    let mut letters = title.chars();
    let first = letters.next().map(char::to_lowercase);
    let rest: String = first.into_iter().flatten().chain(letters).collect();
    format!("{whose}: {rest}")
}
