//! The address at the other end of a connection, which the listener puts into each request.

use std::net::IpAddr;

/// The other end: a browser, or the proxy before this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub IpAddr);
