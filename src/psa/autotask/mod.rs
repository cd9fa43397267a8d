//! The Autotask client.

use super::Vendor;

/// Autotask as a vendor.
pub const VENDOR: Vendor = Vendor {
    id: "autotask",
    name: "Autotask",
    fields: &[],
    contact_types: false,
    connect: |_| Err("not connected".to_owned()),
    contact_link: |_, _, _| None,
};
