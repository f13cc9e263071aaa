//! A pilot CA with its HTTP server, which can be told to misbehave.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use hocba_ca::{
    Addresses, Authority, CaKey, Reason, Request, Revocation, SerialNumber, SignFailed, Subject, Validity, ocsp,
};
use hocba_keystore::Ed25519Key;
use hocba_signature::{algorithm::Algorithm, certificate::Certificate};
use hocba_tests::{DAY, NOW, Person, at};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

pub struct Key(Ed25519Key, [u8; 44]);

impl Key {
    pub fn new(seed: u8) -> Self {
        let key = Ed25519Key::from_seed(&[seed; 32]);
        let spki = key.spki_der();
        Self(key, spki)
    }
}

impl CaKey for Key {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Ed25519
    }
    fn spki(&self) -> &[u8] {
        &self.1
    }
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignFailed> {
        Ok(self.0.sign(message).to_vec())
    }
}

/// What the server does with every question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Answers.
    Well,
    /// Takes the line and hangs up.
    Down,
    /// Takes the line and says nothing.
    Slow,
    /// Sends to where the right answer is.
    Redirecting,
    /// Answers 503.
    Busy,
    /// Sends more than evidence may have.
    Large,
    /// Sends a page for people.
    Html,
    /// Answers as of so many seconds ago; lists and answers end a day after.
    Old(i64),
    /// Answers as of so many seconds from now.
    Early(i64),
    /// Answers about another certificate, or as another authority.
    Other,
    /// Signs with a key that is not its own.
    Forged,
    /// OCSP only: says that it does not work.
    NoAnswer,
    /// OCSP only: does not know the certificate.
    Unknown,
}

/// Where people's certificates say that their authority may be asked. That of the issuing CA names a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ways {
    Crl,
    Ocsp,
    Both,
}

pub struct State {
    pub mood: Mood,
    pub revoked: Vec<(u8, i64)>,
    /// Questions so far, by path.
    pub asked: BTreeMap<String, usize>,
}

const ROOT: u8 = 1;
const ISSUING: u8 = 2;
const RESPONDER: u8 = 3;
const STRANGER: u8 = 9;
pub const TEACHER: u8 = 13;

fn serial(n: u8) -> SerialNumber {
    SerialNumber::from_random([n; 16])
}

fn name(common_name: &str) -> Subject {
    Subject::new("Phòng GD&ĐT Quận 3", common_name).expect("a name")
}

fn life() -> Validity {
    Validity::new(at(NOW - 1000 * DAY), at(NOW + 2000 * DAY)).expect("an interval")
}

/// The CA: a root, an issuing CA, and people's certificates that say where it answers.
pub struct PilotCa {
    pub root: Vec<u8>,
    pub issuing: Vec<u8>,
    port: u16,
    ways: Ways,
    pub state: Arc<Mutex<State>>,
    clock: Arc<AtomicI64>,
}

