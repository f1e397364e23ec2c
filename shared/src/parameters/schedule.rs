//! Shares by the name of a `CodeDeploy` configuration.

use std::time::Duration;

use super::Step;
use crate::{
    input::{BadInput, USER_PARAMETERS},
    weight::Weight,
};

/// Steps of a `CodeDeploy` configuration name, predefined (AWS: "Working with deployment
/// configurations in `CodeDeploy`") or of the same form: `ECSLinear10PercentEvery1Minutes` is 10, 20, ... 90
/// percent for a minute each, `ECSCanary10Percent5Minutes` is 10 percent for five minutes. What
/// they end with, everything, is promote-primary's.
pub(super) fn steps(name: &str) -> Result<Vec<Step>, BadInput> {
    let bad = || {
        let problem = format!(
            "{name:?} is no CodeDeploy configuration that shifts in steps; allowed are names like \
             \"ECSLinear10PercentEvery1Minutes\" and \"ECSCanary10Percent5Minutes\""
        );
        BadInput::field(USER_PARAMETERS, "schedule", problem)
    };
    let short = name.strip_prefix("CodeDeployDefault.").unwrap_or(name);
    let short = short
        .strip_prefix("ECS")
        .or_else(|| short.strip_prefix("Lambda"))
        .ok_or_else(bad)?;
    let number = |text: &str| {
        text.parse::<u64>()
            .ok()
            .filter(|number| *number > 0)
            .ok_or_else(bad)
    };
    let minutes = |text: &str| {
        let text = text
            .strip_suffix("Minutes")
            .or_else(|| text.strip_suffix("Minute"))
            .ok_or_else(bad)?;
        number(text)
    };
    let (percent, bake, linear) = if let Some(rest) = short.strip_prefix("Linear") {
        let (percent, every) = rest.split_once("PercentEvery").ok_or_else(bad)?;
        (number(percent)?, minutes(every)?, true)
    } else {
        let rest = short.strip_prefix("Canary").ok_or_else(bad)?;
        let (percent, after) = rest.split_once("Percent").ok_or_else(bad)?;
        (number(percent)?, minutes(after)?, false)
    };
    let bake = Duration::from_secs(bake.saturating_mul(60));
    let shares = (1..)
        .map(|n| percent.saturating_mul(n))
        .take_while(|share| *share < 100);
    let steps: Vec<_> = shares
        .take(if linear { 100 } else { 1 })
        .map(|share| Step {
            weight: Weight::up_to_all(share),
            bake,
        })
        .collect();
    if steps.is_empty() {
        Err(bad())
    } else {
        Ok(steps)
    }
}
