//! A pair behind a load balancer.

use serde::{Deserialize, Serialize};

use crate::{
    input::BadInput,
    names::{ForwardArn, TargetGroupArn},
};

/// Two HTTP services with a target group each, behind one application load balancer.
///
/// Exactly one of `rule`, `rules` and `listener` is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlbTraffic {
    /// The listener rule that forwards to both groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<ForwardArn>,
    /// Several rules, or listeners for their default actions; their weights move together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<ForwardArn>,
    /// The listener whose default action forwards to both groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listener: Option<ForwardArn>,
    /// Where the primary service registers its tasks.
    pub primary_target_group: TargetGroupArn,
    /// Where the canary service registers its tasks.
    pub canary_target_group: TargetGroupArn,
    /// The fewest tasks that the canary has during a release, at least 1.
    pub min_tasks: u32,
    /// How many unhealthy targets the canary's group may have while its weight is raised or given back.
    pub max_unhealthy: u32,
    /// Whether forward actions may be sticky: then clients with a cookie stay on the canary whatever its weight is.
    pub allow_sticky: bool,
}

/// As many rules as one `DescribeRules` may name: AWS refuses more, as public reports have it; its reference names no number.
const MOST_AT_ONCE: usize = 20;

/// Most rules that one target may name: as many as an application load balancer has by default (AWS: "Quotas for your
/// Application Load Balancers").
const MOST_RULES: usize = 100;

impl AlbTraffic {
    /// The primary's group and the canary's.
    #[must_use]
    pub fn groups(&self) -> (&TargetGroupArn, &TargetGroupArn) {
        (&self.primary_target_group, &self.canary_target_group)
    }

    /// Every rule and listener whose weights move.
    pub fn forwards(&self) -> impl Iterator<Item = &ForwardArn> {
        self.rule.iter().chain(&self.rules).chain(&self.listener)
    }

    /// The same, rules and listeners apart, as many at once as one call takes.
    #[must_use]
    pub fn batches(&self) -> Vec<Vec<&ForwardArn>> {
        let (listeners, rules): (Vec<_>, Vec<_>) =
            self.forwards().partition(|arn| arn.is_listener());
        let batches = [rules, listeners];
        let batches = batches.iter().flat_map(|arns| arns.chunks(MOST_AT_ONCE));
        batches.map(<[_]>::to_vec).collect()
    }

    pub(super) fn check(&self, source: &'static str) -> Result<(), BadInput> {
        let bad = |field: &str, problem: String| {
            Err(BadInput::field(
                source,
                format!("traffic.alb.{field}"),
                problem,
            ))
        };
        let given = [
            self.rule.is_some(),
            !self.rules.is_empty(),
            self.listener.is_some(),
        ];
        if given.into_iter().filter(|given| *given).count() != 1 {
            let problem = "what forwards requests to the two target groups is given in no way or in more than one; allowed is \
                           one of \"rule\", \"rules\" (at least one), \"listener\"";
            return Err(BadInput::field(source, "traffic.alb", problem));
        }
        if let Some(rule) = self.rule.as_ref().filter(|rule| rule.is_listener()) {
            return bad(
                "rule",
                format!(
                    "{rule} is a listener; name it in \"listener\" if its default action is meant"
                ),
            );
        }
        if let Some(listener) = self.listener.as_ref().filter(|it| !it.is_listener()) {
            return bad(
                "listener",
                format!("{listener} is a rule; name it in \"rule\""),
            );
        }
        if self.rules.len() > MOST_RULES {
            return bad(
                "rules",
                format!(
                    "{} rules; at most {MOST_RULES} are allowed",
                    self.rules.len()
                ),
            );
        }
        if let Some(twice) = self
            .rules
            .iter()
            .enumerate()
            .find(|(at, rule)| self.rules[..*at].contains(rule))
        {
            return bad("rules", format!("{} is there twice", twice.1));
        }
        if self.primary_target_group == self.canary_target_group {
            let problem = format!(
                "{} is the primary's too; each service needs a group of its own",
                self.canary_target_group
            );
            return bad("canaryTargetGroup", problem);
        }
        if self.min_tasks == 0 {
            return bad("minTasks", "0 tasks; at least 1 is needed".to_owned());
        }
        Ok(())
    }
}
