//! The demo's cast: eight companies of one MSP on two PSAs, with the filters that a technician set for them and what a day
//! brings each. Filters are neutral: whoever writes a fleet file words them.

use super::day::Happening;
use super::{Customer, Options, worked_example};

/// The PSA of a cast member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// ConnectWise.
    ConnectWise,
    /// Autotask.
    Autotask,
}

/// One condition of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CastCondition {
    /// All licensed users.
    Licensed,
    /// Members of the group of this name; its object id is [`Customer::group_id`].
    Group(&'static str),
    /// A directory field, by its name in Graph, equals a value.
    Field(&'static str, &'static str),
    /// The user principal name's domain.
    UpnDomain(String),
    /// A licence by its part number.
    Licence(&'static str),
    /// The condition does not hold.
    Not(Box<CastCondition>),
}

/// One filter; all its conditions must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CastFilter {
    /// Its name.
    pub name: &'static str,
    /// Its conditions.
    pub when: Vec<CastCondition>,
    /// The site's name; `None`: the filter excludes.
    pub site: Option<&'static str>,
    /// The contact type's name, for ConnectWise.
    pub contact_type: Option<&'static str>,
}

/// One company of the demo.
#[derive(Clone)]
pub struct CastMember {
    /// Where its contacts are.
    pub kind: Kind,
    /// The company.
    pub customer: Customer,
    /// Its filters, highest priority first.
    pub filters: Vec<CastFilter>,
    /// Its default site.
    pub default_site: &'static str,
    /// Whether the user's address is `mail`.
    pub use_email: bool,
    /// The user principal name of somebody whose way is worth explaining; a story spares them
    /// ([`Day::spare`](super::Day::spare)).
    pub explain: String,
    /// What happens to it on the day that passes.
    pub day: Vec<Happening>,
}

fn filter(
    name: &'static str,
    when: Vec<CastCondition>,
    site: &'static str,
    contact_type: Option<&'static str>,
) -> CastFilter {
    CastFilter {
        name,
        when,
        site: Some(site),
        contact_type,
    }
}

/// The five filters of the worked example.
fn five() -> Vec<CastFilter> {
    use CastCondition::{Field, Group, Licence, Licensed};
    vec![
        filter("Management", vec![Group("Management")], "New Site", None),
        filter("IT", vec![Field("department", "IT")], "New Site", None),
        filter(
            "Exchange Online",
            vec![Licence("EXCHANGESTANDARD")],
            "Site 2",
            None,
        ),
        filter("Business Premium", vec![Licence("SPB")], "Main", None),
        filter("All licensed users", vec![Licensed], "Site 3", None),
    ]
}

/// Filters that agree with where most contacts stand already ([`home_site`](super::home_site)).
fn by_department(domain: &str) -> Vec<CastFilter> {
    use CastCondition::{Field, Group, Licensed, UpnDomain};
    let department = |name| vec![Field("department", name)];
    vec![
        CastFilter {
            name: "No contractors",
            when: vec![UpnDomain(format!("contractors.{domain}"))],
            site: None,
            contact_type: None,
        },
        filter(
            "Management",
            vec![Group("Management")],
            "New Site",
            Some("Management"),
        ),
        filter("IT", department("IT"), "New Site", Some("Technical")),
        filter("Warehouse", department("Warehouse"), "Site 2", None),
        filter("Support", department("Support"), "Site 3", None),
        filter("All licensed users", vec![Licensed], "Main", None),
    ]
}

/// Two filters that reach through nested groups and a negation.
fn by_groups() -> Vec<CastFilter> {
    use CastCondition::{Field, Group, Not};
    let remote = Not(Box::new(Field("extensionAttribute15", "Remote")));
    vec![
        filter(
            "Field staff at home",
            vec![Group("Field staff"), remote],
            "Site 3",
            None,
        ),
        filter(
            "All departments",
            vec![Group("All departments")],
            "Main",
            None,
        ),
    ]
}

/// The eight companies: five on ConnectWise, three on Autotask, from 5 to 1,200 people; the first is the worked example. The
/// same at every call.
pub fn cast() -> Vec<CastMember> {
    use Happening::{Joiners, Leavers, LosesAThird, MovesDepartment, Renames, TechnicianEdits};
    let moves = |from: &str, to: &str| MovesDepartment {
        from: from.into(),
        to: to.into(),
    };
    let member = |kind, customer: Customer, filters, day| {
        let explain = customer.worth_explaining().unwrap_or_default().to_owned();
        CastMember {
            kind,
            customer,
            filters,
            default_site: "Main",
            use_email: false,
            explain,
            day,
        }
    };
    let generate = |name, people| Customer::generate(20, name, people, &Options::default());
    let (connectwise, autotask) = (Kind::ConnectWise, Kind::Autotask);
    let small_day = vec![Joiners(1), Renames(1), Leavers(1), TechnicianEdits(1)];
    let mut cast = vec![
        member(connectwise, worked_example(), five(), small_day),
        member(
            autotask,
            generate("Fabrikam", 5),
            Vec::new(),
            vec![Joiners(1)],
        ),
        member(
            connectwise,
            generate("Adventure Works", 24),
            by_groups(),
            vec![Renames(1), TechnicianEdits(2)],
        ),
        member(
            autotask,
            generate("Northwind Traders", 40),
            Vec::new(),
            vec![Leavers(3), Joiners(2)],
        ),
        member(
            connectwise,
            generate("Tailspin Toys", 65),
            Vec::new(),
            vec![LosesAThird],
        ),
        member(
            connectwise,
            generate("Wide World Importers", 110),
            five(),
            vec![moves("Support", "IT")],
        ),
        member(
            autotask,
            generate("Litware", 180),
            Vec::new(),
            vec![Joiners(4), Leavers(2), TechnicianEdits(3)],
        ),
        member(
            connectwise,
            generate("Woodgrove Bank", 1200),
            Vec::new(),
            vec![Joiners(12), Leavers(9), Renames(4), TechnicianEdits(6)],
        ),
    ];
    for member in &mut cast {
        let people = member.customer.tenant.users.len();
        if member.filters.is_empty() && people > 20 {
            member.filters = by_department(&member.customer.domain);
        }
        if member.kind == Kind::Autotask {
            for filter in &mut member.filters {
                filter.contact_type = None;
            }
            // one company's people are known by the address on their card
            member.use_email = people > 100;
        }
    }
    cast
}
