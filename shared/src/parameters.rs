//! What one action of a pipeline, or one call by hand, asks of a function.

mod evidence;
mod schedule;

use std::time::Duration;

use serde::Deserialize;

use crate::{
    input::{self, BadInput, Fields, USER_PARAMETERS},
    names::ReleaseId,
    target::{self, Target},
    traffic::{Request, model::Goal},
    weight::{Drain, Weight},
};

pub use evidence::{Demand, OnInconclusive};
use evidence::{Despite, RawDemand};

/// What `CodePipeline` grants an action that answers with continuation tokens
/// (AWS: "Quotas in AWS `CodePipeline`").
pub const LONGEST_ACTION: Duration = Duration::from_hours(24);

/// Parameters as a user writes them, before they are checked against each other.
pub trait Raw: Sized {
    /// What they mean.
    type Meaning;

    /// Reads them.
    ///
    /// # Errors
    /// A field is wrong in itself.
    fn parse(source: &'static str, text: &str) -> Result<Self, BadInput>;

    /// The target, if it came with the call.
    fn target(&mut self) -> Option<target::Input>;

    /// Checks what one field cannot know.
    fn check(self, target: &Target) -> Result<Self::Meaning, BadInput>;
}

/// Reads the parameters of one call.
///
/// `text` is the JSON as it came (`None`: the action has no `UserParameters`), `environment` the
/// function's `TARGET`. How long `text` is does not matter: `CodePipeline` counts what is configured, before it puts values in place
/// of variables.
pub fn read<R: Raw>(
    source: &'static str,
    text: Option<&str>,
    environment: Option<&str>,
) -> Result<(Target, R::Meaning), BadInput> {
    let text = text.filter(|text| !text.trim().is_empty()).ok_or(BadInput::Missing {
        source_name: source,
        allowed: "give a JSON object, at least {\"release\": \"#{codepipeline.PipelineExecutionId}\"}",
    })?;
    let mut raw = R::parse(source, text)?;
    let target = target::resolve(environment, raw.target().map(|given| (source, given)))?;
    let meaning = raw.check(&target)?;
    Ok((target, meaning))
}

/// Parameters of deploy-canary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeployCanary {
    /// The release.
    pub release: ReleaseId,
    /// What is to be released.
    pub request: Request,
    /// How long the candidate may take to become steady.
    pub timeout: Duration,
}

/// Parameters of shift-weight.
#[derive(Debug, Clone, PartialEq)]
pub struct ShiftWeight {
    /// The release.
    pub release: ReleaseId,
    /// Shares to hold, one after the other; at least one.
    pub steps: Vec<Step>,
    /// How far the attained share may be from the asked one, in percentage points.
    pub tolerance: Option<f64>,
    /// How long the share of one step may take to be there.
    pub timeout: Duration,
    /// What a step asks of the evidence beside its time.
    pub demand: Option<Demand>,
    /// Why the release is to go on although the canary is worse.
    pub despite: Option<String>,
}

/// A share and how long it is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The share asked for.
    pub weight: Weight,
    /// How long it is held while health is watched.
    pub bake: Duration,
}

/// Parameters of promote-primary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromotePrimary {
    /// The release.
    pub release: ReleaseId,
    /// How long health is watched after the promotion, before the release counts as promoted.
    pub bake: Duration,
    /// How long the promotion may take, bake not included.
    pub timeout: Duration,
    /// Behind a load balancer: how requests are given back to the primary.
    pub drain: Drain,
    /// The digest of what the approval was given to read.
    pub shown: Option<String>,
    /// Why the release is to go on although the canary is worse.
    pub despite: Option<String>,
}

/// Parameters of rollback, as an action or by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollback {
    /// The release to roll back.
    pub release: ReleaseId,
    /// Why, in the words of whoever asked.
    pub reason: Option<String>,
}

/// As the user writes [`DeployCanary`]. What is to be released is for the target's model to read.
#[derive(Debug)]
pub struct RawDeployCanary {
    common: CommonDeployCanary,
    request: Fields,
}

/// What the action has whatever is released.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CommonDeployCanary {
    release: ReleaseId,
    #[serde(default = "fifteen")]
    timeout_minutes: u64,
    target: Option<target::Input>,
}

/// Its fields.
const COMMON: [&str; 3] = ["release", "timeoutMinutes", "target"];

/// As the user writes [`ShiftWeight`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawShiftWeight {
    release: ReleaseId,
    steps: Option<Vec<RawStep>>,
    weight: Option<Weight>,
    bake_minutes: Option<u64>,
    bake_seconds: Option<u64>,
    schedule: Option<String>,
    tolerance: Option<f64>,
    #[serde(default)]
    until_as_good: bool,
    evidence_minutes: Option<u64>,
    evidence_seconds: Option<u64>,
    on_inconclusive: Option<OnInconclusive>,
    despite: Option<Despite>,
    reason: Option<String>,
    #[serde(default = "fifteen")]
    timeout_minutes: u64,
    target: Option<target::Input>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawStep {
    weight: Weight,
    bake_minutes: Option<u64>,
    bake_seconds: Option<u64>,
}

