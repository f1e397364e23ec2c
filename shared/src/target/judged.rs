//! How the counts of both versions are judged, as people write it.

use serde::{Deserialize, Serialize};

use crate::{evidence::Bounds, input::BadInput};

/// What a canary that is seen to be worse comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Consequence {
    /// The release is rolled back.
    Act,
    /// People are told: for targets of versions of the suite that judged nothing.
    #[default]
    Tell,
}

impl Consequence {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
    pub(super) fn is_tell(&self) -> bool {
        *self == Self::Tell
    }
}

/// [`Bounds`] as people write them; what they leave out is as usual.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    alpha: Option<f64>,
    ratio: Option<f64>,
    objective: Option<f64>,
    max_minute_factor: Option<f64>,
    min_gap_points: Option<f64>,
    min_canary_failures: Option<u64>,
    settle_seconds: Option<u64>,
}

impl From<Input> for Bounds {
    fn from(input: Input) -> Self {
        let usual = Self::default();
        Self {
            alpha: input.alpha.unwrap_or(usual.alpha),
            ratio: input.ratio.unwrap_or(usual.ratio),
            objective: input.objective.or(usual.objective),
            max_minute_factor: input.max_minute_factor.unwrap_or(usual.max_minute_factor),
            min_gap_points: input.min_gap_points.unwrap_or(usual.min_gap_points),
            min_canary_failures: input
                .min_canary_failures
                .unwrap_or(usual.min_canary_failures),
            settle_seconds: input.settle_seconds.unwrap_or(usual.settle_seconds),
        }
    }
}

/// Checks what makes no sense as a bound.
///
/// # Errors
/// The first that does not.
pub(super) fn check(bounds: &Bounds, source: &'static str) -> Result<(), BadInput> {
    let bad = |field: &str, found: f64, allowed: &str| {
        let problem = format!("{found} is out of range; allowed is {allowed}");
        Err(BadInput::field(
            source,
            format!("evidence.{field}"),
            problem,
        ))
    };
    let Bounds {
        alpha,
        ratio,
        objective,
        max_minute_factor,
        min_gap_points,
        min_canary_failures: _,
        settle_seconds,
    } = *bounds;
    if !(alpha > 0.0 && alpha <= 0.5) {
        return bad(
            "alpha",
            alpha,
            "more than 0, at most 0.5: the chance that a canary that is as good is called worse",
        );
    }
    if !(ratio > 1.0 && ratio <= 1000.0) {
        return bad(
            "ratio",
            ratio,
            "more than 1, at most 1000: as good is a canary that does not fail as many times as often as the primary",
        );
    }
    if let Some(objective) = objective
        && !(objective > 0.0 && objective <= 50.0)
    {
        return bad(
            "objective",
            objective,
            "more than 0, at most 50 percent of the attempts: no number of attempts shows that nothing ever fails",
        );
    }
    if !(max_minute_factor > 1.0 && max_minute_factor <= 1_000_000.0) {
        return bad(
            "maxMinuteFactor",
            max_minute_factor,
            "more than 1, at most 1000000: by how much the evidence may grow in one minute",
        );
    }
    if !(0.0..=100.0).contains(&min_gap_points) {
        return bad("minGapPoints", min_gap_points, "0 to 100 percentage points");
    }
    if !(60..=3600).contains(&settle_seconds) {
        let problem = format!("{settle_seconds} is out of range; allowed is 60 to 3600 seconds");
        return Err(BadInput::field(source, "evidence.settleSeconds", problem));
    }
    Ok(())
}
