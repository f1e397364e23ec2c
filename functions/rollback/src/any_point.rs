//! A release that ends at any point, whatever the pair was like before: a rollback puts everything back, and
//! a retry gets through. On an AWS that does at once what it is told, but that may do the last thing it was
//! told late. Its load balancer may do everything late, and lose some of it.

mod http;
mod queue;
mod story;
mod watch;

use std::{collections::VecDeque, time::Duration};

use canary::{
    aws::pipeline::Execution,
    decision::{Decision, Move, Step},
    fixtures::{
        self, Balancer, Changes, DRAIN_SECONDS, Moment, World, at, first_look, groups, image,
        orders, pair, release, running_tasks, target, weight,
    },
    job::Bookmark,
    names::TaskDefinitionArn,
    observation::Known,
    parameters,
    parts::{
        pair::{Candidate, Change, ScalableTarget, Service, Suspended},
        task_definition::{Definition, Digests},
    },
    reconcile::{Decided, Forward, Look, Stage, trigger::Trigger},
    record::{Phase, RollingBack},
    target::Target,
    traffic::{alb::Groups, release::Lacking},
};
use deploy_canary::{DeployCanary, Detail, Start};
use promote_primary::PromotePrimary;
use proptest::prelude::*;
use serde_json::{Value, json};
use shift_weight::ShiftWeight;

use crate::{
    call::{self, Besides, Call},
    decide,
    looked::{Scene, stopping, unseen},
    missing,
};
use story::{Hidden, Scaling, Story, hidden, refused};
use watch::Watch;

/// The actions of the release, in order.
const DEPLOY: usize = 0;
const SHIFT: usize = 1;
const PROMOTE: usize = 2;

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
    looks: usize,
    watch: Watch,
    /// The pair as its last rollback began, if counts and scaling had been given back by then.
    given_back: Option<Moment>,
    /// What AWS has refused to the look of a rollback, and whether it is still to refuse the next steps of one.
    lacking: Vec<Lacking>,
    refused: VecDeque<bool>,
    hidden: Hidden,
    sent: Vec<Step>,
    failed: Vec<Step>,
    /// What the primary's automatic scaling was given last by anybody but a look that saw what was there.
    theirs: Option<ScalableTarget>,
}

