//! The ConnectWise client.

use super::Vendor;

/// ConnectWise as a vendor.
pub const VENDOR: Vendor = Vendor {
    id: "connectwise",
    name: "ConnectWise",
    fields: &[],
    contact_types: true,
    connect: |_| Err("not connected".to_owned()),
    contact_link: |_, _, _| None,
};
