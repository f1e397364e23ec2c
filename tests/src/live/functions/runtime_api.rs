//! The Lambda Runtime API, for one execution environment.
//!
//! AWS: "Using the Lambda runtime API for custom runtimes" (API version 2018-06-01).

use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
};

use crate::live::http::{Answer, json, serve};

/// AWS: "Lambda quotas", 6 MB for a response.
const LARGEST_BODY: usize = 6 * 1024 * 1024;

/// What a function's runtime tells its environment.
pub enum Said {
    /// It is ready for an invocation, which is sent here.
    Next(oneshot::Sender<Work>),
    /// The invocation of this request id ended. To be answered by whether that is the current one.
    Ended {
        /// Which invocation.
        request_id: String,
        /// How it ended.
        how: Report,
        /// Where the answer goes.
        accepted: oneshot::Sender<bool>,
    },
    /// It cannot start.
    InitError(String),
}

/// How an invocation ended, as its runtime reports it.
#[derive(Debug, PartialEq, Eq)]
pub enum Report {
    /// With an answer.
    Answer(Value),
    /// With an error, as `TYPE: MESSAGE`.
    Error(String),
}

/// One invocation as the runtime gets it. No `Debug`: events of pipeline jobs carry credentials.
pub struct Work {
    /// `lambda-runtime-…`: its request id, its deadline and so on.
    pub headers: HeaderMap,
    /// The event as JSON.
    pub event: String,
}

/// Serves the API for ever; what the runtime says goes to `said`.
pub async fn serve_to(listener: TcpListener, said: mpsc::UnboundedSender<Said>) {
    serve(listener, move |request, _| answer(request, said.clone())).await;
}

async fn answer(request: Request<Incoming>, said: mpsc::UnboundedSender<Said>) -> Answer {
    let path = request.uri().path().to_owned();
    let Some(path) = path.strip_prefix("/2018-06-01/runtime/") else {
        return refused(StatusCode::NOT_FOUND, "NotFound", "no such path");
    };
    let segments: Vec<&str> = path.split('/').collect();
    match (request.method(), segments.as_slice()) {
        (&Method::GET, ["invocation", "next"]) => next(&said).await,
        (&Method::POST, ["invocation", id, "response"]) => {
            let id = (*id).to_owned();
            match body(request).await {
                Ok(body) => ended(&said, id, Report::Answer(answer_value(&body))).await,
                Err(refusal) => refusal,
            }
        }
        (&Method::POST, ["invocation", id, "error"]) => {
            let id = (*id).to_owned();
            match body(request).await {
                Ok(body) => ended(&said, id, Report::Error(error_text(&body))).await,
                Err(refusal) => refusal,
            }
        }
        (&Method::POST, ["init", "error"]) => match body(request).await {
            Ok(body) => {
                // Nobody listens when the environment is being discarded.
                let _ = said.send(Said::InitError(error_text(&body)));
                json(StatusCode::ACCEPTED, &json!({"status": "OK"}))
            }
            Err(refusal) => refusal,
        },
        _ => refused(StatusCode::NOT_FOUND, "NotFound", "no such operation"),
    }
}

async fn next(said: &mpsc::UnboundedSender<Said>) -> Answer {
    let (give, work) = oneshot::channel();
    // If nobody listens, `give` is dropped and the wait for work ends.
    let _ = said.send(Said::Next(give));
    let Ok(work) = work.await else {
        return environment_gone();
    };
    let mut answer = Answer::new(Full::from(work.event));
    *answer.headers_mut() = work.headers;
    answer.headers_mut().insert(
        http::header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    answer
}

async fn ended(said: &mpsc::UnboundedSender<Said>, request_id: String, how: Report) -> Answer {
    let (accepted, verdict) = oneshot::channel();
    let _ = said.send(Said::Ended {
        request_id,
        how,
        accepted,
    });
    match verdict.await {
        Ok(true) => json(StatusCode::ACCEPTED, &json!({"status": "OK"})),
        Ok(false) => refused(
            StatusCode::BAD_REQUEST,
            "InvalidRequestID",
            "not the request id of the current invocation",
        ),
        Err(_) => environment_gone(),
    }
}

async fn body(request: Request<Incoming>) -> Result<Vec<u8>, Answer> {
    match Limited::new(request.into_body(), LARGEST_BODY)
        .collect()
        .await
    {
        Ok(body) => Ok(body.to_bytes().to_vec()),
        Err(problem) => Err(refused(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLarge",
            &problem.to_string(),
        )),
    }
}

/// Lambda passes an answer on as it is; one that is not JSON is kept as text.
fn answer_value(body: &[u8]) -> Value {
    serde_json::from_slice(body)
        .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(body).into_owned()))
}

fn error_text(body: &[u8]) -> String {
    let Ok(error) = serde_json::from_slice::<Value>(body) else {
        return String::from_utf8_lossy(body).into_owned();
    };
    let text = |member: &str| error[member].as_str().unwrap_or("?").to_owned();
    format!("{}: {}", text("errorType"), text("errorMessage"))
}

fn environment_gone() -> Answer {
    refused(
        StatusCode::INTERNAL_SERVER_ERROR,
        "ContainerError",
        "the execution environment is being discarded",
    )
}

fn refused(status: StatusCode, kind: &str, message: &str) -> Answer {
    json(status, &json!({"errorType": kind, "errorMessage": message}))
}
