//! HTTP services behind a load balancer in simulated accounts, for the contract.

use std::time::Duration;

use proptest::prelude::*;

use super::{Alb, Before, Change, Groups, Seen};
use crate::{
    clock::Timestamp,
    fixtures::{
        Harm, Moment, Part, Speed, canary_group, candidate, forwarding, group, groups,
        http_pair_of, http_target, now, primary_group, rule, second_rule,
    },
    parts::{
        pair::{
            self, ScalableTarget, Service,
            world::{self as services, Wish, least, updates},
        },
        rules::{Forward, world as balancer},
    },
    target::Target,
    traffic::{
        Traffic,
        contract::{Admitted, Looked, Obstacles, Place, Run, Tried, World, as_found},
    },
};

/// Two services that answer requests.
#[derive(Debug, Clone)]
pub(in crate::traffic) struct Sites {
    services: services::World,
    balancer: balancer::World,
    speed: Speed,
    /// Tasks that the primary was found with, and tasks that all the work takes.
    found: u32,
    all: u32,
    /// As many as both may have together.
    most: u32,
    drain: Duration,
}

impl Sites {
    fn place(
        name: &'static str,
        target: &Target,
        found: Moment,
        (drain_seconds, shares): (u64, &[u8]),
        speed: Speed,
    ) -> Place<Alb> {
        let Traffic::Alb(alb) = target.traffic.clone() else {
            panic!("a load balancer")
        };
        let Moment {
            primary,
            canary,
            rules,
            ..
        } = found;
        let healthy = [primary.running, canary.running];
        let forwards = rules.expect("a load balancer").forwards;
        let world = Self {
            speed,
            found: primary.desired,
            all: least(&primary),
            most: most(&primary, &canary, alb.pair.resting_tasks),
            drain: Duration::from_secs(drain_seconds),
            services: services::World::new(primary, canary, now(), speed),
            balancer: balancer::World::new(&alb.traffic.alb.place, forwards, healthy, speed),
        };
        Place {
            name,
            speed,
            model: Tried::new(alb),
            world,
            shares: shares.to_vec(),
        }
    }

    fn seen_with(&self, pair: pair::Seen) -> Seen {
        Seen {
            pair,
            rules: self
                .balancer
                .seen([self.services.primary.running, self.services.canary.running]),
        }
    }

    /// A change leaves the canary so many tasks of those that it has.
    fn leaves(&self, change: &pair::Change) -> u32 {
        let canary = &self.services.canary;
        match change {
            pair::Change::UpdateService {
                service,
                task_definition,
                desired,
            } if *service == canary.name => {
                let is_replaced = task_definition.as_ref().is_some_and(|it| !canary.is_on(it));
                if is_replaced {
                    0
                } else {
                    desired.unwrap_or(canary.desired)
                }
            }
            pair::Change::Scale { service, to } if *service == canary.name => {
                canary.desired.min(to.max.max(to.min))
            }
            _ => canary.desired,
        }
    }

    /// Tasks go only when nothing is sent to them any more, and what was is answered. The primary never loses one, but of those that
    /// giving its bounds back has brought.
    fn may_take(&self, change: &pair::Change) -> Result<(), Harm> {
        if let pair::Change::UpdateService {
            service,
            desired: Some(desired),
            ..
        } = change
            && *service == self.services.primary.name
            && *desired < self.services.primary.desired
            && *desired != self.found
        {
            return Err(Harm::Unfinished(format!("{service} loses tasks")));
        }
        let (left, has) = (self.leaves(change), self.services.canary.desired);
        let [_, (_, needed, _)] = self.balancer.loads(self.all);
        if left < has && left < needed {
            return Err(Harm::Unfinished(format!(
                "{left} of {has} canary tasks stay, and its requests take {needed}"
            )));
        }
        if left < has && self.balancer.are_draining(self.drain, self.services.now)[1] {
            return Err(Harm::Unfinished(format!(
                "{left} of {has} canary tasks stay, and others still answer requests"
            )));
        }
        Ok(())
    }

