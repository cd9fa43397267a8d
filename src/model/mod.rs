//! The words of Rollcall, as plain data: users, contacts, companies, filters, changes. Pure: no I/O, no clock, no
//! randomness, no wire types and no rows.

/// `Debug` that shows these fields alone: the others may name people.
macro_rules! debug_by {
    ($type:ident $(<$life:lifetime>)?, $($field:ident),+) => {
        impl std::fmt::Debug for $type $(<$life>)? {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let mut shown = f.debug_struct(stringify!($type));
                $(shown.field(stringify!($field), &self.$field);)+
                shown.finish_non_exhaustive()
            }
        }
    };
}
pub(crate) use debug_by;

pub mod change;
pub mod company;
pub mod contact;
pub mod filter;
pub mod ids;
pub mod link;
pub mod meant;
pub mod psa;
pub mod run;
pub mod staff;
pub mod text;
pub mod undo;
pub mod user;

pub use change::{
    Action, Change, Field, FieldChange, FieldValue, LICENCE_REMOVED, reason_for_people,
};
pub use company::{Cloud, Company, Guard, TenantConnection};
pub use contact::Contact;
pub use filter::{Condition, DirectoryField, Filter, Target, Test};
pub use ids::{ContactId, ContactTypeId, GroupId, PsaCompanyId, SiteId, SkuId, TenantId, UserId};
pub use link::{Link, LinkMade};
pub use psa::{ContactType, Limits, PhoneType, PsaCompany, PsaConnection, Site, Vocabulary};
pub use run::{Calls, Finding, Mode, Outcome, RunFailure, Side, Status};
pub use staff::{Role, Staff};
pub use undo::Undo;
pub use user::{Sku, User};
