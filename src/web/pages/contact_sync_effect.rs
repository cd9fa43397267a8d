//! What other settings of a company would do to its people, shown before they are saved while contact sync is on: from the last
//! reading, as the filters' effect is.

use actix_web::web;

use super::filters_effect::EffectView;
use super::filters_moves::lists;
use crate::model::Company;
use crate::sync::effect;
use crate::sync::plan::plan;
use crate::sync::snapshot::{Rules, Snapshot};
use crate::web::{At, Visit, WebError};

/// What saving would do; `None`: nobody is affected, nothing was read yet, or nothing is written anyway.
pub(super) async fn of(
    visit: &Visit,
    before: &Company,
    after: &Company,
) -> Result<Option<EffectView>, WebError> {
    let same = before.update_existing == after.update_existing
        && before.use_email == after.use_email
        && before.default_site == after.default_site
        && before.guard == after.guard;
    if same || !(before.sync_contacts && after.sync_contacts) {
        return Ok(None);
    }
    let Some(last) = visit.app().last(before).await? else {
        return Ok(None);
    };
    let (mut snapshot, after) = (last.snapshot.clone(), after.clone());
    let counting = web::block(move || {
        let before = plan(&snapshot);
        apply(&mut snapshot, &after);
        effect::effect(&before, &plan(&snapshot))
    });
    let effect = counting.await.map_err(anyhow::Error::from)?;
    Ok((!effect.is_nothing()).then(|| EffectView {
        sentence: format!("{}.", effect::sentence(&effect)),
        lists: lists(&effect),
        read_at: Some(At::there(last.read_at, visit.now(), &before.timezone)),
        ..EffectView::default()
    }))
}

fn apply(snapshot: &mut Snapshot, after: &Company) {
    snapshot.rules = Rules {
        update_existing: after.update_existing,
        use_email: after.use_email,
        default_site: after.default_site.clone(),
        guard: after.guard,
        ..snapshot.rules.clone()
    };
}
