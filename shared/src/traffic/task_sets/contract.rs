//! A service of task sets in simulated accounts, for the contract.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::{
    Before, Change, Seen, TaskSets,
    tests::{behind_a_load_balancer, bootstrap, model, set},
};
use crate::{
    aws::task_set::{External, NewSet, Scale, Status, TaskSet},
    clock::Timestamp,
    fixtures::{
        EVERY, Harm, Part, Speed, definition, foreign, forwarding, image, now, orders, registered,
        release,
    },
    known::Known,
    names::{ForwardArn, TaskSetId},
    parts::{
        plan::Mode,
        rules::{self, Forward, Groups, world as balancer},
        task_definition::{Asked, Definition, Digests, Wanted},
    },
    traffic::contract::{Admitted, Place, Tried, World},
};

/// Of a slow account every so-manieth call gets lost.
const LOSES: usize = 5;

/// AWS takes no more sets of a service, also counting those that drain.
const MOST_SETS: usize = 5;

/// A service and its sets.
#[derive(Debug, Clone)]
pub(in crate::traffic) struct Sets {
    speed: Speed,
    external: External,
    /// The set that was PRIMARY, if one was.
    found: Option<TaskSetId>,
    /// Sets of an earlier release.
    kept: Vec<TaskSetId>,
    /// As many tasks as there may be at any moment.
    most: Option<u32>,
    /// What automatic scaling wants, look by look, over and over.
    wishes: Vec<u32>,
    /// The candidate, once it is registered.
    latest: Option<Definition>,
    tokens: Vec<String>,
    /// Looks since sets were deleted.
    drains: Vec<(TaskSetId, usize)>,
    calls: usize,
    looks: usize,
    /// The most tasks of the stable set that have run since the look began.
    ran: u32,
    /// Whether the candidate's set was PRIMARY.
    was_primary: bool,
    /// When.
    now: Timestamp,
    /// What sends requests, if something does.
    balancer: Option<Balancer>,
}

/// What sends requests to both sets' targets.
#[derive(Debug, Clone)]
struct Balancer {
    world: balancer::World,
    groups: Groups,
    is_swapped: bool,
}

/// Always rounded up.
fn computed(scale: Scale, desired: u32) -> u32 {
    let enough = |tasks: &u32| f64::from(*tasks) * 100.0 >= f64::from(desired) * scale.0;
    (0..desired).find(enough).unwrap_or(desired)
}

impl Sets {
    fn place(
        name: &'static str,
        (model, desired): (TaskSets, u32),
        shares: &[u8],
        speed: Speed,
    ) -> Place<TaskSets> {
        let primary = set(1, Status::Primary, &orders(7), (Scale::ALL, desired));
        Place {
            name,
            speed,
            world: Self {
                speed,
                found: Some(primary.id.clone()),
                external: External {
                    name: model.service.clone(),
                    desired,
                    sets: vec![primary],
                    deployed: None,
                },
                kept: Vec::new(),
                most: model.queue().and_then(|queue| queue.max_tasks),
                wishes: Vec::new(),
                latest: None,
                tokens: Vec::new(),
                drains: Vec::new(),
                calls: 0,
                looks: 0,
                ran: desired,
                was_primary: false,
                now: now(),
                balancer: None,
            },
            model: Tried::new(model),
            shares: shares.to_vec(),
        }
    }

    /// Behind a load balancer that sends everything to one of both groups.
    fn balanced(
        name: &'static str,
        (is_swapped, weight, drain_seconds): (bool, u16, u64),
        desired: u32,
        shares: &[u8],
        speed: Speed,
    ) -> Place<TaskSets> {
        let model = behind_a_load_balancer();
        let balanced = model.balanced().expect("a load balancer").clone();
        let place = balanced.place(is_swapped);
        let (stable, candidate) = place.groups();
        let groups = [(stable.clone(), weight), (candidate.clone(), 0)];
        let forwards = place.forwards().map(|rule| {
            let read = Forward::read(place.groups(), rule, forwarding(&groups));
            read.expect("a forward action")
        });
        let mut at = Self::place(name, (model, desired), shares, speed);
        let balancers =
            json!([{"targetGroupArn": stable, "containerName": "app", "containerPort": 80}]);
        let primary = &mut at.world.external.sets[0];
        primary
            .launch
            .0
            .insert("loadBalancers".to_owned(), balancers);
        at.world.balancer = Some(Balancer {
            world: balancer::World::new(&place, forwards.collect(), [desired, 0], speed),
            groups: Groups {
                drain_seconds,
                ..groups_of(&place)
            },
            is_swapped,
        });
        at
    }

