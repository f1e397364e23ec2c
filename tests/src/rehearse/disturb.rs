//! What others do to the pair while it is being released.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    Theatre, alias, pair,
    people::{has_ended, is_asked},
};
use crate::{
    stage::{self, Entrance, Runs, Work},
    world::{Fault, Principal, World, ecs, scaling},
};

/// To how many tasks automatic scaling wants the primary while it has fewer requests than before.
const FEWER: u32 = 2;
/// To how many it wants it when there are more.
const MORE: u32 = 5;
/// The bounds that a scheduled action sets.
const NIGHT: (u32, u32) = (1, 3);

/// Somebody sets the weights of the rule or the alias by hand, or the scale of the candidate's task set, while the second share is
/// held.
pub(super) async fn change_share(theatre: &Theatre<'_>, execution: &str) {
    until_share(theatre, execution, 50).await;
    let traffic = theatre.rehearsal.stage.traffic;
    let changed = match (traffic.runs(), traffic.work()) {
        (Runs::Function, _) => {
            theatre.tell("a person sets the weight of v2 on the alias to 30 %");
            theatre.account.with(|world| alias::set_weight(world, 0.3))
        }
        (_, Work::Requests) => {
            theatre.tell("a person sets the rule's weights to 70 and 30");
            theatre
                .account
                .with(|world| set_weights(world, &theatre.entrance))
        }
        (_, Work::Messages) => {
            theatre.tell("a person sets the scale of the candidate's task set to 75 %");
            let story = theatre.story.borrow();
            let set = story.candidates_set().map(|set| set.id.as_str());
            theatre.account.with(|world| set_scale(world, set, 75.0))
        }
    };
    if let Err(fault) = changed {
        theatre.tell(&format!("nothing is set: {}", fault.message));
    }
}

fn set_scale(world: &mut World, set: Option<&str>, percent: f64) -> Result<Value, Fault> {
    let input = json!({ "cluster": stage::CLUSTER, "service": stage::PRIMARY, "taskSet": set,
        "scale": { "value": percent, "unit": "PERCENT" } });
    let person = Principal("person".to_owned());
    world.call("ecs", "UpdateTaskSet", &input, &person)
}

/// For how long no task can start once all are gone: three periods of the alarms at a pace of six, and some.
const NO_CAPACITY: Duration = Duration::from_secs(35);

/// Every task is taken away while the second share is held, and none can start for a while.
pub(super) async fn take_all_tasks(theatre: &Theatre<'_>, execution: &str) {
    until_share(theatre, execution, 50).await;
    theatre.tell("all tasks of both versions are taken away, and there is no capacity for others");
    let services = pair::names(theatre);
    theatre.account.with(|world| {
        for service in services {
            ecs::interrupt(world, stage::CLUSTER, service, usize::MAX, NO_CAPACITY);
        }
    });
}

/// Automatic scaling and a scheduled action, while both shares are held.
pub(super) async fn scale(theatre: &Theatre<'_>, execution: &str) {
    until_share(theatre, execution, 25).await;
    dynamic(theatre, FEWER);
    until_share(theatre, execution, 50).await;
    scheduled(theatre, NIGHT);
    dynamic(theatre, MORE);
}

fn scheduled(theatre: &Theatre<'_>, (min, max): (u32, u32)) {
    let wants = format!(
        "a scheduled action wants {min} to {max} tasks of {}",
        stage::PRIMARY
    );
    let result = theatre
        .account
        .with(|world| scaling::scheduled(world, &id(), Some(min), Some(max)));
    theatre.tell(&told(&wants, result));
}

/// What the scheduled action of the morning does, where the one before was not held up, and then a scaling policy once there is as much
/// work as before.
pub(super) fn scale_back(theatre: &Theatre<'_>) {
    if theatre.rehearsal.stage.traffic.runs() == Runs::TaskSets {
        scheduled(theatre, theatre.rehearsal.stage.primary_scaling);
    }
    dynamic(theatre, theatre.rehearsal.stage.primary_tasks);
}

fn dynamic(theatre: &Theatre<'_>, tasks: u32) {
    let wants = format!(
        "automatic scaling wants {tasks} tasks of {}",
        stage::PRIMARY
    );
    let result = theatre
        .account
        .with(|world| scaling::scale(world, &id(), tasks));
    theatre.tell(&told(&wants, result));
}

fn told(wants: &str, result: Result<u32, Fault>) -> String {
    match result {
        Ok(tasks) => format!("{wants}: it has {tasks}"),
        Err(fault) => format!("{wants}: {}", fault.message),
    }
}

fn id() -> String {
    format!("service/{}/{}", stage::CLUSTER, stage::PRIMARY)
}

/// Waits until a share is asked for and set, or the release has gone elsewhere.
async fn until_share(theatre: &Theatre<'_>, execution: &str, percent: u8) {
    theatre
        .until(|story| {
            let is_asked_for = story.asked.last() == Some(&Some(percent));
            let is_there = match (story.cast.traffic.runs(), story.weights.last()) {
                (Runs::Function, _) => story.weight_of(story.candidate()) >= f64::from(percent),
                (_, Some(weights)) => story.candidates_weight(weights) == u32::from(percent),
                (_, None) => story
                    .candidates_set()
                    .is_some_and(|set| set.running == set.computed),
            };
            is_asked_for && is_there || is_asked(story, execution) || has_ended(story, execution)
        })
        .await;
}

fn set_weights(world: &mut World, entrance: &Entrance) -> Result<Value, Fault> {
    let Entrance::LoadBalancer {
        rule,
        groups: [primary_group, canary_group],
        ..
    } = entrance
    else {
        return Err(Fault::new("NoRule", "this example has no load balancer"));
    };
    let input = json!({ "RuleArn": rule, "Actions": [{ "Type": "forward", "ForwardConfig": { "TargetGroups": [
        { "TargetGroupArn": primary_group, "Weight": 70 },
        { "TargetGroupArn": canary_group, "Weight": 30 },
    ] } }] });
    let person = Principal("person".to_owned());
    world.call("elasticloadbalancing", "ModifyRule", &input, &person)
}
