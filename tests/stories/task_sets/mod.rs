//! Releases of one service by its task sets: consumers of a queue, and HTTP services behind a load balancer.

mod bad_input;
mod crashes;
mod first;
mod must_hold;
mod releases;
mod share;
mod watch;

use rehearsal_core::stage::{Behaviour, Script, Stage, Step, Traffic, Version, Work};

use crate::play::Play;

/// Consumers, with the shares and both approvals of the templates.
pub(crate) fn consumers() -> Stage {
    Stage {
        traffic: Traffic::TaskSets,
        ..Stage::default()
    }
}

/// The same behind a load balancer, with shares that are held for as long as alarms need to see something.
pub(crate) fn balanced() -> Stage {
    Stage {
        traffic: Traffic::TaskSetsAlb,
        steps: Some(vec![Step::new(10, 4 * 60)]),
        further_steps: Some(vec![Step::new(50, 2 * 60)]),
        ..Stage::default()
    }
}

fn v2(behaviour: Behaviour) -> Script {
    Script::new([Version::new("v2", behaviour)])
}

fn v2_and_v3() -> Script {
    let works = |label| Version::new(label, Behaviour::Works);
    Script::new([works("v2"), works("v3")])
}

/// What the service is like before the first release: one set.
fn stable(stage: &Stage) -> String {
    let found = "orders: 4, scaled 2..20 ---\nPRIMARY orders:1 100 % 4/4";
    match stage.traffic.work() {
        Work::Messages => found.to_owned(),
        Work::Requests => format!("{found} in orders-blue\nrule: 100 blue, 0 green"),
    }
}

/// The same after a promotion: the set before is kept.
fn promoted(stage: &Stage, from: u32, to: u32) -> String {
    let (kept, primary) = (
        format!("orders:{from} 0 % 0/0"),
        format!("orders:{to} 100 % 4/4"),
    );
    match stage.traffic.work() {
        Work::Messages => {
            format!("orders: 4, scaled 2..20 ---\nACTIVE {kept}\nPRIMARY {primary}")
        }
        Work::Requests => {
            // Both groups are used by turns.
            let (old, new, weights) = if to.is_multiple_of(2) {
                ("blue", "green", "0 blue, 100 green")
            } else {
                ("green", "blue", "100 blue, 0 green")
            };
            format!(
                "orders: 4, scaled 2..20 ---\nACTIVE {kept} in orders-{old}\nPRIMARY {primary} in orders-{new}\nrule: {weights}"
            )
        }
    }
}

/// A release that waits for its second approval.
async fn at_second_approval(stage: &Stage, script: Script) -> (Play, String) {
    let play = Play::begin(stage, script).await;
    let release = play.push("v2");
    until_second_approval(&play, &release).await;
    (play, release)
}

/// People decide once, and are asked again.
async fn until_second_approval(play: &Play, release: &str) {
    play.until_approval(release).await;
    play.approve();
    play.until_second_approval(release).await;
}

/// It ends with the service as the release found it.
async fn is_rolled_back(play: &Play, stage: &Stage, release: &str) {
    assert_ne!(play.until_ended(release).await, "SUCCEEDED");
    play.until_phase("RolledBack").await;
    assert_eq!(play.pair(), stable(stage), "{}", play.transcript());
    assert_eq!(play.lost(), [""; 0]);
}
