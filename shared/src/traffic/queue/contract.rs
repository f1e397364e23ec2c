//! Consumers of a queue in simulated accounts, for the contract.

use crate::fixtures::queue::{pair, target};
use proptest::prelude::*;

use super::{Queue, Seen};
use crate::{
    clock::Timestamp,
    fixtures::{Harm, Part, Speed, now, scaling},
    known::Known,
    parts::{
        pair::{
            self, Service,
            world::{self as services, Wish, least, updates},
        },
        plan::Mode,
    },
    target::Target,
    traffic::{
        Traffic,
        contract::{Admitted, Place, Tried, World},
    },
};

/// Two services that consume one queue.
#[derive(Debug, Clone)]
pub(in crate::traffic) struct Consumers {
    services: services::World,
    /// Tasks that all the work takes.
    all: u32,
    /// As many as there may be at any moment.
    most: Option<u32>,
}

impl Consumers {
    fn place(
        name: &'static str,
        target: &Target,
        (primary, canary): (Service, Service),
        shares: &[u8],
        speed: Speed,
    ) -> Place<Queue> {
        let Traffic::Queue(queue) = target.traffic.clone() else {
            panic!("a queue")
        };
        let all = match queue.traffic.queue.mode {
            Mode::Additive => least(&primary),
            // A promotion begins beside as many canary tasks as the last share takes.
            Mode::ConstantTotal => {
                least(&primary) + least(&canary).min(queue.pair.resting_tasks).min(1)
            }
        };
        let world = Self {
            all,
            most: queue.traffic.queue.max_tasks,
            services: services::World::new(primary, canary, now(), speed),
        };
        Place {
            name,
            speed,
            model: Tried::new(queue),
            world,
            shares: shares.to_vec(),
        }
    }
}

impl Admitted for Queue {
    type World = Consumers;

    // A message that a task has not finished comes back to the queue.
    const DRAINS: bool = false;

    fn places(speed: Speed) -> Vec<Place<Self>> {
        let of = |primary, canary| {
            let pair = pair().tasks(primary, canary);
            (pair.primary, pair.canary)
        };
        let scaled = || {
            let (primary, canary) = of(3, 1);
            (primary.scaled(2, 8), canary.scaled(1, 4))
        };
        let place = |name, target: Target, services, shares: &[u8]| {
            Consumers::place(name, &target, services, shares, speed)
        };
        let mut moved = place(
            "scaled while it is released",
            target().resting_on(2),
            scaled(),
            &[20],
        );
        moved.world.services.wishes = vec![
            Wish::Count(3),
            Wish::Nothing,
            Wish::Count(5),
            Wish::Count(4),
        ];
        let (mut asleep, canary) = of(0, 0);
        asleep.scaling = Some(scaling(0, 8));
        let mut empty = place(
            "without a task",
            target().resting_on(0),
            (asleep, canary),
            &[50],
        );
        empty.world.services.wishes = vec![Wish::Nothing; 5];
        empty.world.services.wishes.push(Wish::Count(0));
        vec![
            place("additive", target(), of(3, 1), &[25, 50, 10]),
            place(
                "constantTotal",
                target().constant_total(),
                of(3, 1),
                &[25, 50, 100],
            ),
            place(
                "constantTotal with room for one task",
                target().constant_total().at_most(5),
                of(3, 1),
                &[75, 25],
            ),
            place(
                "constantTotal, scaled",
                target().constant_total(),
                scaled(),
                &[50],
            ),
            empty,
            moved,
        ]
    }

    fn any(speed: Speed) -> BoxedStrategy<Place<Self>> {
        let counts = (2u32..8, 0u32..4, 0u32..4);
        let shares = prop::collection::vec(1u8..100, 1..4);
        let how = (any::<bool>(), counts, services::scalings(), shares);
        let place = move |(is_constant, (primary, canary, resting), scalings, shares): (
            bool,
            _,
            _,
            Vec<u8>,
        )| {
            let target = target().resting_on(resting);
            let target = if is_constant {
                target.constant_total()
            } else {
                target
            };
            let mut found = pair().tasks(primary, canary);
            (found.primary.scaling, found.canary.scaling) = scalings;
            let services = (found.primary, found.canary);
            Consumers::place("any", &target, services, &shares, speed)
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

impl World for Consumers {
    type Seen = Seen;
    type Before = pair::Before;
    type Change = pair::Change;

    fn before(&self) -> pair::Before {
        services::World::before()
    }

    fn seen(&self) -> Seen {
        Seen {
            pair: self.services.seen(),
            dead_letters: Known::Known(Some(0)),
            queue: Known::Known(()),
        }
    }

    fn hidden(&self) -> Vec<(&'static str, Seen)> {
        let hidden = self.services.hidden().into_iter();
        let hidden = hidden.map(|(what, pair)| {
            (
                what,
                Seen {
                    pair,
                    ..self.seen()
                },
            )
        });
        hidden.collect()
    }

    fn hasty(seen: Seen) -> Seen {
        Seen {
            pair: services::World::hasty(seen.pair),
            ..seen
        }
    }

    fn right(change: &pair::Change) -> String {
        services::World::right(change)
    }

    fn may(&self, change: &pair::Change) -> Result<(), Harm> {
        self.services.may(change)
    }

    fn take(&mut self, change: &pair::Change) {
        self.services.take(change);
    }

    fn pass(&mut self, now: Timestamp) {
        self.services.pass(now);
    }

    fn tamper(&mut self) {
        self.services.tamper();
    }

    fn bears(&self, goes_back: bool) -> Result<(), Harm> {
        let (primary, canary) = (&self.services.primary, &self.services.canary);
        let (desired, running) = (
            primary.desired + canary.desired,
            primary.running + canary.running,
        );
        // While a release is rolled back bad consumers stop first, and the others catch up.
        if goes_back {
            return Ok(());
        }
        if let Some(most) = self.most.filter(|most| desired > *most) {
            return Err(Harm::Overload(format!("{desired} tasks of at most {most}")));
        }
        if running < self.all && self.is_still() {
            return Err(Harm::Overload(format!(
                "{running} tasks for the work of {}",
                self.all
            )));
        }
        Ok(())
    }

    fn is_stopped(&self) -> bool {
        let services = [&self.services.primary, &self.services.canary];
        !services.into_iter().any(services::World::runs_candidate)
    }

    fn is_stopped_blindly(&self) -> bool {
        self.is_stopped()
    }

    fn stops_by(&self) -> Vec<String> {
        let services = [&self.services.primary, &self.services.canary];
        services.map(|service| updates(&service.name)).to_vec()
    }

    fn parts(&self) -> Vec<Part> {
        self.services.parts()
    }

    fn is_still(&self) -> bool {
        self.services.is_still()
    }
}
