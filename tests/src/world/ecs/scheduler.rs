//! What the service scheduler does next: a pure decision over the tasks it sees.

use std::cmp::Reverse;

/// How far a live task is. Ordered by how little is lost when it is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Liveness {
    /// RUNNING, and unhealthy for longer than it may be: to be replaced.
    Ailing,
    /// Not RUNNING yet.
    Pending,
    /// RUNNING, not yet counted towards the minimum healthy percent.
    Warming,
    /// Healthy, and to be replaced in another Availability Zone.
    Leaving,
    /// Counted towards the minimum healthy percent.
    Healthy,
}

/// A task that is not being stopped.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    /// Position among the account's tasks: later ones are younger.
    pub(super) task: usize,
    /// Whether it belongs to the PRIMARY deployment.
    pub(super) primary: bool,
    pub(super) liveness: Liveness,
    /// Whether it is protected from being one too many.
    pub(super) protected: bool,
}

/// What the scheduler decides over.
#[derive(Debug)]
pub(super) struct Situation {
    pub(super) desired: usize,
    /// `minimumHealthyPercent`.
    pub(super) minimum: usize,
    /// `maximumPercent`.
    pub(super) maximum: usize,
    /// Whether the PRIMARY deployment may start tasks now.
    pub(super) may_start: bool,
    pub(super) members: Vec<Member>,
}

/// What to do.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// How many tasks of the PRIMARY deployment to start.
    pub(super) start: usize,
    /// Tasks that are too many.
    pub(super) stop: Vec<usize>,
}

impl Situation {
    /// Fewest healthy tasks: a percentage of the desired count, rounded up. AWS: API reference,
    /// `DeploymentConfiguration`.
    pub(super) fn lower(&self) -> usize {
        (self.desired * self.minimum)
            .div_ceil(100)
            .min(self.desired)
    }

    /// Most pending and running tasks: a percentage of the desired count, rounded down. AWS: same
    /// page.
    pub(super) fn upper(&self) -> usize {
        self.desired * self.maximum / 100
    }

    fn members_of(&self, primary: bool, liveness: Liveness) -> impl Iterator<Item = &Member> {
        self.members
            .iter()
            .filter(move |member| member.primary == primary && member.liveness == liveness)
    }

    fn of(&self, primary: bool, liveness: Liveness) -> impl Iterator<Item = usize> {
        self.members_of(primary, liveness).map(|member| member.task)
    }

    /// Old tasks that may go.
    fn free(&self, liveness: Liveness) -> impl Iterator<Item = usize> {
        self.members_of(false, liveness)
            .filter(|member| !member.protected)
            .map(|member| member.task)
    }

    /// Unhealthy tasks, those of old deployments first.
    pub(super) fn ailing(&self) -> Vec<usize> {
        self.of(false, Liveness::Ailing)
            .chain(self.of(true, Liveness::Ailing))
            .collect()
    }

    /// Whether a task is to be replaced in another Availability Zone.
    pub(super) fn is_leaving(&self, task: usize) -> bool {
        self.of(true, Liveness::Leaving).any(|it| it == task)
    }

    /// Tasks to be replaced, unhealthy ones first.
    fn replaced(&self) -> Vec<usize> {
        let mut replaced = self.ailing();
        replaced.extend(self.of(true, Liveness::Leaving));
        replaced
    }

    /// Tasks to be replaced that are to go now: as many as have healthy replacements, and where
    /// `maximumPercent` leaves no room for a replacement, one. AWS: developer guide, "Amazon ECS
    /// services", service scheduler concepts; API reference, `DeploymentConfiguration`.
    pub(super) fn retirement(&self) -> Vec<usize> {
        let going = self.replaced();
        let healthy =
            self.of(false, Liveness::Healthy).count() + self.of(true, Liveness::Healthy).count();
        let replaced = (healthy + going.len())
            .saturating_sub(self.desired)
            .min(going.len());
        let missing = self.desired.saturating_sub(self.sound_primary().count());
        let room = self.upper().saturating_sub(self.members.len() - replaced);
        let retired = if self.may_start && missing > room {
            replaced.max(1)
        } else {
            replaced
        };
        going.into_iter().take(retired).collect()
    }

