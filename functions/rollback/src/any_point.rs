//! A release that ends at any point, whatever the pair was like before: a rollback puts everything back, and
//! a retry gets through. On an AWS that does at once what it is told, but that may do the last thing it was
//! told late.

use std::time::Duration;

use canary::{
    aws::pipeline::Execution,
    decision::{Decision, Step},
    fixtures::{World, at, first_look, orders, pair, release, running_tasks, target, weight},
    job::Bookmark,
    names::TaskDefinitionArn,
    observation::{Observation, ScalableTarget, Service, Suspended},
    parameters,
    reconcile::{Decided, Look, Stage},
    record::{Candidate, Phase},
    target::Target,
};
use deploy_canary::{
    DeployCanary, Detail,
    candidate::{Definition, Source},
};
use promote_primary::PromotePrimary;
use proptest::prelude::*;
use serde_json::{Value, json};
use shift_weight::ShiftWeight;

use crate::decide::{self, Why};

/// The actions of the release, in order.
const DEPLOY: usize = 0;
const SHIFT: usize = 1;
const PROMOTE: usize = 2;

/// What a release is like.
#[derive(Debug, Clone)]
struct Story {
    target: Target,
    found: Observation,
    percents: Vec<u8>,
    bake: bool,
}

/// An event for one of the actions, which AWS may deliver again.
#[derive(Debug, Clone)]
struct Event {
    action: usize,
    bookmark: Option<Bookmark>,
}

/// The release under way.
struct Run<'a> {
    story: &'a Story,
    world: World,
    /// Everything that was delivered.
    events: Vec<Event>,
    /// How many more changes get through before the function that makes them is killed.
    lives: usize,
    /// What was under way when it was killed.
    late: Vec<Step>,
}

impl<'a> Run<'a> {
    fn new(story: &'a Story, lives: usize) -> Self {
        Self {
            story,
            world: World::new(story.found.clone()),
            events: Vec::new(),
            lives,
            late: Vec::new(),
        }
    }

    /// Runs the actions up to this one, or as far as they get.
    fn run(&mut self, last: usize) {
        for action in DEPLOY..=last {
            let mut event = Event {
                action,
                bookmark: None,
            };
            for n in 0.. {
                assert!(
                    n < 500,
                    "{:?} does not end: {}",
                    self.story,
                    self.world.pair
                );
                self.events.push(event.clone());
                self.pass(Duration::from_secs(10));
                let decided = self.look(&event);
                if !self.carry_out(&decided.decision) {
                    return;
                }
                match &decided.decision {
                    Decision::Done(_) => break,
                    Decision::Refuse(refusal) => panic!("{refusal}\n{:?}", self.story),
                    Decision::Take(_) | Decision::Wait(_) => {
                        event.bookmark = Some(decided.bookmark);
                    }
                }
            }
        }
    }

    fn pass(&mut self, time: Duration) {
        self.world.pair.now = self.world.pair.now + time;
    }

    /// Carries out what was decided; not to its end if the function is killed on the way.
    fn carry_out(&mut self, decision: &Decision) -> bool {
        let (record, steps) = match decision {
            Decision::Take(taken) => (&taken.record, taken.steps.as_slice()),
            Decision::Done(done) => (&done.record, [].as_slice()),
            Decision::Wait(_) | Decision::Refuse(_) => return true,
        };
        if let Some(record) = record {
            if self.lives == 0 {
                return false;
            }
            self.lives -= 1;
            let read = self.world.pair.record.as_ref().map_or(0, |it| it.revision);
            assert_eq!(
                record.revision,
                read + 1,
                "every write is over the last one"
            );
            self.world.pair.record = Some(*record.clone());
        }
        for (n, step) in steps.iter().enumerate() {
            if self.lives == 0 {
                self.late = steps[n..].to_vec();
                return false;
            }
            self.lives -= 1;
            self.world.take(step);
        }
        true
    }

