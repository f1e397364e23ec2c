//! Whatever the other types of `aws_lambda_events` read with a name, we read alike; and what keeps us from using them.

use std::collections::BTreeMap;

use aws_lambda_events::{
    cloudwatch_alarms::{
        CloudWatchAlarm, CloudWatchAlarmStateValue, CloudWatchCompositeAlarm,
        CloudWatchCompositeAlarmConfiguration, CloudWatchMetricAlarm,
        CloudWatchMetricAlarmConfiguration,
    },
    codepipeline_cloudwatch::CodePipelineCloudWatchEvent,
    codepipeline_job::CodePipelineJobEvent,
    sns::{CloudWatchAlarmPayload, SnsEventObj},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::*;

/// Compares what an alarm's type reads, if that has a name.
fn direct<C: Default + DeserializeOwned + Serialize>(event: &Value) -> Option<()> {
    let theirs = CloudWatchAlarm::<C>::deserialize(event).ok()?;
    let (data, ours) = (theirs.alarm_data, read(event));
    if data.alarm_name.is_empty() {
        return None;
    }
    let state = data.state?;
    let before = data.previous_state;
    match (state.value, ours) {
        (CloudWatchAlarmStateValue::Alarm, Ok(Caller::Event(Trigger::Alarm(ours)))) => {
            assert!(state.actions_suppressed_by.is_none());
            let first = before.is_some_and(|it| {
                it.value == CloudWatchAlarmStateValue::InsufficientData
                    && it.reason == "Unchecked: Initial alarm creation"
            });
            let millis = state.timestamp.timestamp_millis().try_into().unwrap();
            let expected = Firing {
                alarm: data.alarm_name.try_into().unwrap(),
                place: Place::new(&theirs.account_id?, &theirs.region?),
                reason: state.reason,
                at: Some(Timestamp::from_epoch_millis(millis)),
                first,
                direct: true,
            };
            assert_eq!(ours, expected);
        }
        (CloudWatchAlarmStateValue::Alarm, Err(Ignored::Silenced { alarm, .. })) => {
            assert!(state.actions_suppressed_by.is_some());
            assert_eq!(alarm.as_str(), data.alarm_name);
        }
        (CloudWatchAlarmStateValue::Alarm, ours) => panic!("{ours:?}"),
        (_, Err(Ignored::NotFiring { alarm, .. })) => assert_eq!(alarm.as_str(), data.alarm_name),
        (_, ours) => panic!("{ours:?}"),
    }
    Some(())
}

fn through_a_topic(event: &Value) -> Option<()> {
    let theirs = SnsEventObj::<CloudWatchAlarmPayload>::deserialize(event).ok()?;
    let theirs = theirs.records.into_iter().next()?.sns.message;
    match read(event) {
        Ok(Caller::Event(Trigger::Alarm(ours))) => {
            assert_eq!(theirs.new_state_value, "ALARM");
            let expected = Firing {
                alarm: theirs.alarm_name.try_into().unwrap(),
                place: Place::of_alarm(&theirs.alarm_arn),
                reason: theirs.new_state_reason,
                at: Timestamp::read(&theirs.state_change_time),
                first: false,
                direct: false,
            };
            assert_eq!(ours, expected);
        }
        Err(Ignored::NotFiring { alarm, state }) => {
            assert_ne!(state, "ALARM");
            assert_eq!(
                (alarm.as_str(), state),
                (theirs.alarm_name.as_str(), theirs.new_state_value)
            );
        }
        ours => panic!("{ours:?}"),
    }
    Some(())
}

fn of_a_pipeline(event: &Value) -> Option<()> {
    let theirs = CodePipelineCloudWatchEvent::deserialize(event).ok()?;
    let detail = theirs.detail;
    match read(event) {
        Ok(Caller::Event(Trigger::Ended(ours))) => {
            let millis = theirs.time.timestamp_millis().try_into().unwrap();
            assert_eq!(ours.pipeline.as_str(), detail.pipeline?);
            assert_eq!(ours.release.as_str(), detail.execution_id?);
            assert_eq!(ours.at, Some(Timestamp::from_epoch_millis(millis)));
        }
        Err(Ignored::NotAnEnd { detail_type, state }) => {
            assert_eq!((detail_type, state), (theirs.detail_type?, detail.state));
        }
        ours => panic!("{ours:?}"),
    }
    Some(())
}

fn job(event: &Value) -> Option<()> {
    let theirs = CodePipelineJobEvent::deserialize(event)
        .ok()?
        .code_pipeline_job;
    let Ok(Caller::Job(ours)) = read(event) else {
        panic!("not a job");
    };
    let data = theirs.data;
    assert_eq!(ours.id, theirs.id?);
    assert_eq!(ours.continuation_token, data.continuation_token);
    let configuration = data.action_configuration.configuration;
    assert_eq!(ours.user_parameters, configuration.user_parameters);
    let input = data.input_artifacts.into_iter().next();
    let own = ours.inputs.into_iter().next();
    assert_eq!(own.is_some(), input.is_some());
    if let (Some(ours), Some(theirs)) = (own, input) {
        let place = theirs.location.s3_location;
        assert_eq!(Some(ours.name), theirs.name);
        assert_eq!(
            (Some(ours.bucket), Some(ours.key)),
            (place.bucket_name, place.object_key)
        );
        let (ours, theirs) = (ours.credentials.unwrap(), data.artifact_credentials);
        assert!(Some(ours.access_key_id) == theirs.access_key_id);
        assert!(Some(ours.secret_access_key) == theirs.secret_access_key);
        assert!(Some(ours.session_token) == theirs.session_token);
    }
    Some(())
}

/// The samples, and what else may come in their forms.
fn events() -> Vec<Value> {
    let mut events: Vec<Value> = samples().into_iter().map(|(_, event)| event).collect();
    let befores = [
        ("OK", "Threshold Crossed"),
        ("INSUFFICIENT_DATA", "Insufficient Data"),
        ("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation"),
    ];
    for state in ["OK", "ALARM", "INSUFFICIENT_DATA"] {
        for alarm in [
            sample!("alarm-direct-metric"),
            sample!("alarm-direct-composite"),
        ] {
            let alarm = with(alarm, "/alarmData/state/value", json!(state));
            events.push(and(
                alarm.clone(),
                "/alarmData/state",
                "actionsSuppressedBy",
                json!("Alarm"),
            ));
            for (value, reason) in befores {
                let alarm = with(
                    alarm.clone(),
                    "/alarmData/previousState/value",
                    json!(value),
                );
                let alarm = with(alarm, "/alarmData/previousState/reason", json!(reason));
                events.push(with(
                    alarm,
                    "/alarmData/alarmName",
                    json!("orders: \"5xx\", both"),
                ));
            }
        }
        let message = sample!("alarm-sns-metric")["Records"][0]["Sns"]["Message"].clone();
        let message: Value = serde_json::from_str(message.as_str().unwrap()).unwrap();
        events.push(notified(&with(message, "/NewStateValue", json!(state))));
    }
    // What the pipeline types read: numbers as they once were.
    for state in [
        "STARTED",
        "FAILED",
        "STOPPING",
        "STOPPED",
        "SUPERSEDED",
        "SUCCEEDED",
    ] {
        let execution = with(
            sample!("codepipeline-eb-pipeline-failed"),
            "/detail/version",
            json!(3),
        );
        events.push(with(execution, "/detail/state", json!(state)));
        let approval = sample!("codepipeline-eb-action-approval-failed");
        let approval = with(approval, "/detail/version", json!(3));
        let approval = with(approval, "/detail/type/version", json!(1));
        events.push(with(approval, "/detail/state", json!(state)));
    }
    events
}

#[test]
fn what_the_crate_reads_with_a_name_is_read_alike() {
    type Compare = fn(&Value) -> Option<()>;
    let types: [(&str, Compare); 6] = [
        ("any alarm", direct::<Value>),
        ("metric alarm", direct::<CloudWatchMetricAlarmConfiguration>),
        (
            "composite alarm",
            direct::<CloudWatchCompositeAlarmConfiguration>,
        ),
        ("alarm through SNS", through_a_topic),
        ("pipeline event", of_a_pipeline),
        ("job", job),
    ];
    let mut compared = BTreeMap::new();
    for event in events() {
        for (name, compare) in types {
            *compared.entry(name).or_insert(0) += usize::from(compare(&event).is_some());
        }
    }
    let expected = [
        ("alarm through SNS", 4),
        ("any alarm", 27),
        ("composite alarm", 13),
        // A composite alarm is one without metrics.
        ("metric alarm", 27),
        ("job", 3),
        ("pipeline event", 12),
    ];
    assert_eq!(compared, BTreeMap::from(expected));
}

/// When one of these fails, a newer version of the crate may be fit for use.
#[test]
fn why_the_crates_types_for_alarms_pipelines_and_jobs_are_not_used() {
    for (what, event) in samples() {
        assert!(
            CodePipelineCloudWatchEvent::deserialize(&event).is_err(),
            "{what}"
        );
    }
    let metrics = "/alarmData/configuration/metrics";
    let math = json!([{"id": "e1", "expression": "errors / requests", "returnData": true}]);
    let math = with(sample!("alarm-direct-metric"), metrics, math);
    let period = "/alarmData/configuration/metrics/0/metricStat/period";
    let daily = with(sample!("alarm-direct-metric"), period, json!(86_400));
    for event in [&math, &daily] {
        assert!(<CloudWatchMetricAlarm>::deserialize(event).is_err());
        firing(event);
    }
    let composite = <CloudWatchMetricAlarm>::deserialize(&sample!("alarm-direct-composite"));
    assert!(
        composite
            .unwrap()
            .alarm_data
            .configuration
            .metrics
            .is_empty()
    );
    let alone = with(
        sample!("alarm-direct-composite"),
        "/alarmData/configuration",
        json!({"alarmRule": "ALARM(a)"}),
    );
    assert!(<CloudWatchCompositeAlarm>::deserialize(&alone).is_err());
    firing(&alone);
    let nameless =
        CloudWatchAlarm::<Value, Value>::deserialize(&sample!("alarm-eventbridge-metric"));
    assert_eq!(nameless.unwrap().alarm_data.alarm_name, "");
    let job = CodePipelineJobEvent::deserialize(&sample!("codepipeline-job-full")).unwrap();
    assert!(format!("{job:?}").contains("EXAMPLE-NOT-A-SECRET"));
    let poor = without(
        sample!("codepipeline-job-first"),
        "/CodePipeline.job/data",
        "artifactCredentials",
    );
    assert!(CodePipelineJobEvent::deserialize(&poor).is_err());
    assert!(matches!(read(&poor), Ok(Caller::Job(_))));
}
