//! Amazon CloudWatch: metrics by the minute.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{
    Dimension, Metric as SdkMetric, MetricDataQuery, MetricDataResult, MetricStat, ScanBy,
    StatusCode,
};
use aws_smithy_types::DateTime;

use super::{Account, AwsError, moment};
use crate::{
    clock::Timestamp,
    evidence::{
        meter::{Metric, Statistic},
        minutes::{MINUTE, Series},
    },
};

const ACTION: &str = "cloudwatch:GetMetricData";

impl Account {
    /// The minutes of metrics that begin at `from` or later and before `until`: all of them, or an error.
    ///
    /// A metric that does not exist has no data; that is all CloudWatch says of it.
    ///
    /// # Errors
    /// AWS does not answer, or answers that something of it is missing (any status but `Complete` once there is no further page).
    pub async fn minutes(
        &self,
        metrics: &[Metric],
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Series, AwsError> {
        let queries: Vec<_> = metrics.iter().enumerate().map(query).collect();
        let mut series: Series = metrics
            .iter()
            .map(|metric| (metric.clone(), BTreeMap::new()))
            .collect();
        let mut status = vec![None; metrics.len()];
        let mut token = None;
        loop {
            let answer = self
                .cloudwatch
                .get_metric_data()
                .set_metric_data_queries(Some(queries.clone()))
                .start_time(instant(from))
                .end_time(instant(until))
                .scan_by(ScanBy::TimestampAscending)
                .set_next_token(token)
                .send()
                .await
                .map_err(|error| AwsError::of(ACTION, "the metrics of both versions", &error))?;
            for result in answer.metric_data_results() {
                let at = result
                    .id()
                    .and_then(|id| id.strip_prefix('m')?.parse().ok());
                let (Some(metric), Some(status)) = (
                    at.and_then(|at: usize| metrics.get(at)),
                    at.and_then(|at| status.get_mut(at)),
                ) else {
                    continue;
                };
                *status = Some(said(result));
                let points = result.timestamps().iter().zip(result.values());
                let points = points.filter_map(|(at, value)| Some((moment(Some(at))?, *value)));
                series.entry(metric.clone()).or_default().extend(points);
            }
            token = answer.next_token().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        complete(metrics, &status)?;
        Ok(series)
    }
}

/// A page that is not the last one says `PartialData`: what counts is what a metric's last one says.
fn complete(metrics: &[Metric], status: &[Option<Result<(), String>>]) -> Result<(), AwsError> {
    for (metric, status) in metrics.iter().zip(status) {
        let why = match status {
            Some(Ok(())) => continue,
            Some(Err(why)) => why.clone(),
            None => "nothing".to_owned(),
        };
        return Err(AwsError::unusable(ACTION, metric.to_string(), why));
    }
    Ok(())
}

/// What a page says of a metric.
fn said(result: &MetricDataResult) -> Result<(), String> {
    match result.status_code() {
        Some(StatusCode::Complete) => Ok(()),
        other => {
            let code = other.map_or("no status", StatusCode::as_str);
            let words = result.messages().iter().filter_map(|it| it.value());
            let words: Vec<_> = [code].into_iter().chain(words).collect();
            Err(words.join(": "))
        }
    }
}

fn query((at, metric): (usize, &Metric)) -> MetricDataQuery {
    let dimensions = metric
        .dimensions
        .iter()
        .map(|(name, value)| Dimension::builder().name(name).value(value).build());
    let of = SdkMetric::builder()
        .namespace(&metric.namespace)
        .metric_name(&metric.name)
        .set_dimensions(Some(dimensions.collect()));
    let statistic = match metric.statistic {
        Statistic::Sum => "Sum",
        Statistic::Maximum => "Maximum",
    };
    let stat = MetricStat::builder()
        .metric(of.build())
        .period(i32::try_from(MINUTE.as_secs()).unwrap_or(i32::MAX))
        .stat(statistic);
    MetricDataQuery::builder()
        .id(format!("m{at}"))
        .metric_stat(stat.build())
        .return_data(true)
        .build()
}

fn instant(at: Timestamp) -> DateTime {
    let millis = at.since(Timestamp::from_epoch_millis(0)).as_millis();
    DateTime::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}
