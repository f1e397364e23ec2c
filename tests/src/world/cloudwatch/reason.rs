//! Why an alarm is in its state, in AWS's words.

use serde_json::{Map, Value, json};
use time::{OffsetDateTime, macros::format_description};

use super::{
    definition::{Datapoint, Definition, MissingData, Watched},
    evaluation::{Outcome, StateValue},
    metrics::moment_of,
};
use crate::clock::Moment;

/// AWS lists the five newest datapoints, behind the sentence instead of in it if there are as many.
const MOST_LISTED: usize = 5;

/// The `StateReason` of a state that an evaluation found.
pub(super) fn text(
    definition: &Definition,
    outcome: &Outcome,
    state: StateValue,
    pace: u32,
) -> String {
    let filled = outcome.filled;
    if state == StateValue::InsufficientData {
        return format!("Insufficient Data: {} unknown.", datapoints_were(filled));
    }
    if outcome.datapoints.is_empty() {
        return format!(
            "Threshold Crossed: no datapoints were received for {} and {}.",
            many(definition.evaluation_periods, "period"),
            treated(definition, filled),
        );
    }
    let alarm = state == StateValue::Alarm;
    // With "M out of N" AWS shows the datapoints that speak for the state, else all of them.
    let shown: Vec<&Datapoint> = outcome
        .datapoints
        .iter()
        .filter(|datapoint| {
            definition.datapoints_to_alarm.is_none()
                || definition.breaches(datapoint.value) == alarm
        })
        .collect();
    let listed: Vec<String> = shown
        .iter()
        .take(MOST_LISTED)
        .map(|datapoint| format!("{:?} ({})", datapoint.value, stamp(datapoint, pace)))
        .collect();
    let listed = listed.join(", ");
    let number = match definition.datapoints_to_alarm {
        Some(_) => format!(
            "{} out of the last {} datapoints",
            shown.len(),
            definition.evaluation_periods
        ),
        None => many(shown.len(), "datapoint"),
    };
    let verb = if shown.len() == 1 { "was" } else { "were" };
    let not = if alarm { "" } else { "not " };
    let comparison = format!(
        "{verb} {not}{} the threshold ({:?})",
        definition.comparison.words(),
        definition.threshold
    );
    let mut text = if shown.len() < MOST_LISTED {
        format!("Threshold Crossed: {number} [{listed}] {comparison}")
    } else {
        let which = if alarm {
            " which crossed the threshold"
        } else {
            ""
        };
        format!(
            "Threshold Crossed: {number} {comparison}. The most recent datapoints{which}: \
             [{listed}]"
        )
    };
    let fills = matches!(
        definition.missing,
        MissingData::Breaching | MissingData::NotBreaching
    );
    if filled > 0 && fills {
        text = format!("{text} and {}", treated(definition, filled));
    }
    if let Some(needed) = definition.datapoints_to_alarm {
        let (least, transition) = if alarm {
            (needed, "OK -> ALARM")
        } else {
            (definition.evaluation_periods - needed + 1, "ALARM -> OK")
        };
        let least = many(least, "datapoint");
        text = format!("{text} (minimum {least} for {transition} transition)");
    }
    text + "."
}

/// The `StateReasonData` of a state that an evaluation found: a JSON document.
pub(super) fn data(definition: &Definition, outcome: &Outcome, now: Moment, pace: u32) -> String {
    let mut document = Map::new();
    let mut set = |member: &str, value: Value| document.insert(member.to_owned(), value);
    let begin = |datapoint: &Datapoint| moment_of(pace, datapoint.second).iso_offset();
    set("version", json!("1.0"));
    set("queryDate", json!(now.iso_offset()));
    if let Some(oldest) = outcome.datapoints.last() {
        set("startDate", json!(begin(oldest)));
    }
    if let Watched::Metric(series) = &definition.watched {
        set("statistic", json!(series.statistic.name()));
    }
    set("period", json!(definition.period));
    let values: Vec<f64> = outcome.datapoints.iter().rev().map(|it| it.value).collect();
    set("recentDatapoints", json!(values));
    set("threshold", json!(definition.threshold));
    if !outcome.datapoints.is_empty() {
        let evaluated: Vec<Value> = outcome
            .datapoints
            .iter()
            .map(|datapoint| match datapoint.samples {
                Some(samples) => json!({
                    "timestamp": begin(datapoint),
                    "sampleCount": samples,
                    "value": datapoint.value,
                }),
                None => json!({ "timestamp": begin(datapoint), "value": datapoint.value }),
            })
            .collect();
        set("evaluatedDatapoints", json!(evaluated));
    }
    Value::Object(document).to_string()
}

fn treated(definition: &Definition, filled: usize) -> String {
    let treatment = match definition.missing {
        MissingData::Missing => "Missing",
        MissingData::Ignore => "Ignore",
        MissingData::Breaching => "Breaching",
        MissingData::NotBreaching => "NonBreaching",
    };
    let verb = if filled == 1 { "was" } else { "were" };
    format!(
        "{} {verb} treated as [{treatment}]",
        many(filled, "missing datapoint")
    )
}

