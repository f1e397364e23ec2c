//! Failed deployments of the stable version, made anew: ECS launches nothing more for one that has failed (API reference, `Deployment`,
//! `rolloutState`).

use std::time::Duration;

use super::{Back, Change, Rollout, Service, Which};
use crate::{clock::Timestamp, names::TaskDefinitionArn, parts::release::Lacking};

/// Failed deployments of the stable version that are due to be made anew, and those that AWS does not take again.
#[derive(Debug, Default)]
pub struct Anew {
    /// Those that are due.
    pub changes: Vec<(Which, Change)>,
    /// Those that are not taken.
    pub lacking: Vec<Lacking>,
}

impl Back<'_> {
    /// What is to be made anew.
    #[must_use]
    pub fn anew(&self) -> Anew {
        let mut anew = Anew::default();
        let ours = [
            (self.promotion.has_begun(), Which::Primary),
            (self.view.candidate().is_some(), Which::Canary),
        ];
        for (_, which) in ours.into_iter().filter(|(ours, _)| *ours) {
            let stable = &self.found(which).task_definition;
            let times = self.view.set.restoring.forced.of(which);
            let service = self.service(which).get();
            let due = service.and_then(|service| Some((service, anew_at(service, stable, times)?)));
            let Some((service, due)) = due else {
                continue;
            };
            let change = Change::Redeploy {
                service: service.name.clone(),
                task_definition: stable.clone(),
            };
            if self.view.seen.inactive.contains(stable) {
                anew.lacking.push(Lacking {
                    what: change.to_string(),
                    why: format!(
                        "{} is INACTIVE, and its last deployment has failed with {service}",
                        stable.short()
                    ),
                });
            } else if self.view.now >= due {
                anew.changes.push((which, change));
            }
        }
        anew
    }

    /// What cannot be done, so that nothing is tried.
    #[must_use]
    pub fn lacking(&self) -> Vec<Lacking> {
        let anew = self.anew().lacking.into_iter();
        anew.chain(self.accepted()).collect()
    }

    /// What AWS has refused, and somebody has put something else in place of since: it stays refused, without being tried again.
    fn accepted(&self) -> Vec<Lacking> {
        let services = [Which::Primary, Which::Canary].into_iter();
        let services = services.filter_map(|which| {
            let stable = &self.found(which).task_definition;
            let service = self.service(which).get()?;
            let is_theirs = self.is_theirs(service, stable);
            is_theirs.then(|| Change::version(&service.name, stable).to_string())
        });
        let whats: Vec<String> = services.collect();
        let refused = self.view.refused.iter();
        let refused = refused.filter(|refused| whats.contains(&refused.what));
        let refused = refused.map(|it| Lacking {
            what: it.what.clone(),
            why: it.why.clone(),
        });
        refused.collect()
    }
}

/// How long a failed deployment of the stable version rests before it is made anew: 2, 4, 8, then every 10 minutes.
#[must_use]
pub fn rest(times: u32) -> Duration {
    let minutes = 2_u64.checked_shl(times).unwrap_or(u64::MAX);
    Duration::from_mins(minutes.min(10))
}

/// When a failed deployment of the stable version is to be made anew; `None` where there is none.
fn anew_at(service: &Service, stable: &TaskDefinitionArn, times: u32) -> Option<Timestamp> {
    let newest = service.newest().filter(|_| has_failed(service, stable))?;
    Some(newest.created + rest(times))
}

/// Whether the deployment of a version has failed with fewer tasks than it should have: ECS launches no more for it.
#[must_use]
pub fn has_failed(service: &Service, stable: &TaskDefinitionArn) -> bool {
    service.newest().is_some_and(|newest| {
        newest.task_definition == *stable
            && newest.rollout == Rollout::Failed
            && newest.running < newest.desired
    })
}
