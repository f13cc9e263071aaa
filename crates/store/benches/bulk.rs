//! Sealed records in bulk, each engine's way, beside what the engine takes for the same rows without us: one raw `COPY`
//! for each table, raw statements of 500 rows. Same schema, same constraints, same indexes, same run.
//!
//! `cargo xtask bench --bulk`, or `cargo bench -p hocba-store --bench bulk -- RECORDS`.
#![allow(clippy::print_stdout, missing_docs, reason = "a program that prints a table")]
#![allow(clippy::disallowed_methods, reason = "measuring time is what it is for")]

use std::time::{Duration, Instant};

use hocba_store::{
    Backend, Database, Store,
    bulk::{Bulk, Value},
    tables::Table,
};
use hocba_test_postgres::{Postgres, Settings};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, SqliteConnection, postgres::PgConnectOptions,
    sqlite::SqliteConnectOptions,
};

/// Rows of a page: some 15 MB of sealed records.
const PAGE: u64 = 2000;
/// Pupils of a class.
const CLASS: u64 = 40;
/// Bytes of a sealed record as the demonstration makes them: the envelope, and the statement with three signatures.
const PERSONAL: usize = 2600;
const STATEMENT: usize = 4700;

/// Bytes like those of a ciphertext, which no engine makes smaller; the same for the same number.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// An id as ours are: 22 characters without meaning, in no order.
fn id(kind: u64, n: u64) -> String {
    noise(n * 4 + kind, 22).iter().map(|b| char::from(b'a' + b % 26)).collect()
}

fn rows(table: &str, from: u64, to: u64) -> Vec<Vec<Value>> {
    let text = |t: &str| Value::Text(t.to_owned());
    (from..to)
        .map(|n| match table {
            "schools" => vec![text("79DEMO001"), text("so-demo"), Value::Int(1)],
            "classes" => vec![
                Value::Text(id(1, n)),
                text("79DEMO001"),
                Value::Int(2026),
                Value::Int(9),
                Value::Text(format!("9A{n}")),
                Value::Int(1),
                Value::Int(1),
            ],
            "records" => {
                vec![Value::Text(id(2, n)), Value::Text(id(1, n / CLASS)), Value::Int((n % CLASS + 1).cast_signed())]
            }
            "record_versions" => vec![
                Value::Text(id(2, n)),
                Value::Int(1),
                text("sealed"),
                Value::Int(4),
                Value::Bytes(noise(n, STATEMENT)),
                text("key"),
                Value::Bytes(noise(n, 12)),
                Value::Bytes(noise(n + 1, PERSONAL)),
                Value::Null,
                Value::Null,
                Value::Int(1),
            ],
            _ => vec![
                Value::Bytes(noise(n + 7, 32)),
                text("record"),
                Value::Text(id(2, n)),
                Value::Int(1),
                text("79DEMO001"),
                text("so-demo"),
                Value::Int(1),
                Value::Null,
                Value::Null,
            ],
        })
        .collect()
}

/// The three tables that a sealed record is in.
const TABLES: [&str; 3] = ["records", "record_versions", "leaves"];

fn table(name: &str) -> &'static Table {
    Table::named(name).expect("a table of the schema")
}

async fn prepare(database: &Database, records: u64) {
    Store::migrate(database).await.expect("the schema");
    let mut bulk = Bulk::connect(database).await.expect("connected");
    bulk.insert(table("schools"), rows("schools", 0, 1)).await.expect("a school");
    bulk.insert(table("classes"), rows("classes", 0, records.div_ceil(CLASS))).await.expect("classes");
}

/// Through the store, a page of each table at a time, each page lasting before the next.
async fn ours(database: &Database, records: u64) -> Duration {
    prepare(database, records).await;
    let mut bulk = Bulk::connect(database).await.expect("connected");
    let mut took = Duration::ZERO;
    for from in (0..records).step_by(PAGE as usize) {
        for name in TABLES {
            let page = rows(name, from, (from + PAGE).min(records));
            let start = Instant::now();
            bulk.insert(table(name), page).await.expect("inserted");
            took += start.elapsed();
        }
    }
    took
}

