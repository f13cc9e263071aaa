//! Taking connections, within limits, and ending in order.

use std::{future::Future, io, iter, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use hyper::{
    Request,
    body::Incoming,
    server::conn::http1,
    service::{Service as _, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{config::Limits, http::peer::Peer};

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

/// How long a connection that has said nothing yet is listened to when the server closes. A request that is on its way
/// arrives within this; a browser that keeps a connection in reserve never says anything.
const FIRST_WORD: Duration = Duration::from_secs(1);

/// Most connections that the system keeps for us: the queue that tokio asks for when it binds.
const QUEUE: usize = 1024;

/// Serves until `stop` is ready; then takes no more connections and gives running requests their time.
///
/// HTTP/1.1 only: a proxy that speaks TLS and HTTP/2 stands before it. What HTTP/1.1 cannot rule out is a request that
/// crosses with the end of a connection that was idle; [`crate::lifecycle`] says how clients are sent away before.
pub async fn serve(listener: TcpListener, router: Router, limits: &Limits, stop: impl Future<Output = ()>) -> Ended {
    let address = listener.local_addr().ok();
    let room = Arc::new(Semaphore::new(limits.connections));
    let (closing, closes) = watch::channel(false);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.header_time());
    let talk = Talk { http, service: TowerToHyperService::new(router), header_time: limits.header_time(), closes };
    let mut connections = JoinSet::new();

    let mut stop = pin!(stop);
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
                sleep(EXHAUSTED).await;
                continue;
            }
        };
        let talk = talk.clone();
        connections.spawn(async move {
            talk.with(stream).await;
            drop(place);
        });
        while connections.try_join_next().is_some() {}
    }
    // To a client, a connection in the system's queue is one to this server; ending the listener would reset it.
    for stream in queue(listener) {
        let (talk, room) = (talk.clone(), room.clone());
        connections.spawn(async move {
            let place = room.acquire_owned().await;
            talk.with(stream).await;
            drop(place);
        });
    }
    closing.send_replace(true);
    tracing::info!(?address, "no more connections are taken; running requests end");
    match timeout(limits.closing_time(), async { while connections.join_next().await.is_some() {} }).await {
        Ok(()) => Ended::Drained,
        Err(_) => {
            tracing::warn!(?address, "requests that took too long were cut");
            connections.shutdown().await;
            Ended::Cut
        }
    }
}

/// Ends the listener and gives the connections that nobody has taken yet.
fn queue(listener: TcpListener) -> Vec<TcpStream> {
    let Ok(listener) = listener.into_std() else { return Vec::new() };
    let take = || match listener.accept() {
        Ok((stream, _)) => Some(Ok(stream)),
        Err(error) if is_of_one_connection(&error) => Some(Err(error)),
        // None left, or no sockets to take them with.
        Err(_) => None,
    };
    let taken = iter::from_fn(take).take(QUEUE).flatten();
    taken.filter(|stream| stream.set_nonblocking(true).is_ok()).filter_map(|s| TcpStream::from_std(s).ok()).collect()
}

/// How connections are spoken with.
#[derive(Clone)]
struct Talk {
    http: http1::Builder,
    service: TowerToHyperService<Router>,
    header_time: Duration,
    closes: watch::Receiver<bool>,
}

impl Talk {
    /// Answers what comes over this connection, until either side ends it.
    async fn with(mut self, stream: TcpStream) {
        let Self { http, service, header_time, closes } = &mut self;
        // Not hyper's yet: it takes a connection for busy until the first answer, and would wait for all of
        // `header_time` when the server closes.
        let silent = async {
            let _ = closes.wait_for(|closes| *closes).await;
            sleep(FIRST_WORD).await;
        };
        let said = tokio::select! {
            biased;
            said = timeout(*header_time, stream.readable()) => matches!(said, Ok(Ok(()))),
            () = silent => false,
        };
        if !said {
            return;
        }
        let peer = stream.peer_addr().ok().map(|address| Peer(address.ip().to_canonical()));
        let service = service.clone();
        let named = service_fn(move |mut request: Request<Incoming>| {
            if let Some(peer) = peer {
                request.extensions_mut().insert(peer);
            }
            service.call(request)
        });
        let mut connection = pin!(http.serve_connection(TokioIo::new(stream), named));
        // What a client does to its own connection (hangs up, sends nonsense) is no event of ours.
        tokio::select! {
            // What has arrived is looked at before the connection is taken for idle.
            biased;
            _ = connection.as_mut() => return,
            _ = closes.wait_for(|closes| *closes) => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