    /// An earlier release has kept the set that it has taken the place of.
    fn with_kept(mut self) -> Self {
        let mut kept = set(9, Status::Active, &orders(6), (Scale::NONE, 0));
        kept.external_id = Some("an earlier release".to_owned());
        self.kept.push(kept.id.clone());
        self.external.sets.push(kept);
        self
    }

    fn without_a_set(mut self) -> Self {
        self.found = None;
        self.external.sets.clear();
        self
    }

    fn set_mut(&mut self, id: &TaskSetId) -> Option<&mut TaskSet> {
        let mut sets = self.external.sets.iter_mut();
        sets.find(|set| set.id == *id && set.is_there())
    }

    /// The set that runs what was found.
    fn stable(&self) -> Option<&TaskSet> {
        match &self.found {
            Some(id) => self.external.set(id),
            None => self.external.first_of(&release()),
        }
    }

    /// Whether it is there for a rollback alone: it has no task, and another one is PRIMARY.
    fn is_kept(stable: Option<&TaskSet>) -> bool {
        let is_unused = |it: &TaskSet| it.scale.is_none() && it.running == 0;
        stable.is_some_and(|it| it.status == Status::Active && is_unused(it))
    }

    fn made(&self) -> Option<&TaskSet> {
        let made = release();
        let mut made = self.external.of(&made).filter(|set| set.is_there());
        made.next()
            .map(|it| &it.id)
            .and_then(|id| self.external.set(id))
    }

    fn running(&self) -> u32 {
        self.external.sets.iter().map(|set| set.running).sum()
    }

    fn create(&mut self, new: &NewSet) {
        if self.tokens.contains(&new.token) || self.external.sets.len() >= MOST_SETS {
            return;
        }
        self.tokens.push(new.token.clone());
        let number = if new.replaces.is_some() { 100 } else { 1 };
        let id = u32::try_from(number + self.tokens.len()).expect("a small number");
        self.external.sets.push(TaskSet {
            external_id: Some(new.external_id()),
            launch: new.launch.clone(),
            ..set(id, Status::Active, &new.task_definition, (Scale::NONE, 0))
        });
    }

    fn make_primary(&mut self, id: &TaskSetId) {
        if self.set_mut(id).is_none() {
            return;
        }
        self.was_primary |= self.made().is_some_and(|it| it.id == *id);
        for set in self.external.sets.iter_mut().filter(|set| set.is_there()) {
            set.status = if set.id == *id {
                Status::Primary
            } else {
                Status::Active
            };
        }
    }

    fn delete(&mut self, id: &TaskSetId) {
        let Some(set) = self.set_mut(id).filter(|it| it.status != Status::Primary) else {
            return;
        };
        (set.status, set.scale, set.computed) = (Status::Draining, Scale::NONE, 0);
        set.is_steady = false;
        self.drains.push((id.clone(), 0));
    }

    /// ECS gets on: at once, or first with what it has computed and then with what is to be computed.
    fn get_on(&mut self) {
        let desired = self.external.desired;
        for set in &mut self.external.sets {
            if self.speed == Speed::Slow {
                (set.running, set.is_steady) = (set.computed, true);
            }
            let to = computed(set.scale, desired);
            set.is_steady &= set.computed == to;
            set.computed = to;
            if self.speed == Speed::Fast {
                (set.running, set.is_steady) = (to, true);
            }
        }
        self.ran = self.ran.max(self.stable().map_or(0, |it| it.running));
        let gone = if self.speed == Speed::Fast { 0 } else { EVERY };
        let drains = self.drains.iter().filter(|(_, looks)| *looks >= gone);
        let gone: Vec<_> = drains.map(|(id, _)| id.clone()).collect();
        self.external.sets.retain(|set| !gone.contains(&set.id));
        self.drains.retain(|(id, _)| !gone.contains(id));
    }
}

