//! What is read of a user, permissions, licences and the organization.

use rollcall::directory::{FREE_SKUS, sku_name, user_link};
use rollcall::http::Kind;
use rollcall::model::{Cloud, Sku, SkuId};

use super::*;

#[tokio::test]
async fn a_user_comes_with_every_field_and_without_blanks() {
    let mut person = user(1);
    person.mail = Some("  ".into());
    person.given_name = Some("Jane".into());
    person.surname = Some(String::new());
    person.job_title = Some("Engineer".into());
    person.business_phones = vec!["+44 20 7946 0000".into()];
    person.department = Some("IT".into());
    person.city = Some(" ".into());
    person.user_type = Some("Guest".into());
    person.extension_attributes[4] = Some("blue".into());
    person.proxy_addresses = [
        "SMTP:jane@contoso.example",
        "smtp:j@contoso.example",
        "sip:x@y",
        "smtp:",
    ]
    .map(Into::into)
    .into();
    let world = world(vec![person]).await;
    let mut read = world.directory().users().await.unwrap();
    let jane = read.pop().unwrap();
    assert_eq!(jane.mail, None);
    assert_eq!(jane.surname, None);
    assert_eq!(jane.given_name.as_deref(), Some("Jane"));
    assert_eq!(jane.job_title.as_deref(), Some("Engineer"));
    assert_eq!(jane.business_phone.as_deref(), Some("+44 20 7946 0000"));
    assert_eq!(
        (jane.enabled, jane.licences),
        (Some(true), Some(vec![SkuId::new(SPB)]))
    );
    assert_eq!(jane.aliases, ["jane@contoso.example", "j@contoso.example"]);
    let values: Vec<_> = jane
        .fields
        .iter()
        .map(|(field, value)| format!("{field}={value}"))
        .collect();
    assert_eq!(
        values,
        [
            "department=IT",
            "jobTitle=Engineer",
            "userType=Guest",
            "extensionAttribute5=blue"
        ]
    );
    let asked = world.graph.controls.log().pop().unwrap().target;
    let select = "id,userPrincipalName,mail,displayName,givenName,surname,jobTitle,businessPhones,mobilePhone,\
                  accountEnabled,assignedLicenses,proxyAddresses,department,officeLocation,companyName,city,state,country,\
                  usageLocation,employeeType,employeeId,userType,onPremisesExtensionAttributes";
    assert_eq!(asked, format!("/v1.0/users?$select={select}&$top=999"));
}

#[tokio::test]
async fn what_graph_does_not_say_about_a_user_is_unknown_and_not_false() {
    for as_null in [false, true] {
        let world = world(users(1)).await;
        world.microsoft.switches(|s| {
            s.leave_out_account_enabled = true;
            s.leave_out_assigned_licenses = true;
            s.unset_as_null = as_null;
        });
        let read = world.directory().users().await.unwrap();
        assert_eq!((read[0].enabled, &read[0].licences), (None, &None));
    }
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let world = world(users(1)).await;
    world.microsoft.tenant(TENANT, |tenant| {
        tenant.groups = vec![group(1, "Board", vec![])];
        tenant.apps.get_mut(APP).unwrap().consented = false;
    });
    let directory = world.directory();
    let board = group_id(1);
    let failures = [
        (directory.users().await.unwrap_err(), "User.Read.All"),
        (
            directory.users_by_id(&ids([1])).await.unwrap_err(),
            "User.Read.All",
        ),
        (
            directory.confirm_tenant().await.unwrap_err(),
            "User.Read.All",
        ),
        (
            directory.members(&board).await.unwrap_err(),
            "GroupMember.Read.All",
        ),
        (
            directory.group(&board).await.unwrap_err(),
            "GroupMember.Read.All",
        ),
        (
            directory.skus().await.unwrap_err(),
            "LicenseAssignment.Read.All",
        ),
    ];
    for (failed, permission) in failures {
        assert_eq!((failed.kind, failed.status), (Kind::Permission, Some(403)));
        assert!(failed.advice().contains(permission), "{}", failed.advice());
        assert!(
            failed.detail.contains("Insufficient privileges"),
            "{}",
            failed.detail
        );
    }
    world.microsoft.tenant(TENANT, |tenant| tenant.apps.clear());
    let failed = directory.users().await.unwrap_err();
    assert_eq!(failed.kind, Kind::Consent);
}

#[tokio::test]
async fn the_tenant_that_answers_must_be_the_one_configured() {
    let world = world(vec![]).await;
    let directory = world.directory();
    assert_eq!(directory.confirm_tenant().await.unwrap(), "Contoso");
    world.microsoft.add_tenant(TenantData {
        id: OTHER.into(),
        display_name: "Fabrikam".into(),
        ..TenantData::default()
    });
    world
        .microsoft
        .switches(|s| s.wrong_organization = Some(OTHER.into()));
    let failed = directory.confirm_tenant().await.unwrap_err();
    assert_eq!(failed.kind, Kind::WrongTenant);
    assert!(failed.detail.contains(OTHER) && failed.detail.contains("Fabrikam"));
}

#[tokio::test]
async fn licences_come_with_their_part_numbers() {
    let world = world(vec![]).await;
    let skus = world.directory().skus().await.unwrap();
    let premium = Sku {
        id: SkuId::new(SPB),
        part_number: "SPB".into(),
    };
    assert_eq!(skus, [premium]);
    assert_eq!(
        sku_name(&skus[0].id),
        Some("Microsoft 365 Business Premium")
    );
    assert!(FREE_SKUS.contains(&"FLOW_FREE") && !FREE_SKUS.contains(&"SPB"));
}

#[test]
fn a_user_is_found_in_the_admin_centre_of_the_cloud() {
    let (tenant, user) = (TenantId::new(TENANT), UserId::new(&user_id(1)));
    let link = user_link(Cloud::Global, None, &tenant, &user);
    let path = "#view/Microsoft_AAD_UsersAndTenants/UserProfileMenuBlade/~/overview/userId";
    assert_eq!(
        link,
        format!("https://entra.microsoft.com/{TENANT}/{path}/{user}")
    );
    assert!(
        user_link(Cloud::UsgovDod, None, &tenant, &user).starts_with("https://entra.microsoft.us/")
    );
    assert!(
        user_link(Cloud::China, None, &tenant, &user)
            .starts_with("https://entra.microsoftonline.cn/")
    );
}
