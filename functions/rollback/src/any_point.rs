//! A release told through all four functions, killed after any write, and rolled back: whoever is called next goes on where the last one
//! stopped. What a model owes is in the contract of `traffic`; this is about the calls, the fence, the record, and its books.

use std::time::Duration;

use canary::{
    aws::pipeline::Execution,
    decision::{Decision, Move, Step},
    fixtures::{
        self, Moment, World, at, first_look, image, orders, release, request, running_tasks,
        stories, weight,
    },
    job::Bookmark,
    known::Known,
    names::TaskDefinitionArn,
    parameters,
    parts::{
        pair::{Candidate, Service},
        release::Lacking,
        rules::Weights,
        task_definition::{Definition, Digests},
    },
    reconcile::{Decided, Forward, Look, Stage, trigger::Trigger},
    record::{Phase, RollingBack},
    target::Target,
};
use deploy_canary::{DeployCanary, Detail, Start};
use promote_primary::PromotePrimary;
use serde_json::{Value, json};
use shift_weight::ShiftWeight;

use crate::{
    call::{self, Besides, Call},
    decide,
    looked::{Scene, stopping, unseen},
    missing,
};

/// The actions of the release, in order.
const DEPLOY: usize = 0;
const SHIFT: usize = 1;
const PROMOTE: usize = 2;

/// More writes than any release makes.
const ALL: usize = 10_000;

/// How long shares are held, and the promotion is watched.
const BAKE: Duration = Duration::from_secs(25);

/// An event for one of the actions, which AWS may deliver again.
#[derive(Debug, Clone)]
struct Event {
    action: usize,
    bookmark: Option<Bookmark>,
}

/// Where it is released, and what AWS and the pipeline do meanwhile.
#[derive(Debug, Clone)]
struct Story {
    target: Target,
    found: Moment,
    /// How many steps of a rollback AWS refuses, from the first one.
    refused: usize,
    /// In how many looks of a rollback the pipeline is not seen.
    hidden: usize,
}

impl Story {
    fn new(target: Target, found: Moment) -> Self {
        Self {
            target,
            found: found.seen_at(at(1000)),
            refused: 0,
            hidden: 0,
        }
    }

    /// The story of each traffic model.
    fn all() -> impl Iterator<Item = Self> {
        let stories = stories().into_iter();
        stories.map(|it| Self::new((it.target)().resting_on(2), (it.pair)()))
    }
}

/// The release under way.
struct Run<'a> {
    story: &'a Story,
    world: World,
    /// Everything that was delivered.
    events: Vec<Event>,
    /// How many more writes get through before the function that makes them is killed.
    lives: usize,
    /// What was under way when it was killed.
    late: Vec<Step>,
    looks: usize,
    /// The pair as its last rollback began, if counts and scaling had been given back by then.
    given_back: Option<Moment>,
    /// How many of the next steps AWS refuses.
    refused: usize,
    sent: Vec<Step>,
    failed: Vec<Step>,
}

