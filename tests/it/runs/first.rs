//! What a run does with people and contacts: `behaviour.md` sections 4 to 7.

use rollcall::model::{Action, DirectoryField, Field, Outcome, Status, Target, Test};

use crate::stage::{Plain, SPB, Stage, contact, each_vendor, everywhere, filter, line, user};

everywhere!(
    the_first_run_does_what_the_plan_says_and_the_second_writes_nothing,
    a_preview_writes_nothing,
);
each_vendor!(
    a_conflict_writes_nothing,
    existing_contacts_are_only_linked_where_they_are_not_to_be_updated,
    filters_decide_site_and_type,
    a_change_by_a_technician_is_put_back,
    a_leaver_who_comes_back_is_reactivated,
    addresses_change_places_over_the_wire,
    a_takeover_of_a_deleted_users_contact_moves_the_link,
    an_alias_leads_to_the_contact,
);

/// People of every kind, with contacts to match.
fn busy(stage: &Stage) {
    stage.users([
        user("anna")
            .title("Engineer")
            .phones("+44 20 1", "+44 7700 2"),
        user("bert").title("Lead"),
        user("carl"),
        user("dora"),
        user("emil"),
        user("fred").blocked(),
    ]);
    // Anna has no contact, Bert's differs, Carl's is inactive, Dora's is as it should be, Emil's holds his address elsewhere.
    stage.psa.put(&Plain {
        title: Some("Engineer".into()),
        ..contact("bert")
    });
    stage.psa.put(&Plain {
        active: false,
        ..contact("carl")
    });
    stage.psa.put(&contact("dora"));
    stage.psa.put(&Plain {
        email: Some("info@contoso.example".into()),
        other_emails: vec!["emil@contoso.example".into()],
        ..contact("emil")
    });
    stage.psa.put(&contact("fred"));
    stage.psa.put(&contact("nobody"));
}

async fn the_first_run_does_what_the_plan_says_and_the_second_writes_nothing(stage: Stage) {
    busy(&stage);
    let report = stage.sync().await;
    assert_eq!(report.status, Status::Succeeded, "{:?}", report.error);
    for (name, action) in [
        ("anna", Action::Create),
        ("bert", Action::Update),
        ("carl", Action::Reactivate),
        ("dora", Action::Link),
        ("emil", Action::Update),
    ] {
        let line = line(&report, name);
        assert_eq!(
            (line.action, line.outcome),
            (action, Outcome::Applied),
            "{name}"
        );
        assert!(line.fields.iter().all(|field| field.applied), "{line:?}");
    }
    assert_eq!(
        report.people.len(),
        5,
        "a leaver without a link has no line"
    );
    let anna = stage.stored("anna@contoso.example");
    assert!(anna.active);
    assert_eq!(anna.title.as_deref(), Some("Engineer"));
    assert_eq!(anna.phone.as_deref(), Some("+44 20 1"));
    assert_eq!(anna.mobile.as_deref(), Some("+44 7700 2"));
    assert_eq!(line(&report, "anna").contact_id, Some(anna.id));
    assert_eq!(
        stage.stored("bert@contoso.example").title.as_deref(),
        Some("Lead")
    );
    assert!(stage.stored("carl@contoso.example").active);
    assert_eq!(
        stage.stored("emil@contoso.example").other_emails,
        ["info@contoso.example"]
    );
    assert!(
        stage.stored("fred@contoso.example").active,
        "nobody linked Fred"
    );
    assert!(stage.stored("nobody@contoso.example").active);
    let made: Vec<String> = stage.links().await.into_iter().map(|link| link.2).collect();
    assert_eq!(
        made,
        ["created", "address", "address", "address", "other_address"]
    );

    // Blocked sign-in and a deleted account deactivate; nothing else happens to them.
    stage.edit("bert", |bert| bert.account_enabled = Some(false));
    stage.edit("emil", |emil| emil.assigned_licenses = Some(Vec::new()));
    stage.delete("dora");
    let report = stage.sync().await;
    assert_eq!(report.status, Status::Held, "three of five");
    stage.edit("bert", |bert| bert.account_enabled = Some(true));
    stage.edit("emil", |emil| {
        emil.assigned_licenses = Some(vec![SPB.into()]);
    });
    let report = stage.sync().await;
    assert_eq!(
        report.status,
        Status::Held,
        "the hold is open while Dora is in it"
    );
    assert_eq!(
        stage.held().await,
        Some(vec!["dora@contoso.example".to_owned()])
    );
    let report = stage.approve().await;
    assert_eq!(report.status, Status::Succeeded);
    assert_eq!(line(&report, "dora").reason, "deleted");
    assert!(!stage.stored("dora@contoso.example").active);
    assert_eq!(stage.held().await, None);

    let (contacts, writes) = (stage.psa.look(), stage.psa.writes());
    let report = stage.sync().await;
    assert_eq!(report.status, Status::Succeeded);
    assert_eq!(report.counts.unchanged, 5);
    assert_eq!(
        stage.psa.writes(),
        writes,
        "nothing changed, nothing written"
    );
    assert_eq!(stage.psa.look(), contacts);
}

