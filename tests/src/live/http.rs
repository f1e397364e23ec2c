//! Small HTTP endpoints on loopback.

use std::{
    convert::Infallible, error::Error, net::SocketAddr, panic::resume_unwind, time::Duration,
};

use http::{Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::Full;
use hyper::{
    body::{Body, Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinSet};

pub(super) type Answer = Response<Full<Bytes>>;

/// Answers requests for ever; `handle` gets each with the address of its client. Dropping it closes the
/// connections.
pub(super) async fn serve<H, F, B>(listener: TcpListener, handle: H)
where
    H: Fn(Request<Incoming>, SocketAddr) -> F + Clone + Send + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, client)) => {
                    let handle = handle.clone();
                    let service = service_fn(move |request| {
                        let answer = handle(request, client);
                        async move { Ok::<_, Infallible>(answer.await) }
                    });
                    let connection =
                        http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                    connections.spawn(async move {
                        // A client that goes away, for example because it was killed, is no event.
                        let _ = connection.await;
                    });
                }
                // Out of descriptors: some will be free again.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
            Some(ended) = connections.join_next() => {
                if let Err(failed) = ended && failed.is_panic() {
                    resume_unwind(failed.into_panic());
                }
            }
        }
    }
}

/// An answer with a JSON body.
pub(super) fn json(status: StatusCode, body: &Value) -> Answer {
    let mut answer = Response::new(Full::from(body.to_string()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(
        CONTENT_TYPE,
        http::HeaderValue::from_static("application/json"),
    );
    answer
}
