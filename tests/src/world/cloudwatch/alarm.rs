//! Alarms of both kinds: configuration, state, and what a change of state sets off.

use serde_json::{Map, Value, json};

use super::{
    composite::{self, Composite},
    evaluation::StateValue,
    history,
    metric::Metrics,
    mute, notify,
    suppression::{self, SuppressedBy},
    validation,
};
use crate::{
    clock::Moment,
    world::{Fault, World, journal::What},
};

pub(super) const ACTION_LISTS: [&str; 3] = ["OKActions", "AlarmActions", "InsufficientDataActions"];
/// AWS: actions of one state (API reference, `PutMetricAlarm`).
const MOST_ACTIONS: usize = 5;

#[derive(Debug)]
pub(super) struct Alarm {
    pub(super) name: String,
    pub(super) arn: String,
    /// The configuration as it was put, except whether actions are enabled.
    pub(super) document: Map<String, Value>,
    pub(super) watches: Watches,
    pub(super) actions_enabled: bool,
    pub(super) configured: Moment,
    pub(super) state: State,
    /// The state before the last transition, if a mute rule has kept the actions of that transition back.
    pub(super) muted_since: Option<State>,
}

/// What an alarm's state follows from.
#[derive(Debug)]
pub(super) enum Watches {
    /// A metric alarm.
    Metrics(Metrics),
    /// A composite alarm.
    Alarms(Composite),
}

/// The new configuration of an alarm.
pub(super) struct Draft {
    /// The checked input.
    pub(super) document: Map<String, Value>,
    pub(super) watches: Watches,
}

/// An alarm's state and why.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) value: StateValue,
    pub(super) reason: String,
    /// A JSON document; missing after `SetAlarmState` without one.
    pub(super) data: Option<String>,
    pub(super) updated: Moment,
    /// When the value changed last.
    pub(super) transitioned: Moment,
    /// What keeps a composite alarm from its actions.
    pub(super) suppressed: Option<SuppressedBy>,
}

impl State {
    /// A state that an alarm has from now on.
    pub(super) fn new(
        value: StateValue,
        reason: String,
        data: Option<String>,
        now: Moment,
    ) -> Self {
        Self {
            value,
            reason,
            data,
            updated: now,
            transitioned: now,
            suppressed: None,
        }
    }

    /// AWS: API reference, `PutMetricAlarm` and `PutCompositeAlarm`: "the alarm state is immediately set to
    /// `INSUFFICIENT_DATA`".
    fn initial(now: Moment) -> Self {
        let reason = "Unchecked: Initial alarm creation".to_owned();
        Self::new(StateValue::InsufficientData, reason, None, now)
    }
}

impl Alarm {
    /// Creates an alarm, or replaces its configuration; a replaced one keeps its state. Answers whether it is new.
    pub(super) fn save(world: &mut World, name: &str, draft: Draft) -> bool {
        let Draft {
            mut document,
            watches,
        } = draft;
        let actions_enabled = document.remove("ActionsEnabled");
        let replaced = world.cloudwatch.alarms.remove(name);
        let created = replaced.is_none();
        let (state, muted_since) = replaced.map_or_else(
            || (State::initial(world.now), None),
            |alarm| (alarm.state, alarm.muted_since),
        );
        let alarm = Self {
            name: name.to_owned(),
            arn: arn(world, name),
            document,
            watches,
            actions_enabled: actions_enabled.and_then(|it| it.as_bool()).unwrap_or(true),
            configured: world.now,
            state,
            muted_since,
        };
        world.cloudwatch.alarms.insert(name.to_owned(), alarm);
        created
    }

    /// What a metric alarm watches.
    pub(super) fn metrics(&self) -> Option<&Metrics> {
        match &self.watches {
            Watches::Metrics(metrics) => Some(metrics),
            Watches::Alarms(_) => None,
        }
    }

    /// What a composite alarm watches.
    pub(super) fn composite(&self) -> Option<&Composite> {
        match &self.watches {
            Watches::Metrics(_) => None,
            Watches::Alarms(composite) => Some(composite),
        }
    }

