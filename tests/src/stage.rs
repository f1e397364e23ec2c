//! The example: the shipped templates in an account of their own.
//!
//! There are several of them, a room each: `queue`, `alb`, `lambda` and `task_sets`. [`Stage::set_up`] creates the stacks of `infra/` in the local
//! account, as `infra/deploy.sh` does on AWS. A [`Script`] says which versions of the application there are and how they behave, and plays
//! the pipeline's source and build.

mod alb;
mod lambda;
mod queue;
mod script;
mod task_sets;
mod traffic;

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use crate::{
    provision::Provisioner,
    template::{Environment, TemplateError, Templates, create_stack},
    workspace,
    world::{Fault, Identity, World, functions, scaling},
};

pub use script::{Behaviour, Defines, Script, TASK_DEFINITION, Version};
pub use traffic::{Runs, Traffic, Work};

/// The template parameter `Name`: what the names of everything else begin with.
pub const NAME: &str = "orders";
/// The cluster.
pub const CLUSTER: &str = "orders";
/// The primary service, or the one whose task sets are released; and the family of all task definitions.
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
/// The alarm on the canary failing more than the primary.
pub const FAILURES_ALARM: &str = "orders-canary-failures";
/// The alarm on a version that takes messages and never ends them.
pub const STALLED_ALARM: &str = "orders-stalled";
/// The alarm on messages that grow old, which only tells.
pub const BACKLOG_ALARM: &str = "orders-backlog";
/// The primary's target group, where there is a load balancer.
pub const PRIMARY_GROUP: &str = "orders-primary";
/// The canary's target group, where there is a load balancer.
pub const CANARY_GROUP: &str = "orders-canary";
/// The target group in which the first task set registers its tasks, where there is a load balancer.
pub const BLUE_GROUP: &str = "orders-blue";
/// The other one: task sets use both by turns.
pub const GREEN_GROUP: &str = "orders-green";
/// The alarm on failed requests of [`GREEN_GROUP`], where the first candidate is.
pub const GREEN_ERRORS_ALARM: &str = "orders-green-5xx";
/// The same on response times.
pub const GREEN_LATENCY_ALARM: &str = "orders-green-latency";
/// Of task sets that consume, the alarm on failed messages of both versions, which rolls back and is no gate.
pub const SETS_ALARM: &str = "orders-failures";
/// Behind a load balancer, the alarm on the canary's failed requests.
pub const ERRORS_ALARM: &str = "orders-canary-5xx";
/// Behind a load balancer, the alarm on the canary's response time.
pub const LATENCY_ALARM: &str = "orders-canary-latency";
/// Behind a load balancer, the alarm on the primary's failed requests.
pub const PRIMARY_ERRORS_ALARM: &str = "orders-primary-5xx";
/// Behind a load balancer, the alarm on what the load balancer answers itself.
pub const UNANSWERED_ALARM: &str = "orders-unanswered";
/// The function that is released, where one is.
pub const FUNCTION: &str = "orders";
/// The alias that is invoked.
pub const ALIAS: &str = "live";
/// The alarm on the alias's failed invocations, which rolls back and is no gate.
pub const INVOCATIONS_ALARM: &str = "orders-errors";
/// The pipeline.
pub const PIPELINE: &str = "orders-release";
/// The table of release records.
pub const RELEASES_TABLE: &str = "orders-releases";
/// The four functions.
pub const FUNCTIONS: [&str; 4] = [DEPLOY_CANARY, SHIFT_WEIGHT, PROMOTE_PRIMARY, ROLLBACK];
/// The function of the action `deploy-canary`.
pub const DEPLOY_CANARY: &str = "orders-deploy-canary";
/// The function of the action `shift-weight`.
pub const SHIFT_WEIGHT: &str = "orders-shift-weight";
/// The function of the action `promote-primary`.
pub const PROMOTE_PRIMARY: &str = "orders-promote-primary";
/// The function that alarm, events and schedule invoke.
pub const ROLLBACK: &str = "orders-rollback";

/// The template of what has to be there before the root.
const ARTIFACTS: &str = "artifacts.yaml";

/// Where the example is. Image references contain it.
#[must_use]
pub fn identity() -> Identity {
    Identity {
        account: "111122223333".to_owned(),
        region: "eu-central-1".to_owned(),
    }
}

/// The shipped templates.
///
/// # Errors
/// If they cannot be read.
pub fn templates() -> Result<Templates, TemplateError> {
    let directory = workspace().join("infra");
    Templates::read(&directory.canonicalize().unwrap_or(directory))
}

