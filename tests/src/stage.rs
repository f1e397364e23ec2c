//! The example's account: a pair of queue consumers, their pipeline, and what guards them.
//!
//! [`Stage::set_up`] creates it all, as the shipped templates do on AWS. A [`Script`] says which
//! versions of the application there are and how they behave, and plays the pipeline's source and
//! build.

mod documents;
mod script;

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Map, Value, json};

use crate::world::{
    Fault, Identity, World, cloudwatch, codepipeline, ecs, events,
    functions::{self, Function},
    scaling, sns, sqs,
};

pub use script::{Behaviour, Script, Version};

/// The cluster.
pub const CLUSTER: &str = "orders";
/// The primary service, and the family of both services' task definitions.
pub const PRIMARY: &str = "orders";
/// The canary service.
pub const CANARY: &str = "orders-canary";
/// The container that is released.
pub const CONTAINER: &str = "app";
/// The queue that both services consume.
pub const QUEUE: &str = "orders";
/// Where messages go that could not be processed.
pub const DEAD_LETTERS: &str = "orders-dead-letters";
/// The alarm on messages in [`DEAD_LETTERS`].
pub const ALARM: &str = "orders-dead-letters";
/// The pipeline.
pub const PIPELINE: &str = "orders-release";
/// The pipeline's approval action waits in this stage.
pub const CANARY_STAGE: &str = "Canary";
/// The table of release records.
pub const RELEASES_TABLE: &str = "releases";
/// The topic through which people hear of rollbacks.
pub const TOPIC: &str = "orders-rollbacks";
/// The four functions.
pub const FUNCTIONS: [&str; 4] = ["deploy-canary", "shift-weight", "promote-primary", ROLLBACK];
/// The function that alarm, events and schedule invoke.
pub const ROLLBACK: &str = "rollback";
/// How often a message is received before it goes to [`DEAD_LETTERS`].
pub const MAX_RECEIVES: u32 = 3;

const ARTIFACTS: &str = "orders-release-artifacts";

/// Where the example is. Image references contain it.
#[must_use]
pub fn identity() -> Identity {
    Identity {
        account: "111122223333".to_owned(),
        region: "eu-central-1".to_owned(),
    }
}

/// The example's numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// Desired count of the primary service. Default 4.
    pub primary_tasks: u32,
    /// Desired count of the canary service between releases. Default 1.
    pub canary_tasks: u32,
    /// Most tasks that both services may have together during a release. Default 20.
    pub max_tasks: u32,
    /// By how many dead letters a release may grow the queue of them before its own gate stops it;
    /// the alarm fires at the first one. Default 0.
    pub max_dead_letters: u64,
    /// Minimum and maximum capacity of the primary's scalable target. Default 2 and 20.
    pub primary_scaling: Option<(u32, u32)>,
    /// The same of the canary's. Default none.
    pub canary_scaling: Option<(u32, u32)>,
    /// Visibility timeout of the queue and of the application's receives, whole seconds. Default 30 s; live 3 s.
    pub visibility: Duration,
    /// `stopTimeout` of the container, whole seconds. Default 30 s; live 5 s.
    pub stop_timeout: Duration,
    /// How long the application works on one message. Default 0; live 200 ms.
    pub work: Duration,
    /// The shares that shift-weight goes through. Default 10 % for 5 min, then 50 % for 10 min; live
    /// 10 s and 15 s.
    pub steps: Vec<Step>,
    /// How long promote-primary bakes, whole seconds. Default 0.
    pub promote_bake: Duration,
    /// `timeoutMinutes` of deploy-canary. Default 15.
    pub deploy_timeout_minutes: u32,
    /// `timeoutMinutes` of promote-primary. Default 30.
    pub promote_timeout_minutes: u32,
}

/// A share and how long it is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Percent.
    pub weight: u8,
    /// Whole seconds.
    pub bake: Duration,
}

impl Step {
    /// A share held for so many seconds.
    #[must_use]
    pub const fn new(weight: u8, bake_seconds: u64) -> Self {
        Self {
            weight,
            bake: Duration::from_secs(bake_seconds),
        }
    }
}

/// What of the account has no name that is known before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scene {
    /// The URL of [`QUEUE`].
    pub queue_url: String,
    /// The URL of [`DEAD_LETTERS`].
    pub dead_letter_url: String,
    /// The task definition that both services run.
    pub task_definition: String,
}

impl Default for Stage {
    /// The numbers of the shipped templates: for the virtual clock, where time costs nothing.
    fn default() -> Self {
        Self {
            primary_tasks: 4,
            canary_tasks: 1,
            max_tasks: 20,
            max_dead_letters: 0,
            primary_scaling: Some((2, 20)),
            canary_scaling: None,
            visibility: Duration::from_secs(30),
            stop_timeout: Duration::from_secs(30),
            work: Duration::ZERO,
            steps: vec![Step::new(10, 300), Step::new(50, 600)],
            promote_bake: Duration::ZERO,
            deploy_timeout_minutes: 15,
            promote_timeout_minutes: 30,
        }
    }
}