fn datapoints_were(number: usize) -> String {
    let verb = if number == 1 { "was" } else { "were" };
    format!("{} {verb}", many(number, "datapoint"))
}

fn many(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

/// `02/10/26 16:58:00`: day, month, year.
fn stamp(datapoint: &Datapoint, pace: u32) -> String {
    let moment = moment_of(pace, datapoint.second);
    let format = format_description!("[day]/[month]/[year repr:last_two] [hour]:[minute]:[second]");
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(moment.0) * 1_000_000)
        .ok()
        .and_then(|moment| moment.format(format).ok())
        .unwrap_or_else(|| moment.iso_seconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-10-02T17:00:00Z
    const FIVE_O_CLOCK: u64 = 1_790_960_400;

    fn definition(more: &Value) -> Definition {
        let mut input = json!({
            "AlarmName": "a", "Namespace": "N", "MetricName": "m", "Statistic": "Sum",
            "Period": 60, "Threshold": 5, "ComparisonOperator": "GreaterThanThreshold",
            "EvaluationPeriods": 1,
        });
        for (member, value) in more.as_object().expect("members") {
            input[member] = value.clone();
        }
        Definition::parse(&input).expect("a valid alarm")
    }

    fn outcome(values: &[f64], filled: usize) -> Outcome {
        let datapoint = |(at, value): (usize, &f64)| Datapoint {
            second: FIVE_O_CLOCK - 60 * (at as u64),
            value: *value,
            samples: Some(4.0),
        };
        Outcome {
            state: None,
            datapoints: values.iter().enumerate().map(datapoint).collect(),
            filled,
        }
    }

    #[test]
    fn reasons_read_as_those_of_aws() {
        use StateValue::{Alarm, InsufficientData, Ok};
        let cases = [
            (
                json!({ "DatapointsToAlarm": 1 }),
                outcome(&[12.0], 0),
                Alarm,
                "Threshold Crossed: 1 out of the last 1 datapoints [12.0 (02/10/26 17:00:00)] was \
                 greater than the threshold (5.0) (minimum 1 datapoint for OK -> ALARM transition).",
            ),
            (
                json!({ "DatapointsToAlarm": 2, "EvaluationPeriods": 3 }),
                outcome(&[0.0, 1.5, 9.0], 0),
                Ok,
                "Threshold Crossed: 2 out of the last 3 datapoints [0.0 (02/10/26 17:00:00), 1.5 \
                 (02/10/26 16:59:00)] were not greater than the threshold (5.0) (minimum 2 \
                 datapoints for ALARM -> OK transition).",
            ),
            (
                json!({}),
                outcome(&[7.0], 0),
                Alarm,
                "Threshold Crossed: 1 datapoint [7.0 (02/10/26 17:00:00)] was greater than the \
                 threshold (5.0).",
            ),
            (
                json!({ "EvaluationPeriods": 3, "TreatMissingData": "breaching" }),
                outcome(&[0.0], 2),
                Ok,
                "Threshold Crossed: 1 datapoint [0.0 (02/10/26 17:00:00)] was not greater than the \
                 threshold (5.0) and 2 missing datapoints were treated as [Breaching].",
            ),
            (
                json!({ "TreatMissingData": "notBreaching" }),
                outcome(&[], 1),
                Ok,
                "Threshold Crossed: no datapoints were received for 1 period and 1 missing \
                 datapoint was treated as [NonBreaching].",
            ),
            (
                json!({ "EvaluationPeriods": 5 }),
                outcome(&[6.0, 7.0, 8.0, 9.0, 9.5], 0),
                Alarm,
                "Threshold Crossed: 5 datapoints were greater than the threshold (5.0). The most \
                 recent datapoints which crossed the threshold: [6.0 (02/10/26 17:00:00), 7.0 \
                 (02/10/26 16:59:00), 8.0 (02/10/26 16:58:00), 9.0 (02/10/26 16:57:00), 9.5 \
                 (02/10/26 16:56:00)].",
            ),
            (
                json!({ "EvaluationPeriods": 2 }),
                outcome(&[], 2),
                InsufficientData,
                "Insufficient Data: 2 datapoints were unknown.",
            ),
        ];
        for (more, outcome, state, expected) in cases {
            assert_eq!(text(&definition(&more), &outcome, state, 1), expected);
        }
    }

    #[test]
    fn the_reason_data_lists_values_from_old_to_new_and_datapoints_from_new_to_old() {
        let now = Moment(FIVE_O_CLOCK * 1000 + 100_985);
        let definition = definition(&json!({ "EvaluationPeriods": 2 }));
        assert_eq!(
            data(&definition, &outcome(&[12.0, 0.5], 0), now, 1),
            r#"{"version":"1.0","queryDate":"2026-10-02T17:01:40.985+0000","startDate":"2026-10-02T16:59:00.000+0000","statistic":"Sum","period":60,"recentDatapoints":[0.5,12.0],"threshold":5.0,"evaluatedDatapoints":[{"timestamp":"2026-10-02T17:00:00.000+0000","sampleCount":4.0,"value":12.0},{"timestamp":"2026-10-02T16:59:00.000+0000","sampleCount":4.0,"value":0.5}]}"#
        );
    }
}
