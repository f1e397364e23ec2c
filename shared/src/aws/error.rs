//! What AWS refuses, in words for whoever has to do something about it.

use std::fmt;

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::{input::BadInput, job::FailureType};

/// Why something could not be seen or done.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LookError {
    /// A person has to correct something.
    #[error(transparent)]
    Input(#[from] BadInput),
    /// AWS did not do what was asked.
    #[error(transparent)]
    Aws(#[from] AwsError),
}

/// A call that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsError {
    kind: Kind,
    /// The IAM action, for example `ecs:UpdateService`.
    action: &'static str,
    /// What it was about, in words.
    resource: String,
    code: Option<String>,
    message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Denied,
    Busy,
    Outrun,
    Unavailable,
    Missing,
    Failed,
}

impl std::error::Error for AwsError {}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            action,
            resource,
            message,
            ..
        } = self;
        let code = self.code.as_deref().unwrap_or("no answer");
        match self.kind {
            Kind::Denied => write!(
                f,
                "the function's role may not call {action} on {resource}. Grant it in the role's policy. AWS says: {message}"
            ),
            Kind::Busy => write!(f, "AWS throttles {action} on {resource} ({code})"),
            Kind::Outrun => write!(
                f,
                "{resource} was changed after it was looked at, or is being changed ({action}: {code})"
            ),
            Kind::Unavailable => write!(f, "AWS does not answer {action} on {resource} ({code})"),
            Kind::Missing if message.is_empty() => {
                write!(f, "{resource} does not exist ({action})")
            }
            Kind::Missing => write!(f, "{resource} does not exist ({action}: {message})"),
            Kind::Failed => write!(f, "{action} on {resource} failed with {code}: {message}"),
        }
    }
}

impl AwsError {
    /// From a call of the SDK.
    pub(crate) fn of<E>(
        action: &'static str,
        resource: impl Into<String>,
        error: &SdkError<E, HttpResponse>,
    ) -> Self
    where
        E: ProvideErrorMetadata,
    {
        let answer = error.as_service_error();
        let code = answer
            .and_then(ProvideErrorMetadata::code)
            .map(str::to_owned);
        let message = answer
            .and_then(ProvideErrorMetadata::message)
            .unwrap_or_default()
            .to_owned();
        let status = error
            .raw_response()
            .map(|response| response.status().as_u16());
        let kind = kind(code.as_deref(), &message, status);
        Self {
            kind,
            action,
            resource: resource.into(),
            code,
            message,
        }
    }

    /// Something that a call answered as absent.
    pub fn missing(action: &'static str, resource: impl Into<String>) -> Self {
        Self {
            kind: Kind::Missing,
            action,
            resource: resource.into(),
            code: None,
            message: String::new(),
        }
    }

    /// Something that AWS throttles.
    pub fn throttled(action: &'static str, resource: impl Into<String>) -> Self {
        Self {
            kind: Kind::Busy,
            action,
            resource: resource.into(),
            code: Some("ThrottlingException".to_owned()),
            message: String::new(),
        }
    }

    /// An answer that cannot be used.
    pub(crate) fn unusable(
        action: &'static str,
        resource: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            kind: Kind::Failed,
            action,
            resource: resource.into(),
            code: Some("an unexpected answer".to_owned()),
            message: message.into(),
        }
    }

    /// The same, known to pass by itself.
    pub(crate) fn passing(self) -> Self {
        Self {
            kind: Kind::Busy,
            ..self
        }
    }

    /// Whether the call may succeed later without anybody doing anything.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self.kind, Kind::Busy | Kind::Outrun | Kind::Unavailable)
    }

    /// Whether AWS has too much to do, for everybody or for this account.
    #[must_use]
    pub(crate) fn is_busy(&self) -> bool {
        self.kind == Kind::Busy
    }

    /// Whether a right is missing.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        self.kind == Kind::Denied
    }

    /// Whether what the call was about does not exist.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.kind == Kind::Missing
    }

    /// Whether this is in AWS's words.
    pub(crate) fn says(&self, words: &str) -> bool {
        self.message.contains(words)
    }

    /// Whether AWS said this.
    pub(crate) fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }
}

impl LookError {
    /// Whether it may succeed later without anybody doing anything.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Aws(error) if error.is_passing())
    }

    /// Whether a right is missing.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Aws(error) if error.is_denied())
    }

    /// Whether what was asked for does not exist.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Aws(error) if error.is_missing())
    }

    /// The name of the error that an invocation fails with: `errorType` of its answer, and in its log.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Input(_) => "ConfigurationError",
            Self::Aws(error) => match error.kind {
                Kind::Denied => "PermissionDenied",
                Kind::Busy => "Throttled",
                Kind::Outrun => "Outrun",
                Kind::Unavailable => "NoAnswer",
                Kind::Missing => "NotFound",
                Kind::Failed => "AwsRefused",
            },
        }
    }

    /// How CodePipeline files it.
    #[must_use]
    pub fn failure_type(&self) -> FailureType {
        match self {
            Self::Input(_) => FailureType::ConfigurationError,
            Self::Aws(error) => match error.kind {
                Kind::Denied => FailureType::PermissionError,
                Kind::Missing => FailureType::ConfigurationError,
                Kind::Busy | Kind::Outrun | Kind::Unavailable => FailureType::SystemUnavailable,
                Kind::Failed => FailureType::JobFailed,
            },
        }
    }
}

