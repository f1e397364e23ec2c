//! What calls need.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{active, definition, task};
use crate::world::{
    World,
    iam::{
        self, Registration,
        needs::{Need, Question, text, texts},
    },
};

pub(super) fn needs(it: &Question<'_>) -> Option<Vec<Need>> {
    let operation = it.operation;
    let action = it.action();
    let in_cluster = |need: Need| need.with("ecs:cluster", cluster_arn(it));
    let each = |kind: &str, names: Vec<&str>| {
        let arns = names.into_iter().map(|name| in_cluster_arn(it, kind, name));
        arns.map(|arn| in_cluster(Need::new(action.clone(), arn)))
            .collect()
    };
    let each_task = |names: Vec<&str>| {
        let needs: Vec<Need> = each("task", names);
        needs.into_iter().map(|need| tagged(it, need)).collect()
    };
    Some(match operation {
        "RegisterTaskDefinition" => register_task_definition(it),
        // As AWS's own denials of `ListTasks` say: without a container instance it is `*`.
        "ListTasks" => vec![in_cluster(Need::new(action, "*"))],
        "DescribeTaskDefinition" | "DeregisterTaskDefinition" | "ListTaskDefinitions" => {
            vec![Need::new(action, "*")]
        }
        "DescribeServices" => each("service", texts(it.input, "services")),
        "DescribeTasks" | "GetTaskProtection" | "UpdateTaskProtection" => {
            each_task(texts(it.input, "tasks"))
        }
        "StopTask" => each_task(vec![text(it.input, "task")]),
        "CreateTaskSet" => create_task_set(it),
        "DescribeTaskSets" => each_set(it, texts(it.input, "taskSets")),
        "UpdateTaskSet" | "DeleteTaskSet" => each_set(it, vec![text(it.input, "taskSet")]),
        "DeleteService" | "UpdateServicePrimaryTaskSet" => {
            each("service", vec![text(it.input, "service")])
        }
        "UpdateService" | "CreateService" => {
            let member = match operation {
                "UpdateService" => "service",
                _ => "serviceName",
            };
            let needs: Vec<Need> = each("service", vec![text(it.input, member)]);
            let needs = needs.into_iter().map(|need| set(it, need));
            run_task_definition(it, needs.collect())
        }
        "TagResource" => {
            vec![Need::new(action, text(it.input, "resourceArn")).with_tags(&it.input["tags"])]
        }
        "UntagResource" => {
            let keys = texts(it.input, "tagKeys");
            let need = Need::new(action, text(it.input, "resourceArn"));
            vec![need.with_all("aws:TagKeys", keys)]
        }
        "ListTagsForResource" => vec![Need::new(action, text(it.input, "resourceArn"))],
        _ => return None,
    })
}

/// A definition with tags needs the right to tag, one with roles the right to pass them. AWS: ECS
/// developer guide, "Grant permission to tag resources on creation"; IAM user guide, "Grant a
/// user permissions to pass a role to an AWS service".
fn register_task_definition(it: &Question<'_>) -> Vec<Need> {
    let family = format!("task-definition/{}", text(it.input, "family"));
    let family = it.world.arn("ecs", &family);
    let revisions = format!("{family}:*");
    let (judged, arn) = match it.world.iam.registration {
        Registration::Revisions => (revisions.clone(), revisions),
        Registration::Family => (family.clone(), family),
        Registration::Everything => ("*".to_owned(), family),
    };
    let tags = &it.input["tags"];
    let mut needs = vec![
        Need::new("ecs:RegisterTaskDefinition", judged)
            .with_tags(tags)
            .with("ecs:privileged", is_privileged(it).to_string()),
    ];
    if tags.as_array().is_some_and(|tags| !tags.is_empty()) {
        needs.push(
            Need::new("ecs:TagResource", arn)
                .with_tags(tags)
                .with("ecs:CreateAction", "RegisterTaskDefinition"),
        );
    }
    needs.extend(passed_roles(it, it.input));
    needs
}

/// Whether a container of the definition asks for the host's rights.
fn is_privileged(it: &Question<'_>) -> bool {
    let containers = it.input["containerDefinitions"].as_array();
    containers
        .into_iter()
        .flatten()
        .any(|container| container["privileged"] == true)
}

/// The condition keys of what a call sets of a service: a call that does not name it has no such key. AWS: ECS developer guide,
/// "Policy condition keys for Amazon ECS", has `true` and `false` for an address that the API calls `ENABLED` and `DISABLED`.
fn set(it: &Question<'_>, mut need: Need) -> Need {
    if let Some(is_on) = it.input["enableExecuteCommand"].as_bool() {
        need = need.with("ecs:enable-execute-command", is_on.to_string());
    }
    let network = &it.input["networkConfiguration"]["awsvpcConfiguration"];
    let subnets = texts(network, "subnets");
    if !subnets.is_empty() {
        need = need.with_all("ecs:subnet", subnets);
    }
    if let Some(assigns) = network["assignPublicIp"].as_str() {
        let assigns = (assigns == "ENABLED").to_string();
        need = need.with("ecs:auto-assign-public-ip", assigns);
    }
    need
}

/// What a service runs that is given nothing else, where AWS shows that.
pub(in crate::world) fn running(world: &World, need: Need) -> Need {
    let running = running_definition(world, &need.resource);
    match running.filter(|_| world.iam.shows_running_definition) {
        Some(definition) => need.with("ecs:task-definition", definition),
        None => need,
    }
}

