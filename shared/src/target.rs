//! Which pair a deployment of the suite may touch, and how work is split between its two services.

use serde::{Deserialize, Serialize};

use crate::{
    input::{self, BadInput},
    names::{AlarmName, ClusterName, PairId, PipelineName, QueueUrl, ServiceName},
};

/// The function environment's variable that holds the target.
pub const TARGET: &str = "TARGET";

/// The pair, its pipeline, what guards it and how its work is split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Target {
    /// The cluster of both services.
    pub cluster: ClusterName,
    /// The service with the high capacity.
    pub primary: ServiceName,
    /// The service with the low capacity.
    pub canary: ServiceName,
    /// The pipeline that releases to the pair.
    pub pipeline: PipelineName,
    /// Alarms that stop a release and roll it back; at most 100, as many as one `DescribeAlarms`
    /// call answers.
    #[serde(default)]
    pub alarms: Vec<AlarmName>,
    /// Tasks of the canary service between releases.
    #[serde(default = "one")]
    pub resting_tasks: u32,
    /// For how long after a promotion an alarm still rolls it back, in minutes; 0 for never.
    #[serde(default = "an_hour")]
    pub guard_minutes: u32,
    /// How work is split.
    pub traffic: Traffic,
}

/// How work is split between the two services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Traffic {
    /// Both services consume one queue; the share is the share of running tasks.
    Queue(QueueTraffic),
}

/// Two consumers of one SQS queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QueueTraffic {
    /// The queue that both services consume.
    pub url: QueueUrl,
    /// Its dead-letter queue; without one, dead letters do not gate the release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letter_url: Option<QueueUrl>,
    /// By how many messages the dead-letter queue may grow during a release.
    #[serde(default)]
    pub max_dead_letters: u64,
    /// Where the canary's tasks come from.
    #[serde(default)]
    pub mode: Mode,
    /// The most tasks that both services may have together at any moment; without it, no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tasks: Option<u32>,
}

/// Where the canary's tasks come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// The primary keeps its tasks, the canary's come on top.
    #[default]
    Additive,
    /// Both together keep the number that the release found.
    ConstantTotal,
}

impl Target {
    /// Key of the pair's release record.
    #[must_use]
    pub fn pair(&self) -> PairId {
        PairId::new(&self.cluster, &self.primary)
    }

    /// The queue model of this target.
    #[must_use]
    pub fn queue(&self) -> &QueueTraffic {
        let Traffic::Queue(queue) = &self.traffic;
        queue
    }

    fn check(self, source: &'static str) -> Result<Self, BadInput> {
        if self.primary == self.canary {
            let problem = format!(
                "{:?} is the primary service too; the pair is two services of one cluster",
                self.canary.as_str()
            );
            return Err(BadInput::field(source, "canary", problem));
        }
        if self.alarms.len() > 100 {
            let problem = format!("{} alarms; at most 100 are allowed", self.alarms.len());
            return Err(BadInput::field(source, "alarms", problem));
        }
        let queue = self.queue();
        if queue.max_tasks == Some(0) {
            return Err(BadInput::field(
                source,
                "traffic.queue.maxTasks",
                "0 tasks; at least 1 is needed",
            ));
        }
        if queue.dead_letter_url.as_ref() == Some(&queue.url) {
            let problem =
                "this is the queue itself; name its dead-letter queue or leave the field out";
            return Err(BadInput::field(
                source,
                "traffic.queue.deadLetterUrl",
                problem,
            ));
        }
        Ok(self)
    }
}