    fn look(&self, event: &Event) -> Decided {
        let pair = self.world.pair.clone();
        let timeout = Duration::from_hours(2);
        match event.action {
            DEPLOY => {
                let look = self.at::<DeployCanary>(
                    event,
                    parameters::DeployCanary {
                        release: release(),
                        image: Some("orders:v2".try_into().unwrap()),
                        container: None,
                        timeout,
                    },
                );
                let detail = self.detail();
                DeployCanary::decide(&look, &deploy_canary::Seen { pair, detail })
            }
            SHIFT => {
                let step = |percent: &u8| parameters::Step {
                    weight: weight(*percent),
                    bake: self.bake(),
                };
                let look = self.at::<ShiftWeight>(
                    event,
                    parameters::ShiftWeight {
                        release: release(),
                        steps: self.story.percents.iter().map(step).collect(),
                        tolerance: None,
                        timeout,
                    },
                );
                ShiftWeight::decide(&look, &pair)
            }
            _ => {
                let look = self.at::<PromotePrimary>(
                    event,
                    parameters::PromotePrimary {
                        release: release(),
                        bake: self.bake(),
                        timeout,
                    },
                );
                let phase = pair.record.as_ref().map(|record| &record.phase);
                let tasks = Some(tasks(match phase {
                    Some(Phase::Promoting { .. }) => &pair.primary,
                    _ => &pair.canary,
                }));
                PromotePrimary::decide(&look, &promote_primary::Seen { pair, tasks })
            }
        }
    }

    fn bake(&self) -> Duration {
        Duration::from_secs(if self.story.bake { 25 } else { 0 })
    }

    fn at<S: Stage>(&self, event: &Event, parameters: S::Parameters) -> Look<S> {
        let now = self.world.pair.now;
        let mut look = first_look::<S>(parameters)
            .at_target(self.story.target.clone())
            .taken_at(now);
        // One action's first job is not another's.
        look.job.id = format!("{} {}", S::NAME, self.attempt());
        if let Some(bookmark) = &event.bookmark {
            return look.with(bookmark.clone());
        }
        look.bookmark = Bookmark::new(&look.job.id, now);
        look
    }

    /// Tells the jobs of a retry from those before it.
    fn attempt(&self) -> usize {
        self.events
            .iter()
            .filter(|event| event.action == DEPLOY && event.bookmark.is_none())
            .count()
    }

    /// What deploy-canary reads in its second round.
    fn detail(&self) -> Detail {
        let start = || Detail::Start {
            execution: Some("InProgress".into()),
            stable: Definition(described(
                &orders(7),
                json!({
                    "family": "orders",
                    "containerDefinitions": [{"name": "app", "image": "orders:v1"}],
                }),
            )),
            source: Source::Parameter("orders:v2".try_into().unwrap()),
        };
        let Some(record) = self.world.pair.record.as_ref().filter(|it| it.is_active()) else {
            return start();
        };
        let Phase::Deploying {
            candidate: Candidate::Registering { .. },
        } = &record.phase
        else {
            return Detail::Tasks(tasks(&self.world.pair.canary));
        };
        let latest = self.world.registered.as_ref().map(|(arn, input)| {
            let input = serde_json::from_str(input).unwrap();
            Detail::Latest(Definition(described(arn, input)))
        });
        latest.unwrap_or(Detail::Nothing)
    }

    /// Rolls back: first by hand, then by the schedule, until there is nothing left to do. What was under way
    /// when the release ended is done `after` so many looks.
    fn roll_back(&mut self, after: usize) {
        let mut why = Why::Hand(parameters::Rollback {
            release: release(),
            reason: None,
        });
        for n in 0..50 {
            self.pass(Duration::from_secs(10));
            let decision = self.rollback_look(&why);
            if n == after {
                // What is late arrives behind what this look has seen.
                for step in std::mem::take(&mut self.late) {
                    self.world.take(&step);
                }
            }
            let survived = self.carry_out(&decision);
            if survived && matches!(decision, Decision::Done(_)) {
                return;
            }
            if !survived {
                self.lives = usize::MAX;
                self.late.clear();
            }
            if self
                .world
                .pair
                .record
                .as_ref()
                .is_some_and(|it| matches!(it.phase, Phase::RollingBack { .. }))
            {
                why = Why::Schedule;
            }
        }
        panic!("no end: {}", self.world.pair);
    }

    fn rollback_look(&self, why: &Why) -> Decision {
        let seen = crate::Seen {
            pair: self.world.pair.clone(),
            execution: Execution {
                under_way: self.world.execution,
                approval: None,
            },
            status: None,
        };
        decide::decide(&seen, why)
    }
}

fn described(arn: &TaskDefinitionArn, mut input: Value) -> Value {
    let tags = input["tags"].take();
    input["taskDefinitionArn"] = json!(arn);
    json!({"taskDefinition": input, "tags": tags})
}

fn tasks(service: &Service) -> Vec<canary::observation::Task> {
    service.newest().map_or_else(Vec::new, |newest| {
        running_tasks(&newest.task_definition, service.running)
    })
}

/// What a rollback restores, and what a person compares.
fn state(service: &Service) -> (TaskDefinitionArn, u32, u32, Option<ScalableTarget>) {
    let version = service.newest().unwrap().task_definition.clone();
    (version, service.desired, service.running, service.scaling)
}

