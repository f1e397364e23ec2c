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

/// Most rules that one target may name: as many as an application load balancer has by default (AWS: "Quotas for your
/// Application Load Balancers").
const MOST_RULES: usize = 100;

impl AlbTraffic {
    pub(super) fn check(&self, source: &'static str) -> Result<(), BadInput> {
        self.check_rules(source)?;
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

    fn check_rules(&self, source: &'static str) -> Result<(), BadInput> {
        let bad = |field: &str, problem: String| {
            Err(BadInput::field(
                source,
                format!("traffic.alb.{field}"),
                problem,
            ))
        };
        let given = [
            self.place.rule.is_some(),
            !self.place.rules.is_empty(),
            self.place.listener.is_some(),
        ];
        if given.into_iter().filter(|given| *given).count() != 1 {
            let problem = "what forwards requests to the two target groups is given in no way or in more than one; allowed is \
                           one of \"rule\", \"rules\" (at least one), \"listener\"";
            return Err(BadInput::field(source, "traffic.alb", problem));
        }
        if let Some(rule) = self.place.rule.as_ref().filter(|rule| rule.is_listener()) {
            return bad(
                "rule",
                format!(
                    "{rule} is a listener; name it in \"listener\" if its default action is meant"
                ),
            );
        }
        if let Some(listener) = self.place.listener.as_ref().filter(|it| !it.is_listener()) {
            return bad(
                "listener",
                format!("{listener} is a rule; name it in \"rule\""),
            );
        }
        if self.place.rules.len() > MOST_RULES {
            return bad(
                "rules",
                format!(
                    "{} rules; at most {MOST_RULES} are allowed",
                    self.place.rules.len()
                ),
            );
        }
        if let Some(twice) = self
            .place
            .rules
            .iter()
            .enumerate()
            .find(|(at, rule)| self.place.rules[..*at].contains(rule))
        {
            return bad("rules", format!("{} is there twice", twice.1));
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
