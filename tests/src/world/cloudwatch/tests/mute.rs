//! Alarms that are muted: the scenarios of AWS's user guide.

use super::{
    composite::{any, with_any},
    *,
};

const NAME: &str = "orders-canary-errors";

/// The alarm, in `OK`, and somebody who sees its events.
fn with_alarm() -> World {
    let mut world = account(1);
    put(
        &mut world,
        &json!({ "OKActions": [ROLLBACK], "TreatMissingData": "ignore" }),
    );
    set(&mut world, NAME, "OK");
    watch_events(&mut world);
    world.outbox.clear();
    world
}

/// A rule that mutes alarms once: from that minute after five for that long.
fn mute(world: &mut World, rule: &str, minute: u32, lasts: &str, alarms: &[&str]) {
    let schedule =
        json!({ "Expression": format!("at(2026-10-02T17:{minute:02})"), "Duration": lasts });
    let input = json!({
        "Name": rule, "Rule": { "Schedule": schedule }, "MuteTargets": { "AlarmNames": alarms },
    });
    put_alarm_mute_rule(world, &input).expect("a mute rule");
}

fn status(world: &mut World, rule: &str) -> String {
    let input = json!({ "AlarmMuteRuleName": rule });
    let found = call(world, "GetAlarmMuteRule", &input).expect("the rule");
    found["Status"].as_str().expect("a status").to_owned()
}

/// The states that the function was told since the last question.
fn acted(world: &mut World) -> Vec<String> {
    let payloads = invocations(world, "rollback").into_iter();
    let state = |payload: Value| {
        payload["alarmData"]["state"]["value"]
            .as_str()
            .map(str::to_owned)
    };
    payloads.filter_map(state).collect()
}

const NOTHING: Vec<String> = Vec::new();

#[test]
fn a_muted_alarm_takes_no_action_and_its_event_says_by_what_it_is_muted() {
    let mut world = with_alarm();
    mute(&mut world, "drill", 1, "PT5M", &[NAME]);
    assert_eq!(status(&mut world, "drill"), "SCHEDULED");
    pass(&mut world, 60);
    assert_eq!(status(&mut world, "drill"), "ACTIVE");
    set(&mut world, NAME, "ALARM");
    let [event] = &event_details(&mut world)[..] else {
        panic!("one event")
    };
    assert_eq!(
        event["muteDetail"],
        json!({
            "mutedByArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm-mute-rule:drill",
            "muteWindowStart": "2026-10-02T17:01:00.000+0000",
            "muteWindowEnd": "2026-10-02T17:06:00.000+0000",
        })
    );
    assert_eq!(state(&mut world), "ALARM");
    assert_eq!(acted(&mut world), NOTHING);
}

#[test]
fn an_alarm_that_is_still_in_alarm_when_the_window_ends_acts_then() {
    let mut world = with_alarm();
    mute(&mut world, "drill", 0, "PT5M", &[NAME]);
    set(&mut world, NAME, "ALARM");
    event_details(&mut world);
    pass(&mut world, 299);
    assert_eq!(acted(&mut world), NOTHING);
    pass(&mut world, 1);
    let [payload] = &invocations(&mut world, "rollback")[..] else {
        panic!("one invocation")
    };
    let data = &payload["alarmData"];
    assert_eq!(data["state"]["value"], "ALARM");
    assert_eq!(data["state"]["timestamp"], "2026-10-02T17:00:00.000+0000");
    assert_eq!(data["previousState"]["value"], "OK");
    assert_eq!(
        event_details(&mut world).len(),
        0,
        "it has made no transition"
    );
    assert_eq!(status(&mut world, "drill"), "EXPIRED");
    pass(&mut world, 60);
    assert_eq!(acted(&mut world), NOTHING, "once only");
}

#[test]
fn an_alarm_that_has_returned_meanwhile_does_not_act_for_what_is_over() {
    let mut world = with_alarm();
    mute(&mut world, "drill", 0, "PT5M", &[NAME]);
    set(&mut world, NAME, "ALARM");
    set(&mut world, NAME, "OK");
    pass(&mut world, 300);
    assert_eq!(
        acted(&mut world),
        ["OK"],
        "the actions of OK were muted, too"
    );
}

