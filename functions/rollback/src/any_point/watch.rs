//! What holds at every instant of a release and of its rollback, for a pair behind a load balancer.

use canary::{
    clock::Timestamp,
    decision::Step,
    fixtures::{Changes, World},
    parts::{
        pair::Change,
        rules::{self, Weights, Whole},
    },
};

use super::*;

/// What has been seen so far.
#[derive(Debug)]
pub(super) struct Watch {
    /// The weights that the rules show, and when the canary's last became less.
    shown: Vec<(Weights, Option<Timestamp>)>,
    /// Whether the primary's automatic scaling has been held.
    pub(super) was_held: bool,
    /// What the primary had when it was, at most what the release found of it.
    floor: Option<u32>,
    /// The most that the primary might be scaled to since the release began.
    most: u32,
    /// Whether the canary had requests.
    pub(super) had_some: bool,
}

impl Watch {
    pub(super) fn new(world: &World) -> Self {
        let forwards = world.pair.alb.iter().flat_map(|alb| &alb.forwards);
        Self {
            shown: forwards.map(|forward| (forward.weights, None)).collect(),
            was_held: false,
            floor: None,
            most: 0,
            had_some: false,
        }
    }

    /// The world has changed.
    pub(super) fn saw(&mut self, world: &World) {
        let pair = &world.pair;
        let Some(alb) = &pair.alb else {
            return;
        };
        for (shown, forward) in self.shown.iter_mut().zip(&alb.forwards) {
            assert!(forward.weights.total() > 0, "nobody gets requests");
            self.had_some |= forward.weights.canary > 0;
            if forward.weights.share().percent() < shown.0.share().percent() {
                shown.1 = Some(pair.now);
            }
            shown.0 = forward.weights;
        }
        self.counts(pair);
    }

    /// Primary and canary together are enough, and not too many.
    fn counts(&mut self, pair: &Moment) {
        let (primary, canary) = (&pair.primary, &pair.canary);
        let Some(record) = pair.record.as_ref().filter(|it| it.is_active()) else {
            (self.floor, self.was_held, self.most) = (None, false, 0);
            return;
        };
        let is_held = is_held_up(primary);
        let both = primary.desired + canary.desired;
        if is_held {
            self.was_held |= primary.scaling != record.found().primary.scaling;
            let floor = primary.desired.min(record.found().primary.desired);
            let floor = *self.floor.get_or_insert(floor);
            assert!(both >= floor, "{both} tasks of {floor}");
        } else {
            self.floor = None;
        }
        if let Some(scaling) = primary.scaling {
            let found = &record.found();
            let most = scaling.max.max(found.primary.desired).max(self.most);
            self.most = most;
            let pulled = canary.scaling.map_or(0, |it| it.min);
            let rests = [found.canary.desired, record.resting_tasks(), pulled, most];
            let most = most + rests.into_iter().max().unwrap_or(most);
            assert!(both <= most, "{both} tasks, at most {most} are allowed");
        }
    }

    /// A look is over, with everything that it asked for: automatic scaling may act before the next one.
    pub(super) fn rests(world: &World) {
        let pair = &world.pair;
        let mut forwards = pair.alb.iter().flat_map(|alb| &alb.forwards);
        assert!(
            is_held_up(&pair.primary) || forwards.all(|it| it.weights.canary == 0),
            "the primary may lose tasks while the canary has a part of its requests"
        );
    }

    /// A function asks for a change, having seen this but for what was hidden.
    pub(super) fn asks(&self, seen: &Moment, step: &Step, hidden: Hidden) {
        let Some(alb) = &seen.alb else {
            return;
        };
        let change = match step.changes() {
            // Who cannot see where anybody answers relies on the primary.
            Changes::Rules(_) if hidden.health.0 || hidden.health.1 || hidden.services.0 => return,
            Changes::Rules(it) => return may_weigh(alb, seen.primary.desired.max(1), it.weights),
            Changes::Pair(change) => change,
            Changes::Pipeline => return,
        };
        match change {
            Change::StopTask { .. } => panic!("no task is protected here"),
            Change::UpdateService {
                service,
                task_definition,
                desired,
            } if *service == seen.canary.name => {
                let replaces = task_definition
                    .as_ref()
                    .is_some_and(|it| !seen.canary.is_on(it));
                let tasks = desired.unwrap_or(seen.canary.desired);
                if replaces || tasks < seen.canary.desired {
                    self.may_take(seen, if replaces { 0 } else { tasks });
                }
            }
            Change::UpdateService { desired, .. } => {
                let is_less = desired.is_some_and(|desired| desired < seen.primary.desired);
                let record = seen.record.as_ref().expect("a record");
                let is_found = record.found().primary.pulled(&seen.primary) == *desired;
                assert!(!is_less || is_found, "the primary loses tasks");
            }
            Change::Scale { service, to } if *service == seen.canary.name => {
                let tasks = seen.canary.desired.min(to.max.max(to.min));
                if tasks < seen.canary.desired {
                    self.may_take(seen, tasks);
                }
            }
            Change::Scale { .. } | Change::Redeploy { .. } | Change::Register { .. } => {}
        }
    }

    /// The canary's tasks may become so few: those that go answer nothing any more.
    fn may_take(&self, seen: &Moment, tasks: u32) {
        let record = seen.record.as_ref().expect("a record");
        let Some(target) = record.target.alb() else {
            return;
        };
        let found = &record.found_rules();
        for (weights, fell) in &self.shown {
            let share = weights.share();
            if share.part > 0 {
                let needed = rules::tasks(target.min_tasks, share, &seen.primary);
                assert!(
                    tasks >= needed,
                    "{tasks} tasks for {share}, {needed} needed"
                );
            }
            if let Some(fell) = fell {
                let drained = *fell + Duration::from_secs(found.drain_seconds);
                assert!(seen.now >= drained, "targets still finish their requests");
            }
        }
    }
}

/// Whether nothing takes tasks from the primary, or moves its bounds.
fn is_held_up(primary: &Service) -> bool {
    let scaling = primary.scaling;
    scaling.is_none_or(|it| it.suspended.scale_in && it.suspended.scheduled)
}

/// No weight on a group without a healthy target while the other one has some; but where only the canary has, no more than its
/// targets can take.
fn may_weigh(alb: &Whole, needed: u32, weights: Weights) {
    let (primary, canary) = (alb.primary.healthy, alb.canary.healthy);
    let is_enough = 2 * canary >= needed;
    assert!(
        weights.primary == 0 || primary > 0 || canary == 0 || !is_enough,
        "weight on a primary without a healthy target"
    );
    assert!(
        weights.canary == 0 || canary > 0 || primary == 0,
        "weight on a canary without a healthy target"
    );
}
