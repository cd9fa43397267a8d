//! A database of the first version keeps all that it holds when it is brought up to date.

use diesel::connection::SimpleConnection;
use diesel::migration::MigrationSource;
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::*;

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Rows of the first version: they must not be written by today's queries, which know more columns.
const ROWS: &str = "
INSERT INTO psa_connections VALUES (3, 'Main PSA', 'connectwise', '{\"url\":\"https://psa.example\"}', NULL, NULL,
    '2026-01-01 00:00:00', '2026-01-02 00:00:00');
INSERT INTO companies VALUES (5, 'Contoso', 3, '250', TRUE, TRUE, FALSE, '11', 'Main', '02:30', 'UTC', 3, 20,
    '2026-01-01 00:00:00', '2026-01-02 00:00:00');
INSERT INTO companies VALUES (9, 'Fabrikam', 3, '251', FALSE, FALSE, FALSE, NULL, NULL, NULL, 'UTC', 3, 20,
    '2026-01-01 00:00:00', '2026-01-02 00:00:00');
INSERT INTO filters VALUES (1, 5, 0, 'Everybody', TRUE, '[{\"negated\":false,\"test\":\"licensed\"}]', FALSE, NULL, NULL,
    NULL, NULL);
INSERT INTO ignored_users VALUES (5, 'ceo@contoso.example', 0, NULL);
INSERT INTO runs (id, company_id, mode, preview, state, status, started_at, process, counts, calls, findings)
    VALUES ('run-1', 5, 'update', FALSE, 'finished', 'succeeded', '2026-01-03 00:00:00', 'p', '{}',
    '{\"login\":0,\"graph\":0,\"psa\":0}', '[]');
INSERT INTO links (id, company_id, tenant_id, psa_company_id, user_id, upn, contact_id, made, made_run, made_at, user_deleted)
    VALUES (7, 5, 'tenant', '250', 'user', 'jane@contoso.example', '1001', 'address', 'run-1', '2026-01-03 00:00:00', FALSE);
INSERT INTO holds (id, company_id, run_id, opened_at) VALUES (2, 5, 'run-1', '2026-01-03 00:00:00');
";

/// Applies the first migration alone, and puts the rows in.
fn first_version<C, DB>(conn: &mut C, migrations: EmbeddedMigrations)
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB> + SimpleConnection,
    EmbeddedMigrations: MigrationSource<DB>,
{
    conn.run_next_migration(migrations).unwrap();
    conn.batch_execute(ROWS).unwrap();
}

async fn holds_all_rows(db: &Db) {
    let found = db
        .read(|conn| {
            Ok((
                db::companies::get(conn, 5)?.unwrap(),
                db::companies::version(conn, 5)?,
                db::companies::names(conn)?,
                db::links::in_force(conn, 5, &"tenant".into(), &"250".into())?,
                db::runs::get(conn, "run-1")?,
                db::holds::list_open(conn)?,
                db::psa_connections::list(conn)?,
            ))
        })
        .await
        .unwrap();
    let (company, version, names, links, run, holds, psa) = found;
    assert_eq!(company.name, "Contoso");
    assert_eq!(company.filters.len(), 1);
    assert_eq!(company.ignored, ["ceo@contoso.example"]);
    assert_eq!(version, Some(1));
    assert_eq!(names.len(), 2);
    assert_eq!(links[0].id, 7);
    assert_eq!(run.unwrap().company_id, 5);
    assert_eq!(holds[0].id, 2);
    assert_eq!(psa[0].id, 3);
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

#[tokio::test]
async fn a_sqlite_database_of_the_first_version_keeps_its_rows_and_its_foreign_keys() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("rollcall.db");
    let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    first_version(&mut conn, SQLITE);
    drop(conn);
    let db = open(&sqlite_url(&folder)).await;
    holds_all_rows(&db).await;
    // The connection that migrated is the one that writes from then on.
    let (on, broken) = db
        .write(|conn| {
            let Conn::Sqlite(conn) = conn else {
                unreachable!("opened as SQLite");
            };
            let mut count = |query: &str| {
                let found: QueryResult<Count> = diesel::sql_query(query).get_result(conn);
                found.map(|found| found.count)
            };
            Ok((
                count("SELECT foreign_keys AS count FROM pragma_foreign_keys")?,
                count("SELECT COUNT(*) AS count FROM pragma_foreign_key_check")?,
            ))
        })
        .await
        .unwrap();
    assert_eq!((on, broken), (1, 0));
    let orphan = db
        .write(|conn| db::runs::start(conn, &new_run(999, "run-2")))
        .await;
    assert!(orphan.is_err(), "a run of no company was kept");
}

#[tokio::test]
async fn a_postgresql_database_of_the_first_version_keeps_its_rows() {
    let url = postgres::database();
    let mut conn = PgConnection::establish(&url).unwrap();
    first_version(&mut conn, POSTGRES);
    drop(conn);
    let db = open(&url).await;
    holds_all_rows(&db).await;
    let orphan = db
        .write(|conn| db::runs::start(conn, &new_run(999, "run-2")))
        .await;
    assert!(orphan.is_err(), "a run of no company was kept");
}
