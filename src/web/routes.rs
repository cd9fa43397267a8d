//! Every route of the portal, in one list: its address, the role that it needs, and who answers. The gate reads the role from
//! here, so that no page can forget to ask; tests walk the same list.

use actix_web::web::{self, ServiceConfig};
use actix_web::{Route, middleware};

use super::gate::{self, Gate};
use super::{assets, pages};
use crate::model::Role;

/// How an address is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// Reads; changes nothing.
    Get,
    /// Changes something.
    Post,
}

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Everybody, signed in or not.
    Nobody,
    /// Programs, which have no session: who may ask, the handler says.
    Program,
    /// Who is signed in with this role or a higher one.
    Role(Role),
}

/// What an address answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// A whole page.
    Page,
    /// A part of a page, for a script.
    Part,
    /// A part of a page that looks again by itself: that it does is no use of a session, and it ends where there is nothing
    /// to look at any more.
    Live,
    /// A file to keep.
    File,
    /// It does something and leads on.
    Act,
    /// A few words for a program.
    Words,
}

/// One route.
pub struct Entry {
    /// How it is asked for.
    pub verb: Verb,
    /// Its pattern; ids stand in braces.
    pub path: &'static str,
    /// Who may ask.
    pub needs: Needs,
    /// What it answers with.
    pub gives: Gives,
    /// Makes the route that answers.
    pub route: fn() -> Route,
}

/// Writes a list of routes: `Get Page "/runs" Reader runs::page;`.
macro_rules! routes {
    ($($verb:ident $gives:ident $path:literal $needs:ident $handler:path;)*) => {
        &[$($crate::web::routes::Entry {
            verb: $crate::web::routes::Verb::$verb,
            path: $path,
            needs: $crate::web::routes::routes!(@needs $needs),
            gives: $crate::web::routes::Gives::$gives,
            route: || $crate::web::routes::routes!(@verb $verb).to($handler),
        }),*]
    };
    (@needs Program) => { $crate::web::routes::Needs::Program };
    (@needs Nobody) => { $crate::web::routes::Needs::Nobody };
    (@needs $role:ident) => { $crate::web::routes::Needs::Role($crate::model::Role::$role) };
    (@verb Get) => {
        ::actix_web::web::route()
            .guard(::actix_web::guard::Any(::actix_web::guard::Get()).or(::actix_web::guard::Head()))
    };
    (@verb Post) => { ::actix_web::web::post() };
}
pub(crate) use routes;

/// Every route. An address without ids stands before one with an id in its place.
pub fn all() -> Vec<&'static Entry> {
    let mut all: Vec<&'static Entry> = pages::ALL.iter().flat_map(|routes| routes.iter()).collect();
    all.sort_by_key(|entry| (entry.path.contains('{'), entry.path, entry.verb));
    all
}

/// Puts every route behind its gate; programs have none.
pub(super) fn register(config: &mut ServiceConfig) {
    let all = all();
    let mut rest = all.as_slice();
    while let Some(first) = rest.first() {
        let same = rest
            .iter()
            .take_while(|entry| entry.path == first.path)
            .count();
        let mut resource = web::resource(first.path);
        for entry in &rest[..same] {
            if entry.needs == Needs::Program {
                resource = resource.route((entry.route)());
                continue;
            }
            let gate = Gate {
                needs: entry.needs,
                gives: entry.gives,
            };
            let keep = middleware::from_fn(move |request, next| gate::keep(gate, request, next));
            resource = resource.route((entry.route)().wrap(keep));
        }
        config.service(resource.default_service(web::to(pages::errors::no_such_method)));
        rest = &rest[same..];
    }
    assets::routes(config);
}

impl Needs {
    /// Whether somebody of this role may ask; nobody signed in has none.
    pub fn allow(self, role: Option<Role>) -> bool {
        match self {
            Self::Nobody | Self::Program => true,
            Self::Role(needed) => role.is_some_and(|role| role >= needed),
        }
    }
}
