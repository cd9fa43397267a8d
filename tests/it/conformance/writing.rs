//! Scenarios: contacts are made and changed.

use super::play::{Play, Wanted};
use super::{Plain, Stage};

pub async fn a_contact_is_made_with_every_field_and_read_back(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let wanted = play.full();
    let id = play.create(&wanted).await;
    let stored = Plain {
        id: id.to_string(),
        active: true,
        first_name: "Jane".into(),
        last_name: Some("Doe".into()),
        title: Some("Engineer".into()),
        phone: Some("+1 555 0100".into()),
        mobile: Some("+1 555 0101".into()),
        email: Some("Jane@contoso.example".into()),
        other_emails: Vec::new(),
        site: Some(stage.sites()[0].to_string()),
        types: stage
            .types()
            .first()
            .iter()
            .map(ToString::to_string)
            .collect(),
    };
    assert_eq!(stage.look(), [stored]);
    let contact = play.contact(&id).await;
    assert!(contact.active && !contact.main && !contact.billing);
    assert_eq!(wanted.differences(&contact), []);
    play.reach(&id, &wanted, &[]).await;
}

pub async fn a_contact_is_made_with_the_least(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let required = play.vocabulary.limits.last_name_required;
    let wanted = Wanted {
        first_name: Some("jane"),
        last_name: required.then_some("-"),
        email: Some("jane@contoso.example"),
        ..Wanted::default()
    };
    let id = play.create(&wanted).await;
    let contact = play.contact(&id).await;
    assert_eq!(contact.email.as_deref(), Some("jane@contoso.example"));
    assert_eq!((contact.phone, contact.mobile), (None, None));
    assert_eq!((contact.title, contact.types), (None, Vec::new()));
}

pub async fn each_field_is_changed_by_itself(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let id = stage.put(&Plain::named("Jo", "Do", "jo@contoso.example"));
    let full = play.full();
    let none = Wanted::default;
    let mut each = vec![
        Wanted {
            first_name: full.first_name,
            ..none()
        },
        Wanted {
            last_name: full.last_name,
            ..none()
        },
        Wanted {
            title: full.title,
            ..none()
        },
        Wanted {
            mobile: full.mobile,
            ..none()
        },
        Wanted {
            phone: full.phone,
            ..none()
        },
        Wanted {
            phone: Some("+1 555 0199"),
            ..none()
        },
        Wanted {
            email: full.email,
            ..none()
        },
    ];
    for site in stage.sites() {
        each.push(Wanted {
            site: Some(site),
            ..none()
        });
    }
    for of in stage.types() {
        each.push(Wanted {
            contact_type: Some(of),
            ..none()
        });
    }
    for wanted in &each {
        let before = stage.controls().writes();
        play.reach(&id, wanted, &[]).await;
        assert_eq!(stage.controls().writes(), before + 1, "{wanted:?}");
    }
    let stored = play.stored(&id);
    assert_eq!(stored.phone.as_deref(), Some("+1 555 0199"));
    assert_eq!(stored.mobile, full.mobile.map(Into::into));
    assert_eq!(stored.site, Some(stage.sites()[1].to_string()));
    let types: Vec<String> = stage.types().iter().map(ToString::to_string).collect();
    assert_eq!(stored.types, types);
}

pub async fn all_fields_are_changed_together(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let id = stage.put(&Plain {
        phone: Some("1".into()),
        title: Some("Old".into()),
        ..Plain::named("Jo", "Do", "jo@contoso.example")
    });
    let bystander = stage.put(&Plain::named("Al", "Li", "al@contoso.example"));
    let before = play.stored(&bystander);
    play.reach(&id, &play.full(), &[]).await;
    assert_eq!(play.stored(&bystander), before);
}

pub async fn a_change_of_nothing_is_no_request(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let id = stage.put(&Plain::named("Jo", "Do", "jo@contoso.example"));
    let contact = play.contact(&id).await;
    assert_eq!(play.steps(Some(&contact), &[], &[]), []);
}

pub async fn a_site_that_is_not_named_stays(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let site = Some(stage.sites()[1].to_string());
    let id = stage.put(&Plain {
        site: site.clone(),
        ..Plain::named("Jo", "Do", "jo@contoso.example")
    });
    let wanted = Wanted {
        site: None,
        contact_type: None,
        ..play.full()
    };
    play.reach(&id, &wanted, &[]).await;
    assert_eq!(play.stored(&id).site, site);
}

pub async fn a_contact_is_deactivated_and_reactivated(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let id = stage.put(&Plain::named("Jo", "Do", "old@contoso.example"));
    let before = play.stored(&id);
    let active = |active| Wanted {
        active: Some(active),
        ..Wanted::default()
    };
    play.reach(&id, &active(false), &[]).await;
    let inactive = Plain {
        active: false,
        ..before.clone()
    };
    assert_eq!(play.stored(&id), inactive);
    let back = Wanted {
        title: Some("Engineer"),
        ..active(true)
    };
    let writes = stage.controls().writes();
    play.reach(&id, &back, &[]).await;
    assert_eq!(stage.controls().writes(), writes + 1);
    let titled = Plain {
        title: Some("Engineer".into()),
        ..before
    };
    assert_eq!(play.stored(&id), titled);
}
