//! What one action of a pipeline, or one call by hand, asks of a function.

use std::time::Duration;

use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    input::{self, BadInput},
    names::{ContainerName, Image, ReleaseId},
    target::{self, Mode, Target},
    weight::Weight,
};

/// The source's name in messages.
pub const USER_PARAMETERS: &str = "UserParameters";

/// The longest configuration value that `CodePipeline` takes
/// (botocore `codepipeline.ActionConfigurationValue`).
pub const MOST_CHARACTERS: usize = 1000;

/// What `CodePipeline` grants an action that answers with continuation tokens
/// (AWS: "Quotas in AWS `CodePipeline`").
pub const LONGEST_ACTION: Duration = Duration::from_hours(24);

/// Parameters as a user writes them, before they are checked against each other.
pub trait Raw: DeserializeOwned {
    /// What they mean.
    type Meaning;

    /// The target, if it came with the call.
    fn target(&mut self) -> Option<Target>;

    /// Checks what one field cannot know.
    fn check(self, target: &Target) -> Result<Self::Meaning, BadInput>;
}

/// Reads the parameters of one call.
///
/// `text` is the JSON as it came (`None`: the action has no `UserParameters`), `environment` the
/// function's `TARGET`.
pub fn read<R: Raw>(
    source: &'static str,
    text: Option<&str>,
    environment: Option<&str>,
) -> Result<(Target, R::Meaning), BadInput> {
    let text = text.filter(|text| !text.trim().is_empty()).ok_or(BadInput::Missing {
        source_name: source,
        allowed: "give a JSON object, at least {\"release\": \"#{codepipeline.PipelineExecutionId}\"}",
    })?;
    let found = text.chars().count();
    if found > MOST_CHARACTERS {
        return Err(BadInput::TooLong {
            source_name: source,
            found,
            most: MOST_CHARACTERS,
        });
    }
    let mut raw: R = input::parse(source, text)?;
    let target = target::resolve(environment, raw.target().map(|given| (source, given)))?;
    let meaning = raw.check(&target)?;
    Ok((target, meaning))
}

/// Parameters of deploy-canary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeployCanary {
    /// The release.
    pub release: ReleaseId,
    /// The candidate's image; without it, `imagedefinitions.json` of the first input artifact.
    pub image: Option<Image>,
    /// The container whose image is replaced; without it, the only container there is, or the one
    /// that `imagedefinitions.json` names.
    pub container: Option<ContainerName>,
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
    /// How long the tasks of one step may take to settle.
    pub timeout: Duration,
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
}

/// Parameters of rollback, as an action or by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollback {
    /// The release to roll back.
    pub release: ReleaseId,
    /// Why, in the words of whoever asked.
    pub reason: Option<String>,
}

/// As the user writes [`DeployCanary`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawDeployCanary {
    release: ReleaseId,
    image: Option<Image>,
    container: Option<ContainerName>,
    #[serde(default = "fifteen")]
    timeout_minutes: u64,
    target: Option<Target>,
}

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
    #[serde(default = "fifteen")]
    timeout_minutes: u64,
    target: Option<Target>,
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
    bake_minutes: Option<u64>,
    bake_seconds: Option<u64>,
    #[serde(default = "thirty")]
    timeout_minutes: u64,
    target: Option<Target>,
}

/// As the user writes [`Rollback`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawRollback {
    release: ReleaseId,
    reason: Option<String>,
    target: Option<Target>,
}

impl Raw for RawDeployCanary {
    type Meaning = DeployCanary;

    fn target(&mut self) -> Option<Target> {
        self.target.take()
    }

    fn check(self, _target: &Target) -> Result<DeployCanary, BadInput> {
        Ok(DeployCanary {
            release: self.release,
            image: self.image,
            container: self.container,
            timeout: timeout(self.timeout_minutes)?,
        })
    }
}

impl Raw for RawShiftWeight {
    type Meaning = ShiftWeight;

