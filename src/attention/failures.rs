//! What failures are called.

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
