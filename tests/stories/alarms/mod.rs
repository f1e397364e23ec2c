//! The alarms of the templates as rules: which minutes they take for bad ones, and how often they fire.

mod figures;
mod latency;
mod rules;
mod series;
mod stalled;

use rehearsal_core::{
    stage::{self, Traffic},
    template::Templates,
};
use serde_json::json;

use crate::{
    play::shipped,
    rule::{Failing, Metric, Minute, Rule},
};

/// The templates with an alarm on the queue's canary that asks for five points more in a minute of twenty messages, and
/// not what chance does.
pub(crate) fn chance_ignored() -> Templates {
    let mut templates = shipped().clone();
    let document = templates.document_mut("monitoring.yaml");
    let queries = "/Resources/CanaryFailuresAlarm/Properties/Metrics";
    let queries = document.expect("the template").pointer_mut(queries);
    queries.expect("its queries")[0]["Expression"] =
        json!("100 * gap * (canary >= 20) * (gap > (5 / 100))");
    templates
}

impl Rule {
    /// The comparison without regard to chance.
    fn naive() -> Self {
        Self::of(&chance_ignored(), Traffic::Queue, stage::FAILURES_ALARM)
    }
}
