//! How an alarm's state follows from its datapoints.
//!
//! AWS: `CloudWatch` user guide, "Configuring how `CloudWatch` alarms treat missing data". AWS fetches
//! more periods than an alarm evaluates and does not say how many; its examples show two more, and so
//! it is here.

use super::definition::{Datapoint, Definition, MissingData};

/// An alarm's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StateValue {
    Ok,
    Alarm,
    InsufficientData,
}

impl StateValue {
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "OK" => Self::Ok,
            "ALARM" => Self::Alarm,
            "INSUFFICIENT_DATA" => Self::InsufficientData,
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
}

/// What an evaluation found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outcome {
    /// `None`: the alarm stays as it is.
    pub(super) state: Option<StateValue>,
    /// The real datapoints that were looked at, newest first.
    pub(super) datapoints: Vec<Datapoint>,
    /// How many missing datapoints were filled in.
    pub(super) filled: usize,
}

/// How many periods are fetched to evaluate so many.
pub(super) fn range(evaluation_periods: usize) -> usize {
    evaluation_periods + 2
}

/// Evaluates the complete periods of the range, newest first.
pub(super) fn evaluate(definition: &Definition, range: &[Option<Datapoint>]) -> Outcome {
    let datapoints: Vec<Datapoint> = range
        .iter()
        .flatten()
        .copied()
        .take(definition.evaluation_periods)
        .collect();
    let breaching = datapoints
        .iter()
        .filter(|datapoint| definition.breaches(datapoint.value))
        .count();
    let filled = definition.evaluation_periods - datapoints.len();
    let alarm_if = |alarm: bool| {
        Some(if alarm {
            StateValue::Alarm
        } else {
            StateValue::Ok
        })
    };
    let needed = definition.needed();
    let state = match definition.missing {
        _ if filled == 0 || breaching >= needed => alarm_if(breaching >= needed),
        MissingData::Breaching => alarm_if(breaching + filled >= needed),
        MissingData::Missing if datapoints.is_empty() => Some(StateValue::InsufficientData),
        // A datapoint that still breaches when those that the alarm needs would have come since is
        // enough: nothing newer says otherwise.
        MissingData::Missing => {
            alarm_if(breaching == datapoints.len() && age_of_oldest(range) >= needed)
        }
        MissingData::Ignore if breaching == datapoints.len() => None,
        MissingData::Ignore | MissingData::NotBreaching => alarm_if(false),
    };
    Outcome {
        state,
        datapoints,
        filled,
    }
}

/// How many periods ago the oldest datapoint of a range is; the newest period is 1.
fn age_of_oldest(range: &[Option<Datapoint>]) -> usize {
    range
        .iter()
        .rposition(Option::is_some)
        .map_or(0, |position| position + 1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn definition(missing: &str, datapoints: usize, periods: usize) -> Definition {
        Definition::parse(&json!({
            "AlarmName": "a", "Namespace": "N", "MetricName": "m", "Statistic": "Sum",
            "Period": 60, "Threshold": 5.0, "ComparisonOperator": "GreaterThanThreshold",
            "EvaluationPeriods": periods, "DatapointsToAlarm": datapoints,
            "TreatMissingData": missing,
        }))
        .expect("a valid alarm")
    }

    /// `0`, `X` and `-` with the newest on the right, as AWS's tables have it.
    fn state(definition: &Definition, picture: &str) -> Option<StateValue> {
        let datapoint = |symbol: char| {
            let value = match symbol {
                '0' => 0.0,
                'X' => 9.0,
                _ => return None,
            };
            Some(Datapoint {
                second: 0,
                value,
                samples: Some(1.0),
            })
        };
        let range: Vec<_> = picture.chars().rev().map(datapoint).collect();
        evaluate(definition, &range).state
    }

    #[test]
    fn a_missing_datapoint_is_treated_as_the_alarm_says() {
        use StateValue::{Alarm, InsufficientData, Ok};
        // Columns: missing, ignore, breaching, notBreaching. The rows are those of AWS's tables for
        // 3 out of 3 and 2 out of 3; `None` retains the state.
        let (alarm, ok, insufficient) = (Some(Alarm), Some(Ok), Some(InsufficientData));
        let rows = [
            (3, "0-X-X", [ok, ok, ok, ok]),
            (3, "0----", [ok, ok, ok, ok]),
            (3, "-----", [insufficient, None, alarm, ok]),
            (3, "0XX-X", [alarm, alarm, alarm, alarm]),
            (3, "--X--", [alarm, None, alarm, ok]),
            (2, "0-X-X", [alarm, alarm, alarm, alarm]),
            (2, "00X0X", [alarm, alarm, alarm, alarm]),
            (2, "0-X--", [ok, ok, alarm, ok]),
            (2, "----0", [ok, ok, alarm, ok]),
            (2, "---X-", [alarm, None, alarm, ok]),
        ];
        for (datapoints, picture, expected) in rows {
            let treatments = ["missing", "ignore", "breaching", "notBreaching"];
            for (treatment, expected) in treatments.into_iter().zip(expected) {
                let definition = definition(treatment, datapoints, 3);
                let found = state(&definition, picture);
                assert_eq!(found, expected, "{picture} {datapoints} of 3, {treatment}");
            }
        }
    }

    #[test]
    fn one_breaching_datapoint_among_missing_ones_does_not_raise_the_alarm_too_early() {
        let definition = definition("missing", 3, 3);
        assert_eq!(state(&definition, "----X"), Some(StateValue::Ok));
        assert_eq!(state(&definition, "---X-"), Some(StateValue::Ok));
        assert_eq!(state(&definition, "--X-0"), Some(StateValue::Ok));
    }
}
