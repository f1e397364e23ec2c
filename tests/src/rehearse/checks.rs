//! Whether a rehearsal showed what it was meant to.

mod alias;
mod evidence;
mod services;
mod sets;
mod work;

use std::collections::BTreeSet;

use super::{Theatre, pair::Service, people::Release};
use crate::{
    clock::Moment,
    live::load::Totals,
    scenario::{End, Scenario},
    stage::{INVOCATIONS_ALARM, Runs, STALLED_ALARM, Traffic, UNANSWERED_ALARM, Work},
    story::{Story, changes_what_serves},
    verdict::{Check, Verdict},
    world::journal::What,
};

/// What the story alone does not tell.
pub(super) struct Facts {
    /// Whether it came to its end by itself.
    pub(super) in_time: bool,
    /// When it did.
    pub(super) ended: Moment,
    /// What the services were like before the first release, if they ever were steady.
    pub(super) found: Option<Vec<Service>>,
    /// The releases in order.
    pub(super) releases: Vec<Release>,
    /// Ids of all messages that were sent.
    pub(super) sent: BTreeSet<String>,
    /// What became of the requests, if there were any.
    pub(super) requests: Option<Totals>,
}

/// Judges.
pub(super) fn verdict(theatre: &Theatre<'_>, facts: &Facts) -> Verdict {
    let story = theatre.story.borrow();
    let scenario = theatre.rehearsal.scenario;
    let end = theatre.end(&facts.releases);
    let mut checks = vec![in_time(facts)];
    checks.extend(executions(&story, facts, end));
    checks.push(record(&story, end));
    let version = expected_version(facts, end);
    checks.extend(match theatre.rehearsal.stage.traffic.runs() {
        Runs::Services => services::checks(theatre, facts, version),
        Runs::TaskSets => sets::checks(theatre, facts, version),
        Runs::Function => alias::checks(theatre, &story, version),
    });
    checks.push(no_approval_waits(&story));
    checks.push(rolled_back_by(&story, scenario, facts));
    checks.extend(of_scenario(theatre, &story, facts));
    checks.extend(services::definitions(theatre));
    checks.extend(match &facts.requests {
        None => work::messages(theatre, facts),
        Some(totals) => work::requests(&story, scenario, totals),
    });
    checks.push(nothing_more(theatre, facts));
    checks.push(no_function_failed(theatre));
    Verdict {
        scenario: scenario.name(),
        passed: checks.iter().all(|check| check.passed),
        checks,
    }
}

fn check(name: &str, expected: &str, found: String, passed: bool) -> Check {
    Check {
        name: name.to_owned(),
        expected: expected.to_owned(),
        found,
        passed,
    }
}

fn in_time(facts: &Facts) -> Check {
    let found = if facts.in_time {
        "it does"
    } else {
        "it does not"
    };
    check(
        "the release comes to its end",
        "it does",
        found.to_owned(),
        facts.in_time,
    )
}

/// Every release's pipeline execution; all but the last were approved, or the person said no.
fn executions(story: &Story, facts: &Facts, end: End) -> Vec<Check> {
    let last = facts.releases.len().saturating_sub(1);
    facts
        .releases
        .iter()
        .enumerate()
        .map(|(index, release)| {
            let succeeds = if index == last {
                end == End::Released
            } else {
                release.approved == Some(true)
            };
            let expected = if succeeds {
                &["SUCCEEDED"][..]
            } else {
                // Whoever is faster: the function whose gate closes, or rollback, which stops it.
                &["FAILED", "STOPPED"]
            };
            let found = story
                .executions
                .iter()
                .find(|execution| execution.id == release.execution)
                .map_or("none", |execution| &execution.state);
            check(
                &format!("pipeline execution of {}", release.label),
                &expected.join(" or "),
                found.to_owned(),
                expected.contains(&found),
            )
        })
        .collect()
}

fn record(story: &Story, end: End) -> Check {
    let expected = match end {
        End::Released => "Promoted",
        End::RolledBack => "RolledBack",
    };
    let found = story.record().map_or("none", |record| &record.phase);
    check(
        "release record",
        expected,
        found.to_owned(),
        found == expected,
    )
}

/// The version that is to run alone.
fn expected_version(facts: &Facts, end: End) -> &'static str {
    let mut versions = facts
        .releases
        .iter()
        .enumerate()
        .filter(|(index, release)| {
            if *index + 1 == facts.releases.len() {
                end == End::Released
            } else {
                release.approved == Some(true)
            }
        })
        .map(|(_, release)| release.label);
    versions.next_back().unwrap_or("v1")
}

fn no_approval_waits(story: &Story) -> Check {
    let waiting = story
        .executions
        .iter()
        .flat_map(|execution| &execution.actions)
        .filter(|action| action.ended.is_none())
        .count();
    check(
        "actions and approvals that still wait",
        "0",
        waiting.to_string(),
        waiting == 0,
    )
}

