//! An alarm of the templates as a rule: which minutes it takes for bad ones.

use std::collections::BTreeMap;

use rehearsal_core::{
    clock::Moment,
    stage::{self, Script, Stage, Traffic},
    template::Templates,
    world::{World, cloudwatch},
};

use crate::play::shipped;

/// What the two versions did in a minute: messages or requests, and how many of these failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Minute {
    pub(crate) canary: u32,
    pub(crate) canary_failed: u32,
    pub(crate) primary: u32,
    pub(crate) primary_failed: u32,
}

/// How requests fail behind a load balancer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failing {
    /// Targets answer them with 5xx.
    Answered,
    /// Targets refuse them, drop them or leave them without an answer: 502 and 504 of the load balancer's own.
    Dropped,
    /// There is no target for them: 503 of the load balancer's own.
    WithoutTarget,
}

/// An alarm of an example, in an account of its own.
pub(crate) struct Rule {
    pub(crate) world: World,
    pub(crate) alarm: &'static str,
    pub(crate) failing: Failing,
}

impl Rule {
    /// The alarm that compares the canary with the primary, as shipped.
    pub(crate) fn comparison(traffic: Traffic) -> Self {
        Self::shipped(traffic, stage::FAILURES_ALARM)
    }

    pub(crate) fn shipped(traffic: Traffic, alarm: &'static str) -> Self {
        Self::of(shipped(), traffic, alarm)
    }

    pub(crate) fn of(templates: &Templates, traffic: Traffic, alarm: &'static str) -> Self {
        let mut world = World::new(stage::identity(), Moment(0), 1);
        let stage = Stage {
            traffic,
            ..Stage::default()
        };
        stage
            .set_up_from(templates, &mut world, &Script::new([]))
            .expect("the example can be set up");
        Self {
            world,
            alarm,
            failing: Failing::Answered,
        }
    }

    /// The same where requests fail in another way.
    pub(crate) fn where_they_are(self, failing: Failing) -> Self {
        Self { failing, ..self }
    }

    /// Whether a minute is bad, by the expression of the template.
    pub(crate) fn is_bad(&self, minute: Minute) -> bool {
        self.judge(|metric| Some(metric.of(minute, self.failing)))
            .expect("every operand is filled and no divisor is 0")
    }

    /// The same where some metrics may have no datapoint.
    pub(crate) fn judge(&self, of: impl Fn(Metric) -> Option<f64>) -> Option<bool> {
        cloudwatch::breaches(&self.world, self.alarm, &|name, dimensions| {
            of(Metric::named(name, dimensions))
        })
    }
}

/// A metric that an alarm asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Metric {
    pub(crate) name: String,
    /// Whether it is the canary's own, or the primary's; neither for one of the whole load balancer.
    pub(crate) of_canary: Option<bool>,
}

impl Metric {
    pub(crate) fn named(name: &str, dimensions: &BTreeMap<String, String>) -> Self {
        let of_canary = dimensions.iter().find_map(|(dimension, value)| {
            ["ServiceName", "TargetGroup"]
                .contains(&dimension.as_str())
                .then(|| value.contains(stage::CANARY))
        });
        Self {
            name: name.to_owned(),
            of_canary,
        }
    }

    pub(crate) fn of(&self, minute: Minute, failing: Failing) -> f64 {
        let (all, failed) = match self.of_canary {
            Some(true) => (minute.canary, minute.canary_failed),
            Some(false) => (minute.primary, minute.primary_failed),
            None => (
                minute.canary + minute.primary,
                minute.canary_failed + minute.primary_failed,
            ),
        };
        let if_they_are = |these: &[Failing]| if these.contains(&failing) { failed } else { 0 };
        f64::from(match self.name.as_str() {
            "Processed" | "HTTPCode_Target_2XX_Count" => all - failed,
            "RequestCount" => all - if_they_are(&[Failing::WithoutTarget]),
            "Failed" => failed,
            "HTTPCode_Target_5XX_Count" => if_they_are(&[Failing::Answered]),
            "HTTPCode_ELB_5XX_Count" => if_they_are(&[Failing::Dropped, Failing::WithoutTarget]),
            // All of those that are dropped are refused or closed here.
            "HTTPCode_ELB_502_Count" => if_they_are(&[Failing::Dropped]),
            "HTTPCode_Target_3XX_Count"
            | "HTTPCode_Target_4XX_Count"
            | "HTTPCode_ELB_504_Count" => 0,
            other => panic!("an alarm on failures asks for {other}"),
        })
    }
}
