//! Nothing makes the reader panic, and nothing makes it tell what it does not know.

use proptest::{collection, prelude::*, sample::Index};

use super::*;

const SECRET: &str = "planted-secret";

/// Words that mean something somewhere in an event.
const KEYS: [&str; 26] = [
    "CodePipeline.job",
    "id",
    "data",
    "inputArtifacts",
    "artifactCredentials",
    "Records",
    "EventSource",
    "Sns",
    "Message",
    "AlarmName",
    "NewStateValue",
    "AlarmArn",
    "alarmArn",
    "alarmData",
    "alarmName",
    "state",
    "value",
    "previousState",
    "detail-type",
    "source",
    "detail",
    "resources",
    "time",
    "pipeline",
    "execution-id",
    "release",
];

const TEXTS: [&str; 10] = [
    SECRET,
    SECRET,
    "aws:sns",
    "aws.cloudwatch",
    "aws.codepipeline",
    "CloudWatch Alarm State Change",
    "CodePipeline Pipeline Execution State Change",
    "{\"detail-type\": \"planted-secret\", \"source\": \"aws.codepipeline\", \"detail\": {}}",
    "{\"AlarmName\": \"planted-secret\"}",
    "{",
];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        proptest::sample::select(&TEXTS[..]).prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 6, |inner| {
        let key = proptest::sample::select(&KEYS[..]).prop_map(str::to_owned);
        prop_oneof![
            collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            collection::btree_map(key, inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The places of all values in a value.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places(item, &format!("{at}/{index}"), found);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                places(member, &format!("{at}/{key}"), found);
            }
        }
        _ => {}
    }
}

/// A sample, some places of which hold something else; perhaps it comes through a topic.
fn damaged() -> impl Strategy<Value = Value> {
    let damages = collection::vec((any::<Index>(), any_json()), 0..4);
    (any::<Index>(), damages, any::<bool>()).prop_map(|(which, damages, through_topic)| {
        let (_, mut event) = which.get(&samples()).clone();
        for (place, value) in damages {
            let mut found = Vec::new();
            places(&event, "", &mut found);
            event = with(event, place.get::<String>(&found), value);
        }
        if through_topic {
            notified(&event)
        } else {
            event
        }
    })
}

fn tells_nothing(event: &Value) -> Result<(), TestCaseError> {
    let ours = read(event);
    match &ours {
        Err(ignored @ (Ignored::Unknown { .. } | Ignored::OtherNotification)) => {
            let said = format!("{ignored} {ignored:?}");
            prop_assert!(!said.contains(SECRET), "{said}");
            prop_assert!(!said.contains("EXAMPLE"), "{said}");
        }
        // The event itself, for a person's own parameters.
        Ok(Caller::Person(parameters)) => prop_assert_eq!(parameters, event),
        _ => {}
    }
    if !matches!(ours, Ok(Caller::Person(_))) {
        let shown = format!("{ours:?}");
        prop_assert!(!shown.contains("EXAMPLE-NOT-A"), "{shown}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_event_at_all_panics_or_is_told(event in any_json()) {
        tells_nothing(&event)?;
    }

    #[test]
    fn no_damage_to_an_event_panics_or_is_told(event in damaged()) {
        tells_nothing(&event)?;
    }
}
