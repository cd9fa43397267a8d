//! Companies that the file does not name, where it leads their PSA connection elsewhere. Pure.

use super::file::{CompanyEntry, ConditionEntry, FilterEntry};
use super::place::{Place, Spanned};
use super::state::StoredCompany;
use crate::model::{Filter, Target};

/// The company as a file that changes nothing of it would write it. Its tenant is left out: nothing is asked of it.
/// Everything stands at the place of the connection.
pub(super) fn entry(stored: &StoredCompany, psa: &str, place: Place) -> CompanyEntry {
    let company = &stored.company;
    let at = |text: &str| Spanned {
        place,
        value: text.to_owned(),
    };
    CompanyEntry {
        place,
        name: at(&company.name),
        psa: at(psa),
        psa_company_id: Spanned {
            place,
            value: company.psa_company_id.clone(),
        },
        sync_contacts: company.sync_contacts,
        update_existing: company.update_existing,
        use_email: company.use_email,
        default_site: company.default_site.as_ref().map(|site| at(&site.name)),
        schedule: company.schedule.clone(),
        timezone: company.timezone.clone(),
        guard: company.guard,
        ignored: company.ignored.clone(),
        tenant: None,
        filters: company
            .filters
            .iter()
            .map(|stored| filter(stored, place))
            .collect(),
    }
}

fn filter(filter: &Filter, place: Place) -> FilterEntry {
    let at = |text: &String| Spanned {
        place,
        value: text.clone(),
    };
    let (site, contact_type) = match &filter.target {
        Target::Exclude => (None, None),
        Target::Place { site, contact_type } => (
            site.as_ref().map(|site| at(&site.name)),
            contact_type.as_ref().map(|kind| at(&kind.name)),
        ),
    };
    FilterEntry {
        place,
        name: filter.name.as_ref().map(at),
        enabled: filter.enabled,
        when: filter
            .when
            .iter()
            .map(|condition| ConditionEntry {
                place,
                negated: condition.negated,
                test: condition.test.clone(),
            })
            .collect(),
        exclude: filter.target == Target::Exclude,
        site,
        contact_type,
    }
}
