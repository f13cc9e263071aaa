//! The edge: one question, one answer, within bounds.

use std::future::Future;

/// What an authority is asked. The addresses are those of a certificate, from outside; but for time-stamps, for which they
/// are the operator's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask<'a> {
    /// For its list.
    Crl {
        /// Where.
        url: &'a str,
    },
    /// About one certificate (RFC 6960).
    Ocsp {
        /// Where.
        url: &'a str,
        /// The request in DER.
        request: &'a [u8],
    },
    /// For a time-stamp (RFC 3161).
    TimeStamp {
        /// Where.
        url: &'a str,
        /// The request in DER.
        request: &'a [u8],
    },
}

impl Ask<'_> {
    /// Where it is asked.
    pub fn url(&self) -> &str {
        match self {
            Ask::Crl { url } | Ask::Ocsp { url, .. } | Ask::TimeStamp { url, .. } => url,
        }
    }
}

/// Why no answer came. Texts from outside are not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The certificate names a place that is not asked: not `http:`, with a password, or inside the own network.
    #[error("the certificate names an address that is not asked")]
    Address,
    /// Nobody is there.
    #[error("the authority cannot be reached")]
    Unreachable,
    /// It takes too long.
    #[error("the authority did not answer in time")]
    Timeout,
    /// More bytes than evidence may have.
    #[error("the authority's answer is too large")]
    TooLarge,
    /// It sends elsewhere.
    #[error("the authority sends elsewhere")]
    Redirected,
    /// Another status than success.
    #[error("the authority answered with status {0}")]
    Status(u16),
}

impl FetchError {
    /// Its name in jobs, logs and metrics.
    pub const fn code(self) -> &'static str {
        match self {
            FetchError::Address => "address_refused",
            FetchError::Unreachable => "unreachable",
            FetchError::Timeout => "timeout",
            FetchError::TooLarge => "too_large",
            FetchError::Redirected => "redirected",
            FetchError::Status(_) => "status",
        }
    }
}

/// Where answers come from: the network, or a test's own world.
pub trait Fetch: Send + Sync {
    /// Asks once. Gives at most so many bytes as evidence, or a time-stamp answer, may have.
    ///
    /// # Errors
    /// See [`FetchError`].
    fn fetch(&self, ask: Ask<'_>) -> impl Future<Output = Result<Vec<u8>, FetchError>> + Send;
}
