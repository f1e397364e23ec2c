//! AWS Lambda: functions, their versions, aliases, and what invokes them.

use std::{fmt::Write as _, time::Duration};

use aws_sdk_lambda::{
    operation::get_alias::GetAliasOutput,
    types::{
        AliasRoutingConfiguration, FunctionConfiguration, FunctionResponseType, LastUpdateStatus,
        PackageType, ProvisionedConcurrencyStatusEnum, State as FunctionState,
    },
};
use sha2::{Digest, Sha256};

use super::{
    Account, AwsError,
    function::{Alias, Code, Function, Mapping, Provisioned, Routing, Settings, State, Weighted},
};
use crate::names::{AliasName, FunctionName, Image, Version};

/// What is not published yet.
pub const LATEST: &str = "$LATEST";

/// How long an invocation may take at most (AWS Lambda, "Lambda quotas").
pub const LONGEST_INVOCATION: Duration = Duration::from_mins(15);

impl Account {
    /// `GetAlias`.
    pub async fn alias(
        &self,
        function: &FunctionName,
        alias: &AliasName,
    ) -> Result<Alias, AwsError> {
        const ACTION: &str = "lambda:GetAlias";
        let resource = format!("alias {alias} of function {function}");
        let answer = self
            .lambda
            .get_alias()
            .function_name(function.as_str())
            .name(alias.as_str())
            .send()
            .await
            .map_err(|error| AwsError::of(ACTION, &resource, &error))?;
        alias_of(&answer)
            .ok_or_else(|| AwsError::unusable(ACTION, resource, "version or revision is missing"))
    }

