//! The actions of a rule as the load balancer describes them, and as it takes them back.
//!
//! Elastic Load Balancing replaces a list of actions whole. What is not sent again is lost; therefore the actions are
//! kept as the elements that came over the wire, whatever they mean, and only two weights in them are ever changed.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use super::Weights;
use crate::names::TargetGroupArn;

/// Target groups that one forward action may have (AWS: "Listeners for your Application Load Balancers", forward
/// actions).
const MOST_GROUPS: usize = 5;

/// An element of an answer: its name, and its text or the elements in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Element {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub content: Content,
}

/// What is in an element.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Content {
    /// Text, maybe none.
    Text(String),
    /// Elements.
    Elements(Vec<Element>),
}

/// All actions of a rule, or of a listener's default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actions(Vec<Element>);

/// What a rule's forward action gives to the pair's groups and to others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forwarding {
    /// The weights of the pair's groups, 0 to 999 each.
    pub weights: Weights,
    /// Everything else about it that counts.
    pub rest: Rest,
}

/// What a forward action has beside the pair's weights. No release changes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rest {
    /// Further groups that have a weight, by ARN; 1 to 999 each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, u16>,
    /// For how many seconds a cookie binds a client to a group, if one does; 1 to 604800.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sticky_seconds: Option<u32>,
}

/// With its verb: `is not sticky and has no further groups`.
impl fmt::Display for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.sticky_seconds {
            None => f.write_str("is not sticky")?,
            Some(seconds) => write!(f, "is sticky for {seconds} s")?,
        }
        if self.groups.is_empty() {
            return f.write_str(" and has no further groups");
        }
        // Of an ARN the name and the id say which.
        let short = |arn: &str| {
            arn.split_once("targetgroup/")
                .map_or(arn, |(_, it)| it)
                .to_owned()
        };
        let groups = self.groups.iter();
        let groups: Vec<_> = groups
            .map(|(arn, weight)| format!("{} {weight}", short(arn)))
            .collect();
        write!(f, " and has the further groups {}", groups.join(", "))
    }
}

/// Why the weights of a rule cannot be ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadActions {
    /// It redirects, or answers by itself.
    #[error("has no forward action")]
    NoForward,
    /// A group that the target names is not in it.
    #[error("does not forward to the target group {group}; it forwards to {}", list(.found))]
    NotThere {
        /// The group that is missing.
        group: TargetGroupArn,
        /// The groups there are, by ARN.
        found: Vec<String>,
    },
    /// More groups than AWS takes.
    #[error("forwards to {0} target groups; Elastic Load Balancing takes at most {MOST_GROUPS}")]
    TooMany(usize),
    /// A weight that is none.
    #[error(
        "gives the target group {group} the weight {found:?}; a weight is a number from 0 to 999"
    )]
    NoWeight {
        /// The group's ARN.
        group: String,
        /// What was found.
        found: String,
    },
}

impl BadActions {
    /// Whether no request goes to this group.
    #[must_use]
    pub fn spares(&self, group: &TargetGroupArn) -> bool {
        match self {
            Self::NoForward => true,
            Self::NotThere { found, .. } => !found.iter().any(|found| found == group.as_str()),
            Self::TooMany(_) | Self::NoWeight { .. } => false,
        }
    }
}

fn list(groups: &[String]) -> String {
    if groups.is_empty() {
        "none".to_owned()
    } else {
        groups.join(", ")
    }
}

impl Element {
    /// An element with text.
    #[must_use]
    pub fn text(name: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            content: Content::Text(text.to_owned()),
        }
    }

    /// An element with elements.
    #[must_use]
    pub fn of(name: &str, elements: Vec<Self>) -> Self {
        Self {
            name: name.to_owned(),
            content: Content::Elements(elements),
        }
    }

    fn elements(&self) -> &[Self] {
        match &self.content {
            Content::Elements(elements) => elements,
            Content::Text(_) => &[],
        }
    }

    fn elements_mut(&mut self) -> Option<&mut Vec<Self>> {
        match &mut self.content {
            Content::Elements(elements) => Some(elements),
            Content::Text(_) => None,
        }
    }

    fn get(&self, name: &str) -> Option<&Self> {
        self.elements().iter().find(|element| element.name == name)
    }

    fn get_mut(&mut self, name: &str) -> Option<&mut Self> {
        self.elements_mut()?
            .iter_mut()
            .find(|element| element.name == name)
    }

    fn text_of(&self, name: &str) -> Option<&str> {
        match &self.get(name)?.content {
            Content::Text(text) => Some(text),
            Content::Elements(_) => None,
        }
    }

    fn set(&mut self, name: &str, text: &str) {
        let new = Self::text(name, text);
        match self.get_mut(name) {
            Some(old) => *old = new,
            None => {
                if let Some(elements) = self.elements_mut() {
                    elements.push(new);
                }
            }
        }
    }

    fn remove(&mut self, name: &str) {
        if let Some(elements) = self.elements_mut() {
            elements.retain(|element| element.name != name);
        }
    }

    /// Its form fields: members of lists are counted from 1. AWS: Smithy 2.0, "AWS query protocol".
    fn fields(&self, path: &str, fields: &mut Vec<(String, String)>) {
        match &self.content {
            Content::Text(text) => fields.push((path.to_owned(), text.clone())),
            Content::Elements(elements) => {
                for (at, element) in elements.iter().enumerate() {
                    let name = &element.name;
                    let path = match name.as_str() {
                        "member" | "entry" => format!("{path}.{name}.{}", at + 1),
                        _ => format!("{path}.{name}"),
                    };
                    element.fields(&path, fields);
                }
            }
        }
    }
}