/// As the user writes [`PromotePrimary`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawPromotePrimary {
    release: ReleaseId,
    drain_step: Option<u64>,
    drain_interval_seconds: Option<u64>,
    bake_minutes: Option<u64>,
    bake_seconds: Option<u64>,
    shown: Option<String>,
    despite: Option<Despite>,
    reason: Option<String>,
    #[serde(default = "thirty")]
    timeout_minutes: u64,
    target: Option<target::Input>,
}

/// As the user writes [`Rollback`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawRollback {
    release: ReleaseId,
    reason: Option<String>,
    target: Option<target::Input>,
}

impl Raw for RawDeployCanary {
    type Meaning = DeployCanary;

    fn parse(source: &'static str, text: &str) -> Result<Self, BadInput> {
        let fields: Fields = input::parse(source, text)?;
        let (common, request) = fields.split(&COMMON);
        let common = common.read(source)?;
        Ok(Self { common, request })
    }

    fn target(&mut self) -> Option<target::Input> {
        self.common.target.take()
    }

    fn check(self, target: &Target) -> Result<DeployCanary, BadInput> {
        let request = target.traffic.request(USER_PARAMETERS, &self.request);
        Ok(DeployCanary {
            release: self.common.release,
            request: request.map_err(|bad| bad.beside(&COMMON))?,
            timeout: timeout(self.common.timeout_minutes)?,
        })
    }
}

impl Raw for RawShiftWeight {
    type Meaning = ShiftWeight;

    fn parse(source: &'static str, text: &str) -> Result<Self, BadInput> {
        input::parse(source, text)
    }

    fn target(&mut self) -> Option<target::Input> {
        self.target.take()
    }

    fn check(self, target: &Target) -> Result<ShiftWeight, BadInput> {
        let steps = match (self.steps, self.weight, self.schedule) {
            (Some(steps), None, None)
                if self.bake_minutes.is_none() && self.bake_seconds.is_none() =>
            {
                raw_steps(steps)?
            }
            (None, Some(weight), None) => {
                vec![Step {
                    weight,
                    bake: required_bake("", self.bake_minutes, self.bake_seconds)?,
                }]
            }
            (None, None, Some(name))
                if self.bake_minutes.is_none() && self.bake_seconds.is_none() =>
            {
                schedule::steps(&name)?
            }
            _ => {
                let problem = "the shares are given in no way or in more than one; allowed is one of \
                               \"steps\", \"weight\" with \"bakeMinutes\" (or \"bakeSeconds\"), \"schedule\"";
                return Err(BadInput::field(USER_PARAMETERS, "", problem));
            }
        };
        for (at, step) in steps.iter().enumerate() {
            let goal = Goal::Share {
                asked: step.weight,
                tolerance: None,
            };
            if let Err(problem) = target.model().admits(goal) {
                let field = format!("steps[{at}].weight");
                return Err(BadInput::field(USER_PARAMETERS, field, problem));
            }
        }
        within_a_day("steps", steps.iter().map(|step| step.bake).sum())?;
        let demand = RawDemand {
            until_as_good: self.until_as_good,
            minutes: self.evidence_minutes,
            seconds: self.evidence_seconds,
            on_inconclusive: self.on_inconclusive,
        };
        let demand = demand.check(&steps)?;
        tolerable(self.tolerance)?;
        Ok(ShiftWeight {
            release: self.release,
            steps,
            tolerance: self.tolerance,
            timeout: timeout(self.timeout_minutes)?,
            demand,
            despite: evidence::despite(self.despite, self.reason.as_deref())?,
        })
    }
}

impl Raw for RawPromotePrimary {
    type Meaning = PromotePrimary;

    fn parse(source: &'static str, text: &str) -> Result<Self, BadInput> {
        input::parse(source, text)
    }

    fn target(&mut self) -> Option<target::Input> {
        self.target.take()
    }

    fn check(self, target: &Target) -> Result<PromotePrimary, BadInput> {
        let drain = drain(target, self.drain_step, self.drain_interval_seconds)?;
        let bake = bake("", self.bake_minutes, self.bake_seconds)?.unwrap_or_default();
        let timeout = timeout(self.timeout_minutes)?;
        let (fields, held) = match target.model().drains() {
            Ok(()) => (
                "bakeMinutes, timeoutMinutes and drainIntervalSeconds",
                drain.time(),
            ),
            Err(_) => ("bakeMinutes and timeoutMinutes", Duration::ZERO),
        };
        within_a_day(fields, bake.saturating_add(timeout).saturating_add(held))?;
        Ok(PromotePrimary {
            release: self.release,
            bake,
            timeout,
            drain,
            shown: self.shown,
            despite: evidence::despite(self.despite, self.reason.as_deref())?,
        })
    }
}

