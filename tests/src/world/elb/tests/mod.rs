mod describing;
mod health;
mod metrics;
mod modifying;
mod routing;
mod signing_in;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::{clock::Moment, stage::identity, wire, world::Effect};

/// A quarter past a full minute.
const BEGIN: Moment = Moment(1_790_960_655_000);
const SECOND: Duration = Duration::from_secs(1);

/// A load balancer with an HTTP listener, groups `orders` and `orders-canary`, and a rule for all paths
/// that sends everything to the former.
struct Stage {
    world: World,
    load_balancer: String,
    listener: String,
    rule: String,
    primary: String,
    canary: String,
}

impl Stage {
    fn new() -> Self {
        Self::with_group(&json!({}))
    }

    /// With these settings of both groups.
    fn with_group(settings: &Value) -> Self {
        let mut world = World::new(identity(), BEGIN, 1);
        world.elb.propagation = Duration::ZERO;
        let load_balancer = load_balancer(&mut world, "orders");
        let primary = target_group(&mut world, "orders", settings);
        let canary = target_group(&mut world, "orders-canary", settings);
        let input = json!({
            "LoadBalancerArn": load_balancer,
            "Protocol": "HTTP",
            "Port": 80,
            "DefaultActions": [
                { "Type": "fixed-response", "FixedResponseConfig": { "StatusCode": "404" } },
            ],
        });
        let listener = call(&mut world, "CreateListener", &input).unwrap();
        let listener = text(&listener["Listeners"][0]["ListenerArn"]);
        let mut stage = Self {
            world,
            load_balancer,
            listener,
            rule: String::new(),
            primary,
            canary,
        };
        stage.rule = stage.rule(10, "/*", &stage.forward(100, 0));
        stage
    }

    fn rule(&mut self, priority: u32, path: &str, action: &Value) -> String {
        let input = json!({
            "ListenerArn": self.listener,
            "Priority": priority,
            "Conditions": [{ "Field": "path-pattern", "Values": [path] }],
            "Actions": [action],
        });
        let output = call(&mut self.world, "CreateRule", &input).unwrap();
        text(&output["Rules"][0]["RuleArn"])
    }

    fn forward(&self, primary: u32, canary: u32) -> Value {
        forward(&[(&self.primary, primary), (&self.canary, canary)])
    }

    fn call(&mut self, operation: &str, input: &Value) -> Result<Value, Fault> {
        wire::check_input("elasticloadbalancing", operation, input)?;
        call(&mut self.world, operation, input)
    }

    /// Writes the rule's weights.
    fn weigh(&mut self, primary: u32, canary: u32) {
        let actions = [self.forward(primary, canary)];
        let input = json!({ "RuleArn": self.rule, "Actions": actions });
        self.call("ModifyRule", &input).unwrap();
    }

    /// Actions of the rule as it is described.
    fn actions(&mut self) -> Value {
        let input = json!({ "RuleArns": [self.rule] });
        self.call("DescribeRules", &input).unwrap()["Rules"][0]["Actions"].clone()
    }

    /// Lets a time pass, second by second; every check that falls due is answered at once.
    fn pass(&mut self, time: Duration, answer: impl Fn(&Target) -> Checked) {
        for _ in 0..time.as_secs() {
            tick(&mut self.world);
            for effect in std::mem::take(&mut self.world.outbox) {
                let Effect::CheckTarget(probe) = effect else {
                    panic!("{effect:?}");
                };
                let result = answer(&probe.target);
                checked(&mut self.world, &probe, result);
            }
            self.world.now = self.world.now + SECOND;
        }
    }

    /// Registers targets that are healthy.
    fn run(&mut self, group: &str, targets: &[Target]) {
        for target in targets {
            register(&mut self.world, group, target.clone());
        }
        self.pass(SECOND, |_| Checked::Status(200));
        for found in targets {
            let state = state(&self.world, group, found);
            assert_eq!(state, Some(TargetState::Healthy));
        }
    }

    fn request(&self) -> Request {
        Request {
            listener: self.listener.clone(),
            path: "/orders".to_owned(),
            host: "shop.example.com".to_owned(),
            cookie: None,
        }
    }

    /// How many of so many requests went where: by the target's address, or the status.
    fn spread(&mut self, requests: usize) -> BTreeMap<String, u32> {
        let mut spread = BTreeMap::new();
        for _ in 0..requests {
            let request = self.request();
            let place = match route(&mut self.world, &request) {
                Routed::To { target, .. } => target.ip,
                Routed::Answer(status) => status.to_string(),
            };
            *spread.entry(place).or_default() += 1;
        }
        spread
    }

    /// State and reason of every target, by address.
    fn health(&mut self, group: &str) -> Vec<String> {
        let input = json!({ "TargetGroupArn": group });
        let output = self.call("DescribeTargetHealth", &input).unwrap();
        let targets = output["TargetHealthDescriptions"].as_array().unwrap();
        targets
            .iter()
            .map(|it| {
                let health = &it["TargetHealth"];
                let reason = health["Reason"].as_str().unwrap_or("-");
                format!(
                    "{} {} {reason}",
                    text(&it["Target"]["Id"]),
                    text(&health["State"])
                )
            })
            .collect()
    }
}

fn load_balancer(world: &mut World, name: &str) -> String {
    let input = json!({ "Name": name, "Subnets": ["subnet-1", "subnet-2"] });
    let output = call(world, "CreateLoadBalancer", &input).unwrap();
    text(&output["LoadBalancers"][0]["LoadBalancerArn"])
}

fn target_group(world: &mut World, name: &str, settings: &Value) -> String {
    let mut input = json!({
        "Name": name,
        "Protocol": "HTTP",
        "Port": 8080,
        "VpcId": "vpc-1",
        "TargetType": "ip",
        "HealthCheckPath": "/health",
        "HealthCheckIntervalSeconds": 10,
        "HealthCheckTimeoutSeconds": 2,
        "HealthyThresholdCount": 3,
        "UnhealthyThresholdCount": 2,
    });
    for (member, value) in settings.as_object().unwrap() {
        input[member] = value.clone();
    }
    let output = call(world, "CreateTargetGroup", &input).unwrap();
    text(&output["TargetGroups"][0]["TargetGroupArn"])
}

/// Sets attributes of a target group.
fn set(world: &mut World, group: &str, attributes: &[Value]) -> Result<Value, Fault> {
    let input = json!({ "TargetGroupArn": group, "Attributes": attributes });
    call(world, "ModifyTargetGroupAttributes", &input)
}

fn forward(groups: &[(&str, u32)]) -> Value {
    let groups: Vec<_> = groups
        .iter()
        .map(|(arn, weight)| json!({ "TargetGroupArn": arn, "Weight": weight }))
        .collect();
    json!({ "Type": "forward", "ForwardConfig": { "TargetGroups": groups } })
}

/// `10.0.0.N:8080`
fn target(number: u8) -> Target {
    Target {
        ip: format!("10.0.0.{number}"),
        port: 8080,
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn counts<const N: usize>(expected: [(&str, u32); N]) -> BTreeMap<String, u32> {
    expected
        .into_iter()
        .map(|(place, count)| (place.to_owned(), count))
        .collect()
}