#[test]
fn what_fired_before_the_window_does_not_fire_again_after_it() {
    let mut world = with_alarm();
    set(&mut world, NAME, "ALARM");
    assert_eq!(acted(&mut world), ["ALARM"]);
    mute(&mut world, "drill", 0, "PT5M", &[NAME]);
    pass(&mut world, 300);
    assert_eq!(acted(&mut world), NOTHING);
}

#[test]
fn of_rules_that_overlap_the_last_to_end_counts() {
    let mut world = with_alarm();
    mute(&mut world, "first", 0, "PT3M", &[NAME]);
    mute(&mut world, "second", 2, "PT3M", &[NAME]);
    set(&mut world, NAME, "ALARM");
    pass(&mut world, 180);
    assert_eq!(acted(&mut world), NOTHING);
    pass(&mut world, 120);
    assert_eq!(acted(&mut world), ["ALARM"]);
}

#[test]
fn a_rule_that_is_deleted_or_changed_unmutes_at_once() {
    let mut world = with_alarm();
    put(
        &mut world,
        &json!({ "AlarmName": "other", "TreatMissingData": "ignore" }),
    );
    for unmute in [
        (|world: &mut World| mute(world, "drill", 0, "PT1M", &[NAME])) as fn(&mut World),
        |world| mute(world, "drill", 0, "PT1H", &["other"]),
        |world| {
            let input = json!({ "AlarmMuteRuleName": "drill" });
            call(world, "DeleteAlarmMuteRule", &input).expect("deleted");
            call(world, "DeleteAlarmMuteRule", &input).expect("again");
        },
    ] {
        set(&mut world, NAME, "OK");
        acted(&mut world);
        mute(&mut world, "drill", 0, "PT1H", &[NAME]);
        set(&mut world, NAME, "ALARM");
        pass(&mut world, 60);
        assert_eq!(acted(&mut world), NOTHING);
        unmute(&mut world);
        assert_eq!(acted(&mut world), ["ALARM"]);
    }
}

#[test]
fn the_actions_that_are_taken_are_those_that_the_alarm_has_when_the_window_ends() {
    let mut world = with_alarm();
    let ignore = json!({ "TreatMissingData": "ignore", "AlarmActions": [] });
    mute(&mut world, "drill", 0, "PT5M", &[NAME]);
    put(&mut world, &ignore);
    set(&mut world, NAME, "ALARM");
    put(&mut world, &json!({ "TreatMissingData": "ignore" }));
    pass(&mut world, 300);
    assert_eq!(acted(&mut world), ["ALARM"]);
    mute(&mut world, "drill", 5, "PT5M", &[NAME]);
    set(&mut world, NAME, "OK");
    set(&mut world, NAME, "ALARM");
    put(&mut world, &ignore);
    pass(&mut world, 300);
    assert_eq!(acted(&mut world), NOTHING);
}

#[test]
fn a_composite_alarm_is_muted_like_any_other() {
    let mut world = account(1);
    with_any(&mut world, "ALARM(errors)", &json!({}));
    mute(&mut world, "drill", 0, "PT1M", &["any"]);
    set(&mut world, "errors", "ALARM");
    assert_eq!(any(&mut world)["StateValue"], "ALARM");
    assert_eq!(acted(&mut world), NOTHING);
    let delete = json!({ "AlarmMuteRuleName": "drill" });
    call(&mut world, "DeleteAlarmMuteRule", &delete).expect("deleted");
    assert_eq!(acted(&mut world), ["ALARM"]);
}

