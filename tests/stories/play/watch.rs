//! What must not happen at any moment of a release behind a load balancer, read from the journal.

use std::time::Duration;

use rehearsal_core::{
    clock::Moment,
    stage,
    world::journal::{Entry, Set, What},
};

use super::clock;

/// What a moment looks like, and what it came from. Of two, the primary's or blue is first.
struct Watch {
    drain: Duration,
    groups: [&'static str; 2],
    weights: [u32; 2],
    /// Healthy targets.
    healthy: [u32; 2],
    /// Desired counts of both services; of task sets the first is that of their service.
    desired: (u32, u32),
    /// Task sets.
    sets: Vec<Set>,
    /// When a group's weight last went down.
    lowered: [Option<Moment>; 2],
}

/// What is watched.
pub(super) struct Watched {
    /// From when on.
    pub(super) from: Moment,
    /// The deregistration delay.
    pub(super) drain: Duration,
    /// Both target groups.
    pub(super) groups: [&'static str; 2],
    /// Whether there is a version whose targets become unhealthy: nobody can keep its group from having none.
    pub(super) sick: bool,
}

/// What went wrong with weights and tasks, and when.
pub(super) fn broken_promises(journal: &[Entry], watched: &Watched) -> Vec<String> {
    let mut watch = Watch::of(watched.groups, watched.drain);
    let mut told = Vec::new();
    for moment in journal.chunk_by(|a, b| a.at == b.at) {
        let at = moment[0].at;
        let raised = watch.take(moment, &mut |words| told.push((at, words)));
        if !watched.sick || raised {
            told.extend(watch.weight_on_nobody().map(|words| (at, words)));
        }
    }
    told.retain(|(at, _)| *at >= watched.from);
    told.dedup_by(|(_, a), (_, b)| a == b);
    let timed = told
        .into_iter()
        .map(|(at, words)| format!("{} {words}", clock(at)));
    timed.collect()
}

impl Watch {
    fn of(groups: [&'static str; 2], drain: Duration) -> Self {
        Self {
            drain,
            groups,
            weights: [0; 2],
            healthy: [0; 2],
            desired: (0, 0),
            sets: Vec::new(),
            lowered: [None; 2],
        }
    }

    /// Takes what happened at one moment; answers whether a group has got more weight.
    fn take(&mut self, moment: &[Entry], tell: &mut dyn FnMut(String)) -> bool {
        let before = self.weights;
        for Entry { at, what } in moment {
            match what {
                What::Weights { groups, .. } => self.weigh(*at, groups),
                What::Targets { group, healthy, .. } => {
                    if let Some(index) = self.index(group) {
                        self.healthy[index] = *healthy;
                    }
                }
                What::Service {
                    service, desired, ..
                } if service == stage::PRIMARY => self.desired.0 = *desired,
                What::Service {
                    service, desired, ..
                } if service == stage::CANARY => {
                    if *desired < self.desired.1 {
                        self.taken_too_early(1, *at, *desired).map(&mut *tell);
                    }
                    self.desired.1 = *desired;
                }
                What::Sets { sets, .. } => {
                    for set in sets {
                        self.note_set(*at, set, sets).map(&mut *tell);
                    }
                    self.sets.clone_from(sets);
                }
                _ => {}
            }
        }
        (0..2).any(|index| self.weights[index] > before[index])
    }

    fn index(&self, group: &str) -> Option<usize> {
        self.groups.iter().position(|it| *it == group)
    }

    fn weigh(&mut self, at: Moment, groups: &[(String, u32)]) {
        for index in 0..2 {
            let own = groups.iter().find(|(it, _)| *it == self.groups[index]);
            let weight = own.map_or(0, |(_, weight)| *weight);
            if weight < self.weights[index] {
                self.lowered[index] = Some(at);
            }
            self.weights[index] = weight;
        }
    }

    /// Requests go where nobody is, although somebody is elsewhere.
    fn weight_on_nobody(&self) -> Option<String> {
        let [one, other] = self.weights;
        let is_nobody = |index: &usize| {
            let elsewhere = self.healthy[1 - index];
            self.weights[*index] > 0 && self.healthy[*index] == 0 && elsewhere > 0
        };
        let group = self.groups[[0, 1].iter().copied().find(is_nobody)?];
        Some(format!(
            "{group} has no healthy target at weights {one} and {other}"
        ))
    }

    /// A task set as it is now, among others which may be in its group, too.
    fn note_set(&self, at: Moment, set: &Set, all: &[Set]) -> Option<String> {
        let before = self.sets.iter().find(|it| it.id == set.id)?;
        let fewer = set.computed < before.computed;
        let group = self.index(&set.group).filter(|_| fewer)?;
        let in_group = all.iter().filter(|it| it.group == set.group);
        self.taken_too_early(group, at, in_group.map(|it| it.computed).sum())
    }

    /// Tasks go although the share of their group needs them, or while they finish what they got.
    fn taken_too_early(&self, group: usize, at: Moment, to: u32) -> Option<String> {
        let ([one, other], name) = (self.weights, self.groups[group]);
        let needed = (self.desired.0 * self.weights[group]).div_ceil((one + other).max(1));
        if to < needed {
            return Some(format!(
                "{name} lowered to {to} tasks at weights {one} and {other}"
            ));
        }
        let lowered = self.lowered[group].filter(|at_| at.since(*at_) < self.drain)?;
        Some(format!(
            "{name} lowered to {to} tasks {} s after its weight went down",
            at.since(lowered).as_secs()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIR: [&str; 2] = [stage::PRIMARY_GROUP, stage::CANARY_GROUP];

    /// A pair that has lowered its canary's weight from 50 to 0 with two tasks, and what follows so many seconds later.
    fn after(seconds: u64, what: What) -> Vec<String> {
        let at = |seconds: u64| Moment(1_790_928_000_000) + Duration::from_secs(seconds);
        let entry = |seconds, what| Entry {
            at: at(seconds),
            what,
        };
        let journal = [
            entry(0, weights(50, 50)),
            entry(0, service(stage::PRIMARY, 4)),
            entry(0, service(stage::CANARY, 2)),
            entry(0, targets(stage::PRIMARY_GROUP, 4)),
            entry(0, targets(stage::CANARY_GROUP, 2)),
            entry(10, weights(100, 0)),
            entry(10 + seconds, what),
        ];
        let watched = Watched {
            from: at(0),
            drain: Duration::from_secs(30),
            groups: PAIR,
            sick: false,
        };
        broken_promises(&journal, &watched)
    }

    fn weights(primary: u32, canary: u32) -> What {
        What::Weights {
            rule: "rule".to_owned(),
            groups: vec![
                (stage::PRIMARY_GROUP.to_owned(), primary),
                (stage::CANARY_GROUP.to_owned(), canary),
            ],
        }
    }

    fn service(name: &str, desired: u32) -> What {
        What::Service {
            service: name.to_owned(),
            desired,
            running: Vec::new(),
        }
    }

    fn targets(group: &str, healthy: u32) -> What {
        What::Targets {
            group: group.to_owned(),
            healthy,
            initial: 0,
            ailing: 0,
        }
    }

    #[test]
    fn tasks_may_go_once_their_targets_have_finished() {
        assert_eq!(after(30, service(stage::CANARY, 1)), [""; 0]);
        assert_eq!(
            after(29, service(stage::CANARY, 1)),
            ["0:39 orders-canary lowered to 1 tasks 29 s after its weight went down"]
        );
    }

    #[test]
    fn tasks_may_not_go_that_the_share_needs() {
        let told = |weight| {
            let entry = |what| Entry {
                at: Moment(1_790_928_000_000),
                what,
            };
            let mut watch = Watch::of(PAIR, Duration::ZERO);
            let mut told = Vec::new();
            let moment = [
                entry(weights(100 - weight, weight)),
                entry(service(stage::PRIMARY, 4)),
                entry(service(stage::CANARY, 2)),
                entry(service(stage::CANARY, 1)),
            ];
            watch.take(&moment, &mut |words| told.push(words));
            told
        };
        assert_eq!(told(25), [""; 0]);
        assert_eq!(
            told(50),
            ["orders-canary lowered to 1 tasks at weights 50 and 50"]
        );
    }

    #[test]
    fn requests_may_not_go_to_nobody_while_somebody_is_elsewhere() {
        assert_eq!(after(60, targets(stage::CANARY_GROUP, 0)), [""; 0]);
        assert_eq!(
            after(60, targets(stage::PRIMARY_GROUP, 0)),
            ["1:10 orders-primary has no healthy target at weights 100 and 0"]
        );
    }
}
