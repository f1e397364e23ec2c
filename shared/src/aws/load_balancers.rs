//! Elastic Load Balancing: rules with their weights, target groups with their health.
//!
//! A rule's actions are replaced whole, so they are kept as they go over the wire: see `raw`.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_elasticloadbalancingv2::types::{
    Rule, TargetHealth as SdkHealth, TargetHealthStateEnum,
};
use roxmltree::{Document, Node};

use super::{
    Account, AwsError, LookError,
    raw::{Answer, sending},
    rule::{Actions, At, Content, Element, Forward, TargetHealth, Whole},
};
use crate::{
    input::{BadInput, TARGET},
    names::{ForwardArn, TargetGroupArn},
};

/// The version of the API (botocore `elbv2` `2015-12-01`).
const VERSION: &str = "2015-12-01";

/// The attribute with the deregistration delay in seconds, 0 to 3600 (botocore `elbv2.TargetGroupAttribute`).
const DEREGISTRATION_DELAY: &str = "deregistration_delay.timeout_seconds";

/// As many changes as AWS takes at once; a few a second after that (user guide, "Request throttling for the Elastic Load Balancing API":
/// 20 and 3).
pub(super) const CHANGES_AT_ONCE: usize = 20;

const BETWEEN_CHANGES: Duration = Duration::from_secs(1);

/// For how long a look tries, all rules together: less than an action's look has.
const LONGEST_CHANGES: Duration = Duration::from_secs(15);

const DESCRIBE_RULES: &str = "elasticloadbalancing:DescribeRules";
const DESCRIBE_LISTENERS: &str = "elasticloadbalancing:DescribeListeners";

impl Account {
    /// What the load balancer does for the pair: every rule, and the health of both groups.
    pub async fn rules(&self, at: At<'_>) -> Result<Whole, LookError> {
        let batches = at.place.batches();
        let reads = batches.iter().map(|arns| self.actions(at, arns));
        let (read, health) =
            tokio::join!(futures_util::future::join_all(reads), self.health_of(at));
        let read = batches
            .into_iter()
            .flatten()
            .zip(read.into_iter().flatten());
        let forwards = read.map(|(arn, actions)| {
            Forward::read(at.place.groups(), arn, actions?).map_err(|bad| {
                BadInput::field(TARGET, field(at, arn), format!("{arn} {bad}")).into()
            })
        });
        let forwards = forwards.collect::<Result<_, LookError>>()?;
        let (primary, canary) = health?;
        Ok(Whole {
            forwards,
            primary,
            canary,
        })
    }

    /// The health of the primary's group and of the canary's.
    pub async fn health_of(&self, at: At<'_>) -> Result<(TargetHealth, TargetHealth), LookError> {
        tokio::try_join!(self.health_of_primary(at), self.health_of_canary(at))
    }

    /// The health of the primary's group.
    pub async fn health_of_primary(&self, at: At<'_>) -> Result<TargetHealth, LookError> {
        let health = self.target_health(at, &at.place.primary_target_group, at.groups[0]);
        Ok(health.await?)
    }

    /// The health of the canary's group.
    pub async fn health_of_canary(&self, at: At<'_>) -> Result<TargetHealth, LookError> {
        let health = self.target_health(at, &at.place.canary_target_group, at.groups[1]);
        Ok(health.await?)
    }

    /// Everything that rules do, or the defaults of listeners: those of one batch of a target, in its order. Each has an answer of its
    /// own, also where another one does not exist.
    pub async fn actions(
        &self,
        at: At<'_>,
        arns: &[&ForwardArn],
    ) -> Vec<Result<Actions, LookError>> {
        let described = if arns.iter().all(|arn| arn.is_listener()) {
            self.default_actions(at, arns).await
        } else {
            self.rule_actions(at, arns).await
        };
        match described {
            Ok(mut found) => {
                let mut of = |arn: &&ForwardArn| found.remove(arn.as_str());
                let missing = |arn| AwsError::missing(action(arn), told(at, &[arn])).into();
                let all = arns.iter();
                all.map(|arn| of(arn).unwrap_or_else(|| Err(missing(*arn))))
                    .collect()
            }
            // AWS says that one of them does not exist, and nothing of the others.
            Err(error) if error.is_missing() && arns.len() > 1 => {
                let (some, others) = arns.split_at(arns.len() / 2);
                let (some, others) = tokio::join!(
                    Box::pin(self.actions(at, some)),
                    Box::pin(self.actions(at, others))
                );
                some.into_iter().chain(others).collect()
            }
            Err(error) => arns.iter().map(|_| Err(error.clone().into())).collect(),
        }
    }

