//! What AWS does not say about its own judgement: the rights in the templates do either way, and so do the denials.

use std::time::Duration;

use rehearsal_core::{
    stage::{self, Behaviour, DEPLOY_CANARY, SHIFT_WEIGHT, Script, Stage, Version},
    world::{
        Principal, World, ecs,
        iam::{self, Registration, Request},
        scaling,
    },
};
use serde_json::{Value, json};

use super::Deployed;
use crate::play::{Play, pairs};

/// One way in which AWS may judge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    /// What a registration is judged on.
    registration: Registration,
    /// Whether a count alone comes with the definition that the service has.
    shows_running_definition: bool,
    /// Whether Application Auto Scaling's own questions look like the function's.
    hides_scaling: bool,
}

impl Way {
    /// As the account does it where nothing else is said.
    pub(super) const USUAL: Self = Self {
        registration: Registration::Revisions,
        shows_running_definition: false,
        hides_scaling: false,
    };
    /// Everything the other way round.
    pub(super) const OTHER: Self = Self {
        registration: Registration::Everything,
        shows_running_definition: true,
        hides_scaling: false,
    };

    fn all() -> impl Iterator<Item = Self> {
        let registrations = [
            Registration::Revisions,
            Registration::Family,
            Registration::Everything,
        ];
        // A definition that is shown and a service that is hidden, both at once, is what no statement can tell from a change.
        let others = [(false, false), (true, false), (false, true)];
        registrations.into_iter().flat_map(move |registration| {
            others.map(|(shows_running_definition, hides_scaling)| Self {
                registration,
                shows_running_definition,
                hides_scaling,
            })
        })
    }

    /// Those that whole releases are played in: both knobs both ways, and the rest once.
    fn played() -> impl Iterator<Item = Self> {
        Self::all().filter(|way| match way.registration {
            Registration::Revisions | Registration::Everything => !way.hides_scaling,
            Registration::Family => way.hides_scaling,
        })
    }

    /// Whether deploy-canary may set the count of a primary that runs nothing by itself.
    pub(super) fn counts_what_runs_nothing(self) -> bool {
        !self.shows_running_definition
    }

    pub(super) fn begin(self, world: &mut World) {
        world.iam.registration = self.registration;
        world.iam.shows_running_definition = self.shows_running_definition;
        world.iam.hides_scaling = self.hides_scaling;
    }
}

fn two_versions() -> Script {
    let versions = ["v2", "v3"].map(|label| Version::new(label, Behaviour::Works));
    Script::new(versions)
}

fn denied(play: &Play) -> Vec<String> {
    let calls = stage::FUNCTIONS.into_iter().flat_map(|it| play.calls(it));
    let denied = calls.filter(|call| call.fault.as_deref() == Some("AccessDeniedException"));
    denied
        .map(|call| format!("{}: {} {}", call.principal.0, call.operation, call.input))
        .collect()
}

/// A version is released, and the next one is taken back.
async fn released_and_taken_back(stage: &Stage, way: Way) {
    let play = Play::begin_with(stage, two_versions(), |world| way.begin(world)).await;
    play.slow_down();
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.succeeds(&release).await;
    let next = play.push("v3");
    play.until_approval(&next).await;
    play.reject("latency doubled");
    assert_eq!(play.until_ended(&next).await, "FAILED", "{way:?}");
    play.until_phase("RolledBack").await;
    assert_eq!(denied(&play), [""; 0], "{way:?}");
}

/// A version is taken back from the primary while it is being promoted.
async fn taken_back_from_the_primary(stage: &Stage, way: Way) {
    let play = Play::begin_with(stage, two_versions(), |world| way.begin(world)).await;
    play.slow_down();
    let before = play.pair();
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.approve();
    play.until_phase("Promoting").await;
    play.until("the primary is being updated", crate::play::is_deploying)
        .await;
    play.alarm("orders fail");
    play.until_ended(&release).await;
    play.until_phase("RolledBack").await;
    play.pass(Duration::from_mins(2)).await;
    assert_eq!(play.pair(), before, "{way:?}");
    assert_eq!(denied(&play), [""; 0], "{way:?}");
}

#[tokio::test(start_paused = true)]
async fn consumers_of_a_queue_are_released_and_taken_back_either_way() {
    let [additive, ..] = pairs();
    for way in Way::played() {
        released_and_taken_back(&additive, way).await;
        taken_back_from_the_primary(&additive, way).await;
    }
}

#[tokio::test(start_paused = true)]
async fn consumers_of_a_constant_number_are_released_and_taken_back_either_way() {
    let [_, constant, _] = pairs();
    for way in Way::played() {
        released_and_taken_back(&constant, way).await;
        taken_back_from_the_primary(&constant, way).await;
    }
}

#[tokio::test(start_paused = true)]
async fn services_behind_a_load_balancer_are_released_and_taken_back_either_way() {
    let [.., alb] = pairs();
    for way in Way::played() {
        released_and_taken_back(&alb, way).await;
        taken_back_from_the_primary(&alb, way).await;
    }
}

