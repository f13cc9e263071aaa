//! What stands before several servers: it asks each for `/readyz` and sends requests to those that are ready. Beside it
//! a client that keeps its connections open, as a balancer's side towards the servers does.

use std::{
    collections::HashMap,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use serde_json::Value;

/// How often each server is asked whether it is ready.
const CHECK: Duration = Duration::from_millis(100);
/// How long a server may take to say so.
const CHECK_TIME: Duration = Duration::from_secs(2);

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Seconds of `Retry-After`.
    pub retry_after: Option<u64>,
    pub body: Vec<u8>,
    /// The connection is not to be used again.
    closes: bool,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A connection that is kept open.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(address: SocketAddr, patience: Duration) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, patience)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(patience))?;
        Ok(Self(BufReader::new(stream)))
    }

    fn send(&mut self, method: &str, path: &str, token: Option<&str>, body: &[u8]) -> io::Result<Answer> {
        let authorization = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let length = body.len();
        let head =
            format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{authorization}Content-Length: {length}\r\n\r\n");
        self.0.get_mut().write_all(&[head.as_bytes(), body].concat())?;
        let mut line = || {
            let mut line = String::new();
            match self.0.read_line(&mut line)? {
                0 => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                _ => Ok(line.trim_end().to_owned()),
            }
        };
        let status = line()?.split(' ').nth(1).and_then(|status| status.parse().ok());
        let mut headers = HashMap::new();
        loop {
            let line = line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let number = |name: &str| headers.get(name).and_then(|value| value.parse().ok());
        let status = status.ok_or(io::ErrorKind::InvalidData)?;
        let length = match (number("content-length"), status) {
            (Some(length), _) => length,
            (None, 204) => 0,
            // Nothing here is sent in chunks; an answer without its length would be another's to read.
            (None, _) => return Err(io::ErrorKind::InvalidData.into()),
        };
        let mut body = vec![0; usize::try_from(length).map_err(|_| io::ErrorKind::InvalidData)?];
        self.0.read_exact(&mut body)?;
        let closes = headers.get("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        Ok(Answer { status, retry_after: number("retry-after"), body, closes })
    }
}

/// One request on a connection of its own.
pub fn once(address: SocketAddr, method: &str, path: &str, token: Option<&str>, body: &[u8]) -> io::Result<Answer> {
    Connection::open(address, Duration::from_secs(40))?.send(method, path, token, body)
}

/// Whether a server says that requests are of use there.
pub fn is_ready(address: SocketAddr) -> bool {
    let asked = || Connection::open(address, CHECK_TIME)?.send("GET", "/readyz", None, b"");
    asked().is_ok_and(|answer| answer.status == 200)
}

/// A server, as the balancer knows it.
struct Backend {
    address: SocketAddr,
    ready: AtomicBool,
    /// How often it stopped being ready. Connections of before are not used again.
    life: AtomicU64,
    served: AtomicU64,
}

struct Shared {
    backends: Vec<Backend>,
    turn: AtomicU64,
    ends: AtomicBool,
    failures: Mutex<Vec<String>>,
}

/// Asks the servers in the background until it is dropped.
pub struct Balancer {
    shared: Arc<Shared>,
    checks: Vec<JoinHandle<()>>,
}

impl Balancer {
    /// Before these servers, all of which are ready.
    pub fn before(addresses: &[SocketAddr]) -> Self {
        let backend = |address: &SocketAddr| Backend {
            address: *address,
            ready: AtomicBool::new(true),
            life: AtomicU64::new(0),
            served: AtomicU64::new(0),
        };
        let shared = Arc::new(Shared {
            backends: addresses.iter().map(backend).collect(),
            turn: AtomicU64::new(0),
            ends: AtomicBool::new(false),
            failures: Mutex::default(),
        });
        let check = |place: usize| {
            let shared = shared.clone();
            thread::spawn(move || {
                let backend = &shared.backends[place];
                while !shared.ends.load(Ordering::Relaxed) {
                    let ready = is_ready(backend.address);
                    if backend.ready.swap(ready, Ordering::SeqCst) && !ready {
                        backend.life.fetch_add(1, Ordering::SeqCst);
                    }
                    thread::sleep(CHECK);
                }
            })
        };
        let checks = (0..addresses.len()).map(check).collect();
        Self { shared, checks }
    }

    /// A client that is sent to the servers in turn.
    pub fn client(&self) -> Client {
        Client { shared: self.shared.clone(), open: HashMap::new() }
    }

    /// Whether this server was ready when it was asked last.
    pub fn is_ready(&self, place: usize) -> bool {
        self.shared.backends[place].ready.load(Ordering::SeqCst)
    }

    /// How many requests each server answered.
    pub fn served(&self) -> Vec<u64> {
        self.shared.backends.iter().map(|backend| backend.served.load(Ordering::Relaxed)).collect()
    }

    /// What failed.
    pub fn failures(&self) -> Vec<String> {
        self.shared.failures.lock().expect("no thread panics with it").clone()
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::Relaxed);
        for check in self.checks.drain(..) {
            let _ = check.join();
        }
    }
}

/// Sends one request after the other, each to the next server that is ready, and none of them twice.
pub struct Client {
    shared: Arc<Shared>,
    open: HashMap<usize, (u64, Connection)>,
}

impl Client {
    /// The answer, if it is of this status; any other, and none at all, is noted as a failure.
    pub fn ask(&mut self, method: &str, path: &str, token: Option<&str>, body: &[u8], wanted: u16) -> Option<Answer> {
        let failed = match self.send(method, path, token, body) {
            Ok(answer) if answer.status == wanted => return Some(answer),
            Ok(answer) => format!("{}: {}", answer.status, answer.text()),
            Err(error) => error,
        };
        let mut failures = self.shared.failures.lock().expect("no thread panics with it");
        failures.push(format!("{method} {path}: {failed}"));
        None
    }

    fn send(&mut self, method: &str, path: &str, token: Option<&str>, body: &[u8]) -> Result<Answer, String> {
        let backends = &self.shared.backends;
        let turn = self.shared.turn.fetch_add(1, Ordering::Relaxed);
        let places = (0..backends.len()).map(|n| (usize::try_from(turn).unwrap_or_default() + n) % backends.len());
        let place = places.into_iter().find(|place| backends[*place].ready.load(Ordering::SeqCst));
        let Some(place) = place else { return Err("no server is ready".into()) };
        let backend = &backends[place];
        let life = backend.life.load(Ordering::SeqCst);
        let said = |error: io::Error| format!("server {place}: {error}");
        let mut connection = match self.open.remove(&place) {
            Some((then, connection)) if then == life => connection,
            _ => Connection::open(backend.address, Duration::from_secs(40)).map_err(said)?,
        };
        let answer = connection.send(method, path, token, body).map_err(said)?;
        backend.served.fetch_add(1, Ordering::Relaxed);
        if !answer.closes {
            self.open.insert(place, (life, connection));
        }
        Ok(answer)
    }
}
