//! Forward actions: which target group a request goes to.

use std::time::Duration;

use serde_json::{Value, json};

use super::faults::{bad_action, count, list, text, validation};
use crate::{
    clock::Moment,
    world::{Fault, chance::Chance},
};

/// AWS: ALB user guide, "Quotas for your Application Load Balancers".
const MOST_TARGET_GROUPS: usize = 5;
/// AWS: API reference, `TargetGroupTuple`.
const GREATEST_WEIGHT: u32 = 999;
/// Seconds. AWS: API reference, `TargetGroupStickinessConfig`: 1 to 604800, seven days.
const LONGEST_STICKINESS: u32 = 604_800;

/// Lots that decide which target group a request goes to, as on AWS.
#[derive(Debug)]
pub struct Lots(Chance);

impl Lots {
    /// The same ones for the same seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Chance::seeded(seed))
    }
}

/// A forward action.
#[derive(Debug, Clone)]
pub(super) struct Forward {
    shares: Vec<Share>,
    /// How long clients stay with a group, in AWS time.
    pub(super) stickiness: Option<Duration>,
}

/// A target group's part.
#[derive(Debug, Clone)]
struct Share {
    target_group: String,
    weight: u32,
    /// How far it is behind what it is due.
    due: i64,
}

impl Forward {
    /// A forward action as it is described, and read.
    pub(super) fn parse(action: &Value) -> Result<(Value, Self), Fault> {
        let config = &action["ForwardConfig"];
        let alone = text(action, "TargetGroupArn");
        let shares = match (list(config, "TargetGroups"), alone) {
            (Some(tuples), _) => tuples.iter().map(share).collect::<Result<Vec<_>, _>>()?,
            (None, Some(target_group)) => vec![Share::new(target_group, 1)],
            (None, None) => Vec::new(),
        };
        check_groups(&shares, alone)?;
        let stickiness = stickiness(&config["TargetGroupStickinessConfig"])?;
        let forward = Self { shares, stickiness };
        let document = forward.described(&config["TargetGroupStickinessConfig"]);
        Ok((document, forward))
    }

    /// Target groups and their weights.
    pub(super) fn weights(&self) -> impl Iterator<Item = (&str, u32)> {
        let shares = self.shares.iter();
        shares.map(|share| (share.target_group.as_str(), share.weight))
    }

    /// The group that a request goes to: the one its client is bound to, else the one that is drawn or whose turn it is.
    /// None if all weights are 0.
    ///
    /// Whether AWS keeps clients on a group whose weight has become 0 is not documented; here they go
    /// on to another one.
    pub(super) fn choose(&mut self, bound: Option<&str>, lots: Option<&mut Lots>) -> Option<&str> {
        let is_bound = |share: &Share| share.weight > 0 && Some(share.token()) == bound;
        let place = self.shares.iter().position(is_bound);
        let place = place.or_else(|| match lots {
            Some(lots) => self.draw(lots),
            None => self.next(),
        })?;
        self.shares
            .get(place)
            .map(|share| share.target_group.as_str())
    }

    /// The group that is drawn, each as likely as its weight says.
    fn draw(&self, lots: &mut Lots) -> Option<usize> {
        let total = self.shares.iter().map(|share| share.weight).sum();
        let mut lot = lots.0.below(total);
        self.shares.iter().position(|share| {
            let is_drawn = lot < share.weight;
            lot = lot.saturating_sub(share.weight);
            is_drawn
        })
    }

    /// Whose turn it is: smooth weighted round robin, so that every stretch of requests is shared as
    /// nearly as whole requests can be.
    fn next(&mut self) -> Option<usize> {
        let total: i64 = self
            .shares
            .iter()
            .map(|share| i64::from(share.weight))
            .sum();
        let mut next = None;
        for (place, share) in self.shares.iter_mut().enumerate() {
            share.due += i64::from(share.weight);
            if share.weight > 0 && next.is_none_or(|(_, due)| share.due > due) {
                next = Some((place, share.due));
            }
        }
        let (place, _) = next?;
        self.shares[place].due -= total;
        Some(place)
    }