/// A pair whose primary has no task, which a release is not to begin with.
pub(super) async fn idle(way: Way, is_scaled: bool) -> Play {
    let stage = Stage {
        primary_tasks: 0,
        primary_scaling: (0, 20),
        ..Stage::default()
    };
    let play = Play::begin_with(&stage, two_versions(), |world| way.begin(world)).await;
    let primary = "service/orders/orders";
    play.pass(Duration::from_mins(2)).await;
    play.account.with(|world| {
        scaling::scale(world, primary, 0).expect("it is scaled");
        if !is_scaled {
            let target = json!({ "ServiceNamespace": "ecs", "ResourceId": primary,
                "ScalableDimension": "ecs:service:DesiredCount" });
            scaling::call(world, "DeregisterScalableTarget", &target).expect("it is deregistered");
        }
    });
    play.pass(Duration::from_mins(2)).await;
    play
}

#[tokio::test(start_paused = true)]
async fn a_primary_without_tasks_gets_one_from_automatic_scaling_either_way() {
    for way in Way::played() {
        let play = idle(way, true).await;
        let release = play.push("v2");
        play.until_approval(&release).await;
        play.succeeds(&release).await;
    }
}

/// The one thing that IAM cannot tell from what it has to deny; see infra/docs/iam.md.
#[tokio::test(start_paused = true)]
async fn without_scaling_its_count_is_denied_where_aws_shows_the_definition_and_no_candidate_runs()
{
    for way in Way::played() {
        let play = idle(way, false).await;
        let before = play.pair();
        let release = play.push("v2");
        if way.shows_running_definition {
            assert_eq!(play.until_ended(&release).await, "FAILED", "{way:?}");
            let said = play.said(&release, "deploy-canary");
            assert!(
                said.contains("may not call ecs:UpdateService on service orders"),
                "{said}"
            );
            play.until_phase("RolledBack").await;
            play.pass(Duration::from_mins(2)).await;
            assert_eq!(play.pair(), before, "{way:?}");
        } else {
            play.until_approval(&release).await;
            play.succeeds(&release).await;
        }
    }
}

/// The pair's services are open for a shell, which the team has switched on; a release leaves that as it is.
#[tokio::test(start_paused = true)]
async fn a_service_that_its_team_has_opened_for_a_shell_is_released_and_stays_open() {
    for way in [Way::USUAL, Way::OTHER] {
        let play = Play::begin_with(&Stage::default(), two_versions(), |world| {
            way.begin(world);
            for service in [stage::PRIMARY, stage::CANARY] {
                let input = json!({ "cluster": stage::CLUSTER, "service": service, "enableExecuteCommand": true });
                let team = Principal("team".to_owned());
                ecs::call(world, "UpdateService", &input, &team).expect("the service can be updated");
            }
        })
        .await;
        play.slow_down();
        let release = play.push("v2");
        play.until_approval(&release).await;
        play.succeeds(&release).await;
        assert_eq!(denied(&play), [""; 0], "{way:?}");
        let both =
            json!({ "cluster": stage::CLUSTER, "services": [stage::PRIMARY, stage::CANARY] });
        let shown = play.ecs("DescribeServices", &both);
        for service in shown["services"].as_array().expect("both") {
            assert_eq!(service["enableExecuteCommand"], true, "{service}");
        }
    }
}

/// What a call of ECS is denied for: the action, and whether a statement says so.
fn answered(world: &mut World, who: &str, operation: &str, input: &Value) -> Result<(), String> {
    let request = Request {
        region: crate::connector::REGION,
        service: "ecs",
        operation,
        input,
        secure: true,
    };
    let judged = iam::authorize(world, &Principal(who.to_owned()), &request);
    judged.map_err(|denied| {
        let (_, rest) = denied.message.split_once("perform: ").unwrap_or_default();
        let (action, rest) = rest.split_once(' ').unwrap_or_default();
        let explicitly = if rest.contains("with an explicit deny") {
            ", explicitly"
        } else {
            ""
        };
        format!("{action}{explicitly}")
    })
}

/// Both examples, judged every way.
fn accounts() -> impl Iterator<Item = (Way, World)> {
    let with = |way: Way, mut world: World| {
        way.begin(&mut world);
        (way, world)
    };
    Way::all().flat_map(move |way| {
        let constant = Deployed::example(&[("Mode", "constantTotal")]).world;
        [
            Deployed::example(&[]).world,
            constant,
            Deployed::http(&[]).world,
        ]
        .map(|world| with(way, world))
    })
}

fn definition(family: &str, tag: Option<&str>, privileged: bool) -> Value {
    let container = json!({ "name": "app", "image": "app:v2", "privileged": privileged });
    let mut input = json!({ "family": family, "containerDefinitions": [container] });
    if let Some(tag) = tag {
        input["tags"] = json!([{ "key": tag, "value": "3f1c2a90" }]);
    }
    input
}