    /// Somebody gets the requests, nothing takes tasks from the primary while the canary has a part of them, and there are not too
    /// many tasks.
    fn is_kept_in_bounds(&self) -> Result<(), Harm> {
        let (primary, canary) = (&self.services.primary, &self.services.canary);
        let is_held = |it: ScalableTarget| it.suspended.scale_in && it.suspended.scheduled;
        let both = primary.desired + canary.desired;
        let wrong = if self
            .balancer
            .forwards
            .iter()
            .any(|it| it.weights.total() == 0)
        {
            "nobody gets requests".to_owned()
        } else if self.balancer.sends_canary() && !primary.scaling.is_none_or(is_held) {
            "the primary may lose tasks while the canary has requests".to_owned()
        } else if self.is_still() && both > self.most {
            format!("{both} tasks, at most {} are allowed", self.most)
        } else {
            return Ok(());
        };
        Err(Harm::Overload(wrong))
    }

    fn catch_up(&mut self) {
        let able = self.services.able();
        self.balancer.lose(able);
        if self.speed == Speed::Fast {
            self.balancer.heal(able);
        }
    }
}

/// As many as the primary may be scaled to, and once more for the canary.
fn most(primary: &Service, canary: &Service, resting: u32) -> u32 {
    let bounds = |service: &Service| {
        service
            .scaling
            .map_or((0, u32::MAX / 4), |it| (it.min, it.max))
    };
    let most = bounds(primary).1.max(primary.desired);
    most + most.max(canary.desired).max(resting).max(bounds(canary).0)
}

/// The rules of the story, each with the primary's weight and that of another group.
fn found(weights: &[(u16, Option<u16>)], (primary, canary): (u32, u32)) -> Moment {
    let rules = &[rule(), second_rule()][..weights.len()];
    let target = http_target();
    let place = &target.alb().expect("a load balancer").place;
    http_pair_of(rules)
        .serving(primary, canary)
        .balancing(|alb| {
            for (forward, (weight, other)) in alb.forwards.iter_mut().zip(weights) {
                let mut groups = vec![(primary_group(), *weight), (canary_group(), 0)];
                groups.extend(other.map(|other| (group("other"), other)));
                let read = Forward::read(place.groups(), &forward.arn, forwarding(&groups));
                *forward = read.expect("a forward action");
            }
        })
}

impl Admitted for Alb {
    type World = Sites;

    const DRAINS: bool = true;

    fn places(speed: Speed) -> Vec<Place<Self>> {
        let one = |tasks| found(&[(100, None)], tasks);
        let place = |name, target: Target, found, how: (u64, &[u8])| {
            Sites::place(name, &target, found, how, speed)
        };
        let two = http_target()
            .of_two_rules()
            .balanced(|alb| alb.min_tasks = 2);
        let scaled = one((3, 1))
            .primary(|primary| primary.scaled(2, 8))
            .canary(|canary| canary.scaled(1, 4));
        let mut moved = place(
            "scaled while it is released",
            http_target().resting_on(2),
            scaled.clone(),
            (25, &[20, 50]),
        );
        moved.world.services.wishes = vec![
            Wish::Count(3),
            Wish::Nothing,
            Wish::Count(5),
            Wish::Count(4),
        ];
        vec![
            place("one rule", http_target(), one((3, 1)), (120, &[10, 50, 20])),
            place(
                "two rules, shared with others",
                two.clone().resting_on(0),
                found(&[(300, Some(100)), (7, Some(1))], (4, 0)),
                (25, &[50, 100]),
            ),
            place("scaled", http_target(), scaled, (0, &[50])),
            moved,
        ]
    }

