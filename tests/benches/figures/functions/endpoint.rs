//! An account on loopback, over HTTP or HTTPS, with its connections counted.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use rehearsal_core::wire::{Account, server::answer_all};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, rustls::HandshakeKind};

/// How often clients have connected.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    opened: AtomicU64,
    handshakes: AtomicU64,
}

impl Connections {
    /// How many were opened since the last time, and with how many full TLS handshakes.
    pub(crate) fn take(&self) -> (u64, u64) {
        let take = |count: &AtomicU64| count.swap(0, Ordering::Relaxed);
        (take(&self.opened), take(&self.handshakes))
    }
}

/// Serves an account at a port of its own for as long as the runtime lives; over TLS if there is an acceptor.
///
/// # Errors
/// The address cannot be had.
pub(crate) async fn serve(
    account: Account,
    ip: IpAddr,
    tls: Option<TlsAcceptor>,
    connections: Arc<Connections>,
) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((ip, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            connections.opened.fetch_add(1, Ordering::Relaxed);
            let connection = connection(
                stream,
                account.clone(),
                tls.clone(),
                Arc::clone(&connections),
            );
            tokio::spawn(connection);
        }
    });
    Ok(address)
}

async fn connection(
    stream: TcpStream,
    account: Account,
    tls: Option<TlsAcceptor>,
    connections: Arc<Connections>,
) {
    // Without it a small answer may wait for the acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else {
        return answer_all(stream, account).await;
    };
    // A client that does not trust the certificate says so in its own words.
    let Ok(stream) = tls.accept(stream).await else {
        return;
    };
    let kind = stream.get_ref().1.handshake_kind();
    if kind.is_some_and(|kind| kind != HandshakeKind::Resumed) {
        connections.handshakes.fetch_add(1, Ordering::Relaxed);
    }
    answer_all(stream, account).await;
}
