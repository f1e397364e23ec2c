//! There is one truth: what the release found and began with, whatever came after.

use std::time::Duration;

use rehearsal_core::{
    stage::{self, Behaviour, Script, Stage, Step, Traffic, Version},
    world::{Principal, World},
};
use serde_json::{Value, json};

use crate::play::Play;

fn stages() -> [Stage; 2] {
    [Traffic::Queue, Traffic::Alb].map(|traffic| Stage {
        traffic,
        steps: Some(vec![Step::new(50, 0)]),
        deregistration_delay: Duration::from_secs(10),
        ..Stage::default()
    })
}

async fn begin(stage: &Stage) -> Play {
    let play = Play::begin(stage, Script::new([Version::new("v2", Behaviour::Works)])).await;
    play.slow_down();
    play
}

async fn promoted(play: &Play) {
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.succeeds(&release).await;
}

#[tokio::test(start_paused = true)]
async fn an_execution_with_nothing_to_do_leaves_the_last_promotion_its_guard_and_its_findings() {
    for stage in stages() {
        let play = begin(&stage).await;
        let before = play.pair();
        promoted(&play).await;
        let again = play.push("v2");
        play.until_approval(&again).await;
        play.succeeds(&again).await;
        assert!(
            play.said(&again, "promote-primary")
                .starts_with("nothing to do: ")
        );
        play.alarm("orders fail");
        play.until_phase("RolledBack").await;
        play.pass(Duration::from_mins(3)).await;
        assert_eq!(play.pair(), before, "back to what ran before the promotion");
    }
}

#[tokio::test(start_paused = true)]
async fn an_alarm_after_an_execution_that_changed_nothing_rolls_nothing_back_and_tells_nobody() {
    for stage in stages() {
        let play = begin(&stage).await;
        let before = play.pair();
        let nothing = play.push("v1");
        play.until_approval(&nothing).await;
        play.succeeds(&nothing).await;
        let writes = play.writes().len();
        play.alarm("orders fail");
        play.pass(Duration::from_mins(5)).await;
        assert_eq!(play.writes().len(), writes);
        assert_eq!(play.pair(), before);
        let told = play.notices().into_iter();
        let told = told.filter(|(subject, _)| subject.starts_with("orders: roll"));
        assert_eq!(told.count(), 0);
    }
}

type Change<'a> = &'a dyn Fn(&mut Value);

#[tokio::test(start_paused = true)]
async fn a_target_that_changes_during_a_release_is_refused_by_field_and_the_recorded_place_is_restored()
 {
    let [queue, alb] = stages();
    let other_rule = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener-rule/app/orders/0a1b/2c3d/4e5f";
    let rows: [(&Stage, &str, Change<'_>); 5] = [
        (&queue, "traffic.queue.mode", &|it| {
            it["traffic"]["queue"]["mode"] = "constantTotal".into();
        }),
        (&queue, "traffic.queue.deadLetterUrl", &|it| {
            it["traffic"]["queue"]
                .as_object_mut()
                .unwrap()
                .remove("deadLetterUrl");
        }),
        (&queue, "alarms", &|it| it["alarms"] = json!([])),
        (&queue, "canary", &|it| it["canary"] = "other".into()),
        (&alb, "traffic.alb.rules", &|it| {
            it["traffic"]["alb"]["rules"] = json!([other_rule]);
        }),
    ];
    for (stage, field, change) in rows {
        let play = begin(stage).await;
        let before = play.pair();
        let release = play.push("v2");
        play.until_approval(&release).await;
        play.retarget(change);
        play.approve();
        assert_eq!(play.until_ended(&release).await, "FAILED");
        let said = play.said(&release, "promote-primary");
        let refused = format!("TARGET: field {field} is ");
        assert!(said.starts_with(&refused), "{field}: {said}");
        play.until_phase("RolledBack").await;
        play.pass(Duration::from_mins(3)).await;
        assert_eq!(play.pair(), before, "{field}\n{}", play.transcript());
    }
}

#[tokio::test(start_paused = true)]
async fn a_stage_that_is_retried_while_its_release_is_rolled_back_waits_and_begins_again() {
    for stage in stages() {
        let play = begin(&stage).await;
        let release = play.push("v2");
        play.until_approval(&release).await;
        play.alarm("orders fail");
        assert_eq!(play.until_ended(&release).await, "FAILED");
        assert_eq!(play.phase(), "RollingBack");
        play.retry(&release, "Canary");
        play.until_said(
            &release,
            "deploy-canary",
            "waiting for the rollback of release",
        )
        .await;
        play.until_phase("Deploying").await;
        play.until_approval(&release).await;
        play.succeeds(&release).await;
    }
}

/// Changes the stored record, as another version of the suite would have stored it.
fn restore_as(play: &Play, change: Change<'_>) {
    let key = json!({ "pair": { "S": "orders/orders" }, "item": { "S": "current" } });
    let mut item = table(play, "GetItem", &json!({ "Key": key }))["Item"].clone();
    change(&mut item);
    table(play, "PutItem", &json!({ "Item": item }));
}

fn table(play: &Play, operation: &str, input: &Value) -> Value {
    let mut input = input.clone();
    input["TableName"] = stage::RELEASES_TABLE.into();
    let person = Principal("person".to_owned());
    let called = |world: &mut World| world.call("dynamodb", operation, &input, &person);
    play.account.with(called).expect("the table takes it")
}

#[tokio::test(start_paused = true)]
async fn a_release_that_an_earlier_version_began_is_watched_and_promoted_by_this_one() {
    for stage in stages() {
        let play = begin(&stage).await;
        let release = play.push("v2");
        play.until_approval(&release).await;
        restore_as(&play, &|item| {
            let fields = item.as_object_mut().expect("an item");
            for field in ["schema", "counts"] {
                assert!(fields.remove(field).is_some(), "{field} is new");
            }
        });
        play.pass(Duration::from_mins(5)).await;
        assert_eq!(play.phase(), "Shifting", "{}", play.transcript());
        play.succeeds(&release).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_release_that_a_later_version_began_is_refused_by_name_and_rolled_back_and_its_record_loses_nothing()
 {
    for stage in stages() {
        let play = begin(&stage).await;
        let before = play.pair();
        let release = play.push("v2");
        play.until_approval(&release).await;
        restore_as(&play, &|item| {
            item["schema"] = json!({ "N": "4" });
            item["verdict"] = json!({ "M": { "worse": { "BOOL": false } } });
            item["phase"]["M"]["name"] = json!({ "S": "Paused" });
        });
        play.pass(Duration::from_mins(5)).await;
        assert!(play.waits_for_approval(), "{}", play.transcript());
        play.approve();
        assert_eq!(play.until_ended(&release).await, "FAILED");
        let said = play.said(&release, "promote-primary");
        let refused = format!(
            "release {release} was begun by a later version of the suite: its record has schema 4"
        );
        assert!(said.starts_with(&refused), "{said}");
        play.until_phase("RolledBack").await;
        play.pass(Duration::from_mins(3)).await;
        assert_eq!(play.pair(), before, "{}", play.transcript());
        let key = json!({ "pair": { "S": "orders/orders" }, "item": { "S": "current" } });
        let item = table(&play, "GetItem", &json!({ "Key": key }))["Item"].clone();
        assert_eq!(item["schema"], json!({ "N": "4" }));
        assert_eq!(
            item["verdict"],
            json!({ "M": { "worse": { "BOOL": false } } })
        );
        let again = play.push("v2");
        play.until_approval(&again).await;
    }
}
