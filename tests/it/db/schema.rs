//! The migrations, and the tables as diesel sees them.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use rollcall::db::schema as tables;

use super::*;

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

fn folders(of: &str) -> BTreeSet<String> {
    let path = format!("{}/migrations/{of}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn both_databases_have_the_same_migrations() {
    assert_eq!(folders("sqlite"), folders("postgres"));
    assert!(!folders("sqlite").is_empty());
}

#[test]
fn the_migrations_go_up_and_down_and_up_on_sqlite() {
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    for _ in 0..2 {
        conn.run_pending_migrations(SQLITE).unwrap();
        conn.revert_all_migrations(SQLITE).unwrap();
        let left: Vec<Name> = diesel::sql_query(
            "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND name NOT LIKE '__diesel%'",
        )
        .load(&mut conn)
        .unwrap();
        assert_eq!(left, []);
    }
}

#[test]
fn the_migrations_go_up_and_down_and_up_on_postgresql() {
    let mut conn = PgConnection::establish(&postgres::database()).unwrap();
    for _ in 0..2 {
        conn.run_pending_migrations(POSTGRES).unwrap();
        conn.revert_all_migrations(POSTGRES).unwrap();
        let left: Vec<Name> = diesel::sql_query(
            "SELECT table_name::text AS name FROM information_schema.tables \
             WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_diesel%'",
        )
        .load(&mut conn)
        .unwrap();
        assert_eq!(left, []);
    }
}

#[derive(Debug, PartialEq, QueryableByName)]
struct Name {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

/// Selects every column of the tables; gives the tables' names.
macro_rules! select_all {
    ($conn:ident, $($table:ident),* $(,)?) => {{
        $({
            use tables::$table;
            let rows: QueryResult<usize> = $table::table
                .select($table::all_columns)
                .into_boxed()
                .execute($conn);
            rows.unwrap_or_else(|error| panic!("{}: {error}", stringify!($table)));
        })*
        [$(stringify!($table)),*]
    }};
}

#[tokio::test]
async fn every_table_of_the_schema_can_be_selected() {
    on_both(async |db| {
        let selected = db
            .read(|conn| {
                Ok(select_all!(
                    conn,
                    changes,
                    claims,
                    companies,
                    company_notices,
                    consents,
                    deliveries,
                    dismissals,
                    events,
                    facts,
                    filters,
                    hold_people,
                    holds,
                    ignored_users,
                    jobs,
                    links,
                    notices,
                    plans,
                    previews,
                    psa_connections,
                    quarantines,
                    readings,
                    runs,
                    secrets,
                    sessions,
                    settings,
                    sign_in_failures,
                    sign_in_links,
                    staff,
                    tallies,
                    tenant_connections,
                    writes,
                ))
            })
            .await
            .unwrap();
        let sources = [
            include_str!("../../../src/db/schema.rs"),
            include_str!("../../../src/db/schema/told.rs"),
        ];
        let declared = sources.map(|source| source.matches("diesel::table!").count());
        let declared: usize = declared.into_iter().sum();
        assert_eq!(selected.len(), declared, "a table is missing above");
    })
    .await;
}
