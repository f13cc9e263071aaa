//! `database`: brings a database's schema up to date, says how it is, and moves everything into another one.

use std::time::Instant;

use clap::{Args, Subcommand};
use hocba_store::{CopyError, CopyEvent, Database, DatabaseUrl, Schema, SchemaFault, Store};
use serde_json::{Value, json};

use super::{Context, fsck};
use crate::{
    error::{Exit, Failure},
    folder::Folder,
    ledger,
    output::words,
    site::store_failure,
};

/// Arguments of `database`.
#[derive(Debug, Args)]
pub struct DatabaseArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Nâng cấp lược đồ / Bring the schema up to date
    ///
    /// Tệp SQLite tự nâng cấp; máy chủ PostgreSQL chờ người vận hành. A file does so by itself; a server's waits for
    /// somebody to say so.
    Migrate,
    /// Xem nơi đặt, bản và cỡ / Say where it is, which version it has, how large it is
    Status,
    /// Chép sang cơ sở dữ liệu trống / Copy everything into another, empty database
    ///
    /// Ngắt giữa chừng thì chạy lại để chép tiếp. Cut off, it goes on when run again. Every row is read again on both
    /// sides, and then every digest, signature and receipt derived anew (`fsck`).
    Copy(CopyArgs),
    /// Đếm lại số liệu tiến độ / Count the department's figures anew
    ///
    /// Sau khi nâng cấp nhiều máy chủ từ bản cũ, hoặc khi `hocba fsck` báo số liệu sai. After servers of an earlier release
    /// were replaced, or where `fsck` finds a figure that is wrong. Changes no record.
    Recount,
}

#[derive(Debug, Args)]
struct CopyArgs {
    /// Nơi chép đến / Where to: postgres://USER@HOST/NAME or sqlite:PATH
    #[arg(long, value_name = "URL")]
    to: DatabaseUrl,
    /// Dùng nơi mới từ nay, nếu kiểm tra đúng / Use it from now on, once found to be right
    #[arg(long)]
    switch: bool,
}

/// `database`.
///
/// # Errors
/// When a database does not answer or refuses.
pub fn run(context: &Context, args: &DatabaseArgs) -> anyhow::Result<Exit> {
    let folder = Folder::open(&context.data_dir)?;
    ledger::runtime()?.block_on(async {
        match &args.what {
            What::Migrate => migrate(context, &folder).await,
            What::Status => status(context, &folder).await,
            What::Copy(args) => copy(context, folder, args).await,
            What::Recount => recount(context, &folder).await,
        }
    })
}

async fn migrate(context: &Context, folder: &Folder) -> anyhow::Result<Exit> {
    let database = folder.database()?;
    Store::migrate(&database).await.map_err(|e| store_failure(&e))?;
    let schema = Store::schema(&database).await.map_err(|e| store_failure(&e))?;
    let newest = schema.applied.last().map_or(0, |a| a.0);
    context.out.say(&words(
        format!("{}: lược đồ ở bản {newest}", database.url),
        format!("{}: the schema is of version {newest}", database.url),
    ));
    context.out.document(&json!({ "command": "database migrate", "ok": true, "version": newest }));
    Ok(Exit::Ok)
}

async fn recount(context: &Context, folder: &Folder) -> anyhow::Result<Exit> {
    let store = Store::open(&folder.database()?).await.map_err(|e| store_failure(&e))?;
    let schools = store.recount(crate::edge::now()).await.map_err(|e| store_failure(&e))?;
    store.close().await;
    context.out.say(&words(
        format!("đã đếm lại số liệu của {schools} trường"),
        format!("counted the figures of {schools} schools anew"),
    ));
    context.out.document(&json!({ "command": "database recount", "ok": true, "schools": schools }));
    Ok(Exit::Ok)
}

async fn status(context: &Context, folder: &Folder) -> anyhow::Result<Exit> {
    let (out, database) = (&context.out, folder.database()?);
    let schema = Store::schema(&database).await.map_err(|e| store_failure(&e))?;
    let version = schema.applied.last().map_or(0, |a| a.0);
    out.line(&format!("{} ({})", database.url, database.backend()));
    let mut document = json!({
        "command": "database status",
        "ok": schema.fault.is_none(),
        "backend": database.backend().to_string(),
        "database": database.url.to_string(),
        "version": version,
        "pending": schema.pending.iter().map(|p| p.0).collect::<Vec<_>>(),
        "fault": schema.fault.map(|f| f.to_string()),
    });
    out.say(&words(format!("lược đồ: bản {version}"), format!("schema: version {version}")));
    if let Some(fault) = schema.fault {
        let (vi, en) = remedy(&schema, fault);
        out.say(&words(format!("✗ {vi}"), format!("✗ {en}")));
        out.document(&document);
        return Ok(Exit::Environment);
    }
    let store = Store::open(&database).await.map_err(|e| store_failure(&e))?;
    let bytes = store.size().await.map_err(|e| store_failure(&e))?;
    let replica = match store.replica_delay().await {
        None => Value::Null,
        Some(Ok(seconds)) => {
            out.say(&words(format!("bản sao chậm {seconds} giây"), format!("the replica is {seconds} s behind")));
            json!({ "ok": true, "seconds_behind": seconds })
        }
        Some(Err(_)) => {
            out.say(&words("✗ bản sao không trả lời", "✗ the replica does not answer"));
            json!({ "ok": false })
        }
    };
    store.close().await;
    out.line(&format!("{:.1} MiB", bytes as f64 / 1_048_576.0));
    document["bytes"] = json!(bytes);
    document["replica"] = replica;
    out.document(&document);
    Ok(Exit::Ok)
}