/// One `COPY` for each table; bytes are made ready while the clock stands still.
async fn raw_copy(database: &Database, records: u64) -> Duration {
    prepare(database, records).await;
    let options: PgConnectOptions = database.url.secret().parse().expect("a URL");
    let mut connection: PgConnection = options.connect().await.expect("connected");
    let mut took = Duration::ZERO;
    for name in TABLES {
        let columns: Vec<&str> = table(name).columns.iter().map(|c| c.0).collect();
        let sql = format!("COPY {name} ({}) FROM STDIN (FORMAT binary)", columns.join(", "));
        let start = Instant::now();
        let mut copy = connection.copy_in_raw(&sql).await.expect("begun");
        copy.send(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".as_slice()).await.expect("sent");
        took += start.elapsed();
        for from in (0..records).step_by(PAGE as usize) {
            let mut bytes = Vec::new();
            for row in rows(name, from, (from + PAGE).min(records)) {
                bytes.extend_from_slice(&(row.len() as i16).to_be_bytes());
                for value in row {
                    let content = match value {
                        Value::Null => {
                            bytes.extend_from_slice(&(-1_i32).to_be_bytes());
                            continue;
                        }
                        Value::Int(n) => n.to_be_bytes().to_vec(),
                        Value::Text(text) => text.into_bytes(),
                        Value::Bytes(content) => content,
                    };
                    bytes.extend_from_slice(&(content.len() as i32).to_be_bytes());
                    bytes.extend_from_slice(&content);
                }
            }
            let start = Instant::now();
            copy.send(bytes.as_slice()).await.expect("sent");
            took += start.elapsed();
        }
        let start = Instant::now();
        copy.send((-1_i16).to_be_bytes().as_slice()).await.expect("sent");
        copy.finish().await.expect("copied");
        took += start.elapsed();
    }
    took
}

/// Statements of 500 rows in one transaction for each page, with the driver alone.
async fn raw_statements(database: &Database, records: u64) -> Duration {
    prepare(database, records).await;
    let path = database.url.path().expect("a file");
    let mut connection: SqliteConnection =
        SqliteConnectOptions::new().filename(path).connect().await.expect("connected");
    // What the store tells each of its connections: without it, other bytes would be written.
    sqlx::raw_sql(
        "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA cache_size = -16000;",
    )
    .execute(&mut connection)
    .await
    .expect("told");
    let mut took = Duration::ZERO;
    for from in (0..records).step_by(PAGE as usize) {
        for name in TABLES {
            let columns: Vec<&str> = table(name).columns.iter().map(|c| c.0).collect();
            let page = rows(name, from, (from + PAGE).min(records));
            let start = Instant::now();
            let mut tx = connection.begin().await.expect("begun");
            let mut page = page.into_iter().peekable();
            while page.peek().is_some() {
                let some: Vec<Vec<Value>> = page.by_ref().take(500).collect();
                let one = format!("({})", vec!["?"; columns.len()].join(", "));
                let values = vec![one.as_str(); some.len()].join(", ");
                let sql = format!("INSERT INTO {name} ({}) VALUES {values}", columns.join(", "));
                let mut query = sqlx::query(AssertSqlSafe(sql));
                for value in some.into_iter().flatten() {
                    query = match value {
                        Value::Null => query.bind(None::<i64>),
                        Value::Int(n) => query.bind(n),
                        Value::Text(text) => query.bind(text),
                        Value::Bytes(bytes) => query.bind(bytes),
                    };
                }
                query.execute(&mut *tx).await.expect("inserted");
            }
            tx.commit().await.expect("committed");
            took += start.elapsed();
        }
    }
    took
}

fn line(backend: Backend, records: u64, ours: Duration, raw: Duration) {
    let rate = |took: Duration| records as f64 / took.as_secs_f64();
    println!(
        "| {backend} | {:.0} | {:.0} | {:.0} | {:.2} |",
        rate(ours),
        rate(ours) * TABLES.len() as f64,
        rate(raw),
        ours.as_secs_f64() / raw.as_secs_f64()
    );
}

fn main() {
    // `cargo bench` says so; a test runner that looks for tests in here finds none.
    if !std::env::args().any(|a| a == "--bench") {
        return;
    }
    let records = std::env::args().filter_map(|a| a.parse().ok()).next().unwrap_or(20_000);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    runtime.block_on(async {
        println!("{records} sealed records, each a row of {}", TABLES.join(", "));
        println!("| engine | records/s | rows/s | raw records/s | time beside raw |\n|---|---:|---:|---:|---:|");
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str| Database::file(folder.path().join(name));
        let took = ours(&file("ours.sqlite"), records).await;
        let raw = raw_statements(&file("raw.sqlite"), records).await;
        line(Backend::Sqlite, records, took, raw);
        drop(folder);
        let on_server = || {
            let server = Postgres::start(&Settings { durable: true, ..Settings::default() })?;
            let database = Database::at(server.url("postgres").parse().expect("a URL"));
            Ok::<_, hocba_test_postgres::Error>((server, database))
        };
        match (on_server(), on_server()) {
            (Ok((_first, one)), Ok((_second, other))) => {
                let took = ours(&one, records).await;
                let raw = raw_copy(&other, records).await;
                line(Backend::Postgres, records, took, raw);
            }
            (Err(e), _) | (_, Err(e)) => println!("PostgreSQL was not measured: {e}"),
        }
    });
}
