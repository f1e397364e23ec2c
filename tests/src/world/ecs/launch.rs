//! Starting the container of a task.

use super::{
    super::{Effect, Principal, World, iam},
    TaskLaunch,
    consistency::find_image,
};

/// Hands a task's container over to be started, as its task role.
pub(super) fn launch(world: &mut World, index: usize) {
    let now = world.now;
    world.ecs.tasks[index].launched = Some(now);
    if let Err(reason) = find_image(world, index) {
        let arn = world.ecs.tasks[index].arn.clone();
        return super::task_exited(world, &arn, None, Some(&reason));
    }
    let task = &world.ecs.tasks[index];
    let Some(definition) = world.ecs.definitions.find(world, &task.definition) else {
        return;
    };
    let role = definition.task_role().map(str::to_owned);
    let launch = TaskLaunch {
        task_arn: task.arn.clone(),
        service: task.service.service.clone(),
        container: task.container.clone(),
        image: task.image.clone(),
        digest: task.image_digest.clone().unwrap_or_default(),
        environment: definition.environment(),
        command: definition.command(),
        health_check: task.health_check.clone(),
        address: task.address.clone(),
        port: task
            .registrations
            .first()
            .map(|registration| registration.target.port),
    };
    let assumed = match role {
        Some(role) => assume(world, &role),
        // On AWS it would start, without credentials; here it would call as a person with all rights.
        None if world.iam.strict => Err("The task definition has no taskRoleArn.".to_owned()),
        None => Ok(()),
    };
    if let Err(reason) = assumed {
        let arn = launch.task_arn;
        return super::task_exited(world, &arn, None, Some(&reason));
    }
    world.outbox.push(Effect::StartTask(launch));
}

/// All tasks are one principal: they act as the role of the task that started last. AWS: ECS
/// developer guide, "Amazon ECS task IAM role", "Verify task role": the source is any resource of ECS.
fn assume(world: &mut World, role: &str) -> Result<(), String> {
    let tasks = Principal(super::TASK_PRINCIPAL.to_owned());
    let source = world.arn("ecs", "*");
    iam::assume(world, &tasks, role, iam::ECS_TASKS, Some(&source)).map_err(|fault| {
        format!(
            "ECS was unable to assume the role '{role}' that was provided for this task. Please \
             verify that the role being passed has the proper trust relationship and permissions \
             and that your IAM user has permissions to pass this role. {}",
            fault.message
        )
    })
}
