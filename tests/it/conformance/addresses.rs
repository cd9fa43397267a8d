//! Scenarios: an address is not lost where one is written (`behaviour.md` section 7).

use super::play::{Play, Wanted};
use super::{Plain, Stage};

const OLD: &str = "old@contoso.example";
const NEW: &str = "new@contoso.example";

fn address(email: &'static str) -> Wanted {
    Wanted {
        email: Some(email),
        ..Wanted::default()
    }
}

pub async fn an_old_address_of_the_user_is_kept(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let id = stage.put(&Plain::named("Jo", "Do", "Old@Contoso.example"));
    play.reach(&id, &address(NEW), &[NEW.into(), OLD.into()])
        .await;
    let stored = play.stored(&id);
    assert_eq!(stored.email.as_deref(), Some(NEW));
    assert_eq!(stored.other_emails, ["Old@Contoso.example"]);
}

pub async fn an_old_address_of_somebody_else_is_replaced(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let id = stage.put(&Plain {
        other_emails: vec!["desk@contoso.example".into()],
        ..Plain::named("Jo", "Do", OLD)
    });
    play.reach(&id, &address(NEW), &[NEW.into()]).await;
    let stored = play.stored(&id);
    assert_eq!(stored.email.as_deref(), Some(NEW));
    assert_eq!(stored.other_emails, ["desk@contoso.example"]);
}

pub async fn an_old_address_is_not_kept_twice(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let id = stage.put(&Plain {
        other_emails: vec![OLD.to_uppercase()],
        ..Plain::named("Jo", "Do", OLD)
    });
    play.reach(&id, &address(NEW), &[NEW.into(), OLD.into()])
        .await;
    let stored = play.stored(&id);
    assert_eq!(stored.email.as_deref(), Some(NEW));
    assert_eq!(stored.other_emails, [OLD.to_uppercase()]);
}

pub async fn an_address_among_the_others_changes_places(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let id = stage.put(&Plain {
        other_emails: vec!["desk@contoso.example".into(), NEW.to_uppercase()],
        ..Plain::named("Jo", "Do", OLD)
    });
    play.reach(&id, &address(NEW), &[NEW.into()]).await;
    let stored = play.stored(&id);
    assert_eq!(
        stored.email.as_deref().map(str::to_lowercase),
        Some(NEW.into())
    );
    assert_eq!(stored.other_emails, ["desk@contoso.example", OLD]);
}

pub async fn an_address_among_the_others_becomes_the_missing_default(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let id = stage.put(&Plain {
        email: None,
        other_emails: vec![NEW.into()],
        ..Plain::named("Jo", "Do", "")
    });
    assert_eq!(play.contact(&id).await.email, None);
    play.reach(&id, &address(NEW), &[NEW.into()]).await;
    let stored = play.stored(&id);
    assert_eq!(stored.email.as_deref(), Some(NEW));
    assert!(stored.other_emails.iter().all(|other| other == NEW));
}

pub async fn a_contact_without_an_address_gets_one(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let id = stage.put(&Plain {
        email: None,
        ..Plain::named("Jo", "Do", "")
    });
    play.reach(&id, &address(NEW), &[NEW.into()]).await;
    assert_eq!(play.stored(&id).other_emails, Vec::<String>::new());
}