    async fn rule_actions(&self, at: At<'_>, arns: &[&ForwardArn]) -> Result<Described, AwsError> {
        let answer = Answer::default();
        let rules = self
            .elb
            .describe_rules()
            .set_rule_arns(Some(arns.iter().map(ToString::to_string).collect()))
            .customize()
            .interceptor(answer.clone())
            .send()
            .await
            .map_err(|error| AwsError::of(DESCRIBE_RULES, told(at, arns), &error))?;
        let mut found = described(&answer.take(), "Rule", "Actions");
        let defaults = rules
            .rules()
            .iter()
            .filter(|rule| rule.is_default() == Some(true));
        for arn in defaults.filter_map(Rule::rule_arn) {
            let problem = format!(
                "{arn} is the default rule of its listener, which has to be named instead, in \"listener\""
            );
            let named = arns.iter().find(|it| it.as_str() == arn);
            let field = named.map_or_else(String::new, |arn| field(at, arn));
            let bad = BadInput::field(TARGET, field, problem);
            found.insert(arn.to_owned(), Err(bad.into()));
        }
        Ok(found)
    }

    async fn default_actions(
        &self,
        at: At<'_>,
        arns: &[&ForwardArn],
    ) -> Result<Described, AwsError> {
        let answer = Answer::default();
        self.elb
            .describe_listeners()
            .set_listener_arns(Some(arns.iter().map(ToString::to_string).collect()))
            .customize()
            .interceptor(answer.clone())
            .send()
            .await
            .map_err(|error| AwsError::of(DESCRIBE_LISTENERS, told(at, arns), &error))?;
        Ok(described(&answer.take(), "Listener", "DefaultActions"))
    }

    async fn target_health(
        &self,
        at: At<'_>,
        group: &TargetGroupArn,
        field: &str,
    ) -> Result<TargetHealth, AwsError> {
        const ACTION: &str = "elasticloadbalancing:DescribeTargetHealth";
        let answer = self
            .elb
            .describe_target_health()
            .target_group_arn(group.as_str())
            .send()
            .await
            .map_err(|error| AwsError::of(ACTION, named(at, group, field), &error))?;
        let targets = answer.target_health_descriptions().iter();
        Ok(counted(targets.filter_map(|target| target.target_health())))
    }

    /// The load balancers of a group, by ARN; none where nothing forwards to it.
    pub async fn load_balancers_of(
        &self,
        at: At<'_>,
        group: &TargetGroupArn,
        field: &str,
    ) -> Result<Vec<String>, AwsError> {
        const ACTION: &str = "elasticloadbalancing:DescribeTargetGroups";
        let answer = self
            .elb
            .describe_target_groups()
            .target_group_arns(group.as_str())
            .send()
            .await
            .map_err(|error| AwsError::of(ACTION, named(at, group, field), &error))?;
        let found = answer
            .target_groups()
            .first()
            .ok_or_else(|| AwsError::missing(ACTION, named(at, group, field)))?;
        Ok(found.load_balancer_arns().to_vec())
    }

    /// How many seconds a target of a group has to finish its requests once it is deregistered.
    pub async fn deregistration_delay(
        &self,
        at: At<'_>,
        group: &TargetGroupArn,
        field: &str,
    ) -> Result<u64, AwsError> {
        const ACTION: &str = "elasticloadbalancing:DescribeTargetGroupAttributes";
        let answer = self
            .elb
            .describe_target_group_attributes()
            .target_group_arn(group.as_str())
            .send()
            .await
            .map_err(|error| AwsError::of(ACTION, named(at, group, field), &error))?;
        answer
            .attributes()
            .iter()
            .find(|attribute| attribute.key() == Some(DEREGISTRATION_DELAY))
            .and_then(|attribute| attribute.value()?.parse().ok())
            .ok_or_else(|| {
                AwsError::unusable(
                    ACTION,
                    named(at, group, field),
                    format!("{DEREGISTRATION_DELAY} is missing"),
                )
            })
    }

    /// Replaces the actions of a rule, or of a listener's default; what AWS throttles is tried again.
    pub(crate) async fn set_actions(
        &self,
        forward: &ForwardArn,
        actions: &Actions,
    ) -> Result<(), AwsError> {
        let mut throttled =
            AwsError::throttled("elasticloadbalancing:ModifyRule", forward.as_str());
        let paced = async {
            // Nobody closes it.
            let _turn = self.modifying.acquire().await;
            loop {
                match self.modified(forward, actions).await {
                    Err(error) if error.is_busy() => throttled = error,
                    done => return done,
                }
                tokio::time::sleep(BETWEEN_CHANGES).await;
            }
        };
        let done = tokio::time::timeout(LONGEST_CHANGES, paced).await;
        done.unwrap_or(Err(throttled))
    }