/// A service that is given a task definition has to be let pass the definition's roles, and one that is not does not have to
/// (keidarcy/e1s#429).
fn run_task_definition(it: &Question<'_>, mut needs: Vec<Need>) -> Vec<Need> {
    let given = text(it.input, "taskDefinition");
    if given.is_empty() {
        let needs = needs.into_iter();
        return needs.map(|need| running(it.world, need)).collect();
    }
    let found = task_definition(it.world, given);
    let arn = match &found {
        Some(definition) => text(definition, "taskDefinitionArn"),
        None => given,
    };
    needs = needs
        .into_iter()
        .map(|need| need.with("ecs:task-definition", arn))
        .collect();
    needs.extend(passed_roles(it, found.as_ref().unwrap_or(&Value::Null)));
    needs
}

/// AWS: Service Authorization Reference: nobody knows the id of a set that is to be created. Its definition's roles have to be
/// let pass as a service's.
fn create_task_set(it: &Question<'_>) -> Vec<Need> {
    let arn = task_set_arn(it, "*");
    let tags = &it.input["tags"];
    let need = of_service(it, Need::new(it.action(), arn.clone())).with_tags(tags);
    let mut needs = run_task_definition(it, vec![need]);
    if tags.as_array().is_some_and(|tags| !tags.is_empty()) {
        let tag = Need::new("ecs:TagResource", arn).with_tags(tags);
        needs.push(tag.with("ecs:CreateAction", "CreateTaskSet"));
    }
    needs
}

fn each_set(it: &Question<'_>, sets: Vec<&str>) -> Vec<Need> {
    let arns = sets.into_iter().map(|set| task_set_arn(it, set));
    let needs = arns.map(|arn| of_service(it, Need::new(it.action(), arn)));
    needs
        .map(|mut need| {
            let tags = task_set_tags(it.world, &need.resource);
            for (key, value) in tags.into_iter().flatten() {
                need = need.with(&format!("aws:ResourceTag/{key}"), value);
            }
            need
        })
        .collect()
}

/// The condition keys of a task set's place.
fn of_service(it: &Question<'_>, need: Need) -> Need {
    let service = in_cluster_arn(it, "service", text(it.input, "service"));
    need.with("ecs:cluster", cluster_arn(it))
        .with("ecs:service", service)
}

/// A task set by its id or ARN.
fn task_set_arn(it: &Question<'_>, given: &str) -> String {
    if given.starts_with("arn:") {
        return given.to_owned();
    }
    let service = in_cluster_arn(it, "service", text(it.input, "service"));
    let set = service.replacen(":service/", ":task-set/", 1);
    format!("{set}/{given}")
}

fn passed_roles(it: &Question<'_>, definition: &Value) -> Vec<Need> {
    ["taskRoleArn", "executionRoleArn"]
        .into_iter()
        .map(|member| text(definition, member))
        .filter(|role| !role.is_empty())
        .map(|role| it.pass(role, iam::ECS_TASKS))
        .collect()
}

/// Whether AWS's own tags of a task (`aws:ecs:serviceName`) match is not documented: see [`iam::Iam`].
fn tagged(it: &Question<'_>, mut need: Need) -> Need {
    let tags = task_tags(it.world, &need.resource);
    let hides = it.world.iam.hides_managed_tags;
    for (key, value) in tags.into_iter().flatten() {
        if !(hides && key.starts_with("aws:")) {
            need = need.with(&format!("aws:ResourceTag/{key}"), value);
        }
    }
    need
}

fn cluster_arn(it: &Question<'_>) -> String {
    let given = text(it.input, "cluster");
    match given {
        "" => it.world.arn("ecs", "cluster/default"),
        arn if arn.starts_with("arn:") => arn.to_owned(),
        name => it.world.arn("ecs", &format!("cluster/{name}")),
    }
}

/// A service or task by its name or ARN.
fn in_cluster_arn(it: &Question<'_>, kind: &str, given: &str) -> String {
    if given.starts_with("arn:") {
        return given.to_owned();
    }
    let cluster = cluster_arn(it);
    let cluster = cluster.rsplit('/').next().unwrap_or_default();
    it.world.arn("ecs", &format!("{kind}/{cluster}/{given}"))
}

/// The tags of a task by its ARN.
fn task_tags<'a>(world: &'a World, arn: &str) -> Option<&'a BTreeMap<String, String>> {
    let index = task::position(world, arn)?;
    Some(&world.ecs.tasks[index].tags)
}

/// The tags of a task set by its ARN.
fn task_set_tags<'a>(world: &'a World, arn: &str) -> Option<&'a BTreeMap<String, String>> {
    let sets = world.ecs.services.values().flat_map(|it| &it.task_sets);
    sets.filter(|set| set.arn == arn)
        .map(|set| &set.tags)
        .next()
}

/// The ARN of the definition that a service has, by the service's ARN.
fn running_definition<'a>(world: &'a World, service_arn: &str) -> Option<&'a str> {
    let name = service_arn.strip_prefix(&world.arn("ecs", "service/"))?;
    let (cluster, service) = name.split_once('/')?;
    active(world, cluster, service)?.task_definition()
}

/// A task definition by ARN, `family:revision` or family, as `DescribeTaskDefinition` answers it.
fn task_definition(world: &World, name: &str) -> Option<Value> {
    let input = json!({ "taskDefinition": name });
    let mut answer = definition::describe(world, &input).ok()?;
    Some(answer["taskDefinition"].take())
}