/// The example's numbers: what a rehearsal gives the templates for parameters, and how the pair
/// came to be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// Which example. Default the queue's.
    pub traffic: Traffic,
    /// To how many tasks the primary service, or that of the task sets, was scaled before the release. Default 4.
    pub primary_tasks: u32,
    /// Queue: most tasks that both services may have together during a release. Default 20.
    pub max_tasks: u32,
    /// Queue: whether a primary that scales to zero keeps a task until the promotion. Default true.
    pub floor_primary: bool,
    /// Queue: by how many dead letters a release may grow the queue of them before its own gate stops it;
    /// the alarm fires at the first one. Default 0.
    pub max_dead_letters: u64,
    /// Queue: how the canary's share comes about. Default additive.
    pub mode: Mode,
    /// Minimum and maximum capacity of the primary's scalable target. Default 2 and 20.
    pub primary_scaling: (u32, u32),
    /// The same of the canary's, if the team has made it one, which the templates do not. Default none.
    pub canary_scaling: Option<(u32, u32)>,
    /// Queue: visibility timeout of the queue and of the application's receives, whole seconds. Default 30 s; live 3 s.
    pub visibility: Duration,
    /// `stopTimeout` of the container, whole seconds. Default 30 s; live 5 s.
    pub stop_timeout: Duration,
    /// How long the application works on one message or request. Default 0; live 200 ms, or 50 ms on a request or in an
    /// invocation.
    pub work: Duration,
    /// The shares that shift-weight goes through. Default those of the templates; live 10 % for 30 s,
    /// then 50 % for 90 s.
    pub steps: Option<Vec<Step>>,
    /// Of task sets: those after a first approval, before a second one; none for a single approval. Default that of the
    /// templates, 50 %; live 50 % for 90 s.
    pub further_steps: Option<Vec<Step>>,
    /// How long promote-primary bakes, whole seconds. Default 0.
    pub promote_bake: Duration,
    /// Path of the buildspec with which the action `Validate` tests the running canary. Default none:
    /// no such action.
    pub validate_buildspec: Option<String>,
    /// Path of the task definition in the source that is released as a whole. Default none: images alone.
    pub task_definition: Option<String>,
    /// What `TARGET` has beside what the templates put there, merged into it. Default nothing; live evidence that a minute may decide,
    /// a minute after it.
    pub target: Value,
    /// Behind a load balancer: how long a target that is taken out may take to finish, whole seconds. Default 30 s; live 6 s.
    pub deregistration_delay: Duration,
    /// Behind a load balancer: by how many percentage points requests go back to the promoted primary at a time. Default 25.
    pub drain_step: u8,
    /// Behind a load balancer: the time between two of these steps, whole seconds. Default 10 s; live 2 s.
    pub drain_interval: Duration,
    /// Behind a load balancer: the fewest tasks of the canary during a release. Default 1.
    pub min_tasks: u32,
    /// Of a function: how long an invocation may take, whole seconds. Default 30 s; live 3 s.
    pub timeout: Duration,
    /// Of a function: most messages of an invocation. Default 10; live 2.
    pub batch_size: u8,
    /// Of task sets: whether the service has had a release, and so a first set. Default true.
    pub has_first_set: bool,
}

/// How the canary's share of the tasks comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The canary's tasks come on top.
    Additive,
    /// Both services together keep their number of tasks.
    ConstantTotal,
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
    /// Where work comes in.
    pub entrance: Entrance,
    /// The ARN of the topic through which people hear of rollbacks.
    pub notifications_topic: String,
}

/// Where work comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entrance {
    /// As messages.
    Queue {
        /// The URL of [`QUEUE`].
        url: String,
        /// The URL of [`DEAD_LETTERS`].
        dead_letter_url: String,
    },
    /// As requests. All by ARN.
    LoadBalancer {
        /// The listener.
        listener: String,
        /// The rule whose weights are the release's.
        rule: String,
        /// The target groups: the primary's and the canary's, or both that task sets use by turns.
        groups: [String; 2],
    },
}

/// Why the example could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// A template is wrong, or the account refuses a resource of it.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The account refuses what a team has done after the deployment.
    #[error("the local account refuses {what}: {}: {}", .fault.code, .fault.message)]
    Refused {
        /// What was to be done.
        what: &'static str,
        /// The account's answer.
        fault: Fault,
    },
    /// A template has no output that is needed here.
    #[error(
        "infra/{template}: output {name} is missing; the rehearsal looks there for what it names"
    )]
    Output {
        /// The root template.
        template: &'static str,
        /// The output's name.
        name: &'static str,
    },
}