/// What passes by itself: the code, words that the message has to have, and who says so. Whatever AWS spells as throttling passes.
///
/// The SDKs' own are those of the Rust SDK (`THROTTLING_ERRORS` and `TRANSIENT_ERRORS` of aws-runtime). Cancelled transactions have
/// their reasons beside them, and are told apart where records are written.
const PASSING: &[(&str, &str, &str)] = &[
    ("Throttling", "", "SDKs"),
    ("ThrottlingException", "", "SDKs"),
    ("ThrottledException", "", "SDKs"),
    ("Throttled", "", "botocore `sns.ThrottledException`"),
    ("RequestThrottled", "", "SDKs, Amazon SQS"),
    ("RequestThrottledException", "", "SDKs"),
    ("TooManyRequestsException", "", "SDKs"),
    ("RequestLimitExceeded", "", "SDKs"),
    ("BandwidthLimitExceeded", "", "SDKs"),
    (
        "LimitExceededException",
        "Rate",
        "SDKs; only for rates: other limits last",
    ),
    ("SlowDown", "", "SDKs, Amazon S3"),
    ("PriorRequestNotComplete", "", "SDKs"),
    ("EC2ThrottledException", "", "SDKs"),
    (
        "ProvisionedThroughputExceededException",
        "",
        "SDKs, Amazon DynamoDB",
    ),
    (
        "TransactionInProgressException",
        "",
        "SDKs, Amazon DynamoDB",
    ),
    ("RequestTimeout", "", "SDKs"),
    ("RequestTimeoutException", "", "SDKs"),
    (
        "ConcurrentUpdateException",
        "",
        "Application Auto Scaling, API reference, `RegisterScalableTarget`",
    ),
    (
        "ClientException",
        "Too many concurrent attempts to create a new revision",
        "Amazon ECS, as reported by users of RegisterTaskDefinition",
    ),
];

fn passes(code: &str, message: &str) -> bool {
    let mut rows = PASSING.iter();
    rows.any(|(of, words, _)| *of == code && message.contains(words))
}

fn kind(code: Option<&str>, message: &str, status: Option<u16>) -> Kind {
    match (code, status) {
        (Some(code), _) if passes(code, message) => Kind::Busy,
        (
            Some(
                "AccessDenied"
                | "AccessDeniedException"
                | "AuthorizationError"
                | "UnauthorizedOperation",
            ),
            _,
        ) => Kind::Denied,
        (
            Some(
                "ServiceNotFoundException"
                | "ServiceNotActiveException"
                | "ClusterNotFoundException"
                | "QueueDoesNotExist"
                | "AWS.SimpleQueueService.NonExistentQueue"
                | "ResourceNotFoundException"
                | "NotFound"
                | "RuleNotFound"
                | "ListenerNotFound"
                | "TargetGroupNotFound"
                | "PipelineNotFoundException"
                | "NoSuchBucket"
                | "NoSuchKey",
            ),
            _,
        ) => Kind::Missing,
        // A condition that does not hold any more, or an update in progress (AWS Lambda, API reference, `UpdateAlias`, `UpdateFunctionCode`):
        // the next look sees what there is.
        (Some("PreconditionFailedException" | "ResourceConflictException"), _) => Kind::Outrun,
        // No answer at all: a timeout or a connection that broke.
        (None, None) | (_, Some(429 | 500..)) => Kind::Unavailable,
        _ => Kind::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: &str, status: u16) -> AwsError {
        AwsError {
            kind: kind(Some(code), "not today", Some(status)),
            action: "ecs:UpdateService",
            resource: "service orders".to_owned(),
            code: Some(code.to_owned()),
            message: "not today".to_owned(),
        }
    }

    #[test]
    fn a_denied_call_names_action_and_resource_and_is_a_permission_error() {
        let error = error("AccessDeniedException", 400);
        assert_eq!(
            error.to_string(),
            "the function's role may not call ecs:UpdateService on service orders. Grant it in the role's policy. AWS \
             says: not today"
        );
        assert_eq!(
            LookError::Aws(error).failure_type(),
            FailureType::PermissionError
        );
    }

    #[test]
    fn throttling_and_server_errors_pass_and_others_do_not() {
        for (code, status, passing) in [
            ("ThrottlingException", 400, true),
            ("ServerException", 500, true),
            ("ServiceUnavailable", 503, true),
            ("PreconditionFailedException", 412, true),
            ("ResourceConflictException", 409, true),
            ("ClientException", 400, false),
            ("ServiceNotFoundException", 400, false),
        ] {
            assert_eq!(error(code, status).is_passing(), passing, "{code}");
        }
        assert_eq!(kind(None, "", None), Kind::Unavailable);
    }

    #[test]
    fn what_passes_by_itself_passes_with_its_own_words_only() {
        for (code, words, source) in PASSING {
            assert!(!source.is_empty(), "{code}");
            let message = format!("AWS says: {words} for this account.");
            assert_eq!(
                kind(Some(code), &message, Some(400)),
                Kind::Busy,
                "{code}: {message}"
            );
            if !words.is_empty() {
                let other = kind(Some(code), "The container name must be unique.", Some(400));
                assert_eq!(other, Kind::Failed, "{code} for another reason lasts");
            }
        }
        let fleet = "You have reached the maximum number of services.";
        assert_eq!(
            kind(Some("LimitExceededException"), fleet, Some(400)),
            Kind::Failed
        );
    }
}