impl Raw for RawRollback {
    type Meaning = Rollback;

    fn parse(source: &'static str, text: &str) -> Result<Self, BadInput> {
        input::parse(source, text)
    }

    fn target(&mut self) -> Option<target::Input> {
        self.target.take()
    }

    fn check(self, _target: &Target) -> Result<Rollback, BadInput> {
        Ok(Rollback {
            release: self.release,
            reason: self.reason,
        })
    }
}

fn tolerable(tolerance: Option<f64>) -> Result<(), BadInput> {
    match tolerance.filter(|points| !(0.0..=100.0).contains(points)) {
        None => Ok(()),
        Some(tolerance) => {
            let problem =
                format!("{tolerance} is no tolerance; allowed is 0 to 100 percentage points");
            Err(BadInput::field(USER_PARAMETERS, "tolerance", problem))
        }
    }
}

fn drain(target: &Target, step: Option<u64>, seconds: Option<u64>) -> Result<Drain, BadInput> {
    let given = [("drainStep", step), ("drainIntervalSeconds", seconds)];
    let first = given.iter().find(|(_, given)| given.is_some());
    if let (Some((field, _)), Err(problem)) = (first, target.model().drains()) {
        return Err(BadInput::field(USER_PARAMETERS, *field, problem));
    }
    let step = match step.map(u8::try_from) {
        None => Drain::default().step,
        Some(Ok(step @ 1..=100)) => step,
        Some(_) => {
            let problem = format!(
                "{} is no step; allowed is 1 to 100 percentage points",
                step.unwrap_or_default()
            );
            return Err(BadInput::field(USER_PARAMETERS, "drainStep", problem));
        }
    };
    let interval = seconds.map_or(Drain::default().interval, Duration::from_secs);
    Ok(Drain { step, interval })
}

fn raw_steps(steps: Vec<RawStep>) -> Result<Vec<Step>, BadInput> {
    if steps.is_empty() {
        let problem = "the list is empty; give at least one {\"weight\": 10, \"bakeMinutes\": 5}";
        return Err(BadInput::field(USER_PARAMETERS, "steps", problem));
    }
    steps
        .into_iter()
        .enumerate()
        .map(|(at, step)| {
            let bake = required_bake(
                &format!("steps[{at}]."),
                step.bake_minutes,
                step.bake_seconds,
            )?;
            Ok(Step {
                weight: step.weight,
                bake,
            })
        })
        .collect()
}

fn required_bake(
    path: &str,
    minutes: Option<u64>,
    seconds: Option<u64>,
) -> Result<Duration, BadInput> {
    bake(path, minutes, seconds)?.ok_or_else(|| {
        let problem = "missing; give bakeMinutes or bakeSeconds, 0 for no bake";
        BadInput::field(USER_PARAMETERS, format!("{path}bakeMinutes"), problem)
    })
}

fn bake(
    path: &str,
    minutes: Option<u64>,
    seconds: Option<u64>,
) -> Result<Option<Duration>, BadInput> {
    match (minutes, seconds) {
        (Some(_), Some(_)) => {
            let problem = "bakeSeconds is given too; allowed is one of the two";
            Err(BadInput::field(
                USER_PARAMETERS,
                format!("{path}bakeMinutes"),
                problem,
            ))
        }
        (Some(minutes), None) => Ok(Some(Duration::from_secs(minutes.saturating_mul(60)))),
        (None, seconds) => Ok(seconds.map(Duration::from_secs)),
    }
}

fn timeout(minutes: u64) -> Result<Duration, BadInput> {
    if minutes == 0 {
        let problem = "0 minutes are too few; allowed is 1 to 1440";
        return Err(BadInput::field(USER_PARAMETERS, "timeoutMinutes", problem));
    }
    let timeout = Duration::from_secs(minutes.saturating_mul(60));
    within_a_day("timeoutMinutes", timeout)?;
    Ok(timeout)
}

fn within_a_day(path: &str, total: Duration) -> Result<(), BadInput> {
    if total <= LONGEST_ACTION {
        return Ok(());
    }
    let problem = format!(
        "{} minutes in total; CodePipeline grants an action at most 24 hours (1440 minutes)",
        total.as_secs() / 60
    );
    Err(BadInput::field(USER_PARAMETERS, path, problem))
}

fn fifteen() -> u64 {
    15
}

fn thirty() -> u64 {
    30
}

#[cfg(test)]
mod tests;
