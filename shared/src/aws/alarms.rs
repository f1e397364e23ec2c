//! Amazon `CloudWatch`: the alarms that guard a release.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_cloudwatch::types::{
    AlarmMuteRuleStatus, AlarmType, HistoryItemType, MetricAlarm, MetricStat, ScanBy, StateValue,
};
use aws_smithy_types::DateTime;
use serde_json::Value;

use super::{Account, AwsError, moment};
use crate::{clock::Timestamp, input::TARGET, names::AlarmName};

/// The reason of an alarm's state before its first evaluation, as in the samples of the CloudWatch user guide ("Alarm events
/// and EventBridge").
pub const NEW_ALARM: &str = "Unchecked: Initial alarm creation";

/// An alarm of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Its name.
    pub name: AlarmName,
    /// Whether it is in `ALARM`. `INSUFFICIENT_DATA` is not: a queue that is idle or a service
    /// without traffic has no data, and what is missing is the alarm's own `TreatMissingData` to judge.
    pub firing: bool,
    /// Since when it is in its state, if that is said.
    pub since: Option<Timestamp>,
    /// Whether its actions are switched on, and neither a suppressor nor a mute rule holds them back.
    pub acts: bool,
    /// Whether `ALARM` is the first state that it has had, and for want of data: it is new, and has not gone anywhere.
    pub first: bool,
    /// CloudWatch's own words about the state.
    pub reason: String,
    /// How long what it watches has to be bad before it goes to `ALARM`, if that is known: a composite alarm does not say.
    pub takes: Option<Duration>,
}

/// Whether an alarm is in its state because there is no data, and not because of what they say; from CloudWatch's own words ("no
/// datapoints were received for 1 period and 1 missing datapoint was treated as breaching").
#[must_use]
pub fn is_without_data(reason: &str) -> bool {
    reason.contains("no datapoints were received")
}

impl Alarm {
    /// Whether it is in `ALARM` and means it: an operator who has switched its actions off, muted it, or put another alarm in front
    /// of it does not want to hear it.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.firing && self.acts
    }

    /// The same of one that has gone to `ALARM` since a release began. One that was there before has not to do with the release,
    /// and a new one has not gone anywhere.
    #[must_use]
    pub fn counts_since(&self, began: Timestamp) -> bool {
        self.counts() && !self.first && self.since.is_none_or(|since| since >= began)
    }
}

impl Account {
    /// The alarms by these names, metric and composite. One that does not exist is an error: a misspelt
    /// name must not pass for an alarm that is fine.
    ///
    /// One that is in `ALARM` is asked about further: whether it is muted, and where it may be its first state, whether it is.
    pub async fn alarms(&self, names: &[AlarmName]) -> Result<Vec<Alarm>, AwsError> {
        const ACTION: &str = "cloudwatch:DescribeAlarms";
        if names.is_empty() {
            // Without names the call answers all alarms of the account.
            return Ok(Vec::new());
        }
        let answer = self
            .cloudwatch
            .describe_alarms()
            .set_alarm_names(Some(names.iter().map(ToString::to_string).collect()))
            .alarm_types(AlarmType::MetricAlarm)
            .alarm_types(AlarmType::CompositeAlarm)
            .max_records(100)
            .send()
            .await
            .map_err(|error| AwsError::of(ACTION, "the target's alarms", &error))?;
        let metric = answer.metric_alarms().iter().map(|alarm| {
            let said = said(alarm.state_reason(), alarm.state_transitioned_timestamp());
            let acts = alarm.actions_enabled() != Some(false);
            (
                alarm.alarm_name(),
                (alarm.state_value(), acts, said, takes(alarm)),
            )
        });
        let composite = answer.composite_alarms().iter().map(|alarm| {
            let said = said(alarm.state_reason(), alarm.state_transitioned_timestamp());
            let acts = alarm.actions_enabled() != Some(false);
            let acts = acts && alarm.actions_suppressed_by().is_none();
            (alarm.alarm_name(), (alarm.state_value(), acts, said, None))
        });
        let found: BTreeMap<_, _> = metric
            .chain(composite)
            .filter_map(|(name, rest)| Some((name?, rest)))
            .collect();
        let alarms = names.iter().map(|name| {
            let (state, acts, (reason, since), takes) =
                found.get(name.as_str()).ok_or_else(|| {
                    AwsError::missing(ACTION, format!("alarm {name} ({TARGET}: field alarms)"))
                })?;
            Ok(Alarm {
                name: name.clone(),
                firing: *state == Some(&StateValue::Alarm),
                since: *since,
                acts: *acts,
                first: false,
                reason: reason.clone(),
                takes: *takes,
            })
        });
        let alarms: Vec<Alarm> = alarms.collect::<Result<_, AwsError>>()?;
        // On the heap: hardly ever needed.
        let judged = alarms.into_iter().map(|alarm| Box::pin(self.judged(alarm)));
        certain(futures_util::future::join_all(judged).await)
    }

