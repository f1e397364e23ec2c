//! When which share is to be there, as people hear of it at the first one.

use std::{fmt, time::Duration};

use canary::{
    aws::alarms::Alarm,
    clock::{Clock, Spoken, Timestamp},
    names::AlarmName,
    parameters::Step,
    weight::Weight,
};

/// The shares of an action, each until when it is held if nothing keeps it, and what can be said of that before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    shares: Vec<(Weight, Timestamp)>,
    short: Vec<Short>,
}

/// A share that is over before an alarm can tell that it is bad.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Short {
    share: Weight,
    bake: Duration,
    alarm: AlarmName,
    takes: Duration,
}

impl Plan {
    /// Of steps that begin now, judged by these alarms.
    #[must_use]
    pub fn new(steps: &[Step], alarms: &[Alarm], now: Timestamp) -> Self {
        let mut until = now;
        let shares = steps.iter().map(|step| {
            until = until + step.bake;
            (step.weight, until)
        });
        let shares = shares.collect();
        // The quickest alarm is the first that could tell.
        let quickest = alarms
            .iter()
            .filter_map(|alarm| Some((alarm.takes?, &alarm.name)))
            .min();
        let short = steps.iter().filter_map(|step| {
            let (takes, alarm) = quickest.filter(|(takes, _)| step.bake < *takes)?;
            Some(Short {
                share: step.weight,
                bake: step.bake,
                alarm: alarm.clone(),
                takes,
            })
        });
        Self {
            shares,
            short: short.collect(),
        }
    }
}

/// `Plan: 10 % until 14:05 UTC, 50 % until 14:15 UTC, at the earliest`: tasks take time to start, and a bake pauses while its share is
/// not held.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plan: ")?;
        for (share, until) in &self.shares {
            write!(f, "{share} until {}, ", Clock(*until))?;
        }
        f.write_str("at the earliest")?;
        self.short
            .iter()
            .try_for_each(|short| write!(f, ". {short}"))
    }
}

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is held for {}, too short for an alarm to judge it: the quickest, {}, takes {} to go to ALARM",
            self.share,
            Spoken(self.bake),
            self.alarm,
            Spoken(self.takes)
        )
    }
}

#[cfg(test)]
mod tests {
    use canary::fixtures::{now, pair};

    use super::*;

    fn step(percent: u8, seconds: u64) -> Step {
        Step {
            weight: Weight::try_from(f64::from(percent)).expect("a percentage"),
            bake: Duration::from_secs(seconds),
        }
    }

    fn plan(steps: &[Step], takes: &[Option<u64>]) -> String {
        let [alarm] = &pair().alarms[..] else {
            panic!("the pair has one alarm")
        };
        let alarms = takes.iter().map(|takes| Alarm {
            takes: takes.map(Duration::from_secs),
            ..alarm.clone()
        });
        let alarms: Vec<_> = alarms.collect();
        Plan::new(steps, &alarms, now()).to_string()
    }

    #[test]
    fn people_hear_when_which_share_is_held() {
        let steps = [step(10, 300), step(50, 600)];
        let said = plan(&steps, &[Some(180), Some(60), None]);
        assert!(said.starts_with("Plan: 10 % until "), "{said}");
        assert!(!said.contains("too short"), "{said}");
    }

    #[test]
    fn a_share_that_is_over_before_an_alarm_can_tell_is_named() {
        let steps = [step(10, 60), step(50, 600)];
        let said = plan(&steps, &[Some(300), Some(180), None]);
        let expected = ". 10 % is held for 1m, too short for an alarm to judge it: the quickest, orders-dead-letters, takes 3m to go to ALARM";
        assert!(said.ends_with(expected), "{said}");
    }

    #[test]
    fn what_no_alarm_says_is_not_guessed() {
        assert!(!plan(&[step(10, 0)], &[None]).contains("too short"));
        assert!(!plan(&[step(10, 0)], &[]).contains("too short"));
    }
}