impl Default for Stage {
    /// The templates' own numbers: for the virtual clock, where time costs nothing.
    fn default() -> Self {
        Self {
            traffic: Traffic::Queue,
            primary_tasks: 4,
            max_tasks: 20,
            floor_primary: true,
            max_dead_letters: 0,
            mode: Mode::Additive,
            primary_scaling: (2, 20),
            canary_scaling: None,
            visibility: Duration::from_secs(30),
            stop_timeout: Duration::from_secs(30),
            work: Duration::ZERO,
            steps: None,
            further_steps: None,
            promote_bake: Duration::ZERO,
            validate_buildspec: None,
            task_definition: None,
            target: json!({}),
            deregistration_delay: Duration::from_secs(30),
            drain_step: 25,
            drain_interval: Duration::from_secs(10),
            min_tasks: 1,
            timeout: Duration::from_secs(30),
            batch_size: 10,
            has_first_set: true,
        }
    }
}

impl Stage {
    /// The numbers for a rehearsal that somebody watches: the same steps in seconds.
    ///
    /// What the account's own clockwork does (metric periods, health checks, schedules) is not
    /// shortened here but by [`World::pace`].
    #[must_use]
    pub fn live(traffic: Traffic) -> Self {
        Self {
            traffic,
            visibility: Duration::from_secs(3),
            stop_timeout: Duration::from_secs(5),
            work: Duration::from_millis(match (traffic.work(), traffic.runs()) {
                (Work::Requests, _) | (_, Runs::Function) => 50,
                (Work::Messages, _) => 200,
            }),
            timeout: Duration::from_secs(3),
            batch_size: 2,
            deregistration_delay: Duration::from_secs(6),
            drain_interval: Duration::from_secs(2),
            steps: Some(if traffic.runs() == Runs::TaskSets {
                vec![Step::new(10, 30)]
            } else {
                vec![Step::new(10, 30), Step::new(50, 90)]
            }),
            further_steps: Some(vec![Step::new(50, 90)]),
            target: json!({
                "evidence": { "maxMinuteFactor": 1000, "settleSeconds": 60 },
            }),
            ..Self::default()
        }
    }

    /// How often people decide about a release.
    #[must_use]
    pub fn approvals(&self) -> usize {
        let is_asked_again = self.further_steps.as_ref().is_none_or(|it| !it.is_empty());
        1 + usize::from(is_asked_again && self.traffic.runs() == Runs::TaskSets)
    }

    /// Creates the shipped stacks in an empty account: the script's stable version runs.
    ///
    /// # Errors
    /// What is wrong with a template, or what the account refuses.
    pub fn set_up(&self, world: &mut World, script: &Script) -> Result<Scene, SetUpError> {
        self.set_up_from(&templates()?, world, script)
    }

    /// The same from other templates, such as the shipped ones with a change.
    ///
    /// # Errors
    /// What is wrong with a template, or what the account refuses.
    pub fn set_up_from(
        &self,
        templates: &Templates,
        world: &mut World,
        script: &Script,
    ) -> Result<Scene, SetUpError> {
        world.iam.strict = true;
        let name = BTreeMap::from([("Name".to_owned(), NAME.to_owned())]);
        let before = create(templates, ARTIFACTS, world, &name)?;
        let root = self.traffic.root();
        let own = if self.traffic.has_tasks() {
            Self::push_images(world, script)
        } else {
            lambda::upload_package(world, script, &before)
        };
        let refused = |what| move |fault| SetUpError::Refused { what, fault };
        let own = own.map_err(refused("to take the first version"))?;
        let mut parameters = self.parameters();
        parameters.extend(own);
        let outputs = create(templates, root, world, &parameters)?;
        if self.traffic.has_tasks() {
            self.scale(world)
                .map_err(refused("to scale the services"))?;
        }
        for function in FUNCTIONS {
            self.complete_target(world, function);
        }
        if self.traffic.runs() == Runs::TaskSets && self.has_first_set {
            task_sets::make_first(world).map_err(refused("the first task set"))?;
        }
        let output = |name| {
            let value = outputs.get(name).and_then(Value::as_str);
            value.map(str::to_owned).ok_or(SetUpError::Output {
                template: root,
                name,
            })
        };
        let entrance = match (self.traffic.work(), self.traffic.runs()) {
            (Work::Messages, _) => queue::entrance(output)?,
            (Work::Requests, Runs::TaskSets) => task_sets::entrance(output)?,
            (Work::Requests, _) => alb::entrance(output)?,
        };
        Ok(Scene {
            entrance,
            notifications_topic: output("NotificationsTopic")?,
        })
    }

