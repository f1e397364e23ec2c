//! The data plane of application load balancers: an HTTP/1.1 proxy that asks the world where each
//! request goes, and the health checks of its targets.
//!
//! As a load balancer does, it sends a request once. One that meets a connection which the target is
//! closing is answered with 502, not sent again; only what could not be written at all goes to a new
//! connection. AWS: "Troubleshoot your Application Load Balancers", HTTP 502. `WebSockets` are not
//! there: a request to change the protocol is forwarded without it.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, Version,
    header::{
        CONNECTION, CONTENT_TYPE, COOKIE, HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, SERVER,
        SET_COOKIE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, USER_AGENT,
    },
    uri::{Authority, PathAndQuery},
};
use http_body_util::{Either, Empty, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::{
    client::legacy::{Client, Error, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use tokio::{net::TcpListener, time::Instant};

use super::http as endpoint;
use crate::{
    wire::Account,
    world::elb::{self, Answered, Checked, Probe, Routed, Target},
};

/// AWS: "Troubleshoot your Application Load Balancers", HTTP 504: no connection to the target within
/// ten seconds.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// AWS: "Edit attributes for your Application Load Balancer": connections idle for 60 seconds, the
/// default of `idle_timeout.timeout_seconds`, are closed; a request on one is answered with 504. Not
/// paced, because a task takes its time.
const IDLE_LIMIT: Duration = Duration::from_mins(1);

/// How often a request in hand looks whether its target has been removed under it.
const GLANCE: Duration = Duration::from_millis(100);

/// AWS: "Sticky sessions for your Application Load Balancer": the cookie of a sticky forward action.
const STICKY_COOKIE: &str = "AWSALBTG";

/// A body as it comes from a target, or one of the load balancer's own.
type Body = Either<Incoming, Full<Bytes>>;

/// What all load balancers of the account have in common.
pub(super) struct Forwarder {
    account: Account,
    /// Keeps connections to each target.
    targets: Client<HttpConnector, Incoming>,
    /// Connects for each check.
    checks: Client<HttpConnector, Empty<Bytes>>,
}

/// Why a target's answer did not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    /// It refused the connection, closed it, or answered what is not HTTP.
    Broken,
    /// Its deregistration delay has elapsed.
    Removed,
    /// Nothing came in time.
    Late,
}

impl Failure {
    fn status(self) -> StatusCode {
        match self {
            Self::Broken | Self::Removed => StatusCode::BAD_GATEWAY,
            Self::Late => StatusCode::GATEWAY_TIMEOUT,
        }
    }
}

/// A listener's clients are served for ever. `port` is the one that the listener has in the account.
pub(super) async fn serve(
    listener: TcpListener,
    forwarder: Arc<Forwarder>,
    arn: String,
    port: u16,
) {
    let arn: Arc<str> = arn.into();
    endpoint::serve(listener, move |request, client| {
        let (forwarder, arn) = (forwarder.clone(), arn.clone());
        async move { forwarder.forward(&arn, port, client, request).await }
    })
    .await;
}

impl Forwarder {
    pub(super) fn new(account: Account) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_LIMIT));
        connector.set_nodelay(true);
        let targets = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_LIMIT)
            .build(connector.clone());
        let checks = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build(connector);
        Self {
            account,
            targets,
            checks,
        }
    }

    /// Sends a health check.
    pub(super) async fn check(&self, probe: &Probe) -> Checked {
        let answer = tokio::time::timeout(probe.timeout, self.answer_to(probe)).await;
        match answer {
            Ok(Some(status)) => Checked::Status(status),
            Ok(None) => Checked::Broken,
            Err(_) => Checked::Late,
        }
    }

    /// The status that a target answers to a health check; `None` if it answers none.
    async fn answer_to(&self, probe: &Probe) -> Option<u16> {
        let request = Request::get(uri_of(&probe.target, &probe.path).ok()?)
            .header(USER_AGENT, "ELB-HealthChecker/2.0")
            .header(CONNECTION, "close")
            .body(Empty::new())
            .ok()?;
        let answer = self.checks.request(request).await.ok()?;
        Some(answer.status().as_u16())
    }

    async fn forward(
        &self,
        listener: &str,
        port: u16,
        client: SocketAddr,
        request: Request<Incoming>,
    ) -> Response<Body> {
        // AWS: "Troubleshoot your Application Load Balancers", HTTP 405: TRACE is not supported.
        if matches!(*request.method(), Method::TRACE | Method::CONNECT) {
            return own_answer(StatusCode::METHOD_NOT_ALLOWED);
        }
        let asked = elb::Request {
            listener: listener.to_owned(),
            path: request.uri().path().to_owned(),
            host: host(&request),
            cookie: cookie(request.headers()),
        };
        let routed = self.account.with(|world| elb::route(world, &asked));
        match &routed {
            Routed::Answer(status) => {
                own_answer(StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY))
            }
            Routed::To {
                target_group,
                target,
                set_cookie,
            } => {
                let Ok(request) = outgoing(request, target, client, port) else {
                    return own_answer(StatusCode::BAD_REQUEST);
                };
                let sent = Instant::now();
                let outcome = self.ask(target_group, target, request).await;
                let answered = match &outcome {
                    Ok(answer) => Answered::Status(answer.status().as_u16(), sent.elapsed()),
                    Err(_) => Answered::Broken,
                };
                self.account
                    .with(|world| elb::answered(world, &routed, answered));
                match outcome {
                    Ok(answer) => returned(answer, set_cookie.as_deref()),
                    Err(failure) => own_answer(failure.status()),
                }
            }
        }
    }

    /// Sends a request to its target and waits for the head of the answer.
    async fn ask(
        &self,
        target_group: &str,
        target: &Target,
        request: Request<Incoming>,
    ) -> Result<Response<Incoming>, Failure> {
        tokio::select! {
            answer = self.targets.request(request) => answer.map_err(|error| failure(&error)),
            () = self.removed(target_group, target) => Err(Failure::Removed),
            () = tokio::time::sleep(IDLE_LIMIT) => Err(Failure::Late),
        }
    }

    /// Waits until a target has been removed. AWS: "Troubleshoot your Application Load Balancers",
    /// HTTP 502: a request in hand ends with its target's deregistration delay.
    async fn removed(&self, target_group: &str, target: &Target) {
        loop {
            tokio::time::sleep(GLANCE).await;
            let state = self
                .account
                .with(|world| elb::state(world, target_group, target));
            if state.is_none() {
                return;
            }
        }
    }
}

