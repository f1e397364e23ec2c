//! Which requests of the HTTP example set off an alarm, and whose.

use std::{collections::BTreeSet, time::Duration};

use rehearsal_core::world::{
    World, cloudwatch,
    elb::{self, Answered, Request, Routed, Target},
};
use serde_json::json;

use super::Deployed;

/// The HTTP example, and minutes of requests to its target groups.
struct Traffic {
    world: World,
    primary: String,
    canary: String,
    fired: BTreeSet<String>,
}

impl Traffic {
    fn begin() -> Self {
        let deployed = Deployed::http(&[]);
        let group = |id| {
            let made = deployed.one("AWS::ElasticLoadBalancingV2::TargetGroup", id);
            made.created.reference.clone()
        };
        let (primary, canary) = (group("PrimaryTargets"), group("CanaryTargets"));
        Self {
            world: deployed.world,
            primary,
            canary,
            fired: BTreeSet::new(),
        }
    }

    /// Requests to a group, all with the same answer.
    fn send(&mut self, group: &str, count: usize, answer: Answered) {
        if self.world.elb.counts_on_arrival {
            self.arrive(group, count);
        }
        self.end(group, count, answer);
    }

    /// Requests of clients, which go where the rule sends them.
    fn ask(&mut self, count: usize) {
        let (listener, _) = elb::listeners(&self.world).remove(0);
        let request = Request {
            listener,
            path: "/orders".to_owned(),
            ..Request::default()
        };
        for _ in 0..count {
            let routed = elb::route(&mut self.world, &request);
            assert_eq!(routed, Routed::Answer(503), "there is no target");
        }
    }

    /// Requests arrive at a group.
    fn arrive(&mut self, group: &str, count: usize) {
        for _ in 0..count {
            elb::chosen(&mut self.world, group);
        }
    }

    /// Requests to a group come to their end.
    fn end(&mut self, group: &str, count: usize, answer: Answered) {
        let routed = Routed::To {
            target_group: group.to_owned(),
            target: Target {
                ip: "10.0.0.7".to_owned(),
                port: 8080,
            },
            set_cookie: None,
        };
        for _ in 0..count {
            elb::answered(&mut self.world, &routed, answer);
        }
    }

    /// Lets a minute pass.
    fn minute(&mut self) {
        for _ in 0..60 {
            let mut now = self.world.now;
            now.0 += 1000;
            self.world.tick(now);
        }
        let input = json!({ "StateValue": "ALARM" });
        let found = cloudwatch::call(&mut self.world, "DescribeAlarms", &input);
        let found = found.expect("alarms");
        let firing = found["MetricAlarms"].as_array().into_iter().flatten();
        self.fired
            .extend(firing.filter_map(|alarm| alarm["AlarmName"].as_str().map(str::to_owned)));
    }

    /// Which alarms of the example have fired, once what came last has been looked at.
    fn fired(&mut self) -> Vec<&str> {
        self.minute();
        self.minute();
        self.fired.iter().map(String::as_str).collect()
    }
}

fn after(status: u16, millis: u64) -> Answered {
    Answered::Status(status, Duration::from_millis(millis))
}

#[test]
fn a_canary_that_fails_its_requests_sets_off_its_own_alarms_alone() {
    let mut traffic = Traffic::begin();
    let (primary, canary) = (traffic.primary.clone(), traffic.canary.clone());
    for _ in 0..3 {
        traffic.send(&primary, 200, after(200, 30));
        traffic.send(&canary, 27, after(200, 30));
        traffic.send(&canary, 3, after(500, 30));
        traffic.minute();
    }
    assert_eq!(traffic.fired(), ["orders-canary-failures"]);

    let mut traffic = Traffic::begin();
    for _ in 0..3 {
        traffic.send(&primary, 200, after(200, 30));
        traffic.send(&canary, 30, after(500, 30));
        traffic.minute();
    }
    assert_eq!(
        traffic.fired(),
        ["orders-canary-5xx", "orders-canary-failures"]
    );
}

#[test]
fn a_slow_canary_sets_off_its_alarm_and_a_slow_primary_its_own() {
    let mut traffic = Traffic::begin();
    let (primary, canary) = (traffic.primary.clone(), traffic.canary.clone());
    for _ in 0..3 {
        traffic.send(&primary, 200, after(200, 30));
        traffic.send(&canary, 30, after(200, 1500));
        traffic.minute();
    }
    assert_eq!(traffic.fired(), ["orders-canary-latency"]);

    let mut traffic = Traffic::begin();
    for _ in 0..3 {
        traffic.send(&primary, 200, after(200, 1500));
        traffic.send(&canary, 30, after(200, 30));
        traffic.minute();
    }
    assert_eq!(traffic.fired(), ["orders-primary-latency"]);
}

#[test]
fn a_dependency_that_fails_for_both_sets_off_the_absolute_alarms_of_both() {
    let mut traffic = Traffic::begin();
    let (primary, canary) = (traffic.primary.clone(), traffic.canary.clone());
    for _ in 0..3 {
        for group in [&primary, &canary] {
            traffic.send(group, 80, after(200, 30));
            traffic.send(group, 20, after(503, 30));
        }
        traffic.minute();
    }
    assert_eq!(traffic.fired(), ["orders-canary-5xx", "orders-primary-5xx"]);
}

