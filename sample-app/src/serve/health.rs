//! The container health check of the HTTP service: asks it as a load balancer would.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use tokio::time::timeout;

use super::answers::HEALTH_PATH;
use crate::telemetry::in_full;

/// Shorter than the five seconds that ECS gives a check unless told otherwise.
const PATIENCE: Duration = Duration::from_secs(3);

/// Why the service does not count as healthy.
#[derive(Debug, thiserror::Error)]
#[error("the service at {url} is not healthy. Found: {found}. Allowed: HTTP status 200 within {} s.", PATIENCE.as_secs())]
pub struct Unhealthy {
    url: String,
    found: String,
}

/// Asks the service that listens there, on this machine.
pub async fn check(http: &SharedHttpConnector, listen: SocketAddr) -> Result<(), Unhealthy> {
    let url = format!("http://{}{HEALTH_PATH}", reachable(listen));
    let found = match HttpRequest::get(&url) {
        Ok(request) => match timeout(PATIENCE, http.call(request)).await {
            Ok(Ok(answer)) if answer.status().as_u16() == 200 => return Ok(()),
            Ok(Ok(answer)) => format!("HTTP status {}", answer.status().as_u16()),
            Ok(Err(error)) => in_full(&error),
            Err(_) => "no answer".to_owned(),
        },
        Err(error) => in_full(&error),
    };
    Err(Unhealthy { url, found })
}

/// Where one connects to reach who listens there: all addresses means loopback too.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let address = match listen.ip() {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    };
    SocketAddr::new(address, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_on_all_addresses_is_asked_on_loopback() {
        for (listen, reached) in [
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:8080", "[::1]:8080"),
            ("127.10.0.3:9000", "127.10.0.3:9000"),
        ] {
            assert_eq!(reachable(listen.parse().unwrap()).to_string(), reached);
        }
    }
}
