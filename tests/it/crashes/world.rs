//! A company that has been synced once, and a day later has something of everything to be written.

use rollcall::model::{Status, Target, Test};

use crate::stage::{Plain, Stage, contact, filter, user};

/// Syncs the company once, then lets a day pass.
pub async fn make(stage: &Stage) {
    let connectwise = stage.psa.is_connectwise();
    // Autotask needs one request for what takes ConnectWise several.
    let (new, renamed) = if connectwise { (8, 2) } else { (14, 12) };
    let end_user = stage.psa.contact_type("End User");
    stage
        .set_connection(|connection| connection.default_contact_type = end_user)
        .await;
    let (main, other) = (stage.psa.site("Main"), stage.psa.site("New Site"));
    stage
        .set(|company| {
            company.guard.floor = 10;
            company.default_site = Some(main);
            let field = rollcall::model::DirectoryField::Department;
            let it = Test::Field {
                field,
                equals: "IT".into(),
            };
            let place = |site| Target::Place {
                site,
                contact_type: None,
            };
            company.filters = vec![
                filter(vec![it], place(Some(other))),
                filter(vec![Test::Licensed], place(None)),
            ];
        })
        .await;
    let name = |kind: &str, number: usize| format!("{kind}{number}");
    let before = (0..5)
        .map(|number| name("leaver", number))
        .chain((0..4).map(|number| name("mover", number)))
        .chain((0..3).map(|number| name("returner", number)))
        .chain((0..renamed).map(|number| name("riser", number)))
        .chain((0..4).map(|number| name("same", number)));
    stage.users(before.map(|name| user(&name).phones("100", "")));
    let report = stage.sync().await;
    assert_eq!(report.status, Status::Succeeded, "{report:?}");

    for number in 0..5 {
        stage.edit(&name("leaver", number), |user| {
            user.account_enabled = Some(false);
        });
    }
    for number in 0..4 {
        let old = name("mover", number);
        let stored = stage.stored(&format!("{old}@contoso.example"));
        stage.psa.edit(&stored.id, |contact| {
            contact.types.clear();
            if number % 2 == 0 {
                contact.other_emails = vec![format!("{old}.new@contoso.example")];
            }
        });
        stage.users([user(&old)
            .title("Moved")
            .phones("200", "300")
            .alias(&format!("{old}@contoso.example"))
            .with(|user| {
                user.user_principal_name = format!("{old}.new@contoso.example");
                user.mail = None;
                user.department = Some("IT".into());
            })]);
    }
    for number in 0..3 {
        let stored = stage.stored(&format!("returner{number}@contoso.example"));
        stage.psa.edit(&stored.id, |contact| contact.active = false);
    }
    for number in 0..renamed {
        stage.edit(&name("riser", number), |user| {
            user.job_title = Some("Risen".into());
        });
    }
    stage
        .users((0..new).map(|number| user(&name("new", number)).title("New").phones("400", "500")));
    // Contacts that nobody linked yet: by an other address, by an alias, and as they should be.
    stage.users([
        user("byother"),
        user("byalias").alias("alias@contoso.example"),
        user("byaddress"),
    ]);
    stage.psa.put(&Plain {
        email: Some("team@contoso.example".into()),
        other_emails: vec!["byother@contoso.example".into()],
        ..contact("byother")
    });
    stage.psa.put(&Plain {
        email: Some("alias@contoso.example".into()),
        ..contact("byalias")
    });
    let types = if connectwise {
        vec!["End User".to_owned()]
    } else {
        Vec::new()
    };
    stage.psa.put(&Plain {
        site: Some("Main".into()),
        types,
        ..contact("byaddress")
    });
}