#[test]
fn candidates_alone_are_registered_and_of_the_family_alone_either_way() {
    const RELEASE: Option<&str> = Some("canary:release");
    for (way, mut world) in accounts() {
        let mut registers =
            |who, input| answered(&mut world, who, "RegisterTaskDefinition", &input);
        let own = registers(DEPLOY_CANARY, definition("orders", RELEASE, false));
        assert_eq!(own, Ok(()), "{way:?}");
        for (input, denied) in [
            // Judged on everything, the tag is what gives another family away.
            (definition("other", RELEASE, false), "ecs:TagResource"),
            (definition("orders-2", RELEASE, false), "ecs:TagResource"),
            (
                definition("orders", None, false),
                "ecs:RegisterTaskDefinition",
            ),
            (
                definition("other", None, false),
                "ecs:RegisterTaskDefinition",
            ),
            (
                definition("other", Some("owner"), false),
                "ecs:RegisterTaskDefinition",
            ),
            (
                definition("orders", RELEASE, true),
                "ecs:RegisterTaskDefinition, explicitly",
            ),
        ] {
            let answer = registers(DEPLOY_CANARY, input.clone());
            assert_eq!(answer, Err(denied.to_owned()), "{way:?}: {input}");
        }
        for other in stage::FUNCTIONS {
            if other != DEPLOY_CANARY {
                let answer = registers(other, definition("orders", RELEASE, false));
                let denied = Err("ecs:RegisterTaskDefinition".to_owned());
                assert_eq!(answer, denied, "{way:?}: {other}");
            }
        }
    }
}

/// An update that gives a service what the account has it run already.
fn update(service: &str, more: &Value) -> Value {
    let mut input = json!({ "cluster": stage::CLUSTER, "service": service, "desiredCount": 3 });
    for (member, value) in more.as_object().into_iter().flatten() {
        input[member] = value.clone();
    }
    input
}

#[test]
fn what_the_primary_runs_is_neither_deploy_canarys_nor_shift_weights_either_way() {
    let given = json!({ "taskDefinition": "orders:1" });
    for (way, mut world) in accounts() {
        let mut answer = |who: &str, service: &str, more: &Value| {
            answered(&mut world, who, "UpdateService", &update(service, more))
        };
        let denied = |action: &str| Err(action.to_owned());
        // By itself; what Application Auto Scaling asks for it is another matter.
        let counted = if way.shows_running_definition {
            denied("ecs:UpdateService")
        } else {
            Ok(())
        };
        let none = json!({});
        let primary = answer(DEPLOY_CANARY, stage::PRIMARY, &none);
        assert_eq!(primary, counted, "{way:?}");
        let primary = answer(DEPLOY_CANARY, stage::PRIMARY, &given);
        assert_eq!(primary, denied("ecs:UpdateService"), "{way:?}");
        let canary = answer(DEPLOY_CANARY, stage::CANARY, &given);
        assert_eq!(canary, Ok(()), "{way:?}");

        for service in [stage::PRIMARY, stage::CANARY] {
            let count = answer(SHIFT_WEIGHT, service, &none);
            assert_eq!(count, Ok(()), "{way:?}: {service}");
            let change = answer(SHIFT_WEIGHT, service, &given);
            assert_eq!(change, denied("iam:PassRole"), "{way:?}: {service}");
        }
        let stranger = json!({ "taskDefinition": "other:1" });
        for function in stage::FUNCTIONS {
            for service in [stage::PRIMARY, stage::CANARY] {
                let change = answer(function, service, &stranger);
                let wanted = denied("ecs:UpdateService");
                assert_eq!(change, wanted, "{way:?}: {function}, {service}");
            }
        }
    }
}

#[test]
fn no_function_opens_a_service_or_moves_it_to_another_network() {
    let network = |assigns: Option<&str>| {
        let mut network = json!({ "subnets": ["subnet-0a", "subnet-0b"] });
        if let Some(assigns) = assigns {
            network["assignPublicIp"] = assigns.into();
        }
        json!({ "networkConfiguration": { "awsvpcConfiguration": network } })
    };
    for (way, mut world) in accounts() {
        for function in stage::FUNCTIONS {
            for (more, is_allowed) in [
                (json!({}), true),
                (json!({ "enableExecuteCommand": false }), true),
                (json!({ "enableExecuteCommand": true }), false),
                (network(None), false),
                (network(Some("DISABLED")), false),
                (network(Some("ENABLED")), false),
            ] {
                let input = update(stage::CANARY, &more);
                let answer = answered(&mut world, function, "UpdateService", &input);
                let wanted = if is_allowed {
                    Ok(())
                } else {
                    Err("ecs:UpdateService, explicitly".to_owned())
                };
                assert_eq!(answer, wanted, "{way:?}: {function}, {more}");
            }
        }
    }
}
