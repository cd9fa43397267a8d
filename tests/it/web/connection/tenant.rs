//! Another tenant through an app of the customer's: what is said before it is saved.

use super::*;

#[tokio::test]
async fn another_tenant_says_first_how_many_links_retire() {
    let stage = stage().await;
    stage.sync().await;
    stage.microsoft.add_tenant(TenantData {
        id: OTHER.into(),
        display_name: "Fabrikam".into(),
        default_domain: "fabrikam.example".into(),
        apps: [(CLIENT.to_owned(), AppData::reader(SECRET))].into(),
        ..TenantData::default()
    });
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let page = visitor.get(&format!("{}/app", page_of(&stage))).await;
    assert!(
        page.text.contains("the link of 1 person retires"),
        "{}",
        page.text
    );
    let fields = [("tenant_id", OTHER), ("client_id", CLIENT), ("way", "keep")];
    let answer = save(&stage, &visitor, &fields).await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.text.contains("This is another tenant."),
        "{}",
        answer.text
    );
    assert_eq!(stage.links().await.len(), 1);
    let mut sure = fields.to_vec();
    sure.push(("confirm", "true"));
    // It is called otherwise, and a run would follow.
    let answer = save(&stage, &visitor, &sure).await;
    let asked = "It calls itself “<bdi>Fabrikam</bdi>”";
    assert!(answer.text.contains(asked), "{}", answer.text);
    assert_eq!(stage.links().await.len(), 1);
    sure.push(("accepted", OTHER));
    let answer = save(&stage, &visitor, &sure).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert_eq!(tenant_of(&stage).await.unwrap().tenant_id.as_str(), OTHER);
    assert_eq!(stage.links().await.len(), 0);
}

#[tokio::test]
async fn another_companys_tenant_is_not_saved_before_somebody_says_so() {
    let stage = stage().await;
    let id = stage.company_id;
    let mine = tenant_of(&stage).await.unwrap();
    let other = stage.add_company(1, stage.psa_id).await;
    stage
        .write(move |conn| tenant_connections::delete(conn, id))
        .await;
    let site = Site::start(&stage.app);
    let visitor = site.signed_in(Role::Technician).await;
    let secret = |secret| {
        [
            ("tenant_id", TENANT),
            ("client_id", CLIENT),
            ("way", "secret"),
            ("client_secret", secret),
        ]
    };
    let answer = save(&stage, &visitor, &secret(SECRET)).await;
    assert_eq!(answer.status, 422);
    for said in [
        &format!("/companies/{}/connection", other.id),
        "Nothing was saved yet.",
        "Connect it to this company too",
    ] {
        assert!(answer.text.contains(said), "{said}: {}", answer.text);
    }
    // Also where it is not tested, and the answer keeps that.
    let mut untested = secret("not-yet-valid").to_vec();
    untested.push(("untested", "true"));
    let answer = save(&stage, &visitor, &untested).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text.contains("accepted_untested"), "{}", answer.text);
    assert_eq!(tenant_of(&stage).await, None);
    let mut sure = secret("not-yet-valid").to_vec();
    sure.extend([("accepted_untested", "true"), ("accepted", TENANT)]);
    let answer = save(&stage, &visitor, &sure).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert_eq!(tenant_of(&stage).await, Some(mine));
    // What it has already is not asked about.
    let answer = save(&stage, &visitor, &secret(SECRET)).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
}
