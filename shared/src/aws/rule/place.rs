//! Which rules forward to which two groups.

use serde::{Deserialize, Serialize};

use crate::names::{ForwardArn, TargetGroupArn};

/// Rules and listeners that forward to two target groups. Exactly one of `rule`, `rules` and `listener` is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
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
}

/// The same, and where a target names it.
#[derive(Debug, Clone, Copy)]
pub struct At<'a> {
    /// It.
    pub place: &'a Place,
    /// The field of `TARGET` that it is in, by its path.
    pub within: &'static str,
    /// The fields below it that name the primary's group and the canary's.
    pub groups: [&'static str; 2],
}

/// As many rules as one `DescribeRules` may name: AWS refuses more, as public reports have it; its reference names no number.
const MOST_AT_ONCE: usize = 20;

impl Place {
    /// The primary's group and the canary's.
    #[must_use]
    pub fn groups(&self) -> (&TargetGroupArn, &TargetGroupArn) {
        (&self.primary_target_group, &self.canary_target_group)
    }

    /// Every rule and listener whose weights move.
    pub fn forwards(&self) -> impl Iterator<Item = &ForwardArn> {
        self.rule.iter().chain(&self.rules).chain(&self.listener)
    }

    /// The field that names one of them: `rule`, `rules[3]`, `listener`.
    #[must_use]
    pub fn field(&self, arn: &ForwardArn) -> String {
        match self.rules.iter().position(|rule| rule == arn) {
            Some(at) => format!("rules[{at}]"),
            None if self.listener.as_ref() == Some(arn) => "listener".to_owned(),
            None => "rule".to_owned(),
        }
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
}
