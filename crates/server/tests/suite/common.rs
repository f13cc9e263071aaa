//! Routers over the samples.

use axum::Router;
use hocba_server::{Server, config::ServerConfig, http::request_id::RequestIds};

pub use crate::samples::{Samples, derive, samples, seal, seal_with, secret, server};

/// The default settings.
pub fn config() -> ServerConfig {
    ServerConfig::default()
}

/// What the world reaches.
pub fn public() -> Router {
    hocba_server::for_anyone(&server(config()))
}

/// What the world reaches, of this service.
pub fn public_of(samples: Samples) -> Router {
    hocba_server::for_anyone(&Server::new(samples, config(), RequestIds::new([0xab; 8])))
}
