//! What people do in a rehearsal: push versions, answer approvals, wait.

use std::{cell::RefCell, time::Duration};

use serde_json::json;
use tokio::sync::Notify;

use super::{
    Approve, Reply, Theatre, alias,
    checks::{self, Facts},
    counted, disturb, pair,
};
use crate::{
    brief::brief,
    scenario::{Answer, End, Scenario},
    stage::{self, Runs, Work},
    story::{Execution, Record, Story},
    verdict::Verdict,
    world::{Principal, codepipeline, ecs, journal::What, sqs},
};

/// After this a rehearsal has not gone where it should, and is judged as it is.
const LONGEST: Duration = Duration::from_mins(10);

/// For how long messages that are left are waited for.
const LONGEST_DRAIN: Duration = Duration::from_secs(30);

/// How long people look before they answer.
const THINKING: Duration = Duration::from_secs(2);

/// A release and how its people decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Release {
    /// The version.
    pub(super) label: &'static str,
    /// The execution.
    pub(super) execution: String,
    /// Whether it was approved, if anybody was asked.
    pub(super) approved: Option<bool>,
}

impl Theatre<'_> {
    /// Plays the scenario to its end and judges it.
    pub(super) async fn play(&self) -> Verdict {
        let releases = RefCell::new(Vec::new());
        let playing = async {
            self.act(&releases).await;
            self.until(is_over).await;
            self.until_steady().await;
        };
        // Before that, nobody would answer.
        let steady = tokio::time::timeout(LONGEST, self.until_steady()).await;
        let found = steady.ok().map(|()| pair::services(self));
        let over = Notify::new();
        let (in_time, ()) = tokio::join!(
            async {
                let played = tokio::time::timeout(LONGEST, playing).await;
                over.notify_one();
                played.is_ok()
            },
            self.work.go_on(over.notified())
        );
        let ended = self.account.now();
        self.tell(match self.rehearsal.stage.traffic.work() {
            Work::Messages => "the producer stops",
            Work::Requests => "the clients stop",
        });
        let rest = async {
            while !self.is_drained() {
                tokio::time::sleep(super::REFRESH).await;
            }
            self.until(|story| one_more_look(story, ended)).await;
        };
        // Whatever is left is in the facts.
        let _ = tokio::time::timeout(LONGEST_DRAIN, rest).await;
        self.refresh();
        let (minutes, invocations) = (counted::minutes(self), counted::invocations(self));
        let mut story = self.story.borrow_mut();
        (story.minutes, story.invocations) = (minutes, invocations);
        drop(story);
        let facts = Facts {
            in_time,
            ended,
            found,
            releases: releases.into_inner(),
            sent: self.work.sent(),
            requests: self.work.totals(),
        };
        checks::verdict(self, &facts)
    }

    async fn act(&self, releases: &RefCell<Vec<Release>>) {
        let scenario = self.rehearsal.scenario;
        let first = self.push("v2", releases);
        match scenario {
            Scenario::ForeignWeight => disturb::change_share(self, &first).await,
            Scenario::AutoscalerFights => disturb::scale(self, &first).await,
            Scenario::AllTargetsGone => disturb::take_all_tasks(self, &first).await,
            _ => {}
        }
        match scenario.answer() {
            Answer::Nobody => {}
            Answer::Rejected => {
                self.until_asked(&first).await;
                tokio::time::sleep(THINKING).await;
                self.answer(releases, &first, false, "the dashboards do not look right");
            }
            Answer::Person if scenario == Scenario::Overtaken => {
                self.until_asked(&first).await;
                let second = self.push("v3", releases);
                self.until(|story| has_built(story, &second)).await;
                // Nothing is to be seen of a second release that waits but that it does.
                tokio::time::sleep(3 * THINKING).await;
                self.decide(releases, &first).await;
                self.until_ended(&first).await;
                self.decide(releases, &second).await;
            }
            Answer::Person => self.decide(releases, &first).await,
        }
        if scenario == Scenario::AlarmWhilePromoting && releases.borrow()[0].approved == Some(true)
        {
            self.until(|story| match story.cast.traffic.runs() {
                Runs::Services => story.tasks(stage::PRIMARY).of("v2") > 0,
                Runs::TaskSets => story.primary_version() == Some("v2"),
                Runs::Function => story.weight_of("v2") >= 100.0,
            })
            .await;
            self.set_alarm();
        }
        let last = releases
            .borrow()
            .last()
            .map(|release| release.execution.clone());
        if let Some(last) = last {
            self.until_ended(&last).await;
        }
        if scenario == Scenario::AutoscalerFights {
            self.until(is_over).await;
            disturb::scale_back(self);
        }
    }

    fn push(&self, label: &'static str, releases: &RefCell<Vec<Release>>) -> String {
        let started = self.account.with(|world| self.script.release(world, label));
        let execution = started.unwrap_or_else(|fault| {
            self.tell(&format!("the pipeline does not start: {}", fault.message));
            String::new()
        });
        releases.borrow_mut().push(Release {
            label,
            execution: execution.clone(),
            approved: None,
        });
        execution
    }

    /// Answers the approvals of an execution, as far as it gets.
    async fn decide(&self, releases: &RefCell<Vec<Release>>, execution: &str) {
        let last = self.rehearsal.stage.approvals();
        for approval in 1..=last {
            self.decide_once(releases, execution, approval == last)
                .await;
            // The next one is another.
            self.until(|story| !is_asked(story, execution)).await;
        }
    }

    async fn decide_once(&self, releases: &RefCell<Vec<Release>>, execution: &str, is_last: bool) {
        self.until_asked(execution).await;
        if !is_asked(&self.story.borrow(), execution) {
            return;
        }
        if let Some(reads) = self
            .account
            .with(|world| codepipeline::asks(world, stage::PIPELINE))
        {
            self.tell(&format!("the approver reads: {}", brief(&reads)));
        }
        match self.rehearsal.approve {
            Approve::Auto => {
                tokio::time::sleep(THINKING).await;
                self.answer(releases, execution, true, "looks good");
            }
            Approve::Ask => {
                let Some(reply) = self.ask(releases, execution, is_last).await else {
                    return;
                };
                let (approve, why) = match reply {
                    Reply::Yes => (true, "approved at the terminal"),
                    Reply::No => (false, "rejected at the terminal"),
                    Reply::Nobody => (false, "nobody answers at the terminal"),
                };
                self.answer(releases, execution, approve, why);
            }
        }
    }

    /// A person's answer; `None` if the question has settled itself.
    async fn ask(
        &self,
        releases: &RefCell<Vec<Release>>,
        execution: &str,
        is_last: bool,
    ) -> Option<Reply> {
        let label = releases
            .borrow()
            .iter()
            .find(|release| release.execution == execution)
            .map_or("", |release| release.label);
        let place = if self.rehearsal.stage.traffic.has_tasks() {
            format!("service {}", stage::PRIMARY)
        } else {
            format!("alias {}:{}", stage::FUNCTION, stage::ALIAS)
        };
        self.view.borrow_mut().ask(&if is_last {
            format!("Promote {label} to {place}?")
        } else {
            format!("Go on with {label} of {place}?")
        });
        loop {
            let answer = self.view.borrow_mut().answer();
            if answer.is_some() {
                return answer;
            }
            if !is_asked(&self.story.borrow(), execution) {
                self.view.borrow_mut().withdraw();
                return None;
            }
            tokio::time::sleep(super::REFRESH).await;
        }
    }

    fn answer(&self, releases: &RefCell<Vec<Release>>, execution: &str, approve: bool, why: &str) {
        if !is_asked(&self.story.borrow(), execution) {
            return;
        }
        let answered = self
            .account
            .with(|world| codepipeline::answer_approval(world, stage::PIPELINE, approve, why));
        if answered.is_ok() {
            for release in releases.borrow_mut().iter_mut() {
                if release.execution == execution {
                    release.approved = Some(approve);
                }
            }
        }
    }

    /// As `aws cloudwatch set-alarm-state` does.
    fn set_alarm(&self) {
        let alarm = self.rehearsal.stage.traffic.alarm();
        self.tell(&format!("a person sets alarm {alarm} to ALARM"));
        let input = json!({
            "AlarmName": alarm,
            "StateValue": "ALARM",
            "StateReason": "set by hand while v2 is being promoted",
        });
        let person = Principal("person".to_owned());
        let set = self
            .account
            .with(|world| world.call("monitoring", "SetAlarmState", &input, &person));
        if let Err(fault) = set {
            self.tell(&format!("the alarm is not set: {}", fault.message));
        }
    }

    pub(super) fn tell(&self, what: &str) {
        self.account
            .with(|world| world.note(What::Told(what.to_owned())));
    }

    async fn until_asked(&self, id: &str) {
        self.until(|story| is_asked(story, id) || has_ended(story, id))
            .await;
    }

    async fn until_ended(&self, id: &str) {
        self.until(|story| has_ended(story, id)).await;
    }

    /// Waits until nothing is on its way.
    async fn until_steady(&self) {
        while !self.is_steady() {
            tokio::time::sleep(super::REFRESH).await;
        }
    }

    /// Whether ECS has no deployment in progress and both services run what they should, or every task set does; or whether the version
    /// behind the alias can be invoked.
    fn is_steady(&self) -> bool {
        match self.rehearsal.stage.traffic.runs() {
            Runs::Services => {
                let deploying = self.account.with(|world| {
                    [stage::PRIMARY, stage::CANARY]
                        .iter()
                        .any(|service| ecs::is_deploying(world, stage::CLUSTER, service))
                });
                !deploying && has_all_tasks(&self.story.borrow())
            }
            Runs::TaskSets => pair::has_steady_sets(self),
            Runs::Function => self.account.with(alias::is_active),
        }
    }

    /// Whether no message is left in the queue.
    fn is_drained(&self) -> bool {
        let ledger = self.account.with(|world| sqs::ledger(world, stage::QUEUE));
        ledger.is_none_or(|ledger| ledger.held.is_empty())
    }

    /// How the last release is meant to end, after what people decided.
    pub(super) fn end(&self, releases: &[Release]) -> End {
        let rejected = releases
            .last()
            .is_some_and(|release| release.approved == Some(false));
        if rejected {
            End::RolledBack
        } else {
            self.rehearsal.scenario.end()
        }
    }
}

