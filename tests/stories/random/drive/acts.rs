//! What happens when its time comes.

use std::time::Duration;

use rehearsal_core::{
    stage,
    wire::Outage,
    world::{Principal, World, cloudwatch, codepipeline, events::Delivery, sqs::Approximation},
};
use serde_json::{Value, json};

use super::{Drive, Kill};
use crate::random::{
    event::{Event, Fate, Function, LATE, Operation},
    story::Kind,
    told::Did,
};

/// The version that a person deploys.
pub(super) const HOTFIX: &str = "hotfix";

pub(super) fn seconds(many: u32) -> Duration {
    Duration::from_secs(many.into())
}

impl Drive {
    pub(super) fn act(&self, event: Event) {
        match event {
            Event::Alarm => self.set_alarm("breaching"),
            Event::Calm => self.set_alarm("notBreaching"),
            Event::Approve => self.answer(true),
            Event::Reject => self.answer(false),
            Event::ApproveAll => self.approving.set(true),
            Event::Push => {
                self.play.push("v3");
            }
            Event::Stop => self.stop(false),
            Event::Abandon => self.stop(true),
            Event::Retry => self.retry(),
            Event::RollBack => self.play.roll_back(&self.newest(), "a person says so"),
            Event::Events(fate, lasts) => self.deliver(fate, lasts),
            Event::RunTwice(lasts) => self.run_twice(lasts),
            Event::Kill(function, writes) => self.kills.lock().unwrap().push(Kill {
                function: function.name(),
                writes,
            }),
            Event::Ails(function, operation, how, lasts) => {
                self.ail(function, operation, how, lasts);
            }
            Event::Approximate(seed) => self.play.account.with(|world| {
                world.sqs.approximation = Some(Approximation::seeded(seed, 3));
            }),
            Event::LateMetrics(late) => self.play.account.with(|world| {
                world.sqs.metrics_delay = seconds(late);
            }),
            other => match self.target.kind() {
                Kind::Pair => self.happens_to_pair(other),
                Kind::Alias => self.happens_to_alias(other),
                Kind::Sets => self.happens_to_sets(other),
            },
        }
    }

    /// A person calls AWS, and may be refused.
    pub(super) fn person(
        &self,
        service: &str,
        operation: &str,
        input: &Value,
    ) -> Result<Value, String> {
        let person = Principal("person".to_owned());
        let called = |world: &mut World| world.call(service, operation, input, &person);
        self.play.account.with(called).map_err(|fault| fault.code)
    }

    /// From its next evaluation on an alarm has the state that nothing measured gives it.
    pub(super) fn set_alarm(&self, missing: &str) {
        let alarm = self.play.alarm_name();
        self.play.account.with(|world| {
            let named = json!({ "AlarmNames": [alarm] });
            let described = cloudwatch::call(world, "DescribeAlarms", &named);
            let described = described.expect("alarms can be described")["MetricAlarms"][0].clone();
            let mut input = json!({
                "AlarmName": alarm, "Namespace": "Somewhere", "MetricName": "Nothing", "Statistic": "Sum",
                "Period": 60, "EvaluationPeriods": 1, "Threshold": 1.0,
                "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": missing,
            });
            if described["AlarmActions"].is_array() {
                input["AlarmActions"] = described["AlarmActions"].clone();
            }
            cloudwatch::call(world, "PutMetricAlarm", &input).expect("an alarm");
        });
    }

    /// The approval that waits, if one does.
    pub(super) fn answer(&self, approves: bool) {
        let answer = |world: &mut World| {
            codepipeline::answer_approval(world, stage::PIPELINE, approves, "a person says so")
        };
        let _ = self.play.account.with(answer);
    }

    fn newest(&self) -> String {
        let newest = |world: &mut World| {
            codepipeline::newest_execution(world, stage::PIPELINE).map(str::to_owned)
        };
        self.play
            .account
            .with(newest)
            .expect("something was pushed")
    }

    fn stop(&self, abandon: bool) {
        let input = json!({
            "pipelineName": stage::PIPELINE, "pipelineExecutionId": self.newest(), "abandon": abandon,
        });
        let _ = self.person("codepipeline", "StopPipelineExecution", &input);
    }

    fn retry(&self) {
        let input = json!({
            "pipelineName": stage::PIPELINE, "stageName": "Canary", "pipelineExecutionId": self.newest(),
            "retryMode": "ALL_ACTIONS",
        });
        let _ = self.person("codepipeline", "RetryStageExecution", &input);
    }

    /// Events are delivered like this for a while.
    fn deliver(&self, fate: Fate, lasts: u32) {
        let how = match fate {
            Fate::Lost => Delivery::Lost,
            Fate::Doubled => Delivery::Twice,
            Fate::Late => Delivery::Late(LATE),
        };
        self.play.account.with(|world| world.events.delivery = how);
        if fate == Fate::Lost {
            let until = self.play.account.now() + seconds(lasts);
            self.note(Did::LostEvents(until));
        }
        let account = self.play.account.clone();
        tokio::spawn(async move {
            tokio::time::sleep(seconds(lasts)).await;
            account.with(|world| world.events.delivery = Delivery::Exact);
        });
    }

    fn run_twice(&self, lasts: u32) {
        self.play
            .account
            .with(|world| world.functions.deliver_twice = true);
        let account = self.play.account.clone();
        tokio::spawn(async move {
            tokio::time::sleep(seconds(lasts)).await;
            account.with(|world| world.functions.deliver_twice = false);
        });
    }

    fn ail(
        &self,
        function: Function,
        operation: Operation,
        how: rehearsal_core::wire::Ailment,
        lasts: u32,
    ) {
        let until = self.play.account.now() + seconds(lasts);
        self.play.account.fail(Outage {
            operation: format!("{operation:?}"),
            principal: Some(Principal(function.name().to_owned())),
            how,
            until: Some(until),
        });
        self.note(Did::Hindered(function.name(), until));
    }
}
