//! Links, on both databases.

use rollcall::db::{companies, links, tenant_connections};
use rollcall::model::{Link, PsaCompanyId};
use serde_json::json;

use super::*;

fn link<'a>(
    company_id: i64,
    tenant: &'a TenantConnection,
    psa_company_id: &'a PsaCompanyId,
    user_id: &'a UserId,
    contact_id: &'a ContactId,
) -> links::NewLink<'a> {
    links::NewLink {
        company_id,
        tenant_id: &tenant.tenant_id,
        psa_company_id,
        user_id,
        upn: "jane@contoso.example",
        contact_id,
        made: LinkMade::OtherAddress,
        made_run: Some("run-1"),
        made_at: now(),
    }
}

#[tokio::test]
async fn a_link_is_in_force_until_it_is_retired_and_changes_in_place() {
    on_both(async |db| {
        db.write(|conn| {
            let company = furnish(conn)?;
            let (tenant, at, user, contact) = (tenant(), "250".into(), "u1".into(), "1".into());
            let id = links::insert(conn, &link(company, &tenant, &at, &user, &contact))?;
            links::set_deleted(conn, &[id], true)?;
            links::set_upn(conn, id, "new@contoso.example")?;
            links::set_written(conn, company, &user, &json!({"title": "Engineer"}))?;
            let wanted = Link {
                id,
                user_id: user.clone(),
                upn: "new@contoso.example".into(),
                contact_id: contact.clone(),
                made: LinkMade::OtherAddress,
                user_deleted: true,
            };
            assert_eq!(
                links::in_force(conn, company, &tenant.tenant_id, &at)?,
                [wanted]
            );
            assert_eq!(links::in_force(conn, company, &"other".into(), &at)?, []);
            links::retire(conn, &[id], "contact is gone", now())?;
            assert_eq!(links::in_force(conn, company, &tenant.tenant_id, &at)?, []);
            let again = links::insert(conn, &link(company, &tenant, &at, &user, &contact))?;
            assert!(again > id);
            assert_eq!(
                links::retire_all(conn, company, "tenant changed", now())?,
                1
            );
            Ok(())
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_user_and_a_contact_have_one_link_in_force_each() {
    on_both(async |db| {
        let company = db.write(furnish).await.unwrap();
        db.write(move |conn| {
            let (tenant, at) = (tenant(), "250".into());
            links::insert(
                conn,
                &link(company, &tenant, &at, &"u1".into(), &"1".into()),
            )
        })
        .await
        .unwrap();
        for (user, contact) in [("u1", "2"), ("u2", "1")] {
            let twice = db.write(move |conn| {
                let (tenant, at) = (tenant(), "250".into());
                links::insert(
                    conn,
                    &link(company, &tenant, &at, &user.into(), &contact.into()),
                )
            });
            let error = twice.await.unwrap_err().to_string();
            assert!(error.to_lowercase().contains("unique"), "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn another_tenant_or_psa_company_retires_the_links() {
    on_both(async |db| {
        db.write(|conn| {
            let id = furnish(conn)?;
            let (mut tenant, mut at) = (tenant(), "250".into());
            tenant_connections::put(conn, id, &tenant, now())?;
            links::insert(conn, &link(id, &tenant, &at, &"u1".into(), &"1".into()))?;

            tenant.expires = None;
            tenant.certificate = true;
            tenant_connections::put(conn, id, &tenant, now())?;
            assert_eq!(tenant_connections::get(conn, id)?.as_ref(), Some(&tenant));
            let mut company = companies::get(conn, id)?.unwrap();
            companies::update(conn, &company, now())?;
            assert_eq!(links::in_force(conn, id, &tenant.tenant_id, &at)?.len(), 1);

            company.psa_company_id = "251".into();
            companies::update(conn, &company, now())?;
            assert_eq!(links::in_force(conn, id, &tenant.tenant_id, &at)?, []);

            at = "251".into();
            links::insert(conn, &link(id, &tenant, &at, &"u1".into(), &"1".into()))?;
            let before = tenant.tenant_id.clone();
            tenant.tenant_id = "other".into();
            tenant_connections::put(conn, id, &tenant, now())?;
            assert_eq!(links::in_force(conn, id, &before, &at)?, []);
            Ok(())
        })
        .await
        .unwrap();
    })
    .await;
}
