//! Structured logs: one JSON object a line on standard output, as `CloudWatch` Logs takes it.

/// Starts logging at the level of `INFO` of this suite, nothing of the SDK.
///
/// The SDK's own events are left out on purpose: at its finer levels they show requests, and a request
/// may hold credentials.
pub fn init() {
    use tracing_subscriber::{
        Layer, filter::Targets, layer::SubscriberExt, util::SubscriberInitExt,
    };

    let own = [
        "canary",
        "deploy_canary",
        "shift_weight",
        "promote_primary",
        "rollback",
    ]
    .into_iter()
    .fold(Targets::new(), |targets, own| {
        targets.with_target(own, tracing::Level::INFO)
    });
    let json = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .without_time()
        .with_filter(own);
    tracing_subscriber::registry().with(json).init();
}
