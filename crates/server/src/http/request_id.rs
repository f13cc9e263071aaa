//! One id from page to job to transaction.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};

/// The header in which it comes and goes.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of one request: 8 to 64 letters, digits, `.`, `_` or `-`. Handlers take it as an extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// An id that came from outside, if it is well formed. Any other text could forge lines of a log.
    pub fn from_outside(text: &str) -> Option<Self> {
        let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        ((8..=64).contains(&text.len()) && text.bytes().all(fits)).then(|| Self(text.into()))
    }
}
impl Default for RequestId {
    fn default() -> Self {
        Self("unknown".into())
    }
}
impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Gives out ids: eight bytes of chance that tell this process from all others, and a number.
#[derive(Debug, Clone)]
pub struct RequestIds {
    process: u64,
    next: Arc<AtomicU64>,
}

impl RequestIds {
    /// Ids of this process. The chance is an argument, as everywhere; it need not be secret.
    pub fn new(process: [u8; 8]) -> Self {
        Self { process: u64::from_be_bytes(process), next: Arc::default() }
    }

    fn fresh(&self) -> RequestId {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        RequestId(format!("{:016x}-{number:06x}", self.process).into())
    }
}

pub(crate) async fn name(State(ids): State<RequestIds>, mut request: Request, next: Next) -> Response {
    let outside = request.headers().get(X_REQUEST_ID).and_then(|v| v.to_str().ok()).and_then(RequestId::from_outside);
    let id = outside.unwrap_or_else(|| ids.fresh());
    let header = HeaderValue::from_str(id.as_str()).ok();
    request.extensions_mut().insert(id);
    let mut response = next.run(request).await;
    if let Some(header) = header {
        response.headers_mut().insert(X_REQUEST_ID, header);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_from_outside_are_taken_only_if_they_cannot_disturb_a_log() {
        assert!(RequestId::from_outside("01HZX9-abc_def.7").is_some());
        for bad in ["short", "has space in it", "new\nline-1234", "\"quoted\"1234", &"a".repeat(65)] {
            assert_eq!(RequestId::from_outside(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn fresh_ids_differ_and_would_be_taken_from_outside() {
        let ids = RequestIds::new([7; 8]);
        let (first, second) = (ids.fresh(), ids.fresh());
        assert_ne!(first, second);
        assert_eq!(RequestId::from_outside(first.as_str()), Some(first));
    }
}