    async fn modified(&self, forward: &ForwardArn, actions: &Actions) -> Result<(), AwsError> {
        let arn = forward.as_str();
        if forward.is_listener() {
            let body = form(
                "ModifyListener",
                ("ListenerArn", arn),
                &actions.fields("DefaultActions"),
            );
            let call = self
                .elb
                .modify_listener()
                .listener_arn(arn)
                .customize()
                .mutate_request(sending(body));
            let done = call.send().await;
            done.map(|_| ())
                .map_err(|error| AwsError::of("elasticloadbalancing:ModifyListener", arn, &error))
        } else {
            let body = form("ModifyRule", ("RuleArn", arn), &actions.fields("Actions"));
            let call = self
                .elb
                .modify_rule()
                .rule_arn(arn)
                .customize()
                .mutate_request(sending(body));
            let done = call.send().await;
            done.map(|_| ())
                .map_err(|error| AwsError::of("elasticloadbalancing:ModifyRule", arn, &error))
        }
    }
}

/// Where the target names a rule.
fn field(at: At<'_>, arn: &ForwardArn) -> String {
    format!("{}.{}", at.within, at.place.field(arn))
}

fn named(at: At<'_>, group: &TargetGroupArn, field: &str) -> String {
    format!("{group} ({TARGET}: field {}.{field})", at.within)
}

fn form(operation: &str, (name, arn): (&str, &str), fields: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("Action", operation)
        .append_pair("Version", VERSION)
        .append_pair(name, arn)
        .extend_pairs(fields)
        .finish()
}

/// Actions by the ARN of what has them.
type Described = BTreeMap<String, Result<Actions, LookError>>;

/// The actions in an answer: of every member of the list of this kind.
fn described(answer: &[u8], kind: &str, name: &str) -> Described {
    let text = std::str::from_utf8(answer).unwrap_or_default();
    let Ok(document) = Document::parse(text) else {
        return Described::new();
    };
    let list = document
        .descendants()
        .find(|node| node.has_tag_name_of(&format!("{kind}s")));
    let members = list.into_iter().flat_map(|list| list.children());
    let actions = members.filter_map(|member| {
        let child = |name: &str| member.children().find(|node| node.has_tag_name_of(name));
        let arn = child(&format!("{kind}Arn"))?.text()?.to_owned();
        let actions = child(name)?.children();
        let actions = actions.filter(Node::is_element).map(element).collect();
        Some((arn, Ok(Actions::new(actions))))
    });
    actions.collect()
}

fn action(arn: &ForwardArn) -> &'static str {
    if arn.is_listener() {
        DESCRIBE_LISTENERS
    } else {
        DESCRIBE_RULES
    }
}

/// One by its ARN and where the target names it; of several, how many.
fn told(at: At<'_>, arns: &[&ForwardArn]) -> String {
    match arns {
        [arn] => format!("{arn} ({TARGET}: field {})", field(at, arn)),
        arns => format!("{} rules ({TARGET}: field {}.rules)", arns.len(), at.within),
    }
}

trait Tag {
    fn has_tag_name_of(&self, name: &str) -> bool;
}

/// Answers have a default namespace, which says nothing more.
impl Tag for Node<'_, '_> {
    fn has_tag_name_of(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

fn element(node: Node<'_, '_>) -> Element {
    let elements: Vec<Element> = node
        .children()
        .filter(Node::is_element)
        .map(element)
        .collect();
    let content = if elements.is_empty() {
        Content::Text(node.text().unwrap_or_default().to_owned())
    } else {
        Content::Elements(elements)
    };
    Element {
        name: node.tag_name().name().to_owned(),
        content,
    }
}

fn counted<'a>(targets: impl Iterator<Item = &'a SdkHealth>) -> TargetHealth {
    let mut health = TargetHealth::default();
    for target in targets {
        let wanting = match target.state() {
            Some(TargetHealthStateEnum::Healthy) => {
                health.healthy += 1;
                false
            }
            Some(TargetHealthStateEnum::Initial) => {
                health.initial += 1;
                true
            }
            Some(TargetHealthStateEnum::Unhealthy) => {
                health.unhealthy += 1;
                true
            }
            Some(TargetHealthStateEnum::Draining | TargetHealthStateEnum::UnhealthyDraining) => {
                health.other += 1;
                false
            }
            _ => {
                health.other += 1;
                true
            }
        };
        // The reason of one that failed says more than that of one that is new.
        if wanting
            && (health.reason.is_none()
                || target.state() == Some(&TargetHealthStateEnum::Unhealthy))
        {
            health.reason = target.reason().map(|reason| reason.as_str().to_owned());
        }
    }
    health
}

#[cfg(test)]
mod tests;