async fn a_preview_writes_nothing(stage: Stage) {
    busy(&stage);
    let contacts = stage.psa.look();
    let report = stage.preview().await;
    assert_eq!(report.status, Status::Succeeded, "{:?}", report.error);
    assert!(report.preview);
    assert_eq!(line(&report, "anna").outcome, Outcome::Planned);
    assert_eq!(line(&report, "dora").outcome, Outcome::Planned);
    assert_eq!((stage.psa.writes(), stage.psa.look()), (0, contacts));
    assert!(stage.links().await.is_empty());
    assert!(
        stage.runs().await.is_empty(),
        "a preview is not in the history"
    );
    let real = stage.sync().await;
    assert_eq!(real.counts, report.counts, "the same engine");
}

async fn a_conflict_writes_nothing(stage: Stage) {
    stage.users([user("anna").title("Boss"), user("bert")]);
    stage.psa.put(&contact("anna"));
    stage.psa.put(&contact("anna"));
    let report = stage.sync().await;
    assert_eq!(report.status, Status::Succeeded);
    let anna = line(&report, "anna");
    assert_eq!(
        (anna.action, anna.outcome),
        (Action::Conflict, Outcome::None)
    );
    assert_eq!(stage.psa.writes(), 1, "Bert alone");
    // A technician deletes one of them.
    let first = stage.psa.look().remove(0);
    stage.psa.remove(&first.id);
    let report = stage.sync().await;
    assert_eq!(line(&report, "anna").action, Action::Update);
}

async fn existing_contacts_are_only_linked_where_they_are_not_to_be_updated(stage: Stage) {
    busy(&stage);
    stage.set(|company| company.update_existing = false).await;
    let before = stage.psa.look();
    let report = stage.sync().await;
    assert_eq!(report.counts.create, 1);
    assert_eq!(report.counts.link, 4);
    assert_eq!(stage.psa.writes(), 1);
    let after = stage.psa.look();
    assert_eq!(after[..before.len()], before[..]);
    stage.edit("dora", |dora| dora.assigned_licenses = Some(Vec::new()));
    let report = stage.sync().await;
    assert_eq!(line(&report, "dora").action, Action::Unchanged);
    assert_eq!(stage.psa.writes(), 1);
}

async fn filters_decide_site_and_type(stage: Stage) {
    let technical = stage.psa.contact_type("Technical");
    let end_user = stage.psa.contact_type("End User");
    stage
        .set_connection(|connection| connection.default_contact_type = end_user)
        .await;
    let (new, main) = (stage.psa.site("New Site"), stage.psa.site("Main"));
    stage
        .set(|company| {
            let department = |value: &str| Test::Field {
                field: DirectoryField::Department,
                equals: value.into(),
            };
            let site = Some(new);
            let place = Target::Place {
                site,
                contact_type: technical,
            };
            company.filters = vec![
                filter(vec![department("IT")], place),
                filter(vec![department("Board")], Target::Exclude),
                filter(
                    vec![Test::Licensed],
                    Target::Place {
                        site: None,
                        contact_type: None,
                    },
                ),
            ];
            company.default_site = Some(main);
        })
        .await;
    let of = |name: &str, department: &str| {
        let department = department.to_owned();
        user(name).with(|user| user.department = Some(department))
    };
    stage.users([of("anna", "it"), of("bert", "Board"), of("carl", "Sales")]);
    stage.psa.put(&contact("carl"));
    let report = stage.sync().await;
    assert_eq!(report.status, Status::Succeeded, "{report:?}");
    let anna = stage.stored("anna@contoso.example");
    assert_eq!(anna.site.as_deref(), Some("New Site"));
    let carl = stage.stored("carl@contoso.example");
    assert_eq!(carl.site.as_deref(), Some("Main"));
    if stage.psa.is_connectwise() {
        assert_eq!(anna.types, ["Technical"]);
        assert_eq!(carl.types, ["End User"]);
    }
    let bert = line(&report, "bert");
    assert_eq!(
        (bert.action, bert.reason.as_str()),
        (Action::OutOfScope, "excluded by this filter")
    );
    assert_eq!(stage.psa.look().len(), 2);
    let writes = stage.psa.writes();
    assert_eq!(stage.sync().await.status, Status::Succeeded);
    assert_eq!(stage.psa.writes(), writes);
    // Reordering moves exactly Anna, and types are only added.
    stage.set(|company| company.filters.swap(0, 2)).await;
    let report = stage.sync().await;
    assert_eq!(
        report.counts.update + report.counts.create,
        2,
        "Anna moves, Bert is let in"
    );
    let anna = stage.stored("anna@contoso.example");
    assert_eq!(anna.site.as_deref(), Some("Main"));
    if stage.psa.is_connectwise() {
        assert_eq!(anna.types, ["End User", "Technical"]);
    }
}

