//! A throw-away time-stamp authority for tests: `openssl ts -reply` behind HTTP (RFC 3161 §3.4), on a port of this machine.
//!
//! Keys and certificates (a root, an issuing authority, the time-stamp authority under it) are made with the openssl
//! program in a folder of the caller's; the time is the machine's. What it answers is OpenSSL's making: it shares nothing
//! with the client that is tested. It can be dead, slow, refuse, or answer for another digest ([`Manner`]).
//!
//! Where there is no openssl, [`TimeStampAuthority::start`] says [`Error::NotInstalled`].

use std::{
    fmt, fs,
    io::{self, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// The policy under which it works.
pub const POLICY: &str = "1.3.6.1.4.1.55555.1";
/// A policy that it takes when it is asked for.
pub const OTHER_POLICY: &str = "1.3.6.1.4.1.55555.2";

/// Largest request, headers and body each, in bytes; a query has about 80.
const MAX_REQUEST: usize = 8 * 1024;
/// How long it waits for a client's next bytes.
const PATIENCE: Duration = Duration::from_secs(10);

const CONF: &str = "
[ca]
default_ca = c
[c]
database = index.txt
new_certs_dir = new
serial = serial
default_md = sha256
policy = p
[p]
commonName = supplied
[req]
distinguished_name = dn
prompt = no
[dn]
CN = unused
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
[issuing]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
[tsa]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[honest]
serial = tsserial
signer_digest = sha256
default_policy = 1.3.6.1.4.1.55555.1
other_policies = 1.3.6.1.4.1.55555.2
digests = sha256
accuracy = secs:1
clock_precision_digits = 3
[refusing]
serial = tsserial
signer_digest = sha256
default_policy = 1.3.6.1.4.1.55555.1
digests = sha512
";

/// Why there is no authority.
#[derive(Debug)]
pub enum Error {
    /// The openssl program is not on PATH.
    NotInstalled,
    /// It failed.
    Failed(String),
    /// A file or a port.
    Io(io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstalled => f.write_str("the openssl program is missing: `apt-get install openssl`"),
            Self::Failed(what) => f.write_str(what),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// What kind of key the authority signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// RSA of 2048 bits.
    Rsa2048,
    /// ECDSA with P-256.
    P256,
}

/// How it behaves. Dead is another matter: [`TimeStampAuthority::die`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// It answers.
    Honest,
    /// It answers after so long, or as soon as it is told to behave otherwise.
    Slow(Duration),
    /// It refuses: status rejection, badAlg.
    Refusing,
    /// It answers with a good time-stamp, of another digest.
    OtherDigest,
}

/// The authority. Dropped, it stops answering; the folder is the caller's to remove.
#[derive(Debug)]
pub struct TimeStampAuthority {
    desk: Arc<Desk>,
    address: SocketAddr,
    listening: Option<Listening>,
}

#[derive(Debug)]
struct Listening {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

/// What all connections share.
#[derive(Debug)]
struct Desk {
    folder: PathBuf,
    manner: Mutex<Manner>,
    told: Condvar,
    /// openssl counts its answers in a file.
    counter: Mutex<()>,
    asked: AtomicUsize,
}

impl TimeStampAuthority {
    /// Makes keys and certificates in an empty folder, valid from 2020 to 2040, and answers on a free port.
    ///
    /// # Errors
    /// `NotInstalled`; with the words of openssl.
    pub fn start(folder: &Path, key: Key) -> Result<Self, Error> {
        let made = make(folder, key);
        made.map_err(|error| match error {
            Error::Io(error) if error.kind() == io::ErrorKind::NotFound => Error::NotInstalled,
            other => other,
        })?;
        let desk = Desk {
            folder: folder.to_owned(),
            manner: Mutex::new(Manner::Honest),
            told: Condvar::new(),
            counter: Mutex::new(()),
            asked: AtomicUsize::new(0),
        };
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let mut authority = Self { desk: Arc::new(desk), address: listener.local_addr()?, listening: None };
        authority.listen(listener);
        Ok(authority)
    }

    /// Where it is asked.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/tsa", self.address)
    }

    /// Its root's certificate in DER, to be pinned; the tokens have the others.
    ///
    /// # Errors
    /// When the folder is gone.
    pub fn root(&self) -> Result<Vec<u8>, Error> {
        Ok(fs::read(self.desk.folder.join("root.crt"))?)
    }

    /// How often it was asked, whatever it answered.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.desk.asked.load(Ordering::SeqCst)
    }

    /// Behaves so from now on; who waits for a slow answer has it now.
    pub fn behave(&self, manner: Manner) {
        *self.desk.manner() = manner;
        self.desk.told.notify_all();
    }

    /// Stops listening: connections are refused. Answers under way are still given.
    pub fn die(&mut self) {
        let Some(Listening { stop, thread }) = self.listening.take() else { return };
        stop.store(true, Ordering::SeqCst);
        // It waits for a connection; this is one.
        let _ = TcpStream::connect(self.address);
        let _ = thread.join();
    }

    /// Listens again, at the same address.
    ///
    /// # Errors
    /// When the port was taken meanwhile.
    pub fn revive(&mut self) -> Result<(), Error> {
        if self.listening.is_none() {
            self.listen(TcpListener::bind(self.address)?);
        }
        Ok(())
    }

    fn listen(&mut self, listener: TcpListener) {
        let stop = Arc::new(AtomicBool::new(false));
        let (desk, stopped) = (Arc::clone(&self.desk), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let desk = Arc::clone(&desk);
                // A client that hangs up has its reasons.
                let _ = stream.map(|stream| thread::spawn(move || desk.serve(stream).is_ok()));
            }
        });
        self.listening = Some(Listening { stop, thread });
    }
}

