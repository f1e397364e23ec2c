//! What is read before a release begins.

use super::{BalancedSets, FoundBalancer, Reason, Seen, TaskSets};
use crate::{
    aws::{
        Account, AwsError, LookError,
        task_set::{External, Status, TaskSet},
    },
    job::Artifact,
    names::TaskSetId,
    parts::{
        rules::{Groups, InFull, Place, Preflight, Whole},
        task_definition::{self, Asked, Definition, Request},
    },
};

/// What is read before a release begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Before {
    /// What the stable set runs, or is to run.
    pub stable: Definition,
    /// What is to be released, or why that cannot be.
    pub asked: Result<Asked, task_definition::Reason>,
    /// Sets that an earlier release has made, or has put another in the place of.
    pub of_releases: Vec<TaskSetId>,
    /// Both target groups, if the sets are behind a load balancer.
    pub groups: Option<Groups>,
}

impl Before {
    pub(super) async fn read(
        account: &Account,
        model: &TaskSets,
        seen: &Seen,
        request: (&Request, &[Artifact]),
    ) -> Result<Option<Self>, LookError> {
        let Some((service, runs)) = seen
            .service
            .get()
            .and_then(|it| Some((it, model.runs(it)?)))
        else {
            return Ok(None);
        };
        let at = (&model.cluster, &model.service);
        let sets: Vec<_> = service.sets.iter().filter(|it| it.is_there()).collect();
        let sets: Vec<_> = sets.into_iter().map(|it| it.id.clone()).collect();
        let of_releases = async { Ok(account.sets_of_releases(at, &sets).await?) };
        let groups = async {
            let Some(balanced) = model.balanced() else {
                return Ok(None);
            };
            Ok(Some(Box::pin(groups(account, balanced, service)).await?))
        };
        // On the heap: the SDK's futures are large.
        let asked = Box::pin(Asked::read(account, at, runs, request));
        let read = Box::pin(async { tokio::try_join!(asked, of_releases, groups) });
        let ((stable, asked), of_releases, groups) = read.await?;
        Ok(Some(Self {
            stable,
            asked,
            of_releases,
            groups,
        }))
    }
}

/// Both groups. Either set's targets have requests to finish, the stable ones' after a promotion: as long as the longer of both takes.
async fn groups(
    account: &Account,
    balanced: &BalancedSets,
    service: &External,
) -> Result<Groups, AwsError> {
    let is_swapped = balanced.is_swapped(group_of(service).unwrap_or_default());
    let place = balanced.place(is_swapped);
    let at = BalancedSets::at(&place, is_swapped);
    let (stable, [field, _]) = (&place.primary_target_group, at.groups);
    let (groups, drain_seconds) = tokio::try_join!(
        Groups::read(account, at),
        account.deregistration_delay(at, stable, field)
    )?;
    Ok(Groups {
        drain_seconds: groups.drain_seconds.max(drain_seconds),
        ..groups
    })
}

/// Where the tasks of the PRIMARY set are registered.
fn group_of(service: &External) -> Option<&str> {
    service.primary()?.launch.groups().next()
}

/// The load balancer before a release.
pub(super) struct Balancer<'a> {
    balanced: &'a BalancedSets,
    is_swapped: bool,
    place: Place,
    seen: Whole,
    groups: &'a Groups,
}

impl Before {
    /// What was seen of the load balancer, the stable set's group first.
    pub(super) fn balancer<'a>(
        &'a self,
        balanced: &'a BalancedSets,
        service: &External,
        seen: &Seen,
    ) -> Option<Balancer<'a>> {
        let is_swapped = balanced.is_swapped(group_of(service).unwrap_or_default());
        let rules = seen.rules.clone();
        let rules = rules.map(|it| if is_swapped { it.flipped() } else { it });
        let whole = rules.and_then(|it| it.whole());
        Some(Balancer {
            balanced,
            is_swapped,
            place: balanced.place(is_swapped),
            seen: whole?,
            groups: self.groups.as_ref()?,
        })
    }

    /// Sets that earlier releases have left, without a task: who gives one tasks has made it their own.
    pub(super) fn left_over(&self, service: &External) -> Vec<TaskSetId> {
        let is_left = |set: &&TaskSet| {
            let is_empty = set.status == Status::Active && set.scale.is_none();
            is_empty && self.of_releases.contains(&set.id)
        };
        let sets = service.sets.iter().filter(is_left);
        sets.map(|it| it.id.clone()).collect()
    }
}

impl Balancer<'_> {
    /// What it does before the first change.
    pub(super) fn found(&self) -> FoundBalancer {
        FoundBalancer {
            stable: self.place.primary_target_group.clone(),
            rules: self.seen.found(self.groups.drain_seconds),
        }
    }

    /// The same in full.
    pub(super) fn in_full(&self) -> InFull {
        self.seen.in_full()
    }

    /// Rules and groups belong together, and everything goes to the stable set's targets, which answer.
    ///
    /// # Errors
    /// They do not.
    pub(super) fn is_in_order(&self, service: &External) -> Result<(), Reason> {
        let primary = service.primary();
        let groups = &self.balanced.target_groups;
        let wrong = primary.filter(|it| {
            let mut found = it.launch.groups();
            !found
                .next()
                .is_some_and(|found| groups.iter().any(|it| it.as_str() == found))
        });
        if let Some(set) = wrong {
            return Err(Reason::WrongGroup {
                service: service.name.clone(),
                set: set.id.clone(),
                found: set.launch.groups().collect::<Vec<_>>().join(", "),
                groups: Box::new(groups.clone()),
            });
        }
        let preflight = Preflight {
            at: BalancedSets::at(&self.place, self.is_swapped),
            allow_sticky: self.balanced.allow_sticky,
            seen: &self.seen,
        };
        preflight.one_load_balancer(self.groups)?;
        preflight.at_rest()?;
        // A first set has no targets yet.
        if primary.is_some() {
            preflight.answers()?;
        }
        Ok(())
    }
}