impl Sets {
    /// Tasks that run of both sets.
    fn able(&self) -> [u32; 2] {
        let running = |set: Option<&TaskSet>| set.map_or(0, |it| it.running);
        let made = release();
        let made = self.external.of(&made).map(|it| it.running).sum();
        [running(self.stable()), made]
    }

    /// Targets that are gone answer no more, and new ones soon.
    fn catch_up(&mut self) {
        let (able, is_fast) = (self.able(), self.speed == Speed::Fast);
        if let Some(balancer) = &mut self.balancer {
            balancer.world.lose(able);
            if is_fast {
                balancer.world.heal(able);
            }
        }
    }

    /// Tasks go only when nothing is sent to them any more, and what was is answered.
    fn may_take(&self, change: &Change) -> Result<(), Harm> {
        let Some(balancer) = &self.balancer else {
            return Ok(());
        };
        let (id, to) = match change {
            Change::Scale { set, to, .. } => (set, *to),
            Change::Delete { set, .. } => (set, Scale::NONE),
            _ => return Ok(()),
        };
        let Some(set) = self.external.set(id) else {
            return Ok(());
        };
        let is_stable = self.stable().is_some_and(|it| it.id == *id);
        let which = usize::from(!is_stable);
        let left = computed(to, self.external.desired);
        let (version, needed, _) = balancer.world.loads(self.external.desired)[which];
        let drain = Duration::from_secs(balancer.groups.drain_seconds);
        let is_draining = balancer.world.are_draining(drain, self.now)[which];
        if left < set.computed && (left < needed || is_draining) {
            return Err(Harm::Unfinished(format!(
                "{version} keeps {left} tasks, its requests take {needed}, and others may not be answered"
            )));
        }
        Ok(())
    }

    /// Whoever gets requests can take them.
    fn is_borne(&self, balancer: &Balancer, goes_back: bool) -> Result<(), Harm> {
        let loads = balancer.world.loads(self.external.desired);
        let is_anybody_able = loads.iter().any(|(.., healthy)| *healthy > 0);
        for (version, needed, healthy) in loads {
            // While a release is rolled back whoever answers takes all there is.
            let is_enough = if goes_back {
                healthy > 0 || needed == 0 || !is_anybody_able
            } else {
                healthy >= needed
            };
            if !is_enough && self.is_still() {
                return Err(Harm::Overload(format!(
                    "{version} has {healthy} healthy targets, and its requests take {needed}"
                )));
            }
        }
        Ok(())
    }

    fn sends_candidate(&self) -> bool {
        self.balancer
            .as_ref()
            .is_some_and(|it| it.world.sends_canary())
    }
}

/// Both groups of a place, of its load balancer.
fn groups_of(place: &rules::Place) -> Groups {
    let balancers = place.forwards().map(ForwardArn::load_balancer);
    let balancers: Vec<_> = balancers.collect();
    Groups {
        primary: balancers.clone(),
        canary: balancers,
        drain_seconds: 0,
    }
}

impl Admitted for TaskSets {
    type World = Sets;

    const DRAINS: bool = true;

