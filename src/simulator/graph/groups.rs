//! `/groups` and their members, nested ones too.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::data::{GroupData, MemberData, UserData};
use super::filter::Filter;
use super::odata::{Call, Options, object, page};
use super::refusal::Refusal;
use super::users;
use crate::simulator::kit::Reply;

const PERMISSIONS: &[&str] = &[
    "GroupMember.Read.All",
    "GroupMember.ReadWrite.All",
    "Group.Read.All",
    "Group.ReadWrite.All",
];

/// Single values of the type `microsoft.graph.group` (v1.0 metadata) that a list can have; they come without `$select`.
const SINGLE: &[&str] = &[
    "id",
    "deletedDateTime",
    "classification",
    "createdDateTime",
    "description",
    "displayName",
    "expirationDateTime",
    "isAssignableToRole",
    "isManagementRestricted",
    "mail",
    "mailEnabled",
    "mailNickname",
    "membershipRule",
    "membershipRuleProcessingState",
    "onPremisesDomainName",
    "onPremisesLastSyncDateTime",
    "onPremisesNetBiosName",
    "onPremisesSamAccountName",
    "onPremisesSecurityIdentifier",
    "onPremisesSyncEnabled",
    "preferredDataLocation",
    "preferredLanguage",
    "renewedDateTime",
    "securityEnabled",
    "securityIdentifier",
    "theme",
    "uniqueName",
    "visibility",
];

/// Collections that come without `$select`.
const LISTS: &[&str] = &[
    "groupTypes",
    "onPremisesProvisioningErrors",
    "proxyAddresses",
    "resourceBehaviorOptions",
    "resourceProvisioningOptions",
    "serviceProvisioningErrors",
];

/// What comes only when selected.
const ON_SELECT: &[&str] = &[
    "assignedLabels",
    "assignedLicenses",
    "hasMembersWithLicenseErrors",
    "licenseProcessingState",
];

const FILTERABLE: &[&str] = &[
    "displayName",
    "id",
    "mail",
    "mailEnabled",
    "mailNickname",
    "securityEnabled",
];

/// `None`: no such path.
pub(super) fn answer(call: &Call, path: &[&str]) -> Result<Option<Reply>, Refusal> {
    match path {
        [] => list(call).map(Some),
        ["delta" | "delta()" | "$count"] => Ok(None),
        [key] => one(call, key).map(Some),
        [key, relation @ ("members" | "transitiveMembers")] => {
            members(call, key, relation, None).map(Some)
        }
        [key, relation @ ("members" | "transitiveMembers"), cast] => {
            let kind = cast
                .strip_prefix("microsoft.")
                .unwrap_or(cast)
                .strip_prefix("graph.");
            match kind {
                Some(kind) => members(call, key, relation, Some(kind)).map(Some),
                None => Ok(None),
            }
        }
        _ => Ok(None),
    }
}

fn list(call: &Call) -> Result<Reply, Refusal> {
    call.only_get()?;
    call.require(PERMISSIONS)?;
    let options = Options::read(
        call,
        &[
            "$select",
            "$top",
            "$count",
            "$filter",
            "$search",
            "$skiptoken",
        ],
    )?;
    options.check_select("microsoft.graph.group", &[SINGLE, LISTS, ON_SELECT])?;
    let filters = Filter::read(call, &options, "Group", FILTERABLE)?;
    let names = options.names(&default());
    let groups = call
        .tenant
        .groups
        .iter()
        .filter(|group| {
            filters
                .iter()
                .all(|filter| filter.holds(|name| Some(property(group, name))))
        })
        .map(|group| (group.id.as_str(), group))
        .collect();
    let context = call.context("groups", &options, false);
    page(call, &options, &context, groups, |group| {
        Value::Object(object(&names, |name| Some(property(group, name))))
    })
}

fn one(call: &Call, key: &str) -> Result<Reply, Refusal> {
    call.only_get()?;
    call.require(PERMISSIONS)?;
    let options = Options::read(call, &["$select"])?;
    options.check_select("microsoft.graph.group", &[SINGLE, LISTS, ON_SELECT])?;
    let group = find(call, key)?;
    let mut body = Map::new();
    let context = call.context("groups", &options, true);
    body.insert("@odata.context".into(), context.into());
    body.extend(object(&options.names(&default()), |name| {
        Some(property(group, name))
    }));
    Ok(Reply::json(200, &Value::Object(body)))
}

