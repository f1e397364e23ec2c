//! Amazon `CloudWatch`: the alarms that guard a release.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{AlarmType, StateValue};

use super::{Account, AwsError};
use crate::{names::AlarmName, observation::Alarm, target::TARGET};

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
        let metric = answer
            .metric_alarms()
            .iter()
            .map(|a| (a.alarm_name(), a.state_value(), a.state_reason()));
        let composite = answer
            .composite_alarms()
            .iter()
            .map(|a| (a.alarm_name(), a.state_value(), a.state_reason()));
        let found: BTreeMap<_, _> = metric
            .chain(composite)
            .filter_map(|(name, state, reason)| Some((name?, (state, reason))))
            .collect();
        names
            .iter()
            .map(|name| {
                let (state, reason) = found.get(name.as_str()).ok_or_else(|| {
                    AwsError::missing(ACTION, format!("alarm {name} ({TARGET}: field alarms)"))
                })?;
                Ok(Alarm {
                    name: name.clone(),
                    firing: *state == Some(&StateValue::Alarm),
                    reason: reason.unwrap_or_default().to_owned(),
                })
            })
            .collect()
    }
}