    fn places(speed: Speed) -> Vec<Place<Self>> {
        let additive = |most| model(Mode::Additive, most);
        let constant = |most| model(Mode::ConstantTotal, most);
        let place = |name, of, shares: &[u8]| Sets::place(name, of, shares, speed);
        let balanced =
            |name, how, desired, shares: &[u8]| Sets::balanced(name, how, desired, shares, speed);
        let mut kept = place("after an earlier release", (additive(None), 3), &[25]);
        kept.world = kept.world.with_kept();
        let mut first = place("without a set", (bootstrap(), 3), &[25]);
        first.world = first.world.without_a_set();
        let mut moved = place("scaled while it is released", (constant(None), 3), &[40]);
        moved.world.wishes = vec![3, 3, 3, 5, 5, 4, 4];
        vec![
            place("additive", (additive(None), 4), &[20, 50, 0, 25]),
            place(
                "additive with room for one task",
                (additive(Some(5)), 4),
                &[20],
            ),
            place("constantTotal", (constant(None), 4), &[25, 50, 100]),
            place(
                "constantTotal with room for one task",
                (constant(Some(5)), 4),
                &[75, 25],
            ),
            place(
                "constantTotal, seven tasks",
                (constant(None), 7),
                &[14, 43, 86],
            ),
            kept,
            first,
            moved,
            balanced(
                "behind a load balancer",
                (false, 100, 120),
                4,
                &[10, 50, 20],
            ),
            balanced("in the other group", (true, 1, 25), 3, &[50, 100]),
        ]
    }

    fn any(speed: Speed) -> BoxedStrategy<Place<Self>> {
        let shares = |most: u8| prop::collection::vec(1u8..=most, 1..4);
        let additive = (Just(Mode::Additive), 1u32..9, shares(50));
        let constant = (Just(Mode::ConstantTotal), 2u32..9, shares(100));
        let consumers = prop_oneof![additive, constant].prop_map(move |(mode, desired, shares)| {
            Sets::place("any", (model(mode, None), desired), &shares, speed)
        });
        let drain = prop_oneof![Just(0u64), Just(25), Just(120)];
        let weight = prop_oneof![Just(1u16), Just(100), Just(999)];
        let balanced = (any::<bool>(), weight, drain, 1u32..9, shares(100));
        let balanced = balanced.prop_map(move |(is_swapped, weight, drain, desired, shares)| {
            let how = (is_swapped, weight, drain);
            Sets::balanced("any", how, desired, &shares, speed)
        });
        let how = (prop_oneof![consumers, balanced], any::<bool>());
        how.prop_map(move |(mut place, is_kept)| {
            if is_kept {
                place.world = place.world.with_kept();
            }
            place
        })
        .boxed()
    }

    fn elsewhere(&self) -> Self {
        Self {
            service: "payments".try_into().expect("a name"),
            ..self.clone()
        }
    }
}

impl World for Sets {
    type Seen = Seen;
    type Before = Before;
    type Change = Change;

    fn before(&self) -> Before {
        let stable = definition("orders:v1");
        let wanted = Wanted::of(image("orders:v2", None), &stable, &orders(7));
        Before {
            stable,
            asked: wanted.map(|wanted| Asked {
                wanted,
                digests: Digests::default(),
            }),
            of_releases: self.kept.clone(),
            groups: self.balancer.as_ref().map(|it| it.groups.clone()),
        }
    }

    fn seen(&self) -> Seen {
        let rules = self.balancer.as_ref().map(|it| {
            let seen = it.world.seen(self.able());
            if it.is_swapped { seen.flipped() } else { seen }
        });
        Seen {
            service: Known::Known(self.external.clone()),
            rules,
            exits: Known::Known(Vec::new()),
            dead_letters: Known::Known(Some(0)),
            queue: Known::Known(()),
            latest: self.latest.clone(),
        }
    }

    fn hidden(&self) -> Vec<(&'static str, Seen)> {
        let service = Seen {
            service: Known::nothing(),
            ..self.seen()
        };
        let exits = Seen {
            exits: Known::nothing(),
            ..self.seen()
        };
        let dead_letters = Seen {
            dead_letters: Known::nothing(),
            ..self.seen()
        };
        let mut hidden = vec![
            ("the service", service),
            ("tasks that have ended", exits),
            ("the dead-letter queue", dead_letters),
        ];
        let rules = self.seen().rules;
        let rules = rules.iter().flat_map(balancer::World::hidden);
        hidden.extend(rules.map(|(what, rules)| {
            let rules = Some(rules);
            (
                what,
                Seen {
                    rules,
                    ..self.seen()
                },
            )
        }));
        hidden
    }