fn scaling() -> impl Strategy<Value = Option<ScalableTarget>> {
    let target = (0u32..4, 0u32..9, any::<(bool, bool, bool)>());
    prop::option::of(
        target.prop_map(
            |(min, more, (scale_in, scale_out, scheduled))| ScalableTarget {
                min,
                max: min + more,
                suspended: Suspended {
                    scale_in,
                    scale_out,
                    scheduled,
                },
            },
        ),
    )
}

fn story() -> impl Strategy<Value = Story> {
    (
        any::<bool>(),
        (2u32..8, 0u32..4, 0u32..4),
        (scaling(), scaling()),
        prop::collection::vec(1u8..100, 1..4),
        any::<bool>(),
    )
        .prop_map(
            |(constant, (primary, canary, resting), scaled, percents, bake)| {
                let target = target().resting_on(resting);
                let target = if constant {
                    target.constant_total()
                } else {
                    target
                };
                let mut found = pair().tasks(primary, canary).seen_at(at(1000));
                (found.primary.scaling, found.canary.scaling) = scaled;
                Story {
                    target,
                    found,
                    percents,
                    bake,
                }
            },
        )
}

/// More changes than any story makes.
const ALL: usize = 10_000;

fn assert_as_found(run: &Run<'_>) {
    let (now, found) = (&run.world.pair, &run.story.found);
    assert_eq!(state(&now.primary), state(&found.primary), "the primary");
    assert_eq!(state(&now.canary), state(&found.canary), "the canary");
}

fn assert_promoted(run: &Run<'_>) {
    let (now, found) = (&run.world.pair, &run.story.found);
    let record = now.record.as_ref().unwrap();
    let candidate = &run.world.registered.as_ref().unwrap().0;
    assert!(matches!(record.phase, Phase::Promoted { .. }));
    assert_eq!(
        state(&now.canary),
        (
            candidate.clone(),
            record.resting_tasks(),
            record.resting_tasks(),
            found.canary.scaling
        )
    );
    assert_eq!(now.primary.scaling, found.primary.scaling);
    assert!(now.primary.is_on(candidate));
}

proptest! {
    #[test]
    fn a_release_that_is_left_alone_is_promoted_and_can_be_rolled_back_and_released_again(story in story()) {
        let mut run = Run::new(&story, ALL);
        run.run(PROMOTE);
        assert_promoted(&run);
        run.roll_back(0);
        assert_as_found(&run);
        run.run(PROMOTE);
        assert_promoted(&run);
    }

    #[test]
    fn a_release_that_is_killed_at_any_change_is_rolled_back_to_what_it_found(
        story in story(), lives in 0usize..40, after in 0usize..3,
    ) {
        let mut run = Run::new(&story, lives);
        run.run(PROMOTE);
        run.lives = ALL;
        run.roll_back(after);
        assert_as_found(&run);
        let writes = run.world.writes;
        run.roll_back(0);
        prop_assert_eq!(run.world.writes, writes, "one more look changes nothing");
    }

    #[test]
    fn a_rollback_that_is_killed_at_any_change_is_finished_by_the_next(
        story in story(), release_lives in 0usize..40, lives in 0usize..6, after in 0usize..3,
    ) {
        let mut run = Run::new(&story, release_lives);
        run.run(PROMOTE);
        run.lives = lives;
        run.roll_back(after);
        run.lives = ALL;
        run.roll_back(0);
        assert_as_found(&run);
    }

    #[test]
    fn events_that_are_delivered_again_when_the_action_is_over_change_nothing(
        story in story(), last in DEPLOY..=PROMOTE,
    ) {
        let mut run = Run::new(&story, ALL);
        run.run(last);
        let (writes, record) = (run.world.writes, run.world.pair.record.clone());
        for event in run.events.clone() {
            // What shift-weight has not begun is deploy-canary's to look at again; it finds everything done.
            run.pass(Duration::from_secs(10));
            let decision = run.look(&event).decision;
            run.carry_out(&decision);
        }
        prop_assert_eq!(run.world.writes, writes);
        prop_assert_eq!(&run.world.pair.record, &record);
    }
}

#[test]
fn an_idle_pair_is_left_alone() {
    let story = Story {
        target: target(),
        found: pair().seen_at(at(1000)),
        percents: vec![10],
        bake: false,
    };
    let mut run = Run::new(&story, 0);
    run.roll_back(0);
    assert_eq!(run.world.writes, 0);
}
