//! What Lambda counts of either version's invocations, or whoever writes metrics of messages.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::LambdaAlias;
use crate::{
    evidence::meter::{Meter, Meters, Metric, Statistic, bad_dimensions, bad_name},
    input::BadInput,
    names::Version,
    traffic::model::Versions,
};

/// Metrics that the function writes itself, of messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LambdaMetrics {
    /// Their namespace.
    pub namespace: String,
    /// Name of the count of messages that were processed.
    pub processed: String,
    /// Name of the count of attempts that failed.
    pub failed: String,
    /// The dimension whose value is the version: the function has it in `AWS_LAMBDA_FUNCTION_VERSION`.
    pub version_dimension: String,
    /// All other dimensions, the same for both versions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dimensions: BTreeMap<String, String>,
    /// Whether attempts and failures are published together, so that what is late is late of both.
    pub together: bool,
}

/// The same as people write it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    namespace: String,
    processed: String,
    failed: String,
    #[serde(default = "version")]
    version_dimension: String,
    #[serde(default)]
    dimensions: BTreeMap<String, String>,
    #[serde(default)]
    together: bool,
}

fn version() -> String {
    "Version".to_owned()
}

impl From<Input> for LambdaMetrics {
    fn from(input: Input) -> Self {
        Self {
            namespace: input.namespace,
            processed: input.processed,
            failed: input.failed,
            version_dimension: input.version_dimension,
            dimensions: input.dimensions,
            together: input.together,
        }
    }
}

impl LambdaMetrics {
    /// Checks what one field cannot know.
    pub(super) fn check(&self, source: &'static str) -> Result<(), BadInput> {
        let bad = |field: &str, problem: String| {
            let path = format!("traffic.lambdaAlias.metrics.{field}");
            Err(BadInput::field(source, path, problem))
        };
        let names = [
            ("namespace", &self.namespace),
            ("processed", &self.processed),
            ("failed", &self.failed),
            ("versionDimension", &self.version_dimension),
        ];
        for (field, name) in names {
            if let Some(problem) = bad_name(name) {
                return bad(field, problem);
            }
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

    fn meter(&self, version: &Version) -> Meter {
        let mut dimensions = self.dimensions.clone();
        dimensions.insert(self.version_dimension.clone(), version.as_str().to_owned());
        let metric = |name: &String| Metric {
            namespace: self.namespace.clone(),
            name: name.clone(),
            dimensions: dimensions.clone().into_iter().collect(),
            statistic: Statistic::Sum,
        };
        Meter::Work {
            processed: metric(&self.processed),
            failed: metric(&self.failed),
            taken: None,
        }
    }
}

/// Both versions, once there are two.
pub(super) fn meters(model: &LambdaAlias, versions: &Versions) -> Option<Meters> {
    let candidate = versions.candidate.as_ref()?;
    let metrics = model.traffic.lambda_alias.metrics.as_ref();
    let meter = |version: &Version| match metrics {
        Some(metrics) => metrics.meter(version),
        None => invocations(model, version),
    };
    Some(Meters {
        canary: meter(candidate),
        primary: meter(&versions.stable),
        ended: None,
        // Lambda writes both counts of an invocation at its end.
        together: metrics.is_none_or(|it| it.together),
    })
}

/// `ExecutedVersion` is there while an alias has weights (AWS, "Types of metrics for Lambda functions").
fn invocations(model: &LambdaAlias, version: &Version) -> Meter {
    let metric = |name: &str| Metric {
        namespace: "AWS/Lambda".to_owned(),
        name: name.to_owned(),
        dimensions: vec![
            ("ExecutedVersion".to_owned(), version.as_str().to_owned()),
            ("FunctionName".to_owned(), model.function.to_string()),
            ("Resource".to_owned(), model.qualified()),
        ],
        statistic: Statistic::Sum,
    };
    Meter::Invocations {
        all: metric("Invocations"),
        failed: metric("Errors"),
    }
}
