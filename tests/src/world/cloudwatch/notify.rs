//! Whom an alarm tells about a transition: `EventBridge` always, its actions when nothing forbids them.
//!
//! AWS: `CloudWatch` user guide, "Alarm events and `EventBridge`", "Alarm actions", "Invoke a Lambda function from an
//! alarm".

use super::{
    alarm::State,
    history,
    losses::{self, Lost},
    mute, payload,
};
use crate::world::{
    World, events,
    functions::Invoker,
    sns::{self, Publisher},
};

/// Tells `EventBridge` about the transition that the alarm has just made. AWS: also if the alarm's actions are
/// disabled, suppressed or muted.
pub(super) fn tell(world: &mut World, name: &str, previous: &State) {
    let Some(alarm) = world.cloudwatch.alarms.get(name) else {
        return;
    };
    let arn = alarm.arn.clone();
    let mut detail = payload::event_detail(alarm, previous);
    if let Some((by, window)) = mute::active(world, name) {
        detail["muteDetail"] = payload::mute_detail(by, window);
    }
    if !losses::takes(world, name, Lost::Event) {
        events::emit(
            world,
            "aws.cloudwatch",
            "CloudWatch Alarm State Change",
            &[arn],
            &detail,
        );
    }
}

/// Takes the actions of the state that the alarm is in.
pub(super) fn act(world: &mut World, name: &str, previous: &State) {
    let Some(alarm) = world.cloudwatch.alarms.get(name) else {
        return;
    };
    let actions: Vec<String> = alarm.due_actions().map(str::to_owned).collect();
    if actions.is_empty() {
        return;
    }
    let arn = alarm.arn.clone();
    let direct = payload::direct(world, alarm, previous);
    let subject = payload::subject(world, alarm);
    let message = payload::message(world, alarm, previous);
    let lost = losses::takes(world, name, Lost::Actions);
    for action in actions {
        let is_function = action.starts_with(&world.arn("lambda", "function:"));
        let (told, error) = if is_function {
            let invoker = Invoker::alarm(arn.clone());
            let deliver = |world| events::deliver(world, &action, &direct, &invoker);
            (&direct, (!lost).then(|| deliver(world)))
        } else {
            let alarm = Publisher::Service {
                name: "cloudwatch.amazonaws.com",
                source_arn: &arn,
            };
            let text = message.to_string();
            let publish = |world| sns::notify(world, alarm, &action, Some(&subject), &text);
            (&message, (!lost).then(|| publish(world)))
        };
        history::acted(world, name, &action, told, error.flatten().as_deref());
    }
}