    fn target(&mut self) -> Option<Target> {
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
                schedule(&name)?
            }
            _ => {
                let problem = "the shares are given in no way or in more than one; allowed is one of \
                               \"steps\", \"weight\" with \"bakeMinutes\" (or \"bakeSeconds\"), \"schedule\"";
                return Err(BadInput::field(USER_PARAMETERS, "", problem));
            }
        };
        if let Some(at) = steps.iter().position(|step| step.weight == Weight::ALL)
            && target.queue().mode == Mode::Additive
        {
            let problem = "100 % cannot be reached while the primary keeps its tasks (mode additive); allowed \
                           is 0 to 99, and promote-primary for everything";
            return Err(BadInput::field(
                USER_PARAMETERS,
                format!("steps[{at}].weight"),
                problem,
            ));
        }
        let total = steps.iter().map(|step| step.bake).sum();
        within_a_day("steps", total)?;
        if let Some(tolerance) = self
            .tolerance
            .filter(|points| !(0.0..=100.0).contains(points))
        {
            let problem =
                format!("{tolerance} is no tolerance; allowed is 0 to 100 percentage points");
            return Err(BadInput::field(USER_PARAMETERS, "tolerance", problem));
        }
        Ok(ShiftWeight {
            release: self.release,
            steps,
            tolerance: self.tolerance,
            timeout: timeout(self.timeout_minutes)?,
        })
    }
}

impl Raw for RawPromotePrimary {
    type Meaning = PromotePrimary;

    fn target(&mut self) -> Option<Target> {
        self.target.take()
    }

    fn check(self, _target: &Target) -> Result<PromotePrimary, BadInput> {
        let bake = bake("", self.bake_minutes, self.bake_seconds)?.unwrap_or_default();
        let timeout = timeout(self.timeout_minutes)?;
        within_a_day(
            "bakeMinutes and timeoutMinutes",
            bake.saturating_add(timeout),
        )?;
        Ok(PromotePrimary {
            release: self.release,
            bake,
            timeout,
        })
    }
}

impl Raw for RawRollback {
    type Meaning = Rollback;

    fn target(&mut self) -> Option<Target> {
        self.target.take()
    }