/// Brings together the target of the environment and the one that came with the call.
pub fn resolve(
    environment: Option<&str>,
    given: Option<(&'static str, Target)>,
) -> Result<Target, BadInput> {
    let own = environment
        .map(|text| input::parse::<Target>(TARGET, text)?.check(TARGET))
        .transpose()?;
    let given = given
        .map(|(source, target)| target.check(source).map(|target| (source, target)))
        .transpose()?;
    match (own, given) {
        (Some(own), None) => Ok(own),
        (None, Some((_, given))) => Ok(given),
        (Some(own), Some((_, given))) if own == given => Ok(own),
        (Some(own), Some((source, given))) => {
            let problem = format!(
                "names the pair {}, but TARGET of this function names {} or differs from it in another \
                 field; leave it out, or use a function without TARGET",
                given.pair(),
                own.pair()
            );
            Err(BadInput::field(source, "target", problem))
        }
        (None, None) => Err(BadInput::Missing {
            source_name: TARGET,
            allowed: "set it in the function's environment, or give \"target\" in UserParameters",
        }),
    }
}

fn one() -> u32 {
    1
}

fn an_hour() -> u32 {
    60
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const ORDERS: &str = r#"{
        "cluster": "orders", "primary": "orders", "canary": "orders-canary", "pipeline": "orders-release",
        "alarms": ["orders-dead-letters"],
        "traffic": {"queue": {
            "url": "https://sqs.eu-central-1.amazonaws.com/111122223333/orders",
            "deadLetterUrl": "https://sqs.eu-central-1.amazonaws.com/111122223333/orders-dead-letters"}}}"#;

    fn with(from: &str, to: &str) -> String {
        assert!(ORDERS.contains(from));
        ORDERS.replacen(from, to, 1)
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let target = resolve(Some(ORDERS), None).unwrap();
        assert_eq!((target.resting_tasks, target.guard_minutes), (1, 60));
        assert_eq!(target.queue().mode, Mode::Additive);
        assert_eq!(
            (target.queue().max_dead_letters, target.queue().max_tasks),
            (0, None)
        );
        assert_eq!(target.pair().as_str(), "orders/orders");
    }

    #[test]
    fn a_bad_target_names_the_field_and_what_is_allowed() {
        let cases = [
            (String::new(), "TARGET is not valid JSON"),
            ("[]".to_owned(), "TARGET: invalid length 0"),
            (
                with("\"canary\"", "\"canery\""),
                "TARGET: field canery: unknown field `canery`, expected one of",
            ),
            (
                with("\"orders-canary\"", "\"orders\""),
                "TARGET: field canary: \"orders\" is the primary service too",
            ),
            (
                with("\"orders-canary\"", "7"),
                "TARGET: field canary: invalid type: integer `7`, expected a string",
            ),
            (
                with("\"pipeline\": \"orders-release\",", ""),
                "TARGET: missing field `pipeline`",
            ),
            (
                with("\"queue\"", "\"kafka\""),
                "TARGET: field traffic: unknown variant `kafka`, expected `queue`",
            ),
            (
                with("{\n            \"url\"", "{\"maxTasks\": 0, \"url\""),
                "TARGET: field traffic.queue.maxTasks: 0 tasks",
            ),
            (
                with("{\n            \"url\"", "{\"mode\": \"add\", \"url\""),
                "TARGET: field traffic.queue.mode: unknown variant `add`",
            ),
        ];
        for (text, expected) in cases {
            let error = resolve(Some(&text), None).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{expected}\n{error}");
        }
    }

    #[test]
    fn two_different_targets_are_refused_and_two_equal_ones_are_not() {
        let own = resolve(Some(ORDERS), None).unwrap();
        let same = resolve(Some(ORDERS), Some(("UserParameters", own.clone())));
        assert_eq!(same, Ok(own.clone()));
        let mut other = own;
        other.resting_tasks = 2;
        let error = resolve(Some(ORDERS), Some(("UserParameters", other)))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with(
                "UserParameters: field target: names the pair orders/orders, but TARGET"
            ),
            "{error}"
        );
    }

    #[test]
    fn no_target_at_all_says_where_it_may_come_from() {
        let error = resolve(None, None).unwrap_err().to_string();
        assert!(
            error.starts_with("TARGET is missing; set it in the function's environment"),
            "{error}"
        );
    }
}
