//! What the application tells of its messages.

use std::time::Duration;

use serde_json::Value;

use crate::world::journal::What;

/// What a consumer says about its messages, and over which time, if the line is a metric line that tells how they ended.
pub(super) fn messages(line: &str, over: Duration) -> Option<What> {
    if !line.contains("\"_aws\"") {
        return None;
    }
    let metrics: Value = serde_json::from_str(line).ok()?;
    let count = |name: &str| u32::try_from(metrics[name].as_u64()?).ok();
    Some(What::Messages {
        version: metrics["AppVersion"].as_str()?.to_owned(),
        processed: count("Processed")?,
        failed: count("Failed")?,
        over,
    })
}