    fn check(self, _target: &Target) -> Result<Rollback, BadInput> {
        Ok(Rollback {
            release: self.release,
            reason: self.reason,
        })
    }
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
        let problem = "0 minutes leave no time for anything; allowed is 1 to 1440";
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

/// Steps of a `CodeDeploy` configuration name, predefined (AWS: "Working with deployment
/// configurations in `CodeDeploy`") or of the same form: `ECSLinear10PercentEvery1Minutes` is 10, 20, ... 90
/// percent for a minute each, `ECSCanary10Percent5Minutes` is 10 percent for five minutes. What
/// they end with, everything, is promote-primary's.
fn schedule(name: &str) -> Result<Vec<Step>, BadInput> {
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
        .filter_map(|share| Weight::try_from(i64::try_from(share).ok()?).ok())
        .map(|weight| Step { weight, bake })
        .collect();
    if steps.is_empty() {
        Err(bad())
    } else {
        Ok(steps)
    }
}

fn fifteen() -> u64 {
    15
}

fn thirty() -> u64 {
    30
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::tests::ORDERS;

    const ID: &str = "\"release\": \"3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f\"";

    fn shift(rest: &str) -> Result<ShiftWeight, String> {
        let text = format!("{{{ID}, {rest}}}");
        read::<RawShiftWeight>(USER_PARAMETERS, Some(&text), Some(ORDERS))
            .map(|(_, meaning)| meaning)
            .map_err(|error| error.to_string())
    }

    fn percents(steps: &[Step]) -> Vec<(u8, u64)> {
        steps
            .iter()
            .map(|step| (step.weight.percent(), step.bake.as_secs()))
            .collect()
    }

    #[test]
    fn shares_are_given_as_steps_as_one_weight_or_as_a_schedule() {
        let steps = shift(
            r#""steps": [{"weight": 10, "bakeMinutes": 5}, {"weight": 50, "bakeSeconds": 90}]"#,
        );
        assert_eq!(percents(&steps.unwrap().steps), [(10, 300), (50, 90)]);
        let one = shift(r#""weight": 20, "bakeMinutes": 1"#).unwrap();
        assert_eq!(percents(&one.steps), [(20, 60)]);
        let canary =
            shift(r#""schedule": "CodeDeployDefault.ECSCanary10Percent15Minutes""#).unwrap();
        assert_eq!(percents(&canary.steps), [(10, 900)]);
        let linear = shift(r#""schedule": "LambdaLinear10PercentEvery1Minute""#).unwrap();
        assert_eq!(
            percents(&linear.steps),
            [10, 20, 30, 40, 50, 60, 70, 80, 90].map(|p| (p, 60))
        );
    }

    #[test]
    fn bad_parameters_name_the_field_what_was_found_and_what_is_allowed() {
        let cases = [
            (
                r#""steps": []"#,
                "UserParameters: field steps: the list is empty",
            ),
            (
                r#""steps": [{"weight": 120, "bakeMinutes": 5}]"#,
                "UserParameters: field steps[0].weight: 120 is no weight; allowed",
            ),
            (
                r#""steps": [{"weight": 100, "bakeMinutes": 5}]"#,
                "UserParameters: field steps[0].weight: 100 % cannot be reached",
            ),
            (
                r#""steps": [{"weight": 10}]"#,
                "UserParameters: field steps[0].bakeMinutes: missing",
            ),
            (
                r#""steps": [{"weight": 10, "bakeMinutes": "5"}]"#,
                "UserParameters: field steps[0].bakeMinutes: invalid type: string \"5\"",
            ),
            (
                r#""steps": [{"weight": 10, "bakeMinutes": 5, "bakeSeconds": 5}]"#,
                "UserParameters: field steps[0].bakeMinutes: bakeSeconds is given too",
            ),
            (
                r#""wieght": 10"#,
                "UserParameters: field wieght: unknown field `wieght`, expected one of `release`",
            ),
            (
                r#""weight": 10, "bakeMinutes": 5, "schedule": "ECSAllAtOnce""#,
                "UserParameters: the shares are given in no way or in more than one",
            ),
            (
                r#""tolerance": 5"#,
                "UserParameters: the shares are given in no way or in more than one",
            ),
            (
                r#""schedule": "ECSAllAtOnce""#,
                "UserParameters: field schedule: \"ECSAllAtOnce\" is no CodeDeploy configuration",
            ),
            (
                r#""steps": [{"weight": 10, "bakeMinutes": 800}, {"weight": 20, "bakeMinutes": 800}]"#,
                "UserParameters: field steps: 1600 minutes in total; CodePipeline grants an action at most 24 hours",
            ),
            (
                r#""weight": 10, "bakeMinutes": 18446744073709551615"#,
                "UserParameters: field steps: 307445734561825860 minutes in total",
            ),
            (
                r#""weight": 10, "bakeMinutes": 5, "timeoutMinutes": 0"#,
                "UserParameters: field timeoutMinutes: 0 minutes",
            ),
            (
                r#""weight": 10, "bakeMinutes": 5, "tolerance": 101"#,
                "UserParameters: field tolerance: 101 is no tolerance",
            ),
        ];
        for (rest, expected) in cases {
            let error = shift(rest).unwrap_err();
            assert!(
                error.starts_with(expected),
                "{rest}\nexpected {expected}\nfound    {error}"
            );
        }
    }

    #[test]
    fn parameters_that_are_missing_too_long_or_no_json_say_so() {
        let read = |text| {
            read::<RawDeployCanary>(USER_PARAMETERS, text, Some(ORDERS))
                .unwrap_err()
                .to_string()
        };
        assert!(read(None).starts_with("UserParameters is missing; give a JSON object"));
        assert!(read(Some(" ")).starts_with("UserParameters is missing"));
        assert!(
            read(Some("release=1")).starts_with("UserParameters is not valid JSON: expected value")
        );
        let long = format!("{{\"release\": \"{}\"}}", "a".repeat(1000));
        assert_eq!(
            read(Some(&long)),
            "UserParameters has 1015 characters; CodePipeline allows at most 1000"
        );
        let image = format!("{{{ID}, \"image\": \"orders\"}}");
        assert!(
            read(Some(&image))
                .starts_with("UserParameters: field image: \"orders\" is not an image with a tag")
        );
    }

    #[test]
    fn one_hundred_percent_is_allowed_where_the_total_is_constant() {
        let constant = ORDERS.replace(
            "\"deadLetterUrl\"",
            "\"mode\": \"constantTotal\", \"deadLetterUrl\"",
        );
        let text = format!("{{{ID}, \"weight\": 100, \"bakeMinutes\": 1}}");
        let (_, meaning) =
            read::<RawShiftWeight>(USER_PARAMETERS, Some(&text), Some(&constant)).unwrap();
        assert_eq!(percents(&meaning.steps), [(100, 60)]);
    }

    #[test]
    fn an_account_wide_function_takes_its_target_from_the_call() {
        let target = ORDERS.replace(['\n', ' '], "");
        let text = format!("{{{ID},\"target\":{target}}}");
        let (target, _) = read::<RawPromotePrimary>(USER_PARAMETERS, Some(&text), None).unwrap();
        assert_eq!(target.primary.as_str(), "orders");
    }
}
