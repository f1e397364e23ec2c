//! What the functions write for people and dashboards: structured logs, one JSON object a line on standard output, as `CloudWatch`
//! Logs takes it, and among them the metrics of releases, in the embedded metric format.

use serde_json::{Map, Value, json};

use crate::{
    clock::Timestamp,
    record::{Phase, Record},
};

/// Where the metrics of releases are found in `CloudWatch`, with the one dimension `Pair`, `CLUSTER/PRIMARY`.
pub const NAMESPACE: &str = "CanaryRelease";

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

/// Writes what a write of the record says of its release, where there is a log.
pub(crate) fn wrote(record: &Record, at: Timestamp) {
    if tracing::enabled!(tracing::Level::INFO)
        && let Some(line) = metrics(record, at)
    {
        println!("{line}");
    }
}

/// The metrics of a record that is written at this moment: the share of the candidate, and what has just happened to the release.
///
/// | metric | unit | when |
/// |---|---|---|
/// | `AskedPercent` | percent | at every write: 0 while the candidate is deployed and once it is rolled back, 100 once it is promoted |
/// | `Begun` | count | a release begins |
/// | `Released`, `LeadSeconds` | count, seconds | it is promoted; from its beginning |
/// | `RolledBack`, `RollbackSeconds` | count, seconds | it is rolled back; from when the reason became known |
///
/// AWS: `CloudWatch` user guide, "Specification: Embedded metric format".
fn metrics(record: &Record, at: Timestamp) -> Option<Value> {
    if record.has_changed_nothing() {
        return None;
    }
    let asked = match &record.phase {
        Phase::Deploying | Phase::RollingBack(_) | Phase::RolledBack { .. } => 0.0,
        Phase::Shifting { asked, .. } => asked.percent(),
        Phase::Promoting { .. } | Phase::Promoted { .. } => 100.0,
    };
    let mut values = vec![("AskedPercent", "Percent", asked)];
    let seconds = |since: Timestamp| at.since(since).as_secs_f64();
    match &record.phase {
        Phase::Deploying if record.began == at => values.push(("Begun", "Count", 1.0)),
        Phase::Promoted { .. } if record.phase_since == at => values.extend([
            ("Released", "Count", 1.0),
            ("LeadSeconds", "Seconds", seconds(record.began)),
        ]),
        Phase::RolledBack { cause, .. } if record.phase_since == at => values.extend([
            ("RolledBack", "Count", 1.0),
            ("RollbackSeconds", "Seconds", seconds(cause.at)),
        ]),
        _ => {}
    }
    let definitions = values
        .iter()
        .map(|(name, unit, _)| json!({"Name": name, "Unit": unit}));
    let mut line = Map::new();
    let directive = json!({
        "Namespace": NAMESPACE,
        "Dimensions": [["Pair"]],
        "Metrics": definitions.collect::<Vec<_>>(),
    });
    let epoch = at.since(Timestamp::from_epoch_millis(0)).as_millis();
    let epoch = u64::try_from(epoch).ok()?;
    line.insert(
        "_aws".to_owned(),
        json!({"Timestamp": epoch, "CloudWatchMetrics": [directive]}),
    );
    line.insert("Pair".to_owned(), record.pair.as_str().into());
    line.insert("release".to_owned(), record.release.as_str().into());
    for (name, _, value) in values {
        line.insert(name.to_owned(), value.into());
    }
    Some(Value::Object(line))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        fixtures::{at, began, cause, record},
        parts::pair::Candidate,
    };

    fn told(record: &Record, at: Timestamp) -> Vec<(String, f64)> {
        let line = metrics(record, at).expect("a release that changes something");
        let defined = line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
            .as_array()
            .expect("metrics")
            .clone();
        defined
            .iter()
            .map(|metric| {
                let name = metric["Name"].as_str().expect("a name").to_owned();
                let value = line[&name].as_f64().expect("a value");
                (name, value)
            })
            .collect()
    }

    fn named(values: &[(&str, f64)]) -> Vec<(String, f64)> {
        values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), *value))
            .collect()
    }

    #[test]
    fn a_release_tells_its_beginning_its_shares_and_its_end() {
        let begun = record();
        assert_eq!(
            told(&begun, began()),
            named(&[("AskedPercent", 0.0), ("Begun", 1.0)])
        );
        let shifting = begun.shifting(25);
        assert_eq!(told(&shifting, at(900)), named(&[("AskedPercent", 25.0)]));
        let promoted = shifting.clone().promoted().since(at(1000));
        let took = at(1000).since(began()).as_secs_f64();
        let released = [
            ("AskedPercent", 100.0),
            ("Released", 1.0),
            ("LeadSeconds", took),
        ];
        assert_eq!(told(&promoted, at(1000)), named(&released));
        let rolled_back = shifting.rolling_back().rolled_back();
        let took = at(450).since(cause().at).as_secs_f64();
        let ended = [
            ("AskedPercent", 0.0),
            ("RolledBack", 1.0),
            ("RollbackSeconds", took),
        ];
        assert_eq!(told(&rolled_back, at(450)), named(&ended));
    }

    #[test]
    fn what_is_written_later_of_a_release_tells_its_share_alone() {
        for record in [record(), record().promoted(), record().rolled_back()] {
            let later = record.phase_since + Duration::from_secs(5);
            assert_eq!(told(&record, later).len(), 1);
        }
    }

    /// AWS: `CloudWatch` user guide, "Specification: Embedded metric format".
    #[test]
    fn a_line_is_what_cloudwatch_takes_for_metrics() {
        let line = metrics(&record(), began()).expect("a line");
        let (text, epoch) = (line.to_string(), line["_aws"]["Timestamp"].as_u64());
        assert!(!text.contains('\n'));
        assert_eq!(epoch.map(Timestamp::from_epoch_millis), Some(began()));
        assert_eq!(line["Pair"], record().pair.as_str());
    }

    #[test]
    fn an_execution_that_promotes_what_is_there_tells_nothing() {
        let record = record().promoted();
        let candidate = Candidate::Registered {
            task_definition: record.found().primary.task_definition,
            at: record.phase_since,
        };
        let record = record.having(candidate);
        assert_eq!(metrics(&record, began()), None);
    }
}