    /// The parameters of the root template, but for those that say what runs first.
    fn parameters(&self) -> BTreeMap<String, String> {
        let mut parameters = vec![
            ("Name", NAME.to_owned()),
            (
                "PromotionBakeSeconds",
                self.promote_bake.as_secs().to_string(),
            ),
        ];
        parameters.extend(match self.traffic {
            Traffic::Queue => self.queue_parameters(),
            Traffic::Alb => self.alb_parameters(),
            Traffic::Lambda => self.lambda_parameters(),
            Traffic::TaskSets | Traffic::TaskSetsAlb => self.task_sets_parameters(),
        });
        let mut parameters: BTreeMap<String, String> = parameters
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        if let Some(steps) = &self.steps {
            parameters.insert("Steps".to_owned(), parameter(steps));
        }
        if let Some(buildspec) = &self.validate_buildspec {
            parameters.insert("ValidateBuildspec".to_owned(), buildspec.clone());
        }
        if let Some(path) = &self.task_definition {
            parameters.insert("TaskDefinition".to_owned(), path.clone());
        }
        parameters
    }

    /// Those of a pair of services.
    fn services_parameters(&self) -> Vec<(&'static str, String)> {
        vec![
            ("PrimaryMinTasks", self.primary_scaling.0.to_string()),
            ("PrimaryMaxTasks", self.primary_scaling.1.to_string()),
            (
                "StopTimeoutSeconds",
                self.stop_timeout.as_secs().to_string(),
            ),
        ]
    }

    /// The images that services run; answers the parameter with the first one.
    fn push_images(world: &mut World, script: &Script) -> Result<BTreeMap<String, String>, Fault> {
        for version in script.versions() {
            let (image, ecs) = (version.image(), &mut world.ecs);
            if let Some(minutes) = version.protects_itself {
                ecs.protecting_images.insert(image.clone(), minutes);
            }
            ecs.images.insert(image, version.label.clone());
        }
        script.push_images(world)?;
        Ok(BTreeMap::from([(
            "Image".to_owned(),
            script.stable().image(),
        )]))
    }

    /// Puts the rest into a function's target.
    fn complete_target(&self, world: &mut World, function: &str) {
        let environment = functions::environment(world, function);
        let shipped = environment.and_then(|it| it.get_mut("TARGET"));
        let Some(shipped) = shipped.filter(|_| self.target != json!({})) else {
            return;
        };
        if let Ok(mut target) = serde_json::from_str(shipped) {
            merge(&mut target, &self.target);
            *shipped = target.to_string();
        }
    }

    /// What has happened to the services' scaling since they were created.
    fn scale(&self, world: &mut World) -> Result<(), Fault> {
        let id = |service: &str| format!("service/{CLUSTER}/{service}");
        if let Some((min, max)) = self.canary_scaling {
            let target = json!({
                "ServiceNamespace": "ecs",
                "ResourceId": id(CANARY),
                "ScalableDimension": "ecs:service:DesiredCount",
                "MinCapacity": min,
                "MaxCapacity": max,
            });
            scaling::call(world, "RegisterScalableTarget", &target)?;
        }
        scaling::scale(world, &id(PRIMARY), self.primary_tasks).map(|_| ())
    }
}

/// Steps as a parameter: the empty text for none.
fn parameter(steps: &[Step]) -> String {
    let told =
        |Step { weight, bake }: &Step| json!({ "weight": weight, "bakeSeconds": bake.as_secs() });
    match steps {
        [] => String::new(),
        steps => Value::from(steps.iter().map(told).collect::<Vec<_>>()).to_string(),
    }
}

/// Fields of objects one by one, everything else as a whole.
fn merge(into: &mut Value, more: &Value) {
    match more {
        Value::Object(fields) if into.is_object() => {
            for (name, value) in fields {
                merge(&mut into[name], value);
            }
        }
        other => *into = other.clone(),
    }
}

/// Creates the stack `NAME` or, of another template than the root, `NAME-TEMPLATE`.
fn create(
    templates: &Templates,
    file: &str,
    world: &mut World,
    parameters: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Value>, TemplateError> {
    let environment = Environment {
        account: world.identity.account.clone(),
        region: world.identity.region.clone(),
        partition: "aws".to_owned(),
        url_suffix: "amazonaws.com".to_owned(),
    };
    let stack = match file.trim_end_matches(".yaml") {
        "main" | "http" | "lambda" | "task-sets" => NAME.to_owned(),
        other => format!("{NAME}-{other}"),
    };
    create_stack(
        templates,
        file,
        &stack,
        parameters,
        &environment,
        &mut Provisioner { world },
    )
}

#[cfg(test)]
mod tests;
