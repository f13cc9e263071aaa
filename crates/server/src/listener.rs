//! Taking connections, within limits, and ending in order.

use std::{future::Future, io, net::SocketAddr, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, sync::Semaphore, task::JoinSet};

use crate::config::Limits;

/// Why there is no listener.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another program has the port.
    #[error("{0} is in use by another program")]
    Busy(SocketAddr),
    /// The system refused.
    #[error("cannot listen on {address}: {source}")]
    Io {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// Listens at this address.
///
/// # Errors
/// See [`BindError`].
pub async fn bind(address: SocketAddr) -> Result<TcpListener, BindError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => BindError::Busy(address),
        _ => BindError::Io { address, source },
    })
}

/// Listens at this address or, where its port is busy, at one of the next `more` ports.
///
/// # Errors
/// See [`BindError`]; busy only when all of them are.
pub async fn bind_near(address: SocketAddr, more: u16) -> Result<TcpListener, BindError> {
    for port in (address.port()..=u16::MAX).take(usize::from(more)) {
        match bind(SocketAddr::new(address.ip(), port)).await {
            Err(BindError::Busy(_)) => {}
            other => return other,
        }
    }
    bind(SocketAddr::new(address.ip(), address.port().saturating_add(more))).await
}

/// How serving ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Every running request was answered.
    Drained,
    /// Some took longer than the limit and were cut.
    Cut,
}

/// How long to wait when the system has no more sockets to give; some close meanwhile.
const EXHAUSTED: Duration = Duration::from_millis(500);

/// Serves until `stop` is ready; then takes no more connections and gives running requests their time.
///
/// HTTP/1.1 only: a proxy that speaks TLS and HTTP/2 stands before it.
pub async fn serve(listener: TcpListener, router: Router, limits: &Limits, stop: impl Future<Output = ()>) -> Ended {
    let address = listener.local_addr().ok();
    let room = std::sync::Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.header_time());
    let service = TowerToHyperService::new(router);

    tokio::pin!(stop);
    loop {
        // Room first: what is not taken waits in the system's queue instead of in our memory.
        let place = tokio::select! {
            () = &mut stop => break,
            place = room.clone().acquire_owned() => place,
        };
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) if is_of_one_connection(&error) => continue,
            Err(error) => {
                tracing::error!(%error, "no more connections can be taken for a moment: {error}");
                tokio::time::sleep(EXHAUSTED).await;
                continue;
            }
        };
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service.clone()));
        connections.spawn(async move {
            // What a client does to its own connection (hangs up, sends nonsense) is no event of ours.
            let _ = connection.await;
            drop(place);
        });
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    tracing::info!(?address, "no more connections are taken; running requests end");
    match tokio::time::timeout(limits.drain_time(), graceful.shutdown()).await {
        Ok(()) => Ended::Drained,
        Err(_) => {
            tracing::warn!(?address, "requests that took too long were cut");
            connections.shutdown().await;
            Ended::Cut
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
