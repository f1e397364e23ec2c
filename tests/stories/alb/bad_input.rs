//! What a person may get wrong about rules and target groups: the release is refused by its first look, with both sides
//! named, and nothing was changed.

use rehearsal_core::stage::{self, Behaviour, Entrance};
use serde_json::{Value, json};

use super::{stage, v2};
use crate::play::Play;

/// The pair, and what its load balancer has.
struct Shop {
    play: Play,
    /// The part of an ARN that all begin with.
    account: String,
    listener: String,
    rule: String,
    primary: String,
    canary: String,
}

impl Shop {
    async fn open() -> Self {
        let play = Play::begin(&stage(), v2(Behaviour::Works)).await;
        let Entrance::LoadBalancer {
            listener,
            rule,
            groups: [primary_group, canary_group],
        } = play.scene.entrance.clone()
        else {
            panic!("the pair is behind a load balancer");
        };
        let account = listener.split_inclusive(':').take(5).collect();
        Self {
            play,
            account,
            listener,
            rule,
            primary: primary_group,
            canary: canary_group,
        }
    }

    fn aim(&self, change: impl FnOnce(&mut Value)) {
        self.play.aim(stage::DEPLOY_CANARY, change);
    }

    fn aim_at(&self, rule: &str) {
        self.aim(|alb| alb["rules"] = json!([rule]));
    }

    fn group(&self, name: &str) -> String {
        let group = json!({ "Name": name, "Protocol": "HTTP", "Port": 8080, "TargetType": "ip" });
        self.play.create("TargetGroup", &group)
    }

    fn rule(&self, listener: &str, action: &Value) -> String {
        let rule = json!({
            "ListenerArn": listener,
            "Priority": 7,
            "Conditions": [{ "Field": "path-pattern", "Values": ["/other/*"] }],
            "Actions": [action],
        });
        self.play.create("Rule", &rule)
    }

    /// Another load balancer; answers its listener.
    fn other_listener(&self) -> String {
        let other = json!({ "Name": "other", "Subnets": ["subnet-1", "subnet-2"] });
        let other = self.play.create("LoadBalancer", &other);
        let listener = json!({
            "LoadBalancerArn": other,
            "Protocol": "HTTP",
            "Port": 8081,
            "DefaultActions": [{ "Type": "fixed-response", "FixedResponseConfig": { "StatusCode": "404" } }],
        });
        self.play.create("Listener", &listener)
    }

    async fn is_refused(&self, kind: &str, expected: &str) {
        let play = &self.play;
        let before = (play.writes().len(), play.pair());
        let release = play.held_execution();
        let parameters = json!({ "release": release, "image": "orders:v2" }).to_string();
        let refused = play.job(stage::DEPLOY_CANARY, Some(&parameters)).await;
        assert_eq!(
            (refused.kind.as_str(), refused.message.as_str()),
            (kind, expected)
        );
        assert_eq!(
            (play.writes().len(), play.pair()),
            before,
            "nothing was changed"
        );
        assert_eq!(play.phase(), "none", "nothing was recorded");
    }

    async fn is_misconfigured(&self, expected: &str) {
        self.is_refused("ConfigurationError", expected).await;
    }
}

fn forward(groups: &[(&str, u32)]) -> Value {
    let groups: Vec<_> = groups
        .iter()
        .map(|(group, weight)| json!({ "TargetGroupArn": group, "Weight": weight }))
        .collect();
    json!({ "Type": "forward", "ForwardConfig": { "TargetGroups": groups } })
}