    fn hasty(seen: Seen) -> Seen {
        let service = seen.service.map(|mut external| {
            for set in external.sets.iter_mut().filter(|set| set.is_there()) {
                set.computed = computed(set.scale, external.desired);
                (set.running, set.is_steady) = (set.computed, true);
            }
            external
        });
        Seen {
            service,
            rules: seen.rules.map(balancer::World::hasty),
            ..seen
        }
    }

    // A stable set has a small number.
    fn right(change: &Change) -> String {
        let right = match change {
            Change::Rules(change) => return balancer::World::right(&change.forward),
            Change::Scale { set, .. } if set.as_str().len() > "ecs-svc/1".len() => {
                "UpdateTaskSet of the candidate's"
            }
            Change::Register { .. } => "RegisterTaskDefinition",
            Change::Create { .. } => "CreateTaskSet",
            Change::Scale { .. } => "UpdateTaskSet",
            Change::MakePrimary { .. } => "UpdateServicePrimaryTaskSet",
            Change::Delete { .. } => "DeleteTaskSet",
        };
        format!("ecs:{right}")
    }

    fn may(&self, change: &Change) -> Result<(), Harm> {
        let elsewhere = || Err(Harm::Elsewhere(change.to_string()));
        let (service, set) = match change {
            Change::Register { .. } => return Ok(()),
            Change::Rules(change) => {
                let balancer = self.balancer.as_ref().map(|it| &it.world);
                return balancer.map_or_else(elsewhere, |it| it.may(&change.forward));
            }
            Change::Create { service, .. } => (service, None),
            Change::Scale { service, set, .. }
            | Change::MakePrimary { service, set }
            | Change::Delete { service, set } => (service, Some(set)),
        };
        if *service != self.external.name {
            return elsewhere();
        }
        let (stable, made) = (self.stable(), self.made());
        let is = |known: Option<&TaskSet>| set.is_some() && known.map(|it| &it.id) == set;
        let stops = match change {
            Change::Delete { set, .. } if self.kept.contains(set) => return Ok(()),
            Change::Delete { .. } if is(stable) => {
                return if Self::is_kept(stable) {
                    Ok(())
                } else {
                    elsewhere()
                };
            }
            Change::Delete { .. } => true,
            Change::Scale { to, .. } => to.is_none(),
            Change::Register { .. }
            | Change::Create { .. }
            | Change::MakePrimary { .. }
            | Change::Rules(_) => false,
        };
        // What arrives late may have taken them again.
        let is_alone = made.is_some_and(|it| it.running > 0) && self.ran == 0;
        if stops && is(made) && is_alone {
            return Err(Harm::Overload(format!("{change}, and it has all tasks")));
        }
        self.may_take(change)
    }

    fn take(&mut self, change: &Change) {
        self.calls += 1;
        let is_lost = self.speed == Speed::Slow && self.calls.is_multiple_of(LOSES);
        // The stopping call goes out once.
        let stops = matches!(change, Change::Scale { to, .. } if to.is_none());
        if is_lost && !stops {
            return;
        }
        match change {
            Change::Register { definition } => {
                self.latest = Some(registered(definition));
            }
            Change::Create { set, .. } => self.create(set),
            Change::Scale { set, to, .. } => {
                if let Some(set) = self.set_mut(set) {
                    set.scale = *to;
                }
            }
            Change::MakePrimary { set, .. } => self.make_primary(set),
            Change::Delete { set, .. } => self.delete(set),
            Change::Rules(change) => {
                if let Some(balancer) = &mut self.balancer {
                    balancer.world.take(change, self.now);
                }
            }
        }
        if self.speed == Speed::Fast {
            self.get_on();
        }
        self.catch_up();
    }

    fn pass(&mut self, now: Timestamp) {
        self.now = now;
        let able = self.able();
        if let Some(balancer) = &mut self.balancer {
            balancer.world.heal(able);
            balancer.world.pass(now);
        }
        self.looks += 1;
        if !self.wishes.is_empty() {
            self.external.desired = self.wishes[self.looks % self.wishes.len()];
        }
        for (_, looks) in &mut self.drains {
            *looks += 1;
        }
        self.ran = 0;
        self.get_on();
        self.catch_up();
    }