    /// Tasks that would be stopped if they were not protected.
    pub(super) fn held(&self) -> Vec<usize> {
        let unprotected = |member: &Member| Member {
            protected: false,
            ..*member
        };
        let free = Self {
            members: self.members.iter().map(unprotected).collect(),
            ..*self
        };
        let mut stop = free.plan().stop;
        stop.retain(|task| {
            let mut protected = self.members.iter().filter(|member| member.protected);
            protected.any(|member| member.task == *task)
        });
        stop
    }

    /// Decides. Old tasks go as new ones become healthy; where `maximumPercent` leaves no room for
    /// new ones and no unhealthy task is about to make some, old ones go first, down to
    /// `minimumHealthyPercent`. Protected tasks stay, and take room. AWS: developer guide, "Protect
    /// your Amazon ECS tasks from being terminated by scale-in events".
    pub(super) fn plan(&self) -> Plan {
        let mut stop = self.primary_excess();
        let primary = self.sound_primary().count() - stop.len();
        let kept_healthy = self
            .of(true, Liveness::Healthy)
            .filter(|task| !stop.contains(task))
            .count();
        let healthy = kept_healthy + self.of(false, Liveness::Healthy).count();
        let going = self.replaced().len();

        stop.extend(self.free(Liveness::Pending));
        if healthy >= self.lower() {
            stop.extend(self.free(Liveness::Warming));
        }
        let mut live = self.members.len() - stop.len();

        let wanted = if self.may_start {
            self.desired.saturating_sub(primary)
        } else {
            0
        };
        let short_of_room = wanted
            .saturating_sub(self.upper().saturating_sub(live))
            .saturating_sub(going);
        let spare = healthy.saturating_sub(self.lower());
        let drained = healthy
            .saturating_sub(self.desired)
            .max(short_of_room.min(spare));
        let drained: Vec<usize> = self.free(Liveness::Healthy).take(drained).collect();
        live -= drained.len();
        stop.extend(drained);
        Plan {
            start: wanted.min(self.upper().saturating_sub(live)),
            stop,
        }
    }