impl<'a> Run<'a> {
    fn new(story: &'a Story, lives: usize) -> Self {
        Self {
            story,
            world: World::new(story.found.clone()),
            events: Vec::new(),
            lives,
            late: Vec::new(),
            looks: 0,
            given_back: None,
            refused: 0,
            sent: Vec::new(),
            failed: Vec::new(),
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
                assert!(n < 500, "no end: {:?}", self.world.pair);
                self.events.push(event.clone());
                self.pass();
                let decided = self.look(&event);
                if !self.carry_out(&decided.decision) {
                    return;
                }
                match &decided.decision {
                    Decision::Done(_) => break,
                    Decision::Refuse(refusal) => panic!("{refusal}"),
                    Decision::Take(_) | Decision::Wait(_) => {
                        event.bookmark = Some(decided.bookmark);
                    }
                }
            }
        }
    }

    fn pass(&mut self) {
        self.world.pass(Duration::from_secs(10));
        self.looks += 1;
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
            self.sent.push(step.clone());
            if self.refused > 0 {
                self.refused -= 1;
                self.failed.push(step.clone());
            } else {
                self.world.take(step);
            }
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
                        request: request("orders:v2"),
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
                let step = |percent| parameters::Step {
                    weight: weight(percent),
                    bake: BAKE,
                };
                let look = self.at::<ShiftWeight>(
                    event,
                    parameters::ShiftWeight {
                        release: release(),
                        steps: [10, 50].map(step).to_vec(),
                        tolerance: None,
                        timeout,
                        demand: None,
                        despite: None,
                    },
                );
                ShiftWeight::decide(&look, &pair.sight())
            }
            _ => {
                let look = self.at::<PromotePrimary>(
                    event,
                    parameters::PromotePrimary {
                        shown: None,
                        release: release(),
                        bake: BAKE,
                        timeout,
                        despite: None,
                        drain: canary::weight::Drain {
                            step: 30,
                            ..canary::weight::Drain::default()
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
            let stable = Definition(described(
                &orders(7),
                json!({
                    "family": "orders",
                    "containerDefinitions": [{"name": "app", "image": "orders:v1"}],
                }),
            ));
            let source = image("orders:v2", None);
            let before = fixtures::before(stable, source, Digests::default());
            return Detail::Start(Box::new(Start {
                execution: Some("InProgress".into()),
                before: Some(pair.pair().before(before)),
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
        self.refused = self.story.refused;
        let mut why = Trigger::Hand(parameters::Rollback {
            release: release(),
            reason: None,
        });
        for n in 0..150 {
            self.pass();
            let is_hidden = n < self.story.hidden;
            (self.sent, self.failed) = (Vec::new(), Vec::new());
            let decision = self.rollback_look(&why, is_hidden);
            if n == after {
                // What is late arrives behind what this look has seen.
                for step in std::mem::take(&mut self.late) {
                    self.world.take(&step);
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
            self.keep_books(is_hidden);
            if !survived {
                self.lives = usize::MAX;
                self.late.clear();
            }
            let record = self.world.pair.record.as_ref();
            if record.is_some_and(|it| it.rollback().is_some()) {
                why = Trigger::Schedule;
            }
        }
        panic!("no end: {:?}", self.world.pair);
    }

    /// Up to the last decision of a look; `None` if the function was killed before that.
    fn rollback_look(&mut self, why: &Trigger, is_hidden: bool) -> Option<Decision> {
        let sight = self.sight(is_hidden);
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
            self.sight(is_hidden).seen
        };
        let rest = || decide::restore(&seen, &fence, rolling_back, why, true).decision;
        survived.then(rest)
    }

    /// What was refused goes into the record.
    fn keep_books(&mut self, is_hidden: bool) {
        let now = self.world.pair.now;
        let lacking: Vec<Lacking> = self.failed.iter().map(refused).collect();
        let record = self.world.pair.record.as_ref();
        let Some((record, rolling_back)) = record.and_then(|it| Some((it, it.rollback()?))) else {
            return;
        };
        let seen = self.sight(is_hidden).seen;
        let saw_everything = seen.unseen(record).is_empty();
        let news = missing::update(rolling_back, &lacking, saw_everything, now);
        let (sent, failed) = (&self.sent, &self.failed);
        let after = record
            .open(now, &seen.pair)
            .sent(&Step::changes_among(sent), &Step::changes_among(failed));
        let next = RollingBack {
            missing: news.missing,
            ..rolling_back.clone()
        };
        if news.is_new || after != record.body {
            self.world.pair.record = Some(record.with(after).rolling(next, now));
        }
    }

    fn sight(&self, is_hidden: bool) -> Scene {
        let goes_on = self.world.execution;
        let at_work = goes_on.then(|| "Canary/Shift".to_owned());
        let sight = Scene::of(self.world.pair.clone()).executing(Execution {
            under_way: goes_on,
            approvals: Vec::new(),
            at_work: at_work.into_iter().collect(),
        });
        sight.but(|seen| {
            if !goes_on {
                seen.status = Known::Gone;
            }
            if is_hidden {
                (seen.execution, seen.status) = (unseen("the pipeline"), unseen("the execution"));
            }
        })
    }

    fn writes(&self) -> (usize, usize) {
        (self.world.writes, self.world.balancer.calls)
    }

    /// The versions that were found, and what else was found; or what was there, where that had been given back.
    fn assert_as_found(&self, when: &str) {
        let (now, found) = (&self.world.pair, &self.story.found);
        let kept = self.given_back.as_ref().unwrap_or(found);
        let services = [
            (&now.primary, &found.primary, &kept.primary),
            (&now.canary, &found.canary, &kept.canary),
        ];
        for (now, found, kept) in services {
            let is = (version(now), now.desired, now.running, now.scaling);
            let was = (version(found), kept.desired, kept.running, kept.scaling);
            assert_eq!(is, was, "{when}: {}", now.name);
        }
        assert_eq!(weights(now), weights(found), "{when}");
    }
}

fn refused(step: &Step) -> Lacking {
    Lacking {
        what: step.to_string(),
        why: "not allowed".to_owned(),
    }
}

fn version(service: &Service) -> &TaskDefinitionArn {
    &service.newest().unwrap().task_definition
}

fn weights(pair: &Moment) -> Vec<Weights> {
    let forwards = pair.rules.iter().flat_map(|alb| &alb.forwards);
    forwards.map(|forward| forward.weights).collect()
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

/// A release that is killed after each of its writes, and one that is not.
fn killed_anywhere(story: &Story, mut then: impl FnMut(Run<'_>, &str)) {
    for lives in 0.. {
        let mut run = Run::new(story, lives);
        run.run(PROMOTE);
        let is_whole = run.lives > 0;
        run.lives = ALL;
        then(run, &format!("killed after {lives} writes"));
        if is_whole {
            return;
        }
    }
}

#[test]
fn a_release_that_is_left_alone_is_promoted_and_can_be_rolled_back_and_released_again() {
    for story in Story::all() {
        let mut run = Run::new(&story, ALL);
        for _ in 0..2 {
            run.run(PROMOTE);
            let record = run.world.pair.record.as_ref().unwrap();
            assert!(matches!(record.phase, Phase::Promoted { .. }));
            run.roll_back(0);
            run.assert_as_found("promoted");
            run.given_back = None;
        }
    }
}

#[test]
fn a_release_that_is_killed_after_any_write_is_rolled_back_to_what_it_found() {
    for story in Story::all() {
        for after in 0..3 {
            killed_anywhere(&story, |mut run, when| {
                run.roll_back(after);
                run.assert_as_found(when);
                let writes = run.writes();
                run.roll_back(0);
                assert_eq!(
                    run.writes(),
                    writes,
                    "{when}: one more look changes nothing"
                );
            });
        }
    }
}

#[test]
fn a_rollback_that_is_killed_after_any_write_is_finished_by_the_next() {
    for story in Story::all() {
        for lives in 0..6 {
            killed_anywhere(&story, |mut run, when| {
                run.lives = lives;
                run.roll_back(0);
                run.lives = ALL;
                run.roll_back(0);
                run.assert_as_found(when);
            });
        }
    }
}

#[test]
fn what_aws_refuses_at_first_is_in_the_books_until_it_gets_through() {
    for mut story in Story::all() {
        for refused in 1..8 {
            story.refused = refused;
            killed_anywhere(&story, |mut run, when| {
                run.roll_back(0);
                run.assert_as_found(when);
            });
        }
    }
}

#[test]
fn a_pipeline_that_is_not_seen_keeps_nothing_from_being_rolled_back() {
    for mut story in Story::all() {
        story.hidden = 8;
        killed_anywhere(&story, |mut run, when| {
            run.roll_back(0);
            run.assert_as_found(when);
        });
    }
}

#[test]
fn events_that_are_delivered_again_when_the_action_is_over_change_nothing() {
    for story in Story::all() {
        for last in DEPLOY..=PROMOTE {
            let mut run = Run::new(&story, ALL);
            run.run(last);
            let (writes, record) = (run.writes(), run.world.pair.record.clone());
            for event in run.events.clone() {
                // What shift-weight has not begun is deploy-canary's to look at again; it finds everything done.
                run.pass();
                let decision = run.look(&event).decision;
                run.carry_out(&decision);
            }
            assert_eq!(run.writes(), writes);
            assert_eq!(run.world.pair.record, record);
        }
    }
}

#[test]
fn an_idle_pair_is_left_alone() {
    for story in Story::all() {
        let mut run = Run::new(&story, 0);
        run.roll_back(0);
        assert_eq!(run.writes(), (0, 0));
    }
}
