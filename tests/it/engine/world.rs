//! Snapshots that are short to write.

use std::collections::{HashMap, HashSet};

use rollcall::model::filter::Named;
use rollcall::model::{
    Condition, Contact, ContactId, ContactType, ContactTypeId, DirectoryField, Filter, GroupId,
    Guard, Limits, Link, LinkMade, Site, SiteId, Sku, SkuId, Target, Test, User, UserId,
};
use rollcall::sync::plan::{Plan, plan};
use rollcall::sync::snapshot::{Rules, Snapshot};

/// Sites of every world, id and name.
pub const SITES: [(&str, &str); 4] = [
    ("10", "Main site"),
    ("20", "Site 2"),
    ("30", "Site 3"),
    ("40", "New Site"),
];

/// Licences of every world: SKU id and part number. `FLOW_FREE` is on the ignore list.
pub const SKUS: [(&str, &str); 3] = [
    ("sku-spb", "SPB"),
    ("sku-exo", "EXCHANGESTANDARD"),
    ("sku-flow", "FLOW_FREE"),
];

/// A snapshot in the making.
#[derive(Clone, Debug)]
pub struct World(pub Snapshot);

/// An empty company on a PSA with contact types, without filters, with "update existing" on.
pub fn world() -> World {
    let types = [("1", "End User"), ("2", "Technical")].map(|(id, name)| ContactType {
        id: id.into(),
        name: name.to_owned(),
    });
    World(Snapshot {
        users: Vec::new(),
        deleted: HashSet::new(),
        groups: HashMap::new(),
        skus: SKUS.map(|(id, part)| sku(id, part)).to_vec(),
        contacts: Vec::new(),
        links: Vec::new(),
        ignored: HashSet::new(),
        dismissed: HashSet::new(),
        unsettled: HashMap::new(),
        hold: None,
        rules: Rules {
            update_existing: true,
            use_email: false,
            filters: Vec::new(),
            default_site: None,
            default_type: None,
            guard: Guard {
                floor: 100,
                percent: 100,
            },
            ignored_licences: vec!["FLOW_FREE".to_owned()],
            limits: Limits {
                first_name: 30,
                last_name: 30,
                title: 100,
                phone: 30,
                mobile: 30,
                email: 100,
                last_name_required: false,
            },
            sites: SITES
                .map(|(id, name)| Site {
                    id: id.into(),
                    name: name.to_owned(),
                    active: true,
                })
                .to_vec(),
            contact_types: Some(types.to_vec()),
            company_active: true,
        },
    })
}

pub fn sku(id: &str, part: &str) -> Sku {
    Sku {
        id: SkuId::new(id),
        part_number: part.to_owned(),
    }
}

/// An active user: `jane@contoso.example`, Jane Example, licensed.
pub fn user(name: &str) -> User {
    let mut first = name.to_owned();
    if let Some(initial) = first.get_mut(..1) {
        initial.make_ascii_uppercase();
    }
    User {
        id: UserId::new(name),
        upn: format!("{name}@contoso.example"),
        given_name: Some(first),
        surname: Some("Example".to_owned()),
        enabled: Some(true),
        licences: Some(vec![SkuId::new("sku-spb")]),
        ..User::default()
    }
}

/// An active contact without anything.
pub fn contact(id: &str) -> Contact {
    Contact {
        id: ContactId::new(id),
        active: true,
        ..Contact::default()
    }
}

/// The contact that carries exactly what [`user`] of this name has.
pub fn twin(id: &str, name: &str) -> Contact {
    let user = user(name);
    Contact {
        first_name: user.given_name,
        last_name: user.surname,
        email: Some(user.upn),
        ..contact(id)
    }
}

/// What a user may be, in words.
pub trait UserWords: Sized {
    fn mail(self, mail: &str) -> Self;
    fn alias(self, alias: &str) -> Self;
    fn holding(self, skus: &[&str]) -> Self;
    fn blocked(self) -> Self;
    fn field(self, field: DirectoryField, value: &str) -> Self;
}

impl UserWords for User {
    fn mail(mut self, mail: &str) -> Self {
        self.mail = Some(mail.to_owned());
        self
    }
    fn alias(mut self, alias: &str) -> Self {
        self.aliases.push(alias.to_owned());
        self
    }
    fn holding(mut self, skus: &[&str]) -> Self {
        self.licences = Some(skus.iter().copied().map(SkuId::new).collect());
        self
    }
    fn blocked(mut self) -> Self {
        self.enabled = Some(false);
        self
    }
    fn field(mut self, field: DirectoryField, value: &str) -> Self {
        self.fields.insert(field, value.to_owned());
        self
    }
}

/// What a contact may be, in words.
pub trait ContactWords: Sized {
    fn email(self, email: &str) -> Self;
    fn also(self, email: &str) -> Self;
    fn inactive(self) -> Self;
    fn at(self, site: &str) -> Self;
    fn typed(self, id: &str) -> Self;
}

