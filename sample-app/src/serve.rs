//! The HTTP service: answers requests until it is told to stop, then finishes those in hand.
//!
//! ECS sends SIGTERM to a task behind a load balancer after its target has been drained, so what is
//! in hand then is little. No further connection is accepted, idle ones are closed, and each other
//! one ends with the answer that is being made.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::select;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use answers::{Answers, Dropped};

pub mod answers;
pub mod health;
pub mod settings;

/// How long a connection may be idle, or take to send the head of a request. Longer than a load
/// balancer keeps its idle connections, 60 seconds unless told otherwise: it must never send a
/// request on a connection that is being closed here, its client would get a 502.
/// AWS: "Edit attributes for your Application Load Balancer", connection idle timeout.
const IDLE: Duration = Duration::from_secs(75);

/// How long to wait when no connection can be accepted, usually for lack of file descriptors.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// What became of the requests that were in hand when the stop signal came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Served {
    /// Answered.
    pub finished: usize,
    /// Cut off, since there was no time left.
    pub abandoned: usize,
}

/// Serves until `stop` completes; after that what is in hand may take as long as `drain`.
pub async fn serve(
    listener: TcpListener,
    answers: Answers,
    drain: Duration,
    stop: impl Future<Output = ()>,
) -> Served {
    let answers = Arc::new(answers);
    let in_hand = Arc::new(AtomicUsize::new(0));
    let (stopping, stopped) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = select! {
            biased;
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let (answers, in_hand) = (answers.clone(), in_hand.clone());
                connections.spawn(see_through(stream, answers, in_hand, stopped.clone()));
            }
            Err(error) => {
                tracing::warn!("a connection cannot be accepted: {error}");
                sleep(ACCEPT_AGAIN).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    let begun = in_hand.load(Ordering::SeqCst);
    tracing::info!(
        in_hand = begun,
        "stopping, no further connection is accepted"
    );
    drop(stopping);
    // Whatever is left then is counted below, and ends with the connections.
    let _ = timeout(drain, async {
        while connections.join_next().await.is_some() {}
    })
    .await;
    let abandoned = in_hand.load(Ordering::SeqCst);
    Served {
        finished: begun.saturating_sub(abandoned),
        abandoned,
    }
}

/// Answers the requests of one connection until it is closed, or its last one after a stop.
async fn see_through(
    stream: TcpStream,
    answers: Arc<Answers>,
    in_hand: Arc<AtomicUsize>,
    mut stopped: watch::Receiver<()>,
) {
    let service = service_fn(|request| {
        let held = Held::one_more_of(&in_hand);
        let answers = answers.clone();
        async move {
            let answer = answer(&answers, request).await;
            drop(held);
            answer
        }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(IDLE)
            .serve_connection(TokioIo::new(stream), service)
    );
    // A client that goes away is no event, here and below.
    select! {
        _ = &mut connection => return,
        _ = stopped.changed() => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

/// Why a request gets no answer; its connection is closed.
#[derive(Debug, thiserror::Error)]
enum Unanswered {
    #[error(transparent)]
    Body(#[from] hyper::Error),
    #[error(transparent)]
    Dropped(#[from] Dropped),
}

async fn answer(
    answers: &Answers,
    request: Request<Incoming>,
) -> Result<Response<String>, Unanswered> {
    let (head, body) = request.into_parts();
    discard(body).await?;
    Ok(answers.answer(head.uri.path()).await?)
}

/// Reads a body to its end: a connection with an unread rest could not be used again.
async fn discard(mut body: Incoming) -> Result<(), hyper::Error> {
    while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        frame?;
    }
    Ok(())
}

/// A request in hand.
struct Held {
    in_hand: Arc<AtomicUsize>,
}

impl Held {
    fn one_more_of(in_hand: &Arc<AtomicUsize>) -> Self {
        in_hand.fetch_add(1, Ordering::SeqCst);
        Self {
            in_hand: in_hand.clone(),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.in_hand.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests;