impl Drop for TimeStampAuthority {
    fn drop(&mut self) {
        self.die();
    }
}

impl Desk {
    fn manner(&self) -> MutexGuard<'_, Manner> {
        self.manner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        let (status, body) = match read_query(&mut stream)? {
            Ok(query) => match self.answer(query) {
                Ok(reply) => ("200 OK", reply),
                Err(error) => ("500 Internal Server Error", error.to_string().into_bytes()),
            },
            Err(status) => (status, Vec::new()),
        };
        let kind = if status.starts_with("200") { "application/timestamp-reply" } else { "text/plain" };
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        )?;
        stream.write_all(&body)?;
        // A connection closed on what was not read is reset, and its answer lost.
        stream.shutdown(Shutdown::Write)?;
        io::copy(&mut stream, &mut io::sink()).map(drop)
    }

    fn answer(&self, mut query: Vec<u8>) -> Result<Vec<u8>, Error> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst);
        let mut manner = self.manner();
        if let Manner::Slow(time) = *manner {
            let slow = |manner: &mut Manner| *manner == Manner::Slow(time);
            manner = self.told.wait_timeout_while(manner, time, slow).unwrap_or_else(PoisonError::into_inner).0;
        }
        let section = if *manner == Manner::Refusing { "refusing" } else { "honest" };
        if *manner == Manner::OtherDigest {
            // The 32 bytes of messageImprint; what comes before them is the same in every query for SHA-256.
            let place = query.windows(2).position(|window| window == [4, 32]).filter(|place| place + 34 <= query.len());
            query[place.ok_or_else(|| Error::Failed("no SHA-256 digest in the query".into()))? + 33] ^= 1;
        }
        drop(manner);
        let (question, reply) = (format!("{number}.tsq"), format!("{number}.tsr"));
        fs::write(self.folder.join(&question), query)?;
        let one_at_a_time = self.counter.lock().unwrap_or_else(PoisonError::into_inner);
        let fixed = ["ts", "-reply", "-config", "tsa.cnf", "-signer", "tsa.pem", "-inkey", "tsa.key"];
        let more = ["-chain", "issuing.pem", "-section", section, "-queryfile", &question, "-out", &reply];
        let ran = openssl(&self.folder, &[&fixed[..], &more].concat());
        drop(one_at_a_time);
        // It fails where it refuses, and has written why.
        fs::read(self.folder.join(reply)).map_err(|error| ran.err().unwrap_or(Error::Io(error)))
    }
}