    /// As AWS shows it: one group also by itself, several only as a list.
    fn described(&self, stickiness: &Value) -> Value {
        let groups = self.shares.iter();
        let groups: Vec<_> = groups
            .map(|share| json!({ "TargetGroupArn": share.target_group, "Weight": share.weight }))
            .collect();
        let mut document = json!({ "Type": "forward" });
        if let [alone] = self.shares.as_slice() {
            document["TargetGroupArn"] = alone.target_group.clone().into();
        }
        let mut stickiness = stickiness.clone();
        if stickiness["Enabled"].is_null() {
            stickiness["Enabled"] = false.into();
        }
        document["ForwardConfig"] = json!({
            "TargetGroups": groups,
            "TargetGroupStickinessConfig": stickiness,
        });
        document
    }
}

impl Share {
    fn new(target_group: &str, weight: u32) -> Self {
        Self {
            target_group: target_group.to_owned(),
            weight,
            due: 0,
        }
    }

    fn token(&self) -> &str {
        token(&self.target_group)
    }
}

/// What a cookie says of a target group: the end of its ARN.
fn token(target_group: &str) -> &str {
    target_group.rsplit('/').next().unwrap_or_default()
}

/// The cookie that binds a client to a group. AWS encrypts its own.
pub(super) fn cookie(target_group: &str, until: Moment) -> String {
    format!("{}-{}", token(target_group), until.0)
}

/// The group that a cookie binds to; none if it has expired or is no cookie of ours.
pub(super) fn bound_by(cookie: &str, now: Moment) -> Option<&str> {
    let (token, until) = cookie.split_once('-')?;
    let until = Moment(until.parse().ok()?);
    (now < until).then_some(token)
}

fn share(tuple: &Value) -> Result<Share, Fault> {
    let target_group = text(tuple, "TargetGroupArn")
        .ok_or_else(|| validation("A target group of ForwardConfig has no TargetGroupArn"))?;
    let weight = if tuple["Weight"].is_null() {
        Some(1)
    } else {
        count(tuple, "Weight").filter(|weight| *weight <= GREATEST_WEIGHT)
    };
    let weight = weight.ok_or_else(|| {
        validation(format!(
            "The weight {} of target group '{target_group}' is not between 0 and {GREATEST_WEIGHT}",
            tuple["Weight"]
        ))
    })?;
    Ok(Share::new(target_group, weight))
}

fn check_groups(shares: &[Share], alone: Option<&str>) -> Result<(), Fault> {
    if shares.is_empty() {
        return Err(bad_action(
            "An action of type 'forward' must have TargetGroupArn or the TargetGroups of \
             ForwardConfig",
        ));
    }
    if shares.len() > MOST_TARGET_GROUPS {
        return Err(validation(format!(
            "A forward action can have up to {MOST_TARGET_GROUPS} target groups; it has {}",
            shares.len()
        )));
    }
    // AWS: API reference, `Action`, `ForwardConfig`.
    let is_alone = |share: &Share| alone.is_none_or(|alone| alone == share.target_group);
    if alone.is_some() && (shares.len() != 1 || !shares.iter().all(is_alone)) {
        return Err(validation(
            "You can specify both TargetGroupArn and ForwardConfig only if ForwardConfig has that \
             one target group",
        ));
    }
    let twice = shares.iter().enumerate().find(|(place, share)| {
        let before = shares.iter().take(*place);
        before
            .into_iter()
            .any(|other| other.target_group == share.target_group)
    });
    match twice {
        Some((_, share)) => Err(validation(format!(
            "The target groups of a forward action must differ; '{}' appears twice",
            share.target_group
        ))),
        None => Ok(()),
    }
}

fn stickiness(config: &Value) -> Result<Option<Duration>, Fault> {
    if config["Enabled"] != Value::Bool(true) {
        return Ok(None);
    }
    let seconds = count(config, "DurationSeconds");
    let seconds = seconds.filter(|seconds| (1..=LONGEST_STICKINESS).contains(seconds));
    let seconds = seconds.ok_or_else(|| {
        validation(format!(
            "TargetGroupStickinessConfig is enabled, so its DurationSeconds must be between 1 and \
             {LONGEST_STICKINESS}"
        ))
    })?;
    Ok(Some(Duration::from_secs(seconds.into())))
}
