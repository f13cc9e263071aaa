//! Where the lists of a service come from: the service itself, or a folder of answers that were downloaded. Whoever gives
//! them is not trusted: nothing longer than a list can be is read, no redirect is followed, and what is no answer is said
//! to be none.

use std::{
    fs::File,
    io::{ErrorKind, Read as _},
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use hocba_record::types::SchoolCode;
use hocba_watch::{
    Answer, BatchList, LeafList, ManifestError, SchoolCodes, SchoolList,
    manifest::{MAX_LEAVES_BYTES, MAX_LIST_BYTES, MAX_SCHOOL_BYTES},
};
use reqwest::{Client, StatusCode, Url, redirect};

use crate::{
    error::{Exit, Failure},
    output::words,
};

/// Time for one answer: five megabytes over a slow line.
const TIMEOUT: Duration = Duration::from_secs(60);
/// After so many requests without an answer, the rest is not asked for: a service that is away would take a minute for each.
const PATIENCE: u32 = 3;

/// Where lists come from.
pub enum Source {
    /// A service, asked over HTTP.
    Service(Box<Service>),
    /// A folder of downloaded answers: `batches.json`, `leaves-7.json`, `schools-7.json`, `79DEMO001-7.json`.
    Folder(PathBuf),
}

/// A service's API.
pub struct Service {
    client: Client,
    base: Url,
    token: Option<String>,
    in_vain: u32,
}

/// What came for one question.
enum Came {
    Bytes(Vec<u8>),
    TooLarge,
    Absent,
    Silent,
}

impl Came {
    fn read<T>(self, limit: usize, read: impl FnOnce(&[u8]) -> Result<T, ManifestError>) -> Answer<T> {
        match self {
            Came::Bytes(bytes) => read(&bytes).into(),
            Came::TooLarge => Answer::Refused(ManifestError::TooLarge { limit }),
            Came::Absent => Answer::Absent,
            Came::Silent => Answer::Silent,
        }
    }
}

impl Source {
    /// A page of the list of batches.
    ///
    /// # Errors
    /// When the token is refused, or a file cannot be read.
    pub async fn list(&mut self, from: u64) -> anyhow::Result<Answer<BatchList>> {
        let came = match self {
            Source::Service(service) => service.get(&format!("batches?from={from}"), MAX_LIST_BYTES).await?,
            Source::Folder(folder) => {
                let name = if from == 0 { "batches.json".to_owned() } else { format!("batches-{from}.json") };
                file(folder, &name, MAX_LIST_BYTES)?
            }
        };
        Ok(came.read(MAX_LIST_BYTES, |bytes| BatchList::read(bytes, from)))
    }

    /// All leaves of a batch.
    ///
    /// # Errors
    /// As for [`Source::list`].
    pub async fn leaves(&mut self, index: u64) -> anyhow::Result<Answer<LeafList>> {
        let came = match self {
            Source::Service(service) => service.get(&format!("batches/{index}/leaves"), MAX_LEAVES_BYTES).await?,
            Source::Folder(folder) => file(folder, &format!("leaves-{index}.json"), MAX_LEAVES_BYTES)?,
        };
        Ok(came.read(MAX_LEAVES_BYTES, |bytes| LeafList::read(bytes, index)))
    }

    /// Whose they are; `None` where nobody is asked.
    ///
    /// # Errors
    /// As for [`Source::list`].
    pub async fn schools(&mut self, index: u64) -> anyhow::Result<Option<Answer<SchoolCodes>>> {
        let came = match self {
            Source::Service(service) if service.token.is_none() => return Ok(None),
            Source::Service(service) => service.get(&format!("batches/{index}/schools"), MAX_LEAVES_BYTES).await?,
            // Not everybody may download it.
            Source::Folder(folder) => match file(folder, &format!("schools-{index}.json"), MAX_LEAVES_BYTES)? {
                Came::Absent => return Ok(None),
                came => came,
            },
        };
        Ok(Some(came.read(MAX_LEAVES_BYTES, |bytes| SchoolCodes::read(bytes, index))))
    }

    /// Those of a school.
    ///
    /// # Errors
    /// As for [`Source::list`].
    pub async fn of_school(&mut self, school: &SchoolCode, index: u64) -> anyhow::Result<Answer<SchoolList>> {
        let came = match self {
            Source::Service(service) => {
                service.get(&format!("schools/{school}/batches/{index}/leaves"), MAX_SCHOOL_BYTES).await?
            }
            Source::Folder(folder) => file(folder, &format!("{school}-{index}.json"), MAX_SCHOOL_BYTES)?,
        };
        Ok(came.read(MAX_SCHOOL_BYTES, SchoolList::read))
    }
}

/// A downloaded answer. One that is not there was not given.
fn file(folder: &Path, name: &str, limit: usize) -> anyhow::Result<Came> {
    let path = folder.join(name);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Came::Absent),
        Err(error) => return Err(error).with_context(|| path.display().to_string()),
    };
    let mut bytes = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    file.take(most).read_to_end(&mut bytes).with_context(|| path.display().to_string())?;
    Ok(if bytes.len() > limit { Came::TooLarge } else { Came::Bytes(bytes) })
}

