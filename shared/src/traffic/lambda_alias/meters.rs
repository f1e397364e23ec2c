//! What Lambda counts of either version's invocations, or whoever writes metrics of messages.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Found, LambdaAlias, Set};
use crate::{
    evidence::meter::{Meter, Meters, Metric, Statistic, bad_dimensions, bad_name},
    input::BadInput,
    names::Version,
    parts::work::{BookedOn, WorkMetrics},
};

/// Metrics that the function writes itself, of messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LambdaMetrics {
    /// Their names, and what they count.
    #[serde(flatten)]
    pub work: WorkMetrics,
    /// The dimension whose value is the version: the function has it in `AWS_LAMBDA_FUNCTION_VERSION`.
    pub version_dimension: String,
    /// All other dimensions, the same for both versions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dimensions: BTreeMap<String, String>,
}

/// The same as people write it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    namespace: String,
    processed: String,
    failed: String,
    received: Option<String>,
    released: Option<String>,
    #[serde(default = "version")]
    version_dimension: String,
    #[serde(default)]
    dimensions: BTreeMap<String, String>,
    #[serde(default)]
    booked_on: BookedOn,
    #[serde(default)]
    together: bool,
    ends_within_seconds: Option<u64>,
}

fn version() -> String {
    "Version".to_owned()
}

impl From<Input> for LambdaMetrics {
    fn from(input: Input) -> Self {
        Self {
            work: WorkMetrics {
                namespace: input.namespace,
                processed: input.processed,
                failed: input.failed,
                received: input.received,
                released: input.released,
                booked_on: input.booked_on,
                together: input.together,
                ends_within_seconds: input.ends_within_seconds,
            },
            version_dimension: input.version_dimension,
            dimensions: input.dimensions,
        }
    }
}

impl LambdaMetrics {
    /// Checks what one field cannot know; the paths are those below `metrics`.
    pub(super) fn check(&self, source: &'static str) -> Result<(), BadInput> {
        let bad = |field: &str, problem: String| Err(BadInput::field(source, field, problem));
        self.work.check(source)?;
        if let Some(problem) = bad_name(&self.version_dimension) {
            return bad("versionDimension", problem);
        }
        if self.dimensions.contains_key(&self.version_dimension) {
            let problem = format!(
                "{:?} has the version as its value, which is another one for each release; leave it out",
                self.version_dimension
            );
            return bad("dimensions", problem);
        }
        match bad_dimensions(&self.dimensions) {
            Some(problem) if !self.dimensions.is_empty() => bad("dimensions", problem),
            _ => Ok(()),
        }
    }

    /// Of a version.
    fn dimensions(&self, version: &Version) -> BTreeMap<String, String> {
        let mut dimensions = self.dimensions.clone();
        dimensions.insert(self.version_dimension.clone(), version.as_str().to_owned());
        dimensions
    }
}

/// Both versions, once there are two. `ExecutedVersion` is there while an alias has weights (AWS, "Types of metrics for Lambda functions").
pub(super) fn compared(model: &LambdaAlias, found: &Found, set: &Set) -> Option<Meters> {
    let meter = |version: &Version| {
        work(model, version, set)
            .unwrap_or_else(|| invocations(model, &[("ExecutedVersion", version.as_str())]))
    };
    let (canary, primary) = (meter(set.version()?), meter(&found.version));
    Some(meters(model, Some(canary), primary))
}

/// What was promoted. Without weights there is no `ExecutedVersion`: what the alias is invoked for is all the candidate's.
pub(super) fn promoted(model: &LambdaAlias, set: &Set) -> Option<Meters> {
    let candidate = set.version()?;
    let all = work(model, candidate, set).unwrap_or_else(|| invocations(model, &[]));
    Some(meters(model, None, all))
}

fn meters(model: &LambdaAlias, canary: Option<Meter>, primary: Meter) -> Meters {
    let metrics = model.traffic.lambda_alias.metrics.as_ref();
    Meters {
        canary,
        primary,
        ended: None,
        // Lambda writes both counts of an invocation at its end.
        together: metrics.is_none_or(|it| it.work.together),
    }
}

/// What a version counts itself, if it does. Lambda ends an invocation at its timeout.
fn work(model: &LambdaAlias, version: &Version, set: &Set) -> Option<Meter> {
    let metrics = model.traffic.lambda_alias.metrics.as_ref()?;
    let dimensions = metrics.dimensions(version);
    Some(metrics.work.meter(&dimensions, set.longest()))
}

/// What Lambda counts of the alias, with these dimensions first.
fn invocations(model: &LambdaAlias, of: &[(&str, &str)]) -> Meter {
    let (function, alias) = (model.function.as_str(), model.qualified());
    let all = [("FunctionName", function), ("Resource", &alias)];
    let dimensions = of.iter().chain(&all);
    let dimensions: Vec<_> = dimensions
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let metric = |name: &str| Metric {
        namespace: "AWS/Lambda".to_owned(),
        name: name.to_owned(),
        dimensions: dimensions.clone(),
        statistic: Statistic::Sum,
    };
    Meter::Invocations {
        all: metric("Invocations"),
        failed: metric("Errors"),
    }
}
