//! The names that each resource has: what can be asked for, filtered by and ordered by. From the
//! vendor's OpenAPI document; nothing here looks at data.

/// What stands behind a name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Int,
    /// `True` or `False`.
    Bool,
    /// A moment.
    Time,
    /// A reference with these names below it.
    Reference(Names),
    /// Answered, but neither filtered nor ordered by.
    Opaque,
}

/// Names with what stands behind them.
pub(super) type Names = &'static [(&'static str, Kind)];

/// A kind of record.
#[derive(Debug)]
pub(super) struct Resource {
    /// Its own names.
    pub names: Names,
    /// Its lists, for `childConditions`.
    pub children: &'static [(&'static str, Names)],
}

use Kind::{Bool, Int, Opaque, Reference, Text};

const REFERENCE: Names = &[("id", Int), ("name", Text), ("_info", Opaque)];
const COMPANY: Names = &[
    ("id", Int),
    ("identifier", Text),
    ("name", Text),
    ("_info", Opaque),
];
const ITEM: Names = &[
    ("id", Int),
    ("type", Reference(REFERENCE)),
    ("value", Text),
    ("extension", Text),
    ("defaultFlag", Bool),
    ("domain", Text),
    ("communicationType", Text),
];

/// Contacts.
pub(super) const CONTACTS: Resource = Resource {
    names: &[
        ("id", Int),
        ("firstName", Text),
        ("lastName", Text),
        ("company", Reference(COMPANY)),
        ("site", Reference(REFERENCE)),
        ("addressLine1", Text),
        ("addressLine2", Text),
        ("city", Text),
        ("state", Text),
        ("zip", Text),
        ("country", Reference(COMPANY)),
        ("relationship", Reference(REFERENCE)),
        ("relationshipOverride", Text),
        ("department", Reference(REFERENCE)),
        ("inactiveFlag", Bool),
        ("defaultMergeContactId", Int),
        ("securityIdentifier", Text),
        ("managerContact", Reference(REFERENCE)),
        ("assistantContact", Reference(REFERENCE)),
        ("title", Text),
        ("school", Text),
        ("nickName", Text),
        ("marriedFlag", Bool),
        ("childrenFlag", Bool),
        ("children", Text),
        ("significantOther", Text),
        ("portalPassword", Opaque),
        ("portalSecurityLevel", Int),
        ("disablePortalLoginFlag", Bool),
        ("unsubscribeFlag", Bool),
        ("gender", Text),
        ("birthDay", Text),
        ("anniversary", Text),
        ("presence", Text),
        ("mobileGuid", Text),
        ("facebookUrl", Text),
        ("twitterUrl", Text),
        ("linkedInUrl", Text),
        ("defaultPhoneType", Text),
        ("defaultPhoneNbr", Text),
        ("defaultPhoneExtension", Text),
        ("defaultBillingFlag", Bool),
        ("defaultFlag", Bool),
        ("userDefinedField1", Text),
        ("userDefinedField2", Text),
        ("userDefinedField3", Text),
        ("userDefinedField4", Text),
        ("userDefinedField5", Text),
        ("userDefinedField6", Text),
        ("userDefinedField7", Text),
        ("userDefinedField8", Text),
        ("userDefinedField9", Text),
        ("userDefinedField10", Text),
        ("companyLocation", Reference(REFERENCE)),
        ("communicationItems", Opaque),
        ("types", Opaque),
        ("integratorTags", Opaque),
        ("customFields", Opaque),
        ("photo", Reference(REFERENCE)),
        ("ignoreDuplicates", Opaque),
        ("_info", Opaque),
        ("typeIds", Opaque),
    ],
    children: &[("communicationItems", ITEM), ("types", REFERENCE)],
};

/// Companies, as far as they are simulated.
pub(super) const COMPANIES: Resource = Resource {
    names: &[
        ("id", Int),
        ("identifier", Text),
        ("name", Text),
        ("status", Reference(REFERENCE)),
        ("phoneNumber", Text),
        ("website", Text),
        ("city", Text),
        ("defaultContact", Reference(REFERENCE)),
        ("deletedFlag", Bool),
        ("types", Opaque),
        ("site", Reference(REFERENCE)),
        ("customFields", Opaque),
        ("_info", Opaque),
    ],
    children: &[("types", REFERENCE)],
};

/// Statuses of companies.
pub(super) const STATUSES: Resource = Resource {
    names: &[
        ("id", Int),
        ("name", Text),
        ("defaultFlag", Bool),
        ("inactiveFlag", Bool),
        ("_info", Opaque),
    ],
    children: &[],
};

/// Sites of a company.
pub(super) const SITES: Resource = Resource {
    names: &[
        ("id", Int),
        ("name", Text),
        ("addressLine1", Text),
        ("city", Text),
        ("phoneNumber", Text),
        ("primaryAddressFlag", Bool),
        ("inactiveFlag", Bool),
        ("company", Reference(COMPANY)),
        ("customFields", Opaque),
        ("_info", Opaque),
    ],
    children: &[],
};

/// Contact types; they have a description and no name.
pub(super) const CONTACT_TYPES: Resource = Resource {
    names: &[
        ("id", Int),
        ("description", Text),
        ("defaultFlag", Bool),
        ("serviceAlertFlag", Bool),
        ("serviceAlertMessage", Text),
        ("_info", Opaque),
    ],
    children: &[],
};

/// Communication types.
pub(super) const COMMUNICATION_TYPES: Resource = Resource {
    names: &[
        ("id", Int),
        ("description", Text),
        ("phoneFlag", Bool),
        ("faxFlag", Bool),
        ("emailFlag", Bool),
        ("defaultFlag", Bool),
        ("disabled", Bool),
        ("_info", Opaque),
    ],
    children: &[],
};

/// Communication items as a contact's sub-resource.
pub(super) const COMMUNICATIONS: Resource = Resource {
    names: &[
        ("id", Int),
        ("contactId", Int),
        ("type", Reference(REFERENCE)),
        ("value", Text),
        ("extension", Text),
        ("defaultFlag", Bool),
        ("mobileGuid", Text),
        ("communicationType", Text),
        ("domain", Text),
        ("_info", Opaque),
    ],
    children: &[],
};

/// Type associations of contacts.
pub(super) const ASSOCIATIONS: Resource = Resource {
    names: &[
        ("id", Int),
        ("type", Reference(REFERENCE)),
        ("contact", Reference(REFERENCE)),
        ("_info", Opaque),
    ],
    children: &[],
};

/// What stands behind a path such as `company/id`; the case of names counts.
pub(super) fn find(names: Names, path: &str) -> Option<Kind> {
    let (first, rest) = path
        .split_once('/')
        .map_or((path, None), |(first, rest)| (first, Some(rest)));
    let (_, kind) = names.iter().find(|(name, _)| *name == first)?;
    match (rest, kind) {
        (None, kind) => Some(*kind),
        (Some(rest), Reference(below)) => find(below, rest),
        (Some(_), _) => None,
    }
}

/// What stands behind a path in `conditions` and `orderBy`, where `lastUpdated` is known for every
/// resource.
pub(super) fn filterable(names: Names, path: &str) -> Option<Kind> {
    if path == "lastUpdated" {
        return Some(Kind::Time);
    }
    find(names, path).filter(|kind| !matches!(kind, Opaque | Reference(_)))
}