/// Who invoked the rollback, unless a person decided otherwise.
fn rolled_back_by(story: &Story, scenario: Scenario, facts: &Facts) -> Check {
    let by_a_person = facts.releases.iter().any(|r| r.approved == Some(false));
    let expected = match scenario.rolled_back_by(story.cast.traffic) {
        // The functions look at the alarm too, and an execution that they fail tells rollback.
        Some("alarm") if !by_a_person => &["alarm", "events"][..],
        // The action that its gate fails ends the execution, and the schedule may see that before the event comes.
        Some("verdict") => &["events", "schedule"],
        Some("schedule") => &["schedule"],
        Some("anybody") => &["alarm", "events", "schedule"],
        Some(_) => &["events"],
        None if by_a_person => &["events"],
        None => &["nobody"],
    };
    let found = story
        .rollback
        .as_ref()
        .map_or("nobody", |rollback| &rollback.source);
    check(
        "rolled back by",
        &expected.join(" or "),
        found.to_owned(),
        expected.contains(&found),
    )
}

/// What only this scenario shows.
fn of_scenario(theatre: &Theatre<'_>, story: &Story, facts: &Facts) -> Vec<Check> {
    match theatre.rehearsal.scenario {
        Scenario::BadVersion => vec![evidence::ends_at(story, 10)],
        Scenario::HangingVersion if story.cast.traffic == Traffic::Queue => {
            vec![fires(story, STALLED_ALARM)]
        }
        Scenario::SlightlyWorse | Scenario::HangingVersion => {
            vec![no_alarm(story), evidence::stops(story)]
        }
        Scenario::FewMessages => vec![evidence::is_told(theatre)],
        Scenario::AlarmWhilePromoting
            if facts.releases.iter().all(|r| r.approved != Some(false)) =>
        {
            let alarms = story.cast.traffic.alarms();
            let fired = alarms
                .iter()
                .copied()
                .filter(|alarm| has_fired(story, alarm))
                .collect::<Vec<_>>()
                .join(", ");
            let expected = alarms.join(" or ");
            let passed = !fired.is_empty();
            vec![check("an alarm fires", &expected, fired, passed)]
        }
        Scenario::CrashLoop if !story.cast.traffic.has_tasks() => vec![invocations_fail(story)],
        Scenario::CrashLoop => {
            let said = summary_of(story, "deploy-canary");
            // Whichever is seen first.
            let reasons = ["circuit breaker", "ended by themselves"];
            let passed = reasons.iter().any(|reason| said.contains(reason));
            vec![check(
                "deploy-canary says why",
                "ECS's circuit breaker, or tasks that ended by themselves",
                said,
                passed,
            )]
        }
        Scenario::ForeignWeight => vec![stopped_with(story, foreign(story))],
        Scenario::UnhealthyCanary => vec![stopped_with(story, &["unhealthy", "maxUnhealthy"])],
        Scenario::DiesOnMessage | Scenario::DropsConnections => {
            vec![evidence::stops(story), evidence::fails_unseen(story)]
        }
        Scenario::AllTargetsGone => vec![
            fires(story, UNANSWERED_ALARM),
            calls_rollback(story),
            tells_people(theatre, UNANSWERED_ALARM),
        ],
        Scenario::AutoscalerFights if story.cast.traffic.runs() == Runs::TaskSets => {
            vec![sets::follow(story)]
        }
        Scenario::AutoscalerFights => vec![services::no_task_missing(story, facts)],
        Scenario::BothFail => both_fail(story),
        Scenario::Overtaken => vec![one_after_the_other(story, facts)],
        Scenario::Throttled => {
            let refused: u32 = story
                .calls
                .values()
                .filter_map(|calls| calls.refused.get("ThrottlingException"))
                .sum();
            vec![check(
                "throttled calls",
                "some",
                refused.to_string(),
                refused > 0,
            )]
        }
        _ => Vec::new(),
    }
}

fn fires(story: &Story, alarm: &str) -> Check {
    let fired = has_fired(story, alarm);
    let found = if fired { "it does" } else { "it does not" };
    check(
        &format!("alarm {alarm}"),
        "it fires",
        found.to_owned(),
        fired,
    )
}

/// That invocations end at once is seen by whoever is first.
fn invocations_fail(story: &Story) -> Check {
    let alarm = has_fired(story, INVOCATIONS_ALARM).then_some("by the alarm");
    let is_worse = summary_of(story, "shift-weight").contains("These are calls");
    let verdict = is_worse.then_some("by the verdict");
    let found: Vec<_> = alarm.into_iter().chain(verdict).collect();
    check(
        "invocations that fail are seen",
        "by the alarm or the verdict",
        found.join(" and "),
        !found.is_empty(),
    )
}

/// The alarm's action is the rollback, whoever has begun it before.
fn calls_rollback(story: &Story) -> Check {
    let invocations = story.rollback_invocations.iter();
    let calls = invocations.filter(|it| it.source == "alarm").count();
    check(
        "rollback called by an alarm",
        "once or more",
        calls.to_string(),
        calls > 0,
    )
}

