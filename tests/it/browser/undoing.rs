//! A run is undone: by keyboard, after everything was seen.

use rollcall::model::Role;

use super::Scheme;
use super::seat::{Seat, one_job};
use crate::stage::{Plain, contact, user};
use crate::web::people::stage;
use crate::web::visitor::Site;

#[tokio::test]
async fn a_run_is_undone_by_keyboard_after_it_was_seen() {
    let stage = stage().await;
    let main = stage.psa.site("Main");
    stage.set(|company| company.default_site = Some(main)).await;
    stage.users([
        user("anna").title("Engineer").phones("+1 555 0100", ""),
        user("bert"),
        user("dora"),
    ]);
    stage.sync().await;
    let before = stage.psa.look();
    stage.users([
        user("anna")
            .title("Head of operations and everything that goes with it")
            .phones("+1 555 0199", "+1 555 0177"),
        user("carl").title("Junior"),
        user("dora").title("Lead"),
        user("emil"),
    ]);
    stage.edit("bert", |user| user.account_enabled = Some(false));
    stage.psa.put(&Plain {
        site: Some("Main".into()),
        ..contact("emil")
    });
    let run = stage.sync().await.run;
    let dora = stage.stored("dora@contoso.example");
    stage.psa.edit(&dora.id, |contact| {
        contact.title = Some("Lead of leads".into());
    });
    stage.set(|company| company.update_existing = false).await;
    stage.sync().await;
    let site = Site::start(&stage.app);
    let seat = Seat::of(&site, Role::Technician).await;
    seat.go(&format!("/runs/{run}")).await;
    seat.picture("run-before-undo").await;
    let undo = format!("/runs/{run}/undo");
    seat.tab_to(&format!("a[href='{undo}']")).await;
    seat.browser.press("Enter").await;
    seat.is_at("/undo").await;
    seat.reads("was changed since, and stays Lead of leads.")
        .await;
    seat.reads("Put 3 contacts back").await;
    seat.picture("undo").await;
    let fits = "return document.documentElement.scrollWidth <= innerWidth";
    for (name, width, height) in [("undo-phone", 390, 844), ("undo-wide", 1280, 800)] {
        seat.browser.size(width, height).await;
        seat.browser.wait_until(fits, vec![]).await;
        seat.picture(name).await;
    }
    seat.browser.scheme(Scheme::Dark).await;
    seat.picture("undo-dark").await;
    seat.browser.scheme(Scheme::Light).await;
    seat.tab_to("form[action$='/undo'] button[type=submit]")
        .await;
    seat.browser.press("Enter").await;
    seat.reads("The undo of the run begins now").await;
    seat.is_quiet().await;
    one_job(&stage.app).await;
    let now = stage.psa.look();
    assert_eq!(now[..2], before[..2]);
    seat.go(&format!("/runs/{run}")).await;
    seat.reads("Undone for 3 people by Technician").await;
    seat.picture("run-after-undo").await;
    let of_undo = stage.runs().await.pop().unwrap().id;
    seat.go(&format!("/runs/{of_undo}")).await;
    seat.reads("Nothing is put back for dora@contoso.example: title was blank before the run")
        .await;
    seat.picture("undo-run").await;
    let person = format!(
        "/companies/{}/people/{}",
        stage.company_id,
        user("anna").0.id
    );
    seat.go(&person).await;
    seat.reads("Put back by the").await;
    seat.picture("person-after-undo").await;
}
