//! What shift-weight does and waits for, in words.

use std::time::Duration;

use canary::{
    clock::Spoken,
    weight::Weight,
    words::{self, Said, Words, besides},
};

use crate::plan::Plan;

/// What shift-weight does or waits for.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Reason {
    /// All shares were held.
    #[error(
        "{}{asked} asked, {attained}; {measured}; all shares held, no gate closed{}. {evidence}",
        if *inconclusive { "NOT SEEN TO BE AS GOOD in the time for that. " } else { "" },
        besides(but)
    )]
    Shifted {
        /// The last share asked for.
        asked: Weight,
        /// The share attained.
        attained: String,
        /// What is to be said besides.
        but: Vec<String>,
        /// What the counts of both versions say.
        evidence: String,
        /// The share as metrics count it.
        measured: String,
        /// Whether the canary was to be seen as good, and was not in time.
        inconclusive: bool,
    },
    /// The first share, with what is to come.
    #[error("{first}. {plan}")]
    Planned {
        /// What is done about the first share.
        first: Said,
        /// When which share is to be there.
        plan: Plan,
    },
    /// The bake time of a share.
    #[error("{asked} asked, {attained}; baking {} of {}{}", Spoken(*held), Spoken(*bake), sentence(evidence))]
    Bake {
        /// The share asked for.
        asked: Weight,
        /// The share attained.
        attained: String,
        /// For how long it has been held.
        held: Duration,
        /// For how long it is to be held.
        bake: Duration,
        /// What the counts of both versions say so far.
        evidence: String,
    },
    /// The last minute of a share.
    #[error(
        "{asked} asked, {attained}; held, its last minute is being judged{}",
        sentence(said)
    )]
    Judging {
        /// The share asked for.
        asked: Weight,
        /// The share attained.
        attained: String,
        /// What the counts of both versions say so far.
        said: String,
    },
    /// The canary is to be seen as good.
    #[error(
        "{asked} asked, {attained}; held, and for {} of at most {} it is waited until the canary is seen to be as good{}",
        Spoken(*waited), Spoken(*most), sentence(said)
    )]
    Evidence {
        /// The share asked for.
        asked: Weight,
        /// The share attained.
        attained: String,
        /// For how long that was waited for.
        waited: Duration,
        /// For how long that is waited for at most.
        most: Duration,
        /// What the counts of both versions say so far.
        said: String,
    },
    /// Nobody could say in time that the canary is as good.
    #[error(
        "the canary was not seen to be as good at {asked} within {} after its bake, and onInconclusive is fail{}. Give it more time \
         (evidenceMinutes), a larger share, or a larger ratio", Spoken(*most), sentence(said)
    )]
    Inconclusive {
        /// The share asked for.
        asked: Weight,
        /// For how long that was waited for.
        most: Duration,
        /// What the counts of both versions say.
        said: String,
    },
}

impl Words for Reason {
    fn percent(&self) -> Option<u8> {
        match self {
            Self::Bake { held, bake, .. } => words::percent(*held, *bake),
            Self::Evidence { waited, most, .. } => words::percent(*waited, *most),
            Self::Planned { .. }
            | Self::Shifted { .. }
            | Self::Judging { .. }
            | Self::Inconclusive { .. } => None,
        }
    }
}

/// A sentence after another, if there is one.
fn sentence(said: &str) -> String {
    if said.is_empty() {
        String::new()
    } else {
        format!(". {said}")
    }
}
