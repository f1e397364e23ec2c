//! The only place with SDK types: one file per service, each giving and taking our own words.

pub mod alarms;
pub mod artifacts;
pub mod error;
pub mod exits;
pub mod function;
pub mod functions;
pub mod images;
pub mod load_balancers;
mod metrics;
pub mod notifications;
pub mod pipeline;
mod protection;
pub mod queues;
mod raw;
pub mod rule;
pub mod scalable_target;
pub mod scaling;
pub mod service;
pub mod services;
pub mod table;
pub mod task_definitions;
pub mod task_set;
pub mod task_sets;

use std::{sync::LazyLock, time::Duration};

use aws_config::{
    SdkConfig, environment::EnvironmentVariableCredentialsProvider, timeout::TimeoutConfig,
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_types::DateTime;
use tokio::sync::Semaphore;

use crate::{
    clock::Timestamp,
    input::{self, BadInput},
};

pub use error::{AwsError, LookError};
use notifications::Notifications;

/// The clients of the functions and what their environment says.
pub struct Account {
    config: SdkConfig,
    codepipeline: Lazy<aws_sdk_codepipeline::Client>,
    cloudwatch: Lazy<aws_sdk_cloudwatch::Client>,
    dynamodb: Lazy<aws_sdk_dynamodb::Client>,
    ecr: Lazy<aws_sdk_ecr::Client>,
    ecs: Lazy<aws_sdk_ecs::Client>,
    elb: Lazy<aws_sdk_elasticloadbalancingv2::Client>,
    lambda: Lazy<aws_sdk_lambda::Client>,
    /// Whose turn it is to change a rule.
    modifying: Semaphore,
    scaling: Lazy<aws_sdk_applicationautoscaling::Client>,
    sqs: Lazy<aws_sdk_sqs::Client>,
    notifications: Notifications,
    settings: Settings,
}

/// A client that is made when it is first used: no look needs all of them.
type Lazy<Client> = LazyLock<Client, Box<dyn FnOnce() -> Client + Send + Sync>>;

fn lazy<Client: 'static>(config: &SdkConfig, make: fn(&SdkConfig) -> Client) -> Lazy<Client> {
    let config = config.clone();
    LazyLock::new(Box::new(move || make(&config)))
}

/// A function's environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// `TARGET`: the pair as JSON; without it, every call brings its own.
    pub target: Option<String>,
    /// `RELEASES_TABLE`: the `DynamoDB` table of release records.
    pub releases_table: Option<String>,
    /// `NOTIFICATIONS_TOPIC`: the ARN of the SNS topic through which people hear of rollbacks; without it, nobody
    /// does. Only rollback has it.
    pub notifications_topic: Option<String>,
}

impl Settings {
    /// Reads the environment of the process.
    #[must_use]
    pub fn from_env() -> Self {
        let read = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            target: read(input::TARGET),
            releases_table: read("RELEASES_TABLE"),
            notifications_topic: read(notifications::TOPIC),
        }
    }
}

impl Account {
    /// Clients for the account and Region that the function runs in.
    ///
    /// All share one HTTP client: root certificates are loaded once, and there is one pool of connections. Credentials come
    /// from the environment, where Lambda puts them; no other place is looked at.
    pub async fn from_env() -> Self {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let config = aws_config::from_env()
            .http_client(http)
            .credentials_provider(EnvironmentVariableCredentialsProvider::new())
            .timeout_config(timeouts())
            .load()
            .await;
        Self::new(config, Settings::from_env())
    }

    /// Clients over a configuration.
    #[must_use]
    pub fn new(config: SdkConfig, settings: Settings) -> Self {
        Self {
            codepipeline: lazy(&config, aws_sdk_codepipeline::Client::new),
            cloudwatch: lazy(&config, aws_sdk_cloudwatch::Client::new),
            dynamodb: lazy(&config, aws_sdk_dynamodb::Client::new),
            ecr: lazy(&config, aws_sdk_ecr::Client::new),
            ecs: lazy(&config, aws_sdk_ecs::Client::new),
            elb: lazy(&config, aws_sdk_elasticloadbalancingv2::Client::new),
            lambda: lazy(&config, aws_sdk_lambda::Client::new),
            modifying: Semaphore::new(load_balancers::CHANGES_AT_ONCE),
            scaling: lazy(&config, aws_sdk_applicationautoscaling::Client::new),
            sqs: lazy(&config, aws_sdk_sqs::Client::new),
            notifications: Notifications::new(&config, settings.notifications_topic.as_deref()),
            config,
            settings,
        }
    }

    /// The time; read once per look, by the loop.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.config
            .time_source()
            .map_or(Timestamp::from_epoch_millis(0), |source| {
                source.now().into()
            })
    }

    /// The function's `TARGET`.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        self.settings.target.as_deref()
    }

    /// The table of release records.
    pub fn releases_table(&self) -> Result<&str, BadInput> {
        self.settings.releases_table.as_deref().ok_or(BadInput::Missing {
            source_name: "RELEASES_TABLE",
            allowed: "set it in the function's environment to the name of the table of release records",
        })
    }
}

/// The SDK has no operation timeout of its own; without one a hanging call would outlive the function.
/// An operation has three attempts of three seconds within ten, so that a look of thirty seconds can
/// still report.
#[must_use]
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(3))
        .operation_timeout(Duration::from_secs(10))
        .build()
}

/// A time as AWS gives it; `None` if it gives none, or one before 1970.
fn moment(at: Option<&DateTime>) -> Option<Timestamp> {
    let millis = at?.to_millis().ok()?;
    u64::try_from(millis).ok().map(Timestamp::from_epoch_millis)
}
