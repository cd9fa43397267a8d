//! Which fields the entities have, and what `entityInformation` says of them. It knows no records.
//!
//! Names are those of the vendor's Swagger, in camelCase as on the wire; lengths are those of the
//! help pages and of live metadata, and 0 where none is known.

use serde_json::{Map, Value, json};

use super::state::Switches;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    Flag,
    Moment,
    Number,
}

/// One field of an entity.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    length: usize,
    pub(super) required: bool,
    pub(super) read_only: bool,
    pub(super) queryable: bool,
    refers: Option<&'static str>,
    pub(super) picks: Option<&'static [(i64, &'static str)]>,
}

impl Field {
    const fn new(name: &'static str, kind: Kind, length: usize) -> Self {
        Self {
            name,
            kind,
            length,
            required: false,
            read_only: false,
            queryable: true,
            refers: None,
            picks: None,
        }
    }

    const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    const fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    const fn not_queryable(mut self) -> Self {
        self.queryable = false;
        self
    }

    const fn refers(mut self, entity: &'static str) -> Self {
        self.refers = Some(entity);
        self
    }

    const fn picks(mut self, values: &'static [(i64, &'static str)]) -> Self {
        self.picks = Some(values);
        self
    }

    /// The most UTF-16 units that the field holds; 0: not limited. The sources disagree on the
    /// names of a contact (20 or 50), so that is a switch.
    pub(super) fn length(&self, switches: &Switches) -> usize {
        match self.name {
            "firstName" | "lastName" => switches.name_length,
            _ => self.length,
        }
    }

    fn described(&self, switches: &Switches) -> Value {
        let kind = match self.kind {
            Kind::Text => "string",
            Kind::Integer if self.name == "id" => "long",
            Kind::Integer => "integer",
            Kind::Flag => "boolean",
            Kind::Moment => "datetime",
            Kind::Number => "double",
        };
        let picks = self.picks.map(|picks| {
            let values = picks.iter().zip(1..);
            let value = |((value, label), order): (&(i64, &str), i32)| {
                json!({
                    "value": value.to_string(), "label": label, "isDefaultValue": false,
                    "sortOrder": order, "parentValue": "", "isActive": true, "isSystem": false,
                })
            };
            values.map(value).collect::<Vec<_>>()
        });
        json!({
            "name": self.name, "dataType": kind, "length": self.length(switches),
            "isRequired": self.required, "isReadOnly": self.read_only,
            "isQueryable": self.queryable, "isReference": self.refers.is_some(),
            "referenceEntityType": self.refers.unwrap_or(""), "isPickList": self.picks.is_some(),
            "picklistValues": picks, "picklistParentValueField": "",
            "isSupportedWebhookField": false,
        })
    }
}

const fn text(name: &'static str, length: usize) -> Field {
    Field::new(name, Kind::Text, length)
}

const fn int(name: &'static str) -> Field {
    Field::new(name, Kind::Integer, 0)
}

const fn flag(name: &'static str) -> Field {
    Field::new(name, Kind::Flag, 0)
}

const fn moment(name: &'static str) -> Field {
    Field::new(name, Kind::Moment, 0)
}

const fn number(name: &'static str) -> Field {
    Field::new(name, Kind::Number, 0)
}

static CONTACT: &[Field] = &[
    int("id").read_only(),
    text("additionalAddressInformation", 100),
    text("addressLine", 128),
    text("addressLine1", 128),
    text("alternatePhone", 32),
    int("apiVendorID").picks(&[]),
    flag("billingContact"),
    moment("bulkEmailOptOutTime"),
    text("city", 32),
    int("companyID").required().refers("Company"),
    int("companyLocationID").refers("CompanyLocation"),
    int("countryID").refers("Country"),
    moment("createDate").read_only(),
    text("emailAddress", 254),
    text("emailAddress2", 254),
    text("emailAddress3", 254),
    text("extension", 10),
    text("externalID", 50),
    text("facebookUrl", 200),
    text("faxNumber", 25),
    text("firstName", 20).required(),
    int("impersonatorCreatorResourceID")
        .read_only()
        .refers("Resource"),
    int("isActive").required(),
    flag("isOptedOutFromBulkEmail").not_queryable(),
    moment("lastActivityDate").read_only(),
    moment("lastModifiedDate").read_only(),
    text("lastName", 20).required(),
    text("linkedInUrl", 200),
    text("middleInitial", 50),
    text("mobilePhone", 25),
    int("namePrefix").picks(&[(1, "Mr."), (2, "Mrs."), (3, "Ms.")]),
    int("nameSuffix").picks(&[(1, "Jr."), (2, "Sr.")]),
    text("note", 50),
    text("phone", 25),
    flag("primaryContact"),
    flag("receivesEmailNotifications"),
    text("roomNumber", 50),
    flag("solicitationOptOut").not_queryable(),
    moment("solicitationOptOutTime"),
    text("state", 40),
    flag("surveyOptOut").not_queryable(),
    text("title", 50),
    text("twitterUrl", 200),
    text("zipCode", 16),
];