    /// As `AlarmTypes` names it.
    pub(super) fn kind(&self) -> &'static str {
        match self.watches {
            Watches::Metrics(_) => "MetricAlarm",
            Watches::Alarms(_) => "CompositeAlarm",
        }
    }

    /// What is to be done on a transition to the state that the alarm is in; nothing while its actions
    /// are disabled.
    pub(super) fn due_actions(&self) -> impl Iterator<Item = &str> {
        let list = match self.state.value {
            StateValue::Ok => "OKActions",
            StateValue::Alarm => "AlarmActions",
            StateValue::InsufficientData => "InsufficientDataActions",
        };
        self.list(list).filter(|_| self.actions_enabled)
    }

    pub(super) fn all_actions(&self) -> impl Iterator<Item = &str> {
        ACTION_LISTS.into_iter().flat_map(|list| self.list(list))
    }

    fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        let items = self.document.get(name).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(Value::as_str)
    }

    /// The alarm as `DescribeAlarms` answers it.
    pub(super) fn described(&self) -> Value {
        let mut described = self.document.clone();
        let mut set = |member: &str, value: Value| described.insert(member.to_owned(), value);
        let state = &self.state;
        set("AlarmArn", json!(self.arn));
        set("ActionsEnabled", json!(self.actions_enabled));
        let configured = self.configured.epoch_seconds();
        set("AlarmConfigurationUpdatedTimestamp", json!(configured));
        set("StateValue", json!(state.value.name()));
        set("StateReason", json!(state.reason));
        if let Some(data) = &state.data {
            set("StateReasonData", json!(data));
        }
        let updated = state.updated.epoch_seconds();
        set("StateUpdatedTimestamp", json!(updated));
        let transitioned = state.transitioned.epoch_seconds();
        set("StateTransitionedTimestamp", json!(transitioned));
        if let Some(by) = state.suppressed {
            set("ActionsSuppressedBy", json!(by.name()));
            set("ActionsSuppressedReason", json!(by.reason()));
        }
        Value::Object(described)
    }
}

/// The ARN of an alarm of that name.
pub(super) fn arn(world: &World, name: &str) -> String {
    world.arn("cloudwatch", &format!("alarm:{name}"))
}

/// Actions here are functions and SNS topics of this account and Region.
pub(super) fn check_actions(world: &World, input: &Value) -> Result<(), Fault> {
    let known = [world.arn("lambda", "function:"), world.arn("sns", "")];
    for list in ACTION_LISTS {
        let actions = input[list].as_array().map_or(&[][..], Vec::as_slice);
        if actions.len() > MOST_ACTIONS {
            return Err(validation(format!(
                "{list} must hold at most {MOST_ACTIONS} actions."
            )));
        }
        for action in actions.iter().filter_map(Value::as_str) {
            let named = |prefix: &String| {
                action
                    .strip_prefix(prefix.as_str())
                    .is_some_and(|rest| !rest.is_empty())
            };
            if !known.iter().any(named) {
                return Err(validation(format!(
                    "{list} holds {action:?}; the local account's alarms call its Lambda \
                     functions and SNS topics only."
                )));
            }
        }
    }
    Ok(())
}

/// Gives an alarm a state. Only a transition is told to anybody, and looked at by the composite alarms that watch this
/// one.
pub(super) fn change_state(world: &mut World, name: &str, state: State) {
    change_state_below(world, name, state, &[]);
}

/// The same for a change that comes from other alarms: `path` holds those whose change has led here.
pub(super) fn change_state_below(world: &mut World, name: &str, mut state: State, path: &[&str]) {
    let Some(alarm) = world.cloudwatch.alarms.get_mut(name) else {
        return;
    };
    if alarm.state.value == state.value {
        state.suppressed = alarm.state.suppressed;
        state.transitioned = alarm.state.transitioned;
        alarm.state = state;
        return;
    }
    state.suppressed = suppression::on_transition(world, name);
    let suppressed = state.suppressed.is_some();
    let Some(previous) = replace_state(world, name, state) else {
        return;
    };
    history::state_changed(world, name, &previous);
    notify::tell(world, name, &previous);
    if !suppressed {
        mute::act(world, name, previous);
    }
    suppression::suppressor_changed(world, name);
    let path: Vec<&str> = path.iter().copied().chain([name]).collect();
    composite::child_changed(world, name, &path);
}

/// Answers the state that the alarm had.
fn replace_state(world: &mut World, name: &str, state: State) -> Option<State> {
    let what = What::Alarm {
        alarm: name.to_owned(),
        state: state.value.name().to_owned(),
        reason: state.reason.clone(),
    };
    let alarm = world.cloudwatch.alarms.get_mut(name)?;
    let previous = std::mem::replace(&mut alarm.state, state);
    world.note(what);
    Some(previous)
}