impl ContactWords for Contact {
    fn email(mut self, email: &str) -> Self {
        self.email = Some(email.to_owned());
        self
    }
    fn also(mut self, email: &str) -> Self {
        self.other_emails.push(email.to_owned());
        self
    }
    fn inactive(mut self) -> Self {
        self.active = false;
        self
    }
    fn at(mut self, site: &str) -> Self {
        self.site = Some(SiteId::new(site));
        self
    }
    fn typed(mut self, id: &str) -> Self {
        self.types.push(ContactTypeId::new(id));
        self
    }
}

pub fn site(id: &str) -> Named<SiteId> {
    let name = SITES
        .iter()
        .find(|(known, _)| *known == id)
        .map_or("", |(_, name)| name);
    Named {
        id: SiteId::new(id),
        name: name.to_owned(),
    }
}

pub fn kind(id: &str) -> Named<ContactTypeId> {
    let name = if id == "1" { "End User" } else { "Technical" };
    Named {
        id: ContactTypeId::new(id),
        name: name.to_owned(),
    }
}

/// A filter that places people at a site.
pub fn place(at: &str, when: impl IntoIterator<Item = Condition>) -> Filter {
    let target = Target::Place {
        site: Some(site(at)),
        contact_type: None,
    };
    filter(target, when)
}

/// A filter that excludes people.
pub fn exclude(when: impl IntoIterator<Item = Condition>) -> Filter {
    filter(Target::Exclude, when)
}

pub fn filter(target: Target, when: impl IntoIterator<Item = Condition>) -> Filter {
    Filter {
        name: None,
        enabled: true,
        when: when.into_iter().collect(),
        target,
    }
}

pub fn off(filter: Filter) -> Filter {
    Filter {
        enabled: false,
        ..filter
    }
}

pub fn named(name: &str, filter: Filter) -> Filter {
    Filter {
        name: Some(name.to_owned()),
        ..filter
    }
}

pub fn is(test: Test) -> Condition {
    Condition {
        negated: false,
        test,
    }
}

pub fn not(test: Test) -> Condition {
    Condition {
        negated: true,
        test,
    }
}

pub fn group(id: &str) -> Test {
    Test::Group(GroupId::new(id))
}

pub fn equals(field: DirectoryField, value: &str) -> Test {
    Test::Field {
        field,
        equals: value.to_owned(),
    }
}

pub fn domain(value: &str) -> Test {
    Test::UpnDomain(value.to_owned())
}

pub fn licence(value: &str) -> Test {
    Test::Licence(value.to_owned())
}

impl World {
    pub fn user(mut self, user: User) -> Self {
        self.0.users.push(user);
        self
    }
    pub fn contact(mut self, contact: Contact) -> Self {
        self.0.contacts.push(contact);
        self
    }
    /// A user of this name, linked to a contact that carries the same.
    pub fn linked(self, name: &str, id: &str) -> Self {
        self.user(user(name)).contact(twin(id, name)).link(name, id)
    }
    pub fn link(mut self, name: &str, contact: &str) -> Self {
        let id = self
            .0
            .links
            .iter()
            .map(|link| link.id)
            .max()
            .unwrap_or_default()
            + 1;
        self.0.links.push(Link {
            id,
            user_id: UserId::new(name),
            upn: format!("{name}@contoso.example"),
            contact_id: ContactId::new(contact),
            made: LinkMade::Address,
            user_deleted: false,
        });
        self
    }
    /// The user is gone, and their link is still there.
    pub fn deleted(mut self, name: &str) -> Self {
        self.0.deleted.insert(UserId::new(name));
        self
    }
    pub fn ignore(mut self, name: &str) -> Self {
        self.0.ignored.insert(UserId::new(name));
        self
    }
    pub fn dismiss(mut self, name: &str) -> Self {
        self.0.dismissed.insert(UserId::new(name));
        self
    }
    pub fn unsettled(mut self, name: &str, contacts: &[&str]) -> Self {
        let contacts = contacts.iter().copied().map(ContactId::new).collect();
        self.0.unsettled.insert(UserId::new(name), contacts);
        self
    }
    pub fn hold(mut self, names: &[&str]) -> Self {
        self.0.hold = Some(names.iter().copied().map(UserId::new).collect());
        self
    }
    pub fn member(mut self, of: &str, name: &str) -> Self {
        let members = self.0.groups.entry(GroupId::new(of)).or_default();
        members.insert(UserId::new(name));
        self
    }
    pub fn filter(mut self, filter: Filter) -> Self {
        self.0.rules.filters.push(filter);
        self
    }
    /// "Update existing" off.
    pub fn hands_off(self) -> Self {
        self.rules(|rules| rules.update_existing = false)
    }
    pub fn use_email(self) -> Self {
        self.rules(|rules| rules.use_email = true)
    }
    /// A PSA that has no contact types and wants a last name.
    pub fn autotask(self) -> Self {
        self.rules(|rules| {
            rules.contact_types = None;
            rules.limits.last_name_required = true;
        })
    }
    pub fn guard(self, floor: u32, percent: u32) -> Self {
        self.rules(|rules| rules.guard = Guard { floor, percent })
    }
    pub fn rules(mut self, change: impl FnOnce(&mut Rules)) -> Self {
        change(&mut self.0.rules);
        self
    }
    pub fn plan(&self) -> Plan {
        plan(&self.0)
    }
}
