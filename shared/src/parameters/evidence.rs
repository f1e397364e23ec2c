//! What an action asks of the evidence.

use std::time::Duration;

use serde::Deserialize;

use super::{Step, within_a_day};
use crate::input::{BadInput, USER_PARAMETERS};

/// A step ends only once the canary is as good, or nobody can say so in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    /// How much longer than its bake a step waits for that; four times its bake where nobody says.
    most: Option<Duration>,
    /// What comes then.
    pub on_inconclusive: OnInconclusive,
}

/// What comes when nobody can say in time that the canary is as good.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OnInconclusive {
    /// The step ends, and people are told.
    #[default]
    Proceed,
    /// The action fails.
    Fail,
}

/// What a release goes on despite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Despite {
    /// The canary is worse.
    Worse,
}

/// As the user writes [`Demand`].
pub(super) struct RawDemand {
    pub(super) until_as_good: bool,
    pub(super) minutes: Option<u64>,
    pub(super) seconds: Option<u64>,
    pub(super) on_inconclusive: Option<OnInconclusive>,
}

impl Demand {
    /// How much longer than its bake a step waits.
    #[must_use]
    pub fn most(self, step: Step) -> Duration {
        self.most.unwrap_or(step.bake.saturating_mul(4))
    }
}

impl RawDemand {
    pub(super) fn check(self, steps: &[Step]) -> Result<Option<Demand>, BadInput> {
        let bad =
            |field: &str, problem: &str| Err(BadInput::field(USER_PARAMETERS, field, problem));
        let most = match (self.minutes, self.seconds) {
            (Some(_), Some(_)) => {
                return bad(
                    "evidenceMinutes",
                    "evidenceSeconds is given too; allowed is one of the two",
                );
            }
            (Some(minutes), None) => Some(Duration::from_secs(minutes.saturating_mul(60))),
            (None, seconds) => seconds.map(Duration::from_secs),
        };
        if !self.until_as_good {
            let without = "given without \"untilAsGood\": true, which alone waits for evidence; give that, too, or leave the field out";
            if most.is_some() {
                let field = if self.minutes.is_some() {
                    "evidenceMinutes"
                } else {
                    "evidenceSeconds"
                };
                return bad(field, without);
            }
            if self.on_inconclusive.is_some() {
                return bad("onInconclusive", without);
            }
            return Ok(None);
        }
        let demand = Demand {
            most,
            on_inconclusive: self.on_inconclusive.unwrap_or_default(),
        };
        let times = steps
            .iter()
            .map(|step| step.bake.saturating_add(demand.most(*step)));
        let total = times.fold(Duration::ZERO, Duration::saturating_add);
        within_a_day("steps and evidenceMinutes", total)?;
        Ok(Some(demand))
    }
}

/// Why a release is to go on although the canary is worse, if it is.
pub(super) fn despite(
    despite: Option<Despite>,
    reason: Option<&str>,
) -> Result<Option<String>, BadInput> {
    let bad = |field: &str, problem: &str| Err(BadInput::field(USER_PARAMETERS, field, problem));
    let said = reason.map(str::trim).filter(|reason| !reason.is_empty());
    match (despite, said) {
        (Some(Despite::Worse), Some(said)) => Ok(Some(said.to_owned())),
        (Some(Despite::Worse), None) => bad(
            "reason",
            "missing or empty; whoever lets a release go on despite a worse canary says why, for the ledger, the approval and the notice",
        ),
        (None, _) if reason.is_some() => bad(
            "reason",
            "given without \"despite\": \"worse\"; leave it out",
        ),
        (None, _) => Ok(None),
    }
}
