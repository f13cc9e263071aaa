//! PostgreSQL servers of a test's own, and copies of one that runs, as an administrator makes them.

use std::{fs, io, path::Path};

use hocba_test_postgres::{Error, Postgres, Settings};
use hocba_tests::database::Session;

/// A server to be crashed, copied or followed. `None`, said so, where there is none to be had.
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
pub fn own_server(settings: &Settings) -> Option<Postgres> {
    match Postgres::start(settings) {
        Err(error @ Error::NotInstalled { .. }) => {
            eprintln!("skipped: {error}");
            None
        }
        started => Some(started.unwrap_or_else(|error| panic!("{error}"))),
    }
}

/// Settings of a server, name and value.
pub fn extra(settings: &[(&str, &str)]) -> Vec<(String, String)> {
    settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// What `pg_basebackup` does, which the npm package lacks (PostgreSQL, "Making a Base Backup Using the Low Level API"):
/// the data folder of a server at work, with the file that says from where its log is needed. `signal` names what the
/// copy will be: `recovery.signal`, `standby.signal`.
pub async fn base_backup(server: &Postgres, session: &mut Session, to: &Path, signal: &str) {
    session.run("SELECT pg_backup_start('test', true)").await;
    copy(server.data_folder(), to).expect("the data folder is copied");
    let stopped = session.row("SELECT labelfile FROM pg_backup_stop()").await;
    fs::write(to.join("backup_label"), &stopped[0]).expect("written");
    fs::write(to.join(signal), "").expect("written");
}

/// The log is left out: it is archived, or sent. Files may go while the server works.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let (entry, place) = entry.map(|entry| (entry.path(), to.join(entry.file_name())))?;
        if entry.is_dir() {
            fs::create_dir(&place)?;
            if !entry.ends_with("pg_wal") {
                copy(&entry, &place)?;
            }
        } else if !entry.ends_with("postmaster.pid") {
            match fs::copy(&entry, &place) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}
