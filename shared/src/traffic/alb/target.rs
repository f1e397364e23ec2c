//! The target of two HTTP services behind a load balancer.

use serde::{Deserialize, Serialize};

use super::Alb;
use crate::{
    input::{BadInput, Fields},
    names::{ForwardArn, PairId, TargetGroupArn},
    parts::{
        pair::{self, Pair},
        rules::Place,
        task_definition::Request,
    },
    traffic::configured::Configured,
};

/// Two HTTP services with a target group each, behind one application load balancer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlbTraffic {
    /// Which rules forward to which groups.
    #[serde(flatten)]
    pub place: Place,
    /// The fewest tasks that the canary has during a release, at least 1.
    pub min_tasks: u32,
    /// How many unhealthy targets the canary's group may have while its weight is raised or given back.
    pub max_unhealthy: u32,
    /// Whether forward actions may be sticky: then clients with a cookie stay on the canary whatever its weight is.
    pub allow_sticky: bool,
}

impl AlbTraffic {
    pub(super) fn check(&self, source: &'static str) -> Result<(), BadInput> {
        let rules = self.place.check(source);
        rules.map_err(|error| error.within("traffic.alb"))?;
        let bad = |field: &str, problem: String| {
            Err(BadInput::field(
                source,
                format!("traffic.alb.{field}"),
                problem,
            ))
        };
        if self.place.primary_target_group == self.place.canary_target_group {
            let problem = format!(
                "{} is the primary's too; each service needs a group of its own",
                self.place.canary_target_group
            );
            return bad("canaryTargetGroup", problem);
        }
        if self.min_tasks == 0 {
            return bad("minTasks", "0 tasks; at least 1 is needed".to_owned());
        }
        Ok(())
    }
}

/// As people write it; each field is that of the same name of [`AlbTraffic`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    #[serde(default)]
    rule: Option<ForwardArn>,
    #[serde(default)]
    rules: Vec<ForwardArn>,
    #[serde(default)]
    listener: Option<ForwardArn>,
    primary_target_group: TargetGroupArn,
    canary_target_group: TargetGroupArn,
    #[serde(default = "one")]
    min_tasks: u32,
    #[serde(default)]
    max_unhealthy: u32,
    #[serde(default)]
    allow_sticky: bool,
}

impl From<Input> for AlbTraffic {
    fn from(input: Input) -> Self {
        Self {
            place: Place {
                rule: input.rule,
                rules: input.rules,
                listener: input.listener,
                primary_target_group: input.primary_target_group,
                canary_target_group: input.canary_target_group,
            },
            min_tasks: input.min_tasks,
            max_unhealthy: input.max_unhealthy,
            allow_sticky: input.allow_sticky,
        }
    }
}

fn one() -> u32 {
    1
}

/// How work is split, by the model's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split<Traffic> {
    /// How.
    pub alb: Traffic,
}

impl From<pair::target::Input<Split<Input>>> for Alb {
    fn from(input: pair::target::Input<Split<Input>>) -> Self {
        let (pair, traffic) = input.split();
        Self {
            pair,
            traffic: Split {
                alb: traffic.alb.into(),
            },
        }
    }
}

impl Configured for Alb {
    type Input = pair::target::Input<Split<Input>>;
    type Request = Request;

    fn request(source: &'static str, fields: &Fields) -> Result<Request, BadInput> {
        Request::read(source, fields)
    }

    fn is_limit(field: &str) -> bool {
        const OWN: [&str; 3] = ["minTasks", "maxUnhealthy", "allowSticky"];
        Pair::LIMITS.contains(&field) || OWN.contains(&field)
    }

    fn id(&self) -> PairId {
        self.pair.id()
    }

    fn name(&self) -> String {
        self.pair.primary.to_string()
    }

    fn check(&self, source: &'static str) -> Result<(), BadInput> {
        self.pair.check(source)?;
        self.traffic.alb.check(source)
    }

    fn drains(&self) -> Result<(), &'static str> {
        Ok(())
    }
}
