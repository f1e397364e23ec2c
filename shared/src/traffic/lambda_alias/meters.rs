//! What Lambda counts of either version's invocations, or whoever writes metrics of messages.

use super::{Found, LambdaAlias, Set};
use crate::{
    evidence::meter::{Meter, Meters, Metric, Statistic},
    names::Version,
};

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
    Some(metrics.meter(version.as_str(), set.longest()))
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