    /// An alarm, with whether it means it.
    async fn judged(&self, alarm: Alarm) -> Result<Alarm, AwsError> {
        if !alarm.counts() {
            return Ok(alarm);
        }
        let (is_muted, first) =
            tokio::join!(self.is_muted(&alarm.name), self.is_first_state(&alarm));
        Ok(Alarm {
            acts: !known(is_muted)?,
            first: known(first)?,
            ..alarm
        })
    }

    async fn is_muted(&self, name: &AlarmName) -> Result<bool, AwsError> {
        let answer = self
            .cloudwatch
            .list_alarm_mute_rules()
            .alarm_name(name.as_str())
            .statuses(AlarmMuteRuleStatus::Active)
            .send()
            .await;
        let answer = answer.map_err(|error| {
            AwsError::of(
                "cloudwatch:ListAlarmMuteRules",
                format!("alarm {name}"),
                &error,
            )
        })?;
        Ok(!answer.alarm_mute_rule_summaries().is_empty())
    }

    async fn is_first_state(&self, alarm: &Alarm) -> Result<bool, AwsError> {
        if !is_without_data(&alarm.reason) {
            return Ok(false);
        }
        let answer = self
            .cloudwatch
            .describe_alarm_history()
            .alarm_name(alarm.name.as_str())
            .history_item_type(HistoryItemType::StateUpdate)
            .scan_by(ScanBy::TimestampDescending)
            .max_records(1)
            .send()
            .await;
        let answer = answer.map_err(|error| {
            AwsError::of(
                "cloudwatch:DescribeAlarmHistory",
                format!("alarm {}", alarm.name),
                &error,
            )
        })?;
        let last = answer.alarm_history_items().first();
        let data = last.and_then(|item| serde_json::from_str::<Value>(item.history_data()?).ok());
        Ok(data.is_some_and(|data| data["oldState"]["stateReason"] == NEW_ALARM))
    }
}

/// All of them; one that cannot be judged for now hides no other that counts.
fn certain(judged: Vec<Result<Alarm, AwsError>>) -> Result<Vec<Alarm>, AwsError> {
    let counts = |alarm: &Result<Alarm, AwsError>| matches!(alarm, Ok(alarm) if alarm.counts());
    if judged.iter().any(counts) {
        return Ok(judged.into_iter().flatten().collect());
    }
    judged.into_iter().collect()
}

/// What may pass leaves an alarm unknown. What does not, a right that is missing or an operation that is not there, must not keep an
/// alarm from being heard for ever.
fn known(answer: Result<bool, AwsError>) -> Result<bool, AwsError> {
    match answer {
        Err(error) if !error.is_passing() => {
            tracing::warn!("taken for an alarm that means it: {error}");
            Ok(false)
        }
        answer => answer,
    }
}

/// How long what an alarm watches has to be bad: its periods, as many as have to be breaching (API reference, `MetricAlarm`). One of
/// metric math has the periods of its metrics.
fn takes(alarm: &MetricAlarm) -> Option<Duration> {
    let of_math = alarm.metrics().iter().filter_map(|query| {
        let of_metric = query.metric_stat().and_then(MetricStat::period);
        of_metric.or(query.period())
    });
    let period = u64::try_from(alarm.period().or(of_math.max())?).ok()?;
    let periods = alarm.datapoints_to_alarm().or(alarm.evaluation_periods())?;
    let periods = u32::try_from(periods).ok()?;
    Some(Duration::from_secs(period) * periods)
}

/// What an alarm says of its state, and since when it is in it.
fn said(reason: Option<&str>, since: Option<&DateTime>) -> (String, Option<Timestamp>) {
    (reason.unwrap_or_default().to_owned(), moment(since))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_that_cannot_be_judged_hides_no_other_that_counts() {
        let alarm = |firing| Alarm {
            name: crate::fixtures::alarm("orders-errors"),
            firing,
            since: None,
            acts: true,
            first: false,
            reason: String::new(),
            takes: None,
        };
        let throttled = || {
            Err(AwsError::throttled(
                "cloudwatch:ListAlarmMuteRules",
                "alarm x",
            ))
        };
        let both = certain(vec![throttled(), Ok(alarm(true))]);
        assert_eq!(both, Ok(vec![alarm(true)]));
        assert!(certain(vec![throttled(), Ok(alarm(false))]).is_err());
    }
}