#[test]
fn a_canary_that_hangs_refuses_or_drops_sets_off_its_alarms_and_that_on_what_nobody_answers() {
    for failed in [
        Answered::Late,
        Answered::Unreachable,
        Answered::Refused,
        Answered::Dropped,
    ] {
        let mut traffic = Traffic::begin();
        let (primary, canary) = (traffic.primary.clone(), traffic.canary.clone());
        for _ in 0..3 {
            traffic.send(&primary, 90, after(200, 30));
            traffic.send(&canary, 10, failed);
            traffic.minute();
        }
        assert_eq!(
            traffic.fired(),
            ["orders-canary-failures", "orders-unanswered"],
            "{failed:?}"
        );
    }
}

#[test]
fn a_canary_that_drops_a_part_of_its_requests_sets_off_its_own_alarms_alone() {
    for zeros in [false, true] {
        let mut traffic = Traffic::begin();
        traffic.world.elb.reports_zeros = zeros;
        let (primary, canary) = (traffic.primary.clone(), traffic.canary.clone());
        for _ in 0..3 {
            traffic.send(&primary, 900, after(200, 30));
            traffic.send(&canary, 60, after(200, 30));
            traffic.send(&canary, 40, Answered::Dropped);
            traffic.minute();
        }
        assert_eq!(
            traffic.fired(),
            ["orders-canary-5xx", "orders-canary-failures"]
        );
    }
}

#[test]
fn a_primary_that_drops_its_requests_sets_off_its_own_alarm() {
    let mut traffic = Traffic::begin();
    let (primary, canary) = (traffic.primary.clone(), traffic.canary.clone());
    for _ in 0..3 {
        traffic.send(&primary, 720, after(200, 30));
        traffic.send(&primary, 180, Answered::Dropped);
        traffic.send(&canary, 100, after(200, 30));
        traffic.minute();
    }
    assert_eq!(traffic.fired(), ["orders-primary-5xx", "orders-unanswered"]);
}

#[test]
fn without_any_target_the_alarm_on_what_nobody_answers_fires_alone() {
    let mut traffic = Traffic::begin();
    for _ in 0..3 {
        traffic.ask(200);
        traffic.minute();
    }
    assert_eq!(traffic.fired(), ["orders-unanswered"]);
}

#[test]
fn nobody_is_woken_by_what_the_load_balancer_counts_as_no_answer_of_a_target() {
    for answered in [
        after(101, 30),
        Answered::GivenUp,
        after(302, 30),
        after(404, 30),
    ] {
        let mut traffic = Traffic::begin();
        let (primary, canary) = (traffic.primary.clone(), traffic.canary.clone());
        for _ in 0..5 {
            traffic.send(&primary, 900, after(200, 30));
            traffic.send(&canary, 30, after(200, 30));
            traffic.send(&canary, 70, answered);
            traffic.minute();
        }
        assert!(traffic.fired().is_empty(), "{answered:?}");
    }
}

#[test]
fn nobody_is_woken_by_a_metric_that_comes_later_than_the_others_of_its_minute() {
    for metric in [
        "RequestCount",
        "HTTPCode_Target_2XX_Count",
        "HTTPCode_Target_5XX_Count",
        "TargetResponseTime",
    ] {
        let mut traffic = Traffic::begin();
        let late = Duration::from_mins(3);
        traffic.world.elb.metrics_delay.insert(metric, late);
        let (primary, canary) = (traffic.primary.clone(), traffic.canary.clone());
        for _ in 0..10 {
            traffic.send(&primary, 891, after(200, 30));
            traffic.send(&primary, 9, after(500, 30));
            traffic.send(&canary, 99, after(200, 30));
            traffic.send(&canary, 1, after(500, 30));
            traffic.minute();
        }
        assert!(traffic.fired().is_empty(), "{metric}: {:?}", traffic.fired);
    }
}

/// Requests of a minute that are answered in the next one: half of the canary's.
#[test]
fn nobody_is_woken_by_requests_that_are_counted_in_one_minute_and_answered_in_the_next() {
    let mut traffic = Traffic::begin();
    traffic.world.elb.counts_on_arrival = true;
    let (primary, canary) = (traffic.primary.clone(), traffic.canary.clone());
    for _ in 0..3 {
        traffic.send(&primary, 891, after(200, 30));
        traffic.send(&primary, 9, after(500, 30));
        traffic.arrive(&canary, 50);
        traffic.minute();
        traffic.end(&canary, 50, after(200, 59_000));
        traffic.minute();
    }
    assert!(traffic.fired().is_empty(), "{:?}", traffic.fired);
}

#[test]
fn nobody_is_woken_for_one_failure_of_few_requests_for_one_bad_minute_or_for_none() {
    let mut traffic = Traffic::begin();
    let canary = traffic.canary.clone();
    assert!(traffic.fired().is_empty(), "no request at all");

    for _ in 0..5 {
        traffic.send(&canary, 18, after(200, 30));
        traffic.send(&canary, 1, after(500, 5000));
        traffic.minute();
    }
    assert!(traffic.fired().is_empty(), "too few to say anything");

    for _ in 0..5 {
        traffic.send(&canary, 27, after(200, 30));
        traffic.send(&canary, 3, after(500, 30));
        traffic.minute();
    }
    assert!(traffic.fired().is_empty(), "as good as five in a hundred");

    traffic.send(&canary, 100, after(500, 5000));
    traffic.minute();
    for _ in 0..3 {
        traffic.send(&canary, 100, after(200, 30));
        traffic.minute();
    }
    assert!(traffic.fired().is_empty(), "a bad minute");
}
