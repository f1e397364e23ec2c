//! Releases of a Lambda function behind an alias, which a queue invokes.

mod bad_input;
mod crashes;
mod releases;

use rehearsal_core::stage::{Behaviour, Script, Stage, Traffic, Version};

use crate::play::Play;

/// The function that the example sets up, with the shares of the templates.
pub(crate) fn stage() -> Stage {
    Stage {
        traffic: Traffic::Lambda,
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

/// The alias as it is before the first release.
const STABLE: &str = "live: 100 % version 1 (v1)";
/// The alias once v2 is promoted.
pub(crate) const PROMOTED: &str = "live: 100 % version 2 (v2)";

/// Every message is processed, none twice, and none is a dead letter or lost.
pub(crate) fn assert_nothing_lost(play: &Play) {
    assert_eq!(play.lost(), [""; 0]);
    assert_eq!(play.repeated(), [""; 0]);
    assert_eq!(play.dead_letters(), 0);
}