impl<'a> Run<'a> {
    fn new(story: &'a Story, lives: usize) -> Self {
        let mut world = World::new(story.found.clone());
        world.balancer = story.balancer.clone();
        Self {
            story,
            watch: Watch::new(&world),
            world,
            events: Vec::new(),
            lives,
            late: Vec::new(),
            looks: 0,
            given_back: None,
            lacking: Vec::new(),
            refused: VecDeque::new(),
            hidden: Hidden::default(),
            sent: Vec::new(),
            failed: Vec::new(),
            theirs: None,
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
                if n == 100 && self.world.balancer.sick.is_some() {
                    return;
                }
                assert!(n < 500, "no end: {:?}", self.world.pair);
                self.events.push(event.clone());
                self.pass();
                let decided = self.look(&event);
                let calls = self.world.balancer.calls;
                if !self.carry_out(&decided.decision) {
                    return;
                }
                let has_failed = self.story.throttles
                    && self.world.balancer.calls > calls
                    && self.world.balancer.has_lost();
                match &decided.decision {
                    Decision::Done(_) => break,
                    Decision::Refuse(why) if why.to_string().starts_with("a share of ") => return,
                    Decision::Refuse(refusal) => panic!("{refusal}"),
                    Decision::Take(_) | Decision::Wait(_) if has_failed => {}
                    Decision::Take(_) | Decision::Wait(_) => {
                        event.bookmark = Some(decided.bookmark);
                    }
                }
            }
        }
    }

    /// Ten seconds pass, and the primary's automatic scaling does what it wants.
    fn pass(&mut self) {
        Watch::rests(&self.world);
        self.world.pass(Duration::from_secs(10));
        self.watch.saw(&self.world);
        let wanted = self
            .story
            .scaling
            .get(self.looks % self.story.scaling.len().max(1));
        self.looks += 1;
        if !self.is_scaled() {
            return;
        }
        match wanted {
            Some(Scaling::Policy(desired)) => self.world.autoscale(*desired),
            Some(Scaling::Schedule(min, max)) => {
                self.world.schedule(*min, *max);
                self.noted();
            }
            Some(Scaling::Nothing) | None => {}
        }
        self.watch.saw(&self.world);
    }

    /// The primary's automatic scaling was changed beside the looks of a release.
    fn noted(&mut self) {
        let pair = &self.world.pair;
        self.theirs = pair.record.as_ref().and(pair.primary.scaling);
    }

    /// How the primary is to be scaled when the release is over.
    fn scaled_again(&self) -> Option<ScalableTarget> {
        let pair = &self.world.pair;
        let found = &pair.record.as_ref()?.found().primary;
        let mut primary = pair.primary.clone();
        primary.scaling = self.theirs.or(found.scaling);
        found.respecting(&primary).scaling
    }

    /// Whether what automatic scaling does is of interest: until it is given back, or the release has ended.
    fn is_scaled(&self) -> bool {
        let Some(record) = &self.world.pair.record else {
            return true;
        };
        let is_back = matches!(record.phase, Phase::RollingBack { .. }) || self.watch.was_held;
        let primary = &self.world.pair.primary;
        let is_found = primary.scaling == record.found().primary.respecting(primary).scaling;
        record.is_active() && !(is_back && is_found)
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
        // A look decides on what it saw before the first of its steps.
        let seen = self.world.pair.clone();
        for (n, step) in steps.iter().enumerate() {
            if self.lives == 0 {
                self.late = steps[n..].to_vec();
                return false;
            }
            self.lives -= 1;
            self.watch.asks(&seen, step, self.hidden);
            self.sent.push(step.clone());
            if self.refused.pop_front() == Some(true) {
                self.failed.push(step.clone());
                self.lacking.push(Lacking {
                    what: step.to_string(),
                    why: "not allowed".to_owned(),
                });
                continue;
            }
            self.world.take(step);
            self.watch.saw(&self.world);
        }
        true
    }

    fn look(&self, event: &Event) -> Decided {
        let mut pair = self.world.pair.clone();
        let timeout = Duration::from_hours(2);
        match event.action {
            DEPLOY => {
                let look = self.at::<DeployCanary>(
                    event,
                    parameters::DeployCanary {
                        release: release(),
                        image: Some("orders:v2".try_into().unwrap()),
                        task_definition: None,
                        container: None,
                        timeout,
                    },
                );
                let detail = self.detail(&mut pair);
                DeployCanary::decide(
                    &look,
                    &deploy_canary::Seen {
                        pair: pair.sight(),
                        detail,
                    },
                )
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
                ShiftWeight::decide(&look, &pair.sight())
            }
            _ => {
                let look = self.at::<PromotePrimary>(
                    event,
                    parameters::PromotePrimary {
                        release: release(),
                        bake: self.bake(),
                        timeout,
                        drain: parameters::Drain {
                            step: 30,
                            ..parameters::Drain::default()
                        },
                    },
                );
                let phase = pair.record.as_ref().map(|record| &record.phase);
                let listed = tasks(match phase {
                    Some(Phase::Promoting { .. }) => &pair.primary,
                    _ => &pair.canary,
                });
                pair.tasks = Some(listed);
                let missed = Vec::new();
                PromotePrimary::decide(
                    &look,
                    &promote_primary::Seen {
                        pair: pair.sight(),
                        missed,
                    },
                )
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
    fn detail(&self, pair: &mut Moment) -> Detail {
        let Some(record) = self.world.pair.record.as_ref().filter(|it| it.is_active()) else {
            let groups = self.story.target.alb().map(|_| Groups {
                drain_seconds: self.story.drain_seconds,
                ..groups()
            });
            let stable = Definition(described(
                &orders(7),
                json!({
                    "family": "orders",
                    "containerDefinitions": [{"name": "app", "image": "orders:v1"}],
                }),
            ));
            let source = image("orders:v2", None);
            let before = fixtures::before(stable, source, Digests::default(), groups);
            return Detail::Start(Box::new(Start {
                execution: Some("InProgress".into()),
                before: Some(before),
            }));
        };
        let candidate = record.set().candidate;
        if let (Phase::Deploying, Some(Candidate::Registering { .. })) = (&record.phase, candidate)
        {
            pair.latest = self.world.registered.as_ref().map(|(arn, input)| {
                let input = serde_json::from_str(input).unwrap();
                Definition(described(arn, input))
            });
        } else {
            pair.tasks = Some(tasks(&self.world.pair.canary));
        }
        Detail::Nothing
    }

    /// Rolls back: first by hand, then by the schedule, until there is nothing left to do. What was under way
    /// when the release ended is done `after` so many looks.
    fn roll_back(&mut self, after: usize) {
        let phase = self.world.pair.record.as_ref().map(|record| &record.phase);
        if let Some(
            Phase::Promoted { .. }
            | Phase::Promoting {
                baking_since: Some(_),
                ..
            },
        ) = phase
        {
            self.given_back = Some(self.world.pair.clone());
        }
        self.refused = self.story.refused.iter().copied().collect();
        let mut why = Trigger::Hand(parameters::Rollback {
            release: release(),
            reason: None,
        });
        for n in 0..150 {
            self.pass();
            let hidden = self.story.hidden.get(n).copied().unwrap_or_default();
            self.hidden = hidden;
            (self.sent, self.failed) = (Vec::new(), Vec::new());
            let decision = self.rollback_look(&why, hidden);
            if n == after {
                // What is late arrives behind what this look has seen, and is late enough: it shows at once.
                self.world.balancer.shows_after.clear();
                for step in std::mem::take(&mut self.late) {
                    self.world.take(&step);
                    self.watch.saw(&self.world);
                    if matches!(step.changes(), Changes::Pair(Change::Scale { service, .. }) if *service == self.world.pair.primary.name)
                    {
                        self.noted();
                    }
                }
            }
            let Some(decision) = decision else {
                self.lives = usize::MAX;
                continue;
            };
            let survived = self.carry_out(&decision);
            if survived && matches!(decision, Decision::Done(_)) {
                return;
            }
            self.keep_books(hidden);
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
                why = Trigger::Schedule;
            }
        }
        panic!("no end: {:?}", self.world.pair);
    }

    /// Up to the last decision of a look; `None` if the function was killed before that.
    fn rollback_look(&mut self, why: &Trigger, hidden: Hidden) -> Option<Decision> {
        let sight = self.sight(hidden);
        let now = sight.seen.now;
        let Call::Fence(doing, fence) =
            call::call(sight.record.as_ref(), why, &Besides::Nothing, now)
        else {
            return Some(sight.look(why));
        };
        let rolling_back = fence.rollback().expect("it is one");
        let stop = Move {
            doing: doing.into(),
            steps: stopping(&fence, now),
            record: Some(fence.clone()),
            found: None,
        };
        let survived = self.carry_out(&Decision::Take(stop));
        // What is looked at beside the stopping call was seen before it, or after.
        let seen = if self.looks.is_multiple_of(2) {
            sight.seen
        } else {
            self.sight(hidden).seen
        };
        let rest = || decide::restore(&seen, &fence, rolling_back, why, true).decision;
        survived.then(rest)
    }

    /// What was refused goes into the record.
    fn keep_books(&mut self, hidden: Hidden) {
        let now = self.world.pair.now;
        let lacking = std::mem::take(&mut self.lacking);
        let record = self.world.pair.record.as_ref();
        let Some((record, rolling_back)) = record.and_then(|it| Some((it, it.rollback()?))) else {
            return;
        };
        let seen = self.sight(hidden).seen;
        let saw_everything = seen.unseen(record).is_empty();
        let news = missing::update(rolling_back, &lacking, saw_everything, now);
        let (sent, failed) = (&self.sent, &self.failed);
        let after = record.open(now, &seen.pair).sent(sent, failed);
        let next = RollingBack {
            missing: news.missing,
            ..rolling_back.clone()
        };
        if news.is_new || after != record.body {
            self.world.pair.record = Some(record.with(after).rolling(next, now));
        }
    }

    fn sight(&self, hidden: Hidden) -> Scene {
        let goes_on = self.world.execution;
        let sight = Scene::of(self.world.pair.clone()).executing(Execution {
            under_way: goes_on,
            approvals: Vec::new(),
            at_work: goes_on
                .then(|| "Canary/Shift".to_owned())
                .into_iter()
                .collect(),
        });
        sight.but(|seen| {
            if !goes_on {
                seen.status = Known::Gone;
            }
            if hidden.services.0 {
                seen.pair.services().primary = unseen("the primary");
            }
            if hidden.services.1 {
                seen.pair.services().canary = unseen("the canary");
            }
            if hidden.scaling {
                let Known::Unknown(why) = unseen::<()>("the scaling") else {
                    unreachable!("it is not seen");
                };
                seen.pair.services().scaling = Some(why);
            }
            if hidden.pipeline {
                (seen.execution, seen.status) = (unseen("the pipeline"), unseen("the execution"));
            }
            let Some(balancer) = seen.pair.rules() else {
                return;
            };
            if hidden.health.0 {
                balancer.primary = unseen("the primary's targets");
            }
            if hidden.health.1 {
                balancer.canary = unseen("the canary's targets");
            }
            if let Some(rule) = balancer.rules.last_mut().filter(|_| hidden.rule) {
                let found = self.story.found.alb.iter().flat_map(|alb| &alb.forwards);
                let mut found = found.filter(|found| found.arn == rule.arn);
                (rule.seen, rule.recorded) = (unseen("the rule"), found.next().cloned());
            }
        })
    }
}

fn described(arn: &TaskDefinitionArn, mut input: Value) -> Value {
    let tags = input["tags"].take();
    input["taskDefinitionArn"] = json!(arn);
    json!({"taskDefinition": input, "tags": tags})
}

fn tasks(service: &Service) -> Vec<canary::parts::pair::Task> {
    service.newest().map_or_else(Vec::new, |newest| {
        running_tasks(&newest.task_definition, service.running)
    })
}

/// What a rollback restores, and what a person compares.
fn state(service: &Service) -> (TaskDefinitionArn, u32, u32, Option<ScalableTarget>) {
    let version = service.newest().unwrap().task_definition.clone();
    (version, service.desired, service.running, service.scaling)
}