fn members(call: &Call, key: &str, relation: &str, cast: Option<&str>) -> Result<Reply, Refusal> {
    call.only_get()?;
    call.require(PERMISSIONS)?;
    let options = Options::read(call, &["$select", "$top", "$count", "$skiptoken"])?;
    let known: &[&[&str]] = match cast {
        Some("user") => &[users::SINGLE, users::LISTS],
        Some("group") => &[SINGLE, LISTS, ON_SELECT],
        None => &[users::SINGLE, users::LISTS, SINGLE, LISTS, ON_SELECT],
        Some("device" | "orgContact" | "servicePrincipal") => &[&["id", "displayName"]],
        Some(other) => {
            return Err(Refusal::bad_request(&format!(
                "Type 'microsoft.graph.{other}' does not inherit from 'microsoft.graph.directoryObject'."
            )));
        }
    };
    let type_name = cast.map_or_else(
        || "microsoft.graph.directoryObject".to_owned(),
        |kind| format!("microsoft.graph.{kind}"),
    );
    options.check_select(&type_name, known)?;
    // <https://learn.microsoft.com/graph/api/group-list-transitivemembers>: a cast needs both
    if cast.is_some() && !(call.eventual() && options.count) {
        return Err(Refusal::unsupported(
            "The specified filter to the reference property query is currently not supported.",
        ));
    }
    let mut found = gather(call, find(call, key)?, relation == "transitiveMembers");
    if let Some(kind) = cast {
        found.retain(|member| member.kind() == kind);
    }
    let list = found
        .into_iter()
        .map(|member| (member.id(), member))
        .collect();
    let context = call.context("directoryObjects", &options, false);
    page(call, &options, &context, list, |member| {
        member.render(call, &options)
    })
}

fn find<'a>(call: &Call<'a>, key: &str) -> Result<&'a GroupData, Refusal> {
    call.tenant
        .groups
        .iter()
        .find(|group| group.id.eq_ignore_ascii_case(key))
        .ok_or_else(|| Refusal::not_found(key))
}

#[derive(Clone, Copy)]
enum Member<'a> {
    User(&'a UserData),
    Group(&'a GroupData),
    Other(&'a str, &'a str),
}

impl<'a> Member<'a> {
    fn id(&self) -> &'a str {
        match self {
            Self::User(user) => &user.id,
            Self::Group(group) => &group.id,
            Self::Other(_, id) => id,
        }
    }

    fn kind(&self) -> &'a str {
        match self {
            Self::User(_) => "user",
            Self::Group(_) => "group",
            Self::Other(kind, _) => kind,
        }
    }

    fn render(&self, call: &Call, options: &Options) -> Value {
        let mut body = Map::new();
        let kind = format!("#microsoft.graph.{}", self.kind());
        body.insert("@odata.type".into(), kind.into());
        body.insert("id".into(), self.id().into());
        match self {
            Self::User(user) if call.may(users::PERMISSIONS) => {
                let names = options.names(users::DEFAULT);
                body.extend(users::render(user, &names, call.switches()));
            }
            // without the permission for users only the type and the id come; the rest is null
            Self::User(_) => {
                for name in options
                    .names(users::DEFAULT)
                    .into_iter()
                    .filter(|name| *name != "id")
                {
                    body.insert(name.into(), Value::Null);
                }
            }
            Self::Group(group) => {
                let names = options.names(&default());
                body.extend(object(&names, |name| {
                    known(name).then(|| property(group, name))
                }));
            }
            Self::Other(..) => {}
        }
        Value::Object(body)
    }
}

/// Each member once. The group itself is no member of itself, also where its nesting comes back to it.
fn gather<'a>(call: &Call<'a>, group: &'a GroupData, nested: bool) -> Vec<Member<'a>> {
    let users: HashMap<&str, &UserData> = call
        .tenant
        .users
        .iter()
        .map(|user| (user.id.as_str(), user))
        .collect();
    let groups: HashMap<&str, &GroupData> = call
        .tenant
        .groups
        .iter()
        .map(|group| (group.id.as_str(), group))
        .collect();
    let mut seen = HashSet::from([group.id.as_str()]);
    let mut open = vec![group];
    let mut found = Vec::new();
    while let Some(group) = open.pop() {
        for member in &group.members {
            let member = match member {
                MemberData::User(id) => users.get(id.as_str()).copied().map(Member::User),
                MemberData::Group(id) => groups.get(id.as_str()).copied().map(Member::Group),
                MemberData::Other { kind, id } => Some(Member::Other(kind, id)),
            };
            let Some(member) = member.filter(|member| seen.insert(member.id())) else {
                continue;
            };
            found.push(member);
            if let (Member::Group(inner), true) = (member, nested) {
                open.push(inner);
            }
        }
    }
    found
}

fn default() -> Vec<&'static str> {
    [SINGLE, LISTS].concat()
}

fn known(name: &str) -> bool {
    [SINGLE, LISTS, ON_SELECT]
        .iter()
        .any(|list| list.contains(&name))
}

fn property(group: &GroupData, name: &str) -> Value {
    match name {
        "id" => json!(group.id),
        "displayName" => json!(group.display_name),
        "description" => json!(group.description),
        "groupTypes" => json!(group.group_types),
        "securityEnabled" => json!(group.security_enabled),
        "mailEnabled" => json!(group.mail_enabled),
        "mail" => json!(group.mail),
        "membershipRule" => json!(group.membership_rule),
        _ => group.more.get(name).cloned().unwrap_or_else(|| {
            if LISTS.contains(&name) || matches!(name, "assignedLicenses" | "assignedLabels") {
                json!([])
            } else {
                Value::Null
            }
        }),
    }
}
