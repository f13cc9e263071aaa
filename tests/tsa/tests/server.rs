//! The authority does what it is told to, seen by a client of ours.
#![allow(clippy::print_stdout, reason = "says what would let a skipped test run")]

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::TcpStream,
    thread,
    time::Duration,
};

use hocba_record::encoding::Sha256Digest;
use hocba_signature::{
    certificate::Certificate,
    timestamp::{
        Failure, Nonce, ResponseError, TimeStampError, TimeStampResponse, TimeStampToken, VerifiedTime, request,
    },
};
use hocba_test_tsa::{Error, Key, Manner, OTHER_POLICY, POLICY, TimeStampAuthority};

fn digest() -> Sha256Digest {
    Sha256Digest::of(b"a batch")
}

fn start(folder: &tempfile::TempDir, key: Key) -> Option<TimeStampAuthority> {
    match TimeStampAuthority::start(folder.path(), key) {
        Err(error @ Error::NotInstalled) => {
            println!("SKIPPED: {error}");
            None
        }
        other => Some(other.unwrap_or_else(|e| panic!("{e}"))),
    }
}

/// Status line and body of what it answers.
fn send(url: &str, method: &str, kind: &str, body: &[u8]) -> std::io::Result<(String, Vec<u8>)> {
    let (address, path) = url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("http");
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "{method} /{path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: {kind}\r\n")?;
    write!(stream, "content-length: {}\r\n\r\n", body.len())?;
    stream.write_all(body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("headers");
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    assert!(head.contains(&format!("Content-Length: {}", answer.len() - end - 4)), "{head}");
    Ok((head.lines().next().unwrap_or_default().to_owned(), answer[end + 4..].to_vec()))
}

fn ask(authority: &TimeStampAuthority, query: &[u8]) -> Vec<u8> {
    let (status, body) = send(&authority.url(), "POST", "application/timestamp-query", query).expect("it listens");
    assert_eq!(status, "HTTP/1.1 200 OK", "{}", String::from_utf8_lossy(&body));
    body
}

fn judge(authority: &TimeStampAuthority, reply: &[u8]) -> Result<VerifiedTime, TimeStampError> {
    let root = Certificate::from_der(&authority.root().expect("its root")).expect("a certificate");
    let response = TimeStampResponse::parse(reply).unwrap_or_else(|e| panic!("{e}"));
    TimeStampToken::parse(response.token())?.verify(&digest(), &[root])
}

#[test]
fn it_stamps_what_it_is_asked_to() {
    for key in [Key::P256, Key::Rsa2048] {
        let folder = tempfile::tempdir().expect("a folder");
        let Some(authority) = start(&folder, key) else { return };
        let nonce = Nonce::from_bytes(&[7; 16]).expect("16 bytes");
        let verified =
            judge(&authority, &ask(&authority, &request(&digest(), None, Some(&nonce)))).expect("a time-stamp");
        assert_eq!((verified.nonce, verified.policy.to_string()), (Some(nonce), POLICY.to_owned()));
        assert_eq!((verified.accuracy, verified.path.intermediates.len()), (Some(Duration::from_secs(1)), 1));
        let policy = OTHER_POLICY.parse().expect("an identifier");
        let verified = judge(&authority, &ask(&authority, &request(&digest(), Some(&policy), None)));
        assert_eq!(verified.map(|v| (v.policy, v.nonce)), Ok((policy, None)));
        // Several at once.
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    judge(&authority, &ask(&authority, &request(&digest(), None, None))).expect("a time-stamp")
                });
            }
        });
        assert_eq!(authority.asked(), 6);
    }
}

#[test]
fn it_refuses_and_answers_for_another_digest() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(authority) = start(&folder, Key::P256) else { return };
    let query = request(&digest(), None, None);
    authority.behave(Manner::Refusing);
    let refused = TimeStampResponse::parse(&ask(&authority, &query));
    assert!(matches!(refused, Err(ResponseError::Refused { failure, .. }) if failure.has(Failure::BadAlgorithm)));
    authority.behave(Manner::OtherDigest);
    assert_eq!(judge(&authority, &ask(&authority, &query)), Err(TimeStampError::OtherDigest));
    authority.behave(Manner::Honest);
    assert!(judge(&authority, &ask(&authority, &query)).is_ok());
}

#[test]
fn it_dies_and_comes_back_at_the_same_address() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(mut authority) = start(&folder, Key::P256) else { return };
    let (query, url) = (request(&digest(), None, None), authority.url());
    authority.die();
    authority.die();
    let refused = send(&url, "POST", "application/timestamp-query", &query).expect_err("nobody listens");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    authority.revive().expect("its port is free");
    authority.revive().expect("it lives");
    assert_eq!(authority.url(), url);
    assert!(judge(&authority, &ask(&authority, &query)).is_ok());
    drop(authority);
    assert!(send(&url, "POST", "application/timestamp-query", &query).is_err());
}

#[test]
fn it_keeps_a_client_waiting() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(authority) = start(&folder, Key::P256) else { return };
    authority.behave(Manner::Slow(Duration::from_secs(3600)));
    thread::scope(|scope| {
        let waiting = scope.spawn(|| ask(&authority, &request(&digest(), None, None)));
        while authority.asked() == 0 {
            thread::yield_now();
        }
        assert!(!waiting.is_finished());
        authority.behave(Manner::Honest);
        assert!(judge(&authority, &waiting.join().expect("no panic")).is_ok());
    });
    authority.behave(Manner::Slow(Duration::from_millis(1)));
    assert!(judge(&authority, &ask(&authority, &request(&digest(), None, None))).is_ok());
}

#[test]
fn it_is_asked_as_rfc_3161_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(authority) = start(&folder, Key::P256) else { return };
    let status = |method, kind, body: &[u8]| send(&authority.url(), method, kind, body).expect("it listens").0;
    let query = request(&digest(), None, None);
    assert_eq!(status("GET", "application/timestamp-query", &[]), "HTTP/1.1 405 Method Not Allowed");
    assert_eq!(status("POST", "application/ocsp-request", &query), "HTTP/1.1 415 Unsupported Media Type");
    assert_eq!(status("POST", "application/timestamp-query", &[0; 9000]), "HTTP/1.1 413 Content Too Large");
    assert_eq!(authority.asked(), 0);
    // Not a query: openssl says so itself.
    let reply = TimeStampResponse::parse(&ask(&authority, &[0x30, 0]));
    assert!(matches!(reply, Err(ResponseError::Refused { failure, .. }) if failure.has(Failure::BadDataFormat)));
}
