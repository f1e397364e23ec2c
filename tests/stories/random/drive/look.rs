//! What people look at, and what they do when all faults are over.

use rehearsal_core::{
    stage,
    world::{codepipeline, events::Delivery, functions::Functions, journal::What},
};
use serde_json::json;

use super::{Drive, EVERY, LOOKS_AFTER, QUIET, WITHIN};
use crate::random::{
    story::{Finally, Kind},
    told::Shape,
};

/// The version that is pushed when all is over.
pub(super) const NEXT: &str = "next";

impl Drive {
    /// Nothing is wrong any more.
    pub(super) fn calm(&self) {
        self.play.account.mend();
        self.play.account.with(|world| {
            world.events.delivery = Delivery::Exact;
            world.functions.deliver_twice = false;
            world.functions.update_takes = Functions::default().update_takes;
            world.functions.failing_update = None;
            world.functions.failing_version = None;
        });
        self.kills.lock().unwrap().clear();
        self.approving.set(false);
        self.play.fail_next_starts(0);
        self.set_alarm("notBreaching");
    }

    /// Lets time pass until the alarm has been seen to be calm: its first state counts for nothing.
    pub(super) async fn until_calm(&self) {
        let alarm = self.play.alarm_name();
        let is_calm = |what: &What| {
            let What::Alarm {
                alarm: of, state, ..
            } = what
            else {
                return None;
            };
            (*of == alarm).then(|| state == "OK")
        };
        while self.play.entries(is_calm).last() != Some(&true) {
            self.play.pass(EVERY).await;
        }
    }

    /// Lets time pass until nothing goes on any more, an hour at most; whether nothing does.
    pub(super) async fn settle(&self) -> bool {
        let mut quiet_since = None;
        let mut again = None;
        loop {
            let now = self.play.account.now();
            let over = now.since(self.over);
            self.answer(self.finally == Finally::Approved);
            if over > LOOKS_AFTER {
                self.look_after(&mut again);
            }
            if self.open().is_empty() && self.is_at_rest() {
                let since = *quiet_since.get_or_insert(now);
                if now.since(since) >= QUIET {
                    return true;
                }
            } else {
                quiet_since = None;
            }
            if over >= WITHIN {
                return false;
            }
            self.play.pass(EVERY).await;
        }
    }

    pub(super) fn is_at_rest(&self) -> bool {
        self.shape().is_steady()
            && ["none", "Promoted", "RolledBack"].contains(&self.play.phase().as_str())
    }

    /// A good version is pushed; how its execution ended, and the last that was said.
    pub(super) async fn next(&self) -> (String, String) {
        match self.target.kind() {
            Kind::Pair => self.make_pair_ready().await,
            Kind::Alias => self.make_alias_ready().await,
            Kind::Sets => self.make_sets_ready().await,
        }
        let release = self.play.push(NEXT);
        let since = self.play.account.now();
        while !self.play.has_ended(&release) && self.play.account.now().since(since) < WITHIN {
            self.answer(true);
            self.play.pass(EVERY).await;
        }
        let ended = self.play.entries(|what| match what {
            What::Execution {
                execution, state, ..
            } if *execution == release => Some(state.clone()),
            _ => None,
        });
        let said = self.play.entries(|what| match what {
            What::Action {
                execution,
                summary: Some(summary),
                ..
            } if *execution == release => Some(summary.clone()),
            _ => None,
        });
        let last = |of: Vec<String>| of.last().cloned().unwrap_or_default();
        (last(ended), last(said))
    }

    /// Executions and actions that have not ended.
    pub(super) fn open(&self) -> Vec<String> {
        let pipeline = json!({ "pipelineName": stage::PIPELINE });
        self.play.account.with(|world| {
            let mut open = Vec::new();
            let mut listed = |operation: &str, list: &str, name: &str| {
                let answer = codepipeline::call(world, operation, &pipeline);
                let answer = answer.expect("the pipeline exists");
                let all = answer[list].as_array().into_iter().flatten();
                let is_open = |status: &str| ["InProgress", "Stopping"].contains(&status);
                let all = all.filter(|it| it["status"].as_str().is_some_and(is_open));
                open.extend(all.map(|it| format!("{} is {}", it[name], it["status"])));
            };
            listed(
                "ListPipelineExecutions",
                "pipelineExecutionSummaries",
                "pipelineExecutionId",
            );
            listed(
                "ListActionExecutions",
                "actionExecutionDetails",
                "actionName",
            );
            open
        })
    }

    pub(super) fn shape(&self) -> Shape {
        match self.target.kind() {
            Kind::Pair => Shape::Pair(self.pair()),
            Kind::Alias => Shape::Alias(self.alias()),
            Kind::Sets => Shape::Sets(self.sets()),
        }
    }

    /// People look after what nobody else can put right; `again` is the stable version, if they have made it once more.
    fn look_after(&self, again: &mut Option<String>) {
        match self.target.kind() {
            Kind::Pair => self.look_after_pair(again),
            Kind::Alias => self.look_after_alias(),
            // A rollback of theirs needs nobody.
            Kind::Sets => {}
        }
    }
}
