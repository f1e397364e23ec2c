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
                let in_hand = InHand::new(&self.account, &routed);
                let sent = Instant::now();
                match self.ask(target_group, target, request).await {
                    Ok(answer) => {
                        let status = answer.status().as_u16();
                        in_hand.ends(Answered::Status(status, sent.elapsed()));
                        returned(answer, set_cookie.as_deref())
                    }
                    Err(failed) => {
                        in_hand.ends(failed);
                        own_answer(status_of(failed))
                    }
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
    ) -> Result<Response<Incoming>, Answered> {
        tokio::select! {
            answer = self.targets.request(request) => answer.map_err(|error| failure(&error)),
            () = self.removed(target_group, target) => Err(Answered::Dropped),
            () = tokio::time::sleep(IDLE_LIMIT) => Err(Answered::Late),
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

/// A request that a target was chosen for. Dropped before it ends, its client has given up.
struct InHand<'a> {
    account: &'a Account,
    routed: &'a Routed,
    ended: Option<Answered>,
}

impl<'a> InHand<'a> {
    fn new(account: &'a Account, routed: &'a Routed) -> Self {
        Self {
            account,
            routed,
            ended: None,
        }
    }

    fn ends(mut self, answered: Answered) {
        self.ended = Some(answered);
    }
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        let answered = self.ended.unwrap_or(Answered::GivenUp);
        self.account
            .with(|world| elb::answered(world, self.routed, answered));
    }
}

/// What went wrong with a target's connection.
fn failure(error: &Error) -> Answered {
    match (error.is_connect(), timed_out(error)) {
        (true, true) => Answered::Unreachable,
        (true, false) => Answered::Refused,
        (false, true) => Answered::Late,
        (false, false) => Answered::Dropped,
    }
}

fn timed_out(error: &Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>()
            && io.kind() == io::ErrorKind::TimedOut
        {
            return true;
        }
        cause = error.source();
    }
    false
}

/// What a client is answered whose request came to nothing.
fn status_of(failed: Answered) -> StatusCode {
    let status = failed
        .own_status()
        .and_then(|it| StatusCode::from_u16(it).ok());
    status.unwrap_or(StatusCode::BAD_GATEWAY)
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