    fn tamper(&mut self) {
        let made = self.made().map(|it| it.id.clone());
        if let Some(set) = made.and_then(|id| self.set_mut(&id)) {
            set.task_definition = foreign();
        }
    }

    fn bears(&self, goes_back: bool) -> Result<(), Harm> {
        if let Some(balancer) = &self.balancer {
            return self.is_borne(balancer, goes_back);
        }
        // While a release is rolled back bad consumers stop first, and the others catch up.
        if goes_back || !self.is_still() || self.external.primary().is_none() {
            return Ok(());
        }
        let desired: u32 = self.external.sets.iter().map(|set| set.computed).sum();
        if let Some(most) = self.most.filter(|most| desired > *most) {
            return Err(Harm::Overload(format!("{desired} tasks of at most {most}")));
        }
        let (running, all) = (self.running(), self.external.desired);
        if running < all {
            return Err(Harm::Overload(format!(
                "{running} tasks for the work of {all}"
            )));
        }
        Ok(())
    }

    fn is_stopped(&self) -> bool {
        let made = release();
        let is_idle = self.external.of(&made).all(|set| set.running == 0);
        // Once it was PRIMARY the stable set's tasks come first.
        let is_replaced =
            self.was_primary && self.stable().is_some_and(|it| it.scale.is(Scale::ALL));
        // And they may still be taken by what is under way: then requests have to stay.
        is_idle
            || is_replaced
            || self.balancer.is_some() && (self.was_primary || !self.sends_candidate())
    }

    // What has all tasks loses them only to what is seen to run; and what somebody may have done to the rules has to be seen before
    // requests are sent anywhere.
    fn is_stopped_blindly(&self) -> bool {
        if self.balancer.is_some() {
            return true;
        }
        let has_all =
            |it: &TaskSet| it.status == Status::Primary || it.running >= self.external.desired;
        self.is_stopped() || self.made().is_some_and(has_all)
    }

    fn stops_by(&self) -> Vec<String> {
        let rules = self.balancer.iter().flat_map(|it| &it.world.forwards);
        let rules = rules.map(|rule| balancer::World::right(&rule.arn));
        rules.chain(["ecs:UpdateTaskSet".to_owned()]).collect()
    }

    fn parts(&self) -> Vec<Part> {
        let part = |what: &str, is: String, takes: &[&str]| Part {
            what: what.to_owned(),
            is,
            takes: takes.iter().map(|right| format!("ecs:{right}")).collect(),
            is_given_back: false,
            is_left: false,
        };
        let stable = self.stable();
        let primary = self.external.primary().map(|it| &it.id);
        let is_stable = primary.is_none() || primary == stable.map(|it| &it.id);
        // A first set is on its way until it is PRIMARY, and stays.
        let whole = stable.filter(|it| it.status == Status::Primary || self.found.is_some());
        let scale = whole.map_or(Scale::ALL, |it| it.scale);
        let is_gone = self.made().is_none() && self.able()[1] == 0;
        let rules = self.balancer.iter().flat_map(|it| it.world.parts());
        let mut parts = vec![
            part("the stable task set", scale.to_string(), &["UpdateTaskSet"]),
            part(
                "the PRIMARY",
                if is_stable { "stable" } else { "another" }.to_owned(),
                &["UpdateServicePrimaryTaskSet", "UpdateTaskSet"],
            ),
            part(
                "the candidate's task set",
                if is_gone { "gone" } else { "there" }.to_owned(),
                &[
                    "DeleteTaskSet",
                    "UpdateServicePrimaryTaskSet",
                    "UpdateTaskSet",
                ],
            ),
        ];
        // It keeps its tasks until requests are where they were.
        parts[2].takes.extend(self.stops_by());
        parts.extend(rules.map(|mut part| {
            part.takes.push("ecs:UpdateTaskSet".to_owned());
            part
        }));
        parts
    }

    fn is_still(&self) -> bool {
        self.wishes.is_empty()
    }
}
