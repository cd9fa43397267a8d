//! What a technician decides on a person's page, and by the same forms on others: to leave the person alone, to look at them again,
//! to deactivate after all. The decisions are `decisions`'.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::person::{Back, known};
use crate::model::{Company, UserId};
use crate::web::deciding::{self, Said};
use crate::web::routes::{Entry, routes};
use crate::web::{Form, Visit, WebError};

/// The routes.
pub const ROUTES: &[Entry] = routes! {
    Post Act "/companies/{company:\\d+}/people/{user}/ignore" Technician ignore;
    Post Act "/companies/{company:\\d+}/people/{user}/stop-ignoring" Technician stop_ignoring;
    Post Act "/companies/{company:\\d+}/people/{user}/deactivate-after-all" Technician deactivate_after_all;
};

async fn ignore(
    visit: Visit,
    path: Path<(i64, String)>,
    back: Form<Back>,
) -> Result<HttpResponse, WebError> {
    decide(visit, path, back, deciding::ignore).await
}

async fn stop_ignoring(
    visit: Visit,
    path: Path<(i64, String)>,
    back: Form<Back>,
) -> Result<HttpResponse, WebError> {
    decide(visit, path, back, deciding::stop_ignoring).await
}

async fn deactivate_after_all(
    visit: Visit,
    path: Path<(i64, String)>,
    back: Form<Back>,
) -> Result<HttpResponse, WebError> {
    decide(visit, path, back, deciding::deactivate_after_all).await
}

/// Decides about somebody who is known, and leads back.
async fn decide(
    visit: Visit,
    path: Path<(i64, String)>,
    back: Form<Back>,
    decision: impl AsyncFnOnce(&Visit, Company, UserId) -> Result<Said, WebError>,
) -> Result<HttpResponse, WebError> {
    let (company, user) = known(&visit, path.into_inner()).await?;
    let id = company.id;
    let said = decision(&visit, company, user.clone()).await?;
    Ok(back.0.lead(&visit, (id, &user), said))
}
