//! Messy companies by the dozen: each is a list of small stories, so that a failing one shrinks to the few that matter.

use std::collections::HashSet;

use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::sample::select;
use rollcall::model::{DirectoryField, Filter, Guard, Test, User, UserId};
use rollcall::sync::snapshot::{Rules, Snapshot};

use super::looks::{DEPARTMENTS, Looks, carrying, looks};
use super::world::{
    ContactWords, UserWords, World, contact, domain, equals, exclude, group, is, kind, licence,
    not, off, place, site, world,
};

/// A company in the making.
#[derive(Clone, Debug)]
pub struct Messy {
    settings: Settings,
    people: Vec<Someone>,
}

#[derive(Clone, Debug)]
struct Settings {
    update_existing: bool,
    use_email: bool,
    autotask: bool,
    filters: usize,
    defaults: bool,
    guard: Guard,
    hold: bool,
}

#[derive(Clone, Debug)]
struct Someone {
    story: Story,
    looks: Looks,
    /// A detail of the story.
    twist: bool,
    department: usize,
    manager: bool,
    ignored: bool,
    dismissed: bool,
    in_hold: bool,
    /// An address that several people and contacts may have.
    pool: Option<usize>,
}

macro_rules! stories {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        #[derive(Clone, Copy, Debug)]
        enum Story { $($(#[$doc])* $name,)* }
        const STORIES: &[Story] = &[$(Story::$name,)*];
    };
}

stories! {
    /// Nobody knows them yet.
    Stranger,
    Linked,
    /// Linked, and a technician changed the contact.
    Edited,
    LinkedInactive,
    ByAddress,
    ByOtherAddress,
    ByAlias,
    ByAliasAmongOthers,
    /// Two contacts with the address (twist: one is inactive).
    Duplicates,
    Blocked,
    /// Left with a free licence.
    Unlicensed,
    Deleted,
    /// Deleted and made anew.
    Remade,
    /// A leaver's address is this person's alias (twist: the leaver is linked).
    Successor,
    /// A deleted person's address is this person's alias.
    SuccessorOfDeleted,
    /// Two people have one `mail` (twist: and a contact has it).
    SharedMail,
    /// The contact has the wanted address among its others.
    Swapped,
    /// The address changed, and the old one is an alias now.
    Renamed,
    /// Two linked people have each other's address.
    Crossed,
    /// A contact that is contested on step 3 fits somebody on step 4.
    ContestedEarlier,
    Guest,
    SharedMailbox,
    Silent,
    ContactGone,
    /// A contact without a user.
    Orphan,
    /// A linked user of whom nobody knows.
    Missing,
    /// A create that left two contacts behind.
    Unsettled,
}

/// Messy companies of up to a dozen stories.
pub fn messy() -> impl Strategy<Value = Messy> {
    let odds = proptest::bool::weighted;
    let guard = (select(&[0_u32, 1, 3][..]), select(&[0_u32, 20, 50][..]));
    let switches = (odds(0.8), any::<bool>(), any::<bool>(), any::<bool>());
    let settings = (switches, 0..7_usize, guard, odds(0.2)).prop_map(
        |((update_existing, use_email, autotask, defaults), filters, (floor, percent), hold)| {
            Settings {
                update_existing,
                use_email,
                autotask,
                filters,
                defaults,
                guard: Guard { floor, percent },
                hold,
            }
        },
    );
    let pool = proptest::option::weighted(0.2, 0..3_usize);
    let what = (select(STORIES), looks(), any::<bool>(), pool);
    let traits = (
        0..DEPARTMENTS.len(),
        any::<bool>(),
        odds(0.07),
        odds(0.1),
        odds(0.3),
    );
    let someone = (what, traits).prop_map(|((story, looks, twist, pool), traits)| {
        let (department, manager, ignored, dismissed, in_hold) = traits;
        Someone {
            story,
            looks,
            twist,
            department,
            manager,
            ignored,
            dismissed,
            in_hold,
            pool,
        }
    });
    (settings, vec(someone, 1..13)).prop_map(|(settings, people)| Messy { settings, people })
}

impl Messy {
    /// The company as it was read.
    pub fn snapshot(&self) -> Snapshot {
        let settings = &self.settings;
        let mut company = world().rules(|rules| {
            rules.update_existing = settings.update_existing;
            rules.use_email = settings.use_email;
            rules.guard = settings.guard;
            rules.filters = filters(settings.filters);
            if settings.defaults {
                rules.default_site = Some(site("10"));
                rules.default_type = Some(kind("1"));
            }
        });
        if settings.autotask {
            company = company.autotask();
        }
        if settings.hold {
            company = company.hold(&[]);
        }
        company.0.groups.entry("managers".into()).or_default();
        for (number, someone) in self.people.iter().enumerate() {
            company = someone.join(company, number);
        }
        if company.0.hold.as_ref().is_some_and(HashSet::is_empty) {
            company.0.hold = None;
        }
        company.0
    }
}

fn filters(number: usize) -> Vec<Filter> {
    let managers = || place("40", [is(group("managers"))]);
    let everybody = || place("30", [is(Test::Licensed)]);
    let it = || equals(DirectoryField::Department, "IT");
    match number {
        0 | 1 => Vec::new(),
        2 => vec![everybody()],
        3 => vec![managers(), place("20", [is(it())]), everybody()],
        4 => vec![exclude([is(it()), not(group("managers"))]), everybody()],
        5 => vec![place(
            "20",
            [is(licence("SPB")), not(domain("partner.example"))],
        )],
        _ => vec![off(everybody()), managers(), place("10", [not(it())])],
    }
}

impl Someone {
    fn join(&self, company: World, number: usize) -> World {
        let (name, first, second) = (
            format!("p{number}"),
            format!("a{number}"),
            format!("b{number}"),
        );
        let (old, left) = (
            format!("old{number}@contoso.example"),
            format!("left{number}"),
        );
        let gone = format!("gone{number}");
        let rules: Rules = company.0.rules.clone();
        let mut me = self
            .looks
            .user(&name)
            .field(DirectoryField::Department, DEPARTMENTS[self.department]);
        if let Some(pool) = self.pool {
            me = me.alias(&format!("pool{pool}@contoso.example"));
        }
        let address = me.address_as_written(rules.use_email).to_owned();
        let mut mine = carrying(&first, &me, &rules);
        if self.twist && self.pool.is_some() {
            mine = mine.also(&format!("pool{}@contoso.example", number % 3));
        }
        let joined = match self.story {
            Story::Stranger => company.user(me),
            Story::Linked => company.user(me).contact(mine).link(&name, &first),
            Story::Edited => {
                mine.title = Some("Edited".to_owned());
                mine.phone = Some("1".to_owned());
                company
                    .user(me)
                    .contact(mine.email(&old).at("20").typed("2"))
                    .link(&name, &first)
            }
            Story::LinkedInactive => company
                .user(me)
                .contact(mine.inactive())
                .link(&name, &first),
            Story::ByAddress => company
                .user(me)
                .contact(contact(&first).email(&address.to_uppercase())),
            Story::ByOtherAddress => company
                .user(me)
                .contact(contact(&first).also(&format!(" {address}"))),
            Story::ByAlias => company
                .user(me.alias(&old))
                .contact(contact(&first).email(&old)),
            Story::ByAliasAmongOthers => company
                .user(me.alias(&old))
                .contact(contact(&first).email("x@x.example").also(&old)),
            Story::Duplicates => {
                let other = carrying(&second, &me, &rules);
                let other = if self.twist { other.inactive() } else { other };
                company.user(me).contact(mine).contact(other)
            }
            Story::Blocked => company.user(me.blocked()).contact(mine).link(&name, &first),
            Story::Unlicensed => company
                .user(me.holding(&["sku-flow"]))
                .contact(mine)
                .link(&name, &first),
            Story::Deleted => company.contact(mine).link(&name, &first).deleted(&name),
            Story::Remade => {
                let mine = if self.twist { mine.inactive() } else { mine };
                company
                    .user(me)
                    .contact(mine)
                    .link(&gone, &first)
                    .deleted(&gone)
            }
            Story::Successor => {
                let leaver = super::world::user(&left).blocked();
                let contact = contact(&first).email(&leaver.upn).also(&old);
                let company = company
                    .user(me.alias(&leaver.upn).alias(&old))
                    .user(leaver)
                    .contact(contact);
                if self.twist {
                    company.link(&left, &first)
                } else {
                    company
                }
            }
            Story::SuccessorOfDeleted => company
                .user(me.alias(&old))
                .contact(contact(&first).email(&old))
                .link(&gone, &first)
                .deleted(&gone),
            Story::SharedMail => {
                let other = super::world::user(&left).mail(&old);
                let company = company.user(me.mail(&old)).user(other);
                if self.twist {
                    company.contact(contact(&first).email(&old))
                } else {
                    company
                }
            }
            Story::Swapped => {
                let company = company.user(me).contact(mine.email(&old).also(&address));
                if self.twist {
                    company.link(&name, &first)
                } else {
                    company
                }
            }
            Story::Renamed => company
                .user(me.alias(&old))
                .contact(mine.email(&old))
                .link(&name, &first),
            Story::Crossed => {
                let other = super::world::user(&left);
                let theirs = carrying(&second, &other, &rules).email(&address);
                let mine = mine.email(&other.upn);
                company
                    .user(me)
                    .user(other)
                    .contact(mine)
                    .contact(theirs)
                    .link(&name, &first)
                    .link(&left, &second)
            }
            Story::ContestedEarlier => company
                .user(me)
                .user(super::world::user(&left).alias(&old))
                .contact(contact(&first).email(&old).also(&address))
                .contact(contact(&second).also(&address)),
            Story::Guest => {
                let upn = format!("{name}_partner.example#EXT#@contoso.example");
                let guest = User { upn, ..me }.field(DirectoryField::UserType, "Guest");
                company
                    .user(guest.mail(&format!("{name}@partner.example")))
                    .contact(contact(&first).email(&format!("{name}@partner.example")))
            }
            Story::SharedMailbox => company.user(me.blocked().holding(&[])).contact(mine),
            Story::Silent => {
                let silent = if self.twist {
                    User {
                        enabled: None,
                        ..me
                    }
                } else {
                    User {
                        licences: None,
                        ..me
                    }
                };
                company.user(silent).contact(mine).link(&name, &first)
            }
            Story::ContactGone => {
                let company = company.link(&name, &first);
                if self.twist {
                    company.user(me)
                } else {
                    company.user(me.blocked())
                }
            }
            Story::Orphan => company.contact(contact(&first).email(&old).also("x@x.example")),
            Story::Missing => company.contact(mine).link(&name, &first),
            Story::Unsettled => {
                let again = carrying(&second, &me, &rules);
                company
                    .user(me)
                    .contact(mine)
                    .contact(again)
                    .unsettled(&name, &[&first, &second])
            }
        };
        self.mark(joined, &name)
    }

    fn mark(&self, mut company: World, name: &str) -> World {
        let id = UserId::new(name);
        if self.manager {
            company = company.member("managers", name);
        }
        if self.ignored {
            company = company.ignore(name);
        }
        if self.dismissed {
            company = company.dismiss(name);
        }
        if self.in_hold
            && let Some(hold) = &mut company.0.hold
        {
            hold.insert(id);
        }
        company
    }
}
