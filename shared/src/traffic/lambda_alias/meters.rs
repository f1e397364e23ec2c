//! What Lambda counts of either version's invocations, or whoever writes metrics of messages.

use super::{Found, LambdaAlias, Set};
use crate::{
    evidence::meter::{Meter, Meters, Metric, Statistic},
    names::Version,
    parts::work::VersionMetrics,
};

/// Both versions, once there are two. `ExecutedVersion` is there while an alias has weights (AWS, "Types of metrics for Lambda functions").
pub(super) fn compared(model: &LambdaAlias, found: &Found, set: &Set) -> Option<Meters> {
    let (canary, primary) = (set.version()?, &found.version);
    let of = |version: &Version| invocations(model, &[("ExecutedVersion", version.as_str())]);
    let called = called(Some(of(canary)), of(primary));
    let own = |work: &VersionMetrics| {
        let of = |version: &Version| meter(work, version, set);
        (Some(of(canary)), of(primary))
    };
    Some(counted(model, own, called))
}

/// What was promoted. Without weights there is no `ExecutedVersion`: what the alias is invoked for is all the candidate's.
pub(super) fn promoted(model: &LambdaAlias, set: &Set) -> Option<Meters> {
    let candidate = set.version()?;
    let called = called(None, invocations(model, &[]));
    let own = |work: &VersionMetrics| (None, meter(work, candidate, set));
    Some(counted(model, own, called))
}

/// By what the function counts itself, if it does.
fn counted(
    model: &LambdaAlias,
    own: impl FnOnce(&VersionMetrics) -> (Option<Meter>, Meter),
    called: Meters,
) -> Meters {
    let Some(metrics) = &model.traffic.lambda_alias.metrics else {
        return called;
    };
    let (canary, primary) = own(metrics);
    Meters {
        canary,
        primary,
        ended: None,
        together: metrics.work.together,
        called: Some(Box::new(called)),
    }
}

/// By Lambda, which writes both counts of an invocation at its end.
fn called(canary: Option<Meter>, primary: Meter) -> Meters {
    Meters {
        canary,
        primary,
        ended: None,
        together: true,
        called: None,
    }
}

/// What a version counts itself. Lambda ends an invocation at its timeout.
fn meter(metrics: &VersionMetrics, version: &Version, set: &Set) -> Meter {
    metrics.meter(version.as_str(), set.longest())
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