static COMPANY: &[Field] = &[
    int("id").read_only(),
    text("additionalAddressInformation", 100),
    text("address1", 128),
    text("address2", 128),
    text("alternatePhone1", 25),
    text("alternatePhone2", 25),
    int("apiVendorID").picks(&[]),
    number("assetValue"),
    text("city", 30),
    int("classification").picks(&[]),
    text("companyName", 100).required(),
    text("companyNumber", 50),
    int("companyType").required().picks(&[
        (1, "Customer"),
        (2, "Lead"),
        (3, "Prospect"),
        (6, "Vendor"),
    ]),
    int("countryID").refers("Country"),
    moment("createDate").read_only(),
    int("createdByResourceID").read_only().refers("Resource"),
    int("currencyID").refers("Currency"),
    text("fax", 25),
    flag("isActive"),
    flag("isClientPortalActive"),
    flag("isEnabledForComanaged"),
    flag("isTaskFireActive"),
    flag("isTaxExempt"),
    moment("lastActivityDate").read_only(),
    moment("lastTrackedModifiedDateTime").read_only(),
    int("marketSegmentID").picks(&[]),
    int("ownerResourceID").required().refers("Resource"),
    int("parentCompanyID").refers("Company"),
    text("phone", 25).required(),
    text("postalCode", 20),
    text("state", 40),
    text("taxID", 50),
    int("taxRegionID").refers("TaxRegion"),
    int("territoryID").picks(&[]),
    text("webAddress", 255),
];

static LOCATION: &[Field] = &[
    int("id").read_only(),
    text("address1", 128),
    text("address2", 128),
    text("alternatePhone1", 25),
    text("alternatePhone2", 25),
    text("city", 50),
    int("companyID").required().refers("Company"),
    int("countryID").refers("Country"),
    text("description", 500),
    text("fax", 25),
    flag("isActive").required(),
    flag("isPrimary"),
    flag("isTaxExempt"),
    text("name", 100).required(),
    flag("overrideAccountTaxSettings"),
    text("phone", 25),
    text("postalCode", 20),
    number("roundtripDistance"),
    text("state", 25),
    int("taxRegionID").refers("TaxRegion"),
];

/// What the API serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Entity {
    Company,
    Location,
    Contact,
}

impl Entity {
    /// The entity of this part of a route, in lower case.
    pub(super) fn of_route(lower: &str) -> Option<Self> {
        match lower {
            "companies" => Some(Self::Company),
            "companylocations" => Some(Self::Location),
            "contacts" => Some(Self::Contact),
            _ => None,
        }
    }

    /// Its name in messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Company => "Company",
            Self::Location => "CompanyLocation",
            Self::Contact => "Contact",
        }
    }

    /// Its name in routes.
    pub(super) fn route(self) -> &'static str {
        match self {
            Self::Company => "Companies",
            Self::Location => "CompanyLocations",
            Self::Contact => "Contacts",
        }
    }

    /// Its fields.
    pub(super) fn fields(self) -> &'static [Field] {
        match self {
            Self::Company => COMPANY,
            Self::Location => LOCATION,
            Self::Contact => CONTACT,
        }
    }

    /// The field of this name, case ignored.
    pub(super) fn field(self, name: &str) -> Option<&'static Field> {
        self.fields()
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// The record as the vendor prints it: every field, those without a value as null (or, for
    /// text and by a switch, as empty text).
    pub(super) fn item(self, values: &Map<String, Value>, switches: &Switches) -> Value {
        let printed = self.fields().iter().map(|field| {
            let value = values.get(field.name).cloned();
            let none = match field.kind {
                Kind::Flag => Value::Bool(false),
                Kind::Text if switches.blank_text_is_empty => Value::String(String::new()),
                _ => Value::Null,
            };
            (field.name.to_owned(), value.unwrap_or(none))
        });
        let mut item: Map<_, _> = printed.collect();
        item.insert("userDefinedFields".into(), json!([]));
        Value::Object(item)
    }

    /// The answer of `entityInformation`.
    pub(super) fn information(self) -> Value {
        let contact = self == Self::Contact;
        let access = |may: bool| if may { "All" } else { "None" };
        json!({ "info": {
            "name": self.name(), "canCreate": contact, "canDelete": false, "canQuery": true,
            "canUpdate": contact, "userAccessForCreate": access(contact),
            "userAccessForDelete": access(false), "userAccessForQuery": access(true),
            "userAccessForUpdate": access(contact), "hasUserDefinedFields": true,
            "supportsWebhookCallouts": self != Self::Location,
        }})
    }

    /// The answer of `entityInformation/fields`.
    pub(super) fn description(self, switches: &Switches) -> Value {
        let fields = self.fields().iter().map(|field| field.described(switches));
        json!({ "fields": fields.collect::<Vec<_>>() })
    }
}
