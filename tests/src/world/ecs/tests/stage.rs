//! A cluster whose containers are played by a script.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};

use super::super::{
    super::{
        Effect, Fault, Identity, Principal, World,
        elb::{self, Checked},
        journal::What,
    },
    Health, Signal, TaskLaunch, create_cluster, create_service, register_task_definition,
    task_exited, task_health, task_running,
};
use crate::clock::Moment;

/// How a container of an image behaves. Seconds count from its start.
#[derive(Debug, Clone, Copy)]
pub(super) enum Behaviour {
    /// Runs until SIGTERM.
    Runs,
    /// Its image cannot be pulled.
    CannotBePulled,
    /// Ends with exit code 1.
    CrashesAfter(u64),
    /// Its health check first passes, or first fails for good.
    HealthyAfter(u64),
    UnhealthyAfter(u64),
    /// Does not react to SIGTERM.
    IgnoresSigterm,
    /// Answers the health checks of target groups well from then on, and 503 before.
    AnswersAfter(u64),
}

struct Container {
    task: String,
    behaviour: Behaviour,
    started: Moment,
    told: bool,
    address: Option<String>,
}

pub(super) struct Stage {
    pub(super) world: World,
    behaviours: Vec<(String, Behaviour)>,
    containers: Vec<Container>,
    /// Signals that were sent, as (second since the beginning, signal).
    pub(super) signals: Vec<(u64, Signal)>,
    /// Every container that was handed over.
    pub(super) launches: Vec<TaskLaunch>,
    /// Addresses at which nobody listens any more.
    pub(super) silent: BTreeSet<String>,
    /// Called after every second.
    pub(super) watch: fn(&World),
}

const BEGINNING: Moment = Moment(1_800_000_000_000);

impl Stage {
    pub(super) fn new() -> Self {
        let identity = Identity {
            account: "123456789012".to_owned(),
            region: "eu-central-1".to_owned(),
        };
        let mut world = World::new(identity, BEGINNING, 1);
        create_cluster(&mut world, "orders");
        Self {
            world,
            behaviours: Vec::new(),
            containers: Vec::new(),
            signals: Vec::new(),
            launches: Vec::new(),
            silent: BTreeSet::new(),
            watch: |_| {},
        }
    }

    /// Registers a revision of `app` with image `app:VERSION`, whose containers behave as told.
    pub(super) fn version(&mut self, version: &str, behaviour: Behaviour) -> String {
        self.behaviours.push((format!("app:{version}"), behaviour));
        let mut container = json!({"name": "app", "image": format!("app:{version}")});
        if matches!(
            behaviour,
            Behaviour::HealthyAfter(_) | Behaviour::UnhealthyAfter(_)
        ) {
            container["healthCheck"] = json!({"command": ["CMD", "check"]});
        }
        let input = json!({"family": "app", "containerDefinitions": [container]});
        register_task_definition(&mut self.world, &input).unwrap()
    }

    /// Registers a revision of `app` with network mode awsvpc that listens on port 8080.
    pub(super) fn web_version(&mut self, version: &str, behaviour: Behaviour) -> String {
        self.behaviours.push((format!("app:{version}"), behaviour));
        let input = json!({
            "family": "app",
            "networkMode": "awsvpc",
            "containerDefinitions": [{
                "name": "app",
                "image": format!("app:{version}"),
                "portMappings": [{"containerPort": 8080}],
            }],
        });
        register_task_definition(&mut self.world, &input).unwrap()
    }

    /// Creates the service `app` and lets it become steady.
    pub(super) fn service(&mut self, definition: &str, desired: u32, configuration: &Value) {
        let input = json!({
            "cluster": "orders",
            "serviceName": "app",
            "taskDefinition": definition,
            "launchType": "FARGATE",
            "desiredCount": desired,
            "deploymentConfiguration": configuration,
        });
        create_service(&mut self.world, &input).unwrap();
        self.seconds(90);
    }

    pub(super) fn call(&mut self, operation: &str, input: &Value) -> Result<Value, Fault> {
        let principal = Principal("deploy-canary".to_owned());
        self.world.call("ecs", operation, input, &principal)
    }

    pub(super) fn update(&mut self, change: &Value) -> Value {
        let mut input = json!({"cluster": "orders", "service": "app"});
        for (member, value) in change.as_object().unwrap() {
            input[member] = value.clone();
        }
        self.call("UpdateService", &input).unwrap()["service"].clone()
    }

    pub(super) fn described(&mut self) -> Value {
        let input = json!({"cluster": "orders", "services": ["app"]});
        self.call("DescribeServices", &input).unwrap()["services"][0].clone()
    }

