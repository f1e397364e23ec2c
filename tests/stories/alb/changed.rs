//! Somebody changes a rule of the pair in the middle of a release, but not the pair's weights.

use std::time::Duration;

use canary::record::Phase;
use rehearsal_core::stage::{self, Behaviour, Entrance, Stage, Step};
use serde_json::{Value, json};

use super::{stage, v2};
use crate::play::Play;

fn rule(play: &Play) -> String {
    let Entrance::LoadBalancer { rule, .. } = &play.scene.entrance else {
        panic!("the pair is behind a load balancer");
    };
    rule.clone()
}

/// Somebody makes the pair's rule sticky, or gives another group a part, with the weights as they are.
fn change_rule(play: &Play, other: Option<&str>) {
    let rule = rule(play);
    let described = play.balancer("DescribeRules", &json!({ "RuleArns": [rule] }));
    let mut actions = described["Rules"][0]["Actions"].clone();
    let config = &mut actions[0]["ForwardConfig"];
    match other {
        None => {
            config["TargetGroupStickinessConfig"] =
                json!({ "Enabled": true, "DurationSeconds": 3600 });
        }
        Some(group) => {
            let groups = config["TargetGroups"].as_array_mut().expect("it forwards");
            groups.push(json!({ "TargetGroupArn": group, "Weight": 7 }));
        }
    }
    if let Some(action) = actions[0].as_object_mut() {
        action.remove("TargetGroupArn");
    }
    play.balancer(
        "ModifyRule",
        &json!({ "RuleArn": rule, "Actions": actions }),
    );
}

/// Groups with weights, and stickiness, of the pair's rule.
fn rest(play: &Play) -> (usize, Value) {
    let rule = rule(play);
    let described = play.balancer("DescribeRules", &json!({ "RuleArns": [rule] }));
    let config = &described["Rules"][0]["Actions"][0]["ForwardConfig"];
    let groups = config["TargetGroups"].as_array().expect("it forwards");
    (
        groups.len(),
        config["TargetGroupStickinessConfig"]["Enabled"].clone(),
    )
}

#[tokio::test(start_paused = true)]
async fn stickiness_or_a_further_group_that_comes_in_the_middle_of_a_release_ends_it_and_stays() {
    for (is_sticky, at_approval) in [(true, true), (false, true), (true, false), (false, false)] {
        let stage = Stage {
            steps: Some(vec![Step::new(50, 300)]),
            ..stage()
        };
        let play = Play::begin(&stage, v2(Behaviour::Works)).await;
        let before = play.service(stage::CANARY);
        let other = json!({ "Name": "beta", "Protocol": "HTTP", "Port": 8080, "TargetType": "ip" });
        let other = play.create("TargetGroup", &other);
        let release = play.push("v2");
        if at_approval {
            play.until_approval(&release).await;
        } else {
            play.until_said(&release, "shift-weight", "50 % asked, 50 % attained")
                .await;
        }
        change_rule(&play, (!is_sticky).then_some(other.as_str()));
        play.until_phase("RolledBack").await;
        play.pass(Duration::from_mins(3)).await;
        assert!(play.has_ended(&release));
        let record = play.record().expect("a record");
        let Phase::RolledBack { cause, .. } = record.phase else {
            panic!("it is rolled back")
        };
        if at_approval {
            assert!(
                cause.what.contains(
                    "as this release found it, it is not sticky and has no further groups"
                ),
                "{}",
                cause.what
            );
        } else {
            let said = play.said(&release, "shift-weight");
            assert!(said.contains("as this release found it"), "{said}");
        }
        let expected = if is_sticky {
            (2, json!(true))
        } else {
            (3, json!(false))
        };
        assert_eq!(rest(&play), expected, "what somebody has set stays");
        assert_eq!(play.service(stage::CANARY), before);
    }
}