fn execution<'a>(story: &'a Story, id: &str) -> Option<&'a Execution> {
    story.executions.iter().find(|execution| execution.id == id)
}

pub(super) fn has_ended(story: &Story, id: &str) -> bool {
    execution(story, id).is_some_and(|execution| execution.ended.is_some())
}

fn has_built(story: &Story, id: &str) -> bool {
    action_is(story, id, "Build", "Succeeded")
}

/// Whether an approval of an execution waits. The shipped pipelines name them so.
pub(super) fn is_asked(story: &Story, id: &str) -> bool {
    let mut actions = execution(story, id).into_iter().flat_map(|it| &it.actions);
    actions.any(|it| it.name.starts_with("Approval") && it.status == "InProgress")
}

fn action_is(story: &Story, id: &str, name: &str, status: &str) -> bool {
    execution(story, id)
        .and_then(|execution| execution.actions.iter().rfind(|action| action.name == name))
        .is_some_and(|action| action.status == status)
}

fn has_all_tasks(story: &Story) -> bool {
    [stage::PRIMARY, stage::CANARY].iter().all(|service| {
        let tasks = story.tasks(service);
        tasks.desired > 0 && tasks.total() == tasks.desired && tasks.running.len() == 1
    })
}

/// Whether nothing is left to do for the last release; one that was refused has no record.
fn is_over(story: &Story) -> bool {
    story.record().is_none_or(Record::is_final)
}

/// Whether the schedule has invoked rollback once more, and that has ended.
fn one_more_look(story: &Story, ended: crate::clock::Moment) -> bool {
    story
        .rollback_invocations
        .iter()
        .any(|invocation| invocation.at > ended && invocation.returned)
}
