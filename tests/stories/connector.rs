//! AWS SDK clients that reach the account without sockets.

use std::{fmt, future, time::Duration};

use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings,
            SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::Bytes;
use rehearsal_core::wire::Account;

/// Builds a client of an SDK crate that calls an account as a principal:
/// `client!(aws_sdk_ecs, account, "deploy-canary")`.
///
/// It has the SDK's own defaults: standard retries, no timeout.
macro_rules! client {
    ($sdk:ident, $account:expr, $principal:expr) => {
        $sdk::Client::from_conf($crate::connector::config!($sdk, $account, $principal).build())
    };
}

/// The configuration of [`client`], to be changed further.
macro_rules! config {
    ($sdk:ident, $account:expr, $principal:expr) => {
        $sdk::Config::builder()
            .region($sdk::config::Region::new($crate::connector::REGION))
            .credentials_provider($sdk::config::Credentials::new(
                rehearsal_core::wire::access_key($principal),
                "rehearsal",
                None,
                None,
                "rehearsal",
            ))
            .http_client($crate::connector::InProcess::new(&$account))
    };
}

pub(crate) use {client, config};

/// The Region of the accounts in these stories.
pub(crate) const REGION: &str = "eu-central-1";

/// An HTTP client of the SDK whose every request goes to one account.
#[derive(Clone)]
pub(crate) struct InProcess {
    account: Account,
    /// How long it waits for an answer.
    read_timeout: Option<Duration>,
}

impl InProcess {
    pub(crate) fn new(account: &Account) -> Self {
        Self {
            account: account.clone(),
            read_timeout: None,
        }
    }

    async fn send(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let (parts, body) = request
            .try_into_http1x()
            .map_err(|error| ConnectorError::user(error.into()))?
            .into_parts();
        let body = body.collect().await.map_err(ConnectorError::io)?.to_bytes();
        let answer = self.answer(Request::from_parts(parts, body));
        let Some(limit) = self.read_timeout else {
            return Ok(response(answer.await));
        };
        tokio::time::timeout(limit, answer)
            .await
            .map(response)
            .map_err(|elapsed| ConnectorError::timeout(elapsed.into()))
    }

    async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        match self.account.handle(request).await {
            Some(answer) => answer,
            None => future::pending().await,
        }
    }
}

fn response(answer: Response<Bytes>) -> HttpResponse {
    let (parts, body) = answer.into_parts();
    let status = StatusCode::try_from(parts.status.as_u16()).expect("the account answers HTTP");
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    for (name, value) in &parts.headers {
        let value = value.to_str().expect("the account's headers are text");
        response
            .headers_mut()
            .append(name.as_str().to_owned(), value.to_owned());
    }
    response
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().send(request))
    }
}

impl HttpClient for InProcess {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Self {
            account: self.account.clone(),
            read_timeout: settings.read_timeout(),
        })
    }
}

impl fmt::Debug for InProcess {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("InProcess")
    }
}