    /// `UpdateAlias`, if nobody has written it since this revision.
    pub(crate) async fn route(
        &self,
        (function, alias): (&FunctionName, &AliasName),
        routing: &Routing,
        revision: &str,
    ) -> Result<(), AwsError> {
        let weights = routing.beside.iter();
        // An empty map takes the weights away; none at all leaves them as they are.
        let weights = weights.map(|it| (it.version.as_str().to_owned(), it.weight));
        let routes = AliasRoutingConfiguration::builder()
            .set_additional_version_weights(Some(weights.collect()))
            .build();
        self.lambda
            .update_alias()
            .function_name(function.as_str())
            .name(alias.as_str())
            .function_version(routing.version.as_str())
            .routing_config(routes)
            .revision_id(revision)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| {
                let resource = format!("alias {alias} of function {function}");
                AwsError::of("lambda:UpdateAlias", resource, &error)
            })
    }

    /// `GetFunction`, of a version.
    pub async fn function(
        &self,
        function: &FunctionName,
        version: &str,
    ) -> Result<Function, AwsError> {
        const ACTION: &str = "lambda:GetFunction";
        let resource = format!("version {version} of function {function}");
        let answer = self
            .lambda
            .get_function()
            .function_name(function.as_str())
            .qualifier(version)
            .send()
            .await
            .map_err(|error| AwsError::of(ACTION, &resource, &error))?;
        // The package's address is signed: nothing of it is kept.
        let image = answer
            .code()
            .and_then(|code| code.resolved_image_uri())
            .map(str::to_owned);
        answer
            .configuration()
            .and_then(|it| function_of(it, image.as_deref()))
            .ok_or_else(|| AwsError::unusable(ACTION, resource, "a part of it is missing"))
    }

    /// The number of the version that was published last, if any was: `ListVersionsByFunction`.
    pub async fn newest_version(
        &self,
        function: &FunctionName,
    ) -> Result<Option<Version>, AwsError> {
        let mut pages = self
            .lambda
            .list_versions_by_function()
            .function_name(function.as_str())
            .into_paginator()
            .send();
        let mut newest: Option<(u64, Version)> = None;
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| {
                let resource = format!("function {function}");
                AwsError::of("lambda:ListVersionsByFunction", resource, &error)
            })?;
            for version in page.versions().iter().filter_map(|it| it.version()) {
                let Ok(number) = version.parse() else {
                    continue;
                };
                if newest.as_ref().is_none_or(|(least, _)| number > *least) {
                    newest = Version::try_from(version).ok().map(|it| (number, it));
                }
            }
        }
        Ok(newest.map(|(_, version)| version))
    }

    /// `GetProvisionedConcurrencyConfig` of an alias; `None` if it keeps nothing warm.
    pub async fn provisioned(
        &self,
        function: &FunctionName,
        alias: &AliasName,
    ) -> Result<Option<Provisioned>, AwsError> {
        let answer = self
            .lambda
            .get_provisioned_concurrency_config()
            .function_name(function.as_str())
            .qualifier(alias.as_str())
            .send()
            .await;
        let answer = answer.map_err(|error| {
            let resource = format!("alias {alias} of function {function}");
            AwsError::of("lambda:GetProvisionedConcurrencyConfig", resource, &error)
        });
        let answer = match answer {
            Err(error) if error.is("ProvisionedConcurrencyConfigNotFoundException") => {
                return Ok(None);
            }
            answer => answer?,
        };
        let reason = answer.status_reason().unwrap_or_default().to_owned();
        let count = |it: Option<i32>| it.and_then(|it| u32::try_from(it).ok()).unwrap_or_default();
        Ok(Some(Provisioned {
            requested: count(answer.requested_provisioned_concurrent_executions()),
            available: count(answer.available_provisioned_concurrent_executions()),
            state: match answer.status() {
                Some(ProvisionedConcurrencyStatusEnum::Ready) => State::Done,
                Some(ProvisionedConcurrencyStatusEnum::Failed) => State::Failed(reason),
                _ => State::Pending,
            },
        }))
    }

    /// `ListEventSourceMappings`, of what `invoked` names: a function, or one of its aliases by ARN or `FUNCTION:ALIAS`.
    pub async fn mappings(&self, invoked: &str) -> Result<Vec<Mapping>, AwsError> {
        let mut pages = self
            .lambda
            .list_event_source_mappings()
            .function_name(invoked)
            .into_paginator()
            .send();
        let mut mappings = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| {
                let resource = format!("event source mappings of {invoked}");
                AwsError::of("lambda:ListEventSourceMappings", resource, &error)
            })?;
            for it in page.event_source_mappings() {
                let text = |it: Option<&str>| it.unwrap_or_default().to_owned();
                let items = FunctionResponseType::ReportBatchItemFailures;
                mappings.push(Mapping {
                    id: text(it.uuid()),
                    invokes: text(it.function_arn()),
                    reads: text(it.event_source_arn()),
                    batch: it
                        .batch_size()
                        .and_then(|it| u32::try_from(it).ok())
                        .unwrap_or(1),
                    tells_items: it.function_response_types().contains(&items),
                    is_off: matches!(it.state(), Some("Disabled" | "Disabling")),
                });
            }
        }
        Ok(mappings)
    }

    /// `UpdateFunctionCode` from S3, if nobody has written the function since this revision.
    pub(crate) async fn put_package(
        &self,
        function: &FunctionName,
        package: &Package,
        revision: &str,
    ) -> Result<(), AwsError> {
        self.lambda
            .update_function_code()
            .function_name(function.as_str())
            .s3_bucket(&package.bucket)
            .s3_key(&package.key)
            .set_s3_object_version(package.version.clone())
            .revision_id(revision)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| update_error(function, &error))
    }

    /// The same with an image.
    pub(crate) async fn put_image(
        &self,
        function: &FunctionName,
        image: &Image,
        revision: &str,
    ) -> Result<(), AwsError> {
        self.lambda
            .update_function_code()
            .function_name(function.as_str())
            .image_uri(image.as_str())
            .revision_id(revision)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| update_error(function, &error))
    }

    /// `PublishVersion` of what `$LATEST` is at this revision; where that is what was published last, nothing happens.
    pub(crate) async fn publish_version(
        &self,
        function: &FunctionName,
        description: &str,
        revision: &str,
    ) -> Result<(), AwsError> {
        self.lambda
            .publish_version()
            .function_name(function.as_str())
            .description(description)
            .revision_id(revision)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| {
                let resource = format!("function {function}");
                AwsError::of("lambda:PublishVersion", resource, &error)
            })
    }
}

/// Where a package is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Package {
    /// Its bucket.
    pub bucket: String,
    /// Its key.
    pub key: String,
    /// The version of that object, if the bucket keeps versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

fn update_error<E: aws_smithy_types::error::metadata::ProvideErrorMetadata>(
    function: &FunctionName,
    error: &aws_smithy_runtime_api::client::result::SdkError<
        E,
        aws_smithy_runtime_api::client::orchestrator::HttpResponse,
    >,
) -> AwsError {
    AwsError::of(
        "lambda:UpdateFunctionCode",
        format!("function {function}"),
        error,
    )
}

