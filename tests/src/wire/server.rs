//! The account as an HTTP server on loopback.

use std::{convert::Infallible, future, time::Duration};

use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    task::JoinSet,
};

use super::Account;
use crate::world::ecs;

/// Where the ECS task metadata endpoint is: `ECS_CONTAINER_METADATA_URI_V4` of a task is
/// `http://ADDRESS/v4/TASK_ID`.
pub const METADATA_PATH: &str = "/v4/";

/// How long to wait when no connection can be accepted, usually for lack of file descriptors.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// Serves an account over HTTP/1.1 until it is dropped; connections end with it.
///
/// A call that is never answered keeps its connection open until the client gives up.
pub async fn serve(listener: TcpListener, account: Account) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_AGAIN).await;
            continue;
        };
        while connections.try_join_next().is_some() {}
        connections.spawn(answer_all(stream, account.clone()));
    }
}

/// Answers the calls of one connection until its client goes away.
pub async fn answer_all(stream: impl AsyncRead + AsyncWrite + Unpin, account: Account) {
    let service = service_fn(move |request| respond(account.clone(), request));
    // A client that goes away in the middle of a call is no error here.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn respond(
    account: Account,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (parts, body) = request.into_parts();
    if parts.method == Method::GET
        && let Some(path) = parts.uri.path().strip_prefix(METADATA_PATH)
    {
        return Ok(metadata(&account, path).map(Full::new));
    }
    let body = body.collect().await?.to_bytes();
    let answer = account.handle(Request::from_parts(parts, body)).await;
    match answer {
        Some(answer) => Ok(answer.map(Full::new)),
        None => match future::pending::<Infallible>().await {},
    }
}

/// `TASK_ID` or `TASK_ID/task`. Not signed and not in the journal, as it is no API call.
fn metadata(account: &Account, path: &str) -> Response<Bytes> {
    let (task, rest) = path
        .split_once('/')
        .map_or((path, ""), |(task, _)| (task, &path[task.len()..]));
    let found = account.with(|world| ecs::metadata(world, task, rest));
    let mut answer = Response::new(Bytes::new());
    match found {
        Some(document) => {
            let content_type = http::HeaderValue::from_static("application/json");
            answer
                .headers_mut()
                .insert(http::header::CONTENT_TYPE, content_type);
            *answer.body_mut() = document.to_string().into();
        }
        None => *answer.status_mut() = StatusCode::NOT_FOUND,
    }
    answer
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
        sync::mpsc::unbounded_channel,
    };

    use super::*;
    use crate::{
        clock::Moment,
        wire::{Interference, access_key},
        world::{Identity, World, s3},
    };

    /// An account with one object, and a connection to its server.
    async fn connection() -> (Account, TcpStream) {
        let identity = Identity {
            account: "111122223333".to_owned(),
            region: "eu-central-1".to_owned(),
        };
        let account = Account::new(World::new(identity, Moment(0), 1), unbounded_channel().0);
        account.with(|world| {
            world.s3.create_bucket("b");
            s3::put(world, "b", "k", b"body of k".to_vec()).unwrap();
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, account.clone()));
        (account, TcpStream::connect(address).await.unwrap())
    }

    /// Asks for a path and reads the answer up to the end of its body.
    async fn get(stream: &mut TcpStream, path: &str) -> String {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: AWS4-HMAC-SHA256 \
             Credential={}/20260101/eu-central-1/s3/aws4_request, Signature=0\r\n\r\n",
            access_key("task")
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        loop {
            let head = answer.windows(4).position(|end| end == b"\r\n\r\n");
            let text = String::from_utf8_lossy(&answer).into_owned();
            let length: Option<usize> = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            if let (Some(head), Some(length)) = (head, length)
                && answer.len() >= head + 4 + length
            {
                return text;
            }
            assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "{text}");
        }
    }

    #[tokio::test]
    async fn one_connection_carries_many_calls() {
        let (_, mut stream) = connection().await;
        for _ in 0..2 {
            let answer = get(&mut stream, "/b/k").await;
            assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
            assert!(answer.ends_with("body of k"), "{answer}");
        }
        let answer = get(&mut stream, "/b/other").await;
        assert!(answer.contains("<Code>NoSuchKey</Code>"), "{answer}");
    }

    #[tokio::test]
    async fn a_task_that_is_not_there_has_no_metadata() {
        let (account, mut stream) = connection().await;
        let answer = get(&mut stream, "/v4/0a1b/task").await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
        assert!(account.with(|world| world.journal.is_empty()));
    }

    #[tokio::test]
    async fn a_call_that_hangs_leaves_others_alone() {
        let (account, mut hanging) = connection().await;
        let mut other = TcpStream::connect(hanging.peer_addr().unwrap())
            .await
            .unwrap();
        let mut first = true;
        account.set_interference(Box::new(move |_| {
            if std::mem::take(&mut first) {
                Interference::Hang
            } else {
                Interference::None
            }
        }));
        let hung = tokio::spawn(async move { get(&mut hanging, "/b/k").await });
        while account.with(|world| world.journal.is_empty()) {
            tokio::task::yield_now().await;
        }
        assert!(get(&mut other, "/b/k").await.ends_with("body of k"));
        assert!(!hung.is_finished());
        hung.abort();
    }
}
