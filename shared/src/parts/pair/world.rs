//! Two services in a simulated account.

use std::time::Duration;

use proptest::prelude::*;

use super::{
    Before, Change, Deployment, FoundService, Listed, Pair, Rollout, ScalableTarget, Seen, Service,
    Suspended,
};
use crate::{
    clock::Timestamp,
    fixtures::{
        EVERY, Harm, Part, Speed, before, candidate, definition, foreign, image, registered,
        running_tasks,
    },
    known::Known,
    names::{ServiceName, TaskDefinitionArn},
    parts::task_definition::{Definition, Digests},
};

/// AWS: no schedule is finer than a minute.
const BETWEEN_ACTIONS: Duration = Duration::from_mins(1);

/// What the primary's automatic scaling wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Nothing.
    Nothing,
    /// A policy wants a count.
    Count(u32),
    /// A scheduled action sets the bounds.
    Bounds(u32, u32),
}

/// The services, and how ECS gets on with them.
#[derive(Debug, Clone)]
pub(crate) struct World {
    /// When.
    pub(crate) now: Timestamp,
    /// The primary.
    pub(crate) primary: Service,
    /// The canary.
    pub(crate) canary: Service,
    /// What the primary's automatic scaling wants, look by look, over and over.
    pub(crate) wishes: Vec<Wish>,
    /// What no task of the primary ever answers on.
    pub(crate) sick: Option<TaskDefinitionArn>,
    speed: Speed,
    looks: usize,
    /// What the primary was like, and the bounds that a scheduled action has set last.
    found: FoundService,
    theirs: Option<ScalableTarget>,
    /// When it did.
    acted: Option<Timestamp>,
    /// After how many looks a slow ECS gets on with the primary, and with the canary.
    waits: [usize; 2],
    /// The candidate, once it is registered.
    latest: Option<Definition>,
}

impl World {
    pub(crate) fn new(primary: Service, canary: Service, now: Timestamp, speed: Speed) -> Self {
        Self {
            now,
            found: FoundService::of(&primary).expect("a deployment"),
            theirs: None,
            acted: None,
            sick: None,
            primary,
            canary,
            wishes: Vec::new(),
            speed,
            looks: 0,
            waits: [EVERY; 2],
            latest: None,
        }
    }

    /// What a release begins with: another image.
    pub(crate) fn before() -> Before {
        let image = image("orders:v2", None);
        before(definition("orders:v1"), image, Digests::default())
    }

    pub(crate) fn seen(&self) -> Seen {
        Seen {
            primary: Known::Known(self.primary.clone()),
            canary: Known::Known(self.canary.clone()),
            scaling: None,
            listed: Listed::default(),
            exits: Known::Known(Vec::new()),
            tasks: self.in_question().map(|service| {
                let tasks = service.deployments.iter();
                let tasks = tasks.flat_map(|it| running_tasks(&it.task_definition, it.running));
                tasks.collect()
            }),
            latest: self.latest.clone(),
            inactive: Vec::new(),
            left_over: Known::Known(Vec::new()),
        }
    }

    /// The service whose tasks decide: the primary from when it is on the candidate.
    fn in_question(&self) -> Option<&Service> {
        let services = [&self.primary, &self.canary].into_iter();
        let mut on = services.filter(|service| service.is_on(&candidate()));
        on.next()
    }

    /// What could not be seen by itself, each in turn.
    pub(crate) fn hidden(&self) -> Vec<(&'static str, Seen)> {
        let (seen, why) = (self.seen(), Seen::nothing());
        let without_primary = Seen {
            primary: why.primary.clone(),
            ..seen.clone()
        };
        let without_canary = Seen {
            canary: why.canary.clone(),
            ..seen.clone()
        };
        let without_scaling = Seen {
            scaling: why.primary.unseen().cloned(),
            ..seen
        };
        vec![
            ("the primary", without_primary),
            ("the canary", without_canary),
            ("automatic scaling", without_scaling),
        ]
    }