/// What is wrong and what to do, in both languages.
fn remedy(schema: &Schema, fault: SchemaFault) -> (String, String) {
    let en = fault.to_string();
    let vi = match fault {
        SchemaFault::Older { .. } => {
            let pending: Vec<String> = schema.pending.iter().map(|p| p.0.to_string()).collect();
            format!("còn thiếu bản {}: chạy `hocba database migrate`", pending.join(", "))
        }
        SchemaFault::Newer { .. } => "mới hơn chương trình này: dùng bản chương trình mới hơn".into(),
        SchemaFault::Altered { version } => format!("bản {version} bị đổi sau khi áp dụng"),
        SchemaFault::Unfinished { version } => format!("bản {version} đang áp dụng dở dang"),
        SchemaFault::Copying => "đang chép dở: chạy lại `hocba database copy`".into(),
    };
    (vi, en)
}

#[allow(clippy::disallowed_methods, reason = "rows per second are for whoever waits")]
fn start() -> Instant {
    Instant::now()
}

async fn copy(context: &Context, mut folder: Folder, args: &CopyArgs) -> anyhow::Result<Exit> {
    let out = &context.out;
    let source = folder.database()?;
    if source.url == args.to {
        let failure = words("chép vào chính nó thì không có nghĩa", "a database is not copied into itself");
        return Err(Failure::new(Exit::BadInput, "same_database", failure).into());
    }
    let target = Database { url: args.to.clone(), replica: None, max_bytes: None, ..source.clone() };
    let bar = out.progress(0, &words("Chép", "Copying"));
    let (began, mut new) = (start(), 0);
    let mut copying = began.elapsed();
    let copied = hocba_store::copy(&source, &target, |event| match event {
        CopyEvent::Rows { table, rows, total } => {
            new += rows;
            copying = began.elapsed();
            bar.set_message(table);
            bar.set_length(total);
            bar.set_position(total);
        }
        CopyEvent::Checked { table, rows } => {
            bar.set_message(format!("{table} ✓"));
            bar.set_length(rows);
            bar.set_position(rows);
        }
    })
    .await;
    bar.finish_and_clear();
    let copied = copied.map_err(|e| refused(&e))?;
    let rows: u64 = copied.iter().map(|t| t.rows).sum();
    let (seconds, all) = (copying.as_secs_f64(), began.elapsed().as_secs_f64());
    let rate = if seconds > 0.0 { new as f64 / seconds } else { 0.0 };
    let tables = copied.len();
    out.say(&words(
        format!("{rows} dòng của {tables} bảng giống nhau ở hai bên ({new} dòng mới chép, {rate:.0} dòng/giây)"),
        format!("{rows} rows of {tables} tables are the same on both sides ({new} copied now, {rate:.0} rows/s)"),
    ));
    let found = fsck::look(out, folder.with_database(args.to.clone())).await?;
    if found.exit == Exit::Ok && args.switch {
        let mut config = folder.config().clone();
        config.database.get_or_insert_default().url = Some(args.to.clone());
        folder.set_config(config)?;
        out.say(&words(format!("Từ nay dùng {}", args.to), format!("From now on: {}", args.to)));
    } else if found.exit == Exit::Ok {
        out.say(&words(
            "Muốn dùng từ nay: chạy lại với --switch, hoặc đặt HOCBA_DATABASE_URL",
            "To use it from now on: run again with --switch, or set HOCBA_DATABASE_URL",
        ));
    }
    let list: Vec<Value> = copied
        .iter()
        .map(|t| json!({ "table": t.table, "rows": t.rows, "before": t.before, "sha256": t.digest.to_string() }))
        .collect();
    out.document(&json!({
        "command": "database copy",
        "ok": found.exit == Exit::Ok,
        "rows": rows,
        "copied_now": new,
        "copy_seconds": seconds,
        "rows_per_second": rate,
        "seconds": all,
        "tables": list,
        "fsck": found.document,
    }));
    Ok(found.exit)
}

fn refused(error: &CopyError) -> anyhow::Error {
    let en = error.to_string();
    let failure = match error {
        CopyError::Store(error) => store_failure(error),
        CopyError::NotEmpty(table) => Failure::new(
            Exit::BadInput,
            "target_not_empty",
            words(format!("nơi chép đến đã có dữ liệu (bảng {table})"), en),
        )
        .hint(words("chọn một cơ sở dữ liệu trống", "choose an empty database")),
        CopyError::Differs(table) => Failure::new(
            Exit::Environment,
            "copy_differs",
            words(format!("bảng {table} ở hai bên không giống nhau"), en),
        )
        .hint(words(
            "nguồn đã đổi giữa hai lần chạy: dừng máy chủ, chép lại vào một cơ sở dữ liệu trống",
            "the source changed between two runs: stop the servers and begin anew with an empty database",
        )),
    };
    failure.into()
}