async fn a_change_by_a_technician_is_put_back(stage: Stage) {
    stage.users([user("anna").title("Boss").phones("1234", "5678")]);
    stage.sync().await;
    let anna = stage.stored("anna@contoso.example");
    stage.psa.edit(&anna.id, |contact| {
        contact.title = Some("Intern".into());
        contact.email = Some("other@elsewhere.example".into());
        contact.phone = Some("12-34".into());
    });
    let report = stage.sync().await;
    let fields: Vec<Field> = line(&report, "anna")
        .fields
        .iter()
        .map(|one| one.field)
        .collect();
    assert_eq!(
        fields,
        [Field::Title, Field::Email],
        "12-34 has the digits of 1234"
    );
    let now = stage.stored("anna@contoso.example");
    assert_eq!(now.title, anna.title);
    assert_eq!(now.phone.as_deref(), Some("12-34"));
}

async fn a_leaver_who_comes_back_is_reactivated(stage: Stage) {
    let names = ["anna", "bert", "carl", "dora", "emil", "fred"];
    stage.users(names.map(user));
    stage.sync().await;
    stage.edit("bert", |bert| bert.assigned_licenses = Some(Vec::new()));
    let report = stage.sync().await;
    let bert = line(&report, "bert");
    assert_eq!(
        (bert.action, bert.reason.as_str()),
        (Action::Deactivate, "licence removed")
    );
    assert!(!stage.stored("bert@contoso.example").active);
    let writes = stage.psa.writes();
    let report = stage.sync().await;
    assert_eq!(line(&report, "bert").action, Action::Unchanged);
    assert_eq!(stage.psa.writes(), writes);
    stage.users([user("bert").title("Back again")]);
    let report = stage.sync().await;
    assert_eq!(line(&report, "bert").action, Action::Reactivate);
    let bert = stage.stored("bert@contoso.example");
    assert!(bert.active);
    assert_eq!(bert.title.as_deref(), Some("Back again"));
}

async fn addresses_change_places_over_the_wire(stage: Stage) {
    stage.users([user("anna"), user("bert").alias("robert@contoso.example")]);
    stage.psa.put(&Plain {
        email: Some("robert@contoso.example".into()),
        other_emails: vec!["bert@contoso.example".into()],
        ..contact("bert")
    });
    stage.sync().await;
    let bert = stage.stored("bert@contoso.example");
    assert_eq!(bert.other_emails, ["robert@contoso.example"]);
    // A new name: the old address is the user's own still, and is kept.
    stage.users([user("anna").alias("anna@contoso.example").with(|anna| {
        anna.user_principal_name = "anna.smith@contoso.example".into();
        anna.mail = Some("anna.smith@contoso.example".into());
    })]);
    let report = stage.sync().await;
    assert_eq!(line(&report, "anna").action, Action::Update);
    let anna = stage.stored("anna.smith@contoso.example");
    assert_eq!(anna.other_emails, ["anna@contoso.example"]);
    let writes = stage.psa.writes();
    stage.sync().await;
    assert_eq!(stage.psa.writes(), writes);
    assert_eq!(
        stage.links().await[0].0,
        "anna.smith@contoso.example",
        "the link knows the new name"
    );
}

async fn a_takeover_of_a_deleted_users_contact_moves_the_link(stage: Stage) {
    let names = ["anna", "bert", "carl", "dora", "emil"];
    stage.users(names.map(user));
    stage.sync().await;
    stage.delete("anna");
    // The account is made anew: another object with the same address.
    stage.users([user("anna-again").with(|anna| {
        let old = user("anna").0;
        anna.user_principal_name = old.user_principal_name;
        anna.mail = old.mail;
        anna.display_name = old.display_name;
        anna.given_name = old.given_name;
        anna.proxy_addresses = old.proxy_addresses;
    })]);
    let report = stage.sync().await;
    assert_eq!(report.status, Status::Succeeded, "{report:?}");
    let line = line(&report, "anna-again");
    assert_eq!(
        (line.action, line.outcome),
        (Action::Link, Outcome::Applied)
    );
    assert_eq!(stage.psa.look().len(), 5);
    assert!(stage.stored("anna@contoso.example").active);
    let rows = stage.link_rows().await;
    assert_eq!(rows.len(), 5);
    let new = user("anna-again").0.id;
    assert!(
        rows.iter()
            .any(|link| link.user_id.as_str() == new && !link.user_deleted)
    );
    let writes = stage.psa.writes();
    assert_eq!(stage.sync().await.counts.unchanged, 5);
    assert_eq!(stage.psa.writes(), writes);
}

async fn an_alias_leads_to_the_contact(stage: Stage) {
    stage.users([user("anna").alias("a.doe@contoso.example")]);
    stage.psa.put(&Plain {
        email: Some("A.Doe@contoso.example".into()),
        ..contact("anna")
    });
    let report = stage.sync().await;
    assert_eq!(line(&report, "anna").action, Action::Update);
    let contacts = stage.psa.look();
    assert_eq!(contacts.len(), 1);
    assert_eq!(contacts[0].email.as_deref(), Some("anna@contoso.example"));
    assert_eq!(contacts[0].other_emails, ["A.Doe@contoso.example"]);
    assert_eq!(stage.links().await[0].2, "alias");
}
