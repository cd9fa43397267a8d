//! Where a failed run is mended, by the kind of its failure. Pure.

/// Where a failure is mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cure {
    /// On the company's connection page.
    Connection,
    /// Among its settings and filters.
    ContactSync,
    /// By looking at a new preview.
    Preview,
    /// Nothing is to be mended: the run says more.
    Run,
}

/// Where a failure of this kind is mended.
pub fn cure(kind: &str) -> Cure {
    match kind {
        "credentials" | "secret_expired" | "consent" | "tenant" | "wrong_tenant" | "permission"
        | "not_set_up" | "secret_key" | "company_gone" | "unreachable" => Cure::Connection,
        "plan_changed" => Cure::Preview,
        kind if kind.starts_with("missing_") => Cure::ContactSync,
        _ => Cure::Run,
    }
}
