//! Saves a company: its place in the PSA, its options and its filters.

use diesel::QueryResult;

use super::{Saving, taken, turn_of};
use crate::app::App;
use crate::db::facts::company_scope;
use crate::db::{
    Conn, companies, events, facts, jobs, previews, psa_connections, tenant_connections,
};
use crate::model::Company;
use crate::psa::vendor;
use crate::rules;
use crate::runs;
use crate::sync::failure::RunError;

/// Saves a company as it was seen at `version`; one whose row id is 0 is added, whatever `version` says.
///
/// Where its contact sync is on, `then` is called in the same transaction with the company's row id, to have a run follow. A
/// company that is now another one in the PSA loses its links; a run of it that is going is waited for.
///
/// # Errors
/// Where the database fails, or the program ends while a run is waited for.
pub async fn save_company(
    app: &App,
    company: &Company,
    version: i64,
    staff: &str,
    then: impl FnOnce(&mut Conn, i64) -> QueryResult<()> + Send + 'static,
) -> Result<Saving, RunError> {
    let (id, psa_id) = (company.id, company.psa_id);
    let (connection, stored, now_at) = app
        .db()
        .read(move |conn| {
            let connection = psa_connections::get(conn, psa_id)?;
            let stored = companies::get(conn, id)?;
            Ok((connection, stored, companies::version(conn, id)?))
        })
        .await?;
    // An old form is said to be old first: its mistakes may be somebody else's.
    if id != 0 && now_at != Some(version) {
        return Ok(Saving::old(now_at));
    }
    let Some(vendor) = connection.and_then(|connection| vendor(&connection.kind)) else {
        return Ok(Saving::mistake("psa", "Choose a PSA connection"));
    };
    let company = match rules::company::tidy(company, vendor.contact_types) {
        Ok(company) => company,
        Err(mistakes) => return Ok(Saving::Mistakes(mistakes)),
    };
    let moved = stored.as_ref().is_some_and(|stored| {
        stored.psa_id != company.psa_id || stored.psa_company_id != company.psa_company_id
    });
    let turn = match &stored {
        Some(stored) if moved => turn_of(app, stored).await?,
        _ => None,
    };
    let (staff, now) = (staff.to_owned(), app.clock().now());
    let saved = app.db().write(move |conn| {
        let saved = write(conn, &company, (version, moved), now)?;
        if let Saving::Saved { id, .. } = saved {
            let (kind, detail) = match (company.id, moved) {
                (0, _) => ("company_added", "Company added"),
                (_, true) => (
                    "company_saved",
                    "Settings saved: another company in the PSA",
                ),
                (_, false) => ("company_saved", "Settings saved"),
            };
            events::note(conn, (&staff, kind), Some(id), detail, now)?;
            if company.sync_contacts {
                then(conn, id)?;
            }
        }
        Ok(saved)
    });
    let saved = saved.await;
    runs::give_back(turn).await;
    if moved {
        app.forget_clients();
    }
    taken(saved)
}

fn write(
    conn: &mut Conn,
    company: &Company,
    (version, moved): (i64, bool),
    now: chrono::DateTime<chrono::Utc>,
) -> QueryResult<Saving> {
    if psa_connections::version(conn, company.psa_id)?.is_none() {
        return Ok(Saving::mistake("psa", "Choose a PSA connection"));
    }
    let others = companies::labels(conn)?;
    let mut others = others.iter().filter(|(id, _)| *id != company.id);
    if others.any(|(_, name)| rules::same(name, &company.name)) {
        return Ok(Saving::NameTaken);
    }
    let at_place = companies::at_place(conn, company.psa_id, &company.psa_company_id)?;
    if let Some((_, by)) = at_place.filter(|(id, _)| *id != company.id) {
        return Ok(Saving::PlaceTaken { by });
    }
    if company.sync_contacts && tenant_connections::get(conn, company.id)?.is_none() {
        let message = "Connect the company's Microsoft 365 tenant before its contacts are synced";
        return Ok(Saving::mistake("sync_contacts", message));
    }
    if company.id == 0 {
        let id = companies::insert(conn, company, now)?;
        return Ok(Saving::Saved { id, version: 1 });
    }
    if !companies::update_from(conn, company, version, now)? {
        return Ok(Saving::old(companies::version(conn, company.id)?));
    }
    if moved {
        facts::forget(conn, &company_scope(company.id))?;
        jobs::cancel_waiting(conn, company.id, now)?;
        previews::forget(conn, company.id)?;
    }
    Ok(Saving::Saved {
        id: company.id,
        version: version + 1,
    })
}