impl Service {
    /// The service at this address, for the account of a token.
    ///
    /// # Errors
    /// For an address that is none, or over which a token would go in the clear.
    pub fn new(url: &str, token: Option<String>) -> anyhow::Result<Self> {
        let refused = |vi: &str, en: &str| {
            Failure::new(Exit::BadInput, "bad_url", words(format!("--service: {vi}"), format!("--service: {en}")))
        };
        let mut base = Url::parse(url).map_err(|_| refused("không phải địa chỉ web", "this is no URL"))?;
        let plain = base.scheme() == "http" && base.host_str().is_some_and(is_this_machine);
        if base.scheme() != "https" && !plain {
            let (vi, en) =
                ("cần https:// (http:// chỉ cho máy này)", "https:// is needed (http:// for this machine only)");
            return Err(refused(vi, en).into());
        }
        let more = base.query().is_some() || base.fragment().is_some();
        if more || !base.username().is_empty() || base.password().is_some() {
            return Err(refused("chỉ ghi địa chỉ máy chủ", "the address of the service only, nothing after it").into());
        }
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let base = base.join("api/v1/").context("the API's address")?;
        let client = Client::builder()
            .tls_backend_preconfigured(tls()?)
            .timeout(TIMEOUT)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .user_agent("hocba")
            .build()
            .context("the HTTP client could not be set up")?;
        Ok(Self { client, base, token, in_vain: 0 })
    }

    async fn get(&mut self, path: &str, limit: usize) -> anyhow::Result<Came> {
        if self.in_vain >= PATIENCE {
            return Ok(Came::Silent);
        }
        let url = self.base.join(path).context("the API's address")?;
        let mut request = self.client.get(url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let Ok(mut response) = request.send().await else {
            self.in_vain += 1;
            return Ok(Came::Silent);
        };
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => {
                self.in_vain = 0;
                return Ok(Came::Absent);
            }
            status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                let status = status.as_u16();
                return Err(Failure::new(
                    Exit::BadInput,
                    "denied",
                    words(
                        format!("máy chủ từ chối mã truy cập ({status})"),
                        format!("the service refuses the token ({status})"),
                    ),
                )
                .hint(words(
                    "lấy mã của tài khoản hiệu trưởng, văn thư hoặc sở: hocba account token",
                    "take one of an account of the principal, the clerk or the department: hocba account token",
                ))
                .into());
            }
            _ => {
                self.in_vain += 1;
                return Ok(Came::Silent);
            }
        }
        let mut bytes = Vec::new();
        loop {
            match response.chunk().await {
                // Counted while it is read: a Content-Length is only a claim.
                Ok(Some(chunk)) if chunk.len() > limit - bytes.len() => return Ok(Came::TooLarge),
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(_) => {
                    self.in_vain += 1;
                    return Ok(Came::Silent);
                }
            }
        }
        self.in_vain = 0;
        Ok(Came::Bytes(bytes))
    }

    /// Begins a new look: what was away may be back.
    pub fn again(&mut self) {
        self.in_vain = 0;
    }
}

/// Only plain names of this machine: what a resolver says of other names is not ours to trust.
fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// TLS with the authorities that the operating system knows, as for signing services.
fn tls() -> anyhow::Result<rustls::ClientConfig> {
    let mut store = rustls::RootCertStore::empty();
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(store).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_asked_over_tls_or_on_this_machine() {
        for (url, base) in [
            ("https://hocba.example.vn", "https://hocba.example.vn/api/v1/"),
            ("https://example.vn/hocba/", "https://example.vn/hocba/api/v1/"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/api/v1/"),
            ("http://[::1]:8080", "http://[::1]:8080/api/v1/"),
        ] {
            assert_eq!(Service::new(url, None).expect("allowed").base.as_str(), base);
        }
        for url in [
            "http://hocba.example.vn",
            "http://127.0.0.1.example.vn",
            "https://user:secret@hocba.example.vn",
            "https://hocba.example.vn/?token=secret",
            "ftp://127.0.0.1",
            "hocba.example.vn",
        ] {
            let error = Service::new(url, None).err().expect("refused").to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