impl Stage {
    /// The numbers for a rehearsal that somebody watches: the same steps in seconds.
    ///
    /// What the account's own clockwork does (metric periods, health checks, schedules) is not
    /// shortened here but by [`World::pace`].
    #[must_use]
    pub fn live() -> Self {
        Self {
            visibility: Duration::from_secs(3),
            stop_timeout: Duration::from_secs(5),
            work: Duration::from_millis(200),
            steps: vec![Step::new(10, 10), Step::new(50, 15)],
            ..Self::default()
        }
    }

    /// Creates the example in an empty account: both services run the script's stable version.
    ///
    /// # Errors
    /// The fault of the first creation that the account refuses.
    pub fn set_up(&self, world: &mut World, script: &Script) -> Result<Scene, Fault> {
        for version in script.versions() {
            world
                .ecs
                .images
                .insert(version.image(), version.label.clone());
        }
        let (queue_url, dead_letter_url) = self.create_queues(world)?;
        let task_definition = self.create_services(world, &queue_url, script.stable())?;
        let scene = Scene {
            queue_url,
            dead_letter_url,
            task_definition,
        };
        self.create_functions(world, &scene)?;
        create_alarm(world)?;
        self.create_pipeline(world)?;
        create_rules(world)?;
        Ok(scene)
    }

    fn create_queues(&self, world: &mut World) -> Result<(String, String), Fault> {
        let dead_letter_url =
            sqs::create_queue(world, DEAD_LETTERS, &documents::dead_letter_attributes())?;
        let attributes = self.queue_attributes(&world.arn("sqs", DEAD_LETTERS));
        let queue_url = sqs::create_queue(world, QUEUE, &attributes)?;
        Ok((queue_url, dead_letter_url))
    }

    fn create_services(
        &self,
        world: &mut World,
        queue_url: &str,
        stable: &Version,
    ) -> Result<String, Fault> {
        ecs::create_cluster(world, CLUSTER);
        let definition = self.task_definition(&world.identity, queue_url, &stable.image());
        let task_definition = ecs::register_task_definition(world, &definition)?;
        for (service, count, capacity) in [
            (PRIMARY, self.primary_tasks, self.primary_scaling),
            (CANARY, self.canary_tasks, self.canary_scaling),
        ] {
            ecs::create_service(world, &documents::service(service, &task_definition, count))?;
            if let Some(capacity) = capacity {
                let target = documents::scalable_target(service, capacity);
                scaling::call(world, "RegisterScalableTarget", &target)?;
            }
        }
        Ok(task_definition)
    }

    fn create_functions(&self, world: &mut World, scene: &Scene) -> Result<(), Fault> {
        let topic = sns::create_topic(world, TOPIC, &Map::new())?;
        sns::subscribe(world, &topic, "email", "operators@example.com")?;
        let environment = BTreeMap::from([
            ("TARGET".to_owned(), self.target(scene).to_string()),
            ("RELEASES_TABLE".to_owned(), RELEASES_TABLE.to_owned()),
        ]);
        for name in FUNCTIONS {
            let mut environment = environment.clone();
            if name == ROLLBACK {
                environment.insert("NOTIFICATIONS_TOPIC".to_owned(), topic.clone());
            }
            functions::create_function(
                world,
                Function {
                    name: name.to_owned(),
                    timeout: Duration::from_secs(30),
                    environment,
                    retries: 1,
                    event_age: Duration::from_mins(20),
                },
            );
        }
        Ok(())
    }

    fn create_pipeline(&self, world: &mut World) -> Result<(), Fault> {
        world.s3.create_bucket(ARTIFACTS);
        world.s3.create_bucket(script::SOURCE_BUCKET);
        let pipeline = self.pipeline(&world.identity);
        codepipeline::create_pipeline(world, &pipeline)
    }
}

fn create_alarm(world: &mut World) -> Result<(), Fault> {
    let rollback = rollback_arn(world);
    cloudwatch::put_metric_alarm(world, &documents::alarm(&rollback))
}

fn create_rules(world: &mut World) -> Result<(), Fault> {
    let targets = json!([{ "Id": ROLLBACK, "Arn": rollback_arn(world) }]);
    documents::rules()
        .iter()
        .try_for_each(|rule: &Value| events::put_rule(world, rule, &targets))
}

fn rollback_arn(world: &World) -> String {
    world.arn("lambda", &format!("function:{ROLLBACK}"))
}

#[cfg(test)]
mod tests;