impl Actions {
    /// From the elements of the list.
    #[must_use]
    pub fn new(members: Vec<Element>) -> Self {
        Self(members)
    }

    /// What the forward action does for the pair.
    pub fn forwarding(
        &self,
        primary: &TargetGroupArn,
        canary: &TargetGroupArn,
    ) -> Result<Forwarding, BadActions> {
        let forward = self.forward().ok_or(BadActions::NoForward)?;
        let groups = groups(forward)?;
        if groups.len() > MOST_GROUPS {
            return Err(BadActions::TooMany(groups.len()));
        }
        let weight = |arn: &TargetGroupArn| {
            let found = groups.iter().find(|(group, _)| group == arn.as_str());
            found
                .map(|(_, weight)| *weight)
                .ok_or_else(|| BadActions::NotThere {
                    group: arn.clone(),
                    found: groups.iter().map(|(group, _)| group.clone()).collect(),
                })
        };
        let weights = Weights {
            primary: weight(primary)?,
            canary: weight(canary)?,
        };
        let config = forward.get("ForwardConfig");
        let sticky = config.and_then(|it| it.get("TargetGroupStickinessConfig"));
        let sticky = sticky.filter(|it| it.text_of("Enabled") == Some("true"));
        let seconds = |it: &Element| it.text_of("DurationSeconds")?.parse().ok();
        let is_ours = |group: &str| [primary, canary].iter().any(|it| it.as_str() == group);
        let others = groups.into_iter();
        let others = others.filter(|(group, weight)| !is_ours(group) && *weight > 0);
        Ok(Forwarding {
            weights,
            rest: Rest {
                groups: others.collect(),
                // AWS wants the seconds wherever it is on (API reference, `TargetGroupStickinessConfig`).
                sticky_seconds: sticky.map(|it| seconds(it).unwrap_or_default()),
            },
        })
    }

    /// The same with other weights for the pair, as Elastic Load Balancing takes it.
    #[must_use]
    pub fn weighing(
        &self,
        primary: &TargetGroupArn,
        canary: &TargetGroupArn,
        weights: Weights,
    ) -> Self {
        let mut actions = self.clone();
        for action in &mut actions.0 {
            give_back_secret(action);
            let Some(config) = action.get_mut("ForwardConfig") else {
                continue;
            };
            let tuples = config
                .get_mut("TargetGroups")
                .and_then(Element::elements_mut);
            for tuple in tuples.into_iter().flatten() {
                let weight = match tuple.text_of("TargetGroupArn") {
                    Some(arn) if arn == primary.as_str() => weights.primary,
                    Some(arn) if arn == canary.as_str() => weights.canary,
                    _ => continue,
                };
                tuple.set("Weight", &weight.to_string());
            }
            // With a configuration of several groups the single group beside it is an error (botocore
            // elbv2.Action, TargetGroupArn).
            action.remove("TargetGroupArn");
        }
        actions
    }

    /// The form fields of a list of this name.
    #[must_use]
    pub fn fields(&self, name: &str) -> Vec<(String, String)> {
        let mut fields = Vec::new();
        for (at, action) in self.0.iter().enumerate() {
            action.fields(&format!("{name}.member.{}", at + 1), &mut fields);
        }
        fields
    }

    fn forward(&self) -> Option<&Element> {
        self.0
            .iter()
            .find(|action| action.text_of("Type") == Some("forward"))
    }
}

/// The groups of a forward action and their weights.
fn groups(forward: &Element) -> Result<Vec<(String, u16)>, BadActions> {
    let tuples = forward
        .get("ForwardConfig")
        .and_then(|config| config.get("TargetGroups"));
    let Some(tuples) = tuples else {
        let only = forward
            .text_of("TargetGroupArn")
            .map(|arn| (arn.to_owned(), 1));
        return Ok(only.into_iter().collect());
    };
    tuples
        .elements()
        .iter()
        .map(|tuple| {
            let group = tuple
                .text_of("TargetGroupArn")
                .unwrap_or_default()
                .to_owned();
            // AWS always describes a weight; one that is not there is the weight of a single group.
            let found = tuple.text_of("Weight").unwrap_or("1");
            match found.parse::<u16>() {
                Ok(weight) if weight <= 999 => Ok((group, weight)),
                _ => Err(BadActions::NoWeight {
                    group,
                    found: found.to_owned(),
                }),
            }
        })
        .collect()
}

/// A client secret is never described; without it AWS wants to be told to keep the one it has (botocore
/// `elbv2.AuthenticateOidcActionConfig`, `UseExistingClientSecret`).
fn give_back_secret(action: &mut Element) {
    if let Some(oidc) = action.get_mut("AuthenticateOidcConfig")
        && oidc.get("ClientSecret").is_none()
    {
        oidc.set("UseExistingClientSecret", "true");
    }
}