#[test]
fn a_recurring_rule_mutes_between_its_dates_only() {
    let mut world = with_alarm();
    let input = json!({
        "Name": "hourly",
        "Description": "every hour",
        "Rule": { "Schedule": { "Expression": "cron(0 * * * *)", "Duration": "PT2M" } },
        "MuteTargets": { "AlarmNames": [NAME] },
        "StartDate": 1_790_960_460.0,
        "ExpireDate": 1_790_967_660.0,
    });
    put_alarm_mute_rule(&mut world, &input).expect("a rule");
    for (minutes, expected) in [
        (0, "SCHEDULED"),
        (1, "ACTIVE"),
        (2, "SCHEDULED"),
        (60, "ACTIVE"),
        (120, "ACTIVE"),
        (121, "EXPIRED"),
    ] {
        world.now = Moment(1_790_960_400_000 + minutes * 60_000);
        assert_eq!(
            status(&mut world, "hourly"),
            expected,
            "after {minutes} minutes"
        );
    }
    let get = json!({ "AlarmMuteRuleName": "hourly" });
    let found = call(&mut world, "GetAlarmMuteRule", &get).expect("the rule");
    let mut expected = input;
    for (member, value) in [
        (
            "AlarmMuteRuleArn",
            json!("arn:aws:cloudwatch:us-east-1:111122223333:alarm-mute-rule:hourly"),
        ),
        ("Status", json!("EXPIRED")),
        ("MuteType", json!("RECURRING")),
        ("LastUpdatedTimestamp", json!(1_790_960_400.0)),
    ] {
        expected[member] = value;
    }
    assert_eq!(found, expected);
}

#[test]
fn mute_rules_are_listed_by_alarm_and_by_status_in_pages() {
    let mut world = with_alarm();
    put(&mut world, &json!({ "AlarmName": "other" }));
    mute(&mut world, "a", 0, "PT5M", &[NAME]);
    mute(&mut world, "b", 30, "PT5M", &[NAME, "other"]);
    mute(&mut world, "c", 0, "PT5M", &["other"]);
    let mut list = |input: Value| {
        let answer = call(&mut world, "ListAlarmMuteRules", &input).expect("an answer");
        let rules = answer["AlarmMuteRuleSummaries"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let name = |rule: Value| {
            let arn = rule["AlarmMuteRuleArn"].as_str()?.to_owned();
            arn.rsplit(':').next().map(str::to_owned)
        };
        let names: Vec<String> = rules.into_iter().filter_map(name).collect();
        (names.join(" "), answer["NextToken"].clone())
    };
    assert_eq!(list(json!({})), ("a b c".to_owned(), Value::Null));
    assert_eq!(list(json!({ "AlarmName": NAME })).0, "a b");
    assert_eq!(
        list(json!({ "AlarmName": "other", "Statuses": ["ACTIVE"] })).0,
        "c"
    );
    assert_eq!(list(json!({ "Statuses": ["EXPIRED"] })).0, "");
    assert_eq!(
        list(json!({ "MaxRecords": 2 })),
        ("a b".to_owned(), json!("b"))
    );
    assert_eq!(list(json!({ "MaxRecords": 2, "NextToken": "b" })).0, "c");
    for (operation, input) in [
        ("ListAlarmMuteRules", json!({ "AlarmName": "gone" })),
        ("GetAlarmMuteRule", json!({ "AlarmMuteRuleName": "gone" })),
    ] {
        let fault = call(&mut world, operation, &input).expect_err("nothing of that name");
        assert_eq!(
            (fault.code.as_str(), fault.status),
            ("ResourceNotFoundException", 404)
        );
    }
}

#[test]
fn what_mute_rules_here_do_not_have_is_refused_by_name() {
    let mut world = with_alarm();
    for (more, named) in [
        (json!({ "Tags": [] }), "Tags"),
        (
            json!({ "MuteTargets": { "AlarmNames": [NAME, "gone"] } }),
            "do not exist: gone.",
        ),
        (json!({ "ExpireDate": 1_790_967_660.0 }), "ExpireDate"),
    ] {
        let schedule = json!({ "Expression": "at(2026-10-02T18:00)", "Duration": "PT1H" });
        let mut input = json!({ "Name": "m", "Rule": { "Schedule": schedule } });
        for (member, value) in more.as_object().expect("members") {
            input[member] = value.clone();
        }
        let fault = put_alarm_mute_rule(&mut world, &input).expect_err(named);
        assert_eq!(fault.code, "ValidationException");
        assert!(fault.message.contains(named), "{}", fault.message);
    }
}
