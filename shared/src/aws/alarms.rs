//! Amazon `CloudWatch`: the alarms that guard a release.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{AlarmType, StateValue};
use aws_smithy_types::DateTime;

use super::{Account, AwsError};
use crate::{clock::Timestamp, names::AlarmName, observation::Alarm, target::TARGET};

impl Account {
    /// The alarms by these names, metric and composite. One that does not exist is an error: a misspelt
    /// name must not pass for an alarm that is fine.
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
            (alarm.alarm_name(), alarm.state_value(), acts, said)
        });
        let composite = answer.composite_alarms().iter().map(|alarm| {
            let said = said(alarm.state_reason(), alarm.state_transitioned_timestamp());
            let acts = alarm.actions_enabled() != Some(false);
            let acts = acts && alarm.actions_suppressed_by().is_none();
            (alarm.alarm_name(), alarm.state_value(), acts, said)
        });
        let found: BTreeMap<_, _> = metric
            .chain(composite)
            .filter_map(|(name, state, acts, said)| Some((name?, (state, acts, said))))
            .collect();
        names
            .iter()
            .map(|name| {
                let (state, acts, (reason, since)) = found.get(name.as_str()).ok_or_else(|| {
                    AwsError::missing(ACTION, format!("alarm {name} ({TARGET}: field alarms)"))
                })?;
                Ok(Alarm {
                    name: name.clone(),
                    firing: *state == Some(&StateValue::Alarm),
                    since: *since,
                    acts: *acts,
                    reason: reason.clone(),
                })
            })
            .collect()
    }
}

/// What an alarm says of its state, and since when it is in it.
fn said(reason: Option<&str>, since: Option<&DateTime>) -> (String, Option<Timestamp>) {
    let since = since.and_then(|time| u64::try_from(time.to_millis().ok()?).ok());
    (
        reason.unwrap_or_default().to_owned(),
        since.map(Timestamp::from_epoch_millis),
    )
}