    fn any(speed: Speed) -> BoxedStrategy<Place<Self>> {
        let weights = prop_oneof![
            Just((1u16, None)),
            Just((100, None)),
            Just((100, Some(0))),
            Just((300, Some(100))),
            Just((999, Some(999))),
        ];
        let weights = prop::collection::vec(weights, 1..=2);
        let counts = (1u32..8, 0u32..4, 1u32..4, 0u32..4);
        let shares = prop::collection::vec(0u8..=100, 1..4);
        let drain = prop_oneof![Just(0u64), Just(7), Just(25), Just(120)];
        let scaled = (services::scalings(), services::wishes());
        let how = (weights, counts, scaled, shares, drain);
        let place = move |(weights, counts, (scalings, wishes), shares, drain): (
            Vec<_>,
            _,
            (_, Vec<Wish>),
            Vec<u8>,
            _,
        )| {
            let (primary, canary, min_tasks, resting) = counts;
            let target = http_target().resting_on(resting);
            let target = target.balanced(|alb| alb.min_tasks = min_tasks);
            let target = if weights.len() > 1 {
                target.of_two_rules()
            } else {
                target
            };
            let mut found = found(&weights, (primary, canary));
            (found.primary.scaling, found.canary.scaling) = scalings;
            // What answers requests is not scaled to nothing.
            if let Some(scaling) = &mut found.primary.scaling {
                scaling.min = scaling.min.max(1);
                scaling.max = scaling.max.max(1);
                // What is beyond its bounds is somebody's own, until scaling moves it.
                if !wishes.is_empty() {
                    scaling.max = scaling.max.max(primary);
                    scaling.min = scaling.min.min(primary);
                }
            }
            let mut place = Sites::place("any", &target, found, (drain, &shares), speed);
            if !wishes.is_empty() {
                // Automatic scaling says how much work there is.
                place.world.all = 1;
            }
            place.world.services.wishes = wishes;
            place
        };
        how.prop_map(place).boxed()
    }

    fn elsewhere(&self) -> Self {
        Self {
            pair: self.pair.elsewhere(),
            ..self.clone()
        }
    }
}

impl World for Sites {
    type Seen = Seen;
    type Before = Before;
    type Change = Change;

    fn before(&self) -> Before {
        Before {
            pair: services::World::before(),
            groups: Groups {
                drain_seconds: self.drain.as_secs(),
                ..groups()
            },
        }
    }

    fn seen(&self) -> Seen {
        self.seen_with(self.services.seen())
    }

    fn hidden(&self) -> Vec<(&'static str, Seen)> {
        let seen = self.seen();
        let services = self.services.hidden().into_iter();
        let services = services.map(|(what, pair)| (what, self.seen_with(pair)));
        let rules = balancer::World::hidden(&seen.rules).into_iter();
        let rules = rules.map(|(what, rules)| {
            let pair = seen.pair.clone();
            (what, Seen { pair, rules })
        });
        services.chain(rules).collect()
    }

    fn hasty(seen: Seen) -> Seen {
        Seen {
            pair: services::World::hasty(seen.pair),
            rules: balancer::World::hasty(seen.rules),
        }
    }

    fn right(change: &Change) -> String {
        match change {
            Change::Rules(change) => balancer::World::right(&change.forward),
            Change::Pair(change) => services::World::right(change),
        }
    }

    fn may(&self, change: &Change) -> Result<(), Harm> {
        match change {
            Change::Rules(change) => self.balancer.may(&change.forward),
            Change::Pair(change) => {
                self.services.may(change)?;
                self.may_take(change)
            }
        }
    }

    fn take(&mut self, change: &Change) {
        match change {
            Change::Rules(change) => self.balancer.take(change, self.services.now),
            Change::Pair(change) => self.services.take(change),
        }
        self.catch_up();
    }

    fn pass(&mut self, now: Timestamp) {
        // Tasks answer before older ones go.
        self.balancer.heal(self.services.able());
        self.services.pass(now);
        self.balancer.pass(now);
        self.catch_up();
    }

    fn tamper(&mut self) {
        self.services.tamper();
    }

    fn bears(&self, goes_back: bool) -> Result<(), Harm> {
        // Who falls ill is nobody's doing.
        if self.services.sick.is_some() {
            return Ok(());
        }
        let loads = self.balancer.loads(self.all);
        let is_anybody_able = loads.iter().any(|(.., healthy)| *healthy > 0);
        self.is_kept_in_bounds()?;
        for (version, needed, healthy) in loads {
            // While a release is rolled back whoever answers takes all there is.
            let is_enough = if goes_back {
                healthy > 0 || needed == 0 || !is_anybody_able
            } else {
                healthy >= needed
            };
            if !is_enough {
                return Err(Harm::Overload(format!(
                    "{version} has {healthy} healthy targets, and its requests take {needed}"
                )));
            }
        }
        Ok(())
    }