    /// The described tasks with that desired status.
    pub(super) fn tasks(&mut self, desired_status: &str) -> Vec<Value> {
        let input = json!({"cluster": "orders", "desiredStatus": desired_status});
        let arns = self.call("ListTasks", &input).unwrap()["taskArns"].clone();
        if arns == json!([]) {
            return Vec::new();
        }
        let input = json!({"cluster": "orders", "tasks": arns});
        let described = self.call("DescribeTasks", &input).unwrap();
        described["tasks"].as_array().unwrap().clone()
    }

    /// Texts of the service's events, newest first.
    pub(super) fn events(&mut self) -> Vec<String> {
        let service = self.described();
        let events = service["events"].as_array().unwrap();
        events
            .iter()
            .map(|event| event["message"].as_str().unwrap().to_owned())
            .collect()
    }

    /// How many tasks the journal saw starting.
    pub(super) fn ever_created(&self) -> usize {
        self.world
            .journal
            .iter()
            .filter(|entry| matches!(&entry.what, What::Task { state, .. } if state == "PENDING"))
            .count()
    }

    pub(super) fn elapsed(&self) -> u64 {
        self.world.now.since(BEGINNING).as_secs()
    }

    pub(super) fn seconds(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.second();
        }
    }

    fn second(&mut self) {
        let now = self.world.now + Duration::from_secs(1);
        self.world.tick(now);
        for effect in std::mem::take(&mut self.world.outbox) {
            match effect {
                Effect::StartTask(launch) => self.start(&launch),
                Effect::SignalTask { task_arn, signal } => self.signal(&task_arn, signal),
                Effect::CheckTarget(probe) => {
                    let result = self.answer(&probe.target.ip);
                    elb::checked(&mut self.world, &probe, result);
                }
                other => panic!("ECS asks for {other:?}"),
            }
        }
        self.play();
        (self.watch)(&self.world);
    }

    /// What the container at an address answers to a health check.
    fn answer(&self, address: &str) -> Checked {
        let container = self
            .containers
            .iter()
            .find(|container| container.address.as_deref() == Some(address))
            .filter(|_| !self.silent.contains(address));
        let Some(container) = container else {
            return Checked::Broken;
        };
        let age = self.world.now.since(container.started).as_secs();
        match container.behaviour {
            Behaviour::AnswersAfter(at) if age < at => Checked::Status(503),
            _ => Checked::Status(200),
        }
    }

    fn start(&mut self, launch: &TaskLaunch) {
        self.launches.push(launch.clone());
        let (task, image) = (launch.task_arn.as_str(), launch.image.as_str());
        let told = self.behaviours.iter().find(|(name, _)| name == image);
        let behaviour = told.map_or(Behaviour::Runs, |(_, behaviour)| *behaviour);
        if matches!(behaviour, Behaviour::CannotBePulled) {
            let reason = format!("CannotPullContainerError: {image} not found");
            task_exited(&mut self.world, task, None, Some(&reason));
            return;
        }
        task_running(&mut self.world, task);
        self.containers.push(Container {
            task: task.to_owned(),
            behaviour,
            started: self.world.now,
            told: false,
            address: launch.address.clone(),
        });
    }

    fn signal(&mut self, task: &str, signal: Signal) {
        self.signals.push((self.elapsed(), signal));
        let Some(index) = self.containers.iter().position(|c| c.task == task) else {
            return;
        };
        let ignores = matches!(self.containers[index].behaviour, Behaviour::IgnoresSigterm);
        if signal == Signal::Kill || !ignores {
            self.containers.remove(index);
            let code = if signal == Signal::Kill { 137 } else { 0 };
            task_exited(&mut self.world, task, Some(code), None);
        }
    }

    fn play(&mut self) {
        let now = self.world.now;
        let mut crashed = Vec::new();
        for container in &mut self.containers {
            let age = now.since(container.started).as_secs();
            let (at, health) = match container.behaviour {
                Behaviour::HealthyAfter(at) => (at, Health::Healthy),
                Behaviour::UnhealthyAfter(at) => (at, Health::Unhealthy),
                Behaviour::CrashesAfter(at) if age >= at => {
                    crashed.push(container.task.clone());
                    continue;
                }
                _ => continue,
            };
            if age >= at && !container.told {
                container.told = true;
                task_health(&mut self.world, &container.task, health);
            }
        }
        self.containers.retain(|c| !crashed.contains(&c.task));
        for task in crashed {
            task_exited(&mut self.world, &task, Some(1), None);
        }
    }
}
