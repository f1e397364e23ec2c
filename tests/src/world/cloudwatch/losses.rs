//! Alarm actions and events that get lost.

use crate::world::World;

/// An alarm action or event that gets lost. AWS guarantees alarm events to `EventBridge` (user guide,
/// "Alarm events and EventBridge"), but nothing guarantees what is made of them; actions are retried, not for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// What is lost.
    pub what: Lost,
    /// The alarm; `None` for all alarms.
    pub alarm: Option<String>,
    /// How many more times; `None` for no limit.
    pub times: Option<u32>,
}

/// What of an alarm gets lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// All actions of one transition: the functions are not invoked, the topics get no message. The alarm's history
    /// says that they were taken.
    Actions,
    /// The event of one transition, for all rules.
    Event,
}

impl Loss {
    /// The next time, of any alarm.
    #[must_use]
    pub fn next(what: Lost) -> Self {
        Self {
            what,
            alarm: None,
            times: Some(1),
        }
    }

    /// Every time, of any alarm.
    #[must_use]
    pub fn always(what: Lost) -> Self {
        Self {
            times: None,
            ..Self::next(what)
        }
    }

    /// The same of one alarm only.
    #[must_use]
    pub fn of(self, alarm: &str) -> Self {
        Self {
            alarm: Some(alarm.to_owned()),
            ..self
        }
    }
}

/// Whether this action or event of an alarm gets lost; counts it if so.
pub(super) fn takes(world: &mut World, alarm: &str, what: Lost) -> bool {
    let losses = &mut world.cloudwatch.losses;
    let concerns = |loss: &Loss| {
        loss.what == what
            && loss.times != Some(0)
            && loss.alarm.as_ref().is_none_or(|name| name == alarm)
    };
    let Some(loss) = losses.iter_mut().find(|loss| concerns(loss)) else {
        return false;
    };
    loss.times = loss.times.map(|left| left - 1);
    true
}