    fn sound_primary(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| {
            let goes = matches!(member.liveness, Liveness::Ailing | Liveness::Leaving);
            member.primary && !goes
        })
    }

    /// What of the PRIMARY deployment exceeds the desired count: the least useful first, then the
    /// youngest. Never what is protected, and no healthy task that the protected ones cannot replace yet.
    fn primary_excess(&self) -> Vec<usize> {
        let excess = self.sound_primary().count().saturating_sub(self.desired);
        let healthy =
            self.of(true, Liveness::Healthy).count() + self.of(false, Liveness::Healthy).count();
        let mut free: Vec<&Member> = self
            .sound_primary()
            .filter(|member| !member.protected)
            .collect();
        free.sort_by_key(|member| (member.liveness, Reverse(member.task)));
        let spare = healthy.saturating_sub(self.lower());
        let unhealthy = free.partition_point(|member| member.liveness < Liveness::Healthy);
        free.into_iter()
            .take(excess.min(unhealthy + spare))
            .map(|member| member.task)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn situation(desired: usize, minimum: usize, maximum: usize, old: usize) -> Situation {
        Situation {
            desired,
            minimum,
            maximum,
            may_start: true,
            members: (0..old)
                .map(|task| Member {
                    task,
                    primary: false,
                    liveness: Liveness::Healthy,
                    protected: false,
                })
                .collect(),
        }
    }

    #[test]
    fn at_100_to_200_percent_all_new_tasks_start_before_an_old_one_stops() {
        let plan = situation(4, 100, 200, 4).plan();
        assert_eq!((plan.start, plan.stop.len()), (4, 0));
    }

    #[test]
    fn at_50_to_100_percent_half_of_the_old_tasks_make_room_first() {
        let plan = situation(4, 50, 100, 4).plan();
        assert_eq!((plan.start, plan.stop.len()), (2, 2));
    }

    #[test]
    fn a_failed_deployment_starts_nothing_but_still_shrinks_to_zero() {
        let mut failed = situation(0, 100, 200, 4);
        failed.may_start = false;
        let plan = failed.plan();
        assert_eq!((plan.start, plan.stop.len()), (0, 4));
    }

    #[test]
    fn a_scale_in_stops_pending_tasks_before_healthy_ones() {
        let mut shrinking = situation(1, 100, 200, 0);
        for (task, liveness) in [Liveness::Healthy, Liveness::Pending]
            .into_iter()
            .enumerate()
        {
            shrinking.members.push(Member {
                task,
                primary: true,
                liveness,
                protected: false,
            });
        }
        assert_eq!(shrinking.plan().stop, [1]);
    }

    #[test]
    fn a_scale_in_takes_other_tasks_than_protected_ones_and_waits_for_these() {
        let mut shrinking = situation(1, 100, 200, 0);
        shrinking.members = members(&[Liveness::Healthy; 3]);
        shrinking.members[1].protected = true;
        shrinking.members[2].protected = true;
        assert_eq!(shrinking.plan().stop, [0]);
        shrinking.members.remove(0);
        assert_eq!(shrinking.plan(), Plan::default());
        assert_eq!(shrinking.held().len(), 1);
    }

    #[test]
    fn protected_old_tasks_take_the_room_of_new_ones() {
        for (maximum, started) in [(100, 0), (150, 2), (200, 4)] {
            let mut service = situation(4, 100, maximum, 4);
            for member in &mut service.members {
                member.protected = true;
            }
            let plan = service.plan();
            assert_eq!((plan.start, plan.stop.len()), (started, 0));
        }
    }

    fn members(of: &[Liveness]) -> Vec<Member> {
        let member = |(task, &liveness)| Member {
            task,
            primary: true,
            liveness,
            protected: false,
        };
        of.iter().enumerate().map(member).collect()
    }

    #[test]
    fn an_unhealthy_task_goes_when_its_replacement_is_healthy() {
        let mut service = situation(2, 100, 200, 0);
        service.members = members(&[Liveness::Healthy, Liveness::Ailing]);
        assert!(service.retirement().is_empty());
        assert_eq!(service.plan().start, 1);
        service.members = members(&[Liveness::Healthy, Liveness::Ailing, Liveness::Warming]);
        assert!(service.retirement().is_empty());
        assert_eq!(service.plan(), Plan::default());
        service.members = members(&[Liveness::Healthy, Liveness::Ailing, Liveness::Healthy]);
        assert_eq!(service.retirement(), [1]);
        assert_eq!(service.plan(), Plan::default());
    }

    #[test]
    fn without_room_for_replacements_unhealthy_tasks_go_first_and_one_at_a_time() {
        let mut full = situation(3, 0, 100, 0);
        full.members = members(&[Liveness::Ailing, Liveness::Ailing, Liveness::Healthy]);
        assert_eq!(full.retirement(), [0]);
        assert_eq!(full.plan(), Plan::default());
        full.members.remove(0);
        assert_eq!(full.plan().start, 1);
    }

    fn any_liveness() -> impl Strategy<Value = Liveness> {
        prop_oneof![
            Just(Liveness::Ailing),
            Just(Liveness::Pending),
            Just(Liveness::Warming),
            Just(Liveness::Leaving),
            Just(Liveness::Healthy),
        ]
    }

    proptest! {
        #[test]
        fn a_plan_keeps_to_both_bounds(
            desired in 0_usize..12,
            minimum in 0_usize..=100,
            maximum in 100_usize..=200,
            members in prop::collection::vec((any::<bool>(), any_liveness(), any::<bool>()), 0..24),
        ) {
            let situation = Situation {
                desired,
                minimum,
                maximum,
                may_start: true,
                members: members
                    .iter()
                    .enumerate()
                    .map(|(task, &(primary, liveness, protected))| Member {
                        task,
                        primary,
                        liveness,
                        protected,
                    })
                    .collect(),
            };
            let plan = situation.plan();
            let healthy = |kept: &dyn Fn(usize) -> bool| situation
                .members
                .iter()
                .filter(|member| member.liveness == Liveness::Healthy && kept(member.task))
                .count();
            let before = healthy(&|_| true);
            let after = healthy(&|task| !plan.stop.contains(&task));
            prop_assert!(after >= before.min(situation.lower()), "{after} of {before} stay healthy");
            let kept = situation.members.len() - plan.stop.len();
            prop_assert!(plan.start == 0 || kept + plan.start <= situation.upper());
            let replaced = situation.replaced();
            prop_assert!(plan.stop.iter().all(|task| !replaced.contains(task)));
            let mut protected = situation.members.iter().filter(|member| member.protected);
            prop_assert!(protected.all(|member| !plan.stop.contains(&member.task)));
            let mut gone = plan.stop.clone();
            gone.sort_unstable();
            gone.dedup();
            prop_assert_eq!(gone.len(), plan.stop.len(), "a task is stopped once");
        }
    }
}
