//! What calls need.

use crate::world::iam::needs::{Need, Question, text, texts};

/// AWS: CloudWatch API reference, `PutCompositeAlarm`, `DescribeAlarms` and `DescribeAlarmHistory`: composite
/// alarms need the resource `*`. The denials of `DescribeAlarms` name `alarm:*` whichever alarms are asked for.
pub(super) fn needs(it: &Question<'_>) -> Option<Vec<Need>> {
    let action = it.action();
    let alarm = |name: &str| it.world.arn("cloudwatch", &format!("alarm:{name}"));
    let mute_rule = |name: &str| {
        let arn = format!("alarm-mute-rule:{name}");
        Need::new(action.clone(), it.world.arn("cloudwatch", &arn))
    };
    let each = |names: Vec<&str>| {
        let names = names.into_iter();
        names
            .map(|name| Need::new(action.clone(), alarm(name)))
            .collect()
    };
    Some(match it.operation {
        "DescribeAlarms" | "DescribeAlarmHistory" if finds_composite_alarms(it) => {
            vec![Need::new(action, "*")]
        }
        "DescribeAlarms" => each(vec!["*"]),
        "DescribeAlarmHistory" => each(vec![it.input["AlarmName"].as_str().unwrap_or("*")]),
        "GetMetricData" | "PutCompositeAlarm" => vec![Need::new(action, "*")],
        "GetAlarmMuteRule" | "DeleteAlarmMuteRule" => {
            vec![mute_rule(text(it.input, "AlarmMuteRuleName"))]
        }
        "ListAlarmMuteRules" => vec![mute_rule("*")],
        // AWS: API reference, `PutAlarmMuteRule`: the same action on the rule and on each of its alarms.
        "PutAlarmMuteRule" => {
            let rule = mute_rule(text(it.input, "Name"));
            let mut needs: Vec<Need> = each(texts(&it.input["MuteTargets"], "AlarmNames"));
            needs.insert(0, rule);
            needs
        }
        "DeleteAlarms" | "DisableAlarmActions" | "EnableAlarmActions" => {
            each(texts(it.input, "AlarmNames"))
        }
        "PutMetricAlarm" | "SetAlarmState" => each(vec![text(it.input, "AlarmName")]),
        "PutMetricData" => {
            let namespace = text(it.input, "Namespace");
            vec![Need::new(action, "*").with("cloudwatch:namespace", namespace)]
        }
        _ => return None,
    })
}

/// Whether a question about alarms is one about composite alarms, too.
fn finds_composite_alarms(it: &Question<'_>) -> bool {
    let related = ["ChildrenOfAlarmName", "ParentsOfAlarmName"];
    texts(it.input, "AlarmTypes").contains(&"CompositeAlarm")
        || related.iter().any(|member| it.input[*member].is_string())
}