fn alias_of(answer: &GetAliasOutput) -> Option<Alias> {
    let version = Version::try_from(answer.function_version()?).ok()?;
    let weights = answer
        .routing_config()
        .and_then(|it| it.additional_version_weights());
    let mut weights = weights.into_iter().flatten();
    let beside = weights.next().map(|(version, weight)| {
        Some(Weighted {
            version: Version::try_from(version.as_str()).ok()?,
            weight: *weight,
        })
    });
    Some(Alias {
        routing: Routing {
            version,
            beside: match beside {
                Some(beside) => Some(beside?),
                None => None,
            },
        },
        revision: answer.revision_id()?.to_owned(),
    })
}

fn function_of(it: &FunctionConfiguration, image: Option<&str>) -> Option<Function> {
    let code = match (it.package_type(), image) {
        (Some(PackageType::Image), Some(image)) => Code::Image(
            image
                .rsplit_once('@')
                .map_or(image, |(_, digest)| digest)
                .to_owned(),
        ),
        _ => Code::Package(it.code_sha256()?.to_owned()),
    };
    let dead_letters = it.dead_letter_config().and_then(|it| it.target_arn());
    let seconds = it.timeout().and_then(|it| u64::try_from(it).ok());
    let runtime = it.runtime().map_or("", |it| it.as_str());
    let architecture = it.architectures().first();
    Some(Function {
        version: Version::try_from(it.version()?).ok()?,
        code,
        settings: settings(it),
        role: it.role()?.to_owned(),
        dead_letters: dead_letters
            .filter(|arn| !arn.is_empty())
            .map(str::to_owned),
        timeout: seconds.map_or(LONGEST_INVOCATION, Duration::from_secs),
        architecture: architecture.map_or("x86_64", |it| it.as_str()).to_owned(),
        is_program: runtime.starts_with("provided"),
        state: match it.state() {
            Some(FunctionState::Pending) => State::Pending,
            Some(FunctionState::Failed) => {
                State::Failed(it.state_reason().unwrap_or_default().to_owned())
            }
            // One that nobody has invoked for long is made ready again by its next invocation.
            _ => State::Done,
        },
        update: match it.last_update_status() {
            Some(LastUpdateStatus::InProgress) => State::Pending,
            Some(LastUpdateStatus::Failed) => State::Failed(
                it.last_update_status_reason()
                    .unwrap_or_default()
                    .to_owned(),
            ),
            _ => State::Done,
        },
        revision: it.revision_id()?.to_owned(),
    })
}

/// Everything that is not the code, and not the same for every version of one function or different for each. The environment may hold
/// secrets: only digests leave this place.
fn settings(it: &FunctionConfiguration) -> Settings {
    let mut rest = it.clone();
    let variables = rest.environment.take().and_then(|it| it.variables);
    let named = [
        ("timeout", rest.timeout.take().map(|it| format!("{it} s"))),
        (
            "memory",
            rest.memory_size.take().map(|it| format!("{it} MB")),
        ),
        (
            "runtime",
            rest.runtime.take().map(|it| it.as_str().to_owned()),
        ),
        ("handler", rest.handler.take()),
    ];
    rest.function_arn = None;
    rest.code_size = 0;
    rest.description = None;
    rest.last_modified = None;
    rest.code_sha256 = None;
    rest.version = None;
    rest.master_arn = None;
    rest.revision_id = None;
    rest.state = None;
    rest.state_reason = None;
    rest.state_reason_code = None;
    rest.last_update_status = None;
    rest.last_update_status_reason = None;
    rest.last_update_status_reason_code = None;
    rest.runtime_version_config = None;
    rest.config_sha256 = None;
    // Only a published version is optimised.
    if let Some(snap_start) = &mut rest.snap_start {
        snap_start.optimization_status = None;
    }
    let variables = variables.into_iter().flatten();
    Settings {
        named: named
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect(),
        variables: variables
            .map(|(name, value)| (name, digest(&value)))
            .collect(),
        rest: digest(&format!("{rest:?}")),
    }
}

fn digest(text: &str) -> String {
    let digest = Sha256::digest(text);
    digest.iter().take(16).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