/// Whoever reads the topic is told that an alarm fired.
fn tells_people(theatre: &Theatre<'_>, alarm: &str) -> Check {
    let subject = format!("ALARM: \"{alarm}\"");
    let told = theatre.account.with(|world| {
        let published = world.sns.published.iter();
        let subjects = published.filter_map(|it| it.subject.as_deref());
        subjects.filter(|it| it.starts_with(&subject)).count()
    });
    check(
        &format!("people are told of {alarm}"),
        "once or more",
        told.to_string(),
        told > 0,
    )
}

/// Attempts of both versions failed, and nothing took the candidate for a worse one.
fn both_fail(story: &Story) -> Vec<Check> {
    let failed = [story.cast.stable.as_str(), story.cast.candidate.as_str()]
        .map(|version| (version, story.traffic.total(version)));
    let told = failed.map(|(version, total)| {
        format!(
            "{} of {} by {version}",
            total.failed,
            total.processed + total.failed
        )
    });
    vec![
        check(
            "attempts that failed",
            "some by both versions",
            told.join(", "),
            failed.iter().all(|(_, total)| total.failed > 0),
        ),
        evidence::is_never_worse(story),
        no_alarm(story),
    ]
}

fn no_alarm(story: &Story) -> Check {
    let fired = story.cast.traffic.alarms().iter().copied();
    let fired: Vec<_> = fired.filter(|alarm| has_fired(story, alarm)).collect();
    let found = if fired.is_empty() {
        "none".to_owned()
    } else {
        fired.join(", ")
    };
    check("alarms that fired", "none", found, fired.is_empty())
}

/// The action that stopped names both values of what somebody else has changed, or what is not healthy.
fn stopped_with(story: &Story, words: &[&str]) -> Check {
    let said = summary_of(story, "shift-weight");
    check(
        "shift-weight stops and says why",
        &words.join(" ... "),
        said.clone(),
        words.iter().all(|word| said.contains(word)),
    )
}

/// What is said of what somebody else has written.
fn foreign(story: &Story) -> &'static [&'static str] {
    match (story.cast.traffic.runs(), story.cast.traffic.work()) {
        (Runs::Function, _) => &["30 % to version 2", "50 % to version 2"],
        (_, Work::Messages) => &["has the scale 75 %", "as this release last set it"],
        (_, Work::Requests) => &["70 primary and 30 canary", "50 primary and 50 canary"],
    }
}

fn summary_of(story: &Story, name: &str) -> String {
    let mut actions = story.executions.iter().flat_map(|e| &e.actions);
    actions
        .rfind(|action| action.name == name)
        .and_then(|action| action.summary.clone())
        .unwrap_or_default()
}

/// The second release's canary waits for the end of the first execution.
fn one_after_the_other(story: &Story, facts: &Facts) -> Check {
    let of = |index: usize| {
        let id = &facts.releases.get(index)?.execution;
        story
            .executions
            .iter()
            .find(|execution| execution.id == *id)
    };
    let began = of(1).and_then(|second| {
        let mut actions = second.actions.iter();
        actions
            .find(|action| action.name == "deploy-canary")
            .map(|action| action.started)
    });
    let ended = of(0).and_then(|first| first.ended);
    let (found, passed) = match (ended, began) {
        (Some(ended), Some(began)) => (
            format!("{:.1} s after it", began.since(ended).as_secs_f64()),
            began >= ended,
        ),
        _ => ("it never began".to_owned(), false),
    };
    check("v3 begins", "after v2 has ended", found, passed)
}

fn has_fired(story: &Story, alarm: &str) -> bool {
    let states = story.alarms.get(alarm);
    states.is_some_and(|states| states.iter().any(|(_, state)| state.is_firing()))
}

/// Once a release is over, further looks change nothing.
fn nothing_more(theatre: &Theatre<'_>, facts: &Facts) -> Check {
    let story = theatre.story.borrow();
    let looks = story
        .rollback_invocations
        .iter()
        .filter(|invocation| invocation.at > facts.ended)
        .count();
    let writes = theatre.account.with(|world| {
        let writes = world.journal.iter().filter(|entry| match &entry.what {
            What::Called(call) => {
                entry.at > facts.ended && changes_what_serves(call) && call.service != "sqs"
            }
            _ => false,
        });
        writes.count()
    });
    check(
        "one more look changes nothing",
        "0 changes",
        format!("{writes} changes by {looks} looks"),
        writes == 0 && looks > 0,
    )
}

/// A function that fails leaves the reporting of its action to chance.
fn no_function_failed(theatre: &Theatre<'_>) -> Check {
    let failed: Vec<String> = theatre.account.with(|world| {
        let errors = world.journal.iter().filter_map(|entry| match &entry.what {
            What::Returned {
                function,
                error: Some(error),
                ..
            } => Some(format!("{function}: {error}")),
            _ => None,
        });
        errors.collect()
    });
    let found = if failed.is_empty() {
        "0".to_owned()
    } else {
        format!("{}, the first {}", failed.len(), failed[0])
    };
    check("invocations that failed", "0", found, failed.is_empty())
}