/// The last part of an ARN without its first word, as people read it.
fn short(arn: &str) -> &str {
    arn.split_once('/').map_or(arn, |(_, rest)| rest)
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_does_not_exist() {
    let shop = Shop::open().await;
    let gone = format!("{}listener-rule/app/orders/0a1b/2c3d/4e5f", shop.account);
    shop.aim_at(&gone);
    shop.is_misconfigured(&format!(
        "{gone} (TARGET: field traffic.alb.rules[0]) does not exist (elasticloadbalancing:DescribeRules: Rule '{gone}' not found)"
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_target_group_that_does_not_exist() {
    let shop = Shop::open().await;
    let gone = format!("{}targetgroup/orders-canery/0a1b", shop.account);
    shop.aim(|alb| alb["canaryTargetGroup"] = json!(gone));
    shop.is_misconfigured(&format!(
        "TARGET: field traffic.alb.rules[0]: {} does not forward to the target group {gone}; it forwards to {}, {}",
        shop.rule, shop.primary, shop.canary
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_target_group_that_the_rule_does_not_have() {
    let shop = Shop::open().await;
    let other = shop.group("other");
    shop.aim(|alb| alb["canaryTargetGroup"] = json!(other));
    shop.is_misconfigured(&format!(
        "TARGET: field traffic.alb.rules[0]: {} does not forward to the target group {other}; it forwards to {}, {}",
        shop.rule, shop.primary, shop.canary
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_rule_without_a_forward_action() {
    let shop = Shop::open().await;
    let answer =
        json!({ "Type": "fixed-response", "FixedResponseConfig": { "StatusCode": "503" } });
    let rule = shop.rule(&shop.listener, &answer);
    shop.aim_at(&rule);
    shop.is_misconfigured(&format!(
        "TARGET: field traffic.alb.rules[0]: {rule} has no forward action"
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_default_rule_in_place_of_its_listener() {
    let shop = Shop::open().await;
    let rules = shop
        .play
        .balancer("DescribeRules", &json!({ "ListenerArn": shop.listener }));
    let rules = rules["Rules"].as_array().unwrap();
    let default = rules.iter().find(|rule| rule["IsDefault"] == true).unwrap();
    let default = default["RuleArn"].as_str().unwrap();
    shop.aim_at(default);
    shop.is_misconfigured(&format!(
        "TARGET: field traffic.alb.rules[0]: {default} is the default rule of its listener, which has to be named instead, in \"listener\""
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_rule_of_a_network_load_balancer() {
    let shop = Shop::open().await;
    let network = format!("{}listener/net/orders/0a1b/2c3d", shop.account);
    shop.aim_at(&network);
    shop.is_misconfigured(&format!(
        "TARGET: field traffic.alb.rules[0]: \"{network}\" is not the ARN of a rule or a listener of an application load balancer; \
         arn:aws:elasticloadbalancing:REGION:ACCOUNT:listener-rule/app/NAME/ID/LISTENER/RULE, or listener/app/NAME/ID/LISTENER"
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_rule_of_another_load_balancer() {
    let shop = Shop::open().await;
    let listener = shop.other_listener();
    let theirs = shop.group("theirs");
    let rule = shop.rule(&listener, &forward(&[(&theirs, 1)]));
    shop.aim_at(&rule);
    shop.is_misconfigured(&format!(
        "TARGET: field traffic.alb.rules[0]: {rule} does not forward to the target group {}; it forwards to {theirs}",
        shop.primary
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_target_group_of_the_other_service() {
    let shop = Shop::open().await;
    shop.aim(|alb| {
        alb["primaryTargetGroup"] = json!(shop.canary);
        alb["canaryTargetGroup"] = json!(shop.primary);
    });
    shop.is_misconfigured(&format!(
        "service orders does not register its tasks in target group {} (TARGET: field traffic.alb.primaryTargetGroup); it registers them in {}",
        shop.canary, shop.primary
    ))
    .await;
}

fn sticky(shop: &Shop) {
    let mut action = forward(&[(&shop.primary, 100), (&shop.canary, 0)]);
    action["ForwardConfig"]["TargetGroupStickinessConfig"] =
        json!({ "Enabled": true, "DurationSeconds": 600 });
    shop.play.balancer(
        "ModifyRule",
        &json!({ "RuleArn": shop.rule, "Actions": [action] }),
    );
}

#[tokio::test(start_paused = true)]
async fn a_sticky_rule() {
    let shop = Shop::open().await;
    sticky(&shop);
    shop.is_misconfigured(&format!(
        "rule {} is sticky: clients that were once sent to the canary stay there for as long as their cookie lives, whatever its \
         weight is, also after a rollback. Turn stickiness off in its forward action, or set allowSticky (TARGET: field traffic.alb.allowSticky)",
        short(&shop.rule)
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_sticky_rule_that_is_allowed_keeps_its_stickiness() {
    let shop = Shop::open().await;
    sticky(&shop);
    for function in stage::FUNCTIONS {
        shop.play
            .aim(function, |alb| alb["allowSticky"] = json!(true));
    }
    let actions = || {
        let rules = json!({ "RuleArns": [shop.rule] });
        shop.play.balancer("DescribeRules", &rules)["Rules"][0]["Actions"].clone()
    };
    let before = actions();
    let release = shop.play.push("v2");
    shop.play.until_approval(&release).await;
    shop.play.approve();
    assert_eq!(shop.play.until_ended(&release).await, "SUCCEEDED");
    assert_eq!(actions(), before);
}

#[tokio::test(start_paused = true)]
async fn a_canary_that_has_a_weight_already() {
    let shop = Shop::open().await;
    shop.play.set_weights(90, 10);
    shop.play.pass(std::time::Duration::from_secs(2)).await;
    shop.is_refused(
        "JobFailed",
        &format!(
            "rule {} has the weights 90 primary and 10 canary; a release begins with everything on the primary's target group. Set \
             the canary's weight to 0 and the primary's above 0, then retry",
            short(&shop.rule)
        ),
    )
    .await;
}
