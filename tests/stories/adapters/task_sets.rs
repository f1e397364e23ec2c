//! A release by task sets, look by look, over the wire: what the model wants is what the account makes of it.

use std::time::Duration;

use canary::{
    aws::{Account as Aws, Settings},
    clock::Timestamp,
    names::{ReleaseId, TaskDefinitionArn},
    parts::{focus::Focus, gate::When, release::Promotion, task_definition::Candidate},
    target,
    traffic::{
        Traffic,
        model::{Goal, Model, Short, View},
        observed::Observed,
        task_sets::{Found, Set, TaskSets},
    },
    weight::{Drain, Weight},
};
use rehearsal_core::{
    clock::Moment,
    wire::Account,
    world::{Effect, Identity, World, ecs},
};
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::{connector::REGION, play::clients};

const TARGET: &str = r#"{
    "cluster": "orders", "service": "orders", "pipeline": "orders-release",
    "bootstrap": {"taskDefinition": "arn:aws:ecs:eu-central-1:111122223333:task-definition/orders:1", "launchType": "EC2"},
    "traffic": {"taskSets": {"queue": {
        "url": "https://sqs.eu-central-1.amazonaws.com/111122223333/orders", "mode": "constantTotal"}}}}"#;

/// More looks than any goal takes.
const MOST_LOOKS: usize = 60;

struct Release {
    account: Account,
    effects: UnboundedReceiver<Effect>,
    aws: Aws,
    model: TaskSets,
    id: ReleaseId,
    found: Found,
    set: Set,
    asked: Option<Weight>,
    promotion: Promotion,
}

fn arn(revision: u32) -> TaskDefinitionArn {
    let arn = format!("arn:aws:ecs:eu-central-1:111122223333:task-definition/orders:{revision}");
    arn.try_into().expect("an ARN")
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_epoch_millis(1_790_960_680_000 + seconds * 1000)
}

impl Release {
    /// Of `orders:2`, on a service of four tasks that has no task set yet.
    fn begin() -> Self {
        let identity = Identity {
            account: "111122223333".to_owned(),
            region: REGION.to_owned(),
        };
        let world = World::new(identity, Moment(1_790_960_680_000), 1);
        let (send, effects) = unbounded_channel();
        let account = Account::new(world, send);
        account.with(|world| {
            ecs::create_cluster(world, "orders");
            for image in ["orders:v1", "orders:v2"] {
                let container = json!({ "name": "app", "image": image });
                let definition = json!({ "family": "orders", "containerDefinitions": [container] });
                ecs::register_task_definition(world, &definition).expect("it is taken");
            }
            let service = json!({ "cluster": "orders", "serviceName": "orders", "desiredCount": 4,
                "deploymentController": { "type": "EXTERNAL" } });
            ecs::create_service(world, &service).expect("it is taken");
        });
        let target = target::resolve(Some(TARGET), None).expect("a target");
        let Traffic::TaskSets(model) = target.traffic else {
            panic!("task sets")
        };
        let id = "3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f";
        Self {
            aws: clients(&account, "operator", Settings::default()),
            account,
            effects,
            model,
            id: id.try_into().expect("an id"),
            found: Found {
                task_set: None,
                task_definition: arn(1),
                left_over: Vec::new(),
                dead_letters: None,
                balancer: None,
            },
            set: Set {
                candidate: Some(Candidate::Registered {
                    task_definition: arn(2),
                    at: at(0),
                }),
                ..Set::default()
            },
            asked: None,
            promotion: Promotion::NotBegun,
        }
    }

    /// One look at a goal; what it has come to, if it is there.
    async fn look(&mut self, goal: Goal) -> Option<String> {
        let seen = self.model.observe(&self.aws, Focus::Share).await;
        let view = View {
            now: at(600),
            release: &self.id,
            began: at(0),
            since: at(0),
            asked: self.asked,
            promotion: self.promotion,
            refused: &[],
            seen: &seen,
            found: &self.found,
            set: &self.set,
        };
        let closed = self.model.closed(When::Action, view);
        assert!(
            closed.is_none() || matches!(goal, Goal::AsFound { .. }),
            "{closed:?}"
        );
        let (set, changes) = match self.model.toward(goal, view) {
            Ok(attained) => return Some(attained.said),
            Err(Short::Wait(_)) => (None, Vec::new()),
            Err(Short::Refuse(why)) => panic!("{why}"),
            Err(Short::Change { set, changes, .. }) => (set, changes),
        };
        if let Goal::Share { asked, .. } = goal {
            self.asked = Some(asked);
        }
        self.set = set.unwrap_or_else(|| self.set.clone());
        for change in changes {
            let made = self.model.apply(&self.aws, &change).await;
            assert_eq!(made, Ok(()), "{change}");
            // An event that is delivered twice.
            let again = self.model.apply(&self.aws, &change).await;
            assert_eq!(again, Ok(()), "{change}");
        }
        None
    }

    /// A second passes; processes start and end when they are told.
    async fn pass(&mut self) {
        tokio::time::advance(Duration::from_secs(1)).await;
        self.account.with(|world| world.tick(world.now));
        while let Ok(effect) = self.effects.try_recv() {
            self.account.with(|world| match effect {
                Effect::StartTask(launch) => ecs::task_running(world, &launch.task_arn),
                Effect::SignalTask { task_arn, .. } => {
                    ecs::task_exited(world, &task_arn, Some(0), None);
                }
                _ => {}
            });
        }
    }

    /// Looks every ten seconds until the goal is there.
    async fn until(&mut self, goal: Goal) -> String {
        for _ in 0..MOST_LOOKS {
            if let Some(said) = self.look(goal).await {
                return said;
            }
            for _ in 0..10 {
                self.pass().await;
            }
        }
        let seen = self.model.observe(&self.aws, Focus::Share).await;
        panic!("{goal:?} is not reached: {seen}")
    }

    /// The running tasks of each set.
    async fn tasks(&self) -> Vec<u32> {
        let seen = self.model.observe(&self.aws, Focus::Share).await;
        let service = seen.service.get().expect("it is seen");
        service.sets.iter().map(|set| set.running).collect()
    }
}

fn share(percent: f64) -> Goal {
    Goal::Share {
        asked: Weight::try_from(percent).expect("a weight"),
        tolerance: None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_without_a_task_set_gets_two_is_promoted_and_rolled_back() {
    let mut release = Release::begin();
    let placed = release.until(Goal::Placed).await;
    assert!(placed.ends_with("runs orders:2"), "{placed}");
    assert_eq!(release.tasks().await, [4, 1]);
    release.until(share(50.0)).await;
    assert_eq!(release.tasks().await, [2, 2]);
    release.promotion = Promotion::Begun;
    let promoted = Goal::Promoted {
        drain: Drain::default(),
        over: false,
    };
    let said = release.until(promoted).await;
    assert!(
        said.contains("is the PRIMARY of orders with all its tasks"),
        "{said}"
    );
    assert_eq!(release.tasks().await, [0, 4]);
    release.promotion = Promotion::Complete;
    release.until(Goal::AsFound { fenced: true }).await;
    assert_eq!(release.tasks().await, [4, 0]);
}
