//! Container health checks.
//!
//! As the container runtime does it: the first check runs one interval after the start; a success
//! makes the container healthy and ends the start period; only failures after the start period
//! count, and `retries` of them in a row make it unhealthy.
//! AWS: `HealthCheck` of the ECS API reference.

use std::{convert::Infallible, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::process::{Keeper, Program};
use crate::world::ecs::{Health, HealthCheck};

/// Runs a container's health check for ever and reports each change of its result.
///
/// `program` is the check's command, ready to run in the container's environment. Intervals and the
/// start period pass `pace` times faster than on AWS; the timeout does not, because a process
/// takes its time.
pub(super) async fn watch(
    check: &HealthCheck,
    pace: u32,
    keeper: &Keeper,
    program: &Program,
    mut report: impl FnMut(Health),
) -> Infallible {
    let interval = Duration::from_secs(check.interval.into()) / pace;
    let grace_ends = Instant::now() + Duration::from_secs(check.start_period.into()) / pace;
    let timeout = Duration::from_secs(check.timeout.into());
    let mut state = State::new(check.retries);
    loop {
        tokio::time::sleep(interval).await;
        let in_grace = Instant::now() < grace_ends;
        let passed = passes(program, keeper, timeout).await;
        if let Some(health) = state.observe(passed, in_grace) {
            report(health);
        }
    }
}

async fn passes(program: &Program, keeper: &Keeper, timeout: Duration) -> bool {
    // What a check prints is shown by `docker inspect` alone; no log driver gets it.
    let Ok(mut process) = keeper.spawn(program, &(Arc::new(|_: &str| {}) as _)) else {
        return false;
    };
    match tokio::time::timeout(timeout, process.ended()).await {
        Ok(Ok(status)) => status.success(),
        Ok(Err(_)) | Err(_) => false,
    }
}

struct State {
    retries: u32,
    failures: u32,
    health: Option<Health>,
}

impl State {
    fn new(retries: u32) -> Self {
        Self {
            retries,
            failures: 0,
            health: None,
        }
    }

    /// Takes one result; answers the container's health if it changed.
    fn observe(&mut self, passed: bool, in_grace: bool) -> Option<Health> {
        let health = if passed {
            self.failures = 0;
            Health::Healthy
        } else {
            if in_grace && self.health.is_none() {
                return None;
            }
            self.failures += 1;
            if self.failures < self.retries {
                return None;
            }
            Health::Unhealthy
        };
        (self.health.replace(health) != Some(health)).then_some(health)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observe_all(state: &mut State, results: &[bool], in_grace: bool) -> Vec<Option<Health>> {
        results
            .iter()
            .map(|&passed| state.observe(passed, in_grace))
            .collect()
    }

    #[test]
    fn only_as_many_failures_in_a_row_as_retries_make_a_container_unhealthy() {
        let mut state = State::new(2);
        let seen = observe_all(&mut state, &[true, false, true, false, false, false], false);
        assert_eq!(
            seen,
            [
                Some(Health::Healthy),
                None,
                None,
                None,
                Some(Health::Unhealthy),
                None
            ]
        );
    }

    #[test]
    fn failures_in_the_start_period_do_not_count() {
        let mut state = State::new(1);
        assert_eq!(observe_all(&mut state, &[false, false], true), [None, None]);
        assert_eq!(state.observe(false, false), Some(Health::Unhealthy));
    }

    #[test]
    fn a_success_ends_the_start_period() {
        let mut state = State::new(1);
        assert_eq!(state.observe(true, true), Some(Health::Healthy));
        assert_eq!(state.observe(false, true), Some(Health::Unhealthy));
    }

    #[test]
    fn an_unhealthy_container_recovers_with_one_success() {
        let mut state = State::new(1);
        observe_all(&mut state, &[false], false);
        assert_eq!(state.observe(true, false), Some(Health::Healthy));
    }
}
