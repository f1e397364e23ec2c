//! What `CloudWatch` has counted of both versions while they were compared, cut into minutes and judged as the functions do it.

use std::collections::BTreeMap;

use canary::{
    clock::Timestamp,
    evidence::{
        meter::{Metric, Statistic},
        minutes::{MINUTE, Minutes, Series, Span, Split},
    },
    gates::verdict,
    record::Record,
};
use serde_json::{Value, json};

use super::Theatre;
use crate::{
    clock::Moment,
    stage::RELEASES_TABLE,
    story::{Minute, stored},
    world::{Principal, World},
};

/// Minute by minute, of the last release; until it was promoted or ended.
pub(super) fn minutes(theatre: &Theatre<'_>) -> Vec<Minute> {
    let asked = theatre.story.borrow().asked.clone();
    let ended = asked.iter().last().filter(|(_, asked)| asked.is_none());
    let ended = ended.map(|(at, _)| Timestamp::from_epoch_millis(at.0));
    theatre.account.with(|world| {
        let record = record(world);
        let counted = record.and_then(|record| judged(world, &record, ended));
        counted.unwrap_or_default()
    })
}

fn judged(world: &mut World, record: &Record, ended: Option<Timestamp>) -> Option<Vec<Minute>> {
    let now = Timestamp::from_epoch_millis(world.now.0);
    let (evidence, bounds) = (&record.evidence, &record.target.evidence);
    let (meters, settle) = (record.meters()?, bounds.settle());
    let until = evidence.until.or(ended);
    let span = Span::of(evidence.since?, until, now, settle, meters.together)?;
    let series = series(world, &meters.metrics(), span);
    let split = Split {
        capacity: &evidence.capacity,
        since: None,
        with_canary: true,
    };
    let mut blocks = Vec::new();
    let begin = std::iter::successors(Some(span.from), |from| Some(*from + MINUTE));
    let begin = begin.take_while(|from| *from < span.through);
    let minutes = begin.filter_map(|from| {
        let through = from + MINUTE;
        let minute = Span {
            from,
            through,
            settled: through,
        };
        let counted = Minutes::of(minute, &series, &meters, split, settle, now);
        let block = *counted.early.first()?;
        blocks.push(block);
        let verdict = verdict::judge(&blocks, &blocks, bounds);
        Some(Minute {
            began: moment(from),
            canary: block.canary,
            primary: block.primary,
            worse: verdict.worse,
            as_good: verdict.as_good,
            needed: bounds.needed(),
        })
    });
    Some(minutes.collect())
}

fn record(world: &mut World) -> Option<Record> {
    let scan = json!({ "TableName": RELEASES_TABLE, "ConsistentRead": true });
    let answer = ask(world, "dynamodb", "Scan", &scan)?;
    let items = answer["Items"].as_array()?;
    let current = items.iter().find(|item| item["item"]["S"] == "current")?;
    stored(current)
}

fn series(world: &mut World, metrics: &[Metric], span: Span) -> Series {
    let metrics = metrics.iter();
    metrics
        .map(|metric| {
            let minutes = sums(world, metric, span).unwrap_or_default();
            (metric.clone(), minutes)
        })
        .collect()
}

fn sums(world: &mut World, metric: &Metric, span: Span) -> Option<BTreeMap<Timestamp, f64>> {
    let dimensions = metric.dimensions.iter();
    let dimensions: Vec<_> = dimensions
        .map(|(name, value)| json!({ "Name": name, "Value": value }))
        .collect();
    let statistic = match metric.statistic {
        Statistic::Sum => "Sum",
        Statistic::Maximum => "Maximum",
    };
    let query = json!({ "Id": "m", "MetricStat": {
        "Metric": { "Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": dimensions },
        "Period": MINUTE.as_secs(), "Stat": statistic,
    } });
    let asked = json!({
        "MetricDataQueries": [query],
        "StartTime": moment(span.from).epoch_seconds(),
        "EndTime": moment(span.through).epoch_seconds(),
    });
    let answer = ask(world, "monitoring", "GetMetricData", &asked)?;
    let found = &answer["MetricDataResults"][0];
    let times = found["Timestamps"].as_array()?.iter();
    let values = found["Values"].as_array()?.iter();
    let points = times.zip(values).filter_map(|(at, value)| {
        let seconds = std::time::Duration::try_from_secs_f64(at.as_f64()?).ok()?;
        let at = Timestamp::from_epoch_millis(0) + seconds;
        Some((at, value.as_f64()?))
    });
    Some(points.collect())
}

fn ask(world: &mut World, service: &str, operation: &str, input: &Value) -> Option<Value> {
    let person = Principal("person".to_owned());
    world.call(service, operation, input, &person).ok()
}

fn moment(at: Timestamp) -> Moment {
    let since = at.since(Timestamp::from_epoch_millis(0));
    Moment(0) + since
}