    /// The same as if everything that is on its way were there.
    pub(crate) fn hasty(mut seen: Seen) -> Seen {
        let arrived = |service: &Service| {
            let newest = service.newest()?.task_definition.clone();
            let there = service.clone().tasks(service.desired).on(&newest);
            Some(Service {
                pending: 0,
                ..there
            })
        };
        for service in [&mut seen.primary, &mut seen.canary] {
            if let Some(there) = service.get().and_then(arrived) {
                *service = Known::Known(there);
            }
        }
        let services = [&seen.primary, &seen.canary].into_iter();
        let services = services.filter_map(Known::get);
        let on = services.filter(|service| service.is_on(&candidate()));
        let tasks = { on }
            .next()
            .map(|it| running_tasks(&candidate(), it.desired));
        seen.tasks = tasks;
        seen
    }

    /// The call that a change takes, and what of: it may be denied by itself.
    pub(crate) fn right(change: &Change) -> String {
        match change {
            Change::UpdateService { service, .. } | Change::Redeploy { service, .. } => {
                updates(service)
            }
            Change::Scale { service, .. } => scales(service),
            Change::StopTask { service, .. } => format!("ecs:StopTask of {service}"),
            Change::Register { .. } => "ecs:RegisterTaskDefinition".to_owned(),
        }
    }

    /// Whether a change is one of this pair.
    pub(crate) fn may(&self, change: &Change) -> Result<(), Harm> {
        let pair = [&self.primary.name, &self.canary.name];
        let is_here = match change {
            Change::Register { .. } => true,
            Change::UpdateService { service, .. }
            | Change::Redeploy { service, .. }
            | Change::Scale { service, .. }
            | Change::StopTask { service, .. } => pair.contains(&service),
        };
        is_here
            .then_some(())
            .ok_or_else(|| Harm::Elsewhere(change.to_string()))
    }

    /// Does what it is told.
    pub(crate) fn take(&mut self, change: &Change) {
        let now = self.now;
        match change {
            Change::Register { definition } => {
                self.latest = Some(registered(definition));
            }
            Change::UpdateService {
                service,
                task_definition,
                desired,
            } => {
                let service = self.service(service);
                if let Some(other) = task_definition.as_ref().filter(|it| !service.is_on(it)) {
                    roll_out(service, other, now);
                }
                let desired = desired.unwrap_or(service.desired);
                count(service, desired);
            }
            Change::Redeploy {
                service,
                task_definition,
            } => roll_out(self.service(service), task_definition, now),
            Change::Scale { service, to } => {
                let service = self.service(service);
                service.scaling = Some(*to);
                // AWS: `RegisterScalableTarget` pulls the count into the bounds, whatever else it is called for.
                let pulled = within(*to, service.desired);
                count(service, pulled);
            }
            // No task is protected here.
            Change::StopTask { .. } => {}
        }
        self.catch_up();
    }

    fn service(&mut self, name: &ServiceName) -> &mut Service {
        if self.primary.name == *name {
            &mut self.primary
        } else {
            &mut self.canary
        }
    }

    /// Time has passed: ECS gets on, and the primary's automatic scaling does what it wants, where it may.
    pub(crate) fn pass(&mut self, now: Timestamp) {
        self.now = now;
        self.looks += 1;
        self.scale();
        let services = [&mut self.primary, &mut self.canary];
        let sick = [self.sick.as_ref(), None];
        for ((service, waits), sick) in services.into_iter().zip(&mut self.waits).zip(sick) {
            *waits -= 1;
            let is_due = *waits == 0 || service.is_steady();
            if is_due {
                *waits = EVERY;
            }
            if is_due && self.speed == Speed::Slow {
                get_on(service, sick);
            }
        }
        self.catch_up();
    }