impl PilotCa {
    /// Begins to serve on a port of its own.
    pub async fn begin(ways: Ways, clock: Arc<AtomicI64>) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let root = hocba_ca::root(&Key::new(ROOT), &name("CA gốc"), life(), serial(ROOT)).expect("a root");
        let addresses = Addresses { crl: Some(format!("http://127.0.0.1:{port}/root.crl")), ..Addresses::default() };
        let key = Key::new(ROOT);
        let authority = Authority::open(&root, &key).expect("a CA");
        let issuing = authority
            .issuing(Key::new(ISSUING).spki(), &name("CA cấp"), life(), serial(ISSUING), &addresses)
            .expect("a CA");
        let state = State { mood: Mood::Well, revoked: Vec::new(), asked: BTreeMap::new() };
        let ca = Arc::new(Self { root, issuing, port, ways, state: Arc::new(Mutex::new(state)), clock });
        let serving = Arc::downgrade(&ca);
        tokio::spawn(async move {
            while let Ok((line, _)) = listener.accept().await {
                let Some(ca) = serving.upgrade() else { return };
                tokio::spawn(async move { ca.serve(line).await });
            }
        });
        ca
    }

    pub fn mood(&self, mood: Mood) {
        self.state.lock().expect("state").mood = mood;
    }

    pub fn revoke(&self, serial: u8, at: i64) {
        self.state.lock().expect("state").revoked.push((serial, at));
    }

    /// How often it was asked so far, and begins to count anew.
    pub fn take_asked(&self) -> usize {
        std::mem::take(&mut self.state.lock().expect("state").asked).values().sum()
    }

    fn now(&self) -> i64 {
        self.clock.load(Ordering::SeqCst)
    }

    /// A person with a certificate of the issuing CA.
    pub fn person(&self, n: u8, who: &str) -> Person {
        self.person_until(n, who, NOW + 1000 * DAY)
    }

    pub fn person_until(&self, n: u8, who: &str, until: i64) -> Person {
        let (key, issuing) = (Key::new(n), Key::new(ISSUING));
        let authority = Authority::open(&self.issuing, &issuing).expect("a CA");
        let url = |path: &str| Some(format!("http://127.0.0.1:{}/{path}", self.port));
        let addresses = Addresses {
            crl: (self.ways != Ways::Ocsp).then(|| url("issuing.crl")).flatten(),
            ocsp: (self.ways != Ways::Crl).then(|| url("ocsp")).flatten(),
            ..Addresses::default()
        };
        let request = Request::from_spki(key.spki()).expect("a key");
        let life = Validity::new(at(NOW - 900 * DAY), at(until)).expect("an interval");
        let der = authority.signer(&request, &name(who), life, serial(n), &addresses).expect("a certificate");
        Person { key: key.0, certificate: Certificate::from_der(&der).expect("a certificate") }
    }

    /// A list of the root's or of the issuing CA's, as of a moment.
    pub fn crl(&self, of_root: bool, this_update: i64, mood: Mood) -> Vec<u8> {
        let (der, seed) = if of_root { (&self.root, ROOT) } else { (&self.issuing, ISSUING) };
        let own = Key::new(seed);
        let revoked: Vec<(SerialNumber, Revocation)> = self
            .state
            .lock()
            .expect("state")
            .revoked
            .iter()
            .filter(|(_, when)| *when <= this_update)
            .map(|(n, when)| {
                (serial(*n), Revocation { at: at(*when), reason: Reason::Superseded, invalid_since: None })
            })
            .collect();
        let forged;
        let stranger = Key::new(STRANGER);
        let authority = match mood {
            Mood::Forged => {
                let same_name = if of_root { name("CA gốc") } else { name("CA cấp") };
                forged = hocba_ca::root(&stranger, &same_name, life(), serial(STRANGER)).expect("a root");
                Authority::open(&forged, &stranger).expect("a CA")
            }
            Mood::Other => {
                forged = hocba_ca::root(&stranger, &name("CA khác"), life(), serial(STRANGER)).expect("a root");
                Authority::open(&forged, &stranger).expect("a CA")
            }
            _ => Authority::open(der, &own).expect("a CA"),
        };
        authority.crl(1, at(this_update), at(this_update + DAY), &revoked).expect("a CRL")
    }

    fn ocsp(&self, request: &[u8], this_update: i64, mood: Mood) -> Vec<u8> {
        let (issuing, responder) = (Key::new(ISSUING), Key::new(RESPONDER));
        let stranger = Key::new(STRANGER);
        let authority = Authority::open(&self.issuing, &issuing).expect("a CA");
        let forged;
        let certificate = match mood {
            // By a responder of an authority that only has the same name.
            Mood::Forged => {
                let root = hocba_ca::root(&stranger, &name("CA gốc"), life(), serial(STRANGER)).expect("a root");
                let other = Authority::open(&root, &stranger).expect("a CA");
                let key = Key::new(STRANGER + 1);
                forged = other
                    .issuing(key.spki(), &name("CA cấp"), life(), serial(STRANGER), &Addresses::default())
                    .expect("a CA");
                let other = Authority::open(&forged, &key).expect("a CA");
                other.responder(responder.spki(), &name("OCSP"), life(), serial(RESPONDER)).expect("a certificate")
            }
            _ => {
                authority.responder(responder.spki(), &name("OCSP"), life(), serial(RESPONDER)).expect("a certificate")
            }
        };
        let responder = ocsp::Responder::new(&self.issuing, &certificate, &responder).expect("a responder");
        let other;
        let request = if mood == Mood::Other {
            let issuing = Certificate::from_der(&self.issuing).expect("read");
            other = hocba_signature::revocation::ocsp_request(&self.person(99, "Người khác").certificate, &issuing);
            &other
        } else {
            request
        };
        let revoked = self.state.lock().expect("state").revoked.clone();
        let answer = responder.answer(request, at(this_update), at(this_update + DAY), |asked| {
            match revoked.iter().find(|(n, when)| serial(*n) == *asked && *when <= this_update) {
                _ if mood == Mood::Unknown => ocsp::Status::Unknown,
                Some((_, when)) => {
                    ocsp::Status::Revoked(Revocation { at: at(*when), reason: Reason::Superseded, invalid_since: None })
                }
                None => ocsp::Status::Good,
            }
        });
        answer.unwrap_or_else(ocsp::NoAnswer::to_der)
    }

    async fn serve(&self, mut line: TcpStream) {
        let mut read = Vec::new();
        let (path, body) = loop {
            let mut buffer = [0; 4096];
            match line.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(n) => read.extend_from_slice(&buffer[..n]),
            }
            if let Some(end) = read.windows(4).position(|w| w == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&read[..end]).to_lowercase();
                let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")?.parse::<usize>().ok());
                let body = read[end + 4..].to_vec();
                if body.len() >= length.unwrap_or(0) {
                    break (head.split(' ').nth(1).unwrap_or_default().to_owned(), body);
                }
            }
        };
        let mood = {
            let mut state = self.state.lock().expect("state");
            *state.asked.entry(path.clone()).or_default() += 1;
            state.mood
        };
        let when = match mood {
            Mood::Old(seconds) => self.now() - seconds,
            Mood::Early(seconds) => self.now() + seconds,
            _ => self.now(),
        };
        let right = || match path.as_str() {
            "/ocsp" | "/elsewhere/ocsp" => self.ocsp(&body, when, mood),
            "/root.crl" | "/elsewhere/root.crl" => self.crl(true, when, mood),
            _ => self.crl(false, when, mood),
        };
        let (status, extra, body) = match mood {
            Mood::Down => return,
            Mood::Slow => {
                tokio::time::sleep(Duration::from_secs(5)).await;
                return;
            }
            Mood::Redirecting if !path.starts_with("/elsewhere") => {
                ("302 Found", format!("location: http://127.0.0.1:{}/elsewhere{path}\r\n", self.port), Vec::new())
            }
            Mood::Busy => ("503 Service Unavailable", String::new(), Vec::new()),
            Mood::Large => ("200 OK", String::new(), vec![0x30; 64 * 1024 + 1]),
            Mood::Html => ("200 OK", String::new(), b"<html>".to_vec()),
            Mood::NoAnswer if path.ends_with("/ocsp") => ("200 OK", String::new(), vec![0x30, 0x03, 0x0a, 0x01, 0x03]),
            _ => ("200 OK", String::new(), right()),
        };
        let head = format!("HTTP/1.1 {status}\r\n{extra}content-length: {}\r\nconnection: close\r\n\r\n", body.len());
        let _ = line.write_all(&[head.as_bytes(), &body].concat()).await;
        let _ = line.shutdown().await;
    }
}
