//! What saving and removing connections and companies means, on both databases, with simulated clouds.

mod consenting;
mod parting;
mod rules;
mod saving;

use std::future::Future;

use diesel::prelude::*;
use rollcall::connections::{NewSecret, Saving, TenantForm};
use rollcall::db::schema::events;
use rollcall::db::{psa_connections, secrets};
use rollcall::model::Cloud;
use rollcall::rules::Mistake;

use crate::stage::{CLIENT, SECRET, Stage, Store, TENANT, Vendor};

async fn on_both<F: Future<Output = ()>>(test: impl Fn(Stage) -> F) {
    for store in [Store::Sqlite, Store::Postgres] {
        test(Stage::new(Vendor::ConnectWise, store).await).await;
    }
}

fn fields(saving: &Saving) -> Vec<&str> {
    match saving {
        Saving::Mistakes(mistakes) => mistakes.iter().map(|one| one.field.as_str()).collect(),
        other => panic!("{other:?}"),
    }
}

fn only(saving: Saving) -> Mistake {
    match saving {
        Saving::Mistakes(mut mistakes) if mistakes.len() == 1 => mistakes.remove(0),
        other => panic!("{other:?}"),
    }
}

fn tenant_form(secret: NewSecret) -> TenantForm {
    TenantForm {
        tenant_id: TENANT.into(),
        client_id: CLIENT.into(),
        cloud: Cloud::Global,
        expires: None,
        secret,
    }
}

impl Stage {
    async fn psa_version(&self) -> i64 {
        let id = self.psa_id;
        self.read(move |conn| psa_connections::version(conn, id))
            .await
            .unwrap()
    }

    /// The kinds of the events, in their order, with who did it.
    async fn events(&self) -> Vec<(String, String)> {
        self.read(|conn| {
            events::table
                .order(events::id)
                .select((events::staff, events::kind))
                .load(conn)
        })
        .await
    }

    async fn secret_names(&self, kind: &'static str, id: i64) -> Vec<String> {
        self.read(move |conn| secrets::names(conn, kind, id)).await
    }
}