    /// The primary's automatic scaling does what it wants, where it may.
    fn scale(&mut self) {
        let at = self.looks % self.wishes.len().max(1);
        let wish = self.wishes.get(at).copied();
        let (Some(scaling), Some(wish)) = (self.primary.scaling, wish) else {
            return;
        };
        let (is, suspended) = (self.primary.desired, scaling.suspended);
        // AWS: policies take no task away while a deployment is in progress, and go on adding tasks.
        let scales_in = !suspended.scale_in && self.primary.is_rolled_out();
        let is_due = |acted| self.now > acted + BETWEEN_ACTIONS;
        let acts = !suspended.scheduled && self.acted.is_none_or(is_due);
        match wish {
            Wish::Count(to) => {
                let to = within(scaling, to);
                if to < is && scales_in || to > is && !suspended.scale_out {
                    count(&mut self.primary, to);
                }
            }
            Wish::Bounds(min, max) if acts => {
                let moved = ScalableTarget {
                    min,
                    max,
                    ..scaling
                };
                (self.primary.scaling, self.theirs) = (Some(moved), Some(moved));
                self.acted = Some(self.now);
                count(&mut self.primary, within(moved, is));
            }
            Wish::Bounds(..) | Wish::Nothing => {}
        }
    }

    /// How the primary is to be scaled when a release is over.
    fn scaled_again(&self) -> Option<ScalableTarget> {
        let scaling = self.theirs.or(self.found.scaling);
        let primary = Service {
            scaling,
            ..self.primary.clone()
        };
        self.found.respecting(&primary).scaling
    }

    fn catch_up(&mut self) {
        if self.speed == Speed::Fast {
            while get_on(&mut self.primary, self.sick.as_ref()) {}
            while get_on(&mut self.canary, None) {}
        }
    }

    /// Somebody else puts another version on the canary.
    pub(crate) fn tamper(&mut self) {
        let now = self.now;
        roll_out(&mut self.canary, &foreign(), now);
        while get_on(&mut self.canary, None) {}
    }

    /// Tasks of the candidate run on one of the services.
    pub(crate) fn runs_candidate(service: &Service) -> bool {
        let mut deployments = service.deployments.iter();
        deployments.any(|it| it.running > 0 && it.task_definition == candidate())
    }

    /// How many tasks of each service answer.
    pub(crate) fn able(&self) -> [u32; 2] {
        let deployments = self.primary.deployments.iter();
        let able = deployments.filter(|it| Some(&it.task_definition) != self.sick.as_ref());
        [able.map(|it| it.running).sum(), self.canary.running]
    }

    /// Whether automatic scaling wants nothing.
    pub(crate) fn is_still(&self) -> bool {
        self.wishes.is_empty()
    }

    /// What a service runs, its count and its scaling.
    fn parts_of(&self, service: &Service) -> [Part; 3] {
        let Service { name, desired, .. } = service;
        let update = updates(name);
        let version = service.newest();
        let version = version.map_or("nothing", |it| it.task_definition.short());
        let is_moved = !self.is_still();
        let again = [self.scaled_again(), self.theirs.or(self.found.scaling)];
        let is_again = service.name == self.primary.name && again.contains(&service.scaling);
        let is_steady = service.is_steady() || is_moved;
        let how = if is_steady { "steady" } else { "not steady" };
        let version = Part {
            what: format!("the version of {name}"),
            is: format!("{version}, {how}"),
            takes: vec![update.clone()],
            is_given_back: false,
            is_left: false,
        };
        let count = Part {
            what: format!("the count of {name}"),
            is: desired.to_string(),
            takes: vec![update.clone()],
            is_given_back: true,
            is_left: service.scaling.is_some_and(|it| !it.is_as_held()),
        };
        let scaling = Part {
            what: format!("the scaling of {name}"),
            is: if is_again {
                "as it was, or as a scheduled action has set it since".to_owned()
            } else {
                format!("{:?}", service.scaling)
            },
            takes: vec![update, scales(name)],
            is_given_back: true,
            is_left: false,
        };
        [version, count, scaling]
    }