/// What went wrong with a target's connection.
fn failure(error: &Error) -> Failure {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>()
            && io.kind() == io::ErrorKind::TimedOut
        {
            return Failure::Late;
        }
        cause = error.source();
    }
    Failure::Broken
}

fn uri_of(target: &Target, path_and_query: &str) -> Result<Uri, http::Error> {
    Uri::builder()
        .scheme("http")
        .authority(format!("{}:{}", target.ip, target.port))
        .path_and_query(path_and_query)
        .build()
}

/// The host that a request is for, without a port.
fn host(request: &Request<Incoming>) -> String {
    let header = || {
        let header = request.headers().get(HOST)?.to_str().ok()?;
        header.parse::<Authority>().ok()
    };
    let authority = request.uri().authority().cloned().or_else(header);
    authority.map_or_else(String::new, |authority| authority.host().to_owned())
}

/// The value of [`STICKY_COOKIE`] if the client sent one.
fn cookie(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == STICKY_COOKIE)
        .map(|(_, value)| value.to_owned())
}

/// A client's request as it goes to its target.
fn outgoing(
    request: Request<Incoming>,
    target: &Target,
    client: SocketAddr,
    port: u16,
) -> Result<Request<Incoming>, http::Error> {
    let (mut head, body) = request.into_parts();
    let wanted = head.uri.path_and_query().map_or("/", PathAndQuery::as_str);
    head.uri = uri_of(target, wanted)?;
    head.version = Version::HTTP_11;
    remove_hop_by_hop(&mut head.headers);
    forwarded_for(&mut head.headers, client)?;
    head.headers
        .insert("x-forwarded-proto", HeaderValue::from_static("http"));
    head.headers.insert("x-forwarded-port", port.into());
    Ok(Request::from_parts(head, body))
}

/// AWS: "HTTP headers and Application Load Balancers": the client is appended to what the header says.
fn forwarded_for(headers: &mut HeaderMap, client: SocketAddr) -> Result<(), http::Error> {
    const NAME: &str = "x-forwarded-for";
    let mut addresses: Vec<String> = headers
        .get_all(NAME)
        .iter()
        .filter_map(|value| Some(value.to_str().ok()?.to_owned()))
        .collect();
    addresses.push(client.ip().to_string());
    headers.insert(NAME, HeaderValue::try_from(addresses.join(", "))?);
    Ok(())
}

/// A target's answer as it goes to the client.
fn returned(answer: Response<Incoming>, set_cookie: Option<&str>) -> Response<Body> {
    let mut answer = answer.map(Either::Left);
    *answer.version_mut() = Version::HTTP_11;
    remove_hop_by_hop(answer.headers_mut());
    let cookie = set_cookie
        .and_then(|value| HeaderValue::try_from(format!("{STICKY_COOKIE}={value}; Path=/")).ok());
    if let Some(cookie) = cookie {
        answer.headers_mut().append(SET_COOKIE, cookie);
    }
    answer
}

/// RFC 9110, section 7.6.1: what concerns one connection is not forwarded.
fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
    for name in [
        CONNECTION,
        PROXY_AUTHENTICATE,
        PROXY_AUTHORIZATION,
        TE,
        TRAILER,
        TRANSFER_ENCODING,
        UPGRADE,
    ] {
        headers.remove(name);
    }
    headers.remove("keep-alive");
    headers.remove("proxy-connection");
}

/// An answer that no target gave.
fn own_answer(status: StatusCode) -> Response<Body> {
    let page = format!("<html><head><title>{status}</title></head><body>{status}</body></html>");
    let mut answer = Response::new(Either::Right(Full::from(page)));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(SERVER, HeaderValue::from_static("awselb/2.0"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    answer
}

#[cfg(test)]
mod tests;
