//! What runs remember of sites and contact types, to notice that one of them was made anew under the same name. Pure.

use super::state::{StoredCompany, StoredPsa};
use crate::model::filter::Named;
use crate::model::{ContactType, ContactTypeId, Site, SiteId, Target};

/// What is remembered; nothing is missed where nothing is remembered.
#[derive(Clone, Copy, Default)]
pub(super) struct Remembered<'s> {
    sites: Option<&'s [Site]>,
    types: Option<&'s [ContactType]>,
}

impl<'s> Remembered<'s> {
    pub(super) fn of_psa(psa: &'s StoredPsa) -> Self {
        Self {
            sites: None,
            types: psa.contact_types.as_deref(),
        }
    }

    pub(super) fn of_company(company: &'s StoredCompany, psa: Option<&'s StoredPsa>) -> Self {
        Self {
            sites: company.sites.as_deref(),
            types: psa.and_then(|psa| psa.contact_types.as_deref()),
        }
    }

    /// Whether a site is not there any more; an inactive one counts as gone.
    pub(super) fn lacks_site(self, site: Option<&Named<SiteId>>) -> bool {
        site.zip(self.sites).is_some_and(|(named, sites)| {
            !sites.iter().any(|site| site.active && site.id == named.id)
        })
    }

    pub(super) fn lacks_type(self, kind: Option<&Named<ContactTypeId>>) -> bool {
        kind.zip(self.types)
            .is_some_and(|(named, types)| !types.iter().any(|kind| kind.id == named.id))
    }

    /// Whether something that a filter names is not there any more.
    pub(super) fn lacks(self, target: &Target) -> bool {
        match target {
            Target::Exclude => false,
            Target::Place { site, contact_type } => {
                self.lacks_site(site.as_ref()) || self.lacks_type(contact_type.as_ref())
            }
        }
    }
}