    /// What a release finds and gives back.
    pub(crate) fn parts(&self) -> Vec<Part> {
        let parts = [&self.primary, &self.canary].map(|service| self.parts_of(service));
        parts.into_iter().flatten().collect()
    }
}

impl Pair {
    /// Another pair, as another `TARGET` names it.
    pub(crate) fn elsewhere(&self) -> Self {
        let named = |service: &ServiceName| {
            ServiceName::try_from(format!("{service}-elsewhere")).expect("a service's name")
        };
        Self {
            primary: named(&self.primary),
            canary: named(&self.canary),
            ..self.clone()
        }
    }
}

/// Tasks that a service has whatever happens: giving its bounds back pulls a count that is beyond them.
pub(crate) fn least(service: &Service) -> u32 {
    let pulled = service.scaling.map(|it| within(it, service.desired));
    pulled.map_or(service.desired, |pulled| pulled.min(service.desired))
}

/// The right to change a service.
pub(crate) fn updates(service: &ServiceName) -> String {
    format!("ecs:UpdateService of {service}")
}

/// The right to change how a service is scaled.
pub(crate) fn scales(service: &ServiceName) -> String {
    format!("application-autoscaling:RegisterScalableTarget of {service}")
}

fn within(scaling: ScalableTarget, count: u32) -> u32 {
    count.clamp(scaling.min, scaling.max.max(scaling.min))
}

fn roll_out(service: &mut Service, to: &TaskDefinitionArn, now: Timestamp) {
    for older in &mut service.deployments {
        older.primary = false;
    }
    let newest = Deployment {
        primary: true,
        task_definition: to.clone(),
        desired: service.desired,
        running: 0,
        failed_tasks: 0,
        rollout: Rollout::InProgress,
        reason: None,
        created: now,
    };
    service.deployments.insert(0, newest);
    add_up(service);
}

fn count(service: &mut Service, desired: u32) {
    service.desired = desired;
    service.deployments[0].desired = desired;
    // Tasks that are too many go at once.
    for deployment in &mut service.deployments {
        deployment.running = deployment.running.min(desired);
    }
    add_up(service);
}

/// Tasks of the newest deployment start, and once they answer older ones go. Whether there was anything to do.
fn get_on(service: &mut Service, sick: Option<&TaskDefinitionArn>) -> bool {
    let newest = &mut service.deployments[0];
    if newest.running != newest.desired {
        newest.running = newest.desired;
    } else if newest.rollout != Rollout::Completed && Some(&newest.task_definition) != sick {
        newest.rollout = Rollout::Completed;
        service.deployments.truncate(1);
    } else {
        return false;
    }
    add_up(service);
    true
}

fn add_up(service: &mut Service) {
    let newest = &service.deployments[0];
    service.pending = newest.desired.saturating_sub(newest.running);
    service.running = service.deployments.iter().map(|it| it.running).sum();
}

/// Any automatic scaling of both services, if there is one.
pub(crate) fn scalings() -> impl Strategy<Value = (Option<ScalableTarget>, Option<ScalableTarget>)>
{
    let one = || {
        let target = (0u32..4, 0u32..9, any::<(bool, bool, bool)>());
        prop::option::of(
            target.prop_map(|(min, more, (scale_in, scale_out, scheduled))| {
                let suspended = Suspended {
                    scale_in,
                    scale_out,
                    scheduled,
                };
                ScalableTarget {
                    min,
                    max: min + more,
                    suspended,
                }
            }),
        )
    };
    (one(), one())
}

/// Anything that automatic scaling may want, look by look.
pub(crate) fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    let wish = prop_oneof![
        3 => Just(Wish::Nothing),
        2 => (1u32..12).prop_map(Wish::Count),
        1 => (1u32..4, 0u32..9).prop_map(|(min, more)| Wish::Bounds(min, min + more)),
    ];
    prop_oneof![Just(Vec::new()), prop::collection::vec(wish, 1..12)]
}
