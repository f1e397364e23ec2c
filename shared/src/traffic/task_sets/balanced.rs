//! The target of two sets behind a load balancer.

use serde::{Deserialize, Serialize};

use crate::{
    input::BadInput,
    names::{ForwardArn, TargetGroupArn},
    parts::rules::{At, Place},
};

/// Two sets with a target group each, behind one application load balancer. Which of them is the stable one's is what that set says: at
/// every promotion they change places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BalancedSets {
    /// The listener rule that forwards to both groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<ForwardArn>,
    /// Several rules, or listeners for their default actions; their weights move together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<ForwardArn>,
    /// The listener whose default action forwards to both groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listener: Option<ForwardArn>,
    /// Where both sets register their tasks; a first set does in the first.
    pub target_groups: [TargetGroupArn; 2],
    /// The fewest tasks that the candidate has during a release, at least 1.
    pub min_tasks: u32,
    /// How many unhealthy targets the candidate's group may have while its weight is raised.
    pub max_unhealthy: u32,
    /// Whether forward actions may be sticky: then clients with a cookie stay on the candidate whatever its weight is.
    pub allow_sticky: bool,
}

impl BalancedSets {
    /// The fields that name both groups.
    const FIELDS: [&'static str; 2] = ["targetGroups[0]", "targetGroups[1]"];

    /// Rules and groups, the stable set's first.
    #[must_use]
    pub fn place(&self, is_swapped: bool) -> Place {
        let [one, other] = self.target_groups.clone();
        let (primary, canary) = if is_swapped {
            (other, one)
        } else {
            (one, other)
        };
        Place {
            rule: self.rule.clone(),
            rules: self.rules.clone(),
            listener: self.listener.clone(),
            primary_target_group: primary,
            canary_target_group: canary,
        }
    }

    /// Where those are named in the target.
    #[must_use]
    pub fn at(place: &Place, is_swapped: bool) -> At<'_> {
        let [one, other] = Self::FIELDS;
        At {
            place,
            within: "traffic.taskSets.alb",
            groups: if is_swapped {
                [other, one]
            } else {
                [one, other]
            },
        }
    }

    pub(super) fn check(&self, source: &'static str) -> Result<(), BadInput> {
        let bad = |field: &str, problem: String| Err(BadInput::field(source, field, problem));
        self.place(false).check(source)?;
        let [one, other] = &self.target_groups;
        if one == other {
            let problem = format!("{other} appears twice; each set needs a group of its own");
            return bad("targetGroups", problem);
        }
        if self.min_tasks == 0 {
            return bad("minTasks", "0 tasks; at least 1 is needed".to_owned());
        }
        Ok(())
    }
}

/// As people write it; each field is that of the same name of [`BalancedSets`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BalancedInput {
    #[serde(default)]
    rule: Option<ForwardArn>,
    #[serde(default)]
    rules: Vec<ForwardArn>,
    #[serde(default)]
    listener: Option<ForwardArn>,
    target_groups: [TargetGroupArn; 2],
    #[serde(default = "one")]
    min_tasks: u32,
    #[serde(default)]
    max_unhealthy: u32,
    #[serde(default)]
    allow_sticky: bool,
}

fn one() -> u32 {
    1
}

impl From<BalancedInput> for BalancedSets {
    fn from(input: BalancedInput) -> Self {
        Self {
            rule: input.rule,
            rules: input.rules,
            listener: input.listener,
            target_groups: input.target_groups,
            min_tasks: input.min_tasks,
            max_unhealthy: input.max_unhealthy,
            allow_sticky: input.allow_sticky,
        }
    }
}
