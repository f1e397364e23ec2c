//! Metrics of invocations.
//!
//! AWS: "Types of metrics for Lambda functions": those of an invocation come when it ends, for the time at which it began; by
//! function, by function and what was invoked, and for an alias with two versions by the version that ran.

use super::invocation::Invocation;
use crate::{
    clock::Moment,
    world::{World, cloudwatch},
};

const NAMESPACE: &str = "AWS/Lambda";

/// Measures an invocation that has ended.
pub(super) fn ended(
    world: &mut World,
    invocation: &Invocation,
    began: Moment,
    is_drawn: bool,
    is_error: bool,
) {
    let took = world.now.since(began).as_secs_f64() * 1000.0;
    let errors = (is_error || world.functions.reports_zero_errors).then(|| f64::from(is_error));
    let metrics = [
        ("Invocations", Some(1.0)),
        ("Duration", Some(took)),
        ("Errors", errors),
    ];
    let resource = invocation.resource();
    let function = ("FunctionName", invocation.function.as_str());
    let resource = ("Resource", resource.as_str());
    let version = ("ExecutedVersion", invocation.version.as_str());
    let all = [function, resource, version];
    let depths: &[usize] = if is_drawn { &[1, 2, 3] } else { &[1, 2] };
    for (name, value) in metrics {
        for depth in depths {
            if let (Some(value), Some(of)) = (value, all.get(..*depth)) {
                cloudwatch::publish(world, NAMESPACE, name, of, value, began);
            }
        }
    }
}

/// Measures an event that was given up.
pub(super) fn dropped(world: &mut World, function: &str) {
    let of = [("FunctionName", function)];
    cloudwatch::publish(world, NAMESPACE, "AsyncEventsDropped", &of, 1.0, world.now);
}
