//! A service of task sets and what is told of its releases.

mod back;
mod balanced;
mod gates;
mod kept;
mod preflight;
mod release;
mod target;

use super::{
    BalancedSets, Bootstrap, Found, QueueSets, Scales, Seen, Set, SetScales, Split, TaskSets, View,
    Way,
};
use crate::{
    aws::task_set::{External, Launch, Scale, Status, TaskSet},
    clock::Timestamp,
    fixtures::{began, candidate, now, orders, release, weight},
    known::Known,
    names::{ReleaseId, TaskDefinitionArn, TaskSetId},
    parts::{letters::DeadLetters, plan::Mode, release::Promotion, task_definition::Candidate},
    traffic::model::{Goal, Model, Short},
    weight::Weight,
};

/// A service that consumes a queue.
pub(super) fn model(mode: Mode, max_tasks: Option<u32>) -> TaskSets {
    let url = "https://sqs.eu-central-1.amazonaws.com/111122223333/orders";
    TaskSets {
        cluster: "orders".try_into().expect("a name"),
        service: "orders".try_into().expect("a name"),
        max_task_exits: 2,
        bootstrap: None,
        traffic: Split {
            task_sets: Way::Consumers(QueueSets {
                url: url.try_into().expect("a URL"),
                letters: DeadLetters {
                    dead_letter_url: Some(format!("{url}-dead-letters").try_into().expect("a URL")),
                    ..DeadLetters::default()
                },
                mode,
                max_tasks,
                metrics: None,
            }),
        },
    }
}

/// A service behind a load balancer.
pub(super) fn behind_a_load_balancer() -> TaskSets {
    let group = |name: &str| {
        let arn = format!(
            "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/{name}/0a1b2c3d4e5f6a7b"
        );
        arn.try_into().expect("an ARN")
    };
    let rule = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener-rule/app/orders/0a1b/2c3d/4e5f";
    TaskSets {
        traffic: Split {
            task_sets: Way::Balanced(BalancedSets {
                rule: Some(rule.try_into().expect("an ARN")),
                rules: Vec::new(),
                listener: None,
                target_groups: [group("blue"), group("green")],
                min_tasks: 1,
                max_unhealthy: 0,
                allow_sticky: false,
            }),
        },
        ..model(Mode::Additive, None)
    }
}

/// The same of a service that may have no set yet.
pub(super) fn bootstrap() -> TaskSets {
    TaskSets {
        bootstrap: Some(Bootstrap {
            task_definition: orders(7),
            launch: Launch::default(),
            answers: None,
        }),
        ..model(Mode::Additive, None)
    }
}

/// A set that is steady, with so many tasks.
pub(super) fn set(
    number: u32,
    status: Status,
    task_definition: &TaskDefinitionArn,
    (scale, tasks): (Scale, u32),
) -> TaskSet {
    TaskSet {
        id: format!("ecs-svc/{number}").try_into().expect("an id"),
        external_id: None,
        status,
        task_definition: task_definition.clone(),
        scale,
        computed: tasks,
        running: tasks,
        pending: 0,
        is_steady: true,
        launch: Launch::default(),
    }
}

fn id(number: u32) -> TaskSetId {
    format!("ecs-svc/{number}").try_into().expect("an id")
}

/// What a release has found, and set, at one moment.
struct Told {
    model: TaskSets,
    id: ReleaseId,
    found: Found,
    set: Set,
    seen: Seen,
    asked: Option<Weight>,
    now: Timestamp,
    promotion: Promotion,
}

/// A release whose candidate has so many of a service's tasks, beside those of the stable set.
fn told(mode: Mode, desired: u32, (of_stable, of_candidate): (u32, u32)) -> Told {
    let scales = Scales {
        stable: Scale::of(of_stable, desired),
        candidate: Scale::of(of_candidate, desired),
    };
    let stable = set(1, Status::Primary, &orders(7), (scales.stable, of_stable));
    let mut beside = set(
        2,
        Status::Active,
        &candidate(),
        (scales.candidate, of_candidate),
    );
    beside.external_id = Some(release().to_string());
    let external = External {
        name: "orders".try_into().expect("a name"),
        desired,
        sets: vec![stable, beside],
        deployed: None,
    };
    Told {
        model: model(mode, None),
        id: release(),
        found: Found {
            task_set: Some(id(1)),
            task_definition: orders(7),
            left_over: Vec::new(),
            dead_letters: Some(0),
            balancer: None,
        },
        set: Set {
            candidate: Some(Candidate::Registered {
                task_definition: candidate(),
                at: began(),
            }),
            scales: Some(SetScales {
                stable: id(1),
                candidate: id(2),
                from: scales,
                to: scales,
                seen: true,
            }),
            ..Set::default()
        },
        seen: Seen {
            service: Known::Known(external),
            rules: None,
            exits: Known::Known(Vec::new()),
            dead_letters: Known::Known(Some(0)),
            queue: Known::Known(()),
            latest: None,
        },
        asked: None,
        now: now(),
        promotion: Promotion::NotBegun,
    }
}

impl Told {
    fn view(&self) -> View<'_> {
        View {
            now: self.now,
            release: &self.id,
            began: began(),
            since: began(),
            asked: self.asked,
            promotion: self.promotion,
            refused: &[],
            seen: &self.seen,
            found: &self.found,
            set: &self.set,
        }
    }

    fn service(&mut self) -> &mut External {
        match &mut self.seen.service {
            Known::Known(external) => external,
            other => panic!("{other:?}"),
        }
    }

    /// So many tasks each set has.
    fn tasks(&self) -> Vec<u32> {
        let external = self.seen.service.get().expect("it is seen");
        external.sets.iter().map(|set| set.computed).collect()
    }

    /// What is between what is seen and a goal: in words, with what is changed.
    fn toward(&self, goal: Goal) -> String {
        match self.model.toward(goal, self.view()) {
            Ok(attained) => {
                let but = attained.but.join("; ");
                format!("{} {but}", attained.said).trim_end().to_owned()
            }
            Err(Short::Change { doing, changes, .. }) => {
                let changes: Vec<_> = changes.iter().map(ToString::to_string).collect();
                format!("{doing} [{}]", changes.join("; "))
            }
            Err(Short::Wait(waiting_on)) => format!("waits: {waiting_on}"),
            Err(Short::Refuse(why)) => format!("refused: {why}"),
        }
    }

    /// One look at a share, and what it changes is there at once.
    fn shift(&mut self, percent: u8) {
        let toward = self.model.toward(share(percent), self.view());
        let Err(Short::Change { set, changes, .. }) = toward else {
            return;
        };
        self.asked = Some(weight(percent));
        self.set = set.unwrap_or_else(|| self.set.clone());
        for change in changes {
            let super::Change::Scale { set, to, .. } = change else {
                panic!("{change}")
            };
            let mut sets = self.service().sets.iter_mut();
            sets.find(|it| it.id == set).expect("it is there").scale = to;
        }
        self.compute();
    }

    /// AWS computes how many tasks there are to be, and they run.
    fn compute(&mut self) {
        let desired = self.service().desired;
        for set in &mut self.service().sets {
            let enough =
                |tasks: &u32| f64::from(*tasks) * 100.0 >= f64::from(desired) * set.scale.0;
            set.computed = (0..desired).find(enough).unwrap_or(desired);
            set.running = set.computed;
        }
    }
}

fn share(percent: u8) -> Goal {
    Goal::Share {
        asked: weight(percent),
        tolerance: None,
    }
}
