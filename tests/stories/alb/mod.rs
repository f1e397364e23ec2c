//! Releases of HTTP services behind a load balancer.

mod bad_input;
mod balancer;
mod changed;
mod gone;
mod must_hold;
mod releases;
mod rules;

use rehearsal_core::stage::{Behaviour, Script, Stage, Step, Traffic, Version};

use crate::play::Play;

/// The pair that the example sets up, with shares that are held for as long as alarms need to see something.
pub(crate) fn stage() -> Stage {
    Stage {
        traffic: Traffic::Alb,
        steps: Some(vec![Step::new(10, 4 * 60), Step::new(50, 2 * 60)]),
        ..Stage::default()
    }
}

pub(crate) fn v2(behaviour: Behaviour) -> Script {
    Script::new([Version::new("v2", behaviour)])
}

/// What the pair is like before the first release.
pub(crate) const STABLE: &str = "orders: orders:1 4/4 in 1, scaled 2..20 ---\n\
                      orders-canary: orders:1 1/1 in 1\n\
                      rule: 100 primary, 0 canary";

/// The same on another revision of the task definition.
pub(crate) fn on(revision: u32) -> String {
    STABLE.replace("orders:1", &format!("orders:{revision}"))
}

/// Failed requests that another version, or none, is to blame for.
fn failed_elsewhere(play: &Play, version: &str) -> Vec<String> {
    let own = format!(" from {version}");
    let mut failed = play.requests().failed();
    failed.retain(|words| !words.ends_with(&own));
    failed
}
