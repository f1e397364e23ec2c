//! The alarm on a function that takes too long to answer requests.

use std::time::Duration;

use rehearsal_core::{
    clock::Moment,
    stage,
    world::{World, cloudwatch},
};
use serde_json::{Value, json};

use crate::roles::Deployed;

const ALARM: &str = "orders-latency";

/// A function with a URL, over minutes.
struct Minutes {
    world: World,
}

impl Minutes {
    fn begin(parameters: &[(&str, &str)]) -> Self {
        let url = [&[("InvokedBy", "url")], parameters].concat();
        let mut world = Deployed::lambda(&url).world;
        world.now = world.now + Duration::from_mins(10);
        Self { world }
    }

    /// A minute passes in which so many invocations took so many seconds in the mean; answers whether the alarm is in ALARM then.
    fn pass(&mut self, invocations: u32, seconds: f64) -> bool {
        let at = Moment(self.world.now.0 - 30_000);
        let of = [
            ("FunctionName", stage::FUNCTION),
            ("Resource", "orders:live"),
        ];
        let metrics = [
            ("Invocations", f64::from(invocations)),
            ("Duration", 1000.0 * seconds),
        ];
        // Of nothing there are no metrics.
        for (name, value) in metrics.into_iter().filter(|_| invocations > 0) {
            cloudwatch::publish(&mut self.world, "AWS/Lambda", name, &of, value, at);
        }
        cloudwatch::tick(&mut self.world);
        self.world.now = self.world.now + Duration::from_mins(1);
        self.alarm()["StateValue"] == "ALARM"
    }

    fn alarm(&mut self) -> Value {
        let named = json!({ "AlarmNames": [ALARM] });
        let found = cloudwatch::call(&mut self.world, "DescribeAlarms", &named);
        found.expect("alarms")["MetricAlarms"][0].take()
    }

    /// In which of these minutes, from 1, it fires first.
    fn fires(&mut self, minutes: &[(u32, f64)]) -> Option<usize> {
        let mut minutes = minutes.iter();
        let first = minutes.position(|(invocations, seconds)| self.pass(*invocations, *seconds));
        first.map(|index| index + 1)
    }
}

#[test]
fn a_function_that_answers_too_late_in_two_of_five_minutes_is_seen_in_the_second() {
    const FAST: (u32, f64) = (100, 0.2);
    const SLOW: (u32, f64) = (100, 1.1);
    let rows: [(&str, &[_], _); 8] = [
        ("two minutes", &[SLOW, SLOW], Some(2)),
        ("two of five", &[SLOW, FAST, FAST, FAST, SLOW], Some(5)),
        ("two of six", &[SLOW, FAST, FAST, FAST, FAST, SLOW], None),
        ("the fewest that count", &[(20, 1.1), (20, 1.1)], Some(2)),
        (
            "too few to tell",
            &[(19, 60.0), (19, 60.0), (19, 60.0)],
            None,
        ),
        ("as long as it may", &[(100, 1.0), (100, 1.0)], None),
        ("nobody asks", &[(0, 0.0), (0, 0.0), (0, 0.0)], None),
        ("one who waits long", &[SLOW, (1, 900.0), (1, 900.0)], None),
    ];
    for (what, minutes, expected) in rows {
        let fires = Minutes::begin(&[]).fires(minutes);
        assert_eq!(fires, expected, "{what}");
    }
}

#[test]
fn how_long_it_may_take_and_of_how_few_nothing_is_said_are_parameters() {
    let parameters = [("LatencySeconds", "0.05"), ("FewestInvocations", "2")];
    let mut minutes = Minutes::begin(&parameters);
    assert_eq!(minutes.fires(&[(2, 0.06), (1, 9.0), (2, 0.06)]), Some(3));
}

#[test]
fn it_rolls_back_and_tells() {
    let actions = Minutes::begin(&[]).alarm()["AlarmActions"].take();
    let actions: Vec<_> = actions.as_array().into_iter().flatten().collect();
    let [rollback, topic] = actions[..] else {
        panic!("{actions:?}");
    };
    let ends = |action: &Value, with: &str| action.as_str().is_some_and(|it| it.ends_with(with));
    assert!(ends(rollback, ":function:orders-rollback"), "{rollback}");
    assert!(
        topic.as_str().is_some_and(|it| it.contains(":sns:")),
        "{topic}"
    );
}