    fn is_stopped(&self) -> bool {
        let canary = services::World::runs_candidate(&self.services.canary);
        self.is_stopped_blindly() && !(canary && self.balancer.sends_canary())
    }

    // What somebody may have done to the rules has to be seen before requests are sent anywhere.
    fn is_stopped_blindly(&self) -> bool {
        !services::World::runs_candidate(&self.services.primary)
    }

    fn stops_by(&self) -> Vec<String> {
        let rules = self.balancer.forwards.iter();
        let rules = rules.map(|rule| balancer::World::right(&rule.arn));
        rules
            .chain([updates(&self.services.primary.name)])
            .collect()
    }

    // The canary keeps its tasks, and the primary its own, until requests are where they were.
    fn parts(&self) -> Vec<Part> {
        let rules = self.balancer.parts();
        let stops_by = self.stops_by();
        let services = self.services.parts().into_iter();
        let services = services.map(|mut part| {
            let is_primarys_version = part.takes == [updates(&self.services.primary.name)];
            if !is_primarys_version {
                part.takes.extend(stops_by.clone());
            }
            part
        });
        services.chain(rules).collect()
    }

    fn is_still(&self) -> bool {
        self.services.is_still()
    }
}

/// Both speeds of the first place.
fn first_places() -> Vec<Place<Alb>> {
    let places = [Speed::Fast, Speed::Slow].map(|speed| Alb::places(speed).swap_remove(0));
    places.to_vec()
}

#[test]
fn a_primary_that_never_answers_on_the_candidate_is_not_promoted_and_is_rolled_back() {
    for mut place in first_places() {
        place.world.services.sick = Some(candidate());
        let mut run = Run::new(&place);
        let looked = run.release_for(100, &mut String::new());
        assert_eq!(looked, Ok(Looked::On), "it is never promoted");
        let before = run.clone();
        let back = run.roll_back(&Obstacles::default());
        assert_eq!(back.and_then(|()| as_found(&run, &before)), Ok(()));
    }
}

#[test]
fn a_promoted_primary_that_falls_ill_is_taken_back_while_the_canary_answers() {
    for place in first_places() {
        let mut run = Run::new(&place);
        assert_eq!(run.release(), Ok(true), "it is promoted");
        run.world.services.sick = Some(candidate());
        run.world.balancer.has_sent_canary = false;
        let before = run.clone();
        let back = run.roll_back(&Obstacles::default());
        assert_eq!(back.and_then(|()| as_found(&run, &before)), Ok(()));
        assert!(
            run.world.balancer.has_sent_canary,
            "the canary takes requests"
        );
    }
}

#[test]
fn a_primary_that_is_scaled_up_and_down_while_it_goes_back_to_the_stable_version_gets_there() {
    let policy = [Wish::Count(2), Wish::Nothing, Wish::Count(1)];
    let schedule = [Wish::Bounds(2, 2), Wish::Nothing, Wish::Bounds(1, 1)];
    for mut wishes in [policy, schedule] {
        // Whichever of them meets the look at which ECS gets on.
        for _ in 0..wishes.len() {
            wishes.rotate_left(1);
            let scaled = found(&[(100, None)], (3, 0)).primary(|primary| primary.scaled(1, 3));
            let target = http_target().resting_on(0);
            let mut place = Sites::place("scaled", &target, scaled, (0, &[50]), Speed::Slow);
            (place.world.all, place.world.services.wishes) = (1, wishes.to_vec());
            let mut run = Run::new(&place);
            let mut looked = Ok(Looked::On);
            while looked == Ok(Looked::On) {
                looked = run.release_for(1, &mut String::new());
                if !services::World::runs_candidate(&run.world.services.primary) {
                    continue;
                }
                let mut back = run.clone();
                let ends = back.roll_back(&Obstacles::default());
                let ends = ends.and_then(|()| as_found(&back, &run));
                assert_eq!(ends, Ok(()), "{wishes:?}");
            }
            assert_eq!(looked, Ok(Looked::Over), "it is promoted ({wishes:?})");
        }
    }
}
