//! The alarm on a version that takes messages and never ends them, and the one on messages that grow old.

use std::time::Duration;

use rehearsal_core::{
    stage::{self, Traffic},
    world::{World, cloudwatch},
};
use serde_json::json;

use super::{Rule, figures};

/// What a minute of the queue example looks like.
#[derive(Debug, Clone, Copy)]
struct Queue {
    /// Messages that the canary ended, and the primary.
    ended: (u32, u32),
    /// Messages that the canary received and has still.
    held: u32,
    /// Their running tasks.
    tasks: (u32, u32),
    /// Messages that wait or are in hand.
    waiting: u32,
    /// Age of the oldest message, in seconds.
    oldest: u32,
}

/// A canary with a tenth of the tasks of a queue with 600 messages a minute.
const BUSY: Queue = Queue {
    ended: (60, 540),
    held: 0,
    tasks: (1, 9),
    waiting: 10,
    oldest: 1,
};

/// The same, but there is always something that the canary is not done with.
const HOLDS: Queue = Queue { held: 1, ..BUSY };

/// The example's alarms over minutes.
struct Minutes {
    world: World,
}

impl Minutes {
    fn begin() -> Self {
        let Rule { mut world, .. } = Rule::shipped(Traffic::Queue, stage::STALLED_ALARM);
        world.now = world.now + Duration::from_mins(10);
        Self { world }
    }

    /// A minute passes. Answers which of the two alarms is in ALARM then.
    fn pass(&mut self, minute: Queue) -> Vec<String> {
        let begins = rehearsal_core::clock::Moment(self.world.now.0 - 30_000);
        let mut publish = |namespace: &str, name: &str, of: &[(&str, &str)], value: u32| {
            let value = f64::from(value);
            cloudwatch::publish(&mut self.world, namespace, name, of, value, begins);
        };
        for (service, ended, tasks) in [
            (stage::CANARY, minute.ended.0, minute.tasks.0),
            (stage::PRIMARY, minute.ended.1, minute.tasks.1),
        ] {
            let of = [("ServiceName", service)];
            publish("CanaryRelease/SampleApp", "Processed", &of, ended);
            let held = if service == stage::CANARY {
                minute.held
            } else {
                0
            };
            publish("CanaryRelease/SampleApp", "Received", &of, ended + held);
            let of = [("ClusterName", "orders"), ("ServiceName", service)];
            for _ in 0..tasks {
                publish("AWS/ECS", "CPUUtilization", &of, 5);
            }
        }
        let queue = [("QueueName", stage::QUEUE)];
        let in_hand = minute.waiting.min(10);
        publish(
            "AWS/SQS",
            "ApproximateNumberOfMessagesNotVisible",
            &queue,
            in_hand,
        );
        let visible = minute.waiting - in_hand;
        publish(
            "AWS/SQS",
            "ApproximateNumberOfMessagesVisible",
            &queue,
            visible,
        );
        publish(
            "AWS/SQS",
            "ApproximateAgeOfOldestMessage",
            &queue,
            minute.oldest,
        );
        cloudwatch::tick(&mut self.world);
        self.world.now = self.world.now + Duration::from_mins(1);
        let firing = json!({ "AlarmNames": [stage::STALLED_ALARM, stage::BACKLOG_ALARM], "StateValue": "ALARM" });
        let firing = cloudwatch::call(&mut self.world, "DescribeAlarms", &firing).expect("alarms");
        let alarms = firing["MetricAlarms"].as_array().into_iter().flatten();
        alarms
            .filter_map(|alarm| alarm["AlarmName"].as_str().map(str::to_owned))
            .collect()
    }

    /// In which of these minutes, from 1, an alarm fired first; 0 if in none.
    fn first(&mut self, alarm: &str, minutes: usize, of: impl Fn(usize) -> Queue) -> usize {
        let fires = |at: &usize| self.pass(of(*at)).iter().any(|fired| fired == alarm);
        (1..=minutes).find(fires).unwrap_or(0)
    }

    /// An hour of ordinary work before.
    fn after(minute: Queue) -> Self {
        let mut minutes = Self::begin();
        assert_eq!(
            minutes.first(stage::STALLED_ALARM, 70, |_| minute),
            0,
            "{minute:?}"
        );
        minutes
    }
}

#[test]
fn a_canary_that_ends_nothing_beside_a_busy_primary_is_seen_in_its_third_minute() {
    for (ended, tasks) in [
        ((0, 540), (1, 9)),
        ((3, 540), (1, 9)),
        ((0, 20), (2, 4)),
        ((0, 60), (5, 5)),
    ] {
        let hangs = Queue {
            ended,
            tasks,
            held: 1,
            ..BUSY
        };
        let mut minutes = Minutes::after(BUSY);
        assert_eq!(
            minutes.first(stage::STALLED_ALARM, 10, |_| hangs),
            3,
            "{hangs:?}"
        );
    }
}