/// The body of a request, or the status that says what is wrong with it.
fn read_query(stream: &mut TcpStream) -> io::Result<Result<Vec<u8>, &'static str>> {
    let mut read = Vec::new();
    let mut more = |read: &mut Vec<u8>| {
        let mut buffer = [0; 1024];
        let n = stream.read(&mut buffer)?;
        read.extend_from_slice(&buffer[..n]);
        if n == 0 { Err(io::Error::from(io::ErrorKind::UnexpectedEof)) } else { Ok(()) }
    };
    let end = loop {
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if read.len() > MAX_REQUEST {
            return Ok(Err("431 Request Header Fields Too Large"));
        }
        more(&mut read)?;
    };
    let mut body = read.split_off(end + 4);
    let head = String::from_utf8_lossy(&read).into_owned();
    let mut lines = head.lines();
    if !lines.next().unwrap_or_default().starts_with("POST ") {
        return Ok(Err("405 Method Not Allowed"));
    }
    let header = |name: &str| {
        let mut headers = head.lines().filter_map(|line| line.split_once(':'));
        headers.find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    };
    if header("content-type") != Some("application/timestamp-query") {
        return Ok(Err("415 Unsupported Media Type"));
    }
    let Some(length) = header("content-length").and_then(|length| length.parse().ok()) else {
        return Ok(Err("411 Length Required"));
    };
    if length > MAX_REQUEST {
        return Ok(Err("413 Content Too Large"));
    }
    while body.len() < length {
        more(&mut body)?;
    }
    body.truncate(length);
    Ok(Ok(body))
}

/// Keys and certificates.
fn make(folder: &Path, key: Key) -> Result<(), Error> {
    fs::create_dir_all(folder.join("new"))?;
    for (name, text) in [("tsa.cnf", CONF), ("index.txt", ""), ("serial", "1000"), ("tsserial", "01")] {
        fs::write(folder.join(name), text)?;
    }
    let p256 = ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
    let own = if key == Key::P256 { p256 } else { ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"] };
    for (name, issuer, kind) in [("root", "root", p256), ("issuing", "root", p256), ("tsa", "issuing", own)] {
        let file = |kind: &str| format!("{name}.{kind}");
        let (subject, by) = (format!("/CN=TSA test {name}"), [format!("{issuer}.pem"), format!("{issuer}.key")]);
        openssl(folder, &[&["genpkey", "-out", &file("key"), "-algorithm"], &kind[..]].concat())?;
        let request = ["req", "-new", "-config", "tsa.cnf", "-subj", &subject, "-key", &file("key"), "-out", "csr"];
        openssl(folder, &request)?;
        let by = if name == issuer {
            vec!["-selfsign", "-keyfile", &by[1]]
        } else {
            vec!["-cert", &by[0], "-keyfile", &by[1]]
        };
        let fixed = ["ca", "-batch", "-notext", "-config", "tsa.cnf", "-in", "csr", "-extensions", name];
        let dates = ["-startdate", "20200101000000Z", "-enddate", "20400101000000Z", "-out", &file("pem")];
        openssl(folder, &[&fixed[..], &dates, &by].concat())?;
    }
    openssl(folder, &["x509", "-in", "root.pem", "-outform", "DER", "-out", "root.crt"])
}

fn openssl(folder: &Path, arguments: &[&str]) -> Result<(), Error> {
    let output = Command::new("openssl").current_dir(folder).args(arguments).output()?;
    let said = || format!("openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    if output.status.success() { Ok(()) } else { Err(Error::Failed(said())) }
}