#[test]
fn a_canary_that_is_slow_has_little_work_or_has_only_just_started_is_not_stalled() {
    for (what, minutes) in [
        (
            "nothing to do by chance",
            vec![
                Queue {
                    ended: (0, 540),
                    ..BUSY
                };
                30
            ],
        ),
        (
            "a fifth of its share",
            vec![
                Queue {
                    ended: (12, 540),
                    ..HOLDS
                };
                30
            ],
        ),
        (
            "too few messages to tell",
            vec![
                Queue {
                    ended: (0, 50),
                    ..HOLDS
                };
                30
            ],
        ),
        (
            "a quiet primary",
            vec![
                Queue {
                    ended: (0, 19),
                    tasks: (5, 1),
                    waiting: 1,
                    ..HOLDS
                };
                30
            ],
        ),
        (
            "no task",
            vec![
                Queue {
                    ended: (0, 540),
                    tasks: (0, 9),
                    ..HOLDS
                };
                30
            ],
        ),
        (
            "no task anywhere",
            vec![
                Queue {
                    ended: (0, 0),
                    tasks: (0, 0),
                    waiting: 0,
                    ..HOLDS
                };
                30
            ],
        ),
        (
            "two minutes until it works",
            [
                vec![
                    Queue {
                        ended: (0, 540),
                        ..HOLDS
                    };
                    2
                ],
                vec![BUSY; 30],
            ]
            .concat(),
        ),
        (
            "a minute now and then",
            [
                BUSY,
                Queue {
                    ended: (0, 540),
                    ..HOLDS
                },
                BUSY,
            ]
            .repeat(10),
        ),
    ] {
        let fired =
            Minutes::after(BUSY).first(stage::STALLED_ALARM, minutes.len(), |at| minutes[at - 1]);
        assert_eq!(fired, 0, "{what}");
    }
}

#[test]
fn both_services_that_end_nothing_are_compared_with_the_hour_before() {
    let mut minutes = Minutes::after(BUSY);
    let hang = |at| Queue {
        ended: (0, 0),
        waiting: u32::try_from(at).expect("a few minutes") * 600,
        oldest: 60,
        ..BUSY
    };
    assert_eq!(minutes.first(stage::STALLED_ALARM, 10, hang), 3);
    let calm = (1..=10).find(|_| minutes.pass(BUSY).is_empty());
    assert_eq!(calm, Some(3), "three of five work again");
}

#[test]
fn when_nothing_is_left_to_do_nothing_is_stalled() {
    for (what, quiet) in [
        (
            "the producer has ended",
            Queue {
                ended: (0, 0),
                waiting: 0,
                ..BUSY
            },
        ),
        (
            "a few long ones are in hand",
            Queue {
                ended: (0, 2),
                waiting: 10,
                ..BUSY
            },
        ),
        (
            "a tenth of the work is left",
            Queue {
                ended: (6, 60),
                ..BUSY
            },
        ),
    ] {
        let fired = Minutes::after(BUSY).first(stage::STALLED_ALARM, 90, |_| quiet);
        assert_eq!(fired, 0, "{what}");
    }
}

#[test]
fn messages_that_grow_old_for_five_minutes_are_told_and_nothing_is_rolled_back() {
    let old = |oldest| Queue { oldest, ..BUSY };
    let mut minutes = Minutes::begin();
    assert_eq!(minutes.first(stage::BACKLOG_ALARM, 30, |_| old(900)), 0);
    let interrupted = |at: usize| old(if at.is_multiple_of(5) { 900 } else { 5000 });
    assert_eq!(minutes.first(stage::BACKLOG_ALARM, 30, interrupted), 0);
    let mut minutes = Minutes::begin();
    assert_eq!(minutes.first(stage::BACKLOG_ALARM, 30, |_| old(901)), 5);
    let input = json!({ "AlarmNames": [stage::BACKLOG_ALARM] });
    let alarms = cloudwatch::call(&mut minutes.world, "DescribeAlarms", &input).expect("alarms");
    let actions = alarms["MetricAlarms"][0]["AlarmActions"]
        .as_array()
        .expect("actions");
    assert!(
        actions
            .iter()
            .all(|action| action.as_str().is_some_and(|it| it.contains(":sns:")))
    );
}

/// Messages go to tasks by chance, each by itself or all that one receive brings together, and are ended there: how often a good
/// canary ends none of its share, while it has one in hand that it does not end, say of a task that died.
#[test]
fn how_often_a_good_canary_is_taken_to_be_stalled_is_documented() {
    let columns = ["messages a minute", "share 5 %", "10 %", "20 %", "50 %"].map(str::to_owned);
    let loads = [
        (60, 1),
        (120, 1),
        (600, 1),
        (120, 10),
        (600, 10),
        (1200, 10),
    ];
    let rows = loads.map(|(messages, together)| {
        let cells = [5, 10, 20, 50].map(|share| {
            let bad = stalled_by_chance(messages, together, share);
            figures::percent(figures::of_five(3, bad, figures::TWELVE_HOURS))
        });
        let name = match together {
            1 => format!("{messages}, one by one"),
            _ => format!("{messages}, {together} at a time"),
        };
        (name, cells.to_vec())
    });
    figures::is_documented(&figures::table(&columns, rows));
}

/// The chance that a minute is bad, by the expressions of the template.
fn stalled_by_chance(messages: u32, together: u32, share: u32) -> f64 {
    let rule = Rule::shipped(Traffic::Queue, stage::STALLED_ALARM);
    let chances = figures::binomial(messages / together, f64::from(share) / 100.0);
    let bad = |canary: u32| {
        rule.judge(|metric| {
            Some(f64::from(match (metric.name.as_str(), metric.of_canary) {
                ("Processed", Some(true)) => canary,
                ("Processed", _) => messages - canary,
                ("Received", _) => canary + 1,
                ("CPUUtilization", Some(true)) => share,
                ("CPUUtilization", _) => 100 - share,
                _ => 0,
            }))
        })
    };
    figures::likely(&chances)
        .filter(|(receives, _)| bad(receives * together) == Some(true))
        .map(|(_, chance)| chance)
        .sum()
}
